//! The submission agent (RFC 6409, 8314): takes mail from users.

use super::directory::Route;
use super::intake::{Header, Intake, Policy, Routed};
use super::mta::no_such_user;
use super::{Peer, Site};
use crate::address::{ForwardPath, ReversePath};
use crate::message::submission;
use crate::sasl::Mechanism;
use crate::smtp::{Extension, Protocol, Reply};
use crate::store::Account;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// A submission agent: an SMTP server that serves users alone, completes their mail, and lets them
/// send as nobody else.
pub type Submission = Intake<Submitting>;

/// The mechanisms that are offered: those that need no more than a password.
pub(super) const MECHANISMS: [Mechanism; 4] =
    [Mechanism::ScramSha256Plus, Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login];

/// What a submission agent does about a message.
#[derive(Debug)]
pub enum Submitting {}

impl Policy for Submitting {
    const PROTOCOL: Protocol = Protocol::Smtp;

    /// Everything but BINARYMIME, since the store keeps lines; ETRN if that of users is heeded.
    fn extensions(site: &Site, peer: Peer) -> Vec<Extension> {
        let mut extensions = Extension::defaults();
        extensions.retain(|it| !matches!(it, Extension::Auth(_) | Extension::BinaryMime));
        let auth = vec![Extension::Auth(MECHANISMS.to_vec())];
        extensions.splice(3..3, auth);
        if site.heeds_etrn(peer, true) {
            extensions.push(Extension::Etrn);
        }
        extensions
    }

    fn check_sender(
        site: &Site,
        login: Option<&Account>,
        reverse_path: &ReversePath,
    ) -> Result<(), Reply> {
        // RFC 6409 §4.3
        let login = login.ok_or(Reply::new(530, (5, 7, 0), "Authentication required"))?;
        match reverse_path {
            // RFC 8098 §3: a receipt goes out under the null reverse-path.
            ReversePath::Null => Ok(()),
            ReversePath::Mailbox(mailbox) if site.directory.may_send_as(login, mailbox) => Ok(()),
            ReversePath::Mailbox(mailbox) => {
                let text = format!("<{mailbox}> is not an address of yours");
                Err(Reply::new(553, (5, 7, 1), text))
            }
        }
    }

    fn route(site: &Site, forward_path: &ForwardPath) -> Result<Routed, Reply> {
        match site.directory.route(forward_path) {
            Route::Local(accounts) => Ok(Routed::Here(accounts)),
            Route::Unknown => Err(no_such_user()),
            Route::Elsewhere => match site.destination(forward_path) {
                Some(_) => Ok(Routed::Elsewhere),
                None => Err(Reply::new(550, (5, 1, 2), "There is no way to such an address")),
            },
        }
    }

    fn header(site: &Site) -> Header {
        Header::Submitted(submission::Header::new(&site.config.limits).into())
    }
}
