use alloc::vec;

use proptest::prelude::*;

use super::*;

fn header(message: &[u8]) -> Header {
    let mut header = Header::new(&Limits::DEFAULT);
    header.push(message);
    header
}

fn written(message: &[u8]) -> Result<Vec<u8>, Refusal> {
    let header = header(message);
    Ok(header.check()?.write(DateTime::utc(0), "id@x"))
}

#[test]
fn what_is_added_and_what_is_taken_out() {
    let date = "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n";
    let id = "Message-ID: <id@x>\r\n";
    for (message, expected) in [
        ("From: a@x\r\n\r\nbody", alloc::format!("From: a@x\r\n{date}{id}\r\n")),
        ("From: a@x\r\nDATE: x\r\n\r\n", alloc::format!("From: a@x\r\nDATE: x\r\n{id}\r\n")),
        (
            "message-id: <1>\r\nFrom: a@x\r\n\r\n",
            alloc::format!("message-id: <1>\r\nFrom: a@x\r\n{date}\r\n"),
        ),
        (
            "bcc: b@x,\r\n\tc@x\r\nFrom :  a@x\r\nBCC:\r\nX: \r\n \r\nResent-Bcc: d@x\r\nDate: 1\r\nMessage-ID: 2\r\nBccs: no\r\n\r\nBcc: body",
            "From :  a@x\r\nX: \r\n \r\nDate: 1\r\nMessage-ID: 2\r\nBccs: no\r\n\r\n".into(),
        ),
        // A message of fields alone: without an empty line, without a line end.
        (
            "Date: 1\r\nMessage-ID: 2\r\nFrom: a@x\r\n",
            "Date: 1\r\nMessage-ID: 2\r\nFrom: a@x\r\n\r\n".into(),
        ),
        (
            "Date: 1\r\nMessage-ID: 2\r\nFrom: a@x",
            "Date: 1\r\nMessage-ID: 2\r\nFrom: a@x\r\n\r\n".into(),
        ),
    ] {
        let found =
            written(message.as_bytes()).map(|found| String::from_utf8_lossy(&found).into_owned());
        assert_eq!(found, Ok(expected), "{message}");
    }
}

#[test]
fn whom_a_message_is_from() {
    let mailbox = |text: &str| text.parse::<Mailbox>().expect("a mailbox");
    let whole = header(b"From: A <a@x.org>,\r\n b@x.org\r\nSender: C <c@x.org>\r\n\r\n");
    let checked = whole.check().expect("a fair header");
    assert_eq!(checked.from, [mailbox("a@x.org"), mailbox("b@x.org")]);
    assert_eq!(checked.sender, Some(mailbox("c@x.org")));
    assert!(checked.lacks_date() && checked.lacks_message_id() && !checked.is_utf8);
    assert!(
        header("From: \u{e4} <a@x>\r\n\r\n".as_bytes())
            .check()
            .is_ok_and(|checked| checked.is_utf8)
    );
}

#[test]
fn what_is_refused() {
    for (message, refusal) in [
        (&b""[..], Refusal::NoFrom),
        (b"\r\nFrom: a@x\r\n", Refusal::NoFrom),
        (b"Subject: x\r\n\r\nFrom: a@x", Refusal::NoFrom),
        (b"From: a@x\r\nFROM: b@x\r\n\r\n", Refusal::SeveralFrom),
        (b"From: a@x\r\nFrom : a@x\r\n\r\n", Refusal::SeveralFrom),
        (b"From: a@x\r\nSender: a@x\r\nSender: a@x\r\n\r\n", Refusal::SeveralSender),
        (b"From: a@x, b@x\r\n\r\n", Refusal::NoSender),
        (b"From: a@x\r\nSender: a@x, b@x\r\n\r\n", Refusal::Sender(Invalid::TooMany)),
        (b"From: a@x\r\n\0\r\n\r\n", Refusal::Octet(0)),
        (b"From: a@x\nTo: b@x\r\n\r\n", Refusal::Octet(b'\n')),
        (b"From: a@x\rTo: b@x\r\n\r\n", Refusal::Octet(b'\r')),
        (b"From: a@x\r\nhello there\r\n\r\n", Refusal::NotAField),
        (b"hello\r\nthere\r\n", Refusal::NotAField),
        (b" From: a@x\r\n\r\n", Refusal::NotAField),
    ] {
        assert_eq!(written(message), Err(refusal), "{}", message.escape_ascii());
    }
    for from in ["", "a", "nobody:;", "a@x <b@x>", "<>", "a@x b@x"] {
        let found = written(alloc::format!("From: {from}\r\n\r\n").as_bytes());
        assert!(matches!(found, Err(Refusal::From(_))), "{from}: {found:?}");
    }
    let hops = [&b"Received: x\r\n".repeat(51)[..], b"From: a@x\r\n\r\n"].concat();
    assert_eq!(written(&hops), Err(Refusal::Excess(Excess::Hops)));
}

#[test]
fn a_header_without_end_is_not_kept() {
    let mut header = Header::new(&Limits::DEFAULT);
    for _ in 0..10_000 {
        assert_eq!(header.push(&b"X: y\r\n".repeat(10)), None);
    }
    assert_eq!(header.block.len(), Limits::DEFAULT.header_block);
    assert_eq!(header.check(), Err(Refusal::Excess(Excess::Octets)));
    let mut line = Header::new(&Limits::DEFAULT);
    line.push(&vec![b'x'; Limits::DEFAULT.header_block + 1]);
    assert_eq!(line.check(), Err(Refusal::Excess(Excess::Octets)));
}

proptest! {
    #[test]
    fn no_split_matters(
        fields in proptest::collection::vec(prop::sample::select(vec!["From: a@x\r\n", "Bcc: b@x\r\n", "Date: d\r\n", "X: y\r\n z\r\n"]), 0..8),
        body in "(\r\n[a-z\r\n]{0,20})?",
        piece in 1..20_usize,
    ) {
        let message = [fields.concat().as_bytes(), body.as_bytes()].concat();
        let mut whole = Header::new(&Limits::DEFAULT);
        let end = whole.push(&message);
        let (mut split, mut found, mut offset) = (Header::new(&Limits::DEFAULT), None, 0);
        for piece in message.chunks(piece) {
            if let Some(count) = split.push(piece) {
                found = found.or(Some(offset + count));
            }
            offset += piece.len();
        }
        prop_assert_eq!(found, end);
        prop_assert_eq!(split.check(), whole.check());
        if let Ok(checked) = whole.check() {
            let out = checked.write(DateTime::utc(0), "id@x");
            let again = header(&out);
            let again = again.check();
            prop_assert!(again.is_ok_and(|again| !again.lacks_date() && !again.lacks_message_id()));
            prop_assert!(super::fields(&out).all(|field| !field.is("Bcc")));
            let kept = fields.iter().filter(|field| !field.starts_with("Bcc")).map(|field| field.as_bytes()).collect::<Vec<_>>().concat();
            prop_assert!(out.starts_with(&kept) && out.ends_with(b"\r\n\r\n"));
        }
    }
}
