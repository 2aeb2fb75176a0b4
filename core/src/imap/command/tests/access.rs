//! Quotas, access rights and annotations.

use super::{Encoding, GRAMMAR, bad, inbox, parse, parsed};
use crate::imap::types::{
    Acl, Command, EntryName, Identifier, Mailbox, Metadata, MetadataDepth, Quota, QuotaResource,
    Rights, RightsChange,
};
use alloc::format;
use alloc::vec;

#[test]
fn quota() {
    let set = |root: &str, limits| Quota::Set { root: root.into(), limits };
    for (text, quota) in [
        ("GETQUOTA \"\"", Quota::Get("".into())),
        ("getquota #user/alice", Quota::Get("#user/alice".into())),
        ("GETQUOTAROOT inbox", Quota::GetRoot(inbox())),
        ("SETQUOTA \"\" ()", set("", vec![])),
        (
            "SETQUOTA a (STORAGE 512 message 9223372036854775807)",
            set("a", vec![(QuotaResource::Storage, 512), (QuotaResource::Message, 1 << 63)]),
        ),
    ] {
        let quota = match quota {
            Quota::Set { root, limits } => Quota::Set {
                root,
                limits: limits
                    .into_iter()
                    .map(|(it, limit)| (it, limit.min(i64::MAX as u64)))
                    .collect(),
            },
            other => other,
        };
        assert_eq!(parsed(text), Command::Quota(quota));
    }
    for text in [
        "GETQUOTA",
        "GETQUOTA {1}\r\n\u{fc}",
        "GETQUOTA a b",
        "GETQUOTAROOT",
        "SETQUOTA a",
        "SETQUOTA a (STORAGE)",
        "SETQUOTA a (STORAGE x)",
        "SETQUOTA a (STORAGE -1)",
        "SETQUOTA a (STORAGE 9223372036854775808)",
        "SETQUOTA a STORAGE 1",
        "UID GETQUOTA a",
    ] {
        bad(text);
    }
}

#[test]
fn acl() {
    let mailbox = || Mailbox::new("a");
    let identifier = |text| Identifier::new(text).unwrap();
    let set = |change, rights| Acl::Set {
        mailbox: mailbox(),
        identifier: identifier("-Fred"),
        change,
        rights: Rights::new(rights).unwrap(),
    };
    for (text, acl) in [
        ("GETACL a", Acl::Get(mailbox())),
        ("MYRIGHTS a", Acl::MyRights(mailbox())),
        (
            "DELETEACL a anyone",
            Acl::Delete { mailbox: mailbox(), identifier: identifier("anyone") },
        ),
        (
            "LISTRIGHTS a {2}\r\n\u{fc}",
            Acl::ListRights { mailbox: mailbox(), identifier: identifier("\u{fc}") },
        ),
        ("SETACL a -Fred lrs0", set(RightsChange::Replace, "lrs0")),
        ("SETACL a -Fred +w", set(RightsChange::Add, "w")),
        ("SETACL a -Fred \"-\"", set(RightsChange::Remove, "")),
        ("SETACL a -Fred \"\"", set(RightsChange::Replace, "")),
    ] {
        assert_eq!(parsed(text), Command::Acl(acl));
    }
    for text in [
        "GETACL",
        "GETACL a b",
        "DELETEACL a",
        "DELETEACL a \"\"",
        "LISTRIGHTS a \"x\ty\"",
        "SETACL a b",
        "SETACL a b LR",
        "SETACL a b +-l",
        "SETACL a b \"l r\"",
        "SETACL a b l r",
    ] {
        bad(text);
    }
}

#[test]
fn getting_metadata() {
    let entries = || vec![EntryName::parse(b"/shared/comment").unwrap()];
    let get = |max_size, depth| {
        let mailbox = Some(inbox());
        Command::Metadata(Metadata::Get { mailbox, max_size, depth, entries: entries() })
    };
    use MetadataDepth::{Infinity, One, Zero};
    for (text, expected) in [
        ("INBOX /shared/comment", get(None, Zero)),
        ("INBOX (\"/SHARED/Comment\")", get(None, Zero)),
        ("(MAXSIZE 1024) INBOX /shared/comment", get(Some(1024), Zero)),
        ("(depth Infinity) INBOX /shared/comment", get(None, Infinity)),
        ("(DEPTH 1 MAXSIZE 0) INBOX (/shared/comment)", get(Some(0), One)),
        ("INBOX (DEPTH 1) /shared/comment", get(None, One)),
        ("INBOX (MAXSIZE 1024) (/shared/comment)", get(Some(1024), Zero)),
    ] {
        assert_eq!(parsed(&format!("GETMETADATA {text}")), expected, "{text}");
    }
    let server = Metadata::Get { mailbox: None, max_size: None, depth: Zero, entries: entries() };
    assert_eq!(parsed("GETMETADATA \"\" /shared/comment"), Command::Metadata(server));
    for text in [
        "",
        "INBOX",
        "INBOX ()",
        "INBOX comment",
        "INBOX /comment",
        "INBOX /shared/",
        "INBOX /shared//a",
        "INBOX \"/shared/*\"",
        "INBOX \"/shared/a\tb\"",
        "INBOX /sharedx",
        "() INBOX /shared/a",
        "(X 1) INBOX /shared/a",
        "(MAXSIZE) INBOX /shared/a",
        "(DEPTH 2) INBOX /shared/a",
        "(MAXSIZE 1)INBOX /shared/a",
    ] {
        bad(&format!("GETMETADATA {text}"));
    }
}

#[test]
fn setting_metadata() {
    let name = |text: &str| EntryName::parse(text.as_bytes()).unwrap();
    let octets =
        b"a SETMETADATA \"\" (/shared/a {3}\r\none /private/b NIL /shared/c ~{3}\r\n\0)\n)";
    let parsed = parse(octets, &GRAMMAR, Encoding::Utf7).unwrap().1;
    let values = vec![
        (name("/shared/a"), Some(b"one".to_vec())),
        (name("/private/b"), None),
        (name("/shared/c"), Some(b"\0)\n".to_vec())),
    ];
    let expected = Command::Metadata(Metadata::Set { mailbox: None, values });
    assert!(matches!(parsed, super::Parsed::Command(command) if command == expected));
    for text in [
        "",
        "INBOX",
        "INBOX ()",
        "INBOX (/shared/a)",
        "INBOX (/shared/a x)",
        "INBOX (/shared/a \"x\" /shared/b)",
        "INBOX /shared/a \"x\"",
        "INBOX (/shared/a ~\"x\")",
        "INBOX (/shared/a {1}\r\n\0)",
    ] {
        bad(&format!("SETMETADATA {text}"));
    }
}
