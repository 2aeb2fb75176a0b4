//! Checks of names, levels and subscriptions.

use super::{Bed, Desk, account, name};
use crate::store::{Answer, Failure, Flags, Request, SpecialUse};
use alloc::vec::Vec;

/// INBOX is there from the start.
pub fn a_new_account_has_an_inbox(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    assert_eq!(desk.list(), ["M INBOX"]);
    let status = desk.status("INBOX");
    assert_eq!((status.messages, status.uid_next), (0, 1));
    assert!(status.uid_validity > 0);
    let create = Request::Create { account: account(), mailbox: name("inbox"), special_use: None };
    assert_eq!(desk.fails(create), Failure::Exists);
}

/// RFC 6154 §2: the five special uses, subscribed, and kept through renaming.
pub fn provisioned_accounts_have_special_uses(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    bed.provision(desk.now, &account());
    bed.provision(desk.now, &account());
    let all = ["M+ Archive", "M+ Drafts", "M+ INBOX", "M+ Junk", "M+ Sent", "M+ Trash"];
    assert_eq!(desk.list(), all);
    let rename = desk.rename("Junk", "Spam");
    desk.done(rename);
    let delete = desk.delete("Archive");
    desk.done(delete);
    let create = Request::Create {
        account: account(),
        mailbox: name("Old.Mail"),
        special_use: Some(SpecialUse::Archive),
    };
    desk.done(create);
    let list = Request::List { account: account() };
    let Answer::Mailboxes(listed) = desk.ask(list) else {
        panic!("no list");
    };
    let uses: Vec<_> =
        listed.iter().filter_map(|one| Some((one.name.as_str(), one.special_use?))).collect();
    let expected = [
        ("Drafts", SpecialUse::Drafts),
        ("Old.Mail", SpecialUse::Archive),
        ("Sent", SpecialUse::Sent),
        ("Spam", SpecialUse::Junk),
        ("Trash", SpecialUse::Trash),
    ];
    assert_eq!(uses, expected);
}

/// RFC 3501 §6.3.3.
pub fn missing_parents_are_created(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a.b.c");
    desk.create("a.d");
    desk.create("INBOX.e");
    assert_eq!(desk.list(), ["M INBOX", "M INBOX.e", "M a", "M a.b", "M a.b.c", "M a.d"]);
}

/// RFC 9051 §5.1: what is not Net-Unicode, and what turns text round, is no name of a new mailbox.
pub fn new_names_are_in_net_unicode(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    for bad in ["u\u{308}", "\u{212b}", "x\u{202e}y", "a.\u{200f}b", "\u{feff}x", "\u{2069}"] {
        let (mailbox, rename) = (name(bad), desk.rename("a", bad));
        let create = Request::Create { account: account(), mailbox, special_use: None };
        assert!(matches!(desk.fails(create), Failure::Refused(_)), "{bad:?}");
        assert!(matches!(desk.fails(rename), Failure::Refused(_)), "{bad:?}");
    }
    for good in ["\u{fc}", "\u{5d0}\u{5d1}", "\u{1f469}\u{200d}\u{1f4bb}"] {
        desk.create(good);
    }
    assert_eq!(desk.list().len(), 5);
}

/// RFC 3501 §6.3.4.
pub fn deleted_parents_stay_as_levels(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a.b");
    desk.create("a-z");
    let delete_a = desk.delete("a");
    desk.done(delete_a.clone());
    assert_eq!(desk.list(), ["M INBOX", "L a", "M a-z", "M a.b"]);
    assert!(matches!(desk.fails(delete_a.clone()), Failure::Refused(_)));
    let open = desk.opening("a", crate::store::Access::ReadWrite);
    assert_eq!(desk.fails(open), Failure::NoMailbox);
    desk.create("a");
    assert_eq!(desk.list(), ["M INBOX", "M a", "M a-z", "M a.b"]);
    desk.done(delete_a.clone());
    let delete_b = desk.delete("a.b");
    desk.done(delete_b);
    assert_eq!(desk.list(), ["M INBOX", "M a-z"]);
    assert_eq!(desk.fails(delete_a), Failure::NoMailbox);
    let inbox = desk.delete("INBOX");
    assert!(matches!(desk.fails(inbox), Failure::Refused(_)));
}

