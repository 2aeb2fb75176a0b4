//! From a command to its task, if the state allows it (RFC 3501 §6).

use super::append::Appending;
use super::auth;
use super::connection::{Connection, Phase, out_of_place};
use super::copy::Copying;
use super::create;
use super::fetch::Fetching;
use super::flags::{Expunging, Storing};
use super::idle::Idling;
use super::list::{Listing, Which};
use super::notify;
use super::place;
use super::search::Searching;
use super::select::{Closing, Selecting};
use super::task::{Manner, Running, Task};
use super::uid_only::needs_numbers;
use super::{access, mailboxes, metadata, quota};
use super::{bad, misunderstood, not_understood, ok, uid_required};
use crate::imap::{Append, Command, Numbering, Response, Status, Step as Assembled, Tag};
use crate::store::{Access, Originals};

/// How a command begins: with a task, or with the status that ends it at once.
pub(super) type Begun = Result<(Manner, Task), Status>;

pub(super) const NEEDS_LOGIN: &str = "Log in first";
const NEEDS_MAILBOX: &str = "Select a mailbox first";

impl Connection {
    /// Begins what the client asks for.
    pub(super) fn handle_assembled(&mut self, assembled: Assembled) -> Option<Running> {
        match assembled {
            Assembled::Command(tag, command) => match *command {
                Command::Logout => self.log_out(tag),
                Command::StartTls => self.start_tls(tag),
                Command::Compress => self.compress(tag),
                command => {
                    self.tag = Some(tag.clone());
                    let begun = self.begin(command);
                    return self.run(tag, begun);
                }
            },
            Assembled::Append(tag, append) => {
                self.tag = Some(tag.clone());
                let begun = self.begin_append(append);
                return self.run(tag, begun);
            }
            Assembled::LongValue(tag) => {
                let status = metadata::too_long(self);
                return self.run(tag, Err(status));
            }
            Assembled::Bad(what) => self.reject(misunderstood(what)),
            Assembled::Continue => self.respond(Response::Continue("Go on".into())),
            Assembled::Bye(text) => self.bye(text),
            // Nobody asked for these.
            Assembled::Content
            | Assembled::NextMessage(_)
            | Assembled::NextPart(_)
            | Assembled::Appended(_)
            | Assembled::Line(_) => {}
        }
        None
    }

    fn run(&mut self, tag: Tag, begun: Begun) -> Option<Running> {
        match begun {
            Ok((manner, task)) => Some(Running::new(tag, manner, task)),
            Err(status) => Running::done(self, tag, status),
        }
    }

    fn begin(&mut self, command: Command) -> Begun {
        match command {
            Command::Capability => self.capability(),
            Command::Noop => Err(ok("NOOP completed")),
            Command::Id(_) => self.id(),
            Command::Authenticate { mechanism, initial_response } => {
                auth::begin_authenticate(self, &mechanism, initial_response)
            }
            Command::Login { user, password } => auth::begin_login(self, &user, &password),
            command => self.begin_authenticated(command),
        }
    }

    /// Commands that need a login.
    fn begin_authenticated(&mut self, command: Command) -> Begun {
        if self.account().is_none() {
            return Err(out_of_place(NEEDS_LOGIN));
        }
        self.begin_checked(command)
    }

    /// Commands of someone who may give them.
    pub(super) fn begin_allowed(&mut self, command: Command) -> Begun {
        let free = |task| Ok((Manner::FREE, task));
        match command {
            Command::Enable(names) => self.enable(&names),
            Command::Namespace => self.namespace(),
            Command::Unauthenticate => self.unauthenticate(),
            Command::Idle => free(Task::Idle(Idling::new(self))),
            Command::List(list) => free(Task::List(Listing::new(self, list, Which::Existing)?)),
            Command::Lsub(list) => free(Task::List(Listing::new(self, list, Which::Subscribed)?)),
            Command::Acl(acl) => access::begin(self, acl),
            Command::Metadata(metadata) => metadata::begin(self, metadata),
            Command::Quota(quota) => quota::begin(self, quota),
            Command::Select(select) => {
                free(Task::Select(Selecting::new(self, select, Access::ReadWrite)?))
            }
            Command::Examine(select) => {
                free(Task::Select(Selecting::new(self, select, Access::ReadOnly)?))
            }
            Command::Create { mailbox, special_use } => create::begin(self, &mailbox, &special_use),
            Command::Delete(mailbox) => mailboxes::begin_delete(self, &mailbox),
            Command::Rename { from, to } => mailboxes::begin_rename(self, &from, &to),
            Command::Subscribe(mailbox) => mailboxes::begin_subscribe(self, &mailbox, true),
            Command::Unsubscribe(mailbox) => mailboxes::begin_subscribe(self, &mailbox, false),
            Command::Status { mailbox, items } => mailboxes::begin_status(self, mailbox, items),
            Command::Notify(notify) => notify::begin(self, notify),
            command => self.begin_selected(command),
        }
    }

