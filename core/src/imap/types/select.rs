//! What SELECT and EXAMINE take.

use super::{Mailbox, SequenceSet};

/// The arguments of SELECT and EXAMINE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Select {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// `CONDSTORE` (RFC 7162 §3.1.8).
    pub condstore: bool,
    /// `QRESYNC` (RFC 7162 §3.2.5).
    pub qresync: Option<Qresync>,
}

/// What a client knows of a mailbox that it has opened before (RFC 7162 §3.2.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Qresync {
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// The last mod-sequence.
    pub mod_seq: u64,
    /// The UIDs, if it tells; without `*`.
    pub known_uids: Option<SequenceSet>,
    /// Some sequence numbers and, one for one, their UIDs; both without `*`, and equally many (RFC
    /// 7162 §3.2.5.2).
    pub known_pairs: Option<(SequenceSet, SequenceSet)>,
}
