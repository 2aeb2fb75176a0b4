//! Random requests: the folder answers as the memory does.

use super::{START, envelope, id, real, scanned};
use crate::scratch::Scratch;
use postroad_core::queue::spool::{Answer, Memory, Request, Spool as _};
use postroad_core::queue::{Action, Destination, Note, Outcome, Record, Remote};
use postroad_core::smtp::EnhancedCode;
use proptest::prelude::*;
use proptest::sample::select;

const SESSIONS: usize = 3;
const MESSAGES: u32 = 4;

#[derive(Clone, Debug)]
enum Step {
    /// The session asks for something, with so many octets lent.
    Ask(usize, Request, usize),
    /// The spool is opened anew; every session begins afresh.
    Restart,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let action =
        select(&[Action::Delivered, Action::Relayed, Action::Deferred, Action::Failed][..]);
    let remote = select(vec![
        None,
        Some(Remote { name: "mx.example.net".into(), address: None }),
        Some(Remote { name: "mx.example.net".into(), address: "192.0.2.1".parse().ok() }),
        Some(Remote { name: "mx.example.net".into(), address: "2001:db8::1".parse().ok() }),
    ]);
    let text = select(&["", "250 Ok", "550-No\n550 No", "a\\n b", "Ünmöglich"][..]);
    (action, remote, text).prop_map(|(action, remote, text)| Outcome {
        action,
        status: EnhancedCode::new(4, 0, 0),
        remote,
        text: text.into(),
    })
}

fn note() -> impl Strategy<Value = Note> {
    let places = || proptest::collection::vec(0..5usize, 1..3);
    let to = select(vec![
        Destination::Local,
        Destination::Domain("example.com".into()),
        Destination::Host("relay.example.com".into(), 2525),
    ]);
    prop_oneof![
        4 => (places(), outcome()).prop_map(|(recipients, outcome)| Note::Outcome { recipients, outcome }),
        2 => places().prop_map(|recipients| Note::Reported { recipients }),
        1 => Just(Note::Held),
        1 => Just(Note::Released),
        1 => to.prop_map(Note::Rerouted),
    ]
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = (note(), 0..9u64)
        .prop_map(|(note, at)| Record { at: START + core::time::Duration::from_micros(at), note });
    proptest::collection::vec(record, 0..3)
}

fn request() -> impl Strategy<Value = Request> {
    let known = || (0..MESSAGES).prop_map(id);
    prop_oneof![
        5 => (known(), 1..4usize).prop_map(|(id, many)| Request::Begin(envelope(id, many))),
        8 => Just(Request::Write),
        5 => Just(Request::Commit),
        1 => Just(Request::Abandon),
        4 => known().prop_map(Request::Load),
        8 => (known(), 0..120u64, 0..90usize).prop_map(|(id, offset, length)| Request::Read { id, offset, length }),
        6 => (known(), records()).prop_map(|(id, records)| Request::Record { id, records }),
        2 => known().prop_map(Request::Remove),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..SESSIONS, request(), prop_oneof![9 => 0..60usize, 1 => 60_000..140_000usize])
        .prop_map(|(session, request, lent)| Step::Ask(session, request, lent));
    proptest::collection::vec(prop_oneof![30 => ask, 1 => Just(Step::Restart)], 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn the_folder_answers_as_the_memory_does(steps in steps()) {
        let (memory, scratch) = (Memory::new(), Scratch::new());
        let mut spool = real(&scratch);
        let mut model: Vec<_> = (0..SESSIONS).map(|_| memory.session()).collect();
        let mut disk: Vec<_> = (0..SESSIONS).map(|_| spool.session()).collect();
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for (count, step) in steps.into_iter().chain([Step::Restart]).enumerate() {
            match step {
                Step::Ask(session, request, lent) => {
                    let lent = format!("{count}: {}\r\n", "x".repeat(lent));
                    let lent = lent.as_bytes();
                    let context = format!("session {session}, step {count}: {request:?}");
                    let expected = model[session].perform(START, request.clone(), lent, &mut one);
                    let answer = disk[session].perform(START, request, lent, &mut two);
                    prop_assert_eq!(expected, answer, "{}", context);
                    prop_assert_eq!(&one, &two, "{}", context);
                }
                Step::Restart => {
                    disk.clear();
                    spool = real(&scratch);
                    model = (0..SESSIONS).map(|_| memory.session()).collect();
                    let (entries, damaged) = scanned(&spool);
                    prop_assert_eq!(damaged, []);
                    let mut ids: Vec<_> = (0..MESSAGES).map(id).collect();
                    ids.sort();
                    let expected: Vec<_> = ids.into_iter().filter_map(|id| {
                        match model[0].perform(START, Request::Load(id), b"", &mut one) {
                            Answer::Loaded(entry) => Some(*entry),
                            _ => None,
                        }
                    }).collect();
                    prop_assert_eq!(entries, expected);
                    disk = (0..SESSIONS).map(|_| spool.session()).collect();
                }
            }
        }
    }
}
