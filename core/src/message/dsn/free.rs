//! Bounces in words: mail systems that do not write the form of RFC 3464, or did not always.
//!
//! No two of them agree, but most say the same things in the same order: that a message was not
//! delivered, a line for each recipient with the address in front, a reason, and then the message
//! that is returned. The tables here hold the words they use.

mod tables;
mod words;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::bounce::{
    Bounce, Bounced, Source, class_of, decode, is_report, kind, own_parts, read_report, slice,
};
use super::text::{clean, shorten};
use super::{Action, Status};
use crate::address::list::{self, Item};
use crate::limits::Limits;
use crate::message::header::{block_length, fields};
use crate::message::structure::{Content, Structure};

use tables::{DAEMONS, DELAYS, FAILURES, REASONS, SUBJECTS};
use words::{addresses, contains_any, explanation, is_leading};
pub(super) use words::{enhanced, reply_code};

/// Addresses that are told apart: each that a text has is compared with all of them.
const MOST: usize = 100;

/// Reads a bounce whose own parts have no report.
pub(super) fn read(message: &[u8], structure: &Structure, limits: &Limits) -> Option<Bounce> {
    let header = Header::read(message);
    let likeness = header.likeness();
    if likeness == Likeness::None {
        return None;
    }
    let text = own_text(message, structure);
    // The report of a message whose parts are not told apart as they should be, or of one that is
    // passed on as it is.
    let mut recipients = Vec::new();
    if text.contains("inal-") && text.to_lowercase().contains("\nfinal-recipient:") {
        read_report(text.as_bytes(), limits, &mut recipients);
    }
    if recipients.is_empty() {
        for part in structure.parts.iter().filter(|part| is_report(part)) {
            read_report(&decode(message, part), limits, &mut recipients);
        }
    }
    if !recipients.is_empty() {
        return Some(Bounce { source: Source::Report, recipients });
    }
    let recipients = read_words(message, structure, &header, &text, limits)?;
    // A subject alone is enough if the words name somebody: ordinary mail may speak of failures.
    if likeness == Likeness::Subject && recipients.iter().all(|it| it.diagnostic.is_none()) {
        return None;
    }
    Some(Bounce { source: Source::Words, recipients })
}

/// Reads a bounce in words; `None` if they do not say that it is one.
fn read_words(
    message: &[u8],
    structure: &Structure,
    header: &Header,
    text: &str,
    limits: &Limits,
) -> Option<Vec<Bounced>> {
    let (told, returned) = explanation(text);
    let lower = told.to_lowercase();
    if !contains_any(&lower, FAILURES) && !contains_any(&header.subject, SUBJECTS) {
        return None;
    }
    let is_delay = contains_any(&lower, DELAYS) || contains_any(&header.subject, DELAYS);
    let action = if is_delay { Action::Delayed } else { Action::Failed };
    let mut found = header.failed.iter().map(|it| (it.clone(), String::new())).collect::<Vec<_>>();
    merge(&mut found, sections(told, header, limits));
    if found.is_empty() {
        let addressed = addressed(message, structure, returned);
        found.extend(addressed.into_iter().map(|address| (address, String::new())));
    }
    let general = status(told);
    let recipients = found.into_iter().take(limits.recipients);
    Some(recipients.map(|(address, section)| bounced(address, &section, general, action)).collect())
}

/// What the header says of who wrote, and why.
struct Header {
    /// The writer's address and name.
    from: String,
    /// Lower case.
    subject: String,
    /// Whoever the bounce came from or went to: addresses that are no failed recipients.
    involved: Vec<String>,
    /// Recipients that a field names.
    failed: Vec<String>,
    null_return_path: bool,
    nature: Nature,
}

/// How much a header looks like that of a bounce.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    None,
    /// By its subject alone, which people write, too.
    Subject,
    Plain,
}

