//! Which rights a command needs, in one table (RFC 4314 §4), and the check before it begins.

use super::connection::{Connection, Phase, confused, failed, failed_to_file};
use super::dispatch::Begun;
use super::no;
use super::select::Selecting;
use super::task::{Manner, Step, Task, Told};
use crate::imap::{Acl, Append, Code, Command, Mailbox, Metadata, Numbering, Quota, Status};
use crate::store::{
    Access, Answer, Failure, FlagAction, Flags, MailboxName, Request, Right, Rights, Target,
};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// What a command does with one of the mailboxes that it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Select,
    Status,
    /// CREATE, and the new name of RENAME: in the mailbox above.
    Create,
    /// DELETE, and the old name of RENAME.
    Delete,
    /// APPEND, and the mailbox that COPY, MOVE and REPLACE file into.
    File,
    /// FETCH, SEARCH, SORT, THREAD, and where COPY takes from.
    Read,
    /// STORE: the flags that may not be set are left out, if one may.
    Store,
    Expunge,
    /// CLOSE removes nothing where that is not allowed.
    Close,
    /// Where MOVE and REPLACE take from (RFC 6851 §4.2, RFC 8508 §4.2).
    Take,
    /// GETACL, SETACL, DELETEACL, LISTRIGHTS.
    Administer,
    MyRights,
    /// GETMETADATA, and SETMETADATA of private entries (RFC 5464 §3.3).
    Annotations,
    /// SETMETADATA of shared entries.
    Annotate,
    /// GETQUOTAROOT (RFC 9208 §4.1.2).
    QuotaRoot,
}

/// The rights that an act needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub(super) act: Act,
    /// All of these.
    pub(super) all: &'static [Right],
    /// And one of these, unless there are none.
    pub(super) any: &'static [Right],
}

const fn needs(act: Act, all: &'static [Right], any: &'static [Right]) -> Needs {
    Needs { act, all, any }
}

/// RFC 5464 §3.3.
const ANNOTATORS: &[Right] = &[Right::Read, Right::Seen, Right::Write, Right::Insert, Right::Post];
/// RFC 4314 §4.
const LISTERS: &[Right] =
    &[Right::Lookup, Right::Read, Right::Insert, Right::Create, Right::Delete, Right::Administer];

/// What every act needs.
pub(super) const TABLE: [Needs; 15] = [
    needs(Act::Select, &[Right::Read], &[]),
    needs(Act::Status, &[Right::Read], &[]),
    needs(Act::Create, &[Right::Create], &[]),
    needs(Act::Delete, &[Right::Delete], &[]),
    needs(Act::File, &[Right::Insert], &[]),
    needs(Act::Read, &[Right::Read], &[]),
    needs(Act::Store, &[], &[Right::Seen, Right::Write, Right::DeleteMessages]),
    needs(Act::Expunge, &[Right::Expunge], &[]),
    needs(Act::Close, &[], &[]),
    needs(Act::Take, &[Right::Read, Right::DeleteMessages, Right::Expunge], &[]),
    needs(Act::Administer, &[Right::Administer], &[]),
    needs(Act::MyRights, &[], LISTERS),
    needs(Act::Annotations, &[Right::Lookup], ANNOTATORS),
    // Deviation: RFC 5464 §3.3 lets whoever reads a mailbox annotate it for everyone.
    needs(Act::Annotate, &[Right::Lookup, Right::Write], &[]),
    needs(Act::QuotaRoot, &[Right::Read], &[]),
];

impl Needs {
    fn of(act: Act) -> Self {
        let row = TABLE.iter().find(|row| row.act == act);
        row.copied().unwrap_or(Self { act, all: &Right::ALL, any: &[] })
    }

    /// Whether `rights` are enough.
    pub(super) fn are_met_by(self, rights: Rights) -> bool {
        let has = |right: &Right| rights.contains(*right);
        self.all.iter().all(has) && (self.any.is_empty() || self.any.iter().any(has))
    }
}

