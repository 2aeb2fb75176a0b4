//! One change of a thing at a time.

use crate::shared::lock;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Condvar, Mutex, PoisonError};

/// The things that someone is changing, by what they are called.
pub(crate) struct Busy<K> {
    state: Mutex<State<K>>,
    freed: Condvar,
}

struct State<K> {
    names: HashSet<K>,
    /// How many wait for one of them.
    waiting: usize,
}

/// The right to change a thing, until it is dropped.
pub(crate) struct Held<'a, K: Eq + Hash> {
    busy: &'a Busy<K>,
    name: K,
}

impl<K> Default for Busy<K> {
    fn default() -> Self {
        let state = State { names: HashSet::new(), waiting: 0 };
        Self { state: Mutex::new(state), freed: Condvar::new() }
    }
}

impl<K: Clone + Eq + Hash> Busy<K> {
    /// Waits until nobody else changes the thing.
    pub(crate) fn hold(&self, name: K) -> Held<'_, K> {
        let mut state = lock(&self.state);
        if state.names.contains(&name) {
            state.waiting += 1;
            let free = self.freed.wait_while(state, |state| state.names.contains(&name));
            state = free.unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.names.insert(name.clone());
        Held { busy: self, name }
    }
}

impl<K: Eq + Hash> Drop for Held<'_, K> {
    fn drop(&mut self) {
        let mut state = lock(&self.busy.state);
        state.names.remove(&self.name);
        // To wake is a system call, even if nobody sleeps.
        if state.waiting > 0 {
            self.busy.freed.notify_all();
        }
    }
}