    /// Commands that need a mailbox.
    fn begin_selected(&mut self, command: Command) -> Begun {
        if !matches!(self.phase, Phase::Selected(..)) {
            return Err(out_of_place(NEEDS_MAILBOX));
        }
        if self.enabled.uid_only && needs_numbers(&command) {
            return Err(uid_required());
        }
        let free = |task| Ok((Manner::FREE, task));
        match command {
            Command::Check => Err(ok("CHECK completed")),
            Command::Close => free(Task::Close(Closing::expunging(self))),
            Command::Unselect => free(Task::Close(Closing::quietly())),
            Command::Expunge(uids) => free(Task::Expunge(Expunging::new(self, uids)?)),
            Command::Fetch(fetch) => {
                let manner = Manner::of(fetch.numbering);
                Ok((manner, Task::Fetch(Fetching::new(self, fetch)?.into())))
            }
            Command::Search(search) => {
                Ok((Manner::of(search.numbering), Task::Search(Searching::search(self, search)?)))
            }
            Command::Sort(sort) => {
                Ok((Manner::of(sort.numbering), Task::Search(Searching::sort(self, sort)?)))
            }
            Command::Thread(thread) => {
                Ok((Manner::of(thread.numbering), Task::Search(Searching::thread(self, thread)?)))
            }
            Command::Store(store) => {
                Ok((Manner::of(store.numbering), Task::Store(Storing::new(self, store)?)))
            }
            Command::Copy { numbering, messages, mailbox } => {
                let copying = Copying::new(self, numbering, &messages, &mailbox, Originals::Stay)?;
                Ok((Manner { numbering, ..Manner::FREE }, Task::Copy(copying)))
            }
            Command::Move { numbering, messages, mailbox } => {
                let copying = Copying::new(self, numbering, &messages, &mailbox, Originals::Go)?;
                Ok((Manner { numbering, ..Manner::FREE }, Task::Copy(copying)))
            }
            _ => Err(not_understood()),
        }
    }

    fn begin_append(&mut self, append: Append) -> Begun {
        if self.account().is_none() {
            self.assembler.refuse(&mut self.inbox);
            return Err(out_of_place(NEEDS_LOGIN));
        }
        let replaced = append.replaces.map(|replaced| replaced.numbering);
        if self.enabled.uid_only && replaced == Some(Numbering::Sequence) {
            self.assembler.refuse(&mut self.inbox);
            return Err(uid_required());
        }
        let begun = self.begin_checked_append(append);
        begun.inspect_err(|_| self.assembler.refuse(&mut self.inbox))
    }

    /// APPEND of someone who may.
    pub(super) fn begin_appending(&mut self, append: Append) -> Begun {
        let appending = Appending::new(self, append);
        let begun = appending.map(|appending| (Manner::FREE, Task::Append(appending)));
        begun.inspect_err(|_| self.assembler.refuse(&mut self.inbox))
    }

    fn capability(&mut self) -> Begun {
        self.respond(Response::Capability(self.capabilities()));
        Err(ok("CAPABILITY completed"))
    }

    /// RFC 2971.
    fn id(&mut self) -> Begun {
        let about = [("name", "Postroad"), ("version", env!("CARGO_PKG_VERSION"))];
        let about = about.map(|(field, value)| (field.into(), value.into()));
        self.respond(Response::Id(about.into()));
        Err(ok("ID completed"))
    }

    /// RFC 2342.
    fn namespace(&mut self) -> Begun {
        self.respond(Response::Namespace(place::namespaces()));
        Err(ok("NAMESPACE completed"))
    }

    /// RFC 3501 §6.1.3.
    fn log_out(&mut self, tag: Tag) {
        self.bye("Logging out");
        self.respond(ok("LOGOUT completed").with_tag(tag));
    }

    /// RFC 3501 §6.2.1.
    fn start_tls(&mut self, tag: Tag) {
        if !matches!(self.phase, Phase::NotAuthenticated) {
            return self.finish(tag, out_of_place("STARTTLS comes before a login"));
        }
        if !self.offers_starttls() {
            return self.finish(tag, bad("STARTTLS is not available"));
        }
        if !self.inbox.is_empty() {
            // What follows in the clear was not sent by someone who waits for TLS.
            self.respond(bad("Something follows STARTTLS in the clear").with_tag(tag));
            return self.close("octets behind STARTTLS");
        }
        self.finish(tag, ok("Begin TLS negotiation now"));
        self.phase = Phase::StartTls;
    }
}
