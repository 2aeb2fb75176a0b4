//! What the three agents that take mail by SMTP or LMTP share: the envelope is checked, the content
//! goes into the store as it comes, and the reply waits until it is filed.
//!
//! What tells them apart is their [`Policy`].

mod content;
mod filing;
#[cfg(test)]
mod tests;

use super::doors::{machine_doors, session_doors};
use super::login::{Judgement, Login};
use super::{Effect, Input, Peer, Report, Site};
use crate::address::{ForwardPath, ReversePath};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed};
use crate::smtp::server::{self, Answer, Event, Hello, Output, Request};
use crate::smtp::{Extension, MailParameters, Protocol, Reply, Server};
use crate::store::{self, Account};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use content::{Content, Submitter};

pub use content::Header;

/// Letters of a queue id: 77 bits, so that no two messages ever share one.
const ID: usize = 16;

/// What tells one agent that takes mail from another.
pub trait Policy {
    /// The protocol that its clients speak.
    const PROTOCOL: Protocol;

    /// What it announces where nothing is configured.
    fn extensions() -> Vec<Extension>;

    /// Whether `login` may send mail from `reverse_path`.
    ///
    /// # Errors
    /// The reply that refuses it.
    fn check_sender(
        site: &Site,
        login: Option<&Account>,
        reverse_path: &ReversePath,
    ) -> Result<(), Reply>;

    /// Who gets mail for `forward_path`.
    ///
    /// # Errors
    /// The reply that refuses it.
    fn route(site: &Site, forward_path: &ForwardPath) -> Result<Vec<Account>, Reply>;

    /// What is done with the header.
    fn header(site: &Site) -> Header;
}

/// An agent that takes mail.
pub struct Intake<P> {
    server: Server,
    site: Arc<Site>,
    peer: Peer,
    entropy: Entropy,
    login: Login,
    account: Option<Account>,
    hello: Option<Hello>,
    tls: Option<Tls>,
    transaction: Option<Transaction>,
    awaits: Awaits,
    tickets: Tickets,
    effects: VecDeque<Effect>,
    now: Instant,
    policy: core::marker::PhantomData<P>,
}

/// A message on its way in.
struct Transaction {
    reverse_path: ReversePath,
    parameters: MailParameters,
    recipients: Vec<Recipient>,
    id: String,
    content: Content,
}

struct Recipient {
    forward_path: ForwardPath,
    accounts: Vec<Account>,
}

/// Which answer of the host is awaited, and the server's request that waits for it.
enum Awaits {
    Nothing,
    Verdict(Ticket),
    Begun(Ticket),
    Written(Ticket),
    /// The last of the content; then it is filed.
    LastWritten(Ticket),
    Delivered(Ticket),
}

impl<P: Policy> Intake<P> {
    /// An agent of `site` for a connection from `peer`.
    #[must_use]
    pub fn new(now: Instant, site: Arc<Site>, peer: Peer, mut entropy: Entropy) -> Self {
        let config = &site.config;
        let mut settings = server::Config::new(config.hostname.as_str(), P::PROTOCOL);
        settings.extensions = P::extensions();
        if let Some(greeting) = &config.smtp.greeting {
            settings.greeting.clone_from(greeting);
        }
        if let (Protocol::Smtp, Some(extensions)) = (P::PROTOCOL, &config.smtp.extensions) {
            // What can't be read was reported when the configuration was.
            settings.extensions = extensions.iter().filter_map(|it| it.parse().ok()).collect();
        }
        settings.cleartext_auth = site.channel(peer, None) != crate::sasl::Channel::Clear;
        settings.limits = config.limits.clone();
        Self {
            server: Server::new(now, Arc::new(settings), entropy.fork()),
            login: Login::new(site.clone()),
            site,
            peer,
            entropy,
            account: None,
            hello: None,
            tls: None,
            transaction: None,
            awaits: Awaits::Nothing,
            tickets: Tickets::default(),
            effects: VecDeque::new(),
            now,
            policy: core::marker::PhantomData,
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.server.handle(self.now, server::Input { ticket, answer });
    }

    fn report(&mut self, report: Report) {
        self.effects.push_back(Effect::Report(report));
    }

    fn ask_store(&mut self, request: store::Request) {
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Store { ticket, request });
    }

