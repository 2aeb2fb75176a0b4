use alloc::vec::Vec;

use super::{Candidate, Criterion, Key, Sorter};
use crate::limits::Limits;
use crate::message::summary::{Scanner, SummaryRef};

fn sort(messages: &[&str], criteria: &[(Key, bool)]) -> Vec<u32> {
    let criteria = criteria.iter().map(|&(key, reverse)| Criterion { key, reverse });
    let mut sorter = Sorter::new(criteria);
    for (id, message) in (1..).zip(messages) {
        let mut scanner = Scanner::new(&Limits::DEFAULT);
        scanner.push(message.as_bytes());
        let mut record = Vec::new();
        scanner.finish().write(&mut record);
        let summary = SummaryRef::parse(&record).unwrap();
        sorter.push(Candidate {
            id,
            arrival: 1000 - i64::from(id),
            size: summary.size,
            summary: Some(&summary),
        });
    }
    sorter.finish()
}

#[test]
fn criteria() {
    let messages = [
        "From: Zoe <a@z>\r\nTo: b@b\r\nSubject: Re: \u{e9}tude\r\nDate: 2 Jan 2026 00:00 +0000\r\n\r\n",
        "From: b@y\r\nTo: Team: c@c;\r\nCc: x@x\r\nSubject: zoo\r\nDate: 2 Jan 2026 00:30 +0100\r\n\r\n",
        "From: =?utf-8?q?=C3=84nn?= <C@x>\r\nTo: B@a, a@a\r\nSubject: fwd: Etude\r\n\r\nlonger than others, by as much as this is",
        "Subject: [x] zebra\r\n\r\n",
    ];
    for (criteria, expected) in [
        (&[(Key::Arrival, false)][..], [4, 3, 2, 1]),
        (&[(Key::Arrival, true)], [1, 2, 3, 4]),
        // What has no Date stands by its arrival.
        (&[(Key::Date, false)], [4, 3, 2, 1]),
        (&[(Key::From, false)], [4, 1, 2, 3]),
        (&[(Key::From, true)], [3, 2, 1, 4]),
        (&[(Key::DisplayFrom, false)], [4, 3, 2, 1]),
        (&[(Key::To, false)], [4, 1, 3, 2]),
        (&[(Key::DisplayTo, false)], [4, 3, 1, 2]),
        (&[(Key::Cc, false)], [1, 3, 4, 2]),
        (&[(Key::Cc, true)], [2, 1, 3, 4]),
        (&[(Key::Cc, true), (Key::Arrival, false)], [2, 4, 3, 1]),
        (&[(Key::Size, false)], [4, 1, 2, 3]),
        (&[(Key::Subject, false)], [3, 1, 4, 2]),
        (&[], [1, 2, 3, 4]),
    ] {
        assert_eq!(sort(&messages, criteria), expected, "{criteria:?}");
    }
}
