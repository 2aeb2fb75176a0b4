//! What a host that asks for the dialogue is told.

use super::*;

#[test]
fn every_line_is_told_in_order_and_no_secret() {
    let config = Config {
        dialogue: true,
        start_tls: StartTls::Required,
        ..config().with_credentials(tim())
    };
    let told = Dialogue::new(config).to(&[BOB]).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250 STARTTLS\r\n"),
        ("STARTTLS\r\n", "220 go\r\n"),
        ("", "<tls>"),
        (HELLO, "250-mx\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n"),
        ("AUTH PLAIN AHRpbQB0YW5zdGFhZg==\r\n", "235 2.7.0 Yes\x1b\r\n"),
        (
            "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
            "250 OK\r\n250 OK\r\n354 go\r\n",
        ),
        (STUFFED, "250 2.0.0 OK\r\n"),
        (QUIT, BYE),
    ]);
    let expected = "\
        S: 220 hi
        C: EHLO client.example.org
        S: 250-mx
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 go
        # TLS begins:
        C: EHLO client.example.org
        S: 250-mx
        S: 250-AUTH PLAIN
        S: 250 PIPELINING
        C: AUTH PLAIN [redacted]
        S: 235 2.7.0 Yes\u{fffd}
        connected tls PLAIN
        C: MAIL FROM:<alice@example.org>
        C: RCPT TO:<bob@example.com>
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go
        # 23 octets of content
        C: .
        S: 250 2.0.0 OK
        0 = 250 2.0.0 OK
        finished
        C: QUIT
        S: 221 2.0.0 Bye
        closed";
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(told, expected.join("\n"));
}

#[test]
fn responses_are_secret_and_chunks_are_remarked_on() {
    let mut room = Room::new(
        Config { dialogue: true, ..config().with_credentials(tim()) },
        Channel::Confidential,
        &b"\r\n".repeat(617),
    );
    room.host.slice = 1200;
    room.tell(Input::Deliver(Box::new(envelope(&[BOB]))));
    let replies = [
        "220 hi\r\n",
        "250-mx\r\n250-AUTH LOGIN\r\n250 CHUNKING\r\n",
        "334 VXNlcm5hbWU6\r\n",
        "334 UGFzc3dvcmQ6\r\n",
        "235 Yes\r\n",
        "250 OK\r\n",
        "250 OK\r\n",
        "250 OK\r\n",
        "what\r\n",
    ];
    replies.iter().for_each(|reply| room.hear(reply.as_bytes()));
    let told = room.told();
    for lines in [
        "C: AUTH LOGIN\nS: 334 [redacted]\nC: [redacted]\nS: 334 [redacted]\nC: [redacted]\nS: 235 Yes",
        "C: BDAT 1200\n# 1,200 octets of content\nS: 250 OK\nC: BDAT 34 LAST\n# 34 octets of content",
        "S: what\n0 ! unknown",
    ] {
        assert!(told.contains(lines), "{told}");
    }
}
