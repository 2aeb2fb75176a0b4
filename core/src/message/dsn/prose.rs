//! The part for a person: what happened, to whom, in whose words, and what to do now.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::advice;
use super::notification::{Diagnostic, Notification, Recipient, Returned, shown};
use super::text::{clean, shorten, write_paragraph};
use super::{Action, Status};
use crate::limits::Limits;
use crate::message::date::DateTime;

/// Lines of a peer's reply that a person is shown.
const LINES: usize = 12;

/// Recipients that the same happened to.
type Group<'a> = Vec<&'a Recipient<'a>>;

/// What recipients must share to be told of together.
type Fate<'a> = (Action, Status, Option<(&'a str, Option<IpAddr>)>, Option<Diagnostic<'a>>);

/// The whole text, with CRLF.
pub(super) fn write(notification: &Notification<'_>) -> String {
    let mut text = String::new();
    let mut groups: BTreeMap<Fate<'_>, Group<'_>> = BTreeMap::new();
    for recipient in notification.recipients {
        let Recipient { action, status, remote, diagnostic, .. } = recipient;
        groups.entry((*action, *status, *remote, *diagnostic)).or_default().push(recipient);
    }
    let from = clean(notification.from, false);
    paragraph(&mut text, &format!("This is the mail system at {from}."));
    let mut last = None;
    for ((action, ..), group) in &groups {
        if last != Some(*action) {
            paragraph(&mut text, &opening(*action, notification));
            last = Some(*action);
        }
        write_group(group, notification, &mut text);
    }
    let content = match notification.returned {
        Returned::Full => "The message is attached.",
        Returned::Headers => "The header of the message is attached.",
    };
    paragraph(
        &mut text,
        &format!(
            "{content} Should you ask an administrator for help, show this message to them: \
             it was about {} at {from}, and is itself {}.",
            clean(notification.original_id, false),
            clean(notification.id, false),
        ),
    );
    // The empty line behind the last paragraph belongs to the delimiter.
    text.truncate(text.trim_end_matches("\r\n").len() + 2);
    text
}

/// What is said above all recipients that the same was done about.
fn opening(action: Action, notification: &Notification<'_>) -> String {
    let arrived = notification.arrived;
    let count = notification.recipients.iter().filter(|other| other.action == action).count();
    let to = if count == 1 { "this recipient" } else { "these recipients" };
    match action {
        Action::Failed => {
            format!(
                "Your message of {arrived} could not be delivered to {to}, and no further attempt will be made:"
            )
        }
        Action::Delayed => format!(
            "Your message of {arrived} has not been delivered to {to} yet. You need not do anything: \
             further attempts will be made."
        ),
        Action::Delivered => format!("Your message of {arrived} was delivered to {to}:"),
        Action::Relayed => format!(
            "Your message of {arrived} was handed on for {to} to a mail system that does not report on \
             deliveries. It should arrive; only if it does not, you may hear of it again:"
        ),
        Action::Expanded => format!(
            "Your message of {arrived} was handed on to everybody that {to} stands for. \
             You will not hear of each of them:"
        ),
    }
}

fn write_group(group: &Group<'_>, notification: &Notification<'_>, text: &mut String) {
    let Some(recipient) = group.first() else {
        return;
    };
    for recipient in group {
        write_paragraph(text, 2, &address(recipient));
    }
    text.push_str("\r\n");
    if let Some(explanation) = explanation(recipient, notification) {
        write_paragraph(text, 4, &explanation);
        text.push_str("\r\n");
    }
    write_words(recipient, text);
}

/// The recipient, and how the sender knew it if that is another address.
fn address(recipient: &Recipient<'_>) -> String {
    let address = shown(&recipient.forward_path);
    let original = recipient.orcpt.map(|original| clean(original.address, true));
    match original.filter(|original| !original.eq_ignore_ascii_case(&address)) {
        Some(original) => format!("{original}, which leads to {address}"),
        None => address,
    }
}

fn explanation(recipient: &Recipient<'_>, notification: &Notification<'_>) -> Option<String> {
    let advice = advice::of(recipient.status);
    match (recipient.action, recipient.status.class, recipient.will_retry_until) {
        // It failed for a reason that might have passed: time ran out.
        (Action::Failed, 4, _) => {
            let tried = duration(notification.arrived, recipient.last_attempt);
            Some(format!("{} It was tried for {tried}. {}", advice.what, advice.todo))
        }
        (Action::Failed, ..) => Some(format!("{} {}", advice.what, advice.todo)),
        (Action::Delayed, _, Some(until)) => Some(format!(
            "{} Attempts go on until {until}; if all of them fail, you will be told.",
            advice.what
        )),
        (Action::Delayed, ..) => Some(String::from(advice.what)),
        (Action::Delivered | Action::Relayed | Action::Expanded, ..) => None,
    }
}

/// How long something took, roughly.
fn duration(from: DateTime, to: DateTime) -> String {
    let minutes = to.seconds.saturating_sub(from.seconds).max(0) / 60;
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// What was said, line by line. Every line is indented, so that none can be taken for a delimiter.
fn write_words(recipient: &Recipient<'_>, text: &mut String) {
    let remote = recipient.remote.map(|(name, address)| match address {
        Some(address) => format!("{} [{address}]", clean(name, false)),
        None => clean(name, false),
    });
    let (who, words) = match (recipient.diagnostic, remote) {
        (Some(Diagnostic::Reply(reply)), Some(remote)) => (format!("{remote} said:"), reply),
        (Some(Diagnostic::Reply(reply)), None) => (String::from("The other host said:"), reply),
        (Some(Diagnostic::Local(words)), Some(remote)) => {
            (format!("What happened with {remote}:"), words)
        }
        (Some(Diagnostic::Local(words)), None) => (String::from("What happened:"), words),
        (None, Some(remote)) => {
            write_paragraph(text, 4, &format!("It was handed to {remote}."));
            text.push_str("\r\n");
            return;
        }
        (None, None) => return,
    };
    write_paragraph(text, 4, &who);
    let words = shorten(words, Limits::DEFAULT.diagnostic);
    for line in words.split(['\r', '\n']).filter(|line| !line.trim().is_empty()).take(LINES) {
        write_paragraph(text, 8, &clean(line, true));
    }
    text.push_str("\r\n");
}

fn paragraph(text: &mut String, words: &str) {
    write_paragraph(text, 0, words);
    text.push_str("\r\n");
}
