//! The scanner for a header block that arrives in pieces.

use memchr::memchr;

use crate::limits::Limits;

/// What a header block was found to hold: enough to refuse it, or to know what is missing from it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// Octets of the block, its empty line included.
    pub octets: u64,
    /// Fields, lines that are no field included.
    pub fields: u64,
    /// `Received` fields: the hops behind the message (RFC 5321 §6.3).
    pub received: u64,
    /// `From` fields; RFC 5322 §3.6 demands exactly one.
    pub from: u64,
    /// `Sender` fields.
    pub sender: u64,
    /// `Date` fields.
    pub date: u64,
    /// `Message-ID` fields.
    pub message_id: u64,
}

/// Which limit a header block is beyond.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Excess {
    /// More octets than `header_block`.
    Octets,
    /// More fields than `header_fields`.
    Fields,
    /// More `Received` fields than `received_hops`: the mail goes in circles.
    Hops,
}

impl Census {
    /// The first limit that the block is beyond, if any.
    ///
    /// May be asked while the block is still arriving.
    #[must_use]
    pub fn excess(&self, limits: &Limits) -> Option<Excess> {
        let beyond =
            |count: u64, limit: usize| usize::try_from(count).map_or(true, |count| count > limit);
        if beyond(self.octets, limits.header_block) {
            Some(Excess::Octets)
        } else if beyond(self.fields, limits.header_fields) {
            Some(Excess::Fields)
        } else if beyond(self.received, limits.received_hops) {
            Some(Excess::Hops)
        } else {
            None
        }
    }

    fn count(&mut self, name: &[u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let counter = if is("Received") {
            &mut self.received
        } else if is("From") {
            &mut self.from
        } else if is("Sender") {
            &mut self.sender
        } else if is("Date") {
            &mut self.date
        } else if is("Message-ID") {
            &mut self.message_id
        } else {
            return;
        };
        *counter += 1;
    }
}

/// Octets of the longest name that is counted: `Message-ID`.
const NAME: usize = 10;

/// Where in a line the scanner stands.
#[derive(Clone, PartialEq, Eq, Debug)]
enum State {
    LineStart,
    /// A CR began the line: before an LF it ends the block; else it is of a line that is no field.
    Cr,
    Name(Name),
    /// White space after the name: a colon must follow.
    Blanks(Name),
    /// Nothing more is wanted of this line.
    Rest,
    Ended,
}

/// The start of a field's name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Name {
    bytes: [u8; NAME],
    length: usize,
}

impl Name {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length = self.length.saturating_add(1);
    }

    /// The name, or nothing if it is longer than any that matters.
    fn whole(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}

/// Finds where a header block ends, and counts what matters in it, in constant memory.
///
/// ```
/// use postroad_core::message::header::Scanner;
///
/// let mut scanner = Scanner::new();
/// assert_eq!(scanner.push(b"From: me\r\nSubject: x\r"), None);
/// assert_eq!(scanner.push(b"\n\r\nbody"), Some(3));
/// assert_eq!((scanner.census().from, scanner.census().octets), (1, 24));
/// ```
#[derive(Clone, Debug)]
pub struct Scanner {
    state: State,
    census: Census,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner that stands at the start of a message.
    #[must_use]
    pub fn new() -> Self {
        Self { state: State::LineStart, census: Census::default() }
    }

    /// Takes the next octets of a message. Returns how many of them belong to the header block once
    /// its end is found, and `None` while all of them do.
    pub fn push(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() && self.state != State::Ended {
            at += match self.state {
                State::Rest => self.skip_line(&bytes[at..]),
                _ => {
                    self.take(bytes[at]);
                    1
                }
            };
        }
        self.census.octets += at as u64;
        (self.state == State::Ended).then_some(at)
    }

    /// Whether the empty line was found.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// What was found so far.
    #[must_use]
    pub const fn census(&self) -> &Census {
        &self.census
    }

    fn skip_line(&mut self, bytes: &[u8]) -> usize {
        memchr(b'\n', bytes).map_or(bytes.len(), |line_feed| {
            self.state = State::LineStart;
            line_feed + 1
        })
    }

    fn take(&mut self, byte: u8) {
        self.state = match (core::mem::replace(&mut self.state, State::Rest), byte) {
            (State::LineStart, b'\n') => State::Ended,
            (State::LineStart, b'\r') => {
                self.census.fields += 1;
                State::Cr
            }
            (State::Cr, b'\n') => {
                self.census.fields -= 1;
                State::Ended
            }
            (State::Cr, _) => State::Rest,
            (State::LineStart, b' ' | b'\t') if self.census.fields > 0 => State::Rest,
            (State::LineStart, _) => self.begin(byte),
            (State::Name(_) | State::Blanks(_), b'\n') => State::LineStart,
            (State::Name(name) | State::Blanks(name), b':') => {
                self.census.count(name.whole());
                State::Rest
            }
            (State::Name(name) | State::Blanks(name), b' ' | b'\t') => State::Blanks(name),
            (State::Name(mut name), _) if byte.is_ascii_graphic() => {
                name.push(byte);
                State::Name(name)
            }
            (State::Name(_) | State::Blanks(_) | State::Rest, _) => State::Rest,
            (State::Ended, _) => State::Ended,
        };
    }

    fn begin(&mut self, byte: u8) -> State {
        self.census.fields += 1;
        if !byte.is_ascii_graphic() || byte == b':' {
            return State::Rest;
        }
        let mut name = Name::default();
        name.push(byte);
        State::Name(name)
    }
}
