//! Reading messages: their octets, and what is known of them without.

use super::{BLOCK, Session};
use crate::content::Content;
use crate::files::Errno;
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::message::structure::{self, Structure};
use postroad_core::message::summary::{Scanner, SummaryRef};
use postroad_core::store::{Answer, Failure, Uid};
use std::sync::Arc;

impl Session {
    pub(super) fn read(
        &mut self,
        now: Instant,
        uid: Uid,
        offset: u64,
        length: usize,
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        let content = self.content(now, uid)?;
        let end = content.read(offset, length, octets).map_err(unreadable)?;
        Ok(Answer::Read { end })
    }

    pub(super) fn structure(&mut self, now: Instant, uid: Uid) -> Result<Answer, Failure> {
        let known = self.with_open(false, |_, mailbox| Ok(mailbox.structure(uid)));
        if let Ok(Some(structure)) = known {
            return Ok(Answer::Structure(structure));
        }
        let mut record = Vec::new();
        self.summary(now, uid, &mut record)?;
        let structure = SummaryRef::parse(&record).and_then(|summary| summary.structure());
        let structure = Arc::new(structure.ok_or_else(|| Failure::Io("a summary is none".into()))?);
        let _ = self.with_open(false, |_, mailbox| {
            mailbox.keep_structure(uid, &structure);
            Ok(())
        });
        Ok(Answer::Structure(structure))
    }

    pub(super) fn summary(
        &mut self,
        now: Instant,
        uid: Uid,
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        let known = self.with_open(false, |_, mailbox| Ok(mailbox.summary(uid, octets)));
        if known == Ok(true) && SummaryRef::parse(octets).is_some() {
            return Ok(Answer::Summary);
        }
        octets.clear();
        let mut scanner = Scanner::new(&self.shared.options.limits);
        // The mailbox is not locked while the message is read.
        read_whole(self.content(now, uid)?, |block| scanner.push(block))?;
        scanner.finish().write(octets);
        let _ = self.with_open(false, |_, mailbox| {
            mailbox.keep_summary(uid, octets);
            Ok(())
        });
        Ok(Answer::Summary)
    }

    /// The octets of a message, kept open until another one is asked for.
    fn content(&mut self, now: Instant, uid: Uid) -> Result<&mut Content, Failure> {
        let content = match self.reading.take() {
            Some((last, content)) if last == uid => content,
            _ => self.with_open(false, |_, mailbox| mailbox.open(now, uid))?,
        };
        Ok(&mut self.reading.insert((uid, content)).1)
    }
}

/// Reads a message from its beginning to its end.
fn read_whole(content: &mut Content, mut take: impl FnMut(&[u8])) -> Result<(), Failure> {
    let (mut offset, mut block) = (0, Vec::new());
    loop {
        block.clear();
        let end = content.read(offset, BLOCK, &mut block).map_err(unreadable)?;
        take(&block);
        offset += block.len() as u64;
        if end {
            return Ok(());
        }
    }
}

pub(super) fn structure_of(
    content: &mut Content,
    limits: &Limits,
) -> Result<Arc<Structure>, Failure> {
    let mut scanner = structure::Scanner::new(limits);
    read_whole(content, |block| scanner.push(block))?;
    Ok(Arc::new(scanner.finish()))
}

pub(super) fn unreadable(errno: Errno) -> Failure {
    Failure::Io(format!("a message can't be read: {errno}"))
}
