//! The base subject of a message: what is left without `Re:` and its like (RFC 5256 §2.1), for SORT and THREAD.

#[cfg(test)]
mod tests;

use alloc::string::String;

use crate::encoding::encoded_word;

/// A subject without what replies and forwarding add to it.
///
/// ```
/// use postroad_core::message::subject::Subject;
///
/// let reply = Subject::parse(b"Re: [list] Fwd:  =?utf-8?q?Gr=C3=BC=C3=9Fe?= (fwd)");
/// assert_eq!((&reply.base[..], reply.is_reply), ("Grüße", true));
/// let plain = Subject::parse(b"[list] Reports");
/// assert_eq!((&plain.base[..], plain.is_reply), ("Reports", false));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Subject {
    /// The base subject, decoded; empty if nothing is left.
    pub base: String,
    /// Whether anything marked a reply or a forwarded message: `Re:`, `Fwd:`, `(fwd)`, `[fwd: ]`.
    pub is_reply: bool,
}

impl Subject {
    /// Reads the value of a Subject field, in time linear in its length.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        // §2.1 (1)
        let text = collapse(&encoded_word::decode(value));
        let mut rest = &text[..];
        let mut is_reply = false;
        loop {
            rest = without_trailers(rest, &mut is_reply);
            rest = without_leaders(rest, &mut is_reply);
            // (6)
            match forwarded(rest) {
                Some(inner) => rest = inner,
                None => break,
            }
            is_reply = true;
        }
        Self { base: rest.into(), is_reply }
    }
}

/// Turns every run of white space into one space.
fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\r' | '\n' if collapsed.ends_with(' ') => {}
            ' ' | '\t' | '\r' | '\n' => collapsed.push(' '),
            _ => collapsed.push(c),
        }
    }
    collapsed
}

/// §2.1 (2): takes every `subj-trailer` away.
fn without_trailers<'a>(text: &'a str, is_reply: &mut bool) -> &'a str {
    let mut rest = text.trim_end_matches(' ');
    while let Some(shorter) = without_end(rest, "(fwd)") {
        rest = shorter.trim_end_matches(' ');
        *is_reply = true;
    }
    rest
}

/// §2.1 (3) to (5): takes every `subj-leader` away, and every `subj-blob` that something follows.
fn without_leaders<'a>(text: &'a str, is_reply: &mut bool) -> &'a str {
    let mut rest = text.trim_start_matches(' ');
    loop {
        let mut after = rest;
        // Before the last of several blobs.
        let mut last = rest;
        while let Some(next) = after_blob(after) {
            last = after;
            after = next;
        }
        if let Some(next) = after_mark(after) {
            rest = next.trim_start_matches(' ');
            *is_reply = true;
        } else {
            return if after.is_empty() { last } else { after };
        }
    }
}

/// `subj-blob = "[" *BLOBCHAR "]" *WSP`
fn after_blob(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(['[', ']'])?;
    inner[end..].strip_prefix(']').map(|rest| rest.trim_start_matches(' '))
}

/// `subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`
fn after_mark(text: &str) -> Option<&str> {
    let mark = ["fwd", "fw", "re"].into_iter().find_map(|mark| without_start(text, mark))?;
    let rest = mark.trim_start_matches(' ');
    after_blob(rest).unwrap_or(rest).strip_prefix(':')
}

/// What stands between `subj-fwd-hdr` and `subj-fwd-trl`.
fn forwarded(text: &str) -> Option<&str> {
    without_start(text, "[fwd:")?.strip_suffix(']')
}

fn without_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

fn without_end<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(rest)
}
