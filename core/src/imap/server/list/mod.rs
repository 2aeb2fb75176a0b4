//! LIST and LSUB (RFC 3501 §6.3.8, §6.3.9; RFC 3348; RFC 5258; RFC 6154), and what LIST can tell
//! besides (RFC 5819, RFC 8440, RFC 9590).

mod details;
mod names;

use super::connection::{Connection, confused, failed};
use super::place::{OTHERS, name_of};
use super::task::{Step, Told};
use super::{no, ok};
use crate::imap::{
    Attribute, Code, List, ListPattern, ListReturn, ListSelection, Listed, Mailbox, Response,
    Status,
};
use crate::store::{Account, Answer, DELIMITER, Request, Target};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use details::Details;
use names::Names;

/// LIST or LSUB under way.
#[derive(Debug)]
pub(super) struct Listing {
    query: Query,
    stage: Stage,
    names: Names,
    /// Others whose mailboxes the user may see, and who have not been asked yet.
    sharers: vec::IntoIter<Account>,
    found: vec::IntoIter<Found>,
    details: Option<Details>,
}

/// What is asked.
#[derive(Debug)]
struct Query {
    which: Which,
    patterns: Vec<ListPattern>,
    selection: ListSelection,
    returns: ListReturn,
    extended: bool,
}

/// Of which mailboxes is the question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    /// LIST: of all that exist.
    Existing,
    /// LSUB: of those that are subscribed.
    Subscribed,
}

/// What is told of a name.
#[derive(Debug)]
struct Found {
    listed: Listed,
    /// The mailbox, if it can be selected.
    target: Option<Target>,
}

/// Which answer is awaited.
#[derive(Debug)]
enum Stage {
    Begin,
    Own,
    Sharers,
    /// The mailboxes of this account.
    Shared(Account),
    /// None but for details of what was found.
    Tell,
}

impl Listing {
    pub(super) fn new(connection: &Connection, list: List, which: Which) -> Result<Self, Status> {
        let List { selection, reference, patterns, returns, extended } = list;
        // RFC 3501 §6.3.8: an empty name asks for the hierarchy delimiter; not so in an extended
        // LIST (RFC 5258 §3).
        let is_query = !extended && patterns.first().is_none_or(ListPattern::is_empty);
        let longest = 2 * connection.limits().mailbox_name;
        let whole = |pattern: &ListPattern| {
            let pattern: String = [&reference, pattern.as_str()].concat();
            // Matching costs pattern × names: a pattern that is longer than any name gains nothing.
            match pattern.len() > longest {
                true => Err(no("The pattern is too long").with_code(Code::Limit)),
                false => Ok(ListPattern::new(pattern)),
            }
        };
        let patterns = patterns.iter().map(whole).collect::<Result<_, _>>()?;
        let root =
            Found { listed: listed(Mailbox::new(""), vec![Attribute::NoSelect]), target: None };
        let (stage, found) = match is_query {
            true => (Stage::Tell, vec![root]),
            false => (Stage::Begin, vec![]),
        };
        Ok(Self {
            query: Query { which, patterns, selection, returns, extended },
            stage,
            names: Names::default(),
            sharers: vec![].into_iter(),
            found: found.into_iter(),
            details: None,
        })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let Some(user) = connection.account().cloned() else {
            return Step::Done(confused());
        };
        let answer = match told {
            Told::Answer(Answer::Failed(failure)) if !matches!(self.stage, Stage::Tell) => {
                return Step::Done(failed(&failure));
            }
            Told::Answer(answer) => Some(answer),
            _ => None,
        };
        let stage = core::mem::replace(&mut self.stage, Stage::Tell);
        match (stage, answer) {
            (Stage::Begin, _) => {
                self.stage = Stage::Own;
                Step::Ask(Request::List { account: user })
            }
            (Stage::Own, Some(Answer::Mailboxes(mailboxes))) => {
                self.names.add_own(&user, &mailboxes);
                if self.query.reaches_others() || self.names.has_subscribed_others() {
                    self.stage = Stage::Sharers;
                    return Step::Ask(Request::Sharers { user });
                }
                self.look_and_tell(connection)
            }
            (Stage::Sharers, Some(Answer::Accounts(accounts))) => {
                self.sharers = accounts.into_iter();
                self.ask_sharer(connection, user)
            }
            (Stage::Shared(owner), Some(Answer::Mailboxes(mailboxes))) => {
                self.names.add_others(&owner, &mailboxes);
                self.ask_sharer(connection, user)
            }
            (Stage::Tell, answer) => self.tell(connection, answer),
            _ => Step::Done(confused()),
        }
    }

    fn ask_sharer(&mut self, connection: &mut Connection, user: Account) -> Step {
        match self.sharers.next() {
            Some(account) => {
                self.stage = Stage::Shared(account.clone());
                Step::Ask(Request::Shared { account, user })
            }
            None => self.look_and_tell(connection),
        }
    }

    fn look_and_tell(&mut self, connection: &mut Connection) -> Step {
        let names = core::mem::take(&mut self.names);
        self.found = names.find(&self.query).into_iter();
        self.tell(connection, None)
    }

    /// Tells what was found as long as there is room, each with its details.
    fn tell(&mut self, connection: &mut Connection, mut answer: Option<Answer>) -> Step {
        loop {
            if let Some(details) = &mut self.details {
                if let Some(request) = details.step(connection, answer.take()) {
                    return Step::Ask(request);
                }
                self.details = None;
            }
            if connection.out.is_high() {
                return Step::Room;
            }
            let Some(Found { listed, target }) = self.found.next() else {
                return Step::Done(self.query.done());
            };
            let mailbox = listed.mailbox.clone();
            connection.respond(match self.query.which {
                Which::Existing => Response::List(listed),
                Which::Subscribed => Response::Lsub(listed),
            });
            self.details =
                target.and_then(|target| Details::new(mailbox, target, &self.query.returns));
        }
    }
}

impl Query {
    fn done(&self) -> Status {
        ok(match self.which {
            Which::Existing => "LIST completed",
            Which::Subscribed => "LSUB completed",
        })
    }

    fn matches(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name, DELIMITER))
    }

    /// Whether others' mailboxes can be meant.
    fn reaches_others(&self) -> bool {
        self.patterns.iter().any(|pattern| {
            let pattern = pattern.as_str();
            let fixed = pattern.split(['*', '%']).next().unwrap_or_default();
            fixed.starts_with(OTHERS) || fixed != pattern && OTHERS.starts_with(fixed)
        })
    }
}

/// A mailbox as LIST shows it.
pub(super) const fn listed(name: Mailbox, attributes: Vec<Attribute>) -> Listed {
    Listed::new(name, Some(DELIMITER), attributes)
}
