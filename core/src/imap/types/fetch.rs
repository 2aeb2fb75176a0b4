//! What FETCH can ask for.

use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU32;

/// A data item of FETCH (RFC 3501 §6.4.5). The macros ALL, FAST and FULL are never seen: the parser
/// replaces them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FetchItem {
    /// `BODY`: the structure without extension data.
    Body,
    /// `BODYSTRUCTURE`: the structure with extension data.
    BodyStructure,
    /// `ENVELOPE`.
    Envelope,
    /// `FLAGS`.
    Flags,
    /// `INTERNALDATE`.
    InternalDate,
    /// `RFC822`: the whole message, which sets `\Seen`.
    Rfc822,
    /// `RFC822.HEADER`: the header, which does not.
    Rfc822Header,
    /// `RFC822.SIZE`.
    Rfc822Size,
    /// `RFC822.TEXT`: the body, which sets `\Seen`.
    Rfc822Text,
    /// `UID`.
    Uid,
    /// `MODSEQ` (RFC 7162 §3.1.4.2).
    ModSeq,
    /// `EMAILID` (RFC 8474 §5.1).
    EmailId,
    /// `THREADID` (RFC 8474 §5.2).
    ThreadId,
    /// `SAVEDATE` (RFC 8514 §4.1).
    SaveDate,
    /// `PREVIEW` (RFC 8970 §3).
    Preview {
        /// `LAZY`: only if it takes no time.
        lazy: bool,
    },
    /// `BINARY[part]<partial>`: a part without its transfer encoding (RFC 3516 §4.2).
    Binary {
        /// The part number; empty for the message itself.
        part: Vec<u32>,
        /// Which of the decoded octets.
        partial: Option<Partial>,
        /// `BINARY.PEEK`: do not set `\Seen`.
        peek: bool,
    },
    /// `BINARY.SIZE[part]`: how many octets that would be (RFC 3516 §4.3).
    BinarySize(Vec<u32>),
    /// `BODY[section]<partial>`.
    Section {
        /// Which octets of the message.
        section: Section,
        /// Which of those octets.
        partial: Option<Partial>,
        /// `BODY.PEEK`: do not set `\Seen`.
        peek: bool,
    },
}

/// The FETCH modifier `CHANGEDSINCE` (RFC 7162 §3.1.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ChangedSince {
    /// The mod-sequence that the client knows.
    pub mod_seq: u64,
    /// `VANISHED`: also tell which messages have gone since. With `UID FETCH` alone (RFC 7162
    /// §3.2.6).
    pub vanished: bool,
}

/// A section of a message: a part, and what of it (RFC 3501 §6.4.5).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Section {
    /// The part number, outermost first, each from 1 on; empty for the message itself.
    pub part: Vec<u32>,
    /// What of the part.
    pub text: SectionText,
}

/// What of a part a [`Section`] means.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum SectionText {
    /// All of the message; of a part, its content without its MIME header.
    #[default]
    All,
    /// `HEADER`: the header of the message, or of the message that the part is.
    Header,
    /// `HEADER.FIELDS`: of that header the fields with these names.
    HeaderFields(Vec<String>),
    /// `HEADER.FIELDS.NOT`: of that header the fields without these names.
    HeaderFieldsNot(Vec<String>),
    /// `TEXT`: what follows that header.
    Text,
    /// `MIME`: the MIME header of the part. Only with a part number.
    Mime,
}

/// `<offset.count>`: at most `count` octets from `offset` on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Partial {
    /// The first octet, from 0.
    pub offset: u32,
    /// How many octets at most.
    pub count: NonZeroU32,
}

impl Partial {
    /// Of `length` octets, those that are meant. Beyond the end there are none.
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use postroad_core::imap::Partial;
    /// let partial = Partial { offset: 8, count: NonZeroU32::new(4).unwrap() };
    /// assert_eq!(partial.of(10), 8..10);
    /// assert_eq!(partial.of(5), 5..5);
    /// ```
    #[must_use]
    pub fn of(self, length: u64) -> core::ops::Range<u64> {
        let start = u64::from(self.offset).min(length);
        let end = (start + u64::from(self.count.get())).min(length);
        start..end
    }
}
