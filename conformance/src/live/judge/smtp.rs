//! SMTP: the codes, in their order (RFC 5321 §4.2). Texts are free, and so is what EHLO announces.

use super::{Judge, Line, Pair};
use crate::live::session::Response;

impl Judge {
    pub(super) fn smtp(&self, expected: &[Line], heard: &[Response]) -> Vec<Pair> {
        let groups = replies(expected);
        let mut heard = heard.iter();
        let mut pairs = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            if group[0].is_any() {
                let rest = groups[at + 1..].iter().filter(|group| !group[0].is_any()).count();
                while heard.len() > rest {
                    let seen = heard.next().map_or(&[][..], |response| &response.octets);
                    pairs.push(Pair::agreed(group, seen));
                }
                continue;
            }
            let Some(response) = heard.next() else {
                pairs.push(Pair::missing(group));
                continue;
            };
            let [wanted, code] = [&*group[0].text, &*response.octets].map(code);
            pairs.push(Pair::judged(group, &response.octets, self.agrees(&wanted, &code)));
        }
        pairs.extend(heard.map(|response| Pair::more(&response.octets)));
        pairs
    }
}

/// A reply's code (RFC 5321 §4.2.1).
fn code(reply: &[u8]) -> String {
    String::from_utf8_lossy(reply.get(..3).unwrap_or(reply)).into_owned()
}

/// The lines of each reply together; `[...]` within one belongs to it.
fn replies(lines: &[Line]) -> Vec<&[Line]> {
    let mut groups = Vec::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let goes_on = |line: &Line| line.text.get(3) == Some(&b'-') || line.is_any();
        let count = match first.is_any() {
            true => 1,
            false => (rest.iter().take_while(|line| goes_on(line)).count() + 1).min(rest.len()),
        };
        let (group, behind) = rest.split_at(count);
        groups.push(group);
        rest = behind;
    }
    groups
}
