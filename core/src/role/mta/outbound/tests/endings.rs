//! How connections end, and what becomes of the message that was in hand.

use super::*;

fn to_bob() -> Dialogue {
    Dialogue::to(&["<bob@example.net>"])
}

const UNREACHED: [(&str, &str); 8] = [
    ("554 No mail here\r\n", "4.0.0 mx.example.net [192.0.2.1] 554 No mail here"),
    ("421 4.3.2 Closing\r\n", "4.3.2 mx.example.net [192.0.2.1] 421 4.3.2 Closing"),
    ("HTTP/1.1 400 Bad\r\n", "4.5.0 mx.example.net [192.0.2.1] greeting: what the server"),
    ("<eof>", "4.4.2 mx.example.net [192.0.2.1] greeting: the connection was lost"),
    ("<late>", "4.4.2 mx.example.net [192.0.2.1] greeting: the server took too long"),
    ("250 hi\r\n", "4.5.0 mx.example.net [192.0.2.1] greeting: the reply makes no"),
    ("\r\n", "4.5.0 mx.example.net [192.0.2.1] greeting: what the server sent"),
    ("\0\u{1}\u{ff}\r\n220 hi\r\n", "4.5.0 mx.example.net [192.0.2.1] greeting: what the"),
];

#[test]
fn a_host_that_can_not_be_spoken_to() {
    for (greeting, outcome) in UNREACHED {
        let mut turns = vec![("", greeting)];
        if greeting.starts_with("554") || greeting.starts_with("250") {
            turns.push((QUIT, BYE));
        }
        let told = to_bob().hold(&turns);
        assert!(told.starts_with(&format!("failed deferred {outcome}")), "{told}");
    }
    let endless = "220-on and on\r\n".repeat(200);
    let told = to_bob().hold(&[("", &endless)]);
    assert!(told.contains("4.5.0") && told.ends_with("greeting: the reply is too long"), "{told}");
    let endless = "x".repeat(100_000);
    assert!(to_bob().hold(&[("", &endless)]).starts_with("failed deferred 4.5.0"));
}

const OFFERED: &str = "250-mx\r\n250 STARTTLS\r\n";
const START: (&str, &str) = ("STARTTLS\r\n", "220 go\r\n");

#[test]
fn tls_that_fails_is_told_apart() {
    let greeting = [("", "220 hi\r\n"), (HELLO, OFFERED)];
    let turns = [&greeting[..], &[START, ("", "<no tls>")]].concat();
    let told = to_bob().with(Protection::May).hold(&turns);
    let failed = "mx.example.net [192.0.2.1] STARTTLS: the TLS handshake failed: bad certificate";
    assert_eq!(told, format!("no tls deferred 4.7.5 {failed}"));
    let reports = to_bob().with(Protection::May).hold_in_pieces(&turns, 1).world.reports;
    let why = "host=mx.example.net reason=\"bad certificate\" carrier=7";
    assert!(reports.contains(&format!("tls-failed id={} {why}", id_of(1))), "{reports:#?}");
    // Octets that were put behind the reply are no reason to do without TLS.
    let injected = [("STARTTLS\r\n", "220 go\r\n250 x\r\n")];
    let room = to_bob()
        .with(Protection::May)
        .hold_in_pieces(&[&greeting[..], &injected].concat(), usize::MAX);
    assert!(room.world.told[0].starts_with("failed deferred 4.7.0"), "{:?}", room.world.told);
    let turns = [("", "220 hi\r\n"), (HELLO, "250 mx\r\n"), (QUIT, BYE)];
    let told = to_bob().with(Protection::Require).hold(&turns);
    assert!(told.starts_with("failed deferred 4.7.4 mx.example.net"), "{told}");
}

#[test]
fn tls_that_is_offered_is_used() {
    let greeting = [("", "220 hi\r\n"), (HELLO, OFFERED), START, ("", "<tls>")];
    let turns = [(HELLO, "250 mx\r\n"), (MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, OK)];
    let turns = [&greeting[..], &turns].concat();
    for protection in [Protection::May, Protection::Require] {
        let dialogue = to_bob().with(protection);
        assert_eq!(dialogue.hold(&turns), "remove\ncarried 1 Gone");
        let reports = dialogue.hold_in_pieces(&turns, usize::MAX).world.reports;
        let with_tls = |it: &&String| it.contains("tls=TLS_X");
        assert_eq!(reports.iter().filter(with_tls).count(), 2, "{reports:#?}");
    }
    let told = to_bob().hold(&[("", "220 hi\r\n"), (HELLO, OFFERED), (MAIL, "<eof>")]);
    assert!(told.starts_with("failed"), "where it is not wanted, it is not used: {told}");
}

fn tim() -> Credentials {
    let password = String::from("tanstaaf").into();
    Credentials::Password { authcid: "tim".into(), authzid: None, password }
}

