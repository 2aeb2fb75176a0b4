use alloc::string::ToString;

use proptest::prelude::*;

use super::*;
use crate::message::header;

const PROTOCOL: Protocol =
    Protocol { transmission: Transmission::Esmtp, utf8: false, tls: false, auth: false };

fn received() -> Received<'static> {
    Received {
        helo: "client.example.org",
        peer: None,
        by: "mx.example.com",
        with: PROTOCOL,
        id: "X",
        recipient: None,
        cipher: None,
        date: DateTime { seconds: 760_686_745, offset: -480 },
    }
}

#[test]
fn fields_as_they_are_folded() {
    assert_eq!(
        received().write(),
        "Received: from client.example.org\r\n\tby mx.example.com with ESMTP id X; Mon, 7 Feb 1994 21:52:25 -0800\r\n"
    );
    let recipient = "a.somewhat.long.recipient@with-a-long.example.com".parse().ok();
    let long = Received {
        peer: "2001:db8::1".parse().ok(),
        id: "0123456789012345678901234567890123456789",
        recipient: recipient.as_ref(),
        cipher: Some("TLS_AES_256_GCM_SHA384"),
        ..received()
    };
    assert_eq!(
        long.write(),
        "Received: from client.example.org ([IPv6:2001:db8::1])\r\n\
         \tby mx.example.com with ESMTP id 0123456789012345678901234567890123456789\r\n\
         \tfor <a.somewhat.long.recipient@with-a-long.example.com>\r\n\
         \ttls TLS_AES_256_GCM_SHA384; Mon, 7 Feb 1994 21:52:25 -0800\r\n"
    );
}

#[test]
fn a_clients_name_can_break_out_of_nothing() {
    for (helo, shown) in [
        ("a\r\nBcc: b", "a??Bcc:?b"),
        ("a) by evil; (\"\\", "a??by?evil??????"),
        ("", "?"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("m\u{fc}nchen.example", "m?nchen.example"),
    ] {
        let shown = shown.chars().take(helo.chars().count().max(1)).collect::<String>();
        let field = Received { helo, ..received() }.write();
        assert!(field.starts_with(&format!("Received: from {shown}\r\n\tby ")), "{field}");
    }
    let utf8 = Protocol { utf8: true, ..PROTOCOL };
    let field = Received { helo: "m\u{fc}nchen.example", with: utf8, ..received() }.write();
    assert!(field.starts_with("Received: from m\u{fc}nchen.example\r\n"));
}

#[test]
fn names_of_protocols() {
    use Transmission::{Esmtp, Lmtp, Smtp};
    for (transmission, utf8, tls, auth, name) in [
        (Smtp, false, false, false, "SMTP"),
        (Esmtp, false, false, false, "ESMTP"),
        (Esmtp, false, true, false, "ESMTPS"),
        (Esmtp, false, false, true, "ESMTPA"),
        (Esmtp, false, true, true, "ESMTPSA"),
        (Esmtp, true, true, true, "UTF8SMTPSA"),
        (Lmtp, false, false, false, "LMTP"),
        (Lmtp, true, true, false, "UTF8LMTPS"),
    ] {
        assert_eq!(Protocol { transmission, utf8, tls, auth }.name(), name);
    }
}

#[test]
fn return_paths() {
    let (path, _) = ReversePath::parse(b"<\"a b\"@example.org>", false).expect("a path");
    assert_eq!(return_path(&path), "Return-Path: <\"a b\"@example.org>\r\n");
}

proptest! {
    #[test]
    fn one_field_of_short_lines(helo in ".{0,60}", id in "[A-Z0-9]{1,60}", v6 in any::<u128>()) {
        let field = Received { helo: &helo, id: &id, peer: Some(IpAddr::from(v6.to_be_bytes())), ..received() }.write();
        prop_assert_eq!(header::fields(field.as_bytes()).count(), 1);
        prop_assert!(field.ends_with("\r\n") && field.is_ascii());
        prop_assert!(field.lines().all(|line| line.len() <= LINE), "{}", field);
        let found = header::fields(field.as_bytes()).next().map(|field| field.unfolded());
        let date = received().date.to_string();
        prop_assert!(found.is_some_and(|value| value.ends_with(date.as_bytes())));
    }
}
