//! Mailbox access by IMAP (RFC 3501): a protocol session whose logins the directory judges and
//! whose requests go to the store of the account that has logged in.

#[cfg(feature = "compress")]
use crate::compress::Compressed;
use crate::entropy::Entropy;
use crate::imap::server::{self, Config, Event, Output, Server};
use crate::machine::{Deflate, DeflateFailed, Instant, Machine, Session, Ticket, Tls, TlsFailed};
use crate::role::doors::{machine_doors, session_doors};
use crate::role::login::{Judgement, Login};
use crate::role::{Effect, Input, Peer, Report, Site};
use crate::sasl;
use alloc::sync::Arc;

#[cfg(test)]
mod tests;

/// The server's end of an IMAP connection of a [`Site`].
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::machine::{Instant, Machine, Session};
/// use postroad_core::role::{Peer, Site, config::Config, ms::Imap};
///
/// let site = Site::new(Config::default(), [7; 32])?;
/// let entropy = Entropy::from_seed([7; 32]);
/// let mut imap = Imap::new(Instant::from_seconds(0), site.into(), Peer::Socket, entropy);
/// assert!(imap.poll().is_none());
/// assert!(imap.transmit().starts_with(b"* OK [CAPABILITY IMAP4rev1 "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Imap {
    server: Server,
    login: Login,
    peer: Peer,
    now: Instant,
}

impl Imap {
    /// The server for a connection from `peer`.
    #[must_use]
    pub fn new(now: Instant, site: Arc<Site>, peer: Peer, entropy: Entropy) -> Self {
        Self::with_compress(now, site, peer, entropy, false)
    }

    /// The same with the layer that COMPRESS=DEFLATE needs, and so with that on offer (RFC 4978).
    #[cfg(feature = "compress")]
    #[must_use]
    pub fn compressed(
        now: Instant,
        site: Arc<Site>,
        peer: Peer,
        entropy: Entropy,
    ) -> Compressed<Self> {
        let limits = site.config.limits.clone();
        Compressed::new(now, Self::with_compress(now, site, peer, entropy, true), &limits)
    }

    fn with_compress(
        now: Instant,
        site: Arc<Site>,
        peer: Peer,
        entropy: Entropy,
        compress: bool,
    ) -> Self {
        let limits = site.config.limits.clone();
        let crate::role::config::Imap { admin, comment } = site.config.imap.clone();
        let config = Config { limits, admin, comment, compress, ..Config::default() };
        let channel = site.channel(peer, None);
        let server = Server::new(now, config.into(), channel, entropy);
        Self { server, login: Login::new(site), peer, now }
    }

    /// What becomes of an output of the server; `None` if it was answered here.
    fn translate(&mut self, output: Output) -> Option<Effect> {
        match output {
            Output::Store { ticket, request } => Some(Effect::Store { ticket, request }),
            Output::Authenticate { ticket, question } => match self.login.judge(question) {
                Judgement::Check(check) => Some(Effect::Authenticate { ticket, check }),
                Judgement::Answer(answer) => {
                    self.answer(ticket, answer);
                    None
                }
            },
            Output::Event(event) => Some(Effect::Report(self.report(&event))),
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: sasl::Answer) {
        self.server.handle(self.now, server::Input::Authenticated { ticket, answer });
    }

    fn report(&self, event: &Event) -> Report {
        let report = match event {
            Event::LoggedIn { account, mechanism } => {
                Report::new("login").with("account", account).with("mechanism", mechanism)
            }
            Event::LoginFailed { mechanism, why } => {
                Report::new("login-failed").with("mechanism", mechanism).with("reason", why)
            }
            Event::LoggedOut { account } => {
                Report::new("logout").with("account", account).with("reason", "UNAUTHENTICATE")
            }
            Event::Closed { account: Some(account), why } => {
                Report::new("logout").with("account", account).with("reason", why)
            }
            Event::Closed { account: None, why } => Report::new("closed").with("reason", why),
        };
        report.with("protocol", "imap").with("peer", self.peer)
    }
}

impl Machine for Imap {
    type Input = Input;
    type Output = Effect;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Store { ticket, answer } => {
                self.server.handle(now, server::Input::Store { ticket, answer });
            }
            Input::Authenticated { ticket, verdict } => {
                let answer = self.login.handle_verdict(verdict);
                self.answer(ticket, answer);
            }
            Input::News => self.server.handle(now, server::Input::News),
            // For those who take or carry mail.
            Input::Spool { .. } | Input::Carry(_) | Input::Quit => {}
            Input::Paper(_) | Input::Site(_) => {}
        }
    }

    machine_doors!();

    fn poll(&mut self) -> Option<Effect> {
        while let Some(output) = self.server.poll() {
            let effect = self.translate(output);
            if effect.is_some() {
                return effect;
            }
        }
        None
    }
}

impl Session for Imap {
    session_doors!();

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        self.server.handle_tls(now, outcome);
    }

    fn handle_deflate(&mut self, now: Instant, outcome: Result<Deflate, DeflateFailed>) {
        self.now = now;
        self.server.handle_deflate(now, outcome);
    }

    fn content(&self) -> &[u8] {
        self.server.content()
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.now = now;
        self.server.handle_content(now, ticket, bytes);
    }
}
