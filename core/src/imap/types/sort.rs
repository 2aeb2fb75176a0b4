//! What SORT and THREAD take (RFC 5256).

use super::{Charset, Numbering, SearchKey, SearchReturn};
use alloc::vec::Vec;

pub use crate::message::sort::{Criterion as SortCriterion, Key as SortKey};
pub use crate::message::thread::Algorithm as ThreadAlgorithm;

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
