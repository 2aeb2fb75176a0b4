//! Ending in good order: nothing new begins, what is under way is finished.

use crate::session::{Call, Inbox};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Every thread that is to be told of the shutdown, and to be waited for.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct State {
    begun: bool,
    joined: u64,
    inboxes: HashMap<u64, Arc<Inbox>>,
}

/// A thread's membership, which ends when it is dropped.
#[derive(Debug)]
pub struct Member {
    shutdown: Shutdown,
    number: u64,
}

impl Shutdown {
    /// Joins the threads that are told by a [`Call::Shutdown`] in `inbox`. Who joins too late is
    /// told at once.
    #[must_use]
    pub fn join(&self, inbox: Arc<Inbox>) -> Member {
        let mut state = self.state();
        if state.begun {
            inbox.leave(Call::Shutdown);
        }
        state.joined += 1;
        let number = state.joined;
        state.inboxes.insert(number, inbox);
        Member { shutdown: self.clone(), number }
    }

    /// Tells everyone.
    pub fn begin(&self) {
        let mut state = self.state();
        state.begun = true;
        for inbox in state.inboxes.values() {
            inbox.leave(Call::Shutdown);
        }
    }

    /// Waits until everyone has left, but no longer than `patience`; says how many have not.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> usize {
        let waiting = |state: &mut State| !state.inboxes.is_empty();
        let left = self.0.left.wait_timeout_while(self.state(), patience, waiting);
        let (state, _) = left.unwrap_or_else(PoisonError::into_inner);
        state.inboxes.len()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shutdown.state().inboxes.remove(&self.number);
        self.shutdown.0.left.notify_all();
    }
}
