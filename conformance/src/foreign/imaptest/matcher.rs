//! Whether a reply is what a script expects, and the variables that it binds.

use super::pattern::{List, Pattern, Segment};
use crate::foreign::value::Value;
use std::collections::BTreeMap;

/// What variables stand for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bindings {
    /// By name, without the `$`.
    pub variables: BTreeMap<String, Vec<u8>>,
    /// For `$n`: the sequence number now of what was message n when the command was sent; 0 once it is expunged.
    pub sequence: Vec<usize>,
    /// The `$modseqN` of the highest N so far: N and the value.
    modseq: (u64, u64),
}

impl Bindings {
    /// What `name` stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        match name.parse::<usize>() {
            Ok(number) => {
                let now = number.checked_sub(1).and_then(|at| self.sequence.get(at));
                Some(match now {
                    Some(0) => b"<expunged>".to_vec(),
                    Some(now) => now.to_string().into_bytes(),
                    None => b"<out of range>".to_vec(),
                })
            }
            Err(_) => self.variables.get(name).cloned(),
        }
    }

    /// Message `number` of the mailbox is expunged.
    pub fn expunge(&mut self, number: usize) {
        for now in &mut self.sequence {
            if *now == number {
                *now = 0;
            } else if *now > number {
                *now -= 1;
            }
        }
    }

    /// Compares all of `seen` with `patterns`; with `prefix`, `seen` may go on. What a mismatch has bound is forgotten.
    ///
    /// # Errors
    /// How many values were as expected.
    pub fn matches(
        &mut self,
        patterns: &[Pattern],
        seen: &[Value],
        prefix: bool,
    ) -> Result<(), usize> {
        let before = self.clone();
        self.values(patterns, seen, prefix).inspect_err(|_| *self = before)
    }

    fn values(&mut self, patterns: &[Pattern], seen: &[Value], prefix: bool) -> Result<(), usize> {
        let mut seen = seen.iter();
        for (count, pattern) in patterns.iter().enumerate() {
            let is_last = count + 1 == patterns.len();
            let matches = match (pattern, seen.next()) {
                (Pattern::Code, Some(value)) => {
                    let ends =
                        |value: &Value| value.octets().is_some_and(|text| text.contains(&b']'));
                    ends(value) || seen.any(ends)
                }
                (Pattern::Any, Some(_)) | (Pattern::Nil, Some(Value::Nil)) => true,
                (Pattern::Token(segments), Some(value)) => value
                    .octets()
                    .is_some_and(|octets| self.token(segments, octets, prefix && is_last)),
                (Pattern::List(list), Some(Value::List(values))) => self.list(list, values),
                _ => false,
            };
            if !matches {
                return Err(count);
            }
        }
        if prefix || seen.next().is_none() { Ok(()) } else { Err(patterns.len()) }
    }

    fn list(&mut self, list: &List, seen: &[Value]) -> bool {
        let Some(chain) = list.unordered else {
            let extra = list.extra == Some(true);
            return self.values(&list.items, seen, extra).is_ok();
        };
        if !seen.len().is_multiple_of(chain) {
            return false;
        }
        let mut found = vec![false; seen.len() / chain];
        for expected in list.items.chunks(chain) {
            let mut chains = seen.chunks(chain).enumerate();
            match chains.find(|(_, chain)| self.matches(expected, chain, false).is_ok()) {
                Some((at, _)) => found[at] = true,
                None => return false,
            }
        }
        let holds = |names: &[Vec<u8>], value: &Value| {
            value
                .octets()
                .is_some_and(|octets| names.iter().any(|name| name.eq_ignore_ascii_case(octets)))
        };
        seen.chunks(chain).zip(found).filter(|(_, found)| !found).all(|(extra, _)| {
            match list.extra {
                Some(false) => holds(&list.ignored, &extra[0]),
                _ => !holds(&list.banned, &extra[0]),
            }
        })
    }

    /// Compares text. ImapTest's text ends at a NUL, and some scripts are written so.
    fn token(&mut self, segments: &[Segment], seen: &[u8], prefix: bool) -> bool {
        let mut rest = up_to_nul(seen);
        for (at, segment) in segments.iter().enumerate() {
            let expected = match segment {
                Segment::Exactly(text) => match rest.strip_prefix(&text[..]) {
                    Some(behind) => {
                        rest = behind;
                        continue;
                    }
                    None => return false,
                },
                Segment::Text(text) => up_to_nul(text).to_vec(),
                Segment::Variable(name) => match self.get(name) {
                    Some(value) => value,
                    None => {
                        let end = self.extent(&segments[at + 1..], rest);
                        if !self.bind(name, &rest[..end]) {
                            return false;
                        }
                        rest = &rest[end..];
                        continue;
                    }
                },
            };
            match rest.split_at_checked(expected.len()) {
                Some((text, behind)) if text.eq_ignore_ascii_case(&expected) => rest = behind,
                _ => return false,
            }
        }
        prefix || rest.is_empty()
    }

    /// How many octets a variable takes: up to what the next segment stands for.
    fn extent(&self, next: &[Segment], seen: &[u8]) -> usize {
        let stop = match next.first() {
            Some(Segment::Text(text) | Segment::Exactly(text)) => text.clone(),
            Some(Segment::Variable(name)) => self.get(name).unwrap_or_default(),
            None => return seen.len(),
        };
        let mut places = seen.windows(stop.len().max(1));
        places.position(|place| place.eq_ignore_ascii_case(&stop)).unwrap_or(seen.len())
    }

    /// Binds `name`; `false` if it is a `$modseqN` that is too low.
    fn bind(&mut self, name: &str, value: &[u8]) -> bool {
        if let Some(index) = name.strip_prefix("modseq").and_then(|index| index.parse().ok()) {
            let value = core::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok());
            let least = u64::checked_sub(index, self.modseq.0).map(|gap| self.modseq.1 + gap);
            match (value, least) {
                (Some(value), Some(least)) if value >= least => self.modseq = (index, value),
                _ => return false,
            }
        }
        if !name.is_empty() {
            self.variables.insert(name.to_owned(), value.to_vec());
        }
        true
    }
}

fn up_to_nul(text: &[u8]) -> &[u8] {
    text.split(|octet| *octet == 0).next().unwrap_or_default()
}
