//! The in-memory mail system that answers a machine's requests to the store, in a transcript's words.

use super::{Answered, no_answer};
use crate::runner::{BEGINNING, Request as Heard, Unmentioned};
use crate::transcript::{Malformed, Sections, Setting};
use core::fmt::Write as _;
use core::sync::atomic::{AtomicBool, Ordering};
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::role::config::{Bound, OwnQuota, Quota, Size};
use postroad_core::store::{
    Access, Account, Allowances, Answer, Atomicity, Failure, FlagAction, Flags, Happening,
    MailboxName, Memory, Originals, Request, Rights, Store as _, Target, memory,
};
use std::sync::Arc;

/// The `config` keys that [`Mailroom`] takes.
pub(super) const KEYS: [&str; 5] = ["acl", "mailbox", "message", "quota", "special-use"];

/// A mail system in memory that all sessions of a transcript share.
pub(super) struct Mailroom {
    memory: Memory,
    limits: Limits,
    allowances: Allowances,
}

impl Mailroom {
    /// The mail system that the `config` lines describe; `accounts` are those that exist.
    pub(super) fn new(limits: Limits) -> Self {
        Self { memory: Memory::new(limits.clone()), limits, allowances: Allowances::default() }
    }

    /// Takes a setting, if it is one of these.
    pub(super) fn take(
        &mut self,
        setting: &Setting,
        sections: &Sections,
    ) -> Result<bool, Malformed> {
        let words = setting.words();
        match (&*setting.key, &words[..]) {
            ("mailbox", [account, mailbox]) => {
                let (account, mailbox) = self.names(setting, account, mailbox)?;
                let request = Request::Create { account, mailbox, special_use: None };
                self.must(setting, request, b"")?;
            }
            ("message", [section, account, mailbox, marks @ ..]) => {
                let octets = sections.octets(section).map_err(|wrong| setting.wrong(wrong))?;
                let (account, mailbox) = self.names(setting, account, mailbox)?;
                self.append(setting, account, mailbox, &octets, marks)?;
            }
            ("acl", [account, mailbox, identifier, rights]) => {
                let (account, mailbox) = self.names(setting, account, mailbox)?;
                let identifier = (*identifier).to_owned();
                let rights = Rights::parse(rights).ok_or_else(|| setting.wrong("no rights"))?;
                let rights = Some(rights);
                self.must(setting, Request::SetAcl { account, mailbox, identifier, rights }, b"")?;
            }
            ("acl", _) => {
                return Err(setting.wrong("write an account, a mailbox, a name and rights"));
            }
            ("special-use", [account]) => {
                let (account, _) = self.names(setting, account, "INBOX")?;
                self.memory.provision(BEGINNING, &account);
            }
            ("quota", _) => {
                let (account, own) = quota(setting)?;
                self.allowances.set(account, Quota::default().allowance(own));
                self.set_allowances(self.allowances.clone());
            }
            ("mailbox", _) => return Err(setting.wrong("write an account and a mailbox")),
            ("message", _) => {
                return Err(setting.wrong("write a section, an account, a mailbox and flags"));
            }
            ("special-use", _) => return Err(setting.wrong("write an account")),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What accounts may have.
    pub(super) fn set_allowances(&self, allowances: Allowances) {
        self.memory.set_allowances(allowances);
    }

    fn names(
        &self,
        setting: &Setting,
        account: &str,
        mailbox: &str,
    ) -> Result<(Account, MailboxName), Malformed> {
        let account = Account::parse(account)
            .map_err(|wrong| setting.wrong(format_args!("`{account}`: {wrong}")))?;
        let mailbox = MailboxName::parse(mailbox, &self.limits)
            .map_err(|wrong| setting.wrong(format_args!("`{mailbox}`: {wrong}")))?;
        Ok((account, mailbox))
    }

    /// Appends a message with marks: flags, keywords, and `@SECONDS` for its date.
    fn append(
        &self,
        setting: &Setting,
        account: Account,
        mailbox: MailboxName,
        octets: &[u8],
        marks: &[&str],
    ) -> Result<(), Malformed> {
        let mut flags = Flags::NONE;
        let mut keywords = Vec::new();
        let mut date = None;
        for mark in marks {
            if let Some(seconds) = mark.strip_prefix('@') {
                let seconds = seconds.parse();
                date = Some(seconds.map_err(|_| setting.wrong("a date is @SECONDS"))?);
            } else if mark.starts_with('\\') {
                let flag = SYSTEM_FLAGS.iter().find(|(_, name)| name == mark);
                flags = flags | flag.ok_or_else(|| setting.wrong("no such flag"))?.0;
            } else {
                keywords.push((*mark).to_owned());
            }
        }
        let begin = Request::Begin { account: account.clone(), mailbox: mailbox.clone() };
        let mut session = self.memory.session();
        let append = Request::Append { account, mailbox, flags, keywords, date, replaces: None };
        for (request, lent) in [(begin, &b""[..]), (Request::Write, octets), (append, b"")] {
            let answer = session.perform(BEGINNING, request, lent, &mut Vec::new());
            if let Answer::Failed(failure) = answer {
                return Err(setting.wrong(failure));
            }
        }
        Ok(())
    }

    fn must(&self, setting: &Setting, request: Request, lent: &[u8]) -> Result<(), Malformed> {
        let answer = self.memory.session().perform(BEGINNING, request, lent, &mut Vec::new());
        match answer {
            Answer::Failed(failure) => Err(setting.wrong(failure)),
            _ => Ok(()),
        }
    }

    /// The store of one session.
    pub(super) fn desk(&self) -> Desk {
        let news = Arc::new(AtomicBool::new(false));
        let mut store = self.memory.session();
        let rung = news.clone();
        store.on_news(Arc::new(move || rung.store(true, Ordering::Relaxed)));
        Desk { store, news, written: Vec::new() }
    }
}

/// Reads `config quota ACCOUNT OCTETS|none [MESSAGES]`.
pub(super) fn quota(setting: &Setting) -> Result<(Account, OwnQuota), Malformed> {
    let words = setting.words();
    let [account, storage, messages @ ..] = &words[..] else {
        return Err(setting.wrong("write an account, octets or `none`, and a number of messages"));
    };
    let account = Account::parse(account).map_err(|wrong| setting.wrong(wrong))?;
    let bound = |word: &str| match word {
        "none" => Ok(Bound::None),
        _ => word.parse().map(|size: Size| Bound::At(size.0)).map_err(|why| setting.wrong(why)),
    };
    let messages = messages.first().map_or(Ok(Bound::None), |word| bound(word))?;
    Ok((account, OwnQuota { storage: bound(storage)?, messages }))
}

const SYSTEM_FLAGS: [(Flags, &str); 5] = [
    (Flags::ANSWERED, "\\Answered"),
    (Flags::FLAGGED, "\\Flagged"),
    (Flags::DELETED, "\\Deleted"),
    (Flags::SEEN, "\\Seen"),
    (Flags::DRAFT, "\\Draft"),
];

/// One session's store: what it asks in words, and what is answered.
pub(super) struct Desk {
    store: memory::Session,
    news: Arc<AtomicBool>,
    /// What was written since the message was begun.
    written: Vec<u8>,
}

impl Desk {
    /// A request in words.
    pub(super) fn hear(&mut self, request: &Request, lent: &[u8]) -> Heard {
        let mut unmentioned = Unmentioned::Default;
        let mut content = None;
        match request {
            Request::Begin { .. } => self.written.clear(),
            Request::Write => {
                self.written.extend_from_slice(lent);
                unmentioned = Unmentioned::Hidden;
            }
            Request::Read { .. } => unmentioned = Unmentioned::Hidden,
            Request::Deliver { .. } | Request::Append { .. } => {
                content = Some(core::mem::take(&mut self.written));
            }
            _ => {}
        }
        Heard { words: words(request), content, unmentioned }
    }

    /// What the store in memory answers, and the octets that were read.
    pub(super) fn perform(
        &mut self,
        now: Instant,
        request: Request,
        lent: &[u8],
    ) -> (Answer, Vec<u8>) {
        let mut octets = Vec::new();
        let answer = self.store.perform(now, request, lent, &mut octets);
        (answer, octets)
    }

    /// Reads an answer to `request`.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        request: &Request,
        lent: &[u8],
        words: &str,
    ) -> Answered<(Answer, Vec<u8>)> {
        let answer = match words.split_once(' ').unwrap_or((words, "")) {
            ("ok", "") => return Ok(self.perform(now, request.clone(), lent)),
            ("each", outcomes) => {
                let outcomes = outcomes.split('|').map(|outcome| match outcome.trim() {
                    "ok" => Ok(Ok(())),
                    other => failure(other).map(Err),
                });
                Answer::Delivered(outcomes.collect::<Result<_, String>>()?)
            }
            ("much", "") => Answer::Happened(vec![Happening::Much]),
            _ => Answer::Failed(failure(words)?),
        };
        Ok((answer, Vec::new()))
    }

    /// Whether other sessions have changed what this one watches; asks only once.
    pub(super) fn has_news(&self) -> bool {
        self.news.swap(false, Ordering::Relaxed)
    }
}

pub(super) fn failure(words: &str) -> Answered<Failure> {
    let (word, text) = words.split_once(' ').unwrap_or((words, ""));
    // The store's reasons are fixed texts; a test's few may stay until it ends.
    let fixed = || -> &'static str { text.to_owned().leak() };
    Ok(match word {
        "no-mailbox" => Failure::NoMailbox,
        "exists" => Failure::Exists,
        "no-message" => Failure::NoMessage,
        "in-use" => Failure::InUse,
        "full" => Failure::Full,
        "over-quota" => Failure::OverQuota,
        "refused" => Failure::Refused(fixed()),
        "limit" => Failure::Limit(fixed()),
        "io" => Failure::Io(text.to_owned()),
        _ => {
            return Err(no_answer(
                words,
                "ok, each OUTCOME|…, no-mailbox, exists, no-message, in-use, full, over-quota, refused TEXT, limit TEXT, io TEXT",
            ));
        }
    })
}

/// A request in words: its name, and what it is about in the order of its fields.
fn words(request: &Request) -> String {
    match request {
        Request::List { account } => format!("list {account}"),
        Request::Status { account, mailbox } => format!("status {account} {mailbox}"),
        Request::Create { account, mailbox, special_use } => {
            let use_ = special_use.map_or(String::new(), |it| format!(" \\{}", it.as_str()));
            format!("create {account} {mailbox}{use_}")
        }
        Request::Delete { account, mailbox } => format!("delete {account} {mailbox}"),
        Request::Rename { account, from, to } => format!("rename {account} {from} {to}"),
        Request::Subscribe { account, mailbox, subscribed: true } => {
            format!("subscribe {account} {mailbox}")
        }
        Request::Subscribe { account, mailbox, subscribed: false } => {
            format!("unsubscribe {account} {mailbox}")
        }
        Request::Open { account, mailbox, access } => {
            let access = match access {
                Access::ReadOnly => "read-only",
                Access::ReadWrite => "read-write",
                Access::Exclusive => "exclusive",
            };
            format!("open {account} {mailbox} {access}")
        }
        Request::Sync => "sync".to_owned(),
        Request::Close => "close".to_owned(),
        Request::SetFlags { uids, unchanged_since, action, flags, keywords } => {
            let sign = match action {
                FlagAction::Replace | FlagAction::ReplaceWithin(_) => "",
                FlagAction::Add => "+",
                FlagAction::Remove => "-",
            };
            let since =
                unchanged_since.map_or(String::new(), |since| format!(" unchanged-since {since}"));
            format!("set-flags {uids}{since} {sign}({})", flag_list(*flags, keywords))
        }
        Request::Expunge { uids } => format!("expunge {uids}"),
        Request::Copy { uids, to, originals: Originals::Stay, .. } => format!("copy {uids} {to}"),
        Request::Copy { uids, to, originals: Originals::Go, .. } => format!("move {uids} {to}"),
        Request::Read { uid, offset, length } => format!("read {uid} {offset} {length}"),
        Request::Structure { uid } => format!("structure {uid}"),
        Request::Begin { account, mailbox } => format!("begin {account} {mailbox}"),
        Request::Write => "write".to_owned(),
        Request::Deliver { targets, atomicity, .. } => words_of_delivery(targets, *atomicity),
        Request::Append { account, mailbox, flags, keywords, date, replaces } => {
            let date = date.map_or(String::new(), |date| format!(" @{date}"));
            let replaces = replaces.map_or(String::new(), |uid| format!(" replaces {uid}"));
            let flags = flag_list(*flags, keywords);
            format!("append {account} {mailbox} ({flags}){date}{replaces}")
        }
        Request::Keep { flags, keywords, date } => {
            let date = date.map_or(String::new(), |date| format!(" @{date}"));
            format!("keep ({}){date}", flag_list(*flags, keywords))
        }
        Request::Source { account, mailbox, uid_validity, uid } => {
            let validity = uid_validity.map_or(String::new(), |validity| format!(" of {validity}"));
            format!("source {account} {mailbox} {uid}{validity}")
        }
        Request::Extend { offset, length } => format!("extend {offset} {length}"),
        Request::Summary { uid } => format!("summary {uid}"),
        Request::Vanished { since } => format!("vanished since {since}"),
        Request::UniqueIds => "unique-ids".to_owned(),
        Request::Abandon => "abandon".to_owned(),
        Request::Watch(true) => "watch on".to_owned(),
        Request::Watch(false) => "watch off".to_owned(),
        request => words_of_account(request),
    }
}

fn words_of_delivery(targets: &[Target], atomicity: Atomicity) -> String {
    let each = if atomicity == Atomicity::Each { " each" } else { "" };
    let mut words = format!("deliver{each}");
    for Target { account, mailbox } in targets {
        let _ = write!(words, " {account}/{mailbox}");
    }
    words
}

/// The same for requests about an account as a whole, its rights and its annotations.
fn words_of_account(request: &Request) -> String {
    match request {
        Request::Observe { account: Some(account) } => format!("observe {account}"),
        Request::Observe { account: None } => "observe nobody".to_owned(),
        Request::Happened => "happened".to_owned(),
        Request::Rights { account, mailbox, user } => format!("rights {account} {mailbox} {user}"),
        Request::Acl { account, mailbox } => format!("acl {account} {mailbox}"),
        Request::SetAcl { account, mailbox, identifier, rights } => {
            let rights = rights.map_or("-".to_owned(), |rights| rights.to_string());
            format!("set-acl {account} {mailbox} {identifier} {rights}")
        }
        Request::Shared { account, user } => format!("shared {account} {user}"),
        Request::Sharers { user } => format!("sharers {user}"),
        Request::Quota { account } => format!("quota {account}"),
        Request::Room { account, octets } => format!("room {account} {octets}"),
        Request::Annotations { account, mailbox, user } => {
            format!("annotations {account} {} {user}", place(mailbox.as_ref()))
        }
        Request::Annotate { account, mailbox, user, values } => {
            let names: Vec<&str> = values.iter().map(|(entry, _)| entry.as_str()).collect();
            let names = names.join(" ");
            format!("annotate {account} {} {user} {names}", place(mailbox.as_ref()))
        }
        request => format!("{request:?}"),
    }
}

/// A mailbox, or `-` for the account itself.
fn place(mailbox: Option<&MailboxName>) -> &str {
    mailbox.map_or("-", MailboxName::as_str)
}

fn flag_list(flags: Flags, keywords: &[String]) -> String {
    let system = SYSTEM_FLAGS.iter().filter(|(flag, _)| flags.contains(*flag));
    let names = system.map(|(_, name)| *name).chain(keywords.iter().map(String::as_str));
    names.collect::<Vec<_>>().join(" ")
}