    fn handle_request(&mut self, ticket: Ticket, request: Request) {
        match request {
            Request::Connect | Request::Verify(_) | Request::Expand(_) => {
                self.answer(ticket, Answer::Accept);
            }
            Request::Hello(hello) => {
                self.hello = Some(hello);
                self.answer(ticket, Answer::Accept);
            }
            Request::Authenticate(question) => match self.login.judge(question) {
                Judgement::Answer(answer) => self.answer(ticket, Answer::Sasl(answer)),
                Judgement::Check(check) => {
                    self.awaits = Awaits::Verdict(ticket);
                    let ticket = self.tickets.issue();
                    self.effects.push_back(Effect::Authenticate { ticket, check });
                }
            },
            Request::Mail { reverse_path, parameters } => {
                let answer = self.mail(reverse_path, parameters);
                self.answer(ticket, answer);
            }
            Request::Recipient { forward_path, .. } => {
                let answer = self.recipient(forward_path);
                self.answer(ticket, answer);
            }
            Request::Begin => self.begin(ticket),
            Request::Content => self.take_content(ticket),
            Request::End => self.end(ticket),
            // RFC 1985 §5.3: nothing ever waits here, so nothing can be started.
            Request::Etrn(node) => {
                let text = format!("Ok, no messages waiting for node {node}");
                self.answer(ticket, Answer::Reply(Reply::new(251, (2, 0, 0), text)));
            }
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Authenticated { mechanism, accepted } => {
                self.account = self
                    .site
                    .directory
                    .login(&accepted.authcid)
                    .map(|(account, _)| account.clone());
                let report = Report::new("login").with("peer", self.peer);
                let report = report.with("account", accepted.authcid);
                self.report(report.with("mechanism", mechanism));
            }
            Event::NotAuthenticated { mechanism, failure } => {
                let why = failure.map_or_else(|| "cancelled".into(), |why| why.to_string());
                let report = Report::new("login-failed").with("peer", self.peer);
                self.report(report.with("mechanism", mechanism).with("reason", why));
            }
            Event::Abandoned => self.abandon(),
        }
    }

    /// Forgets the transaction and what was written of its content.
    fn abandon(&mut self) {
        self.awaits = Awaits::Nothing;
        if self.transaction.take().is_some_and(|it| it.content.has_begun()) {
            self.ask_store(store::Request::Abandon);
        }
    }

    fn mail(&mut self, reverse_path: ReversePath, parameters: MailParameters) -> Answer {
        if let Err(reply) = P::check_sender(&self.site, self.account.as_ref(), &reverse_path) {
            self.report_refusal(&reverse_path, None, &reply);
            return Answer::Reply(reply);
        }
        self.transaction = Some(Transaction {
            reverse_path,
            parameters,
            recipients: Vec::new(),
            id: self.entropy.token(ID),
            content: Content::new(P::header(&self.site)),
        });
        Answer::Accept
    }

    fn recipient(&mut self, forward_path: ForwardPath) -> Answer {
        let routed = P::route(&self.site, &forward_path);
        let Some(transaction) = &mut self.transaction else {
            return Answer::Reply(Reply::new(503, (5, 5, 1), "Send MAIL first"));
        };
        match routed {
            Ok(accounts) => {
                transaction.recipients.push(Recipient { forward_path, accounts });
                Answer::Accept
            }
            Err(reply) => {
                let reverse_path = transaction.reverse_path.clone();
                self.report_refusal(&reverse_path, Some(&forward_path), &reply);
                Answer::Reply(reply)
            }
        }
    }

