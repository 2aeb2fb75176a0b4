//! THREAD=REFERENCES (RFC 5256 §3), step by step.

use alloc::vec;
use alloc::vec::Vec;

use super::family::Family;
use super::forest::{Forest, some};
use super::links::Links;
use super::{Message, NONE, Place, Threads};

/// By what siblings are sorted: the time sent, then the sequence.
type Key = (i64, Place);

/// Threads by what messages refer to, under way.
#[derive(Debug)]
pub(super) enum Threading {
    Begin(Threads),
    Link(Linking),
    Prune(Containers),
    Gather(Containers),
    Group(Containers, Roots),
    Finish(Containers, Roots),
}

/// How a step of threading ends.
pub(super) enum Step {
    On(Threading),
    Done(Forest),
}

impl Threading {
    /// Takes the next step, in which so many messages are linked if they are what is next.
    pub(super) fn step(self, messages: usize) -> Step {
        Step::On(match self {
            Self::Begin(threads) => Self::Link(Linking::begin(threads)),
            Self::Link(mut linking) => match linking.link(messages) {
                true => Self::Prune(linking.containers),
                false => Self::Link(linking),
            },
            Self::Prune(mut containers) => {
                containers.prune();
                Self::Gather(containers)
            }
            Self::Gather(containers) => {
                let roots = Roots::gather(&containers);
                Self::Group(containers, roots)
            }
            Self::Group(mut containers, mut roots) => {
                containers.group(&mut roots);
                Self::Finish(containers, roots)
            }
            Self::Finish(containers, roots) => {
                return Step::Done(containers.finish(&roots.merged));
            }
        })
    }
}

/// Messages, and containers of messages that are referred to and not there.
#[derive(Debug)]
pub(super) struct Containers {
    messages: Vec<Message>,
    /// For every container its message, or [`NONE`] for a dummy.
    holds: Vec<Place>,
    parents: Vec<Place>,
    /// How its siblings are sorted; of a dummy, as its first child.
    keys: Vec<Key>,
    /// Whether it has a place in the forest.
    lives: Vec<bool>,
}

/// The key of what has no message below it yet.
const LAST: Key = (i64::MAX, NONE);

/// Step (1) under way.
#[derive(Debug)]
pub(super) struct Linking {
    containers: Containers,
    /// The places of all references, then those of all messages.
    places: Vec<Place>,
    references: usize,
    tying: Tying,
    /// The message that is next.
    next: usize,
}

impl Linking {
    fn begin(threads: Threads) -> Self {
        let (places, count) = places(&threads);
        let containers = Containers {
            messages: threads.messages,
            holds: vec![NONE; count],
            parents: vec![NONE; count],
            keys: Vec::new(),
            lives: Vec::new(),
        };
        let (references, tying) = (threads.references.len(), Tying::new(count));
        Self { containers, places, references, tying, next: 0 }
    }

    /// Links so many messages to what they refer to; whether those were the last.
    fn link(&mut self, messages: usize) -> bool {
        let Self { containers, tying, .. } = self;
        let (referred, own) = self.places.split_at(self.references);
        let end = own.len().min(self.next.saturating_add(messages.max(1)));
        for number in self.next..end {
            let place = own[number];
            let is_taken = place == NONE || containers.holds[place as usize] != NONE;
            let place = if is_taken { containers.add(tying) } else { place };
            containers.holds[place as usize] = number.try_into().unwrap_or(NONE);
            let mut parent = NONE;
            for &next in &referred[containers.messages[number].references.clone()] {
                // (1)(A): links that are there stay.
                if containers.parents[next as usize] == NONE {
                    tying.tie(&mut containers.parents, next, parent);
                }
                parent = next;
            }
            // (1)(B): the last reference is the parent, whatever others made of it.
            if containers.parents[place as usize] != parent {
                tying.untie(&mut containers.parents, place);
                tying.tie(&mut containers.parents, place, parent);
            }
        }
        self.next = end;
        end == own.len()
    }
}

impl Containers {
    fn add(&mut self, tying: &mut Tying) -> Place {
        self.holds.push(NONE);
        self.parents.push(NONE);
        tying.add()
    }

