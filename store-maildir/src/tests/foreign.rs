//! Other programs in the same folders.

use super::Folder;
use postroad_core::store::suite::{Changes, Desk, account, name, told, uid, uids};
use postroad_core::store::{Access, Answer, Failure, FlagAction, Flags, Originals, Request};
use std::fs;
use std::path::PathBuf;

fn inbox(folder: &Folder) -> PathBuf {
    folder.scratch.path().join("example.org/alice")
}

fn names(path: PathBuf) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn delivered_and_changed_from_outside() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.open("INBOX");
    let inbox = inbox(&folder);
    fs::write(inbox.join("new/1.a.other"), "Subject: a\n\nbody\n").unwrap();
    fs::write(inbox.join("cur/2.b.other,S=4:2,SR"), "x\r\n\n").unwrap();
    fs::write(inbox.join("new/.not-mail"), "x").unwrap();
    let changes = desk.sync();
    let (seen, recent) = (Flags::SEEN, Flags::RECENT);
    let two = seen | Flags::ANSWERED | recent;
    assert_eq!(told(&changes.entries), [(1, recent), (2, two)]);
    assert_eq!((changes.entries[0].size, changes.entries[1].size), (20, 5));
    assert_eq!(desk.read(1, 6), b"Subject: a\r\n\r\nbody\r\n");
    assert_eq!(names(inbox.join("new")), [".not-mail"]);
    assert_eq!(names(inbox.join("cur")), ["1.a.other:2,", "2.b.other,S=4:2,SR"]);
    // Flags, the order of letters, and fields that come and go.
    fs::rename(inbox.join("cur/1.a.other:2,"), inbox.join("cur/1.a.other,U=9:2,SF")).unwrap();
    fs::rename(inbox.join("cur/2.b.other,S=4:2,SR"), inbox.join("cur/2.b.other:2,RS")).unwrap();
    let changes = desk.sync();
    assert_eq!(told(&changes.entries), [(1, seen | Flags::FLAGGED | recent)]);
    fs::remove_file(inbox.join("cur/1.a.other,U=9:2,SF")).unwrap();
    assert_eq!(desk.sync().vanished, [uid(1)]);
    assert_eq!(desk.sync(), Changes::default());
}

#[test]
fn a_nul_is_never_given() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.open("INBOX");
    let inbox = inbox(&folder);
    fs::write(inbox.join("cur/1.lines:2,"), "a\0b\n").unwrap();
    fs::write(inbox.join("cur/2.raw:2,"), "a\0b\r\n").unwrap();
    desk.sync();
    for number in [1, 2] {
        assert_eq!(desk.read(number, 100), b"a\x80b\r\n");
    }
}

#[test]
fn what_is_no_message_hides_none() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.open("INBOX");
    let inbox = inbox(&folder);
    fs::create_dir(inbox.join("new/1.folder")).unwrap();
    std::os::unix::fs::symlink("2.itself", inbox.join("new/2.itself")).unwrap();
    let secret = folder.scratch.path().join("secret");
    fs::write(&secret, "secret\r\n").unwrap();
    std::os::unix::fs::symlink(&secret, inbox.join("cur/5.link:2,")).unwrap();
    let pipe = inbox.join("cur/3.pipe:2,S");
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    fs::write(inbox.join("new/4.mail"), "x\r\n").unwrap();
    assert_eq!(told(&desk.sync().entries), [(1, Flags::RECENT)]);
    assert_eq!(desk.read(1, 6), b"x\r\n");
}

