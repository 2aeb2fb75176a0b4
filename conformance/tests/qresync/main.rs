//! A client that keeps a copy of a mailbox and synchronises it in both directions by QRESYNC (RFC
//! 7162), while others change the mailbox: whatever happened on either side, both end the same.

mod copy;
mod line;

use copy::Copy;
use line::Line;
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::store::Memory;
use proptest::prelude::*;

/// What happens between two synchronisations.
#[derive(Clone, Debug)]
enum Step {
    /// Another client appends a message.
    Append,
    /// Another client adds or takes away a flag of the message at this place.
    Flag(u32, bool, &'static str),
    /// Another client removes the message at this place.
    Expunge(u32),
    /// The same three, by the user of the copy while there is no connection.
    OwnAppend,
    OwnFlag(u32, bool, &'static str),
    OwnExpunge(u32),
    /// The copy and the mailbox are made the same.
    Synchronise,
}

fn step() -> impl Strategy<Value = Step> {
    let flag = || prop::sample::select(&["\\Seen", "\\Flagged", "\\Answered", "$Work"][..]);
    prop_oneof![
        3 => Just(Step::Append),
        4 => (0..30u32, any::<bool>(), flag()).prop_map(|(at, on, flag)| Step::Flag(at, on, flag)),
        2 => (0..30u32).prop_map(Step::Expunge),
        1 => Just(Step::OwnAppend),
        3 => (0..30u32, any::<bool>(), flag()).prop_map(|(at, on, flag)| Step::OwnFlag(at, on, flag)),
        1 => (0..30u32).prop_map(Step::OwnExpunge),
        2 => Just(Step::Synchronise),
    ]
}

/// The other client: always connected, with INBOX selected.
struct Other(Line);

impl Other {
    fn new(store: &Memory) -> Self {
        let mut line = Line::new(store);
        line.done("SELECT INBOX");
        Self(line)
    }

    fn take(&mut self, step: &Step, now: Instant) {
        self.0.now = now;
        let uids = line::found(&self.0.done("UID SEARCH ALL"));
        let pick = |at: u32| uids.get(at as usize % uids.len().max(1)).copied();
        match step {
            Step::Append => {
                self.0.append(&[], "a message of somebody else");
            }
            Step::Flag(at, on, flag) => {
                if let Some(uid) = pick(*at) {
                    let sign = if *on { '+' } else { '-' };
                    self.0.done(&format!("UID STORE {uid} {sign}FLAGS ({flag})"));
                }
            }
            Step::Expunge(at) => {
                if let Some(uid) = pick(*at) {
                    self.0.done(&format!("UID STORE {uid} +FLAGS (\\Deleted)"));
                    self.0.done(&format!("UID EXPUNGE {uid}"));
                }
            }
            _ => unreachable!("this is for the copy"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]
    #[test]
    fn both_sides_end_the_same(steps in prop::collection::vec(step(), 0..40)) {
        let store = Memory::new(Limits::default());
        let mut other = Other::new(&store);
        let mut copy = Copy::default();
        let mut seconds = 1_800_000_000;
        for step in steps.iter().chain([&Step::Synchronise]) {
            seconds += 1;
            let now = Instant::from_seconds(seconds);
            match step {
                Step::OwnAppend => copy.append(),
                Step::OwnFlag(at, on, flag) => copy.flag(*at, *on, flag),
                Step::OwnExpunge(at) => copy.expunge(*at),
                Step::Synchronise => {
                    copy.synchronise(&mut Line::at(&store, now));
                    let truth = Line::at(&store, now).whole_mailbox();
                    prop_assert_eq!(copy.messages(), truth);
                }
                step => other.take(step, now),
            }
        }
    }
}

/// Nothing to do costs one command, whatever the size of the mailbox.
#[test]
fn nothing_new_is_told_in_a_few_words() {
    let store = Memory::new(Limits::default());
    let mut line = Line::new(&store);
    for _ in 0..300 {
        line.append(&[], "one of many");
    }
    let mut copy = Copy::default();
    let now = line.now;
    copy.synchronise(&mut Line::at(&store, now));
    let mut quiet = Line::at(&store, now);
    copy.synchronise(&mut quiet);
    assert!(quiet.heard < 1_500, "{} octets", quiet.heard);
}
