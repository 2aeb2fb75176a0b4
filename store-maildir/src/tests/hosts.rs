//! Two hosts that share the folders, and answers that are lost between them and the disk.

use super::Folder;
use super::faults::{Bench, failed, template, trials};
use super::snapshot::Snapshot;
use crate::{Maildirs, Options};
use postroad_core::entropy::Entropy;
use postroad_core::store::suite::{Desk, uids};
use postroad_core::store::{Answer, FlagAction, Flags, Request};
use std::collections::BTreeMap;
use std::sync::Mutex;

const EACH: usize = 20;

fn host(folder: &Folder, name: &str, seed: u8) -> Maildirs {
    let options = Options { provision: false, ..Options::new(name) };
    let root = folder.scratch.path().to_owned();
    Maildirs::new(root, Entropy::from_seed([seed; 32]), options)
}

/// Both deliver, append, flag and expunge: no UID is given twice, nothing is lost, and in the end
/// both see the same.
#[test]
fn two_hosts_share_a_mailbox() {
    let folder = Folder::new();
    Desk::new(&folder).open("INBOX");
    let hosts = [host(&folder, "one.example.org", 201), host(&folder, "two.example.org", 202)];
    let now = super::present(&folder.scratch);
    let appended: Mutex<BTreeMap<u32, String>> = Mutex::default();
    let expunged: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let mut desk = Desk::new(&hosts[writer % 2]);
            desk.now = now;
            let (appended, expunged) = (&appended, &expunged);
            scope.spawn(move || {
                desk.open("INBOX");
                for number in 0..EACH {
                    let text = format!("{writer} {number}\r\n");
                    if number % 4 == 0 {
                        desk.deliver(&text, text.as_bytes());
                        continue;
                    }
                    let uid = desk.append("INBOX", Flags::NONE, text.as_bytes());
                    let twice = appended.lock().unwrap().insert(uid, text.clone());
                    assert_eq!(twice, None, "UID {uid}");
                    desk.flag(&[uid], FlagAction::Add, Flags::SEEN, &["word"]);
                    if number % 4 == 1 {
                        let gone = desk.ask(Request::Expunge { uids: uids(&[uid]) });
                        assert!(matches!(gone, Answer::Mailbox(_)), "{gone:?}");
                        expunged.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let [one, two] = hosts.map(|host| Snapshot::of(&host));
    assert_eq!(one, two);
    let (octets, messages) = (one.octets(), &one.mailboxes["INBOX"].messages);
    assert!(octets.values().all(|count| *count == 1), "{octets:?}");
    let expunged = expunged.into_inner().unwrap();
    let back: Vec<_> = expunged.iter().filter(|text| octets.contains_key(*text)).collect();
    assert_eq!(back, Vec::<&String>::new(), "{:?} {messages:?}", appended);
    assert_eq!(octets.len(), 4 * EACH - expunged.len());
    for (uid, text) in appended.into_inner().unwrap() {
        assert!(messages.get(&uid).is_none_or(|message| message.octets == text), "UID {uid}");
    }
}

/// An answer that is lost is made out, or the request fails and has changed nothing. A name that was
/// given or changed is always made out.
#[test]
fn a_lost_answer_costs_nothing() {
    let template = template();
    let before = Bench::new(&template).restarted().settled();
    for trial in trials() {
        for at in 0.. {
            let bench = Bench::new(&template);
            let mut desk = Desk::new(&bench.maildirs);
            (trial.prepare)(&mut desk);
            bench.files.restart_losing(at);
            let answers: Vec<_> =
                (trial.request)().into_iter().map(|request| desk.ask(request)).collect();
            let calls = bench.files.calls();
            bench.files.restart(None);
            let context = format!("{} at {at} of {calls}: {answers:?}", trial.name);
            let live = Snapshot::of(&bench.maildirs).settled();
            assert_eq!(live, bench.restarted().settled(), "{context}");
            let is_done = answers.iter().all(|answer| failed(answer).is_none());
            assert_eq!(live != before, is_done && trial.name != "look", "{context}");
            if calls <= at {
                break;
            }
        }
    }
}
