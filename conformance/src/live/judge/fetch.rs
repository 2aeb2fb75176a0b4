//! What FETCH responses tell (RFC 9051 §7.5.2): items in any order, and in one response or in several.

use super::Judge;
use super::value::same_moment;
use crate::foreign::value::Value;

/// What a server may tell unasked.
const UNASKED: [&str; 3] = ["FLAGS", "UID", "MODSEQ"];

/// The number and the items of a FETCH response.
pub(super) fn fetch(values: &[Value]) -> Option<(&Value, &[Value])> {
    match values {
        [_, number, word, Value::List(items)] if word.is("FETCH") => Some((number, items)),
        _ => None,
    }
}

/// Whether this response tells only what nobody has to ask for.
pub(super) fn is_unasked(items: &[Value]) -> bool {
    items.chunks(2).all(|item| UNASKED.iter().any(|name| item[0].is(name)))
}

impl Judge {
    /// Whether all that is `expected` of a message is in one of the responses that were `seen` of it; the indexes of those
    /// that were of use.
    pub(super) fn items(
        &mut self,
        (number, expected): (&Value, &[Value]),
        seen: &[Vec<Value>],
    ) -> Option<Vec<usize>> {
        let mut used = Vec::new();
        for wanted in expected.chunks(2) {
            let found = (0..seen.len()).find(|at| {
                fetch(&seen[*at]).is_some_and(|(other, items)| {
                    number == other && items.chunks(2).any(|item| self.item(wanted, item))
                })
            });
            used.push(found?);
        }
        Some(used)
    }

    fn item(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        let ([name, wanted], [other, value]) = (expected, seen) else {
            return false;
        };
        let (Some(one), Some(two)) = (name.octets(), other.octets()) else {
            return false;
        };
        if !one.eq_ignore_ascii_case(two) {
            return false;
        }
        match (wanted, value) {
            (Value::List(wanted), Value::List(value)) if name.is("FLAGS") => {
                self.same_flags(wanted, value)
            }
            _ if name.is("SAVEDATE") => value.octets().is_some(),
            _ if name.is("INTERNALDATE") => {
                same_moment(wanted, value) || !self.dates_are_given || self.same(wanted, value)
            }
            _ if name.is("MODSEQ") => self.mod_sequence(wanted, value),
            _ if ["EMAILID", "THREADID"].iter().any(|it| name.is(it)) => {
                self.chosen_value(wanted, value)
            }
            _ if ["BODY", "BODYSTRUCTURE"].iter().any(|it| name.is(it)) => {
                self.structure(wanted, value)
            }
            _ => self.same(wanted, value),
        }
    }

    /// Media types and parameters are the same in any case; extension data need not be there (RFC 9051 §7.5.2).
    fn structure(&mut self, expected: &Value, seen: &Value) -> bool {
        match (expected, seen) {
            (Value::List(expected), Value::List(seen)) => {
                let both = expected.len().min(seen.len());
                expected[..both].iter().zip(seen).all(|(one, other)| self.structure(one, other))
                    && expected[both..].iter().chain(&seen[both..]).all(|more| *more == Value::Nil)
            }
            (Value::Text(one), Value::Text(other)) => one.eq_ignore_ascii_case(other),
            _ => self.same(expected, seen),
        }
    }
}
