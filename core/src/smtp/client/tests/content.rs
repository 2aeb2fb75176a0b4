//! Content, with dots and in chunks.

use super::*;

#[test]
fn data_refused_and_content_refused() {
    let envelope = "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n";
    let hello = "250-mx\r\n250 PIPELINING\r\n";
    let told = Dialogue::new(config()).to(&[BOB]).hold(&with(
        hello,
        &[(envelope, "250 OK\r\n250 OK\r\n451 4.3.0 later\r\n"), ("RSET\r\n", "250 OK\r\n")],
    ));
    let outcome = "0 ! transient 4.3.0 DATA: 451 4.3.0 later";
    assert_eq!(told, format!("connected\n{outcome}\nfinished\nclosed"));
    let told = Dialogue::new(config()).to(&[BOB]).hold(&with(
        hello,
        &[(envelope, "250 OK\r\n250 OK\r\n354 go\r\n"), (STUFFED, "554 5.6.0 spam\r\n")],
    ));
    let outcome = "0 ! permanent 5.6.0 end of content: 554 5.6.0 spam";
    assert_eq!(told, format!("connected\n{outcome}\nfinished\nclosed"));
}

#[test]
fn one_chunk_of_known_length() {
    let envelope = Envelope { length: Some(23), ..envelope(&[BOB]) };
    let hello = "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n";
    let told = Dialogue::new(config()).with(envelope).hold(&with(
        hello,
        &[
            (
                "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\n",
                "250 OK\r\n250 OK\r\n",
            ),
            ("BDAT 23 LAST\r\nSubject: dots\r\n\r\n.one\r\n", "250 OK\r\n"),
        ],
    ));
    assert_eq!(told, "connected\n0 = 250 OK\nfinished\nclosed");
}

#[test]
fn chunks_as_they_come() {
    let mut room = Room::new(config(), Channel::Clear, b"0123456789");
    room.host.slice = 4;
    room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
    for reply in ["220 hi\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 OK\r\n"] {
        room.hear(reply.as_bytes());
    }
    room.said();
    room.hear(b"250 OK\r\n");
    assert_eq!(room.said(), "BDAT 4\r\n0123");
    room.hear(b"250 4 octets\r\n");
    assert_eq!(room.said(), "BDAT 4\r\n4567");
    room.hear(b"250 4 octets\r\n");
    assert_eq!(room.said(), "BDAT 2 LAST\r\n89");
    room.hear(b"250 2.0.0 OK\r\n");
    assert_eq!(room.told(), "connected\n0 = 250 2.0.0 OK\nfinished\nready");
    assert_eq!(room.said(), "");
}

#[test]
fn a_chunk_is_refused() {
    let hello = "250-mx\r\n250 CHUNKING\r\n";
    for (slice, chunk, failure) in [
        (4, "BDAT 4\r\n0123", "0 ! transient 4.3.1 content: 452 4.3.1 full"),
        (99, "BDAT 10 LAST\r\n0123456789", "0 ! transient 4.3.1 end of content: 452 4.3.1 full"),
    ] {
        let mut room = Room::new(config(), Channel::Clear, b"0123456789");
        room.host.slice = slice;
        room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
        for reply in ["220 hi\r\n", hello, "250 OK\r\n", "250 OK\r\n"] {
            room.hear(reply.as_bytes());
        }
        assert!(room.said().ends_with(chunk));
        room.hear(b"452 4.3.1 full\r\n");
        // RFC 3030 §2.
        assert_eq!(room.said(), "RSET\r\n");
        room.hear(b"250 OK\r\n");
        assert_eq!(room.told(), format!("connected\n{failure}\nfinished\nready"));
    }
}

#[test]
fn empty_content() {
    let envelope = |length| Envelope { length, ..envelope(&[BOB]) };
    let rcpt = "RCPT TO:<bob@example.com>\r\n";
    for (hello, length, content) in [
        ("250-mx\r\n250 CHUNKING\r\n", Some(0), &[("BDAT 0 LAST\r\n", "250 OK\r\n")][..]),
        ("250-mx\r\n250 CHUNKING\r\n", None, &[("BDAT 0 LAST\r\n", "250 OK\r\n")]),
        ("250 mx\r\n", None, &[("DATA\r\n", "354 go\r\n"), (".\r\n", "250 OK\r\n")]),
    ] {
        let turns = [&[(MAIL, "250 OK\r\n"), (rcpt, "250 OK\r\n")], content].concat();
        let dialogue = Dialogue::new(config()).with(envelope(length)).with_content(b"");
        let told = dialogue.hold(&with(hello, &turns));
        assert_eq!(told, "connected\n0 = 250 OK\nfinished\nclosed");
    }
}

