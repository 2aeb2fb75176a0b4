//! One mailbox as all its sessions share it: its messages, and who has been told of them.

use super::{
    Access, Entry, Failure, FlagAction, Flags, Keywords, Messages, Removed, Snapshot, Status, Uid,
    UidSet, Vanished,
};
use crate::limits::Limits;
use crate::machine::Instant;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What [`Store::on_news`](super::Store::on_news) registers.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The messages of one mailbox, and its readers: the sessions that have it open. Pure bookkeeping
/// that a store keeps beside its files, so that every store tells changes alike.
///
/// `T` is what the store keeps for each message.
pub struct Ledger<T> {
    uid_validity: u32,
    uid_next: u32,
    /// Messages from this UID on have been told to no session that claims `\Recent`.
    recent_from: u32,
    highest_modseq: u64,
    keywords: Keywords,
    messages: Messages,
    /// For each message, by ascending UID.
    kept: Vec<(Uid, T)>,
    vanished: Vanished,
    /// Grows with every change that readers are told.
    version: u64,
    readers: BTreeMap<ReaderId, Reader>,
    next_reader: u64,
    gone: bool,
}

/// Names a reader of a [`Ledger`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReaderId(u64);

struct Reader {
    access: Access,
    /// The version that it was told of.
    told: u64,
    /// Messages below this UID have been told.
    next: u32,
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
            highest_modseq: 1,
            keywords,
            messages: Messages::default(),
            kept: Vec::new(),
            vanished: Vanished::default(),
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

    /// The greatest mod-sequence that was given.
    #[must_use]
    pub const fn highest_modseq(&self) -> u64 {
        self.highest_modseq
    }

    /// The mod-sequence of changes that are made now: greater than all before it, and not smaller
    /// than the time in microseconds, so that none is given twice even where what was given before
    /// has been forgotten.
    #[must_use]
    pub fn next_modseq(&self, now: Instant) -> u64 {
        now.as_micros().max(self.highest_modseq + 1)
    }

