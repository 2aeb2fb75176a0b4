//! What the store has told, and the client has yet to be told.

use super::View;
use crate::store::{Difference, Entry, FlagAction, Flags, Snapshot, Uid, UidSet};
use alloc::vec::Vec;

/// Whether [`View::report`] may number the messages anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expunges {
    /// EXPUNGE responses may be sent.
    Report,
    /// They may not: no command is in progress, or it is FETCH, STORE or SEARCH by sequence
    /// numbers (RFC 3501 §7.4.1).
    Wait,
}

/// What the client is to be told, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct News {
    /// Whether there are new keywords, so that FLAGS comes first.
    pub keywords: bool,
    /// The numbers of EXPUNGE responses, each counted after those before it.
    pub expunged: Vec<u32>,
    /// The same messages by UID, for VANISHED (RFC 7162 §3.2.10).
    pub vanished: UidSet,
    /// EXISTS.
    pub exists: Option<u32>,
    /// RECENT.
    pub recent: Option<u32>,
    /// Messages whose flags have changed, by ascending sequence number.
    pub changed: Vec<u32>,
    /// Other messages whose mod-sequence has changed, and no more than that, for those who ask for
    /// mod-sequences (RFC 7162 §3.1.3).
    pub restamped: Vec<u32>,
}

impl View {
    /// Takes in what the store tells. The client learns of it by [`report`](Self::report).
    pub fn apply(&mut self, snapshot: Snapshot) {
        let mut gone = Vec::new();
        for difference in self.snapshot.messages.differences(&snapshot.messages) {
            match difference {
                Difference::Vanished(entry) if entry.uid.get() < self.known_next => {
                    gone.push(*entry);
                }
                Difference::Changed { old, new } if new.uid.get() < self.known_next => {
                    if old.flags != new.flags {
                        self.changed.push(new.uid);
                    } else if old.modseq != new.modseq {
                        self.restamped.push(new.uid);
                    }
                }
                // Those that the client never heard of just come and go.
                _ => {}
            }
        }
        if !gone.is_empty() {
            self.gone.append(&mut gone);
            self.gone.sort_unstable_by_key(|entry| entry.uid);
        }
        if !snapshot.recent.is_empty() {
            match self.recent.last_mut() {
                Some(last) if last.end == snapshot.recent.start => last.end = snapshot.recent.end,
                _ => self.recent.push(snapshot.recent.clone()),
            }
        }
        self.snapshot = snapshot;
    }

    /// Takes down that the client is to be told the flags of these messages, changed or not.
    pub fn touch(&mut self, uids: impl IntoIterator<Item = Uid>) {
        self.changed.extend(uids);
    }

    /// Takes down that the client is to be told the mod-sequences of these messages, changed or not.
    pub fn touch_modseq(&mut self, uids: impl IntoIterator<Item = Uid>) {
        self.restamped.extend(uids);
    }

    /// Takes down that the client was told the mod-sequence of this message in another way.
    pub fn settle_modseq(&mut self, uid: Uid) {
        self.restamped.retain(|other| *other != uid);
    }

    /// Takes in what the store tells after it has carried out a change of flags that the client
    /// itself asked for and does not want to be told of: only the mod-sequences are news. Where
    /// another session has had a say, it is told all the same.
    pub fn apply_silently(
        &mut self,
        snapshot: Snapshot,
        uids: &UidSet,
        action: FlagAction,
        flags: Flags,
    ) {
        let expected = |entry: &Entry| (entry.uid, entry.flags.apply(action, flags));
        let expected: Vec<_> = self.messages().select(uids).map(expected).collect();
        self.apply(snapshot);
        let as_expected = |(uid, flags): &(Uid, Flags)| {
            self.messages().get(*uid).is_some_and(|entry| entry.flags == *flags)
        };
        let known: UidSet = expected.iter().filter(|it| as_expected(it)).map(|it| it.0).collect();
        let known = self.changed.extract_if(.., |uid| known.contains(*uid));
        self.restamped.extend(known);
    }

    /// What the client is to be told now; from here on it counts as told, and the messages are
    /// numbered accordingly.
    pub fn report(&mut self, expunges: Expunges) -> News {
        let gone = match expunges {
            Expunges::Report => core::mem::take(&mut self.gone),
            Expunges::Wait => Vec::new(),
        };
        let known = self.there();
        let news_keywords = self.keywords().len() > self.known_keywords;
        let expunged = gone.iter().map(|entry| self.messages().rank(entry.uid.get()) + 1).collect();
        self.known_next = self.snapshot.uid_next;
        self.known_keywords = self.keywords().len();
        if self.gone.is_empty() {
            self.known_modseq = self.snapshot.highest_modseq;
        }
        let has_new = self.there() > known;
        let changed = core::mem::take(&mut self.changed);
        let changed = self.sequences(changed);
        let restamped = core::mem::take(&mut self.restamped);
        let mut restamped = self.sequences(restamped);
        restamped.retain(|sequence| changed.binary_search(sequence).is_err());
        News {
            keywords: news_keywords,
            expunged,
            vanished: gone.iter().map(|entry| entry.uid).collect(),
            exists: has_new.then(|| self.exists()),
            recent: has_new.then(|| self.recent()),
            changed,
            restamped,
        }
    }

    /// The sequence numbers of those that have one, ascending.
    fn sequences(&self, uids: Vec<Uid>) -> Vec<u32> {
        let mut sequences: Vec<u32> =
            uids.into_iter().filter_map(|uid| self.sequence(uid)).collect();
        sequences.sort_unstable();
        sequences.dedup();
        sequences
    }

    /// Whether [`report`](Self::report) would tell anything but mod-sequences.
    #[must_use]
    pub fn has_news(&self, expunges: Expunges) -> bool {
        self.messages().len() > self.there()
            || !self.changed.is_empty()
            || self.keywords().len() > self.known_keywords
            || (expunges == Expunges::Report && !self.gone.is_empty())
    }
}
