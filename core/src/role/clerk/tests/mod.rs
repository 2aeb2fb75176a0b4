mod faults;
mod orders;
mod reports;
mod together;

use super::Clerk;
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, drain};
use crate::message::dsn;
use crate::queue::{
    Action, Destination, Id, Input as News, Left, Note, Order, Outcome, Paper, Record, Remote,
    Summary,
};
use crate::role::Input;
use crate::role::bench::{Bench, NOW, bench, site};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

const ONE: &str = "2b3c4d5f6g7h8j9k";
const TWO: &str = "3b3c4d5f6g7h8j9k";
const LETTER: &[u8] =
    b"From: ann@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: Hi\r\n\r\nHello\r\n";
const LATE: Duration = Duration::from_secs(4 * 60 * 60);

fn clerk() -> Clerk {
    Clerk::new(NOW, site(), Entropy::from_seed([9; 32]))
}

/// What the queue was told of papers.
fn filed(bench: &Bench) -> Vec<(Id, Left)> {
    let told = |news: &News| match news {
        News::Filed { id, left } => Some((*id, left.clone())),
        _ => None,
    };
    bench.queue.iter().filter_map(told).collect()
}

/// What the queue was told of reports.
fn queued(bench: &Bench) -> Vec<Summary> {
    let told = |news: &News| match news {
        News::Queued(summary) => Some(Summary::clone(summary)),
        _ => None,
    };
    bench.queue.iter().filter_map(told).collect()
}

/// Has a new clerk do one paper.
fn give_at(bench: &mut Bench, now: Instant, id: Id, order: Order) -> Vec<Left> {
    let before = filed(bench).len();
    let mut clerk = clerk();
    clerk.handle(now, Input::Paper(Paper { id, order }));
    drain(now, &mut clerk, bench);
    filed(bench).drain(before..).map(|(_, left)| left).collect()
}

fn give(bench: &mut Bench, id: Id, order: Order) -> Vec<Left> {
    give_at(bench, NOW, id, order)
}

/// What a carrier notes.
fn note(bench: &mut Bench, id: Id, recipients: &[usize], outcome: Outcome) {
    let note = Note::Outcome { recipients: recipients.to_vec(), outcome };
    let (entry, _) = bench.spool.get_mut(&id).unwrap();
    entry.apply(Record { at: NOW + Duration::from_secs(60), note });
}

fn refused() -> Outcome {
    let address = Some("192.0.2.1".parse().unwrap());
    let mut outcome =
        Outcome::ours(Action::Failed, (5, 1, 1), "550-5.1.1 We know\n550 5.1.1 no such user");
    outcome.remote = Some(Remote { name: "mail.example.net".into(), address });
    outcome
}

fn ours(action: Action) -> Outcome {
    let class = match action {
        Action::Failed => 5,
        Action::Deferred => 4,
        _ => 2,
    };
    Outcome::ours(action, (class, 4, 1), "so it is")
}

fn net() -> Destination {
    Destination::Domain("example.net".into())
}

/// The reports in the spool, as their readers see them.
fn reports(bench: &Bench) -> Vec<(Id, String)> {
    let text = |(id, (entry, content)): (&Id, &(crate::queue::Entry, Vec<u8>))| {
        let is_report = entry.envelope.origin.starts_with("this host, about ");
        is_report.then(|| (*id, String::from_utf8_lossy(content).replace('\r', "")))
    };
    bench.spool.iter().filter_map(text).collect()
}

/// Whom a report tells of, and what.
fn told(bench: &Bench, report: Id) -> Vec<(String, dsn::Action)> {
    let (_, content) = &bench.spool[&report];
    let bounce = dsn::read(content, &crate::limits::Limits::DEFAULT).unwrap();
    assert_eq!(bounce.source, dsn::Source::Report);
    bounce.recipients.into_iter().map(|it| (it.address.unwrap(), it.action)).collect()
}

/// The only report in the spool.
fn only(bench: &Bench) -> (Id, String) {
    let mut reports = reports(bench);
    assert_eq!(reports.len(), 1, "{:?}", bench.reports);
    reports.remove(0)
}
