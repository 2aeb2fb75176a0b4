//! APPEND (RFC 3501 §6.3.11, RFC 4315 §3) of one message or several (RFC 3502), also put together from
//! parts (RFC 4469); REPLACE (RFC 8508). Messages pass through in slices.
//!
//! All are filed together, or none. What the store has been given before something went wrong it is
//! told to forget, and what the client sends nevertheless is dropped.

mod part;

use super::connection::{Connection, confused, failed_to_file, out_of_place};
use super::news::split_flags;
use super::rights::Act;
use super::task::{Step, Told};
use super::{misunderstood, no, ok, rights};
use crate::imap::url::MessageUrl;
use crate::imap::{
    Append, AppendMessage, AppendPart, Code, Mailbox, Messages, Replaced, Response, SequenceSet,
    Status, Step as Assembled, Synchronizing,
};
use crate::store::{Account, Answer, Failure, Flags, MailboxName, Request, Rights, Target, Uid};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use part::{Tally, bad_url, locate};

/// APPEND or REPLACE under way.
#[derive(Debug)]
pub(super) struct Appending {
    account: Account,
    mailbox: MailboxName,
    /// With REPLACE, the message that goes.
    replaces: Option<Uid>,
    message: Message,
    tally: Tally,
    stage: Stage,
}

/// What is known of a message but for its octets.
#[derive(Debug, Default)]
struct Message {
    flags: Flags,
    keywords: Vec<String>,
    date: Option<i64>,
}

/// What the store, or the client, is to do next.
#[derive(Debug)]
enum Stage {
    /// The message is begun, of which this is the first part.
    Begin(AppendPart),
    /// The client sends.
    Receive,
    Write,
    /// The message before is kept; then this one is begun, with its first part.
    Keep(Message, AppendPart),
    /// Whether the mailbox of the message that a part is taken from may be read.
    Rights(MessageUrl, String, Target),
    /// The message that a part is taken from is looked for.
    Source(MessageUrl, String),
    Extend,
    File,
    /// What was written is forgotten, then this is said.
    Abandon(Status),
}

impl Appending {
    pub(super) fn new(connection: &mut Connection, append: Append) -> Result<Self, Status> {
        let Append { mailbox, replaces, message } = append;
        let replaces = match replaces {
            Some(replaced) => Some(find(connection, replaced)?),
            None => None,
        };
        let Target { account, mailbox } = connection.place(&mailbox)?;
        let (message, part) = Message::new(connection.rights, message)?;
        let tally = Tally::default().with_message(connection)?.with_part(connection, &part)?;
        let stage = Stage::Begin(part);
        Ok(Self { account, mailbox, replaces, message, tally, stage })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match (&self.stage, told) {
            (Stage::Begin(_), Told::Answer(answer)) => self.handle_begun(connection, &answer),
            (Stage::Begin(_), _) => self.begin(),
            (Stage::Receive, Told::Client(assembled)) => self.handle_client(connection, assembled),
            (Stage::Receive, _) => Step::Client,
            (Stage::Write, Told::Answer(answer)) => self.handle_written(connection, &answer),
            (Stage::Keep(..), Told::Answer(answer)) => self.handle_kept(connection, &answer),
            (Stage::Rights(..), Told::Answer(answer)) => self.handle_rights(connection, &answer),
            (Stage::Source(..), Told::Answer(answer)) => self.handle_source(connection, &answer),
            (Stage::Extend, Told::Answer(answer)) => self.handle_extended(connection, &answer),
            (Stage::File, Told::Answer(answer)) => self.handle_filed(connection, answer),
            (Stage::Abandon(status), _) => Step::Done(status.clone()),
            _ => Step::Done(confused()),
        }
    }

    fn begin(&self) -> Step {
        Step::Ask(Request::Begin { account: self.account.clone(), mailbox: self.mailbox.clone() })
    }

    fn handle_begun(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        if let Some(refusal) = refusal(answer) {
            if self.tally.is_first() {
                connection.assembler.refuse(&mut connection.inbox);
                return Step::Done(refusal);
            }
            return self.abandon(connection, refusal);
        }
        match core::mem::replace(&mut self.stage, Stage::Receive) {
            Stage::Begin(part) => self.take(connection, part),
            _ => self.abandon(connection, confused()),
        }
    }

