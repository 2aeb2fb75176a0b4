//! GETMETADATA and SETMETADATA (RFC 5464 §4).

use super::connection::{Connection, confused, failed};
use super::dispatch::Begun;
use super::task::{Manner, Step, Task, Told};
use super::{bad, no, ok};
use crate::imap::{Code, EntryName, Mailbox, Metadata, MetadataDepth, Response, Status};
use crate::store::{Annotation, Answer, Failure, Request, Target};
use alloc::string::ToString;
use alloc::vec::Vec;

/// A command about annotations under way.
#[derive(Debug)]
pub(super) struct Annotating {
    /// None is the server.
    mailbox: Option<Mailbox>,
    request: Option<Request>,
    wish: Wish,
}

#[derive(Debug)]
enum Wish {
    Get { max_size: Option<u32>, depth: MetadataDepth, entries: Vec<EntryName> },
    Set,
}

/// Begins a command about annotations; that it is allowed is known.
pub(super) fn begin(connection: &Connection, metadata: Metadata) -> Begun {
    let user = connection.account().cloned().ok_or_else(confused)?;
    let place = |mailbox: &Option<Mailbox>| match mailbox {
        Some(mailbox) => {
            let Target { account, mailbox } = connection.place(mailbox)?;
            Ok::<_, Status>((account, Some(mailbox)))
        }
        None => Ok((user.clone(), None)),
    };
    let task = match metadata {
        Metadata::Get { mailbox, max_size, depth, entries } => {
            let (account, name) = place(&mailbox)?;
            let request = Some(Request::Annotations { account, mailbox: name, user });
            Annotating { mailbox, request, wish: Wish::Get { max_size, depth, entries } }
        }
        Metadata::Set { mailbox, values } => {
            let (account, name) = place(&mailbox)?;
            check(connection, mailbox.as_ref(), &values)?;
            let values =
                values.into_iter().map(|(entry, value)| (entry.as_str().to_string(), value));
            let values = values.collect();
            let request = Some(Request::Annotate { account, mailbox: name, user, values });
            Annotating { mailbox, request, wish: Wish::Set }
        }
    };
    Ok((Manner::FREE, Task::Annotate(task)))
}

/// The answer to a value that is longer than values may be (RFC 5464 §4.3).
pub(super) fn too_long(connection: &Connection) -> Status {
    let code = Code::MetadataMaxSize(connection.limits().annotation as u64);
    no("The value is too long").with_code(code)
}

/// Whether these values can be set.
fn check(
    connection: &Connection,
    mailbox: Option<&Mailbox>,
    values: &[(EntryName, Option<Vec<u8>>)],
) -> Result<(), Status> {
    for (entry, value) in values {
        if mailbox.is_none() && !entry.is_private() {
            // What is said of the server is for its administrator.
            return Err(no("Your rights do not allow this").with_code(Code::NoPerm));
        }
        if !entry.as_str()[1..].contains('/') {
            return Err(bad("An entry has a name below /private or /shared"));
        }
        let longest = connection.limits().annotation;
        if value.as_ref().is_some_and(|value| value.len() > longest) {
            return Err(too_long(connection));
        }
    }
    Ok(())
}

impl Annotating {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match (told, &self.wish) {
            (Told::Answer(Answer::Annotations(all)), Wish::Get { .. }) => {
                Step::Done(self.tell(connection, all))
            }
            (Told::Answer(Answer::Done), Wish::Set) => Step::Done(ok("SETMETADATA completed")),
            (Told::Answer(Answer::Failed(Failure::Limit(why))), Wish::Set) => {
                Step::Done(no(why).with_code(Code::MetadataTooMany))
            }
            (Told::Answer(Answer::Failed(failure)), _) => Step::Done(failed(&failure)),
            (Told::Answer(_), _) => Step::Done(confused()),
            _ => self.request.take().map_or_else(|| Step::Done(confused()), Step::Ask),
        }
    }

    fn tell(&self, connection: &mut Connection, mut all: Vec<Annotation>) -> Status {
        let Wish::Get { max_size, depth, entries } = &self.wish else {
            return confused();
        };
        if self.mailbox.is_none() {
            all.retain(|one| one.entry.starts_with("/private/"));
            all.extend(connection.about_server());
        }
        let mut values = match depth {
            MetadataDepth::Zero => named(entries, &all),
            depth => below(entries, *depth, &all),
        };
        // RFC 5464 §4.2.1
        let most = max_size.map_or(u64::MAX, u64::from);
        let size = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, |value| value.len() as u64);
        let longest = values.iter().map(|(_, value)| size(value)).filter(|size| *size > most).max();
        values.retain(|(_, value)| size(value) <= most);
        if !values.is_empty() {
            connection.respond(Response::Metadata(self.mailbox.clone(), values));
        }
        let done = ok("GETMETADATA completed");
        match longest {
            Some(longest) => done.with_code(Code::MetadataLongEntries(longest)),
            None => done,
        }
    }
}

/// The values of these entries, NIL for those that there are not.
pub(super) fn named(
    entries: &[EntryName],
    all: &[Annotation],
) -> Vec<(EntryName, Option<Vec<u8>>)> {
    let value = |entry: &EntryName| {
        all.iter().find(|one| one.entry == entry.as_str()).map(|one| one.value.clone())
    };
    entries.iter().map(|entry| (entry.clone(), value(entry))).collect()
}

/// The entries that there are of these and below them, as far as `depth` says (RFC 5464 §4.2.2).
fn below(
    entries: &[EntryName],
    depth: MetadataDepth,
    all: &[Annotation],
) -> Vec<(EntryName, Option<Vec<u8>>)> {
    let is_meant = |one: &Annotation| {
        entries.iter().any(|entry| match one.entry.strip_prefix(entry.as_str()) {
            Some("") => true,
            Some(rest) => match rest.strip_prefix('/') {
                Some(rest) => depth == MetadataDepth::Infinity || !rest.contains('/'),
                None => false,
            },
            None => false,
        })
    };
    let told = |one: &Annotation| {
        let entry = EntryName::parse(one.entry.as_bytes()).ok()?;
        Some((entry, Some(one.value.clone())))
    };
    all.iter().filter(|one| is_meant(one)).filter_map(told).collect()
}

impl Connection {
    /// What the administrator lets the server say of itself (RFC 5464 §6.1).
    fn about_server(&self) -> Vec<Annotation> {
        let said =
            [("/shared/admin", &self.config.admin), ("/shared/comment", &self.config.comment)];
        said.into_iter()
            .filter_map(|(entry, said)| {
                let value = said.as_ref()?.as_bytes().to_vec();
                Some(Annotation { entry: entry.to_string(), value })
            })
            .collect()
    }
}
