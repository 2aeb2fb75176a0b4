//! Parts of messages: how many there may be, and where those are that a URL names.

use super::super::connection::{Connection, out_of_place};
use super::super::fetch::section::{Known, Source};
use super::super::no;
use crate::imap::url::MessageUrl;
use crate::imap::{AppendPart, Code, Status};
use crate::message::structure::Structure;
use alloc::string::String;
use core::ops::Range;

/// What an APPEND holds so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    messages: usize,
    parts: usize,
    /// Octets of the message under way.
    octets: u64,
    /// Octets of those before it.
    before: u64,
}

impl Tally {
    /// Whether there is no message before the one under way.
    pub(super) const fn is_first(&self) -> bool {
        self.messages == 1
    }

    /// The same with one message more.
    pub(super) fn with_message(mut self, connection: &Connection) -> Result<Self, Status> {
        if self.messages >= connection.limits().imap_append_messages {
            return Err(no("There are too many messages").with_code(Code::Limit));
        }
        self.messages += 1;
        self.before += core::mem::take(&mut self.octets);
        Ok(self)
    }

    /// The same with one part more.
    pub(super) fn with_part(
        mut self,
        connection: &Connection,
        part: &AppendPart,
    ) -> Result<Self, Status> {
        let enabled = connection.enabled;
        if matches!(part, AppendPart::Utf8(_)) && !enabled.utf8 && !enabled.rev2 {
            // RFC 6855 §4
            return Err(out_of_place("UTF8 comes after ENABLE UTF8=ACCEPT"));
        }
        if self.parts >= connection.limits().imap_catenate_parts {
            return Err(no("There are too many parts").with_code(Code::Limit));
        }
        self.parts += 1;
        self.with_octets(connection, part.literal().map_or(0, |literal| literal.size))
    }

    /// The same with so many octets more.
    pub(super) fn with_octets(
        mut self,
        connection: &Connection,
        octets: u64,
    ) -> Result<Self, Status> {
        let limits = connection.limits();
        self.octets = self.octets.saturating_add(octets);
        if self.octets > limits.message {
            // RFC 4469 §4.2, RFC 7889 §4
            return Err(no("The message is too large").with_code(Code::TooBig));
        }
        if self.before.saturating_add(self.octets) > limits.imap_append {
            return Err(no("The messages are too large together").with_code(Code::Limit));
        }
        Ok(self)
    }

    /// Refuses a message without octets. With one, a client may think better of APPEND (RFC 3502
    /// §6.3.11).
    pub(super) fn check_not_empty(&self) -> Result<(), Status> {
        match self.octets {
            0 => Err(no("An empty message cannot be stored").with_code(Code::Cannot)),
            _ => Ok(()),
        }
    }
}

/// Where the octets are that a URL names, in a message of this structure.
///
/// Deviation: of HEADER.FIELDS, which RFC 5092 §6.2 allows as well, nothing is found, since they need
/// not be in one piece.
pub(super) fn locate(structure: &Structure, url: &MessageUrl) -> Option<Range<u64>> {
    let size = structure.root()?.body_end;
    let known = Known { size, structure: Some(structure), header: None };
    match known.locate(&url.section) {
        Source::Octets(octets) => url.part_of(octets),
        Source::Fields(_) | Source::Header | Source::Nothing => None,
    }
}

/// The answer to a URL that leads nowhere (RFC 4469 §4.1).
pub(super) fn bad_url(url: String) -> Status {
    no("This part is not to be had").with_code(Code::BadUrl(url))
}
