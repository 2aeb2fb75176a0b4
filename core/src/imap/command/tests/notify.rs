//! NOTIFY.

use super::{bad, inbox, parsed};
use crate::imap::types::{
    Command, EventGroup, FetchItem, Mailbox, MailboxFilter, Notify, NotifyEvent,
};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

fn groups(text: &str) -> Vec<EventGroup> {
    match parsed(&format!("NOTIFY SET {text}")) {
        Command::Notify(Notify::Set { status: false, groups }) => groups,
        other => panic!("{other:?}"),
    }
}

#[test]
fn notify() {
    use NotifyEvent::{FlagChange, MailboxName, MessageExpunge, MessageNew, Other};
    assert_eq!(parsed("NOTIFY NONE"), Command::Notify(Notify::None));
    let group = |filter, events| EventGroup { filter, events };
    let items = vec![FetchItem::Uid, FetchItem::Flags];
    let selected =
        group(MailboxFilter::SelectedDelayed, vec![MessageNew(items), MessageExpunge, FlagChange]);
    let text = "(selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange))";
    assert_eq!(groups(text), core::slice::from_ref(&selected));
    let subtree = group(
        MailboxFilter::Subtree(vec![inbox(), Mailbox::new("a b")]),
        vec![MailboxName, Other("Thunder".into())],
    );
    let none = group(MailboxFilter::Mailboxes(vec![Mailbox::new("x")]), vec![]);
    let status =
        Command::Notify(Notify::Set { status: true, groups: vec![selected, subtree, none] });
    let more = "(SUBTREE (inbox \"a b\") (mailboxname Thunder)) (MAILBOXES x NONE)";
    assert_eq!(parsed(&format!("notify set status {text} {more}")), status);
    for (name, filter) in [
        ("SELECTED", MailboxFilter::Selected),
        ("INBOXES", MailboxFilter::Inboxes),
        ("PERSONAL", MailboxFilter::Personal),
        ("SUBSCRIBED", MailboxFilter::Subscribed),
    ] {
        let events = vec![MessageExpunge, MessageNew(vec![])];
        let text = format!("({name} (MESSAGEEXPUNGE MESSAGENEW))");
        assert_eq!(groups(&text), [group(filter, events)]);
    }
    let all: Vec<_> =
        NotifyEvent::ALL.iter().map(|event| event.name().to_ascii_uppercase()).collect();
    let [all] = &groups(&format!("(PERSONAL ({}))", all.join(" ")))[..] else { panic!() };
    assert_eq!(all.events, NotifyEvent::ALL);
}

#[test]
fn bad_notify() {
    for text in [
        "",
        "X",
        "NONE x",
        "SET",
        "SET STATUS",
        "SET ()",
        "SET (X NONE)",
        "SET (PERSONAL)",
        "SET (PERSONAL ())",
        "SET (SUBTREE NONE)",
        "SET (MAILBOXES () NONE)",
        "SET (PERSONAL NONE) ",
        "SET (PERSONAL NONE)x",
        "SET (PERSONAL (MessageNew))",
        "SET (PERSONAL (MessageExpunge))",
        "SET (PERSONAL (FlagChange))",
        "SET (PERSONAL (MessageNew (UID) MessageExpunge))",
        "SET (SELECTED (MessageNew () MessageExpunge))",
        "SET (SELECTED (MessageNew (X) MessageExpunge))",
        "SET (SELECTED (MailboxName))",
        "SET (SELECTED NONE) (SELECTED-DELAYED NONE)",
        "SET (SELECTED NONE) (SELECTED NONE)",
    ] {
        bad(&format!("NOTIFY {text}"));
    }
}
