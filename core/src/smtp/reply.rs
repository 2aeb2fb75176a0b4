//! Replies and their enhanced status codes.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// An enhanced status code (RFC 3463): class, subject, detail.
///
/// ```
/// use postroad_core::smtp::EnhancedCode;
/// assert_eq!(EnhancedCode::parse(b"5.1.1").unwrap().to_string(), "5.1.1");
/// assert_eq!(EnhancedCode::parse(b"3.1.1"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EnhancedCode {
    /// 2: success, 4: transient failure, 5: permanent failure.
    pub class: u8,
    /// What it is about.
    pub subject: u16,
    /// What about it.
    pub detail: u16,
}

impl EnhancedCode {
    /// The code `class.subject.detail`.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// Parses the whole of `input`.
    #[must_use]
    pub fn parse(input: &[u8]) -> Option<Self> {
        let mut parts = input.split(|octet| *octet == b'.');
        let class = match parts.next()? {
            b"2" => 2,
            b"4" => 4,
            b"5" => 5,
            _ => return None,
        };
        let code = Self::new(class, number(parts.next()?)?, number(parts.next()?)?);
        parts.next().is_none().then_some(code)
    }

    fn write(self, wire: &mut Vec<u8>) {
        push_number(u16::from(self.class), wire);
        wire.push(b'.');
        push_number(self.subject, wire);
        wire.push(b'.');
        push_number(self.detail, wire);
    }
}

// RFC 3463 §2: one to three digits.
fn number(digits: &[u8]) -> Option<u16> {
    if digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A reply (RFC 5321 §4.2): three digits, an enhanced status code where it has one, and text.
///
/// ```
/// use postroad_core::smtp::Reply;
/// let reply = Reply::new(550, (5, 1, 1), "No such user here");
/// let mut wire = Vec::new();
/// reply.write(&mut wire);
/// assert_eq!(wire, b"550 5.1.1 No such user here\r\n");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The reply code, 200 to 599.
    pub code: u16,
    /// The enhanced status code (RFC 2034). Greetings, replies to EHLO and intermediate replies
    /// have none.
    pub enhanced: Option<EnhancedCode>,
    /// The text; a line feed parts its lines.
    pub text: Cow<'static, str>,
}

impl Reply {
    /// A reply with an enhanced status code.
    pub fn new(code: u16, enhanced: (u8, u16, u16), text: impl Into<Cow<'static, str>>) -> Self {
        let (class, subject, detail) = enhanced;
        let enhanced = Some(EnhancedCode::new(class, subject, detail));
        Self { code, enhanced, text: text.into() }
    }

    /// A reply without an enhanced status code.
    pub fn bare(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, enhanced: None, text: text.into() }
    }

    /// Whether the command succeeded, or may go on (RFC 5321 §4.2.1: 2yz and 3yz).
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// Whether the same command may succeed later (4yz).
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.code >= 400 && self.code < 500
    }

    /// Whether trying again is in vain (5yz).
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code >= 500
    }

    /// Appends the reply's lines to `wire`. A control character in the text becomes a question
    /// mark, so that no text can end its line.
    pub fn write(&self, wire: &mut Vec<u8>) {
        let mut lines = self.text.split('\n').peekable();
        while let Some(line) = lines.next() {
            let mark = if lines.peek().is_some() { b'-' } else { b' ' };
            push_number(self.code, wire);
            wire.push(mark);
            if let Some(code) = self.enhanced {
                code.write(wire);
                wire.push(b' ');
            }
            let start = wire.len();
            wire.extend_from_slice(line.as_bytes());
            let controls = wire[start..].iter_mut().filter(|octet| octet.is_ascii_control());
            controls.for_each(|octet| *octet = b'?');
            wire.extend_from_slice(b"\r\n");
        }
    }
}

/// Appends a number in decimal: what formatting does, at a tenth of its cost.
fn push_number(number: u16, wire: &mut Vec<u8>) {
    if number >= 10 {
        push_number(number / 10, wire);
    }
    wire.push(b'0' + (number % 10) as u8);
}

/// The reply as one line, for a log.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        for line in self.text.split('\n') {
            f.write_char(' ')?;
            f.write_str(line)?;
        }
        Ok(())
    }
}
