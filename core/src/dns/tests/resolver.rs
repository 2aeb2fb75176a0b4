use super::bench::{Bench, Sent, a, framed, ips, mx, one, refused, zone};
use super::name;
use super::vocabulary::longest;
use crate::dns::{Failure, Input, Kind, Name, Query, Transport, Zone};
use crate::limits::Limits;
use crate::machine::Machine;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

const ONE: &[&str] = &["192.0.2.53:53"];
const TWO: &[&str] = &["192.0.2.53:53", "[2001:db8::53]:53"];

fn hour() -> Duration {
    Duration::from_secs(3600)
}

#[test]
fn an_answer_is_remembered_for_its_ttl() {
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    bench.served(&sent, &zone());
    assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
    assert_eq!(bench.resolver.poll_timeout(), None);
    bench.pass(hour() - Duration::from_micros(1));
    assert!(bench.ask("MX.example.com", Kind::A).is_empty());
    assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
    bench.pass(Duration::from_micros(1));
    assert_eq!(bench.ask("mx.example.com", Kind::A).len(), 1);
}

#[test]
fn no_ttl_is_longer_than_a_day_and_nothing_is_remembered_with_none() {
    for (ttl, expected) in [(u32::MAX / 2, 86_400), (u32::MAX, 0), (0, 0), (86_399, 86_399)] {
        let mut zone = Zone::new(Name::root(), ttl);
        zone.add(name("a.example"), a(1));
        let mut bench = Bench::new(ONE);
        let sent = bench.ask_one("a.example", Kind::A);
        bench.served(&sent, &zone);
        assert_eq!((bench.outcome().unwrap().until - bench.now).as_secs(), expected);
        assert_eq!(bench.ask("a.example", Kind::A).is_empty(), expected > 0);
    }
}

#[test]
fn that_there_is_nothing_is_remembered_as_the_soa_says_for_three_hours_at_the_most() {
    for (ttl, held) in [(60, 60), (1_000_000, 3 * 3600), (0, 0)] {
        let zone = Zone::new(Name::root(), ttl);
        let mut bench = Bench::new(ONE);
        let sent = bench.ask_one("none.example", Kind::A);
        bench.served(&sent, &zone);
        assert_eq!(bench.outcome(), Err(Failure::NoName));
        if held > 0 {
            bench.pass(Duration::from_secs(held - 1));
            assert!(bench.ask("none.example", Kind::A).is_empty());
            assert_eq!(bench.outcome(), Err(Failure::NoName));
        }
        bench.pass(Duration::from_secs(1));
        assert_eq!(bench.ask("none.example", Kind::A).len(), 1);
    }
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("none.example", Kind::A);
    bench.datagram(&sent, refused(sent.message(), 3));
    assert_eq!(bench.outcome(), Err(Failure::NoName), "without a SOA");
    assert_eq!(bench.ask("none.example", Kind::A).len(), 1, "RFC 2308 §5: not remembered");
}

#[test]
fn silent_servers_are_asked_in_turn_with_growing_patience() {
    let mut bench = Bench::new(TWO);
    let mut sent = bench.ask_one("mx.example.com", Kind::A);
    let mut waits = Vec::new();
    let mut servers = vec![sent.server.to_string()];
    loop {
        let (wait, next) = bench.time_out();
        waits.push(wait);
        if next.is_empty() {
            break;
        }
        sent = one(next);
        servers.push(sent.server.to_string());
    }
    assert_eq!(waits, [2_000, 2_000, 4_000, 4_000]);
    assert_eq!(servers, [TWO[0], TWO[1], TWO[0], TWO[1]]);
    assert_eq!(bench.outcome(), Err(Failure::Timeout));
    assert!(bench.open.is_empty());

    assert!(bench.ask("mx.example.com", Kind::A).is_empty(), "RFC 9520: remembered for 5 s");
    assert_eq!(bench.outcome(), Err(Failure::Timeout));
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.ask("mx.example.com", Kind::A).len(), 1);
}

#[test]
fn a_server_that_does_not_answer_is_not_asked_first_again() {
    let mut bench = Bench::new(TWO);
    bench.ask_one("mx.example.com", Kind::A);
    let sent = one(bench.time_out().1);
    bench.served(&sent, &zone());
    assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
    assert_eq!(bench.ask_one("mx.example.com", Kind::Aaaa).server.to_string(), TWO[1]);
}

#[test]
fn a_server_that_fails_makes_way_for_the_next() {
    for code in [2, 5, 9] {
        let mut bench = Bench::new(TWO);
        let sent = bench.ask_one("mx.example.com", Kind::A);
        let sent = one(bench.datagram(&sent, refused(sent.message(), code)));
        assert_eq!(sent.server.to_string(), TWO[1]);
        bench.served(&sent, &zone());
        assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
    }
    let mut bench = Bench::new(ONE);
    let mut sent = bench.ask_one("mx.example.com", Kind::A);
    for _ in 1..Limits::DEFAULT.dns_tries {
        sent = one(bench.datagram(&sent, refused(sent.message(), 2)));
    }
    assert!(bench.datagram(&sent, refused(sent.message(), 2)).is_empty());
    assert_eq!(bench.outcome(), Err(Failure::Refused("server failure")));
}

