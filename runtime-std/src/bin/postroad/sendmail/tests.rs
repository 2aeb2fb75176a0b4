use super::*;
use postroad_core::smtp::{Notify, Return};

fn options(text: &str) -> Result<Options, String> {
    Options::parse(text.split_whitespace().map(String::from))
}

fn letter(text: &str) -> Letter {
    Letter::read(text.as_bytes(), false, 1000).unwrap()
}

fn domain() -> Host {
    "example.org".parse().unwrap()
}

fn completed(text: &str) -> String {
    let mut letter = letter(text);
    letter.complete(&"Ann <ann@example.org>".parse().unwrap(), &domain());
    String::from_utf8(letter.header).unwrap()
}

#[test]
fn options_as_programs_give_them() {
    let none = Options::default;
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (text, expected) in [
        ("-t -i", Options { extract: true, dots: true, ..none() }),
        ("-ti", Options { extract: true, dots: true, ..none() }),
        ("-oi -oem -odb -B8BITMIME -Ac", Options { dots: true, ..none() }),
        (
            "-FCronDaemon -i -B8BITMIME -oem root",
            Options {
                name: Some("CronDaemon".into()),
                dots: true,
                recipients: names(&["root"]),
                ..none()
            },
        ),
        (
            "-f ann@example.org bob -t",
            Options {
                sender: Some("ann@example.org".into()),
                extract: true,
                recipients: names(&["bob"]),
                ..none()
            },
        ),
        (
            "-rann -- -t",
            Options { sender: Some("ann".into()), recipients: names(&["-t"]), ..none() },
        ),
        ("-tf<>", Options { extract: true, sender: Some("<>".into()), ..none() }),
        (
            "-N never -R hdrs -V id=1 -bm",
            Options {
                notify: Some(Notify::Never),
                ret: Some(Return::Headers),
                envid: Some("id=1".into()),
                ..none()
            },
        ),
        (
            "--server=mx:25 a",
            Options { server: Some("mx:25".parse().unwrap()), recipients: names(&["a"]), ..none() },
        ),
    ] {
        assert_eq!(options(text).unwrap(), expected, "{text}");
    }
    for text in ["-bs", "-bd", "-f", "-N sometimes", "-R half", "--serve", "-Z", "--server"] {
        assert!(options(text).is_err(), "{text}");
    }
    for (text, task) in
        [("a", Task::Mail), ("-bm a", Task::Mail), ("-bp", Task::List), ("-q30m", Task::Flush)]
    {
        assert_eq!(options(text).unwrap().task, task, "{text}");
    }
}

#[test]
fn messages_as_programs_pipe_them() {
    for (text, header, body) in [
        ("To: a\nX: b\r\n c\n\nHi\n.\nmore\n", "To: a\r\nX: b\r\n c\r\n", "Hi\r\n"),
        ("Hi there\nthis: is no field", "", "Hi there\r\nthis: is no field\r\n"),
        ("From ann Mon Nov 23\nTo: a\n\n\nHi", "To: a\r\n", "\r\nHi\r\n"),
        ("To: a\nHi\n", "To: a\r\n", "Hi\r\n"),
        ("To : a\n", "To : a\r\n", ""),
        ("\nTo: a\n", "", "To: a\r\n"),
        (" x\n", "", " x\r\n"),
        ("", "", ""),
    ] {
        let letter = letter(text);
        let read = [letter.header, letter.body].map(|it| String::from_utf8(it).unwrap());
        assert_eq!(read, [header, body], "{text:?}");
    }
    let dotted = Letter::read(&b"\n.\nmore\n"[..], true, 8).unwrap();
    assert_eq!(dotted.body, b".\r\nmore\r\n");
    let long = Letter::read(&b"\n.\nmore\n"[..], true, 7).unwrap_err();
    assert_eq!(long.kind(), ErrorKind::FileTooLarge);
}

#[test]
fn a_line_that_is_too_long_is_broken_between_characters() {
    let long = format!("\n{}{}\n", "x".repeat(996), "é".repeat(1_000));
    let body =
        String::from_utf8(Letter::read(long.as_bytes(), true, 10_000).unwrap().body).unwrap();
    let lines: Vec<&str> = body.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.len() <= 998));
    assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
    assert_eq!(body.replace("\r\n ", "").trim_end(), long.trim());
    let whole = format!("\n{}\n", "x".repeat(998));
    let whole = Letter::read(whole.as_bytes(), true, 10_000).unwrap();
    assert_eq!(whole.body.len(), 1_000);
}

#[test]
fn recipients_from_the_header() {
    let found = |text: &str| -> Result<String, String> {
        let all = letter(text).recipients(&domain())?;
        Ok(all.iter().map(Mailbox::to_string).collect::<Vec<_>>().join(" "))
    };
    for (text, expected) in [
        (
            "To: Bob <bob@example.com>, root\nCc: x@y.example,\n z@y.example\nBcc: q@y.example\n",
            "bob@example.com root@example.org x@y.example z@y.example q@y.example",
        ),
        ("To: a@x.example\nresent-to: b@x.example\n", "b@x.example"),
        ("To: undisclosed-recipients:;\nBcc: a@x.example\n", "a@x.example"),
        ("To: a@x.example\nBcc:\n", "a@x.example"),
        ("Subject: To: a@x.example\n", ""),
    ] {
        assert_eq!(found(text).unwrap(), expected);
    }
    for text in ["To: a@b@c\n", "To: root ann@example.org\n", "To: <ann@example.org\n", "To: <>\n"]
    {
        assert!(found(text).unwrap_err().starts_with("To: "), "{text}");
    }
}

#[test]
fn what_is_missing_is_added() {
    assert_eq!(
        completed("To: a@x.example\n"),
        "To: a@x.example\r\nFrom: \"Ann\" <ann@example.org>\r\n"
    );
    let cron = "From: \"(Cron Daemon)\" <root>\r\nTo: root\r\n";
    assert_eq!(
        completed(cron),
        "From: \"(Cron Daemon)\" <root@example.org>\r\nTo: <root@example.org>\r\n"
    );
    let whole = "From: Ann  <a@x.example>\r\nTo: Friends: b@x.example;\r\n";
    assert_eq!(completed(whole), whole);
}

#[test]
fn what_is_submitted_has_everything_but_bcc() {
    let mut letter = letter("Bcc: b@x.example\nSubject: Hi\n\nHi\n");
    let author: NameAddr = "ann@example.org".parse().unwrap();
    letter.complete(&author, &domain());
    let text = |letter: Letter| {
        content(letter, &author.mailbox).map(|it| String::from_utf8(it.read(0, 1000)).unwrap())
    };
    let content = text(letter.clone()).unwrap();
    let start = "Subject: Hi\r\nFrom: <ann@example.org>\r\nDate: ";
    assert!(content.starts_with(start), "{content}");
    assert!(
        content.contains("\r\nMessage-ID: <") && content.ends_with("@example.org>\r\n\r\nHi\r\n")
    );
    let twice = Letter { header: b"From: a@x.example\r\nFrom: b@x.example\r\n".into(), ..letter };
    assert_eq!(text(twice).unwrap_err().exit, Exit::Message);
}
