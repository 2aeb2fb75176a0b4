mod properties;
mod reading;
mod snapshots;

use alloc::string::String;
use alloc::vec::Vec;

use super::{
    Action, Diagnostic, Form, Notification, OriginalRecipient, Recipient, Returned, Status,
};
use crate::address::Mailbox;
use crate::message::date::DateTime;

/// Thu, 1 Jan 2026 12:00:00 +0000
const ARRIVED: i64 = 1_767_268_800;

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

fn recipient<'a>(address: &str, action: Action, status: Status) -> Recipient<'a> {
    Recipient {
        forward_path: mailbox(address).into(),
        orcpt: None,
        action,
        status,
        remote: None,
        diagnostic: None,
        last_attempt: DateTime::utc(ARRIVED + 60),
        will_retry_until: None,
        final_log_id: None,
    }
}

fn notification<'a>(to: &'a Mailbox, recipients: &'a [Recipient<'a>]) -> Notification<'a> {
    Notification {
        from: "mx.example.org",
        id: "9xkb3t",
        original_id: "4f2zq7",
        original_message_id: Some("<1234@client.example.org>"),
        arrived: DateTime::utc(ARRIVED),
        envid: None,
        to,
        date: DateTime::utc(ARRIVED + 90),
        message_id: "9xkb3t@mx.example.org",
        boundary: "r7kq2mw9xkb3t4f2zq7h",
        recipients,
        returned: Returned::Headers,
        form: Form::SevenBit,
    }
}

/// The whole notification with a small message in it.
fn whole(notification: &Notification<'_>) -> Vec<u8> {
    let mut message = notification.head();
    message.extend_from_slice(b"From: ann@example.org\r\nSubject: hello\r\n");
    if notification.returned == Returned::Full {
        message.extend_from_slice(b"\r\nHello, Bob!\r\n");
    }
    message.extend_from_slice(&notification.tail());
    message
}

fn text(notification: &Notification<'_>) -> String {
    String::from_utf8(whole(notification)).expect("UTF-8").replace("\r\n", "\n")
}