    /// Lets a part come, or looks for it.
    fn take(&mut self, connection: &mut Connection, part: AppendPart) -> Step {
        let url = match part {
            AppendPart::Text(literal) | AppendPart::Utf8(literal) => {
                connection.assembler.accept();
                if literal.synchronizing == Synchronizing::Yes {
                    connection.respond(Response::Continue("Ready for the message".into()));
                }
                self.stage = Stage::Receive;
                return Step::Client;
            }
            AppendPart::Url(url) => url,
        };
        let Some((named, target)) = named(connection, &url) else {
            return self.abandon(connection, bad_url(url));
        };
        let Some(user) = connection.account().cloned() else {
            return self.abandon(connection, confused());
        };
        let Target { account, mailbox } = target.clone();
        self.stage = Stage::Rights(named, url, target);
        Step::Ask(Request::Rights { account, mailbox, user })
    }

    fn handle_rights(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        let Stage::Rights(named, url, target) = core::mem::replace(&mut self.stage, Stage::Extend)
        else {
            return self.abandon(connection, confused());
        };
        match answer {
            Answer::Rights(rights) if rights::allows(Act::Read, *rights) => {
                let Target { account, mailbox } = target;
                let (uid_validity, uid) = (named.uid_validity, named.uid);
                self.stage = Stage::Source(named, url);
                Step::Ask(Request::Source { account, mailbox, uid_validity, uid })
            }
            // RFC 4314 §6: what may not be read is not told from what is not there.
            Answer::Rights(_) | Answer::Failed(Failure::NoMailbox) => {
                self.abandon(connection, bad_url(url))
            }
            answer => {
                let refusal = refusal(answer).unwrap_or_else(confused);
                self.abandon(connection, refusal)
            }
        }
    }

    fn handle_source(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        let Stage::Source(named, url) = core::mem::replace(&mut self.stage, Stage::Extend) else {
            return self.abandon(connection, confused());
        };
        let located = match answer {
            Answer::Structure(structure) => locate(structure, &named),
            Answer::Failed(Failure::NoMailbox | Failure::NoMessage) => None,
            answer => {
                let refusal = refusal(answer).unwrap_or_else(confused);
                return self.abandon(connection, refusal);
            }
        };
        let Some(octets) = located else {
            return self.abandon(connection, bad_url(url));
        };
        let length = octets.end - octets.start;
        match core::mem::take(&mut self.tally).with_octets(connection, length) {
            Ok(tally) => self.tally = tally,
            Err(status) => return self.abandon(connection, status),
        }
        Step::Ask(Request::Extend { offset: octets.start, length })
    }

    fn handle_extended(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        if let Some(refusal) = refusal(answer) {
            return self.abandon(connection, refusal);
        }
        connection.assembler.accept();
        self.stage = Stage::Receive;
        Step::Client
    }

    fn handle_client(&mut self, connection: &mut Connection, assembled: Assembled) -> Step {
        let taken = match assembled {
            Assembled::Content => self.write(connection),
            Assembled::NextPart(part) => self.next_part(connection, part),
            Assembled::NextMessage(message) => self.next_message(connection, message),
            Assembled::Appended(_) => self.file(),
            Assembled::Bad(what) => Err(misunderstood(what)),
            _ => Ok(Step::Client),
        };
        taken.unwrap_or_else(|status| self.abandon(connection, status))
    }

    fn write(&mut self, connection: &Connection) -> Result<Step, Status> {
        // Deviation: RFC 6855 §4 has a server refuse octets beyond ASCII in a header from a client that
        // has not enabled UTF8=ACCEPT. Mail holds them, whoever sent it, and a client that brings a
        // mailbox here, or puts a message back that it has read here, would have to leave it behind.
        let content = connection.assembler.content(&connection.inbox);
        if memchr::memchr(0, content).is_some() {
            // RFC 3516 §4.2: messages are kept as lines of text, and a NUL would not survive.
            return Err(no("Binary content cannot be stored").with_code(Code::UnknownCte));
        }
        self.stage = Stage::Write;
        Ok(Step::Ask(Request::Write))
    }

    fn next_part(&mut self, connection: &mut Connection, part: AppendPart) -> Result<Step, Status> {
        self.tally = core::mem::take(&mut self.tally).with_part(connection, &part)?;
        Ok(self.take(connection, part))
    }

