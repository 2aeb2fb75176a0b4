//! The assembler: where a command ends, before anyone asks what it means.
//!
//! A command is a line, or several with literals between them (RFC 3501 §4.3). Its octets stay in
//! the session's [`Inbox`] until they are complete; the assembler only remembers how far it has
//! looked, so that every octet is looked at once. The message of an APPEND is the exception: it
//! passes through in slices.
//!
//! What cannot be understood is answered at once, and then dropped up to its end: framing goes on,
//! so that the octets of a refused literal never run as commands. Where that would take too long,
//! the connection has to close (RFC 7888 §4).

mod frame;

use super::command::{Bad, parse, parse_tag};
use super::scan::Scanner;
use super::types::{Append, Command, Literal, Synchronizing, Tag};
use crate::buffer::Inbox;
use crate::limits::Limits;
use crate::secret::Secret;
use alloc::boxed::Box;
use alloc::vec::Vec;
use frame::{Dropped, Found, Frame, look_past};
use memchr::{memchr, memmem};

/// What the assembler found.
#[derive(Debug)]
pub enum Step {
    /// A command is complete.
    Command(Tag, Box<Command>),
    /// A literal is awaited: send a continuation request.
    Continue,
    /// The head of an APPEND. Nothing happens until [`Assembler::accept`] or [`Assembler::refuse`].
    Append(Tag, Append),
    /// Octets of the message of an APPEND are there: see [`Assembler::content`]. Nothing happens
    /// until [`Assembler::content_taken`].
    Content,
    /// The APPEND is complete, and its message may be filed.
    Appended(Tag),
    /// The line that [`Assembler::expect_line`] asked for, without its CRLF.
    Line(Secret<Vec<u8>>),
    /// A command was not understood. If it was an APPEND, its message is to be forgotten.
    Bad(Bad),
    /// The connection must be closed, with this text in the BYE. Nothing happens any more.
    Bye(&'static str),
}

/// How much the assembler puts up with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Octets of a command outside its literals.
    line: usize,
    /// Octets of a command's literals.
    literals: usize,
    /// Octets of a command altogether.
    command: usize,
    /// Octets that are dropped to find the end of a command that was not understood.
    drop: u64,
    /// What a command may hold, whatever its length.
    grammar: Grammar,
}

/// How much the parser puts up with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::imap) struct Grammar {
    /// Nesting of search keys.
    pub(in crate::imap) search_depth: usize,
    /// Data items of a FETCH, and field names in one of them.
    pub(in crate::imap) fetch_items: usize,
    /// Octets of a LIST's pattern with its reference.
    pub(in crate::imap) list_pattern: usize,
}

impl Grammar {
    pub(in crate::imap) const fn new(limits: &Limits) -> Self {
        Self {
            search_depth: limits.imap_search_depth,
            fetch_items: limits.imap_fetch_items,
            list_pattern: limits.imap_list_pattern,
        }
    }
}

impl Bounds {
    /// For a client that is not known yet.
    #[must_use]
    pub fn before_login(limits: &Limits) -> Self {
        let command = limits.imap_line_before_login;
        Self {
            line: command,
            literals: command,
            command,
            drop: command as u64,
            grammar: Grammar::new(limits),
        }
    }

    /// For a client that has logged in.
    #[must_use]
    pub fn after_login(limits: &Limits) -> Self {
        let (line, literals) = (limits.imap_line, limits.imap_literal);
        Self {
            line,
            literals,
            command: line.saturating_add(literals),
            // A message that is too large by half gets an answer that says so.
            drop: limits.message.saturating_mul(2),
            grammar: Grammar::new(limits),
        }
    }
}

