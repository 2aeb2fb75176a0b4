//! The delivery agent (RFC 5598 §4.3.3): files mail from a local transfer agent, by LMTP, and mail
//! from the queue, by way of the spool.

mod local;
#[cfg(test)]
mod tests;

use super::directory::Route;
use super::intake::{Header, Intake, Policy, Routed};
use super::mta::no_such_user;
use super::{Peer, Site};
use crate::address::{ForwardPath, ReversePath};
use crate::message::header::Scanner;
use crate::smtp::{Extension, Protocol, Reply};
use crate::store::Account;
use alloc::vec::Vec;

pub use local::Local;

/// A delivery agent: an LMTP server (RFC 2033) that tells the outcome for each recipient.
pub type Delivery = Intake<Filing>;

/// What a delivery agent does about a message.
#[derive(Debug)]
pub enum Filing {}

impl Policy for Filing {
    const PROTOCOL: Protocol = Protocol::Lmtp;

    /// What helps a transfer agent next door. BINARYMIME is left out, since the store keeps lines,
    /// and DSN, so that the client makes the reports itself.
    fn extensions(_: &Site, _: Peer) -> Vec<Extension> {
        let wanted = |it: &Extension| {
            use Extension::{Chunking, EightBitMime, EnhancedStatusCodes, Pipelining};
            matches!(it, Pipelining | EnhancedStatusCodes | EightBitMime | Chunking)
                || matches!(it, Extension::Size(_) | Extension::SmtpUtf8)
        };
        Extension::defaults().into_iter().filter(wanted).collect()
    }

    fn check_sender(_: &Site, _: Option<&Account>, _: &ReversePath) -> Result<(), Reply> {
        Ok(())
    }

    fn route(site: &Site, forward_path: &ForwardPath) -> Result<Routed, Reply> {
        match site.directory.route(forward_path) {
            Route::Local(accounts) => Ok(Routed::Here(accounts)),
            Route::Unknown | Route::Elsewhere => Err(no_such_user()),
        }
    }

    fn header(_: &Site) -> Header {
        Header::Passing(Scanner::new())
    }
}