/// Whether `rights` are enough for an act.
pub(super) fn allows(act: Act, rights: Rights) -> bool {
    Needs::of(act).are_met_by(rights)
}

/// The flags that `rights` let a user set (RFC 4314 §4), keywords included.
pub(super) fn flags(rights: Rights) -> Flags {
    let other = Flags::ALL - Flags::SEEN - Flags::DELETED;
    [(Right::Seen, Flags::SEEN), (Right::DeleteMessages, Flags::DELETED), (Right::Write, other)]
        .into_iter()
        .filter(|(right, _)| rights.contains(*right))
        .fold(Flags::NONE, |all, (_, flags)| all | flags)
}

/// Of the flags of a new message those that `rights` let a user set; the others are left out without
/// a word (RFC 4314 §4).
pub(super) fn permitted(
    rights: Rights,
    named: Flags,
    mut keywords: Vec<String>,
) -> (Flags, Vec<String>) {
    if !rights.contains(Right::Write) {
        keywords.clear();
    }
    (named.intersection(flags(rights)), keywords)
}

/// The same for flags of messages that are there. Replaced is only what may be set.
///
/// # Errors
/// If none of them may be.
pub(super) fn storable(
    rights: Rights,
    action: FlagAction,
    (named, keywords): (Flags, Vec<String>),
) -> Result<(FlagAction, Flags, Vec<String>), Status> {
    let is_about_some = !named.is_empty() || !keywords.is_empty();
    let (named, keywords) = permitted(rights, named, keywords);
    let within = flags(rights);
    let action = match action {
        FlagAction::Replace if within != Flags::ALL => FlagAction::ReplaceWithin(within),
        action => action,
    };
    let is_empty = named.is_empty() && keywords.is_empty();
    let needs_some = matches!(action, FlagAction::Add | FlagAction::Remove);
    if needs_some && is_about_some && is_empty {
        return Err(no_permission());
    }
    Ok((action, named, keywords))
}

/// What a mailbox is opened for by a user with `rights` who asks for `access` (RFC 4314 §5.2).
pub(super) fn access(access: Access, rights: Rights) -> Access {
    let changes = [Right::Seen, Right::Write, Right::DeleteMessages, Right::Expunge, Right::Insert];
    match changes.into_iter().any(|right| rights.contains(right)) {
        true => access,
        false => Access::ReadOnly,
    }
}

/// One thing to be checked.
#[derive(Clone, Debug)]
struct Demand {
    act: Act,
    of: Of,
}

#[derive(Clone, Debug)]
enum Of {
    /// The mailbox that the command names.
    Named(Target),
    /// The nearest mailbox above the one that it names.
    Above(Target),
    /// The selected mailbox.
    Selected(Target),
}

impl Of {
    const fn target(&self) -> &Target {
        match self {
            Self::Named(target) | Self::Above(target) | Self::Selected(target) => target,
        }
    }
}

/// A command whose rights are checked.
#[derive(Debug)]
pub(super) struct Checking {
    demands: vec::IntoIter<Demand>,
    asked: Option<Demand>,
    /// What begins then.
    then: Option<Then>,
}

#[derive(Debug)]
enum Then {
    Command(Box<Command>),
    Append(Box<Append>),
}

