//! IMAP: statuses, codes and data; data in any order between two statuses, but for EXPUNGE (RFC 9051 §7).

use super::code::Status;
use super::fetch::{fetch, is_unasked};
use super::value::set;
use super::{Judge, Line, Pair};
use crate::foreign::connection::literal;
use crate::foreign::value::{self, Value};
use crate::live::session::Response;
use std::collections::BTreeSet;

/// A response that is expected, with its lines.
struct Expected<'l> {
    lines: &'l [Line],
    octets: Vec<u8>,
}

impl Expected<'_> {
    fn is_any(&self) -> bool {
        self.lines[0].is_any()
    }
}

/// Whether a response completes a command or asks for more of it: what comes before and behind it does not mix.
fn is_barrier(octets: &[u8]) -> bool {
    !octets.starts_with(b"* ") && octets != b"[...]"
}

fn tag(octets: &[u8]) -> &[u8] {
    octets.split(|octet| *octet == b' ').next().unwrap_or_default()
}

impl Judge {
    pub(super) fn imap(&mut self, expected: &[Line], heard: &[Response]) -> Vec<Pair> {
        let expected = responses(expected);
        let seen: Vec<&[u8]> = heard.iter().map(|response| &*response.octets).collect();
        let (mut wanted, mut came) = (&expected[..], &seen[..]);
        let mut pairs = Vec::new();
        loop {
            let barrier = |octets: &[u8]| is_barrier(octets);
            let one = wanted.iter().position(|it| barrier(&it.octets)).unwrap_or(wanted.len());
            let two = came.iter().position(|it| barrier(it)).unwrap_or(came.len());
            let is_free = wanted[..one].iter().any(Expected::is_any);
            self.data(&wanted[..one], &came[..two], &mut pairs);
            (wanted, came) = (&wanted[one..], &came[two..]);
            // `[...]` stands for the ends of commands, too.
            if is_free && let Some(barrier) = wanted.first() {
                let is_it = |seen: &&[u8]| tag(seen) == tag(&barrier.octets);
                came = &came[came.iter().position(is_it).unwrap_or(0)..];
            }
            match (wanted.split_first(), came.split_first()) {
                (Some((barrier, rest)), Some((response, behind))) => {
                    let agree = self.barrier(&barrier.octets, response);
                    pairs.push(Pair::judged(barrier.lines, response, agree));
                    (wanted, came) = (rest, behind);
                }
                (Some((barrier, rest)), None) => {
                    pairs.push(Pair::missing(barrier.lines));
                    wanted = rest;
                }
                (None, Some((response, behind))) => {
                    pairs.push(Pair::more(response));
                    came = behind;
                }
                (None, None) => return pairs,
            }
        }
    }

    fn barrier(&mut self, expected: &[u8], seen: &[u8]) -> bool {
        if expected.starts_with(b"+") || seen.starts_with(b"+") {
            return expected.first() == seen.first();
        }
        let behind = |octets: &[u8]| {
            let at = octets.iter().position(|octet| *octet == b' ');
            Status::parse(at.map_or(&[][..], |at| &octets[at + 1..]))
        };
        tag(expected) == tag(seen) && self.status(&behind(expected), &behind(seen))
    }

