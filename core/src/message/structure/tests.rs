use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;

fn scan(message: &[u8]) -> Structure {
    scan_in(message, &Limits::DEFAULT, message.len().max(1))
}

fn scan_in(message: &[u8], limits: &Limits, piece: usize) -> Structure {
    let mut scanner = Scanner::new(limits);
    message.chunks(piece).for_each(|piece| scanner.push(piece));
    scanner.finish()
}

/// The octets of a range of a message.
fn slice(message: &[u8], range: Range<u64>) -> &str {
    let at = |offset| usize::try_from(offset).expect("an offset in memory");
    core::str::from_utf8(&message[at(range.start)..at(range.end)]).expect("text")
}

/// A structure as lines: indented type, number of lines, and the body of what has nothing inside.
fn shown(message: &[u8], structure: &Structure) -> String {
    fn show(
        message: &[u8],
        structure: &Structure,
        (place, part): (usize, &Part),
        depth: usize,
        out: &mut String,
    ) {
        let ContentType { main, subtype, .. } = &part.content_type;
        let (main, subtype) = (main.escape_ascii(), subtype.escape_ascii());
        let indent = depth * 2;
        write!(out, "{:indent$}{main}/{subtype}", "").expect("written");
        match part.content {
            Content::Leaf => writeln!(out, " {} {:?}", part.lines, slice(message, part.body())),
            Content::Multipart | Content::Message => writeln!(out),
        }
        .expect("written");
        structure.children(place).for_each(|child| show(message, structure, child, depth + 1, out));
    }
    let mut out = String::new();
    show(message, structure, (0, structure.root().expect("a root")), 0, &mut out);
    out
}

fn check(message: &str, expected: &str) {
    for message in [String::from(message), message.replace('\n', "\r\n")] {
        let structure = scan(message.as_bytes());
        let expected: Vec<_> =
            expected.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let shown = shown(message.as_bytes(), &structure).replace("\\r\\n", "\\n");
        assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{message}");
        for piece in 1..9 {
            assert_eq!(scan_in(message.as_bytes(), &Limits::DEFAULT, piece), structure);
        }
    }
}

