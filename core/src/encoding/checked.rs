//! Lines of text behind a checksum of themselves, so that one that a crash tore is told from a whole
//! one: the form of every append-only file.

use alloc::string::String;
use core::fmt::Write as _;

/// Appends `record`, which has no line end in it, as a line.
///
/// ```
/// use postroad_core::encoding::checked;
/// let mut text = String::new();
/// checked::push(&mut text, "uid 7");
/// assert_eq!(checked::record(text.as_bytes()), Some(&b"uid 7"[..]));
/// assert_eq!(checked::record(&text.as_bytes()[..10]), None);
/// ```
pub fn push(text: &mut String, record: &str) {
    let _ = writeln!(text, "{:08x} {record}", checksum(record.as_bytes()));
}

/// The record in `line`, which begins with its checksum and ends with LF; `None` if it is not whole.
#[must_use]
pub fn record(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, record) = line.split_at_checked(8)?;
    let record = record.strip_prefix(b" ")?;
    let sum = u32::from_str_radix(core::str::from_utf8(sum).ok()?, 16).ok()?;
    (sum == checksum(record)).then_some(record)
}

/// FNV-1a: enough to tell a torn line.
#[must_use]
pub fn checksum(octets: &[u8]) -> u32 {
    octets
        .iter()
        .fold(0x811c_9dc5, |sum: u32, octet| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193))
}
