//! Lines, dots and chunks of content, as a server receives them.
//!
//! The content is never taken apart line by line. One pass over blocks of octets, which the
//! compiler turns into vector instructions, looks for whatever is out of the ordinary; a search
//! backwards from a line's greatest length checks several lines at once.

use core::fmt;

/// Why content is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Fault {
    /// A CR without LF, or an LF without CR.
    BareLineEnd,
    /// A NUL.
    Nul,
    /// A line longer than the limit.
    LineTooLong,
}

impl Fault {
    fn of(octet: u8) -> Self {
        if octet == 0 { Self::Nul } else { Self::BareLineEnd }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BareLineEnd => "A line of the message ends with bare CR or LF, not with CRLF",
            Self::Nul => "The message has a NUL in it",
            Self::LineTooLong => "A line of the message is too long",
        })
    }
}

/// What is wrong first with some octets of content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wrong {
    pub(super) fault: Fault,
    /// How many octets come before it.
    pub(super) at: usize,
}

/// What became of the octets that [`Unstuffer::unstuff`] was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Unstuffed {
    /// So many octets of content now stand at the front: all that come before what is wrong.
    pub(super) content: usize,
    /// So many octets were used up.
    pub(super) consumed: usize,
    /// Whether the end of the content is among them.
    pub(super) ended: bool,
    /// What is wrong with the content, or follows it that must not.
    pub(super) fault: Option<Fault>,
}

/// The end of data, with the line end before it (RFC 5321 §4.1.1.4).
const END: &[u8] = b"\r\n.\r\n";

/// Takes the dots out of content that DATA brings, and finds its end.
#[derive(Clone, Debug)]
pub(super) struct Unstuffer {
    /// Nothing was consumed yet: a line begins.
    fresh: bool,
    lines: Lines,
}

impl Unstuffer {
    pub(super) const fn new(max_line: usize) -> Self {
        Self { fresh: true, lines: Lines::new(max_line) }
    }

    /// Moves the content that `octets` begin with to their front, without the dots that were
    /// stuffed (RFC 5321 §4.5.2).
    ///
    /// Of what could be the beginning of the end, nothing is consumed: so a line end is always
    /// looked at together with what follows.
    pub(super) fn unstuff(&mut self, octets: &mut [u8]) -> Unstuffed {
        let mut done = match (self.fresh, &*octets) {
            (true, [b'.'] | [b'.', b'\r']) => return Unstuffed::default(),
            (true, [b'.', b'\r', b'\n', ..]) => {
                return Unstuffed { consumed: 3, ended: true, ..Unstuffed::default() };
            }
            (true, [b'.', ..]) => Unstuffed { consumed: 1, ..Unstuffed::default() },
            // Any CR before it would have been held.
            (_, [b'\n', ..]) => {
                return Unstuffed { fault: Some(Fault::BareLineEnd), ..Unstuffed::default() };
            }
            _ => Unstuffed::default(),
        };
        done.advance(octets);
        self.fresh &= done.consumed == 0;
        if let Err(wrong) = self.lines.measure(&octets[..done.content]) {
            (done.content, done.fault) = (wrong.at, Some(wrong.fault));
        }
        done
    }
}

impl Unstuffed {
    /// Goes on to the first fault, the end, or what could be its beginning.
    fn advance(&mut self, octets: &mut [u8]) {
        let until = octets.len() - held(octets);
        let mut from = 0;
        loop {
            let Some(at) = notable::<true>(octets, from).filter(|at| *at < until) else {
                return self.take(octets, until);
            };
            if !octets[at..].starts_with(b"\r\n.") {
                self.fault = Some(Fault::of(octets[at]));
                // With a bare LF, that is the octet before it; a bare CR is held until it shows.
                let is_content = !matches!(octets[at], 0 | b'\r');
                return self.take(octets, at + usize::from(is_content));
            }
            let ended = octets[at..].starts_with(END);
            self.take(octets, at + 2);
            if ended {
                self.consumed = at + END.len();
                self.ended = true;
                return;
            }
            // The dot is dropped, but the search goes on with it: LF must not follow.
            from = self.consumed;
            self.consumed += 1;
        }
    }

