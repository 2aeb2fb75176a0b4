use super::delivery::{Delivery, Schedule};
use super::failure::{Failure, said_line};
use super::run::{Run, Seen};
use super::turn::{Expectation, Stimulus, Turn, turns};
use super::{Build, Unmentioned};
use crate::matcher::{Bindings, Expected, Lines, split_lines};
use crate::transcript::{End, Section, SessionNumber, Transcript, want_word};
use std::collections::{BTreeMap, BTreeSet};

/// An answer that is given for the first time may change what follows: so often is looked again.
const ROUNDS: usize = 3;

/// The text of `transcript` with the machine's side as the machine has it now. Comments stay, and so
/// do lines with wildcards that still match.
///
/// # Errors
/// If the machine can't be made from the transcript's configuration.
pub fn update(transcript: &Transcript, build: &Build) -> Result<String, Box<Failure>> {
    let mut transcript = transcript.clone();
    for _ in 0..ROUNDS {
        let text = update_once(&transcript, build)?;
        if text == transcript.to_string() {
            break;
        }
        transcript = Transcript::parse(&transcript.file, &text)
            .map_err(|malformed| Box::new(Failure::malformed(&transcript, malformed)))?;
    }
    Ok(transcript.to_string())
}

fn update_once(transcript: &Transcript, build: &Build) -> Result<String, Box<Failure>> {
    let world = build(transcript)
        .map_err(|malformed| Box::new(Failure::malformed(transcript, malformed)))?;
    let ours = world.ours();
    let turns = turns(transcript, ours);
    let mut run = Run::new(transcript, world, Schedule::new(Delivery::Whole));
    let mut edit = Edit {
        transcript,
        ours,
        deleted: BTreeSet::new(),
        replaced: BTreeMap::new(),
        inserted: BTreeMap::new(),
        sections: transcript.sections.0.clone(),
    };
    for turn in &turns {
        let before = run.bindings.clone();
        let seen = run.turn(turn);
        if !seen.problems.is_empty() {
            edit.turn(turn, &seen, &before);
        }
    }
    Ok(edit.text())
}

/// What changes in a transcript's source, by line number.
struct Edit<'t> {
    transcript: &'t Transcript,
    ours: End,
    deleted: BTreeSet<usize>,
    replaced: BTreeMap<usize, String>,
    /// Lines that come behind a line.
    inserted: BTreeMap<usize, Vec<String>>,
    sections: Vec<Section>,
}

