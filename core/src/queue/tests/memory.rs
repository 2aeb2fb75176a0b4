//! What every spool promises, kept by the one in memory.

use super::*;
use crate::address::ReversePath;
use crate::queue::spool::{Answer, Memory, Request, Session, Spool as _};
use crate::store::Failure;

const GONE: Answer = Answer::Failed(Failure::NoMessage);

fn id(number: u32) -> Id {
    Id::new(&mut Entropy::from_seed([3; 32])).of_report(number)
}

fn begin(number: u32) -> Request {
    let (forward_path, _) = ForwardPath::parse(b"<bob@example.net>", false).unwrap();
    Request::Begin(Box::new(Envelope {
        id: id(number),
        arrived: START,
        origin: "alice".into(),
        reverse_path: ReversePath::Null,
        parameters: MailParameters::default(),
        recipients: vec![Recipient { forward_path, parameters: RcptParameters::default() }],
    }))
}

fn defer() -> Vec<Record> {
    let outcome = Outcome::ours(Action::Deferred, (4, 4, 1), "no answer");
    vec![Record { at: START, note: Note::Outcome { recipients: vec![0], outcome } }]
}

/// Asks, with `lent`; the answer and what was read.
fn ask(session: &mut Session, request: Request, lent: &[u8]) -> (Answer, Vec<u8>) {
    let mut octets = b"left over".to_vec();
    let answer = session.perform(START, request, lent, &mut octets);
    (answer, octets)
}

fn put(session: &mut Session, number: u32, content: &[u8]) {
    for (request, lent) in
        [(begin(number), &b""[..]), (Request::Write, content), (Request::Commit, b"")]
    {
        assert_eq!(ask(session, request, lent), (Answer::Done, vec![]));
    }
}

fn load(session: &mut Session, number: u32) -> Option<Entry> {
    match ask(session, Request::Load(id(number)), b"").0 {
        Answer::Loaded(entry) => Some(*entry),
        answer => {
            assert_eq!(answer, GONE);
            None
        }
    }
}

#[test]
fn a_message_is_there_from_its_commit_to_its_removal() {
    let memory = Memory::new();
    let (mut one, mut two) = (memory.session(), memory.clone().session());
    ask(&mut one, begin(1), b"");
    ask(&mut one, Request::Write, b"0123");
    ask(&mut one, Request::Write, b"456789");
    assert_eq!(load(&mut two, 1), None);
    assert_eq!(ask(&mut one, Request::Commit, b"").0, Answer::Done);
    assert_eq!(load(&mut two, 1).map(|entry| entry.size), Some(10));
    let read = |offset, length| Request::Read { id: id(1), offset, length };
    let read_to = |end, octets: &[u8]| (Answer::Read { end }, octets.to_vec());
    assert_eq!(ask(&mut two, read(2, 4), b""), read_to(false, b"2345"));
    assert_eq!(ask(&mut two, read(6, 9), b""), read_to(true, b"6789"));
    assert_eq!(ask(&mut two, read(99, 9), b""), read_to(true, b""));
    for _ in 0..2 {
        assert_eq!(ask(&mut one, Request::Remove(id(1)), b"").0, Answer::Done);
        assert_eq!(load(&mut two, 1), None);
        assert_eq!(ask(&mut two, read(0, 9), b"").0, GONE);
        let record = Request::Record { id: id(1), records: defer() };
        assert_eq!(ask(&mut two, record, b"").0, GONE);
    }
}

#[test]
fn a_second_commit_changes_nothing() {
    let mut session = Memory::new().session();
    put(&mut session, 1, b"first");
    let record = Request::Record { id: id(1), records: defer() };
    assert_eq!(ask(&mut session, record, b"").0, Answer::Done);
    put(&mut session, 1, b"the second");
    let entry = load(&mut session, 1).unwrap();
    assert_eq!((entry.size, entry.states[0].attempts), (5, 1));
    ask(&mut session, Request::Remove(id(1)), b"");
    put(&mut session, 1, b"the third");
    let entry = load(&mut session, 1).unwrap();
    assert_eq!((entry.size, entry.states[0].attempts), (9, 0));
}

#[test]
fn nothing_is_written_without_a_beginning() {
    let mut session = Memory::new().session();
    put(&mut session, 1, b"one");
    for ended in [Request::Abandon, begin(2), Request::Abandon] {
        assert_eq!(ask(&mut session, ended, b"").0, Answer::Done);
    }
    for request in [Request::Write, Request::Commit] {
        let answer = ask(&mut session, request, b"").0;
        assert!(matches!(answer, Answer::Failed(Failure::Refused(_))), "{answer:?}");
    }
    assert_eq!(load(&mut session, 2), None);
}

#[test]
fn a_message_that_is_being_read_can_be_read_to_its_end() {
    let memory = Memory::new();
    let (mut reader, mut other) = (memory.session(), memory.session());
    put(&mut reader, 1, b"0123456789");
    let read = |offset| Request::Read { id: id(1), offset, length: 5 };
    ask(&mut reader, read(0), b"");
    ask(&mut other, Request::Remove(id(1)), b"");
    assert_eq!(ask(&mut reader, read(5), b""), (Answer::Read { end: true }, b"56789".to_vec()));
    assert_eq!(ask(&mut reader, read(5), b"").0, GONE);
}