    /// Records that all mod-sequences up to `modseq` have been given.
    pub fn reserve_modseq(&mut self, modseq: u64) {
        self.highest_modseq = self.highest_modseq.max(modseq);
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

    /// The UID that a message added now gets; `None` when none is left.
    #[must_use]
    pub fn free_uid(&self) -> Option<Uid> {
        Uid::new(self.uid_next).filter(|uid| uid.get() < u32::MAX)
    }

    /// Adds a message, whose UID is greater than all before.
    ///
    /// # Panics
    /// If it is not.
    pub fn insert(&mut self, entry: Entry, kept: T) {
        self.uid_next = self.uid_next.max(entry.uid.get().saturating_add(1));
        self.reserve_modseq(entry.modseq);
        self.messages.push(Entry { flags: entry.flags - Flags::RECENT, ..entry });
        if self.kept.len() == self.kept.capacity() {
            // A mailbox of many messages has no room to waste.
            self.kept.reserve_exact(self.kept.len() / 16 + 16);
        }
        self.kept.push((entry.uid, kept));
        self.version += 1;
    }

    /// Makes room for so many more messages.
    pub fn reserve_room(&mut self, messages: usize) {
        self.kept.reserve_exact(messages);
    }

    /// The messages.
    #[must_use]
    pub const fn messages(&self) -> &Messages {
        &self.messages
    }

    /// The message with this UID.
    #[must_use]
    pub fn get(&self, uid: Uid) -> Option<&Entry> {
        self.messages.get(uid)
    }

    /// What the store keeps for the message with this UID.
    #[must_use]
    pub fn kept(&self, uid: Uid) -> Option<&T> {
        self.find(uid).map(|index| &self.kept[index].1)
    }

    /// What the store keeps for the message with this UID.
    pub fn kept_mut(&mut self, uid: Uid) -> Option<&mut T> {
        self.find(uid).map(|index| &mut self.kept[index].1)
    }

    fn find(&self, uid: Uid) -> Option<usize> {
        self.kept.binary_search_by_key(&uid, |(uid, _)| *uid).ok()
    }

    /// Every message, by ascending UID, with what the store keeps for it.
    pub fn iter(&self) -> impl Iterator<Item = (&Entry, &T)> {
        self.messages.iter().zip(&self.kept).map(|(entry, (_, kept))| (entry, kept))
    }

    /// The messages of `uids` that exist, by ascending UID; costs what it yields, however large
    /// the ranges.
    pub fn select<'a>(&'a self, uids: &'a UidSet) -> impl Iterator<Item = (&'a Entry, &'a T)> + 'a {
        self.messages.select(uids).filter_map(|entry| Some((entry, self.kept(entry.uid)?)))
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is no message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Gives a message other flags, as a change of `modseq`.
    pub fn set_flags(&mut self, uid: Uid, flags: Flags, modseq: u64) {
        let flags = flags - Flags::RECENT;
        if self.messages.get(uid).is_none_or(|entry| entry.flags == flags) {
            return;
        }
        self.messages.update(uid, |entry| {
            entry.flags = flags;
            entry.modseq = modseq;
        });
        self.reserve_modseq(modseq);
        self.version += 1;
    }

    /// What [`set_flags`](Self::set_flags) would change: the messages of `uids` whose flags
    /// `action` alters, with their new flags.
    #[must_use]
    pub fn plan_flags(&self, uids: &UidSet, action: FlagAction, flags: Flags) -> Vec<(Uid, Flags)> {
        self.messages
            .select(uids)
            .map(|entry| (entry.uid, entry.flags, entry.flags.apply(action, flags)))
            .filter(|(_, old, new)| old != new)
            .map(|(uid, _, new)| (uid, new))
            .collect()
    }

    /// Those of `uids` that have changed after `since`.
    #[must_use]
    pub fn changed_since(&self, uids: &UidSet, since: u64) -> UidSet {
        let changed = self.messages.select(uids).filter(|entry| entry.modseq > since);
        changed.map(|entry| entry.uid).collect()
    }

    /// Removes messages, as a change of `modseq`.
    pub fn remove(&mut self, uids: &UidSet, modseq: u64) {
        let removed: UidSet = self.messages.select(uids).map(|entry| entry.uid).collect();
        if removed.is_empty() {
            return;
        }
        for &(first, last) in removed.ranges() {
            self.vanished.add(Removed { modseq, first, last });
        }
        self.messages.remove(uids);
        self.kept.retain(|(uid, _)| !uids.contains(*uid));
        self.reserve_modseq(modseq);
        self.version += 1;
    }

    /// What was removed, as far as it is known.
    #[must_use]
    pub const fn vanished(&self) -> &Vanished {
        &self.vanished
    }

    /// Takes over what a store has known of removals before.
    pub fn set_vanished(&mut self, vanished: Vanished) {
        self.vanished = vanished;
    }

    /// The UIDs of messages that were removed after `modseq`; all that have no message, where that
    /// is not known any more.
    #[must_use]
    pub fn vanished_since(&self, modseq: u64) -> UidSet {
        self.vanished.since(modseq).unwrap_or_else(|| {
            let given = Uid::new(self.uid_next.saturating_sub(1));
            let given = given.map_or_else(UidSet::default, |last| UidSet::range(Uid::MIN, last));
            given.without(&self.messages.iter().map(|entry| entry.uid).collect())
        })
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
        moved.highest_modseq = self.highest_modseq;
        moved.messages = core::mem::take(&mut self.messages);
        moved.kept = core::mem::take(&mut self.kept);
        moved.vanished = core::mem::take(&mut self.vanished);
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
        Status {
            messages: self.messages.len(),
            recent: self.messages.len() - self.messages.rank(self.recent_from),
            unseen: self.messages.unseen(),
            uid_next: self.uid_next,
            uid_validity: self.uid_validity,
            deleted: self.messages.deleted(),
            deleted_octets: self.deleted_octets(),
            octets: self.messages.octets(),
            highest_modseq: self.highest_modseq,
        }
    }

    fn deleted_octets(&self) -> u64 {
        let deleted = self.messages.marked_deleted();
        self.messages.select(&deleted).map(|entry| u64::from(entry.size)).sum()
    }

    /// Adds a reader and tells it everything.
    pub fn join(&mut self, access: Access, wake: Option<Wake>) -> (ReaderId, Snapshot) {
        let id = ReaderId(self.next_reader);
        self.next_reader += 1;
        self.readers.insert(id, Reader { access, told: 0, next: 0, wake });
        (id, self.snapshot(id))
    }

    /// Takes a reader away.
    pub fn leave(&mut self, id: ReaderId) {
        self.readers.remove(&id);
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

    /// Tells a reader how the mailbox is now.
    pub fn snapshot(&mut self, id: ReaderId) -> Snapshot {
        let mut recent = self.uid_next..self.uid_next;
        if let Some(reader) = self.readers.get_mut(&id) {
            recent.start = reader.next.max(self.recent_from).min(self.uid_next);
            reader.next = self.uid_next;
            reader.told = self.version;
            if reader.access != Access::ReadOnly {
                // `\Recent` is given once, but looking alone does not take it (RFC 3501 §6.3.2).
                self.recent_from = self.uid_next;
            }
        }
        Snapshot {
            uid_validity: self.uid_validity,
            uid_next: self.uid_next,
            highest_modseq: self.highest_modseq,
            keywords: self.keywords.clone(),
            messages: self.messages.clone(),
            recent,
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

fn place(table: &[String], name: &str) -> Option<usize> {
    table.iter().position(|own| own.eq_ignore_ascii_case(name))
}
