//! The envelope of a message as IMAP shows it (RFC 3501 §7.4.2): ten fields of its header.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::mem::size_of;

use super::header::{Field, fields};
use crate::address::list::{self, Item};

/// The fields of a header that say what a message is. Not the envelope of SMTP.
///
/// Values are unfolded and otherwise as they came: encoded words stay, and octets that are neither
/// ASCII nor UTF-8 may occur.
///
/// ```
/// use postroad_core::address::list::Item;
/// use postroad_core::message::envelope::Envelope;
///
/// let envelope = Envelope::parse(b"From: Ann <ann@example.org>\r\nSubject: a\r\n folded one\r\n\r\n");
/// assert_eq!(envelope.subject.as_deref(), Some(&b"a folded one"[..]));
/// assert!(matches!(&envelope.from[..], [Item::Mailbox { local_part, .. }] if local_part == b"ann"));
/// assert_eq!(envelope.reply_to, envelope.from);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envelope {
    /// `Date`, as written; [`DateTime::parse`](super::date::DateTime::parse) reads it.
    pub date: Option<Vec<u8>>,
    /// `Subject`.
    pub subject: Option<Vec<u8>>,
    /// `From`.
    pub from: Vec<Item>,
    /// `Sender`; `From` if there is none.
    pub sender: Vec<Item>,
    /// `Reply-To`; `From` if there is none.
    pub reply_to: Vec<Item>,
    /// `To`.
    pub to: Vec<Item>,
    /// `Cc`.
    pub cc: Vec<Item>,
    /// `Bcc`.
    pub bcc: Vec<Item>,
    /// `In-Reply-To`.
    pub in_reply_to: Option<Vec<u8>>,
    /// `Message-ID`.
    pub message_id: Option<Vec<u8>>,
}

impl Envelope {
    /// Reads a header block. Of a repeated text field the first counts; repeated address fields,
    /// which RFC 5322 §4.5.3 allows in old mail, are read as one.
    #[must_use]
    pub fn parse(header: &[u8]) -> Self {
        let mut envelope = Self::default();
        for field in fields(header) {
            envelope.take(&field);
        }
        // RFC 3501 §7.4.2: absent or empty, they default to From.
        for place in [&mut envelope.sender, &mut envelope.reply_to] {
            if place.is_empty() {
                place.clone_from(&envelope.from);
            }
        }
        envelope
    }

    fn take(&mut self, field: &Field<'_>) {
        let text = match &field.name().to_ascii_lowercase()[..] {
            b"date" => &mut self.date,
            b"subject" => &mut self.subject,
            b"in-reply-to" => &mut self.in_reply_to,
            b"message-id" => &mut self.message_id,
            b"from" => return self.from.extend(list::parse(field.value())),
            b"sender" => return self.sender.extend(list::parse(field.value())),
            b"reply-to" => return self.reply_to.extend(list::parse(field.value())),
            b"to" => return self.to.extend(list::parse(field.value())),
            b"cc" => return self.cc.extend(list::parse(field.value())),
            b"bcc" => return self.bcc.extend(list::parse(field.value())),
            _ => return,
        };
        text.get_or_insert_with(|| field.unfolded());
    }

    /// About how many octets of memory the envelope takes.
    pub(super) fn weight(&self) -> usize {
        let texts = [&self.date, &self.subject, &self.in_reply_to, &self.message_id];
        let texts: usize = texts.into_iter().flatten().map(Vec::len).sum();
        let lists = [&self.from, &self.sender, &self.reply_to, &self.to, &self.cc, &self.bcc];
        let lists: usize = lists.into_iter().flatten().map(weight_of).sum();
        size_of::<Self>() + texts + lists
    }
}

fn weight_of(item: &Item) -> usize {
    let octets = match item {
        Item::Mailbox { name, route, local_part, domain } => {
            let length = |text: &Option<Vec<u8>>| text.as_ref().map_or(0, Vec::len);
            length(name) + length(route) + local_part.len() + domain.len()
        }
        Item::GroupStart(name) => name.len(),
        Item::GroupEnd => 0,
    };
    size_of::<Item>() + octets
}
