//! Envelopes.

use super::*;
use crate::smtp::{Notify, Return};

#[test]
fn step_by_step() {
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).hold(&with(
        "250 mx\r\n",
        &[
            (MAIL, "250 2.1.0 OK\r\n"),
            ("RCPT TO:<bob@example.com>\r\n", "250 2.1.5 OK\r\n"),
            ("RCPT TO:<carol@example.com>\r\n", "550-5.1.1 No\r\n550 5.1.1 Carol\r\n"),
            ("DATA\r\n", "354 go\r\n"),
            (STUFFED, "250 2.0.0 Ok: queued as 1\r\n"),
        ],
    ));
    let carol = "1 ! permanent 5.1.1 RCPT: 550 5.1.1 No Carol";
    let expected = format!("connected\n{carol}\n0 = 250 2.0.0 Ok: queued as 1\nfinished\nclosed");
    assert_eq!(told, expected);
}

#[test]
fn pipelined() {
    let envelope = "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\n\
                    RCPT TO:<carol@example.com>\r\nDATA\r\n";
    let hello = "250-mx\r\n250 PIPELINING\r\n";
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).hold(&with(
        hello,
        &[
            (envelope, "250 OK\r\n251 will forward\r\n450 4.2.1 later\r\n354 go\r\n"),
            (STUFFED, "250 OK\r\n"),
        ],
    ));
    let carol = "1 ! transient 4.2.1 RCPT: 450 4.2.1 later";
    assert_eq!(told, format!("connected\n{carol}\n0 = 250 OK\nfinished\nclosed"));
}

#[test]
fn nobody_accepted() {
    let refusals = "550 no\r\n552 full\r\n";
    let outcome = "connected\n0 ! permanent 5.0.0 RCPT: 550 no\n\
                   1 ! transient 4.0.0 RCPT: 552 full\nfinished\nclosed";
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).hold(&with(
        "250 mx\r\n",
        &[
            (MAIL, "250 OK\r\n"),
            ("RCPT TO:<bob@example.com>\r\n", "550 no\r\n"),
            ("RCPT TO:<carol@example.com>\r\n", "552 full\r\n"),
            ("RSET\r\n", "250 OK\r\n"),
        ],
    ));
    assert_eq!(told, outcome);
    let envelope = "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\n\
                    RCPT TO:<carol@example.com>\r\nDATA\r\n";
    let hello = "250-mx\r\n250 PIPELINING\r\n";
    // RFC 2920 §3.1: DATA may have been refused, or not.
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).hold(&with(
        hello,
        &[
            (envelope, &format!("250 OK\r\n{refusals}554 no valid recipients\r\n")),
            ("RSET\r\n", "250 OK\r\n"),
        ],
    ));
    assert_eq!(told, outcome);
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).hold(&with(
        hello,
        &[
            (envelope, &format!("250 OK\r\n{refusals}354 go\r\n")),
            (".\r\n", "554 no valid recipients\r\n"),
        ],
    ));
    assert_eq!(told, outcome);
}

#[test]
fn nobody_accepted_in_lmtp() {
    let told = Dialogue::new(lmtp()).to(&[BOB]).hold(&[
        ("", "220 hi\r\n"),
        ("LHLO client.example.org\r\n", "250-mx\r\n250 PIPELINING\r\n"),
        (
            "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
            "250 OK\r\n550 no\r\n354 go\r\n",
        ),
        (".\r\nRSET\r\n", "250 OK\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "connected\n0 ! permanent 5.0.0 RCPT: 550 no\nfinished\nclosed");
}

#[test]
fn sender_refused() {
    let refused = "! permanent 5.7.1 MAIL: 550 5.7.1 no";
    let outcome = format!("connected\n0 {refused}\n1 {refused}\nfinished\nclosed");
    let told = Dialogue::new(config())
        .to(&[BOB, CAROL])
        .hold(&with("250 mx\r\n", &[(MAIL, "550 5.7.1 no\r\n")]));
    assert_eq!(told, outcome);
    let envelope = "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\n\
                    RCPT TO:<carol@example.com>\r\nDATA\r\n";
    let replies = "550 5.7.1 no\r\n503 MAIL first\r\n503 MAIL first\r\n503 MAIL first\r\n";
    let hello = "250-mx\r\n250 PIPELINING\r\n";
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).hold(&with(hello, &[(envelope, replies)]));
    assert_eq!(told, outcome);
}

#[test]
fn a_server_that_takes_content_it_must_not_take() {
    let told = Dialogue::new(config()).to(&[BOB]).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250 PIPELINING\r\n"),
        (
            "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
            "550 no\r\n250 OK\r\n354 go\r\n",
        ),
    ]);
    let expected = "connected\n0 ! permanent 5.0.0 MAIL: 550 no\nfinished\n\
                    closed: DATA: the transaction was given up";
    assert_eq!(told, expected);
}

