//! From the greeting to the first transaction: EHLO, STARTTLS, AUTH.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::{Capabilities, Client, Failure, Line, Output, Stage, StartTls, State, Why};
use crate::limits::Limits;
use crate::machine::{Tls, TlsFailed};
use crate::sasl::{self, Abort, Channel, Mechanism, wire};
use crate::secret::Secret;
use crate::smtp::{Extension, Protocol, Reply};

/// A login under way.
pub(super) struct Login {
    mechanism: Mechanism,
    exchange: sasl::Client,
    /// The initial response in base64, while the server is to ask for it.
    held: Option<Secret<String>>,
}

/// Octets of an AUTH command with its CRLF that every server takes (RFC 5321 §4.5.3.1.4): RFC 4954
/// §4 holds initial responses to it.
const AUTH_LINE: usize = 512;

impl Client {
    pub(super) fn handle_greeting(&mut self, reply: Reply) {
        match reply.code {
            220 => {
                self.peer.greeting = reply;
                self.say_hello();
            }
            // RFC 5321 §3.1: 554 is for QUIT alone.
            400.. => self.reject(Stage::Greeting, Why::Reply(reply)),
            _ => self.reject(Stage::Greeting, Why::Unexpected(reply)),
        }
    }

    fn say_hello(&mut self) {
        let verb = match self.config.protocol {
            Protocol::Smtp => "EHLO",
            Protocol::Lmtp => "LHLO",
        };
        let config = self.config.clone();
        self.say(format_args!("{verb} {}", config.hostname));
        self.state = State::Hello;
    }

    pub(super) fn handle_hello(&mut self, reply: Reply) {
        match (reply.code, self.config.protocol) {
            (200..300, _) => {
                self.peer.capabilities = Capabilities::of(&reply);
                self.peer.hello = reply;
                self.secure();
            }
            // RFC 5321 §3.2; there is no LMTP without extensions.
            (500.., Protocol::Smtp) => {
                let config = self.config.clone();
                self.say(format_args!("HELO {}", config.hostname));
                self.state = State::Helo;
            }
            (400.., _) => self.reject(Stage::Hello, Why::Reply(reply)),
            _ => self.reject(Stage::Hello, Why::Unexpected(reply)),
        }
    }

    pub(super) fn handle_helo(&mut self, reply: Reply) {
        match reply.code {
            200..300 => {
                self.peer.capabilities = Capabilities::none();
                self.peer.hello = reply;
                self.secure();
            }
            400.. => self.reject(Stage::Hello, Why::Reply(reply)),
            _ => self.reject(Stage::Hello, Why::Unexpected(reply)),
        }
    }

    /// Begins TLS if it is to be begun, and goes on to the login otherwise.
    fn secure(&mut self) {
        let offered = self.peer.capabilities.has(&Extension::StartTls);
        match self.config.start_tls {
            _ if self.peer.tls.is_some() => self.log_in(),
            StartTls::Opportunistic | StartTls::Required if offered => {
                self.say("STARTTLS");
                self.state = State::StartTls;
            }
            StartTls::Required => self.reject(Stage::StartTls, Why::NoTls),
            StartTls::Never | StartTls::Opportunistic => self.log_in(),
        }
    }

    pub(super) fn handle_starttls(&mut self, reply: Reply) {
        match (reply.code, self.config.start_tls) {
            (220, _) if !self.inbox.is_empty() => self.fail_at(Stage::StartTls, Why::Injected),
            (220, _) => self.state = State::Handshake,
            (_, StartTls::Required) => self.reject(Stage::StartTls, Why::Reply(reply)),
            _ => self.log_in(),
        }
    }

