//! What LIST and LSUB take.

use super::{EntryName, ListPattern, StatusItem};
use alloc::string::String;
use alloc::vec::Vec;

/// The arguments of LIST and LSUB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// Which mailboxes.
    pub selection: ListSelection,
    /// The reference name, which each pattern continues.
    pub reference: String,
    /// The mailbox names with possible wildcards, at least one.
    pub patterns: Vec<ListPattern>,
    /// What to tell of them.
    pub returns: ListReturn,
    /// Whether it has options or a list of patterns (RFC 5258 §3): then an empty pattern does not ask
    /// for the hierarchy delimiter.
    pub extended: bool,
}

/// The selection options of LIST (RFC 5258 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ListSelection {
    /// `SUBSCRIBED`: those that are subscribed, whether they exist or not.
    pub subscribed: bool,
    /// `REMOTE`: those on other servers too.
    pub remote: bool,
    /// `RECURSIVEMATCH`: also those above others that meet the options. Never alone, nor with
    /// `REMOTE` alone.
    pub recursive_match: bool,
    /// `SPECIAL-USE`: those with a special use (RFC 6154 §2).
    pub special_use: bool,
}

/// The return options of LIST (RFC 5258 §3.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListReturn {
    /// `SUBSCRIBED`: whether they are subscribed.
    pub subscribed: bool,
    /// `CHILDREN`: whether there are mailboxes below.
    pub children: bool,
    /// `SPECIAL-USE`: what they are for (RFC 6154 §2).
    pub special_use: bool,
    /// `MYRIGHTS`: what the user may do with them (RFC 8440).
    pub my_rights: bool,
    /// `STATUS`: these items, unless there are none (RFC 5819 §2).
    pub status: Vec<StatusItem>,
    /// `METADATA`: these entries, unless there are none (RFC 9590 §3).
    pub metadata: Vec<EntryName>,
}
