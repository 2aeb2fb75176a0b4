use super::{Bindings, Pattern};
use crate::transcript::{Form, InvalidEscape, Section, Sections};

/// Cuts octets behind every LF.
#[must_use]
pub fn split_lines(octets: &[u8]) -> Vec<&[u8]> {
    octets.split_inclusive(|octet| *octet == b'\n').collect()
}

/// An expected line, and the source lines that it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// What the line is.
    pub kind: Kind,
    /// Numbers of source lines, ascending, counted from 1.
    pub source: Vec<usize>,
}

impl Expected {
    /// Whether this stands for just the line `seen`.
    #[must_use]
    pub fn is_line(&self, seen: &[u8], bindings: &mut Bindings) -> bool {
        match &self.kind {
            Kind::Ordered(pattern) | Kind::AnyOrder(pattern) => pattern.matches(seen, bindings),
            Kind::AnyLines => false,
        }
    }
}

/// How an expected line is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// In its place.
    Ordered(Pattern),
    /// Anywhere in a run of such lines.
    AnyOrder(Pattern),
    /// `[...]`: any number of lines.
    AnyLines,
}

/// The first difference between what was expected and what was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// Which expected line found no partner; their number when lines were left over.
    pub expected: usize,
    /// Which line that was seen found no partner; their number when lines were missing.
    pub seen: usize,
}

/// A run of expected lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lines(Vec<Expected>);

impl Lines {
    /// The lines of a section.
    ///
    /// # Errors
    /// If it is raw and an escape stands for nothing.
    pub fn of_section(section: &Section) -> Result<Self, InvalidEscape> {
        let mut lines = Self::default();
        for (source, text) in section.numbered() {
            if section.raw {
                lines.push_pattern(Pattern::of_raw(text)?, source);
            } else {
                lines.push_line(text, source);
            }
        }
        Ok(lines)
    }

    /// Adds what the line number `source` of a transcript expects.
    ///
    /// # Errors
    /// If an escape stands for nothing, or if there is no such section.
    pub fn push(
        &mut self,
        form: Form,
        text: &str,
        source: usize,
        sections: &Sections,
    ) -> Result<(), String> {
        match form {
            Form::Line => self.push_line(text, source),
            Form::AnyOrder => self.0.push(Expected {
                kind: Kind::AnyOrder(Pattern::of_text(text).then(b"\r\n")),
                source: vec![source],
            }),
            Form::Raw => {
                let pattern = Pattern::of_raw(text).map_err(|wrong| wrong.to_string())?;
                self.push_pattern(pattern, source);
            }
            Form::Section => {
                self.push_pattern(Pattern::of_octets(&sections.octets(text)?), source);
            }
        }
        Ok(())
    }

    fn push_line(&mut self, text: &str, source: usize) {
        if text == "[...]" {
            self.0.push(Expected { kind: Kind::AnyLines, source: vec![source] });
        } else {
            self.push_pattern(Pattern::of_text(text).then(b"\r\n"), source);
        }
    }

    /// Adds a pattern; it goes on with the line before if that has not ended.
    fn push_pattern(&mut self, pattern: Pattern, source: usize) {
        let mut pieces = pattern.split().into_iter();
        if let Some(Expected { kind: Kind::Ordered(open), source: sources }) = self.0.last_mut()
            && !open.ends_line()
            && let Some(piece) = pieces.next()
        {
            open.0.extend(piece.0);
            sources.push(source);
        }
        self.0.extend(
            pieces.map(|pattern| Expected { kind: Kind::Ordered(pattern), source: vec![source] }),
        );
    }

    /// The expected lines.
    #[must_use]
    pub fn as_slice(&self) -> &[Expected] {
        &self.0
    }

    /// Whether the lines that were `seen` are the expected ones; if so, names are bound.
    ///
    /// # Errors
    /// Tells the first difference.
    pub fn compare(&self, seen: &[&[u8]], bindings: &mut Bindings) -> Result<(), Mismatch> {
        let mut bound = bindings.clone();
        // Where to go on after a `[...]` that has to take one more line.
        let mut retry: Option<(usize, usize, Bindings)> = None;
        let (mut at, mut next) = (0, 0);
        loop {
            let (step, ok) = self.compare_one(at, &seen[next..], &mut bound);
            if ok && matches!(self.0.get(at).map(|line| &line.kind), Some(Kind::AnyLines)) {
                retry = Some((at, next, bound.clone()));
            }
            if ok && at == self.0.len() {
                *bindings = bound;
                return Ok(());
            }
            if ok {
                (at, next) = (at + step.0, next + step.1);
                continue;
            }
            match retry.take() {
                Some((star, from, before)) if from < seen.len() => {
                    bound = before.clone();
                    (at, next) = (star + 1, from + 1);
                    retry = Some((star, from + 1, before));
                }
                _ => {
                    return Err(Mismatch { expected: at, seen: next });
                }
            }
        }
    }

    /// Compares the expected line `at` (or a run in any order) with what comes next: how many lines
    /// of each that used up, and whether they match. Behind the last line, nothing must come.
    fn compare_one(
        &self,
        at: usize,
        seen: &[&[u8]],
        bindings: &mut Bindings,
    ) -> ((usize, usize), bool) {
        match self.0.get(at).map(|line| &line.kind) {
            None => ((0, 0), seen.is_empty()),
            Some(Kind::AnyLines) => ((1, 0), true),
            Some(Kind::Ordered(pattern)) => {
                let first = seen.first();
                ((1, 1), first.is_some_and(|line| pattern.matches(line, bindings)))
            }
            Some(Kind::AnyOrder(_)) => {
                let group: Vec<&Pattern> = self.0[at..]
                    .iter()
                    .map_while(|line| match &line.kind {
                        Kind::AnyOrder(pattern) => Some(pattern),
                        _ => None,
                    })
                    .collect();
                let count = group.len();
                let ok = seen.len() >= count && any_order(group, &seen[..count], bindings);
                ((count, count), ok)
            }
        }
    }
}

/// Whether every pattern has a line of its own; the most particular patterns choose first.
fn any_order(mut patterns: Vec<&Pattern>, seen: &[&[u8]], bindings: &mut Bindings) -> bool {
    patterns.sort_by_key(|pattern| core::cmp::Reverse(pattern.weight()));
    let mut left: Vec<&[u8]> = seen.to_vec();
    patterns.into_iter().all(|pattern| {
        let found = left.iter().position(|line| pattern.matches(line, bindings));
        found.map(|index| left.remove(index)).is_some()
    })
}
