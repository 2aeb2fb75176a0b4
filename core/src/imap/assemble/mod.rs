//! The assembler: where a command ends, before anyone asks what it means.
//!
//! A command is a line, or several with literals between them (RFC 3501 §4.3). Its octets stay in
//! the session's [`Inbox`] until they are complete; the assembler only remembers how far it has
//! looked, so that every octet is looked at once. The messages of APPEND and REPLACE are the
//! exception: they pass through in slices (`append`).
//!
//! What cannot be understood is answered at once, and then dropped up to its end: framing goes on,
//! so that the octets of a refused literal never run as commands. Where that would take too long,
//! the connection has to close (RFC 7888 §4).

mod append;
mod frame;

use super::command::{Bad, Parsed, is_append, is_message, parse, parse_tag, sets_metadata};
use super::scan::Scanner;
use super::types::{
    Append, AppendMessage, AppendPart, Command, Encoding, Literal, Synchronizing, Tag,
};
use crate::buffer::Inbox;
use crate::limits::Limits;
use crate::secret::Secret;
use alloc::boxed::Box;
use alloc::vec::Vec;
use append::Appending;
use frame::{Dropped, Found, Frame, look_past};
use memchr::memmem;

/// What the assembler found.
#[derive(Debug)]
pub enum Step {
    /// A command is complete.
    Command(Tag, Box<Command>),
    /// A literal is awaited: send a continuation request.
    Continue,
    /// APPEND or REPLACE begins, with its first message and that one's first part. Nothing happens
    /// until [`Assembler::accept`] or [`Assembler::refuse`].
    Append(Tag, Append),
    /// The message before is complete, and another begins with its first part (RFC 3502). A decision
    /// is needed as with [`Step::Append`].
    NextMessage(AppendMessage),
    /// The message goes on with another part (RFC 4469). A decision is needed as with
    /// [`Step::Append`].
    NextPart(AppendPart),
    /// Octets of a part are there: see [`Assembler::content`]. Nothing happens until
    /// [`Assembler::content_taken`].
    Content,
    /// The command is complete, and its messages may be filed.
    Appended(Tag),
    /// The line that [`Assembler::expect_line`] asked for, without its CRLF.
    Line(Secret<Vec<u8>>),
    /// A value that SETMETADATA announces is longer than [`Bounds`] allow. The command is dropped, to be
    /// answered with `NO` (RFC 5464 §4.3).
    LongValue(Tag),
    /// A command was not understood. If it was an APPEND, its messages are to be forgotten.
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
    /// Octets of a value that SETMETADATA sets, if it is a literal.
    value: u64,
    /// Octets of a literal for which the client does not wait.
    unannounced: u64,
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
            value: u64::MAX,
            unannounced: u64::MAX,
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
            value: limits.annotation as u64,
            unannounced: u64::MAX,
            // A message that is too large by half gets an answer that says so.
            drop: limits.message.saturating_mul(2),
            grammar: Grammar::new(limits),
        }
    }

    /// The same where `LITERAL-` is announced instead of `LITERAL+`: for all but small literals the
    /// client waits (RFC 7888 §5).
    #[must_use]
    pub const fn literal_minus(mut self, limits: &Limits) -> Self {
        self.unannounced = limits.imap_literal_minus;
        self
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
    encoding: Encoding,
    state: State,
}

/// What the octets at the front of the inbox are.
#[derive(Debug)]
enum State {
    /// A command, and how much of it is there.
    Command { frame: Frame, kind: Option<Kind> },
    /// What is left of a command whose messages pass through.
    Append(Appending),
    /// A line of another protocol, so long at most, of which so much was looked at.
    Line { longest: usize, seen: usize },
    /// The rest of a command that was not understood: of a literal so many octets, then of lines.
    Dropped { literal: u64, budget: u64 },
    /// Something without an end worth waiting for, for the reason that is told.
    Endless(&'static str),
    /// Nothing that matters: the connection closes.
    Closed,
}

/// What a command does with its literals, once there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// They are arguments.
    Plain,
    /// Some are messages: APPEND, REPLACE.
    Append,
}

impl State {
    /// Nothing of a command is there yet.
    fn fresh() -> Self {
        Self::Command { frame: Frame::default(), kind: None }
    }
}

