//! Whoever comes back learns all that has changed, whatever has become of process and machine
//! meanwhile (RFC 7162 §3.2.5).

use super::machine::Machine;
use super::maildirs;
use crate::scratch::Scratch;
use crate::{Maildirs, Session};
use postroad_core::machine::Instant;
use postroad_core::store::suite::{Desk, uid};
use postroad_core::store::{Access, Answer, FlagAction, Flags, Request, Snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::fs;
use std::mem::forget;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
enum Step {
    Flag(u32, FlagAction, Flags),
    Append,
    Deliver,
    Expunge(u32),
    /// Another program marks a message, or takes the mark away.
    Foreign(usize),
    /// The process ends in good order.
    Restart,
    /// It is killed.
    Kill,
    Cut(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let action = select(&[FlagAction::Add, FlagAction::Remove][..]);
    let flag = select(&[Flags::SEEN, Flags::FLAGGED][..]);
    prop_oneof![
        8 => (1..7u32, action, flag).prop_map(|(number, action, flag)| Step::Flag(number, action, flag)),
        3 => Just(Step::Append),
        2 => Just(Step::Deliver),
        2 => (1..9u32).prop_map(Step::Expunge),
        2 => (0..9usize).prop_map(Step::Foreign),
        2 => Just(Step::Restart),
        2 => Just(Step::Kill),
        3 => any::<usize>().prop_map(Step::Cut),
    ]
}

/// A client that knows the mailbox as it was.
struct Client {
    highest_modseq: u64,
    messages: BTreeMap<u32, Flags>,
}

impl Client {
    fn of(snapshot: &Snapshot) -> Self {
        let messages = snapshot.messages.iter();
        Self {
            highest_modseq: snapshot.highest_modseq,
            messages: messages.map(|entry| (entry.uid.get(), entry.flags)).collect(),
        }
    }

    /// Learns what has changed; whether that is all.
    fn comes_back(&self, snapshot: &Snapshot, desk: &mut Desk<Session>) {
        assert!(snapshot.highest_modseq >= self.highest_modseq, "mod-sequences grow");
        let mut messages = self.messages.clone();
        let Answer::Vanished(gone) = desk.ask(Request::Vanished { since: self.highest_modseq })
        else {
            panic!("nothing vanished");
        };
        messages.retain(|number, _| !gone.contains(uid(*number)));
        let changed = snapshot.messages.iter().filter(|one| one.modseq > self.highest_modseq);
        messages.extend(changed.map(|entry| (entry.uid.get(), entry.flags)));
        assert_eq!(messages, Self::of(snapshot).messages, "since {}", self.highest_modseq);
    }
}

struct Process {
    maildirs: Maildirs,
    desk: Desk<Session>,
}

impl Process {
    fn start(scratch: &Scratch, machine: &Machine, now: Instant) -> Self {
        let maildirs = maildirs(scratch, Arc::new(machine.clone()));
        let mut desk = Desk::new(&maildirs);
        desk.now = now;
        Self { maildirs, desk }
    }

    fn open(&mut self) -> Snapshot {
        let open = self.desk.opening("INBOX", Access::ReadWrite);
        match self.desk.ask(open) {
            Answer::Opened(snapshot) => snapshot,
            other => panic!("not opened: {other:?}"),
        }
    }

    /// Ends without a last word.
    fn kill(self) {
        forget(self.desk);
        forget(self.maildirs);
    }
}

fn mark(scratch: &Scratch, which: usize) {
    let cur = scratch.path().join("example.org/alice/cur");
    let names = fs::read_dir(&cur).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    if let Some(name) = names.get(which % names.len().max(1)) {
        let marked = match name.split_once(":2,") {
            Some((base, letters)) if letters.contains('F') => {
                format!("{base}:2,{}", letters.replace('F', ""))
            }
            Some((base, letters)) => format!("{base}:2,F{letters}"),
            None => return,
        };
        fs::rename(cur.join(name), cur.join(marked)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn whoever_comes_back_learns_everything(steps in proptest::collection::vec(step(), 1..40)) {
        let scratch = Scratch::new();
        let machine = Machine::new(scratch.path(), "example.org/alice");
        let mut now = Instant::from_seconds(2_000_000_000);
        let mut process = Process::start(&scratch, &machine, now);
        for _ in 0..4 {
            process.desk.append("INBOX", Flags::NONE, b"x\r\n");
        }
        let mut clients = vec![Client::of(&process.open())];
        for (count, step) in (0..).zip(steps) {
            now = Instant::from_seconds(2_000_000_010 + 10 * count);
            process.desk.now = now;
            let desk = &mut process.desk;
            match step {
                Step::Flag(number, action, flags) => drop(desk.flag(&[number], action, flags, &[])),
                Step::Append => drop(desk.append("INBOX", Flags::SEEN, b"y\r\n")),
                Step::Deliver => desk.deliver(&format!("id{count}"), b"z\r\n"),
                Step::Expunge(number) => drop(desk.expunge(&[number])),
                Step::Foreign(which) => mark(&scratch, which),
                Step::Restart => {
                    drop(process);
                    process = Process::start(&scratch, &machine, now);
                }
                Step::Kill => {
                    process.kill();
                    process = Process::start(&scratch, &machine, now);
                }
                Step::Cut(chance) => {
                    process.kill();
                    machine.cut(chance);
                    process = Process::start(&scratch, &machine, now);
                }
            }
            let snapshot = process.open();
            for client in &clients {
                client.comes_back(&snapshot, &mut process.desk);
            }
            clients.push(Client::of(&snapshot));
        }
    }
}
