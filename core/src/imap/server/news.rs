//! Telling a client what has changed in its mailbox (RFC 3501 §7.3, §7.4).

use super::connection::{Connection, Selected};
use super::task::Manner;
use super::{ok, rights};
use crate::imap::view::News;
use crate::imap::{Code, FetchData, Flag, Numbering, Response};
use crate::limits::Limits;
use crate::store::{Access, Answer, Flags, Right, Uid, UidSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The flags that every mailbox has, with their bits.
const SYSTEM: [(Flag, Flags); 5] = [
    (Flag::Answered, Flags::ANSWERED),
    (Flag::Flagged, Flags::FLAGGED),
    (Flag::Deleted, Flags::DELETED),
    (Flag::Seen, Flags::SEEN),
    (Flag::Draft, Flags::DRAFT),
];

/// Ranges of UIDs in one VANISHED response: a line has its length (RFC 7162 §4).
const VANISHED: usize = 500;

/// Untagged responses that are being written, as far as there is room.
#[derive(Debug, Default)]
pub(super) struct Telling {
    earlier: vec::IntoIter<(Uid, Uid)>,
    vanished: vec::IntoIter<(Uid, Uid)>,
    expunged: vec::IntoIter<u32>,
    exists: Option<u32>,
    recent: Option<u32>,
    changed: vec::IntoIter<u32>,
    restamped: vec::IntoIter<u32>,
    numbering: Numbering,
}

impl Telling {
    /// What a client has missed while it was away: which messages are gone, and the flags of others
    /// by their sequence numbers (RFC 7162 §3.2.5.1).
    pub(super) fn missed(vanished: &UidSet, changed: Vec<u32>) -> Self {
        Self {
            earlier: vanished.ranges().to_vec().into_iter(),
            changed: changed.into_iter(),
            numbering: Numbering::Uid,
            ..Self::default()
        }
    }

    /// Whether VANISHED is still to come.
    pub(super) fn says_vanished(&self) -> bool {
        !self.vanished.as_slice().is_empty()
    }

    /// Writes what is left, and says whether that was all.
    pub(super) fn go_on(&mut self, connection: &mut Connection) -> bool {
        while !connection.out.is_high() {
            if let Some(response) = vanished(&mut self.earlier, true) {
                connection.respond(response);
            } else if let Some(response) = vanished(&mut self.vanished, false) {
                connection.respond(response);
            } else if let Some(sequence) = self.expunged.next() {
                connection.respond(Response::Expunge(sequence));
            } else if let Some(count) = self.exists.take() {
                connection.respond(Response::Exists(count));
            } else if let Some(count) = self.recent.take() {
                connection.respond(Response::Recent(count));
            } else if let Some(sequence) = self.changed.next() {
                connection.tell_message(sequence, self.numbering, Telltale::Flags);
            } else if let Some(sequence) = self.restamped.next() {
                connection.tell_message(sequence, self.numbering, Telltale::ModSeq);
            } else {
                return true;
            }
        }
        false
    }
}

/// What an untagged FETCH response is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Telltale {
    Flags,
    ModSeq,
}

/// VANISHED for the next of these.
fn vanished(ranges: &mut vec::IntoIter<(Uid, Uid)>, earlier: bool) -> Option<Response> {
    let uids: UidSet = ranges.by_ref().take(VANISHED).collect();
    (!uids.is_empty()).then_some(Response::Vanished { earlier, uids })
}

