//! Transactions at work: the envelope, the content, the end.

use alloc::boxed::Box;
use core::mem;

use super::content::{Content, Pushed, Way};
use super::dialogue::say;
use super::transaction::{self, Framing, Line, Position, Rest, Transaction};
use super::{Client, Ending, Envelope, Failure, Output, Stage, State, Why};
use crate::machine::Ticket;
use crate::smtp::{Extension, Protocol, Reply};

/// Commands whose replies may be due at a time, with PIPELINING. Few enough that the replies fit
/// into any window while nobody reads them (RFC 2920 §3.1).
const PIPELINE: usize = 100;

/// Octets of content that are asked for at a time.
const SLICE: usize = 32 * 1024;

impl Client {
    /// Goes to the next transaction, or to the end.
    pub(super) fn rest(&mut self) {
        self.state = State::Idle;
        if self.ending == Ending::Shutdown {
            self.settle_waiting(&Failure { stage: Stage::Idle, why: Why::Shutdown });
            self.say_quit(Ok(()));
        } else if !self.waiting.is_empty() {
            // The next step begins it.
        } else if self.ending == Ending::Quit || self.is_exhausted() {
            self.say_quit(Ok(()));
        } else {
            self.outputs.push(Output::Ready);
        }
    }

    /// Whether the server takes no more transactions in this connection.
    fn is_exhausted(&self) -> bool {
        let max = self.peer.capabilities.max_transactions();
        max.is_some_and(|max| self.transactions >= max)
    }

    pub(super) fn begin(&mut self, envelope: Envelope) {
        if self.is_exhausted() {
            let failure = Failure { stage: Stage::Idle, why: Why::TooManyTransactions };
            self.settle(&envelope, failure.clone());
            self.settle_waiting(&failure);
            return self.say_quit(Ok(()));
        }
        if let Some(why) = transaction::lack(&envelope, &self.peer.capabilities) {
            self.settle(&envelope, Failure { stage: Stage::Mail, why });
            return self.rest();
        }
        let (transaction, left_out) = Transaction::begin(envelope, &self.peer.capabilities);
        for (recipient, why) in left_out {
            self.report(recipient, Err(Failure { stage: Stage::Rcpt, why }));
        }
        if transaction.is_empty() {
            return self.finish();
        }
        self.transactions += 1;
        self.state = State::Envelope(Box::new(transaction));
    }

    /// Says what may be said of the envelope before a reply comes, and whether that was anything.
    pub(super) fn say_envelope(&mut self) -> bool {
        let State::Envelope(transaction) = &mut self.state else {
            return false;
        };
        // RFC 2920 §3.1: DATA ends a group, so it is fine at the end of this one.
        let pipelining = self.peer.capabilities.has(&Extension::Pipelining);
        let window = if pipelining { PIPELINE } else { 1 };
        let before = transaction.next;
        while transaction.next < transaction.commands()
            && transaction.next - transaction.due < window
            && !self.outbox.is_high()
        {
            say(&mut self.outbox, &mut self.outputs, Line(transaction, transaction.next));
            transaction.next += 1;
        }
        transaction.next != before
    }

    pub(super) fn handle_envelope(&mut self, mut transaction: Box<Transaction>, reply: Reply) {
        let stage = transaction.stage();
        let position = transaction.position(transaction.due);
        match (position, reply.code) {
            (Position::Mail, 200..300) => transaction.due += 1,
            (Position::Rcpt(recipient), 200..300) => {
                transaction.due += 1;
                transaction.accepted.push_back(recipient);
            }
            (Position::Rcpt(recipient), 400..) => {
                transaction.due += 1;
                self.report(recipient, Err(Failure { stage, why: Why::Reply(reply) }));
            }
            (Position::Data, 300..400) => {
                transaction.due += 1;
                return self.begin_content(transaction);
            }
            (Position::Mail | Position::Data, 400..) => {
                let mut rest = transaction.rest();
                rest.due += 1;
                // RFC 5321 §4.1.1.2: without MAIL there is nothing to reset.
                rest.reset = position == Position::Data;
                return self.give_up(&transaction, rest, Failure { stage, why: Why::Reply(reply) });
            }
            _ => {
                self.state = State::Envelope(transaction);
                return self.fail(Why::Unexpected(reply));
            }
        }
        self.weigh(transaction);
    }

