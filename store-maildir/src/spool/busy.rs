//! One change of a message at a time.

use crate::shared::lock;
use postroad_core::queue::Id;
use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// The messages that someone is changing.
#[derive(Default)]
pub(super) struct Busy {
    ids: Mutex<HashSet<Id>>,
    freed: Condvar,
}

/// The right to change a message, until it is dropped.
pub(super) struct Held<'a> {
    busy: &'a Busy,
    id: Id,
}

impl Busy {
    /// Waits until nobody else changes the message.
    pub(super) fn hold(&self, id: Id) -> Held<'_> {
        let free = self.freed.wait_while(lock(&self.ids), |ids| ids.contains(&id));
        free.unwrap_or_else(PoisonError::into_inner).insert(id);
        Held { busy: self, id }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        lock(&self.busy.ids).remove(&self.id);
        self.busy.freed.notify_all();
    }
}
