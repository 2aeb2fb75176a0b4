//! Telling a client what has changed in its mailbox (RFC 3501 §7.3, §7.4).

use super::connection::{Connection, Selected};
use super::task::Manner;
use super::{ok, rights};
use crate::imap::view::News;
use crate::imap::{Code, FetchData, FetchResponse, Flag, Numbering, Response};
use crate::limits::Limits;
use crate::store::{Access, Answer, Flags, Right};
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

/// Untagged responses that are being written, as far as there is room.
#[derive(Debug)]
pub(super) struct Telling {
    expunged: vec::IntoIter<u32>,
    exists: Option<u32>,
    recent: Option<u32>,
    changed: vec::IntoIter<u32>,
    numbering: Numbering,
}

impl Telling {
    /// Writes what is left, and says whether that was all.
    pub(super) fn go_on(&mut self, connection: &mut Connection) -> bool {
        while !connection.out.is_high() {
            if let Some(sequence) = self.expunged.next() {
                connection.respond(Response::Expunge(sequence));
            } else if let Some(count) = self.exists.take() {
                connection.respond(Response::Exists(count));
            } else if let Some(count) = self.recent.take() {
                connection.respond(Response::Recent(count));
            } else if let Some(sequence) = self.changed.next() {
                let numbering = self.numbering;
                connection.tell_flags(sequence, numbering);
            } else {
                return true;
            }
        }
        false
    }
}

impl Connection {
    /// Takes in the answer to [`Request::Sync`](crate::store::Request::Sync) and begins to tell of
    /// what has changed; `None` if the mailbox itself is gone, which ends the connection.
    pub(super) fn tell(&mut self, answer: Answer, manner: Manner) -> Option<Telling> {
        let selected = self.selected()?;
        let Answer::Mailbox(snapshot) = answer else {
            // RFC 2180 §3: nothing else would make sense to the client.
            self.bye("The selected mailbox is gone");
            return None;
        };
        selected.view.apply(snapshot);
        let news = selected.view.report(manner.expunges);
        if news.keywords {
            self.tell_keywords();
        }
        let News { expunged, exists, recent, changed, .. } = news;
        // RFC 9051 Appendix E: IMAP4rev2 knows no RECENT.
        let recent = recent.filter(|_| !self.enabled.rev2);
        Some(Telling {
            expunged: expunged.into_iter(),
            exists,
            recent,
            changed: changed.into_iter(),
            numbering: manner.numbering,
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

    /// `* 1 FETCH (UID 5 FLAGS (\Seen))`.
    fn tell_flags(&mut self, sequence: u32, numbering: Numbering) {
        let Self { phase: super::connection::Phase::Selected(_, selected), out, .. } = self else {
            return;
        };
        let Some(entry) = selected.view.get(sequence) else {
            return;
        };
        let out = out.as_mut_vec();
        let mut response = FetchResponse::begin(out, sequence);
        if numbering == Numbering::Uid {
            response.item(out, &FetchData::Uid(entry.uid));
        }
        response.item(out, &FetchData::Flags(entry.flags, selected.view.keywords()));
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
