//! What is found out about a message beyond what the view knows, and how.

use super::super::gather::{Gathering, read};
use crate::encoding::search::Needle;
use crate::limits::Limits;
use crate::message::structure::Structure;
use crate::message::summary::SummaryRef;
use crate::message::text::{self, Scope};
use crate::store::{Answer, Entry, Failure, Request, Uid};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// A text to look for.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) scope: Scope,
    pub(super) needle: Arc<Needle>,
}

/// What was found out about a message, beyond what the view knows.
#[derive(Debug)]
pub(super) struct Facts {
    /// The record of its summary.
    summary: Option<Vec<u8>>,
    /// Its header block.
    header: Option<Vec<u8>>,
    /// Whether each of the texts is in it.
    texts: Option<Vec<bool>>,
}

/// What must be found out before a message can be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    Summary,
    Header,
    Texts,
}

impl Facts {
    pub(super) const fn new() -> Self {
        Self { summary: None, header: None, texts: None }
    }

    /// Forgets all, for the next message.
    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn summary(&self) -> Result<SummaryRef<'_>, Need> {
        // Only a record that can be read is taken down.
        self.summary.as_deref().and_then(SummaryRef::parse).ok_or(Need::Summary)
    }

    pub(super) fn header(&self) -> Result<&[u8], Need> {
        self.header.as_deref().ok_or(Need::Header)
    }

    /// Whether the text of this number is in the message.
    pub(super) fn has_text(&self, number: usize) -> Result<bool, Need> {
        let texts = self.texts.as_ref().ok_or(Need::Texts)?;
        Ok(texts.get(number).copied().unwrap_or_default())
    }
}

/// Something about a message that is being found out.
#[derive(Debug)]
pub(super) enum Learning {
    Summary(Uid, Option<Vec<u8>>),
    Header(Gathering),
    Structure(Uid),
    /// All the texts are looked for in one go.
    Look(Uid, text::Search<Arc<Structure>, Arc<Needle>>),
}

impl Learning {
    pub(super) fn new(need: Need, entry: &Entry, limits: &Limits) -> Self {
        match need {
            Need::Summary => Self::Summary(entry.uid, None),
            Need::Header => {
                Self::Header(Gathering::new(entry.uid, 0..u64::from(entry.size), limits))
            }
            Need::Texts => Self::Structure(entry.uid),
        }
    }

    /// The next request; `None` once it is found out.
    pub(super) fn request(&self) -> Option<Request> {
        match self {
            Self::Summary(uid, None) => Some(Request::Summary { uid: *uid }),
            Self::Summary(_, Some(_)) => None,
            Self::Header(gathering) => gathering.request(),
            Self::Structure(uid) => Some(Request::Structure { uid: *uid }),
            Self::Look(uid, search) => search.wanted().map(|wanted| read(*uid, &wanted)),
        }
    }

    /// Takes the answer and the octets that came before it.
    pub(super) fn take(
        &mut self,
        answer: Answer,
        octets: Vec<u8>,
        texts: &[Text],
        limits: &Limits,
    ) -> Result<(), Failure> {
        match (&mut *self, answer) {
            (_, Answer::Failed(failure)) => return Err(failure),
            (Self::Summary(_, summary), Answer::Summary)
                if SummaryRef::parse(&octets).is_some() =>
            {
                *summary = Some(octets);
            }
            (Self::Header(gathering), Answer::Read { .. }) => gathering.take(&octets),
            (Self::Structure(uid), Answer::Structure(structure)) => {
                let looks = texts.iter().map(|Text { scope, needle }| (needle.clone(), *scope));
                *self = Self::Look(*uid, text::Search::several(structure, looks, limits));
            }
            // The message ends sooner than was told.
            (Self::Look(..), Answer::Read { .. }) if octets.is_empty() => {
                return Err(Failure::NoMessage);
            }
            (Self::Look(_, search), Answer::Read { .. }) => search.push(&octets),
            _ => return Err(Failure::Io("an answer that does not fit".into())),
        }
        Ok(())
    }

    /// Takes down what was found out.
    pub(super) fn finish(self, facts: &mut Facts, texts: &[Text]) {
        match self {
            Self::Summary(_, summary) => facts.summary = summary,
            Self::Header(gathering) => facts.header = Some(gathering.finish().octets),
            Self::Structure(_) => facts.texts = Some(vec![false; texts.len()]),
            Self::Look(_, search) => {
                facts.texts =
                    Some((0..texts.len()).map(|number| search.has_found(number)).collect());
            }
        }
    }
}
