//! Messages of many suites, well and badly made: no octets are too odd, no split of them matters, and what is found
//! lies where it should.

use postroad_core::encoding::search::Needle;
use postroad_core::limits::Limits;
use postroad_core::message::envelope::Envelope;
use postroad_core::message::header::{self, fields};
use postroad_core::message::structure::{Scanner, Structure};
use postroad_core::message::text::{Scope, Search};

use crate::suite::Suite;
use crate::summaries::Tally;

/// Beyond this, a message is not split into single octets.
const SMALL: usize = 20_000;

fn judge_all(name: &'static str) {
    let Some(mut suite) = Suite::open(name) else {
        return;
    };
    let mut tally = Tally::default();
    for file in suite.files().into_iter().filter(|file| is_message(file)) {
        let message = suite.read(&file);
        suite.case(&format!("whole/{file}"), judge(&message));
        let structure = scan(&message, message.len().max(1));
        suite.case(&format!("summary/{file}"), tally.judge(&message, &structure));
    }
    tally.finish(name);
    suite.finish();
}

/// Whether a file is material, not a word about it.
fn is_message(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let is_about = ["SOURCE", "INDEX", "LICENSE", "ARTISTIC", "NOTICE"]
        .iter()
        .any(|start| name.starts_with(start));
    !is_about && ![".json", ".jsonl", ".xml"].iter().any(|end| name.ends_with(end))
}

macro_rules! suites {
    ($($test:ident $name:literal)+) => {
        $(#[test]
        fn $test() {
            judge_all($name);
        })+
    };
}

suites! {
    mime_mimekit "mime-mimekit"
    mime_mail_parser "mime-mail-parser"
    mime_mime4j "mime-mime4j"
    mime_python_email "mime-python-email"
    mime_ruby_mail "mime-ruby-mail"
    mail_spamassassin "mail-spamassassin"
    mail_pypi_mail_parser "mail-pypi-mail-parser"
    bounces_sisimai "bounces-sisimai"
    bounces_flufl "bounces-flufl"
}

fn judge(message: &[u8]) -> Result<(), String> {
    let structure = scan(message, message.len().max(1));
    let pieces = if message.len() < SMALL { &[1, 7, 61][..] } else { &[61, 4096] };
    for &piece in pieces {
        if scan(message, piece) != structure {
            return Err(format!("another structure in pieces of {piece}"));
        }
    }
    let root = structure.root().ok_or("no root")?;
    if (root.header_start, root.body_end) != (0, message.len() as u64) {
        return Err("the root is not the message".to_owned());
    }
    let block = header::block_length(message);
    if block as u64 != root.body_start {
        return Err(format!("the header ends at {block} and at {}", root.body_start));
    }
    if root.envelope.as_deref() != Some(&Envelope::parse(&message[..block])) {
        return Err("another envelope".to_owned());
    }
    let covered: usize = fields(message).map(|field| field.raw().len()).sum();
    if block - covered > 2 {
        return Err(format!("the fields cover {covered} octets of {block}"));
    }
    check_places(message, &structure)?;
    for needle in ["e", "http://", "not in any of them"] {
        let whole = is_found(message, &structure, needle, usize::MAX);
        if is_found(message, &structure, needle, 61) != whole {
            return Err(format!("{needle:?} is found or not as the pieces are"));
        }
    }
    Ok(())
}

/// Parts lie inside one another, in order, and their lines are those of their bodies.
fn check_places(message: &[u8], structure: &Structure) -> Result<(), String> {
    for (place, part) in structure.parts.iter().enumerate() {
        let body = &message[octet(part.body_start)..octet(part.body_end)];
        if body.iter().filter(|&&octet| octet == b'\n').count() as u64 != part.lines {
            return Err(format!("part {place} has not {} lines", part.lines));
        }
        let mut end = part.body_start;
        for (_, child) in structure.children(place) {
            if child.header_start < end || child.body_end > part.body_end {
                return Err(format!("something in part {place} is out of it"));
            }
            end = child.body_end;
        }
    }
    Ok(())
}

fn scan(message: &[u8], piece: usize) -> Structure {
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    message.chunks(piece).for_each(|piece| scanner.push(piece));
    scanner.finish()
}

fn is_found(message: &[u8], structure: &Structure, needle: &str, piece: usize) -> bool {
    let needle = Needle::new(needle);
    let mut search = Search::new(structure, &needle, Scope::Text, &Limits::DEFAULT);
    while let Some(wanted) = search.wanted() {
        let octets = &message[octet(wanted.start)..octet(wanted.end)];
        search.push(&octets[..piece.min(octets.len())]);
    }
    search.is_found()
}

fn octet(offset: u64) -> usize {
    usize::try_from(offset).expect("an offset in memory")
}
