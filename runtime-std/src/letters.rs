//! Letters from one thread to another.

use crate::session::{Call, Inbox};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Letters that wait for a thread, and the inbox that wakes it for them.
#[derive(Debug)]
pub struct Letters<T> {
    waiting: Mutex<VecDeque<T>>,
    inbox: Arc<Inbox>,
}

impl<T> Letters<T> {
    /// None yet.
    ///
    /// # Errors
    /// If the system has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { waiting: Mutex::default(), inbox: Arc::new(Inbox::new()?) })
    }

    /// Leaves a letter, and [`Call::News`] of it. Never blocks.
    pub fn send(&self, letter: T) {
        self.send_all([letter]);
    }

    /// Leaves letters that are taken together, and [`Call::News`] of them. Never blocks.
    pub fn send_all(&self, letters: impl IntoIterator<Item = T>) {
        self.waiting().extend(letters);
        self.inbox.leave(Call::News);
    }

    /// Takes every letter.
    pub fn take(&self) -> Vec<T> {
        self.waiting().drain(..).collect()
    }

    /// Where the thread sleeps.
    #[must_use]
    pub const fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
