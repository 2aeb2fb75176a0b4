//! What becomes of recipients.

use super::*;

#[test]
fn one_recipient_and_the_message_is_gone() {
    let dialogue = Dialogue::to(&["<bob@example.net>"]);
    let turns = carried(&[("", "<quit>"), (QUIT, BYE)]);
    assert_eq!(dialogue.hold(&turns), "remove\ncarried 1 Gone\nclosed");
    let reports = dialogue.hold_in_pieces(&turns, usize::MAX).world.reports;
    let id = id_of(1);
    let relayed = format!(
        "relayed id={id} to=<bob@example.net> destination=example.net host=mx.example.net \
         address=192.0.2.1 tls=none status=2.0.0 reply=\"250 2.0.0 Ok\" carrier=7"
    );
    assert!(reports.contains(&relayed), "{reports:#?}");
    let connected = format!(
        "connected id={id} host=mx.example.net address=192.0.2.1 tls=none greeting=\"220 \
         mx.example.net hi\" carrier=7"
    );
    assert!(reports.contains(&connected), "{reports:#?}");
    for line in ["S: 220 mx.example.net hi", "C: QUIT", "# 23 octets of content"] {
        let dialogue = format!("dialogue id={id} line={line:?} carrier=7");
        assert!(reports.contains(&dialogue), "{reports:#?}");
    }
}

#[test]
fn each_recipient_has_its_own_outcome() {
    let to = ["<bob@example.net>", "<no@example.net>", "<carol@example.net>", "<x@example.net>"];
    let told = Dialogue::to(&to).hold(&opened(&[
        (MAIL, OK),
        (BOB, OK),
        ("RCPT TO:<no@example.net>\r\n", "550-5.1.1 No such user\r\n550 5.1.1 Sorry\r\n"),
        (CAROL, OK),
        ("RCPT TO:<x@example.net>\r\n", "450 Greylisted\r\n"),
        (DATA, GO),
        (STUFFED, "250 taken\r\n"),
    ]));
    let expected = "note [1] failed 5.1.1 mx.example.net [192.0.2.1] 550 5.1.1 No such user\\nSorry
note [3] deferred 4.0.0 mx.example.net [192.0.2.1] 450 Greylisted
note [0, 2] relayed 2.0.0 mx.example.net [192.0.2.1] 250 taken
carried 1 Deferred { report: true }";
    assert_eq!(told, expected);
}

#[test]
fn only_who_goes_there_and_is_pending() {
    let to = ["<bob@example.net>", "<eve@example.com>", "<carol@example.net>"];
    let mut dialogue = Dialogue::to(&to);
    let done = Outcome::ours(Action::Relayed, (2, 0, 0), "done");
    dialogue.entries[0].settle(NOW, Duration::MAX, vec![(vec![2], done)]);
    let told = dialogue.hold(&carried(&[]));
    let note = "note [0] relayed 2.0.0 mx.example.net [192.0.2.1] 250 2.0.0 Ok";
    assert_eq!(told, format!("{note}\ncarried 1 Settled {{ report: false }}"));
    let nobody = Dialogue::to(&["<eve@example.com>"]).hold(&opened(&[("", "<quit>"), (QUIT, BYE)]));
    assert_eq!(nobody, "carried 1 Elsewhere\nclosed");
}

/// So many recipients, and what the server is told and says of them in transactions of so many.
fn many(count: usize, each: usize) -> (Vec<String>, Vec<(String, String)>) {
    let to: Vec<String> = (0..count).map(|it| format!("<u{it}@example.net>")).collect();
    let mut turns = Vec::new();
    for group in to.chunks(each) {
        turns.push((MAIL.into(), OK.into()));
        turns.extend(group.iter().map(|it| (format!("RCPT TO:{it}\r\n"), OK.into())));
        turns.extend([(DATA.into(), GO.into()), (STUFFED.into(), OK.into())]);
    }
    (to, turns)
}

#[test]
fn many_recipients_take_several_transactions() {
    let (to, turns) = many(150, 100);
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let turns: Vec<_> = turns.iter().map(|(one, two)| (one.as_str(), two.as_str())).collect();
    let told = Dialogue::to(&to).hold(&opened(&turns));
    let (first, rest) = told.split_once('\n').unwrap();
    assert!(first.starts_with("note [0, 1, ") && first.contains(", 99] relayed"), "{first}");
    assert_eq!(rest, "remove\ncarried 1 Gone");
}

#[test]
fn who_is_one_too_many_follows_at_once() {
    let to = ["<bob@example.net>", "<carol@example.net>"];
    let many = ["452 4.5.3 Too many\r\n", "452 Too many\r\n", "552 5.5.3 Too many\r\n"];
    for too_many in many {
        let told = Dialogue::to(&to).hold(&opened(&[
            (MAIL, OK),
            (BOB, OK),
            (CAROL, too_many),
            (DATA, GO),
            (STUFFED, OK),
            (MAIL, OK),
            (CAROL, OK),
            (DATA, GO),
            (STUFFED, OK),
        ]));
        let note = "note [0] relayed 2.0.0 mx.example.net [192.0.2.1] 250 2.0.0 Ok";
        assert_eq!(told, format!("{note}\nremove\ncarried 1 Gone"));
    }
    let limited = "250-mx.example.net\r\n250 LIMITS RCPTMAX=1\r\n";
    let turns = [("", "220 hi\r\n"), (HELLO, limited), (MAIL, OK), (BOB, OK), (DATA, GO)];
    let turns = [&turns[..], &[(STUFFED, OK), (MAIL, OK), (CAROL, OK), (DATA, GO), (STUFFED, OK)]];
    assert!(Dialogue::to(&to).hold(&turns.concat()).ends_with("remove\ncarried 1 Gone"));
}