impl Assembler {
    /// An assembler at the start of a connection.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, encoding: Encoding::default(), state: State::fresh() }
    }

    /// Changes the bounds, after a login.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Changes how mailbox names are written, after an ENABLE that says so (RFC 6855 §3, RFC 9051
    /// §5.1).
    pub fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
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
                State::Command { .. } => self.poll_command(inbox),
                State::Append(_) => self.poll_append(inbox),
                State::Line { .. } => self.poll_line(inbox),
                State::Dropped { .. } => self.poll_dropped(inbox),
                &mut State::Endless(text) => {
                    self.state = State::Closed;
                    return Some(Step::Bye(text));
                }
                State::Closed => return None,
            };
            match step {
                Progress::Step(step) => return Some(step),
                Progress::Starved => return None,
                Progress::Moved => {}
            }
        }
    }

    fn poll_command(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Command { frame, kind } = &mut self.state else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        let found = match frame.look(octets, &self.bounds) {
            None => return Progress::Starved,
            Some(found) => found,
        };
        match found {
            Found::Literal(end, literal) => {
                let kind = *kind.get_or_insert_with(|| match is_append(&octets[..end]) {
                    true => Kind::Append,
                    false => Kind::Plain,
                });
                let line = &octets[frame.line_start()..end];
                let passes = kind == Kind::Append && is_message(line, frame.count() == 0);
                if let Some(text) = self.bounds.refuses(literal) {
                    let bad = Bad::at(&octets[..end], text);
                    return self.misunderstand(inbox, bad, end + CRLF, literal);
                }
                if literal.size > self.bounds.value
                    && let Some(tag) = sets_metadata(&octets[..end], self.encoding)
                {
                    self.pass_over(inbox, end + CRLF, literal);
                    return Progress::Step(Step::LongValue(tag));
                }
                if passes {
                    return self.parse_command(inbox, end, Some(literal));
                }
                if !frame.enter(end + CRLF, literal, &self.bounds) {
                    let bad = Bad::at(&octets[..end], TOO_LARGE);
                    return self.misunderstand(inbox, bad, end + CRLF, literal);
                }
                Progress::waited(literal)
            }
            Found::Command(end) => self.parse_command(inbox, end, None),
            Found::Bad { at, from, literal, text } => {
                let bad = Bad::at(&octets[..at], text);
                self.drop_from(inbox, from, literal);
                Progress::Step(Step::Bad(bad))
            }
        }
    }

    /// Parses the command up to `end`, where it ends or a message's literal begins.
    fn parse_command(
        &mut self,
        inbox: &mut Inbox,
        end: usize,
        literal: Option<Literal>,
    ) -> Progress {
        let parsed = parse(&inbox.as_slice()[..end], &self.bounds.grammar, self.encoding);
        match (parsed, literal) {
            (Ok((tag, Parsed::Append(stretch))), _) => {
                inbox.consume(end + CRLF);
                self.state = State::Append(Appending::new(tag, stretch));
                Progress::Moved
            }
            (Ok((tag, Parsed::Command(_))), Some(literal)) => {
                let bad = Bad::tagged(tag, "No literal can be there");
                self.misunderstand(inbox, bad, end + CRLF, literal)
            }
            (Err(bad), Some(literal)) => self.misunderstand(inbox, bad, end + CRLF, literal),
            (Ok((tag, Parsed::Command(command))), None) => {
                inbox.consume(end + CRLF);
                self.state = State::fresh();
                Progress::Step(Step::Command(tag, Box::new(command)))
            }
            (Err(bad), None) => {
                inbox.consume(end + CRLF);
                self.state = State::fresh();
                Progress::Step(Step::Bad(bad))
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
        self.state = State::fresh();
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
            Some(None) => self.state = State::fresh(),
            Some(Some(next)) => self.drop_literal(next, left),
            None if count == 0 => return Progress::Starved,
            None => {}
        }
        Progress::Moved
    }

    /// Tells that the command is bad, and drops what follows `at`, where `literal` is announced.
    fn misunderstand(
        &mut self,
        inbox: &mut Inbox,
        bad: Bad,
        at: usize,
        literal: Literal,
    ) -> Progress {
        self.pass_over(inbox, at, literal);
        Progress::Step(Step::Bad(bad))
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
        let literal = Literal { size: literal, synchronizing, binary: false };
        self.drop_literal(literal, self.bounds.drop);
    }

    fn drop_literal(&mut self, literal: Literal, budget: u64) {
        self.state = match literal.synchronizing {
            // RFC 3501 §7.5: without a continuation request, the client does not send it.
            Synchronizing::Yes => State::fresh(),
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

/// Why a literal is refused.
const TOO_LARGE: &str = "The literal is too large";

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

impl Progress {
    /// A literal may come: the client may wait for a word.
    const fn waited(literal: Literal) -> Self {
        match literal.synchronizing {
            Synchronizing::Yes => Self::Step(Step::Continue),
            Synchronizing::No => Self::Moved,
        }
    }
}

impl Bounds {
    /// Why this literal cannot come unannounced.
    fn refuses(&self, literal: Literal) -> Option<&'static str> {
        let is_refused =
            literal.synchronizing == Synchronizing::No && literal.size > self.unannounced;
        is_refused.then_some("So large a literal has to wait for a continuation request")
    }
}

impl Bad {
    /// The command called `tag` is bad.
    fn tagged(tag: Tag, text: &'static str) -> Self {
        Self { tag: Some(tag), text: text.into() }
    }

    /// The command that begins with `octets` is bad.
    fn at(octets: &[u8], text: &'static str) -> Self {
        let mut scanner = Scanner::new(octets, Encoding::default());
        Self { tag: parse_tag(&mut scanner).ok(), text: text.into() }
    }
}

#[cfg(test)]
mod tests;
