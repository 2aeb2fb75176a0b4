//! Access to the message store by POP3: the maildrop is the login's INBOX, held by one session.

use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed};
use crate::pop3::{self, Config, Message, Output, Refusal};
use crate::role::doors::{machine_doors, session_doors};
use crate::role::login::{Judgement, Login};
use crate::role::{Effect, Input, Peer, Report, Site};
use crate::sasl::{self, Accepted, Mechanism};
use crate::store::{self, Access, Account, MailboxName, Snapshot, Uid, UidSet, UniqueIds};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(test)]
mod tests;

/// A POP3 server over the message store.
#[derive(Debug)]
pub struct Pop3 {
    server: pop3::Server,
    peer: Peer,
    login: Login,
    tickets: Tickets,
    awaits: Awaits,
    effects: VecDeque<Effect>,
    /// The login, while its maildrop is open.
    account: Option<Account>,
    /// The UIDs of the messages, in the order in which they are numbered.
    uids: Vec<Uid>,
    now: Instant,
}

/// Which answer of the host is awaited, and the server's request that waits for it.
#[derive(Debug)]
enum Awaits {
    Nothing,
    Verdict(Ticket),
    Opened(Ticket),
    UniqueIds(Ticket, Snapshot),
    Read(Ticket),
    /// The messages removed, and those that are still to be.
    Removed(Ticket, UidSet),
}

impl Pop3 {
    /// A server of `site` for a connection from `peer`.
    #[must_use]
    pub fn new(now: Instant, site: Arc<Site>, peer: Peer, entropy: Entropy) -> Self {
        let mut config = Config::new(site.config.hostname.as_str());
        config.limits = site.config.limits.clone();
        let channel = site.channel(peer, None);
        Self {
            server: pop3::Server::new(now, Arc::new(config), channel, entropy),
            login: Login::new(site),
            peer,
            tickets: Tickets::default(),
            awaits: Awaits::Nothing,
            effects: VecDeque::new(),
            account: None,
            uids: Vec::new(),
            now,
        }
    }

    /// Does what the server asks, or has the host do it.
    fn perform(&mut self, output: Output) {
        match output {
            Output::Verify { ticket, question } => self.verify(ticket, question),
            Output::Open { ticket, login, mechanism } => self.open(ticket, &login, mechanism),
            Output::Read { ticket, message, offset, length } => match self.uids.get(message) {
                Some(uid) => {
                    let request = store::Request::Read { uid: *uid, offset, length };
                    self.ask_store(Awaits::Read(ticket), request);
                }
                None => self.answer(pop3::Input::Failed { ticket, refusal: Refusal::Gone }),
            },
            Output::Remove { ticket, messages } => {
                let uids = messages.iter().filter_map(|place| self.uids.get(*place).copied());
                self.remove(ticket, uids.collect());
            }
            Output::Close => {
                self.report(Report::new("logout"));
                (self.account, self.uids) = (None, Vec::new());
                self.ask_store(Awaits::Nothing, store::Request::Close);
            }
            Output::Refused { mechanism, failure } => {
                let report = Report::new("login-failed").with("mechanism", mechanism);
                self.report(report.with("reason", failure));
            }
        }
    }

    fn verify(&mut self, ticket: Ticket, question: sasl::Question) {
        match self.login.judge(question) {
            Judgement::Answer(answer) => self.answer(pop3::Input::Verified { ticket, answer }),
            Judgement::Check(check) => {
                self.awaits = Awaits::Verdict(ticket);
                let ticket = self.tickets.issue();
                self.effects.push_back(Effect::Authenticate { ticket, check });
            }
        }
    }

    fn open(&mut self, ticket: Ticket, login: &Accepted, mechanism: Mechanism) {
        // Login has seen to it that the login acts as itself, under its canonical name.
        let Ok(account) = Account::parse(&login.authcid) else {
            return self.answer(pop3::Input::Failed { ticket, refusal: Refusal::Permanent });
        };
        self.account = Some(account.clone());
        self.report(Report::new("login").with("mechanism", mechanism));
        let (mailbox, access) = (MailboxName::inbox(), Access::Exclusive);
        self.ask_store(Awaits::Opened(ticket), store::Request::Open { account, mailbox, access });
    }

    /// Removes messages, some at a time.
    fn remove(&mut self, ticket: Ticket, mut uids: UidSet) {
        let turn = uids.take_first(self.login.limits().expunge_turn.max(1));
        self.ask_store(Awaits::Removed(ticket, uids), store::Request::Expunge { uids: turn });
    }

