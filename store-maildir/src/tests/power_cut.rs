//! The power fails at any operation, and whatever was not synced is lost in any way that is allowed:
//! what was acknowledged is there, and nobody is misled about it.

use crate::{CountingFiles, Errno, Fault, Maildirs, Options, SimulatedFiles};
use postroad_core::entropy::Entropy;
use postroad_core::machine::Instant;
use postroad_core::store::suite::{Desk, account, name, told, uids};
use postroad_core::store::{
    Access, Answer, Atomicity, FlagAction, Flags, Kind, MailboxName, Originals, Request, Snapshot,
    Target, Uid, UidSet,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

const START: u64 = 1_800_000_000;

/// A message for ever: its mailbox's UIDVALIDITY, and its UID.
type Identity = (u32, u32);

/// Flags by name.
type Names = BTreeSet<String>;

/// What a client was told of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Known {
    text: String,
    flags: Names,
}

/// What was acknowledged, and what a client has seen.
#[derive(Default, Debug)]
struct Promises {
    /// Messages that must be there.
    there: BTreeMap<Identity, Known>,
    /// Texts that must be somewhere, their UIDs untold.
    delivered: BTreeSet<String>,
    /// Messages that must not come back.
    gone: BTreeSet<Identity>,
    /// Mailboxes that must be there, and that must not.
    mailboxes: BTreeMap<MailboxName, bool>,
    /// All that was ever shown.
    shown: BTreeMap<Identity, Known>,
    /// The greatest mod-sequence that was shown, by UIDVALIDITY.
    modseqs: BTreeMap<u32, u64>,
}

fn store(files: Arc<dyn crate::Files>, seed: u8) -> Maildirs {
    let options = Options { provision: false, ..Options::new("mx.example.org") };
    Maildirs::with_files(PathBuf::from("/mail"), Entropy::from_seed([seed; 32]), options, files)
}

fn flag_names(snapshot: &Snapshot, flags: Flags) -> Names {
    let words = flags.keywords().map(|at| snapshot.keywords[at].clone());
    words.chain([format!("{:?}", flags.intersection(Flags::SYSTEM))]).collect()
}

/// Reads every message of an open mailbox.
fn read_all(desk: &mut Desk<crate::Session>, snapshot: &Snapshot) -> BTreeMap<Identity, Known> {
    let entries: Vec<_> = snapshot.messages.iter().copied().collect();
    let known = entries.into_iter().map(|entry| {
        let text = String::from_utf8(desk.read(entry.uid.get(), 1 << 16)).unwrap();
        let flags = flag_names(snapshot, entry.flags);
        ((snapshot.uid_validity, entry.uid.get()), Known { text, flags })
    });
    known.collect()
}

/// A user at work, who believes what is acknowledged.
struct User {
    desk: Desk<crate::Session>,
    promises: Promises,
}

impl User {
    fn open(&mut self, mailbox: &str) -> Option<u32> {
        let open = self.desk.opening(mailbox, Access::ReadWrite);
        let Answer::Opened(snapshot) = self.desk.ask(open) else {
            return None;
        };
        self.see(&snapshot);
        Some(snapshot.uid_validity)
    }

    /// Takes in what the store shows; content that can't be read any more is not shown.
    fn see(&mut self, snapshot: &Snapshot) {
        for entry in snapshot.messages.iter() {
            let uid = entry.uid;
            let read = Request::Read { uid, offset: 0, length: 1 << 16 };
            if let Answer::Read { end: true } = self.desk.ask(read) {
                let text = String::from_utf8(self.desk.octets().to_vec()).unwrap();
                let known = Known { text, flags: flag_names(snapshot, entry.flags) };
                self.promises.delivered.remove(&known.text);
                let identity = (snapshot.uid_validity, uid.get());
                self.promises.there.insert(identity, known.clone());
                self.promises.shown.insert(identity, known);
            }
        }
        self.promises.modseqs.insert(snapshot.uid_validity, snapshot.highest_modseq);
    }

