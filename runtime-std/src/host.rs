//! Performing what roles ask for: the store, the spool, the queue, passwords, the log.

use postroad_core::machine::{Host, Instant, Session, Ticket};
use postroad_core::queue::{self, spool::Spool};
use postroad_core::role::{Check, Effect, Input, Report, Verdict};
use postroad_core::store::Store;
use std::sync::Arc;

/// Checks credentials that the core can't check itself.
pub type Verify = Arc<dyn Fn(&Check) -> Verdict + Send + Sync>;

/// Takes what is worth a line in the log.
pub type Log = Arc<dyn Fn(Instant, &Report) + Send + Sync>;

/// Tells the queue something.
pub type Tell = Arc<dyn Fn(queue::Input) + Send + Sync>;

/// The host of one role's session.
pub struct RoleHost<S, P> {
    store: S,
    spool: P,
    tell: Tell,
    verify: Verify,
    log: Log,
    /// Names the session in the log.
    session: String,
    octets: Vec<u8>,
}

impl<S: Store, P: Spool> RoleHost<S, P> {
    /// A host whose reports bear the name `session`.
    pub const fn new(
        store: S,
        spool: P,
        tell: Tell,
        verify: Verify,
        log: Log,
        session: String,
    ) -> Self {
        Self { store, spool, tell, verify, log, session, octets: Vec::new() }
    }

    /// Hands over the octets that were read, if there are any.
    fn hand_over<R: Session>(&mut self, now: Instant, session: &mut R, ticket: Ticket) {
        if !self.octets.is_empty() {
            session.handle_content(now, ticket, &self.octets);
            // Not kept: an idle session is to be small.
            self.octets = Vec::new();
        }
    }
}

impl<S, P, R> Host<R> for RoleHost<S, P>
where
    S: Store,
    P: Spool,
    R: Session<Input = Input, Output = Effect>,
{
    fn perform(&mut self, now: Instant, session: &mut R, effect: Effect) {
        match effect {
            Effect::Store { ticket, request } => {
                let answer = self.store.perform(now, request, session.content(), &mut self.octets);
                self.hand_over(now, session, ticket);
                session.handle(now, Input::Store { ticket, answer });
            }
            Effect::Spool { ticket, request } => {
                let answer = self.spool.perform(now, request, session.content(), &mut self.octets);
                self.hand_over(now, session, ticket);
                session.handle(now, Input::Spool { ticket, answer });
            }
            Effect::Queue(input) => (self.tell)(input),
            Effect::Authenticate { ticket, check } => {
                let verdict = (self.verify)(&check);
                session.handle(now, Input::Authenticated { ticket, verdict });
            }
            Effect::Report(report) => {
                (self.log)(now, &report.with("session", &self.session));
            }
        }
    }
}
