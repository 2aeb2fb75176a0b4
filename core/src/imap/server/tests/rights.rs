//! The table of rights, row by row, on a mailbox of someone else and on one's own.

use super::super::rights::{Act, Needs, TABLE};
use super::*;
use crate::store::{Account, MailboxName, Right, Rights};
use alloc::format;
use alloc::vec;

const OTHERS: &str = "user.bob@example^org.Box";

/// Commands that do the act and no other, on a mailbox: what needs it selected is said first.
fn commands(act: Act, mailbox: &str) -> Vec<(bool, String)> {
    let named = |commands: &[&str]| -> Vec<(bool, String)> {
        commands.iter().map(|it| (false, it.replace("BOX", mailbox))).collect()
    };
    let selected = |commands: &[&str]| -> Vec<(bool, String)> {
        commands.iter().map(|it| (true, (*it).into())).collect()
    };
    match act {
        Act::Select => named(&["SELECT BOX", "EXAMINE BOX"]),
        Act::Status => named(&["STATUS BOX (MESSAGES)"]),
        Act::Create => named(&["CREATE BOX.new", "CREATE BOX.new.below"]),
        Act::Delete => named(&["DELETE BOX"]),
        Act::File => named(&["APPEND BOX {1+}\r\nx"]),
        Act::Read => selected(&["FETCH 1 FLAGS", "UID SEARCH ALL", "COPY 1 INBOX"]),
        Act::Store => selected(&["STORE 1 FLAGS (\\Seen \\Flagged \\Deleted)"]),
        Act::Expunge => selected(&["EXPUNGE", "UID EXPUNGE 1"]),
        Act::Close => selected(&["CLOSE"]),
        Act::Take => selected(&["MOVE 1 INBOX", "UID MOVE 1 INBOX"]),
        Act::Administer => named(&[
            "GETACL BOX",
            "SETACL BOX carol@example.org lr",
            "DELETEACL BOX carol@example.org",
            "LISTRIGHTS BOX carol@example.org",
        ]),
        Act::MyRights => named(&["MYRIGHTS BOX"]),
        Act::Annotations => {
            named(&["GETMETADATA BOX /shared/comment", "SETMETADATA BOX (/private/comment \"x\")"])
        }
        Act::Annotate => named(&["SETMETADATA BOX (/shared/comment \"x\")"]),
        Act::QuotaRoot => named(&["GETQUOTAROOT BOX"]),
    }
}

fn set(dialogue: &mut Dialogue, owner: &str, user: &str, rights: Rights) {
    let request = Request::SetAcl {
        account: Account::parse(owner).unwrap(),
        mailbox: MailboxName::parse("Box", &Limits::DEFAULT).unwrap(),
        identifier: user.into(),
        rights: Some(rights),
    };
    let answer = dialogue.store.perform(START, request, b"", &mut Vec::new());
    assert_eq!(answer, store::Answer::Done);
}

/// What comes of a command by alice, on a fresh mailbox `Box` of `owner`, with these rights.
fn outcome(owner: &str, (selects, command): &(bool, String), rights: Rights) -> String {
    let memory = memory();
    let mut dialogue = Dialogue::logged_in(&memory);
    let account = Account::parse(owner).unwrap();
    let mailbox = MailboxName::parse("Box", &Limits::DEFAULT).unwrap();
    for (request, lent) in [
        (
            Request::Create {
                account: account.clone(),
                mailbox: mailbox.clone(),
                special_use: None,
            },
            &b""[..],
        ),
        (Request::Begin { account: account.clone(), mailbox: mailbox.clone() }, b""),
        (Request::Write, b"x"),
        (
            Request::Append {
                account: account.clone(),
                mailbox,
                flags: store::Flags::NONE,
                keywords: vec![],
                date: None,
                replaces: None,
            },
            b"",
        ),
    ] {
        dialogue.store.perform(START, request, lent, &mut Vec::new());
    }
    let place = if owner == "alice@example.org" { "Box" } else { OTHERS };
    if *selects {
        set(&mut dialogue, owner, "alice@example.org", Rights::ALL);
        let answer = dialogue.say(format!("s SELECT {place}\r\n"));
        assert!(answer.contains("s OK [READ-WRITE]"), "{answer}");
    }
    set(&mut dialogue, owner, "alice@example.org", rights);
    let heard = dialogue.say(format!("a {command}\r\n"));
    heard.lines().find(|line| line.starts_with("a ")).unwrap_or_default().into()
}

fn rights(rights: &[Right]) -> Rights {
    rights.iter().fold(Rights::NONE, |all, right| all | (*right).into())
}

/// Whether the command was let through to the store.
fn is_allowed(answer: &str) -> bool {
    let refusals = ["[NOPERM]", "[NONEXISTENT]", "[TRYCREATE]", "BAD"];
    !refusals.iter().any(|refusal| answer.contains(refusal))
}

fn check_row(owner: &str, row: Needs) {
    let place = if owner == "alice@example.org" { "Box" } else { OTHERS };
    // What an owner always has (RFC 4314 §2.1).
    let always = match place {
        "Box" => rights(&[Right::Lookup, Right::Administer]),
        _ => Rights::NONE,
    };
    let seen = Rights::from(Right::Lookup);
    for command in commands(row.act, place) {
        let all = rights(row.all) | seen;
        let choices: Vec<Rights> = match row.any {
            [] => vec![Rights::NONE],
            any => any.iter().map(|right| (*right).into()).collect(),
        };
        for choice in choices {
            let answer = outcome(owner, &command, all | choice);
            assert!(is_allowed(&answer), "{command:?} with {}: {answer}", all | choice);
        }
        let any = rights(row.any);
        let mut missing: Vec<Rights> =
            row.all.iter().map(|right| Rights::ALL - (*right).into()).collect();
        if !row.any.is_empty() {
            missing.push(Rights::ALL - any);
        }
        for rights in missing.into_iter().map(|rights| rights | always) {
            if row.all.iter().all(|right| rights.contains(*right))
                && (row.any.is_empty() || row.any.iter().any(|right| rights.contains(*right)))
            {
                continue;
            }
            let answer = outcome(owner, &command, rights);
            let expected = match rights.contains(Right::Lookup) || command.0 {
                true => "a NO [NOPERM] Your rights do not allow this",
                false => "a NO [NONEXISTENT] No such mailbox",
            };
            assert_eq!(answer, expected, "{command:?} with {rights}");
        }
    }
}

#[test]
fn every_row_holds_for_others() {
    for row in TABLE {
        check_row("bob@example.org", row);
    }
}

#[test]
fn every_row_holds_for_the_owner() {
    for row in TABLE {
        check_row("alice@example.org", row);
    }
}

#[test]
fn a_mailbox_that_may_not_be_seen_does_not_exist() {
    let hidden = Rights::ALL - Right::Lookup.into() - Right::Insert.into() - Right::Create.into();
    for row in TABLE {
        for (selects, command) in commands(row.act, OTHERS) {
            if selects
                || is_allowed(&outcome("bob@example.org", &(selects, command.clone()), hidden))
            {
                continue;
            }
            let nowhere = command.replace("bob@", "nobody@");
            let hidden = outcome("bob@example.org", &(false, command), hidden);
            let nothing = outcome("bob@example.org", &(false, nowhere), Rights::ALL);
            assert_eq!(hidden, nothing);
        }
    }
}