impl Edit<'_> {
    fn text(&self) -> String {
        let mut text = String::new();
        for (line, source) in (1..).zip(&self.transcript.source) {
            if !self.deleted.contains(&line) {
                text.push_str(self.replaced.get(&line).unwrap_or(source));
                text.push('\n');
            }
            for new in self.inserted.get(&line).into_iter().flatten() {
                text.push_str(new);
                text.push('\n');
            }
        }
        for section in &self.sections {
            text.push_str(&section.to_string());
        }
        text
    }

    fn turn(&mut self, turn: &Turn<'_>, seen: &Seen, bindings: &Bindings) {
        let anchor = self.asked(turn, seen, bindings);
        for (number, said) in &seen.speech {
            self.speech(turn, *number, said, anchor, bindings);
        }
        for expected in &turn.expected {
            match expected {
                Expectation::Want(step, _) => {
                    if let Some(wants) = seen.wants.get(&step.session) {
                        let text = format!("={} {}", step.session, want_word(*wants));
                        self.replaced.insert(step.line, text);
                    }
                }
                Expectation::Speech(step) if !seen.speech.contains_key(&step.session) => {
                    self.deleted.insert(step.line);
                }
                _ => {}
            }
        }
    }

    /// Brings the `>` lines up to date; the line behind which speech may follow.
    fn asked(&mut self, turn: &Turn<'_>, seen: &Seen, bindings: &Bindings) -> usize {
        let mut anchor = turn.stimulus.lines(self.transcript).1;
        let blank = |line: &String| line.trim().is_empty();
        if matches!(turn.stimulus, Stimulus::Begin)
            && self.transcript.source.get(anchor).is_some_and(blank)
        {
            anchor += 1;
        }
        let mut unmet: Vec<&Expectation<'_>> = Vec::new();
        for (index, expected) in turn.expected.iter().enumerate() {
            let met = || seen.asked.iter().any(|asked| asked.mentioned == Some(index));
            if matches!(expected, Expectation::Ask { .. }) && !met() {
                unmet.push(expected);
            }
        }
        for asked in &seen.asked {
            let content = asked.request.content.as_deref();
            if let Some(Expectation::Ask { words, step, last_line, .. }) =
                asked.mentioned.and_then(|index| turn.expected.get(index))
            {
                anchor = *last_line;
                let wrong = seen.problems.iter().any(|(line, _)| *line == step.line);
                if let (true, Some(content), Some((_, name))) =
                    (wrong, content, words.rsplit_once(' '))
                {
                    self.section(name, content, bindings);
                }
                continue;
            }
            let verb = |words: &str| words.split(' ').next().map(str::to_owned);
            let replaced = unmet.iter().position(|expected| match expected {
                Expectation::Ask { step, words, .. } => {
                    step.session == asked.session && verb(words) == verb(&asked.request.words)
                }
                _ => false,
            });
            if replaced.is_none() && asked.request.unmentioned != Unmentioned::Failure {
                continue;
            }
            let mut text = format!(">{} {}", asked.session, escaped(&asked.request.words));
            if let Some(content) = content {
                let name = format!("content{}", self.sections.len() + 1);
                self.sections.push(Section::of(&name, content));
                text = format!("{text} {name}");
            }
            match replaced.map(|index| unmet.remove(index).lines()) {
                Some((first, last)) => {
                    self.replaced.insert(first, text);
                    anchor = last;
                }
                None => self.inserted.entry(anchor).or_default().push(text),
            }
        }
        for expected in unmet {
            let (first, last) = expected.lines();
            self.deleted.extend(first..=last);
        }
        anchor
    }

    /// Brings a section up to date, keeping lines that still match.
    fn section(&mut self, name: &str, content: &[u8], bindings: &Bindings) {
        let Some(section) = self.sections.iter_mut().find(|section| section.name == name) else {
            self.sections.push(Section::of(name, content));
            return;
        };
        let new = Section::of(name, content);
        let Ok(lines) = Lines::of_section(section) else {
            return;
        };
        if section.raw || new.raw {
            *section = Section { line: section.line, ..new };
            return;
        }
        let seen = split_lines(content);
        let kept = align(lines.as_slice(), &seen, bindings);
        section.lines = (0..seen.len())
            .map(|index| {
                let old = kept.iter().find(|(_, seen)| *seen == index);
                match old {
                    Some((old, _)) => section.lines[*old].clone(),
                    None => escaped(&new.lines[index]),
                }
            })
            .collect();
    }

    /// Brings what session `number` says up to date.
    fn speech(
        &mut self,
        turn: &Turn<'_>,
        number: SessionNumber,
        said: &[u8],
        anchor: usize,
        bindings: &Bindings,
    ) {
        let (lines, _) = self.transcript.expected_speech(turn, number);
        let said = split_lines(said);
        if lines.compare(&said, &mut bindings.clone()).is_ok() {
            return;
        }
        let kept = align(lines.as_slice(), &said, bindings);
        let sources = |index: usize| lines.as_slice()[index].source.as_slice();
        let kept_sources: BTreeSet<usize> =
            kept.iter().flat_map(|(old, _)| sources(*old)).copied().collect();
        let all = lines.as_slice().iter().flat_map(|line| &line.source);
        self.deleted.extend(all.filter(|line| !kept_sources.contains(line)));
        let first = lines.as_slice().first().and_then(|line| line.source.first());
        let mut anchor = first.map_or(anchor, |line| line - 1);
        let mut old = 0;
        for (index, line) in said.iter().enumerate() {
            let partner = kept.iter().find(|(_, seen)| *seen == index);
            if let Some((partner, _)) = partner {
                old = partner + 1;
                anchor = sources(*partner).last().copied().unwrap_or(anchor);
                continue;
            }
            // Behind the line that it takes the place of.
            if old < lines.as_slice().len() && !kept.iter().any(|(kept, _)| *kept == old) {
                anchor = sources(old).last().copied().unwrap_or(anchor);
                old += 1;
            }
            let text = escaped(&said_line(self.ours, number, line));
            self.inserted.entry(anchor).or_default().push(text);
        }
    }
}

/// Pairs as many expected lines with lines that were seen as can be, in order.
fn align(expected: &[Expected], seen: &[&[u8]], bindings: &Bindings) -> Vec<(usize, usize)> {
    let matches = |old: usize, new: usize| expected[old].is_line(seen[new], &mut bindings.clone());
    let mut best = vec![vec![0_usize; seen.len() + 1]; expected.len() + 1];
    for old in (0..expected.len()).rev() {
        for new in (0..seen.len()).rev() {
            best[old][new] = if matches(old, new) {
                best[old + 1][new + 1] + 1
            } else {
                best[old + 1][new].max(best[old][new + 1])
            };
        }
    }
    let (mut old, mut new) = (0, 0);
    let mut pairs = Vec::new();
    while old < expected.len() && new < seen.len() {
        if matches(old, new) {
            pairs.push((old, new));
            (old, new) = (old + 1, new + 1);
        } else if best[old + 1][new] >= best[old][new + 1] {
            old += 1;
        } else {
            new += 1;
        }
    }
    pairs
}

/// Text as a pattern that only it matches.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        escaped.push(c);
        if c == '$' && matches!(chars.peek(), Some('a'..='z' | '$')) {
            escaped.push('$');
        }
    }
    escaped
}
