//! One mailbox as all its sessions share it: who has been told what.

use super::{
    Access, Changes, Entry, Failure, FlagAction, Flags, Keywords, Opened, Status, Uid, UidSet,
};
use crate::limits::Limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What [`Store::on_news`](super::Store::on_news) registers.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The messages of one mailbox, and its readers: the sessions that have it open. Pure bookkeeping
/// that a store keeps beside its files, so that every store tells changes alike.
///
/// `T` is what the store keeps for each message. Every change gets the next number of one counter;
/// a reader remembers the number up to which it has been told, so telling costs as much as there
/// is to tell, not as much as there are messages.
pub struct Ledger<T> {
    uid_validity: u32,
    uid_next: u32,
    /// Messages from this UID on have been told to no session that claims `\Recent`.
    recent_from: u32,
    keywords: Keywords,
    messages: BTreeMap<Uid, Message<T>>,
    /// Who changed last at each change that some reader has not been told of.
    log: BTreeMap<u64, Uid>,
    version: u64,
    readers: BTreeMap<ReaderId, Reader>,
    next_reader: u64,
    gone: bool,
}

/// A message in a [`Ledger`].
#[derive(Clone, Debug)]
pub struct Message<T> {
    /// Its stored flags.
    pub flags: Flags,
    /// Its size in octets, every line ended with CRLF.
    pub size: u64,
    /// Its internal date, in seconds since the Unix epoch.
    pub date: i64,
    /// What the store keeps for it.
    pub kept: T,
    changed: u64,
}

/// Names a reader of a [`Ledger`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReaderId(u64);

struct Reader {
    access: Access,
    told: u64,
    /// Messages below this UID have been told.
    next: u32,
    keywords: usize,
    recent: BTreeSet<Uid>,
    wake: Option<Wake>,
}

impl<T> Ledger<T> {
    /// A mailbox without messages whose next UID is `uid_next`.
    #[must_use]
    pub fn new(uid_validity: u32, uid_next: u32, recent_from: u32, keywords: Keywords) -> Self {
        Self {
            uid_validity,
            uid_next: uid_next.max(1),
            recent_from,
            keywords,
            messages: BTreeMap::new(),
            log: BTreeMap::new(),
            version: 0,
            readers: BTreeMap::new(),
            next_reader: 0,
            gone: false,
        }
    }

    /// The UIDVALIDITY.
    #[must_use]
    pub const fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// The UID that the next message gets.
    #[must_use]
    pub const fn uid_next(&self) -> u32 {
        self.uid_next
    }

    /// Records that all UIDs below `uid_next` have been given away.
    pub fn reserve(&mut self, uid_next: u32) {
        self.uid_next = self.uid_next.max(uid_next);
    }

    /// The lowest UID whose message is still recent for whoever is told of it next.
    #[must_use]
    pub const fn recent_from(&self) -> u32 {
        self.recent_from
    }

    /// The keyword table.
    #[must_use]
    pub const fn keywords(&self) -> &Keywords {
        &self.keywords
    }

    /// Replaces the keyword table by one that has grown.
    pub fn set_keywords(&mut self, keywords: Keywords) {
        if keywords != self.keywords {
            self.keywords = keywords;
            self.version += 1;
        }
    }

    /// The flags that stand for keywords `names`, and the table that they need, if it must grow.
    /// Case does not matter; the first spelling stays.
    ///
    /// # Errors
    /// If a name can't be a keyword, or if there is no room for it.
    pub fn plan_keywords(
        &self,
        names: &[String],
        limits: &Limits,
    ) -> Result<(Flags, Option<Keywords>), Failure> {
        let mut table: Vec<String> = self.keywords.to_vec();
        let mut flags = Flags::NONE;
        for name in names {
            let index = match place(&table, name) {
                Some(index) => index,
                None => {
                    if name.is_empty() || name.contains(|c: char| c.is_control() || c == ' ') {
                        return Err(Failure::Refused("a keyword is one word"));
                    }
                    if name.len() > limits.keyword {
                        return Err(Failure::Limit("a keyword is too long"));
                    }
                    if table.len() >= limits.keywords.min(Flags::KEYWORDS) {
                        return Err(Failure::Limit("the mailbox has too many keywords"));
                    }
                    table.push(name.clone());
                    table.len() - 1
                }
            };
            flags = flags | Flags::keyword(index);
        }
        let grown = table.len() > self.keywords.len();
        Ok((flags, grown.then(|| table.into())))
    }

    /// Those of `names` that are in the table or can be taken in.
    #[must_use]
    pub fn keywords_that_fit(&self, names: &[String], limits: &Limits) -> Vec<String> {
        let known = |name: &&String| place(&self.keywords, name).is_some();
        let mut fitting: Vec<String> = names.iter().filter(known).cloned().collect();
        for name in names.iter().filter(|name| !known(name)) {
            fitting.push(name.clone());
            if self.plan_keywords(&fitting, limits).is_err() {
                fitting.pop();
            }
        }
        fitting
    }