#[test]
fn a_file_renamed_under_an_operation_is_found_again() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.create("a");
    desk.open("INBOX");
    let inbox = inbox(&folder);
    fs::write(inbox.join("cur/1.a.other:2,P"), "a\r\n").unwrap();
    assert_eq!(desk.sync().entries.len(), 1);
    let rename = |from: &str, to: &str| {
        fs::rename(inbox.join("cur").join(from), inbox.join("cur").join(to)).unwrap();
    };
    rename("1.a.other:2,P", "1.a.other:2,FP");
    assert_eq!(desk.read(1, 10), b"a\r\n");
    rename("1.a.other:2,FP", "1.a.other:2,P");
    let changes = desk.flag(&[1], FlagAction::Add, Flags::SEEN, &["word"]);
    let flags = Flags::SEEN | Flags::keyword(0) | Flags::RECENT;
    assert_eq!(told(&changes.entries), [(1, flags)]);
    rename("1.a.other:2,PSa", "1.a.other:2,PSTa");
    let copy = Request::Copy {
        uids: uids(&[1]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals: Originals::Go,
    };
    assert!(matches!(desk.ask(copy), Answer::Copied(_)));
    assert_eq!(desk.sync().vanished, [uid(1)]);
    let moved = Flags::SEEN | Flags::DELETED | Flags::keyword(0) | Flags::RECENT;
    assert_eq!(told(&desk.open("a").entries), [(1, moved)]);
}

#[test]
fn keywords_of_dovecot_are_shared() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.open("INBOX");
    let inbox = inbox(&folder);
    fs::write(inbox.join("dovecot-keywords"), "0 $Junk\n1 work\n").unwrap();
    fs::write(inbox.join("cur/1.a.other:2,bSz"), "a\r\n").unwrap();
    let changes = desk.sync();
    assert_eq!(&changes.keywords.unwrap()[..], ["$Junk", "work"]);
    let flags = Flags::SEEN | Flags::keyword(1) | Flags::RECENT;
    assert_eq!(told(&changes.entries), [(1, flags)]);
    desk.flag(&[1], FlagAction::Add, Flags::NONE, &["new"]);
    let text = fs::read_to_string(inbox.join("dovecot-keywords")).unwrap();
    assert_eq!(text, "0 $Junk\n1 work\n2 new\n");
    assert_eq!(names(inbox.join("cur")), ["1.a.other:2,Sbcz"]);
}

#[test]
fn two_files_of_one_key_are_two_messages() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.open("INBOX");
    let inbox = inbox(&folder);
    fs::write(inbox.join("new/1.a.other"), "one\r\n").unwrap();
    fs::write(inbox.join("cur/1.a.other:2,S"), "two\r\n").unwrap();
    assert_eq!(desk.sync().entries.len(), 2);
    let mut octets = [desk.read(1, 10), desk.read(2, 10)];
    octets.sort();
    assert_eq!(octets, [b"one\r\n", b"two\r\n"]);
    assert_eq!(desk.sync(), Changes::default());
}

#[test]
fn folders_made_and_removed_from_outside() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    assert_eq!(desk.list(), ["M INBOX"]);
    let inbox = inbox(&folder);
    for name in [".Work.Mars/cur", ".no-maildir", ".bad*/cur", "plain/cur"] {
        fs::create_dir_all(inbox.join(name)).unwrap();
    }
    fs::write(inbox.join("subscriptions"), "V\t2\n\nWork\tMars\n").unwrap();
    assert_eq!(desk.list(), ["M INBOX", "L Work", "M+ Work.Mars"]);
    desk.open("Work.Mars");
    fs::remove_dir_all(inbox.join(".Work.Mars")).unwrap();
    assert!(desk.sync().gone);
    assert_eq!(desk.list(), ["M INBOX", "A+ Work.Mars"]);
    // Made again, it is another mailbox, also for whoever keeps its place in memory.
    fs::create_dir_all(inbox.join(".Work.Mars/cur")).unwrap();
    assert_eq!(desk.status("Work.Mars").messages, 0);
}

#[test]
fn an_account_that_was_removed_is_made_again() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.deliver("Q1", b"x\r\n");
    desk.open("INBOX");
    fs::remove_dir_all(inbox(&folder)).unwrap();
    desk.deliver("Q2", b"y\r\n");
    assert!(desk.sync().gone);
    assert_eq!(desk.open("INBOX").entries.len(), 1);
    assert_eq!(desk.read(1, 10), b"y\r\n");
}

