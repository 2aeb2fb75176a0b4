//! Replies as they come in.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use memchr::memchr;

use super::dialogue::REDACTED;
use super::outputs::Outputs;
use super::{Line, Why};
use crate::buffer::Inbox;
use crate::smtp::{EnhancedCode, Reply};

/// The lines so far of the reply under way.
#[derive(Default)]
pub(super) struct Replies {
    lines: Vec<String>,
}

/// What bounds a reply.
pub(super) struct Bounds {
    /// Octets of a line, with its end.
    pub(super) line: usize,
    /// Lines.
    pub(super) lines: usize,
}

impl Replies {
    /// Takes the next reply out of `inbox`, once all of it is there.
    pub(super) fn next(
        &mut self,
        inbox: &mut Inbox,
        bounds: &Bounds,
        outputs: &mut Outputs,
    ) -> Result<Option<Reply>, Why> {
        loop {
            let waiting = inbox.as_slice();
            let window = &waiting[..waiting.len().min(bounds.line)];
            // Deviation: RFC 5321 §2.3.8 ends lines with CRLF; LF alone does as well. Replies carry
            // no content into which one could be smuggled.
            let Some(end) = memchr(b'\n', window) else {
                let fits = waiting.len() < bounds.line;
                return if fits { Ok(None) } else { Err(Why::ReplyTooLong) };
            };
            let line = window[..end].strip_suffix(b"\r").unwrap_or(&window[..end]);
            outputs.note(|| Line::Server(shown(line)));
            let ReplyLine { code, last, text } = ReplyLine::parse(line).ok_or(Why::NoReply)?;
            self.lines.push(text);
            inbox.consume(end + 1);
            if last {
                return Ok(Some(reply(code, &core::mem::take(&mut self.lines))));
            }
            if self.lines.len() == bounds.lines {
                return Err(Why::ReplyTooLong);
            }
        }
    }
}

/// One line of a reply (RFC 5321 §4.2).
struct ReplyLine {
    code: u16,
    last: bool,
    text: String,
}

impl ReplyLine {
    fn parse(line: &[u8]) -> Option<Self> {
        let (digits, rest) = line.split_first_chunk::<3>()?;
        let [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] = digits else {
            return None;
        };
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let (last, text) = match rest {
            [] => (true, rest),
            [b'-', text @ ..] => (false, text),
            // Deviation: RFC 5321 §4.2 has a blank; a tab can't mean anything else.
            [b' ' | b'\t', text @ ..] => (true, text),
            _ => return None,
        };
        Some(Self { code, last, text: printable(text) })
    }
}

/// A line as the dialogue shows it. A challenge is left out: with those of SCRAM, whoever reads it
/// could try passwords.
fn shown(line: &[u8]) -> String {
    match line {
        [b'3', b'3', b'4', b' ' | b'-', _, ..] => format!("334 {REDACTED}"),
        line => printable(line),
    }
}

/// `text` without control characters: nothing that a server says may act on a terminal.
fn printable(text: &[u8]) -> String {
    let clean = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(text).chars().map(clean).collect()
}

/// The reply of these lines. RFC 5321 §4.2.1 wants the same code on each; where they differ, the
/// last one's counts, since servers that change their mind do so towards the end.
fn reply(code: u16, lines: &[String]) -> Reply {
    let enhanced = lines.last().and_then(|line| {
        let word = line.split([' ', '\t']).next().unwrap_or(line);
        let class = u16::from(EnhancedCode::parse(word.as_bytes())?.class);
        // RFC 2034 §4: otherwise it is some other number.
        (class == code / 100).then_some(word)
    });
    let text: Vec<&str> = lines.iter().map(|line| without(line, enhanced)).collect();
    Reply {
        code,
        enhanced: enhanced.and_then(|word| EnhancedCode::parse(word.as_bytes())),
        text: text.join("\n").into(),
    }
}

/// `line` without the enhanced status code that it begins with.
fn without<'a>(line: &'a str, enhanced: Option<&str>) -> &'a str {
    match enhanced.and_then(|word| line.strip_prefix(word)) {
        Some("") => "",
        Some(rest) => rest.strip_prefix([' ', '\t']).unwrap_or(line),
        None => line,
    }
}
