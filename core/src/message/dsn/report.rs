//! The part for a program: fields about the message, then fields about each recipient (RFC 3464 §2).

use alloc::format;
use alloc::string::String;

use super::notification::{Diagnostic, Notification, OriginalRecipient, Recipient, ascii, word};
use super::text::{clean, shorten, write_field};
use super::{Action, Status};
use crate::address::{ForwardPath, Mailbox};
use crate::limits::Limits;

/// Appends the part's body.
pub(super) fn write(notification: &Notification<'_>, output: &mut String) {
    let utf8 = notification.is_utf8();
    if let Some(envid) = notification.envid {
        write_field(output, "Original-Envelope-Id", &clean(envid, utf8));
    }
    write_field(output, "Reporting-MTA", &format!("dns; {}", word(notification.from)));
    write_field(output, "Arrival-Date", &format!("{}", notification.arrived));
    write_field(output, "X-Postroad-Queue-Id", &clean(notification.original_id, false));
    for recipient in notification.recipients {
        output.push_str("\r\n");
        write_recipient(recipient, notification.from, utf8, output);
    }
}

/// RFC 3464 §2.3
fn write_recipient(recipient: &Recipient<'_>, from: &str, utf8: bool, output: &mut String) {
    if let Some(original) = &recipient.orcpt {
        write_field(output, "Original-Recipient", &original_recipient(original, utf8));
    }
    write_field(output, "Final-Recipient", &final_recipient(&recipient.forward_path, from, utf8));
    write_field(output, "Action", recipient.action.name());
    write_field(output, "Status", &format!("{}", status(recipient)));
    if let Some((name, _)) = recipient.remote {
        write_field(output, "Remote-MTA", &format!("dns; {}", word(name)));
    }
    match recipient.diagnostic {
        Some(Diagnostic::Reply(reply)) => {
            write_field(output, "Diagnostic-Code", &format!("smtp; {}", diagnostic(reply, utf8)));
        }
        Some(Diagnostic::Local(words)) => {
            let value = format!("X-Postroad; {}", diagnostic(words, utf8));
            write_field(output, "Diagnostic-Code", &value);
        }
        None => {}
    }
    write_field(output, "Last-Attempt-Date", &format!("{}", recipient.last_attempt));
    if let Some(id) = recipient.final_log_id {
        write_field(output, "Final-Log-ID", &clean(id, utf8));
    }
    if let (Action::Delayed, Some(until)) = (recipient.action, recipient.will_retry_until) {
        write_field(output, "Will-Retry-Until", &format!("{until}"));
    }
}

/// The status with the class that its action calls for, if its own is none that exists.
fn status(recipient: &Recipient<'_>) -> Status {
    let Status { class, subject, detail } = recipient.status;
    let class = match (class, recipient.action) {
        (2 | 4 | 5, _) => class,
        (_, Action::Failed) => 5,
        (_, Action::Delayed) => 4,
        _ => 2,
    };
    Status::new(class, subject.min(999), detail.min(999))
}

/// What a peer said, on one line and not longer than it may be.
pub(super) fn diagnostic(words: &str, utf8: bool) -> String {
    clean(shorten(words, Limits::DEFAULT.diagnostic), utf8)
}

// RFC 3464 §2.3.2, RFC 6533 §3. A local-part in UTF-8 has no form in ASCII but the `\x{…}` of `utf-8`.
fn final_recipient(path: &ForwardPath, from: &str, utf8: bool) -> String {
    match path {
        ForwardPath::Postmaster => format!("rfc822; Postmaster@{}", word(from)),
        ForwardPath::Mailbox(mailbox) if is_ascii(mailbox) => format!("rfc822; {mailbox}"),
        ForwardPath::Mailbox(mailbox) if utf8 => format!("utf-8; {mailbox}"),
        ForwardPath::Mailbox(mailbox) if mailbox.needs_utf8() => {
            format!("utf-8; {}", encode_unitext(&ascii(mailbox)))
        }
        ForwardPath::Mailbox(mailbox) => format!("rfc822; {}", ascii(mailbox)),
    }
}

fn is_ascii(mailbox: &Mailbox) -> bool {
    !mailbox.needs_utf8() && mailbox.host.domain().is_none_or(|domain| domain.as_str().is_ascii())
}

// RFC 3464 §2.3.1, RFC 6533 §3
fn original_recipient(original: &OriginalRecipient<'_>, utf8: bool) -> String {
    let address = shorten(original.address, Limits::DEFAULT.diagnostic);
    let address = if address.is_ascii() || utf8 {
        clean(address, utf8)
    } else {
        encode_unitext(&clean(address, true))
    };
    format!("{}; {address}", word(original.address_type))
}

/// Writes an address in UTF-8 with ASCII alone: `utf-8-addr-xtext` of RFC 6533 §3.
fn encode_unitext(address: &str) -> String {
    let mut output = String::with_capacity(address.len() * 2);
    for c in address.chars() {
        if c.is_ascii_graphic() && !"\\+=".contains(c) {
            output.push(c);
        } else {
            output.push_str(&format!("\\x{{{:02X}}}", u32::from(c)));
        }
    }
    output
}
