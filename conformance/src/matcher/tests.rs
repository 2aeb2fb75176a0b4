use super::{Bindings, Lines, Mismatch, Pattern, split_lines};
use crate::transcript::{Form, Sections};
use proptest::prelude::*;

fn matches(pattern: &str, seen: &str) -> bool {
    Pattern::of_text(pattern).matches(seen.as_bytes(), &mut Bindings::default())
}

#[test]
fn patterns_match_lines() {
    for (pattern, seen, expected) in [
        ("250 ok", "250 ok", true),
        ("250 ok", "250 okay", false),
        ("[..]", "", true),
        ("250 [..]", "250 ", true),
        ("250 [..]", "250", false),
        ("[..]a[..]b", "xxaxxaxb", true),
        ("[..]a[..]b", "xxb", false),
        ("$x and $x", "one and one", true),
        ("$x and $x", "one and two", false),
        ("<$x@$y>", "<a@b>", true),
        ("$x", "", false),
        ("$x", "two words", false),
        ("$x[..]", "two words", true),
        ("costs $5", "costs $5", true),
        ("$$x", "$x", true),
        ("$$x", "5", false),
        ("$Junk", "$Junk", true),
        ("$", "$", true),
        ("[.]", "[.]", true),
    ] {
        assert_eq!(matches(pattern, seen), expected, "{pattern} / {seen}");
    }
}

#[test]
fn a_name_takes_the_longest_run_that_lets_the_rest_match() {
    let mut bindings = Bindings::default();
    assert!(Pattern::of_text("<$a>").matches(b"<x>y>", &mut bindings));
    assert_eq!(bindings.get("a"), Some(&b"x>y"[..]));
    assert!(!Pattern::of_text("$b no").matches(b"yes", &mut bindings));
    assert_eq!(bindings.get("b"), None, "a failed match binds nothing");
    assert_eq!(bindings.substitute(b"$a $b $$a $"), b"x>y $b $x>y $");
}

fn lines(expected: &[&str]) -> Lines {
    let mut lines = Lines::default();
    for (source, text) in (1..).zip(expected) {
        let (form, text) = match text.split_once(' ') {
            Some(("?", text)) => (Form::AnyOrder, text),
            Some(("~", text)) => (Form::Raw, text),
            _ => (Form::Line, *text),
        };
        lines.push(form, text, source, &Sections::default()).unwrap();
    }
    lines
}

fn compare(expected: &[&str], seen: &str) -> Result<(), Mismatch> {
    let seen = split_lines(seen.as_bytes());
    lines(expected).compare(&seen, &mut Bindings::default())
}

#[test]
fn runs_of_lines_are_compared() {
    let seen = "a\r\nb\r\nc\r\n";
    for expected in [
        &["a", "b", "c"][..],
        &["[...]"],
        &["[...]", "c"],
        &["a", "[...]"],
        &["a", "[...]", "b", "[...]", "c"],
        &["? c", "? a", "? b"],
        &["a", "? c", "? b"],
        // The particular pattern chooses first.
        &["? [..]", "? a", "? b"],
        &[r"~ a\r\nb", "", "c"],
        &["~ a", r"~ \r\n", r"~ b\r\nc\r\n"],
    ] {
        assert_eq!(compare(expected, seen), Ok(()), "{expected:?}");
    }
    for (expected, at) in [
        (&["a", "b"][..], (2, 2)),
        (&["a", "b", "c", "d"], (3, 3)),
        (&["a", "x", "c"], (1, 1)),
        (&["? c", "? a", "? d"], (0, 0)),
        (&["? c", "? a", "? b", "? d"], (0, 0)),
        (&[r"~ a\nb", "", "c"], (0, 0)),
    ] {
        let (expected, seen) = (compare(expected, seen), Mismatch { expected: at.0, seen: at.1 });
        assert_eq!(expected, Err(seen));
    }
    assert!(compare(&["a", "[...]", "d"], seen).is_err());
    assert!(compare(&["a"], "a").is_err(), "the line end counts");
    assert!(compare(&["a"], "a\n").is_err(), "and must be CRLF");
}

proptest! {
    #[test]
    fn lines_match_themselves(
        texts in proptest::collection::vec("[a-z ]{0,5}", 0..6),
        gap in 0..6_usize,
        order in any::<u64>(),
    ) {
        let seen: String = texts.iter().map(|text| format!("{text}\r\n")).collect();
        let mut expected: Vec<String> = texts.clone();
        if gap < expected.len() {
            expected[gap] = "[...]".to_owned();
        }
        let refs: Vec<&str> = expected.iter().map(|text| &**text).collect();
        prop_assert_eq!(compare(&refs, &seen), Ok(()));

        let mut any: Vec<String> = texts.iter().map(|text| format!("? {text}")).collect();
        if !any.is_empty() {
            let turn = usize::try_from(order % any.len() as u64).unwrap_or(0);
            any.rotate_left(turn);
        }
        let refs: Vec<&str> = any.iter().map(|text| &**text).collect();
        prop_assert_eq!(compare(&refs, &seen), Ok(()));
    }
}
