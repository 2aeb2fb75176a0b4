//! Random requests: the Maildir answers as the memory does.

use super::Folder;
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::store::suite::{Bed, account, name};
use postroad_core::store::{
    Access, Answer, Atomicity, Entry, Failure, FlagAction, Flags, Memory, Originals, Request,
    Snapshot, Store, Target, UidSet,
};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

const SESSIONS: usize = 3;

fn mailbox() -> impl Strategy<Value = postroad_core::store::MailboxName> {
    select(&["INBOX", "INBOX", "a", "a", "a.b", "b", "b.c.d", "ü"][..]).prop_map(name)
}

fn numbers() -> impl Strategy<Value = UidSet> {
    proptest::collection::vec((1..8u32, 0..3u32), 1..3).prop_map(|ranges| {
        let uid = postroad_core::store::suite::uid;
        let range = |(first, more)| (uid(first), uid(first + more));
        ranges.into_iter().map(range).collect()
    })
}

fn flags() -> impl Strategy<Value = Flags> {
    (0..32u32).prop_map(|bits| {
        [Flags::SEEN, Flags::ANSWERED, Flags::FLAGGED, Flags::DELETED, Flags::DRAFT]
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| bits & (1 << bit) != 0)
            .fold(Flags::NONE, |flags, (_, flag)| flags | flag)
    })
}

fn keywords() -> impl Strategy<Value = Vec<String>> {
    let word = select(&["one", "Two", "TWO", "three", "no word"][..]).prop_map(String::from);
    proptest::collection::vec(word, 0..2)
}

fn naming() -> impl Strategy<Value = Request> {
    let account = account;
    prop_oneof![
        Just(Request::List { account: account() }),
        mailbox().prop_map(move |mailbox| Request::Create {
            account: account(),
            mailbox,
            special_use: None
        }),
        mailbox().prop_map(move |mailbox| Request::Delete { account: account(), mailbox }),
        (mailbox(), mailbox()).prop_map(move |(from, to)| Request::Rename {
            account: account(),
            from,
            to
        }),
        (mailbox(), any::<bool>()).prop_map(move |(mailbox, subscribed)| Request::Subscribe {
            account: account(),
            mailbox,
            subscribed
        }),
    ]
}

fn reading() -> impl Strategy<Value = Request> {
    let access =
        select(&[Access::ReadOnly, Access::ReadWrite, Access::ReadWrite, Access::Exclusive][..]);
    let account = account;
    let uid = (1..8u32).prop_map(postroad_core::store::suite::uid);
    prop_oneof![
        1 => mailbox().prop_map(move |mailbox| Request::Status {
            account: account(),
            mailbox
        }),
        4 => (mailbox(), access).prop_map(move |(mailbox, access)| Request::Open {
            account: account(),
            mailbox,
            access
        }),
        4 => Just(Request::Sync),
        1 => Just(Request::Close),
        3 => (uid.clone(), 0..30u64, 0..30usize).prop_map(|(uid, offset, length)| Request::Read {
            uid,
            offset,
            length
        }),
        1 => uid.prop_map(|uid| Request::Structure { uid }),
    ]
}

fn changing() -> impl Strategy<Value = Request> {
    let action = select(&[FlagAction::Add, FlagAction::Replace, FlagAction::Remove][..]);
    let originals = select(&[Originals::Stay, Originals::Go][..]);
    prop_oneof![
        2 => (numbers(), action, flags(), keywords()).prop_map(|(uids, action, flags, keywords)| {
            Request::SetFlags { uids, unchanged_since: None, action, flags, keywords }
        }),
        1 => numbers().prop_map(|uids| Request::Expunge { uids }),
        2 => (numbers(), mailbox(), originals)
            .prop_map(|(uids, to, originals)| Request::Copy { uids, account: account(), to, flags: Flags::ALL, originals }),
    ]
}

