use super::bench::{Bench, a, mx, one, zone};
use super::name;
use crate::dns::message::{Received, Sent};
use crate::dns::{Failure, Kind, Name, Question, Record, Transport, Zone};
use crate::entropy::Entropy;
use alloc::vec;
use alloc::vec::Vec;

#[test]
fn every_kind_of_record_survives_the_wire() {
    let records = [
        a(1),
        Record::Aaaa("2001:db8::1".parse().unwrap()),
        mx(10, "mx.example.com"),
        mx(0, "."),
        Record::Txt(b"v=spf1 -all".to_vec()),
        Record::Txt(vec![0xff; 700]),
        Record::Txt(Vec::new()),
        Record::Ptr(name("host.example.com")),
        Record::Tlsa { usage: 3, selector: 1, matching: 1, association: vec![7; 32] },
        Record::Srv { priority: 1, weight: 2, port: 993, target: name("imap.example.com") },
    ];
    for record in records {
        let mut zone = Zone::new(Name::root(), 60).authenticated();
        zone.add(name("x.example.com"), record.clone());
        let mut bench = Bench::new(&["192.0.2.53:53"]);
        let sent = bench.ask_one("X.example.com", record.kind());
        assert!(bench.served(&sent, &zone).is_empty());
        let answer = bench.outcome().unwrap();
        assert_eq!(answer.records, [record]);
        assert_eq!(answer.canonical, name("x.example.com"));
        assert_eq!((answer.until - bench.now).as_secs(), 60);
        assert!(answer.authenticated);
        assert!(bench.open.is_empty());
    }
}

#[test]
fn what_a_zone_has_not() {
    for (text, kind, expected) in [
        ("none.example.com", Kind::A, Failure::NoName),
        ("mx.example.com", Kind::Mx, Failure::NoRecords),
        ("example.com", Kind::Txt, Failure::NoRecords),
        ("mail.example.com", Kind::Txt, Failure::NoRecords),
        ("example.org", Kind::Mx, Failure::Refused("refused")),
    ] {
        let mut bench = Bench::new(&["192.0.2.53:53"]);
        let mut sent = bench.ask_one(text, kind);
        for last in [false, false, false, true] {
            let next = bench.served(&sent, &zone());
            if last || next.is_empty() {
                break;
            }
            sent = one(next);
        }
        assert_eq!(bench.outcome(), Err(expected), "{text} {kind}");
    }
    let mut zone = Zone::new(name("example.com"), 60);
    zone.add(name("a.b.example.com"), a(1));
    let mut bench = Bench::new(&["192.0.2.53:53"]);
    let sent = bench.ask_one("b.example.com", Kind::A);
    bench.served(&sent, &zone);
    assert_eq!(bench.outcome(), Err(Failure::NoRecords), "an empty non-terminal exists");
}

#[test]
fn a_zone_answers_nothing_to_what_is_no_query() {
    let question = Question::new(name("example.com"), Kind::Mx);
    let query = Sent::new(&question, true, &mut Entropy::from_seed([1; 32]));
    let query = query.octets();
    let answer = zone().answer(query, Transport::Datagram).unwrap();
    assert_eq!(answer[2] & 0x84, 0x84, "a response, with authority");
    assert_eq!(zone().answer(&answer, Transport::Datagram), None, "responses are not answered");
    for length in 0..query.len() {
        assert_eq!(zone().answer(&query[..length], Transport::Datagram), None);
    }
    let mut update = query.to_vec();
    update[2] |= 5 << 3;
    let answer = zone().answer(&update, Transport::Datagram);
    assert!(answer.is_none_or(|octets| octets[3] & 0xf == 4), "not implemented");
}

#[test]
fn a_query_has_the_size_and_the_bits_that_it_should() {
    let mut entropy = Entropy::from_seed([1; 32]);
    for (text, kind) in [(".", Kind::Mx), ("a", Kind::A), ("mx.example.com", Kind::Tlsa)] {
        let question = Question::new(name(text), kind);
        let query = Sent::new(&question, false, &mut entropy);
        assert_eq!(query.octets()[2..12], [1, 0x20, 0, 1, 0, 0, 0, 0, 0, 0], "RD and AD");
        let received = Received::read(query.octets()).unwrap();
        assert_eq!((received.name(), received.kind()), (Some(name(text)), Some(kind)));
    }
}
