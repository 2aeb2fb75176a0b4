//! A forest in which links are made and undone, and the root above a place is found, in logarithmic
//! time: the link-cut trees of Sleator and Tarjan, without turning trees around.
//!
//! Each path of a preferred-child decomposition is a splay tree over its places by depth. So a chain of
//! a hundred thousand replies costs no walk to its start for every message that is added.

use alloc::vec::Vec;

use super::forest::some;
use super::{NONE, Place};

#[derive(Clone, Copy, Debug)]
struct Node {
    /// In the splay tree, or for its root the place that the path hangs from.
    up: Place,
    /// Shallower and deeper places of the same path.
    below: [Place; 2],
}

/// The links.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Node>);

const SHALLOW: usize = 0;
const DEEP: usize = 1;

impl Links {
    /// Adds a place that is linked to nothing.
    pub(super) fn push(&mut self) {
        self.0.push(Node { up: NONE, below: [NONE; 2] });
    }

    /// The root above a place.
    pub(super) fn root(&mut self, place: Place) -> Place {
        self.access(place);
        let mut root = place;
        while let Some(shallower) = some(self.node(root).below[SHALLOW]) {
            root = shallower;
        }
        self.splay(root);
        root
    }

    /// Puts a root below a place of another tree.
    pub(super) fn link(&mut self, child: Place, parent: Place) {
        self.splay(child);
        self.node_mut(child).up = parent;
    }

    /// Takes a place with all below it away from its parent.
    pub(super) fn cut(&mut self, child: Place) {
        self.access(child);
        let above = core::mem::replace(&mut self.node_mut(child).below[SHALLOW], NONE);
        if above != NONE {
            self.node_mut(above).up = NONE;
        }
    }

    fn node(&self, place: Place) -> Node {
        self.0[place as usize]
    }

    fn node_mut(&mut self, place: Place) -> &mut Node {
        &mut self.0[place as usize]
    }

    /// Makes the path from the root to a place one splay tree with the place at its top.
    fn access(&mut self, place: Place) {
        self.splay(place);
        self.node_mut(place).below[DEEP] = NONE;
        while let Some(parent) = some(self.node(place).up) {
            self.splay(parent);
            self.node_mut(parent).below[DEEP] = place;
            self.rotate(place);
        }
    }

    /// Which child of its splay tree's parent a place is; `None` for the top.
    fn side(&self, place: Place) -> Option<usize> {
        let up = self.node(place).up;
        (up != NONE).then(|| self.node(up).below.iter().position(|&it| it == place)).flatten()
    }

    fn rotate(&mut self, place: Place) {
        let Some(side) = self.side(place) else {
            return;
        };
        let parent = self.node(place).up;
        let above = self.side(parent);
        let grandparent = self.node(parent).up;
        let inner = self.node(place).below[1 - side];
        self.node_mut(parent).below[side] = inner;
        if inner != NONE {
            self.node_mut(inner).up = parent;
        }
        self.node_mut(place).below[1 - side] = parent;
        self.node_mut(parent).up = place;
        self.node_mut(place).up = grandparent;
        if let Some(above) = above {
            self.node_mut(grandparent).below[above] = place;
        }
    }

    fn splay(&mut self, place: Place) {
        while let Some(side) = self.side(place) {
            let parent = self.node(place).up;
            match self.side(parent) {
                Some(above) if above == side => self.rotate(parent),
                Some(_) => self.rotate(place),
                None => {}
            }
            self.rotate(place);
        }
    }
}
