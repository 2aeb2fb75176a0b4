mod crash;
mod groups;
mod litter;
mod model;

use super::{Damaged, Spool, SpoolSession};
use crate::scratch::Scratch;
use crate::{Files, RealFiles};
use postroad_core::address::{ForwardPath, ReversePath};
use postroad_core::entropy::Entropy;
use postroad_core::machine::Instant;
use postroad_core::queue::spool::{Answer, Request, Spool as _};
use postroad_core::queue::{Action, Entry, Envelope, Id, Note, Outcome, Record};
use postroad_core::smtp::client::Recipient;
use postroad_core::smtp::{MailParameters, RcptParameters};
use postroad_core::store::Failure;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const START: Instant = Instant::from_seconds(1_800_000_000);

/// The spool in `root`.
fn spool(root: &Path, files: Arc<dyn Files>) -> Spool {
    // No two of a test run may draw the same names.
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&STARTED.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Spool::with_files(root.to_owned(), Entropy::from_seed(seed), 0, files).unwrap()
}

fn real(scratch: &Scratch) -> Spool {
    spool(scratch.path(), Arc::new(RealFiles))
}

/// The id of this `number`.
fn id(number: u32) -> Id {
    Id::parse("bbbbbbbbbbbbbbbb").unwrap().of_report(number)
}

fn envelope(id: Id, recipients: usize) -> Box<Envelope> {
    let recipient = |number| Recipient {
        forward_path: ForwardPath::parse(format!("<to{number}@example.net>").as_bytes(), true)
            .unwrap()
            .0,
        parameters: RcptParameters::parse(b" NOTIFY=FAILURE,DELAY").unwrap(),
    };
    Box::new(Envelope {
        id,
        arrived: START,
        origin: "alice@example.org from 192.0.2.1".into(),
        reverse_path: ReversePath::parse(b"<alice@example.org>", true).unwrap().0,
        parameters: MailParameters::parse(b" BODY=8BITMIME ENVID=x+2By").unwrap(),
        recipients: (0..recipients).map(recipient).collect(),
    })
}

/// A deferral of one recipient.
fn record(place: usize) -> Record {
    let outcome = Outcome::ours(Action::Deferred, (4, 4, 1), format!("no answer for {place}"));
    Record { at: START, note: Note::Outcome { recipients: vec![place], outcome } }
}

/// A session, and what it reads.
struct Desk {
    session: SpoolSession,
    octets: Vec<u8>,
}

impl Desk {
    fn new(spool: &Spool) -> Self {
        Self { session: spool.session(), octets: Vec::new() }
    }

    fn ask(&mut self, request: Request, lent: &[u8]) -> Answer {
        self.session.perform(START, request, lent, &mut self.octets)
    }

    /// Writes a message; what its commit is answered.
    fn put(&mut self, id: Id, content: &[u8]) -> Answer {
        self.ask(Request::Begin(envelope(id, 4)), b"");
        for piece in content.chunks(70_000) {
            self.ask(Request::Write, piece);
        }
        self.ask(Request::Commit, b"")
    }

    fn note(&mut self, id: Id, place: usize) -> Answer {
        self.ask(Request::Record { id, records: vec![record(place)] }, b"")
    }

    /// The whole content of a message, read in steps.
    fn content(&mut self, id: Id) -> Vec<u8> {
        let mut content = Vec::new();
        loop {
            let offset = content.len() as u64;
            let answer = self.ask(Request::Read { id, offset, length: 10_000 }, b"");
            content.extend_from_slice(&self.octets);
            match answer {
                Answer::Read { end: true } => return content,
                Answer::Read { end: false } => assert_eq!(self.octets.len(), 10_000),
                other => panic!("{other:?}"),
            }
        }
    }

    fn entry(&mut self, id: Id) -> Entry {
        match self.ask(Request::Load(id), b"") {
            Answer::Loaded(entry) => *entry,
            other => panic!("{other:?}"),
        }
    }
}

