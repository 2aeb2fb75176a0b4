//! The order of commands, limits, time.

use super::*;

#[test]
fn the_first_dialogue_to_the_octet() {
    let extensions = ["PIPELINING", "SIZE 10485760", "VRFY", "ETRN", "AUTH LOGIN PLAIN", "DSN"];
    let config = Config {
        hostname: "example.com".into(),
        extensions: extensions.iter().map(|line| line.parse().unwrap()).collect(),
        ..loopback()
    };
    let mut talk = Talk::new(config);
    talk.send(
        b"EHLO client.example.org\r\n\
          MAIL FROM:<sender@client.example.org>\r\n\
          RCPT TO:<recipient@example.com>\r\n\
          DATA\r\n\
          Subject: Test Email\r\n\
          \r\n\
          This is a test message body.\r\n\
          .\r\n\
          QUIT\r\n",
        &[usize::MAX],
    );
    let said = "220 example.com ESMTP Service Ready\r\n\
        250-example.com Hello client.example.org\r\n\
        250-PIPELINING\r\n\
        250-SIZE 10485760\r\n\
        250-VRFY\r\n\
        250-ETRN\r\n\
        250-AUTH LOGIN PLAIN\r\n\
        250 DSN\r\n\
        250 2.1.0 Ok\r\n\
        250 2.1.5 Ok\r\n\
        354 End data with <CR><LF>.<CR><LF>\r\n\
        250 2.0.0 Ok: queued as Q1\r\n\
        221 2.0.0 Bye\r\n";
    assert_eq!(String::from_utf8_lossy(&talk.said), said);
    let content = b"Subject: Test Email\r\n\r\nThis is a test message body.\r\n".to_vec();
    let envelope = "<sender@client.example.org> <recipient@example.com>".to_owned();
    assert_eq!(talk.host.delivered, [(envelope, content)]);
    assert!(talk.closed() && talk.host.events.is_empty());
}

