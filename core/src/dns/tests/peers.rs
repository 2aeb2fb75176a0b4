//! Peers that lie, babble or lose half of what they are sent.

use super::bench::{Bench, framed, ips, one, refused, zone};
use crate::dns::{Failure, Input, Kind, Resolver, Transport};
use crate::entropy::Entropy;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use proptest::collection::vec as any_vec;
use proptest::prelude::*;

const SERVERS: &[&str] = &["192.0.2.53:53", "[2001:db8::53]:53"];

#[test]
fn forged_answers_are_as_if_they_never_came() {
    let mut bench = Bench::new(SERVERS);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    let good = zone().answer(sent.message(), Transport::Datagram).unwrap();
    let change = |at: usize, mask: u8| {
        let mut octets = good.clone();
        octets[at] ^= mask;
        octets
    };
    let forged = [
        change(0, 1),
        change(1, 0x80),
        change(2, 0x80),
        change(2, 0x08),
        change(5, 3),
        change(13, 0x20),
        change(14, 0x20),
        change(16, 1),
        change(29, 3),
        change(31, 2),
        sent.message().to_vec(),
        good[..20].to_vec(),
        Vec::new(),
    ];
    for octets in forged {
        assert!(bench.datagram(&sent, octets).is_empty());
    }
    let exchange = sent.exchange;
    for from in ["192.0.2.54:53", "192.0.2.53:54", "[2001:db8::53]:53"] {
        let (from, octets) = (from.parse().unwrap(), good.clone());
        assert!(bench.tell(Input::Datagram { exchange, from, octets }).is_empty());
    }
    let octets = framed(&good);
    assert!(bench.tell(Input::Octets { exchange, octets }).is_empty(), "by the wrong transport");
    let other = bench.ask_one("mx.example.com", Kind::Aaaa);
    assert!(bench.datagram(&other, good.clone()).is_empty(), "in the wrong exchange");
    assert!(bench.outcomes.is_empty() && bench.open.len() == 2);
    bench.datagram(&sent, good);
    assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
}

#[test]
fn ids_and_the_case_of_names_are_random() {
    let mut bench = Bench::new(SERVERS);
    let names = (0..20).map(|number| format!("host{number}.example.com"));
    let sent: Vec<_> = names.map(|name| bench.ask_one(&name, Kind::A)).collect();
    let mut ids: Vec<_> = sent.iter().map(|sent| sent.message()[..2].to_vec()).collect();
    let mut spelt: Vec<_> = sent
        .iter()
        .map(|sent| {
            sent.message()[12..]
                .to_ascii_uppercase()
                .iter()
                .zip(&sent.message()[12..])
                .map(|(a, b)| a == b)
                .collect::<Vec<_>>()
        })
        .collect();
    ids.sort();
    ids.dedup();
    spelt.sort();
    spelt.dedup();
    assert!(ids.len() > 18 && spelt.len() > 18);
}

#[test]
fn a_malformed_answer_makes_way_for_the_next_server() {
    let mut bench = Bench::new(SERVERS);
    let sent = bench.ask_one("mx.example.com", Kind::A);
    let mut octets = zone().answer(sent.message(), Transport::Datagram).unwrap();
    octets.truncate(octets.len() - 13);
    let sent = one(bench.datagram(&sent, octets));
    bench.served(&sent, &zone());
    assert_eq!(ips(bench.outcome()), ["192.0.2.25"]);
}

#[test]
fn a_referral_is_not_an_answer() {
    let mut bench = Bench::new(SERVERS);
    let sent = bench.ask_one("example.com", Kind::Mx);
    let mut octets = refused(sent.message(), 0);
    let end = 12 + 13 + 4;
    octets.truncate(end);
    octets[6..12].copy_from_slice(&[0, 0, 0, 1, 0, 0]);
    octets.extend([0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 60, 0, 4, 1, b'n', 0xc0, 12]);
    let sent = one(bench.datagram(&sent, octets));
    assert_ne!(sent.server, SERVERS[0].parse().unwrap());
    let mut silent = refused(sent.message(), 0);
    silent.truncate(end);
    silent[10..12].fill(0);
    bench.datagram(&sent, silent);
    assert_eq!(bench.outcome(), Err(Failure::NoRecords), "RFC 2308 §2.2, type 3");
}

