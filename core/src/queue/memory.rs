//! The reference spool: everything in memory, gone with the last handle. Tests and simulators use
//! it; what it answers is what every other spool has to answer.

use super::spool::{Answer, Request, Spool};
use super::{Entry, Envelope, Id, Record};
use crate::machine::Instant;
use crate::store::Failure;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

const NOTHING_WRITTEN: Failure = Failure::Refused("no message is being written");

/// A spool in memory. Clones and [sessions](Self::session) share it, on one thread.
///
/// ```
/// use postroad_core::machine::Instant;
/// use postroad_core::queue::Id;
/// use postroad_core::queue::spool::{Answer, Memory, Request, Spool};
/// use postroad_core::store::Failure;
///
/// let mut session = Memory::new().session();
/// let id = Id::parse("2b3c4d5f6g7h8j9k").unwrap();
/// let mut ask = |request| session.perform(Instant::default(), request, b"", &mut Vec::new());
/// assert_eq!(ask(Request::Load(id)), Answer::Failed(Failure::NoMessage));
/// assert_eq!(ask(Request::Remove(id)), Answer::Done);
/// ```
#[derive(Clone, Default)]
pub struct Memory {
    messages: Rc<RefCell<BTreeMap<Id, Message>>>,
}

struct Message {
    entry: Entry,
    content: Rc<[u8]>,
}

/// One session's handle on a [`Memory`].
pub struct Session {
    memory: Memory,
    writing: Option<(Box<Envelope>, Vec<u8>)>,
    /// The message that is being read. It can be read to its end even when another session removes
    /// it meanwhile.
    reading: Option<(Id, Rc<[u8]>)>,
}

impl Memory {
    /// An empty spool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle for one session.
    #[must_use]
    pub fn session(&self) -> Session {
        Session { memory: self.clone(), writing: None, reading: None }
    }
}

impl Spool for Session {
    fn perform(
        &mut self,
        _: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Answer {
        octets.clear();
        let answer = match request {
            Request::Begin(envelope) => self.begin(envelope),
            Request::Write => self.write(lent),
            Request::Commit => self.commit(),
            Request::Abandon => self.abandon(),
            Request::Load(id) => self.load(id),
            Request::Read { id, offset, length } => self.read(id, offset, length, octets),
            Request::Record { id, records } => self.record(id, records),
            Request::Remove(id) => self.remove(id),
        };
        answer.unwrap_or_else(Answer::Failed)
    }
}

impl Session {
    fn begin(&mut self, envelope: Box<Envelope>) -> Result<Answer, Failure> {
        self.writing = Some((envelope, Vec::new()));
        Ok(Answer::Done)
    }

    fn write(&mut self, lent: &[u8]) -> Result<Answer, Failure> {
        let (_, content) = self.writing.as_mut().ok_or(NOTHING_WRITTEN)?;
        content.extend_from_slice(lent);
        Ok(Answer::Done)
    }

    fn commit(&mut self) -> Result<Answer, Failure> {
        let (envelope, content) = self.writing.take().ok_or(NOTHING_WRITTEN)?;
        if let btree_map::Entry::Vacant(vacant) =
            self.memory.messages.borrow_mut().entry(envelope.id)
        {
            let entry = Entry::new(*envelope, content.len() as u64);
            vacant.insert(Message { entry, content: content.into() });
        }
        Ok(Answer::Done)
    }

    fn abandon(&mut self) -> Result<Answer, Failure> {
        self.writing = None;
        Ok(Answer::Done)
    }

    fn load(&self, id: Id) -> Result<Answer, Failure> {
        let messages = self.memory.messages.borrow();
        let message = messages.get(&id).ok_or(Failure::NoMessage)?;
        Ok(Answer::Loaded(Box::new(message.entry.clone())))
    }

    fn read(
        &mut self,
        id: Id,
        offset: u64,
        length: usize,
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        let content = match self.reading.take() {
            Some((last, content)) if last == id => content,
            _ => {
                let messages = self.memory.messages.borrow();
                messages.get(&id).ok_or(Failure::NoMessage)?.content.clone()
            }
        };
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = content.get(offset..).unwrap_or_default();
        let length = length.min(rest.len());
        octets.extend_from_slice(&rest[..length]);
        let end = length == rest.len();
        if !end {
            self.reading = Some((id, content));
        }
        Ok(Answer::Read { end })
    }

    fn record(&self, id: Id, records: Vec<Record>) -> Result<Answer, Failure> {
        let mut messages = self.memory.messages.borrow_mut();
        let message = messages.get_mut(&id).ok_or(Failure::NoMessage)?;
        for record in records {
            message.entry.apply(record);
        }
        Ok(Answer::Done)
    }

    fn remove(&mut self, id: Id) -> Result<Answer, Failure> {
        self.reading.take_if(|(last, _)| *last == id);
        self.memory.messages.borrow_mut().remove(&id);
        Ok(Answer::Done)
    }
}
