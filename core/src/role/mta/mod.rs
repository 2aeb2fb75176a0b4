//! The transfer agent (RFC 5598 §4.3.2): takes mail from other hosts for the local domains, and
//! carries what the queue has for other hosts to them.

mod outbound;

pub use outbound::Outbound;

use super::directory::Route;
use super::intake::{Header, Intake, Policy, Routed};
use super::{Peer, Site};
use crate::address::{ForwardPath, ReversePath};
use crate::message::header::Scanner;
use crate::smtp::{Extension, Protocol, Reply};
use crate::store::Account;
use alloc::vec::Vec;

/// The side of a transfer agent that other hosts connect to: an SMTP server for the local domains
/// and never a relay, whoever asks.
pub type Inbound = Intake<Transfer>;

/// What a transfer agent does about an incoming message.
#[derive(Debug)]
pub enum Transfer {}

impl Policy for Transfer {
    const PROTOCOL: Protocol = Protocol::Smtp;

    /// Everything but AUTH, for hosts are no users, and BINARYMIME, since the store keeps lines;
    /// ETRN to those whose ETRN is heeded.
    fn extensions(site: &Site, peer: Peer) -> Vec<Extension> {
        let mut extensions = Extension::defaults();
        extensions.retain(|it| !matches!(it, Extension::Auth(_) | Extension::BinaryMime));
        if site.heeds_etrn(peer, false) {
            extensions.push(Extension::Etrn);
        }
        extensions
    }

    fn check_sender(_: &Site, _: Option<&Account>, _: &ReversePath) -> Result<(), Reply> {
        Ok(())
    }

    fn route(site: &Site, forward_path: &ForwardPath) -> Result<Routed, Reply> {
        match site.directory.route(forward_path) {
            Route::Local(accounts) => Ok(Routed::Here(accounts)),
            Route::Unknown => Err(no_such_user()),
            Route::Elsewhere => Err(Reply::new(550, (5, 7, 1), "Relaying denied")),
        }
    }

    fn header(_: &Site) -> Header {
        Header::Passing(Scanner::new())
    }
}

/// What a sender to an unknown local user is told.
pub(super) fn no_such_user() -> Reply {
    Reply::new(550, (5, 1, 1), "No such user here")
}
