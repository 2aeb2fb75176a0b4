//! A message on its way into the store, and what becomes of it there.

use super::{Awaits, Intake, Policy, Recipient, Routed, Way};
use crate::machine::Ticket;
use crate::role::Report;
use crate::smtp::server::Answer;
use crate::smtp::{Protocol, Reply};
use crate::store::{self, Account, Atomicity, Failure, MailboxName, Target};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

impl Recipient {
    /// Who gets the mail here.
    pub(super) fn accounts(&self) -> &[Account] {
        match &self.routed {
            Routed::Here(accounts) => accounts,
            Routed::Elsewhere => &[],
        }
    }
}

/// Where a message for `accounts` goes: every INBOX once.
pub(in crate::role) fn inboxes<'a>(accounts: impl Iterator<Item = &'a Account>) -> Vec<Target> {
    let target =
        |account: &Account| Target { account: account.clone(), mailbox: MailboxName::inbox() };
    let mut targets: Vec<Target> = accounts.map(target).collect();
    targets.sort();
    targets.dedup();
    targets
}

/// The first failure at one of `accounts`, given the outcome at each of the [`inboxes`].
pub(in crate::role) fn failure<'a>(
    targets: &[Target],
    outcomes: &'a [Result<(), Failure>],
    accounts: &[Account],
) -> Option<&'a Failure> {
    accounts.iter().find_map(|account| {
        // The targets are sorted, and each account is in one of them.
        let place = targets.binary_search_by(|target| target.account.cmp(account)).ok()?;
        outcomes.get(place)?.as_ref().err()
    })
}

impl<P: Policy> Intake<P> {
    pub(super) fn begin_filing(&mut self, ticket: Ticket) {
        let first = self.targets().into_iter().next();
        match first {
            Some(Target { account, mailbox }) => {
                self.awaits = Awaits::Begun(ticket);
                self.ask_store(store::Request::Begin { account, mailbox });
            }
            None => {
                let reply = Reply::new(554, (5, 5, 1), "No valid recipients");
                self.answer(ticket, Answer::Reply(reply));
            }
        }
    }

    /// Where the message goes.
    fn targets(&self) -> Vec<Target> {
        let recipients = self.transaction.iter().flat_map(|it| &it.recipients);
        inboxes(recipients.flat_map(Recipient::accounts))
    }

    pub(super) fn deliver(&mut self, ticket: Ticket) {
        let targets = self.targets();
        let Some(transaction) = &self.transaction else { return };
        let atomicity = match P::PROTOCOL {
            Protocol::Smtp => Atomicity::All,
            Protocol::Lmtp => Atomicity::Each,
        };
        let id = transaction.id.to_string();
        self.awaits = Awaits::Delivered(ticket);
        self.ask_store(store::Request::Deliver { id, targets, atomicity });
    }

    pub(super) fn delivered(&mut self, ticket: Ticket, outcomes: &[Result<(), Failure>]) {
        let targets = self.targets();
        let Some(transaction) = self.transaction.take() else { return };
        let id = transaction.id;
        let replies: Vec<Reply> = transaction
            .recipients
            .iter()
            .map(|recipient| match failure(&targets, outcomes, recipient.accounts()) {
                None => Reply::new(250, (2, 0, 0), format!("Ok: queued as {id}")),
                Some(Failure::OverQuota) => {
                    self.over_quota(transaction.content.octets(), core::iter::once(recipient))
                }
                Some(failure) => self.apologize(id, Way::Store, failure),
            })
            .collect();
        for (recipient, reply) in transaction.recipients.iter().zip(&replies) {
            if reply.is_positive() {
                let report = Report::new("delivered").with("id", id).with("peer", self.peer);
                let report = report.with("from", &transaction.reverse_path);
                let report = report.with("to", &recipient.forward_path);
                self.report(report.with("size", transaction.content.octets()));
            }
        }
        let refusal = replies.iter().find(|reply| !reply.is_positive());
        let answer = match (P::PROTOCOL, refusal) {
            (Protocol::Lmtp, _) => Answer::Each(replies),
            (Protocol::Smtp, Some(refusal)) => Answer::Reply(refusal.clone()),
            (Protocol::Smtp, None) => Answer::Queued(id.to_string()),
        };
        self.answer(ticket, answer);
    }
}
