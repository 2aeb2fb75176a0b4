use super::{
    folder, mailbox, parse_keywords, parse_special_uses, parse_subscriptions, write_keywords,
    write_special_uses, write_subscriptions,
};
use postroad_core::limits::Limits;
use postroad_core::store::suite::name;
use postroad_core::store::{MailboxName, SpecialUse};
use std::collections::BTreeSet;

const LIMITS: &Limits = &Limits::DEFAULT;

#[test]
fn folders_are_named_as_in_maildir_plus_plus() {
    for (text, expected) in [
        ("Work.Mars", ".Work.Mars"),
        ("Entwürfe", ".Entw&APw-rfe"),
        ("R&D", ".R&-D"),
        ("INBOX.a", ".INBOX.a"),
    ] {
        assert_eq!(folder(&name(text)), expected);
        assert_eq!(mailbox(expected.as_bytes(), LIMITS), Some(name(text)));
    }
    for no in [
        "cur", ".", "..", ".INBOX", ".inbox", ".inbox.a", ".a..b", ".a&", ".&AGE-", ".a*",
        ".a\u{e9}",
    ] {
        assert_eq!(mailbox(no.as_bytes(), LIMITS), None, "{no}");
    }
}

#[test]
fn subscriptions_of_both_versions_are_read() {
    let names =
        |names: &[&str]| -> BTreeSet<MailboxName> { names.iter().map(|n| name(n)).collect() };
    for (text, expected) in [
        ("", &[][..]),
        ("INBOX\nWork.Mars\n\nEntw&APw-rfe\n", &["INBOX", "Work.Mars", "Entwürfe"]),
        ("V\t2\n\nINBOX\nWork\tMars\n", &["INBOX", "Work.Mars"]),
        ("a\nb*\n..\n\u{1}\nc", &["a", "c"]),
    ] {
        let read = parse_subscriptions(text.as_bytes(), LIMITS);
        assert_eq!(read, names(expected), "{text:?}");
        let written = write_subscriptions(&read);
        assert_eq!(parse_subscriptions(written.as_bytes(), LIMITS), read);
    }
}

#[test]
fn keywords_keep_their_places() {
    let table = parse_keywords(b"0 $Forwarded\n2 work\nx y\n26 far\n1\n", LIMITS);
    assert_eq!(&table[..], ["$Forwarded", "unknown-1", "work"]);
    assert_eq!(write_keywords(&table), "0 $Forwarded\n1 unknown-1\n2 work\n");
    assert!(parse_keywords(b"", LIMITS).is_empty());
    let table = parse_keywords(b"0 we ird\n1 a)\n2 work\n3 \\Seen\n4 \n", LIMITS);
    assert_eq!(&table[..], ["unknown-0", "unknown-1", "work", "unknown-3", "unknown-4"]);
}

#[test]
fn special_uses_are_kept_by_name() {
    let uses = [(name("Gesendet & mehr"), SpecialUse::Sent), (name("Trash"), SpecialUse::Trash)];
    let text = write_special_uses(uses.iter().map(|(name, special_use)| (name, *special_use)));
    assert_eq!(text, "Sent Gesendet &- mehr\nTrash Trash\n");
    assert_eq!(parse_special_uses(text.as_bytes(), LIMITS), uses);
    assert!(parse_special_uses(b"Sent\nWhat ever\nTrash a*\n", LIMITS).is_empty());
}
