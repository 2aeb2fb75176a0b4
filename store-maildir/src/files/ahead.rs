//! Reading a file in pieces of any size, most of them behind one another.

use super::{File, Result};

/// An open file of which a block is kept in memory.
pub(crate) struct Ahead {
    file: Box<dyn File>,
    /// How many octets are read at once.
    size: usize,
    block: Vec<u8>,
    start: u64,
}

impl Ahead {
    pub(crate) const fn new(file: Box<dyn File>, size: usize) -> Self {
        Self { file, size, block: Vec::new(), start: 0 }
    }

    /// The octets from `offset` on, at most `length` of them; fewer only at the file's end.
    pub(crate) fn at(&mut self, offset: u64, length: usize) -> Result<&[u8]> {
        if self.held(offset).len() < length {
            self.read(offset, length)?;
        }
        let held = self.held(offset);
        Ok(&held[..length.min(held.len())])
    }

    fn held(&self, offset: u64) -> &[u8] {
        let from = offset.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.block.get(from..)).unwrap_or_default()
    }

    fn read(&mut self, offset: u64, length: usize) -> Result<()> {
        self.start = offset;
        self.block.clear();
        self.block.resize(self.size.max(length), 0);
        let mut filled = 0;
        while filled < length {
            let count = match self.file.read_at(offset + filled as u64, &mut self.block[filled..]) {
                Ok(count) => count,
                Err(errno) => {
                    self.block.clear();
                    return Err(errno);
                }
            };
            if count == 0 {
                break;
            }
            filled += count;
        }
        self.block.truncate(filled);
        Ok(())
    }
}
