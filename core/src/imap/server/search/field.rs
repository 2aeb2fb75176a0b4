//! Looking for a text in a header field, by the summary where that has it.

use super::facts::{Facts, Need};
use crate::address::list::Item;
use crate::encoding::encoded_word;
use crate::encoding::search::Needle;
use crate::message::summary::{AddressField, TextField};
use crate::message::text::is_in_field;
use alloc::string::String;

/// A header field, by where it is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Field {
    /// RFC 9051 §6.4.4: as the envelope has it.
    Addresses(AddressField, &'static str),
    Text(TextField),
    /// One that the summary has not.
    Other(String),
}

impl Field {
    pub(super) fn new(name: String) -> Self {
        const ADDRESSES: [(&str, AddressField); 4] = [
            ("From", AddressField::From),
            ("To", AddressField::To),
            ("Cc", AddressField::Cc),
            ("Bcc", AddressField::Bcc),
        ];
        const TEXTS: [(&str, TextField); 4] = [
            ("Date", TextField::Date),
            ("Subject", TextField::Subject),
            ("In-Reply-To", TextField::InReplyTo),
            ("Message-ID", TextField::MessageId),
        ];
        for (known, field) in ADDRESSES {
            if known.eq_ignore_ascii_case(&name) {
                return Self::Addresses(field, known);
            }
        }
        let text = TEXTS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
        text.map_or(Self::Other(name), |(_, field)| Self::Text(field))
    }

    /// Whether the summary has it.
    pub(super) const fn is_in_summary(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Whether the message has the field and this text in it.
    pub(super) fn contains(&self, needle: &Needle, facts: &Facts) -> Result<bool, Need> {
        match self {
            Self::Addresses(field, name) => {
                let items = facts.summary()?.addresses(*field).unwrap_or_default();
                if items.is_empty() && needle.is_empty() {
                    // There may be a field without any address.
                    return Ok(is_in_field(facts.header()?, name, needle));
                }
                Ok(!items.is_empty() && needle.is_in(&shown(&items)))
            }
            Self::Text(field) => {
                let text = facts.summary()?.text(*field).flatten();
                Ok(text.is_some_and(|text| needle.is_in(&encoded_word::decode(text))))
            }
            Self::Other(name) => Ok(is_in_field(facts.header()?, name, needle)),
        }
    }
}

/// Addresses as a person writes them: `Ann <ann@example.org>, friends: bob@example.com;`
fn shown(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let needs_comma = !text.is_empty() && !text.ends_with(':');
        match item {
            Item::GroupEnd => {
                text.push(';');
                continue;
            }
            _ if needs_comma => text.push_str(", "),
            _ if !text.is_empty() => text.push(' '),
            _ => {}
        }
        match item {
            Item::Mailbox { name: Some(name), local_part, domain, .. } => {
                text.push_str(&encoded_word::decode(name));
                text.push_str(" <");
                push_address(&mut text, local_part, domain);
                text.push('>');
            }
            Item::Mailbox { local_part, domain, .. } => {
                push_address(&mut text, local_part, domain);
            }
            Item::GroupStart(name) => {
                text.push_str(&encoded_word::decode(name));
                text.push(':');
            }
            Item::GroupEnd => {}
        }
    }
    text
}

fn push_address(text: &mut String, local_part: &[u8], domain: &[u8]) {
    text.push_str(&String::from_utf8_lossy(local_part));
    if !domain.is_empty() {
        text.push('@');
        text.push_str(&String::from_utf8_lossy(domain));
    }
}
