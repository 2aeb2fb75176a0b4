//! Who may do what with a mailbox (RFC 4314).

use super::Session;
use crate::machine::Instant;
use crate::store::{Account, Answer, Failure, MailboxName, Rights};
use alloc::string::String;

impl Session {
    pub(super) fn rights(
        &mut self,
        _now: Instant,
        _account: &Account,
        _mailbox: &MailboxName,
        _user: &Account,
    ) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }

    pub(super) fn acl(
        &mut self,
        _now: Instant,
        _account: &Account,
        _mailbox: &MailboxName,
    ) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }

    pub(super) fn set_acl(
        &mut self,
        _now: Instant,
        _of: (&Account, &MailboxName),
        _identifier: String,
        _rights: Option<Rights>,
    ) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }

    pub(super) fn sharers(&mut self, _user: &Account) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }
}