    fn report_refusal(
        &mut self,
        reverse_path: &ReversePath,
        forward_path: Option<&ForwardPath>,
        reply: &Reply,
    ) {
        let mut report = Report::new("refused").with("peer", self.peer).with("from", reverse_path);
        if let Some(forward_path) = forward_path {
            report = report.with("to", forward_path);
        }
        self.report(report.with("reply", reply));
    }

    fn take_content(&mut self, ticket: Ticket) {
        let octets = self.server.content();
        let Some(transaction) = &mut self.transaction else { return };
        let submitter = Submitter {
            site: &self.site,
            login: self.account.as_ref(),
            now: self.now,
            entropy: &mut self.entropy,
        };
        match transaction.content.take(octets, submitter) {
            Ok(()) => {
                self.awaits = Awaits::Written(ticket);
                self.write_on();
            }
            Err(reply) => self.refuse_content(ticket, reply),
        }
    }

    /// Refuses the message for what is in it; the server tells the client at its end.
    fn refuse_content(&mut self, ticket: Ticket, reply: Reply) {
        if let Some(transaction) = &self.transaction {
            let reverse_path = transaction.reverse_path.clone();
            self.report_refusal(&reverse_path, None, &reply);
        }
        self.answer(ticket, Answer::Reply(reply));
    }

    fn end(&mut self, ticket: Ticket) {
        let Some(transaction) = &mut self.transaction else { return };
        let submitter = Submitter {
            site: &self.site,
            login: self.account.as_ref(),
            now: self.now,
            entropy: &mut self.entropy,
        };
        match transaction.content.end(submitter) {
            Ok(()) => {
                self.awaits = Awaits::LastWritten(ticket);
                self.write_on();
            }
            Err(reply) => {
                self.refuse_content(ticket, reply);
                self.abandon();
            }
        }
    }

    /// Writes the next piece of content, or goes on if all are written.
    fn write_on(&mut self) {
        let waiting = self.transaction.as_ref().is_some_and(|it| it.content.piece().is_some());
        if waiting {
            return self.ask_store(store::Request::Write);
        }
        match core::mem::replace(&mut self.awaits, Awaits::Nothing) {
            Awaits::Begun(ticket) | Awaits::Written(ticket) => self.answer(ticket, Answer::Accept),
            Awaits::LastWritten(ticket) => self.deliver(ticket),
            other => self.awaits = other,
        }
    }
}

impl<P: Policy> Machine for Intake<P> {
    type Input = Input;
    type Output = Effect;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Store { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_store(answer);
            }
            Input::Authenticated { ticket, verdict } if self.tickets.redeem(ticket) => {
                if let Awaits::Verdict(child) = self.awaits {
                    self.awaits = Awaits::Nothing;
                    let answer = self.login.handle_verdict(verdict);
                    self.answer(child, Answer::Sasl(answer));
                }
            }
            _ => {}
        }
    }

    machine_doors!();

    fn poll(&mut self) -> Option<Effect> {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Some(effect);
            }
            match self.server.poll()? {
                Output::Request { ticket, request } => self.handle_request(ticket, request),
                Output::Event(event) => self.handle_event(event),
            }
        }
    }
}

impl<P: Policy> Session for Intake<P> {
    session_doors!();

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        match &outcome {
            Ok(tls) => self.tls = Some(tls.clone()),
            Err(why) => {
                let report = Report::new("tls-failed").with("peer", self.peer);
                self.report(report.with("reason", why));
            }
        }
        // RFC 3207 §4.2: what was learnt in the clear is forgotten.
        (self.account, self.hello) = (None, None);
        self.server.handle_tls(now, outcome);
    }

    fn content(&self) -> &[u8] {
        let piece = self.transaction.as_ref().and_then(|it| it.content.piece());
        match piece {
            Some(content::Piece::Own(octets)) => octets,
            Some(content::Piece::Lent(range)) => &self.server.content()[range.clone()],
            None => &[],
        }
    }

    /// Does nothing: no content comes from the host.
    fn handle_content(&mut self, _: Instant, _: Ticket, _: &[u8]) {}
}