    fn next_message(
        &mut self,
        connection: &mut Connection,
        message: AppendMessage,
    ) -> Result<Step, Status> {
        self.tally.check_not_empty()?;
        let (next, part) = Message::new(connection.rights, message)?;
        self.tally = core::mem::take(&mut self.tally)
            .with_message(connection)?
            .with_part(connection, &part)?;
        let Message { flags, keywords, date } = core::mem::take(&mut self.message);
        self.stage = Stage::Keep(next, part);
        Ok(Step::Ask(Request::Keep { flags, keywords, date }))
    }

    fn handle_kept(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        if let Some(refusal) = refusal(answer) {
            return self.abandon(connection, refusal);
        }
        match core::mem::replace(&mut self.stage, Stage::Receive) {
            Stage::Keep(message, part) => {
                self.message = message;
                self.stage = Stage::Begin(part);
                self.begin()
            }
            _ => self.abandon(connection, confused()),
        }
    }

    fn handle_written(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        if let Some(refusal) = refusal(answer) {
            return self.abandon(connection, refusal);
        }
        connection.assembler.content_taken(&mut connection.inbox);
        self.stage = Stage::Receive;
        Step::Client
    }

    /// Forgets what was written, and drops what is still to come.
    fn abandon(&mut self, connection: &mut Connection, status: Status) -> Step {
        connection.assembler.refuse(&mut connection.inbox);
        self.stage = Stage::Abandon(status);
        Step::Ask(Request::Abandon)
    }

    fn file(&mut self) -> Result<Step, Status> {
        self.tally.check_not_empty()?;
        self.stage = Stage::File;
        let Message { flags, keywords, date } = core::mem::take(&mut self.message);
        let (account, mailbox) = (self.account.clone(), self.mailbox.clone());
        let replaces = self.replaces;
        Ok(Step::Ask(Request::Append { account, mailbox, flags, keywords, date, replaces }))
    }

    fn handle_filed(&self, connection: &mut Connection, answer: Answer) -> Step {
        let (uid_validity, uids) = match answer {
            Answer::Appended { uid_validity, uids } => (uid_validity, uids),
            ref other => return Step::Done(refusal(other).unwrap_or_else(confused)),
        };
        let code = Code::AppendUid { uid_validity, uids };
        if self.replaces.is_none() {
            return Step::Done(ok("APPEND completed").with_code(code));
        }
        // RFC 8508 §3.1: APPENDUID comes before the original is told to be gone.
        connection.respond(ok("Replaced").with_code(code));
        Step::Done(ok("REPLACE completed"))
    }
}

impl Message {
    /// Takes a message apart, and its first part from it.
    fn new(rights: Rights, message: AppendMessage) -> Result<(Self, AppendPart), Status> {
        let AppendMessage { flags, internal_date, part } = message;
        let (flags, keywords) = split_flags(flags)
            .map_err(|_| no("There is no such system flag").with_code(Code::Cannot))?;
        let (flags, keywords) = rights::permitted(rights, flags, keywords);
        let date = internal_date.map(|date| date.seconds);
        Ok((Self { flags, keywords, date }, part))
    }
}

/// The message that a URL names, and the mailbox that it is in.
fn named(connection: &mut Connection, url: &str) -> Option<(MessageUrl, Target)> {
    let named = MessageUrl::parse(url)?;
    let target = match &named.mailbox {
        Some(mailbox) => connection.place(&Mailbox::new(mailbox.clone())).ok()?,
        None => connection.selected()?.target.clone(),
    };
    Some((named, target))
}

/// The message that REPLACE is about.
fn find(connection: &mut Connection, replaced: Replaced) -> Result<Uid, Status> {
    if connection.selected().is_none() {
        return Err(out_of_place("Select a mailbox first"));
    }
    let number = replaced.message.map_or_else(|| "*".into(), |number| number.to_string());
    let set: SequenceSet = number.parse().map_err(|_| confused())?;
    let ranges = connection.find(replaced.numbering, &Messages::Set(set))?;
    connection.writable()?;
    let found = connection.selected().and_then(|selected| {
        let uid = selected.view.uids(&ranges).iter().next()?;
        (!selected.view.has_vanished(uid)).then_some(uid)
    });
    found.ok_or_else(|| no("There is no such message"))
}

/// What an answer that is not "done" comes to.
fn refusal(answer: &Answer) -> Option<Status> {
    match answer {
        Answer::Done => None,
        Answer::Failed(failure) => Some(failed_to_file(failure)),
        _ => Some(confused()),
    }
}
