use alloc::format;
use alloc::string::String;

use proptest::prelude::*;

use super::Subject;

#[test]
fn bases() {
    for (subject, base, is_reply) in [
        ("", "", false),
        ("hello", "hello", false),
        ("  a \t b\r\n  c ", "a b c", false),
        ("Re: hello", "hello", true),
        ("RE : hello", "hello", true),
        ("re[2]: hello", "hello", true),
        ("re [a b] : hello", "hello", true),
        ("re [a][b]: hello", "re [a][b]: hello", false),
        ("Fw: Fwd: FWD[1]: hello", "hello", true),
        ("Rehearsal: hello", "Rehearsal: hello", false),
        ("Aw: hello", "Aw: hello", false),
        ("[a] [b]  hello", "hello", false),
        ("[a] [b]", "[b]", false),
        ("[a] re: [b]", "[b]", true),
        ("[a] [b] re: [c] d", "d", true),
        ("[a] b [c]", "b [c]", false),
        ("[a[b] c", "[a[b] c", false),
        ("a (fwd)(FWD) ", "a", true),
        ("(fwd)", "", true),
        ("a (fwd) b", "a (fwd) b", false),
        ("[Fwd: [Fwd: re: a (fwd)] (fwd)]", "a", true),
        ("[fwd:]", "", true),
        ("[fwd:", "[fwd:", false),
        ("re: [fwd: a] b", "b", true),
        ("Re:", "", true),
        ("r\u{e9}: x", "r\u{e9}: x", false),
        ("\u{e9}\u{e9}\u{e9}", "\u{e9}\u{e9}\u{e9}", false),
        ("=?utf-8?q?Re=3A_=C3=A4?= =?utf-8?q?_b?=", "\u{e4} b", true),
    ] {
        let expected = Subject { base: base.into(), is_reply };
        assert_eq!(Subject::parse(subject.as_bytes()), expected, "{subject}");
    }
}

#[test]
fn long_subjects_cost_linear_time() {
    for piece in ["[a]", "[fwd:", "re:", "(fwd)", "re [a", "[fwd: [a] ", "[", "re[a] ", "] "] {
        let many = piece.repeat(60_000);
        let _ = Subject::parse(many.as_bytes());
        let _ = Subject::parse(format!("{many}x{}", "]".repeat(60_000)).as_bytes());
    }
}

proptest! {
    #[test]
    fn a_base_is_its_own_base(subject in r"(re|fwd?|[:\[\]() a\u{e4}]|\(fwd\)|\[fwd:|\[x\]){0,20}") {
        let base = Subject::parse(subject.as_bytes()).base;
        let again = Subject::parse(base.as_bytes());
        prop_assert_eq!((again.base, again.is_reply), (base, false));
    }

    #[test]
    fn replies_have_the_base(subject in "[a-z]{1,5}( [a-z]{1,5}){0,3}", marks in "(Re: |Fwd:|FW : |re\\[3\\]: |\\[list\\] ){0,5}") {
        let expected = Subject::parse(subject.as_bytes()).base;
        let whole: String = marks + &subject;
        prop_assert_eq!(Subject::parse(whole.as_bytes()).base, expected);
    }
}
