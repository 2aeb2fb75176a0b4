//! Signals, as a stream that the main thread reads.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGHUP.
    Reload,
    /// SIGTERM or SIGINT.
    End,
}

/// The signals to come.
pub struct Signals {
    reload: UnixStream,
    end: UnixStream,
}

impl Signals {
    /// From now on signals are kept for [`next`](Self::next).
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn new() -> io::Result<Self> {
        let (reload, from_hup) = UnixStream::pair()?;
        let (end, from_end) = UnixStream::pair()?;
        pipe::register(SIGHUP, from_hup)?;
        pipe::register(SIGTERM, from_end.try_clone()?)?;
        pipe::register(SIGINT, from_end)?;
        Ok(Self { reload, end })
    }

    /// Waits for a signal.
    ///
    /// # Errors
    /// If the system fails.
    pub fn next(&mut self) -> io::Result<Signal> {
        use rustix::event::{PollFd, PollFlags, poll};
        loop {
            let mut fds =
                [PollFd::new(&self.end, PollFlags::IN), PollFd::new(&self.reload, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [ended, reloading] = fds.map(|fd| !fd.revents().is_empty());
            if ended {
                return Ok(Signal::End);
            }
            if reloading {
                // Several that came at once are one.
                let _ = self.reload.read(&mut [0; 64])?;
                return Ok(Signal::Reload);
            }
        }
    }
}
