//! Numbers and octets of a record: numbers in seven bits an octet, the least first (LEB128), and before
//! octets how many there are.

use alloc::vec::Vec;

pub(super) fn put_number(out: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest > 0x7f {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// Small numbers of either sign in few octets.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

pub(super) fn put_octets(out: &mut Vec<u8>, octets: &[u8]) {
    put_number(out, octets.len() as u64);
    out.extend_from_slice(octets);
}

/// Octets that may be missing.
pub(super) fn put_optional(out: &mut Vec<u8>, octets: Option<&[u8]>) {
    match octets {
        Some(octets) => {
            put_number(out, octets.len() as u64 + 1);
            out.extend_from_slice(octets);
        }
        None => put_number(out, 0),
    }
}

/// Reads a record from its start.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn octet(&mut self) -> Option<u8> {
        self.array().map(|[octet]| octet)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            let bits = u64::from(octet & 0x7f);
            number |= bits << shift;
            if bits << shift >> shift != bits {
                return None;
            }
            if octet < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    pub(super) fn vec(&mut self) -> Option<Vec<u8>> {
        self.octets().map(<[u8]>::to_vec)
    }

    /// What [`put_optional`] has written: `Some(None)` if it is missing.
    #[expect(clippy::option_option, reason = "the record may end, and the value may be missing")]
    pub(super) fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()?.checked_sub(1) {
            Some(length) => self.take(length).map(Some),
            None => Some(None),
        }
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (octets, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(octets)
    }
}