    fn deliver(&mut self, id: &str, mailboxes: &[&str], text: &str) {
        self.write(text);
        let target = |mailbox: &&str| Target { account: account(), mailbox: name(mailbox) };
        let targets: Vec<_> = mailboxes.iter().map(target).collect();
        let deliver = Request::Deliver { id: id.into(), targets, atomicity: Atomicity::All };
        if let Answer::Delivered(_) = self.desk.ask(deliver) {
            self.promises.delivered.insert(format!("{text}\r\n"));
        }
    }

    fn write(&mut self, text: &str) {
        let begin = Request::Begin { account: account(), mailbox: MailboxName::inbox() };
        self.desk.ask(begin);
        let now = self.desk.now;
        let lent = format!("{text}\n");
        let store = self.desk.store();
        postroad_core::store::Store::perform(
            store,
            now,
            Request::Write,
            lent.as_bytes(),
            &mut Vec::new(),
        );
    }

    fn append(&mut self, mailbox: &str, flags: Flags, keywords: &[&str], text: &str) {
        self.write(text);
        let append = self.desk.appending(mailbox, flags, keywords);
        if let Answer::Appended { uid_validity, uids } = self.desk.ask(append) {
            let words = keywords.iter().map(|word| (*word).to_owned());
            let flags = words.chain([format!("{flags:?}")]).collect();
            let known = Known { text: format!("{text}\r\n"), flags };
            for uid in uids.iter() {
                self.promises.there.insert((uid_validity, uid.get()), known.clone());
            }
        }
    }

    fn flag(&mut self, validity: u32, numbers: &[u32], flags: Flags) {
        // Until it is acknowledged both may be true.
        let before: Vec<_> =
            numbers.iter().map(|number| self.promises.there.remove(&(validity, *number))).collect();
        let set = Request::SetFlags {
            uids: uids(numbers),
            unchanged_since: None,
            action: FlagAction::Add,
            flags,
            keywords: Vec::new(),
        };
        if let Answer::Stored { snapshot, .. } = self.desk.ask(set) {
            for (number, known) in numbers.iter().zip(before) {
                let entry = snapshot.messages.get(Uid::new(*number).unwrap());
                if let (Some(entry), Some(known)) = (entry, known) {
                    let known = Known { flags: flag_names(&snapshot, entry.flags), ..known };
                    self.promises.there.insert((validity, *number), known);
                }
            }
            self.see(&snapshot);
        }
    }

    fn transfer(&mut self, validity: u32, numbers: &[u32], to: &str, originals: Originals) {
        let (uids, account, to) = (uids(numbers), account(), name(to));
        let request = Request::Copy { uids, account, to, flags: Flags::ALL, originals };
        let originals_known: Vec<_> = numbers
            .iter()
            .map(|number| self.promises.there.get(&(validity, *number)).cloned())
            .collect();
        if originals == Originals::Go {
            numbers
                .iter()
                .for_each(|number| drop(self.promises.there.remove(&(validity, *number))));
        }
        // A message that is moved is in one place or the other.
        let moving: BTreeSet<String> =
            originals_known.iter().flatten().map(|known| known.text.clone()).collect();
        match self.desk.ask(request) {
            Answer::Copied(copied) => {
                for (uid, known) in copied.to.iter().zip(originals_known) {
                    let identity = (copied.uid_validity, uid.get());
                    known.map(|known| self.promises.there.insert(identity, known));
                }
                if originals == Originals::Go {
                    let gone = numbers.iter().map(|number| (validity, *number));
                    self.promises.gone.extend(gone);
                }
            }
            _ => self.promises.delivered.extend(moving),
        }
    }

