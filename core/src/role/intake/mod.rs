//! What the three agents that take mail by SMTP or LMTP share: the envelope is checked, the content
//! goes where it is kept as it comes, and the reply waits until it is safe there.
//!
//! Mail that is wholly for mailboxes here goes into the store. Mail that has to leave, or of whose
//! delivery the sender wants to be told, goes into the spool as a whole, and the queue has it from
//! there.
//!
//! What tells the agents apart is their [`Policy`].

mod content;
mod filing;
mod inquiry;
mod keeping;
mod queueing;
mod room;
#[cfg(test)]
mod tests;

use super::doors::{machine_doors, session_doors};
use super::login::{Judgement, Login};
use super::{Effect, Input, Peer, Report, Site};
use crate::address::{ForwardPath, ReversePath};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed};
use crate::queue::{self, spool};
use crate::smtp::server::{self, Answer, Event, Hello, Output, Request};
use crate::smtp::{Extension, MailParameters, Notify, Protocol, RcptParameters, Reply, Server};
use crate::store::{self, Account};
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use content::{Content, Submitter};

pub use content::Header;
pub(super) use filing::{failure, inboxes};

/// What tells one agent that takes mail from another.
pub trait Policy {
    /// The protocol that its clients speak.
    const PROTOCOL: Protocol;

    /// What it announces to `peer` where nothing is configured.
    fn extensions(site: &Site, peer: Peer) -> Vec<Extension>;

    /// Whether `login` may send mail from `reverse_path`.
    ///
    /// # Errors
    /// The reply that refuses it.
    fn check_sender(
        site: &Site,
        login: Option<&Account>,
        reverse_path: &ReversePath,
    ) -> Result<(), Reply>;

    /// Where mail for `forward_path` goes.
    ///
    /// # Errors
    /// The reply that refuses it.
    fn route(site: &Site, forward_path: &ForwardPath) -> Result<Routed, Reply>;

    /// What is done with the header.
    fn header(site: &Site) -> Header;
}

/// Where mail for a recipient goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Routed {
    /// Into the INBOX of these accounts; never empty.
    Here(Vec<Account>),
    /// To another host.
    Elsewhere,
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
    id: queue::Id,
    arrived: Instant,
    way: Way,
    content: Content,
}

struct Recipient {
    forward_path: ForwardPath,
    parameters: RcptParameters,
    routed: Routed,
}

impl Recipient {
    /// Whether only the queue can do what is wanted.
    const fn needs_queue(&self) -> bool {
        matches!(self.routed, Routed::Elsewhere)
            || matches!(self.parameters.notify, Some(Notify::On { success: true, .. }))
    }
}

/// Where a message is written, content and all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// Into the mailboxes.
    Store,
    /// Into the spool.
    Spool,
}

/// Which answer of the host is awaited, and the server's request that waits for it.
enum Awaits {
    Nothing,
    Verdict(Ticket),
    Room(room::Admission),
    Begun(Ticket),
    Written(Ticket),
    /// The last of the content; then it is filed or queued.
    LastWritten(Ticket),
    Delivered(Ticket),
    Committed(Ticket),
}

impl<P: Policy> Intake<P> {
    /// An agent of `site` for a connection from `peer`.
    #[must_use]
    pub fn new(now: Instant, site: Arc<Site>, peer: Peer, mut entropy: Entropy) -> Self {
        let config = &site.config;
        let mut settings = server::Config::new(config.hostname.as_str(), P::PROTOCOL);
        settings.extensions = P::extensions(&site, peer);
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

    fn ask_spool(&mut self, request: spool::Request) {
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Spool { ticket, request });
    }

    fn handle_request(&mut self, ticket: Ticket, request: Request) {
        match request {
            Request::Connect | Request::Expand(_) => self.answer(ticket, Answer::Accept),
            Request::Verify(text) => {
                let answer = self.verify(&text);
                self.answer(ticket, answer);
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
            Request::Recipient { forward_path, parameters } => {
                self.recipient(ticket, forward_path, parameters);
            }
            Request::Begin => self.begin(ticket),
            Request::Content => self.take_content(ticket),
            Request::End => self.end(ticket),
            Request::Etrn(node) => {
                let reply = self.etrn(&node);
                self.answer(ticket, Answer::Reply(reply));
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
        match self.transaction.take().filter(|it| it.content.has_begun()) {
            Some(Transaction { way: Way::Store, .. }) => self.ask_store(store::Request::Abandon),
            Some(Transaction { way: Way::Spool, .. }) => self.ask_spool(spool::Request::Abandon),
            None => {}
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
            id: queue::Id::new(&mut self.entropy),
            arrived: self.now,
            way: Way::Store,
            content: Content::new(P::header(&self.site)),
        });
        Answer::Accept
    }

    fn recipient(&mut self, ticket: Ticket, forward_path: ForwardPath, parameters: RcptParameters) {
        match P::route(&self.site, &forward_path) {
            Ok(routed) => self.admit(ticket, Recipient { forward_path, parameters, routed }),
            Err(reply) => {
                if let Some(transaction) = &self.transaction {
                    let reverse_path = transaction.reverse_path.clone();
                    self.report_refusal(&reverse_path, Some(&forward_path), &reply);
                }
                self.answer(ticket, Answer::Reply(reply));
            }
        }
    }

    fn accept(&mut self, recipient: Recipient) -> Answer {
        let Some(transaction) = &mut self.transaction else {
            return Answer::Reply(Reply::new(503, (5, 5, 1), "Send MAIL first"));
        };
        if recipient.needs_queue() {
            transaction.way = Way::Spool;
        }
        transaction.recipients.push(recipient);
        Answer::Accept
    }

    fn report_refusal(
        &mut self,
        reverse_path: &ReversePath,
        forward_path: Option<&ForwardPath>,
        reply: &Reply,
    ) {
        let mut report = Report::new("refused").with("peer", self.peer);
        if let Some(transaction) = &self.transaction {
            report = report.with("id", transaction.id);
        }
        report = report.with("from", reverse_path);
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
            Input::Spool { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_spool(answer);
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