#[test]
fn messages_without_parts() {
    check("", r#"text/plain 0 """#);
    check("Subject: x\n\none\ntwo\n", r#"text/plain 2 "one\ntwo\n""#);
    check("Subject: x\n\none\ntwo", r#"text/plain 1 "one\ntwo""#);
    check("Subject: x\n", r#"text/plain 0 """#);
    check("\n\n", r#"text/plain 1 "\n""#);
    check("Content-Type: application-x-gzip; name=x\n\n--x\n", r#"text/plain 1 "--x\n""#);
}

#[test]
fn rfc_2046_multipart() {
    check(
        "Content-Type: multipart/mixed; boundary=\"simple boundary\"\n\nThe preamble.\n\n\
        --simple boundary\n\nImplicit, without a line end.\n\
        --simple boundary\nContent-type: text/html; charset=us-ascii\n\nExplicit, with one.\n\n--simple boundary--\n\nThe epilogue.\n",
        r#"
multipart/mixed
  text/plain 0 "Implicit, without a line end."
  text/html 1 "Explicit, with one.\n"
"#,
    );
}

#[test]
fn delimiters() {
    // White space behind, anything behind; not within a line, not without its hyphens.
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b \t \n\none\n --b\n-b\nx--b\n--c\n\n--b---\n\nrest\n--b\n\nnot a part",
        "multipart/mixed\n  text/plain 5 \"one\\n --b\\n-b\\nx--b\\n--c\\n\"\n",
    );
    // Directly behind one another; behind a header without an empty line; at the very end.
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nContent-Type: x/y\n--b\nContent-Type: x/z\n\n--b",
        r#"
multipart/mixed
  text/plain 0 ""
  text/plain 0 ""
  x/y 0 ""
  x/z 0 ""
  text/plain 0 ""
"#,
    );
    // At the start of a header that is cut short.
    check("Content-Type: multipart/mixed; boundary=b\n--b\n\nx", "multipart/mixed 0 \"x\"");
}

#[test]
fn outer_delimiters_end_inner_parts() {
    check(
        "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/alternative; boundary=in\n\n\
        --in\n\none\n--out\n\ntwo\n--in\nstill two\n--out--\n",
        r#"
multipart/mixed
  multipart/alternative
    text/plain 0 "one"
  text/plain 2 "two\n--in\nstill two"
"#,
    );
}

#[test]
fn boundaries_that_begin_one_another() {
    let message = "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=xy\n\n\
        --xy\nContent-Type: multipart/mixed; boundary=xyz\n\n--xyz\n\ninnermost\n--xyz--\n--xy\n\ninner\n--xy--\n--x\n\nouter\n--x--\n";
    check(
        message,
        r#"
multipart/mixed
  multipart/mixed
    multipart/mixed
      text/plain 0 "innermost"
    text/plain 0 "inner"
  text/plain 0 "outer"
"#,
    );
    check(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n--x\n\nb\n--x--\n",
        r#"
multipart/mixed
  multipart/mixed
    text/plain 0 "a"
  text/plain 0 "b"
"#,
    );
}

#[test]
fn multiparts_without_parts_are_leaves() {
    check("Content-Type: multipart/mixed\n\n--\n\nx", r#"multipart/mixed 2 "--\n\nx""#);
    check(
        "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx",
        r#"multipart/mixed 2 "--\n\nx""#,
    );
    check("Content-Type: multipart/mixed; boundary=b\n\nnothing", r#"multipart/mixed 0 "nothing""#);
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b--\nx\n",
        r#"multipart/mixed 2 "--b--\nx\n""#,
    );
}

const DIGEST: &str = "Content-Type: multipart/digest; boundary=d\n\n--d\n\nFrom: one@x\nSubject: one\n\nfirst\n\
    --d\nX-Mime: yes\n\nSubject: two\n\n--d\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAo=\n--d--\n";

#[test]
fn messages_in_messages() {
    check(
        DIGEST,
        r#"
multipart/digest
  message/rfc822
    text/plain 0 "first"
  message/rfc822
    text/plain 0 ""
  message/rfc822 0 "U3ViamVjdDogeAo="
"#,
    );
    let structure = scan(DIGEST.as_bytes());
    let subjects: Vec<_> = structure
        .parts
        .iter()
        .map(|part| part.envelope.as_ref().map(|envelope| envelope.subject.clone()))
        .collect();
    let subject = |text: &str| Some(Some(text.as_bytes().to_vec()));
    assert_eq!(subjects, [Some(None), None, subject("one"), None, subject("two"), None]);
    for part in &structure.parts {
        assert!(part.header_start <= part.body_start && part.body_start <= part.body_end);
    }
}

#[test]
fn a_message_with_neither_body_nor_empty_line() {
    let message = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n--b--\n";
    check(message, "multipart/mixed\n  message/rfc822\n    text/plain 0 \"\"");
    let structure = scan(message.as_bytes());
    let carried = structure.message(&[1]).expect("a message");
    assert_eq!(slice(message.as_bytes(), carried.header()), "Subject: x");
    assert_eq!(structure.part(&[1]).map(Part::octets), Some(10));
}

/// RFC 3501 §6.4.5: the part specifiers of its example.
#[test]
fn part_numbers() {
    let multipart = |boundary: &str, parts: &[&str]| {
        let parts: String =
            parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
        format!(
            "Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n"
        )
    };
    let leaf = |kind: &str| format!("Content-Type: {kind}\r\n\r\n{kind}");
    let message = |text: &str| format!("Content-Type: message/rfc822\r\n\r\nSubject: m\r\n{text}");
    let alternative = multipart("i", &[&leaf("text/plain"), &leaf("text/richtext")]);
    let three = message(&multipart("t", &[&leaf("text/plain"), &leaf("application/octet-stream")]));
    let inner = message(&multipart("u", &[&leaf("text/plain"), &alternative]));
    let four = multipart("f", &[&leaf("image/gif"), &inner]);
    let text =
        multipart("o", &[&leaf("text/plain"), &leaf("application/octet-stream"), &three, &four]);
    let structure = scan(text.as_bytes());
    let body =
        |number: &[u32]| structure.part(number).map(|part| slice(text.as_bytes(), part.body()));
    for (number, expected) in [
        (&[1][..], "text/plain"),
        (&[2], "application/octet-stream"),
        (&[3, 1], "text/plain"),
        (&[3, 2], "application/octet-stream"),
        (&[4, 1], "image/gif"),
        (&[4, 2, 1], "text/plain"),
        (&[4, 2, 2, 1], "text/plain"),
        (&[4, 2, 2, 2], "text/richtext"),
    ] {
        assert_eq!(body(number), Some(expected), "{number:?}");
    }
    for number in [&[0][..], &[5], &[1, 1], &[3, 3], &[4, 1, 1], &[4, 3], &[1, 0], &[u32::MAX]] {
        assert_eq!(structure.part(number), None, "{number:?}");
    }
    let header = structure.message(&[4, 2]).map(|part| slice(text.as_bytes(), part.header()));
    assert_eq!(header, Some("Subject: m\r\nContent-Type: multipart/mixed; boundary=u\r\n\r\n"));
    assert_eq!(
        structure.part(&[4, 2]).map(|part| slice(text.as_bytes(), part.header())),
        Some("Content-Type: message/rfc822\r\n\r\n")
    );
    assert_eq!((structure.message(&[4]), structure.message(&[1])), (None, None));
    assert_eq!(structure.message(&[]), structure.root());
}

#[test]
fn part_numbers_of_a_message_without_parts() {
    let plain = scan(b"Subject: x\r\n\r\nbody");
    assert_eq!((plain.part(&[1]), plain.part(&[])), (plain.root(), plain.root()));
    assert_eq!((plain.part(&[2]), plain.part(&[1, 1]), plain.message(&[1])), (None, None, None));

    let carrier = scan(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody");
    assert_eq!(carrier.part(&[1]), carrier.root());
    assert_eq!(carrier.part(&[1, 1]), carrier.parts.get(1));
    assert_eq!(carrier.message(&[1]), carrier.parts.get(1));
    assert_eq!(carrier.part(&[1, 1, 1]), None);
}

#[test]
fn fields_of_a_part() {
    let structure = scan(
        b"Content-Type: Image/PNG; name=a.png\r\nContent-ID: <id@x>\r\nContent-Description: a\r\n picture\r\n\
        Content-Transfer-Encoding: BASE64 (really)\r\nContent-MD5: Q2hlY2s=\r\nContent-Language: en, de\r\n\
        Content-Disposition: inline; filename*=utf-8''b.png\r\nContent-Location: http://x/\r\nContent-ID: <other>\r\n\r\n",
    );
    let part = structure.root().expect("a root");
    let fields = part.fields.as_ref().expect("fields");
    assert_eq!(part.encoding.as_deref(), Some(&b"BASE64"[..]));
    assert_eq!(fields.id.as_deref(), Some(&b"<id@x>"[..]));
    assert_eq!(fields.description.as_deref(), Some(&b"a picture"[..]));
    assert_eq!(fields.md5.as_deref(), Some(&b"Q2hlY2s="[..]));
    assert_eq!(fields.language, [b"en", b"de"]);
    assert_eq!(fields.location.as_deref(), Some(&b"http://x/"[..]));
    let disposition = fields.disposition.as_ref().and_then(|it| it.parameter("filename*"));
    assert_eq!(disposition, Some(&b"utf-8''b.png"[..]));
    assert_eq!(scan(b"\r\n").root().and_then(|part| part.fields.clone()), None);
}

mod limits {
    use super::*;

    /// Multiparts, each the only part of the one around it.
    fn nested(depth: usize) -> Vec<u8> {
        (0..depth)
            .map(|n| {
                format!("Content-Type: multipart/mixed; boundary=b{n:05}\r\n\r\n--b{n:05}\r\n")
            })
            .collect::<String>()
            .into_bytes()
    }

    #[test]
    fn nesting() {
        for depth in [99, 100, 101, 10_000] {
            let structure = scan(&nested(depth));
            assert_eq!(structure.parts.len(), depth.min(100) + 1, "{depth}");
            let leaf = structure.parts.last().expect("a part");
            assert_eq!(
                (leaf.content, leaf.content_type.is_main("multipart")),
                (Content::Leaf, depth > 100)
            );
        }
        let messages = b"Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
        assert_eq!(scan(&messages).parts.len(), 101);
    }

    #[test]
    fn parts() {
        let limits = Limits { mime_parts: 4, ..Limits::DEFAULT };
        let message = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b\n\n2\n--b\n\n3\n--b\n\n4\n--b--\nend";
        let structure = scan_in(message, &limits, 5);
        assert_eq!(
            shown(message, &structure),
            "multipart/mixed\n  text/plain 0 \"1\"\n  text/plain 0 \"2\"\n  text/plain 3 \"3\\n--b\\n\\n4\"\n"
        );
        let many =
            [b"Content-Type: multipart/mixed; boundary=b\n\n".to_vec(), b"--b\n".repeat(100_000)]
                .concat();
        assert_eq!(scan(&many).parts.len(), 10_000);
    }

    #[test]
    fn memory() {
        let limits = Limits { mime_structure: 2_000, ..Limits::DEFAULT };
        let message = [
            b"Content-Type: multipart/mixed; boundary=b\n\n".to_vec(),
            b"--b\nContent-ID: 12345678\n\n".repeat(100),
        ]
        .concat();
        let parts = scan_in(&message, &limits, 100).parts.len();
        assert!((2..9).contains(&parts), "{parts}");
    }

    #[test]
    fn a_header_beyond_its_limit_is_read_as_far_as_it_goes() {
        let limits = Limits { header_block: 64, ..Limits::DEFAULT };
        let message = [
            &b"Content-Type: text/html\r\n"[..],
            &[b'x'; 100],
            b"\r\nContent-ID: <x>\r\n\r\nbody\r\n",
        ]
        .concat();
        let structure = scan_in(&message, &limits, 7);
        assert_eq!(shown(&message, &structure), "text/html 1 \"body\\r\\n\"\n");
        assert_eq!(structure.root().and_then(|part| part.fields.clone()), None);
    }

    /// Makes a message of a size.
    type Maker<'a> = &'a dyn Fn(usize) -> Vec<u8>;

    /// Whatever a message is made of, work grows as its octets do.
    #[test]
    fn work_is_linear() {
        let steps = |message: &[u8]| {
            let mut scanner = Scanner::new(&Limits::DEFAULT);
            message.chunks(1000).for_each(|piece| scanner.push(piece));
            let before_end = scanner.steps.0.get();
            let parts = scanner.finish().parts.len();
            before_end + parts
        };
        let open = nested(100);
        let after = |start: &[u8], line: &[u8], count: usize| [start, &line.repeat(count)].concat();
        let head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        let makers: [(&str, Maker<'_>); 8] = [
            ("nested multiparts", &|n| nested(n / 10)),
            ("nested messages", &|n| after(b"", b"Content-Type: message/rfc822\r\n\r\n", n)),
            ("fields", &|n| after(b"", b"X: y\r\n", n)),
            ("parameters", &|n| after(b"Content-Type: x/y", b";a*1=b", n)),
            ("delimiters", &|n| after(head, b"--b\r\n", n)),
            ("nearly delimiters", &|n| after(&open, b"--b0009\r\n", n)),
            ("hyphens", &|n| after(&open, b"--\n", n)),
            ("one line of hyphens", &|n| after(&open, b"-", n)),
        ];
        for (name, make) in makers {
            for n in [25_000, 50_000, 100_000] {
                let message = make(n);
                let steps = steps(&message);
                assert!(steps <= 3 * message.len() + 200, "{name}: {steps} for {}", message.len());
            }
        }
    }

    #[test]
    fn long_boundaries() {
        for (length, content) in [(996, Content::Multipart), (997, Content::Leaf)] {
            let boundary = "b".repeat(length);
            let message = format!(
                "Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}  \r\n\r\nx\r\n--{boundary}--"
            );
            assert_eq!(
                scan_in(message.as_bytes(), &Limits::DEFAULT, 100).root().map(|part| part.content),
                Some(content)
            );
        }
    }
}

/// Pieces that structures turn on.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 19] = [
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"-",
        b"--",
        b"--b\r\n",
        b"--b--\r\n",
        b"--bc\n",
        b"--bc--",
        b" ",
        b"text",
        b"\xff",
        b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"Content-Type: multipart/digest;\r\n boundary=\"bc\"\n\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-ID: x\r\n",
    ];
    let piece = prop::sample::select(pieces.to_vec());
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_split_matters(message in message(), piece in 1..20_usize) {
        let whole = scan(&message);
        prop_assert_eq!(&scan_in(&message, &Limits::DEFAULT, 1), &whole);
        prop_assert_eq!(&scan_in(&message, &Limits::DEFAULT, piece), &whole);
    }

    #[test]
    fn parts_lie_inside_one_another_in_order(message in message()) {
        let structure = scan(&message);
        let root = structure.root().expect("a root");
        prop_assert_eq!((root.header_start, root.body_end), (0, message.len() as u64));
        prop_assert_eq!(root.inside as usize + 1, structure.parts.len());
        for (place, part) in structure.parts.iter().enumerate() {
            prop_assert!(part.header_start <= part.body_start && part.body_start <= part.body_end);
            let body = slice_any(&message, part.body());
            let lines = body.iter().filter(|&&byte| byte == b'\n').count() as u64;
            prop_assert_eq!(part.lines, lines);
            let mut end = part.body_start;
            for (_, child) in structure.children(place) {
                prop_assert!(end <= child.header_start && child.body_end <= part.body_end);
                end = child.body_end;
            }
            let inside = structure.children(place).count();
            match part.content {
                Content::Leaf => prop_assert_eq!(inside, 0),
                Content::Multipart => prop_assert!(inside > 0),
                Content::Message => prop_assert_eq!(inside, 1),
            }
        }
    }
}

fn slice_any(message: &[u8], range: Range<u64>) -> &[u8] {
    let at = |offset| usize::try_from(offset).expect("an offset in memory");
    &message[at(range.start)..at(range.end)]
}
