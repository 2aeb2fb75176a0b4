//! What is noted of a message while it is in the spool: outcomes, reports, orders.
//!
//! A record is a line of text behind a checksum ([`checked`]):
//!
//! ```text
//! 5f2a9c01 1790000001.250000 0,2 relayed 2.0.0 mx.example.net [192.0.2.1] 250 2.0.0 Ok: queued
//! 0b77de42 1790000001.250000 1 deferred 4.7.1 mx.example.net [192.0.2.1] 451 4.7.1 Greylisted
//! 91c3a0f8 1790000001.300000 1 warned
//! 77aa0142 1790000001.400000 held
//! ```

use super::Destination;
use super::envelope::Moment;
use crate::encoding::checked;
use crate::machine::Instant;
use crate::smtp::EnhancedCode;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// One note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When it was made.
    pub at: Instant,
    /// What it says.
    pub note: Note,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// What an attempt came to for these recipients, by their place in the envelope.
    Outcome {
        /// Whose.
        recipients: Vec<usize>,
        /// What it came to.
        outcome: Outcome,
    },
    /// The sender was told of these recipients' final outcome.
    Reported {
        /// Whose.
        recipients: Vec<usize>,
    },
    /// The sender was told that these recipients' mail is late.
    Warned {
        /// Whose.
        recipients: Vec<usize>,
    },
    /// Nothing is to be tried until it is released.
    Held,
    /// It may be tried again.
    Released,
    /// Recipients that are not settled go there from now on.
    Rerouted(Destination),
}

/// What an attempt to deliver came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What was done.
    pub action: Action,
    /// The enhanced status code (RFC 3463).
    pub status: EnhancedCode,
    /// The host that said so, if one did.
    pub remote: Option<Remote>,
    /// The host's reply, or what went wrong in our words; a line feed parts its lines.
    pub text: String,
}

/// The host at the other end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remote {
    /// Its name, as DNS or the configuration has it.
    pub name: String,
    /// Its address.
    pub address: Option<IpAddr>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// It is in the recipient's mailbox.
    Delivered,
    /// Another host took it upon itself, which reports nothing of its success (RFC 3461 §5.2.2).
    Relayed,
    /// Another host took it upon itself, and the reports with it.
    Passed,
    /// It is to be tried again.
    Deferred,
    /// It can't be delivered.
    Failed,
}

impl Action {
    const NAMES: [(Self, &str); 5] = [
        (Self::Delivered, "delivered"),
        (Self::Relayed, "relayed"),
        (Self::Passed, "passed"),
        (Self::Deferred, "deferred"),
        (Self::Failed, "failed"),
    ];

    /// Its name in records and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(action, _)| *action == self).map_or("", |(_, name)| name)
    }

    /// Whether nothing more is to be tried.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Deferred)
    }

    fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(action, _)| *action)
    }
}

impl Outcome {
    /// An outcome that no other host had a part in.
    pub fn ours(action: Action, status: (u8, u16, u16), text: impl Into<String>) -> Self {
        let (class, subject, detail) = status;
        let status = EnhancedCode::new(class, subject, detail);
        Self { action, status, remote: None, text: text.into() }
    }
}

/// As it stands in records and logs; line feeds and backslashes are escaped.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.action.name(), self.status)?;
        match &self.remote {
            Some(Remote { name, address: Some(address) }) => write!(f, "{name} [{address}] ")?,
            Some(Remote { name, address: None }) => write!(f, "{name} [] ")?,
            None => f.write_str("- ")?,
        }
        for c in self.text.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c if c.is_control() => f.write_str("?")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

impl Record {
    /// Appends the record's line.
    pub fn push(&self, text: &mut String) {
        checked::push(text, &self.to_string());
    }

    /// Every record of a log. A line that is not whole, as a crash leaves at the end, is none.
    pub fn read_all(log: &[u8]) -> impl Iterator<Item = Self> {
        log.split_inclusive(|octet| *octet == b'\n')
            .filter_map(|line| Self::parse(core::str::from_utf8(checked::record(line)?).ok()?))
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, rest) = text.split_once(' ')?;
        let at = Moment::parse(at)?;
        let note = match rest.split_once(' ') {
            None if rest == "held" => Note::Held,
            None if rest == "released" => Note::Released,
            Some(("rerouted", to)) => Note::Rerouted(to.parse().ok()?),
            Some((recipients, "reported")) => Note::Reported { recipients: places(recipients)? },
            Some((recipients, "warned")) => Note::Warned { recipients: places(recipients)? },
            Some((recipients, outcome)) => {
                Note::Outcome { recipients: places(recipients)?, outcome: Outcome::parse(outcome)? }
            }
            None => return None,
        };
        Some(Self { at, note })
    }
}

impl Outcome {
    fn parse(text: &str) -> Option<Self> {
        let (action, rest) = text.split_once(' ')?;
        let (status, rest) = rest.split_once(' ')?;
        let (name, rest) = rest.split_once(' ')?;
        let (remote, said) = match name {
            "-" => (None, rest),
            name => {
                let (address, said) = rest.split_once(' ')?;
                let address = address.strip_prefix('[')?.strip_suffix(']')?;
                (Some(Remote { name: name.into(), address: address.parse().ok() }), said)
            }
        };
        let status = EnhancedCode::parse(status.as_bytes())?;
        Some(Self { action: Action::parse(action)?, status, remote, text: unescaped(said) })
    }
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(if chars.next() == Some('n') { '\n' } else { '\\' }),
            c => plain.push(c),
        }
    }
    plain
}

fn places(text: &str) -> Option<Vec<usize>> {
    text.split(',').map(|place| place.parse().ok()).collect()
}

/// As it stands in a log, without the checksum.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", Moment(self.at))?;
        match &self.note {
            Note::Outcome { recipients, outcome } => write!(f, "{} {outcome}", Places(recipients)),
            Note::Reported { recipients } => write!(f, "{} reported", Places(recipients)),
            Note::Warned { recipients } => write!(f, "{} warned", Places(recipients)),
            Note::Held => f.write_str("held"),
            Note::Released => f.write_str("released"),
            Note::Rerouted(to) => write!(f, "rerouted {to}"),
        }
    }
}

struct Places<'a>(&'a [usize]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{place}")?;
        }
        Ok(())
    }
}
