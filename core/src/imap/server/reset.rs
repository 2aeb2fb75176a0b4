//! COMPRESS and UNAUTHENTICATE (RFC 4978, RFC 8437): what changes about the connection itself.

use super::connection::{Compression, Connection, Phase, confused, out_of_place};
use super::dispatch::{Begun, NEEDS_LOGIN};
use super::task::{Manner, Step, Task, Told};
use super::{bad, no, ok};
use crate::imap::{Code, Status, Tag};
use crate::machine::Deflate;
use crate::store::Request;

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
        match self.phase {
            Phase::Selected(..) => Ok((Manner::FREE, Task::Unauthenticate(Unauthenticating))),
            _ => Err(self.leave()),
        }
    }

    /// Undoes the login, once no mailbox is open.
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

/// UNAUTHENTICATE under way in a mailbox, which is closed; nothing is expunged.
#[derive(Debug)]
pub(super) struct Unauthenticating;

impl Unauthenticating {
    pub(super) fn step(connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Room => Step::Ask(Request::Close),
            _ => Step::Done(connection.leave()),
        }
    }
}
