//! Annotations (RFC 5464).

use super::{Account, Failure};
use crate::limits::Limits;
use alloc::collections::BTreeMap;
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

/// The annotations of a mailbox or an account as a store keeps them: by whose they are, none for
/// everyone's, and by their name.
pub type Annotations = BTreeMap<(Option<Account>, String), Vec<u8>>;

/// Of `all` annotations those that `user` is told, ascending by entry.
#[must_use]
pub fn told(all: Annotations, user: &Account) -> Vec<Annotation> {
    let is_told = |whose: &Option<Account>| whose.as_ref().is_none_or(|whose| whose == user);
    let told = all.into_iter().filter(|((whose, _), _)| is_told(whose));
    let mut told: Vec<_> = told.map(|((_, entry), value)| Annotation { entry, value }).collect();
    told.sort_by(|one, two| one.entry.cmp(&two.entry));
    told
}

/// What becomes of annotations when `user` sets `values` (RFC 5464 §4.3).
///
/// # Errors
/// If a value would be too long, or if there would be too many.
pub fn annotated(
    mut all: Annotations,
    user: &Account,
    values: Vec<(String, Option<Vec<u8>>)>,
    limits: &Limits,
) -> Result<Annotations, Failure> {
    for (entry, value) in values {
        let is_private = entry.starts_with("/private/") || entry == "/private";
        let key = (is_private.then(|| user.clone()), entry);
        match value {
            Some(value) if value.len() > limits.annotation => {
                return Err(Failure::Limit("The value is too long"));
            }
            Some(value) => {
                all.insert(key, value);
            }
            None => {
                all.remove(&key);
            }
        }
    }
    let octets: usize = all.iter().map(|((_, entry), value)| entry.len() + value.len()).sum();
    if all.len() > limits.annotations || octets > limits.annotation_octets {
        return Err(Failure::Limit("There are too many annotations"));
    }
    Ok(all)
}
