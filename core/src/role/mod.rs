//! The roles of mail agents, by RFC 5598's names: submission, transfer, delivery, access.
//!
//! A role is a session that contains a protocol session, answers what it can from its
//! [`Directory`](directory::Directory) and its configuration, and asks the host for the rest in one
//! shared vocabulary, [`Effect`]. So a runtime is written once, for all roles.

pub mod config;
pub mod directory;
mod doors;
mod effect;
pub mod intake;
mod login;
pub mod mda;
pub mod ms;
pub mod msa;
pub mod mta;
mod site;

pub use crate::report::Report;
pub use effect::{Check, Effect, Input, Verdict};
pub use site::{Peer, Site};
