//! `imaptest`: the mailboxes that ImapTest threads and sorts, by the summaries of their messages.

use postroad_core::encoding::casemap::fold;
use postroad_core::limits::Limits;
use postroad_core::message::sort::{Candidate, Criterion, Key, Sorter};
use postroad_core::message::summary::{Scanner, Summary, SummaryRef};
use postroad_core::message::thread::{Algorithm, Item, Threads};

use crate::suite::Suite;

#[test]
fn imaptest_threads() {
    let Some(mut suite) = Suite::open("imaptest") else { return };
    let files = suite.files();
    let is_ours = |file: &&String| file.starts_with("thread") || file.starts_with("sort");
    for file in files.iter().filter(is_ours).filter(|file| !file.ends_with(".mbox")) {
        let mailbox = format!("{file}.mbox");
        let own = if files.contains(&mailbox) { mailbox } else { "default.mbox".to_owned() };
        let mut records = records(&suite.text(&own));
        let mut numbers: Vec<u32> = (1..).take(records.len()).collect();
        let script = suite.text(file);
        let mut asked = "";
        for (line, text) in script.lines().enumerate() {
            if let Some(command) = text.strip_prefix("ok ") {
                asked = command;
            }
            if let Some(rest) = asked.strip_prefix("store ") {
                let gone: usize =
                    rest.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(1);
                records.remove(gone - 1);
                numbers.pop();
                asked = "";
            }
            let Some(expected) = text.strip_prefix("* ") else { continue };
            let (_, expected) = expected.split_once(' ').unwrap_or_default();
            let found = answer(asked, &records);
            let outcome = match found {
                Some(found) if found == expected.trim() => Ok(()),
                Some(found) => Err(format!("{asked}: {found}, not {expected}")),
                None => continue,
            };
            suite.case(&format!("{file}/{}", line + 1), outcome);
        }
    }
    suite.finish();
}

/// The records of the messages in a mailbox file.
fn records(mailbox: &str) -> Vec<Vec<u8>> {
    let mailbox = mailbox.strip_prefix("From ").unwrap_or(mailbox);
    let record = |message: &str| {
        let mut scanner = Scanner::new(&Limits::DEFAULT);
        let (_, message) = message.split_once('\n').unwrap_or_default();
        scanner.push(message.as_bytes());
        let mut record = Vec::new();
        scanner.finish().write(&mut record);
        record
    };
    mailbox.split("\nFrom ").map(record).collect()
}

/// What THREAD or SORT of all messages tells; `None` for another command.
fn answer(command: &str, records: &[Vec<u8>]) -> Option<String> {
    let command = command.to_ascii_lowercase();
    if let Some(rest) = command.strip_prefix("thread ") {
        let algorithm = match rest.split(' ').next()? {
            "references" => Algorithm::References,
            _ => Algorithm::OrderedSubject,
        };
        return Some(thread(algorithm, records));
    }
    let (criteria, rest) = command.strip_prefix("sort (")?.split_once(')')?;
    if !rest.trim().ends_with(" all") || rest.contains("return") {
        return None;
    }
    let mut sorter = Sorter::new(criteria_of(criteria)?);
    for (id, record) in (1..).zip(records) {
        let summary = SummaryRef::parse(record)?;
        sorter.push(Candidate { id, arrival: id.into(), summary: &summary });
    }
    let found: Vec<String> = sorter.finish().iter().map(ToString::to_string).collect();
    Some(found.join(" "))
}

fn thread(algorithm: Algorithm, records: &[Vec<u8>]) -> String {
    let mut threads = Threads::new();
    for (id, record) in (1..).zip(records) {
        let summary = Summary::parse(record).expect("a record");
        // All messages arrived in the same second.
        let sent = summary.sent.map_or(0, |date| date.seconds);
        let subject = fold(&summary.subject);
        let (message_id, is_reply) = (summary.message_id, summary.is_reply);
        let item = Item { id, sent, message_id, subject: subject.as_bytes(), is_reply };
        threads.push(item, summary.references);
    }
    threads.finish(algorithm).to_string()
}

fn criteria_of(names: &str) -> Option<Vec<Criterion>> {
    let mut criteria = Vec::new();
    let mut reverse = false;
    for name in names.split(' ') {
        let key = match name {
            "reverse" => {
                reverse = true;
                continue;
            }
            "arrival" => Key::Arrival,
            "cc" => Key::Cc,
            "date" => Key::Date,
            "from" => Key::From,
            "size" => Key::Size,
            "subject" => Key::Subject,
            "to" => Key::To,
            "displayfrom" => Key::DisplayFrom,
            "displayto" => Key::DisplayTo,
            _ => return None,
        };
        criteria.push(Criterion { key, reverse: std::mem::take(&mut reverse) });
    }
    Some(criteria)
}
