use alloc::string::String;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::message::header::fields;
use crate::message::structure::{Part, Scanner, Structure};
use crate::message::text;

fn draft() -> Draft {
    let mut draft = Draft::new("Ann Müller <ann@example.org>".parse().unwrap());
    draft.to = NameAddr::parse_list("Bob <bob@example.com>, Friends: carol@example.com;").unwrap();
    draft.cc = vec!["dan@müller.example".parse().unwrap()];
    draft.bcc = vec!["eve@example.net".parse().unwrap(), "bob@example.com".parse().unwrap()];
    draft.subject = "Hello".into();
    draft.text = "One\nTwo\r\nThree".into();
    draft
}

fn write(draft: &Draft) -> Vec<u8> {
    draft.write(DateTime::utc(0), &mut Entropy::from_seed([7; 32]))
}

/// The message as it is read in slices of `length` octets.
fn read_slices(draft: &Draft, length: usize) -> Vec<u8> {
    let content = draft.content(DateTime::utc(0), &mut Entropy::from_seed([7; 32]));
    let mut read = Vec::new();
    loop {
        let slice = content.read(read.len() as u64, length);
        read.extend_from_slice(&slice);
        if slice.len() < length {
            assert_eq!(content.length(), read.len() as u64);
            return read;
        }
    }
}

fn structure(message: &[u8]) -> Structure {
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    scanner.push(message);
    scanner.finish()
}

fn body<'a>(message: &'a [u8], part: &Part) -> &'a [u8] {
    let range = part.body();
    &message[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

/// The text of a part.
fn read_text(message: &[u8], part: &Part) -> String {
    String::from_utf8(text::decode(part, body(message, part)).expect("text")).unwrap()
}

/// The octets of an attachment.
fn read_octets(message: &[u8], part: &Part) -> Vec<u8> {
    assert_eq!(part.encoding.as_deref(), Some(&b"base64"[..]));
    let mut output = Vec::new();
    let mut decoder = base64::Decoder::default();
    decoder.decode(body(message, part), &mut output);
    decoder.finish(&mut output);
    output
}

fn field(message: &[u8], name: &str) -> Option<String> {
    let field = fields(message).find(|field| field.is(name))?;
    Some(encoded_word::decode(field.value().trim_ascii()))
}

/// Lines that any server takes.
fn assert_fit(message: &[u8]) {
    assert!(message.ends_with(b"\r\n"));
    for line in message.strip_suffix(b"\r\n").unwrap().split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 998, "{} octets", line.len());
        assert!(line.iter().all(|it| it.is_ascii() && !matches!(it, b'\r' | 0)), "{line:?}");
    }
    let bare = message.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r');
    assert!(!bare, "a bare LF");
}

#[test]
fn a_plain_message() {
    let expected = "\
From: =?utf-8?Q?Ann_M=C3=BCller?= <ann@example.org>\r
To: \"Bob\" <bob@example.com>, <carol@example.com>\r
Cc: <dan@xn--mller-kva.example>\r
Subject: Hello\r
Date: Thu, 1 Jan 1970 00:00:00 +0000\r
Message-ID: <ID@example.org>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=\"utf-8\"\r
Content-Transfer-Encoding: 7bit\r
\r
One\r
Two\r
Three\r
";
    let draft = draft();
    let written = String::from_utf8(write(&draft)).unwrap();
    let (_, id) = written.split_once("Message-ID: <").unwrap();
    let (id, _) = id.split_once('@').unwrap();
    assert_eq!(id.len(), 24);
    assert_eq!(written.replace(id, "ID"), expected);
    let recipients: Vec<_> = draft.recipients().into_iter().map(Mailbox::to_string).collect();
    let expected =
        ["bob@example.com", "carol@example.com", "dan@müller.example", "eve@example.net"];
    assert_eq!(recipients, expected);
}

