//! Every call to the file system fails once, and then every one from some call on.

use super::full::FullDisk;
use super::maildirs;
use super::snapshot::Snapshot;
use crate::scratch::Scratch;
use crate::{CountingFiles, Errno, Fault, Maildirs, Options, RealFiles, Session};
use postroad_core::entropy::Entropy;
use postroad_core::store::suite::{Desk, account, inbox, name, uids};
use postroad_core::store::{
    Answer, Atomicity, Failure, FlagAction, Flags, Originals, Request, SpecialUse, Target,
};
use std::sync::Arc;

const LETTER: &str = "Subject: four\r\n\r\nThe letter in question.\r\n";

/// What is tried: what leads to it, under no fault, and the request itself.
pub(super) struct Trial {
    pub(super) name: &'static str,
    pub(super) prepare: fn(&mut Desk<Session>),
    pub(super) request: fn() -> Vec<Request>,
}

pub(super) struct Bench {
    scratch: Scratch,
    pub(super) files: CountingFiles<RealFiles>,
    pub(super) maildirs: Maildirs,
}

/// An account with some mail, to be copied for each trial.
pub(super) fn template() -> Scratch {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&maildirs(&scratch, Arc::new(RealFiles)));
    desk.create("a.b");
    desk.create("Sent");
    for (text, flags) in
        [("one\r\n", Flags::NONE), ("two\r\n", Flags::SEEN), ("three\r\n", Flags::DRAFT)]
    {
        desk.append("INBOX", flags, text.as_bytes());
        desk.append("a", flags, format!("a {text}").as_bytes());
    }
    desk.deliver("Q0", b"new\r\n");
    // It gets its UID, and stays in `new`.
    desk.status("INBOX");
    drop(desk);
    scratch
}

impl Bench {
    pub(super) fn new(template: &Scratch) -> Self {
        let scratch = template.copied();
        let files = CountingFiles::new(RealFiles);
        let maildirs = maildirs(&scratch, Arc::new(files.clone()));
        Self { scratch, files, maildirs }
    }

    pub(super) fn restarted(&self) -> Snapshot {
        Snapshot::of(&maildirs(&self.scratch, Arc::new(RealFiles)))
    }
}

fn write_letter(desk: &mut Desk<Session>) {
    desk.open("INBOX");
    desk.write(LETTER.as_bytes());
}

fn open_inbox(desk: &mut Desk<Session>) {
    desk.open("INBOX");
}

