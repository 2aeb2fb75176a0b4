//! Many messages in one file: mbox, in the form that nothing is lost in (`mboxrd`).
//!
//! Each message begins with a line `From sender date` (RFC 4155 appendix A) and is followed by an empty
//! line. A line of a message that begins with `From `, or with any number of `>` and `From `, gets one
//! more `>` in front when it is written, and loses it when it is read.
//!
//! ```
//! use postroad_core::message::mbox::{Piece, Splitter};
//! let mbox = b"From ann@example.org Mon Jun  1 12:00:00 2026\nSubject: x\n\n>From here\n\n";
//! let (mut splitter, mut message) = (Splitter::default(), Vec::new());
//! let mut take = |piece: Piece<'_>| {
//!     if let Piece::Line { octets, .. } = piece {
//!         message.extend_from_slice(octets);
//!     }
//! };
//! splitter.push(mbox, &mut take);
//! splitter.finish(&mut take);
//! assert_eq!(message, b"Subject: x\n\nFrom here\n");
//! ```

use super::date::Date;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use memchr::memchr;

#[cfg(test)]
mod tests;

/// Octets of a line that are looked at before they are handed over; a line that begins a message is
/// not longer.
const LONGEST: usize = 1_000;

/// What a [`Splitter`] finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// A message begins.
    Begin {
        /// The offset of the line that says so.
        offset: u64,
        /// The date on it, in seconds since the Unix epoch.
        date: i64,
    },
    /// A line of the message, with its end; of a very long one, a part.
    Line {
        /// The octets.
        octets: &'a [u8],
        /// Whether the line begins here.
        begins: bool,
    },
    /// Octets that belong to no message, since none has begun.
    Stray(&'a [u8]),
}

/// Cuts an mbox into its messages, in memory for one line.
#[derive(Debug, Default)]
pub struct Splitter {
    /// Octets that were pushed, and those of them that are in `line`.
    offset: u64,
    line: Vec<u8>,
    /// Whether the line's beginning has been handed over.
    torn: bool,
    /// An empty line that is the message's, unless the message ends with it.
    blank: Vec<u8>,
    inside: bool,
}

impl Splitter {
    /// A splitter of what stands from `offset` on, where a message begins.
    #[must_use]
    pub fn at(offset: u64) -> Self {
        Self { offset, ..Self::default() }
    }