impl Checking {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        if let Told::Answer(answer) = told
            && let Some(demand) = self.asked.take()
        {
            let outcome = match answer {
                Answer::Rights(rights) => self.handle_rights(connection, demand, rights),
                Answer::Failed(Failure::NoMailbox) => self.handle_absent(connection, demand),
                Answer::Failed(failure) => Err(failed(&failure)),
                _ => Err(confused()),
            };
            if let Err(refusal) = outcome {
                return self.refuse(connection, refusal);
            }
        }
        match self.asked.take().or_else(|| self.demands.next()) {
            Some(demand) => self.ask(connection, demand),
            None => self.begin(connection),
        }
    }

    fn ask(&mut self, connection: &Connection, demand: Demand) -> Step {
        let Some(user) = connection.account().cloned() else {
            return Step::Done(confused());
        };
        let Target { account, mailbox } = demand.of.target().clone();
        self.asked = Some(demand);
        Step::Ask(Request::Rights { account, mailbox, user })
    }

    fn handle_rights(
        &self,
        connection: &mut Connection,
        demand: Demand,
        rights: Rights,
    ) -> Result<(), Status> {
        match (&demand.of, connection.selected()) {
            (Of::Selected(_), Some(selected)) => selected.rights = rights,
            _ => connection.rights = rights,
        }
        if allows(demand.act, rights) {
            return Ok(());
        }
        let is_named = matches!(demand.of, Of::Named(_));
        let is_known = !is_named || rights.contains(Right::Lookup);
        // RFC 4314 §6: whoever may not see a mailbox is not told that it is there.
        Err(if is_known { no_permission() } else { absent(&demand) })
    }

    /// There is no such mailbox. Of the user's own that is for the command to say.
    fn handle_absent(&mut self, connection: &mut Connection, demand: Demand) -> Result<(), Status> {
        let Demand { act, of } = demand;
        let is_own = Some(&of.target().account) == connection.account();
        match of {
            Of::Above(Target { account, mailbox }) => match mailbox.parent() {
                Some(mailbox) => {
                    self.asked = Some(Demand { act, of: Of::Above(Target { account, mailbox }) });
                    Ok(())
                }
                None if is_own => Ok(()),
                None => Err(no_permission()),
            },
            Of::Selected(_) => Ok(()),
            Of::Named(_) if is_own && act != Act::MyRights => {
                connection.rights = Rights::ALL;
                Ok(())
            }
            of @ Of::Named(_) => Err(absent(&Demand { act, of })),
        }
    }

    fn begin(&mut self, connection: &mut Connection) -> Step {
        Step::Begin(Box::new(match self.then.take() {
            Some(Then::Command(command)) => connection.begin_allowed(*command),
            Some(Then::Append(append)) => connection.begin_appending(*append),
            None => Err(confused()),
        }))
    }

    fn refuse(&mut self, connection: &mut Connection, refusal: Status) -> Step {
        match self.then.take() {
            Some(Then::Append(_)) => connection.assembler.refuse(&mut connection.inbox),
            Some(Then::Command(command))
                if matches!(*command, Command::Select(_) | Command::Examine(_))
                    && connection.selected().is_some() =>
            {
                let refused = Task::Select(Selecting::refused(refusal));
                return Step::Begin(Box::new(Ok((Manner::FREE, refused))));
            }
            _ => {}
        }
        Step::Done(refusal)
    }
}

fn checking(demands: Vec<Demand>, then: Then) -> (Manner, Task) {
    let checking = Checking { demands: demands.into_iter(), asked: None, then: Some(then) };
    (Manner::of(Numbering::Sequence), Task::Check(checking))
}

fn no_permission() -> Status {
    no("Your rights do not allow this").with_code(Code::NoPerm)
}

fn absent(demand: &Demand) -> Status {
    match demand.act {
        Act::File => failed_to_file(&Failure::NoMailbox),
        _ => failed(&Failure::NoMailbox),
    }
}

impl Connection {
    /// Begins a command of someone who has logged in, once it is known to be allowed.
    pub(super) fn begin_checked(&mut self, command: Command) -> Begun {
        let demands = self.demands(&command)?;
        if demands.is_empty() {
            return self.begin_allowed(command);
        }
        Ok(checking(demands, Then::Command(Box::new(command))))
    }

    /// The same for a command whose messages pass through.
    pub(super) fn begin_checked_append(&self, append: Append) -> Begun {
        let demands = self.append_demands(&append)?;
        Ok(checking(demands, Then::Append(Box::new(append))))
    }

