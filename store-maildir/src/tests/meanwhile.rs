//! What others do while an operation on a file is under way.

use super::snapshot::Snapshot;
use super::{Folder, maildirs, move_all, moving};
use crate::altered::Altered;
use crate::scratch::Scratch;
use crate::{Errno, Files, Maildirs, RealFiles, Result};
use postroad_core::store::suite::{Desk, inbox, name, uid, uids};
use postroad_core::store::{Answer, Atomicity, Failure, FlagAction, Flags, Happening, Request};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Event = Box<dyn FnOnce() -> Result<()> + Send>;

/// Files to which something happens before they do what they are asked for, which may make it fail.
#[derive(Default)]
struct Eventful(Mutex<Vec<(&'static str, PathBuf, Event)>>);

impl Eventful {
    /// The next time that `call` is made for `path`, `event` comes before it.
    fn before(
        &self,
        call: &'static str,
        path: PathBuf,
        event: impl FnOnce() -> Result<()> + Send + 'static,
    ) {
        self.0.lock().unwrap().push((call, path, Box::new(event)));
    }

    fn happen(&self, call: &str, path: &Path) -> Result<()> {
        let mut events = self.0.lock().unwrap();
        let fits = |(when, at, _): &(&str, PathBuf, Event)| *when == call && at == path;
        let event = events.iter().position(fits).map(|at| events.remove(at));
        drop(events);
        event.map_or(Ok(()), |(.., event)| event())
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

impl Altered for Arc<Eventful> {
    fn sync_folder(&self, path: &Path) -> Result<()> {
        self.happen("sync_folder", path)?;
        RealFiles.sync_folder(path)
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        self.happen("link", from)?;
        RealFiles.link(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.happen("remove in", path.parent().unwrap())?;
        RealFiles.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.happen("rename to", to)?;
        self.happen("rename", from)?;
        RealFiles.rename(from, to)
    }
}

struct Scene {
    files: Arc<Eventful>,
    maildirs: Maildirs,
    account: PathBuf,
    scratch: Scratch,
}

impl Scene {
    /// A store with an account in which nothing is in memory.
    fn new(prepare: impl FnOnce(&mut Desk<crate::Session>)) -> Self {
        let Folder { maildirs: before, scratch } = Folder::new();
        prepare(&mut Desk::new(&before));
        let files = Arc::new(Eventful::default());
        let maildirs = maildirs(&scratch, Arc::new(files.clone()));
        let account = scratch.path().join("example.org/alice");
        Self { files, maildirs, account, scratch }
    }

    /// Another user files a message in each of these mailboxes, and is told that it is there.
    fn filing(&self, mailboxes: &'static [&'static str]) -> impl FnOnce() + Send + use<> {
        let maildirs = self.maildirs.clone();
        move || {
            let mut desk = Desk::new(&maildirs);
            for (number, mailbox) in mailboxes.iter().enumerate() {
                desk.write(format!("{mailbox}\r\n").as_bytes());
                let target = postroad_core::store::Target { mailbox: name(mailbox), ..inbox() };
                let id = format!("Q{number}");
                let atomicity = Atomicity::All;
                let deliver = Request::Deliver { id, targets: vec![target], atomicity };
                assert_eq!(desk.ask(deliver), Answer::Delivered(vec![Ok(())]));
            }
        }
    }

    /// Another host on the same store.
    fn elsewhere(&self) -> Maildirs {
        maildirs(&self.scratch, Arc::new(RealFiles))
    }

    /// The messages' files in INBOX, in their order.
    fn letters<const COUNT: usize>(&self) -> [PathBuf; COUNT] {
        let cur = fs::read_dir(self.account.join("cur")).unwrap();
        let mut letters: Vec<PathBuf> = cur.map(|entry| entry.unwrap().path()).collect();
        letters.sort_unstable_by_key(|path| fs::read(path).unwrap());
        letters.try_into().unwrap()
    }

    /// What there is after a restart.
    fn texts(&self) -> Vec<String> {
        assert!(self.files.is_over());
        let octets = Snapshot::of(&self.elsewhere()).octets();
        octets.into_iter().flat_map(|(text, count)| std::iter::repeat_n(text, count)).collect()
    }
}

#[test]
fn what_is_being_delivered_while_all_is_settled_arrives() {
    let scene = Scene::new(|desk| drop(desk.open("INBOX")));
    let all = scene.maildirs.clone();
    scene.files.before("sync_folder", scene.account.join("new"), move || {
        all.settle();
        Ok(())
    });
    scene.filing(&["INBOX"])();
    assert_eq!(scene.texts(), ["INBOX\r\n"]);
}

/// INBOX's messages can't be moved, or a mailbox can't get its name: what others have filed meanwhile in
/// the mailboxes that were made for it stays.
#[test]
fn a_rename_that_fails_removes_nobody_elses_mail() {
    let (moving, naming) = (("sync_folder", ".p.x/cur"), ("rename", ".a"));
    for (from, (call, place), mailboxes) in [
        ("INBOX", moving, &["p", "p.x"][..]),
        ("INBOX", moving, &["p.x"]),
        ("INBOX", moving, &[]),
        ("a", naming, &["p"]),
        ("a", naming, &[]),
    ] {
        let scene = Scene::new(|desk| {
            desk.create("a");
            desk.append("INBOX", Flags::NONE, b"own\r\n");
        });
        let others = scene.filing(mailboxes);
        scene.files.before(call, scene.account.join(place), || {
            others();
            Err(Errno::IO)
        });
        let mut desk = Desk::new(&scene.maildirs);
        let rename = desk.rename(from, "p.x");
        let renamed = desk.ask(rename);
        assert!(matches!(renamed, Answer::Failed(_)), "{from}: {renamed:?}");
        let kept = mailboxes.iter().map(|mailbox| format!("{mailbox}\r\n"));
        let mut kept: Vec<String> = kept.chain(["own\r\n".into()]).collect();
        kept.sort_unstable();
        assert_eq!(scene.texts(), kept, "{from}");
        for made in ["p", "p.x"] {
            let is_kept = mailboxes.contains(&made);
            assert_eq!(scene.account.join(format!(".{made}")).exists(), is_kept, "{from}: {made}");
        }
    }
}

/// Nobody loads a mailbox by the name that is being taken from it.
#[test]
fn a_mailbox_that_is_not_in_memory_is_locked_while_its_name_goes() {
    let delete = |_: &Desk<_>| Request::Delete { account: inbox().account, mailbox: name("a") };
    let rename = |desk: &Desk<_>| desk.rename("a", "b");
    let requests: [fn(&Desk<crate::Session>) -> Request; 2] = [delete, rename];
    for request in requests {
        let scene = Scene::new(|desk| desk.create("a"));
        let folder = scene.account.join(".a");
        let maildirs = scene.maildirs.clone();
        scene.files.before("rename", folder.clone(), move || {
            let slot = maildirs.shared.loaded(&folder);
            assert!(slot.is_some_and(|slot| slot.is_locked()));
            Ok(())
        });
        let mut desk = Desk::new(&scene.maildirs);
        let request = request(&desk);
        desk.done(request);
        assert_eq!(scene.texts(), [""; 0]);
    }
}

/// A mailbox that leaves the memory has noted what it knows before another can take its place.
#[test]
fn whoever_wants_an_idle_mailbox_waits_until_it_has_left() {
    let scene = Scene::new(|desk| _ = desk.append("INBOX", Flags::NONE, b"letter\r\n"));
    let mut desk = Desk::new(&scene.maildirs);
    desk.open("INBOX");
    desk.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
    drop(desk);
    let (maildirs, folder) = (scene.maildirs.clone(), scene.account.clone());
    scene.files.before("rename to", folder.join(crate::index::FILE), move || {
        let slot = maildirs.shared.loaded(&folder);
        assert!(slot.is_some_and(|slot| slot.is_locked()));
        Ok(())
    });
    for number in 0..64 {
        scene.maildirs.shared.slot(&scene.account.join(format!(".{number}")));
    }
    assert!(scene.maildirs.shared.loaded(&scene.account).is_none());
    assert_eq!(scene.texts(), ["letter\r\n"]);
}

/// Another host moves a message away between its copying and its removal: the copy was none, then.
#[test]
fn what_has_been_moved_elsewhere_meanwhile_is_not_moved_again() {
    let scene = Scene::new(|desk| {
        desk.create("a");
        desk.create("b");
        desk.append("INBOX", Flags::NONE, b"letter\r\n");
    });
    let other = scene.elsewhere();
    let [letter] = scene.letters();
    scene.files.before("rename", letter, move || {
        let mut other = Desk::new(&other);
        other.open("INBOX");
        assert_eq!(move_all(&mut other, "b").from, uids(&[1]));
        Ok(())
    });
    let mut desk = Desk::new(&scene.maildirs);
    desk.open("INBOX");
    let moved = move_all(&mut desk, "a");
    assert_eq!((moved.from, moved.to), (uids(&[]), uids(&[])));
    assert_eq!(scene.texts(), ["letter\r\n"]);
    assert_eq!((desk.status("a").messages, desk.status("b").messages), (0, 1));
}

/// The disk is so full that an original can only be removed for good, and then another program renames the
/// next one, or the removal fails: whatever becomes of the move, each message is there once.
#[test]
fn a_move_on_a_full_disk_keeps_the_copies_of_what_is_gone() {
    for fails in [false, true] {
        let scene = Scene::new(|desk| {
            desk.create("a");
            desk.append("INBOX", Flags::NONE, b"1\r\n");
            desk.append("INBOX", Flags::NONE, b"2\r\n");
        });
        let [one, two] = scene.letters();
        scene.files.before("rename", one, || Err(Errno::NOSPC));
        if fails {
            scene.files.before("sync_folder", scene.account.join("cur"), || Err(Errno::IO));
        } else {
            let mut renamed = two.clone().into_os_string();
            renamed.push("S");
            scene.files.before("rename", two.clone(), move || {
                fs::rename(&two, renamed).unwrap();
                Ok(())
            });
        }
        let mut desk = Desk::new(&scene.maildirs);
        desk.open("INBOX");
        if fails {
            let failed = desk.ask(moving("a"));
            assert!(matches!(failed, Answer::Failed(Failure::Io(_))), "{failed:?}");
        } else {
            assert_eq!(move_all(&mut desk, "a").from, uids(&[1, 2]));
        }
        assert_eq!(scene.texts(), ["1\r\n", "2\r\n"]);
    }
}

/// A delivery fails and can't even be taken back: it is known when it is repeated, under another name
/// because time has passed.
#[test]
fn a_delivery_that_was_not_taken_back_is_not_made_twice() {
    let scene = Scene::new(|desk| drop(desk.open("INBOX")));
    let new = scene.account.join("new");
    let mut desk = Desk::new(&scene.maildirs);
    let mut deliver = || {
        desk.write(b"letter\r\n");
        desk.now = desk.now + Duration::from_secs(60);
        let (targets, atomicity) = (vec![inbox()], Atomicity::All);
        desk.ask(Request::Deliver { id: "Q1".into(), targets, atomicity })
    };
    scene.files.before("sync_folder", new.clone(), || Err(Errno::IO));
    scene.files.before("remove in", new, || Err(Errno::IO));
    let failed = deliver();
    assert!(matches!(failed, Answer::Failed(Failure::Io(_))), "{failed:?}");
    assert_eq!(deliver(), Answer::Delivered(vec![Ok(())]));
    assert_eq!(scene.texts(), ["letter\r\n"]);
}

/// Two hosts replace the same message: one of them fails, and nothing of it stays.
#[test]
fn a_message_is_replaced_once() {
    let scene = Scene::new(|desk| _ = desk.append("INBOX", Flags::NONE, b"draft\r\n"));
    let replace = |desk: &mut Desk<crate::Session>, text: &[u8]| {
        desk.open("INBOX");
        desk.write(text);
        let mut append = desk.appending("INBOX", Flags::NONE, &[]);
        if let Request::Append { replaces, .. } = &mut append {
            *replaces = Some(uid(1));
        }
        desk.ask(append)
    };
    let other = scene.elsewhere();
    let [letter] = scene.letters();
    scene.files.before("rename", letter, move || {
        let replaced = replace(&mut Desk::new(&other), b"one\r\n");
        assert!(matches!(replaced, Answer::Appended { .. }), "{replaced:?}");
        Ok(())
    });
    let replaced = replace(&mut Desk::new(&scene.maildirs), b"two\r\n");
    assert_eq!(replaced, Answer::Failed(Failure::NoMessage));
    assert_eq!(scene.texts(), ["one\r\n"]);
}

/// RFC 9051 §6.3.12: TRYCREATE.
#[test]
fn a_mailbox_that_goes_away_while_messages_are_appended_is_missing() {
    let scene = Scene::new(|desk| desk.create("a"));
    let maildirs = scene.maildirs.clone();
    scene.files.before("sync_folder", scene.account.join(".a/cur"), move || {
        let mut other = Desk::new(&maildirs);
        let rename = other.rename("a", "b");
        other.done(rename);
        Ok(())
    });
    let mut desk = Desk::new(&scene.maildirs);
    desk.write(b"letter\r\n");
    let append = desk.appending("a", Flags::NONE, &[]);
    assert_eq!(desk.ask(append), Answer::Failed(Failure::NoMailbox));
    assert_eq!(scene.texts(), [""; 0]);
}

/// The old text can't be kept aside, and then the new one can't be made durable.
#[test]
fn a_text_that_cannot_be_replaced_is_not_removed() {
    let scene = Scene::new(|desk| _ = desk.append("INBOX", Flags::NONE, b"letter\r\n"));
    let path = scene.account.join(crate::uid_map::FILE);
    let text = fs::read(&path).unwrap();
    scene.files.before("link", path.clone(), || Err(Errno::MLINK));
    scene.files.before("sync_folder", scene.account.clone(), || Err(Errno::IO));
    let shared = &scene.maildirs.shared;
    shared.replace(&scene.account, crate::uid_map::FILE, &text).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), text);
    assert_eq!(scene.texts(), ["letter\r\n"]);
}

/// Messages that wait to be appended together are closed.
#[test]
fn what_waits_to_be_appended_holds_no_file_open() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    for _ in 0..3 {
        desk.write(b"letter\r\n");
        desk.done(Request::Keep { flags: Flags::NONE, keywords: Vec::new(), date: None });
    }
    let spares = folder.scratch.path().join("example.org/alice/tmp");
    assert_eq!(RealFiles.list(&spares).unwrap().len(), 3);
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let open = descriptors.filter_map(|path| fs::read_link(path).ok());
    assert_eq!(open.filter(|path| path.starts_with(&spares)).count(), 0);
}

/// Names that are noticed while they change are told by who changes them, not as names that come and go.
#[test]
fn a_renaming_is_told_as_one_though_it_is_noticed_before_it_is_done() {
    let scene = Scene::new(|desk| desk.create("a.b"));
    let (mut one, mut two) = (Desk::new(&scene.maildirs), Desk::new(&scene.maildirs));
    let mut watcher = scene.maildirs.watcher().unwrap();
    for desk in [&mut one, &mut two] {
        desk.done(Request::Observe { account: Some(postroad_core::store::suite::account()) });
    }
    scene.files.before("sync_folder", scene.account.clone(), move || {
        watcher.read().unwrap();
        Ok(())
    });
    let rename = two.rename("a", "c");
    two.done(rename);
    assert!(scene.files.is_over());
    let renamed = |from, to| Happening::Renamed { from: name(from), to: name(to) };
    let told = vec![renamed("a", "c"), renamed("a.b", "c.b")];
    assert_eq!(one.ask(Request::Happened), Answer::Happened(told));
    assert_eq!(two.ask(Request::Happened), Answer::Happened(Vec::new()));
}