#[test]
fn several_transactions() {
    let told = Dialogue::new(config()).to(&[BOB]).to(&[CAROL]).hold(&with(
        "250 mx\r\n",
        &[
            (MAIL, "250 OK\r\n"),
            ("RCPT TO:<bob@example.com>\r\n", "550 no\r\n"),
            ("RSET\r\n", "250 OK\r\n"),
            (MAIL, "250 OK\r\n"),
            ("RCPT TO:<carol@example.com>\r\n", "250 OK\r\n"),
            ("DATA\r\n", "354 go\r\n"),
            (STUFFED, "250 OK\r\n"),
        ],
    ));
    let bob = "0 ! permanent 5.0.0 RCPT: 550 no\nfinished";
    assert_eq!(told, format!("connected\n{bob}\n0 = 250 OK\nfinished\nclosed"));
}

#[test]
fn ready_for_the_next_one() {
    let mut room = Room::new(config(), Channel::Clear, b"x\r\n");
    room.hear(b"220 hi\r\n");
    room.hear(b"250 mx\r\n");
    for _ in 0..3 {
        room.said();
        room.told();
        room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
        for reply in ["250 OK\r\n", "250 OK\r\n", "354 go\r\n", "250 OK\r\n"] {
            room.hear(reply.as_bytes());
        }
        assert_eq!(room.told(), "0 = 250 OK\nfinished\nready");
    }
}

#[test]
fn lmtp_replies_for_each() {
    let told = Dialogue::new(lmtp()).to(&[BOB, "nobody@example.com", CAROL]).hold(&[
        ("", "220 hi\r\n"),
        ("LHLO client.example.org\r\n", "250-mx\r\n250 PIPELINING\r\n"),
        (
            "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\n\
             RCPT TO:<nobody@example.com>\r\nRCPT TO:<carol@example.com>\r\nDATA\r\n",
            "250 OK\r\n250 OK\r\n550 no\r\n250 OK\r\n354 go\r\n",
        ),
        (STUFFED, "250 Bob has it\r\n452 4.2.2 Carol is full\r\n"),
        (QUIT, BYE),
    ]);
    let expected = "connected\n1 ! permanent 5.0.0 RCPT: 550 no\n0 = 250 Bob has it\n\
                    2 ! transient 4.2.2 end of content: 452 4.2.2 Carol is full\n\
                    finished\nclosed";
    assert_eq!(told, expected);
}

#[test]
fn what_is_not_announced_is_not_sent() {
    let mut all = envelope(&[BOB]);
    all.parameters = MailParameters {
        size: Some(1000),
        body: Some(Body::EightBitMime),
        smtputf8: false,
        ret: Some(Return::Headers),
        envid: Some("QQ".into()),
        auth: Some(None),
    };
    all.recipients[0].parameters.notify = Some(Notify::Never);
    let refused = "connected\n0 ! permanent 5.0.0 MAIL: 550 no\nfinished\nclosed";
    for (hello, mail) in [
        ("250 mx\r\n", ""),
        ("250-mx\r\n250 SIZE\r\n", " SIZE=1000"),
        ("250-mx\r\n250 SIZE 0\r\n", " SIZE=1000"),
        ("250-mx\r\n250 8BITMIME\r\n", " BODY=8BITMIME"),
        ("250-mx\r\n250 DSN\r\n", " RET=HDRS ENVID=QQ"),
        ("250-mx\r\n250 AUTH PLAIN\r\n", " AUTH=<>"),
        ("250-mx\r\n250 SMTPUTF8\r\n", ""),
    ] {
        let mail = format!("MAIL FROM:<alice@example.org>{mail}\r\n");
        let told = Dialogue::new(config()).with(all.clone());
        assert_eq!(told.hold(&with(hello, &[(&mail, "550 no\r\n")])), refused);
    }
    let told = Dialogue::new(config()).with(all).hold(
        &with(
            "250-mx\r\n250 DSN\r\n",
            &[
                ("MAIL FROM:<alice@example.org> RET=HDRS ENVID=QQ\r\n", "250 OK\r\n"),
                ("RCPT TO:<bob@example.com> NOTIFY=NEVER\r\n", "421 bye\r\n"),
            ],
        )[..4],
    );
    assert!(told.ends_with("closed: RCPT: 421 bye"), "{told}");
}

#[test]
fn what_the_server_cannot_take_is_not_begun() {
    let large = Envelope { length: Some(1001), ..envelope(&[BOB]) };
    let mut binary = envelope(&[BOB]);
    binary.parameters.body = Some(Body::BinaryMime);
    let mut utf8 = envelope(&[BOB]);
    utf8.parameters.smtputf8 = true;
    let mut sender = envelope(&[BOB]);
    sender.reverse_path = "älice@example.org".parse::<crate::address::Mailbox>().unwrap().into();
    let hello = "250-mx\r\n250-SIZE 1000\r\n250 BINARYMIME\r\n";
    for (envelope, failure) in [
        (large, "5.3.4 MAIL: the server takes messages of at most 1000 octets"),
        (binary, "5.6.3 MAIL: the message needs BINARYMIME, which the server lacks"),
        (utf8, "5.6.7 MAIL: the message needs SMTPUTF8, which the server lacks"),
        (sender, "5.6.7 MAIL: the message needs SMTPUTF8, which the server lacks"),
    ] {
        let told = Dialogue::new(config()).with(envelope).hold(&with(hello, &[]));
        assert_eq!(told, format!("connected\n0 ! permanent {failure}\nfinished\nclosed"));
    }
}

