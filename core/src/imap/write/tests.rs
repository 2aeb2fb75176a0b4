//! Tests of the writers: the RFCs' examples, octet by octet.

use super::{FetchData, FetchResponse, astring, mailbox, nstring, string};
use crate::imap::response::{
    Attribute, ChildInfo, Code, Condition, InProgress, Listed, Namespace, Namespaces, Response,
    Status,
};
use crate::imap::types::{
    Capability, Encoding, EntryName, FetchItem, Flag, Identifier, Mailbox, ObjectId, Partial,
    QuotaResource, QuotaUse, Rights, Section, SectionText, StatusItem, StatusValue, Tag,
};
use crate::limits::Limits;
use crate::message::date::DateTime;
use crate::message::envelope::Envelope;
use crate::message::structure::{Scanner, Structure};
use crate::store::{Flags, SpecialUse, Uid, UidSet};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn written(response: impl Into<Response>) -> String {
    written_in(Encoding::Utf7, response)
}

fn written_in(encoding: Encoding, response: impl Into<Response>) -> String {
    let text = text(|out| response.into().write(out, encoding));
    text.strip_suffix("\r\n").unwrap().to_string()
}

#[test]
fn strings() {
    for (octets, expected) in [
        (&b""[..], "\"\""),
        (b"a b", "\"a b\""),
        (b"a\tb", "\"a\tb\""),
        (b"\"\\", "\"\\\"\\\\\""),
        (b"NIL", "\"NIL\""),
        (b"a\r\nb", "{4}\r\na\r\nb"),
        (b"\x7f", "{1}\r\n\x7f"),
        ("é".as_bytes(), "{2}\r\né"),
        (b"a\0b\x01", "{4}\r\na?b\x01"),
    ] {
        assert_eq!(text(|out| string(out, octets)), expected);
        assert_eq!(text(|out| nstring(out, Some(octets))), expected);
    }
    assert_eq!(text(|out| nstring(out, None)), "NIL");
    for (octets, expected) in [
        (&b"INBOX"[..], "INBOX"),
        (b"a]", "a]"),
        (b"", "\"\""),
        (b"nil", "\"nil\""),
        (b"a b", "\"a b\""),
        (b"a*", "\"a*\""),
        (b"a\nb", "{3}\r\na\nb"),
    ] {
        assert_eq!(text(|out| astring(out, octets)), expected);
    }
    for (name, utf7, utf8) in [
        ("Entwürfe & so", "\"Entw&APw-rfe &- so\"", "\"Entwürfe & so\""),
        ("ü\"\\", "\"&APw-\\\"\\\\\"", "\"ü\\\"\\\\\""),
        ("a&b", "a&-b", "a&b"),
        ("INBOX", "INBOX", "INBOX"),
        ("ü\u{85}", "&APwAhQ-", "{4}\r\nü\u{85}"),
    ] {
        let name = Mailbox::new(name);
        assert_eq!(text(|out| mailbox(out, Encoding::Utf7, &name)), utf7);
        assert_eq!(text(|out| mailbox(out, Encoding::Utf8, &name)), utf8);
    }
}

#[test]
fn status_responses() {
    let ok = |text| Status::new(Condition::Ok, text);
    assert_eq!(written(ok("IMAP4rev1 ready")), "* OK IMAP4rev1 ready");
    assert_eq!(written(Status::new(Condition::Bye, "Bye")), "* BYE Bye");
    assert_eq!(written(Status::new(Condition::PreAuth, "Hi")), "* PREAUTH Hi");
    let tag = Tag::new("A1").unwrap();
    let no = Status::new(Condition::No, "Kein Zugriff für Sie\r\n* OK").with_tag(tag);
    assert_eq!(written(no), "A1 NO Kein Zugriff f?r Sie??* OK");
    assert_eq!(written(Response::Continue("".into())), "+ ");
    assert_eq!(written(Response::Continue("YGgGCSqG".into())), "+ YGgGCSqG");
}