fn copy(originals: Originals) -> Vec<Request> {
    vec![Request::Copy {
        uids: uids(&[1, 2, 4]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals,
    }]
}

fn rename(from: &str, to: &str) -> Vec<Request> {
    vec![Request::Rename { account: account(), from: name(from), to: name(to) }]
}

fn look() -> Vec<Request> {
    let mailbox = name("INBOX");
    let access = postroad_core::store::Access::ReadWrite;
    vec![
        Request::Status { account: account(), mailbox: mailbox.clone() },
        Request::List { account: account() },
        Request::Open { account: account(), mailbox, access },
        Request::Sync,
    ]
}

pub(super) fn trials() -> Vec<Trial> {
    let trial = |name, prepare, request| Trial { name, prepare, request };
    let nothing: fn(&mut Desk<Session>) = |_| ();
    vec![
        trial("deliver", write_letter, || {
            vec![Request::Deliver {
                id: "Q1".into(),
                targets: vec![inbox(), Target { account: account(), mailbox: name("a") }],
                atomicity: Atomicity::All,
            }]
        }),
        trial("append", write_letter, || {
            vec![Request::Append {
                replaces: None,
                account: account(),
                mailbox: name("a"),
                flags: Flags::SEEN,
                keywords: vec!["word".into()],
                date: Some(1_000_000_000),
            }]
        }),
        trial("flags", open_inbox, || {
            vec![Request::SetFlags {
                unchanged_since: None,
                uids: uids(&[1, 2, 3, 4]),
                action: FlagAction::Replace,
                flags: Flags::FLAGGED,
                keywords: vec!["word".into()],
            }]
        }),
        trial("expunge", open_inbox, || vec![Request::Expunge { uids: uids(&[1, 2, 4]) }]),
        trial("copy", open_inbox, || copy(Originals::Stay)),
        trial("move", open_inbox, || copy(Originals::Go)),
        trial("create", nothing, || {
            vec![Request::Create {
                account: account(),
                mailbox: name("x.y"),
                special_use: Some(SpecialUse::Archive),
            }]
        }),
        trial("delete", nothing, || {
            vec![Request::Delete { account: account(), mailbox: name("a") }]
        }),
        trial("rename", nothing, || rename("a", "z.a")),
        trial("rename INBOX", nothing, || rename("INBOX", "z")),
        trial("subscribe", nothing, || {
            vec![Request::Subscribe { account: account(), mailbox: name("a"), subscribed: true }]
        }),
        trial("rights", nothing, || {
            vec![Request::SetAcl {
                account: account(),
                mailbox: name("a"),
                identifier: "bob@example.org".into(),
                rights: postroad_core::store::Rights::parse("lr"),
            }]
        }),
        trial("annotate", nothing, || {
            vec![Request::Annotate {
                account: account(),
                mailbox: Some(name("a")),
                user: account(),
                values: vec![("/shared/comment".into(), Some(b"x".to_vec()))],
            }]
        }),
        trial("look", nothing, look),
    ]
}

pub(super) fn failed(answer: &Answer) -> Option<&Failure> {
    match answer {
        Answer::Failed(failure) => Some(failure),
        _ => None,
    }
}

/// A request that one call lets fail has changed nothing, and one that was acknowledged has
/// happened: as the session sees it, and after a restart.
#[test]
fn one_fault_is_taken_back() {
    let template = template();
    let before = Bench::new(&template).restarted().settled();
    for (errno, full) in [(Errno::IO, false), (Errno::NOSPC, true)] {
        for trial in trials() {
            let mut failures = 0;
            for at in 0.. {
                let bench = Bench::new(&template);
                let mut desk = Desk::new(&bench.maildirs);
                (trial.prepare)(&mut desk);
                bench.files.restart(Some(Fault { at, for_ever: false, errno }));
                let answers: Vec<_> =
                    (trial.request)().into_iter().map(|request| desk.ask(request)).collect();
                let done = bench.files.calls() <= at;
                let calls = bench.files.calls();
                bench.files.restart(None);
                let context = format!("{} {errno:?} at {at} of {calls}", trial.name);
                let live = Snapshot::of(&bench.maildirs).settled();
                assert_eq!(live, bench.restarted().settled(), "{context}");
                match answers.iter().find_map(failed) {
                    Some(failure) => {
                        failures += 1;
                        assert_eq!(live, before, "{context}");
                        assert!(!full || *failure == Failure::Full, "{context}: {failure:?}");
                    }
                    None if trial.name == "look" => assert_eq!(live, before, "{context}"),
                    None => assert_ne!(live, before, "{context}"),
                }
                if done {
                    break;
                }
            }
            assert!(failures > 2, "{} is hardly tried", trial.name);
        }
    }
}

/// When the disk is gone for good at any moment, what was there is there after a restart (once or,
/// in the middle of a move, twice), and nothing by halves.
#[test]
fn a_dead_disk_loses_nothing() {
    let template = template();
    let before = Bench::new(&template).restarted();
    for trial in trials() {
        for at in 0.. {
            let bench = Bench::new(&template);
            let mut desk = Desk::new(&bench.maildirs);
            (trial.prepare)(&mut desk);
            bench.files.restart(Some(Fault { at, for_ever: true, errno: Errno::IO }));
            let answers: Vec<_> =
                (trial.request)().into_iter().map(|request| desk.ask(request)).collect();
            let done = bench.files.calls() <= at;
            bench.files.restart(None);
            let after = bench.restarted();
            let context = format!("{} at {at}: {answers:?}", trial.name);
            let (old, new) = (before.octets(), after.octets());
            let removing = matches!(trial.name, "expunge" | "delete");
            for text in old.keys() {
                assert!(removing || new.contains_key(text), "{context}: {text:?} lost");
            }
            for (text, count) in &new {
                let known = old.contains_key(text) || text == LETTER;
                assert!(known && *count <= 4, "{context}: {text:?}");
            }
            if answers.iter().all(|answer| failed(answer).is_none()) {
                assert_eq!(after, Snapshot::of(&bench.maildirs), "{context}");
            }
            if done {
                break;
            }
        }
    }
}

/// A message whose content could not be synced is never filed, and its file is gone.
#[test]
fn a_failed_sync_is_final() {
    let bench = Bench::new(&template());
    let mut desk = Desk::new(&bench.maildirs);
    write_letter(&mut desk);
    bench.files.restart_tracing();
    let append = || Request::Append {
        replaces: None,
        account: account(),
        mailbox: name("INBOX"),
        flags: Flags::NONE,
        keywords: Vec::new(),
        date: None,
    };
    assert!(matches!(desk.ask(append()), Answer::Appended { .. }));
    let trace = bench.files.trace();
    let sync = trace.iter().position(|(call, _)| *call == "sync").unwrap();
    let path = trace[sync].1.clone();
    let later = &trace[sync + 1..];
    // The commit order: content, name, folder, UID map, answer.
    let at = |wanted: &str, part: &str| {
        let fits = |(call, path): &(&str, std::path::PathBuf)| {
            *call == wanted && path.to_string_lossy().contains(part)
        };
        later.iter().position(fits).unwrap_or_else(|| panic!("no {wanted} of {part}"))
    };
    let steps = [
        at("link", "/cur/"),
        at("sync_folder", "/cur"),
        at("append", "/postroad-uids"),
        at("sync", "/postroad-uids"),
    ];
    assert!(steps.is_sorted(), "{steps:?} in {trace:?}");
    assert!(!path.exists());
    write_letter(&mut desk);
    bench.files.restart(None);
    let before = bench.restarted();
    bench.files.restart(Some(Fault { at: sync, for_ever: false, errno: Errno::IO }));
    assert!(matches!(desk.fails(append()), Failure::Io(_)));
    assert_eq!(bench.restarted(), before);
    let tmp = bench.scratch.path().join("example.org/alice/tmp");
    assert_eq!(std::fs::read_dir(tmp).unwrap().count(), 0);
}

/// A full disk keeps nobody from reading and from making room.
#[test]
fn a_full_disk_can_be_emptied() {
    let bench = Bench::new(&template());
    let mut desk = Desk::new(&bench.maildirs);
    desk.deliver("Q9", b"late\r\n");
    let opened = desk.open("INBOX");
    assert_eq!(opened.entries.len(), 5);
    desk.deliver("Q10", b"later\r\n");
    // Every write fails; renaming within what there is goes on.
    let maildirs = maildirs(&bench.scratch, Arc::new(FullDisk));
    let mut desk = Desk::new(&maildirs);
    let opened = desk.open("INBOX");
    assert_eq!(opened.entries.len(), 5, "what has its UID is shown");
    assert_eq!(desk.read(1, 100), b"one\r\n");
    assert_eq!(desk.expunge(&[1, 2]).vanished.len(), 2);
    let begin = Request::Begin { account: account(), mailbox: name("INBOX") };
    assert_eq!(desk.fails(begin), Failure::Full);
    assert_eq!(bench.restarted().mailboxes["INBOX"].messages.len(), 4);
}

/// What the disk is to keep free is not for new messages; everything else goes on.
#[test]
fn new_messages_leave_the_reserve_alone() {
    let bench = Bench::new(&template());
    let entropy = Entropy::from_seed([31; 32]);
    let options = Options { reserve: u64::MAX, ..Options::new("mx.example.org") };
    let root = bench.scratch.path().to_owned();
    let mut desk = Desk::new(&Maildirs::new(root, entropy, options));
    let begin = Request::Begin { account: account(), mailbox: name("INBOX") };
    assert_eq!(desk.fails(begin), Failure::Full);
    desk.open("INBOX");
    assert_eq!(desk.read(1, 100), b"one\r\n");
}