    fn expunge(&mut self, validity: u32, numbers: &[u32]) {
        let set: UidSet = uids(numbers);
        for number in numbers {
            self.promises.there.remove(&(validity, *number));
        }
        if let Answer::Mailbox(snapshot) = self.desk.ask(Request::Expunge { uids: set }) {
            self.promises.gone.extend(numbers.iter().map(|number| (validity, *number)));
            self.promises.modseqs.insert(validity, snapshot.highest_modseq);
        }
    }

    /// Asks for a change of names; what of it is certain then.
    fn rename_names(&mut self, request: Request, after: &[(&str, bool)]) -> bool {
        for (mailbox, _) in after {
            self.promises.mailboxes.remove(&name(mailbox));
        }
        let is_done = self.desk.ask(request) == Answer::Done;
        if is_done {
            let certain = after.iter().map(|(mailbox, is_there)| (name(mailbox), *is_there));
            self.promises.mailboxes.extend(certain);
        }
        is_done
    }

    /// A day's work in two mailboxes.
    fn work(&mut self) {
        self.deliver("Q1", &["INBOX"], "one");
        self.append("INBOX", Flags::SEEN, &[], "two");
        self.deliver("Q2", &["INBOX"], "three");
        let create = Request::Create { account: account(), mailbox: name("a"), special_use: None };
        self.rename_names(create, &[("a", true)]);
        let Some(inbox) = self.open("INBOX") else { return };
        self.flag(inbox, &[1, 3], Flags::FLAGGED);
        self.transfer(inbox, &[1, 2], "a", Originals::Stay);
        self.append("a", Flags::NONE, &["$Junk"], "four");
        self.transfer(inbox, &[2], "a", Originals::Go);
        self.expunge(inbox, &[1]);
        let Some(a) = self.open("a") else { return };
        self.flag(a, &[1, 2, 3, 4], Flags::ANSWERED);
        self.expunge(a, &[2]);
        let rename = self.desk.rename("a", "b.c");
        self.rename_names(rename, &[("a", false), ("b.c", true)]);
        self.deliver("Q3", &["INBOX", "b.c"], "five");
        if self.open("b.c").is_some() {
            self.flag(a, &[1], Flags::SEEN);
        }
        self.open("INBOX");
    }
}

/// What to say where a promise was broken.
struct Context<'a> {
    seed: u8,
    at: usize,
    cut: u64,
    promises: &'a Promises,
}

impl std::fmt::Display for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, at, cut, promises } = self;
        write!(f, "seed {seed}, call {at}, cut {cut}, {promises:#?}")
    }
}

/// Everything is as it was promised, and what has changed is told as changed.
fn check(maildirs: &Maildirs, now: Instant, context: &Context<'_>) {
    let promises = context.promises;
    let mut desk = Desk::new(maildirs);
    desk.now = now;
    let Answer::Mailboxes(listed) = desk.ask(Request::List { account: account() }) else {
        panic!("{context}: no list");
    };
    let existing = listed.into_iter().filter(|one| one.kind == Kind::Mailbox);
    let existing: BTreeSet<MailboxName> = existing.map(|one| one.name).collect();
    for (mailbox, is_there) in &promises.mailboxes {
        assert_eq!(existing.contains(mailbox), *is_there, "{context}: {mailbox}");
    }
    let mut found: BTreeMap<Identity, Known> = BTreeMap::new();
    for mailbox in &existing {
        let open = desk.opening(mailbox.as_str(), Access::ReadOnly);
        let Answer::Opened(snapshot) = desk.ask(open) else {
            panic!("{context}: {mailbox} can't be opened");
        };
        let all = read_all(&mut desk, &snapshot);
        for (identity, known) in &all {
            assert!(snapshot.uid_next > identity.1, "{context}");
            let Some(shown) = promises.shown.get(identity) else { continue };
            assert_eq!(shown.text, known.text, "{context}: {identity:?} is another message");
            let entry = snapshot.messages.get(Uid::new(identity.1).unwrap()).unwrap();
            let told = promises.modseqs.get(&identity.0).copied().unwrap_or(0);
            if entry.modseq <= told {
                assert_eq!(shown.flags, known.flags, "{context}: {identity:?} is not told");
            }
        }
        if let Some(told) = promises.modseqs.get(&snapshot.uid_validity) {
            assert!(snapshot.highest_modseq >= *told, "{context}: a mod-sequence went back");
        }
        found.extend(all);
    }
    for (identity, known) in &promises.there {
        assert_eq!(found.get(identity), Some(known), "{context}: {identity:?}");
    }
    for identity in &promises.gone {
        assert!(!found.contains_key(identity), "{context}: {identity:?} came back");
    }
    for text in &promises.delivered {
        assert!(found.values().any(|known| known.text == *text), "{context}: {text:?} is lost");
    }
}