#[test]
fn response_codes() {
    let in_progress = |progress, goal| {
        let tag = Tag::new("A001").unwrap();
        Code::InProgress(Some(InProgress { tag, progress, goal }))
    };
    let uids = |numbers: &[u32]| numbers.iter().filter_map(|&n| Uid::new(n)).collect::<UidSet>();
    for (code, expected) in [
        (Code::Alert, "ALERT"),
        (Code::BadCharset(&["US-ASCII", "UTF-8"]), "BADCHARSET (US-ASCII UTF-8)"),
        (Code::Capability(vec![Capability::Imap4Rev1]), "CAPABILITY IMAP4rev1"),
        (
            Code::PermanentFlags { flags: vec![Flag::Deleted, Flag::Seen], new_keywords: true },
            "PERMANENTFLAGS (\\Deleted \\Seen \\*)",
        ),
        (Code::PermanentFlags { flags: vec![], new_keywords: true }, "PERMANENTFLAGS (\\*)"),
        (Code::PermanentFlags { flags: vec![], new_keywords: false }, "PERMANENTFLAGS ()"),
        (Code::UidNext(4392), "UIDNEXT 4392"),
        (Code::UidValidity(3_857_529_045), "UIDVALIDITY 3857529045"),
        (Code::Unseen(12), "UNSEEN 12"),
        (Code::AppendUid { uid_validity: 38_505, uids: uids(&[3955]) }, "APPENDUID 38505 3955"),
        (
            Code::CopyUid {
                uid_validity: 38_505,
                source: uids(&[304, 319, 320]),
                target: uids(&[3956, 3957, 3958]),
            },
            "COPYUID 38505 304,319:320 3956:3958",
        ),
        (Code::TryCreate, "TRYCREATE"),
        (Code::ReadOnly, "READ-ONLY"),
        (Code::HighestModSeq(715_194_045_007), "HIGHESTMODSEQ 715194045007"),
        (Code::NoModSeq, "NOMODSEQ"),
        (Code::Modified("7,9".parse().unwrap()), "MODIFIED 7,9"),
        (Code::MailboxId(ObjectId::new("F2212ea8").unwrap()), "MAILBOXID (F2212ea8)"),
        (Code::NotSaved, "NOTSAVED"),
        (Code::UnknownCte, "UNKNOWN-CTE"),
        (Code::BadUrl("/a;UIDVALIDITY=1/ü]\r\n".into()), "BADURL /a;UIDVALIDITY=1/????"),
        (Code::CompressionActive, "COMPRESSIONACTIVE"),
        (Code::Closed, "CLOSED"),
        (Code::HasChildren, "HASCHILDREN"),
        (Code::UidRequired, "UIDREQUIRED"),
        (Code::MetadataLongEntries(2199), "METADATA LONGENTRIES 2199"),
        (Code::MetadataMaxSize(1024), "METADATA MAXSIZE 1024"),
        (Code::MetadataTooMany, "METADATA TOOMANY"),
        (Code::MetadataNoPrivate, "METADATA NOPRIVATE"),
        (Code::NotificationOverflow, "NOTIFICATIONOVERFLOW"),
        (Code::BadEvent(vec!["MessageNew", "FlagChange"]), "BADEVENT (MessageNew FlagChange)"),
        (Code::InProgress(None), "INPROGRESS"),
        (in_progress(Some(454), NonZeroU32::new(1000)), "INPROGRESS (\"A001\" 454 1000)"),
        (in_progress(None, None), "INPROGRESS (\"A001\" NIL NIL)"),
    ] {
        let status = Status::new(Condition::Ok, "x").with_code(code);
        assert_eq!(written(status), ["* OK [", expected, "] x"].concat());
    }
}

