//! What both ends said, line by line, for a host that shows or keeps it.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use super::Client;
use super::content::{Content, Way};
use super::outputs::Outputs;
use crate::buffer::Outbox;

/// One line of a connection's dialogue, without its line end. `Display` marks it as transcripts do.
///
/// ```
/// use postroad_core::smtp::client::Line;
/// assert_eq!(Line::Client("QUIT".into()).to_string(), "C: QUIT");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// The client said it. What proves who one is is shown as `[redacted]`.
    Client(String),
    /// The server said it; control characters are replaced.
    Server(String),
    /// Nobody said it in words: content, or a handshake.
    Remark(String),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(line) => write!(f, "C: {line}"),
            Self::Server(line) => write!(f, "S: {line}"),
            Self::Remark(line) => write!(f, "# {line}"),
        }
    }
}

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

impl Client {
    /// Says a line.
    pub(super) fn say(&mut self, line: impl fmt::Display) {
        say(&mut self.outbox, &mut self.outputs, line);
    }

    /// Says a line that begins with `words` and ends with a secret.
    pub(super) fn say_secret(&mut self, words: impl fmt::Display, secret: &str) {
        let _ = fmt::Write::write_fmt(&mut self.outbox, format_args!("{words}{secret}\r\n"));
        self.outputs.note(|| Line::Client(format!("{words}{REDACTED}")));
    }

    /// Tells of a slice of content, `end` being the last one, that was sent.
    pub(super) fn note_content(&mut self, content: &Content, slice: usize, end: bool) {
        let octets = match content.way {
            Way::Chunks => {
                let last = if end { " LAST" } else { "" };
                self.outputs.note(|| Line::Client(format!("BDAT {slice}{last}")));
                slice as u64
            }
            Way::Dots(_) | Way::Chunk(_) if end => content.offset,
            Way::Dots(_) | Way::Chunk(_) => return,
        };
        self.outputs.note(|| Line::Remark(format!("{} octets of content", Grouped(octets))));
        if let Way::Dots(_) = content.way {
            self.outputs.note(|| Line::Client(".".into()));
        }
    }
}

/// Says a line into `outbox`.
pub(super) fn say(outbox: &mut Outbox, outputs: &mut Outputs, line: impl fmt::Display) {
    let _ = fmt::Write::write_fmt(outbox, format_args!("{line}\r\n"));
    outputs.note(|| Line::Client(line.to_string()));
}

/// A number with a comma before every three digits.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 / 1000 {
            0 => write!(f, "{}", self.0),
            thousands => write!(f, "{},{:03}", Self(thousands), self.0 % 1000),
        }
    }
}