fn scanned(spool: &Spool) -> (Vec<Entry>, Vec<Damaged>) {
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    for found in spool.scan().unwrap() {
        match found {
            Ok(entry) => entries.push(entry),
            Err(why) => damaged.push(why),
        }
    }
    (entries, damaged)
}

/// The names in a folder, in order.
fn names(path: &Path) -> Vec<String> {
    let names = RealFiles.list(path).unwrap();
    let mut names: Vec<_> =
        names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_message_is_a_file_that_a_person_can_read() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&real(&scratch));
    let content = b"Subject: hello\r\n\r\nHello.\r\n";
    assert_eq!(desk.put(id(1), content), Answer::Done);
    let path = scratch.path().join(format!("{}.eml", id(1)));
    let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
    assert!(text.starts_with(&format!("Postroad-Id: {} 1800000000.000000\r\n", id(1))), "{text}");
    assert!(text.ends_with("\r\nSubject: hello\r\n\r\nHello.\r\n"), "{text}");
    assert_eq!(names(scratch.path()), ["tmp".into(), format!("{}.eml", id(1))]);
    assert_eq!(names(&scratch.path().join("tmp")), [""; 0]);
    assert_eq!(desk.note(id(1), 2), Answer::Done);
    let log = std::fs::read(scratch.path().join(format!("{}.log", id(1)))).unwrap();
    let log = String::from_utf8(log).unwrap();
    assert!(log.ends_with(" 1800000000.000000 2 deferred 4.4.1 - no answer for 2\n"), "{log}");
    assert_eq!(desk.content(id(1)), content);
    assert_eq!(desk.entry(id(1)).size, content.len() as u64);
}

#[test]
fn a_large_message_with_many_recipients_comes_back() {
    let scratch = Scratch::new();
    let spool = real(&scratch);
    let mut desk = Desk::new(&spool);
    let content: Vec<u8> =
        (0..300_000u32).map(|n| b"0123456789abcdefghijklmnopq\r\n"[n as usize % 29]).collect();
    desk.ask(Request::Begin(envelope(id(1), 1_000)), b"");
    for piece in content.chunks(997) {
        assert_eq!(desk.ask(Request::Write, piece), Answer::Done);
    }
    assert_eq!(desk.ask(Request::Commit, b""), Answer::Done);
    assert_eq!(desk.content(id(1)), content);
    let entry = desk.entry(id(1));
    assert_eq!((entry.envelope.recipients.len(), entry.size), (1_000, 300_000));
    assert_eq!(entry.envelope, *envelope(id(1), 1_000));
    assert_eq!(scanned(&spool).0, [entry]);
}

#[test]
fn an_envelope_that_could_not_be_read_again_is_refused() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&real(&scratch));
    let mut envelope = envelope(id(1), 1);
    envelope.origin = "x".repeat(super::HEAD);
    let answer = desk.ask(Request::Begin(envelope), b"");
    assert!(matches!(answer, Answer::Failed(Failure::Limit(_))), "{answer:?}");
    assert!(matches!(desk.ask(Request::Commit, b""), Answer::Failed(Failure::Refused(_))));
    assert_eq!(names(&scratch.path().join("tmp")), [""; 0]);
}

#[test]
fn nothing_is_taken_when_the_reserve_would_be_touched() {
    let scratch = Scratch::new();
    let open = |reserve| {
        Spool::open(scratch.path().join("spool"), Entropy::from_seed([1; 32]), reserve).unwrap()
    };
    assert_eq!(Desk::new(&open(0)).put(id(1), b"x\r\n"), Answer::Done);
    let mut desk = Desk::new(&open(u64::MAX));
    let begin = desk.ask(Request::Begin(envelope(id(2), 1)), b"");
    assert_eq!(begin, Answer::Failed(Failure::Full));
    assert_eq!(desk.note(id(1), 0), Answer::Done, "what is there goes on its way");
    assert_eq!(desk.ask(Request::Remove(id(1)), b""), Answer::Done);
}

#[test]
fn the_spool_crosses_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Spool>();
    sent::<SpoolSession>();
}
