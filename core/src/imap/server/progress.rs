//! INPROGRESS: that a long command is still under way (RFC 9585).

use super::connection::Connection;
use super::ok;
use crate::imap::{Code, InProgress};
use crate::machine::Instant;
use core::num::NonZeroU32;

/// When a client was last told how far a command has come.
#[derive(Debug)]
pub(super) struct Progress {
    told: Instant,
}

impl Progress {
    /// A command that begins now.
    pub(super) const fn new(now: Instant) -> Self {
        Self { told: now }
    }

    /// Tells how much is done if that was not told for a while. No response may be half written.
    pub(super) fn tell(&mut self, connection: &mut Connection, done: u32, goal: u32) {
        if connection.now < self.told + connection.limits().imap_progress {
            return;
        }
        self.told = connection.now;
        // RFC 9585 §4: less than the goal is done.
        let progress = Some(done).filter(|done| *done < goal);
        let in_progress = connection.tag.clone().map(|tag| InProgress {
            tag,
            progress,
            goal: NonZeroU32::new(goal),
        });
        connection.respond(ok("Still at it").with_code(Code::InProgress(in_progress)));
    }
}
