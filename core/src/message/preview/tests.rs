use alloc::format;
use alloc::string::String;

use proptest::prelude::*;

use crate::limits::Limits;
use crate::message::summary::Scanner;

fn preview(message: &str, piece: usize) -> String {
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    message.as_bytes().chunks(piece).for_each(|piece| scanner.push(piece));
    scanner.finish().preview
}

fn html(body: &str) -> String {
    preview(&format!("Content-Type: text/html; charset=utf-8\r\n\r\n{body}"), 7)
}

#[test]
fn plain_text() {
    for (message, expected) in [
        ("", ""),
        ("Subject: a", ""),
        ("\r\n  Hello,\r\n\r\n\tworld! \r\n", "Hello, world!"),
        ("Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8s\r\nIHdvcmxkIQ==", "Hello, world!"),
        (
            "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=\r\n=DFe",
            "Gr\u{fc}\u{df}e",
        ),
        ("Content-Type: image/png\r\n\r\nabc", ""),
        ("\r\na\0b\u{200b}c\u{feff}", "abc"),
    ] {
        for piece in [1, 5, 1000] {
            assert_eq!(preview(message, piece), expected, "{message}");
        }
    }
    let long = preview(&format!("\r\n{}", "\u{e4} ".repeat(100_000)), 1000);
    assert_eq!(long, "\u{e4} ".repeat(100).trim_end());
    assert_eq!(preview(&format!("\r\n{}", "x".repeat(999)), 1000).len(), 200);
}

#[test]
fn hypertext() {
    for (body, expected) in [
        ("Hello", "Hello"),
        ("<p>Hello,</p><p>world", "Hello, world"),
        ("w<b>or</b>l<span class='a>b'>d</span>", "world"),
        ("a<br>b<td>c", "a b c"),
        ("<html><head><title>T</title><STYLE>p { a > b }</Style></head><body>B", "B"),
        ("<script>if (a < b) { '<p>' }</script>x", "x"),
        ("a<!-- <p> -- > -->b<!-- c", "ab"),
        (
            "&lt;&amp;&gt;&quot;&#39;&#x41;&uuml;&Eacute;&nbsp;&euro;",
            "<&>\"'A\u{fc}\u{c9} \u{20ac}",
        ),
        ("&unknown; & a &;&#xffffffff;&#0;", "&unknown; & a &;&#xffffffff;"),
        ("1 < 2 <3", "1 < 2 <3"),
        ("a<b", "a"),
        ("&zwnj;&nbsp;&#847;&zwnj;&nbsp;x", "x"),
        ("<style>a", ""),
        ("<!DOCTYPE html><?xml a?>x", "x"),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
}

#[test]
fn which_part() {
    let part = |kind: &str, body: &str| format!("--b\r\nContent-Type: {kind}\r\n\r\n{body}\r\n");
    let mixed = |kind: &str, parts: &[String]| {
        let message = format!(
            "Content-Type: multipart/{kind}; boundary=b\r\n\r\npreamble\r\n{}--b--\r\n",
            parts.concat()
        );
        for piece in [1, 3, 1000] {
            assert_eq!(preview(&message, piece), preview(&message, 17));
        }
        preview(&message, 1)
    };
    let (plain, html) = (part("text/plain", "plain"), part("text/html", "<p>html"));
    assert_eq!(mixed("alternative", &[plain.clone(), html.clone()]), "plain");
    assert_eq!(mixed("alternative", &[html.clone(), plain.clone()]), "plain");
    assert_eq!(mixed("alternative", &[part("text/plain", " \r\n"), html.clone()]), "html");
    let attached = part("text/plain\r\nContent-Disposition: attachment", "attached");
    assert_eq!(mixed("mixed", &[attached.clone(), html.clone()]), "html");
    assert_eq!(mixed("mixed", &[attached]), "");
    let inner = part(
        "multipart/related; boundary=bc",
        "--bc\r\nContent-Type: text/html\r\n\r\ninner\r\n--bc--",
    );
    assert_eq!(mixed("mixed", &[inner, plain]), "inner");
}

proptest! {
    #[test]
    fn any_hypertext_is_survived(body in r"(<|>|/|style|p|!--|-->|&|#|x|amp|;|[a-z \u{e4}]){0,60}") {
        let found = html(&body);
        prop_assert!(found.chars().count() <= 200 && !found.contains("  "));
    }
}
