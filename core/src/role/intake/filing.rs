//! A message on its way into the store, and what becomes of it there.

use super::{Awaits, Intake, Policy, Transaction};
use crate::address::Mailbox;
use crate::machine::Ticket;
use crate::message::date::DateTime;
use crate::message::trace::{self, Received, Transmission};
use crate::role::Report;
use crate::smtp::server::{Answer, Verb};
use crate::smtp::{Protocol, Reply};
use crate::store::{self, Account, Atomicity, Failure, MailboxName, Target};
use alloc::format;
use alloc::vec::Vec;

impl<P: Policy> Intake<P> {
    pub(super) fn begin(&mut self, ticket: Ticket) {
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

    /// Where the message goes: every mailbox once.
    fn targets(&self) -> Vec<Target> {
        let recipients = self.transaction.iter().flat_map(|it| &it.recipients);
        let accounts = recipients.flat_map(|recipient| &recipient.accounts).cloned();
        let mut targets: Vec<Target> =
            accounts.map(|account| Target { account, mailbox: MailboxName::inbox() }).collect();
        targets.sort();
        targets.dedup();
        targets
    }

    pub(super) fn deliver(&mut self, ticket: Ticket) {
        let targets = self.targets();
        let Some(transaction) = &self.transaction else { return };
        let atomicity = match P::PROTOCOL {
            Protocol::Smtp => Atomicity::All,
            Protocol::Lmtp => Atomicity::Each,
        };
        let id = transaction.id.clone();
        self.awaits = Awaits::Delivered(ticket);
        self.ask_store(store::Request::Deliver { id, targets, atomicity });
    }

    /// The trace fields (RFC 5321 §4.4) of this delivery, which is the final one.
    fn trace(&self, transaction: &Transaction) -> Vec<u8> {
        let (helo, transmission) = match (&self.hello, P::PROTOCOL) {
            (Some(hello), Protocol::Lmtp) => (hello.name.as_str(), Transmission::Lmtp),
            (Some(hello), _) if hello.verb == Verb::Helo => (&*hello.name, Transmission::Smtp),
            (Some(hello), _) => (hello.name.as_str(), Transmission::Esmtp),
            (None, _) => ("unknown", Transmission::Smtp),
        };
        let recipient: Option<&Mailbox> = match &transaction.recipients[..] {
            [only] => only.forward_path.mailbox(),
            _ => None,
        };
        let received = Received {
            helo,
            peer: self.peer.address(),
            by: &self.site.config.hostname,
            with: trace::Protocol {
                transmission,
                utf8: transaction.parameters.smtputf8,
                tls: self.tls.is_some(),
                auth: self.account.is_some(),
            },
            id: &transaction.id,
            recipient,
            cipher: self.tls.as_ref().map(|tls| tls.cipher),
            date: DateTime::utc(self.now.as_seconds().cast_signed()),
        };
        let mut fields = trace::return_path(&transaction.reverse_path);
        fields.push_str(&received.write());
        fields.into_bytes()
    }

    pub(super) fn handle_store(&mut self, answer: store::Answer) {
        match (core::mem::replace(&mut self.awaits, Awaits::Nothing), answer) {
            (Awaits::Begun(ticket), store::Answer::Done) => {
                if let Some(mut transaction) = self.transaction.take() {
                    let begun = transaction.content.has_begun();
                    if begun {
                        transaction.content.written();
                    } else {
                        transaction.content.begin(self.trace(&transaction));
                    }
                    self.transaction = Some(transaction);
                }
                self.awaits = Awaits::Begun(ticket);
                self.write_on();
            }
            (awaits @ (Awaits::Written(_) | Awaits::LastWritten(_)), store::Answer::Done) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.content.written();
                }
                self.awaits = awaits;
                self.write_on();
            }
            (Awaits::Delivered(ticket), store::Answer::Delivered(outcomes)) => {
                self.delivered(ticket, &outcomes);
            }
            (Awaits::Begun(ticket) | Awaits::Written(ticket), store::Answer::Failed(failure)) => {
                let reply = self.apologize(&failure);
                self.answer(ticket, Answer::Reply(reply));
            }
            (
                Awaits::LastWritten(ticket) | Awaits::Delivered(ticket),
                store::Answer::Failed(failure),
            ) => {
                let reply = self.apologize(&failure);
                self.answer(ticket, Answer::Reply(reply));
                self.abandon();
            }
            // Late answers about a transaction that was given up.
            _ => {}
        }
    }

    /// The reply to a failure of the store, which is never final.
    fn apologize(&mut self, failure: &Failure) -> Reply {
        self.report(Report::new("store-failed").with("reason", failure));
        match failure {
            Failure::Full => Reply::new(452, (4, 3, 1), "Insufficient system storage"),
            _ => Reply::new(451, (4, 3, 0), "The message could not be filed, try again later"),
        }
    }

    fn delivered(&mut self, ticket: Ticket, outcomes: &[Result<(), Failure>]) {
        let targets = self.targets();
        let Some(transaction) = self.transaction.take() else { return };
        let outcome = |account: &Account| {
            // The targets are sorted, and each account is in one of them.
            let place = targets.binary_search_by(|target| target.account.cmp(account)).ok()?;
            outcomes.get(place)?.as_ref().err()
        };
        let replies: Vec<Reply> = transaction
            .recipients
            .iter()
            .map(|recipient| match recipient.accounts.iter().find_map(outcome) {
                None => Reply::new(250, (2, 0, 0), format!("Ok: queued as {}", transaction.id)),
                Some(failure) => self.apologize(failure),
            })
            .collect();
        for (recipient, reply) in transaction.recipients.iter().zip(&replies) {
            if reply.is_positive() {
                let report = Report::new("delivered").with("id", &transaction.id);
                let report = report.with("from", &transaction.reverse_path);
                let report = report.with("to", &recipient.forward_path);
                self.report(report.with("size", transaction.content.octets()));
            }
        }
        let refusal = replies.iter().find(|reply| !reply.is_positive());
        let answer = match (P::PROTOCOL, refusal) {
            (Protocol::Lmtp, _) => Answer::Each(replies),
            (Protocol::Smtp, Some(refusal)) => Answer::Reply(refusal.clone()),
            (Protocol::Smtp, None) => Answer::Queued(transaction.id),
        };
        self.answer(ticket, answer);
    }
}
