mod crash;
mod faults;
mod foreign;
mod full;
mod groups;
mod growth;
mod history;
mod hosts;
mod index;
mod machine;
mod meanwhile;
mod model;
mod power_cut;
mod shares;
mod snapshot;
mod threads;
mod trees;
mod watch;

use crate::scratch::Scratch;
use crate::{Files, Maildirs, Options, RealFiles, Session};
use postroad_core::entropy::Entropy;
use postroad_core::machine::Instant;
use postroad_core::store::suite::{Bed, Desk, account, name};
use postroad_core::store::{
    Account, Allowances, Answer, Copied, Flags, Originals, Request, Uid, UidSet,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

postroad_core::store_suite!(Folder::new());

/// A fresh root.
pub(crate) struct Folder {
    pub(crate) maildirs: Maildirs,
    pub(crate) scratch: Scratch,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        let maildirs = maildirs(&scratch, Arc::new(RealFiles));
        Self { maildirs, scratch }
    }

    /// The same folder after a restart, or in another process.
    fn restarted(&self) -> Maildirs {
        maildirs(&self.scratch, Arc::new(RealFiles))
    }
}

/// A store in `scratch`.
fn maildirs(scratch: &Scratch, files: Arc<dyn Files>) -> Maildirs {
    // No two of a test run may draw the same names.
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&STARTED.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let entropy = Entropy::from_seed(seed);
    let options = Options { provision: false, ..Options::new("mx.example.org") };
    Maildirs::with_files(scratch.path().to_owned(), entropy, options, files)
}

/// A request to move every message of the open mailbox.
fn moving(to: &str) -> Request {
    Request::Copy {
        uids: UidSet::range(Uid::MIN, Uid::MAX),
        account: account(),
        to: name(to),
        flags: Flags::ALL,
        originals: Originals::Go,
    }
}

/// Moves every message of the open mailbox.
#[track_caller]
fn move_all(desk: &mut Desk<Session>, to: &str) -> Copied {
    match desk.ask(moving(to)) {
        Answer::Copied(copied) => copied,
        other => panic!("not moved: {other:?}"),
    }
}

impl Bed for Maildirs {
    type Store = Session;

    fn session(&self) -> Session {
        Self::session(self)
    }

    fn provision(&self, now: Instant, account: &Account) {
        Self::provision(self, now, account).unwrap();
    }

    fn set_allowances(&self, allowances: Allowances) {
        Self::set_allowances(self, allowances);
    }
}

impl Bed for Folder {
    type Store = Session;

    fn session(&self) -> Session {
        self.maildirs.session()
    }

    fn provision(&self, now: Instant, account: &Account) {
        self.maildirs.provision(now, account).unwrap();
    }

    fn set_allowances(&self, allowances: Allowances) {
        self.maildirs.set_allowances(allowances);
    }
}

/// A root serves any number of threads, and a session may go from one to another.
#[test]
fn the_store_crosses_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Maildirs>();
    sent::<Session>();
    sent::<crate::Watcher>();
}

/// The present, as the file system sees it. The checks' own time lies years ahead, so that the
/// times of folders have always settled.
pub(crate) fn present(scratch: &Scratch) -> Instant {
    let path = scratch.path().join("now");
    RealFiles.append(&path).unwrap().write(b"x").unwrap();
    let seconds = RealFiles.stat(&path).unwrap().modified.0;
    Instant::from_seconds(seconds.unsigned_abs())
}