    /// The flags of those of `names` that are in the table.
    #[must_use]
    pub fn find_keywords(&self, names: &[String]) -> Flags {
        names
            .iter()
            .filter_map(|name| place(&self.keywords, name))
            .fold(Flags::NONE, |flags, index| flags | Flags::keyword(index))
    }

    /// The names of the keywords in `flags`.
    #[must_use]
    pub fn keyword_names(&self, flags: Flags) -> Vec<String> {
        flags.keywords().filter_map(|index| self.keywords.get(index).cloned()).collect()
    }

    /// Adds a message under the next UID; `None` when no UID is left.
    pub fn add(&mut self, flags: Flags, size: u64, date: i64, kept: T) -> Option<Uid> {
        let uid = Uid::new(self.uid_next).filter(|uid| uid.get() < u32::MAX)?;
        self.insert(uid, flags, size, date, kept);
        Some(uid)
    }

    /// Adds a message under a UID that it has already; UIDs that follow are greater.
    pub fn insert(&mut self, uid: Uid, flags: Flags, size: u64, date: i64, kept: T) {
        self.uid_next = self.uid_next.max(uid.get().saturating_add(1));
        let message = Message { flags, size, date, kept, changed: 0 };
        self.messages.insert(uid, message);
        self.note(uid);
    }

    /// The message with this UID.
    #[must_use]
    pub fn get(&self, uid: Uid) -> Option<&Message<T>> {
        self.messages.get(&uid)
    }

    /// What the store keeps for the message with this UID.
    pub fn kept_mut(&mut self, uid: Uid) -> Option<&mut T> {
        self.messages.get_mut(&uid).map(|message| &mut message.kept)
    }

    /// Every message, by ascending UID.
    pub fn iter(&self) -> impl Iterator<Item = (Uid, &Message<T>)> {
        self.messages.iter().map(|(uid, message)| (*uid, message))
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is no message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The messages of `uids` that exist, by ascending UID; costs what it yields, however large
    /// the ranges.
    pub fn select<'a>(
        &'a self,
        uids: &'a UidSet,
    ) -> impl Iterator<Item = (Uid, &'a Message<T>)> + 'a {
        uids.ranges()
            .iter()
            .flat_map(|(first, last)| self.messages.range(*first..=*last))
            .map(|(uid, message)| (*uid, message))
    }

    /// Gives a message other flags.
    pub fn set_flags(&mut self, uid: Uid, flags: Flags) {
        let Some(message) = self.messages.get_mut(&uid) else {
            return;
        };
        let flags = flags - Flags::RECENT;
        if message.flags != flags {
            message.flags = flags;
            self.note(uid);
        }
    }

    /// What [`set_flags`](Self::set_flags) would change: the messages of `uids` whose flags
    /// `action` alters, with their new flags.
    #[must_use]
    pub fn plan_flags(&self, uids: &UidSet, action: FlagAction, flags: Flags) -> Vec<(Uid, Flags)> {
        self.select(uids)
            .map(|(uid, message)| (uid, message.flags, message.flags.apply(action, flags)))
            .filter(|(_, old, new)| old != new)
            .map(|(uid, _, new)| (uid, new))
            .collect()
    }

    /// Removes a message.
    pub fn remove(&mut self, uid: Uid) -> Option<Message<T>> {
        let message = self.messages.remove(&uid)?;
        self.log.remove(&message.changed);
        self.version += 1;
        self.log.insert(self.version, uid);
        self.prune();
        Some(message)
    }

    /// Records that the mailbox was removed or renamed: every reader is told so, and nothing else.
    pub fn set_gone(&mut self) {
        self.gone = true;
        self.version += 1;
    }

    /// Takes everything along into the ledger of the mailbox's new name; the readers of this one are
    /// told that it is gone.
    #[must_use]
    pub fn moved(&mut self) -> Self {
        let mut moved =
            Self::new(self.uid_validity, self.uid_next, self.recent_from, self.keywords.clone());
        moved.messages = core::mem::take(&mut self.messages);
        self.log.clear();
        self.set_gone();
        moved
    }

    /// Whether the mailbox was removed or renamed.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Counts.
    #[must_use]
    pub fn status(&self) -> Status {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let seen = |message: &&Message<T>| message.flags.contains(Flags::SEEN);
        let recent = Uid::new(self.recent_from).unwrap_or(Uid::MIN);
        Status {
            messages: count(self.messages.len()),
            recent: count(self.messages.range(recent..).count()),
            unseen: count(self.messages.len() - self.messages.values().filter(seen).count()),
            uid_next: self.uid_next,
            uid_validity: self.uid_validity,
        }
    }

    /// Adds a reader and tells it everything.
    pub fn join(&mut self, access: Access, wake: Option<Wake>) -> (ReaderId, Opened) {
        let id = ReaderId(self.next_reader);
        self.next_reader += 1;
        let recent_from = self.recent_from;
        let recent = self.messages.keys().copied();
        let mut reader = Reader {
            access,
            told: self.version,
            next: self.uid_next,
            keywords: self.keywords.len(),
            recent: recent.filter(|uid| uid.get() >= recent_from).collect(),
            wake: None,
        };
        reader.wake = wake;
        let entries = self.iter().map(|(uid, message)| reader.entry(uid, message));
        let opened = Opened {
            uid_validity: self.uid_validity,
            uid_next: self.uid_next,
            keywords: self.keywords.clone(),
            entries: entries.collect(),
        };
        self.claim(access);
        self.readers.insert(id, reader);
        (id, opened)
    }

    /// Takes a reader away.
    pub fn leave(&mut self, id: ReaderId) {
        self.readers.remove(&id);
        self.prune();
    }

    /// Whether anyone has the mailbox open.
    #[must_use]
    pub fn has_readers(&self) -> bool {
        !self.readers.is_empty()
    }

    /// How a reader has opened the mailbox.
    #[must_use]
    pub fn access(&self, id: ReaderId) -> Option<Access> {
        self.readers.get(&id).map(|reader| reader.access)
    }

    /// Whether a reader has the mailbox to itself as a maildrop.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.readers.values().any(|reader| reader.access == Access::Exclusive)
    }

