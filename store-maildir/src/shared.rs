//! What all sessions on one root share: the mailboxes in use, and their locks.

use crate::Options;
use crate::berth::{Berth, Slot};
use crate::busy::Busy;
use crate::files::{Errno, Files, Stat, failed, read_whole, repeated};
use crate::observed::Observed;
use crate::watch::Watches;
use postroad_core::entropy::Entropy;
use postroad_core::machine::Instant;
use postroad_core::store::{Allowances, Failure};
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What all sessions on one root share.
pub(crate) struct Shared {
    common: Arc<Common>,
    pub(crate) watches: Watches,
    /// Who observes which account.
    pub(crate) observed: Observed,
    /// What accounts may have.
    pub(crate) allowances: Mutex<Allowances>,
    /// Deliveries under way, by folder and queue id.
    pub(crate) deliveries: Busy<(PathBuf, String)>,
    slots: Mutex<HashMap<PathBuf, Slot>>,
}

/// What mailboxes need of it.
pub(crate) struct Common {
    pub(crate) root: PathBuf,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) options: Options,
    /// Which boot of the machine this is.
    pub(crate) boot: [u8; 16],
    entropy: Mutex<Entropy>,
    /// The last UIDVALIDITY of each account, for its folder may be removed.
    validities: Mutex<HashMap<PathBuf, u32>>,
    /// The inodes of UID maps whose end could not be synced: it can be read, but a crash may take it
    /// away. This is known longer than a mailbox is in memory.
    doubtful_maps: Mutex<HashSet<u64>>,
}

/// Mailboxes kept in memory that no session has open.
const IDLE_MAILBOXES: usize = 64;

/// The account's file with the last UIDVALIDITY that was given to a mailbox of it.
const UID_VALIDITY: &str = "postroad-uidvalidity";

/// The kernel's name for what lasts until the machine is started again.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

fn boot(files: &dyn Files) -> Option<[u8; 16]> {
    let text = read_whole(files, Path::new(BOOT)).ok()?;
    let digits: Vec<u8> = text.into_iter().filter(u8::is_ascii_hexdigit).collect();
    let (pairs, _) = digits.as_chunks::<2>();
    let octet = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(octet).collect::<Option<Vec<u8>>>()?.try_into().ok()
}

/// Locks, also after a panic elsewhere: what is guarded here is a copy of what the disk says.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(
        root: PathBuf,
        files: Arc<dyn Files>,
        mut entropy: Entropy,
        options: Options,
    ) -> Self {
        let boot = boot(&*files).unwrap_or_else(|| {
            // What is not known is never the same.
            let mut unique = [0; 16];
            entropy.fill(&mut unique);
            unique
        });
        let entropy = Mutex::new(entropy);
        let validities = Mutex::default();
        let doubtful_maps = Mutex::default();
        let common = Common { root, files, options, boot, entropy, validities, doubtful_maps };
        Self {
            common: Arc::new(common),
            watches: Watches::default(),
            allowances: Mutex::default(),
            observed: Observed::default(),
            deliveries: Busy::default(),
            slots: Mutex::default(),
        }
    }

    /// What mailboxes need.
    pub(crate) const fn common(&self) -> &Arc<Common> {
        &self.common
    }

    /// The slot of the mailbox in `folder`.
    pub(crate) fn slot(&self, folder: &Path) -> Slot {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.get(folder) {
            return slot.clone();
        }
        let mut idle: Vec<(PathBuf, Slot)> = Vec::new();
        if slots.len() >= IDLE_MAILBOXES {
            let unused = slots.iter().filter(|(_, slot)| Arc::strong_count(slot) == 1);
            idle.extend(unused.map(|(folder, slot)| (folder.clone(), slot.clone())));
        }
        let slot = slots.entry(folder.into());
        let slot = slot.or_insert_with(|| Arc::new(Berth::new(&self.files, folder))).clone();
        drop(slots);
        for (folder, slot) in idle {
            self.retire(&folder, &slot);
        }
        slot
    }

    /// Takes a mailbox out of memory if nobody else uses it. Whoever comes meanwhile waits until it has
    /// noted what it has to, and loads it again.
    fn retire(&self, folder: &Path, slot: &Slot) {
        // The table's and the caller's.
        let is_unused = || Arc::strong_count(slot) == 2;
        let mut mailbox = slot.lock();
        if is_unused() {
            drop(mailbox.take());
        }
        drop(mailbox);
        let mut slots = lock(&self.slots);
        let is_there = slots.get(folder).is_some_and(|there| Arc::ptr_eq(there, slot));
        if is_there && is_unused() && slot.lock().is_none() {
            slots.remove(folder);
        }
    }

    /// The slot of the mailbox in `folder`, if it has one.
    pub(crate) fn loaded(&self, folder: &Path) -> Option<Slot> {
        lock(&self.slots).get(folder).cloned()
    }

    /// Has all that is known of the mailboxes in memory noted.
    pub(crate) fn settle(&self) {
        let slots: Vec<Slot> = lock(&self.slots).values().cloned().collect();
        for slot in slots {
            if let Some(mailbox) = &mut *slot.lock() {
                mailbox.note_for_good();
            }
        }
    }

    /// Whether this is the place of the mailbox in `folder`.
    pub(crate) fn is_slot(&self, folder: &Path, slot: &Slot) -> bool {
        lock(&self.slots).get(folder).is_some_and(|there| Arc::ptr_eq(there, slot))
    }

    /// Takes `slot` out, unless another has taken its place.
    pub(crate) fn forget(&self, folder: &Path, slot: &Slot) {
        let mut slots = lock(&self.slots);
        if slots.get(folder).is_some_and(|other| Arc::ptr_eq(other, slot)) {
            slots.remove(folder);
        }
    }
}

