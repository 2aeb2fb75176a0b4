//! What a sender is told: the report's envelope, and what stands around the returned content.

use super::Clerk;
use crate::address::{Mailbox, ReversePath};
use crate::limits::Limits;
use crate::machine::Instant;
use crate::message::date::DateTime;
use crate::message::dsn::{self, Diagnostic, Form, Notification, Returned, Status};
use crate::message::header::{Field, fields};
use crate::queue::{Action, Entry, Envelope, Id, Outcome, State};
use crate::smtp::client::Recipient;
use crate::smtp::{Body, MailParameters, Notify, RcptParameters, Return};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Letters of a MIME boundary.
const BOUNDARY: usize = 24;

/// A report but for the content that it returns.
pub(super) struct Notice {
    pub(super) envelope: Envelope,
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

/// Writes a report to `to` of the recipients at the places `due`.
pub(super) fn write(
    clerk: &mut Clerk,
    entry: &Entry,
    due: &[usize],
    to: &Mailbox,
    returned: Returned,
    start: &Start,
) -> Notice {
    let (original, config) = (&entry.envelope, &clerk.site.config);
    let id = report_id(entry, due);
    let until = original.arrived + config.queue.lifetime.0;
    let recipients: Vec<_> = about(entry, due).map(|it| recipient(original, it, until)).collect();
    let notification = Notification {
        from: &config.hostname,
        id: id.as_str(),
        original_id: original.id.as_str(),
        original_message_id: start.message_id.as_deref(),
        arrived: date(original.arrived),
        envid: original.parameters.envid.as_deref(),
        to,
        date: date(clerk.now),
        message_id: &format!("{id}@{}", config.hostname),
        boundary: &clerk.entropy.token(BOUNDARY),
        recipients: &recipients,
        returned,
        form: form(&original.parameters, start),
    };
    let envelope = Envelope {
        id,
        arrived: clerk.now,
        origin: format!("this host, about {}", original.id),
        // RFC 3461 §6.1, RFC 5321 §4.5.5: what becomes of a report is told to nobody.
        reverse_path: ReversePath::Null,
        parameters: MailParameters {
            body: notification.is_eight_bit().then_some(Body::EightBitMime),
            smtputf8: notification.needs_utf8(),
            ..MailParameters::default()
        },
        recipients: vec![Recipient {
            forward_path: to.clone().into(),
            parameters: RcptParameters { notify: Some(Notify::Never), orcpt: None },
        }],
    };
    Notice { envelope, head: notification.head(), tail: notification.tail() }
}

/// The report's id follows from how many there were before, whom it is about and what it tells of
/// them: what is told again after a crash has the same one, and what is more or other has another, so
/// that it is not taken for what the spool has already.
fn report_id(entry: &Entry, due: &[usize]) -> Id {
    about(entry, due).zip(due).fold(
        entry.envelope.id.of_report(entry.reports),
        |id, (told, place)| {
            let place = u32::try_from(*place).unwrap_or(u32::MAX);
            id.of_report(place).of_report(told.outcome.action as u32)
        },
    )
}

/// What is told of a recipient.
struct Fate<'a> {
    recipient: &'a Recipient,
    at: Instant,
    outcome: &'a Outcome,
}

/// What is told of the recipients at the places `due`.
fn about<'a>(entry: &'a Entry, due: &'a [usize]) -> impl Iterator<Item = Fate<'a>> {
    due.iter().filter_map(|place| {
        let State { last, .. } = entry.states.get(*place)?;
        let (at, outcome) = last.as_ref()?;
        let recipient = entry.envelope.recipients.get(*place)?;
        Some(Fate { recipient, at: *at, outcome })
    })
}

