use super::page::Page;
use super::scribe::Scribe;
use crate::live::Protocol;
use crate::transcript::{End, Transcript};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A file in memory.
#[derive(Clone, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The transcript of a dialogue, whose pieces are said by `C` or `S`, cut into slices of `size` octets.
fn recorded(protocol: Protocol, dialogue: &[(char, &str)], size: usize, limit: u64) -> String {
    let sheet = Sheet::default();
    let mut scribe = Scribe::new(protocol, Page::new(Box::new(sheet.clone()), limit), false);
    for (who, text) in dialogue {
        for octets in text.as_bytes().chunks(size) {
            match who {
                'C' => scribe.hear_client(octets),
                _ => scribe.hear_server(octets),
            }
        }
        if scribe.takes_tls() {
            scribe.hear_tls();
        }
    }
    scribe.hear_end(End::Server);
    let text = sheet.0.lock().unwrap().clone();
    String::from_utf8(text).unwrap()
}

/// The same however it is cut.
fn record(protocol: Protocol, dialogue: &[(char, &str)]) -> String {
    let whole = recorded(protocol, dialogue, usize::MAX, u64::MAX);
    for size in 1..5 {
        assert_eq!(recorded(protocol, dialogue, size, u64::MAX), whole, "cut into {size}");
    }
    let text = format!("machine {}\nneeds nothing\n{whole}", protocol.role());
    Transcript::parse("recorded", &text).expect("a transcript");
    whole
}

#[test]
fn a_message_is_handed_over() {
    let text = record(
        Protocol::Submission,
        &[
            ('S', "220 mx.example.com ESMTP\r\n"),
            ('C', "EHLO me\r\n"),
            ('S', "250-mx.example.com\r\n250 AUTH PLAIN\r\n"),
            ('C', "AUTH PLAIN AGFubkBleGFtcGxlLmNvbQBvcGVuIHNlc2FtZQ==\r\n"),
            ('S', "235 2.7.0 Welcome\r\n"),
            ('C', "MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"),
            ('S', "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go on\r\n"),
            ('C', "Subject: hello\r\n\r\nAUTH PLAIN is no command here\r\n..\r\n.\r\nQUIT\r\n"),
            ('S', "250 2.0.0 Ok: queued as 4F7x\r\n221 2.0.0 Bye\r\n"),
        ],
    );
    assert_eq!(
        text,
        "S: 220 [..]\n\
         C: EHLO me\n\
         # 250-mx.example.com\n\
         # 250 AUTH PLAIN\n\
         S: [...]\n\
         C: AUTH PLAIN AGFubkBleGFtcGxlLmNvbQByZWRhY3RlZC1h\n\
         S: 235 2.7.0 [..]\n\
         config domains example.com\n\
         needs user ann@example.com redacted-a\n\
         C: MAIL FROM:<ann@example.com>\n\
         C: RCPT TO:<bob@example.org>\n\
         needs pipelining\n\
         C: DATA\n\
         S: 250 2.1.0 [..]\n\
         S: 250 2.1.5 [..]\n\
         config domains example.com example.org\n\
         needs user bob@example.org\n\
         S: 354 [..]\n\
         C: Subject: hello\n\
         C:\n\
         C: AUTH PLAIN is no command here\n\
         C: ..\n\
         C: .\n\
         C: QUIT\n\
         S: 250 2.0.0 [..]\n\
         S: 221 2.0.0 [..]\n\
         = close\n"
    );
}

#[test]
fn what_came_too_early_is_written_behind_the_answer() {
    let text = record(
        Protocol::Pop3,
        &[
            ('C', "CAPA\r\n"),
            ('S', "+OK hello\r\n"),
            ('C', "STAT\r\n"),
            ('S', "+OK\r\nUIDL\r\n.\r\n"),
            ('C', "QUIT\r\n"),
            ('S', "+OK 1 320\r\n+OK bye\r\n"),
        ],
    );
    assert_eq!(
        text,
        "S: +OK [..]\n\
         C: CAPA\n\
         C: STAT\n\
         needs pipelining\n\
         S: +OK\n\
         # UIDL\n\
         S: [...]\n\
         S: .\n\
         S: +OK 1 320\n\
         C: QUIT\n\
         S: +OK [..]\n\
         = close\n"
    );
}

