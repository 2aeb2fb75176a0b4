//! Threads as they are written (RFC 5256 §4, THREAD response).

use alloc::vec::Vec;
use core::fmt;

use super::family::Family;
use super::{NONE, Place};

/// What a THREAD response consists of, behind its `* THREAD` and a space.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// `(`
    Open,
    /// The number of a message.
    Message(u32),
    /// A space.
    Space,
    /// `)`
    Close,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("("),
            Self::Message(id) => id.fmt(f),
            Self::Space => f.write_str(" "),
            Self::Close => f.write_str(")"),
        }
    }
}

/// The threads of a mailbox, as an iterator over what is written of them.
///
/// An only child follows its parent; several children stand in parentheses each, as do the threads.
#[derive(Clone, Debug)]
pub struct Forest {
    family: Family,
    /// What each place is called, if it is a message.
    ids: Vec<Option<u32>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The next is this place, in parentheses if it has siblings.
    Enter(Place),
    /// The place is written, behind its parenthesis.
    Show(Place),
    /// The place is written; what is below comes next.
    Below(Place),
    /// The place and all below it are written.
    Leave(Place),
    Over,
}

impl Forest {
    /// A forest over messages and, without an id, what only holds others together.
    pub(super) fn new(family: Family, ids: Vec<Option<u32>>) -> Self {
        let stage = family.first_root().map_or(Stage::Over, Stage::Enter);
        Self { family, ids, stage }
    }

    /// Whether there are no messages.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    fn is_alone(&self, place: Place) -> bool {
        self.family.parent(place).is_some_and(|parent| self.family.has_one_child(parent))
    }
}

impl Iterator for Forest {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            match self.stage {
                Stage::Enter(place) => {
                    self.stage = Stage::Show(place);
                    if !self.is_alone(place) {
                        return Some(Event::Open);
                    }
                }
                Stage::Show(place) => {
                    self.stage = Stage::Below(place);
                    if let Some(id) = self.ids[place as usize] {
                        return Some(Event::Message(id));
                    }
                }
                Stage::Below(place) => match self.family.first_child(place) {
                    Some(child) => {
                        self.stage = Stage::Enter(child);
                        if self.ids[place as usize].is_some() {
                            return Some(Event::Space);
                        }
                    }
                    None => self.stage = Stage::Leave(place),
                },
                Stage::Leave(place) => {
                    let next = self.family.next_sibling(place).map(Stage::Enter);
                    let up = || self.family.parent(place).map(Stage::Leave);
                    let is_alone = self.is_alone(place);
                    self.stage = next.or_else(up).unwrap_or(Stage::Over);
                    if !is_alone {
                        return Some(Event::Close);
                    }
                }
                Stage::Over => return None,
            }
        }
    }
}

impl fmt::Display for Forest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().try_for_each(|event| event.fmt(f))
    }
}

/// A place, or `None` for [`NONE`].
pub(super) fn some(place: Place) -> Option<Place> {
    (place != NONE).then_some(place)
}
