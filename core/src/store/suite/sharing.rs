//! Checks of rights, of what is shared, and of annotations.

use super::{Bed, Desk, account, name, uids};
use crate::store::{
    Access, Account, Acl, Annotation, Answer, Failure, Flags, Grant, MailboxName, Originals,
    Request, Rights, Store,
};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn bob() -> Account {
    Account::parse("bob@example.net").expect("a good account")
}

fn rights<S: Store>(desk: &mut Desk<S>, mailbox: &str, user: &Account) -> Option<String> {
    let (mailbox, user) = (name(mailbox), user.clone());
    match desk.ask(Request::Rights { account: account(), mailbox, user }) {
        Answer::Rights(rights) => Some(rights.to_string()),
        Answer::Failed(Failure::NoMailbox) => None,
        other => panic!("no rights: {other:?}"),
    }
}

fn grant<S: Store>(desk: &mut Desk<S>, mailbox: &str, identifier: &str, rights: Option<&str>) {
    let rights = rights.map(|rights| Rights::parse(rights).expect("good rights"));
    let (mailbox, identifier) = (name(mailbox), identifier.into());
    desk.done(Request::SetAcl { account: account(), mailbox, identifier, rights });
}

fn shared<S: Store>(desk: &mut Desk<S>, user: &Account) -> (Vec<String>, Vec<String>) {
    let Answer::Accounts(owners) = desk.ask(Request::Sharers { user: user.clone() }) else {
        panic!("no sharers");
    };
    let shared = Request::Shared { account: account(), user: user.clone() };
    let Answer::Mailboxes(seen) = desk.ask(shared) else {
        panic!("nothing shared");
    };
    let owners = owners.into_iter().map(|owner| owner.to_string()).collect();
    (owners, seen.into_iter().map(|one| one.name.to_string()).collect())
}

/// RFC 4314 §2: until something else is said.
pub fn an_owner_has_every_right(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a.b");
    let all = Some(Rights::ALL.to_string());
    assert_eq!(rights(&mut desk, "INBOX", &account()), all);
    assert_eq!(rights(&mut desk, "a", &account()), all);
    assert_eq!(rights(&mut desk, "c", &account()), None);
    assert_eq!(rights(&mut desk, "INBOX", &bob()), Some(String::new()));
    assert_eq!(shared(&mut desk, &bob()), (vec![], vec![]));
    let acl = Request::Acl { account: account(), mailbox: name("a") };
    assert_eq!(desk.ask(acl), Answer::Acl(Acl::default()));
    grant(&mut desk, "a", "owner", Some("r"));
    assert_eq!(rights(&mut desk, "a", &account()), Some("lra".into()));
}

/// Lists, rights, and what is taken away again; by another session at once.
pub fn what_is_granted_is_seen(bed: &impl Bed) {
    let (mut desk, mut other) = (Desk::new(bed), Desk::new(bed));
    desk.create("a.b");
    desk.create("c");
    grant(&mut desk, "a.b", "bob@example.net", Some("lrs"));
    grant(&mut desk, "c", "anyone", Some("r"));
    assert_eq!(rights(&mut other, "a.b", &bob()), Some("lrs".into()));
    let owners = vec![account().to_string()];
    assert_eq!(shared(&mut other, &bob()), (owners, vec!["a".into(), "a.b".into()]));
    assert_eq!(rights(&mut other, "c", &bob()), Some("r".into()));
    let acl = Request::Acl { account: account(), mailbox: name("a.b") };
    let entry = Grant {
        identifier: "bob@example.net".into(),
        rights: Rights::parse("lrs").unwrap_or_default(),
    };
    assert_eq!(other.ask(acl), Answer::Acl(Acl(vec![entry])));
    grant(&mut desk, "a.b", "-bob@example.net", Some("s"));
    assert_eq!(rights(&mut other, "a.b", &bob()), Some("lr".into()));
    grant(&mut desk, "a.b", "bob@example.net", None);
    assert_eq!(rights(&mut other, "a.b", &bob()), Some(String::new()));
    assert_eq!(shared(&mut other, &bob()), (vec![], vec![]));
    let set = Request::SetAcl {
        account: account(),
        mailbox: name("none"),
        identifier: "anyone".into(),
        rights: None,
    };
    assert_eq!(desk.fails(set), Failure::NoMailbox);
}

/// Mailboxes below get them; a new name keeps them; a mailbox made again has none.
pub fn rights_follow_their_mailbox(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    grant(&mut desk, "a", "bob@example.net", Some("lr"));
    desk.create("a.b.c");
    assert_eq!(rights(&mut desk, "a.b.c", &bob()), Some("lr".into()));
    let rename = desk.rename("a", "z");
    desk.done(rename);
    assert_eq!(rights(&mut desk, "z.b", &bob()), Some("lr".into()));
    assert_eq!(shared(&mut desk, &bob()).1, ["z", "z.b", "z.b.c"]);
    for gone in ["z.b.c", "z.b", "z"] {
        let delete = desk.delete(gone);
        desk.done(delete);
    }
    assert_eq!(shared(&mut desk, &bob()), (vec![], vec![]));
    desk.create("z");
    assert_eq!(rights(&mut desk, "z", &bob()), Some(String::new()));
}

