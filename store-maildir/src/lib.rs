//! Postroad's message store on a file system: Maildir++, durable before it is acknowledged.
//!
//! [`Maildirs`] is a root folder with an account's mail in `<root>/<domain>/<local-part>/`, which
//! is a Maildir and the account's INBOX; `.Folder.Sub` inside are its other mailboxes, their names
//! in modified UTF-7. [`Maildirs::session`] gives each session its
//! [`Store`](postroad_core::store::Store). Other programs may deliver into these folders, read and
//! change them meanwhile.
//!
//! ```
//! use postroad_core::entropy::Entropy;
//! use postroad_core::machine::Instant;
//! use postroad_core::store::{Account, Answer, Request, Store};
//! use postroad_store_maildir::{Maildirs, Options};
//!
//! # let folder = std::env::temp_dir().join(format!("postroad-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! let options = Options::new("mx.example.org");
//! let account = Account::parse("alice@example.org").unwrap();
//! let maildirs = Maildirs::new(folder.clone(), Entropy::from_seed([7; 32]), options);
//! let mut session = maildirs.session();
//! let list = Request::List { account };
//! let answer = session.perform(Instant::from_seconds(1_790_000_000), list, b"", &mut Vec::new());
//! assert!(matches!(answer, Answer::Mailboxes(listed) if listed.len() == 6));
//! # std::fs::remove_dir_all(&folder).unwrap();
//! ```
//!
//! # What is where
//! | file | in | what |
//! |---|---|---|
//! | `cur` `new` `tmp` | each folder | Maildir |
//! | `postroad-uids` | each folder | UIDs, UIDVALIDITY: append-only, checksummed text |
//! | `postroad-index` | each folder | what is in memory of it, so that it is there at once |
//! | `postroad-cache` | each folder | summaries of messages |
//! | `dovecot-keywords` | each folder | the keywords that the letters `a` to `z` stand for |
//! | `maildirfolder` | each folder but INBOX | Maildir++'s mark |
//! | `subscriptions` | account | subscribed names, a line each |
//! | `postroad-special-uses` | account | special uses, a line each |
//! | `dovecot-acl` | both | who may do what (RFC 4314), as Dovecot's `vfile` has it |
//! | `postroad-metadata` | both | annotations (RFC 5464), a line each |
//! | `postroad-metadata-account` | account | annotations of the account itself |
//! | `postroad-shares` | store | who shares with whom; made anew if it is removed |
//! | `postroad-uidvalidity` | account | the last UIDVALIDITY that a mailbox got |
//! | `maildirsize` | account | Maildir++'s sums of octets and messages, where there is a quota |
//! | `postroad-unique-ids` | each folder | how POP3's unique-ids are written, if Dovecot gave them |
//! | `*.lock` | both | files for `flock`; that they exist means nothing |
//!
//! [`Spool`] is a folder of its own: `<id>.eml` is a message that waits, `<id>.log` what was noted of
//! it. [`Spool::session`] gives each session its spool.
//!
//! # How nothing is lost
//! Content goes to `tmp` and is synced; then it gets its name in `new` or `cur`; the folder is
//! synced; where a UID is to be told, the map gets it and is synced; then the store answers. A
//! request that fails takes its steps back. A sync that failed is never repeated on the same file.
//!
//! Those who file messages in one mailbox at the same time share the syncs of its folders and of its
//! map, and their failure. The mailbox is not locked while a folder is synced for them: a message is in
//! nobody's sight until then. A mailbox that is renamed or removed meanwhile takes along only those that
//! have their UIDs. Changes of flags and removals share nothing: each syncs the folders for itself, and
//! the mailbox is locked until it has, for what it has renamed is in everybody's sight.
//!
//! A folder that is removed under a session's feet is gone for it: `NoMailbox`, and `Gone` once it asks
//! for news. An account that is removed is made again when somebody asks for it. No UIDVALIDITY is given
//! twice to an account, as long as its `postroad-uidvalidity` is there, or the process.
//!
//! # Two hosts on one store
//! Several hosts may share the folders, over NFS version 4 or another file system on which `flock` keeps
//! out other hosts (Linux forwards it as a lock of the file's octets). Each needs a
//! [host name](Options::host) and an entropy of its own.
//!
//! - Names of messages carry the host's name, and a random word or the queue id: they never collide.
//! - A message comes into `new` or `cur` by `link`; if the answer is lost and the repetition says
//!   `EEXIST`, the name was given if both names are one file. Likewise a rename that says `ENOENT` was
//!   made if the new name is there. Any other answer that is lost fails the request, which takes its
//!   steps back; what it may leave in `tmp` goes after 36 hours.
//! - UIDs are given under a lock, after the map was opened anew, for only then NFS asks the server what
//!   it is like. So no UID is given twice, and each host sees what the others have given.
//! - Flags: the last one who renames a file wins; the other finds it again and repeats its change.
//! - How a folder looks may be remembered by NFS for some seconds (`acdirmax`): so late may be what other
//!   hosts have changed. Only the host that has `postroad-index.lock` keeps the index.
//!
//! Not relied on: dot-locks, `O_EXCL`, notice of other hosts' changes (inotify tells none), and clocks
//! that agree. A queue id may be delivered once by each host: a queue belongs to one.

