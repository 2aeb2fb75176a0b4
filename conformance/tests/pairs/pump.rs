//! Carries octets between two sessions as a network would, in virtual time.

use postroad_core::entropy::Entropy;
use postroad_core::machine::{Host, Instant, Session, Wants, drain};
use std::time::Duration;

/// When every test begins: 2026-06-01 12:00:00 UTC.
pub(crate) const BEGINNING: Instant = Instant::from_seconds(1_780_315_200);

/// No dialogue takes longer; a time-out that has to help is a deadlock.
const LONGEST: Duration = Duration::from_secs(20);

/// How octets are cut on their way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// As much as there is.
    Whole,
    /// One at a time.
    Octets,
    /// In pieces of random length.
    Random(u8),
}

/// A session with its host, and what is on its way to it.
pub(crate) struct End<S, H> {
    session: S,
    pub(crate) host: H,
    wire: Vec<u8>,
    peer: Peer,
}

/// Whether the other end has finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    Speaks,
    Finished,
    /// And the session was told.
    Told,
}

impl<S: Session, H: Host<S>> End<S, H> {
    pub(crate) const fn new(session: S, host: H) -> Self {
        Self { session, host, wire: Vec::new(), peer: Peer::Speaks }
    }

    /// Takes in what has arrived; whether anything happened.
    fn hear(&mut self, now: Instant, dice: &mut Dice) -> bool {
        match self.session.wants() {
            Wants::Read if !self.wire.is_empty() => {
                let count = dice.throw(self.wire.len());
                self.session.handle_bytes(now, &self.wire[..count]);
                self.wire.drain(..count);
            }
            Wants::Close if !self.wire.is_empty() => self.wire.clear(),
            Wants::Read if self.peer == Peer::Finished => {
                self.peer = Peer::Told;
                self.session.handle_eof(now);
            }
            _ => return false,
        }
        drain(now, &mut self.session, &mut self.host);
        true
    }

    /// Sends what is to be sent to `other`; whether anything happened.
    fn speak<T, G>(&mut self, now: Instant, other: &mut End<T, G>, dice: &mut Dice) -> bool {
        drain(now, &mut self.session, &mut self.host);
        let waiting = self.session.transmit();
        if waiting.is_empty() {
            let finished = self.session.wants() == Wants::Close && other.peer == Peer::Speaks;
            if finished {
                other.peer = Peer::Finished;
            }
            return finished;
        }
        let count = dice.throw(waiting.len());
        other.wire.extend_from_slice(&waiting[..count]);
        self.session.transmitted(count);
        drain(now, &mut self.session, &mut self.host);
        true
    }
}

struct Dice {
    cut: Cut,
    entropy: Entropy,
}

impl Dice {
    fn throw(&mut self, available: usize) -> usize {
        match self.cut {
            Cut::Whole => available,
            Cut::Octets => 1,
            Cut::Random(_) => {
                let most = if self.entropy.below(4) == 0 { 3 } else { 4_000 };
                let count = usize::try_from(1 + self.entropy.below(most)).unwrap_or(1);
                count.min(available)
            }
        }
    }
}

/// Carries octets until both ends have closed; time passes only where nothing else happens.
pub(crate) fn pump<S, H, T, G>(one: &mut End<S, H>, two: &mut End<T, G>, cut: Cut, what: &str)
where
    S: Session,
    H: Host<S>,
    T: Session,
    G: Host<T>,
{
    let seed = match cut {
        Cut::Random(seed) => seed,
        Cut::Whole | Cut::Octets => 0,
    };
    let mut dice = Dice { cut, entropy: Entropy::from_seed([seed; 32]) };
    let mut now = BEGINNING;
    loop {
        let spoken = one.speak(now, two, &mut dice) | two.speak(now, one, &mut dice);
        let heard = one.hear(now, &mut dice) | two.hear(now, &mut dice);
        if spoken || heard {
            continue;
        }
        if one.session.wants() == Wants::Close && two.session.wants() == Wants::Close {
            return;
        }
        let deadlines = [one.session.poll_timeout(), two.session.poll_timeout()];
        let next = deadlines.into_iter().flatten().min();
        let next = next.unwrap_or_else(|| panic!("{what}: both ends wait for ever"));
        assert!(next.since(BEGINNING) < LONGEST, "{what}: both ends wait until {next:?}");
        now = now.max(next);
        one.session.handle_timeout(now);
        two.session.handle_timeout(now);
    }
}