#[test]
fn a_password_is_told_in_tls_alone() {
    let mut dialogue = to_bob();
    dialogue.route.credentials = Some(tim());
    let hello = "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
    let told = dialogue.hold(&[("", "220 hi\r\n"), (HELLO, hello), (QUIT, BYE)]);
    assert!(told.starts_with("failed deferred 4.7.0"), "{told}");
    let auth = "AUTH PLAIN AHRpbQB0YW5zdGFhZg==\r\n";
    let secured = [("", "220 hi\r\n"), (HELLO, hello), START, ("", "<tls>"), (HELLO, hello)];
    let dialogue = dialogue.with(Protection::Require);
    let turns = [(auth, "235 2.7.0 in\r\n"), (MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, OK)];
    assert_eq!(dialogue.hold(&[&secured[..], &turns].concat()), "remove\ncarried 1 Gone");
    let turns = [(auth, "535 5.7.8 Wrong\r\n"), (QUIT, BYE)];
    let turns = [&secured[..], &turns].concat();
    let refused = "failed deferred 4.7.8 mx.example.net [192.0.2.1] 535 5.7.8 Wrong";
    assert_eq!(dialogue.hold(&turns), refused);
    let reports = dialogue.hold_in_pieces(&turns, usize::MAX).world.reports;
    assert!(!reports.iter().any(|it| it.contains("AHRpbQ") || it.contains("tanstaaf")));
}

#[test]
fn on_loopback_a_password_may_be_told_if_that_is_configured() {
    let mut dialogue = to_bob();
    let mut site = Site::clone(&dialogue.site);
    site.config.auth.cleartext = config::Cleartext::Loopback;
    dialogue.site = Arc::new(site);
    dialogue.route.credentials = Some(tim());
    dialogue.address = [127, 0, 0, 1].into();
    let told = dialogue.hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250 AUTH PLAIN\r\n"),
        ("AUTH PLAIN AHRpbQB0YW5zdGFhZg==\r\n", "235 2.7.0 in\r\n"),
        (MAIL, OK),
        (BOB, OK),
        (DATA, GO),
        (STUFFED, OK),
    ]);
    assert_eq!(told, "remove\ncarried 1 Gone");
}

#[test]
fn a_connection_is_used_again() {
    let next = [("", "<carry>"), (MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, OK)];
    let turns = carried(&[&next[..], &[("", "<quit>"), (QUIT, BYE)]].concat());
    assert_eq!(to_bob().hold(&turns), "remove\ncarried 1 Gone\nremove\ncarried 2 Gone\nclosed");
}

#[test]
fn a_message_that_was_not_begun_goes_back_untried() {
    for turns in [
        // The connection went before the message came, or just then.
        &[("", "<carry>"), (MAIL, "<eof>")][..],
        &[("", "<carry>"), (MAIL, "421 4.4.2 Idle for too long\r\n")],
        &[("", "<carry>"), (MAIL, "<late>")],
        &[("", "<carry>"), (MAIL, "garbage\r\n")],
        &[("", "<eof>")],
        &[("", "421 4.4.2 Idle for too long\r\n")],
    ] {
        let told = to_bob().hold(&carried(turns));
        assert_eq!(told, "remove\ncarried 1 Gone\nclosed", "{turns:?}");
    }
    // The first message on a connection is evidence against the host.
    for then in ["<eof>", "421 4.7.0 Too many connections\r\n", "<late>", "garbage\r\n"] {
        let told = to_bob().hold(&opened(&[(MAIL, then)]));
        assert!(told.starts_with("failed deferred 4."), "{told}");
    }
}

#[test]
fn a_connection_lost_in_the_middle() {
    let stages: [(&[(&str, &str)], &str); 6] = [
        (&[(MAIL, OK), (BOB, "<eof>")], "4.4.2 mx.example.net [192.0.2.1] RCPT: the connection"),
        (&[(MAIL, OK), (BOB, OK), (DATA, "<eof>")], "4.4.2 mx.example.net [192.0.2.1] DATA: "),
        (
            &[(MAIL, OK), (BOB, OK), (DATA, "421 Off\r\n")],
            "4.0.0 mx.example.net [192.0.2.1] 421 Off",
        ),
        // RFC 5321 §6.1: a duplicate rather than a loss.
        (
            &[(MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, "<eof>")],
            "4.4.2 mx.example.net [192.0.2.1] end of content: ",
        ),
        (
            &[(MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, "<late>")],
            "4.4.2 mx.example.net [192.0.2.1] end of content: ",
        ),
        (
            &[(MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, "garbage\r\n")],
            "4.5.0 mx.example.net [192.0.2.1] end of content: ",
        ),
    ];
    for (turns, outcome) in stages {
        let told = to_bob().hold(&opened(turns));
        assert!(told.starts_with(&format!("note [0] deferred {outcome}")), "{told}");
        assert!(told.ends_with("\ncarried 1 Deferred { report: false }\nclosed"), "{told}");
    }
}