    fn demands(&self, command: &Command) -> Result<Vec<Demand>, Status> {
        let named =
            |act, mailbox: &Mailbox| Ok(vec![Demand { act, of: Of::Named(self.place(mailbox)?) }]);
        match command {
            Command::Select(select) | Command::Examine(select) => {
                named(Act::Select, &select.mailbox)
            }
            Command::Status { mailbox, .. } => named(Act::Status, mailbox),
            Command::Create { mailbox, .. } => self.above(mailbox),
            Command::Delete(mailbox) => named(Act::Delete, mailbox),
            Command::Rename { from, to } => {
                Ok([named(Act::Delete, from)?, self.above(to)?].concat())
            }
            Command::Acl(
                Acl::Get(mailbox)
                | Acl::Set { mailbox, .. }
                | Acl::Delete { mailbox, .. }
                | Acl::ListRights { mailbox, .. },
            ) => named(Act::Administer, mailbox),
            Command::Acl(Acl::MyRights(mailbox)) => named(Act::MyRights, mailbox),
            Command::Metadata(Metadata::Get { mailbox: Some(mailbox), .. }) => {
                named(Act::Annotations, mailbox)
            }
            Command::Metadata(Metadata::Set { mailbox: Some(mailbox), values }) => {
                let is_shared = values.iter().any(|(entry, _)| !entry.is_private());
                named(if is_shared { Act::Annotate } else { Act::Annotations }, mailbox)
            }
            Command::Quota(Quota::GetRoot(mailbox)) => named(Act::QuotaRoot, mailbox),
            command => self.demands_of_selected(command),
        }
    }

    fn demands_of_selected(&self, command: &Command) -> Result<Vec<Demand>, Status> {
        let Some(selected) = self.selected_target() else {
            return Ok(Vec::new());
        };
        let there = |act| Demand { act, of: Of::Selected(selected.clone()) };
        let file = |mailbox: &Mailbox| {
            Ok::<_, Status>(Demand { act: Act::File, of: Of::Named(self.place(mailbox)?) })
        };
        Ok(match command {
            Command::Fetch(_) | Command::Search(_) | Command::Sort(_) | Command::Thread(_) => {
                vec![there(Act::Read)]
            }
            Command::Store(_) => vec![there(Act::Store)],
            Command::Expunge(_) => vec![there(Act::Expunge)],
            Command::Close => vec![there(Act::Close)],
            Command::Copy { mailbox, .. } => vec![there(Act::Read), file(mailbox)?],
            Command::Move { mailbox, .. } => vec![there(Act::Take), file(mailbox)?],
            _ => Vec::new(),
        })
    }

    fn append_demands(&self, append: &Append) -> Result<Vec<Demand>, Status> {
        let mut demands = Vec::new();
        if append.replaces.is_some()
            && let Some(selected) = self.selected_target()
        {
            demands.push(Demand { act: Act::Take, of: Of::Selected(selected) });
        }
        demands.push(Demand { act: Act::File, of: Of::Named(self.place(&append.mailbox)?) });
        Ok(demands)
    }

    /// What a new mailbox needs in the one above it; at the top everything is the owner's.
    fn above(&self, mailbox: &Mailbox) -> Result<Vec<Demand>, Status> {
        let name = mailbox.as_str();
        let name = name.strip_suffix(crate::store::DELIMITER).unwrap_or(name);
        let Target { account, mailbox } = self.place(&Mailbox::new(name))?;
        let above = |mailbox: MailboxName| Demand {
            act: Act::Create,
            of: Of::Above(Target { account: account.clone(), mailbox }),
        };
        match mailbox.parent() {
            Some(parent) => Ok(vec![above(parent)]),
            None if Some(&account) == self.account() => Ok(Vec::new()),
            None => Err(no_permission()),
        }
    }

    fn selected_target(&self) -> Option<Target> {
        match &self.phase {
            Phase::Selected(_, selected) => Some(selected.target.clone()),
            _ => None,
        }
    }
}
