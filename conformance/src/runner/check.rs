//! Compares what came of a turn with what the transcript expects.

use super::run::{Run, Seen, not_open};
use super::turn::{Expectation, Turn};
use super::{Request, Unmentioned};
use crate::matcher::{Bindings, Lines, Pattern, split_lines};
use crate::transcript::{Action, SessionNumber, Transcript, escape, want_word};

impl Run<'_> {
    /// Compares what came of a turn with what is expected.
    pub(super) fn check(&mut self, turn: &Turn<'_>, seen: &mut Seen) {
        let line = turn.stimulus.lines(self.transcript).1;
        for asked in &seen.asked {
            if asked.mentioned.is_none() && asked.request.unmentioned == Unmentioned::Failure {
                let problem = format!("the machine asked `{}` unexpectedly", asked.request.words);
                seen.problems.push((line, problem));
            }
        }
        for (index, expected) in turn.expected.iter().enumerate() {
            let met = || seen.asked.iter().any(|asked| asked.mentioned == Some(index));
            if let Expectation::Ask { step, words, .. } = expected
                && !met()
            {
                let problem = format!("the machine did not ask `{words}`");
                seen.problems.push((step.line, problem));
            }
        }
        self.check_speech(turn, seen);
        for expected in &turn.expected {
            let Expectation::Want(step, wants) = expected else {
                continue;
            };
            let problem = match seen.wants.get(&step.session) {
                Some(wanted) if wanted == wants => continue,
                Some(wanted) => format!("the session wants {}", want_word(*wanted)),
                None => not_open(step.session),
            };
            seen.problems.push((step.line, problem));
        }
    }

    fn check_speech(&mut self, turn: &Turn<'_>, seen: &mut Seen) {
        let mut numbers: Vec<SessionNumber> = seen.speech.keys().copied().collect();
        numbers.extend(turn.expected.iter().filter_map(|expected| match expected {
            Expectation::Speech(step) => Some(step.session),
            _ => None,
        }));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let (lines, wrong) = self.transcript.expected_speech(turn, number);
            seen.problems.extend(wrong);
            let said = seen.speech.get(&number).map_or(&[][..], Vec::as_slice);
            let said = split_lines(said);
            if let Err(mismatch) = lines.compare(&said, &mut self.bindings) {
                let line = lines.as_slice().get(mismatch.expected);
                let last = || lines.as_slice().last();
                let line = line.or_else(last).and_then(|line| line.source.first());
                let line = line.copied().unwrap_or(turn.stimulus.lines(self.transcript).1);
                let problem = match (
                    mismatch.expected < lines.as_slice().len(),
                    mismatch.seen < said.len(),
                ) {
                    (true, true) => "the machine said something else",
                    (true, false) => "the machine did not say this",
                    (false, _) => "the machine said more",
                };
                seen.problems.push((line, problem.to_owned()));
            }
        }
    }
}

/// Whether `words` mention `request`; if so, the section that its content is to be compared with.
pub(super) fn mentions<'w>(
    words: &'w str,
    request: &Request,
    bindings: &mut Bindings,
) -> Option<Option<&'w str>> {
    let seen = request.words.as_bytes();
    if Pattern::of_text(words).matches(seen, bindings) {
        return Some(None);
    }
    let (words, section) = words.rsplit_once(' ')?;
    let mentions = request.content.is_some() && Pattern::of_text(words).matches(seen, bindings);
    mentions.then_some(Some(section))
}

impl Transcript {
    /// Compares the content of `request` with the section `name`.
    pub(super) fn compare(
        &self,
        name: &str,
        request: &Request,
        bindings: &mut Bindings,
    ) -> Result<(), String> {
        let section = self
            .sections
            .find(name)
            .ok_or_else(|| format!("there is no section `-- {name} --`"))?;
        let lines = Lines::of_section(section).map_err(|wrong| wrong.to_string())?;
        let content = request.content.as_deref().unwrap_or_default();
        let seen = split_lines(content);
        lines.compare(&seen, bindings).map_err(|mismatch| {
            let show = |line: Option<&&[u8]>| {
                line.map_or("the end".to_owned(), |line| format!("`{}`", escape(line)))
            };
            let expected = lines.as_slice().get(mismatch.expected);
            let expected = expected.and_then(|line| line.source.first());
            let line = expected.map_or("its end".to_owned(), |line| format!("line {line}"));
            let seen = show(seen.get(mismatch.seen));
            format!("the content differs from section {name} at {line}: there came {seen}")
        })
    }

    /// What session `number` is to say in `turn`, and what is wrong with how that is written.
    pub(super) fn expected_speech(
        &self,
        turn: &Turn<'_>,
        number: SessionNumber,
    ) -> (Lines, Vec<(usize, String)>) {
        let mut lines = Lines::default();
        let mut wrong = Vec::new();
        for expected in &turn.expected {
            if let Expectation::Speech(step) = expected
                && step.session == number
                && let Action::Speak { form, text, .. } = &step.action
                && let Err(problem) = lines.push(*form, text, step.line, &self.sections)
            {
                wrong.push((step.line, problem));
            }
        }
        (lines, wrong)
    }
}
