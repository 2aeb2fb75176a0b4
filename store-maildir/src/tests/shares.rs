//! Rights as other programs write them, and the index of who shares.

use super::Folder;
use postroad_core::store::suite::{Desk, account, name};
use postroad_core::store::{Account, Answer, Request, Rights};
use std::fs;

fn bob() -> Account {
    Account::parse("bob@example.net").unwrap()
}

fn sharers(desk: &mut Desk<crate::Session>) -> Vec<Account> {
    match desk.ask(Request::Sharers { user: bob() }) {
        Answer::Accounts(accounts) => accounts,
        other => panic!("no sharers: {other:?}"),
    }
}

fn grant(desk: &mut Desk<crate::Session>, mailbox: &str, identifier: &str, rights: &str) {
    desk.done(Request::SetAcl {
        account: account(),
        mailbox: name(mailbox),
        identifier: identifier.into(),
        rights: Rights::parse(rights),
    });
}

#[test]
fn a_file_of_dovecots_is_heeded_and_kept() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.create("a");
    let path = folder.scratch.path().join("example.org/alice/.a/dovecot-acl");
    fs::write(&path, "user=bob@example.net lrs\ngroup=staff lr\n").unwrap();
    let rights = Request::Rights { account: account(), mailbox: name("a"), user: bob() };
    assert_eq!(desk.ask(rights), Answer::Rights(Rights::parse("lrs").unwrap()));
    grant(&mut desk, "a", "anyone", "l");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "user=bob@example.net lrs\nanyone l\ngroup=staff lr\n");
}

#[test]
fn the_index_is_made_anew_if_it_is_missing() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.create("a");
    assert_eq!(sharers(&mut desk), []);
    let path = folder.scratch.path().join("example.org/alice/.a/dovecot-acl");
    fs::write(path, "user=bob@example.net lrs\n").unwrap();
    assert_eq!(sharers(&mut desk), []);
    let index = folder.scratch.path().join("postroad-shares");
    fs::remove_file(&index).unwrap();
    assert_eq!(sharers(&mut desk), [account()]);
    assert_eq!(fs::read_to_string(&index).unwrap(), "alice@example.org bob@example.net\n");
    assert_eq!(sharers(&mut Desk::new(&folder.restarted())), [account()]);
    assert!(!folder.scratch.path().join("example.net").exists());
}
