//! One change of a message at a time.

use crate::shared::lock;
use postroad_core::queue::Id;
use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// The messages that someone is changing.
#[derive(Default)]
pub(super) struct Busy {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    ids: HashSet<Id>,
    /// How many wait for one of them.
    waiting: usize,
}

/// The right to change a message, until it is dropped.
pub(super) struct Held<'a> {
    busy: &'a Busy,
    id: Id,
}

impl Busy {
    /// Waits until nobody else changes the message.
    pub(super) fn hold(&self, id: Id) -> Held<'_> {
        let mut state = lock(&self.state);
        if state.ids.contains(&id) {
            state.waiting += 1;
            let free = self.freed.wait_while(state, |state| state.ids.contains(&id));
            state = free.unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.ids.insert(id);
        Held { busy: self, id }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.busy.state);
        state.ids.remove(&self.id);
        // To wake is a system call, even if nobody sleeps.
        if state.waiting > 0 {
            self.busy.freed.notify_all();
        }
    }
}
