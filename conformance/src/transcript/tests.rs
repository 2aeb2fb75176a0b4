use super::{Action, End, Event, Form, SessionNumber, Transcript, escape, unescape};
use core::time::Duration;
use postroad_core::machine::Wants;
use proptest::prelude::*;

fn action(line: &str) -> Action {
    let text = format!("machine toy\n{line}\n-- name --\n");
    Transcript::parse("t", &text).unwrap().steps.remove(0).action
}

#[test]
fn every_kind_of_line_is_read() {
    let speak = |end, form, text: &str| Action::Speak { end, form, text: text.to_owned() };
    for (line, expected) in [
        ("C: EHLO x", speak(End::Client, Form::Line, "EHLO x")),
        ("C:", speak(End::Client, Form::Line, "")),
        ("C: ", speak(End::Client, Form::Line, "")),
        ("C:  two", speak(End::Client, Form::Line, " two")),
        ("S? x", speak(End::Server, Form::AnyOrder, "x")),
        (r"S~ a\r\n", speak(End::Server, Form::Raw, r"a\r\n")),
        ("C@ name", speak(End::Client, Form::Section, "name")),
        ("> recipient <a@b>", Action::Ask("recipient <a@b>".to_owned())),
        ("< ok", Action::Tell("ok".to_owned())),
        ("T: +301s", Action::Pass(Duration::from_secs(301))),
        ("T: +5ms", Action::Pass(Duration::from_millis(5))),
        ("T: +2m", Action::Pass(Duration::from_secs(120))),
        ("T: +1h", Action::Pass(Duration::from_secs(3600))),
        ("= close", Action::Want(Wants::Close)),
        ("! eof", Action::Happen(Event::Eof)),
        ("! tls failed", Action::Happen(Event::TlsFailed)),
        ("! connect imap", Action::Happen(Event::Connect(Some("imap".to_owned())))),
    ] {
        assert_eq!(action(line), expected, "{line}");
    }
}

#[test]
fn a_digit_names_a_session() {
    let transcript = Transcript::parse("t", "machine toy\nC2: x\nS: y\n").unwrap();
    let numbers: Vec<_> = transcript.steps.iter().map(|step| step.session).collect();
    assert_eq!(numbers, [SessionNumber(2), SessionNumber::FIRST]);
}

#[test]
fn what_is_malformed_is_named_with_its_line() {
    for (text, line, part) in [
        ("", 1, "a `machine` line is missing"),
        ("machine a\nmachine b\n", 2, "there is a machine already"),
        ("machine a\nX: what\n", 2, "`X: what` is no line of a transcript"),
        ("machine a\nC0: what\n", 2, "no line of a transcript"),
        ("machine a\n\nT: 5s\n", 3, "`5s` is no time that passes"),
        ("machine a\nT: +5y\n", 2, "no time"),
        ("machine a\nT2: +5s\n", 2, "no line"),
        ("machine a\n= happy\n", 2, "a session wants"),
        ("machine a\n! explode\n", 2, "what happens is"),
        ("machine a\n>\n", 2, "no line"),
        ("machine a\nC@ gone\n", 2, "there is no section `-- gone --`"),
        ("machine a\nC~ \\q\n", 2, "`\\q` is no escape"),
        ("machine a\n-- ~b --\nfine\n\\x4\n", 4, "`\\x4` is no escape"),
        ("machine a\n-- b --\n-- b --\n", 3, "there are two sections `b`"),
        ("machine a\n-- b c --\n", 2, "a section's name is one word"),
    ] {
        let malformed = Transcript::parse("t", text).unwrap_err();
        assert_eq!(malformed.line, line, "{text}");
        assert!(malformed.problem.contains(part), "{malformed}");
    }
}

#[test]
fn sections_stand_for_octets() {
    let text = "machine a\n-- b --\none\n\n# no comment\n-- ~c --\na\\r\\n\nb\\(xy)*2\n";
    let transcript = Transcript::parse("t", text).unwrap();
    let sections = &transcript.sections;
    assert_eq!(sections.octets("b").unwrap(), b"one\r\n\r\n# no comment\r\n");
    assert_eq!(sections.octets("c").unwrap(), b"a\r\nbxyxy");
    assert_eq!(transcript.to_string(), text);
}

#[test]
fn escapes_that_stand_for_nothing_are_refused() {
    for bad in
        ["\\", "\\x", "\\x1", "\\xgg", "\\q", "\\(a", "\\(a)*", "\\(\\(a)*2)*2", "\\(aa)*99999999"]
    {
        assert!(unescape(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn unescape_undoes_escape(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(unescape(&escape(&octets)).unwrap(), octets);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(machine x\n)?([CS<>T=!#-][0-9:?~@ ]{0,2}[ -~é]{0,12}\n){0,6}") {
        if let Ok(transcript) = Transcript::parse("t", &text) {
            prop_assert_eq!(transcript.to_string(), text);
        }
    }
}
