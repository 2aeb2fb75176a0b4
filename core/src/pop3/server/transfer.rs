//! A message on its way to the client: RETR whole, TOP cut short.

use alloc::vec::Vec;
use memchr::memchr_iter;

use crate::encoding::dot::Stuffer;

/// How far a message has come.
#[derive(Debug)]
pub(super) struct Transfer {
    /// Its place in the maildrop.
    pub(super) place: usize,
    /// The first octet that has not come from the host.
    pub(super) offset: u64,
    /// The offset that was asked for last.
    asked: u64,
    phase: Phase,
    cut: Option<Cut>,
}

#[derive(Debug)]
enum Phase {
    /// No octet has come; nothing is said but this is to be said first.
    Awaited(Vec<u8>),
    /// The reply has begun.
    Begun(Stuffer),
}

/// What came of the host's answer.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// More octets are to be asked for.
    More,
    /// The reply is whole.
    Done,
    /// The host claims that there is more, but gives nothing.
    Stuck,
}

impl Transfer {
    /// A transfer of the message at `place`, whole or (TOP) with so many `lines` of its body, whose
    /// reply begins with `opening`.
    pub(super) fn new(place: usize, opening: Vec<u8>, lines: Option<u32>) -> Self {
        let cut = lines.map(Cut::new);
        Self { place, offset: 0, asked: 0, phase: Phase::Awaited(opening), cut }
    }

    /// Takes note that octets from `offset` on are asked for.
    pub(super) const fn ask(&mut self) {
        self.asked = self.offset;
    }

    /// Whether the client has seen anything of it.
    pub(super) const fn has_begun(&self) -> bool {
        matches!(self.phase, Phase::Begun(_))
    }

    /// Takes octets from the host.
    pub(super) fn push(&mut self, octets: &[u8], wire: &mut Vec<u8>) {
        self.offset += octets.len() as u64;
        let wanted = self.cut.as_mut().map_or(octets.len(), |cut| cut.count(octets));
        self.begin(wire).push(&octets[..wanted], wire);
    }

    /// Takes the host's answer, and with `end` ends the reply.
    pub(super) fn handle_answer(&mut self, end: bool, wire: &mut Vec<u8>) -> Progress {
        if end || self.cut.as_ref().is_some_and(Cut::is_done) {
            self.begin(wire).clone().finish(wire);
            Progress::Done
        } else if self.offset == self.asked {
            Progress::Stuck
        } else {
            Progress::More
        }
    }

    fn begin(&mut self, wire: &mut Vec<u8>) -> &mut Stuffer {
        if let Phase::Awaited(opening) = &self.phase {
            wire.extend_from_slice(opening);
            self.phase = Phase::Begun(Stuffer::default());
        }
        match &mut self.phase {
            Phase::Begun(stuffer) => stuffer,
            Phase::Awaited(_) => unreachable!("it has just begun"),
        }
    }
}

/// Finds where TOP ends: after the header, the blank line, and so many lines (RFC 1939 §7).
#[derive(Debug)]
struct Cut {
    part: Part,
    lines: u32,
    /// Octets of the line so far.
    line: u64,
}

#[derive(PartialEq, Eq, Debug)]
enum Part {
    Header,
    Body,
    Done,
}

impl Cut {
    const fn new(lines: u32) -> Self {
        Self { part: Part::Header, lines, line: 0 }
    }

    fn is_done(&self) -> bool {
        self.part == Part::Done
    }

    /// How many of `octets` are still wanted.
    fn count(&mut self, octets: &[u8]) -> usize {
        if self.is_done() {
            return 0;
        }
        let mut start = 0;
        for at in memchr_iter(b'\n', octets) {
            let line = self.line + (at - start) as u64;
            (self.line, start) = (0, at + 1);
            match self.part {
                // The line that separates has CR alone before its LF.
                Part::Header if line <= 1 => self.part = Part::Body,
                Part::Header => {}
                Part::Body | Part::Done => self.lines -= 1,
            }
            if self.part == Part::Body && self.lines == 0 {
                self.part = Part::Done;
                return start;
            }
        }
        self.line += (octets.len() - start) as u64;
        octets.len()
    }
}

#[cfg(test)]
mod tests;
