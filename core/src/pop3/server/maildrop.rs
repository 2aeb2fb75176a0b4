//! What a session sees of its maildrop: fixed when it is opened (RFC 1939 §4), but for the marks.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A message in a maildrop, as the host tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The unique-id: 1 to 70 octets of printable ASCII, the same in every session, never used for
    /// another message of the maildrop (RFC 1939 §7).
    pub unique_id: String,
    /// The size in octets, every line ended with CRLF.
    pub size: u64,
}

/// The messages, and which are marked as deleted. Numbers count from 1, places from 0.
#[derive(Debug)]
pub(super) struct Maildrop {
    messages: Vec<Message>,
    marked: Vec<bool>,
    /// Of what is not marked.
    tally: Tally,
}

/// How many messages, and how many octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub(super) messages: usize,
    pub(super) octets: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.messages == 1 { "" } else { "s" };
        write!(f, "{} message{plural} ({} octets)", self.messages, self.octets)
    }
}

impl Maildrop {
    pub(super) fn new(messages: Vec<Message>) -> Self {
        let marked = alloc::vec![false; messages.len()];
        let mut maildrop = Self { messages, marked, tally: Tally::default() };
        maildrop.reset();
        maildrop
    }

    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    /// The place of message `number`, if there is one that is not marked.
    pub(super) fn find(&self, number: u32) -> Option<usize> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.get(place).map(|_| place)
    }

    /// The message at `place`, unless it is marked.
    pub(super) fn get(&self, place: usize) -> Option<&Message> {
        let marked = *self.marked.get(place)?;
        self.messages.get(place).filter(|_| !marked)
    }

    /// How many places there are, marked or not.
    pub(super) const fn places(&self) -> usize {
        self.messages.len()
    }

    /// Marks the message at `place`, which [`find`](Self::find) has found.
    pub(super) fn mark(&mut self, place: usize) {
        if let Some(size) = self.get(place).map(|message| message.size) {
            self.marked[place] = true;
            self.tally.messages -= 1;
            self.tally.octets -= size;
        }
    }

    /// Unmarks every message.
    pub(super) fn reset(&mut self) {
        self.marked.fill(false);
        self.tally = Tally {
            messages: self.messages.len(),
            octets: self.messages.iter().map(|message| message.size).sum(),
        };
    }

    /// The places of the marked messages.
    pub(super) fn marked(&self) -> Vec<usize> {
        let places = self.marked.iter().enumerate();
        places.filter_map(|(place, marked)| marked.then_some(place)).collect()
    }
}
