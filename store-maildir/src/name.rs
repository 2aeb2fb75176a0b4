//! The names of message files: `<time>.<unique>.<host>,S=<size>,W=<size with CRLF>:2,<flags>`.

use postroad_core::store::Flags;
use std::borrow::Borrow;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

#[cfg(test)]
mod tests;

/// The letters of flags in a file name's info, in the order in which they are written.
const LETTERS: [(u8, Flags); 5] = [
    (b'D', Flags::DRAFT),
    (b'F', Flags::FLAGGED),
    (b'R', Flags::ANSWERED),
    (b'S', Flags::SEEN),
    (b'T', Flags::DELETED),
];

/// A message file's name without its info: its key, and fields such as `S=`. Two that share their key
/// are the same, whatever their fields.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    bytes: Box<[u8]>,
    key: usize,
}

impl Base {
    /// Reads a name without info.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), key: key_length(bytes) }
    }

    /// The whole of it.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the UID belongs to.
    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[..self.key]
    }

    /// A field such as `S=` or `W=`.
    pub(crate) fn field(&self, letter: u8) -> Option<u64> {
        field(&self.bytes[self.key..], letter)
    }
}

fn field(fields: &[u8], letter: u8) -> Option<u64> {
    fields
        .split(|octet| *octet == b',')
        .filter_map(|field| field.strip_prefix(&[letter, b'=']))
        .find_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
}

impl Borrow<[u8]> for Base {
    fn borrow(&self) -> &[u8] {
        self.key()
    }
}

impl Hash for Base {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for Base {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Base {}

fn key_length(base: &[u8]) -> usize {
    base.iter().position(|octet| matches!(octet, b',' | b':')).unwrap_or(base.len())
}

/// The name of a message file, ours or another program's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FileName {
    bytes: Box<[u8]>,
    key: usize,
    /// Where the info begins with its `:` or `;`.
    info: usize,
}

impl FileName {
    /// Reads a name; `None` if no message has such a name.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.first().is_none_or(|first| *first == b'.') {
            return None;
        }
        // `;` stands in for `:` where a file system does not allow that.
        let info = bytes
            .windows(3)
            .rposition(|three| matches!(three, b":2," | b";2,"))
            .unwrap_or(bytes.len());
        Some(Self { bytes: bytes.into(), key: key_length(&bytes[..info]), info })
    }

    /// The name that we would give: `base` and, in `cur`, the flags that are set.
    pub(crate) fn plain(base: &Base, flags: Option<Flags>) -> Self {
        let info = base.bytes.len();
        let bytes = match flags {
            Some(flags) => [&base.bytes, &plain_info(flags)[..]].concat(),
            None => base.bytes.to_vec(),
        };
        Self { bytes: bytes.into(), key: base.key, info }
    }

    /// Whether the info is the one that [`plain`](Self::plain) writes.
    pub(crate) fn has_plain_info(&self, flags: Option<Flags>) -> bool {
        let info = &self.bytes[self.info..];
        flags.map_or(info.is_empty(), |flags| plain_info(flags) == info)
    }

    /// A name of our own, without flags. `size` counts the file's octets, `size_with_crlf` those
    /// that the message has when every line ends with CRLF.
    pub(crate) fn new(
        seconds: i64,
        unique: &str,
        host: &str,
        size: u64,
        size_with_crlf: u64,
    ) -> Self {
        let mut name = format!("{seconds}.{unique}.{host}");
        let key = name.len();
        let _ = write!(name, ",S={size},W={size_with_crlf}");
        Self { key, info: name.len(), bytes: name.into_bytes().into() }
    }

    /// The whole name.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The name without its info.
    pub(crate) fn base(&self) -> &[u8] {
        &self.bytes[..self.info]
    }

    /// What stays the same whatever happens to flags and fields: what the UID belongs to.
    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[..self.key]
    }

    /// The flags; of keyword letters those that the table of `keywords` names.
    pub(crate) fn flags(&self, keywords: usize) -> Flags {
        self.letters()
            .iter()
            .filter_map(|letter| flag(*letter, keywords))
            .fold(Flags::NONE, |flags, flag| flags | flag)
    }

    /// This name with other flags. Letters that mean nothing to us stay.
    pub(crate) fn with_flags(&self, flags: Flags, keywords: usize) -> Self {
        let foreign = self.letters().iter().copied();
        let mut letters: Vec<u8> = foreign
            .filter(|letter| flag(*letter, keywords).is_none())
            .chain(letters_of(flags))
            .collect();
        letters.sort_unstable();
        letters.dedup();
        let separator = self.bytes.get(self.info).copied().unwrap_or(b':');
        let mut bytes = self.bytes[..self.info].to_vec();
        bytes.extend_from_slice(&[separator, b'2', b',']);
        bytes.extend_from_slice(&letters);
        Self { bytes: bytes.into(), key: self.key, info: self.info }
    }

    /// A field such as `S=` or `W=`.
    pub(crate) fn field(&self, letter: u8) -> Option<u64> {
        field(&self.bytes[self.key..self.info], letter)
    }

    /// The queue id that this name was made from by [`unique_of_id`].
    pub(crate) fn id(&self) -> Option<&[u8]> {
        id_of_key(self.key())
    }

    /// The time in front, by which messages are numbered that were found together.
    pub(crate) fn time(&self) -> u64 {
        let digits = self.bytes.iter().take_while(|octet| octet.is_ascii_digit());
        digits.fold(0u64, |time, digit| {
            time.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        })
    }

    fn letters(&self) -> &[u8] {
        self.bytes.get(self.info + 3..).unwrap_or_default()
    }
}

/// The letters of flags, in order.
fn letters_of(flags: Flags) -> impl Iterator<Item = u8> {
    let system = LETTERS.iter().filter(move |(_, one)| flags.contains(*one));
    system.map(|(letter, _)| *letter).chain(flags.keywords().filter_map(keyword_letter))
}

fn plain_info(flags: Flags) -> Vec<u8> {
    b":2,".iter().copied().chain(letters_of(flags)).collect()
}

fn flag(letter: u8, keywords: usize) -> Option<Flags> {
    if letter.is_ascii_lowercase() {
        let index = usize::from(letter - b'a');
        return (index < keywords).then(|| Flags::keyword(index));
    }
    LETTERS.iter().find(|(own, _)| *own == letter).map(|(_, flag)| *flag)
}

fn keyword_letter(index: usize) -> Option<u8> {
    u8::try_from(index).ok().filter(|index| *index < 26).map(|index| b'a' + index)
}

/// The unique part of a delivered message's name: `Q` and the queue id, from which the id can be
/// told again.
pub(crate) fn unique_of_id(id: &str) -> String {
    let mut unique = String::from("Q");
    for octet in id.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
            unique.push(char::from(octet));
        } else {
            let _ = write!(unique, "={octet:02X}");
        }
    }
    unique
}

/// The escaped queue id in a key, if it has one.
pub(crate) fn id_of_key(key: &[u8]) -> Option<&[u8]> {
    key.split(|octet| *octet == b'.').nth(1)?.strip_prefix(b"Q")
}