#[test]
fn a_missing_or_foreign_map_means_another_uid_validity() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.append("INBOX", Flags::SEEN, b"x\r\n");
    let before = desk.status("INBOX").uid_validity;
    let map = inbox(&folder).join("postroad-uids");
    for text in [None, Some("something else\n")] {
        match text {
            None => fs::remove_file(&map).unwrap(),
            Some(text) => fs::write(&map, text).unwrap(),
        }
        let restarted = folder.restarted();
        let status = Desk::new(&restarted).status("INBOX");
        assert_eq!((status.messages, status.uid_next), (1, 2));
        assert!(status.uid_validity > before);
    }
}

#[test]
fn left_overs_go_after_36_hours() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    let tmp = inbox(&folder).join("tmp");
    fs::create_dir_all(inbox(&folder)).unwrap();
    fs::create_dir_all(&tmp).unwrap();
    fs::write(tmp.join("old"), "x").unwrap();
    fs::create_dir(tmp.join("folder")).unwrap();
    fs::write(tmp.join("folder/old"), "x").unwrap();
    // The bed's time is years ahead of the file's.
    desk.open("INBOX");
    assert!(names(tmp.clone()).is_empty());
    let folder = Folder::new();
    fs::create_dir_all(inbox(&folder).join("tmp")).unwrap();
    fs::write(inbox(&folder).join("tmp/fresh"), "x").unwrap();
    let mut desk = Desk::new(&folder);
    desk.now = postroad_core::machine::Instant::from_seconds(1_000_000);
    desk.open("INBOX");
    assert_eq!(names(inbox(&folder).join("tmp")), ["fresh"]);
}

#[test]
fn accounts_are_made_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.create("a");
    desk.append("a", Flags::NONE, b"x\r\n");
    let inbox = inbox(&folder);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for path in ["", "cur", ".a", ".a/new", "../../example.org"] {
        assert_eq!(mode(inbox.join(path)), 0o700, "{path}");
    }
    let message = names(inbox.join(".a/cur")).remove(0);
    assert_eq!(mode(inbox.join(".a/cur").join(message)), 0o600);
    assert!(inbox.join(".a/maildirfolder").exists());
}

#[test]
fn two_processes_give_no_uid_twice() {
    let folder = Folder::new();
    let other = folder.restarted();
    let (mut one, mut two) = (Desk::new(&folder), Desk::new(&other));
    one.open("INBOX");
    two.open("INBOX");
    assert_eq!(one.append("INBOX", Flags::NONE, b"1\r\n"), 1);
    assert_eq!(two.append("INBOX", Flags::NONE, b"2\r\n"), 2);
    two.deliver("Q", b"3\r\n");
    assert_eq!(one.append("INBOX", Flags::NONE, b"4\r\n").max(4), 4);
    one.expunge(&[1]);
    two.flag(&[2], FlagAction::Add, Flags::SEEN, &["word"]);
    one.flag(&[2], FlagAction::Add, Flags::NONE, &["other"]);
    let three = folder.restarted();
    let opened = Desk::new(&three).open("INBOX");
    let numbers: Vec<_> = opened.entries.iter().map(|entry| entry.uid.get()).collect();
    assert_eq!(numbers, [2, 3, 4]);
    assert_eq!(&opened.keywords[..], ["word", "other"]);
    for desk in [&mut one, &mut two] {
        desk.sync();
        for number in [2, 3, 4] {
            assert_eq!(desk.read(number, 10).len(), 3);
        }
    }
    let octets = one.read(2, 10);
    assert_eq!(octets, two.read(2, 10));
    assert_eq!(octets, {
        let mut desk = Desk::new(&three);
        desk.open("INBOX");
        desk.read(2, 10)
    });
    // A maildrop is exclusive between processes, too.
    let exclusive = one.opening("INBOX", Access::Exclusive);
    assert!(matches!(one.ask(exclusive.clone()), Answer::Opened(_)));
    assert_eq!(two.fails(exclusive), Failure::InUse);
}