    /// Steps (2) and (3): dummies go, and what is below them moves up; but one at the root that holds
    /// several messages together stays.
    fn prune(&mut self) {
        let mut counts = vec![0_u32; self.holds.len()];
        for place in self.top_down() {
            let parent = self.parents[place as usize];
            if parent != NONE && self.is_dummy(parent) {
                let above = self.parents[parent as usize];
                self.parents[place as usize] = if above == NONE { parent } else { above };
            }
            let parent = self.parents[place as usize];
            if parent != NONE && !self.is_dummy(place) {
                counts[parent as usize] += 1;
            }
        }
        self.lives = self
            .holds
            .iter()
            .zip(&counts)
            .map(|(held, count)| *held != NONE || *count > 1)
            .collect();
        self.keys = vec![LAST; self.holds.len()];
        for place in 0..self.holds.len() {
            let held = self.holds[place];
            let Some(message) = self.messages.get(held as usize) else {
                // A dummy that is not at the root is left by all.
                self.lives[place] &= self.parents[place] == NONE;
                continue;
            };
            self.keys[place] = (message.sent, held);
            let parent = self.parents[place];
            if parent != NONE && self.is_dummy(parent) {
                if counts[parent as usize] == 1 {
                    self.parents[place] = NONE;
                } else {
                    let key = &mut self.keys[parent as usize];
                    *key = (*key).min((message.sent, held));
                }
            }
        }
    }

    /// All containers, each before those below it.
    fn top_down(&self) -> Vec<Place> {
        let count = Place::try_from(self.holds.len()).unwrap_or(NONE);
        let family = Family::new(self.parents.clone(), (0..count).rev());
        let siblings = |first| core::iter::successors(first, |&place| family.next_sibling(place));
        let mut order: Vec<Place> = siblings(family.first_root()).collect();
        let mut at = 0;
        while let Some(&place) = order.get(at) {
            order.extend(siblings(family.first_child(place)));
            at += 1;
        }
        order
    }

    fn is_dummy(&self, place: Place) -> bool {
        self.holds[place as usize] == NONE
    }

    fn is_reply(&self, place: Place) -> bool {
        self.messages.get(self.holds[place as usize] as usize).is_some_and(|it| it.is_reply)
    }

    /// Puts a container at the root below another.
    fn move_below(&mut self, place: Place, parent: Place) {
        self.parents[place as usize] = parent;
        if self.is_dummy(parent) {
            let key = self.keys[place as usize];
            let first = &mut self.keys[parent as usize];
            *first = (*first).min(key);
        }
    }

    /// Step (5)(C): merges the threads of one subject.
    fn group(&mut self, roots: &mut Roots) {
        for place in core::mem::take(&mut roots.order) {
            let subject = roots.subject(self, place);
            let other = roots.table[subject as usize];
            if subject == 0 || other == place {
                continue;
            }
            match (self.is_dummy(other), self.is_dummy(place)) {
                (true, true) => {
                    roots.merged[place as usize] = other;
                    self.lives[place as usize] = false;
                    self.keys[other as usize] =
                        self.keys[other as usize].min(self.keys[place as usize]);
                }
                (true, false) => self.move_below(place, other),
                (false, _) if self.is_reply(place) && !self.is_reply(other) => {
                    self.move_below(place, other);
                }
                (false, _) => {
                    let dummy = Place::try_from(self.holds.len()).unwrap_or(NONE);
                    self.holds.push(NONE);
                    self.parents.push(NONE);
                    self.keys.push(LAST);
                    self.lives.push(true);
                    roots.merged.push(NONE);
                    self.move_below(place, dummy);
                    self.move_below(other, dummy);
                    roots.table[subject as usize] = dummy;
                }
            }
        }
    }

    /// Step (6): sorts all siblings. Where a dummy was merged into another, its children follow it.
    fn finish(mut self, merged: &[Place]) -> Forest {
        for parent in &mut self.parents {
            if let Some(other) = merged.get(*parent as usize).copied().and_then(some) {
                *parent = other;
            }
        }
        let lives = |place: &Place| self.lives[*place as usize];
        let mut order: Vec<Place> = (0..).take(self.holds.len()).filter(lives).collect();
        order.sort_unstable_by_key(|&place| (self.keys[place as usize], place));
        let id = |held: &Place| self.messages.get(*held as usize).map(|message| message.id);
        let ids = self.holds.iter().map(id).collect();
        Forest::new(Family::new(self.parents, order.into_iter().rev()), ids)
    }
}

