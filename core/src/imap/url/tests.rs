use super::MessageUrl;
use crate::imap::types::{Section, SectionText};
use crate::store::suite::uid;
use proptest::prelude::*;

fn parse(url: &str) -> MessageUrl {
    MessageUrl::parse(url).unwrap_or_else(|| panic!("{url}"))
}

#[test]
fn a_message_is_named() {
    let url = parse("/Drafts;UIDVALIDITY=385759045/;UID=20");
    assert_eq!(url.mailbox.as_deref(), Some("Drafts"));
    assert_eq!((url.uid_validity, url.uid), (Some(385_759_045), uid(20)));
    assert_eq!(url.section, Section::default());
    assert_eq!(url.part_of(0..9), Some(0..9));

    let url = parse("Lists/r%C3%A4t%2Fe/;uid=7");
    assert_eq!(url.mailbox.as_deref(), Some("Lists/rät/e"));
    assert_eq!((url.uid_validity, url.uid), (None, uid(7)));

    let url = parse(";UID=3");
    assert_eq!((url.mailbox, url.uid), (None, uid(3)));
}

#[test]
fn a_section_is_named_and_octets_of_it() {
    let url = parse("/INBOX/;UID=20/;section=1.2.mime/;partial=5.10");
    assert_eq!(url.section, Section { part: [1, 2].into(), text: SectionText::Mime });
    assert_eq!(url.part_of(100..200), Some(105..115));
    assert_eq!(url.part_of(100..110), Some(105..110));
    assert_eq!(url.part_of(100..104), None);

    assert_eq!(parse(";UID=2/;PARTIAL=3").part_of(0..9), Some(3..9));
    assert_eq!(parse(";UID=2/;SECTION=HEADER").section.text, SectionText::Header);
    assert_eq!(parse(";UID=2/;SECTION=%31.TEXT").section.part, [1]);
}

#[test]
fn others_are_none() {
    for url in [
        "",
        "/",
        "/INBOX",
        "/INBOX;UID=1",
        "/INBOX/;UID=0",
        "/INBOX/;UID=+1",
        "/INBOX/;UID=4294967296",
        "/;UIDVALIDITY=1/;UID=1",
        "/INBOX;UIDVALIDITY=0/;UID=1",
        "/INBOX;UIDVALIDITY=1/",
        "/INBOX/;UID=1/;SECTION=",
        "/INBOX/;UID=1/;SECTION=HEADER.FIELDS (From)",
        "/INBOX/;UID=1/;SECTION=1]",
        "/INBOX/;UID=1/;PARTIAL=",
        "/INBOX/;UID=1/;PARTIAL=1.0",
        "/INBOX/;UID=1/;PARTIAL=1/;SECTION=1",
        "/INBOX/;UID=1/;URLAUTH=anonymous",
        "/INBOX?TEXT%20x",
        "/a%zz/;UID=1",
        "/a%C3/;UID=1",
        "/a%/;UID=1",
        "//example.org/INBOX/;UID=1",
        "imap://alice@example.org/INBOX/;UID=1",
        "http://example.org/;UID=1",
    ] {
        assert_eq!(MessageUrl::parse(url), None, "{url}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_much(url in "(/?[a-z%/;=.0-9]{0,12})?;(UID=|UIDVALIDITY=)?[0-9a-zA-Z/;=.%é]{0,30}") {
        let part = MessageUrl::parse(&url).and_then(|url| url.part_of(10..20));
        if let Some(part) = part {
            prop_assert!(part.start >= 10 && part.start <= part.end && part.end <= 20);
        }
    }
}