#[test]
fn what_cannot_be_reached_is_told_at_once() {
    let mut bench = Bench::new(TWO);
    let mut sent = bench.ask("mx.example.com", Kind::A);
    for _ in 0..Limits::DEFAULT.dns_tries {
        let exchange = one(sent).exchange;
        bench.open.clear();
        sent = bench.tell(Input::Failed { exchange });
        assert!(bench.tell(Input::Failed { exchange }).is_empty(), "over already");
    }
    assert_eq!(bench.outcome(), Err(Failure::Unreachable));
}

#[test]
fn without_edns_for_a_server_that_does_not_know_it() {
    let has_edns = |sent: &Sent| sent.message()[10..12] == [0, 1];
    for (code, bare) in [(1, false), (4, false), (1, true), (4, true)] {
        let mut bench = Bench::new(ONE);
        let sent = bench.ask_one("mx.example.com", Kind::A);
        assert!(has_edns(&sent));
        let mut answer = refused(sent.message(), code);
        if bare {
            answer.truncate(12);
            answer[4..].fill(0);
        }
        let sent = one(bench.datagram(&sent, answer));
        assert!(!has_edns(&sent));
        bench.served(&sent, &zone());
        assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
    }
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    let sent = one(bench.datagram(&sent, refused(sent.message(), 1)));
    let sent = one(bench.datagram(&sent, refused(sent.message(), 1)));
    assert!(has_edns(&sent), "the next try");
}

#[test]
fn hundreds_of_mx_records_come_by_tcp_and_the_best_are_kept() {
    let mut zone = Zone::new(name("example.com"), 60);
    for number in (0..512_u16).rev() {
        zone.add(name("example.com"), mx(number, &format!("mx{number}.example.com")));
    }
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("example.com", Kind::Mx);
    let truncated = zone.answer(sent.message(), Transport::Datagram).unwrap();
    assert!(truncated.len() < 512);
    let sent = one(bench.datagram(&sent, truncated));
    assert_eq!(sent.transport, Transport::Stream);
    assert_eq!(bench.resolver.poll_timeout().unwrap() - bench.now, Duration::from_secs(10));
    let octets = framed(&zone.answer(sent.message(), Transport::Stream).unwrap());
    assert!(octets.len() > 10_000);
    for octet in octets {
        bench.tell(Input::Octets { exchange: sent.exchange, octets: vec![octet] });
    }
    let answer = bench.outcome().unwrap();
    assert_eq!(answer.records.len(), Limits::DEFAULT.dns_records);
    assert_eq!(answer.records[99], mx(99, "mx99.example.com"));
}

#[test]
fn a_stream_that_ends_too_early_or_is_truncated_is_a_failed_try() {
    let mut bench = Bench::new(TWO);
    let sent = bench.ask_one("example.com", Kind::Mx);
    let mut truncated = refused(sent.message(), 0);
    truncated[2] |= 2;
    let stream = one(bench.datagram(&sent, truncated));
    assert_eq!((stream.transport, stream.server), (Transport::Stream, sent.server));
    let mut truncated = refused(stream.message(), 0);
    truncated[2] |= 2;
    let octets = framed(&truncated);
    let sent = one(bench.tell(Input::Octets { exchange: stream.exchange, octets }));
    assert_eq!((sent.transport, sent.server.to_string().as_str()), (Transport::Datagram, TWO[1]));
}

#[test]
fn aliases_are_followed_within_an_answer_and_beyond_it() {
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("mail.example.com", Kind::A);
    bench.served(&sent, &zone());
    let answer = bench.outcome().unwrap();
    assert_eq!(
        (answer.records.as_slice(), answer.canonical.as_str()),
        (&[a(25)][..], "mx.example.com")
    );

    let mut net = Zone::new(name("example.net"), 60).authenticated();
    net.add(name("mx.example.net"), a(26));
    let sent = bench.ask_one("away.example.com", Kind::A);
    let sent = one(bench.served(&sent, &zone().authenticated()));
    bench.served(&sent, &net);
    let answer = bench.outcome().unwrap();
    assert_eq!(
        (answer.records.as_slice(), answer.canonical.as_str()),
        (&[a(26)][..], "mx.example.net")
    );
    assert_eq!((answer.until - bench.now).as_secs(), 60, "the lower TTL");
    assert!(answer.authenticated);
    assert!(bench.ask("away.example.com", Kind::A).is_empty(), "remembered under its own name");

    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("away.example.com", Kind::A);
    let sent = one(bench.served(&sent, &zone()));
    bench.served(&sent, &net);
    assert!(!bench.outcome().unwrap().authenticated, "as weak as its weakest part");
}

