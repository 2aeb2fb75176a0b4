use crate::scratch::Scratch;
use crate::{Maildirs, Options, Session};
use postroad_core::entropy::Entropy;
use postroad_core::machine::Instant;
use postroad_core::store::Account;
use postroad_core::store::suite::Bed;

postroad_core::store_suite!(Folder::new());

/// A fresh root.
pub(crate) struct Folder {
    maildirs: Maildirs,
    pub(crate) scratch: Scratch,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        let options = Options { provision: false, ..Options::new("mx.example.org") };
        let root = scratch.path().to_owned();
        let maildirs = Maildirs::new(root, Entropy::from_seed([1; 32]), options);
        Self { maildirs, scratch }
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
}
