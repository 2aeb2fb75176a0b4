//! Content on its way to the server.

use alloc::format;
use alloc::vec::Vec;

use super::Why;
use super::transaction::{Framing, Transaction};
use crate::encoding::dot::Stuffer;
use crate::limits::Limits;
use crate::smtp::data::{Fault, Lines};

/// Content on its way.
pub(super) struct Content {
    /// Octets that the host has handed over.
    pub(super) offset: u64,
    pub(super) way: Way,
    /// Its lines, if it has any.
    lines: Option<Lines>,
}

/// How it goes.
pub(super) enum Way {
    /// With dots.
    Dots(Stuffer),
    /// As one chunk, of which so many octets are to come.
    Chunk(u64),
    /// In chunks.
    Chunks,
}

/// What comes after a slice.
pub(super) enum Pushed {
    /// The next one.
    More,
    /// The reply to a chunk, then the next one.
    Chunk,
    /// The server's last word.
    End,
}

impl Content {
    pub(super) fn new(transaction: &Transaction, limits: &Limits) -> Self {
        let way = match transaction.framing {
            Framing::Dots => Way::Dots(Stuffer::default()),
            Framing::Chunk(length) => Way::Chunk(length),
            Framing::Chunks => Way::Chunks,
        };
        let lines = (!transaction.is_binary()).then(|| Lines::new(limits.text_line));
        Self { offset: 0, way, lines }
    }

    /// Appends a slice, `end` being the last one, to `wire`; what is wrong with it is not.
    pub(super) fn push(
        &mut self,
        slice: &[u8],
        end: bool,
        wire: &mut Vec<u8>,
    ) -> Result<Pushed, Why> {
        self.offset += slice.len() as u64;
        if slice.is_empty() && !end {
            return Err(Why::Content);
        }
        // RFC 5321 §2.3.8: a bare CR or LF must not be sent; some server might take it for the end
        // of a line, and what follows for the end of the content.
        self.check(slice, end).map_err(|fault| Why::Malformed(format!("{fault}")))?;
        match &mut self.way {
            Way::Dots(stuffer) => {
                stuffer.push(slice, wire);
                if end {
                    stuffer.clone().finish(wire);
                }
            }
            Way::Chunk(left) => {
                *left = left.checked_sub(slice.len() as u64).ok_or(Why::Content)?;
                if end != (*left == 0) {
                    return Err(Why::Content);
                }
                wire.extend_from_slice(slice);
            }
            Way::Chunks => {
                let last = if end { " LAST" } else { "" };
                wire.extend_from_slice(format!("BDAT {}{last}\r\n", slice.len()).as_bytes());
                wire.extend_from_slice(slice);
            }
        }
        Ok(match self.way {
            _ if end => Pushed::End,
            Way::Chunks => Pushed::Chunk,
            Way::Dots(_) | Way::Chunk(_) => Pushed::More,
        })
    }

    fn check(&mut self, slice: &[u8], end: bool) -> Result<(), Fault> {
        let Some(lines) = &mut self.lines else {
            return Ok(());
        };
        lines.check(slice).map_err(|wrong| wrong.fault)?;
        if end { lines.finish() } else { Ok(()) }
    }
}
