//! Dialling the addresses of one host (RFC 8305 §5).

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::machine::{Instant, Machine};

/// What a [`Race`] is told. What concerns an attempt that is over is ignored, but for a connection:
/// that is abandoned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dialled {
    /// The connection stands.
    Connected {
        /// Which attempt.
        attempt: usize,
    },
    /// There is no connection. The host has closed the socket.
    Failed {
        /// Which attempt.
        attempt: usize,
        /// Why, in words.
        why: String,
    },
}

/// What a [`Race`] wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dialling {
    /// Dial.
    Connect {
        /// The attempt's name: the address' place in the list.
        attempt: usize,
        /// Whom.
        address: SocketAddr,
    },
    /// Dial no more, or close the connection.
    Abandon {
        /// Which attempt.
        attempt: usize,
    },
    /// The end: this connection is the one.
    Won {
        /// Which attempt.
        attempt: usize,
        /// Whom it leads to.
        address: SocketAddr,
    },
    /// The end: no address could be connected to. Why, of each.
    Lost(Vec<(SocketAddr, String)>),
}

/// Dials addresses in turn, each with a head start before the next, until one connects.
///
/// ```
/// use core::time::Duration;
/// use postroad_core::limits::Limits;
/// use postroad_core::machine::{Instant, Machine};
/// use postroad_core::mx::{Dialled, Dialling, Race};
///
/// let Limits { connect_head_start, connect, .. } = Limits::DEFAULT;
/// let addresses = vec!["[2001:db8::25]:25".parse().unwrap(), "192.0.2.25:25".parse().unwrap()];
/// let start = Instant::from_seconds(0);
/// let mut race = Race::new(start, addresses, connect_head_start, connect);
/// assert!(matches!(race.poll(), Some(Dialling::Connect { attempt: 0, .. })));
/// assert_eq!(race.poll(), None);
/// let later = race.poll_timeout().unwrap();
/// assert_eq!(later - start, Duration::from_millis(250));
/// race.handle_timeout(later);
/// assert!(matches!(race.poll(), Some(Dialling::Connect { attempt: 1, .. })));
/// race.handle(later, Dialled::Connected { attempt: 1 });
/// assert_eq!(race.poll(), Some(Dialling::Abandon { attempt: 0 }));
/// assert!(matches!(race.poll(), Some(Dialling::Won { attempt: 1, .. })));
/// ```
#[derive(Debug)]
pub struct Race {
    now: Instant,
    head_start: Duration,
    patience: Duration,
    runners: Vec<(SocketAddr, Runner)>,
    stage: Stage,
    inputs: VecDeque<Dialled>,
    outputs: VecDeque<Dialling>,
}

/// What became of an address.
#[derive(Debug)]
enum Runner {
    Waiting,
    /// Given up at this time.
    Running(Instant),
    Out(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The next address is dialled at this time.
    On(Instant),
    Over,
}

impl Race {
    /// A race of `addresses`, the preferred one first. `head_start` is the Connection Attempt Delay of
    /// RFC 8305 §5; `patience` is how long each attempt may take.
    #[must_use]
    pub fn new(
        now: Instant,
        addresses: Vec<SocketAddr>,
        head_start: Duration,
        patience: Duration,
    ) -> Self {
        Self {
            now,
            head_start,
            patience,
            runners: addresses.into_iter().map(|address| (address, Runner::Waiting)).collect(),
            stage: Stage::On(now),
            inputs: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    fn take(&mut self, input: Dialled) {
        match input {
            Dialled::Connected { attempt } => self.connected(attempt),
            Dialled::Failed { attempt, why } => {
                if let Some((_, runner @ Runner::Running(_))) = self.runners.get_mut(attempt) {
                    *runner = Runner::Out(why);
                    self.hurry();
                }
            }
        }
    }

    fn connected(&mut self, attempt: usize) {
        let Some((address, runner)) = self.runners.get(attempt) else { return };
        if self.stage == Stage::Over || !matches!(runner, Runner::Running(_)) {
            return self.outputs.push_back(Dialling::Abandon { attempt });
        }
        let address = *address;
        self.stage = Stage::Over;
        for (other, (_, runner)) in self.runners.iter().enumerate() {
            if other != attempt && matches!(runner, Runner::Running(_)) {
                self.outputs.push_back(Dialling::Abandon { attempt: other });
            }
        }
        self.outputs.push_back(Dialling::Won { attempt, address });
    }

    /// Does one thing that is due; whether anything was.
    fn advance(&mut self) -> bool {
        match self.stage {
            Stage::On(next) => self.give_up() || self.dial(next) || self.lose(),
            Stage::Over => false,
        }
    }

    fn give_up(&mut self) -> bool {
        let late = |runner: &Runner| matches!(runner, Runner::Running(end) if *end <= self.now);
        let Some(attempt) = self.runners.iter().position(|(_, runner)| late(runner)) else {
            return false;
        };
        let seconds = self.patience.as_secs();
        self.runners[attempt].1 = Runner::Out(format!("no connection within {seconds} s"));
        self.outputs.push_back(Dialling::Abandon { attempt });
        self.hurry();
        true
    }

    fn dial(&mut self, next: Instant) -> bool {
        let Some(attempt) = self.waiting().filter(|_| next <= self.now) else { return false };
        let (address, runner) = &mut self.runners[attempt];
        *runner = Runner::Running(self.now + self.patience);
        self.outputs.push_back(Dialling::Connect { attempt, address: *address });
        self.stage = Stage::On(self.now + self.head_start);
        true
    }

    fn lose(&mut self) -> bool {
        let reason = |(address, runner): &(SocketAddr, Runner)| match runner {
            Runner::Out(why) => Some((*address, why.clone())),
            Runner::Waiting | Runner::Running(_) => None,
        };
        let reasons: Option<Vec<_>> = self.runners.iter().map(reason).collect();
        let Some(reasons) = reasons else { return false };
        self.stage = Stage::Over;
        self.outputs.push_back(Dialling::Lost(reasons));
        true
    }

    /// RFC 8305 §5: when an attempt fails, the next one does not wait.
    fn hurry(&mut self) {
        if let Stage::On(next) = &mut self.stage {
            *next = self.now;
        }
    }

    fn waiting(&self) -> Option<usize> {
        self.runners.iter().position(|(_, runner)| matches!(runner, Runner::Waiting))
    }
}

impl Machine for Race {
    type Input = Dialled;
    type Output = Dialling;

    fn handle(&mut self, now: Instant, input: Dialled) {
        self.now = now;
        self.inputs.push_back(input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
    }

    /// Addresses that were not dialled yet will not be.
    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        if self.stage == Stage::Over {
            return;
        }
        for (_, runner) in &mut self.runners {
            if matches!(runner, Runner::Waiting) {
                *runner = Runner::Out("not dialled: shutting down".into());
            }
        }
    }

    fn poll(&mut self) -> Option<Dialling> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            match self.inputs.pop_front() {
                Some(input) => self.take(input),
                None if self.advance() => {}
                None => return None,
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let Stage::On(next) = self.stage else { return None };
        let ends = self.runners.iter().filter_map(|(_, runner)| match runner {
            Runner::Running(end) => Some(*end),
            _ => None,
        });
        ends.chain(self.waiting().map(|_| next)).min()
    }
}
