use crate::limits::Limits;
use crate::machine::{Instant, Machine};
use crate::mx::{Dialled, Dialling, Race};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use proptest::collection::vec as any_vec;
use proptest::prelude::*;

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn address(last: usize) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, last as u8), 25).into()
}

fn race(count: usize) -> Race {
    let Limits { connect_head_start, connect, .. } = Limits::DEFAULT;
    Race::new(at(0), (0..count).map(address).collect(), connect_head_start, connect)
}

/// What the race wants, in short: `+0` connect, `-0` abandon, `!0` won, `?` lost.
fn wants(race: &mut Race) -> String {
    let mut said = Vec::new();
    while let Some(output) = race.poll() {
        said.push(match output {
            Dialling::Connect { attempt, address: to } => {
                assert_eq!(to, address(attempt));
                format!("+{attempt}")
            }
            Dialling::Abandon { attempt } => format!("-{attempt}"),
            Dialling::Won { attempt, address: to } => {
                assert_eq!(to, address(attempt));
                format!("!{attempt}")
            }
            Dialling::Lost(reasons) => {
                let reasons: Vec<_> = reasons.iter().map(|(_, why)| why.as_str()).collect();
                format!("?{}", reasons.join("/"))
            }
        });
    }
    said.join(" ")
}

/// Runs a race by a script of `(milliseconds, event, what it wants then)`; events are `connected 0`,
/// `failed 0`, `time`, `shutdown`.
fn script(count: usize, steps: &[(u64, &str, &str)]) -> Race {
    let mut race = race(count);
    for (millis, event, expected) in steps {
        let now = at(*millis);
        let (word, attempt) = event.split_once(' ').unwrap_or((event, "0"));
        let attempt = attempt.parse().unwrap();
        match word {
            "connected" => race.handle(now, Dialled::Connected { attempt }),
            "failed" => race.handle(now, Dialled::Failed { attempt, why: "refused".into() }),
            "shutdown" => race.handle_shutdown(now),
            _ => race.handle_timeout(now),
        }
        assert_eq!(wants(&mut race), *expected, "{millis} {event}");
    }
    race
}

#[test]
fn each_address_has_a_head_start_before_the_next() {
    let mut race = script(
        3,
        &[
            (0, "time", "+0"),
            (249, "time", ""),
            (250, "time", "+1"),
            (499, "time", ""),
            (500, "time", "+2"),
        ],
    );
    assert_eq!(race.poll_timeout(), Some(at(30_000)));
    race.handle(at(600), Dialled::Connected { attempt: 1 });
    assert_eq!(wants(&mut race), "-0 -2 !1");
    assert_eq!(race.poll_timeout(), None);
}

#[test]
fn a_failure_hurries_the_next_on() {
    script(
        3,
        &[
            (0, "time", "+0"),
            (10, "failed 0", "+1"),
            (20, "failed 0", ""),
            (259, "time", ""),
            (260, "time", "+2"),
            (270, "failed 1", ""),
            (280, "failed 2", "?refused/refused/refused"),
            (290, "failed 2", ""),
        ],
    );
}

#[test]
fn an_attempt_has_its_time() {
    let race = script(
        2,
        &[
            (0, "time", "+0"),
            (250, "time", "+1"),
            (29_999, "time", ""),
            (30_000, "time", "-0"),
            (30_001, "connected 0", "-0"),
            (30_250, "time", "-1 ?no connection within 30 s/no connection within 30 s"),
        ],
    );
    assert_eq!(race.poll_timeout(), None);
}

#[test]
fn who_comes_late_is_sent_away() {
    script(
        2,
        &[
            (0, "time", "+0"),
            (250, "time", "+1"),
            (260, "connected 0", "-1 !0"),
            (261, "connected 1", "-1"),
            (262, "failed 1", ""),
            (263, "connected 7", ""),
            (40_000, "time", ""),
        ],
    );
}

#[test]
fn races_that_end_before_they_begin() {
    script(0, &[(0, "time", "?")]);
    let stopped = "?not dialled: shutting down";
    script(1, &[(0, "shutdown", stopped), (1, "shutdown", "")]);
    let stopped = "?refused/not dialled: shutting down";
    script(
        2,
        &[(0, "time", "+0"), (1, "shutdown", ""), (300, "time", ""), (301, "failed 0", stopped)],
    );
    script(2, &[(0, "time", "+0"), (1, "shutdown", ""), (300, "connected 0", "!0")]);
}

proptest! {
    /// Whatever the addresses do, a race ends once, and leaves no connection behind but the winner's.
    #[test]
    fn a_race_ends(fates in any_vec((0_u8..3, 0_u64..40_000), 0..8)) {
        let mut race = race(fates.len());
        let mut now = at(0);
        let mut news: Vec<(Instant, usize)> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut ended = 0;
        for _ in 0..200 {
            while let Some(output) = race.poll() {
                match output {
                    Dialling::Connect { attempt, .. } => {
                        open.push(attempt);
                        news.push((now + Duration::from_millis(fates[attempt].1), attempt));
                    }
                    Dialling::Abandon { attempt } => open.retain(|other| *other != attempt),
                    Dialling::Won { attempt, .. } => {
                        prop_assert_eq!(&open, &[attempt]);
                        ended += 1;
                    }
                    Dialling::Lost(reasons) => {
                        prop_assert!(open.is_empty());
                        prop_assert_eq!(reasons.len(), fates.len());
                        ended += 1;
                    }
                }
            }
            news.retain(|(_, attempt)| open.contains(attempt) && fates[*attempt].0 != 2);
            let next = news.iter().map(|(when, _)| *when).chain(race.poll_timeout()).min();
            let Some(next) = next.filter(|_| ended == 0) else { break };
            now = next;
            race.handle_timeout(now);
            if let Some(index) = news.iter().position(|(when, _)| *when <= now) {
                let attempt = news.remove(index).1;
                if fates[attempt].0 == 0 {
                    race.handle(now, Dialled::Connected { attempt });
                } else {
                    open.retain(|other| *other != attempt);
                    race.handle(now, Dialled::Failed { attempt, why: "refused".into() });
                }
            }
        }
        prop_assert_eq!(ended, 1);
    }
}
