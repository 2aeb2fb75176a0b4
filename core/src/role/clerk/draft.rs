//! A report that is being written: what is in front of the returned content, the content as it
//! comes from the spool, and what is behind it.

use super::notice::{self, Notice, Start};
use super::{Clerk, Told};
use crate::address::Mailbox;
use crate::limits::Limits;
use crate::message::dsn::Returned;
use crate::message::header::Scanner;
use crate::queue::{Entry, Envelope, spool};
use crate::role::doors::SLICE;
use crate::role::{Report, Site};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A report on its way into the spool.
pub(super) struct Draft {
    /// The message that it is about.
    pub(super) entry: Box<Entry>,
    /// The places of the recipients whom it is about; never empty.
    due: Vec<usize>,
    /// Its own envelope.
    envelope: Box<Envelope>,
    returned: Returned,
    /// Octets of the message that were read.
    offset: u64,
    /// Finds the end of a header that is returned alone.
    scanner: Scanner,
    /// What stands behind the returned content; `None` once it was given away.
    tail: Option<Vec<u8>>,
    /// Octets of the report so far.
    size: u64,
}

impl Draft {
    /// Begins a report to `to` of the recipients at the places `due`. `octets` are the first of the
    /// message, and become the first of the report.
    pub(super) fn new(
        clerk: &mut Clerk,
        entry: Box<Entry>,
        due: Vec<usize>,
        to: &Mailbox,
        octets: &mut Vec<u8>,
        end: bool,
    ) -> Self {
        let limits = &clerk.site.config.limits;
        let returned = notice::returned(&entry, &due, limits);
        let start = Start::of(octets, end);
        let Notice { envelope, mut head, tail } =
            notice::write(clerk, &entry, &due, to, returned, &start);
        let mut draft = Self {
            entry,
            due,
            envelope: Box::new(envelope),
            returned,
            offset: 0,
            scanner: Scanner::new(),
            tail: Some(tail),
            size: head.len() as u64,
        };
        draft.take(octets, end, &clerk.site.config.limits);
        head.append(octets);
        *octets = head;
        draft
    }

    /// The envelope with which the report begins.
    pub(super) fn envelope(&self) -> Box<Envelope> {
        self.envelope.clone()
    }

    /// Whether all of it was given away.
    pub(super) const fn is_whole(&self) -> bool {
        self.tail.is_none()
    }

    /// What is to be read next.
    pub(super) fn next(&self, limits: &Limits) -> spool::Request {
        let length = match self.returned {
            Returned::Full => SLICE,
            Returned::Headers => self.header_left(limits).min(SLICE),
        };
        spool::Request::Read { id: self.entry.envelope.id, offset: self.offset, length }
    }

    /// Octets that a header may yet have.
    fn header_left(&self, limits: &Limits) -> usize {
        let read = usize::try_from(self.offset).unwrap_or(usize::MAX);
        limits.header_block.saturating_sub(read)
    }

    /// Makes of the octets that were read those that are to be written.
    pub(super) fn take(&mut self, octets: &mut Vec<u8>, end: bool, limits: &Limits) {
        let is_last = match self.returned {
            Returned::Full => {
                self.offset += octets.len() as u64;
                end
            }
            Returned::Headers => self.cut(octets, end, limits),
        };
        if is_last {
            octets.append(&mut self.tail.take().unwrap_or_default());
        }
        self.size += octets.len() as u64;
    }

    /// Cuts off what is not of the header; says whether what is left is the last of it.
    fn cut(&mut self, octets: &mut Vec<u8>, end: bool, limits: &Limits) -> bool {
        if octets.len() > 1 && octets.ends_with(b"\r") && !end {
            // It may be of the empty line, and is read again.
            octets.pop();
        }
        self.offset += octets.len() as u64;
        let Some(length) = self.scanner.push(octets) else {
            return end || self.header_left(limits) == 0;
        };
        octets.truncate(length);
        let line_end = if octets.ends_with(b"\r\n") { 2 } else { 1 };
        octets.truncate(length - line_end);
        true
    }

    /// The report is in the spool: what it was about, whom, and what the queue is to be told.
    pub(super) fn end(self, site: &Site) -> (Box<Entry>, Vec<usize>, Told) {
        let Self { entry, due, envelope, size, .. } = self;
        let report = Report::new("reported").with("id", entry.envelope.id);
        let report = report.with("report", envelope.id).with("to", &entry.envelope.reverse_path);
        let report = report.with("kinds", notice::kinds(&entry, &due)).with("size", size);
        let summary = Entry::new(*envelope, size).summary(|path| site.destination(path));
        (entry, due, Told { summary: Box::new(summary), report })
    }
}
