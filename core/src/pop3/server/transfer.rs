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
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    fn top(content: &[u8], lines: u32, slice: usize) -> String {
        let mut wire = Vec::new();
        let mut transfer = Transfer::new(0, Vec::new(), Some(lines));
        for octets in content.chunks(slice) {
            transfer.ask();
            transfer.push(octets, &mut wire);
            if transfer.handle_answer(false, &mut wire) == Progress::Done {
                return String::from_utf8(wire).unwrap();
            }
        }
        assert_eq!(transfer.handle_answer(true, &mut wire), Progress::Done);
        String::from_utf8(wire).unwrap()
    }

    #[test]
    fn tops() {
        let letter = b"A: 1\r\nB: 2\r\n\r\n.x\r\n\r\ny\r\n";
        let header = "A: 1\r\nB: 2\r\n\r\n";
        let cases: [(&[u8], u32, &[&str]); 10] = [
            (letter, 0, &[header]),
            (letter, 1, &[header, "..x\r\n"]),
            (letter, 2, &[header, "..x\r\n\r\n"]),
            (letter, 3, &[header, "..x\r\n\r\ny\r\n"]),
            (letter, 4, &[header, "..x\r\n\r\ny\r\n"]),
            (letter, u32::MAX, &[header, "..x\r\n\r\ny\r\n"]),
            (b"A: 1\r\n", 3, &["A: 1\r\n"]),
            (b"\r\nx\r\ny\r\n", 1, &["\r\nx\r\n"]),
            (b"", 1, &[]),
            (b"A: 1", 0, &["A: 1\r\n"]),
        ];
        for (content, lines, expected) in cases {
            for slice in 1..=content.len().max(1) {
                let expected = [&expected.concat(), ".\r\n"].concat();
                assert_eq!(top(content, lines, slice), expected, "{lines} by {slice}");
            }
        }
    }

    #[test]
    fn a_host_that_gives_nothing_is_noticed() {
        let mut wire = Vec::new();
        let mut transfer = Transfer::new(0, b"+OK\r\n".to_vec(), None);
        transfer.ask();
        assert_eq!(transfer.handle_answer(false, &mut wire), Progress::Stuck);
        assert!(wire.is_empty() && !transfer.has_begun());
        assert_eq!(transfer.handle_answer(true, &mut wire), Progress::Done);
        assert_eq!(wire, b"+OK\r\n.\r\n");
    }

    proptest! {
        #[test]
        fn top_is_a_prefix(content in "([a.]|\r\n){0,40}", lines in 0u32..5, slice in 1usize..9) {
            let whole = top(content.as_bytes(), u32::MAX, slice);
            let cut = top(content.as_bytes(), lines, 1);
            let cut = cut.strip_suffix(".\r\n").unwrap();
            prop_assert!(whole.starts_with(cut));
            let body = cut.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            if !cut.starts_with("\r\n") {
                prop_assert!(body.matches("\r\n").count() <= lines as usize);
            }
        }
    }
}
