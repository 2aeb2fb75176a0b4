//! One short method per command.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::content::{Incoming, Stage, Transaction};
use super::session::{Asking, State};
use super::{Answer, Event, Hello, Request, Server, Verb};
use crate::address::{ForwardPath, ReversePath};
use crate::smtp::{Body, Command, Extension, MailParameters, Protocol, RcptParameters, Reply};

impl Server {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Ehlo(name) => self.hello(Verb::Ehlo, name),
            Command::Helo(name) => self.hello(Verb::Helo, name),
            Command::Lhlo(name) => self.hello(Verb::Lhlo, name),
            Command::Mail { reverse_path, parameters } => self.mail(reverse_path, parameters),
            Command::Rcpt { forward_path, parameters } => self.rcpt(forward_path, parameters),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.bdat(size, last),
            Command::Rset => self.rset(),
            Command::Noop => self.say(&Reply::new(250, (2, 0, 0), "Ok")),
            Command::Help => self.help(),
            Command::Vrfy(text) => self.ask(Request::Verify(text), Asking::Verify),
            Command::Expn(text) => self.expn(text),
            Command::Etrn(domain) => self.etrn(domain),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial),
            Command::StartTls => self.starttls(),
            Command::Quit => self.quit(),
        }
    }

    /// Whether `wanted` is announced.
    pub(super) fn announces(&self, wanted: &str) -> bool {
        self.config.extensions.iter().any(|extension| extension.keyword() == wanted)
    }

    pub(super) fn out_of_order(&mut self, text: &'static str) {
        self.fail(&Reply::new(503, (5, 5, 1), text));
    }

    pub(super) fn not_here(&mut self) {
        self.fail(&Reply::new(502, (5, 5, 1), "Command not implemented"));
    }

    pub(super) fn greet(&mut self, answer: Answer) {
        let config = &self.config;
        let greeting = || Reply::bare(220, format!("{} {}", config.hostname, config.greeting));
        let reply = answer.reply_or(greeting);
        self.say(&reply);
        if !reply.is_positive() && matches!(self.state, State::Command) {
            self.state = State::TurnedAway;
        }
    }

    // RFC 5321 §4.1.1.1; RFC 2033 §4.1: each protocol refuses the other's greeting.
    fn hello(&mut self, verb: Verb, name: String) {
        match (self.config.protocol, verb) {
            (Protocol::Lmtp, Verb::Ehlo | Verb::Helo) => {
                self.fail(&Reply::new(500, (5, 5, 1), "This is LMTP: say LHLO"));
            }
            (Protocol::Smtp, Verb::Lhlo) => {
                self.fail(&Reply::new(500, (5, 5, 1), "This is SMTP: say EHLO"));
            }
            _ => {
                // RFC 5321 §4.1.4: as if by RSET.
                self.abandon();
                let hello = Hello { verb, name };
                self.ask(Request::Hello(hello.clone()), Asking::Hello(hello));
            }
        }
    }

    pub(super) fn welcome(&mut self, hello: Hello, answer: Answer) {
        let reply = answer.reply_or(|| self.capabilities(&hello));
        self.hello = reply.is_positive().then_some(hello);
        self.say(&reply);
    }

    fn capabilities(&self, hello: &Hello) -> Reply {
        let mut text = format!("{} Hello {}", self.config.hostname, hello.name);
        if hello.verb != Verb::Helo {
            for extension in &self.config.extensions {
                self.announce(extension, &mut text);
            }
        }
        Reply::bare(250, text)
    }

    /// Appends the line of `extension`, unless it can't be used now.
    fn announce(&self, extension: &Extension, text: &mut String) {
        let keyword = extension.keyword();
        let limits = &self.config.limits;
        let _ = match extension {
            // RFC 3207 §4.2: not when TLS is there.
            Extension::StartTls if self.tls.is_some() => Ok(()),
            Extension::Auth(_) => {
                let offered = self.offered();
                if offered.is_empty() {
                    return;
                }
                let _ = write!(text, "\n{keyword}");
                offered.iter().try_for_each(|mechanism| write!(text, " {mechanism}"))
            }
            Extension::Size(_) => write!(text, "\n{keyword} {}", self.config.max_message()),
            // RFC 9422 §4.
            Extension::Limits => {
                let (mails, recipients) = (limits.transactions, limits.recipients);
                write!(text, "\n{keyword} MAILMAX={mails} RCPTMAX={recipients}")
            }
            _ => write!(text, "\n{keyword}"),
        };
    }

    fn mail(&mut self, reverse_path: ReversePath, parameters: MailParameters) {
        if self.hello.is_none() {
            return self.out_of_order("Say hello first");
        }
        if self.transaction.is_some() {
            return self.out_of_order("A transaction is under way");
        }
        if self.transactions >= self.config.limits.transactions {
            return self.say(&Reply::new(421, (4, 7, 0), "Too many transactions"));
        }
        if let Some(name) = self.unannounced(&parameters) {
            return self.fail(&unknown_parameter(name));
        }
        // RFC 1870 §6.1.
        if parameters.size.is_some_and(|size| size > self.config.max_message()) {
            return self.say(&too_large());
        }
        let transaction = Transaction::new(&parameters);
        self.ask(Request::Mail { reverse_path, parameters }, Asking::Mail(transaction));
    }

    /// A parameter of an extension that was not announced (RFC 5321 §4.1.1.11).
    fn unannounced(&self, parameters: &MailParameters) -> Option<&'static str> {
        let body = match parameters.body {
            Some(Body::BinaryMime) => !self.announces("BINARYMIME"),
            Some(_) => !self.announces("8BITMIME") && !self.announces("BINARYMIME"),
            None => false,
        };
        [
            (parameters.size.is_some() && !self.announces("SIZE"), "SIZE"),
            (body, "BODY"),
            (parameters.smtputf8 && !self.announces("SMTPUTF8"), "SMTPUTF8"),
            (parameters.ret.is_some() && !self.announces("DSN"), "RET"),
            (parameters.envid.is_some() && !self.announces("DSN"), "ENVID"),
            (parameters.auth.is_some() && !self.announces("AUTH"), "AUTH"),
        ]
        .iter()
        .find_map(|(unannounced, name)| unannounced.then_some(*name))
    }

    pub(super) fn open(&mut self, transaction: Transaction, answer: Answer) {
        let reply = answer.reply_or(|| Reply::new(250, (2, 1, 0), "Ok"));
        if reply.is_positive() {
            self.transactions += 1;
            self.transaction = Some(transaction);
        }
        self.say(&reply);
    }

    fn rcpt(&mut self, forward_path: ForwardPath, parameters: RcptParameters) {
        let limit = self.config.limits.recipients;
        let dsn = parameters.notify.is_some() || parameters.orcpt.is_some();
        match &self.transaction {
            Some(Transaction { stage: Stage::Envelope, recipients, .. }) => {
                if *recipients >= limit {
                    // RFC 5321 §4.5.3.1.10.
                    self.say(&Reply::new(452, (4, 5, 3), "Too many recipients"));
                } else if dsn && !self.announces("DSN") {
                    let name = if parameters.orcpt.is_some() { "ORCPT" } else { "NOTIFY" };
                    self.fail(&unknown_parameter(name));
                } else {
                    let request = Request::Recipient { forward_path, parameters };
                    self.ask(request, Asking::Recipient);
                }
            }
            Some(_) => self.out_of_order("The content has begun"),
            None => self.out_of_order("Name a sender first"),
        }
    }

    pub(super) fn add_recipient(&mut self, answer: Answer) {
        let reply = answer.reply_or(|| Reply::new(250, (2, 1, 5), "Ok"));
        if let Some(transaction) = self.transaction.as_mut().filter(|_| reply.is_positive()) {
            transaction.recipients += 1;
        }
        self.say(&reply);
    }

    fn data(&mut self) {
        match &self.transaction {
            None => self.out_of_order("Name a sender first"),
            Some(Transaction { stage: Stage::Envelope, recipients: 0, .. }) => {
                self.out_of_order("No valid recipients");
            }
            // RFC 3030 §3.
            Some(Transaction { stage: Stage::Envelope, binary: true, .. }) => {
                self.out_of_order("A binary message needs BDAT");
            }
            Some(Transaction { stage: Stage::Envelope, .. }) => {
                self.ask(Request::Begin, Asking::Begin(Incoming::Dots));
            }
            // RFC 3030 §2: DATA and BDAT do not mix.
            Some(_) => self.out_of_order("The content has begun"),
        }
    }

    fn bdat(&mut self, size: u64, last: bool) {
        let incoming = Incoming::Chunk { size, left: size, last };
        let refusal = match &self.transaction {
            _ if !self.announces("CHUNKING") => Some("BDAT was not announced"),
            None => Some("Name a sender first"),
            Some(Transaction { stage: Stage::Envelope, recipients: 0, .. }) => {
                Some("No valid recipients")
            }
            Some(Transaction { stage: Stage::Failed, .. }) => Some("The transaction has failed"),
            Some(_) => None,
        };
        match (refusal, &self.transaction) {
            // RFC 3030 §2: the chunk comes whatever we say.
            (Some(text), _) => {
                let reply = Reply::new(503, (5, 5, 1), text);
                self.state = State::Discarding { incoming, reply };
            }
            (None, Some(Transaction { stage: Stage::Envelope, .. })) => {
                self.ask(Request::Begin, Asking::Begin(incoming));
            }
            (None, _) => self.state = State::Receiving(incoming),
        }
    }

    fn rset(&mut self) {
        self.abandon();
        self.say(&Reply::new(250, (2, 0, 0), "Ok"));
    }

    fn help(&mut self) {
        let text = "RFC 5321 says it all\nCommands: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT";
        self.say(&Reply::new(214, (2, 0, 0), text));
    }

    fn expn(&mut self, text: String) {
        if !self.announces("EXPN") {
            return self.not_here();
        }
        self.ask(Request::Expand(text), Asking::Verify);
    }

    fn etrn(&mut self, domain: String) {
        if !self.announces("ETRN") {
            return self.not_here();
        }
        if self.hello.is_none() || self.transaction.is_some() {
            return self.out_of_order("Not here and now");
        }
        self.ask(Request::Etrn(domain), Asking::Etrn);
    }

    fn starttls(&mut self) {
        if !self.announces("STARTTLS") {
            return self.not_here();
        }
        if self.tls.is_some() {
            return self.out_of_order("TLS is there already");
        }
        // RFC 3207 §4, and CVE-2011-0411: what stands behind it was injected.
        if !self.inbox.is_empty() {
            self.say(&Reply::new(554, (5, 5, 1), "Nothing may follow STARTTLS before TLS"));
            return self.close();
        }
        self.abandon();
        self.say(&Reply::new(220, (2, 0, 0), "Ready to start TLS"));
        self.state = State::Tls;
    }

    fn quit(&mut self) {
        self.say(&Reply::new(221, (2, 0, 0), "Bye"));
        self.close();
    }

    /// Forgets the transaction under way, and has the host forget it.
    pub(super) fn abandon(&mut self) {
        if self.transaction.take().is_some_and(|transaction| transaction.is_open()) {
            self.tell(Event::Abandoned);
        }
    }
}

pub(super) fn too_large() -> Reply {
    Reply::new(552, (5, 3, 4), "The message is too large")
}

fn unknown_parameter(name: &str) -> Reply {
    Reply::new(555, (5, 5, 4), format!("The parameter {name} was not announced"))
}

impl Answer {
    /// The reply that this answer is; `usual` if it just says yes.
    pub(super) fn reply_or(self, usual: impl FnOnce() -> Reply) -> Reply {
        match self {
            Self::Accept => usual(),
            Self::Reply(reply) => reply,
            Self::Queued(id) => Reply::new(250, (2, 0, 0), format!("Ok: queued as {id}")),
            Self::Each(replies) => replies.into_iter().next().unwrap_or_else(usual),
            Self::Sasl(_) => Reply::new(451, (4, 3, 0), "Local error"),
        }
    }
}
