//! The doors of a role that are simply those of the protocol session inside, its `server`; each
//! leaves word of the time in `now`.

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

pub(super) use {machine_doors, session_doors};
