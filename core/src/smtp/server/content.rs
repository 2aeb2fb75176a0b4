//! Content, by DATA and by BDAT.

use alloc::format;
use alloc::string::ToString;

use super::commands::too_large;
use super::session::{Asking, State};
use super::{Answer, Event, Request, Server};
use crate::smtp::data::{self, Fault, Lines, Unstuffer, Wrong};
use crate::smtp::{Body, MailParameters, Protocol, Reply};

/// A transaction under way.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Whether addresses may be in UTF-8 (RFC 6531).
    pub(super) utf8: bool,
    /// Whether the content has no lines (RFC 3030).
    pub(super) binary: bool,
    /// How many recipients were accepted.
    pub(super) recipients: usize,
    pub(super) stage: Stage,
}

/// How far a transaction has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// Recipients are named.
    Envelope,
    /// Content has begun.
    Content {
        /// Octets that the host has taken.
        size: u64,
        form: Form,
    },
    /// A chunk was refused, and with it all that follow (RFC 3030 §2).
    Failed,
}

/// What content is checked for.
#[derive(Debug)]
pub(super) enum Form {
    /// It has dots, and lines.
    Dots(Unstuffer),
    /// It has lines.
    Lines(Lines),
    /// It may be anything.
    Binary,
}

/// Content as it comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incoming {
    /// DATA: up to a line of one dot.
    Dots,
    /// BDAT: so many octets.
    Chunk { size: u64, left: u64, last: bool },
}

impl Incoming {
    /// Whether no content follows this.
    const fn is_last(self) -> bool {
        matches!(self, Self::Dots | Self::Chunk { last: true, .. })
    }
}

impl Transaction {
    pub(super) fn new(parameters: &MailParameters) -> Self {
        Self {
            utf8: parameters.smtputf8,
            binary: parameters.body == Some(Body::BinaryMime),
            recipients: 0,
            stage: Stage::Envelope,
        }
    }

    /// Whether the host still knows of it.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Failed)
    }

    fn begin(&mut self, incoming: Incoming, max_line: usize) {
        let form = match incoming {
            Incoming::Dots => Form::Dots(Unstuffer::new(max_line)),
            Incoming::Chunk { .. } if self.binary => Form::Binary,
            Incoming::Chunk { .. } => Form::Lines(Lines::new(max_line)),
        };
        self.stage = Stage::Content { size: 0, form };
    }
}

/// What the next slice of content is.
struct Slice {
    /// How many octets of content it has, up to what is wrong with it.
    content: usize,
    consumed: usize,
    ended: bool,
    fault: Option<Fault>,
}

impl Server {
    pub(super) fn begin(&mut self, incoming: Incoming, answer: Answer) {
        let reply = answer.reply_or(|| Reply::bare(354, "End data with <CR><LF>.<CR><LF>"));
        match (incoming, reply.is_positive()) {
            (Incoming::Dots, false) => return self.say(&reply),
            (Incoming::Dots, true) => self.say(&reply),
            (Incoming::Chunk { .. }, false) => return self.refuse(incoming, false, reply),
            (Incoming::Chunk { .. }, true) => {}
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.begin(incoming, self.config.limits.text_line);
            self.state = State::Receiving(incoming);
        }
    }

    /// Lends the host the next slice of content.
    pub(super) fn receive(&mut self) -> bool {
        let State::Receiving(mut incoming) = self.state else {
            return false;
        };
        let Some((taken, slice)) = self.slice(&mut incoming) else {
            return false;
        };
        let Slice { content, consumed, ended, fault } = slice;
        if consumed == 0 && !ended && fault.is_none() {
            return false;
        }
        let too_large = taken.saturating_add(content as u64) > self.config.max_message();
        if let Some(reply) = refusal(too_large, fault) {
            self.inbox.consume(consumed);
            self.refuse(incoming, ended, reply);
        } else if content > 0 {
            self.lent = content;
            self.ask(Request::Content, Asking::Content { incoming, consumed, ended });
        } else {
            self.inbox.consume(consumed);
            self.receive_on(incoming, ended);
        }
        true
    }

    /// The octets that the host has taken, and what to do with the next ones.
    fn slice(&mut self, incoming: &mut Incoming) -> Option<(u64, Slice)> {
        let Stage::Content { size, form } = &mut self.transaction.as_mut()?.stage else {
            return None;
        };
        let octets = self.inbox.as_mut_slice();
        let slice = match (incoming, form) {
            (Incoming::Dots, Form::Dots(unstuffer)) => {
                let data::Unstuffed { content, consumed, ended, fault } = unstuffer.unstuff(octets);
                Slice { content, consumed, ended, fault }
            }
            (Incoming::Chunk { left, last, .. }, form) => {
                let count =
                    usize::try_from(*left).map_or(octets.len(), |left| left.min(octets.len()));
                *left -= count as u64;
                let ended = *left == 0;
                let (content, fault) = match form {
                    Form::Lines(lines) => match lines.check(&octets[..count]) {
                        Err(Wrong { fault, at }) => (at, Some(fault)),
                        Ok(()) if ended && *last => (count, lines.finish().err()),
                        Ok(()) => (count, None),
                    },
                    Form::Dots(_) | Form::Binary => (count, None),
                };
                Slice { content, consumed: count, ended, fault }
            }
            (Incoming::Dots, _) => return None,
        };
        Some((*size, slice))
    }

