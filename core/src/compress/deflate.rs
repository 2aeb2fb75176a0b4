//! Our octets, deflated and flushed.

use crate::buffer::Outbox;
use alloc::boxed::Box;
use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress_to_output};

/// How hard matches are sought, of 10. Measured: lists of messages come to 19 % at level 1, 13 % at 4,
/// 12.7 % at 6, with 220, 64 and 19 MB/s; base64 to 76 % at any, with 95, 17 and 19 MB/s.
const LEVEL: u8 = 4;

/// Our end of a compressed stream.
#[derive(Default)]
pub(super) struct Deflater {
    /// There while it was not silent for long.
    engine: Option<Box<CompressorOxide>>,
    /// Whether something was deflated and not flushed.
    pending: bool,
}

impl Deflater {
    /// Deflates `octets`; what comes of it may stay inside until it is flushed.
    pub(super) fn deflate(&mut self, octets: &[u8], out: &mut Outbox) {
        self.pending = true;
        self.write(octets, TDEFLFlush::None, out);
    }

    /// Lets everything out that is still inside, and says whether there was anything.
    pub(super) fn flush(&mut self, out: &mut Outbox) -> bool {
        if self.pending {
            self.pending = false;
            self.write(&[], TDEFLFlush::Sync, out);
            return true;
        }
        false
    }

    fn write(&mut self, octets: &[u8], flush: TDEFLFlush, out: &mut Outbox) {
        let engine = self.engine.get_or_insert_with(|| {
            let mut engine = Box::<CompressorOxide>::default();
            engine.set_format_and_level(DataFormat::Raw, LEVEL);
            engine
        });
        compress_to_output(engine, octets, flush, |octets| {
            out.push(octets);
            true
        });
    }

    /// Gives the memory back. What was flushed ends at a whole octet, and nobody has to look back.
    pub(super) fn rest(&mut self) {
        if !self.pending {
            self.engine = None;
        }
    }

    /// Whether it takes memory.
    #[cfg(test)]
    pub(super) const fn is_awake(&self) -> bool {
        self.engine.is_some()
    }
}
