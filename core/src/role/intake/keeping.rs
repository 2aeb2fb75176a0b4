//! A message on its way to where it is kept: what the store and the spool have in common.

use super::{Awaits, Content, Intake, Policy, Transaction, Way};
use crate::machine::Ticket;
use crate::message::date::DateTime;
use crate::message::trace::{self, Received, Transmission};
use crate::queue::{self, spool};
use crate::role::Report;
use crate::smtp::server::{Answer, Verb};
use crate::smtp::{Protocol, Reply};
use crate::store::{self, Failure};
use alloc::string::String;
use alloc::vec::Vec;

impl<P: Policy> Intake<P> {
    pub(super) fn begin(&mut self, ticket: Ticket) {
        match &self.transaction {
            Some(Transaction { way: Way::Spool, .. }) => self.begin_queueing(ticket),
            _ => self.begin_filing(ticket),
        }
    }

    /// Writes the next piece of content, or goes on if all are written.
    pub(super) fn write_on(&mut self) {
        let Some(transaction) = &self.transaction else { return };
        let way = transaction.way;
        match (transaction.content.piece(), way) {
            (Some(_), Way::Store) => return self.ask_store(store::Request::Write),
            (Some(_), Way::Spool) => return self.ask_spool(spool::Request::Write),
            (None, _) => {}
        }
        match (core::mem::replace(&mut self.awaits, Awaits::Nothing), way) {
            (Awaits::Begun(ticket) | Awaits::Written(ticket), _) => {
                self.answer(ticket, Answer::Accept);
            }
            (Awaits::LastWritten(ticket), Way::Store) => self.deliver(ticket),
            (Awaits::LastWritten(ticket), Way::Spool) => self.commit(ticket),
            (other, _) => self.awaits = other,
        }
    }

    pub(super) fn handle_store(&mut self, answer: store::Answer) {
        match answer {
            store::Answer::Done => self.go_on(),
            store::Answer::Failed(failure) => self.give_up(&failure),
            store::Answer::Delivered(outcomes) => {
                if let Awaits::Delivered(ticket) = self.awaits {
                    self.awaits = Awaits::Nothing;
                    self.delivered(ticket, &outcomes);
                }
            }
            _ => {}
        }
    }

    pub(super) fn handle_spool(&mut self, answer: spool::Answer) {
        match answer {
            spool::Answer::Done => self.go_on(),
            spool::Answer::Failed(failure) => self.give_up(&failure),
            spool::Answer::Loaded(_) | spool::Answer::Read { .. } => {}
        }
    }

    /// What was asked last is done.
    fn go_on(&mut self) {
        match self.awaits {
            Awaits::Begun(_) | Awaits::Written(_) | Awaits::LastWritten(_) => {
                if let Some(mut transaction) = self.transaction.take() {
                    if transaction.content.has_begun() {
                        transaction.content.written();
                    } else {
                        transaction.content.begin(self.trace(&transaction));
                    }
                    self.transaction = Some(transaction);
                }
                self.write_on();
            }
            Awaits::Committed(ticket) => {
                self.awaits = Awaits::Nothing;
                self.queued(ticket);
            }
            Awaits::Room(_) => self.has_room(),
            // Late answers about a transaction that was given up.
            Awaits::Delivered(_) | Awaits::Verdict(_) | Awaits::Nothing => {}
        }
    }

    /// What was asked last failed, and with it the message.
    fn give_up(&mut self, failure: &Failure) {
        let Some(Transaction { id, way, .. }) = self.transaction else { return };
        let awaits = core::mem::replace(&mut self.awaits, Awaits::Nothing);
        match awaits {
            Awaits::Begun(ticket) => {
                let reply = self.apologize(id, way, failure);
                self.answer(ticket, Answer::Reply(reply));
                // The client may try once more.
                if let Some(transaction) = &mut self.transaction {
                    transaction.content = Content::new(P::header(&self.site));
                }
            }
            Awaits::Written(ticket) => {
                let reply = self.apologize(id, way, failure);
                self.answer(ticket, Answer::Reply(reply));
            }
            Awaits::LastWritten(ticket) | Awaits::Delivered(ticket) | Awaits::Committed(ticket) => {
                let reply = match (failure, &self.transaction) {
                    (Failure::OverQuota, Some(transaction)) => {
                        self.over_quota(transaction.content.octets(), transaction.recipients.iter())
                    }
                    _ => self.apologize(id, way, failure),
                };
                self.answer(ticket, Answer::Reply(reply));
                self.abandon();
            }
            Awaits::Room(admission) => self.has_no_room(&admission, failure),
            Awaits::Verdict(_) | Awaits::Nothing => self.awaits = awaits,
        }
    }

    /// The reply to a failure of the store or the spool, which is never final.
    pub(super) fn apologize(&mut self, id: queue::Id, way: Way, failure: &Failure) -> Reply {
        let (event, text) = match way {
            Way::Store => ("store-failed", "The message could not be filed, try again later"),
            Way::Spool => ("spool-failed", "The message could not be queued, try again later"),
        };
        self.report(Report::new(event).with("id", id).with("reason", failure));
        match failure {
            Failure::Full => Reply::new(452, (4, 3, 1), "Insufficient system storage"),
            _ => Reply::new(451, (4, 3, 0), text),
        }
    }

    /// The trace fields (RFC 5321 §4.4). The one that only the final delivery makes is left to
    /// whoever files what the spool has.
    fn trace(&self, transaction: &Transaction) -> Vec<u8> {
        let (helo, transmission) = match (&self.hello, P::PROTOCOL) {
            (Some(hello), Protocol::Lmtp) => (hello.name.as_str(), Transmission::Lmtp),
            (Some(hello), _) if hello.verb == Verb::Helo => (&*hello.name, Transmission::Smtp),
            (Some(hello), _) => (hello.name.as_str(), Transmission::Esmtp),
            (None, _) => ("unknown", Transmission::Smtp),
        };
        let recipient = match &transaction.recipients[..] {
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
            id: transaction.id.as_str(),
            recipient,
            cipher: self.tls.as_ref().map(|tls| tls.cipher),
            date: DateTime::utc(self.now.as_seconds().cast_signed()),
        };
        let mut fields = match transaction.way {
            Way::Store => trace::return_path(&transaction.reverse_path),
            Way::Spool => String::new(),
        };
        fields.push_str(&received.write());
        fields.into_bytes()
    }
}
