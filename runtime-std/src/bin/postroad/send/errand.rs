//! Handing one message over to a server.

use postroad_core::machine::{Host, Instant, Session};
use postroad_core::message::compose::Content;
use postroad_core::smtp::Reply;
use postroad_core::smtp::client::{
    Envelope, Failure, Input, Line, Output, Peer, Recipient, Stage, Why,
};
use postroad_runtime_std::listener::Stream;
use postroad_runtime_std::session::{Inbox, run};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// What happens on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// Somebody said something; told only if the client's configuration wants the dialogue.
    Said(&'a Line),
    /// So many octets of the content were handed over.
    Sent(u64),
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What the server was like, if it came to that.
    pub peer: Option<Box<Peer>>,
    /// For each recipient of the envelope the reply by which the server took the message upon
    /// itself, or why it did not.
    pub recipients: Vec<Result<Reply, Failure>>,
    /// How the connection ended.
    pub end: Result<(), Failure>,
}

/// One message to be handed over: the host of a client that quits when that is done.
///
/// Recipients that are too many for one transaction go into the next (RFC 5321 §4.5.3.1.10).
pub struct Errand<'a> {
    envelope: Envelope,
    content: &'a Content<'a>,
    watch: &'a mut dyn FnMut(Event<'_>),
    /// The places of the recipients of the transaction under way.
    named: Vec<usize>,
    /// The places of those of the next, and why they are not of this one.
    left: VecDeque<(usize, Failure)>,
    outcomes: Vec<Option<Result<Reply, Failure>>>,
    peer: Option<Box<Peer>>,
    end: Result<(), Failure>,
}

impl<'a> Errand<'a> {
    /// The errand of delivering `content` as `envelope` says; `watch` is told how it goes.
    pub fn new(
        envelope: Envelope,
        content: &'a Content<'a>,
        watch: &'a mut dyn FnMut(Event<'_>),
    ) -> Self {
        let count = envelope.recipients.len();
        let failure = Failure { stage: Stage::Greeting, why: Why::Lost };
        Self {
            named: (0..count).collect(),
            left: VecDeque::new(),
            outcomes: vec![None; count],
            peer: None,
            end: Err(failure),
            envelope,
            content,
            watch,
        }
    }

    /// Runs `session`, a client or one with TLS around it, over `stream` to its end. The server may
    /// take `write_timeout` to take anything of what is written.
    ///
    /// # Errors
    /// If the system fails where no peer is to blame.
    pub fn run<S: Session<Input = Input, Output = Output>>(
        mut self,
        session: &mut S,
        stream: &mut Stream,
        write_timeout: Duration,
    ) -> io::Result<Outcome> {
        // Nobody leaves a call.
        let news = Vec::new;
        run(session, stream, &Inbox::new()?, &mut self, news, write_timeout)?;
        Ok(self.settle())
    }

    /// What became of it, once the connection is over.
    fn settle(mut self) -> Outcome {
        let unsaid = Failure { stage: Stage::Idle, why: Why::Lost };
        let failure = self.end.clone().err().unwrap_or(unsaid);
        for (place, failure) in self.left {
            self.outcomes[place].get_or_insert(Err(failure));
        }
        let settle = |outcome: Option<_>| outcome.unwrap_or_else(|| Err(failure.clone()));
        let recipients = self.outcomes.into_iter().map(settle).collect();
        Outcome { peer: self.peer, recipients, end: self.end }
    }

    /// The envelope of the transaction that is due, if one is.
    fn next(&self) -> Option<Envelope> {
        let recipient = |place: &usize| -> Recipient { self.envelope.recipients[*place].clone() };
        let recipients: Vec<_> = self.named.iter().map(recipient).collect();
        (!recipients.is_empty()).then(|| Envelope { recipients, ..self.envelope.clone() })
    }

    /// Ends a transaction. Only after one that got somewhere is there a next one.
    fn finish(&mut self) {
        let named = std::mem::take(&mut self.named);
        if named.iter().any(|place| matches!(self.outcomes[*place], Some(Ok(_)))) {
            self.named = self.left.drain(..).map(|(place, _)| place).collect();
        } else {
            for (place, failure) in self.left.drain(..) {
                self.outcomes[place] = Some(Err(failure));
            }
        }
    }
}

impl<S: Session<Input = Input, Output = Output>> Host<S> for Errand<'_> {
    fn perform(&mut self, now: Instant, session: &mut S, output: Output) {
        match output {
            Output::Connected(peer) => self.peer = Some(peer),
            Output::Ready => {
                let next = self.next();
                let input = next.map_or(Input::Quit, |next| Input::Deliver(Box::new(next)));
                session.handle(now, input);
            }
            Output::Content { ticket, offset, length } => {
                (self.watch)(Event::Sent(offset));
                let slice = self.content.read(offset, length);
                let end = offset + slice.len() as u64 >= self.content.length();
                session.handle_content(now, ticket, &slice);
                session.handle(now, Input::Content { ticket, end });
            }
            Output::Recipient { recipient, outcome } => {
                let place = self.named[recipient];
                match outcome {
                    Err(failure) if failure.is_excess() => self.left.push_back((place, failure)),
                    outcome => self.outcomes[place] = Some(outcome),
                }
            }
            Output::Finished => self.finish(),
            Output::Dialogue(line) => (self.watch)(Event::Said(&line)),
            Output::Closed(result) => self.end = result,
        }
    }
}

#[cfg(test)]
mod tests;
