//! The hosts of the two ends: one that hands letters over, one that takes them.

use postroad_core::machine::{Host, Instant, Session};
use postroad_core::sasl::{Answer as Verdict, Question, ScramKeys};
use postroad_core::smtp::Reply;
use postroad_core::smtp::client::{self, Envelope, Failure, Peer};
use postroad_core::smtp::server::{self, Answer, Event, Request};
use std::collections::VecDeque;

/// Slices of content are no longer than this, so that there are many.
const SLICE: usize = 10_000;

/// Hands letters over, one after the other, then quits.
pub(crate) struct Sender {
    letters: VecDeque<(Envelope, Vec<u8>)>,
    content: Vec<u8>,
    outcomes: Vec<Result<Reply, Failure>>,
    pub(crate) peer: Option<Peer>,
    pub(crate) closed: Option<Result<(), Failure>>,
}

impl Sender {
    pub(crate) fn new(letters: Vec<(Envelope, Vec<u8>)>) -> Self {
        Self {
            letters: letters.into(),
            content: Vec::new(),
            outcomes: Vec::new(),
            peer: None,
            closed: None,
        }
    }

    /// What became of the recipients, in the order in which it was told: the reply, or a failure in
    /// words that begin with the reply.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        let words = |outcome: &Result<Reply, Failure>| match outcome {
            Ok(reply) => reply.to_string(),
            Err(Failure { why: client::Why::Reply(reply), .. }) => reply.to_string(),
            Err(failure) => failure.to_string(),
        };
        self.outcomes.iter().map(words).collect()
    }
}

impl<S: Session<Input = client::Input, Output = client::Output>> Host<S> for Sender {
    fn perform(&mut self, now: Instant, session: &mut S, output: client::Output) {
        match output {
            client::Output::Connected(peer) => self.peer = Some(*peer),
            client::Output::Ready => match self.letters.pop_front() {
                Some((envelope, content)) => {
                    self.content = content;
                    session.handle(now, client::Input::Deliver(Box::new(envelope)));
                }
                None => session.handle(now, client::Input::Quit),
            },
            client::Output::Content { ticket, offset, length } => {
                let start = usize::try_from(offset).expect("a small offset");
                let end = (start + length.min(SLICE)).min(self.content.len());
                session.handle_content(now, ticket, &self.content[start..end]);
                let end = end == self.content.len();
                session.handle(now, client::Input::Content { ticket, end });
            }
            client::Output::Recipient { outcome, .. } => self.outcomes.push(outcome),
            client::Output::Finished | client::Output::Dialogue(_) => {}
            client::Output::Closed(result) => {
                assert!(self.closed.is_none(), "a client closes once");
                self.closed = Some(result);
            }
        }
    }
}

/// A message as the server took it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Message {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) content: Vec<u8>,
}

/// Takes mail for everybody but `nobody`; `full` has no room (where each recipient has an outcome of
/// its own). The user is `alice` with the password `secret`.
#[derive(Default)]
pub(crate) struct Taker {
    under_way: Message,
    pub(crate) messages: Vec<Message>,
    pub(crate) login: Option<String>,
}

impl Taker {
    fn answer(&mut self, request: Request, content: &[u8]) -> Answer {
        match request {
            Request::Authenticate(question) => return Answer::Sasl(verdict(&question)),
            Request::Mail { reverse_path, .. } => {
                self.under_way = Message { from: reverse_path.to_string(), ..Message::default() };
            }
            Request::Recipient { forward_path, .. } => {
                let to = forward_path.to_string();
                if to.starts_with("<nobody@") {
                    return Answer::Reply(Reply::new(550, (5, 1, 1), "No such user"));
                }
                self.under_way.to.push(to);
            }
            Request::Content => self.under_way.content.extend_from_slice(content),
            Request::End => {
                let message = std::mem::take(&mut self.under_way);
                let outcomes = message.to.iter().map(|to| outcome(to)).collect();
                let each = message.to.iter().any(|to| to.starts_with("<full@"));
                self.messages.push(message);
                let id = format!("Q{}", self.messages.len());
                return if each { Answer::Each(outcomes) } else { Answer::Queued(id) };
            }
            _ => {}
        }
        Answer::Accept
    }
}

fn outcome(to: &str) -> Reply {
    if to.starts_with("<full@") {
        Reply::new(452, (4, 2, 2), "No room")
    } else {
        Reply::new(250, (2, 1, 5), "Ok")
    }
}

fn verdict(question: &Question) -> Verdict {
    match question {
        Question::ScramKeys { authcid, .. } => {
            let keys = ScramKeys::derive("secret", b"salt of sixteen.", 4096).expect("keys");
            Verdict::Keys { authcid: authcid.clone(), keys }
        }
        _ => Verdict::Reject,
    }
}

impl<S: Session<Input = server::Input, Output = server::Output>> Host<S> for Taker {
    fn perform(&mut self, now: Instant, session: &mut S, output: server::Output) {
        match output {
            server::Output::Request { ticket, request } => {
                let answer = self.answer(request, session.content());
                session.handle(now, server::Input { ticket, answer });
            }
            server::Output::Event(Event::Authenticated { accepted, .. }) => {
                self.login = Some(accepted.identity().to_owned());
            }
            server::Output::Event(Event::Abandoned) => self.under_way = Message::default(),
            server::Output::Event(Event::NotAuthenticated { .. }) => {}
        }
    }
}
