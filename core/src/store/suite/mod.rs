//! What every store must do, as checks that run on any store (feature `suite`).
//!
//! A [`Bed`] makes sessions over one fresh, shared store; [`store_suite!`](crate::store_suite)
//! makes a test of every check:
//!
//! ```
//! # #[allow(unused)]
//! mod tests {
//!     use postroad_core::limits::Limits;
//!     postroad_core::store_suite!(super::memory());
//! }
//! # use postroad_core::store::Memory;
//! # #[allow(unused)]
//! fn memory() -> Memory {
//!     Memory::new(postroad_core::limits::Limits::default())
//! }
//! ```
//!
//! The [limits](crate::limits::Limits) of the bed must be the default ones.

pub mod delivery;
pub mod messages;
pub mod names;
pub mod observing;
pub mod quota;
mod reader;
pub mod sessions;
pub mod sharing;

pub use reader::{Changes, Opened};

use super::{
    Access, Account, Allowances, Answer, Entry, Failure, FlagAction, Flags, MailboxName, Memory,
    Request, Status, Store, Target, Uid, UidSet,
};
use crate::limits::Limits;
use crate::machine::Instant;
use alloc::string::String;
use alloc::vec::Vec;
use reader::Reader;

/// A fresh store to be checked.
pub trait Bed {
    /// One session's handle.
    type Store: Store;

    /// A handle for one more session.
    fn session(&self) -> Self::Store;

    /// Gives an account its special-use mailboxes.
    fn provision(&self, now: Instant, account: &Account);

    /// Says what accounts may have from now on.
    fn set_allowances(&self, allowances: Allowances);
}

impl Bed for Memory {
    type Store = super::memory::Session;

    fn session(&self) -> Self::Store {
        Self::session(self)
    }

    fn provision(&self, now: Instant, account: &Account) {
        Self::provision(self, now, account);
    }

    fn set_allowances(&self, allowances: Allowances) {
        Self::set_allowances(self, allowances);
    }
}

/// Makes a `#[test]` of every check of the [suite](crate::store::suite); the argument is an
/// expression that makes a fresh [`Bed`](crate::store::suite::Bed).
#[macro_export]
macro_rules! store_suite {
    ($bed:expr) => {
        $crate::store_suite!(@ $bed, delivery: [
            delivered_mail_is_found,
            delivering_an_id_again_changes_nothing,
            one_failure_fails_all_or_its_target_alone,
            appended_mail_keeps_flags_and_date,
            an_appended_bare_lf_becomes_crlf,
            a_message_is_ended_by_whatever_comes_of_it,
            nothing_is_written_without_a_beginning,
            messages_that_were_kept_are_filed_together,
            a_message_is_extended_from_another,
            a_message_replaces_another,
        ]);
        $crate::store_suite!(@ $bed, messages: [
            octets_are_read_in_any_pieces,
            structure_is_told,
            summaries_are_told,
            flags_are_set_added_and_removed,
            keywords_are_shared_by_name,
            keywords_come_with_a_change,
            keywords_have_a_limit,
            expunged_uids_are_never_used_again,
            copies_keep_flags_keywords_and_date,
            moved_messages_are_told_as_vanished,
            a_copy_to_nowhere_changes_nothing,
            a_mailbox_opened_to_look_is_not_changed,
            sets_of_all_uids_cost_nothing,
        ]);
        $crate::store_suite!(@ $bed, names: [
            a_new_account_has_an_inbox,
            provisioned_accounts_have_special_uses,
            missing_parents_are_created,
            new_names_are_in_net_unicode,
            deleted_parents_stay_as_levels,
            trees_are_renamed,
            renaming_is_refused,
            renaming_inbox_empties_it,
            subscriptions_outlive_mailboxes,
            a_name_of_any_script_is_kept,
            a_mailbox_made_again_has_another_uid_validity,
        ]);
        $crate::store_suite!(@ $bed, quota: [
            what_is_used_is_told,
            what_exceeds_the_quota_is_refused,
            the_number_of_messages_is_limited,
            a_move_needs_no_room,
            a_delivered_id_needs_no_room,
        ]);
        $crate::store_suite!(@ $bed, observing: [
            observers_hear_what_others_do,
            observers_are_woken,
            names_are_observed,
            who_observes_no_more_hears_nothing,
        ]);
        $crate::store_suite!(@ $bed, sharing: [
            an_owner_has_every_right,
            what_is_granted_is_seen,
            rights_follow_their_mailbox,
            nobody_gets_an_account_by_being_asked_for,
            copies_go_to_other_accounts,
            annotations_are_private_or_shared,
            annotations_follow_their_mailbox,
            annotations_have_limits,
        ]);
        $crate::store_suite!(@ $bed, sessions: [
            changes_reach_other_sessions,
            what_came_and_went_is_not_told,
            recent_is_told_once,
            a_maildrop_is_exclusive,
            watchers_are_woken,
            a_removed_mailbox_is_gone_for_its_readers,
            a_message_is_read_to_its_end,
            an_open_that_fails_closes,
            what_vanished_is_told_to_whoever_comes_back,
        ]);
    };
    (@ $bed:expr, $room:ident: [$($check:ident,)+]) => {
        mod $room {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $check() {
                    $crate::store::suite::$room::$check(&$bed);
                }
            )+
        }
    };
}

