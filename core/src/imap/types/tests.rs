//! Tests of the types.

use super::{Flag, ListPattern, Mailbox, Partial, SequenceSet, Tag};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU32;
use proptest::prelude::*;

#[test]
fn tags() {
    for good in ["a", "A142", "*", "]", "#1", "a.b-c"] {
        // `*` is a list-wildcard, so it is no ASTRING-CHAR.
        assert_eq!(Tag::new(good).is_some(), good != "*", "{good}");
    }
    for bad in ["", "+", "a+", "a b", "a\"", "a(", "a{", "a%", "a\\", "\u{7f}", "é", "a\r"] {
        assert!(Tag::new(bad).is_none(), "{bad}");
    }
}

#[test]
fn flags_in_any_case() {
    assert_eq!(Flag::parse("\\DELETED"), Some(Flag::Deleted));
    assert_eq!(Flag::parse("\\XNew"), Some(Flag::Extension("xnew".into())));
    assert_eq!(Flag::parse("$FORWARDED"), Flag::parse("$Forwarded"));
    assert_ne!(Flag::parse("Seen"), Flag::parse("\\Seen"));
    for bad in ["", "\\", "\\*", "a b", "a]", "a{", "\\\\Seen", "ü"] {
        assert_eq!(Flag::parse(bad), None, "{bad}");
    }
    assert_eq!(Flag::parse("\\seen").unwrap().to_string(), "\\Seen");
    assert_eq!(Flag::parse("$Junk").unwrap().to_string(), "$Junk");
}

#[test]
fn partials_stay_inside() {
    let partial = |offset, count| Partial { offset, count: NonZeroU32::new(count).unwrap() };
    assert_eq!(partial(0, 10).of(3), 0..3);
    assert_eq!(partial(2, 1).of(3), 2..3);
    assert_eq!(partial(3, 1).of(3), 3..3);
    assert_eq!(partial(u32::MAX, u32::MAX).of(3), 3..3);
    let most = u64::from(u32::MAX);
    assert_eq!(partial(u32::MAX, u32::MAX).of(u64::MAX), most..2 * most);
}

#[test]
fn inbox_in_any_case() {
    assert!(Mailbox::new("iNbOx").is_inbox());
    assert!(!Mailbox::new("inbox/a").is_inbox());
    assert_eq!(Mailbox::new("Inbox2").as_str(), "Inbox2");
}

#[test]
fn patterns() {
    for (pattern, name, matches) in [
        ("*", "", true),
        ("%", "", true),
        ("", "", true),
        ("", "a", false),
        ("*", "a/b/c", true),
        ("%", "a", true),
        ("%", "a/b", false),
        ("%/%", "a/b", true),
        ("%/%", "a/b/c", false),
        ("a*c", "a/b/c", true),
        ("a%c", "a/b/c", false),
        ("a%c", "abc", true),
        ("*%", "a/b", true),
        ("%*", "a/b", true),
        ("*/%", "a/b/c", true),
        ("%%%b", "ab", true),
        ("a", "A", false),
        ("inbox", "INBOX", true),
        ("i%x", "INBOX", true),
        ("inbox", "INBOX/a", false),
        ("é%", "éa", true),
        ("foo*bar*baz", "foobarbarqux", false),
    ] {
        let found = ListPattern::new(pattern).matches(name, '/');
        assert_eq!(found, matches, "{pattern} {name}");
    }
    assert!(!ListPattern::new("%").matches("a→b", '→'), "a delimiter of three octets");
    assert!(ListPattern::new("%").matches("a/b", '.'));
}

#[test]
fn a_pattern_of_wildcards_is_not_exponential() {
    let pattern = ListPattern::new("*a".repeat(1_000));
    assert!(!pattern.matches(&"a".repeat(999), '/'));
}

