use super::*;

/// Judges what was `heard`, responses with their commands, by the lines `expected` of a transcript.
fn judge(machine: &str, head: &str, expected: &[&str], heard: &[(&str, &str)]) -> bool {
    let text = format!("machine {machine}\n{head}\n");
    let transcript = Transcript::parse("test", &text).expect("a transcript");
    let capabilities = transcript.needs.iter().map(|setting| &*setting.value);
    let mut judge = Judge::new(&transcript, Names::default(), capabilities);
    let line = |text: &&str| Line { number: 1, text: text.as_bytes().to_vec() };
    let expected: Vec<Line> = expected.iter().map(line).collect();
    let response = |(command, octets): &(&str, &str)| Response {
        command: command.as_bytes().to_vec(),
        octets: octets.replace('\n', "\r\n").into_bytes(),
    };
    let heard: Vec<Response> = heard.iter().map(response).collect();
    let protocol = Protocol::of(machine).expect("a server");
    judge.compare(protocol, &expected, &heard).iter().all(|pair| pair.problem.is_none())
}

#[test]
fn of_smtp_the_codes_are_demanded() {
    let smtp = |head, expected: &[&str], heard: &[&str]| {
        let heard: Vec<(&str, &str)> = heard.iter().map(|reply| ("", *reply)).collect();
        judge("smtp-server", head, expected, &heard)
    };
    assert!(smtp("", &["250 2.1.0 Ok", "550 No"], &["250 Fine\n", "550-So\n550 sorry\n"]));
    assert!(!smtp("", &["501 5.5.4 Syntax"], &["555 Unknown\n"]));
    assert!(smtp("either 501 555", &["501 5.5.4 Syntax"], &["555 Unknown\n"]));
    assert!(smtp("", &["[...]", "250 Ok"], &["220 Hi\n", "250-me\n250 HELP\n", "250 Ok\n"]));
    assert!(!smtp("", &["250 Ok"], &["250 Ok\n", "250 Ok\n"]), "more");
    assert!(!smtp("", &["250 Ok", "221 Bye"], &["250 Ok\n"]), "less");
}

#[test]
fn of_pop3_the_status_and_the_data_are_demanded() {
    let pop3 =
        |expected: &[&str], heard: &[(&str, &str)]| judge("pop3-server", "", expected, heard);
    assert!(pop3(&["+OK 2 44"], &[("STAT", "+OK 2 44 octets or so\n")]));
    assert!(!pop3(&["+OK 2 44"], &[("STAT", "+OK 2 45\n")]));
    assert!(pop3(&["-ERR [IN-USE] No"], &[("PASS X", "-ERR maybe later\n")]));
    let listing = ["+OK two", "1 $one", "2 $two", "."];
    assert!(pop3(&listing, &[("UIDL", "+OK\n1 a\n2 b\n.\n")]));
    assert!(!pop3(&listing, &[("UIDL", "+OK\n1 a\n3 b\n.\n")]));
    let message = ["+OK 9 octets", "a: b", "", "..c", "."];
    assert!(pop3(&message, &[("RETR 1", "+OK here\na: b\n\n..c\n.\n")]));
    assert!(!pop3(&message, &[("RETR 1", "+OK here\na: b\n\n.c\n.\n")]));
}

#[test]
fn of_imap_statuses_codes_and_data_are_demanded() {
    let imap = |head, expected: &[&str], heard: &[&str]| {
        let heard: Vec<(&str, &str)> = heard.iter().map(|response| ("", *response)).collect();
        judge("imap-server", head, expected, &heard)
    };
    let fetch = r"* 1 FETCH (UID 7 FLAGS (\Seen \Recent) BODY[] {2}";
    for (good, expected, heard) in [
        (true, &["a OK Done"][..], &["a OK And so on\n"][..]),
        (false, &["a OK Done"], &["a NO Done\n"]),
        (false, &["a OK Done"], &["b OK Done\n"]),
        (true, &["a NO [CANNOT] No"], &["a NO Never\n"]),
        (false, &["a NO [TRYCREATE] No"], &["a NO Never\n"]),
        (false, &["a OK [READ-ONLY] Done"], &["a OK [READ-WRITE] Done\n"]),
        (
            true,
            &[fetch, "xy)", "a OK"],
            &["* 1 FETCH (BODY[] \"xy\" UID 7)\n", "* 1 FETCH (FLAGS (\\seen))\n", "a OK\n"],
        ),
        (
            false,
            &[fetch, "xy)", "a OK"],
            &["* 1 FETCH (BODY[] \"xz\" UID 7 FLAGS (\\Seen))\n", "a OK\n"],
        ),
        (
            false,
            &[fetch, "xy)", "a OK"],
            &["* 1 FETCH (BODY[] \"xy\" UID 7 FLAGS (\\Seen \\Draft))\n", "a OK\n"],
        ),
        (true, &["* SEARCH 1 2", "a OK"], &["* 5 EXISTS\n", "* SEARCH 2 1\n", "a OK\n"]),
        (false, &["* SEARCH 1 2", "a OK"], &["* SEARCH 1\n", "a OK\n"]),
        (false, &["a OK"], &["* 3 EXPUNGE\n", "a OK\n"]),
        (
            true,
            &["* 1 EXPUNGE", "* 2 EXPUNGE", "a OK"],
            &["* 3 EXPUNGE\n", "* 1 EXPUNGE\n", "a OK\n"],
        ),
        (
            false,
            &["* 1 EXPUNGE", "* 2 EXPUNGE", "a OK"],
            &["* 3 EXPUNGE\n", "* 2 EXPUNGE\n", "a OK\n"],
        ),
        (
            true,
            &["* LIST (\\HasChildren) \".\" Work", "a OK"],
            &["* LIST () \".\" \"Work\"\n", "a OK\n"],
        ),
        (
            true,
            &["* STATUS INBOX (UIDVALIDITY 1780315200 MESSAGES 2)", "a OK"],
            &["* STATUS INBOX (MESSAGES 2 UIDVALIDITY 9)\n", "a OK\n"],
        ),
        (true, &["[...]", "b OK"], &["* 1 EXPUNGE\n", "a OK\n", "b OK\n"]),
    ] {
        assert_eq!(imap("", expected, heard), good, "{expected:?} {heard:?}");
    }
    let appended = &["a OK [APPENDUID 1780315200 1] Done"];
    assert!(imap("", appended, &["a OK\n"]));
    assert!(!imap("needs capability UIDPLUS", appended, &["a OK\n"]));
    assert!(imap("needs capability UIDPLUS", appended, &["a OK [APPENDUID 7 1]\n"]));
    assert!(!imap("needs capability UIDPLUS", appended, &["a OK [APPENDUID 7 2]\n"]));
}
