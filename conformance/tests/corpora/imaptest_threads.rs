//! `imaptest`: the mailboxes that ImapTest threads and sorts, by the summaries of their messages.

use postroad_core::limits::Limits;
use postroad_core::message::date::DateTime;
use postroad_core::message::sort::{Candidate, Criterion, Key, Sorter};
use postroad_core::message::summary::{Scanner, SummaryRef};
use postroad_core::message::thread::{Algorithm, Threads};

use crate::suite::Suite;

#[test]
fn imaptest_threads() {
    let Some(mut suite) = Suite::open("imaptest") else { return };
    let files = suite.files();
    let is_ours = |file: &&String| file.starts_with("thread") || file.starts_with("sort");
    for file in files.iter().filter(is_ours).filter(|file| !file.ends_with(".mbox")) {
        let mailbox = format!("{file}.mbox");
        let own = if files.contains(&mailbox) { mailbox } else { "default.mbox".to_owned() };
        let mut messages = messages(&suite.text(&own));
        let script = suite.text(file);
        let mut asked = "";
        for (line, text) in script.lines().enumerate() {
            if let Some(command) = text.strip_prefix("ok ") {
                asked = command;
            }
            if let Some(rest) = asked.strip_prefix("store ") {
                let gone: usize =
                    rest.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(1);
                messages.remove(gone - 1);
                asked = "";
            }
            let Some(expected) = text.strip_prefix("* ") else { continue };
            let (_, expected) = expected.split_once(' ').unwrap_or_default();
            let found = answer(asked, &messages);
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

/// When a message arrived, and its record.
type Message = (i64, Vec<u8>);

/// The messages in a mailbox file.
fn messages(mailbox: &str) -> Vec<Message> {
    let mailbox = mailbox.strip_prefix("From ").unwrap_or(mailbox);
    let message = |text: &str| {
        let (separator, message) = text.split_once('\n').unwrap_or_default();
        let mut scanner = Scanner::new(&Limits::DEFAULT);
        scanner.push(message.as_bytes());
        let mut record = Vec::new();
        scanner.finish().write(&mut record);
        (arrival(separator).unwrap_or_default(), record)
    };
    mailbox.split("\nFrom ").map(message).collect()
}

/// The date of a line such as `user@domain  Fri Feb 22 15:06:23 2008`.
fn arrival(separator: &str) -> Option<i64> {
    let mut words = separator.split_whitespace().skip(2);
    let (month, day, time, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let zone = words.next().unwrap_or("+0000");
    let date = DateTime::parse(format!("{day} {month} {year} {time} {zone}").as_bytes())?;
    Some(date.seconds)
}

/// What THREAD or SORT of all messages tells; `None` for another command.
fn answer(command: &str, messages: &[Message]) -> Option<String> {
    let command = command.to_ascii_lowercase();
    if let Some(rest) = command.strip_prefix("thread ") {
        let algorithm = match rest.split(' ').next()? {
            "references" => Algorithm::References,
            _ => Algorithm::OrderedSubject,
        };
        return thread(algorithm, messages);
    }
    let (criteria, rest) = command.strip_prefix("sort (")?.split_once(')')?;
    if !rest.trim().ends_with(" all") || rest.contains("return") {
        return None;
    }
    let mut sorter = Sorter::new(criteria_of(criteria)?);
    for (id, (arrival, record)) in (1..).zip(messages) {
        let summary = SummaryRef::parse(record)?;
        let (arrival, size) = (*arrival, summary.size);
        sorter.push(Candidate { id, arrival, size, summary: Some(&summary) });
    }
    let found: Vec<String> = sorter.finish().iter().map(ToString::to_string).collect();
    Some(found.join(" "))
}

fn thread(algorithm: Algorithm, messages: &[Message]) -> Option<String> {
    let mut threads = Threads::new();
    for (id, (arrival, record)) in (1..).zip(messages) {
        threads.push_summary(id, *arrival, &SummaryRef::parse(record)?);
    }
    Some(threads.finish(algorithm).to_string())
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
