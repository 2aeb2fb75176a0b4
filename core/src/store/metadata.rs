//! Annotations (RFC 5464).

use alloc::string::String;
use alloc::vec::Vec;

/// An annotation of a mailbox or an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Annotation {
    /// Its name in lower case: `/private/…` or `/shared/…` (RFC 5464 §3.1).
    pub entry: String,
    /// Its value.
    pub value: Vec<u8>,
}
