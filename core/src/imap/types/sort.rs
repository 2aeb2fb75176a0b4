//! What SORT and THREAD take (RFC 5256).

use super::{Charset, Numbering, SearchKey, SearchReturn};
use alloc::vec::Vec;

/// The arguments of SORT (RFC 5256 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sort {
    /// Whether the answer is of sequence numbers or UIDs.
    pub numbering: Numbering,
    /// `RETURN`: what is to be told, in an ESEARCH response (RFC 5267 §3).
    pub returns: Option<SearchReturn>,
    /// By what to sort, at least one, the first foremost. A key that occurs again means nothing, so it
    /// is left out.
    pub criteria: Vec<SortCriterion>,
    /// In what the texts were written.
    pub charset: Charset,
    /// What is sought.
    pub key: SearchKey,
}

/// By what to sort, and which way round.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SortCriterion {
    /// By what.
    pub key: SortKey,
    /// `REVERSE`: the greatest first.
    pub reverse: bool,
}

/// By what to sort (RFC 5256 §3, RFC 5957 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SortKey {
    /// `ARRIVAL`: by internal date and time.
    Arrival,
    /// `CC`: by the local-part of the first Cc address.
    Cc,
    /// `DATE`: by the date and time of sending.
    Date,
    /// `FROM`: by the local-part of the first From address.
    From,
    /// `SIZE`: by octets.
    Size,
    /// `SUBJECT`: by base subject.
    Subject,
    /// `TO`: by the local-part of the first To address.
    To,
    /// `DISPLAYFROM`: by what is shown of the first From address.
    DisplayFrom,
    /// `DISPLAYTO`: by what is shown of the first To address.
    DisplayTo,
}

impl SortKey {
    /// Every key.
    pub const ALL: [Self; 9] = [
        Self::Arrival,
        Self::Cc,
        Self::Date,
        Self::From,
        Self::Size,
        Self::Subject,
        Self::To,
        Self::DisplayFrom,
        Self::DisplayTo,
    ];

    /// The key's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrival => "ARRIVAL",
            Self::Cc => "CC",
            Self::Date => "DATE",
            Self::From => "FROM",
            Self::Size => "SIZE",
            Self::Subject => "SUBJECT",
            Self::To => "TO",
            Self::DisplayFrom => "DISPLAYFROM",
            Self::DisplayTo => "DISPLAYTO",
        }
    }
}

/// The arguments of THREAD (RFC 5256 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Whether the answer is of sequence numbers or UIDs.
    pub numbering: Numbering,
    /// How to find what belongs together.
    pub algorithm: ThreadAlgorithm,
    /// In what the texts were written.
    pub charset: Charset,
    /// What is sought.
    pub key: SearchKey,
}

/// How messages are taken to belong together (RFC 5256 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ThreadAlgorithm {
    /// `ORDEREDSUBJECT`: by subject.
    OrderedSubject,
    /// `REFERENCES`: by the identifiers they refer to.
    References,
}

impl ThreadAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::OrderedSubject, Self::References];

    /// The algorithm's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderedSubject => "ORDEREDSUBJECT",
            Self::References => "REFERENCES",
        }
    }
}