/// A session of a store with short words for what the checks ask.
pub struct Desk<S> {
    store: S,
    account: Account,
    /// The time that requests are performed at.
    pub now: Instant,
    octets: Vec<u8>,
    reader: Reader,
}

/// The account that the checks use.
#[must_use]
pub fn account() -> Account {
    Account::parse("alice@example.org").expect("a good account")
}

/// A mailbox name.
///
/// # Panics
/// If it breaks the rule.
#[must_use]
pub fn name(text: &str) -> MailboxName {
    MailboxName::parse(text, &Limits::DEFAULT).expect("a good name")
}

/// A UID.
///
/// # Panics
/// If it is 0.
#[must_use]
pub fn uid(number: u32) -> Uid {
    Uid::new(number).expect("a UID")
}

/// A set of UIDs.
#[must_use]
pub fn uids(numbers: &[u32]) -> UidSet {
    numbers.iter().copied().map(uid).collect()
}

/// INBOX of the checks' account.
#[must_use]
pub fn inbox() -> Target {
    Target { account: account(), mailbox: MailboxName::inbox() }
}

impl<S: Store> Desk<S> {
    /// A session in `bed`.
    pub fn new(bed: &impl Bed<Store = S>) -> Self {
        Self {
            store: bed.session(),
            account: account(),
            now: Instant::from_seconds(2_000_000_000),
            octets: Vec::new(),
            reader: Reader::default(),
        }
    }

    /// The store's handle.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Performs a request.
    pub fn ask(&mut self, request: Request) -> Answer {
        let answer = self.store.perform(self.now, request, b"", &mut self.octets);
        self.reader.hear(&answer);
        answer
    }

    /// Performs a request that must be done.
    #[track_caller]
    pub fn done(&mut self, request: Request) {
        assert_eq!(self.ask(request), Answer::Done);
    }

    /// Performs a request that must fail.
    #[track_caller]
    pub fn fails(&mut self, request: Request) -> Failure {
        match self.ask(request) {
            Answer::Failed(failure) => failure,
            other => panic!("no failure: {other:?}"),
        }
    }

    /// Performs a request that tells changes; of messages whose flags were to be set it tells
    /// whether they have changed or not.
    #[track_caller]
    pub fn changes(&mut self, request: Request) -> Changes {
        let asked = match &request {
            Request::SetFlags { uids, .. } => uids.clone(),
            _ => UidSet::default(),
        };
        match self.ask(request) {
            Answer::Mailbox(_) | Answer::Stored { .. } | Answer::Gone => self.reader.news(&asked),
            other => panic!("no changes: {other:?}"),
        }
    }

    /// What has changed.
    #[track_caller]
    pub fn sync(&mut self) -> Changes {
        self.changes(Request::Sync)
    }

    /// Creates a mailbox.
    #[track_caller]
    pub fn create(&mut self, mailbox: &str) {
        let create = Request::Create {
            account: self.account.clone(),
            mailbox: name(mailbox),
            special_use: None,
        };
        self.done(create);
    }

    /// A request to delete a mailbox.
    #[must_use]
    pub fn delete(&self, mailbox: &str) -> Request {
        Request::Delete { account: self.account.clone(), mailbox: name(mailbox) }
    }

    /// A request to rename a mailbox.
    #[must_use]
    pub fn rename(&self, from: &str, to: &str) -> Request {
        Request::Rename { account: self.account.clone(), from: name(from), to: name(to) }
    }

    /// A request to open a mailbox.
    #[must_use]
    pub fn opening(&self, mailbox: &str, access: Access) -> Request {
        Request::Open { account: self.account.clone(), mailbox: name(mailbox), access }
    }

    /// Opens a mailbox to read and write.
    #[track_caller]
    pub fn open(&mut self, mailbox: &str) -> Opened {
        self.open_as(mailbox, Access::ReadWrite)
    }