/// Frames what a client sends.
///
/// ```
/// use postroad_core::buffer::Inbox;
/// use postroad_core::imap::{Assembler, Bounds, Command, Step};
/// use postroad_core::limits::Limits;
///
/// let mut assembler = Assembler::new(Bounds::after_login(&Limits::default()));
/// let mut inbox = Inbox::default();
/// inbox.push(b"a1 DELETE {5}\r\n");
/// assert!(matches!(assembler.poll(&mut inbox), Some(Step::Continue)));
/// inbox.push(b"Spam!\r\n");
/// let Some(Step::Command(tag, command)) = assembler.poll(&mut inbox) else { panic!() };
/// assert_eq!(tag.as_str(), "a1");
/// assert!(matches!(*command, Command::Delete(mailbox) if mailbox.as_str() == "Spam!"));
/// assert!(inbox.is_empty());
/// ```
#[derive(Debug)]
pub struct Assembler {
    bounds: Bounds,
    state: State,
}

/// What the octets at the front of the inbox are.
#[derive(Debug)]
enum State {
    /// A command, and how much of it is there.
    Command(Frame),
    /// The message of an APPEND that was not decided upon.
    Offered(Tag, Literal),
    /// So much of a message, of which so many octets are lent.
    Content { tag: Tag, left: u64, lent: usize },
    /// What follows the message of an APPEND.
    Tail(Tag),
    /// A line of another protocol, so long at most, of which so much was looked at.
    Line { longest: usize, seen: usize },
    /// The rest of a command that was not understood: of a literal so many octets, then of lines.
    Dropped { literal: u64, budget: u64 },
    /// Something without an end worth waiting for, for the reason that is told.
    Endless(&'static str),
    /// Nothing that matters: the connection closes.
    Closed,
}

impl Assembler {
    /// An assembler at the start of a connection.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let state = State::Command(Frame::default());
        Self { bounds, state }
    }

    /// Changes the bounds, after a login.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Takes one line of at most `longest` octets next instead of a command: a client's response in
    /// AUTHENTICATE, the DONE of IDLE.
    pub fn expect_line(&mut self, longest: usize) {
        self.state = State::Line { longest, seen: 0 };
    }

    /// Takes what it can from `inbox` and says what it found; `None` if it needs more, or a decision.
    pub fn poll(&mut self, inbox: &mut Inbox) -> Option<Step> {
        loop {
            let step = match &mut self.state {
                State::Command(_) => self.poll_command(inbox),
                State::Content { .. } => self.poll_content(inbox),
                State::Tail(_) => self.poll_tail(inbox),
                State::Line { .. } => self.poll_line(inbox),
                State::Dropped { .. } => self.poll_dropped(inbox),
                &mut State::Endless(text) => {
                    self.state = State::Closed;
                    return Some(Step::Bye(text));
                }
                State::Offered(..) | State::Closed => return None,
            };
            match step {
                Progress::Step(step) => return Some(step),
                Progress::Starved => return None,
                Progress::Moved => {}
            }
        }
    }

    /// Lets the message of an APPEND come, after [`Step::Append`]. If the client waits, send it a
    /// continuation request.
    pub fn accept(&mut self) {
        if let State::Offered(tag, literal) = &self.state {
            self.state = State::Content { tag: tag.clone(), left: literal.size, lent: 0 };
        }
    }

    /// Ends an APPEND before its message or in the middle of it, to be answered with `NO`. What
    /// comes nevertheless is dropped.
    pub fn refuse(&mut self, inbox: &mut Inbox) {
        match self.state {
            State::Offered(_, literal) => self.pass_over(inbox, 0, literal),
            State::Content { left, .. } => self.drop_from(inbox, 0, left),
            State::Tail(_) => self.drop_from(inbox, 0, 0),
            _ => {}
        }
    }

