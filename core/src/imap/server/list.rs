//! LIST and LSUB (RFC 3501 §6.3.8, §6.3.9; RFC 3348; RFC 6154).

use super::connection::{Connection, confused, failed};
use super::task::{Step, Told};
use super::{no, ok};
use crate::imap::{Attribute, Code, List, ListPattern, Listed, Mailbox, Response, Status};
use crate::store::{self, Answer, DELIMITER, Kind, Request};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// LIST or LSUB under way.
#[derive(Debug)]
pub(super) struct Listing {
    pattern: ListPattern,
    response: fn(Listed) -> Response,
    which: Which,
    /// What is left to be told, once it was found.
    found: Option<vec::IntoIter<Listed>>,
}

/// Of which mailboxes is the question.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// LIST: of all that exist.
    Existing,
    /// LSUB: of those that are subscribed.
    Subscribed,
}

impl Listing {
    pub(super) fn new(connection: &Connection, list: &List, which: Which) -> Result<Self, Status> {
        let pattern = list.patterns.first().map_or("", ListPattern::as_str);
        let is_query = pattern.is_empty();
        let pattern: String = [&list.reference, pattern].concat();
        // Matching costs pattern × names: a pattern that is longer than any name gains nothing.
        if pattern.len() > 2 * connection.limits().mailbox_name {
            return Err(no("The pattern is too long").with_code(Code::Limit));
        }
        let response = match which {
            Which::Existing => Response::List,
            Which::Subscribed => Response::Lsub,
        };
        // RFC 3501 §6.3.8: an empty name asks for the hierarchy delimiter.
        let root = is_query.then(|| listed("", vec![Attribute::NoSelect]));
        let found = root.map(|root| vec![root].into_iter());
        Ok(Self { pattern: ListPattern::new(pattern), response, which, found })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Mailboxes(mailboxes)) => {
                let found = match self.which {
                    Which::Existing => self.existing(&mailboxes),
                    Which::Subscribed => self.subscribed(&mailboxes),
                };
                self.found = Some(found.into_iter());
            }
            Told::Answer(Answer::Failed(failure)) => return Step::Done(failed(&failure)),
            Told::Answer(_) => return Step::Done(confused()),
            _ => {}
        }
        let Some(found) = &mut self.found else {
            return self.ask(connection);
        };
        while !connection.out.is_high() {
            match found.next() {
                Some(listed) => connection.respond((self.response)(listed)),
                None => return Step::Done(self.done()),
            }
        }
        Step::Room
    }

    fn done(&self) -> Status {
        ok(match self.which {
            Which::Existing => "LIST completed",
            Which::Subscribed => "LSUB completed",
        })
    }

    fn ask(&self, connection: &Connection) -> Step {
        match connection.account().cloned() {
            Some(account) => Step::Ask(Request::List { account }),
            None => Step::Done(confused()),
        }
    }

    fn matches(&self, name: &str) -> bool {
        self.pattern.matches(name, DELIMITER)
    }

    fn existing(&self, mailboxes: &[store::Listed]) -> Vec<Listed> {
        let exists = |it: &&store::Listed| it.kind != Kind::Absent;
        let names = mailboxes.iter().filter(exists).map(|it| it.name.as_str());
        let parents: BTreeSet<&str> = names.flat_map(ancestors).collect();
        let found = mailboxes.iter().filter(exists).filter(|it| self.matches(it.name.as_str()));
        let listed = found.map(|it| {
            let has_children = parents.contains(it.name.as_str());
            let mut attributes = vec![match has_children {
                true => Attribute::HasChildren,
                false => Attribute::HasNoChildren,
            }];
            if it.kind == Kind::Level {
                attributes.push(Attribute::NoSelect);
            }
            attributes.extend(it.special_use.map(Attribute::SpecialUse));
            listed(it.name.as_str(), attributes)
        });
        listed.collect()
    }

    fn subscribed(&self, mailboxes: &[store::Listed]) -> Vec<Listed> {
        let mut found = BTreeMap::new();
        for it in mailboxes.iter().filter(|it| it.subscribed) {
            let name = it.name.as_str();
            if self.matches(name) {
                found.insert(name, it.kind == Kind::Mailbox);
            } else if self.pattern.as_str().contains('%') {
                // RFC 3501 §6.3.9: what `%` hides is shown by the level above it.
                for level in ancestors(name).filter(|level| self.matches(level)) {
                    found.entry(level).or_insert(false);
                }
            }
        }
        let attributes = |is_mailbox| if is_mailbox { vec![] } else { vec![Attribute::NoSelect] };
        found.into_iter().map(|(name, is)| listed(name, attributes(is))).collect()
    }
}

fn listed(name: &str, attributes: Vec<Attribute>) -> Listed {
    Listed::new(Mailbox::new(name), Some(DELIMITER), attributes)
}

/// The names of the levels above `name`.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices(DELIMITER).map(|(at, _)| &name[..at])
}