    /// Sets or clears whom to wake for a reader; wakes it at once if there is something to tell.
    pub fn watch(&mut self, id: ReaderId, wake: Option<Wake>) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        if let Some(wake) = wake.as_ref().filter(|_| reader.told < self.version) {
            wake();
        }
        reader.wake = wake;
    }

    /// Whom to wake after a change made by `except`: every other reader that has not been told.
    #[must_use]
    pub fn wakes(&self, except: Option<ReaderId>) -> Vec<Wake> {
        self.readers
            .iter()
            .filter(|(id, reader)| Some(**id) != except && reader.told < self.version)
            .filter_map(|(_, reader)| reader.wake.clone())
            .collect()
    }

    /// Whom to wake when something may have changed that is not in the books yet.
    #[must_use]
    pub fn watchers(&self, except: Option<ReaderId>) -> Vec<Wake> {
        let others = self.readers.iter().filter(|(id, _)| Some(**id) != except);
        others.filter_map(|(_, reader)| reader.wake.clone()).collect()
    }

    /// Tells a reader what has changed since it was last told, and of every message of `also`.
    pub fn changes(&mut self, id: ReaderId, also: &UidSet) -> Changes {
        let mut changes = Changes { gone: self.gone, ..Changes::default() };
        let Some(reader) = self.readers.get_mut(&id).filter(|_| !self.gone) else {
            return changes;
        };
        let logged = self.log.range(reader.told + 1..).map(|(_, uid)| *uid);
        let also = also.ranges().iter();
        let also = also.flat_map(|(first, last)| self.messages.range(*first..=*last));
        let uids: BTreeSet<Uid> = logged.chain(also.map(|(uid, _)| *uid)).collect();
        for uid in uids {
            let Some(message) = self.messages.get(&uid) else {
                reader.recent.remove(&uid);
                // What came and went between two tellings is not told.
                if uid.get() < reader.next {
                    changes.vanished.push(uid);
                }
                continue;
            };
            if uid.get() >= reader.next.max(self.recent_from) {
                reader.recent.insert(uid);
            }
            changes.entries.push(reader.entry(uid, message));
        }
        if reader.keywords < self.keywords.len() {
            changes.keywords = Some(self.keywords.clone());
        }
        reader.keywords = self.keywords.len();
        reader.next = self.uid_next;
        reader.told = self.version;
        let access = reader.access;
        self.claim(access);
        self.prune();
        changes
    }

    /// `\Recent` is given once, but looking alone does not take it (RFC 3501 §6.3.2).
    fn claim(&mut self, access: Access) {
        if access != Access::ReadOnly {
            self.recent_from = self.uid_next;
        }
    }

    fn note(&mut self, uid: Uid) {
        self.version += 1;
        if let Some(message) = self.messages.get_mut(&uid) {
            self.log.remove(&message.changed);
            message.changed = self.version;
            self.log.insert(self.version, uid);
        }
        self.prune();
    }

    /// Forgets what every reader has been told.
    fn prune(&mut self) {
        let told = self.readers.values().map(|reader| reader.told).min();
        let told = told.unwrap_or(self.version);
        while self.log.first_key_value().is_some_and(|(at, _)| *at <= told) {
            self.log.pop_first();
        }
    }
}

impl<T> core::fmt::Debug for Ledger<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ledger")
            .field("uid_validity", &self.uid_validity)
            .field("uid_next", &self.uid_next)
            .field("messages", &self.messages.len())
            .field("readers", &self.readers.len())
            .finish_non_exhaustive()
    }
}

impl Reader {
    fn entry<T>(&self, uid: Uid, message: &Message<T>) -> Entry {
        let recent = if self.recent.contains(&uid) { Flags::RECENT } else { Flags::NONE };
        Entry { uid, flags: message.flags | recent, size: message.size, date: message.date }
    }
}

fn place(table: &[String], name: &str) -> Option<usize> {
    table.iter().position(|own| own.eq_ignore_ascii_case(name))
}
