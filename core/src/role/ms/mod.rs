//! The message store's access agents (RFC 5598 §4.2.2): users read their mail by [`Imap`] and
//! [`Pop3`].

mod imap;
mod pop3;

pub use imap::Imap;
pub use pop3::Pop3;