/// The containers at the root, and the subject table of step (5).
#[derive(Debug)]
pub(super) struct Roots {
    /// Step (4): sorted.
    order: Vec<Place>,
    /// For every subject the container that others are merged with.
    table: Vec<Place>,
    /// For every dummy that was merged into another, that one.
    merged: Vec<Place>,
}

impl Roots {
    /// Steps (4), (5)(A) and (B).
    fn gather(containers: &Containers) -> Self {
        let is_root = |place: &Place| {
            containers.lives[*place as usize] && containers.parents[*place as usize] == NONE
        };
        let mut order: Vec<Place> = (0..).take(containers.holds.len()).filter(is_root).collect();
        order.sort_unstable_by_key(|&place| containers.keys[place as usize]);
        let subjects = containers.messages.iter().map(|message| message.subject).max().unwrap_or(0);
        let mut roots = Self {
            table: vec![NONE; subjects as usize + 1],
            merged: vec![NONE; containers.holds.len()],
            order: Vec::new(),
        };
        for &place in &order {
            let subject = roots.subject(containers, place);
            let other = &mut roots.table[subject as usize];
            let is_better = *other == NONE
                || !containers.is_dummy(*other)
                    && (containers.is_dummy(place)
                        || containers.is_reply(*other) && !containers.is_reply(place));
            if is_better {
                *other = place;
            }
        }
        roots.order = order;
        roots
    }

    /// The subject of a thread: of its message, or of a dummy's first child, whose key the dummy has.
    fn subject(&self, containers: &Containers, place: Place) -> u32 {
        let (_, message) = containers.keys[place as usize];
        containers.messages.get(message as usize).map_or(0, |message| message.subject)
    }
}

/// Links between containers under way.
#[derive(Debug)]
struct Tying {
    links: Links,
    /// Whether anything was ever below a container: what is below nothing can be put anywhere.
    had_child: Vec<bool>,
}

impl Tying {
    fn new(count: usize) -> Self {
        let mut tying = Self { links: Links::default(), had_child: Vec::with_capacity(count) };
        for _ in 0..count {
            tying.add();
        }
        tying
    }

    fn add(&mut self) -> Place {
        let place = Place::try_from(self.had_child.len()).unwrap_or(NONE);
        self.links.push();
        self.had_child.push(false);
        place
    }

    /// Puts a container without a parent below another, unless it would be below itself.
    fn tie(&mut self, parents: &mut [Place], child: Place, parent: Place) {
        let is_loop = |tying: &mut Self| {
            child == parent || tying.had_child[child as usize] && tying.links.root(parent) == child
        };
        if parent == NONE || is_loop(self) {
            return;
        }
        self.links.link(child, parent);
        self.had_child[parent as usize] = true;
        parents[child as usize] = parent;
    }

    fn untie(&mut self, parents: &mut [Place], child: Place) {
        if parents[child as usize] != NONE {
            self.links.cut(child);
            parents[child as usize] = NONE;
        }
    }
}

/// A place for every Message-ID: those of all references, then those of all messages, [`NONE`] where
/// there is none; and how many places there are.
fn places(threads: &Threads) -> (Vec<Place>, usize) {
    let own = threads.messages.iter().map(|message| message.message_id);
    let all = threads.references.iter().map(|id| Some(*id)).chain(own);
    let mut named: Vec<_> = all.zip(0_usize..).filter_map(|(id, at)| Some((id?, at))).collect();
    named.sort_unstable();
    let mut places = vec![NONE; threads.references.len() + threads.messages.len()];
    let mut count = 0;
    for same in named.chunk_by(|(one, _), (other, _)| one == other) {
        for (_, at) in same {
            places[*at] = Place::try_from(count).unwrap_or(NONE);
        }
        count += 1;
    }
    (places, count)
}