#[test]
fn commands_out_of_order() {
    let mut talk = Talk::new(smtp());
    talk.expect(&[
        ("NOOP", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("HELP", "214-2.0.0"),
        ("VRFY bob", "252 2.5.0"),
        ("EXPN staff", "502 5.5.1"),
        ("ETRN example.com", "502 5.5.1"),
        ("MAIL FROM:<alice@example.org>", "503 5.5.1"),
        ("RCPT TO:<bob@example.com>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("AUTH PLAIN", "503 5.5.1"),
        ("LHLO client.example.org", "500 5.5.1"),
        ("HELO client.example.org", "250 mx.example.com Hello client.example.org\r\n"),
        ("AUTH PLAIN", "538 5.7.11"),
        ("DATA", "503 5.5.1"),
        ("MAIL FROM:<alice@example.org>", "250 2.1.0"),
        ("MAIL FROM:<alice@example.org>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("RCPT TO:<nobody@example.com>", "550 5.1.1"),
        ("DATA", "503 5.5.1"),
        ("RCPT TO:<Postmaster>", "250 2.1.5"),
        ("RSET", "250 2.0.0"),
        ("DATA", "503 5.5.1"),
        ("EHLO client.example.org", "250-"),
        ("QUIT", "221 2.0.0"),
    ]);
    assert!(talk.closed());
    assert_eq!(talk.host.events, [Event::Abandoned]);
}

#[test]
fn lmtp_has_a_reply_for_each_recipient() {
    let mut talk = Talk::new(lmtp());
    assert_eq!(talk.said, b"220 mx.example.com LMTP Service Ready\r\n");
    talk.expect(&[
        ("EHLO client.example.org", "500 5.5.1"),
        ("HELO client.example.org", "500 5.5.1"),
        ("LHLO client.example.org", "250-"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("RCPT TO:<one@example.com>", "250 2.1.5"),
        ("RCPT TO:<nobody@example.com>", "550 5.1.1"),
        ("RCPT TO:<two@example.com>", "250 2.1.5"),
        ("DATA", "354 "),
        ("one\r\n.", "250 2.1.5 Ok: Q1 for 1\r\n250 2.1.5 Ok: Q1 for 2\r\n"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("RCPT TO:<one@example.com>", "250 2.1.5"),
        ("RCPT TO:<two@example.com>", "250 2.1.5"),
        ("BDAT 2\r\n", "250 2.0.0 2 octets received\r\n"),
        ("BDAT 0 LAST", "250 2.1.5 Ok: Q2 for 1\r\n250 2.1.5 Ok: Q2 for 2\r\n"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("RCPT TO:<one@example.com>", "250 2.1.5"),
        ("RCPT TO:<two@example.com>", "250 2.1.5"),
        ("DATA", "354 "),
    ]);
    let reply = talk.octets(b"bare\n\r\n.\r\n");
    assert_eq!(reply.matches("554 5.6.0").count(), 2);
}

#[test]
fn a_host_with_too_few_outcomes_promises_nothing() {
    let mut talk = Talk::new(lmtp());
    talk.expect(&[
        ("LHLO client.example.org", "250-"),
        ("MAIL FROM:<>", "250"),
        ("RCPT TO:<one@example.com>", "250"),
        ("RCPT TO:<two@example.com>", "250"),
        ("DATA", "354 "),
    ]);
    talk.host.recipients = 1;
    let reply = talk.line(".");
    assert!(reply.ends_with("451 4.3.0 The outcome is not known\r\n"), "{reply}");
}

#[test]
fn parameters_of_what_is_not_announced() {
    let mut talk = Talk::new(Config { extensions: vec![Extension::EightBitMime], ..smtp() });
    talk.expect(&[
        ("EHLO client.example.org", "250-mx.example.com Hello client.example.org\r\n250 8BITMIME"),
        ("MAIL FROM:<a@example.org> SIZE=1", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> SMTPUTF8", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> RET=FULL", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> ENVID=1", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> AUTH=<>", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> BODY=BINARYMIME", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> BODY=8BITMIME", "250 2.1.0"),
        ("RCPT TO:<b@example.com> NOTIFY=NEVER", "555 5.5.4"),
        ("RCPT TO:<b@example.com> ORCPT=rfc822;b", "555 5.5.4"),
        ("STARTTLS", "502 5.5.1"),
        ("AUTH PLAIN", "502 5.5.1"),
        ("RCPT TO:<b@example.com>", "250 2.1.5"),
        ("BDAT 4 LAST\r\nab", "503 5.5.1"),
        ("DATA", "354 "),
        (".", "250 2.0.0"),
    ]);
}

#[test]
fn envelopes_are_kept_whole() {
    let mut talk = Talk::new(smtp());
    talk.expect(&[
        ("EHLO client.example.org", "250-"),
        (
            "MAIL FROM:<ü@example.org> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=a+2Bb SIZE=9",
            "250 2.1.0",
        ),
        ("RCPT TO:<ä@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+2By@z", "250 2.1.5"),
        ("DATA", "354"),
        (".", "250 2.0.0"),
        ("MAIL FROM:<ü@example.org>", "553 5.6.7"),
        ("MAIL FROM:<u@example.org>", "250 2.1.0"),
        ("RCPT TO:<ä@example.com>", "553 5.6.7"),
    ]);
    let envelope = "<ü@example.org> SIZE=9 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb \
        <ä@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+2By@z";
    assert_eq!(talk.host.delivered[0].0, envelope);
}

#[test]
fn limits_hold() {
    let mut config = smtp();
    config.limits.recipients = 2;
    config.limits.message = 10;
    config.limits.transactions = 3;
    let mut talk = Talk::new(config);
    let hello = talk.line("EHLO client.example.org");
    assert!(hello.contains("SIZE 10\r\n") && hello.contains("LIMITS MAILMAX=3 RCPTMAX=2\r\n"));
    talk.expect(&[
        ("MAIL FROM:<a@example.org> SIZE=11", "552 5.3.4"),
        ("MAIL FROM:<a@example.org> SIZE=10", "250 2.1.0"),
        ("RCPT TO:<b@example.com>", "250 2.1.5"),
        ("RCPT TO:<c@example.com>", "250 2.1.5"),
        ("RCPT TO:<d@example.com>", "452 4.5.3"),
        ("DATA", "354 "),
        ("12345678\r\n.", "250 2.0.0"),
        ("MAIL FROM:<a@example.org>", "250 2.1.0"),
        ("RCPT TO:<b@example.com>", "250 2.1.5"),
        ("DATA", "354 "),
        ("123456789\r\n.", "552 5.3.4"),
        ("MAIL FROM:<a@example.org>", "250 2.1.0"),
        ("RCPT TO:<b@example.com>", "250 2.1.5"),
        ("BDAT 8\r\n123456", "250 2.0.0"),
        ("BDAT 3\r\n1", "552 5.3.4"),
        ("BDAT 3 LAST\r\n1", "503 5.5.1"),
        ("MAIL FROM:<a@example.org>", "421 4.7.0"),
    ]);
    assert!(talk.closed());
    assert_eq!(talk.host.events, [Event::Abandoned, Event::Abandoned]);
}

#[test]
fn refusals_of_the_host() {
    let full = Reply::new(452, (4, 3, 1), "The disk is full");
    for (name, data) in [("Begin", false), ("Content", true), ("End", true)] {
        let mut talk = Talk::new(smtp());
        talk.expect(&ENVELOPE);
        talk.host.refuse = Some((name, full.clone()));
        if data {
            talk.expect(&[("DATA", "354 "), ("one\r\ntwo\r\n.", "452 4.3.1 The disk is full\r\n")]);
        } else {
            talk.expect(&[("DATA", "452 4.3.1 The disk is full\r\n"), ("RSET", "250")]);
        }
        talk.host.refuse = None;
        talk.host.forget();
        talk.expect(&ENVELOPE[1..]);
        talk.host.refuse = Some((name, full.clone()));
        talk.expect(&[("BDAT 8 LAST\r\n123456", "452 4.3.1 The disk is full\r\n")]);
        assert_eq!(talk.host.events.is_empty(), name == "End");
        talk.host.refuse = None;
        talk.host.forget();
        talk.expect(&ENVELOPE[1..]);
    }
}

#[test]
fn a_client_that_is_turned_away() {
    let mut talk = Talk::new(smtp());
    let server = Server::new(START, Arc::new(smtp()), Entropy::from_seed([7; 32]));
    talk.server = server;
    talk.host.refuse = Some(("Connect", Reply::new(554, (5, 7, 1), "Not you")));
    talk.said.clear();
    talk.settle();
    assert_eq!(talk.said, b"554 5.7.1 Not you\r\n");
    talk.expect(&[("EHLO x", "503 5.5.1"), ("NOOP", "503 5.5.1"), ("QUIT", "221 2.0.0")]);
    assert!(talk.closed());

    let mut talk = Talk::new(smtp());
    talk.host.refuse = Some(("Mail", Reply::new(421, (4, 7, 1), "Come back later")));
    talk.expect(&[("EHLO x", "250-"), ("MAIL FROM:<>", "421 4.7.1")]);
    assert!(talk.closed());
}

#[test]
fn silence_and_shutdown() {
    let mut talk = ready_for_data(smtp());
    let idle = Limits::DEFAULT.smtp_idle;
    assert_eq!(talk.server.poll_timeout(), Some(talk.now + idle));
    talk.now = talk.now + (idle - Duration::from_secs(1));
    talk.server.handle_timeout(talk.now);
    talk.octets(b"still here\r\n");
    assert!(!talk.closed());
    talk.said.clear();
    talk.wait_until_due();
    assert_eq!(talk.said, b"421 4.4.2 You were silent for too long\r\n");
    assert!(talk.closed());
    assert_eq!(talk.host.events, [Event::Abandoned]);

    let mut talk = ready_for_data(smtp());
    talk.server.handle_shutdown(talk.now);
    talk.settle();
    assert!(!talk.closed());
    let reply = talk.octets(b"last words\r\n.\r\n");
    assert!(reply.starts_with("250 2.0.0 ") && reply.contains("\r\n421 4.3.2 "), "{reply}");
    assert!(talk.closed());

    let mut talk = Talk::new(smtp());
    talk.server.handle_shutdown(talk.now);
    talk.settle();
    assert!(talk.closed());
}

#[test]
fn a_client_that_leaves() {
    for sent in [
        "",
        "MAIL FROM:<",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nx\r\n",
    ] {
        let mut talk = Talk::new(smtp());
        talk.octets(b"EHLO x\r\n");
        talk.octets(sent.as_bytes());
        talk.server.handle_eof(talk.now);
        talk.settle();
        assert!(talk.closed());
        assert_eq!(talk.host.events.len(), usize::from(sent.ends_with('\n')), "{sent}");
        assert!(talk.host.delivered.is_empty());
    }
}

#[test]
fn nonsense_is_borne_up_to_a_point() {
    let mut talk = Talk::new(smtp());
    for _ in 1..Limits::DEFAULT.smtp_bad_commands {
        talk.expect(&[("XYZZY", "500 5.5.2")]);
    }
    let reply = talk.line("XYZZY");
    assert!(reply.contains("421 4.7.0 Too many errors\r\n"), "{reply}");
    assert!(talk.closed());

    let mut talk = Talk::new(smtp());
    let reply = talk.octets(b"POST / HTTP/1.1\r\nHost: mx\r\n\r\nMAIL FROM:<>\r\n");
    assert_eq!(reply, "502 5.7.0 This is SMTP, not HTTP\r\n");
    assert!(talk.closed());

    let mut talk = Talk::new(smtp());
    talk.expect(&[("NOOP\0", "500 5.5.2"), ("NO\rOP", "500 5.5.2"), ("RSET", "250")]);
    assert!(talk.octets(b"RSET\n").starts_with("500 5.5.2"));
    assert!(talk.octets(&[0xff, b'\r', b'\n']).starts_with("500 5.5.2"));
}

#[test]
fn lines_that_never_end_cost_no_memory() {
    let mut talk = Talk::new(smtp());
    for _ in 0..1_000 {
        talk.octets(&[b'x'; 4_096]);
        assert!(talk.server.inbox.is_empty());
    }
    talk.expect(&[("", "500 5.5.2 Line too long\r\n"), ("NOOP", "250")]);
    let longest = format!("NOOP {}", "x".repeat(2_048 - 7));
    talk.expect(&[(&longest, "250"), (&(longest.clone() + "x"), "500 5.5.2 Line too long")]);
}
