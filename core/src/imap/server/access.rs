//! GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3).

use super::connection::{Connection, confused, failed};
use super::dispatch::Begun;
use super::task::{Manner, Step, Task, Told};
use super::{bad, no, ok};
use crate::imap::{self, Code, Identifier, Mailbox, Response, RightsChange, Status};
use crate::store::{Account, Acl, Answer, Grant, Request, Right, Rights, Target};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A command about rights under way. The list is always read first.
#[derive(Debug)]
pub(super) struct Administering {
    mailbox: Mailbox,
    target: Target,
    wish: Wish,
    stage: Stage,
}

/// What is wanted.
#[derive(Debug)]
enum Wish {
    Get,
    Set(Identifier, RightsChange, Rights),
    Delete(Identifier),
    List(Identifier),
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Begin,
    Read,
    Written,
}

/// Begins a command about rights; that it is allowed is known.
pub(super) fn begin(connection: &mut Connection, acl: imap::Acl) -> Begun {
    let (mailbox, wish) = match acl {
        imap::Acl::MyRights(mailbox) => {
            connection.place(&mailbox)?;
            let told = letters(connection.rights);
            connection.respond(Response::MyRights(mailbox, told));
            return Err(ok("MYRIGHTS completed"));
        }
        imap::Acl::Get(mailbox) => (mailbox, Wish::Get),
        imap::Acl::Set { mailbox, identifier, change, rights } => {
            // RFC 4314 §3.1: an unrecognized right makes the command bad.
            let rights = Rights::parse(rights.as_str());
            let rights = rights.ok_or_else(|| bad("There is no such right"))?;
            (mailbox, Wish::Set(identifier, change, rights))
        }
        imap::Acl::Delete { mailbox, identifier } => (mailbox, Wish::Delete(identifier)),
        imap::Acl::ListRights { mailbox, identifier } => (mailbox, Wish::List(identifier)),
    };
    let target = connection.place(&mailbox)?;
    let task = Administering { mailbox, target, wish, stage: Stage::Begin };
    Ok((Manner::FREE, Task::Administer(task)))
}

impl Administering {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let Target { account, mailbox } = self.target.clone();
        match (self.stage, told) {
            (Stage::Begin, _) => {
                self.stage = Stage::Read;
                Step::Ask(Request::Acl { account, mailbox })
            }
            (Stage::Read, Told::Answer(Answer::Acl(acl))) => {
                self.handle_acl(connection, &acl).unwrap_or_else(Step::Done)
            }
            (Stage::Written, Told::Answer(Answer::Done)) => Step::Done(self.done()),
            (_, Told::Answer(Answer::Failed(failure))) => Step::Done(failed(&failure)),
            _ => Step::Done(confused()),
        }
    }

    fn done(&self) -> Status {
        ok(match self.wish {
            Wish::Get => "GETACL completed",
            Wish::Set(..) => "SETACL completed",
            Wish::Delete(_) => "DELETEACL completed",
            Wish::List(_) => "LISTRIGHTS completed",
        })
    }

    fn handle_acl(&mut self, connection: &mut Connection, acl: &Acl) -> Result<Step, Status> {
        let owner = &self.target.account;
        let (identifier, rights) = match &self.wish {
            Wish::Get => {
                let entries = entries(owner, acl);
                connection.respond(Response::Acl(self.mailbox.clone(), entries));
                return Ok(Step::Done(self.done()));
            }
            Wish::List(identifier) => {
                let (required, optional) = choices(owner, &canonical(connection, identifier)?);
                connection.respond(Response::ListRights {
                    mailbox: self.mailbox.clone(),
                    identifier: identifier.clone(),
                    required,
                    optional,
                });
                return Ok(Step::Done(self.done()));
            }
            Wish::Delete(identifier) => (canonical(connection, identifier)?, None),
            Wish::Set(identifier, change, rights) => {
                let identifier = canonical(connection, identifier)?;
                let before = rights_of(owner, acl, &identifier);
                let rights = match change {
                    RightsChange::Replace => *rights,
                    RightsChange::Add => before | *rights,
                    RightsChange::Remove => before - *rights,
                };
                (identifier, Some(rights))
            }
        };
        self.stage = Stage::Written;
        let Target { account, mailbox } = self.target.clone();
        // RFC 4314 §3.1: no rights at all are the same as no entry, unless that is the owner's.
        let is_owner = names_owner(&account, &identifier);
        let rights = rights.filter(|rights| is_owner || !rights.is_empty());
        Ok(Step::Ask(Request::SetAcl { account, mailbox, identifier, rights }))
    }
}

fn names_owner(owner: &Account, identifier: &str) -> bool {
    identifier == "owner" || identifier == owner.as_str()
}

fn rights_of(owner: &Account, acl: &Acl, identifier: &str) -> Rights {
    match acl.0.iter().find(|grant| grant.identifier == identifier) {
        Some(grant) => grant.rights,
        None if names_owner(owner, identifier) => acl.of(owner, owner),
        None => Rights::NONE,
    }
}

/// The list, the owner's part included even where it says nothing of it.
fn entries(owner: &Account, acl: &Acl) -> Vec<(Identifier, imap::Rights)> {
    let mut grants = acl.0.clone();
    if !grants.iter().any(|grant| names_owner(owner, &grant.identifier)) {
        let identifier = owner.as_str().to_string();
        grants.insert(0, Grant { identifier, rights: acl.of(owner, owner) });
    }
    let entry = |grant: Grant| Some((Identifier::new(&grant.identifier)?, letters(grant.rights)));
    grants.into_iter().filter_map(entry).collect()
}

/// Rights as clients read them: also those of RFC 2086 that stand for some of them (RFC 4314 §2.1.1).
pub(super) fn letters(rights: Rights) -> imap::Rights {
    let mut text = rights.to_string();
    if rights.contains(Right::Create) {
        text.push('c');
    }
    if rights.contains(Right::DeleteMessages) || rights.contains(Right::Expunge) {
        text.push('d');
    }
    imap::Rights::new(&text).unwrap_or_default()
}

/// What someone always has, and what can be given to them (RFC 4314 §3.7).
fn choices(owner: &Account, identifier: &str) -> (imap::Rights, Vec<imap::Rights>) {
    let always = match names_owner(owner, identifier) {
        true => Rights::from(Right::Lookup) | Right::Administer.into(),
        false => Rights::NONE,
    };
    let word = |text: &str| imap::Rights::new(text).unwrap_or_default();
    let mut optional: Vec<_> =
        (Rights::ALL - always).iter().map(|right| word(&right.letter().to_string())).collect();
    optional.extend([word("c"), word("d")]);
    (word(&always.to_string()), optional)
}

/// An identifier as it is kept: an address in its one form, or one of the words that stand for
/// several users. A name without a domain is of the user's own.
fn canonical(connection: &Connection, identifier: &Identifier) -> Result<String, Status> {
    let text = identifier.as_str();
    let (minus, name) = match text.strip_prefix('-') {
        Some(name) => ("-", name),
        None => ("", text),
    };
    if matches!(name, "anyone" | "authenticated" | "owner") {
        return Ok([minus, name].concat());
    }
    let domain = connection.account().map_or("", Account::domain);
    let address = match name.contains('@') {
        true => name.to_string(),
        false => [name, "@", domain].concat(),
    };
    let account = Account::parse(&address)
        .map_err(|_| no("There can be no such user").with_code(Code::Cannot))?;
    Ok([minus, account.as_str()].concat())
}
