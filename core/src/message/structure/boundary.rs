//! The boundaries of the multiparts that are open, as one tree of their octets: a line is compared
//! with all of them in a walk no longer than the line.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::limits::Limits;

/// Octets of the longest boundary that is kept.
// Deviation: RFC 2046 §5.1.1 allows 70; longer ones are seen in real mail.
pub(super) const LONGEST: usize = Limits::DEFAULT.boundary;

/// A place in the tree.
type Node = u32;

/// The root: the place of the empty boundary.
const ROOT: Node = 0;

/// The boundaries of the open multiparts, the innermost last.
#[derive(Clone, Debug, Default)]
pub(super) struct Boundaries {
    edges: BTreeMap<(Node, u8), Node>,
    /// For every node but the root: the edge that leads to it.
    nodes: Vec<(Node, u8)>,
    /// For every node at which a boundary ends: its owners, the innermost last.
    owners: BTreeMap<Node, Vec<usize>>,
    /// The boundaries in the order they were pushed: the node each ends at and the number of nodes
    /// before it came.
    stack: Vec<(Node, usize)>,
}

impl Boundaries {
    /// Adds a boundary and its owner, inside all that are there.
    pub(super) fn push(&mut self, boundary: &[u8], owner: usize) {
        let before = self.nodes.len();
        let mut node = ROOT;
        for &byte in boundary {
            node = *self.edges.entry((node, byte)).or_insert_with(|| {
                self.nodes.push((node, byte));
                u32::try_from(self.nodes.len()).unwrap_or(Node::MAX)
            });
        }
        self.owners.entry(node).or_default().push(owner);
        self.stack.push((node, before));
    }

    /// Takes the innermost boundary away.
    pub(super) fn pop(&mut self) {
        let Some((node, before)) = self.stack.pop() else {
            return;
        };
        if let Some(owners) = self.owners.get_mut(&node) {
            owners.pop();
            if owners.is_empty() {
                self.owners.remove(&node);
            }
        }
        for edge in self.nodes.drain(before..) {
            self.edges.remove(&edge);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// The owner of the longest boundary that `text` starts with, and that boundary's length.
    pub(super) fn find(&self, text: &[u8]) -> Option<(usize, usize)> {
        let mut node = ROOT;
        let mut found = None;
        for (index, &byte) in text.iter().enumerate() {
            let Some(&next) = self.edges.get(&(node, byte)) else {
                break;
            };
            node = next;
            if let Some(owner) = self.owners.get(&node).and_then(|owners| owners.last()) {
                found = Some((*owner, index + 1));
            }
        }
        found
    }
}
