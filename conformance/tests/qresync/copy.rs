//! A copy of a mailbox, changed without a connection and synchronised when there is one.

use crate::line::{self, Flags, Line};
use std::collections::{BTreeMap, BTreeSet};

/// A message of the copy.
#[derive(Clone, Default, Debug)]
struct Message {
    /// As the server had them at the last synchronisation, and in which mod-sequence.
    base: Flags,
    modseq: u64,
    /// As the user wants them.
    flags: Flags,
}

/// The copy.
#[derive(Default)]
pub(crate) struct Copy {
    uid_validity: Option<u32>,
    highest_modseq: u64,
    messages: BTreeMap<u32, Message>,
    /// What the user has removed.
    removed: BTreeSet<u32>,
    /// How many messages the user has written.
    written: usize,
}

impl Copy {
    pub(crate) fn messages(&self) -> BTreeMap<u32, Flags> {
        self.messages.iter().map(|(uid, message)| (*uid, message.flags.clone())).collect()
    }

    fn pick(&self, at: u32) -> Option<u32> {
        self.messages.keys().nth(at as usize % self.messages.len().max(1)).copied()
    }

    pub(crate) fn append(&mut self) {
        self.written += 1;
    }

    pub(crate) fn flag(&mut self, at: u32, on: bool, flag: &str) {
        if let Some(message) = self.pick(at).and_then(|uid| self.messages.get_mut(&uid)) {
            if on {
                message.flags.insert(flag.into());
            } else {
                message.flags.remove(flag);
            }
        }
    }

    pub(crate) fn expunge(&mut self, at: u32) {
        if let Some(uid) = self.pick(at) {
            self.messages.remove(&uid);
            self.removed.insert(uid);
        }
    }

    /// Makes copy and mailbox the same: first what others have done, then what the user has.
    pub(crate) fn synchronise(&mut self, line: &mut Line) {
        line.done("ENABLE QRESYNC");
        let select = match self.uid_validity {
            Some(validity) => {
                format!("SELECT INBOX (QRESYNC ({validity} {}))", self.highest_modseq)
            }
            None => "SELECT INBOX".into(),
        };
        let heard = line.done(&select);
        let validity = line::number_behind(&heard, "[UIDVALIDITY ", 0);
        let modseq = line::highest_modseq(&heard).expect("SELECT tells HIGHESTMODSEQ");
        self.take(&heard);
        if self.uid_validity != Some(validity) {
            *self = Self { written: self.written, ..Self::default() };
            self.take(&line.done("UID FETCH 1:* (FLAGS MODSEQ)"));
        }
        self.uid_validity = Some(validity);
        self.push_flags(line);
        self.push_removals(line);
        for _ in 0..std::mem::take(&mut self.written) {
            line.append(&["\\Seen"], "a message of the copy's own");
        }
        // What this has changed, and what others have meanwhile.
        let heard = line.done(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq} VANISHED)"));
        self.take(&heard);
        let modseqs = line::fetched(&heard).filter_map(|it| it.modseq);
        self.highest_modseq = modseqs.fold(modseq, u64::max);
    }

    /// Takes in what the server tells: three-way, so that the user's changes stay.
    fn take(&mut self, heard: &str) {
        for uid in line::vanished(heard) {
            self.messages.remove(&uid);
            self.removed.remove(&uid);
        }
        for fetched in line::fetched(heard).filter(|it| !self.removed.contains(&it.uid)) {
            let message = self.messages.entry(fetched.uid).or_default();
            let added = message.flags.difference(&message.base).cloned().collect::<Flags>();
            let taken = message.base.difference(&message.flags).cloned().collect::<Flags>();
            message.flags = fetched.flags.union(&added).cloned().collect();
            message.flags.retain(|flag| !taken.contains(flag));
            message.base = fetched.flags;
            message.modseq = fetched.modseq.unwrap_or(message.modseq);
        }
    }

    /// Stores the flags that the user has changed, unless somebody was quicker: then what they did
    /// is taken in first.
    fn push_flags(&mut self, line: &mut Line) {
        let changed =
            |(uid, message): (&u32, &Message)| (message.flags != message.base).then_some(*uid);
        let changed: Vec<u32> = self.messages.iter().filter_map(changed).collect();
        for uid in changed {
            for _ in 0..2 {
                let Some(message) = self.messages.get(&uid) else { break };
                let flags: Vec<&str> = message.flags.iter().map(String::as_str).collect();
                let (flags, modseq) = (flags.join(" "), message.modseq);
                let command = format!("UID STORE {uid} (UNCHANGEDSINCE {modseq}) FLAGS ({flags})");
                let heard = line.done(&command);
                self.take(&heard);
                if line::modified(&heard).is_empty() {
                    break;
                }
                self.take(&line.done(&format!("UID FETCH {uid} (FLAGS MODSEQ)")));
            }
        }
    }

    fn push_removals(&mut self, line: &mut Line) {
        for uid in std::mem::take(&mut self.removed) {
            line.done(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"));
            self.take(&line.done(&format!("UID EXPUNGE {uid}")));
        }
    }
}
