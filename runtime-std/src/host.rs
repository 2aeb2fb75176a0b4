//! Performing what roles ask for: the store, passwords, the log.

use postroad_core::machine::{Host, Instant, Session};
use postroad_core::role::{Check, Effect, Input, Report, Verdict};
use postroad_core::store::Store;
use std::sync::Arc;

/// Checks credentials that the core can't check itself.
pub type Verify = Arc<dyn Fn(&Check) -> Verdict + Send + Sync>;

/// Takes what is worth a line in the log.
pub type Log = Arc<dyn Fn(Instant, &Report) + Send + Sync>;

/// The host of one role's session.
pub struct RoleHost<S> {
    store: S,
    verify: Verify,
    log: Log,
    /// Names the session in the log.
    session: String,
    octets: Vec<u8>,
}

impl<S: Store> RoleHost<S> {
    /// A host whose reports bear the name `session`.
    pub const fn new(store: S, verify: Verify, log: Log, session: String) -> Self {
        Self { store, verify, log, session, octets: Vec::new() }
    }
}

impl<S: Store, R: Session<Input = Input, Output = Effect>> Host<R> for RoleHost<S> {
    fn perform(&mut self, now: Instant, session: &mut R, effect: Effect) {
        match effect {
            Effect::Store { ticket, request } => {
                let answer = self.store.perform(now, request, session.content(), &mut self.octets);
                if !self.octets.is_empty() {
                    session.handle_content(now, ticket, &self.octets);
                    // Not kept: an idle session is to be small.
                    self.octets = Vec::new();
                }
                session.handle(now, Input::Store { ticket, answer });
            }
            Effect::Authenticate { ticket, check } => {
                let verdict = (self.verify)(&check);
                session.handle(now, Input::Authenticated { ticket, verdict });
            }
            Effect::Spool { .. } | Effect::Queue(_) => {}
            Effect::Report(report) => {
                (self.log)(now, &report.with("session", &self.session));
            }
        }
    }
}
