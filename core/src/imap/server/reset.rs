//! COMPRESS and UNAUTHENTICATE (RFC 4978, RFC 8437): what changes about the connection itself.

use super::connection::{Compression, Connection, Phase, confused, out_of_place};
use super::dispatch::{Begun, NEEDS_LOGIN};
use super::task::{Manner, Step, Task};
use super::{bad, no, ok};
use crate::imap::{Code, Status, Tag};
use crate::machine::Deflate;
use crate::store::Request;
use alloc::vec;
use alloc::vec::Vec;

impl Connection {
    pub(super) fn offers_compress(&self) -> bool {
        self.config.compress && matches!(self.compression, Compression::Off)
    }

    /// RFC 4978 §3. What the client has sent behind the command is compressed.
    pub(super) fn compress(&mut self, tag: Tag) {
        let refusal = match self.compression {
            _ if self.account().is_none() => out_of_place(NEEDS_LOGIN),
            _ if !self.config.compress => bad("COMPRESS is not available"),
            Compression::Off => {
                self.finish(tag, ok("DEFLATE active"));
                self.compression = Compression::Due(Deflate::Begin);
                return;
            }
            Compression::On | Compression::Due(_) => {
                no("COMPRESS has made DEFLATE active").with_code(Code::CompressionActive)
            }
        };
        self.finish(tag, refusal);
    }

    /// RFC 8437 §3.
    pub(super) fn unauthenticate(&mut self) -> Begun {
        if !self.config.unauthenticate {
            return Err(bad("UNAUTHENTICATE is not available"));
        }
        let mut requests = Vec::new();
        if matches!(self.phase, Phase::Selected(..)) {
            requests.push(Request::Close);
        }
        if self.notifications.is_active() {
            requests.extend([Request::Observe { account: None }, Request::Watch(false)]);
        }
        if requests.is_empty() {
            return Err(self.leave());
        }
        let requests = requests.into_iter();
        Ok((Manner::FREE, Task::Unauthenticate(Unauthenticating { requests })))
    }

    /// Undoes the login, once no mailbox is open and nothing is observed.
    fn leave(&mut self) -> Status {
        if self.compression == Compression::On {
            if !self.inbox.is_empty() {
                // RFC 8437 §4.1: behind this command nothing of the client's is compressed.
                self.bye("Something follows UNAUTHENTICATE and is compressed");
                return confused();
            }
            self.compression = Compression::Due(Deflate::End);
        }
        self.forget_login();
        ok("UNAUTHENTICATE completed").with_code(Code::Capability(self.capabilities()))
    }
}

/// UNAUTHENTICATE under way: the mailbox is closed, nothing is expunged, and nothing is told any more.
#[derive(Debug)]
pub(super) struct Unauthenticating {
    requests: vec::IntoIter<Request>,
}

impl Unauthenticating {
    pub(super) fn step(&mut self, connection: &mut Connection) -> Step {
        match self.requests.next() {
            Some(request) => Step::Ask(request),
            None => Step::Done(connection.leave()),
        }
    }
}
