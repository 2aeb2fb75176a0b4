//! Mail addresses: mailboxes, paths and address lists.
//!
//! A [`Mailbox`] is a [`LocalPart`] at a [`Host`], and a `Host` is a [`Domain`] or an [`AddressLiteral`]
//! (RFC 5321 §4.1.2-4.1.3, with UTF-8 by RFC 6531 §3.3). [`ReversePath`] and [`ForwardPath`] are what stands between the
//! angle brackets of MAIL and RCPT. All of these are strict: a value of theirs is correct, compares as mail compares
//! (hosts without case and in A-labels, local-parts to the letter) and writes itself correctly quoted. What is wrong with
//! an input is an [`Invalid`], which says so in words fit for a 501 reply.
//!
//! [`list`] reads the address lists of header fields (RFC 5322 §3.4), where senders are careless and readers must not be;
//! [`xtext`] is RFC 3461's armour for addresses in ESMTP parameters.
//!
//! ```
//! use postroad_core::address::{ForwardPath, Mailbox};
//!
//! let (path, rest) = ForwardPath::parse(b"<\"Joe\"@Example.ORG> NOTIFY=NEVER", false).unwrap();
//! let expected: Mailbox = "Joe@example.org".parse().unwrap();
//! assert_eq!(path, ForwardPath::Mailbox(expected));
//! assert_eq!(path.to_string(), "<Joe@Example.ORG>");
//! assert_eq!(rest, b" NOTIFY=NEVER");
//! ```

mod domain;
mod host;
mod invalid;
pub mod list;
mod local_part;
mod mailbox;
mod path;
#[cfg(test)]
mod tests;
pub mod xtext;

pub use domain::Domain;
pub use host::{AddressLiteral, Host};
pub use invalid::Invalid;
pub use local_part::LocalPart;
pub use mailbox::Mailbox;
pub use path::{ForwardPath, ReversePath};

/// `atext` of RFC 5322 §3.2.3, in ASCII.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}
