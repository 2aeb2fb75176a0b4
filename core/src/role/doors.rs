//! The doors of a role that are simply those of the protocol session inside, its `server`, and those
//! of a role without a peer; each leaves word of the time in `now`.

/// Of [`Machine`](crate::machine::Machine): all but `handle` and `poll`.
macro_rules! machine_doors {
    () => {
        fn handle_timeout(&mut self, now: $crate::machine::Instant) {
            self.now = now;
            self.server.handle_timeout(now);
        }

        fn handle_shutdown(&mut self, now: $crate::machine::Instant) {
            self.now = now;
            self.server.handle_shutdown(now);
        }

        fn poll_timeout(&self) -> Option<$crate::machine::Instant> {
            self.server.poll_timeout()
        }
    };
}

/// Of [`Session`](crate::machine::Session): all but `handle_tls`, `content` and `handle_content`.
macro_rules! session_doors {
    () => {
        fn handle_bytes(&mut self, now: $crate::machine::Instant, bytes: &[u8]) {
            self.now = now;
            self.server.handle_bytes(now, bytes);
        }

        fn handle_eof(&mut self, now: $crate::machine::Instant) {
            self.now = now;
            self.server.handle_eof(now);
        }

        fn transmit(&self) -> &[u8] {
            self.server.transmit()
        }

        fn transmitted(&mut self, count: usize) {
            self.server.transmitted(count);
        }

        fn wants(&self) -> $crate::machine::Wants {
            self.server.wants()
        }
    };
}

/// Octets that a role without a peer reads from the spool at a time.
pub(super) const SLICE: usize = 64 * 1024;

/// Of a role without a peer, [`Machine`](crate::machine::Machine)'s: all but `handle` and `poll`. It
/// is `ending` once it is to start nothing more.
macro_rules! worker_machine_doors {
    () => {
        fn handle_timeout(&mut self, now: $crate::machine::Instant) {
            self.now = now;
        }

        fn handle_shutdown(&mut self, now: $crate::machine::Instant) {
            self.now = now;
            self.ending = true;
        }

        fn poll_timeout(&self) -> Option<$crate::machine::Instant> {
            None
        }
    };
}

/// Of a role without a peer, [`Session`](crate::machine::Session)'s: all. What it reads comes into
/// its `octets`, and what it writes is lent from there; it wants nothing until its stage is `Over`.
macro_rules! worker_session_doors {
    () => {
        fn handle_bytes(&mut self, _: $crate::machine::Instant, _: &[u8]) {}

        fn handle_eof(&mut self, _: $crate::machine::Instant) {}

        fn handle_tls(
            &mut self,
            _: $crate::machine::Instant,
            _: Result<$crate::machine::Tls, $crate::machine::TlsFailed>,
        ) {
        }

        fn transmit(&self) -> &[u8] {
            &[]
        }

        fn transmitted(&mut self, _: usize) {}

        fn wants(&self) -> $crate::machine::Wants {
            match self.stage {
                Stage::Over => $crate::machine::Wants::Close,
                _ => $crate::machine::Wants::Nothing,
            }
        }

        fn content(&self) -> &[u8] {
            &self.octets
        }

        fn handle_content(
            &mut self,
            now: $crate::machine::Instant,
            ticket: $crate::machine::Ticket,
            bytes: &[u8],
        ) {
            self.now = now;
            if self.tickets.outstanding() == Some(ticket) {
                self.octets.extend_from_slice(bytes);
            }
        }
    };
}

pub(super) use {machine_doors, session_doors, worker_machine_doors, worker_session_doors};