/// RFC 3501 §6.3.5: those below go along, missing parents are created, messages and their UIDs stay.
pub fn trees_are_renamed(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a.b.c");
    desk.append("a.b", Flags::SEEN, b"one\r\n");
    let before = desk.status("a.b");
    let rename = desk.rename("a", "x.y");
    desk.done(rename);
    assert_eq!(desk.list(), ["M INBOX", "M x", "M x.y", "M x.y.b", "M x.y.b.c"]);
    assert_eq!(desk.status("x.y.b"), before);
    desk.open("x.y.b");
    assert_eq!(desk.read(1, 100), b"one\r\n");
    // A mere level can be renamed, too.
    let delete = desk.delete("x");
    desk.done(delete);
    let rename = desk.rename("x", "z");
    desk.done(rename);
    assert_eq!(desk.list(), ["M INBOX", "L z", "M z.y", "M z.y.b", "M z.y.b.c"]);
}

/// What RENAME can't do.
pub fn renaming_is_refused(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    desk.create("b.c");
    for (from, to, failure) in [
        ("a", "b", Failure::Exists),
        ("a", "a", Failure::Exists),
        ("a", "INBOX", Failure::Exists),
        ("INBOX", "a", Failure::Exists),
        ("x", "y", Failure::NoMailbox),
        ("b", "b.d", Failure::Refused("a mailbox can't be moved below itself")),
    ] {
        let rename = desk.rename(from, to);
        assert_eq!(desk.fails(rename), failure, "{from} to {to}");
    }
    let long = "n".repeat(199);
    let rename = desk.rename("b", &long);
    assert!(matches!(desk.fails(rename), Failure::Limit(_)));
    assert_eq!(desk.list(), ["M INBOX", "M a", "M b", "M b.c"]);
}

/// RFC 3501 §6.3.5: INBOX stays and is empty; those below it stay.
pub fn renaming_inbox_empties_it(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("INBOX.below");
    desk.deliver("1", b"one\r\n");
    desk.append("INBOX", Flags::FLAGGED, b"two\r\n");
    let validity = desk.status("INBOX").uid_validity;
    let rename = desk.rename("INBOX", "old.mail");
    desk.done(rename);
    assert_eq!(desk.list(), ["M INBOX", "M INBOX.below", "M old", "M old.mail"]);
    let status = desk.status("INBOX");
    assert_eq!((status.messages, status.uid_next, status.uid_validity), (0, 3, validity));
    let opened = desk.open("old.mail");
    assert_eq!(
        super::told(&opened.entries),
        [(1, Flags::RECENT), (2, Flags::FLAGGED | Flags::RECENT)]
    );
    assert_eq!(desk.read(2, 100), b"two\r\n");
}

/// RFC 3501 §6.3.6, §6.3.9.
pub fn subscriptions_outlive_mailboxes(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a.b");
    let subscribe = |mailbox: &str, subscribed| Request::Subscribe {
        account: account(),
        mailbox: name(mailbox),
        subscribed,
    };
    for mailbox in ["a", "a.b", "gone", "INBOX", "gone"] {
        desk.done(subscribe(mailbox, true));
    }
    assert_eq!(desk.list(), ["M+ INBOX", "M+ a", "M+ a.b", "A+ gone"]);
    let delete = desk.delete("a");
    desk.done(delete);
    let delete = desk.delete("a.b");
    desk.done(delete);
    assert_eq!(desk.list(), ["M+ INBOX", "A+ a", "A+ a.b", "A+ gone"]);
    for mailbox in ["gone", "never", "a"] {
        desk.done(subscribe(mailbox, false));
    }
    let mut other = Desk::new(bed);
    assert_eq!(other.list(), ["M+ INBOX", "A+ a.b"]);
}

/// Names that are hard on a file system.
pub fn a_name_of_any_script_is_kept(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let names = [
        "Entwürfe.Über & Co",
        "日本語.メール",
        "cur",
        "new.tmp",
        "~a",
        "-a",
        "a b",
        "a\\b",
        "&AOk-",
    ];
    for each in names {
        desk.create(each);
        desk.append(each, Flags::NONE, b"x\r\n");
    }
    let listed = Desk::new(bed).list();
    for each in names {
        assert!(listed.contains(&alloc::format!("M {each}")), "{each} not in {listed:?}");
        assert_eq!(desk.status(each).messages, 1);
    }
    assert_eq!(listed.len(), 1 + names.len() + 3);
}

/// RFC 3501 §2.3.1.1.
pub fn a_mailbox_made_again_has_another_uid_validity(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let mut seen = Vec::new();
    for _ in 0..3 {
        desk.create("a");
        let validity = desk.status("a").uid_validity;
        assert!(!seen.contains(&validity));
        seen.push(validity);
        let delete = desk.delete("a");
        desk.done(delete);
    }
}
