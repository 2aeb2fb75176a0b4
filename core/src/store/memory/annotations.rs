//! Annotations of mailboxes and accounts (RFC 5464).

use super::Session;
use crate::machine::Instant;
use crate::store::{Account, Answer, Failure, MailboxName};
use alloc::string::String;
use alloc::vec::Vec;

impl Session {
    pub(super) fn annotations(
        &mut self,
        _now: Instant,
        _of: (&Account, Option<&MailboxName>),
        _user: &Account,
    ) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }

    pub(super) fn annotate(
        &mut self,
        _now: Instant,
        _of: (&Account, Option<&MailboxName>),
        _user: &Account,
        _values: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }
}
