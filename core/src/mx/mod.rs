//! Where mail goes: a domain's mail hosts, and which of their addresses to dial.
//!
//! A [`Finder`] asks the DNS for the way to a domain (RFC 5321 §5.1) or to a host that was
//! configured, and ends in a [`Path`] or a [`Failure`]. A [`Race`] dials the addresses of one host in
//! the order and with the head starts of RFC 8305, and ends in one connection. Both are machines: who
//! asks the DNS and who opens sockets is not their business.

mod failure;
mod finder;
mod path;
mod race;
#[cfg(test)]
mod tests;

pub use failure::Failure;
pub use finder::{Finder, Input, Lookup, Loopback, Output};
pub use path::{MailHost, Path};
pub use race::{Dialled, Dialling, Race};