#[test]
fn mailbox_data() {
    let attributes =
        vec![Attribute::NoSelect, Attribute::HasChildren, Attribute::SpecialUse(SpecialUse::Sent)];
    let listed = Listed::new(Mailbox::new("~/Mail/foo"), Some('/'), attributes);
    assert_eq!(
        written(Response::List(listed.clone())),
        "* LIST (\\Noselect \\HasChildren \\Sent) \"/\" ~/Mail/foo"
    );
    let root = Listed::new(Mailbox::new(""), None, vec![]);
    assert_eq!(written(Response::Lsub(root)), "* LSUB () NIL \"\"");
    let backslash = Listed { delimiter: Some('\\'), ..listed };
    assert!(written(Response::List(backslash)).contains(" \"\\\\\" "));
    let values = vec![
        (StatusItem::Messages, 231_u32.into()),
        (StatusItem::Size, u64::MAX.into()),
        (StatusItem::MailboxId, StatusValue::Id(ObjectId::new("F1").unwrap())),
        (StatusItem::AppendLimit, StatusValue::Nil),
    ];
    assert_eq!(
        written(Response::MailboxStatus(Mailbox::new("blurdybloop"), values)),
        "* STATUS blurdybloop (MESSAGES 231 SIZE 18446744073709551615 MAILBOXID (F1) APPENDLIMIT NIL)"
    );
    assert_eq!(
        written(Response::Flags(vec![Flag::Answered, Flag::Keyword("$X".into())])),
        "* FLAGS (\\Answered $X)"
    );
    assert_eq!(written(Response::Exists(23)), "* 23 EXISTS");
    assert_eq!(written(Response::Recent(5)), "* 5 RECENT");
    assert_eq!(written(Response::Expunge(44)), "* 44 EXPUNGE");
}

#[test]
fn extended_mailbox_data() {
    let attributes = vec![Attribute::NonExistent, Attribute::Subscribed, Attribute::Remote];
    let plain = Listed::new(Mailbox::new("Foo"), Some('/'), attributes);
    let listed = Listed {
        child_info: vec![ChildInfo::Subscribed, ChildInfo::SpecialUse],
        old_name: Some(Mailbox::new("Früher")),
        ..plain
    };
    let before = "* LIST (\\NonExistent \\Subscribed \\Remote) \"/\" Foo \
        (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\")) (\"OLDNAME\" (";
    assert_eq!(written(Response::List(listed.clone())), [before, "Fr&APw-her))"].concat());
    assert_eq!(
        written_in(Encoding::Utf8, Response::List(listed)),
        [before, "\"Früher\"))"].concat()
    );
    let uids = [3, 4, 9].into_iter().filter_map(Uid::new).collect::<UidSet>();
    let vanished = |earlier| Response::Vanished { earlier, uids: uids.clone() };
    assert_eq!(written(vanished(false)), "* VANISHED 3:4,9");
    assert_eq!(written(vanished(true)), "* VANISHED (EARLIER) 3:4,9");
}