/// What a header says outright.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nature {
    Unsaid,
    /// An automatic answer (RFC 3834), which bounces are, too, for some systems.
    Answer,
    /// A delivery status notification, however it is made.
    Bounce,
    /// A receipt (RFC 8098) or a complaint (RFC 5965).
    Other,
}

impl Header {
    fn read(message: &[u8]) -> Self {
        let mut header = Self {
            from: String::new(),
            subject: String::new(),
            involved: Vec::new(),
            failed: Vec::new(),
            null_return_path: false,
            nature: Nature::Unsaid,
        };
        for field in fields(&message[..block_length(message)]) {
            let value = field.unfolded();
            let text = String::from_utf8_lossy(&value).to_lowercase();
            if field.is("From") {
                header.from = text;
                header.involve(&value);
            } else if field.is("To") || field.is("Delivered-To") || field.is("Sender") {
                header.involve(&value);
            } else if field.is("Subject") {
                header.subject =
                    crate::encoding::encoded_word::decode(field.value()).trim().to_lowercase();
            } else if field.is("X-Failed-Recipients") {
                header.failed.extend(mailboxes(&value));
            } else if field.is("Return-Path") {
                header.null_return_path |= text.trim() == "<>";
            } else if let Some(nature) = nature(field.name(), &text) {
                header.nature = header.nature.max(nature);
            }
        }
        header
    }

    fn likeness(&self) -> Likeness {
        let is_daemon = contains_any(&self.from, DAEMONS);
        let is_answer = ["re:", "aw:", "fw:", "fwd:"].iter().any(|it| self.subject.starts_with(it));
        let is_about = !is_answer && contains_any(&self.subject, SUBJECTS);
        match self.nature {
            _ if !self.failed.is_empty() => Likeness::Plain,
            Nature::Bounce => Likeness::Plain,
            Nature::Other => Likeness::None,
            Nature::Answer | Nature::Unsaid if is_daemon => Likeness::Plain,
            Nature::Unsaid if self.null_return_path => Likeness::Plain,
            Nature::Unsaid if is_about => Likeness::Subject,
            Nature::Answer | Nature::Unsaid => Likeness::None,
        }
    }

    fn involve(&mut self, value: &[u8]) {
        let room = MOST - self.involved.len();
        self.involved.extend(mailboxes(value).into_iter().take(room));
    }

    fn involves(&self, address: &str) -> bool {
        self.involved.iter().any(|other| other.eq_ignore_ascii_case(address))
    }
}

/// What a field, its value in lower case, says of the message's nature.
fn nature(name: &[u8], value: &str) -> Option<Nature> {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("Content-Type") && value.contains("delivery-status") {
        Some(Nature::Bounce)
    } else if is("Content-Type")
        && (value.contains("disposition-notification") || value.contains("feedback-report"))
    {
        Some(Nature::Other)
    } else if is("X-Autoreply")
        || is("X-Autorespond")
        || (is("Auto-Submitted") && value.contains("auto-replied"))
    {
        Some(Nature::Answer)
    } else {
        None
    }
}

/// The addresses of a field.
fn mailboxes(value: &[u8]) -> Vec<String> {
    let written = |item| match item {
        Item::Mailbox { local_part, domain, .. } if !domain.is_empty() => {
            let parts = [&local_part[..], b"@", &domain].concat();
            Some(String::from_utf8_lossy(&parts).into_owned())
        }
        _ => None,
    };
    list::parse(value).into_iter().filter_map(written).collect()
}

/// The text of the message's own parts, up to the message it returns.
fn own_text(message: &[u8], structure: &Structure) -> String {
    let mut text = String::new();
    let own = || own_parts(structure).take_while(|part| part.content != Content::Message);
    let has_plain = own().any(|part| part.content_type.is("text", "plain"));
    for part in own() {
        let kind = &part.content_type;
        if kind.is("text", "html") && !has_plain {
            text.push_str(&words::without_tags(&String::from_utf8_lossy(&decode(message, part))));
        } else if kind.is("text", "plain") {
            text.push_str(&String::from_utf8_lossy(&decode(message, part)));
        } else if kind.is_main("multipart") && part.content == Content::Leaf {
            text.push_str(&String::from_utf8_lossy(slice(message, part.body())));
        } else {
            continue;
        }
        text.push('\n');
    }
    text
}