/// An account comes to be by its own user's asking, or by mail.
pub fn nobody_gets_an_account_by_being_asked_for(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let (nobody, user) = (bob(), account());
    let mailbox = MailboxName::inbox();
    let rights = Request::Rights { account: nobody.clone(), mailbox, user: user.clone() };
    assert_eq!(desk.fails(rights), Failure::NoMailbox);
    let shared = Request::Shared { account: nobody, user };
    assert_eq!(desk.ask(shared), Answer::Mailboxes(vec![]));
}

/// COPY and MOVE into a mailbox of someone else, with the flags that may go along.
pub fn copies_go_to_other_accounts(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::SEEN | Flags::FLAGGED, b"one\r\n");
    desk.append("INBOX", Flags::SEEN, b"two\r\n");
    desk.open("INBOX");
    let copy = |numbers: &[u32], originals| Request::Copy {
        uids: uids(numbers),
        account: bob(),
        to: MailboxName::inbox(),
        flags: Flags::FLAGGED,
        originals,
    };
    assert!(matches!(desk.ask(copy(&[1], Originals::Stay)), Answer::Copied(_)));
    assert!(matches!(desk.ask(copy(&[2], Originals::Go)), Answer::Copied(_)));
    assert_eq!(desk.status("INBOX").messages, 1);
    let open =
        Request::Open { account: bob(), mailbox: MailboxName::inbox(), access: Access::ReadOnly };
    let Answer::Opened(snapshot) = desk.ask(open) else {
        panic!("not opened");
    };
    let flags: Vec<Flags> = snapshot.messages.iter().map(|entry| entry.flags).collect();
    assert_eq!(flags, [Flags::FLAGGED, Flags::NONE]);
    assert_eq!(desk.read(2, 100), b"two\r\n");
}

fn annotate<S: Store>(desk: &mut Desk<S>, user: &Account, entry: &str, value: Option<&str>) {
    desk.done(Request::Annotate {
        account: account(),
        mailbox: Some(name("a")),
        user: user.clone(),
        values: vec![(entry.into(), value.map(|value| value.as_bytes().to_vec()))],
    });
}

fn annotations<S: Store>(desk: &mut Desk<S>, mailbox: &str, user: &Account) -> Vec<String> {
    let (mailbox, user) = (Some(name(mailbox)), user.clone());
    match desk.ask(Request::Annotations { account: account(), mailbox, user }) {
        Answer::Annotations(all) => {
            let line = |Annotation { entry, value }: Annotation| {
                alloc::format!("{entry}={}", String::from_utf8_lossy(&value))
            };
            all.into_iter().map(line).collect()
        }
        other => panic!("no annotations: {other:?}"),
    }
}

/// RFC 5464 §3.3.
pub fn annotations_are_private_or_shared(bed: &impl Bed) {
    let (mut desk, mut other) = (Desk::new(bed), Desk::new(bed));
    desk.create("a");
    annotate(&mut desk, &account(), "/private/comment", Some("mine"));
    annotate(&mut desk, &bob(), "/private/comment", Some("Bob's\n\t\\"));
    annotate(&mut desk, &bob(), "/shared/comment", Some(""));
    let own = ["/private/comment=mine", "/shared/comment="];
    assert_eq!(annotations(&mut other, "a", &account()), own);
    let bobs = ["/private/comment=Bob's\n\t\\", "/shared/comment="];
    assert_eq!(annotations(&mut other, "a", &bob()), bobs);
    annotate(&mut other, &account(), "/shared/comment", None);
    assert_eq!(annotations(&mut desk, "a", &account()), own[..1]);
    let of_account = Request::Annotations { account: account(), mailbox: None, user: account() };
    assert_eq!(desk.ask(of_account), Answer::Annotations(vec![]));
    let none =
        Request::Annotations { account: account(), mailbox: Some(name("none")), user: account() };
    assert_eq!(desk.fails(none), Failure::NoMailbox);
}

/// A new name keeps them; a mailbox made again has none.
pub fn annotations_follow_their_mailbox(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    annotate(&mut desk, &account(), "/shared/comment", Some("x"));
    let rename = desk.rename("a", "b");
    desk.done(rename);
    assert_eq!(annotations(&mut desk, "b", &account()), ["/shared/comment=x"]);
    let delete = desk.delete("b");
    desk.done(delete);
    desk.create("b");
    assert!(annotations(&mut desk, "b", &account()).is_empty());
}

/// All or none, and bounded.
pub fn annotations_have_limits(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    let annotate = |values| Request::Annotate {
        account: account(),
        mailbox: Some(name("a")),
        user: account(),
        values,
    };
    let long = crate::limits::Limits::DEFAULT.annotation + 1;
    let values =
        vec![("/shared/a".into(), Some(vec![b'x'])), ("/shared/b".into(), Some(vec![b'x'; long]))];
    assert!(matches!(desk.fails(annotate(values)), Failure::Limit(_)));
    let many = crate::limits::Limits::DEFAULT.annotations + 1;
    let values = (0..many).map(|it| (alloc::format!("/shared/{it}"), Some(vec![])));
    assert!(matches!(desk.fails(annotate(values.collect())), Failure::Limit(_)));
    assert!(annotations(&mut desk, "a", &account()).is_empty());
}
