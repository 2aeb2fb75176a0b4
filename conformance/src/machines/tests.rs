use super::{MACHINES, build};
use crate::runner::replay;
use crate::transcript::Transcript;

fn read(text: &str) -> Transcript {
    Transcript::parse("t.txt", text).unwrap()
}

#[test]
fn every_machine_begins_without_configuration() {
    for (name, _) in MACHINES {
        let built = build(&read(&format!("machine {name}\n")));
        assert!(built.is_ok(), "{name}: {:?}", built.err());
    }
}

#[test]
fn what_is_wrong_with_a_configuration_is_named_with_its_line() {
    let section = "-- one --\nSubject: one\n";
    for (text, line, part) in [
        ("\nmachine smtp\n", 2, "there is no machine `smtp`; there are: smtp-server, "),
        (
            "machine smtp-server\nconfig relais x\n",
            2,
            "there is no `config relais` here; there are: ",
        ),
        ("machine smtp-server\nconfig extensions XYZZY\n", 2, "XYZZY"),
        ("machine smtp-server\nconfig limit recipients many\n", 2, "a limit is a number"),
        ("machine smtp-server\nconfig limit recipient 3\n", 2, "unknown field `recipient`"),
        ("machine smtp-server\nconfig channel wet\n", 2, "a channel is clear"),
        ("machine smtp-server\nconfig tls maybe\n", 2, "neither on nor off"),
        ("machine pop3-server\nconfig message gone\n", 2, "there is no section `-- gone --`"),
        ("machine pop3-server\nconfig mechanisms CRAM-MD5\n", 2, "`CRAM-MD5` is no mechanism"),
        ("machine imap-server\nconfig mailbox alice Box\n", 2, "`alice`: there is no @ in it"),
        ("machine imap-server\nconfig mailbox a@b.c a/b\n", 2, "`a/b`: "),
        ("machine imap\nconfig message one a@b.c INBOX \\Odd\n", 2, "no such flag"),
        ("machine imap\nconfig message one a@b.c Box\n", 2, "no such mailbox"),
        ("machine mta\nconfig user alice\n", 2, "`alice`: there is no @ in it"),
        ("machine mta\nconfig peer nobody\n", 2, "a peer is an address"),
        (
            "machine mta\nconfig alias a b@elsewhere.example\n",
            1,
            "only addresses in a local domain",
        ),
        ("machine mta-outbound\nconfig message one\n", 2, "a reverse-path and forward-paths"),
        ("machine mta-outbound\nconfig message gone <> <a@b.c>\n", 2, "no section `-- gone --`"),
        ("machine mta-outbound\nconfig protection wet\n", 2, "protection is none, may or"),
        ("machine mta\nconfig seed 256\n", 2, "a seed is a number below 256"),
    ] {
        let wrong = build(&read(&format!("{text}{section}"))).err().expect(text);
        assert_eq!(wrong.line, line, "{text}: {wrong}");
        assert!(wrong.problem.contains(part), "{text}: {wrong}");
    }
}

#[test]
fn what_is_no_answer_is_named_with_the_answers_there_are() {
    for (text, line, part) in [
        (
            "machine smtp-server\nS: [...]\nC: EHLO x\n> hello EHLO x\n< perhaps\nS: [...]\n",
            4,
            "`perhaps` is no answer here; there are: ok, accept, ",
        ),
        (
            "machine pop3-server\nS: [...]\nC: USER a\nC: PASS b\n> password a b\n< maybe\nS: [...]\n",
            5,
            "`maybe` is no answer here; there are: accept",
        ),
        (
            "machine mta\nconfig user a@mx.example.com\nS: [...]\nC: HELO x\nC: MAIL FROM:<>\n\
             C: RCPT TO:<a@mx.example.com>\nC: DATA\n> begin a@mx.example.com INBOX\n< broken\nS: [...]\n",
            8,
            "`broken` is no answer here; there are: ok, ",
        ),
    ] {
        let failure = replay(&read(text), &build, 1).expect_err(text);
        assert_eq!(failure.line, line, "{failure}");
        assert!(failure.problem.contains(part), "{failure}");
    }
}