    fn ask_store(&mut self, awaits: Awaits, request: store::Request) {
        self.awaits = awaits;
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Store { ticket, request });
    }

    /// Reports with whom it was.
    fn report(&mut self, report: Report) {
        let report = report.with("protocol", "pop3").with("peer", self.peer);
        let report = match &self.account {
            Some(account) => report.with("account", account),
            None => report,
        };
        self.effects.push_back(Effect::Report(report));
    }

    fn answer(&mut self, input: pop3::Input) {
        self.server.handle(self.now, input);
    }

    fn handle_store(&mut self, answer: store::Answer) {
        let awaits = core::mem::replace(&mut self.awaits, Awaits::Nothing);
        let input = match (awaits, answer) {
            (Awaits::Nothing | Awaits::Verdict(_), _) => return,
            (Awaits::Opened(ticket), store::Answer::Opened(opened)) => {
                let awaits = Awaits::UniqueIds(ticket, opened);
                return self.ask_store(awaits, store::Request::UniqueIds);
            }
            (Awaits::UniqueIds(ticket, opened), store::Answer::UniqueIds(ids)) => {
                let messages = messages(&opened, &ids);
                self.uids = opened.messages.iter().map(|entry| entry.uid).collect();
                pop3::Input::Opened { ticket, messages }
            }
            (Awaits::Read(ticket), store::Answer::Read { end }) => {
                pop3::Input::Read { ticket, end }
            }
            (Awaits::Removed(ticket, left), store::Answer::Mailbox(_)) if !left.is_empty() => {
                return self.remove(ticket, left);
            }
            (Awaits::Removed(ticket, _), store::Answer::Mailbox(snapshot)) => {
                let there = |uid: &&Uid| snapshot.messages.get(**uid).is_some();
                let left = self.uids.iter().filter(there).count();
                let removed = self.uids.len() - left;
                self.report(Report::new("removed").with("messages", removed));
                pop3::Input::Removed { ticket }
            }
            // Whoever got other unique-ids would fetch all messages once more.
            (
                Awaits::Opened(ticket) | Awaits::UniqueIds(ticket, _),
                store::Answer::Failed(failure),
            ) => {
                self.account = None;
                pop3::Input::Failed { ticket, refusal: refusal(&failure) }
            }
            (Awaits::Read(ticket) | Awaits::Removed(ticket, _), store::Answer::Failed(failure)) => {
                pop3::Input::Failed { ticket, refusal: refusal(&failure) }
            }
            (
                Awaits::Opened(ticket)
                | Awaits::UniqueIds(ticket, _)
                | Awaits::Read(ticket)
                | Awaits::Removed(ticket, _),
                _,
            ) => pop3::Input::Failed { ticket, refusal: Refusal::Permanent },
        };
        self.answer(input);
    }
}

/// The messages of a maildrop.
fn messages(opened: &Snapshot, ids: &UniqueIds) -> Vec<Message> {
    let message = |entry: &store::Entry| Message {
        unique_id: ids.of(opened.uid_validity, entry.uid),
        size: u64::from(entry.size),
    };
    opened.messages.iter().map(message).collect()
}

const fn refusal(failure: &store::Failure) -> Refusal {
    use store::Failure::{
        Exists, Full, InUse, Io, Limit, NoMailbox, NoMessage, OverQuota, Refused,
    };
    match failure {
        InUse => Refusal::InUse,
        NoMessage => Refusal::Gone,
        Full | OverQuota | Limit(_) | Io(_) => Refusal::Temporary,
        NoMailbox | Exists | Refused(_) => Refusal::Permanent,
    }
}

impl Machine for Pop3 {
    type Input = Input;
    type Output = Effect;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Store { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_store(answer);
            }
            Input::Authenticated { ticket, verdict } if self.tickets.redeem(ticket) => {
                if let Awaits::Verdict(ticket) = self.awaits {
                    self.awaits = Awaits::Nothing;
                    let answer = self.login.handle_verdict(verdict);
                    self.answer(pop3::Input::Verified { ticket, answer });
                }
            }
            // News among them: what arrives meanwhile belongs to the next session (RFC 1939 §8).
            _ => {}
        }
    }

    machine_doors!();

    fn poll(&mut self) -> Option<Effect> {
        while self.effects.is_empty() {
            let output = self.server.poll()?;
            self.perform(output);
        }
        self.effects.pop_front()
    }
}

impl Session for Pop3 {
    session_doors!();

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        if let Err(why) = &outcome {
            self.report(Report::new("tls-failed").with("reason", why));
        }
        self.server.handle_tls(now, outcome);
    }

    fn content(&self) -> &[u8] {
        self.server.content()
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.now = now;
        if let Awaits::Read(read) = self.awaits
            && self.tickets.outstanding() == Some(ticket)
        {
            self.server.handle_content(now, read, bytes);
        }
    }
}
