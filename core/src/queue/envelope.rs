//! A queued message's envelope, and how it stands in front of the content in the spool.
//!
//! ```text
//! Postroad-Id: 2b3c4d5f6g7h8j9k 1790000000.000000
//! Postroad-Origin: alice@example.org from 192.0.2.1
//! Postroad-From: <alice@example.org> BODY=8BITMIME RET=HDRS
//! Postroad-To: <bob@example.net> NOTIFY=FAILURE ORCPT=rfc822;bob@example.net
//! Postroad-End: 1f2e3d4c
//! ```
//!
//! Each line ends with CRLF, and the content follows the last one, which holds a checksum of the
//! others. So the file is a message that a mail program can show, with a few fields more.

use super::Id;
use crate::address::{ForwardPath, ReversePath};
use crate::encoding::checked::checksum;
use crate::machine::Instant;
use crate::smtp::client::Recipient;
use crate::smtp::{MailParameters, RcptParameters};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// The envelope of a message in the spool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The message's name.
    pub id: Id,
    /// When it was taken.
    pub arrived: Instant,
    /// Who handed it in, in words.
    pub origin: String,
    /// Where reports go.
    pub reverse_path: ReversePath,
    /// What else MAIL said.
    pub parameters: MailParameters,
    /// Who is to get it; outcomes name them by their place here.
    pub recipients: Vec<Recipient>,
}

impl Envelope {
    /// The lines in front of the content.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut text = String::new();
        let Self { id, arrived, origin, reverse_path, parameters, recipients } = self;
        let _ = write!(text, "Postroad-Id: {id} {}\r\n", Moment(*arrived));
        let origin = origin.replace(|c: char| c.is_control(), "?");
        let _ = write!(text, "Postroad-Origin: {origin}\r\n");
        let _ = write!(text, "Postroad-From: {reverse_path}{parameters}\r\n");
        for Recipient { forward_path, parameters } in recipients {
            let _ = write!(text, "Postroad-To: {forward_path}{parameters}\r\n");
        }
        let sum = checksum(text.as_bytes());
        let _ = write!(text, "Postroad-End: {sum:08x}\r\n");
        text.into_bytes()
    }

    /// Reads the lines that `octets` begins with; says how many octets they take. `None` if they do
    /// not end in `octets`.
    ///
    /// # Errors
    /// [`Damaged`] if these are not the lines of an envelope, or not as they were written.
    pub fn read(octets: &[u8]) -> Result<Option<(Self, usize)>, Damaged> {
        let mut reading = Reading::default();
        let mut at = 0;
        while let Some(end) = memchr::memchr(b'\n', &octets[at..]) {
            let line = octets[at..at + end].strip_suffix(b"\r").ok_or(Damaged)?;
            if let Some(sum) = line.strip_prefix(b"Postroad-End: ") {
                let sum = core::str::from_utf8(sum)
                    .ok()
                    .and_then(|sum| u32::from_str_radix(sum, 16).ok());
                let whole = sum == Some(checksum(&octets[..at]));
                let envelope = reading.envelope().filter(|_| whole).ok_or(Damaged)?;
                return Ok(Some((envelope, at + end + 1)));
            }
            reading.line(line).ok_or(Damaged)?;
            at += end + 1;
        }
        Ok(None)
    }
}

/// What stands in front of a message's content is not what was written there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damaged;

impl core::fmt::Display for Damaged {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the envelope is damaged")
    }
}

impl core::error::Error for Damaged {}

/// The lines that were read so far.
#[derive(Default)]
struct Reading {
    id: Option<(Id, Instant)>,
    origin: String,
    from: Option<(ReversePath, MailParameters)>,
    recipients: Vec<Recipient>,
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Option<()> {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let value = line[colon + 1..].strip_prefix(b" ")?;
        match &line[..colon] {
            b"Postroad-Id" => {
                let (id, arrived) = core::str::from_utf8(value).ok()?.split_once(' ')?;
                self.id = Some((Id::parse(id)?, Moment::parse(arrived)?));
            }
            b"Postroad-Origin" => self.origin = String::from_utf8_lossy(value).into_owned(),
            b"Postroad-From" => {
                let (path, rest) = ReversePath::parse(value, true).ok()?;
                self.from = Some((path, MailParameters::parse(rest).ok()?));
            }
            b"Postroad-To" => {
                let (forward_path, rest) = ForwardPath::parse(value, true).ok()?;
                let parameters = RcptParameters::parse(rest).ok()?;
                self.recipients.push(Recipient { forward_path, parameters });
            }
            _ => return None,
        }
        Some(())
    }

    fn envelope(self) -> Option<Envelope> {
        let Self { id, origin, from, recipients } = self;
        let ((id, arrived), (reverse_path, parameters)) = (id?, from?);
        Some(Envelope { id, arrived, origin, reverse_path, parameters, recipients })
    }
}

/// An instant as text: seconds, and six digits behind the point.
pub(super) struct Moment(pub(super) Instant);

impl Moment {
    pub(super) fn parse(text: &str) -> Option<Instant> {
        let (seconds, micros) = text.split_once('.')?;
        let micros = (micros.len() == 6).then(|| micros.parse::<u64>().ok()).flatten()?;
        let seconds: u64 = seconds.parse().ok()?;
        Some(Instant::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
    }
}

impl core::fmt::Display for Moment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}