impl Connection {
    /// Takes in the answer to [`Request::Sync`](crate::store::Request::Sync) and begins to tell of
    /// what has changed; `None` if the mailbox itself is gone, which ends the connection.
    pub(super) fn tell(&mut self, answer: Answer, manner: Manner) -> Option<Telling> {
        let enabled = self.enabled;
        let selected = self.selected()?;
        let Answer::Mailbox(snapshot) = answer else {
            // RFC 2180 §3: nothing else would make sense to the client.
            self.bye("The selected mailbox is gone");
            return None;
        };
        selected.view.apply(snapshot);
        let mut news = selected.view.report(manner.expunges);
        if !manner.flags {
            // They are told at the end of the next command.
            let changed = core::mem::take(&mut news.changed);
            let uids = changed.iter().filter_map(|sequence| selected.view.get(*sequence));
            let uids: Vec<_> = uids.map(|entry| entry.uid).collect();
            selected.view.touch(uids);
        }
        if news.keywords {
            self.tell_keywords();
        }
        let News { expunged, vanished, exists, recent, changed, restamped, .. } = news;
        let (expunged, vanished) = match enabled.says_vanished() {
            true => (Vec::new(), vanished),
            false => (expunged, UidSet::default()),
        };
        Some(Telling {
            vanished: vanished.ranges().to_vec().into_iter(),
            expunged: expunged.into_iter(),
            exists,
            // RFC 9051, appendix E: there is no such response.
            recent: recent.filter(|_| !enabled.rev2),
            changed: changed.into_iter(),
            restamped: if enabled.condstore { restamped } else { Vec::new() }.into_iter(),
            numbering: manner.numbering,
            ..Telling::default()
        })
    }

    /// FLAGS and PERMANENTFLAGS.
    pub(super) fn tell_keywords(&mut self) {
        let config = self.config.clone();
        if let Some(selected) = self.selected() {
            let (flags, permanent) =
                (selected.all_flags(), selected.permanent_flags(&config.limits));
            self.respond(Response::Flags(flags));
            self.respond(ok("Flags that last").with_code(permanent));
        }
    }

    /// `* 1 FETCH (UID 5 FLAGS (\Seen) MODSEQ (7))`.
    fn tell_message(&mut self, sequence: u32, numbering: Numbering, telltale: Telltale) {
        let enabled = self.enabled;
        let Self { phase: super::connection::Phase::Selected(_, selected), out, .. } = self else {
            return;
        };
        let Some(entry) = selected.view.get(sequence) else {
            return;
        };
        let out = out.as_mut_vec();
        let mut response = enabled.begin_fetch(out, sequence, entry.uid);
        // RFC 9051 §7.5.2, RFC 7162 §3.2.4; UIDFETCH begins with it.
        let says_uid = numbering == Numbering::Uid || enabled.rev2 || enabled.qresync;
        if says_uid && !enabled.uid_only {
            response.item(out, &FetchData::Uid(entry.uid));
        }
        if telltale == Telltale::Flags {
            let flags = enabled.shown(entry.flags);
            response.item(out, &FetchData::Flags(flags, selected.view.keywords()));
        }
        if enabled.condstore {
            response.item(out, &FetchData::ModSeq(entry.modseq));
        }
        response.end(out);
    }
}

impl Selected {
    /// What the mailbox's flags are.
    fn all_flags(&self) -> Vec<Flag> {
        let keywords = self.view.keywords().iter().cloned().map(Flag::Keyword);
        SYSTEM.into_iter().map(|(flag, _)| flag).chain(keywords).collect()
    }

    /// Which of them a client can change (RFC 3501 §7.1).
    pub(super) fn permanent_flags(&self, limits: &Limits) -> Code {
        let is_writable = self.access == Access::ReadWrite;
        let may_write = is_writable && self.rights.contains(Right::Write);
        let may_set = |flag: &Flag| match SYSTEM.iter().find(|(system, _)| system == flag) {
            Some((_, bit)) => is_writable && rights::flags(self.rights).contains(*bit),
            None => may_write,
        };
        Code::PermanentFlags {
            flags: self.all_flags().into_iter().filter(may_set).collect(),
            new_keywords: may_write && self.view.keywords().len() < limits.keywords,
        }
    }
}

/// A client's flags as the store takes them.
///
/// # Errors
/// With a system flag that there is not.
pub(super) fn split_flags(flags: Vec<Flag>) -> Result<(Flags, Vec<String>), Flag> {
    let mut bits = Flags::NONE;
    let mut keywords = Vec::new();
    for flag in flags {
        match SYSTEM.iter().find(|(system, _)| *system == flag) {
            Some((_, bit)) => bits = bits | *bit,
            None => match flag {
                Flag::Keyword(name) => keywords.push(name),
                other => return Err(other),
            },
        }
    }
    Ok((bits, keywords))
}
