//! Reading messages: their octets, and what is known of them without.

use super::Session;
use crate::message::structure::Scanner;
use crate::message::summary;
use crate::store::{Answer, Failure, Uid};
use alloc::sync::Arc;
use alloc::vec::Vec;

impl Session {
    pub(super) fn read(
        &mut self,
        uid: Uid,
        offset: u64,
        length: usize,
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        let message = self.message(uid)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = message.get(offset..).unwrap_or_default();
        let length = length.min(rest.len());
        octets.extend_from_slice(&rest[..length]);
        let end = length == rest.len();
        Ok(Answer::Read { end })
    }

    pub(super) fn structure(&mut self, uid: Uid) -> Result<Answer, Failure> {
        let message = self.message(uid)?;
        let mut scanner = Scanner::new(&self.memory.limits);
        scanner.push(&message);
        Ok(Answer::Structure(Arc::new(scanner.finish())))
    }

    pub(super) fn summary(&mut self, uid: Uid, octets: &mut Vec<u8>) -> Result<Answer, Failure> {
        let message = self.message(uid)?;
        let mut scanner = summary::Scanner::new(&self.memory.limits);
        scanner.push(&message);
        scanner.finish().write(octets);
        Ok(Answer::Summary)
    }

    /// The octets of a message, kept until another one is asked for.
    fn message(&mut self, uid: Uid) -> Result<Arc<[u8]>, Failure> {
        if let Some((last, message)) = &self.reading
            && *last == uid
        {
            return Ok(message.clone());
        }
        let ledger = self.opened()?.mailbox.borrow();
        let octets = ledger.kept(uid).ok_or(Failure::NoMessage)?.octets.clone();
        drop(ledger);
        self.reading = Some((uid, octets.clone()));
        Ok(octets)
    }
}
