//! Values of IMAP responses.

use super::Judge;
use crate::foreign::value::Value;
use crate::matcher::Pattern;
use postroad_core::message::date::DateTime;
use std::collections::BTreeSet;

/// A number of so many digits is a mod-sequence, a UIDVALIDITY or an identifier: the server's own.
pub(super) const CHOSEN: usize = 9;

impl Judge {
    /// Whether all of `seen` is as `expected`, one after another.
    pub(super) fn all(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        expected.len() == seen.len()
            && expected.iter().zip(seen).all(|(expected, seen)| self.same(expected, seen))
    }

    /// Whether `seen` is as `expected`: atoms in either case, strings however they were sent.
    pub(super) fn same(&mut self, expected: &Value, seen: &Value) -> bool {
        match (expected, seen) {
            (Value::List(expected), Value::List(seen)) => self.all(expected, seen),
            (Value::Nil, other) | (other, Value::Nil) => *other == Value::Nil,
            (Value::Atom(wanted) | Value::Text(wanted), _) => {
                let Some(octets) = seen.octets() else {
                    return false;
                };
                let is_text = matches!((expected, seen), (Value::Text(_), Value::Text(_)));
                octets == &wanted[..]
                    || (!is_text && octets.eq_ignore_ascii_case(wanted))
                    || self.stands_for(wanted, octets)
            }
            (Value::List(_), _) => false,
        }
    }

    /// Whether `expected` is a pattern that `seen` matches, or stands for what the server has chosen.
    fn stands_for(&mut self, expected: &[u8], seen: &[u8]) -> bool {
        let is_number = |octets: &[u8]| octets.iter().all(u8::is_ascii_digit);
        if expected.len() >= CHOSEN && is_number(expected) && is_number(seen) {
            return self.choose(expected, seen);
        }
        if self.names.apply(expected) == seen {
            return true;
        }
        let text = String::from_utf8_lossy(expected);
        (text.contains("[..]") || text.contains('$'))
            && Pattern::of_text(&text).matches(seen, &mut self.bindings)
    }

    /// Whether the server has chosen `seen` wherever the transcript has `expected`.
    pub(super) fn choose(&mut self, expected: &[u8], seen: &[u8]) -> bool {
        let text = String::from_utf8_lossy(expected);
        if text.contains("[..]") || text.contains('$') {
            return Pattern::of_text(&text).matches(seen, &mut self.bindings);
        }
        let known = self.chosen.entry(expected.to_vec()).or_insert_with(|| seen.to_vec());
        known == seen
    }

    /// A mod-sequence, in a list or not: any number. The first one seen stands for the transcript's.
    pub(super) fn mod_sequence(&mut self, expected: &Value, seen: &Value) -> bool {
        match (expected, seen) {
            (Value::List(expected), Value::List(seen)) => match (&expected[..], &seen[..]) {
                ([expected], [seen]) => self.mod_sequence(expected, seen),
                _ => false,
            },
            _ => match (expected.octets(), seen.octets()) {
                (Some(expected), Some(seen)) => {
                    self.choose(expected, seen);
                    !seen.is_empty() && seen.iter().all(u8::is_ascii_digit)
                }
                _ => false,
            },
        }
    }

    /// Whether every value of `expected` is among `seen`; flags of no consequence aside.
    pub(super) fn holds(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        let matters = |value: &&Value| !value.is("\\Recent");
        expected.iter().filter(matters).all(|value| seen.iter().any(|seen| self.same(value, seen)))
    }

    /// Whether both hold the same, in any order; `\Recent`, which IMAP4rev2 no longer has, aside.
    pub(super) fn same_flags(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        self.holds(expected, seen) && self.holds(seen, expected)
    }

    /// Whether the pairs of name and value in `expected` are among those in `seen`.
    pub(super) fn holds_pairs(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        expected.chunks(2).all(|wanted| {
            seen.chunks(2).any(|pair| self.same(&wanted[0], &pair[0]) && self.pair(wanted, pair))
        })
    }

    fn pair(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        let (Some(wanted), Some(value)) = (expected.get(1), seen.get(1)) else {
            return expected.len() == seen.len();
        };
        let sets = (set(wanted), set(value));
        let chooses = ["UIDVALIDITY", "MAILBOXID"];
        let counts = ["HIGHESTMODSEQ", "MODSEQ"];
        match sets {
            _ if counts.iter().any(|name| expected[0].is(name)) => self.mod_sequence(wanted, value),
            _ if chooses.iter().any(|name| expected[0].is(name)) => {
                self.chosen_value(wanted, value)
            }
            (Some(wanted), Some(value)) => wanted == value,
            _ => self.same(wanted, value),
        }
    }

    /// Whether `seen` is what the server has chosen for `expected`, in a list or not.
    pub(super) fn chosen_value(&mut self, expected: &Value, seen: &Value) -> bool {
        match (expected, seen) {
            (Value::List(expected), Value::List(seen)) => {
                expected.len() == seen.len()
                    && expected.iter().zip(seen).all(|(one, other)| self.chosen_value(one, other))
            }
            _ => match (expected.octets(), seen.octets()) {
                (Some(expected), Some(seen)) => self.choose(expected, seen),
                _ => false,
            },
        }
    }
}

/// The numbers of a sequence set (RFC 9051 §9); `None` if it is none, or too large to be one of a test.
pub(super) fn set(value: &Value) -> Option<BTreeSet<u32>> {
    let text = core::str::from_utf8(value.octets()?).ok()?;
    let mut numbers = BTreeSet::new();
    for part in text.split(',') {
        let (one, other) = part.split_once(':').unwrap_or((part, part));
        let (one, other): (u32, u32) = (one.parse().ok()?, other.parse().ok()?);
        if one.abs_diff(other) > 10_000 {
            return None;
        }
        numbers.extend(one.min(other)..=one.max(other));
    }
    Some(numbers)
}

/// Whether both are the same moment (RFC 9051 §9, date-time), in whatever time zone.
pub(super) fn same_moment(expected: &Value, seen: &Value) -> bool {
    let seconds =
        |value: &Value| value.octets().and_then(DateTime::parse_imap).map(|date| date.seconds);
    seconds(expected).is_some_and(|moment| seconds(seen) == Some(moment))
}
