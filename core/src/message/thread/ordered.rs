//! THREAD=ORDEREDSUBJECT (RFC 5256 §3).

use alloc::vec;
use alloc::vec::Vec;

use super::family::Family;
use super::forest::Forest;
use super::{NONE, Place, Threads};

/// Threads by subject: of each the message sent first, and the others below it.
pub(super) fn thread(threads: &Threads) -> Forest {
    let messages = &threads.messages;
    let mut order: Vec<Place> = (0..messages.len()).filter_map(|it| it.try_into().ok()).collect();
    order.sort_by_key(|&place| (messages[place as usize].sent, place));
    let mut parents = vec![NONE; messages.len()];
    let mut firsts = vec![NONE; threads.subjects.len()];
    for &place in &order {
        let first = &mut firsts[messages[place as usize].subject as usize];
        if *first == NONE {
            *first = place;
        } else {
            parents[place as usize] = *first;
        }
    }
    let ids = messages.iter().map(|message| Some(message.id)).collect();
    Forest::new(Family::new(parents, order.into_iter().rev()), ids)
}
