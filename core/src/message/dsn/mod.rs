//! Delivery status notifications (RFC 3464): telling a sender what became of a message, and reading
//! what others tell.
//!
//! A [`Notification`] describes one; it is written around the returned content, which streams
//! between its [head](Notification::head) and its [tail](Notification::tail) and is never held.
//! [`read`] recognises bounces: reports in the form of RFC 3464, and the plain words of many mail
//! systems.

mod advice;
mod bounce;
mod free;
mod notification;
mod prose;
mod report;
mod text;

#[cfg(test)]
mod tests;

use alloc::string::String;
use core::fmt;

pub use bounce::{Bounce, Bounced, Kind, Source, read};
pub use notification::{Diagnostic, Form, Notification, OriginalRecipient, Recipient, Returned};

/// What was done about a recipient (RFC 3464 §2.3.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// The message could not be delivered, and no further attempt is made.
    Failed,
    /// It could not be delivered yet.
    Delayed,
    /// It is in the recipient's mailbox.
    Delivered,
    /// It was handed on to a host that does not report on deliveries.
    Relayed,
    /// It was handed on to several recipients, about whom nothing more is reported.
    Expanded,
}

impl Action {
    /// The word that stands in the `Action` field.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }

    /// Reads the value of an `Action` field, and two words that some systems write instead.
    fn parse(value: &[u8]) -> Option<Self> {
        let word = value.split(|octet| !octet.is_ascii_alphabetic()).next()?;
        Some(match &*word.to_ascii_lowercase() {
            b"failed" | b"failure" | b"error" => Self::Failed,
            b"delayed" => Self::Delayed,
            b"delivered" => Self::Delivered,
            b"relayed" => Self::Relayed,
            b"expanded" => Self::Expanded,
            _ => return None,
        })
    }
}

/// An enhanced mail system status code (RFC 3463), such as `5.1.1`.
///
/// ```
/// use postroad_core::message::dsn::Status;
/// let status = Status::parse(b"5.1.1 (unknown user)").unwrap();
/// assert_eq!(status, Status::new(5, 1, 1));
/// assert_eq!(status.to_string(), "5.1.1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Status {
    /// 2 for success, 4 for a failure that may pass, 5 for one that will not.
    pub class: u8,
    /// What it is about: an address, a mailbox, a system, the network, the protocol, the content, policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl Status {
    /// The code `class.subject.detail`.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// Reads the code that `text` begins with.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (class, rest) = text.split_first()?;
        let class = class.checked_sub(b'0').filter(|class| matches!(class, 2 | 4 | 5))?;
        let (subject, rest) = number(rest.strip_prefix(b".")?)?;
        let (detail, rest) = number(rest.strip_prefix(b".")?)?;
        let goes_on = match rest {
            [b'.', octet, ..] => octet.is_ascii_digit(),
            [octet, ..] => octet.is_ascii_alphanumeric(),
            [] => false,
        };
        (!goes_on).then_some(Self { class, subject, detail })
    }

    /// Whether the code tells no more than its class.
    #[must_use]
    pub const fn is_vague(self) -> bool {
        self.subject == 0 && self.detail == 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One to three digits, and what follows.
fn number(text: &[u8]) -> Option<(u16, &[u8])> {
    let end = text.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let is_short = (1..=3).contains(&digits.len());
    let number = digits.iter().fold(0_u16, |number, digit| {
        number.wrapping_mul(10).wrapping_add(u16::from(*digit - b'0'))
    });
    is_short.then_some((number, rest))
}

/// Undoes the `\x{…}` of RFC 6533 §3, which writes an address in UTF-8 with ASCII alone.
fn decode_unitext(address: &str) -> String {
    let mut output = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, after)) = rest.split_once("\\x{") {
        output.push_str(before);
        let decoded = after.split_once('}').and_then(|(digits, rest)| {
            let code = u32::from_str_radix(digits, 16).ok()?;
            Some((char::from_u32(code).filter(|c| !c.is_control())?, rest))
        });
        match decoded {
            Some((c, after)) => {
                output.push(c);
                rest = after;
            }
            None => {
                output.push_str("\\x{");
                rest = after;
            }
        }
    }
    output.push_str(rest);
    output
}