#[test]
fn nobody_is_tried_for_ever() {
    let to = ["<bob@example.net>", "<carol@example.net>"];
    let told = Dialogue::to(&to).hold(&opened(&[
        (MAIL, OK),
        (BOB, "452 4.5.3 Too many\r\n"),
        (CAROL, "552 5.2.2 Mailbox full\r\n"),
        ("RSET\r\n", OK),
    ]));
    let expected = "note [0] deferred 4.5.3 mx.example.net [192.0.2.1] 452 4.5.3 Too many
note [1] deferred 4.2.2 mx.example.net [192.0.2.1] 552 5.2.2 Mailbox full
carried 1 Deferred { report: false }";
    assert_eq!(told, expected);
}

#[test]
fn what_an_earlier_transaction_put_off_is_not_settled_by_a_later_one() {
    let to = ["<bob@example.net>", "<x@example.net>", "<carol@example.net>"];
    let told = Dialogue::to(&to).hold(&opened(&[
        (MAIL, OK),
        (BOB, OK),
        ("RCPT TO:<x@example.net>\r\n", "450 4.2.0 Busy\r\n"),
        (CAROL, "452 4.5.3 Too many\r\n"),
        (DATA, GO),
        (STUFFED, OK),
        (MAIL, OK),
        (CAROL, OK),
        (DATA, GO),
        (STUFFED, OK),
    ]));
    assert!(told.ends_with("carried 1 Deferred { report: false }"), "{told}");
}

#[test]
fn reports_are_passed_on_to_who_knows_of_them() {
    let to =
        ["<bob@example.net> NOTIFY=SUCCESS ORCPT=rfc822;b+2Bb@example.org", "<carol@example.net>"];
    let mut dialogue = Dialogue::to(&to);
    let parameters = MailParameters::parse(b" RET=HDRS ENVID=e+2B1").unwrap();
    dialogue.entries[0].envelope.parameters = parameters;
    let told = dialogue.hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250-SIZE\r\n250 DSN\r\n"),
        ("MAIL FROM:<alice@example.org> SIZE=23 RET=HDRS ENVID=e+2B1\r\n", OK),
        ("RCPT TO:<bob@example.net> NOTIFY=SUCCESS ORCPT=rfc822;b+2Bb@example.org\r\n", OK),
        // RFC 3461 §5.2.1: nothing is added.
        (CAROL, OK),
        (DATA, GO),
        (STUFFED, OK),
    ]);
    assert_eq!(told, "remove\ncarried 1 Gone");
    // RFC 3461 §5.2.2: to who does not know, mail is relayed, which the sender is told.
    let mut turns = opened(&[(MAIL, OK), (BOB, OK), (CAROL, OK), (DATA, GO), (STUFFED, OK)]);
    let told = dialogue.hold(&turns);
    let note = "note [0, 1] relayed 2.0.0 mx.example.net [192.0.2.1] 250 2.0.0 Ok";
    assert_eq!(told, format!("{note}\ncarried 1 Settled {{ report: true }}"));
    // With somebody still to be tried, what is passed is noted as such.
    turns[1].1 = "250-mx\r\n250 DSN\r\n";
    turns[2].0 = "MAIL FROM:<alice@example.org> RET=HDRS ENVID=e+2B1\r\n";
    turns[3].0 = "RCPT TO:<bob@example.net> NOTIFY=SUCCESS ORCPT=rfc822;b+2Bb@example.org\r\n";
    turns[4].1 = "451 4.3.0 Later\r\n";
    let told = dialogue.hold(&turns);
    assert!(told.contains("note [0] passed 2.0.0"), "{told}");
}

#[test]
fn who_needs_utf8_fails_where_it_lacks() {
    let to = ["<bob@example.net>", "<bjørn@example.net>"];
    let told = Dialogue::to(&to).hold(&carried(&[]));
    assert!(
        told.contains("note [1] failed 5.6.7 mx.example.net [192.0.2.1] RCPT: the message needs")
    );
    let mut dialogue = Dialogue::to(&["<bob@example.net>"]);
    dialogue.entries[0].envelope.parameters.smtputf8 = true;
    let told = dialogue.hold(&opened(&[]));
    assert!(told.contains("note [0] failed 5.6.7 mx.example.net [192.0.2.1] MAIL: the"), "{told}");
    assert!(told.ends_with("carried 1 Settled { report: true }"), "{told}");
}

#[test]
fn more_words_than_anybody_reads_are_cut() {
    let line = format!("550-{}\r\n", "ü".repeat(500));
    let reply = format!("{}550 end\r\n", line.repeat(50));
    let mut turns = opened(&[(MAIL, OK), (BOB, OK), (DATA, GO)]);
    turns.push((STUFFED, &reply));
    let told = Dialogue::to(&["<bob@example.net>"]).hold(&turns);
    assert!(told.contains("note [0] failed 5.0.0") && told.len() < 3_000, "{}", told.len());
}

#[test]
fn content_that_must_not_be_sent_fails_at_our_door() {
    let mut dialogue = Dialogue::to(&["<bob@example.net>"]);
    dialogue.content = "Subject: x\r\n\r\na\nb\r\n".into();
    let told = dialogue.hold(&sent(&[]));
    assert!(told.starts_with("note [0] failed 5.6.0 - content: "), "{told}");
    assert!(told.ends_with("carried 1 Settled { report: true }\nclosed"), "{told}");
}