/// The failed recipients that a text names, each with the text about it.
fn sections(told: &str, header: &Header, limits: &Limits) -> Vec<(String, String)> {
    let mut leading: Vec<(String, String)> = Vec::new();
    let mut mentioned: Vec<(String, String)> = Vec::new();
    for line in told.lines() {
        let found = addresses(line);
        let wanted = |address: &&str| !header.involves(address) && !words::is_official(address);
        for address in found.iter().copied().filter(wanted) {
            let list = if is_leading(line, address) { &mut leading } else { &mut mentioned };
            let is_new = !list.iter().any(|(other, _)| other.eq_ignore_ascii_case(address));
            if is_new && list.len() < limits.recipients.min(MOST) {
                list.push((address.to_string(), String::new()));
            }
        }
        for list in [&mut leading, &mut mentioned] {
            if let Some((_, section)) = list.last_mut() {
                section.push_str(line);
                section.push('\n');
            }
        }
    }
    if leading.is_empty() { mentioned } else { leading }
}

/// Adds what a text says of recipients: of those that are known already, the words alone.
fn merge(found: &mut Vec<(String, String)>, sections: Vec<(String, String)>) {
    let only_words = !found.is_empty();
    for (address, section) in sections {
        match found.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(&address)) {
            Some((_, words)) => *words = section,
            None if only_words => {}
            None => found.push((address, section)),
        }
    }
}

/// Whom the returned message was for, where the bounce names nobody.
fn addressed(message: &[u8], structure: &Structure, returned: &str) -> Vec<String> {
    let inner = structure.parts.iter().position(|part| part.content == Content::Message);
    let headers = own_parts(structure).find(|part| {
        let kind = &part.content_type;
        kind.is("text", "rfc822-headers") || kind.is("message", "global-headers")
    });
    let header = match (inner.and_then(|place| structure.parts.get(place + 1)), headers) {
        (Some(entity), _) => slice(message, entity.header()).to_vec(),
        (None, Some(part)) => decode(message, part),
        (None, None) => returned.trim_start().as_bytes().to_vec(),
    };
    let to = fields(&header).find(|field| field.is("To"));
    to.map(|field| mailboxes(&field.unfolded())).unwrap_or_default()
}

/// Puts together what is known of one recipient; `general` is what the whole text says of the reason.
fn bounced(address: String, section: &str, general: Option<Status>, action: Action) -> Bounced {
    let status = status(section).or(general).or(match action {
        Action::Delayed => Some(Status::new(4, 0, 0)),
        _ => None,
    });
    let words = clean(shorten(section, Limits::DEFAULT.diagnostic), true);
    Bounced {
        address: Some(address),
        original: None,
        action,
        status,
        kind: kind(action, status),
        diagnostic: (!words.is_empty()).then_some(words),
    }
}

/// What a text says about the reason: an enhanced code, a phrase, or the class of a reply code.
fn status(text: &str) -> Option<Status> {
    let code = enhanced(text).filter(|code| code.class != 2);
    if code.is_some_and(|code| !code.is_vague()) {
        return code;
    }
    let reply = reply_code(text).filter(|code| *code >= 400).map(class_of);
    let lower = text.to_lowercase();
    let reason = REASONS.iter().find(|(phrase, _)| lower.contains(phrase));
    match (reason, code.or(reply)) {
        (Some((_, reason)), Some(told)) => {
            Some(Status::new(told.class, reason.subject, reason.detail))
        }
        (Some((_, reason)), None) => Some(*reason),
        (None, told) => told,
    }
}
