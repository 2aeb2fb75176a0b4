//! News from the file system: other programs deliver into our mailboxes, too.

use crate::clock;
use crate::host::Log;
use crate::session::{Call, Inbox};
use crate::shutdown::Shutdown;
use postroad_core::role::Report;
use postroad_store_maildir::{Maildirs, Watcher};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;
use std::sync::Arc;
use std::thread;

/// Begins to wake sessions when another program changes the mailbox that they watch.
pub(crate) fn start(maildirs: &Maildirs, shutdown: &Shutdown, log: Log) -> io::Result<()> {
    let mut watcher = maildirs.watcher()?;
    let inbox = Arc::new(Inbox::new()?);
    let member = shutdown.join(inbox.clone());
    thread::Builder::new().name("watch".into()).stack_size(64 * 1024).spawn(move || {
        let _member = member;
        if let Err(error) = run(&mut watcher, &inbox) {
            log(clock::now(), &Report::new("watch-failed").with("reason", error));
        }
    })?;
    Ok(())
}

fn run(watcher: &mut Watcher, inbox: &Inbox) -> io::Result<()> {
    loop {
        let mut fds = [PollFd::new(watcher, PollFlags::IN), PollFd::new(inbox, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if inbox.take().any(|call| call == Call::Shutdown) {
            return Ok(());
        }
        watcher.read()?;
    }
}
