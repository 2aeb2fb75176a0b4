//! Content: its end, its lines, and every way to cut it.

use super::*;

#[test]
fn bdat() {
    let mut talk = Talk::new(smtp());
    talk.expect(&[("BDAT 4\r\nno", "503 5.5.1")]);
    talk.expect(&ENVELOPE);
    talk.expect(&[
        ("BDAT 5\r\n.\r\n", "250 2.0.0 5 octets received\r\n"),
        ("RCPT TO:<c@example.com>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("MAIL FROM:<a@example.org>", "503 5.5.1"),
        ("NOOP", "250 2.0.0"),
        ("BDAT 0", "250 2.0.0"),
        ("BDAT 0 LAST", "250 2.0.0 Ok: queued as Q1\r\n"),
    ]);
    assert_eq!(talk.host.delivered[0].1, b".\r\n\r\n");
    talk.expect(&ENVELOPE[1..]);
    talk.expect(&[("BDAT 6 LAST\r\nabcd", "250 2.0.0 Ok: queued as Q2\r\n")]);
    assert_eq!(talk.host.delivered[1].1, b"abcd\r\n");
    // CRLF may be cut in two by a chunk's end.
    talk.expect(&ENVELOPE[1..]);
    assert!(talk.octets(b"BDAT 2\r\na\rBDAT 3 LAST\r\n\nb\n").contains("554 5.6.0"));
    talk.expect(&ENVELOPE[1..]);
    assert!(talk.octets(b"BDAT 2\r\na\rBDAT 2 LAST\r\n\nb").contains("queued as Q3"));
    assert_eq!(talk.host.delivered[2].1, b"a\r\nb");
    talk.expect(&ENVELOPE[1..]);
    assert!(talk.octets(b"BDAT 2 LAST\r\na\r").starts_with("554 5.6.0"));
    // What was refused stays refused until RSET.
    talk.expect(&ENVELOPE[1..]);
    let reply = talk.octets(b"BDAT 3\r\na\nbBDAT 1\r\ncBDAT 0 LAST\r\n");
    assert!(reply.starts_with("554 5.6.0") && reply.matches("503 5.5.1").count() == 2, "{reply}");
    talk.expect(&[("MAIL FROM:<>", "250 2.1.0"), ("RSET", "250 2.0.0")]);
    assert_eq!(talk.host.delivered.len(), 3);
}

#[test]
fn binary_content_is_taken_as_it_is() {
    let mut talk = Talk::new(smtp());
    talk.expect(&[
        ("EHLO client.example.org", "250-"),
        ("MAIL FROM:<a@example.org> BODY=BINARYMIME", "250 2.1.0"),
        ("RCPT TO:<b@example.com>", "250 2.1.5"),
        ("DATA", "503 5.5.1"),
    ]);
    assert!(talk.octets(b"BDAT 6 LAST\r\n\0\r\n\n.\r").starts_with("250 2.0.0"));
    assert_eq!(talk.host.delivered[0].1, b"\0\r\n\n.\r");
}

#[test]
fn content_is_lent_by_the_read() {
    let mut talk = ready_for_data(smtp());
    let content =
        "Seventy octets or so, dots. in the midst of them, and then the end\r\n".repeat(200);
    talk.octets(content.as_bytes());
    assert_eq!(talk.host.slices, 1);
    talk.octets(b".\r\n");
    assert_eq!(talk.host.delivered[0].1, content.as_bytes());
}

/// Everything that someone might take for the end of data, and is not.
#[test]
fn no_other_end_of_data() {
    let ends: [&[u8]; 9] =
        [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\0\r\n", b"\r\n\0", b" \r\n", b"\r\n ", b"\r\0\n"];
    for before in ends {
        for after in ends {
            let line_ends = matches!(before, b"\r\n" | b" \r\n");
            if line_ends && after.starts_with(b"\r\n") {
                continue;
            }
            for pieces in [&[usize::MAX][..], &[1], &[2], &[3, 1]] {
                let smuggled = [
                    b"one",
                    before,
                    b".",
                    after,
                    b"MAIL FROM:<evil@example.org>\r\n\
                    RCPT TO:<bob@example.com>\r\nDATA\r\ntwo\r\n.\r\n",
                ]
                .concat();
                // These hold a true end, or nothing but content with a dot that was not doubled.
                let true_end = smuggled.windows(5).position(|five| five == b"\r\n.\r\n");
                let mut talk = ready_for_data(smtp());
                talk.said.clear();
                talk.send(&smuggled, pieces);
                let said = String::from_utf8_lossy(&talk.said).into_owned();
                if true_end == Some(smuggled.len() - 5) {
                    assert_eq!(said.lines().count(), 1, "{before:?} {after:?} {said}");
                    assert!(talk.host.delivered.len() <= 1);
                } else {
                    // The first message ends early, and is refused for what stood before.
                    assert!(said.starts_with("554 5.6.0"), "{before:?} {after:?} {said}");
                    assert!(talk.host.delivered.len() <= 1);
                }
                for (_, content) in &talk.host.delivered {
                    assert!(!content.contains(&0) && !content.starts_with(b"."));
                }
            }
        }
    }
}

#[test]
fn lines_of_content_have_a_limit() {
    for (length, pieces) in [(998, usize::MAX), (998, 1), (999, usize::MAX), (999, 1), (100_000, 7)]
    {
        for dot in ["", ".."] {
            let mut talk = ready_for_data(smtp());
            talk.said.clear();
            let line = format!("x\r\n{dot}{}\r\n.\r\n", "y".repeat(length - dot.len() / 2));
            talk.send(line.as_bytes(), &[pieces]);
            let expected = if length == 998 { "250 2.0.0" } else { "500 5.6.0" };
            let said = String::from_utf8_lossy(&talk.said);
            assert!(said.starts_with(expected), "{length} in pieces of {pieces}: {said}");
        }
    }
}

#[test]
fn what_is_wrong_first_is_told() {
    for (content, code) in [
        ("yyyy\r\nyyyy\0", "552"),
        ("yyyy\r\nyy\0y", "554"),
        ("yyyy\r\nyyy\ny", "552"),
        ("yyyy\r\nyy\ny", "554"),
        ("yyyyyyyyyy\0", "500"),
        ("yyyyyyy\0", "554"),
        ("yyyy\r\nyyyyyyyyyy", "552"),
    ] {
        for pieces in [1, 2, 3, usize::MAX] {
            let mut config = loopback();
            (config.limits.text_line, config.limits.message) = (6, 8);
            let mut dots = ready_for_data(config.clone());
            let mut chunks = Talk::new(config);
            chunks.expect(&ENVELOPE);
            dots.said.clear();
            dots.send(format!("{content}\r\n.\r\n").as_bytes(), &[pieces]);
            chunks.said.clear();
            let chunk = format!("BDAT {} LAST\r\n{content}", content.len());
            chunks.send(chunk.as_bytes(), &[pieces]);
            for said in [dots.said, chunks.said] {
                let said = String::from_utf8_lossy(&said);
                assert!(said.starts_with(code), "{content:?} in pieces of {pieces}: {said}");
            }
        }
    }
}

/// Octets that are likely to mean something.
fn likely(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => Just(b"\r\n".to_vec()),
        2 => Just(b"\r\n.\r\n".to_vec()),
        2 => Just(b".".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\0".to_vec()),
        3 => Just(b"some words".to_vec()),
        1 => Just(b"EHLO x\r\n".to_vec()),
        1 => Just(b"LHLO x\r\n".to_vec()),
        2 => Just(b"MAIL FROM:<a@example.org>\r\n".to_vec()),
        1 => Just(b"MAIL FROM:<> BODY=BINARYMIME\r\n".to_vec()),
        2 => Just(b"RCPT TO:<b@example.com>\r\n".to_vec()),
        2 => Just(b"DATA\r\n".to_vec()),
        1 => Just(b"BDAT 10\r\n".to_vec()),
        1 => Just(b"BDAT 3 LAST\r\n".to_vec()),
        1 => Just(b"RSET\r\n".to_vec()),
        1 => Just(b"AUTH PLAIN\r\n".to_vec()),
        1 => Just(b"AUTH PLAIN AGFsaWNlAHdyb25n\r\n".to_vec()),
        1 => Just(b"=\r\n".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(word, 0..length).prop_map(|words| words.concat())
}

/// What was said, what was delivered, what happened.
type Outcome = (String, Vec<(String, Vec<u8>)>, Vec<Event>);

fn run(config: Config, octets: &[u8], pieces: &[usize]) -> Outcome {
    let mut talk = Talk::new(config);
    talk.send(octets, pieces);
    talk.server.handle_eof(talk.now);
    talk.settle();
    let said = String::from_utf8_lossy(&talk.said).into_owned();
    (said, talk.host.delivered, talk.host.events)
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1..40_usize, 1..20)
}

proptest! {
    #[test]
    fn fragments_do_not_matter(octets in likely(60), pieces in pieces(), lmtp_too: bool) {
        let mut config = if lmtp_too { lmtp() } else { loopback() };
        config.cleartext_auth = true;
        config.limits.smtp_bad_commands = 1_000;
        config.limits.text_line = 40;
        config.limits.message = 200;
        let hello: &[u8] = if lmtp_too { b"LHLO x\r\n" } else { b"EHLO x\r\n" };
        let octets = [hello, &octets].concat();
        let whole = run(config.clone(), &octets, &[usize::MAX]);
        prop_assert_eq!(&run(config.clone(), &octets, &[1]), &whole);
        prop_assert_eq!(&run(config, &octets, &pieces), &whole);
    }

    #[test]
    fn content_arrives_as_it_was(lines in proptest::collection::vec("[.a-z ]{0,90}", 0..40), pieces in pieces()) {
        let content: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let mut wire = Vec::new();
        let mut stuffer = crate::encoding::dot::Stuffer::default();
        stuffer.push(content.as_bytes(), &mut wire);
        stuffer.finish(&mut wire);
        let mut talk = ready_for_data(smtp());
        talk.send(&wire, &pieces);
        prop_assert_eq!(talk.host.delivered.len(), 1, "{}", String::from_utf8_lossy(&talk.said));
        prop_assert_eq!(&talk.host.delivered[0].1, content.as_bytes());
        prop_assert!(!talk.closed());
        prop_assert!(talk.line("NOOP").starts_with("250"));
    }

    /// Against a model that goes octet by octet.
    #[test]
    fn content_is_judged_right(octets in "(\r\n|\r|\n|\0|\\.|x|xx){0,300}", pieces in pieces()) {
        let wire = [octets.as_bytes(), b"\r\n.\r\n"].concat();
        let (end, ok) = model(&wire);
        let mut talk = ready_for_data(smtp());
        talk.said.clear();
        talk.send(&wire[..end], &pieces);
        let said = String::from_utf8_lossy(&talk.said).into_owned();
        prop_assert_eq!(said.starts_with("250 2.0.0"), ok, "{}", said);
        prop_assert_eq!(said.lines().count(), 1);
        prop_assert_eq!(talk.host.delivered.len(), usize::from(ok));
    }

    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..400), pieces in pieces()) {
        run(loopback(), &octets, &pieces);
    }
}

/// Where the content ends, and whether it may be taken.
fn model(wire: &[u8]) -> (usize, bool) {
    let end = if wire.starts_with(b".\r\n") {
        3
    } else {
        wire.windows(5).position(|five| five == b"\r\n.\r\n").expect("an end") + 5
    };
    let content = &wire[..end - 3];
    let bare = |at: usize| match content[at] {
        b'\r' => content.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || content[at - 1] != b'\r',
        octet => octet == 0,
    };
    (end, !(0..content.len()).any(bare))
}