    /// Takes more octets.
    pub fn push(&mut self, mut octets: &[u8], mut take: impl FnMut(Piece<'_>)) {
        while !octets.is_empty() {
            let end = memchr(b'\n', octets).map_or(octets.len(), |at| at + 1);
            let room = LONGEST.saturating_sub(self.line.len()).max(1);
            let (now, rest) = octets.split_at(end.min(room));
            self.line.extend_from_slice(now);
            self.offset += now.len() as u64;
            octets = rest;
            if self.line.ends_with(b"\n") || self.line.len() >= LONGEST {
                self.give(&mut take);
            }
        }
    }

    /// There are no more octets.
    pub fn finish(mut self, mut take: impl FnMut(Piece<'_>)) {
        if !self.line.is_empty() {
            self.give(&mut take);
        }
    }

    /// Hands over what is in `line`.
    fn give(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        let line = core::mem::take(&mut self.line);
        let begins = !self.torn;
        self.torn = !line.ends_with(b"\n");
        let date = if begins { date_of_line(&line) } else { None };
        if let Some(date) = date {
            self.blank.clear();
            self.inside = true;
            take(Piece::Begin { offset: self.offset - line.len() as u64, date });
        } else if !self.inside {
            take(Piece::Stray(&line));
        } else {
            if !self.blank.is_empty() {
                take(Piece::Line { octets: &self.blank, begins: true });
                self.blank.clear();
            }
            if begins && matches!(&line[..], b"\n" | b"\r\n") {
                self.blank = line;
                return;
            }
            let octets = if begins { unquoted(&line) } else { &line };
            take(Piece::Line { octets, begins });
        }
        self.line = line;
        self.line.clear();
    }
}

/// A line without the `>` that was put before its `From `.
fn unquoted(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|octet| **octet == b'>').count();
    if marks > 0 && line[marks..].starts_with(b"From ") { &line[1..] } else { line }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The date of a line that begins a message. `From ` alone is not enough: a sentence may begin so.
fn date_of_line(line: &[u8]) -> Option<i64> {
    let text = core::str::from_utf8(line.strip_prefix(b"From ")?).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.windows(3).enumerate().find_map(|(at, three)| {
        let [month, day, time] = three else { return None };
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
        // The year, perhaps behind a zone: `2026`, `+0200 2026`, `CEST 2026`, `2026 +0200`.
        let rest = words.get(at + 3..)?;
        let rest = &rest[..rest.len().min(2)];
        let year = rest.iter().find(|word| word.len() == 4 && word.parse::<u16>().is_ok())?;
        let zone = rest.iter().find_map(|word| zone(word)).unwrap_or(0);
        let month = u8::try_from(month + 1).ok()?;
        let days = Date::new(year.parse().ok()?, month, day.parse().ok()?)?.days();
        Some(days * 86_400 + clock(time)? - zone)
    })
}

/// `12:00` or `12:00:00`, in seconds.
fn clock(text: &str) -> Option<i64> {
    let mut parts =
        text.split(':').map(|part| part.parse::<i64>().ok().filter(|it| (0..61).contains(it)));
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    (hours < 24).then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// `+0200`, in seconds.
fn zone(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).filter(|digits| digits.len() == 4)?;
    let number: i64 = digits.parse().ok()?;
    let seconds = (number / 100 * 60 + number % 100) * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

/// The line that begins a message of `date`, in seconds since the Unix epoch.
///
/// ```
/// use postroad_core::message::mbox::opening;
/// assert_eq!(opening("ann@example.org", 1_780_315_200), "From ann@example.org Mon Jun  1 12:00:00 2026\n");
/// ```
#[must_use]
pub fn opening(sender: &str, date: i64) -> String {
    // No further than a year of four digits.
    let date = date.clamp(0, 253_402_300_799);
    let (day, seconds) = (Date::from_days(date / 86_400), date % 86_400);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        "From {sender} {} {} {:>2} {hours:02}:{minutes:02}:{seconds:02} {:04}\n",
        day.weekday_name(),
        day.month_name(),
        day.day(),
        day.year(),
    )
}

/// Writes a message as it stands in an mbox: its lines end with LF, and are quoted where they must be.
#[derive(Debug, Default)]
pub struct Quoter {
    /// Octets of `From ` that have come at the beginning of a line and are not written yet.
    matched: usize,
    inside_line: bool,
    cr: bool,
}

const FROM: &[u8] = b"From ";

impl Quoter {
    /// Takes octets of the message and writes what stands for them.
    pub fn push(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        for &octet in octets {
            if core::mem::take(&mut self.cr) && octet != b'\n' {
                self.put(b'\r', out);
            }
            if octet == b'\r' {
                self.cr = true;
            } else {
                self.put(octet, out);
            }
        }
    }

    fn put(&mut self, octet: u8, out: &mut Vec<u8>) {
        if !self.inside_line {
            if octet == FROM[self.matched] {
                self.matched += 1;
                if self.matched < FROM.len() {
                    return;
                }
                out.push(b'>');
                self.release(out);
                return;
            }
            if octet == b'>' && self.matched == 0 {
                // One more among them is one more in front.
                out.push(octet);
                return;
            }
            self.release(out);
        }
        out.push(octet);
        self.inside_line = octet != b'\n';
    }

    fn release(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&FROM[..self.matched]);
        self.matched = 0;
        self.inside_line = true;
    }

    /// Ends the message: its last line, and the empty line behind it.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        if self.cr {
            self.put(b'\r', out);
        }
        if self.matched > 0 {
            self.release(out);
        }
        out.extend_from_slice(if self.inside_line { b"\n\n" } else { b"\n" });
    }
}
