//! Whether the mailboxes of a recipient have room for the message (RFC 1870 §6.1, RFC 9208).

use super::{Awaits, Intake, Policy, Recipient};
use crate::machine::Ticket;
use crate::smtp::Reply;
use crate::smtp::server::Answer;
use crate::store::{self, Account, Failure};
use alloc::vec::Vec;

/// A recipient whose mailboxes are looked at, one after the other.
pub(super) struct Admission {
    ticket: Ticket,
    recipient: Recipient,
    /// Whose mailboxes are still to be looked at.
    left: Vec<Account>,
}

impl<P: Policy> Intake<P> {
    /// Takes a recipient if there is room, as far as that can be told before the content comes.
    pub(super) fn admit(&mut self, ticket: Ticket, recipient: Recipient) {
        let octets = self.announced();
        let mut left = recipient.accounts().to_vec();
        left.retain(|account| !self.site.allowance(account).is_unlimited());
        if left.iter().any(|account| !self.site.allowance(account).can_hold(octets)) {
            return self.refuse_recipient(ticket, &recipient, too_large());
        }
        self.look_on(Admission { ticket, recipient, left });
    }

    /// Octets that the message has at least.
    fn announced(&self) -> u64 {
        let size = self.transaction.as_ref().and_then(|it| it.parameters.size);
        size.unwrap_or_default().max(1)
    }

    /// Asks about the next mailbox, or takes the recipient.
    fn look_on(&mut self, mut admission: Admission) {
        if let Some(account) = admission.left.pop() {
            self.awaits = Awaits::Room(admission);
            return self.ask_store(store::Request::Room { account, octets: self.announced() });
        }
        let Admission { ticket, recipient, .. } = admission;
        let answer = self.accept(recipient);
        self.answer(ticket, answer);
    }

    /// There is room in the mailbox that was asked about.
    pub(super) fn has_room(&mut self) {
        match core::mem::replace(&mut self.awaits, Awaits::Nothing) {
            Awaits::Room(admission) => self.look_on(admission),
            other => self.awaits = other,
        }
    }

    /// There is none, or it can't be told.
    pub(super) fn has_no_room(&mut self, admission: &Admission, failure: &Failure) {
        let reply = match failure {
            Failure::OverQuota => full(),
            _ => Reply::new(451, (4, 3, 0), "The mailbox can't be reached, try again later"),
        };
        self.refuse_recipient(admission.ticket, &admission.recipient, reply);
    }

    fn refuse_recipient(&mut self, ticket: Ticket, recipient: &Recipient, reply: Reply) {
        if let Some(transaction) = &self.transaction {
            let reverse_path = transaction.reverse_path.clone();
            self.report_refusal(&reverse_path, Some(&recipient.forward_path), &reply);
        }
        self.answer(ticket, Answer::Reply(reply));
    }

    /// The reply when a message that is here as a whole exceeds a quota: final if it could never be
    /// filed for any of `recipients`.
    pub(super) fn over_quota<'a>(
        &self,
        octets: u64,
        mut recipients: impl Iterator<Item = &'a Recipient>,
    ) -> Reply {
        let can_hold = |account: &Account| self.site.allowance(account).can_hold(octets);
        if recipients.all(|recipient| !recipient.accounts().iter().all(can_hold)) {
            return too_large();
        }
        full()
    }
}

/// RFC 3463 §3.3, X.2.2.
fn full() -> Reply {
    Reply::new(452, (4, 2, 2), "The mailbox is full")
}

fn too_large() -> Reply {
    Reply::new(552, (5, 2, 2), "The message is larger than the mailbox may become")
}