#[test]
fn rights_quotas_and_annotations() {
    let inbox = || Mailbox::new("INBOX");
    let (fred, rights) = (Identifier::new("Fred").unwrap(), |text| Rights::new(text).unwrap());
    let name = |text: &str| EntryName::parse(text.as_bytes()).unwrap();
    for (response, expected) in [
        (
            Response::Acl(
                inbox(),
                vec![(fred.clone(), rights("rwipsl")), (fred.clone(), rights(""))],
            ),
            "* ACL INBOX Fred rwipsl Fred \"\"",
        ),
        (Response::Acl(inbox(), vec![]), "* ACL INBOX"),
        (
            Response::ListRights {
                mailbox: Mailbox::new("~/Mail"),
                identifier: Identifier::new("smith ü").unwrap(),
                required: rights(""),
                optional: vec![rights("la"), rights("r")],
            },
            "* LISTRIGHTS ~/Mail {8}\r\nsmith ü \"\" la r",
        ),
        (Response::MyRights(inbox(), rights("rwi")), "* MYRIGHTS INBOX rwi"),
        (
            Response::QuotaRoot(inbox(), vec!["".into(), "a b".into()]),
            "* QUOTAROOT INBOX \"\" \"a b\"",
        ),
        (Response::QuotaRoot(inbox(), vec![]), "* QUOTAROOT INBOX"),
        (Response::Quota("".into(), vec![]), "* QUOTA \"\" ()"),
        (
            Response::Quota(
                "!p".into(),
                vec![
                    QuotaUse { resource: QuotaResource::Storage, usage: 10, limit: u64::MAX },
                    QuotaUse { resource: QuotaResource::new("x-a"), usage: 0, limit: 1 },
                ],
            ),
            "* QUOTA !p (STORAGE 10 18446744073709551615 X-A 0 1)",
        ),
        (
            Response::Metadata(
                Some(inbox()),
                vec![
                    (name("/private/comment"), Some(b"My comment".to_vec())),
                    (name("/shared/a b"), None),
                    (name("/shared/x"), Some(b"a\0".to_vec())),
                ],
            ),
            "* METADATA INBOX (/private/comment \"My comment\" \"/shared/a b\" NIL /shared/x ~{2}\r\na\0)",
        ),
        (
            Response::MetadataChanged(None, vec![name("/shared/comment"), name("/private/x")]),
            "* METADATA \"\" /shared/comment /private/x",
        ),
    ] {
        assert_eq!(written(response), expected);
    }
    let acl = Response::Acl(Mailbox::new("ü"), vec![(Identifier::new("é").unwrap(), rights("l"))]);
    assert_eq!(written_in(Encoding::Utf8, acl), "* ACL \"ü\" \"é\" l");
}

#[test]
fn what_servers_say_of_themselves() {
    let capabilities = vec![
        Capability::Imap4Rev1,
        Capability::StartTls,
        Capability::Auth("GSSAPI".into()),
        Capability::Other("XPIG-LATIN".into()),
    ];
    assert_eq!(
        written(Response::Capability(capabilities.clone())),
        "* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI XPIG-LATIN"
    );
    assert_eq!(written(Response::Enabled(vec![])), "* ENABLED");
    let namespace = |prefix: &str| Namespace { prefix: prefix.into(), delimiter: Some('/') };
    let namespaces = Namespaces {
        personal: vec![namespace("")],
        other: vec![],
        shared: vec![namespace("Öffentlich/"), namespace("#shared/")],
    };
    assert_eq!(
        written(Response::Namespace(namespaces)),
        "* NAMESPACE ((\"\" \"/\")) NIL ((\"&ANY-ffentlich/\" \"/\")(\"#shared/\" \"/\"))"
    );
    assert_eq!(written(Response::Id(vec![])), "* ID NIL");
    let fields = vec![("name".into(), "Postroad".into()), ("x".into(), "\"".into())];
    assert_eq!(written(Response::Id(fields)), "* ID (\"name\" \"Postroad\" \"x\" \"\\\"\")");
}