/// Every question gets an outcome, whatever is lost, and with the truth in it if it has one.
#[test]
fn a_flaky_server_is_outlived() {
    let mut answered = 0;
    for seed in 0..200 {
        let mut dice = Entropy::from_seed([seed; 32]);
        let mut bench = Bench::new(SERVERS);
        let mut pending = bench.ask("mail.example.com", Kind::A);
        let mut steps = 0;
        while bench.outcomes.is_empty() {
            steps += 1;
            assert!(steps < 100, "seed {seed} goes on for ever");
            let Some(sent) = pending.pop() else {
                pending = bench.time_out().1;
                continue;
            };
            let octets = zone().answer(sent.message(), sent.transport).unwrap();
            let exchange = sent.exchange;
            pending.extend(match (dice.below(7), sent.transport) {
                (0, _) => Vec::new(),
                (1, Transport::Datagram) => bench.datagram(&sent, refused(sent.message(), 2)),
                (2, Transport::Datagram) => bench.datagram(&sent, refused(sent.message(), 1)),
                (3, Transport::Datagram) => {
                    let mut truncated = refused(sent.message(), 0);
                    truncated[2] |= 2;
                    bench.datagram(&sent, truncated)
                }
                (4, _) => {
                    bench.open.retain(|other| *other != exchange);
                    bench.tell(Input::Failed { exchange })
                }
                (5, Transport::Datagram) => {
                    bench.datagram(&sent, octets[..octets.len() - 1].to_vec())
                }
                _ => bench.served(&sent, &zone()),
            });
        }
        assert!(bench.open.is_empty());
        match bench.outcome() {
            Ok(answer) => {
                assert_eq!(ips(Ok(answer)), ["192.0.2.25"]);
                answered += 1;
            }
            Err(failure) => assert!(!failure.is_permanent(), "seed {seed}: {failure}"),
        }
    }
    assert!(answered > 100, "{answered}");
}

fn seen(resolver: &Resolver) -> alloc::string::String {
    format!("{resolver:?}")
}

proptest! {
    #[test]
    fn garbage_changes_nothing(octets in any_vec(any::<u8>(), 0..600), keep_id: bool) {
        let mut bench = Bench::new(SERVERS);
        let sent = bench.ask_one("mx.example.com", Kind::A);
        let before = seen(&bench.resolver);
        let mut octets = octets;
        // All but the header with the right id and nothing else, which may speak of EDNS.
        if keep_id && octets.len() > 12 {
            octets[..2].copy_from_slice(&sent.message()[..2]);
            octets[5] |= 2;
        }
        prop_assert!(bench.datagram(&sent, octets).is_empty());
        prop_assert_eq!(before, seen(&bench.resolver));
    }

    #[test]
    fn damage_behind_the_question_never_panics(
        damage in any_vec((29_usize..200, any::<u8>()), 1..8),
        cut in 0_usize..200,
    ) {
        let mut bench = Bench::new(SERVERS);
        let sent = bench.ask_one("mail.example.com", Kind::A);
        let mut octets = zone().answer(sent.message(), Transport::Datagram).unwrap();
        for (at, octet) in damage {
            let at = at % octets.len();
            octets[at] = octet;
        }
        octets.truncate(octets.len().saturating_sub(cut));
        bench.datagram(&sent, octets.clone());
        let _ = zone().answer(&octets, Transport::Datagram);
    }

    #[test]
    fn a_stream_may_come_in_any_pieces(cuts in any_vec(1_usize..40, 0..30), noise in 0_usize..3) {
        let mut bench = Bench::new(SERVERS);
        let sent = bench.ask_one("mx.example.com", Kind::A);
        let mut truncated = refused(sent.message(), 0);
        truncated[2] |= 2;
        let sent = one(bench.datagram(&sent, truncated));
        // Messages that are not for us may come before the one that is.
        let mut octets = [framed(&[]), framed(&[0; 12]), framed(&[0xff; 300])].concat().repeat(noise);
        octets.extend(framed(&zone().answer(sent.message(), Transport::Stream).unwrap()));
        let mut rest = octets.as_slice();
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            bench.tell(Input::Octets { exchange: sent.exchange, octets: piece.to_vec() });
            rest = behind;
        }
        prop_assert_eq!(ips(bench.outcome()), vec!["192.0.2.25"]);
        prop_assert!(bench.open.is_empty());
    }

    #[test]
    fn a_stream_of_garbage_is_not_hoarded(pieces in any_vec(any_vec(any::<u8>(), 0..5_000), 0..40)) {
        let mut bench = Bench::new(SERVERS);
        let sent = bench.ask_one("mx.example.com", Kind::A);
        let mut truncated = refused(sent.message(), 0);
        truncated[2] |= 2;
        let sent = one(bench.datagram(&sent, truncated));
        for octets in pieces {
            bench.tell(Input::Octets { exchange: sent.exchange, octets });
            prop_assert!(bench.resolver.unread() < 2 + 65_535 + 5_000);
        }
    }
}