    /// The slice of a message that is lent, after [`Step::Content`].
    #[must_use]
    pub fn content<'a>(&self, inbox: &'a Inbox) -> &'a [u8] {
        let lent = match self.state {
            State::Content { lent, .. } => lent,
            _ => 0,
        };
        inbox.as_slice().get(..lent).unwrap_or_default()
    }

    /// Lets go of the slice that was lent.
    pub fn content_taken(&mut self, inbox: &mut Inbox) {
        if let State::Content { left, lent, .. } = &mut self.state {
            inbox.consume(*lent);
            *left -= *lent as u64;
            *lent = 0;
        }
    }

    fn poll_command(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Command(frame) = &mut self.state else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        match frame.look(octets, &self.bounds) {
            None => Progress::Starved,
            Some(Found::Command(end)) => {
                let parsed = parse(&octets[..end], &self.bounds.grammar);
                inbox.consume(end + CRLF);
                self.state = State::Command(Frame::default());
                Progress::Step(match parsed {
                    Ok((tag, command)) => Step::Command(tag, Box::new(command)),
                    Err(bad) => Step::Bad(bad),
                })
            }
            Some(Found::Literal(end, literal))
                if frame.count() < 2 && is_message(&octets[..end]) =>
            {
                let parsed = parse(&octets[..end], &self.bounds.grammar);
                self.poll_message(inbox, end, literal, parsed)
            }
            Some(Found::Literal(end, literal)) => {
                if !frame.enter(end + CRLF, literal, &self.bounds) {
                    let bad = Bad::at(&octets[..end], "The literal is too large");
                    self.pass_over(inbox, end + CRLF, literal);
                    return Progress::Step(Step::Bad(bad));
                }
                match literal.synchronizing {
                    Synchronizing::Yes => Progress::Step(Step::Continue),
                    Synchronizing::No => Progress::Moved,
                }
            }
            Some(Found::Bad { at, from, literal, text }) => {
                let bad = Bad::at(&octets[..at], text);
                self.drop_from(inbox, from, literal);
                Progress::Step(Step::Bad(bad))
            }
        }
    }

    /// The head of an APPEND was read, up to `end`.
    fn poll_message(
        &mut self,
        inbox: &mut Inbox,
        end: usize,
        literal: Literal,
        parsed: Result<(Tag, Command), Bad>,
    ) -> Progress {
        Progress::Step(match parsed {
            Ok((tag, Command::Append(append))) => {
                inbox.consume(end + CRLF);
                self.state = State::Offered(tag.clone(), literal);
                Step::Append(tag, append)
            }
            Ok((tag, _)) => {
                self.pass_over(inbox, end + CRLF, literal);
                Step::Bad(Bad::tagged(tag, "No literal can be there"))
            }
            Err(bad) => {
                self.pass_over(inbox, end + CRLF, literal);
                Step::Bad(bad)
            }
        })
    }

    fn poll_content(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Content { tag, left, lent } = &mut self.state else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        let there = usize::try_from(*left).map_or(octets.len(), |left| left.min(octets.len()));
        if *left == 0 {
            self.state = State::Tail(tag.clone());
            Progress::Moved
        } else if *lent > 0 || there == 0 {
            Progress::Starved
        } else if memchr(0, &octets[..there]).is_some() {
            // RFC 3501 §9: literal = … *CHAR8, and CHAR8 is not NUL.
            let bad = Bad::tagged(tag.clone(), "The message holds a NUL");
            let left = *left;
            self.drop_from(inbox, 0, left);
            Progress::Step(Step::Bad(bad))
        } else {
            *lent = there;
            Progress::Step(Step::Content)
        }
    }

    fn poll_tail(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Tail(tag) = &mut self.state else {
            return Progress::Starved;
        };
        let tag = tag.clone();
        match inbox.as_slice() {
            [] | [b'\r'] => Progress::Starved,
            [b'\r', b'\n', ..] => {
                inbox.consume(CRLF);
                self.state = State::Command(Frame::default());
                Progress::Step(Step::Appended(tag))
            }
            _ => {
                self.drop_from(inbox, 0, 0);
                Progress::Step(Step::Bad(Bad::tagged(tag, "Something follows the message")))
            }
        }
    }

    fn poll_line(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Line { longest, seen } = &mut self.state else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        // A CR that was the last octet may have got its LF.
        let from = seen.saturating_sub(1);
        let end = memmem::find(&octets[from..], b"\r\n").map(|found| from + found);
        if end.unwrap_or(octets.len().saturating_sub(1)) > *longest {
            self.state = State::Endless("The line is too long");
            return Progress::Moved;
        }
        *seen = octets.len();
        let Some(end) = end else {
            return Progress::Starved;
        };
        let line = octets[..end].to_vec();
        inbox.consume(end + CRLF);
        self.state = State::Command(Frame::default());
        Progress::Step(Step::Line(line.into()))
    }

    fn poll_dropped(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Dropped { literal, budget } = &mut self.state else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        let (count, next) = if *literal > 0 {
            let count =
                usize::try_from(*literal).map_or(octets.len(), |left| left.min(octets.len()));
            *literal -= count as u64;
            (count, None)
        } else {
            match look_past(octets) {
                Dropped::Part(count) => (count, None),
                Dropped::Line(count, next) => (count, Some(next)),
            }
        };
        inbox.consume(count);
        let spent = count as u64;
        let Some(left) = budget.checked_sub(spent) else {
            self.state = State::Endless(TOO_MUCH);
            return Progress::Moved;
        };
        *budget = left;
        match next {
            Some(None) => self.state = State::Command(Frame::default()),
            Some(Some(next)) => self.drop_literal(next, left),
            None if count == 0 => return Progress::Starved,
            None => {}
        }
        Progress::Moved
    }

    /// Drops the command that has come up to `at`, where `literal` is announced.
    fn pass_over(&mut self, inbox: &mut Inbox, at: usize, literal: Literal) {
        inbox.consume(at);
        self.drop_literal(literal, self.bounds.drop);
    }

    /// Drops the command from `at` on, with so many octets left of a literal.
    fn drop_from(&mut self, inbox: &mut Inbox, at: usize, literal: u64) {
        inbox.consume(at);
        let synchronizing = Synchronizing::No;
        let literal = Literal { size: literal, synchronizing };
        self.drop_literal(literal, self.bounds.drop);
    }

    fn drop_literal(&mut self, literal: Literal, budget: u64) {
        self.state = match literal.synchronizing {
            // RFC 3501 §7.5: without a continuation request, the client does not send it.
            Synchronizing::Yes => State::Command(Frame::default()),
            // RFC 7888 §4: it is on its way, so it is skipped, or the connection closed.
            Synchronizing::No if literal.size <= budget => {
                State::Dropped { literal: literal.size, budget }
            }
            Synchronizing::No => State::Endless(TOO_MUCH),
        };
    }
}