    /// Decides how an envelope goes on after a reply to MAIL or RCPT.
    fn weigh(&mut self, transaction: Box<Transaction>) {
        let answered = transaction.position(transaction.due) == Position::Data;
        if answered && transaction.accepted.is_empty() {
            // RFC 2920 §3.1: without a recipient there is no DATA, unless it was said already.
            self.outputs.push(Output::Finished);
            self.finish_rest(transaction.rest());
        } else if answered && transaction.framing != Framing::Dots {
            self.begin_content(transaction);
        } else {
            self.state = State::Envelope(transaction);
        }
    }

    /// Settles every recipient of a transaction, of which `rest` is left to be done.
    pub(super) fn give_up(&mut self, transaction: &Transaction, rest: Rest, failure: Failure) {
        self.outputs.push_each(transaction.unsettled(), Err(failure));
        self.outputs.push(Output::Finished);
        self.finish_rest(rest);
    }

    fn finish_rest(&mut self, rest: Rest) {
        if !rest.is_over() {
            self.state = State::Rest(rest);
        } else if rest.reset {
            self.say_reset();
        } else {
            self.rest();
        }
    }

    pub(super) fn handle_rest(&mut self, mut rest: Rest, reply: Reply) {
        if !rest.take(&reply) {
            return self.finish_rest(rest);
        }
        if rest.accepted > 0 {
            // Whatever came now would be delivered.
            return self.fail_at(Stage::Data, Why::Reset);
        }
        // RFC 2920 §3.1: the server waits for content that nobody is to get.
        self.say(".");
        match self.config.protocol {
            Protocol::Smtp => self.state = State::Rest(Rest::one(false)),
            // RFC 2033 §4.2: a reply for each recipient that was accepted is none.
            Protocol::Lmtp => self.say_reset(),
        }
    }

    fn begin_content(&mut self, transaction: Box<Transaction>) {
        let content = Content::new(&transaction, &self.config.limits);
        if let Way::Chunk(length) = content.way {
            self.say(format_args!("BDAT {length} LAST"));
        }
        self.state = match content.way {
            Way::Chunk(0) => State::End(transaction),
            _ => State::Content(transaction, content),
        };
    }

    /// Asks for content if there is room for it, and says whether it did.
    pub(super) fn ask_content(&mut self) -> bool {
        let State::Content(_, content) = &self.state else {
            return false;
        };
        if self.outbox.is_high() || self.tickets.outstanding().is_some() {
            return false;
        }
        let length = match content.way {
            Way::Chunk(left) => usize::try_from(left).map_or(SLICE, |left| left.min(SLICE)),
            Way::Dots(_) | Way::Chunks => SLICE,
        };
        let offset = content.offset;
        let ticket = self.tickets.issue();
        self.outputs.push(Output::Content { ticket, offset, length });
        true
    }

    /// Takes the host's answer, unless it is stale.
    pub(super) fn handle_slice(&mut self, ticket: Ticket, end: bool) {
        if !self.tickets.redeem(ticket) {
            return;
        }
        let slice = mem::take(&mut self.slice);
        let (transaction, mut content) = match mem::replace(&mut self.state, State::Closed) {
            State::Content(transaction, content) => (transaction, content),
            state => {
                self.state = state;
                return;
            }
        };
        let pushed = content.push(&slice, end, self.outbox.as_mut_vec());
        if pushed.is_ok() {
            self.note_content(&content, slice.len(), end);
        }
        match pushed {
            Ok(Pushed::More) => self.state = State::Content(transaction, content),
            Ok(Pushed::Chunk) => self.state = State::Chunk(transaction, content),
            Ok(Pushed::End) => self.state = State::End(transaction),
            Err(why) => {
                self.state = State::Content(transaction, content);
                self.fail(why);
            }
        }
    }