    /// Moves the octets before `stop` to the content.
    fn take(&mut self, octets: &mut [u8], stop: usize) {
        let stop = stop.max(self.consumed);
        if self.content != self.consumed {
            octets.copy_within(self.consumed..stop, self.content);
        }
        self.content += stop - self.consumed;
        self.consumed = stop;
    }
}

/// How many of the last octets could be the beginning of the end.
fn held(octets: &[u8]) -> usize {
    (1..END.len()).rev().find(|count| octets.ends_with(&END[..*count])).unwrap_or(0)
}

/// Skips content that was refused: how many octets to drop, and whether its end was among them.
pub(super) fn skip(octets: &[u8]) -> (usize, bool) {
    match memchr::memmem::find(octets, END) {
        Some(at) => (at + END.len(), true),
        None => (octets.len() - held(octets), false),
    }
}

/// The lines of content: how long they get, and across chunks, whether they end well.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    max: usize,
    /// Octets of the line under way.
    length: usize,
    /// The last octet was a CR.
    after_cr: bool,
}

impl Lines {
    pub(super) const fn new(max: usize) -> Self {
        Self { max, length: 0, after_cr: false }
    }

    /// Checks the next octets of chunked content, which is cut anywhere: what is found first does not
    /// depend on where.
    pub(super) fn check(&mut self, octets: &[u8]) -> Result<(), Wrong> {
        let (Some(first), Some(last)) = (octets.first(), octets.last()) else {
            return Ok(());
        };
        if self.after_cr != (*first == b'\n') {
            return Err(Wrong { fault: Fault::BareLineEnd, at: 0 });
        }
        self.after_cr = *last == b'\r';
        let Some(at) = notable::<false>(octets, 0) else {
            return self.measure(octets);
        };
        let fault = Fault::of(octets[at]);
        // A bare line end shows with the octet that follows.
        let at = at + usize::from(fault == Fault::BareLineEnd);
        self.measure(&octets[..at])?;
        Err(Wrong { fault, at })
    }

    /// Checks that chunked content may end here.
    pub(super) const fn finish(&self) -> Result<(), Fault> {
        if self.after_cr { Err(Fault::BareLineEnd) } else { Ok(()) }
    }

    /// Checks the lengths of lines whose ends were checked.
    fn measure(&mut self, octets: &[u8]) -> Result<(), Wrong> {
        let mut rest = octets;
        loop {
            let room = self.max + 2 - self.length;
            let window = &rest[..rest.len().min(room)];
            match memchr::memrchr(b'\n', window) {
                // All lines that end in the window are shorter than it.
                Some(at) => {
                    self.length = 0;
                    rest = &rest[at + 1..];
                }
                None if window.len() == room => {
                    let at = octets.len() - rest.len() + room - 1;
                    return Err(Wrong { fault: Fault::LineTooLong, at });
                }
                None => {
                    self.length += window.len();
                    return Ok(());
                }
            }
        }
    }
}

/// Octets that are looked at in one go.
const BLOCK: usize = 64;

/// Where the first NUL is, the first CR or LF that is not part of CRLF, or if `DOTS`, the first
/// CRLF with a dot behind it. `from` on its own is not taken for an LF without CR, and the last
/// octet is one that anything may follow.
fn notable<const DOTS: bool>(octets: &[u8], mut from: usize) -> Option<usize> {
    while let (Some(these), Some(next), Some(third)) =
        (block(octets, from), block(octets, from + 1), block(octets, from + 2))
    {
        let mut any = false;
        for index in 0..BLOCK {
            any |= is_notable::<DOTS>(these[index], next[index], third[index]);
        }
        if any {
            break;
        }
        from += BLOCK;
    }
    (from..octets.len()).find(|at| {
        let octet = |at: usize| octets.get(at).copied();
        let these = octets[*at];
        let next = octet(at + 1).unwrap_or(if these == b'\r' { b'\n' } else { b' ' });
        is_notable::<DOTS>(these, next, octet(at + 2).unwrap_or(b' '))
    })
}

fn block(octets: &[u8], from: usize) -> Option<&[u8; BLOCK]> {
    octets.get(from..)?.first_chunk()
}

/// Without a branch, so that many are done at once.
const fn is_notable<const DOTS: bool>(these: u8, next: u8, third: u8) -> bool {
    let line_end = next == b'\n';
    let bare = (these == b'\r') != line_end;
    bare | (these == 0) | (DOTS & (third == b'.') & line_end)
}
