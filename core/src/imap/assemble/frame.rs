//! How lines and literals make up a command (RFC 3501 §4.3).

use super::Bounds;
use crate::imap::types::{Literal, Synchronizing};
use memchr::{memchr, memchr_iter, memchr3};

/// How far into a command the assembler has looked.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Every octet before this one was looked at.
    seen: usize,
    /// Where the literal ends that is being passed, or was last.
    literal_end: usize,
    /// Octets of literals, all together.
    literals: usize,
    /// How many literals there were.
    count: usize,
    /// Whether the literal that is being passed may hold a NUL.
    binary: bool,
}

/// What ends the looking.
#[derive(Debug)]
pub(super) enum Found {
    /// The command, up to its last CRLF.
    Command(usize),
    /// A literal's head, up to its CRLF.
    Literal(usize, Literal),
    /// Nonsense at `at`. The command is to be dropped from `from` on, where so much of a literal is
    /// left.
    Bad { at: usize, from: usize, literal: u64, text: &'static str },
}

impl Frame {
    /// Looks on in `octets`, which begin with the command; `None` if there are too few.
    pub(super) fn look(&mut self, octets: &[u8], bounds: &Bounds) -> Option<Found> {
        if self.seen < self.literal_end {
            let there = self.literal_end.min(octets.len());
            let part = octets.get(self.seen..there)?;
            if let Some(nul) = memchr(0, part).filter(|_| !self.binary) {
                // RFC 3501 §9: literal = … *CHAR8, and CHAR8 is not NUL.
                let at = self.seen + nul;
                let literal = (self.literal_end - at) as u64;
                let text = "A literal holds a NUL";
                return Some(Found::Bad { at, from: at, literal, text });
            }
            self.seen = there;
            if there < self.literal_end {
                return None;
            }
        }
        let line = octets.get(self.seen..)?;
        let stop = memchr3(b'\r', b'\n', 0, line).unwrap_or(line.len());
        let (at, stopped) = (self.seen + stop, line.get(stop..).unwrap_or_default());
        let most = self.literals.saturating_add(bounds.line).min(bounds.command);
        if at > most {
            return Some(self.bad_line(most.max(self.seen), "The command line is too long"));
        }
        self.seen = at;
        let text = match stopped {
            [] | [b'\r'] => return None,
            [b'\r', b'\n', ..] => {
                let line = octets.get(self.literal_end..at)?;
                return Some(match announced(line) {
                    Some(literal) => Found::Literal(at, literal),
                    None => Found::Command(at),
                });
            }
            [0, ..] => "The command holds a NUL",
            _ => "A line ends with CR and LF, and only there is either",
        };
        Some(self.bad_line(at, text))
    }

    /// What is dropped begins where a literal's head may have begun.
    fn bad_line(&self, at: usize, text: &'static str) -> Found {
        let from = at.saturating_sub(KEPT).max(self.literal_end);
        Found::Bad { at, from, literal: 0, text }
    }

    /// Makes `literal`, which begins at `start`, part of the command; false if it is too large.
    pub(super) fn enter(&mut self, start: usize, literal: Literal, bounds: &Bounds) -> bool {
        let Ok(size) = usize::try_from(literal.size) else {
            return false;
        };
        let (literals, end) = (self.literals.saturating_add(size), start.saturating_add(size));
        if literals > bounds.literals || end > bounds.command {
            return false;
        }
        self.seen = start;
        self.literals = literals;
        self.literal_end = end;
        self.binary = literal.binary;
        self.count += 1;
        true
    }

    /// Where the line begins that was looked at last.
    pub(super) const fn line_start(&self) -> usize {
        self.literal_end
    }

    /// What is dropped if the command is given up now: from where on, and how much of a literal.
    pub(super) fn rest(&self) -> (usize, u64) {
        let literal = self.literal_end.saturating_sub(self.seen) as u64;
        let from = if literal > 0 { self.seen } else { self.literal_end };
        (from, literal)
    }

    /// How many literals there were.
    pub(super) const fn count(&self) -> usize {
        self.count
    }
}

/// The literal whose head ends `line` (RFC 7888 §3). A size that is beyond all numbers is the
/// greatest of them.
fn announced(line: &[u8]) -> Option<Literal> {
    let line = line.strip_suffix(b"}")?;
    let (line, synchronizing) = match line.strip_suffix(b"+") {
        Some(line) => (line, Synchronizing::No),
        None => (line, Synchronizing::Yes),
    };
    let is_digit = |octet: &&u8| octet.is_ascii_digit();
    let digits = line.iter().rev().take_while(is_digit).count();
    let (before, digits) = line.split_at(line.len() - digits);
    // Of a line that is dropped only the end is left: so many digits had a brace before them.
    let has_brace = before.ends_with(b"{") || before.is_empty() && digits.len() > MOST_DIGITS;
    if digits.is_empty() || !has_brace {
        return None;
    }
    // RFC 3516 §7: literal8.
    let binary = before.ends_with(b"~{");
    let size = digits
        .iter()
        .fold(0u64, |size, digit| size.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some(Literal { size, synchronizing, binary })
}

/// Digits of the greatest number.
const MOST_DIGITS: usize = 20;

/// Octets of a dropped line that are looked at again when more has come: a literal's head.
const KEPT: usize = 2 * MOST_DIGITS;

/// What is to be dropped of a line, and how it ends.
pub(super) enum Dropped {
    /// So many octets do not matter, and there is no end yet.
    Part(usize),
    /// So many octets are the line's rest, and a literal may follow.
    Line(usize, Option<Literal>),
}

/// Looks for the end of a line that was not understood.
pub(super) fn look_past(octets: &[u8]) -> Dropped {
    let mut ends = memchr_iter(b'\n', octets).filter_map(|lf| {
        let line = octets.get(..lf)?.strip_suffix(b"\r")?;
        Some((lf + 1, line))
    });
    match ends.next() {
        Some((length, line)) => Dropped::Line(length, announced(line)),
        None => Dropped::Part(octets.len().saturating_sub(KEPT)),
    }
}
