use postroad_core::store::suite::{Bed, Desk, account, name};
use postroad_core::store::{Access, Acl, Annotation, Answer, Kind, Request};
use std::collections::BTreeMap;

/// Everything that can be seen of the checks' account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Snapshot {
    pub(super) names: Vec<String>,
    pub(super) mailboxes: BTreeMap<String, Seen>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    pub(super) messages: BTreeMap<u32, Message>,
    rights: Acl,
    annotations: Vec<Annotation>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Message {
    pub(super) octets: String,
    pub(super) flags: Vec<String>,
    date: i64,
}

impl Snapshot {
    /// Looks, changing nothing.
    pub(super) fn of(bed: &impl Bed) -> Self {
        let mut desk = Desk::new(bed);
        let Answer::Mailboxes(listed) = desk.ask(Request::List { account: account() }) else {
            panic!("no list");
        };
        let existing = listed.iter().filter(|one| one.kind == Kind::Mailbox);
        let existing: Vec<_> = existing.map(|one| one.name.as_str().to_owned()).collect();
        let mailboxes = existing.into_iter().map(|mailbox| {
            let seen = look(&mut desk, &mailbox);
            (mailbox, seen)
        });
        let mailboxes = mailboxes.collect();
        Self { names: desk.list(), mailboxes }
    }

    /// The same without what a failed request may leave behind: given-away UIDs.
    pub(super) fn settled(mut self) -> Self {
        for seen in self.mailboxes.values_mut() {
            seen.uid_next = 0;
        }
        self
    }

    /// Octets of every message, with how often they are there.
    pub(super) fn octets(&self) -> BTreeMap<String, usize> {
        let mut all = BTreeMap::new();
        let messages = self.mailboxes.values().flat_map(|seen| seen.messages.values());
        for message in messages {
            *all.entry(message.octets.clone()).or_default() += 1;
        }
        all
    }
}

fn look(desk: &mut Desk<impl postroad_core::store::Store>, mailbox: &str) -> Seen {
    let examine = desk.opening(mailbox, Access::ReadOnly);
    let Answer::Opened(opened) = desk.ask(examine) else {
        panic!("{:?} can't be opened", name(mailbox));
    };
    let messages = opened.messages.iter().map(|entry| {
        let octets = desk.read(entry.uid.get(), 1 << 20);
        assert_eq!(octets.len(), entry.size as usize);
        let words = entry.flags.keywords().map(|at| opened.keywords[at].clone());
        let system = entry.flags.intersection(postroad_core::store::Flags::SYSTEM);
        let message = Message {
            octets: String::from_utf8(octets).unwrap(),
            flags: words.chain([format!("{system:?}")]).collect(),
            date: entry.date,
        };
        (entry.uid.get(), message)
    });
    let messages = messages.collect();
    let (rights, annotations) = words_about(desk, mailbox);
    Seen {
        rights,
        annotations,
        uid_validity: opened.uid_validity,
        uid_next: opened.uid_next,
        messages,
    }
}

/// Who may do what with a mailbox, and what was noted about it.
fn words_about(
    desk: &mut Desk<impl postroad_core::store::Store>,
    mailbox: &str,
) -> (Acl, Vec<Annotation>) {
    let Answer::Acl(rights) = desk.ask(Request::Acl { account: account(), mailbox: name(mailbox) })
    else {
        panic!("no rights of {mailbox:?}");
    };
    let mailbox = Some(name(mailbox));
    let asked = Request::Annotations { account: account(), mailbox, user: account() };
    let Answer::Annotations(annotations) = desk.ask(asked) else {
        panic!("no annotations");
    };
    (rights, annotations)
}