#[test]
fn what_is_left_of_a_message_is_tried_at_once_if_something_was_settled() {
    let to = ["<bob@example.net>", "<carol@example.net>"];
    let first = [(MAIL, OK), (BOB, OK), (CAROL, "452 4.5.3 Many\r\n"), (DATA, GO), (STUFFED, OK)];
    let note = "note [0] relayed 2.0.0 mx.example.net [192.0.2.1] 250 2.0.0 Ok";
    let turns = opened(&[&first[..], &[(MAIL, "<eof>")]].concat());
    assert_eq!(Dialogue::to(&to).hold(&turns), format!("{note}\nclosed"));
    // RFC 9422 §4.1.
    let mut turns = opened(&[&first[..], &[(QUIT, BYE)]].concat());
    turns[1].1 = "250-mx\r\n250 LIMITS MAILMAX=1\r\n";
    assert_eq!(Dialogue::to(&to).hold(&turns), format!("{note}\nclosed"));
}

#[test]
fn what_is_left_of_a_message_waits_if_nothing_was() {
    let mut dialogue = Dialogue::to(&["<bob@example.net>", "<carol@example.net>"]);
    let mut site = Site::clone(&dialogue.site);
    site.config.limits.client_recipients = 1;
    dialogue.site = Arc::new(site);
    let first = [(MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, "451 4.3.0 Later\r\n")];
    let mut turns = opened(&[&first[..], &[(QUIT, BYE)]].concat());
    turns[1].1 = "250-mx\r\n250 LIMITS MAILMAX=1\r\n";
    let expected = "note [0] deferred 4.3.0 mx.example.net [192.0.2.1] 451 4.3.0 Later
note [1] deferred 4.5.0 mx.example.net [192.0.2.1] between transactions: the server takes no more \
messages in one connection
carried 1 Deferred { report: false }
closed";
    assert_eq!(dialogue.hold(&turns), expected);
}

#[test]
fn a_shutdown_lets_what_was_begun_end() {
    let shutdown = ("", "<shutdown>");
    let untried: [&[(&str, &str)]; 3] = [
        &[shutdown],
        &[("", "220 hi\r\n"), (HELLO, "<shutdown>")],
        &[("", "220 hi\r\n"), (HELLO, OFFERED), ("STARTTLS\r\n", "<shutdown>")],
    ];
    for turns in untried {
        assert_eq!(to_bob().with(Protection::May).hold(turns), "closed", "{turns:?}");
    }
    let gone = "remove\ncarried 1 Gone\nclosed";
    assert_eq!(to_bob().hold(&carried(&[shutdown, (QUIT, BYE)])), gone);
    let rest = [("", OK), (BOB, OK), (DATA, GO), (STUFFED, OK), (QUIT, BYE)];
    let begun = opened(&[&[(MAIL, "<shutdown>")], &rest[..]].concat());
    assert_eq!(to_bob().hold(&begun), gone);
    let sent = sent(&[(STUFFED, "<shutdown>"), ("", OK), (QUIT, BYE)]);
    assert_eq!(to_bob().hold(&sent), gone);
    // Of two transactions, the second one is not begun.
    let turns = opened(&[
        (MAIL, OK),
        (BOB, OK),
        (CAROL, "452 4.5.3 Many\r\n"),
        (DATA, GO),
        (STUFFED, "<shutdown>"),
        ("", OK),
        (QUIT, BYE),
    ]);
    let told = Dialogue::to(&["<bob@example.net>", "<carol@example.net>"]).hold(&turns);
    assert!(told.starts_with("note [0] relayed") && told.ends_with("\nclosed"), "{told}");
    assert!(!told.contains("carried"), "{told}");
}

#[test]
fn a_quit_lets_the_message_in_hand_go_first() {
    let gone = "remove\ncarried 1 Gone\nclosed";
    let whole = [(MAIL, OK), (BOB, OK), (DATA, GO), (STUFFED, OK), (QUIT, BYE)];
    let turns = [&[("", "<quit>")], &opened(&whole)[..]].concat();
    assert_eq!(to_bob().hold(&turns), gone);
    let turns = sent(&[(STUFFED, "<quit>"), ("", OK), (QUIT, "<eof>")]);
    assert_eq!(to_bob().hold(&turns), gone, "who hangs up instead of a good-bye is fine");
    // A message that comes too late goes back.
    let turns = carried(&[("", "<quit>"), (QUIT, "<carry>"), ("", BYE)]);
    assert_eq!(to_bob().hold(&turns), gone);
}