mod account;
mod acl;
mod annotations;
mod berth;
mod busy;
mod cache;
mod content;
mod dovecot;
mod draft;
mod files;
mod index;
mod mailbox;
mod name;
mod observed;
mod quota;
mod recent_ids;
mod session;
mod shared;
mod shares;
mod spool;
mod syncs;
mod texts;
mod uid_map;
mod undo;
mod verify;
mod watch;

#[cfg(test)]
mod altered;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod tests;

pub use files::{
    CountingFiles, Errno, Fault, File, Files, Lock, RealFiles, Result, SimulatedFiles, Stat,
};
pub use session::Session;
pub use spool::{Damaged, Spool, SpoolReader, SpoolSession};
pub use verify::{Finding, Problem};
pub use watch::Watcher;

use account::Home;
use postroad_core::entropy::Entropy;
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Allowances, Failure};
use shared::Shared;
use std::path::PathBuf;
use std::sync::Arc;

/// Every account's mail below one folder. Clones share it, also across threads.
#[derive(Clone)]
pub struct Maildirs {
    shared: Arc<Shared>,
}

/// How a [`Maildirs`] behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Limits of names, keywords and message structure.
    pub limits: Limits,
    /// This host's name, as it stands in the names of message files.
    pub host: String,
    /// Whether a new account gets its special-use mailboxes and is subscribed to them.
    pub provision: bool,
    /// Octets of the file system that no new message may touch.
    pub reserve: u64,
}

impl Options {
    /// The default limits, special-use mailboxes for new accounts, and no reserve.
    #[must_use]
    pub fn new(host: &str) -> Self {
        // Nothing in it may end the host's part of a file name (qmail's rule for maildirs).
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        Self {
            limits: Limits::default(),
            host: host.chars().map(|c| if plain(c) { c } else { '_' }).collect(),
            provision: true,
            reserve: 0,
        }
    }
}

impl Maildirs {
    /// The mail below `root`, which must exist. `entropy` must never have been used for it before.
    #[must_use]
    pub fn new(root: PathBuf, entropy: Entropy, options: Options) -> Self {
        Self::with_files(root, entropy, options, Arc::new(RealFiles))
    }

    /// The same on another file system.
    #[must_use]
    pub fn with_files(
        root: PathBuf,
        entropy: Entropy,
        options: Options,
        files: Arc<dyn Files>,
    ) -> Self {
        let shared = Arc::new(Shared::new(root, files, entropy, options));
        Self { shared }
    }

    /// A handle for one session.
    #[must_use]
    pub fn session(&self) -> Session {
        Session::new(&self.shared)
    }

    /// What accounts may have from now on; without limits, if nobody has said.
    pub fn set_allowances(&self, allowances: Allowances) {
        *shared::lock(&self.shared.allowances) = allowances;
    }

    /// Gives an account its special-use mailboxes, and subscribes it to them and to INBOX. What
    /// exists is left as it is.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn provision(&self, now: Instant, account: &Account) -> std::result::Result<(), Failure> {
        Home::open(&self.shared, account, now)?.provision(now)
    }

    /// Looks through an account, telling what is not as it should be, and repairs what is only kept for
    /// speed if that is wanted; how many messages were read.
    ///
    /// # Errors
    /// If a folder can't be read.
    pub fn verify(
        &self,
        now: Instant,
        account: &Account,
        repair: bool,
        tell: &mut dyn FnMut(Finding),
    ) -> std::result::Result<u64, Failure> {
        let home = Home::open(&self.shared, account, now)?;
        verify::Inspection::new(&home, now, repair, tell).run()
    }

    /// Notes all that is known of the mailboxes in memory, so that it is believed even after the machine
    /// was off: to be called at the end.
    pub fn settle(&self) {
        self.shared.settle();
    }

    /// Notices what other programs do from now on.
    ///
    /// # Errors
    /// If the kernel has no inotify to give.
    pub fn watcher(&self) -> std::io::Result<Watcher> {
        Ok(Watcher::new(&self.shared)?)
    }
}