    pub(super) fn handle_handshake(&mut self, outcome: Result<Tls, TlsFailed>) {
        match (outcome, &self.state) {
            (Ok(tls), State::Greeting | State::Handshake) => {
                self.outputs
                    .note(|| Line::Remark(format!("TLS begins: {} {}", tls.version, tls.cipher)));
                self.channel = Channel::from(&tls);
                self.peer.tls = Some(tls);
                // RFC 3207 §4.2: what the server said in the clear is forgotten.
                self.peer.capabilities = Capabilities::none();
                if let State::Handshake = self.state {
                    self.say_hello();
                }
            }
            (Err(failed), State::Greeting | State::Handshake) => {
                self.fail_at(Stage::StartTls, Why::Tls(failed));
            }
            _ => {}
        }
    }

    fn log_in(&mut self) {
        let config = self.config.clone();
        let Some(credentials) = &config.credentials else {
            return self.connected();
        };
        let mut offered = self.peer.capabilities.mechanisms();
        offered.retain(|mechanism| config.mechanisms.contains(mechanism));
        let best = sasl::Client::choose(&offered, credentials, &self.channel);
        let Some(mechanism) = best else {
            return self.reject(Stage::Auth, Why::NoMechanism);
        };
        let entropy = self.entropy.fork();
        let exchange =
            sasl::Client::new(mechanism, credentials, &self.channel, entropy, &config.limits);
        match exchange {
            Ok(exchange) => self.begin_login(mechanism, exchange),
            Err(abort) => self.reject(Stage::Auth, Why::Sasl(abort)),
        }
    }

    fn begin_login(&mut self, mechanism: Mechanism, mut exchange: sasl::Client) {
        let initial = exchange.initial_response().map(Secret::new);
        let initial = initial.map(|octets| Secret::new(wire::encode_initial(octets.expose())));
        let fits = |text: &Secret<String>| {
            "AUTH  \r\n".len() + mechanism.name().len() + text.expose().len() <= AUTH_LINE
        };
        let held = match initial {
            Some(text) if fits(&text) => {
                self.say_secret(format_args!("AUTH {mechanism} "), text.expose());
                None
            }
            held => {
                self.say(format_args!("AUTH {mechanism}"));
                held
            }
        };
        self.state = State::Login(Box::new(Login { mechanism, exchange, held }));
    }

    pub(super) fn handle_login(&mut self, mut login: Box<Login>, reply: Reply) {
        match reply.code {
            300..400 => match login.respond(&reply, &self.config.limits) {
                Ok(response) => {
                    self.say_secret("", response.expose());
                    self.state = State::Login(login);
                }
                Err(abort) => {
                    // RFC 4954 §4.
                    self.say("*");
                    self.state = State::Cancel(abort);
                }
            },
            200..300 => match login.finish() {
                Ok(()) => {
                    self.peer.login = Some(login.mechanism);
                    self.connected();
                }
                // Nothing more is said to a server that is not the one that it seems.
                Err(abort) => self.fail_at(Stage::Auth, Why::Sasl(abort)),
            },
            _ => self.reject(Stage::Auth, Why::Reply(reply)),
        }
    }

    fn connected(&mut self) {
        self.outputs.push(Output::Connected(Box::new(self.peer.clone())));
        self.rest();
    }

    /// Ends a connection to a server that still listens.
    pub(super) fn reject(&mut self, stage: Stage, why: Why) {
        self.say_quit(Err(Failure { stage, why }));
    }
}

impl Login {
    /// The response to a challenge, in base64.
    fn respond(&mut self, reply: &Reply, limits: &Limits) -> Result<Secret<String>, Abort> {
        let text = reply.text.trim_ascii();
        match self.held.take() {
            // RFC 4954 §4: the server asks for the initial response with an empty challenge.
            Some(held) if text.is_empty() => Ok(held),
            Some(_) => Err(Abort::Malformed),
            None => {
                let challenge =
                    wire::decode(text.as_bytes(), limits).map_err(|_| Abort::Malformed)?;
                let response = Secret::new(self.exchange.handle_challenge(&challenge)?);
                Ok(Secret::new(wire::encode(response.expose())))
            }
        }
    }

    /// Takes note that the server claims success.
    fn finish(&self) -> Result<(), Abort> {
        match self.held {
            Some(_) => Err(Abort::Unproven),
            None => self.exchange.handle_success(),
        }
    }
}
