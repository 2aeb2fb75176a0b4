//! The names that POP3 clients know messages by.

use super::Uid;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

/// How the unique-ids of a mailbox are written (RFC 1939 §7). UIDVALIDITY and UID together are never
/// used again, so neither is a unique-id that is made of them.
///
/// ```
/// use postroad_core::store::{Uid, UniqueIdForm, UniqueIds};
/// let uid = Uid::new(17).unwrap();
/// let mut ids = UniqueIds::default();
/// assert_eq!(ids.of(1_790_000_000, uid), "1790000000.17");
/// ids.form = UniqueIdForm::Hexadecimal;
/// assert_eq!(ids.of(1_790_000_000, uid), "000000116ab13b80");
/// ids.own.insert(uid, "from-elsewhere".into());
/// assert_eq!(ids.of(1_790_000_000, uid), "from-elsewhere");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UniqueIds {
    /// The form of all that have none of their own.
    pub form: UniqueIdForm,
    /// Those that another program gave.
    pub own: BTreeMap<Uid, String>,
}

/// How a unique-id is made of UIDVALIDITY and UID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UniqueIdForm {
    /// `uidvalidity.uid`, both decimal.
    #[default]
    Dotted,
    /// UID and UIDVALIDITY with eight hexadecimal digits each, as Dovecot's `%08Xu%08Xv` has them.
    Hexadecimal,
}

impl UniqueIds {
    /// The unique-id of a message.
    #[must_use]
    pub fn of(&self, uid_validity: u32, uid: Uid) -> String {
        match (self.own.get(&uid), self.form) {
            (Some(own), _) => own.clone(),
            (None, UniqueIdForm::Dotted) => format!("{uid_validity}.{uid}"),
            (None, UniqueIdForm::Hexadecimal) => format!("{uid:08x}{uid_validity:08x}"),
        }
    }
}
