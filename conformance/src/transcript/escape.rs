use core::fmt;

/// At most this many octets come of one raw line.
const MOST: usize = 64 * 1024 * 1024;

/// An escape that stands for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidEscape(String);

impl fmt::Display for InvalidEscape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no escape; there are \\r \\n \\t \\\\ \\xNN and \\(TEXT)*COUNT", self.0)
    }
}

impl core::error::Error for InvalidEscape {}

/// The octets that raw text stands for.
///
/// `\r`, `\n`, `\t`, `\\` and `\xNN` stand for one octet; `\(TEXT)*COUNT` for TEXT (which may hold
/// the other escapes) COUNT times; everything else for itself in UTF-8.
///
/// # Errors
/// Shows the escape that stands for nothing.
///
/// ```
/// use postroad_conformance::transcript::unescape;
/// assert_eq!(unescape(r"a\r\n\x00\(xy)*3.").unwrap(), b"a\r\n\0xyxyxy.");
/// assert!(unescape(r"\q").is_err());
/// ```
pub fn unescape(text: &str) -> Result<Vec<u8>, InvalidEscape> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        octets.extend_from_slice(&rest.as_bytes()[..at]);
        let invalid = || InvalidEscape(rest[at..].chars().take(12).collect());
        let behind = &rest[at + 1..];
        let (value, length) = match behind.chars().next().ok_or_else(invalid)? {
            'r' => (vec![b'\r'], 1),
            'n' => (vec![b'\n'], 1),
            't' => (vec![b'\t'], 1),
            '\\' => (vec![b'\\'], 1),
            'x' => {
                let digits = behind.get(1..3).ok_or_else(invalid)?;
                let octet = u8::from_str_radix(digits, 16).map_err(|_| invalid())?;
                (vec![octet], 3)
            }
            '(' => repeated(behind).ok_or_else(invalid)?,
            _ => return Err(invalid()),
        };
        octets.extend_from_slice(&value);
        rest = &behind[length..];
    }
    octets.extend_from_slice(rest.as_bytes());
    Ok(octets)
}

/// Reads `(TEXT)*COUNT`: the octets, and how much of `text` it took.
fn repeated(text: &str) -> Option<(Vec<u8>, usize)> {
    let close = text.find(")*")?;
    let digits: String = text[close + 2..].chars().take_while(char::is_ascii_digit).collect();
    let count: usize = digits.parse().ok()?;
    let inner = text.get(1..close)?;
    if inner.contains("\\(") {
        return None;
    }
    let unit = unescape(inner).ok()?;
    (unit.len().checked_mul(count)? <= MOST).then(|| (unit.repeat(count), close + 2 + digits.len()))
}

/// Raw text that stands for `octets`.
///
/// ```
/// use postroad_conformance::transcript::escape;
/// assert_eq!(escape(b"250 ok\r\n"), r"250 ok\r\n");
/// assert_eq!(escape(&[0xff, b'\\']), r"\xff\\");
/// ```
#[must_use]
pub fn escape(octets: &[u8]) -> String {
    let mut text = String::new();
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\r' => text.push_str("\\r"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\\' => text.push_str("\\\\"),
                c if c.is_control() => {
                    let mut bytes = [0; 4];
                    for octet in c.encode_utf8(&mut bytes).bytes() {
                        text.push_str(&format!("\\x{octet:02x}"));
                    }
                }
                c => text.push(c),
            }
        }
        for octet in chunk.invalid() {
            text.push_str(&format!("\\x{octet:02x}"));
        }
    }
    text
}

/// Whether `octets` can stand in a transcript as they are.
#[must_use]
pub fn is_plain(octets: &[u8]) -> bool {
    core::str::from_utf8(octets).is_ok_and(|text| {
        !text.contains(|c: char| c.is_control() && c != '\t') && !text.ends_with([' ', '\t'])
    })
}