fn recipient<'a>(original: &'a Envelope, told: Fate<'a>, until: Instant) -> dsn::Recipient<'a> {
    let Fate { recipient, at, outcome } = told;
    let orcpt = recipient.parameters.orcpt.as_ref().map(|orcpt| dsn::OriginalRecipient {
        address_type: &orcpt.address_type,
        address: &orcpt.address,
    });
    let status = outcome.status;
    let remote = outcome.remote.as_ref();
    dsn::Recipient {
        forward_path: recipient.forward_path.clone(),
        orcpt,
        action: action(outcome.action),
        status: Status::new(status.class, status.subject, status.detail),
        remote: remote.map(|remote| (&*remote.name, remote.address)),
        diagnostic: diagnostic(outcome),
        last_attempt: date(at),
        will_retry_until: (outcome.action == Action::Deferred).then(|| date(until)),
        final_log_id: Some(original.id.as_str()),
    }
}

const fn action(action: Action) -> dsn::Action {
    match action {
        Action::Delivered => dsn::Action::Delivered,
        Action::Relayed | Action::Passed => dsn::Action::Relayed,
        Action::Deferred => dsn::Action::Delayed,
        Action::Failed => dsn::Action::Failed,
    }
}

/// The peer's reply, or our own words.
fn diagnostic(outcome: &Outcome) -> Option<Diagnostic<'_>> {
    let text = &*outcome.text;
    let is_reply = match text.as_bytes() {
        [] => return None,
        [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', rest @ ..] => {
            outcome.remote.is_some() && matches!(rest, [] | [b' ' | b'-' | b'\n', ..])
        }
        _ => false,
    };
    Some(if is_reply { Diagnostic::Reply(text) } else { Diagnostic::Local(text) })
}

/// What is returned of the message (RFC 3461 §4.3): all of it only of one that failed, and then if
/// the sender has asked for it, or has not said and the message is small.
pub(super) fn returned(entry: &Entry, due: &[usize], limits: &Limits) -> Returned {
    let most = match entry.envelope.parameters.ret {
        Some(Return::Headers) => return Returned::Headers,
        Some(Return::Full) => limits.message,
        None => limits.bounce_content,
    };
    let failed = about(entry, due).any(|told| told.outcome.action == Action::Failed);
    if failed && entry.size <= most { Returned::Full } else { Returned::Headers }
}

/// What the first octets of a message tell.
pub(super) struct Start {
    /// Its Message-ID; not one that is cut off.
    message_id: Option<String>,
    is_ascii: bool,
}

impl Start {
    /// Of a message that may `end` there.
    pub(super) fn of(octets: &[u8], end: bool) -> Self {
        let field = fields(octets).find(|field| field.is("Message-ID"));
        let is_whole = |found: &Field<'_>| end || found.start() + found.raw().len() < octets.len();
        let text = |found: Field<'_>| String::from_utf8_lossy(&found.unfolded()).into_owned();
        Self { message_id: field.filter(is_whole).map(text), is_ascii: octets.is_ascii() }
    }
}

/// Many a message has other octets than its sender has declared.
fn form(parameters: &MailParameters, start: &Start) -> Form {
    match (parameters.smtputf8, parameters.body) {
        (true, _) => Form::Utf8,
        (false, Some(Body::EightBitMime | Body::BinaryMime)) => Form::EightBit,
        (false, Some(Body::SevenBit) | None) if start.is_ascii => Form::SevenBit,
        (false, Some(Body::SevenBit) | None) => Form::EightBit,
    }
}

/// Whether a message that begins with these octets is itself a report, in the form of RFC 3464. One
/// in free words may as well be a letter that quotes one.
pub(super) fn is_report(start: &[u8], limits: &Limits) -> bool {
    dsn::read(start, limits).is_some_and(|bounce| bounce.source == dsn::Source::Report)
}

/// What is told, in the words of reports: each kind once.
pub(super) fn kinds(entry: &Entry, due: &[usize]) -> String {
    let mut kinds: Vec<&str> =
        about(entry, due).map(|told| action(told.outcome.action).name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(",")
}

fn date(at: Instant) -> DateTime {
    DateTime::utc(at.as_seconds().cast_signed())
}
