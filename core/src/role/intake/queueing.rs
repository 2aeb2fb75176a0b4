//! A message on its way into the spool, and to the queue.

use super::{Awaits, Intake, Policy, Transaction};
use crate::machine::Ticket;
use crate::queue::{self, Entry, Envelope, spool};
use crate::role::{Effect, Report};
use crate::smtp::MailParameters;
use crate::smtp::client::Recipient;
use crate::smtp::server::Answer;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

impl<P: Policy> Intake<P> {
    pub(super) fn begin_queueing(&mut self, ticket: Ticket) {
        let Some(transaction) = &self.transaction else { return };
        let envelope = Box::new(self.envelope(transaction));
        self.awaits = Awaits::Begun(ticket);
        self.ask_spool(spool::Request::Begin(envelope));
    }

    pub(super) fn commit(&mut self, ticket: Ticket) {
        self.awaits = Awaits::Committed(ticket);
        self.ask_spool(spool::Request::Commit);
    }

    /// The message is safe in the spool: the log is told, then the queue, whose thread may go on with
    /// it at once, then the client.
    pub(super) fn queued(&mut self, ticket: Ticket) {
        let Some(transaction) = self.transaction.take() else { return };
        let size = transaction.content.octets();
        let entry = Entry::new(self.envelope(&transaction), size);
        let summary = entry.summary(|forward_path| self.site.destination(forward_path));
        for recipient in &transaction.recipients {
            let report = Report::new("queued").with("id", transaction.id).with("peer", self.peer);
            let report = report.with("from", &transaction.reverse_path);
            self.report(report.with("to", &recipient.forward_path).with("size", size));
        }
        self.effects.push_back(Effect::Queue(queue::Input::Queued(Box::new(summary))));
        self.answer(ticket, Answer::Queued(transaction.id.to_string()));
    }

    fn envelope(&self, transaction: &Transaction) -> Envelope {
        let recipient = |it: &super::Recipient| Recipient {
            forward_path: it.forward_path.clone(),
            parameters: it.parameters.clone(),
        };
        Envelope {
            id: transaction.id,
            arrived: transaction.arrived,
            origin: self.origin(),
            reverse_path: transaction.reverse_path.clone(),
            // What the client said of the size is superseded by what came, and whom it named as the
            // submitter is not known to be true (RFC 4954 §5).
            parameters: MailParameters { size: None, auth: None, ..transaction.parameters.clone() },
            recipients: transaction.recipients.iter().map(recipient).collect(),
        }
    }

    /// Who hands the message in, in words.
    fn origin(&self) -> String {
        let login = self.account.as_ref().map(|account| account.as_str());
        let who = login.or_else(|| self.hello.as_ref().map(|hello| hello.name.as_str()));
        format!("{} from {}", who.unwrap_or("unknown"), self.peer)
    }
}
