//! APPEND (RFC 3501 §6.3.11, RFC 4315 §3): the message passes through in slices.

use super::connection::{Connection, confused, failed_to_file};
use super::news::split_flags;
use super::task::{Step, Told};
use super::{misunderstood, no, not_understood, ok, rights};
use crate::imap::{
    Append, AppendMessage, AppendPart, Code, Response, Status, Step as Assembled, Synchronizing,
};
use crate::store::{Account, Answer, Flags, MailboxName, Request, Target};
use alloc::string::String;
use alloc::vec::Vec;

/// APPEND under way.
#[derive(Debug)]
pub(super) struct Appending {
    account: Account,
    mailbox: MailboxName,
    flags: Flags,
    keywords: Vec<String>,
    date: Option<i64>,
    synchronizing: Synchronizing,
    stage: Stage,
}

/// What the store, or the client, is to do next.
#[derive(Debug)]
enum Stage {
    Begin,
    /// The client sends.
    Receive,
    Write,
    File,
    /// What was written is forgotten, then this is said.
    Abandon(Status),
}

impl Appending {
    pub(super) fn new(connection: &Connection, append: Append) -> Result<Self, Status> {
        let Append { mailbox, replaces: None, message } = append else {
            return Err(not_understood());
        };
        let AppendMessage { flags, internal_date, part: AppendPart::Text(literal) } = message
        else {
            return Err(not_understood());
        };
        let Target { account, mailbox } = connection.place(&mailbox)?;
        let (flags, keywords) = split_flags(flags)
            .map_err(|_| no("There is no such system flag").with_code(Code::Cannot))?;
        let (flags, keywords) = rights::permitted(connection.rights, flags, keywords);
        if literal.size == 0 {
            return Err(no("An empty message cannot be stored").with_code(Code::Cannot));
        }
        if literal.size > connection.limits().message {
            // RFC 4469 §4.2
            return Err(no("The message is too large").with_code(Code::TooBig));
        }
        let date = internal_date.map(|date| date.seconds);
        let synchronizing = literal.synchronizing;
        let stage = Stage::Begin;
        Ok(Self { account, mailbox, flags, keywords, date, synchronizing, stage })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match (&self.stage, told) {
            (Stage::Begin, Told::Answer(answer)) => self.handle_begun(connection, &answer),
            (Stage::Begin, _) => Step::Ask(Request::Begin {
                account: self.account.clone(),
                mailbox: self.mailbox.clone(),
            }),
            (Stage::Receive, Told::Client(assembled)) => self.handle_client(connection, assembled),
            (Stage::Receive, _) => Step::Client,
            (Stage::Write, Told::Answer(answer)) => self.handle_written(connection, &answer),
            (Stage::File, Told::Answer(answer)) => self.handle_filed(&answer),
            (Stage::Abandon(status), _) => Step::Done(status.clone()),
            (Stage::Write | Stage::File, _) => Step::Done(confused()),
        }
    }

    fn handle_begun(&mut self, connection: &mut Connection, answer: &Answer) -> Step {
        if let Some(refusal) = refusal(answer) {
            connection.assembler.refuse(&mut connection.inbox);
            return Step::Done(refusal);
        }
        connection.assembler.accept();
        if self.synchronizing == Synchronizing::Yes {
            connection.respond(Response::Continue("Ready for the message".into()));
        }
        self.stage = Stage::Receive;
        Step::Client
    }

    fn handle_client(&mut self, connection: &mut Connection, assembled: Assembled) -> Step {
        match assembled {
            Assembled::Content => {
                self.stage = Stage::Write;
                Step::Ask(Request::Write)
            }
            Assembled::Appended(_) => {
                self.stage = Stage::File;
                Step::Ask(Request::Append {
                    account: self.account.clone(),
                    mailbox: self.mailbox.clone(),
                    flags: self.flags,
                    keywords: core::mem::take(&mut self.keywords),
                    date: self.date,
                    replaces: None,
                })
            }
            Assembled::NextMessage(_) | Assembled::NextPart(_) => {
                self.abandon(connection, not_understood())
            }
            Assembled::Bad(what) => self.abandon(connection, misunderstood(what)),
            _ => Step::Client,
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

    /// Forgets what was written, and drops what of the message is still to come.
    fn abandon(&mut self, connection: &mut Connection, status: Status) -> Step {
        connection.assembler.refuse(&mut connection.inbox);
        self.stage = Stage::Abandon(status);
        Step::Ask(Request::Abandon)
    }

    fn handle_filed(&mut self, answer: &Answer) -> Step {
        match answer.clone() {
            Answer::Appended { uid_validity, uids } => {
                let code = Code::AppendUid { uid_validity, uids };
                Step::Done(ok("APPEND completed").with_code(code))
            }
            ref other => Step::Done(refusal(other).unwrap_or_else(confused)),
        }
    }
}

/// What an answer that is not "done" comes to.
fn refusal(answer: &Answer) -> Option<Status> {
    match answer {
        Answer::Done => None,
        Answer::Failed(failure) => Some(failed_to_file(failure)),
        _ => Some(confused()),
    }
}
