//! A queue in a world of its own: every name has an address, and every host takes what comes, or
//! none can be reached.

use postroad_core::dns::{self, Answer, Kind, Question, Record};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine as _};
use postroad_core::queue::{
    Action, Carried, Carrier, Command, Delivery, Destination, End, Id, Input, Left, Order, Outcome,
    Output, Paper, Queue, Settings, Summary,
};
use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const START: Instant = Instant::from_seconds(1_780_315_200);
/// Between a message and the next one.
const STEP: Duration = Duration::from_millis(1);
/// Domains that all messages go to.
const DOMAINS: usize = 50;

/// `waiting` messages that were tried a moment ago; their time does not come.
pub(crate) fn wait(waiting: usize) -> World {
    let mut world = World::new(Hosts::Fine);
    for number in 0..waiting {
        world.enqueue(number % DOMAINS, Some(START));
    }
    world
}

/// Sends `count` messages, one after the other, past the `waiting` others.
pub(crate) fn pass(waiting: usize, count: usize) {
    let mut world = wait(waiting);
    for number in 0..count {
        world.now = world.now + STEP;
        world.enqueue(number % DOMAINS, None);
        world.settle();
    }
    assert_eq!((world.gone, world.queue.len()), (count, waiting));
}

/// Has `count` messages to as many domains tried, twice, of which no host can be reached.
pub(crate) fn strand(count: usize) {
    let mut world = World::new(Hosts::Down);
    for number in 0..count {
        world.enqueue(number, None);
    }
    world.settle();
    world.queue.handle(world.now, Input::Command(Command::Flush("*".into())));
    world.settle();
    assert_eq!((world.noted, world.queue.len()), (2 * count, count));
}

/// How the hosts behave.
#[derive(Clone, Copy)]
enum Hosts {
    Fine,
    Down,
}

/// A queue and what surrounds it.
pub(crate) struct World {
    queue: Queue,
    hosts: Hosts,
    now: Instant,
    /// How many messages there have been.
    count: u64,
    events: VecDeque<Input>,
    /// Messages that were carried.
    gone: usize,
    /// Messages of which it was noted that they could not be tried.
    noted: usize,
}

impl World {
    fn new(hosts: Hosts) -> Self {
        let settings = Arc::new(Settings::default());
        Self {
            queue: Queue::new(START, settings, Entropy::from_seed([1; 32])),
            hosts,
            now: START,
            count: 0,
            events: VecDeque::new(),
            gone: 0,
            noted: 0,
        }
    }

    /// Tells of a message to the domain of this number, `tried` then.
    fn enqueue(&mut self, domain: usize, tried: Option<Instant>) {
        self.count += 1;
        let destination = Destination::Domain(format!("d{domain}.example.net"));
        let attempts = u32::from(tried.is_some());
        let summary = Summary {
            id: id(self.count),
            arrived: self.now,
            deliveries: vec![Delivery { destination, attempts, tried }],
            held: false,
            warned: false,
        };
        self.queue.handle(self.now, Input::Queued(Box::new(summary)));
    }

    /// Does what the queue asks, until it asks for nothing.
    fn settle(&mut self) {
        if self.queue.poll_timeout().is_some_and(|deadline| deadline <= self.now) {
            self.queue.handle_timeout(self.now);
        }
        loop {
            while let Some(output) = self.queue.poll() {
                self.perform(output);
            }
            let Some(event) = self.events.pop_front() else { return };
            self.queue.handle(self.now, event);
        }
    }

    fn perform(&mut self, output: Output) {
        let event = match output {
            Output::Resolve { query, question } => {
                Input::Resolved { query, outcome: resolve(&question) }
            }
            Output::Dial(dial) => match self.hosts {
                Hosts::Fine => return self.carry(dial.carrier, dial.first.id),
                Hosts::Down => {
                    let outcome = Outcome::ours(Action::Deferred, (4, 4, 1), "refused");
                    Input::Closed { carrier: dial.carrier, end: End::Failed(outcome) }
                }
            },
            Output::Carry { carrier, carry } => return self.carry(carrier, carry.id),
            Output::Quit(carrier) => Input::Closed { carrier, end: End::Over },
            Output::Paper(paper) => self.file(paper),
            Output::File { .. } | Output::Report(_) => {
                black_box(&output);
                return;
            }
        };
        self.events.push_back(event);
    }

    fn carry(&mut self, carrier: Carrier, id: Id) {
        let carried = Carried::Gone;
        self.gone += 1;
        self.events.push_back(Input::Carried { carrier, id, carried });
    }

    /// What the clerk notes of a destination that could not be reached.
    fn file(&mut self, Paper { id, order }: Paper) -> Input {
        self.noted += 1;
        let deliveries = match order {
            Order::Settle(destination, _) => {
                vec![Delivery { destination, attempts: 1, tried: Some(self.now) }]
            }
            _ => Vec::new(),
        };
        let summary = Summary { id, arrived: START, deliveries, held: false, warned: false };
        Input::Filed { id, left: Left::Still(Box::new(summary)) }
    }
}

/// The id of a message, in no order: its making is not what is counted here.
fn id(number: u64) -> Id {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let letter = |place: u32| b"bcdfghjkmnpqrstv"[(scattered >> (4 * place) & 15) as usize] as char;
    Id::parse(&(0..16).map(letter).collect::<String>()).expect("an id")
}

/// Every name has one IPv4 address and nothing else.
fn resolve(question: &Question) -> Result<Arc<Answer>, dns::Failure> {
    let records = match question.kind {
        Kind::A => vec![Record::A([192, 0, 2, 1].into())],
        _ => return Err(dns::Failure::NoRecords),
    };
    let until = START + Duration::from_secs(24 * 60 * 60);
    Ok(Arc::new(Answer { records, canonical: question.name.clone(), until, authenticated: false }))
}
