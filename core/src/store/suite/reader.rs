//! What a session knows of its open mailbox, and what is news to it.

use crate::store::{Answer, Difference, Entry, Flags, Keywords, Messages, Snapshot, Uid, UidSet};
use alloc::vec::Vec;
use core::ops::Range;

/// A mailbox as it is when opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// The UID that the next message gets.
    pub uid_next: u32,
    /// The keywords, by bit.
    pub keywords: Keywords,
    /// The messages, by ascending UID, with `\Recent` where it is so for this session.
    pub entries: Vec<Entry>,
}

/// What has changed in the open mailbox.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Messages that are gone, by ascending UID.
    pub vanished: Vec<Uid>,
    /// Messages that are new or were changed, by ascending UID, as in [`Opened`].
    pub entries: Vec<Entry>,
    /// The keyword table, if it grew.
    pub keywords: Option<Keywords>,
    /// Whether the mailbox itself is gone.
    pub gone: bool,
}

/// What one session has been told.
#[derive(Default)]
pub(super) struct Reader {
    messages: Messages,
    keywords: usize,
    recent: Vec<Range<u32>>,
    /// What was news in the last answer.
    news: Changes,
}

impl Reader {
    /// Takes in an answer of the store.
    pub(super) fn hear(&mut self, answer: &Answer) {
        self.news = Changes::default();
        match answer {
            Answer::Opened(snapshot) => {
                *self = Self::default();
                self.take(snapshot);
            }
            Answer::Mailbox(snapshot) | Answer::Stored { snapshot, .. } => self.take(snapshot),
            Answer::Gone => self.news.gone = true,
            _ => {}
        }
    }

    fn take(&mut self, snapshot: &Snapshot) {
        self.recent.push(snapshot.recent.clone());
        for difference in self.messages.differences(&snapshot.messages) {
            match difference {
                Difference::Vanished(entry) => self.news.vanished.push(entry.uid),
                Difference::Added(entry) | Difference::Changed { new: entry, .. } => {
                    self.news.entries.push(self.seen(entry));
                }
            }
        }
        self.messages = snapshot.messages.clone();
        if snapshot.keywords.len() > self.keywords {
            self.news.keywords = Some(snapshot.keywords.clone());
        }
        self.keywords = snapshot.keywords.len();
    }

    /// What was news, and messages of `also` whether they are or not.
    pub(super) fn news(&self, also: &UidSet) -> Changes {
        let mut news = self.news.clone();
        let told: Vec<Uid> = news.entries.iter().map(|entry| entry.uid).collect();
        let also = self.messages.select(also).filter(|entry| !told.contains(&entry.uid));
        news.entries.extend(also.map(|entry| self.seen(entry)));
        news.entries.sort_unstable_by_key(|entry| entry.uid);
        news
    }

    /// The message as this session sees it.
    fn seen(&self, entry: &Entry) -> Entry {
        let is_recent = self.recent.iter().any(|range| range.contains(&entry.uid.get()));
        let recent = if is_recent { Flags::RECENT } else { Flags::NONE };
        Entry { flags: entry.flags | recent, ..*entry }
    }

    /// The mailbox as a session sees it that was told this `snapshot`.
    pub(super) fn opened(&self, snapshot: &Snapshot) -> Opened {
        Opened {
            uid_validity: snapshot.uid_validity,
            uid_next: snapshot.uid_next,
            keywords: snapshot.keywords.clone(),
            entries: snapshot.messages.iter().map(|entry| self.seen(entry)).collect(),
        }
    }
}