#[test]
fn an_attachment_arrives_as_it_is() {
    let files = [
        ("Jahresabschluß.pdf", "application/pdf", &[0, 255, 13, 10, 46, 13, 10][..]),
        ("a.txt", "text/plain", b"one\rtwo\nthree\r\n.\r\n\0"),
        ("empty", "application/octet-stream", b""),
    ];
    let attachments = files.map(|(name, content_type, octets)| Attachment {
        name: name.into(),
        content_type: content_type.into(),
        octets: octets.to_vec(),
    });
    let draft = Draft { attachments: attachments.into(), ..draft() };
    let message = write(&draft);
    assert_fit(&message);
    let structure = structure(&message);
    assert_eq!(structure.children(0).count(), 4);
    assert_eq!(
        read_text(&message, structure.part(&[1]).unwrap()).trim_end(),
        "One\r\nTwo\r\nThree"
    );
    for (number, (name, content_type, octets)) in (2..).zip(files) {
        let part = structure.part(&[number]).unwrap();
        assert_eq!(read_octets(&message, part), octets, "{name}");
        let kind = &part.content_type;
        let kind = [&kind.main[..], b"/", &kind.subtype].concat();
        assert_eq!(String::from_utf8(kind).unwrap(), content_type);
        let header = part.header();
        let header = &message[header.start as usize..header.end as usize];
        let disposition = field(header, "Content-Disposition").unwrap();
        assert!(disposition.starts_with("attachment; filename"), "{disposition}");
    }
}

#[test]
fn what_a_further_field_may_be() {
    for (text, value) in [
        ("X-Mood: fröhlich", "X-Mood: =?utf-8?b?ZnLDtmhsaWNo?="),
        ("in-reply-to:<1@example.org>", "in-reply-to: <1@example.org>"),
        ("Reply-To: Ännchen <a@example.org>, b@example.org", "<a@example.org>, <b@example.org>"),
        ("X: a\r\nBcc: b", "X: =?utf-8?b?YQ0KQmNjOiBi?="),
    ] {
        let draft = Draft { fields: vec![text.parse().unwrap()], ..draft() };
        let message = write(&draft);
        assert_fit(&message);
        let message = String::from_utf8(message).unwrap();
        assert!(message.contains(value), "{message}");
        assert!(!message.contains("\r\nBcc"));
    }
    for text in ["X", ": y", "X:", "X Y: z", "Grüße: z", "subject: z", "Bcc: z", "CONTENT-TYPE: z"]
    {
        assert!(text.parse::<Field>().is_err(), "{text}");
    }
    let wrong = "Reply-To: a@b@c".parse::<Field>();
    assert!(matches!(wrong, Err(InvalidField::Addresses(_))));
}

#[test]
fn only_a_local_part_beyond_ascii_makes_the_header_so() {
    let draft = Draft { to: vec!["jörg@müller.example".parse().unwrap()], ..draft() };
    let message = String::from_utf8(write(&draft)).unwrap();
    assert!(message.contains("To: <jörg@müller.example>\r\n"), "{message}");
}

#[test]
fn a_name_is_one_mailbox() {
    assert_eq!("a@x, b@x".parse::<NameAddr>(), Err(Invalid::TooMany));
    assert!("Friends:;".parse::<NameAddr>().is_err());
    assert!("".parse::<NameAddr>().is_err());
    let quoted: NameAddr = "\"Doe, John\" <john@example.org>".parse().unwrap();
    assert_eq!(quoted.name.as_deref(), Some("Doe, John"));
}

/// Text with whatever makes trouble: long words, odd line ends, controls, other scripts.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,40}",
        "\\PC{0,20}",
        Just("x".repeat(1500)),
        Just("ü".repeat(700)),
        Just("\r\n".into()),
        Just("\n".into()),
        Just("\r".into()),
        Just("\0\t ".into()),
        Just("\n.\n=?utf-8?q?a?=  ".into()),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_written_fits_and_reads_the_same(
        subject in any_text(),
        name in any_text(),
        text in any_text(),
        file in any_text(),
        octets in proptest::collection::vec(any::<u8>(), 0..3000),
        slice in 1_usize..400,
    ) {
        let mut draft = draft();
        draft.from.name = Some(name);
        draft.subject = subject;
        draft.text = text;
        let content_type = content_type(&file).into();
        draft.attachments.push(Attachment { name: file, content_type, octets });
        let message = write(&draft);
        assert_fit(&message);
        prop_assert_eq!(read_slices(&draft, slice), &message[..]);
        let structure = structure(&message);
        prop_assert_eq!(read_octets(&message, structure.part(&[2]).unwrap()), &draft.attachments[0].octets[..]);
        let read = read_text(&message, structure.part(&[1]).unwrap());
        let plain = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_string();
        prop_assert_eq!(plain(&read), plain(&draft.text));
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(&field(&message, "Subject").unwrap()), words(&draft.subject));
    }
}
