//! ENABLE (RFC 5161): what a client wants to hear only after it has said so.

use super::connection::Connection;
use super::dispatch::Begun;
use super::ok;
use crate::imap::{Capability, Code, Encoding, FetchResponse, Response};
use crate::store::{Flags, Uid};
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
        let asks_modseq =
            |it: &Capability| matches!(it, Capability::CondStore | Capability::Qresync);
        if enabled.iter().any(asks_modseq) {
            self.enable_condstore();
        }
        if self.enabled.rev2 || self.enabled.utf8 {
            self.set_encoding(Encoding::Utf8);
        }
        self.respond(Response::Enabled(enabled));
        Err(ok("ENABLE completed"))
    }

    /// Takes in that the client speaks of mod-sequences: ENABLE, SELECT with CONDSTORE or QRESYNC,
    /// STATUS of HIGHESTMODSEQ, FETCH of MODSEQ or with CHANGEDSINCE, STORE with UNCHANGEDSINCE,
    /// SEARCH by MODSEQ (RFC 7162 §3.1).
    pub(super) fn enable_condstore(&mut self) {
        if core::mem::replace(&mut self.enabled.condstore, true) {
            return;
        }
        if let Some(selected) = self.selected() {
            let modseq = selected.view.known_modseq();
            self.respond(ok("Highest mod-sequence").with_code(Code::HighestModSeq(modseq)));
        }
    }
}

impl Enabled {
    /// Whether messages that are gone are told by UID (RFC 7162 §3.2.10, RFC 9586 §3.2).
    pub(super) const fn says_vanished(self) -> bool {
        self.qresync || self.uid_only
    }

    /// The flags of a message as the client is told them: RFC 9051, appendix E has no `\Recent`.
    pub(super) fn shown(self, flags: Flags) -> Flags {
        if self.rev2 { flags - Flags::RECENT } else { flags }
    }

    /// Begins the response of FETCH for a message.
    pub(super) fn begin_fetch(self, out: &mut Vec<u8>, sequence: u32, uid: Uid) -> FetchResponse {
        match self.uid_only {
            true => FetchResponse::begin_uid(out, uid),
            false => FetchResponse::begin(out, sequence),
        }
    }

    /// Enables a capability; whether it is one that can be.
    fn take(&mut self, capability: &Capability) -> bool {
        match capability {
            Capability::Imap4Rev2 => self.rev2 = true,
            Capability::Utf8Accept => self.utf8 = true,
            // Each brings CONDSTORE (RFC 7162 §3.2.3), by `enable_condstore`.
            Capability::CondStore => {}
            Capability::Qresync => self.qresync = true,
            Capability::UidOnly => self.uid_only = true,
            _ => return false,
        }
        true
    }
}