#[test]
fn literals_keep_their_lengths_and_lose_their_secrets() {
    let text = record(
        Protocol::Imap,
        &[
            ('S', "* OK [CAPABILITY IMAP4rev1] hi\r\n"),
            ('C', "a LOGIN {15}\r\n"),
            ('S', "+ go on\r\n"),
            ('C', "ann@example.com {6}\r\n"),
            ('S', "+ go on\r\n"),
            ('C', "se\r\nam\r\n"),
            ('S', "a OK welcome\r\n"),
            ('C', "b APPEND INBOX {4+}\r\nx\r\n\n\r\nc SELECT INBOX\r\n"),
            (
                'S',
                "b OK [APPENDUID 1234567890 1] done\r\n* OK [UIDVALIDITY 1234567890] x\r\nc OK done\r\n",
            ),
            ('C', "d FETCH 1 BODY[]\r\n"),
            ('S', "* 1 FETCH (BODY[] {6}\r\n$a\r\n$b INTERNALDATE \"now\")\r\nd OK done\r\n"),
        ],
    );
    for line in [
        "C: a LOGIN {15}\nS: + [..]\nC: ann@example.com {10}\nS: + [..]\nC: redacted-a\nS: a OK [..]\n",
        "needs user ann@example.com redacted-a\n",
        "C: b APPEND INBOX {4+}\nC: x\nC~ \\n\nC:\nC: c SELECT INBOX\nneeds pipelining\nS: b OK [APPENDUID $number1 1] [..]\n",
        "S: * OK [UIDVALIDITY $number1] [..]\n",
        "S: * 1 FETCH (BODY[] {6}\nS: $$a\nS: $$b INTERNALDATE \"[..]\")\nS: d OK [..]\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("se\nC: am"), "{text}");
}

#[test]
fn no_secret_is_recorded_whatever_becomes_of_the_login() {
    let secret = "b3BlbiBzZXNhbWU=";
    for (protocol, dialogue) in [
        (
            Protocol::Smtp,
            &[
                ('S', "220 hi\r\n"),
                ('C', "auth login\r\n"),
                ('S', "334 VXNlcm5hbWU6\r\n"),
                ('C', "YW5u\r\n"),
                ('S', "334 UGFzc3dvcmQ6\r\n"),
                ('C', "b3BlbiBzZXNhbWU=\r\n"),
                ('S', "535 no\r\n"),
            ][..],
        ),
        (
            Protocol::Smtp,
            &[
                ('S', "220 hi\r\n"),
                ('C', "AUTH PLAIN\r\nb3BlbiBzZXNhbWU=\r\n"),
                ('S', "334 \r\n235 ok\r\n"),
            ],
        ),
        (
            Protocol::Smtp,
            &[
                ('S', "220 hi\r\n"),
                ('C', "AUTH SCRAM-SHA-256 b3BlbiBzZXNhbWU=\r\n"),
                ('S', "334 b3BlbiBzZXNhbWU=\r\n"),
            ],
        ),
        (
            Protocol::Pop3,
            &[
                ('S', "+OK hi\r\n"),
                ('C', "USER ann\r\npass b3BlbiBzZXNhbWU=\r\n"),
                ('S', "+OK\r\n-ERR\r\n"),
            ],
        ),
        (
            Protocol::Pop3,
            &[('S', "+OK hi\r\n"), ('C', "APOP ann b3BlbiBzZXNhbWU=\r\n"), ('S', "+OK\r\n")],
        ),
        (
            Protocol::Imap,
            &[
                ('S', "* OK hi\r\n"),
                ('C', "a login ann \"b3BlbiBzZXNhbWU=\"\r\n"),
                ('S', "a NO\r\n"),
            ],
        ),
        (
            Protocol::Imap,
            &[
                ('S', "* OK hi\r\n"),
                ('C', "a authenticate plain b3BlbiBzZXNhbWU=\r\n"),
                ('S', "a NO\r\n"),
            ],
        ),
        (Protocol::Imap, &[('S', "* OK hi\r\n"), ('C', "a LOGIN ann b3BlbiBzZXNhbWU=")]),
        (Protocol::Imap, &[('S', "* OK hi\r\n"), ('C', "a LOGIN ann {16}\r\nb3BlbiBzZXNhbW")]),
    ] {
        let text = record(protocol, dialogue);
        assert!(!text.contains(&secret[..14]), "{text}");
    }
}

#[test]
fn tls_begins_where_it_was_granted() {
    let text = record(
        Protocol::Imap,
        &[
            ('S', "* OK hi\r\n"),
            ('C', "a STARTTLS\r\n"),
            ('S', "a OK go\r\n"),
            ('C', "b NOOP\r\n"),
            ('S', "b OK\r\n"),
        ],
    );
    assert!(text.contains("S: a OK [..]\n= tls\n! tls ok\nC: b NOOP\n"), "{text}");
    let text = record(
        Protocol::Smtp,
        &[('S', "220 hi\r\n"), ('C', "STARTTLS\r\n"), ('S', "454 4.7.0 no\r\n")],
    );
    assert!(!text.contains("= tls"), "{text}");
}

#[test]
fn a_transcript_has_a_limit_and_a_full_disk_is_told_once() {
    let noops: Vec<_> = [('C', "NOOP\r\n"), ('S', "250 ok\r\n")].repeat(100);
    let dialogue = [&[('S', "220 hi\r\n")][..], &noops].concat();
    let text = recorded(Protocol::Smtp, &dialogue, usize::MAX, 200);
    assert!(text.len() < 300 && text.ends_with("what follows is not recorded\n"), "{text}");

    let mut scribe = Scribe::new(Protocol::Smtp, Page::new(Box::new(Full), 1_000), false);
    scribe.hear_server(b"220 hi\r\n");
    scribe.hear_client(b"STARTTLS\r\n");
    scribe.hear_server(b"220 go\r\n");
    assert!(scribe.takes_tls(), "the dialogue is followed all the same");
    assert!(scribe.failure().is_some());
    assert!(scribe.failure().is_none());
}