    /// Goes on after the host has judged the slice that it was lent.
    pub(super) fn go_on(
        &mut self,
        incoming: Incoming,
        consumed: usize,
        ended: bool,
        answer: Answer,
    ) {
        let lent = core::mem::take(&mut self.lent);
        self.inbox.consume(consumed);
        let reply = answer.reply_or(|| Reply::new(250, (2, 0, 0), "Ok"));
        if !reply.is_positive() {
            return self.refuse(incoming, ended, reply);
        }
        if let Some(Transaction { stage: Stage::Content { size, .. }, .. }) = &mut self.transaction
        {
            *size += lent as u64;
        }
        self.receive_on(incoming, ended);
    }

    fn receive_on(&mut self, incoming: Incoming, ended: bool) {
        match incoming {
            _ if !ended => self.state = State::Receiving(incoming),
            Incoming::Chunk { size, last: false, .. } => {
                self.say(&Reply::new(250, (2, 0, 0), format!("{size} octets received")));
            }
            _ => self.ask(Request::End, Asking::End),
        }
    }

    /// Refuses the content with `reply`, which is said at its end.
    fn refuse(&mut self, incoming: Incoming, ended: bool, reply: Reply) {
        self.tell(Event::Abandoned);
        if let Some(transaction) = &mut self.transaction {
            transaction.stage = Stage::Failed;
        }
        self.state = State::Discarding { incoming, reply };
        if ended {
            self.end_discard();
        }
    }

    /// Drops content up to its end.
    pub(super) fn discard(&mut self) -> bool {
        let State::Discarding { incoming, .. } = &mut self.state else {
            return false;
        };
        let octets = self.inbox.as_slice();
        let (count, ended) = match incoming {
            Incoming::Dots => data::skip(octets),
            Incoming::Chunk { left, .. } => {
                let count =
                    usize::try_from(*left).map_or(octets.len(), |left| left.min(octets.len()));
                *left -= count as u64;
                (count, *left == 0)
            }
        };
        self.inbox.consume(count);
        if ended {
            self.end_discard();
        }
        ended
    }

    fn end_discard(&mut self) {
        let State::Discarding { incoming, reply } =
            core::mem::replace(&mut self.state, State::Command)
        else {
            return;
        };
        // A transaction whose content has not begun stays: only the chunk was out of order.
        let failed = self.transaction.as_ref().is_some_and(|transaction| !transaction.is_open());
        let over = incoming.is_last() && failed;
        let copies = if over { self.copies() } else { 1 };
        if over {
            self.transaction = None;
        }
        self.fail(&reply);
        (1..copies).for_each(|_| self.say(&reply));
    }

    // RFC 2033 §4.2: LMTP has a reply for each recipient that was accepted.
    fn copies(&self) -> usize {
        let recipients = self.transaction.as_ref().map_or(0, |transaction| transaction.recipients);
        match self.config.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => recipients.max(1),
        }
    }

    /// Says what has become of the message.
    pub(super) fn conclude(&mut self, answer: Answer) {
        let copies = self.copies();
        self.transaction = None;
        self.errors = 0;
        let unknown = || Reply::new(451, (4, 3, 0), "The outcome is not known");
        match answer {
            Answer::Each(replies) => {
                let replies = replies.into_iter().chain(core::iter::repeat_with(unknown));
                replies.take(copies).for_each(|reply| self.say(&reply));
            }
            answer => {
                let reply = answer.reply_or(|| Reply::new(250, (2, 0, 0), "Ok"));
                (0..copies).for_each(|_| self.say(&reply));
            }
        }
    }
}

/// The answer to whatever is wrong first: before a fault, the message may have become too large.
fn refusal(is_too_large: bool, fault: Option<Fault>) -> Option<Reply> {
    match fault {
        // RFC 1870 §6.3.
        _ if is_too_large => Some(too_large()),
        // RFC 5321 §4.5.3.1.6.
        Some(Fault::LineTooLong) => {
            Some(Reply::new(500, (5, 6, 0), Fault::LineTooLong.to_string()))
        }
        Some(fault) => Some(Reply::new(554, (5, 6, 0), fault.to_string())),
        None => None,
    }
}
