//! What a mailbox is called for good (RFC 8474).

use super::Account;
use alloc::string::String;
use core::fmt::Write as _;
use sha2::{Digest, Sha256};

/// The MAILBOXID of the mailbox that an account owns under a UIDVALIDITY (RFC 8474 §4).
///
/// In one account no UIDVALIDITY is used for two mailboxes, and RENAME keeps it: so the identifier
/// stays with the mailbox, whatever its name, and no other mailbox has it.
///
/// ```
/// use postroad_core::store::{Account, mailbox_id};
/// let [ann, bob] = ["ann@example.org", "bob@example.org"].map(|it| Account::parse(it).unwrap());
/// assert_eq!(mailbox_id(&ann, 7), mailbox_id(&ann, 7));
/// assert_ne!(mailbox_id(&ann, 7), mailbox_id(&ann, 8));
/// assert_ne!(mailbox_id(&ann, 7), mailbox_id(&bob, 7));
/// ```
#[must_use]
pub fn mailbox_id(owner: &Account, uid_validity: u32) -> String {
    let mut hash = Sha256::new_with_prefix(owner.as_str());
    hash.update([0]);
    hash.update(uid_validity.to_be_bytes());
    let mut id = String::from("F");
    for octet in hash.finalize().iter().take(16) {
        // A string takes whatever is written.
        let _ = write!(id, "{octet:02x}");
    }
    id
}
