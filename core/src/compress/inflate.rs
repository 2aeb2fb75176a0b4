//! The peer's octets, inflated slice by slice.

use crate::buffer::Inbox;
use crate::limits::Limits;
use alloc::boxed::Box;
use alloc::vec::Vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{BlockBoundaryState, DecompressorOxide, decompress};

/// How far back the peer may point (RFC 1951 §2).
const WINDOW: usize = 32 * 1024;

/// What the window may grow to before what is too far back is dropped.
const WINDOW_HIGH: usize = WINDOW + 16 * 1024;

const FLAGS: u32 = TINFL_FLAG_HAS_MORE_INPUT
    | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY
    | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;

/// The peer's end of a compressed stream.
#[derive(Default)]
pub(super) struct Inflater {
    /// There while a block is incomplete; between two blocks, the boundary is all there is.
    engine: Option<Box<DecompressorOxide>>,
    boundary: BlockBoundaryState,
    /// What was inflated last: what the peer may point back to, then what it said just now.
    window: Vec<u8>,
    /// Where the second of the two begins.
    slice: usize,
}

/// What inflating came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Inflated {
    /// There is a [`slice`](Inflater::slice).
    Some,
    /// More must come, in the middle of a block.
    Starved,
    /// A block has ended.
    Boundary,
    /// The stream has ended: its last block was marked as such.
    Over,
    /// It never was a stream.
    Corrupt,
}

impl Inflater {
    /// Inflates what is in `inbox` as far as it fills a slice.
    pub(super) fn inflate(&mut self, inbox: &mut Inbox) -> Inflated {
        loop {
            if self.engine.is_none() && inbox.is_empty() {
                return Inflated::Boundary;
            }
            match self.inflate_block(inbox) {
                Inflated::Boundary => {}
                inflated => return inflated,
            }
        }
    }

    /// The same, but not beyond the block under way.
    pub(super) fn finish(&mut self, inbox: &mut Inbox) -> Inflated {
        match self.engine {
            Some(_) => self.inflate_block(inbox),
            None => Inflated::Boundary,
        }
    }

    /// What was inflated last.
    pub(super) fn slice(&self) -> &[u8] {
        &self.window[self.slice..]
    }

    fn inflate_block(&mut self, inbox: &mut Inbox) -> Inflated {
        self.make_room();
        let Self { engine, boundary, window, slice } = self;
        let decompressor = engine.get_or_insert_with(|| {
            Box::new(DecompressorOxide::from_block_boundary_state(boundary))
        });
        let (status, taken, made) =
            decompress(decompressor, inbox.as_slice(), window, *slice, FLAGS);
        inbox.consume(taken);
        window.truncate(*slice + made);
        if status == TINFLStatus::BlockBoundary
            && let Some(state) = decompressor.block_boundary_state()
        {
            *boundary = state;
            *engine = None;
        }
        match status {
            TINFLStatus::Done | TINFLStatus::BlockBoundary if made > 0 => Inflated::Some,
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput if made > 0 => Inflated::Some,
            TINFLStatus::Done => Inflated::Over,
            TINFLStatus::BlockBoundary => Inflated::Boundary,
            TINFLStatus::NeedsMoreInput => Inflated::Starved,
            _ => Inflated::Corrupt,
        }
    }

    /// Makes room for a slice.
    fn make_room(&mut self) {
        let slice = Limits::DEFAULT.inflate_slice;
        if self.window.len() + slice > WINDOW_HIGH {
            self.window.drain(..self.window.len() - WINDOW);
        }
        self.slice = self.window.len();
        self.window.resize(self.slice + slice, 0);
    }

    /// Gives back what is not needed before the peer speaks again.
    pub(super) fn rest(&mut self) {
        if self.window.len() > WINDOW {
            self.window.drain(..self.window.len() - WINDOW);
        }
        self.slice = self.window.len();
        self.window.shrink_to_fit();
    }

    /// Octets of memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let engine = self.engine.as_ref().map_or(0, |_| size_of::<DecompressorOxide>());
        engine + self.window.capacity()
    }
}
