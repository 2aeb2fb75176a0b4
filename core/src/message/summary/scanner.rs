//! The scanner that makes a [`Summary`].

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::{Digest, Summary};
use crate::encoding::casemap::fold;
use crate::limits::Limits;
use crate::message::date::DateTime;
use crate::message::header::{self, fields};
use crate::message::message_id::{IdHash, ids};
use crate::message::subject::Subject;
use crate::message::{preview, structure};

/// Reads a message in pieces and finds all that a [`Summary`] tells, in one pass.
///
/// It holds the message's header, one part's header, the parts found, and the start of two texts.
#[derive(Clone, Debug)]
pub struct Scanner {
    header_block: usize,
    end: header::Scanner,
    header: Vec<u8>,
    structure: structure::Scanner,
    preview: preview::Collector,
    content: Sha256,
    size: u64,
}

impl Scanner {
    /// A scanner at the start of a message, bound as a [`structure::Scanner`] is.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            header_block: limits.header_block,
            end: header::Scanner::new(),
            header: Vec::new(),
            structure: structure::Scanner::new(limits),
            preview: preview::Collector::default(),
            content: Sha256::new(),
            size: 0,
        }
    }

    /// Takes the next octets of the message.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.end.is_ended() {
            let length = self.end.push(bytes).unwrap_or(bytes.len());
            let room = self.header_block - self.header.len();
            self.header.extend_from_slice(&bytes[..length.min(room)]);
        }
        self.structure.push(bytes);
        self.preview.push(self.structure.begun(), self.size, bytes);
        self.content.update(bytes);
        self.size += bytes.len() as u64;
    }

    /// Ends the message.
    #[must_use]
    pub fn finish(self) -> Summary {
        let structure = self.structure.finish();
        let content_id = shorten(self.content);
        let field = |name: &str| fields(&self.header).find(|field| field.is(name));
        let value = |name: &str| field(name).map_or(&[][..], |field| field.value());
        let message_id = ids(value("Message-ID")).next();
        let (first, references) = references(value("References"), value("In-Reply-To"));
        let thread = first.as_ref().or(message_id.as_ref());
        let Subject { base, is_reply } = Subject::parse(value("Subject"));
        Summary {
            size: self.size,
            content_id,
            thread_id: thread.map_or(content_id, |id| shorten(Sha256::new_with_prefix(id))),
            sent: field("Date").and_then(|field| DateTime::parse(&field.unfolded())),
            message_id: message_id.map(|id| IdHash::of(&id)),
            references,
            subject: fold(&base),
            is_reply,
            preview: self.preview.finish(&structure),
            structure,
        }
    }
}

fn shorten(hash: Sha256) -> Digest {
    let mut digest = Digest([0; 20]);
    digest.0.iter_mut().zip(hash.finalize()).for_each(|(to, octet)| *to = octet);
    digest
}

/// What a message refers to, and the first of it: what References tells, or if nothing, the first that
/// In-Reply-To tells (RFC 5256 §3 (1)).
fn references(references: &[u8], in_reply_to: &[u8]) -> (Option<Vec<u8>>, Vec<IdHash>) {
    const MOST: usize = Limits::DEFAULT.references;
    let mut all = ids(references);
    let Some(first) = all.next() else {
        let id = ids(in_reply_to).next();
        let hash = id.as_ref().map(|id| IdHash::of(id));
        return (id, hash.into_iter().collect());
    };
    let count = all.clone().count();
    let rest = all.skip(count.saturating_sub(MOST - 1)).map(|id| IdHash::of(&id));
    let hashes = [IdHash::of(&first)].into_iter().chain(rest).collect();
    (Some(first), hashes)
}