    /// Compares untagged responses between two barriers.
    fn data(&mut self, expected: &[Expected<'_>], seen: &[&[u8]], pairs: &mut Vec<Pair>) {
        let values: Vec<Vec<Value>> = seen.iter().map(|octets| value::parse(octets)).collect();
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let numbered =
            |values: &[Value]| values.get(1).filter(|_| is_expunge(values)).and_then(set);
        let gone = |all: &mut dyn Iterator<Item = BTreeSet<u32>>| gone(&mut all.flatten());
        let wanted_gone =
            gone(&mut expected.iter().filter_map(|it| numbered(&value::parse(&it.octets))));
        let is_same_gone = wanted_gone == gone(&mut values.iter().filter_map(|it| numbered(it)));
        for (at, it) in expected.iter().enumerate() {
            if it.is_any() {
                continue;
            }
            let wanted = value::parse(&it.octets);
            let found = match fetch(&wanted) {
                Some(items) => self.items(items, &values).and_then(|all| {
                    used.extend(&all);
                    all.first().copied()
                }),
                None => (0..seen.len()).find(|index| {
                    let (octets, values) = (seen[*index], &values[*index]);
                    !used.contains(index)
                        && match is_expunge(&wanted) {
                            true => is_same_gone && is_expunge(values),
                            false => self.untagged((&it.octets, &wanted), (octets, values)),
                        }
                }),
            };
            match found {
                Some(index) => {
                    used.insert(index);
                    pairs.push(Pair::agreed(it.lines, seen[index]));
                }
                None if self.may_be_missing(&it.octets, &wanted, &expected[at + 1..]) => {}
                None => pairs.push(Pair::missing(it.lines)),
            }
        }
        if expected.iter().any(Expected::is_any) {
            return;
        }
        for (index, octets) in seen.iter().enumerate() {
            if !used.contains(&index) && !may_be_more(&values[index]) {
                pairs.push(Pair::more(octets));
            }
        }
    }

    fn untagged(
        &mut self,
        (expected, wanted): (&[u8], &[Value]),
        (seen, values): (&[u8], &[Value]),
    ) -> bool {
        let word = |values: &[Value]| {
            let word = values.get(1).and_then(Value::octets).unwrap_or_default();
            String::from_utf8_lossy(word).to_ascii_uppercase()
        };
        let name = word(wanted);
        if name != word(values) {
            return false;
        }
        match &*name {
            "OK" | "NO" | "BAD" | "BYE" | "PREAUTH" => {
                self.status(&Status::parse(&expected[2..]), &Status::parse(&seen[2..]))
            }
            "CAPABILITY" | "ID" => true,
            "LIST" | "LSUB" => self.list(&wanted[2..], &values[2..]),
            "FLAGS" => match (&wanted[2..], &values[2..]) {
                ([Value::List(expected)], [Value::List(seen)]) => self.holds(expected, seen),
                _ => false,
            },
            "STATUS" => match (&wanted[2..], &values[2..]) {
                ([name, Value::List(expected)], [other, Value::List(seen)]) => {
                    self.same(name, other) && self.holds_pairs(expected, seen)
                }
                _ => false,
            },
            "SEARCH" => {
                let (Some(expected), Some(seen)) = (numbers(&wanted[2..]), numbers(&values[2..]))
                else {
                    return self.all(&wanted[2..], &values[2..]);
                };
                expected == seen
            }
            "ESEARCH" => self.esearch(&wanted[2..], &values[2..]),
            "ENABLED" => self.holds(&wanted[2..], &values[2..]),
            _ => self.all(wanted, values),
        }
    }

    /// Attributes, the delimiter, the name (RFC 9051 §7.3.1). Whether there are children need not be told.
    fn list(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        let ([Value::List(wanted), rest @ ..], [Value::List(attributes), others @ ..]) =
            (expected, seen)
        else {
            return false;
        };
        let free = ["\\HasChildren", "\\HasNoChildren", "\\Marked", "\\Unmarked", "\\NonExistent"];
        let matters = |value: &&Value| !free.iter().any(|name| value.is(name));
        let wanted: Vec<Value> = wanted.iter().filter(matters).cloned().collect();
        self.holds(&wanted, attributes) && self.all(rest, others)
    }

    /// The command's tag, then pairs in any order (RFC 4731 §3.1).
    fn esearch(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        fn parts(values: &[Value]) -> (Option<&Value>, bool, &[Value]) {
            let (tag, rest) = match values {
                [tag @ Value::List(_), rest @ ..] => (Some(tag), rest),
                rest => (None, rest),
            };
            match rest {
                [uid, rest @ ..] if uid.is("UID") => (tag, true, rest),
                rest => (tag, false, rest),
            }
        }
        let ((tag, uid, pairs), (other, by_uid, found)) = (parts(expected), parts(seen));
        let same_tag = match (tag, other) {
            (Some(tag), Some(other)) => self.same(tag, other),
            (tag, other) => tag == other,
        };
        same_tag && uid == by_uid && pairs.len() == found.len() && self.holds_pairs(pairs, found)
    }

    /// Whether a server may leave out this response.
    fn may_be_missing(&self, octets: &[u8], values: &[Value], later: &[Expected<'_>]) -> bool {
        let is = |at: usize, name: &str| values.get(at).is_some_and(|value| value.is(name));
        if is(1, "OK") {
            let name = Status::parse(&octets[2..]).name();
            return name.is_empty() || self.is_optional(&name);
        }
        // Of several counts only the last one must be told.
        let is_count = |it: &Expected<'_>| {
            value::parse(&it.octets).get(2).is_some_and(|word| word.is("EXISTS"))
        };
        is(2, "RECENT") || is(1, "CAPABILITY") || (is(2, "EXISTS") && later.iter().any(is_count))
    }
}

/// Whether a server may say this unasked (RFC 9051 §5.2, §7).
fn may_be_more(values: &[Value]) -> bool {
    let is = |at: usize, names: &[&str]| {
        values.get(at).is_some_and(|value| names.iter().any(|name| value.is(name)))
    };
    is(1, &["OK", "NO", "CAPABILITY", "FLAGS"])
        || is(2, &["EXISTS", "RECENT"])
        || fetch(values).is_some_and(|(_, items)| is_unasked(items))
}

fn is_expunge(values: &[Value]) -> bool {
    values.get(2).is_some_and(|word| word.is("EXPUNGE"))
}

/// Which messages are gone, by their numbers before the first of these EXPUNGE responses: a server tells them in an order of its own,
/// and each one moves those behind it (RFC 9051 §7.5.1).
fn gone(told: &mut dyn Iterator<Item = u32>) -> BTreeSet<u32> {
    let mut gone = BTreeSet::new();
    for mut number in told {
        for before in &gone {
            if number >= *before {
                number += 1;
            }
        }
        gone.insert(number);
    }
    gone
}

fn numbers(values: &[Value]) -> Option<BTreeSet<u32>> {
    values.iter().map(|value| set(value)?.into_iter().next()).collect()
}

/// The lines of each response together: a literal's lines belong to it.
fn responses(lines: &[Line]) -> Vec<Expected<'_>> {
    let mut responses = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let mut octets = rest[0].text.clone();
        let mut count = 1;
        let mut from = 0;
        while let Some(length) = literal(&[&octets[from..], b"\r\n"].concat()) {
            let end = octets.len() + 2 + length;
            while octets.len() < end && count < rest.len() {
                octets.extend_from_slice(b"\r\n");
                octets.extend_from_slice(&rest[count].text);
                count += 1;
            }
            from = end.min(octets.len());
        }
        let (lines, behind) = rest.split_at(count);
        responses.push(Expected { lines, octets });
        rest = behind;
    }
    responses
}
