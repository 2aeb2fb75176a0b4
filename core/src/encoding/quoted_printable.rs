//! The transfer encoding `quoted-printable` (RFC 2045 §6.7).

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use super::{hex_digit, hex_digits};

/// How many blanks may turn out to be the end of a line: no line of mail has more (RFC 5322 §2.1.1).
const MAX_BLANKS: usize = 998;

/// The longest line that is written, without its CRLF (RFC 2045 §6.7 (5)).
const LINE: usize = 76;

/// Decodes content. Blanks before a line end are dropped, as they were added on the way (RFC 2045 §6.7 (3)); an `=` that
/// encodes nothing stands for itself; line ends stay as they are.
///
/// ```
/// use postroad_core::encoding::quoted_printable;
/// let mut output = Vec::new();
/// let mut decoder = quoted_printable::Decoder::default();
/// decoder.decode(b"1 + 1 =3D 2, =\r\nsays =zz \r\n", &mut output);
/// decoder.finish(&mut output);
/// assert_eq!(output, b"1 + 1 = 2, says =zz\r\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    after: After,
    /// Blanks that are dropped if a line end follows.
    blanks: Vec<u8>,
}

/// What the next octet follows.
#[derive(Clone, Copy, Debug, Default)]
enum After {
    #[default]
    Text,
    /// `=`
    Equals,
    /// `=` and a hexadecimal digit, as it was written.
    Digit(u8),
    /// `=` and blanks.
    EqualsBlanks,
    /// `=`, perhaps blanks, and CR.
    EqualsReturn,
}

impl Decoder {
    /// Decodes the next octets.
    pub fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        output.reserve(input.len());
        let mut rest = input;
        while let Some((octet, after)) = rest.split_first() {
            if let After::Text = self.after {
                let passed = self.pass(rest, output);
                if passed > 0 {
                    rest = &rest[passed..];
                    continue;
                }
            }
            self.step(*octet, output);
            rest = after;
        }
    }

    /// Ends the content: an unfinished escape stands for itself, blanks and a last `=` are dropped.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        if let After::Digit(digit) = self.after {
            output.extend_from_slice(&[b'=', digit]);
        }
        *self = Self::default();
    }

    /// Decodes what needs no thought: text up to what may be the end of a line or an escape, or a whole
    /// escape. Returns how many octets that was.
    fn pass(&mut self, input: &[u8], output: &mut Vec<u8>) -> usize {
        if let [b'=', high, low, ..] = input {
            let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) else {
                return 0;
            };
            output.append(&mut self.blanks);
            output.push(high << 4 | low);
            return 3;
        }
        let special = memchr::memchr3(b'=', b'\r', b'\n', input).unwrap_or(input.len());
        let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
        let blanks = input[..special].iter().rev().take_while(|octet| is_blank(octet)).count();
        let text = &input[..special - blanks];
        if !text.is_empty() {
            output.append(&mut self.blanks);
            output.extend_from_slice(text);
        }
        input[special - blanks..special].iter().for_each(|blank| self.hold(*blank, output));
        special
    }

    fn step(&mut self, octet: u8, output: &mut Vec<u8>) {
        match (self.after, octet) {
            (After::Text, b'=') => {
                output.append(&mut self.blanks);
                self.after = After::Equals;
            }
            (After::Text, b' ' | b'\t') => self.hold(octet, output),
            (After::Text, b'\r' | b'\n') => {
                self.blanks.clear();
                output.push(octet);
            }
            (After::Text, _) => {
                output.append(&mut self.blanks);
                output.push(octet);
            }
            (After::Equals, _) if hex_digit(octet).is_some() => self.after = After::Digit(octet),
            (After::Equals | After::EqualsBlanks, b' ' | b'\t') => {
                self.after = After::EqualsBlanks;
                self.hold(octet, output);
            }
            (After::Equals | After::EqualsBlanks, b'\r') => {
                self.blanks.clear();
                self.after = After::EqualsReturn;
            }
            (After::Equals | After::EqualsBlanks | After::EqualsReturn, b'\n') => {
                *self = Self::default()
            }
            (After::Digit(high), _) => {
                self.after = After::Text;
                match (hex_digit(high), hex_digit(octet)) {
                    (Some(high), Some(low)) => output.push(high << 4 | low),
                    _ => {
                        output.extend_from_slice(&[b'=', high]);
                        self.step(octet, output);
                    }
                }
            }
            (After::Equals | After::EqualsBlanks, _) => {
                output.push(b'=');
                self.after = After::Text;
                self.step(octet, output);
            }
            (After::EqualsReturn, _) => {
                self.after = After::Text;
                self.step(octet, output);
            }
        }
    }

    /// Holds a blank back; too many of them are text.
    fn hold(&mut self, blank: u8, output: &mut Vec<u8>) {
        self.blanks.push(blank);
        if self.blanks.len() > MAX_BLANKS {
            if let After::EqualsBlanks = self.after {
                output.push(b'=');
                self.after = After::Text;
            }
            output.append(&mut self.blanks);
        }
    }
}

/// Encodes text whose lines end with CRLF. A CR or LF alone is encoded, and no line is longer than 76 characters.
///
/// ```
/// use postroad_core::encoding::quoted_printable;
/// assert_eq!(quoted_printable::encode("Grüße \r\n".as_bytes()), b"Gr=C3=BC=C3=9Fe=20\r\n");
/// ```
#[must_use]
pub fn encode(text: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len() + text.len() / 8);
    let mut column = 0;
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        if let [b'\r', b'\n', after @ ..] = rest {
            output.extend_from_slice(b"\r\n");
            column = 0;
            rest = after;
            continue;
        }
        let ends_line = after.is_empty() || after.starts_with(b"\r\n");
        let [high, low] = hex_digits(*octet);
        let escape = [b'=', high, low];
        let written = match octet {
            b' ' | b'\t' if ends_line => &escape[..],
            b'=' => &escape[..],
            b' '..=b'~' | b'\t' => core::slice::from_ref(octet),
            _ => &escape[..],
        };
        // A line that goes on needs room for the `=` of its soft line break.
        let room = if ends_line { LINE } else { LINE - 1 };
        if column + written.len() > room {
            output.extend_from_slice(b"=\r\n");
            column = 0;
        }
        output.extend_from_slice(written);
        column += written.len();
        rest = after;
    }
    output
}