    /// A chunk was taken or refused.
    pub(super) fn handle_chunk(
        &mut self,
        transaction: Box<Transaction>,
        content: Content,
        reply: Reply,
    ) {
        match reply.code {
            200..300 => self.state = State::Content(transaction, content),
            400.. => {
                // RFC 3030 §2.
                let failure = Failure { stage: Stage::Content, why: Why::Reply(reply) };
                self.give_up(&transaction, transaction.rest(), failure);
            }
            _ => {
                self.state = State::Chunk(transaction, content);
                self.fail(Why::Unexpected(reply));
            }
        }
    }

    /// The server answers for the whole message, or in LMTP for one recipient.
    pub(super) fn handle_end(&mut self, mut transaction: Box<Transaction>, reply: Reply) {
        let is_early = reply.is_positive() && !self.outbox.is_empty();
        if is_early || (300..400).contains(&reply.code) {
            self.state = State::End(transaction);
            return self.fail(Why::Unexpected(reply));
        }
        let refused = !reply.is_positive();
        let outcome = match refused {
            false => Ok(reply),
            true => Err(Failure { stage: Stage::End, why: Why::Reply(reply) }),
        };
        let count = match self.config.protocol {
            Protocol::Smtp => transaction.accepted.len(),
            Protocol::Lmtp => 1,
        };
        self.outputs.push_each(transaction.accepted.drain(..count), outcome);
        if !transaction.accepted.is_empty() {
            self.state = State::End(transaction);
        } else if refused && transaction.framing != Framing::Dots {
            // RFC 3030 §2: a chunk that was refused leaves the transaction open.
            self.outputs.push(Output::Finished);
            self.say_reset();
        } else {
            self.finish();
        }
    }

    fn finish(&mut self) {
        self.outputs.push(Output::Finished);
        self.rest();
    }

    /// Gives the transaction under way up, by the host's wish.
    pub(super) fn handle_reset(&mut self) {
        let stage = self.stage();
        let failure = Failure { stage, why: Why::Reset };
        match mem::replace(&mut self.state, State::Closed) {
            State::Idle => self.say_reset(),
            State::Envelope(transaction) => {
                let rest = transaction.rest();
                self.give_up(&transaction, rest, failure);
            }
            State::Content(transaction, Content { way: Way::Chunks, .. }) => {
                if let Some(ticket) = self.tickets.outstanding() {
                    self.tickets.redeem(ticket);
                    self.slice.clear();
                }
                self.give_up(&transaction, transaction.rest(), failure);
            }
            State::Chunk(transaction, _) => {
                self.give_up(&transaction, Rest::one(true), failure);
            }
            state @ State::Content(..) => {
                self.state = state;
                self.fail(Why::Reset);
            }
            state => self.state = state,
        }
    }

    fn say_reset(&mut self) {
        self.say("RSET");
        self.state = State::Reset;
    }

    pub(super) fn handle_reset_reply(&mut self, reply: Reply) {
        match reply.code {
            200..300 => self.rest(),
            400.. => self.reject(Stage::Reset, Why::Reply(reply)),
            _ => self.reject(Stage::Reset, Why::Unexpected(reply)),
        }
    }

    pub(super) fn report(&mut self, recipient: usize, outcome: Result<Reply, Failure>) {
        self.outputs.push(Output::Recipient { recipient, outcome });
    }

    /// Reports every recipient of an envelope that was never begun.
    pub(super) fn settle(&mut self, envelope: &Envelope, failure: Failure) {
        self.outputs.push_each(0..envelope.recipients.len(), Err(failure));
        self.outputs.push(Output::Finished);
    }

    /// The same for every envelope that waits.
    pub(super) fn settle_waiting(&mut self, failure: &Failure) {
        while let Some(envelope) = self.waiting.pop_front() {
            self.settle(&envelope, failure.clone());
        }
    }
}
