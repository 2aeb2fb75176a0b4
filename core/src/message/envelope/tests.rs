use alloc::vec;
use alloc::vec::Vec;

use super::*;

fn mailbox(local_part: &str) -> Item {
    Item::Mailbox {
        name: None,
        route: None,
        local_part: local_part.into(),
        domain: b"example.org".to_vec(),
    }
}

#[test]
fn all_ten_fields() {
    let envelope = Envelope::parse(
        b"DATE: Wed, 17 Jul 1996 02:23:25 -0700\r\nSubject:  IMAP4rev1 WG\r\n mtg =?utf-8?q?a?= \r\nFrom: f@example.org\r\n\
        Sender: s@example.org\r\nReply-To: r@example.org\r\nTo: t@example.org\r\nTo: t2@example.org\r\nCc: c@example.org\r\n\
        Bcc: b@example.org\r\nIn-Reply-To: <i@x>\r\n <j@x>\r\nMessage-Id: <m@x>\r\nSubject: another\r\n\r\nTo: body@example.org",
    );
    let expected = Envelope {
        date: Some(b"Wed, 17 Jul 1996 02:23:25 -0700".to_vec()),
        subject: Some(b"IMAP4rev1 WG mtg =?utf-8?q?a?=".to_vec()),
        from: vec![mailbox("f")],
        sender: vec![mailbox("s")],
        reply_to: vec![mailbox("r")],
        to: vec![mailbox("t"), mailbox("t2")],
        cc: vec![mailbox("c")],
        bcc: vec![mailbox("b")],
        in_reply_to: Some(b"<i@x> <j@x>".to_vec()),
        message_id: Some(b"<m@x>".to_vec()),
    };
    assert_eq!(envelope, expected);
}

#[test]
fn sender_and_reply_to_default_to_from() {
    let envelope = Envelope::parse(b"Sender:\nFrom: f@example.org\nSubject:\n");
    assert_eq!((envelope.sender, envelope.reply_to), (vec![mailbox("f")], vec![mailbox("f")]));
    assert_eq!((envelope.subject, envelope.date), (Some(Vec::new()), None));
    assert_eq!(Envelope::parse(b""), Envelope::default());
}