/// Polls up to the next request for content.
fn asked(room: &mut Room) -> Ticket {
    loop {
        let output = room.client.poll().expect("content is wanted");
        if let Output::Content { ticket, .. } = output {
            return ticket;
        }
    }
}

#[test]
fn an_answer_that_comes_after_a_reset_is_stale() {
    let mut room = Room::new(config(), Channel::Clear, b"new");
    room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
    for reply in ["220 hi\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 OK\r\n"] {
        room.hear(reply.as_bytes());
    }
    room.client.handle_bytes(room.now, b"250 OK\r\n");
    let stale = asked(&mut room);
    room.client.handle_content(room.now, stale, b"old");
    room.tell(Input::Reset);
    room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
    for reply in ["250 OK\r\n", "250 OK\r\n"] {
        room.hear(reply.as_bytes());
    }
    room.client.handle_bytes(room.now, b"250 OK\r\n");
    let ticket = asked(&mut room);
    room.said();
    room.client.handle_content(room.now, stale, b"old");
    room.tell(Input::Content { ticket: stale, end: true });
    assert_eq!(room.said(), "");
    room.client.handle_content(room.now, ticket, b"new");
    room.tell(Input::Content { ticket, end: true });
    assert_eq!(room.said(), "BDAT 3 LAST\r\nnew");
}

#[test]
fn content_that_is_not_what_it_should_be() {
    for length in [5, 11] {
        let mut room = Room::new(config(), Channel::Clear, b"0123456789");
        room.host.slice = 4;
        let envelope = Envelope { length: Some(length), ..envelope(&[BOB]) };
        room.tell(Input::Deliver(Box::new(envelope)));
        for reply in ["220 hi\r\n", "250-mx\r\n250 CHUNKING\r\n", "250 OK\r\n", "250 OK\r\n"] {
            room.hear(reply.as_bytes());
        }
        let failure = "content: the content broke off";
        let told = format!("connected\n0 ! transient 4.3.0 {failure}\nfinished\nclosed: {failure}");
        assert_eq!(room.told(), told, "length {length}");
        assert_eq!(room.client.wants(), Wants::Close);
    }
}

#[test]
fn content_that_could_be_mistaken() {
    for (content, fault) in [
        (&b"a\n.\r\nb\r\n"[..], "A line of the message ends with bare CR or LF, not with CRLF"),
        (b"a\r.\r\n", "A line of the message ends with bare CR or LF, not with CRLF"),
        (b"a\r\n\r", "A line of the message ends with bare CR or LF, not with CRLF"),
        (b"a\0b\r\n", "The message has a NUL in it"),
        (&[b'x'; 1001], "A line of the message is too long"),
    ] {
        for (slice, hello) in
            [(1, "250 mx\r\n"), (9999, "250 mx\r\n"), (9999, "250-mx\r\n250 CHUNKING\r\n")]
        {
            let mut room = Room::new(config(), Channel::Clear, content);
            room.host.slice = slice;
            let length = Some(content.len() as u64);
            room.tell(Input::Deliver(Box::new(Envelope { length, ..envelope(&[BOB]) })));
            for reply in ["220 hi\r\n", hello, "250 OK\r\n", "250 OK\r\n", "354 go\r\n"] {
                room.hear(reply.as_bytes());
            }
            let told = format!("0 ! permanent 5.6.0 content: {fault}\nfinished\n");
            assert!(room.told().contains(&told), "{content:?}");
            assert!(!room.said().ends_with("\r\n.\r\n"));
        }
    }
}

#[test]
fn content_is_asked_for_only_while_there_is_room() {
    let content = [&[b'x'; 98][..], b"\r\n"].concat().repeat(10_000);
    let mut room = Room::new(config(), Channel::Clear, &content);
    room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
    for reply in ["220 hi\r\n", "250 mx\r\n", "250 OK\r\n", "250 OK\r\n"] {
        room.hear(reply.as_bytes());
    }
    room.said();
    room.client.handle_bytes(room.now, b"354 go\r\n");
    let mut received = 0;
    while room.client.wants() == Wants::Read {
        drain(room.now, &mut room.client, &mut room.host);
        let waiting = room.client.transmit().len();
        assert!(waiting < 64 * 1024 + 32 * 1024, "{waiting}");
        if waiting == 0 {
            break;
        }
        let taken = waiting.min(10_000);
        room.client.transmitted(taken);
        received += taken;
    }
    assert_eq!(received, content.len() + ".\r\n".len());
}