impl Deref for Shared {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

impl Common {
    /// A word that no file name has had before.
    pub(crate) fn unique(&self) -> String {
        lock(&self.entropy).token(16)
    }

    /// Nothing that this UID map says of late is safe, until it is another file.
    pub(crate) fn doubt(&self, map: Stat) {
        lock(&self.doubtful_maps).insert(map.inode);
    }

    /// Whether a UID map has to be written anew before what it says is shown.
    pub(crate) fn is_doubtful(&self, map: Stat) -> bool {
        lock(&self.doubtful_maps).contains(&map.inode)
    }

    /// Writes a file anew; whoever reads it sees the old text or the new one, before and after a
    /// crash, and the old one if this fails. `folder` is a mailbox's.
    pub(crate) fn replace(&self, folder: &Path, name: &str, text: &[u8]) -> Result<(), Failure> {
        let files = &*self.files;
        let path = folder.join(name);
        let [spare, old] = [0; 2].map(|_| folder.join("tmp").join(self.unique()));
        let kept = files.link(&path, &old);
        let mut renamed = false;
        let mut write = || {
            let mut file = files.create(&spare)?;
            file.write(text)?;
            file.sync()?;
            repeated::replace(files, &spare, &path, file.stat()?.inode)?;
            renamed = true;
            files.sync_folder(folder)
        };
        let written = write();
        let _ = match kept {
            Ok(()) if written.is_err() && renamed => files.rename(&old, &path),
            Ok(()) => files.remove(&old),
            Err(Errno::NOENT) if written.is_err() && renamed => files.remove(&path),
            // Where the old text could not be kept, the new one is all that there is.
            Err(_) => Ok(()),
        };
        if !renamed {
            let _ = files.remove(&spare);
        }
        written.map_err(failed(&path))
    }

    /// A UIDVALIDITY that no mailbox of the account has had, so that none can be taken for an
    /// earlier one of its name (RFC 3501 §2.3.1.1).
    pub(crate) fn fresh_uid_validity(&self, account: &Path, now: Instant) -> Result<u32, Failure> {
        let lock_file = account.join("postroad-uidvalidity.lock");
        let _lock = self.lock_file(&lock_file)?;
        let text = read_whole(&*self.files, &account.join(UID_VALIDITY))?;
        let last: u32 = String::from_utf8_lossy(&text).trim().parse().unwrap_or(0);
        let seconds = u32::try_from(now.as_seconds()).unwrap_or(u32::MAX);
        let mut validities = lock(&self.validities);
        let known = validities.entry(account.into()).or_default();
        let fresh = seconds.max(last.max(*known).saturating_add(1));
        *known = fresh;
        drop(validities);
        self.replace(account, UID_VALIDITY, format!("{fresh}\n").as_bytes())?;
        Ok(fresh)
    }

    /// Waits for a lock.
    pub(crate) fn lock_file(&self, path: &Path) -> Result<crate::files::Lock, Failure> {
        self.files.lock(path, true).map_err(failed(path))
    }

    /// Takes a lock if it is free.
    pub(crate) fn try_lock_file(&self, path: &Path) -> Result<crate::files::Lock, Failure> {
        self.files.lock(path, false).map_err(|errno| match errno {
            Errno::AGAIN => Failure::InUse,
            _ => failed(path)(errno),
        })
    }
}
