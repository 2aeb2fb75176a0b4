//! Numbers and octets of a batch.

use crate::files::Stat;
use postroad_core::store::Uid;

/// Octets before a batch's content: its length and its checksum.
const HEAD: usize = 12;

/// Writes one batch.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        Self(vec![0; HEAD])
    }

    pub(super) fn raw(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.0.push(flag.into());
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.raw(&number.to_le_bytes());
    }

    pub(super) fn u64(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    /// How many there are of what follows.
    pub(super) fn count(&mut self, count: usize) -> Option<()> {
        self.u32(count.try_into().ok()?);
        Some(())
    }

    pub(super) fn octets(&mut self, octets: &[u8]) -> Option<()> {
        self.raw(&u16::try_from(octets.len()).ok()?.to_le_bytes());
        self.raw(octets);
        Some(())
    }

    /// A folder or file that may be missing.
    pub(super) fn stat(&mut self, stat: Option<Stat>) {
        self.flag(stat.is_some());
        if let Some(Stat { size, modified: (seconds, nanoseconds), inode, is_folder, is_file }) =
            stat
        {
            for number in [size, seconds.cast_unsigned(), nanoseconds, inode] {
                self.u64(number);
            }
            self.flag(is_folder);
            self.flag(is_file);
        }
    }

    /// The whole batch; `None` if it is too long.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        let content = &self.0[HEAD..];
        let (length, sum) = (u32::try_from(content.len()).ok()?, checksum(content));
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        self.0[4..HEAD].copy_from_slice(&sum.to_le_bytes());
        Some(self.0)
    }
}

/// Reads the content of a batch.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next batch of `rest`, which is left with what is behind it.
    pub(super) fn next(rest: &mut &'a [u8]) -> Option<Self> {
        let mut head = Self(rest);
        let (length, sum) = (head.u32()?, head.u64()?);
        let (content, behind) = head.0.split_at_checked(length.try_into().ok()?)?;
        *rest = behind;
        (sum == checksum(content)).then_some(Self(content))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        self.array().map(|[octet]| octet != 0)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn uid(&mut self) -> Option<Uid> {
        Uid::new(self.u32()?)
    }

    pub(super) fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.array().map(u16::from_le_bytes)?;
        let (octets, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        Some(octets)
    }

    pub(super) fn stat(&mut self) -> Option<Option<Stat>> {
        if !self.flag()? {
            return Some(None);
        }
        Some(Some(Stat {
            size: self.u64()?,
            modified: (self.u64()?.cast_signed(), self.u64()?),
            inode: self.u64()?,
            is_folder: self.flag()?,
            is_file: self.flag()?,
        }))
    }

    /// So many as a count says, each of at least `length` octets.
    pub(super) fn many<T>(
        &mut self,
        length: usize,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = usize::try_from(self.u32()?).ok()?;
        if count > self.0.len() / length {
            return None;
        }
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(read(self)?);
        }
        Some(all)
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

/// FNV-1a, eight octets at a time: any one of them that differs makes another sum.
fn checksum(octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain([&last, const { &[1; 8] }]);
    words.fold(0xcbf2_9ce4_8422_2325, |sum: u64, word| {
        (sum ^ u64::from_le_bytes(*word)).wrapping_mul(0x0100_0000_01b3)
    })
}