#[test]
fn utf8() {
    let mut known = envelope(&["jörg@müller.example"]);
    known.parameters.body = Some(Body::BinaryMime);
    let hello = "250-mx\r\n250-SMTPUTF8\r\n250-BINARYMIME\r\n250 CHUNKING\r\n";
    let told = Dialogue::new(config()).with(known).with_content(b"\0").hold(&with(
        hello,
        &[
            ("MAIL FROM:<alice@example.org> BODY=BINARYMIME SMTPUTF8\r\n", "250 OK\r\n"),
            ("RCPT TO:<jörg@müller.example>\r\n", "250 OK\r\n"),
            ("BDAT 1 LAST\r\n\0", "250 OK\r\n"),
        ],
    ));
    assert_eq!(told, "connected\n0 = 250 OK\nfinished\nclosed");
    // Without SMTPUTF8, domains are written in A-labels, and recipients that can't be are left out.
    let told = Dialogue::new(config()).to(&["jörg@müller.example", "joe@müller.example"]);
    let told = told.hold(&with(
        "250 mx\r\n",
        &[
            (MAIL, "250 OK\r\n"),
            ("RCPT TO:<joe@xn--mller-kva.example>\r\n", "250 OK\r\n"),
            ("DATA\r\n", "354 go\r\n"),
            (STUFFED, "250 OK\r\n"),
        ],
    ));
    let left_out = "0 ! permanent 5.6.7 RCPT: the message needs SMTPUTF8, which the server lacks";
    assert_eq!(told, format!("connected\n{left_out}\n1 = 250 OK\nfinished\nclosed"));
}

#[test]
fn limits_of_the_server() {
    let hello = "250-mx\r\n250 LIMITS MAILMAX=1 RCPTMAX=1\r\n";
    let told = Dialogue::new(config()).to(&[BOB, CAROL]).to(&[CAROL]).hold(&with(
        hello,
        &[
            (MAIL, "250 OK\r\n"),
            ("RCPT TO:<bob@example.com>\r\n", "250 OK\r\n"),
            ("DATA\r\n", "354 go\r\n"),
            (STUFFED, "250 OK\r\n"),
        ],
    ));
    let expected = "connected\n\
        1 ! transient 4.5.3 RCPT: the server takes no more recipients at a time\n\
        0 = 250 OK\nfinished\n\
        0 ! transient 4.5.0 between transactions: \
        the server takes no more messages in one connection\nfinished\nclosed";
    assert_eq!(told, expected);
}

#[test]
fn nobody_to_send_to() {
    let told = Dialogue::new(config()).to(&[]).hold(&with("250 mx\r\n", &[]));
    assert_eq!(told, "connected\nfinished\nclosed");
}

#[test]
fn reset() {
    // Between transactions: does the server listen?
    let mut room = Room::new(config(), Channel::Clear, b"x\r\n");
    room.hear(b"220 hi\r\n");
    room.hear(b"250 mx\r\n");
    room.said();
    room.tell(Input::Reset);
    assert_eq!(room.said(), "RSET\r\n");
    room.hear(b"250 OK\r\n");
    // In an envelope.
    room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
    room.hear(b"250 OK\r\n");
    room.tell(Input::Reset);
    room.said();
    room.hear(b"250 OK\r\n");
    assert_eq!(room.said(), "RSET\r\n");
    room.hear(b"250 OK\r\n");
    let given_up = "0 ! transient 4.3.0 RCPT: the transaction was given up\nfinished\nready";
    assert_eq!(room.told(), format!("connected\nready\nready\n{given_up}"));
}

#[test]
fn a_thousand_recipients_are_told_by_the_hundred() {
    let addresses: Vec<String> = (0..1000).map(|n| format!("user{n}@example.com")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut room = Room::new(config(), Channel::Clear, b"x\r\n");
    room.tell(Input::Deliver(Box::new(envelope(&addresses))));
    room.hear(b"220 hi\r\n");
    room.said();
    room.hear(b"250-mx\r\n250 PIPELINING\r\n");
    let mut lines = 0;
    loop {
        let said = room.said();
        let count = said.lines().count();
        assert!((1..=100).contains(&count), "{count}");
        lines += count;
        if said.ends_with("DATA\r\n") {
            break;
        }
        room.hear("250 OK\r\n".repeat(count).as_bytes());
    }
    assert_eq!(lines, 1002);
}