#[test]
fn what_was_acknowledged_outlives_a_power_cut() {
    let mut calls = 0;
    for seed in 0..4 {
        let mut entropy = Entropy::from_seed([seed; 32]);
        for at in 0.. {
            let disk = SimulatedFiles::default();
            disk.set_clock(START as i64);
            crate::Files::make_folder(&disk, &PathBuf::from("/mail")).unwrap();
            crate::Files::sync_folder(&disk, &PathBuf::from("/")).unwrap();
            let files = CountingFiles::new(disk.clone());
            files.restart(Some(Fault { at, for_ever: true, errno: Errno::IO }));
            let mut desk = Desk::new(&store(Arc::new(files.clone()), 1));
            desk.now = Instant::from_seconds(START);
            let mut user = User { desk, promises: Promises::default() };
            user.work();
            let is_over = files.calls() <= at;
            let promises = user.promises;
            drop(user.desk);
            for cut in 0..2 {
                disk.crash(&mut entropy);
                disk.set_clock((START + 1 + cut) as i64);
                let maildirs = store(Arc::new(disk.clone()), 2 + cut as u8);
                let context = Context { seed, at, cut, promises: &promises };
                check(&maildirs, Instant::from_seconds(START + 1 + cut), &context);
            }
            if is_over {
                calls = at;
                break;
            }
        }
    }
    assert!(calls > 150, "{calls}");
}

/// A UID whose record could not be synced can be read again, but is not shown before it is safe.
#[test]
fn a_uid_that_could_not_be_synced_is_made_safe_before_it_is_shown() {
    let mut refused = 0;
    for failing in 0..8 {
        let disk = SimulatedFiles::default();
        disk.set_clock(START as i64);
        crate::Files::make_folder(&disk, &PathBuf::from("/mail")).unwrap();
        crate::Files::sync_folder(&disk, &PathBuf::from("/")).unwrap();
        let mut desk = Desk::new(&store(Arc::new(disk.clone()), 1));
        desk.append("INBOX", Flags::NONE, b"one\r\n");
        drop(desk);
        let new = PathBuf::from("/mail/example.org/alice/new");
        let mut file = crate::Files::create(&disk, &new.join("1.a.other")).unwrap();
        file.write(b"two\n").unwrap();
        file.sync().unwrap();
        crate::Files::sync_folder(&disk, &new).unwrap();

        let maildirs = store(Arc::new(disk.clone()), 2);
        let mut desk = Desk::new(&maildirs);
        disk.fail_a_sync(failing);
        let open = desk.opening("INBOX", Access::ReadOnly);
        refused += usize::from(matches!(desk.ask(open), Answer::Failed(_)));
        assert_eq!(desk.open("INBOX").entries.len(), 2);
        let shown = [1, 2].map(|uid| desk.read(uid, 100));
        disk.fail_a_sync(usize::MAX);
        disk.crash(&mut Entropy::from_seed([failing as u8; 32]));
        let mut desk = Desk::new(&store(Arc::new(disk), 3));
        let kept = told(&desk.open("INBOX").entries);
        assert_eq!(kept.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [1, 2], "{failing}");
        assert_eq!([1, 2].map(|uid| desk.read(uid, 100)), shown, "{failing}");
    }
    assert!(refused > 0);
}