fn fetched(data: &[FetchData<'_>]) -> String {
    let text = text(|out| {
        let mut response = FetchResponse::begin(out, 12);
        data.iter().for_each(|data| response.item(out, data));
        response.end(out);
    });
    let inner = text.strip_prefix("* 12 FETCH (").and_then(|text| text.strip_suffix(")\r\n"));
    inner.unwrap().to_string()
}

#[test]
fn simple_items() {
    let keywords = ["$Forwarded".to_string(), "$Junk".to_string()];
    let flags =
        Flags::SEEN | Flags::RECENT | Flags::ANSWERED | Flags::keyword(1) | Flags::keyword(9);
    let date = DateTime { seconds: 837_596_665, offset: -420 };
    assert_eq!(fetched(&[FetchData::Flags(Flags::NONE, &keywords)]), "FLAGS ()");
    assert_eq!(
        fetched(&[
            FetchData::Flags(flags, &keywords),
            FetchData::Uid(NonZeroU32::MAX),
            FetchData::InternalDate(date),
            FetchData::Rfc822Size(4286),
        ]),
        "FLAGS (\\Answered \\Seen \\Recent $Junk) UID 4294967295 \
         INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286"
    );
}

#[test]
fn items_of_extensions() {
    let id = ObjectId::new("M1").unwrap();
    let date = DateTime { seconds: 837_596_665, offset: -420 };
    assert_eq!(
        fetched(&[
            FetchData::ModSeq(624_140_003),
            FetchData::EmailId(&id),
            FetchData::ThreadId(Some(&id)),
            FetchData::ThreadId(None),
            FetchData::SaveDate(Some(date)),
            FetchData::SaveDate(None),
            FetchData::Preview(Some("Hi \"you\"")),
            FetchData::Preview(Some("")),
            FetchData::Preview(None),
            FetchData::BinarySize(&[1, 2], 9),
            FetchData::BinarySize(&[], 0),
        ]),
        "MODSEQ (624140003) EMAILID (M1) THREADID (M1) THREADID NIL \
         SAVEDATE \"17-Jul-1996 02:44:25 -0700\" SAVEDATE NIL PREVIEW \"Hi \\\"you\\\"\" PREVIEW \"\" \
         PREVIEW NIL BINARY.SIZE[1.2] 9 BINARY.SIZE[] 0"
    );
    let partial = Some(Partial { offset: 7, count: NonZeroU32::MIN });
    let binary = FetchItem::Binary { part: vec![1, 2], partial, peek: true };
    assert_eq!(fetched(&[FetchData::Content(&binary, Some(3))]), "BINARY[1.2]<7> ~{3}\r\n");
    assert_eq!(fetched(&[FetchData::Content(&binary, None)]), "BINARY[1.2]<7> NIL");
    let uid_fetch = text(|out| FetchResponse::begin_uid(out, NonZeroU32::MIN).end(out));
    assert_eq!(uid_fetch, "* 1 UIDFETCH ()\r\n");
}

#[test]
fn content_is_named_as_it_was_asked_for() {
    let names = || vec!["Date".into(), "X y".into()];
    let section = |part: &[u32], text, partial: Option<u32>| FetchItem::Section {
        section: Section { part: part.to_vec(), text },
        partial: partial.map(|offset| Partial { offset, count: NonZeroU32::MIN }),
        peek: true,
    };
    for (item, expected) in [
        (FetchItem::Rfc822, "RFC822"),
        (FetchItem::Rfc822Header, "RFC822.HEADER"),
        (FetchItem::Rfc822Text, "RFC822.TEXT"),
        (section(&[], SectionText::All, None), "BODY[]"),
        (section(&[], SectionText::Header, Some(0)), "BODY[HEADER]<0>"),
        (section(&[], SectionText::Text, None), "BODY[TEXT]"),
        (section(&[4, 2], SectionText::All, Some(7)), "BODY[4.2]<7>"),
        (section(&[4, 2], SectionText::Mime, None), "BODY[4.2.MIME]"),
        (
            section(&[], SectionText::HeaderFields(names()), None),
            "BODY[HEADER.FIELDS (Date \"X y\")]",
        ),
        (
            section(&[3], SectionText::HeaderFieldsNot(names()), None),
            "BODY[3.HEADER.FIELDS.NOT (Date \"X y\")]",
        ),
    ] {
        let content = [FetchData::Content(&item, Some(342))];
        assert_eq!(fetched(&content), [expected, " {342}\r\n"].concat());
        let absent = [FetchData::Content(&item, None)];
        assert_eq!(fetched(&absent), [expected, " NIL"].concat());
    }
}

#[test]
fn envelopes() {
    // RFC 3501 §8
    let header = b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n\
        From: Terry Gray <gray@cac.washington.edu>\r\n\
        Subject: IMAP4rev1 WG mtg summary and minutes\r\n\
        To: imap@cac.washington.edu\r\n\
        cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n\
        Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n";
    let gray = "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))";
    let expected = [
        "ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" ",
        gray,
        " ",
        gray,
        " ",
        gray,
        " ",
        "((NIL NIL \"imap\" \"cac.washington.edu\")) ",
        "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) ",
        "NIL NIL \"<B27397-0100000@cac.washington.edu>\")",
    ];
    let envelope = Envelope::parse(header);
    assert_eq!(fetched(&[FetchData::Envelope(&envelope)]), expected.concat());

    let envelope = Envelope::parse(b"To: Friends: a@b.example, \"c d\" <@x.example:c@d.example>;, lost\r\nSubject: \xf6\r\n\r\n");
    assert_eq!(
        fetched(&[FetchData::Envelope(&envelope)]),
        "ENVELOPE (NIL {1}\r\n\u{fffd} NIL NIL NIL \
         ((NIL NIL \"Friends\" NIL)(NIL NIL \"a\" \"b.example\")(\"c d\" \"@x.example\" \"c\" \"d.example\")\
         (NIL NIL NIL NIL)(NIL NIL \"lost\" \"\")) NIL NIL NIL NIL)"
    );
    let nothing = Envelope::default();
    assert_eq!(
        fetched(&[FetchData::Envelope(&nothing)]),
        "ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    );
}

fn structure(message: &str) -> Structure {
    let mut scanner = Scanner::new(&Limits::default());
    scanner.push(message.replace('\n', "\r\n").as_bytes());
    scanner.finish()
}

#[test]
fn single_parts() {
    // RFC 3501 §7.4.2's shape, with the defaults of RFC 2045.
    let plain = structure("Subject: x\n\none\ntwo\n");
    assert_eq!(
        fetched(&[FetchData::Body(&plain)]),
        "BODY (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 10 2)"
    );
    let image = structure(
        "Content-Type: IMAGE/png; name=\"a b.png\"\nContent-Transfer-Encoding: BASE64\nContent-ID: <1@x>\n\
         Content-Description: a picture\nContent-MD5: Q2hlY2s=\nContent-Language: en, de\nContent-Location: here\n\
         Content-Disposition: attachment; filename=a.png\n\nAAAA\n",
    );
    let basic = "(\"IMAGE\" \"png\" (\"name\" \"a b.png\") \"<1@x>\" \"a picture\" \"BASE64\" 6";
    assert_eq!(fetched(&[FetchData::Body(&image)]), ["BODY ", basic, ")"].concat());
    assert_eq!(
        fetched(&[FetchData::BodyStructure(&image)]),
        [
            "BODYSTRUCTURE ",
            basic,
            " \"Q2hlY2s=\" (\"attachment\" (\"filename\" \"a.png\")) (\"en\" \"de\") \"here\")"
        ]
        .concat()
    );
}

#[test]
fn multiparts_and_messages() {
    let message = structure(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: message/rfc822\n\n\
         Subject: inner\nContent-Type: text/html\n\n<p>\n--b--\n",
    );
    assert_eq!(
        fetched(&[FetchData::Body(&message)]),
        "BODY ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 46 \
         (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) \
         (\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0) 3) \"mixed\")"
    );
    assert_eq!(
        fetched(&[FetchData::BodyStructure(&message)]),
        "BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0 NIL NIL NIL NIL)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 46 \
         (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) \
         (\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL) 3 NIL NIL NIL NIL) \
         \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)"
    );
}

#[test]
fn parts_that_are_not_what_they_say() {
    for header in [
        "Content-Type: multipart/mixed",
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64",
    ] {
        let opaque = structure(&[header, "\n\nx"].concat());
        let text = fetched(&[FetchData::Body(&opaque)]);
        assert!(text.starts_with("BODY (\"application\" \"octet-stream\" NIL NIL NIL "), "{text}");
    }
    let nothing = Structure { parts: vec![] };
    assert_eq!(fetched(&[FetchData::Body(&nothing)]), "BODY NIL");
}

#[test]
fn the_deepest_structure_can_be_written() {
    let depth = Limits::default().mime_depth;
    let message = "Content-Type: message/rfc822\n\n".repeat(2 * depth);
    let text = fetched(&[FetchData::BodyStructure(&structure(&message))]);
    assert_eq!(text.matches('(').count(), text.matches(')').count());
}