/// Why a connection closes in the middle of a command.
const TOO_MUCH: &str = "Too much would have to be skipped";

/// Octets of a line's end.
const CRLF: usize = 2;

/// How far a state came.
enum Progress {
    /// Something to tell.
    Step(Step),
    /// Nowhere, without more octets or a decision.
    Starved,
    /// To another state, or further in the same.
    Moved,
}

impl Bad {
    /// The command called `tag` is bad.
    fn tagged(tag: Tag, text: &'static str) -> Self {
        Self { tag: Some(tag), text: text.into() }
    }

    /// The command that begins with `octets` is bad.
    fn at(octets: &[u8], text: &'static str) -> Self {
        Self { tag: parse_tag(&mut Scanner::new(octets)).ok(), text: text.into() }
    }
}

/// Whether the literal whose head ends `octets` is the message of an APPEND: any but the first
/// argument, which is the mailbox. So it is among the first two literals.
fn is_message(octets: &[u8]) -> bool {
    let mut scanner = Scanner::new(octets);
    let Ok(_) = parse_tag(&mut scanner) else {
        return false;
    };
    let name = scanner.name("").unwrap_or_default();
    if !name.eq_ignore_ascii_case("APPEND") || !scanner.eat(b' ') {
        return false;
    }
    let is_first = scanner.literal_head().is_ok() && scanner.end().is_ok();
    !is_first
}

#[cfg(test)]
mod tests;