#[test]
fn aliases_end_somewhere() {
    let mut bench = Bench::new(ONE);
    for (text, expected) in [
        ("ring.example.com", Err(Failure::Loop)),
        ("step0.example.com", Err(Failure::TooManyLinks)),
        ("step1.example.com", Err(Failure::TooManyLinks)),
        ("step2.example.com", Ok(())),
    ] {
        let sent = bench.ask_one(text, Kind::A);
        bench.served(&sent, &zone());
        assert_eq!(bench.outcome().map(|_| ()), expected, "{text}");
    }
    // The same circle, an exchange for each link.
    let mut com = Zone::new(name("com"), 60);
    com.alias(name("a.com"), name("a.net"));
    let mut net = Zone::new(name("net"), 60);
    net.alias(name("a.net"), name("a.com"));
    let sent = bench.ask_one("a.com", Kind::A);
    let sent = one(bench.served(&sent, &com));
    assert!(bench.served(&sent, &net).is_empty());
    assert_eq!(bench.outcome(), Err(Failure::Loop));
}

#[test]
fn the_longest_name_is_asked_about() {
    let mut zone = Zone::new(Name::root(), 60);
    zone.add(longest(), a(1));
    zone.add(name("example.com"), mx(1, longest().as_str()));
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one(longest().as_str(), Kind::A);
    bench.served(&sent, &zone);
    assert_eq!(ips(bench.outcome()), ["192.0.2.1"]);
    let sent = bench.ask_one("example.com", Kind::Mx);
    bench.served(&sent, &zone);
    assert_eq!(bench.outcome().unwrap().records, [mx(1, longest().as_str())]);
}

#[test]
fn one_question_of_two_askers_is_one_exchange() {
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    assert!(bench.ask("mx.example.com", Kind::A).is_empty());
    assert_eq!(bench.ask("mx.example.com", Kind::Aaaa).len(), 1);
    bench.served(&sent, &zone());
    let answered: Vec<_> = bench.outcomes.iter().map(|(query, _)| *query).collect();
    assert_eq!(answered, [Query(1), Query(2)]);
}

#[test]
fn localhost_is_nobody_elses_business() {
    let mut bench = Bench::new(&[]);
    for (text, kind, expected) in [
        ("localhost", Kind::A, Some("127.0.0.1")),
        ("db.LocalHost.", Kind::Aaaa, Some("::1")),
        ("localhost", Kind::Mx, None),
    ] {
        assert!(bench.ask(text, kind).is_empty());
        match expected {
            Some(ip) => assert_eq!(ips(bench.outcome()), [ip]),
            None => assert_eq!(bench.outcome(), Err(Failure::NoRecords)),
        }
    }
    assert!(bench.ask("localhost.example", Kind::A).is_empty());
    assert_eq!(bench.outcome(), Err(Failure::NoServers));
}

#[test]
fn no_more_queries_than_may_be() {
    let limits = Limits { dns_queries: 3, ..Limits::DEFAULT };
    let mut bench = Bench::with_limits(ONE, &limits);
    for text in ["a.example", "a.example", "b.example"] {
        bench.ask(text, Kind::A);
    }
    assert!(bench.ask("a.example", Kind::A).is_empty());
    assert_eq!(bench.outcome(), Err(Failure::Busy));
    assert_eq!(bench.open.len(), 2);
}

#[test]
fn new_servers_are_asked_and_what_the_old_said_is_forgotten() {
    let mut bench = Bench::new(ONE);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    bench.served(&sent, &zone());
    bench.outcome().unwrap();
    let pending = bench.ask_one("example.com", Kind::Mx);
    bench.tell(Input::Servers(vec![TWO[1].parse().unwrap()]));
    assert_eq!(bench.ask_one("mx.example.com", Kind::A).server.to_string(), TWO[1]);
    bench.served(&pending, &zone());
    assert!(bench.outcome().is_ok(), "what is under way is finished");
    bench.tell(Input::Servers(Vec::new()));
    bench.time_out();
    assert_eq!(bench.outcome(), Err(Failure::NoServers));
}

#[test]
fn a_shutdown_finishes_what_is_under_way() {
    let mut bench = Bench::new(TWO);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    bench.ask_one("example.com", Kind::Mx);
    bench.resolver.handle_shutdown(bench.now);
    bench.served(&sent, &zone());
    assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
    assert!(bench.ask("example.com", Kind::A).is_empty());
    assert_eq!(bench.outcome(), Err(Failure::ShutDown));
    assert!(bench.time_out().1.is_empty());
    assert_eq!(bench.outcome(), Err(Failure::Timeout));
}
