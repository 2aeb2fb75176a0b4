//! GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1). All that belongs to an account has one quota
//! root, which is called as the account is, if anything is limited.

use super::connection::{Connection, confused, failed};
use super::dispatch::Begun;
use super::task::{Manner, Step, Task, Told};
use super::{no, ok};
use crate::imap::{self, Code, Mailbox, QuotaResource, QuotaUse, Response, Status};
use crate::store::{Account, Answer, Quota, Request, Resource};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// GETQUOTA or GETQUOTAROOT under way.
#[derive(Debug)]
pub(super) struct Quoting {
    account: Account,
    /// With GETQUOTAROOT, of which mailbox.
    mailbox: Option<Mailbox>,
    is_asked: bool,
}

/// Begins a command about quotas; that it is allowed is known.
pub(super) fn begin(connection: &Connection, quota: imap::Quota) -> Begun {
    let user = connection.account().cloned().ok_or_else(confused)?;
    let task = match quota {
        imap::Quota::Get(root) if root == user.as_str() => {
            Quoting { account: user, mailbox: None, is_asked: false }
        }
        imap::Quota::Get(_) => return Err(nowhere()),
        imap::Quota::GetRoot(mailbox) => {
            let account = connection.place(&mailbox)?.account;
            Quoting { account, mailbox: Some(mailbox), is_asked: false }
        }
        imap::Quota::Set { .. } => {
            return Err(no("Quotas are for the administrator").with_code(Code::NoPerm));
        }
    };
    Ok((Manner::FREE, Task::Quota(task)))
}

fn nowhere() -> Status {
    no("There is no such quota root").with_code(Code::NonExistent)
}

impl Quoting {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Quota(quota)) => Step::Done(self.tell(connection, quota)),
            Told::Answer(Answer::Failed(failure)) => Step::Done(failed(&failure)),
            _ if self.is_asked => Step::Done(confused()),
            _ => {
                self.is_asked = true;
                Step::Ask(Request::Quota { account: self.account.clone() })
            }
        }
    }

    fn tell(&self, connection: &mut Connection, quota: Quota) -> Status {
        let uses = uses(quota);
        let root = self.account.as_str().to_string();
        let done = match &self.mailbox {
            Some(mailbox) => {
                let roots = if uses.is_empty() { vec![] } else { vec![root.clone()] };
                connection.respond(Response::QuotaRoot(mailbox.clone(), roots));
                ok("GETQUOTAROOT completed")
            }
            None if uses.is_empty() => return nowhere(),
            None => ok("GETQUOTA completed"),
        };
        if !uses.is_empty() {
            connection.respond(Response::Quota(root, uses));
        }
        done
    }
}

/// What is limited, in the units of RFC 9208 §5.
fn uses(quota: Quota) -> Vec<QuotaUse> {
    let one = |resource, Resource { used, limit }: Resource, unit: u64| {
        Some(QuotaUse { resource, usage: used.div_ceil(unit), limit: limit? / unit })
    };
    [
        one(QuotaResource::Storage, quota.octets, 1024),
        one(QuotaResource::Message, quota.messages, 1),
    ]
    .into_iter()
    .flatten()
    .collect()
}
