//! What the three agents that take mail by SMTP or LMTP share: the envelope is checked, the content
//! goes into the store as it comes, and the reply waits until it is filed.
//!
//! What tells them apart is their [`Policy`].

mod content;
#[cfg(test)]
mod tests;

use super::login::{Judgement, Login};
use super::{Effect, Input, Peer, Report, Site};
use crate::address::{ForwardPath, Mailbox, ReversePath};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed, Wants};
use crate::message::date::DateTime;
use crate::message::trace::{self, Received, Transmission};
use crate::smtp::server::{self, Answer, Event, Hello, Output, Request, Verb};
use crate::smtp::{Extension, MailParameters, Protocol, Reply, Server};
use crate::store::{self, Account, Atomicity, Failure, MailboxName, Target};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use content::Content;

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
                    .login(&accepted.authcid, &self.site.config.limits)
                    .map(|(account, _)| account.clone());
                let report = Report::new("login").with("account", accepted.authcid);
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

    fn begin(&mut self, ticket: Ticket) {
        let first = self.targets().into_iter().next();
        match first {
            Some(Target { account, mailbox }) => {
                self.awaits = Awaits::Begun(ticket);
                self.ask_store(store::Request::Begin { account, mailbox });
            }
            None => {
                let reply = Reply::new(554, (5, 5, 1), "No valid recipients");
                self.answer(ticket, Answer::Reply(reply));
            }
        }
    }

    /// Where the message goes: every mailbox once.
    fn targets(&self) -> Vec<Target> {
        let recipients = self.transaction.iter().flat_map(|it| &it.recipients);
        let accounts = recipients.flat_map(|recipient| &recipient.accounts).cloned();
        let mut targets: Vec<Target> =
            accounts.map(|account| Target { account, mailbox: MailboxName::inbox() }).collect();
        targets.sort();
        targets.dedup();
        targets
    }

    fn take_content(&mut self, ticket: Ticket) {
        let octets = self.server.content();
        let Some(transaction) = &mut self.transaction else { return };
        let login = self.account.as_ref();
        match transaction.content.take(octets, &self.site, login, self.now, &mut self.entropy) {
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
        let login = self.account.as_ref();
        match transaction.content.end(&self.site, login, self.now, &mut self.entropy) {
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

    fn deliver(&mut self, ticket: Ticket) {
        let targets = self.targets();
        let Some(transaction) = &self.transaction else { return };
        let atomicity = match P::PROTOCOL {
            Protocol::Smtp => Atomicity::All,
            Protocol::Lmtp => Atomicity::Each,
        };
        let id = transaction.id.clone();
        self.awaits = Awaits::Delivered(ticket);
        self.ask_store(store::Request::Deliver { id, targets, atomicity });
    }

    /// The trace fields (RFC 5321 §4.4) of this delivery, which is the final one.
    fn trace(&self, transaction: &Transaction) -> Vec<u8> {
        let (helo, transmission) = match (&self.hello, P::PROTOCOL) {
            (Some(hello), Protocol::Lmtp) => (hello.name.as_str(), Transmission::Lmtp),
            (Some(hello), _) if hello.verb == Verb::Helo => (&*hello.name, Transmission::Smtp),
            (Some(hello), _) => (hello.name.as_str(), Transmission::Esmtp),
            (None, _) => ("unknown", Transmission::Smtp),
        };
        let recipient: Option<&Mailbox> = match &transaction.recipients[..] {
            [only] => only.forward_path.mailbox(),
            _ => None,
        };
        let received = Received {
            helo,
            peer: self.peer.address(),
            by: &self.site.config.hostname,
            with: trace::Protocol {
                transmission,
                utf8: transaction.parameters.smtputf8,
                tls: self.tls.is_some(),
                auth: self.account.is_some(),
            },
            id: &transaction.id,
            recipient,
            cipher: self.tls.as_ref().map(|tls| tls.cipher),
            date: DateTime::utc(self.now.as_seconds().cast_signed()),
        };
        let mut fields = trace::return_path(&transaction.reverse_path);
        fields.push_str(&received.write());
        fields.into_bytes()
    }

    fn handle_store(&mut self, answer: store::Answer) {
        match (core::mem::replace(&mut self.awaits, Awaits::Nothing), answer) {
            (Awaits::Begun(ticket), store::Answer::Done) => {
                if let Some(mut transaction) = self.transaction.take() {
                    let begun = transaction.content.has_begun();
                    if begun {
                        transaction.content.written();
                    } else {
                        transaction.content.begin(self.trace(&transaction));
                    }
                    self.transaction = Some(transaction);
                }
                self.awaits = Awaits::Begun(ticket);
                self.write_on();
            }
            (awaits @ (Awaits::Written(_) | Awaits::LastWritten(_)), store::Answer::Done) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.content.written();
                }
                self.awaits = awaits;
                self.write_on();
            }
            (Awaits::Delivered(ticket), store::Answer::Delivered(outcomes)) => {
                self.delivered(ticket, &outcomes);
            }
            (Awaits::Begun(ticket) | Awaits::Written(ticket), store::Answer::Failed(failure)) => {
                let reply = self.apologize(&failure);
                self.answer(ticket, Answer::Reply(reply));
            }
            (
                Awaits::LastWritten(ticket) | Awaits::Delivered(ticket),
                store::Answer::Failed(failure),
            ) => {
                let reply = self.apologize(&failure);
                self.answer(ticket, Answer::Reply(reply));
                self.abandon();
            }
            // Late answers about a transaction that was given up.
            _ => {}
        }
    }

    /// The reply to a failure of the store, which is never final.
    fn apologize(&mut self, failure: &Failure) -> Reply {
        self.report(Report::new("store-failed").with("reason", failure));
        match failure {
            Failure::Full => Reply::new(452, (4, 3, 1), "Insufficient system storage"),
            _ => Reply::new(451, (4, 3, 0), "The message could not be filed, try again later"),
        }
    }

    fn delivered(&mut self, ticket: Ticket, outcomes: &[Result<(), Failure>]) {
        let targets = self.targets();
        let Some(transaction) = self.transaction.take() else { return };
        let outcome = |account: &Account| {
            let place = targets.iter().position(|target| target.account == *account);
            place.and_then(|place| outcomes.get(place)).and_then(|it| it.as_ref().err())
        };
        let replies: Vec<Reply> = transaction
            .recipients
            .iter()
            .map(|recipient| match recipient.accounts.iter().find_map(outcome) {
                None => Reply::new(250, (2, 0, 0), format!("Ok: queued as {}", transaction.id)),
                Some(failure) => self.apologize(failure),
            })
            .collect();
        for (recipient, reply) in transaction.recipients.iter().zip(&replies) {
            if reply.is_positive() {
                let report = Report::new("delivered").with("id", &transaction.id);
                let report = report.with("from", &transaction.reverse_path);
                let report = report.with("to", &recipient.forward_path);
                self.report(report.with("size", transaction.content.octets()));
            }
        }
        let refusal = replies.iter().find(|reply| !reply.is_positive());
        let answer = match (P::PROTOCOL, refusal) {
            (Protocol::Lmtp, _) => Answer::Each(replies),
            (Protocol::Smtp, Some(refusal)) => Answer::Reply(refusal.clone()),
            (Protocol::Smtp, None) => Answer::Queued(transaction.id),
        };
        self.answer(ticket, answer);
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
            Input::Store { .. } | Input::Authenticated { .. } | Input::News => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.server.handle_timeout(now);
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.server.handle_shutdown(now);
    }

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

    fn poll_timeout(&self) -> Option<Instant> {
        self.server.poll_timeout()
    }
}

impl<P: Policy> Session for Intake<P> {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        self.server.handle_bytes(now, bytes);
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        self.server.handle_eof(now);
    }

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

    fn transmit(&self) -> &[u8] {
        self.server.transmit()
    }

    fn transmitted(&mut self, count: usize) {
        self.server.transmitted(count);
    }

    fn wants(&self) -> Wants {
        self.server.wants()
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
