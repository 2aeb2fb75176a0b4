//! The transfer encoding `base64` (RFC 2045 §6.8).

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Octets of content on a line of 76 characters (RFC 2045 §6.8).
pub(crate) const LINE: usize = 57;

/// Octets of such a line with its CRLF.
pub(crate) const ENCODED_LINE: usize = 78;

/// Decodes content, and skips whatever is not of the alphabet: line ends, blanks, junk (RFC 2045 §6.8).
///
/// Padding ends a run, and another may follow it, as where encoded pieces were strung together. Of a run that
/// ends too early, the whole octets are kept.
///
/// ```
/// use postroad_core::encoding::base64;
/// let mut output = Vec::new();
/// let mut decoder = base64::Decoder::default();
/// decoder.decode(b"aGVs\r\nbG8", &mut output);
/// decoder.finish(&mut output);
/// assert_eq!(output, b"hello");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The bits of the current group of four characters.
    bits: u32,
    /// How many characters of the group have come: 0 to 3.
    count: u8,
}

impl Decoder {
    /// Decodes the next octets.
    pub fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        let mut rest = input;
        loop {
            if self.count == 0 {
                rest = decode_groups(rest, output);
            }
            let Some((octet, after)) = rest.split_first() else {
                return;
            };
            self.step(*octet, output);
            rest = after;
        }
    }

    fn step(&mut self, octet: u8, output: &mut Vec<u8>) {
        if octet == b'=' {
            return self.finish(output);
        }
        let Some(value) = sextet(octet) else { return };
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            let [_, group @ ..] = self.bits.to_be_bytes();
            output.extend_from_slice(&group);
            *self = Self::default();
        }
    }

    /// Ends the content: appends the octets of a last group without its padding.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        let missing = 4 - u32::from(self.count);
        let [_, group @ ..] = (self.bits << (6 * missing)).to_be_bytes();
        let whole = usize::from(self.count.saturating_sub(1));
        output.extend(group.iter().take(whole));
        *self = Self::default();
    }
}

/// Decodes whole groups of four characters, as many as the input begins with; returns the rest of it.
fn decode_groups<'a>(input: &'a [u8], output: &mut Vec<u8>) -> &'a [u8] {
    /// More than a line, and no more than may be prepared in vain.
    const STRETCH: usize = 256;
    let start = output.len();
    let stretch = &input[..input.len().min(STRETCH)];
    let line = memchr::memchr(b'\r', stretch).unwrap_or(stretch.len());
    output.resize(start + line / 4 * 3, 0);
    let (groups_of_four, _) = stretch[..line].as_chunks::<4>();
    let (groups_of_three, _) = output[start..].as_chunks_mut::<3>();
    let mut groups = 0;
    for (characters, octets) in groups_of_four.iter().zip(groups_of_three) {
        let [one, two, three, four] = characters.map(|octet| VALUES[usize::from(octet)]);
        // No value of the alphabet has one of the two upper bits.
        if (one | two | three | four) > 63 {
            break;
        }
        *octets = [one << 2 | two >> 4, two << 4 | three >> 2, three << 6 | four];
        groups += 1;
    }
    output.truncate(start + groups * 3);
    &input[groups * 4..]
}

const NONE: u8 = 0xff;

/// The value of each octet that is of the alphabet.
static VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// The value of a character of the alphabet.
pub(super) fn sextet(octet: u8) -> Option<u8> {
    Some(VALUES[usize::from(octet)]).filter(|value| *value != NONE)
}

/// Encodes content in lines of 76 characters, each with its CRLF.
///
/// ```
/// use postroad_core::encoding::base64;
/// assert_eq!(base64::encode_lines(b"hello"), "aGVsbG8=\r\n");
/// ```
#[must_use]
pub fn encode_lines(content: &[u8]) -> String {
    let mut text = String::with_capacity(content.len().div_ceil(LINE) * ENCODED_LINE);
    for line in content.chunks(LINE) {
        STANDARD.encode_string(line, &mut text);
        text.push_str("\r\n");
    }
    text
}
