//! Who is below whom, in order.

use alloc::vec;
use alloc::vec::Vec;

use super::forest::some;
use super::{NONE, Place};

/// Children and siblings of places, made from parents and an order in one go.
#[derive(Clone, Debug)]
pub(super) struct Family {
    parents: Vec<Place>,
    first_children: Vec<Place>,
    next_siblings: Vec<Place>,
    first_root: Place,
}

impl Family {
    /// The family of `places`, given the last of siblings first; other places have no part in it.
    pub(super) fn new(parents: Vec<Place>, places: impl Iterator<Item = Place>) -> Self {
        let mut family = Self {
            first_children: vec![NONE; parents.len()],
            next_siblings: vec![NONE; parents.len()],
            first_root: NONE,
            parents,
        };
        for place in places {
            let first = match family.parents[place as usize] {
                NONE => &mut family.first_root,
                parent => &mut family.first_children[parent as usize],
            };
            family.next_siblings[place as usize] = *first;
            *first = place;
        }
        family
    }

    pub(super) fn first_root(&self) -> Option<Place> {
        some(self.first_root)
    }

    pub(super) fn parent(&self, place: Place) -> Option<Place> {
        some(self.parents[place as usize])
    }

    pub(super) fn first_child(&self, place: Place) -> Option<Place> {
        some(self.first_children[place as usize])
    }

    pub(super) fn next_sibling(&self, place: Place) -> Option<Place> {
        some(self.next_siblings[place as usize])
    }

    pub(super) fn has_one_child(&self, place: Place) -> bool {
        self.first_child(place).is_some_and(|child| self.next_sibling(child).is_none())
    }
}
