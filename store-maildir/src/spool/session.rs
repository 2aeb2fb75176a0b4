//! The spool's door.

use super::content::Content;
use super::draft::Draft;
use super::{HEAD, Shared};
use crate::files::{Errno, check_reserve, failed};
use postroad_core::machine::Instant;
use postroad_core::queue::spool::{Answer, Request, Spool};
use postroad_core::queue::{Envelope, Id, Record};
use postroad_core::store::Failure;
use std::path::Path;
use std::sync::Arc;

const NOTHING_WRITTEN: Failure = Failure::Refused("no message is being written");

/// One session's handle on the spool.
pub struct SpoolSession {
    shared: Arc<Shared>,
    draft: Option<Draft>,
    /// The message that is being read. It can be read to its end even when another session removes
    /// it meanwhile.
    reading: Option<Content>,
}

impl Spool for SpoolSession {
    fn perform(
        &mut self,
        _: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Answer {
        octets.clear();
        let answer = match request {
            Request::Begin(envelope) => self.begin(&envelope),
            Request::Write => self.write(lent),
            Request::Commit => self.commit(),
            Request::Abandon => self.abandon(),
            Request::Load(id) => self.load(id),
            Request::Read { id, offset, length } => self.read(id, offset, length, octets),
            Request::Record { id, records } => self.record(id, &records),
            Request::Remove(id) => self.remove(id),
        };
        answer.unwrap_or_else(|failure| {
            octets.clear();
            Answer::Failed(failure)
        })
    }
}

impl SpoolSession {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: shared.clone(), draft: None, reading: None }
    }

    fn begin(&mut self, envelope: &Envelope) -> Result<Answer, Failure> {
        self.draft = None;
        let Shared { root, files, reserve, .. } = &*self.shared;
        check_reserve(&**files, root, *reserve)?;
        let head = envelope.write();
        if head.len() > HEAD {
            return Err(Failure::Limit("the envelope is too long"));
        }
        // What can't be read again must not be taken.
        if !matches!(Envelope::read(&head), Ok(Some((_, length))) if length == head.len()) {
            return Err(Failure::Refused("the envelope can't be written"));
        }
        self.draft = Some(Draft::begin(files, envelope.id, self.shared.spare(), head)?);
        Ok(Answer::Done)
    }

    fn write(&mut self, lent: &[u8]) -> Result<Answer, Failure> {
        let draft = self.draft.as_mut().ok_or(NOTHING_WRITTEN)?;
        if let Err(failure) = draft.write(lent) {
            self.draft = None;
            return Err(failure);
        }
        Ok(Answer::Done)
    }

    fn commit(&mut self) -> Result<Answer, Failure> {
        let draft = self.draft.take().ok_or(NOTHING_WRITTEN)?;
        let Shared { root, files, syncs, busy, logs, .. } = &*self.shared;
        let (id, path) = (draft.id(), self.shared.message(draft.id()));
        let _held = busy.hold(id);
        if self.is_there(&path)? {
            syncs.sync().map_err(failed(root))?;
            return Ok(Answer::Done);
        }
        // That of an earlier message of this name may have been left behind.
        let log = self.shared.log(id);
        if self.is_there(&log)? {
            remove(&self.shared, &log)?;
        }
        draft.place(&path)?;
        logs.forget(id);
        if let Err(errno) = syncs.sync() {
            // It is whole in any case, whether it goes or stays.
            let _ = files.remove(&path);
            return Err(failed(root)(errno));
        }
        Ok(Answer::Done)
    }

    fn abandon(&mut self) -> Result<Answer, Failure> {
        self.draft = None;
        Ok(Answer::Done)
    }

    fn load(&self, id: Id) -> Result<Answer, Failure> {
        let entry = self.shared.entry(id, true)?.ok_or(Failure::NoMessage)?;
        Ok(Answer::Loaded(Box::new(entry)))
    }

    fn read(
        &mut self,
        id: Id,
        offset: u64,
        length: usize,
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        let mut content = match self.reading.take() {
            Some(content) if content.id() == id => content,
            _ => {
                let path = self.shared.message(id);
                Content::open(&*self.shared.files, id, path)?.ok_or(Failure::NoMessage)?.1
            }
        };
        let end = content.read(offset, length, octets)?;
        if !end {
            self.reading = Some(content);
        }
        Ok(Answer::Read { end })
    }

    fn record(&self, id: Id, records: &[Record]) -> Result<Answer, Failure> {
        let mut lines = String::new();
        for record in records {
            record.push(&mut lines);
        }
        if lines.len() > HEAD {
            return Err(Failure::Limit("the records are too long"));
        }
        let _held = self.shared.busy.hold(id);
        if !self.is_there(&self.shared.message(id))? {
            return Err(Failure::NoMessage);
        }
        if !lines.is_empty() {
            self.shared.append(id, &lines).map_err(failed(&self.shared.log(id)))?;
        }
        Ok(Answer::Done)
    }

    fn remove(&mut self, id: Id) -> Result<Answer, Failure> {
        self.reading.take_if(|content| content.id() == id);
        let Shared { root, syncs, busy, logs, .. } = &*self.shared;
        let _held = busy.hold(id);
        remove(&self.shared, &self.shared.message(id))?;
        syncs.sync().map_err(failed(root))?;
        // Only now, so that no crash brings back a message without what was noted of it. A log that
        // comes back alone is litter.
        let log = self.shared.log(id);
        if self.is_there(&log).unwrap_or(true) {
            let _ = remove(&self.shared, &log);
        }
        logs.forget(id);
        Ok(Answer::Done)
    }

    fn is_there(&self, path: &Path) -> Result<bool, Failure> {
        match self.shared.files.stat(path) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(failed(path)(errno)),
        }
    }
}

/// Removes a file that may be gone already.
fn remove(shared: &Shared, path: &Path) -> Result<(), Failure> {
    match shared.files.remove(path) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(failed(path)(errno)),
    }
}
