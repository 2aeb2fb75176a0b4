//! POP3: the status of every response, and the data in it (RFC 1939 §3).

use super::{Judge, Line, Pair};
use crate::live::session::Response;
use crate::matcher::Pattern;

impl Judge {
    pub(super) fn pop3(&mut self, expected: &[Line], heard: &[Response]) -> Vec<Pair> {
        let mut rest = expected;
        let mut pairs = Vec::new();
        for (at, response) in heard.iter().enumerate() {
            if let Some((any, behind)) = rest.split_first().filter(|(first, _)| first.is_any()) {
                pairs.push(Pair::agreed(core::slice::from_ref(any), &response.octets));
                if heard.len() - at - 1 <= statuses(behind) {
                    rest = behind;
                }
                continue;
            }
            let Some((first, _)) = rest.split_first() else {
                pairs.push(Pair::more(&response.octets));
                continue;
            };
            let is_data = response.octets.iter().filter(|octet| **octet == b'\n').count() > 1;
            let is_listing = first.text.starts_with(b"+OK") && is_data;
            let end = rest.iter().position(|line| line.text == b".").filter(|_| is_listing);
            let (lines, behind) = rest.split_at(end.map_or(1, |end| end + 1));
            rest = behind;
            let agree = self.response(lines, response);
            pairs.push(Pair::judged(lines, &response.octets, agree));
        }
        if let [_, ..] = rest {
            pairs.push(Pair::missing(rest));
        }
        pairs
    }

    fn response(&mut self, expected: &[Line], seen: &Response) -> bool {
        let seen_lines: Vec<&[u8]> = seen
            .octets
            .split_inclusive(|octet| *octet == b'\n')
            .map(|line| line.strip_suffix(b"\r\n").unwrap_or(line))
            .collect();
        let (Some((wanted, data)), Some((status, seen_data))) =
            (expected.split_first(), seen_lines.split_first())
        else {
            return false;
        };
        let command = String::from_utf8_lossy(&seen.command).into_owned();
        let words: Vec<&str> = command.split_whitespace().collect();
        let of_status = |line: &[u8]| {
            let text = String::from_utf8_lossy(line).into_owned();
            text.split_whitespace().next().unwrap_or_default().to_owned()
        };
        let text = String::from_utf8_lossy(&wanted.text).into_owned();
        if Pattern::of_text(&text).matches(status, &mut self.bindings) && data.is_empty() {
            return true;
        }
        if of_status(&wanted.text) != of_status(status) {
            return false;
        }
        let is_ok = status.starts_with(b"+OK");
        match &words[..] {
            ["STAT"] | ["LIST", _] if is_ok => self.words(&wanted.text, status, 3),
            ["UIDL", _] if is_ok => self.words(&wanted.text, status, 2),
            ["UIDL"] if is_ok => self.listing(data, seen_data, 1),
            ["LIST"] if is_ok => self.listing(data, seen_data, 2),
            ["RETR" | "TOP", ..] if is_ok => self.listing(data, seen_data, usize::MAX),
            _ => true,
        }
    }

    /// Whether the first `count` words agree.
    fn words(&mut self, expected: &[u8], seen: &[u8], count: usize) -> bool {
        let first = |line: &[u8]| {
            let words: Vec<&[u8]> = line.split(|octet| *octet == b' ').take(count).collect();
            words.join(&b' ')
        };
        let expected = String::from_utf8_lossy(&first(expected)).into_owned();
        Pattern::of_text(&expected).matches(&first(seen), &mut self.bindings)
    }

    /// Whether the lines agree, of each so many words; what else a listing says of a message is its own affair.
    fn listing(&mut self, expected: &[Line], seen: &[&[u8]], count: usize) -> bool {
        expected.len() == seen.len()
            && expected.iter().zip(seen).all(|(line, seen)| match count {
                usize::MAX => {
                    let text = String::from_utf8_lossy(&line.text).into_owned();
                    line.text == *seen || Pattern::of_text(&text).matches(seen, &mut self.bindings)
                }
                _ => self.words(&line.text, seen, count),
            })
    }
}

/// How many responses begin in `lines`.
fn statuses(lines: &[Line]) -> usize {
    let begins = |line: &&Line| {
        [&b"+OK"[..], b"-ERR", b"+ "].iter().any(|status| line.text.starts_with(status))
    };
    lines.iter().filter(begins).count()
}
