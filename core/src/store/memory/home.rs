//! What an account owns in the memory store.

use crate::limits::Limits;
use crate::machine::Instant;
use crate::store::ledger::{Ledger, Wake};
use crate::store::metadata::Annotations;
use crate::store::tree::Tree;
use crate::store::{Acl, Entry, Failure, Flags, MailboxName, SpecialUse, Uid, UidSet};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;

/// No message can be added any more.
pub(super) const NO_UID: Failure = Failure::Limit("the mailbox has no UID left");

/// What an account owns.
#[derive(Default)]
pub(super) struct Home {
    pub(super) tree: Tree,
    pub(super) mailboxes: BTreeMap<MailboxName, Mailbox>,
    pub(super) subscriptions: BTreeSet<MailboxName>,
    pub(super) acls: BTreeMap<MailboxName, Acl>,
    pub(super) annotations: BTreeMap<Option<MailboxName>, Annotations>,
    uid_validity: u32,
}

pub(super) type Mailbox = Rc<RefCell<Ledger<Letter>>>;

#[derive(Clone)]
pub(super) struct Letter {
    pub(super) octets: Arc<[u8]>,
    /// The queue id that it was delivered under.
    pub(super) id: Option<String>,
}

impl Home {
    pub(super) fn find(&self, name: &MailboxName) -> Result<Mailbox, Failure> {
        self.mailboxes.get(name).cloned().ok_or(Failure::NoMailbox)
    }

    pub(super) fn make(
        &mut self,
        now: Instant,
        name: MailboxName,
        special_use: Option<SpecialUse>,
    ) {
        // A UIDVALIDITY is used once in an account, so that no mailbox can be taken for an earlier
        // one of its name (RFC 3501 §2.3.1.1).
        let seconds = u32::try_from(now.as_seconds()).unwrap_or(u32::MAX);
        self.uid_validity = seconds.max(self.uid_validity.saturating_add(1));
        let ledger = Ledger::new(self.uid_validity, 1, 1, Arc::default());
        self.tree.insert(name.clone(), special_use);
        self.mailboxes.insert(name, Rc::new(RefCell::new(ledger)));
    }

    pub(super) fn create(
        &mut self,
        now: Instant,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
        limits: &Limits,
    ) -> Result<(), Failure> {
        for made in self.tree.create(name, limits)? {
            let special_use = special_use.filter(|_| made == *name);
            self.make(now, made.clone(), special_use);
            // What is shared is shared with what comes to be below it.
            let inherited = made.parent().and_then(|parent| self.acls.get(&parent).cloned());
            self.acls.extend(inherited.map(|acl| (made, acl)));
        }
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        now: Instant,
        from: &MailboxName,
        to: &MailboxName,
        limits: &Limits,
    ) -> Result<Vec<Wake>, Failure> {
        let renaming = self.tree.rename(from, to, limits)?;
        for parent in renaming.parents {
            self.make(now, parent, None);
        }
        if from.is_inbox() {
            self.make(now, to.clone(), None);
            let (inbox, target) = (self.find(from)?, self.find(to)?);
            let uids: UidSet = inbox.borrow().iter().map(|(entry, _)| entry.uid).collect();
            copy((&inbox, &target), (&uids, Flags::ALL), now, limits)?;
            remove(&inbox, &uids, now);
            return Ok(inbox.borrow().wakes(None));
        }
        let mut news = Vec::new();
        for (old, new) in renaming.moves {
            let special_use = self.tree.remove(&old);
            if let Some(mailbox) = self.mailboxes.remove(&old) {
                // Whoever has it open under the old name is told that it is gone.
                let moved = mailbox.borrow_mut().moved();
                news.extend(mailbox.borrow().wakes(None));
                let moved = Rc::new(RefCell::new(moved));
                self.mailboxes.insert(new.clone(), moved);
            }
            self.tree.insert(new.clone(), special_use);
            let acl = self.acls.remove(&old);
            self.acls.extend(acl.map(|acl| (new.clone(), acl)));
            let annotations = self.annotations.remove(&Some(old));
            self.annotations.extend(annotations.map(|its| (Some(new), its)));
        }
        Ok(news)
    }
}

/// Copies messages with their flags and dates; pairs of old and new UIDs. Keywords for which the
/// other mailbox has no room stay behind.
pub(super) fn copy(
    (from, to): (&Mailbox, &Mailbox),
    (uids, flags): (&UidSet, Flags),
    now: Instant,
    limits: &Limits,
) -> Result<Vec<(Uid, Uid)>, Failure> {
    let picked: Vec<_> = {
        let from = from.borrow();
        let named = |(entry, letter): (&Entry, &Letter)| {
            let flags = entry.flags.intersection(flags);
            (Entry { flags, ..*entry }, letter.clone(), from.keyword_names(flags))
        };
        from.select(uids).map(named).collect()
    };
    let mut to = to.borrow_mut();
    let (modseq, saved) = (to.next_modseq(now), Entry::saved_at(now));
    let mut pairs = Vec::with_capacity(picked.len());
    for (entry, letter, names) in picked {
        let names = to.keywords_that_fit(&names, limits);
        let (keywords, table) = to.plan_keywords(&names, limits)?;
        if let Some(table) = table {
            to.set_keywords(table);
        }
        let flags = entry.flags.intersection(Flags::SYSTEM) | keywords;
        let uid = to.free_uid().ok_or(NO_UID)?;
        to.insert(Entry { uid, flags, modseq, saved, ..entry }, Letter { id: None, ..letter });
        pairs.push((entry.uid, uid));
    }
    Ok(pairs)
}

pub(super) fn remove(mailbox: &Mailbox, uids: &UidSet, now: Instant) {
    let mut mailbox = mailbox.borrow_mut();
    let modseq = mailbox.next_modseq(now);
    mailbox.remove(uids, modseq);
}
