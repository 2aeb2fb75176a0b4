//! The queue, its clerk and its workers together.

use super::*;
use crate::dns;
use crate::machine::{Session, Wants};
use crate::queue::{Carrier, Output, Queue, Settings};
use crate::role::bench::{Fault, account};
use crate::role::mda::Local;
use crate::store::Failure;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;

struct House {
    now: Instant,
    queue: Queue,
    clerk: Clerk,
    workers: BTreeMap<Carrier, Local>,
    bench: Bench,
}

impl House {
    fn new(bench: Bench) -> Self {
        let queue = Queue::new(NOW, Arc::new(Settings::default()), Entropy::from_seed([8; 32]));
        let mut house = Self { now: NOW, queue, clerk: clerk(), workers: BTreeMap::new(), bench };
        // What is in the spool when a host begins.
        for (entry, _) in house.bench.spool.values() {
            let summary = entry.summary(|path| site().destination(path));
            house.queue.handle(NOW, News::Queued(summary.into()));
        }
        house
    }

    fn settle(&mut self) {
        loop {
            while let Some(output) = self.queue.poll() {
                self.perform(output);
            }
            drain(self.now, &mut self.clerk, &mut self.bench);
            for worker in self.workers.values_mut() {
                drain(self.now, worker, &mut self.bench);
            }
            self.workers.retain(|_, worker| worker.wants() != Wants::Close);
            let news = core::mem::take(&mut self.bench.queue);
            if news.is_empty() {
                return;
            }
            news.into_iter().for_each(|input| self.queue.handle(self.now, input));
        }
    }

    fn perform(&mut self, output: Output) {
        let now = self.now;
        match output {
            Output::Resolve { query, .. } => {
                let outcome = Err(dns::Failure::NoName);
                self.queue.handle(now, News::Resolved { query, outcome });
            }
            Output::File { carrier, first } => {
                self.workers.insert(carrier, Local::new(now, site(), carrier, first));
            }
            Output::Carry { carrier, carry } => self.tell(carrier, Input::Carry(carry)),
            Output::Quit(carrier) => self.tell(carrier, Input::Quit),
            Output::Paper(paper) => self.clerk.handle(now, Input::Paper(paper)),
            Output::Report(_) => {}
            Output::Dial(dial) => panic!("{dial:?}"),
        }
    }

    fn tell(&mut self, carrier: Carrier, input: Input) {
        if let Some(worker) = self.workers.get_mut(&carrier) {
            worker.handle(self.now, input);
        }
    }

    /// Lets time pass, deadline by deadline.
    fn pass(&mut self, time: Duration) {
        self.settle();
        let end = self.now + time;
        while let Some(next) = self.queue.poll_timeout().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.queue.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }
}

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// From ann to one here, one who is not, and one in a domain that does not exist.
fn full_house() -> Bench {
    let mut bench = bench();
    let to =
        ["<bob@example.com> NOTIFY=SUCCESS,FAILURE", "<nobody@example.com>", "<carol@example.net>"];
    bench.put(ONE, "<ann@example.com>", &to, LETTER);
    bench
}

/// Whom ann was told of.
fn heard(bench: &Bench) -> Vec<String> {
    let read = |content: &Vec<u8>| {
        let bounce = dsn::read(content, &crate::limits::Limits::DEFAULT).unwrap();
        bounce.recipients.into_iter().map(|it| it.address.unwrap())
    };
    let mut heard: Vec<String> = bench.inbox("ann@example.com").iter().flat_map(read).collect();
    heard.sort();
    heard
}

const ALL: [&str; 3] = ["bob@example.com", "carol@example.net", "nobody@example.com"];

#[test]
fn everybody_is_served_and_the_sender_hears_of_it() {
    let mut house = House::new(full_house());
    house.settle();
    assert_eq!(heard(&house.bench), ALL);
    assert_eq!(house.bench.inbox("bob@example.com").len(), 1);
    assert!(house.bench.spool.is_empty() && house.queue.is_empty());
    house.pass(Duration::from_secs(60));
    assert!(house.workers.is_empty(), "there is no more for them");
}

/// Begins anew with what is in the spool, and has time pass.
fn begin_anew(mut bench: Bench) -> House {
    bench.fault = None;
    bench.queue.clear();
    let mut house = House::new(bench);
    house.pass(WEEK);
    assert!(house.bench.spool.is_empty() && house.queue.is_empty(), "{:?}", house.bench.calls);
    assert_eq!(house.bench.inbox("bob@example.com").len(), 1);
    house
}

/// Whether somebody was told of twice; nobody is left out.
fn twice(bench: &Bench) -> bool {
    let mut heard = heard(bench);
    let times = heard.len();
    heard.dedup();
    assert_eq!(heard, ALL);
    assert!(times <= ALL.len() + 1);
    times > ALL.len()
}

#[test]
fn whichever_call_fails_nobody_is_left_out_and_nothing_is_said_twice() {
    let mut house = House::new(full_house());
    house.settle();
    let calls = house.bench.calls.len();
    assert!(calls > 20);
    for place in 0..calls {
        let mut bench = full_house();
        bench.fault = Some(Fault::Fails(place, Failure::Io("the disk is gone".into())));
        let mut house = House::new(bench);
        house.pass(WEEK);
        assert!(house.queue.is_empty(), "{place}");
        assert!(!twice(&house.bench), "{place}");
        assert!(house.bench.spool.is_empty(), "{place}");
    }
}

#[test]
fn wherever_the_host_dies_nobody_is_left_out() {
    let mut again = Vec::new();
    for place in 0..40 {
        let mut bench = full_house();
        bench.fault = Some(Fault::Dies(place));
        let mut house = House::new(bench);
        house.settle();
        let house = begin_anew(house.bench);
        if twice(&house.bench) {
            again.push(place);
        }
    }
    assert_eq!(again, [6], "a report that was not noted, and was overtaken by a longer one");
}

#[test]
fn a_report_that_could_not_be_begun_is_asked_for_again_soon() {
    let hours = |hours: u64| Duration::from_secs(hours * 60 * 60);
    let mut bench = bench();
    let to = ["<bob@example.com> NOTIFY=SUCCESS"];
    bench.put(ONE, "<ann@example.com>", &to, LETTER);
    bench.full = Vec::from([account("bob@example.com")]);
    let mut house = House::new(bench);
    house.pass(hours(12));
    house.bench.full.clear();
    // Load, Begin, Read, Write, Deliver, Record, and the clerk's Load
    house.bench.fault = Some(Fault::Fails(house.bench.calls.len() + 6, Failure::Full));
    house.pass(hours(6));
    assert!(house.bench.calls.iter().any(|call| call == "Load!"));
    assert_eq!(heard(&house.bench), ["bob@example.com"]);
    assert!(house.bench.spool.is_empty() && house.queue.is_empty());
}

#[test]
fn who_wants_to_hear_of_no_delay_is_left_in_peace() {
    for (from, to) in [
        ("<>", "<bob@example.com>"),
        ("<ann@example.com>", "<bob@example.com> NOTIFY=NEVER"),
        ("<ann@example.com>", "<bob@example.com> NOTIFY=SUCCESS"),
    ] {
        let mut bench = bench();
        bench.put(ONE, from, &[to], LETTER);
        bench.full = Vec::from([account("bob@example.com")]);
        let mut house = House::new(bench);
        house.pass(WEEK);
        assert!(house.bench.spool.is_empty() && house.queue.is_empty());
        assert!(heard(&house.bench).is_empty());
        assert!(house.bench.calls.len() < 500, "{}", house.bench.calls.len());
    }
}