#[test]
fn sequence_sets() {
    for (text, written) in [
        ("1", "1"),
        ("*", "*"),
        ("*:*", "*"),
        ("2:4", "2:4"),
        ("4:2", "2:4"),
        ("*:4", "4:*"),
        ("1,2,3", "1:3"),
        ("3,1,2,2", "1:3"),
        ("1:3,2:5,7", "1:5,7"),
        ("5:*,3:*,4:*,*", "3:*,5:*"),
        ("4294967295:1", "1:4294967295"),
        ("4294967295,4294967294,*", "4294967294:4294967295,*"),
    ] {
        let set: SequenceSet = text.parse().unwrap();
        assert_eq!(set.to_string(), written, "{text}");
        assert_eq!(written.parse::<SequenceSet>(), Ok(set), "{text}");
    }
    for bad in [
        "",
        ",",
        "1,",
        ",1",
        "1,,2",
        "0",
        "01",
        "1:",
        ":1",
        "1:2:3",
        "-1",
        "+1",
        "a",
        "1 ",
        "4294967296",
        "99999999999999999999",
        "**",
        "*:0",
        "١",
    ] {
        assert!(bad.parse::<SequenceSet>().is_err(), "{bad}");
    }
}

#[test]
fn the_last_number_may_be_below() {
    // RFC 3501 §6.4.8: `559:*` means the last message even when all UIDs are below 559.
    let set: SequenceSet = "559:*".parse().unwrap();
    assert!(set.contains(23, 23));
    assert!(!set.contains(22, 23));
    assert_eq!(set.ranges(23).collect::<Vec<_>>(), [23..=559]);
    assert_eq!(set.greatest(), Some(559));
    assert_eq!("*".parse::<SequenceSet>().unwrap().greatest(), None);
}

#[test]
fn ten_thousand_ranges_stay_searchable() {
    let numbers = (0..10_000).rev().map(|n| n * 3 + 1);
    let text: Vec<String> = numbers.map(|n| n.to_string()).collect();
    let set: SequenceSet = text.join(",").parse().unwrap();
    for number in 1..30_000 {
        assert_eq!(set.contains(number, 30_000), number % 3 == 1);
    }
    assert_eq!(set.ranges(0).count(), 10_000);
}

proptest! {
    #[test]
    fn a_sequence_set_means_what_its_ranges_say(
        parts in prop::collection::vec((prop::option::of(1u32..40), prop::option::of(1u32..40)), 1..8),
        last in 1u32..40,
    ) {
        let word = |number: Option<u32>| number.map_or("*".into(), |n| n.to_string());
        let text: Vec<String> =
            parts.iter().map(|&(a, b)| word(a) + ":" + &word(b)).collect();
        let set: SequenceSet = text.join(",").parse().unwrap();
        let from_ranges: Vec<u32> = set.ranges(last).flatten().collect();
        let mut expected = Vec::new();
        for number in 1..50 {
            let meant = parts.iter().any(|&(a, b)| {
                let (a, b) = (a.unwrap_or(last), b.unwrap_or(last));
                (a.min(b)..=a.max(b)).contains(&number)
            });
            prop_assert_eq!(set.contains(number, last), meant, "{} in {} of {}", number, set, last);
            if meant {
                expected.push(number);
            }
        }
        prop_assert_eq!(from_ranges, expected);
        prop_assert_eq!(set.to_string().parse::<SequenceSet>(), Ok(set));
    }

    #[test]
    fn a_pattern_matches_as_the_naive_way_says(
        pattern in "[ab/*%]{0,6}",
        name in "[ab/]{0,6}",
    ) {
        fn naive(pattern: &[u8], name: &[u8]) -> bool {
            match pattern {
                [] => name.is_empty(),
                [wild @ (b'*' | b'%'), rest @ ..] => {
                    naive(rest, name)
                        || name.split_first().is_some_and(|(&c, tail)| {
                            (*wild == b'*' || c != b'/') && naive(pattern, tail)
                        })
                }
                [c, rest @ ..] => name.split_first().is_some_and(|(n, tail)| n == c && naive(rest, tail)),
            }
        }
        let expected = naive(pattern.as_bytes(), name.as_bytes());
        prop_assert_eq!(ListPattern::new(pattern).matches(&name, '/'), expected);
    }
}