    /// Opens a mailbox.
    #[track_caller]
    pub fn open_as(&mut self, mailbox: &str, access: Access) -> Opened {
        let open = self.opening(mailbox, access);
        match self.ask(open) {
            Answer::Opened(snapshot) => self.reader.opened(&snapshot),
            other => panic!("not opened: {other:?}"),
        }
    }

    /// Counts of a mailbox.
    #[track_caller]
    pub fn status(&mut self, mailbox: &str) -> Status {
        let status = Request::Status { account: self.account.clone(), mailbox: name(mailbox) };
        match self.ask(status) {
            Answer::Status(status) => status,
            other => panic!("no status: {other:?}"),
        }
    }

    /// The names that are listed, each with its kind's first letter: `M`, `L` or `A`, and `+` if
    /// subscribed.
    #[track_caller]
    pub fn list(&mut self) -> Vec<String> {
        let list = Request::List { account: self.account.clone() };
        let Answer::Mailboxes(listed) = self.ask(list) else {
            panic!("no list");
        };
        let line = |one: super::Listed| {
            let kind = match one.kind {
                super::Kind::Mailbox => 'M',
                super::Kind::Level => 'L',
                super::Kind::Absent => 'A',
            };
            let plus = if one.subscribed { "+" } else { "" };
            alloc::format!("{kind}{plus} {}", one.name)
        };
        listed.into_iter().map(line).collect()
    }

    /// Writes a message, to be ended by what is asked next.
    #[track_caller]
    pub fn write(&mut self, octets: &[u8]) {
        let begin = Request::Begin { account: self.account.clone(), mailbox: MailboxName::inbox() };
        self.done(begin);
        for piece in octets.chunks(5) {
            let answer = self.store.perform(self.now, Request::Write, piece, &mut self.octets);
            assert_eq!(answer, Answer::Done);
        }
    }

    /// Delivers a message into INBOX.
    #[track_caller]
    pub fn deliver(&mut self, id: &str, octets: &[u8]) {
        self.write(octets);
        let deliver = Request::Deliver {
            id: id.into(),
            targets: alloc::vec![inbox()],
            atomicity: super::Atomicity::All,
        };
        assert_eq!(self.ask(deliver), Answer::Delivered(alloc::vec![Ok(())]));
    }

    /// A request to append what was written.
    #[must_use]
    pub fn appending(&self, mailbox: &str, flags: Flags, keywords: &[&str]) -> Request {
        Request::Append {
            account: self.account.clone(),
            mailbox: name(mailbox),
            flags,
            keywords: keywords.iter().map(|word| String::from(*word)).collect(),
            date: None,
            replaces: None,
        }
    }

    /// Appends a message; its UID.
    #[track_caller]
    pub fn append(&mut self, mailbox: &str, flags: Flags, octets: &[u8]) -> u32 {
        self.write(octets);
        let append = self.appending(mailbox, flags, &[]);
        match self.ask(append) {
            Answer::Appended { uids, .. } => uids.iter().map(Uid::get).max().unwrap_or(0),
            other => panic!("not appended: {other:?}"),
        }
    }

    /// Changes flags.
    #[track_caller]
    pub fn flag(
        &mut self,
        numbers: &[u32],
        action: FlagAction,
        flags: Flags,
        keywords: &[&str],
    ) -> Changes {
        self.changes(Request::SetFlags {
            uids: uids(numbers),
            unchanged_since: None,
            action,
            flags,
            keywords: keywords.iter().map(|word| String::from(*word)).collect(),
        })
    }

    /// Removes messages.
    #[track_caller]
    pub fn expunge(&mut self, numbers: &[u32]) -> Changes {
        let uids = uids(numbers);
        self.changes(Request::Expunge { uids })
    }

    /// A message's octets, read in pieces of `length`.
    #[track_caller]
    pub fn read(&mut self, number: u32, length: usize) -> Vec<u8> {
        let mut message = Vec::new();
        loop {
            let read = Request::Read { uid: uid(number), offset: message.len() as u64, length };
            let Answer::Read { end } = self.ask(read) else {
                panic!("not read");
            };
            assert!(self.octets.len() == length || end && self.octets.len() < length);
            message.extend_from_slice(&self.octets);
            if end {
                return message;
            }
        }
    }

    /// The octets that were handed over last.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

/// UIDs and flags of entries.
#[must_use]
pub fn told(entries: &[Entry]) -> Vec<(u32, Flags)> {
    entries.iter().map(|entry| (entry.uid.get(), entry.flags)).collect()
}