/// A message and how it is filed.
fn filing() -> impl Strategy<Value = Vec<Request>> {
    let account = account;
    let target = mailbox().prop_map(move |mailbox| Target { account: account(), mailbox });
    let deliver = (
        select(&["Q1", "Q2", "Q3", "Q4"][..]),
        proptest::collection::vec(target, 1..3),
        select(&[Atomicity::All, Atomicity::Each][..]),
    )
        .prop_map(|(id, targets, atomicity)| Request::Deliver {
            id: id.into(),
            targets,
            atomicity,
        });
    let append = (mailbox(), flags(), keywords(), proptest::option::of(-9_999..9_999i64)).prop_map(
        move |(mailbox, flags, keywords, date)| Request::Append {
            replaces: None,
            account: account(),
            mailbox,
            flags,
            keywords,
            date,
        },
    );
    (prop_oneof![deliver, append], 0..9usize).prop_map(move |(end, writes)| {
        let begin = Request::Begin { account: account(), mailbox: name("INBOX") };
        let mut steps = vec![begin];
        steps.extend(std::iter::repeat_n(Request::Write, writes));
        steps.push(end);
        steps
    })
}

fn steps() -> impl Strategy<Value = Vec<(usize, Vec<Request>)>> {
    let step = prop_oneof![
        2 => naming().prop_map(|request| vec![request]),
        6 => reading().prop_map(|request| vec![request]),
        5 => changing().prop_map(|request| vec![request]),
        6 => filing(),
    ];
    proptest::collection::vec((0..SESSIONS, step), 1..50)
}

/// UIDVALIDITYs are told apart but not compared: which number a mailbox gets is the store's matter.
#[derive(Default)]
struct Validities(BTreeMap<u32, u32>, BTreeMap<u32, u32>);

impl Validities {
    fn check(&mut self, model: &mut u32, real: &mut u32) {
        assert_eq!(*self.0.entry(*model).or_insert(*real), *real);
        assert_eq!(*self.1.entry(*real).or_insert(*model), *model);
        (*model, *real) = (0, 0);
    }

    fn compare(&mut self, mut model: Answer, mut real: Answer, context: &str) {
        match (&mut model, &mut real) {
            (
                Answer::Opened(one) | Answer::Mailbox(one) | Answer::Stored { snapshot: one, .. },
                Answer::Opened(two) | Answer::Mailbox(two) | Answer::Stored { snapshot: two, .. },
            ) => {
                self.check(&mut one.uid_validity, &mut two.uid_validity);
                for snapshot in [one, two] {
                    without_modseqs(snapshot);
                }
            }
            (Answer::Status(one), Answer::Status(two)) => {
                self.check(&mut one.uid_validity, &mut two.uid_validity);
            }
            (Answer::Copied(one), Answer::Copied(two)) => {
                self.check(&mut one.uid_validity, &mut two.uid_validity);
            }
            (
                Answer::Appended { uid_validity: one, .. },
                Answer::Appended { uid_validity: two, .. },
            ) => self.check(one, two),
            _ => (),
        }
        assert!(!matches!(real, Answer::Failed(Failure::Io(_))), "{context}: {real:?}");
        assert_eq!(model, real, "{context}");
    }
}

/// A store may give a mod-sequence later than another: when it finds what has arrived.
fn without_modseqs(snapshot: &mut Snapshot) {
    let without = |entry: &Entry| Entry { modseq: 0, ..*entry };
    snapshot.messages = snapshot.messages.iter().map(without).collect();
    snapshot.highest_modseq = 0;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn the_maildir_answers_as_the_memory_does(steps in steps()) {
        let (memory, folder) = (Memory::new(Limits::default()), Folder::new());
        let mut model: Vec<_> = (0..SESSIONS).map(|_| Bed::session(&memory)).collect();
        let mut real: Vec<_> = (0..SESSIONS).map(|_| folder.session()).collect();
        let mut validities = Validities::default();
        let (mut one, mut two) = (Vec::new(), Vec::new());
        let mut count = 0;
        for (session, requests) in steps {
            for request in requests {
                count += 1;
                let now = Instant::from_seconds(2_000_000_000 + count);
                let lent = format!("line {count}\n");
                let lent = lent.as_bytes();
                let context = format!("session {session}, step {count}: {request:?}");
                let expected = model[session].perform(now, request.clone(), lent, &mut one);
                let answer = real[session].perform(now, request, lent, &mut two);
                validities.compare(expected, answer, &context);
                prop_assert_eq!(&one, &two);
            }
        }
    }
}
