//! Annotations of mailboxes and accounts (RFC 5464).

use super::Session;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Failure, MailboxName};

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
