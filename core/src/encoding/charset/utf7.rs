//! UTF-7 as a charset (RFC 2152).

use alloc::vec::Vec;

use crate::encoding::base64::sextet;

/// Decodes UTF-7. Octets above 127 and lone surrogates become U+FFFD; bits that are left over are dropped.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// A high surrogate that waits for its low one.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Direct,
    /// Behind a `+`.
    Shift,
    /// In base64: the bits that make no whole unit yet, and how many they are.
    Base64 { bits: u32, count: u8 },
}

impl Decoder {
    pub(super) fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        for octet in input {
            self.step(*octet, output);
        }
    }

    pub(super) fn finish(&mut self, output: &mut Vec<u8>) {
        if let State::Shift = self.state {
            output.push(b'+');
        }
        self.state = State::Direct;
        self.flush_high(output);
    }

    fn step(&mut self, octet: u8, output: &mut Vec<u8>) {
        let (bits, count) = match self.state {
            State::Direct => return self.direct(octet, output),
            State::Shift => (0, 0),
            State::Base64 { bits, count } => (bits, count),
        };
        if let Some(value) = sextet(octet) {
            self.push_bits(bits << 6 | u32::from(value), count + 6, output);
            return;
        }
        self.flush_high(output);
        // RFC 2152: `+-` is a plus; any other character that is not base64 ends it, and only a `-` vanishes with that.
        if let State::Shift = self.state {
            output.push(b'+');
        }
        self.state = State::Direct;
        if octet != b'-' {
            self.direct(octet, output);
        }
    }

    fn direct(&mut self, octet: u8, output: &mut Vec<u8>) {
        match octet {
            b'+' => self.state = State::Shift,
            0..=0x7f => output.push(octet),
            _ => push(char::REPLACEMENT_CHARACTER, output),
        }
    }

    fn push_bits(&mut self, mut bits: u32, mut count: u8, output: &mut Vec<u8>) {
        if count >= 16 {
            count -= 16;
            let unit = u16::try_from(bits >> count & 0xffff).unwrap_or_default();
            bits &= (1 << count) - 1;
            self.push_unit(unit, output);
        }
        self.state = State::Base64 { bits, count };
    }

    fn push_unit(&mut self, unit: u16, output: &mut Vec<u8>) {
        if let Some(high) = self.high
            && let [Ok(c)] = char::decode_utf16([high, unit]).collect::<Vec<_>>()[..]
        {
            self.high = None;
            return push(c, output);
        }
        self.flush_high(output);
        match char::from_u32(u32::from(unit)) {
            Some(c) => push(c, output),
            None if unit < 0xdc00 => self.high = Some(unit),
            None => push(char::REPLACEMENT_CHARACTER, output),
        }
    }

    fn flush_high(&mut self, output: &mut Vec<u8>) {
        if self.high.take().is_some() {
            push(char::REPLACEMENT_CHARACTER, output);
        }
    }
}

fn push(c: char, output: &mut Vec<u8>) {
    output.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
