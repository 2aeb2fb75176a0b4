//! ENABLE (RFC 5161): what a client wants to hear only after it has said so.

use super::connection::Connection;
use super::dispatch::Begun;
use super::ok;
use crate::imap::{Capability, Encoding, Response};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What the client has enabled. It lasts as long as the login.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Enabled {
    /// IMAP4rev2 (RFC 9051 §6.3.1).
    pub(super) rev2: bool,
    /// UTF8=ACCEPT (RFC 6855 §3).
    pub(super) utf8: bool,
    /// CONDSTORE, also by a command that speaks of mod-sequences (RFC 7162 §3.1).
    pub(super) condstore: bool,
    /// QRESYNC (RFC 7162 §3.2.3).
    pub(super) qresync: bool,
    /// UIDONLY (RFC 9586 §3).
    pub(super) uid_only: bool,
}

impl Connection {
    /// RFC 5161 §3.1: what cannot be enabled is passed over.
    pub(super) fn enable(&mut self, names: &[String]) -> Begun {
        let offered = self.capabilities();
        let mut enabled = Vec::new();
        for name in names {
            let is_meant = |it: &&Capability| it.to_string().eq_ignore_ascii_case(name);
            let Some(capability) = offered.iter().find(is_meant) else {
                continue;
            };
            if self.enabled.take(capability) {
                enabled.push(capability.clone());
            }
        }
        if self.enabled.rev2 || self.enabled.utf8 {
            self.set_encoding(Encoding::Utf8);
        }
        self.respond(Response::Enabled(enabled));
        Err(ok("ENABLE completed"))
    }
}

impl Enabled {
    /// Enables a capability; whether it is one that can be.
    fn take(&mut self, capability: &Capability) -> bool {
        match capability {
            Capability::Imap4Rev2 => self.rev2 = true,
            Capability::Utf8Accept => self.utf8 = true,
            Capability::CondStore => self.condstore = true,
            Capability::Qresync => {
                // RFC 7162 §3.2.3
                self.qresync = true;
                self.condstore = true;
            }
            Capability::UidOnly => self.uid_only = true,
            _ => return false,
        }
        true
    }
}
