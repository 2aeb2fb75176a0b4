//! Summaries of the messages of many suites: each tells what the message itself tells, in any pieces, and reads back
//! what it wrote.

use postroad_core::address::list::Item;
use postroad_core::imap::{FetchData, FetchResponse};
use postroad_core::limits::Limits;
use postroad_core::message::date::DateTime;
use postroad_core::message::envelope::Envelope;
use postroad_core::message::header::{self, fields};
use postroad_core::message::structure::Structure;
use postroad_core::message::summary::{Scanner, Summary, SummaryRef};

use crate::suite::say;

/// What the records of a suite came to.
#[derive(Default)]
pub(crate) struct Tally {
    records: usize,
    octets: usize,
    largest: usize,
    previews: usize,
}

impl Tally {
    /// Says how large the records were.
    pub(crate) fn finish(&self, name: &str) {
        let Self { records, octets, largest, previews } = self;
        let mean = octets / records.max(&1);
        say(&format!(
            "{name}: {records} summaries, {mean} octets each, {largest} the largest, {previews} with a preview"
        ));
    }

    /// Judges the summary of a message.
    pub(crate) fn judge(&mut self, message: &[u8], structure: &Structure) -> Result<(), String> {
        let summary = scan(message, message.len().max(1));
        for piece in [1, 61, 4096] {
            if scan(message, piece) != summary {
                return Err(format!("another summary in pieces of {piece}"));
            }
        }
        if summary.structure != *structure || summary.size != message.len() as u64 {
            return Err("the summary has another structure or size".to_owned());
        }
        check_header(message, &summary)?;
        let mut record = Vec::new();
        summary.write(&mut record);
        if Summary::parse(&record).as_ref() != Some(&summary) {
            return Err("the record reads as another summary".to_owned());
        }
        check_record(&record, &summary).ok_or("the parts of the record tell something else")?;
        let length = summary.preview.chars().count();
        if length > 200 || summary.preview.trim() != summary.preview {
            return Err(format!("the preview is {:?}", summary.preview));
        }
        self.records += 1;
        self.octets += record.len();
        self.largest = self.largest.max(record.len());
        self.previews += usize::from(length > 0);
        Ok(())
    }
}

fn scan(message: &[u8], piece: usize) -> Summary {
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    message.chunks(piece).for_each(|piece| scanner.push(piece));
    scanner.finish()
}

fn check_header(message: &[u8], summary: &Summary) -> Result<(), String> {
    let block = &message[..header::block_length(message)];
    if summary.envelope() != Some(&Envelope::parse(block)) {
        return Err("the summary has another envelope".to_owned());
    }
    let date = fields(block).find(|field| field.is("Date"));
    if summary.sent != date.and_then(|field| DateTime::parse(&field.unfolded())) {
        return Err("the summary has another date".to_owned());
    }
    Ok(())
}

/// What can be had of a record without reading it whole is the same, and so is what FETCH writes of it.
fn check_record(record: &[u8], summary: &Summary) -> Option<()> {
    let parsed = SummaryRef::parse(record)?;
    let envelope = summary.envelope()?;
    let firsts: [(Option<Item>, &[Item]); 3] = [
        (parsed.first_from(), &envelope.from),
        (parsed.first_to(), &envelope.to),
        (parsed.first_cc(), &envelope.cc),
    ];
    let same = firsts.iter().all(|(first, list)| first.as_ref() == list.first())
        && parsed.references().eq(summary.references.iter().copied())
        && fetched(&parsed.structure()?) == fetched(&summary.structure)
        && parsed.envelope().as_ref() == Some(envelope);
    same.then_some(())
}

fn fetched(structure: &Structure) -> Vec<u8> {
    let mut out = Vec::new();
    let mut response = FetchResponse::begin(&mut out, 1);
    response.item(&mut out, &FetchData::Body(structure));
    response.item(&mut out, &FetchData::BodyStructure(structure));
    if let Some(envelope) = structure.root().and_then(|root| root.envelope.as_deref()) {
        response.item(&mut out, &FetchData::Envelope(envelope));
    }
    response.end(&mut out);
    out
}