#[test]
fn a_spool_that_fails() {
    use spool::Request::{Load, Read, Record, Remove};
    let io = || store::Failure::Io("EIO".into());
    let leave = [("", "<quit>"), (QUIT, BYE)];
    let load: Which = |it| matches!(it, Load(_));
    let told = to_bob().failing(load, io()).hold(&opened(&leave));
    assert_eq!(told, "carried 1 Unknown\nclosed");
    let told = to_bob().failing(load, store::Failure::NoMessage).hold(&opened(&leave));
    assert_eq!(told, "carried 1 Gone\nclosed");
    let told = to_bob().failing(|it| matches!(it, Read { .. }), io()).hold(&sent(&[]));
    let note = "note [0] deferred 4.3.0 - content: the content broke off";
    assert_eq!(told, format!("{note}\ncarried 1 Deferred {{ report: false }}\nclosed"));
    let mut chunk = opened(&[(MAIL, OK), (BOB, OK), ("BDAT 23 LAST\r\n", "<eof>")]);
    chunk[1].1 = "250-mx\r\n250 CHUNKING\r\n";
    let told = to_bob().failing(|it| matches!(it, Read { .. }), io()).hold(&chunk);
    assert!(told.starts_with(note), "{told}");
    let note: Which = |it| matches!(it, Record { .. } | Remove(_));
    let told = to_bob().failing(note, store::Failure::NoMessage).hold(&carried(&leave));
    assert_eq!(told, "carried 1 Gone\nclosed");
}

#[test]
fn what_could_not_be_noted_is_noted_later_and_the_message_not_sent_again() {
    use spool::Request::{Record, Remove};
    let full: Which = |it| matches!(it, Record { .. } | Remove(_));
    let full = || to_bob().failing(full, store::Failure::Full);
    let again = [("", "<soon>"), ("", "<soon>"), ("", "<room>"), ("", "<soon>")];
    for (before, after, end) in [
        (vec![], vec![("", "<quit>"), (QUIT, BYE)], "\nclosed"),
        (vec![("", "<quit>")], vec![(QUIT, BYE)], "\nclosed"),
        (vec![("", "<eof>")], vec![], "\nclosed"),
    ] {
        let told = full().hold(&carried(&[&before[..], &again, &after].concat()));
        assert_eq!(told, format!("remove\ncarried 1 Gone{end}"));
    }
    let refused = sent(&[(STUFFED, "450 4.2.0 Later\r\n")]);
    let told = full().hold(&[&refused[..], &again].concat());
    assert!(
        told.starts_with("note [0] deferred 4.2.0") && told.contains("carried 1 Def"),
        "{told}"
    );
    // Nobody can wait for ever: this is where it may come twice.
    let told = full().hold(&carried(&[("", "<soon>"), ("", "<shutdown>"), (QUIT, BYE)]));
    assert_eq!(told, "carried 1 Unknown\nclosed");
}

#[test]
fn content_that_is_not_as_long_as_it_was_is_not_finished() {
    let twice = STUFFED.trim_end_matches(".\r\n").repeat(2);
    for (content, said) in [("Subject: d", "Subject: d"), (&CONTENT.repeat(2), &twice)] {
        let mut dialogue = to_bob();
        dialogue.content = content.into();
        let told = dialogue.hold(&sent(&[(said, "<eof>")]));
        assert!(told.starts_with("note [0] deferred 4.3.0 - content: "), "{told}");
    }
}

#[test]
fn a_spool_that_takes_its_time() {
    let loaded = [("", "<answer>"), (MAIL, OK), (BOB, OK), (DATA, GO), ("", "<answer>")];
    let noted = [(STUFFED, OK), ("", "<answer>")];
    let whole = opened(&[&loaded[..], &noted].concat());
    assert_eq!(to_bob().slow().hold(&whole), "remove\ncarried 1 Gone");
    // The connection ends meanwhile: what was asked is of no interest any more, or is still noted.
    let turns = opened(&[("", "<eof>"), ("", "<answer>")]);
    let told = to_bob().slow().hold(&turns);
    assert!(told.starts_with("failed deferred 4.4.2"), "{told}");
    let turns = opened(&[("", "<shutdown>"), (QUIT, "<answer>"), ("", BYE)]);
    assert_eq!(to_bob().slow().hold(&turns), "closed");
    let reading = opened(&[&loaded[..4], &[("", "<eof>"), ("", "<answer>")]].concat());
    let room = to_bob().slow().hold_in_pieces(&reading, usize::MAX);
    assert_eq!(room.world.told, Vec::<String>::new(), "the answer to a question that is stale");
    assert_eq!(room.agent.wants(), Wants::Nothing);
    let noting = [(STUFFED, OK), ("", "<eof>"), ("", "<answer>")];
    let told = to_bob().slow().hold(&opened(&[&loaded[..], &noting].concat()));
    assert_eq!(told, "remove\ncarried 1 Gone\nclosed");
}
