//! The AUTHORIZATION state (RFC 1939 §4): who is it?

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::maildrop::{Maildrop, Message};
use super::{BYE, Output, Server, State, Timer};
use crate::pop3::{Code, Command, Reply};
use crate::sasl::{self, Failure, Mechanism, Step, wire};
use crate::secret::Secret;

impl Server {
    pub(super) fn handle_authorization(&mut self, name: Option<String>, command: Command) {
        match command {
            Command::User(name) => self.handle_user(name),
            Command::Pass(password) => self.handle_pass(name, &password),
            Command::Auth { mechanism: Some(mechanism), initial } => {
                self.handle_auth(&mechanism, initial.as_ref());
            }
            Command::Stls => self.handle_stls(),
            Command::Quit => self.farewell(State::Authorization { name }, BYE),
            other => {
                self.handle_informative(&other);
                self.state = State::Authorization { name };
            }
        }
    }

    /// Commands that leave the AUTHORIZATION state as it is.
    fn handle_informative(&mut self, command: &Command) {
        match command {
            Command::Capa => self.handle_capa(),
            Command::Lang(range) => self.handle_lang(range.as_deref()),
            // Deviation: RFC 6856 §2.1 wants internationalized messages to be downgraded for a client
            // that has not said UTF8. Messages are always given as they are: a downgraded one breaks
            // its signatures, and clients have coped with octets beyond ASCII ever since.
            Command::Utf8 => self.say(Reply::Ok("UTF-8 it is")),
            Command::Auth { .. } => self.handle_auth_question(),
            _ => self.say(Reply::Err(None, "Log in first")),
        }
    }

    /// Any name will do: who exists is not told (RFC 1939 §13).
    fn handle_user(&mut self, name: String) {
        let name = if self.may_send_password() {
            self.say(Reply::Ok("Send the password"));
            Some(name)
        } else {
            self.say(TLS_FIRST);
            None
        };
        self.state = State::Authorization { name };
    }

    /// USER and PASS are the mechanism LOGIN by other names.
    fn handle_pass(&mut self, name: Option<String>, password: &Secret<String>) {
        let Some(name) = name else {
            let why = if self.may_send_password() {
                Reply::Err(None, "Send USER first")
            } else {
                TLS_FIRST
            };
            self.say(why);
            self.state = State::Authorization { name };
            return;
        };
        let mut exchange = sasl::Server::new(Mechanism::Login, None, self.entropy.fork());
        let mut step = exchange.start(Some(name.as_bytes()));
        if let Step::Challenge(_) = step {
            step = exchange.handle_response(password.expose().as_bytes());
        }
        self.advance(Box::new(exchange), step);
    }

    fn handle_auth(&mut self, mechanism: &str, initial: Option<&Secret<String>>) {
        self.state = State::Authorization { name: None };
        let known = Mechanism::parse(mechanism).filter(|it| self.config.mechanisms.contains(it));
        let Some(mechanism) = known else {
            return self.say(Reply::Err(None, "Unknown mechanism"));
        };
        if !self.channel.allows(mechanism) {
            return self.say(TLS_FIRST);
        }
        let decode = |initial: &Secret<String>| {
            wire::decode_initial(initial.expose().as_bytes(), &self.config.limits)
        };
        let initial = match initial.map(decode).transpose() {
            Ok(initial) => initial,
            Err(why) => return self.say(unreadable(why)),
        };
        let plus = self.offer().contains(&Mechanism::ScramSha256Plus);
        let binding = self.channel.binding().filter(|_| plus).cloned();
        let mut exchange = sasl::Server::new(mechanism, binding, self.entropy.fork());
        let step = exchange.start(initial.as_deref());
        self.advance(Box::new(exchange), step);
    }

    /// A line in answer to a challenge.
    pub(super) fn handle_response(&mut self, mut exchange: Box<sasl::Server>, line: &[u8]) {
        match wire::decode_response(line, &self.config.limits) {
            Ok(wire::Response::Octets(response)) => {
                let step = exchange.handle_response(&response);
                self.advance(exchange, step);
            }
            // RFC 5034 §4.
            Ok(wire::Response::Cancel) => self.back(Reply::Err(None, "Cancelled")),
            Err(why) => self.back(unreadable(why)),
        }
    }

    /// Does what a SASL exchange wants next.
    pub(super) fn advance(&mut self, exchange: Box<sasl::Server>, step: Step) {
        let mechanism = exchange.mechanism();
        match step {
            Step::Challenge(challenge) => {
                let _ = write!(self.outbox, "+ {}\r\n", wire::encode(&challenge));
                self.state = State::Response(exchange);
            }
            Step::Verify(question) => {
                self.ask(|ticket| Output::Verify { ticket, question });
                self.state = State::Verdict(exchange);
            }
            Step::Done(login) => {
                self.ask(|ticket| Output::Open { ticket, login, mechanism });
                self.state = State::Opening;
            }
            Step::Failed(failure) => self.refuse(mechanism, failure),
        }
    }

    fn refuse(&mut self, mechanism: Mechanism, failure: Failure) {
        self.output = Some(Output::Refused { mechanism, failure });
        match failure {
            Failure::Malformed => self.back(Reply::Err(None, "Malformed response")),
            Failure::Unavailable => {
                self.back(Reply::Err(Some(Code::Temporary), "Login is not possible now"));
            }
            Failure::Credentials | Failure::ChannelBinding => {
                let delay = self.config.limits.penalty(self.failures);
                self.failures = self.failures.saturating_add(1);
                self.timers.set(Timer::Penalty, self.now + delay);
                self.state = State::Penalty(Reply::Err(Some(Code::Auth), "Authentication failed"));
            }
        }
    }

    /// Tells of a refused login, after the delay.
    pub(super) fn release(&mut self, reply: Reply<&'static str>) {
        if self.failures >= self.config.limits.failed_logins {
            self.farewell(State::Authorization { name: None }, reply);
        } else {
            self.back(reply);
        }
    }

    fn back(&mut self, reply: Reply<&'static str>) {
        self.say(reply);
        self.state = State::Authorization { name: None };
    }

    fn handle_stls(&mut self) {
        if !self.stls {
            self.back(Reply::Err(None, "STLS is not available"));
        } else if !self.inbox.is_empty() {
            // What follows STLS in the clear was not sent by who then speaks TLS (RFC 2595 §4).
            let state = State::Authorization { name: None };
            self.farewell(state, Reply::Err(None, "Nothing may follow STLS"));
        } else {
            self.say(Reply::Ok("Begin TLS"));
            self.state = State::Handshake;
        }
    }

    /// Enters the TRANSACTION state (RFC 1939 §5).
    pub(super) fn enter(&mut self, messages: Vec<Message>) {
        self.timers.clear(Timer::Login);
        let maildrop = Maildrop::new(messages);
        self.say(Reply::Ok(format_args!("The maildrop has {}", maildrop.tally())));
        self.state = State::Transaction(maildrop);
    }

    /// The mechanisms that are offered.
    fn offer(&self) -> Vec<Mechanism> {
        self.channel.offer(&self.config.mechanisms)
    }

    /// Whether USER and PASS are offered.
    fn may_send_password(&self) -> bool {
        self.offer().contains(&Mechanism::Plain)
    }

    /// What is offered, in both states (RFC 2449 §5).
    pub(super) fn handle_capa(&mut self) {
        let config = self.config.clone();
        let offer = self.offer();
        self.say(Reply::Ok("Capability list follows"));
        for line in ["TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "EXPIRE NEVER"] {
            self.line(format_args!("{line}"));
        }
        if self.may_send_password() {
            self.line(format_args!("USER"));
        }
        if !offer.is_empty() {
            let names: Vec<_> = offer.into_iter().map(Mechanism::name).collect();
            self.line(format_args!("SASL {}", names.join(" ")));
        }
        if self.stls {
            self.line(format_args!("STLS"));
        }
        // RFC 6856 §2: USER and PASS take UTF-8, too.
        self.line(format_args!("UTF8 USER"));
        self.line(format_args!("LANG"));
        if let Some(implementation) = &config.implementation {
            self.line(format_args!("IMPLEMENTATION {implementation}"));
        }
        self.line(format_args!("."));
    }

    /// AUTH without a mechanism: no RFC, but old clients ask so what there is.
    fn handle_auth_question(&mut self) {
        self.say(Reply::Ok("Mechanisms follow"));
        for mechanism in self.offer() {
            self.line(format_args!("{mechanism}"));
        }
        self.line(format_args!("."));
    }

    /// RFC 6856 §3: there is English, which is also what nobody asked for.
    pub(super) fn handle_lang(&mut self, range: Option<&str>) {
        let Some(range) = range else {
            self.say(Reply::Ok("Languages follow"));
            self.line(format_args!("en English"));
            self.line(format_args!("i-default Default language"));
            return self.line(format_args!("."));
        };
        let language = range.split('-').next().unwrap_or_default();
        if range == "*" || range.eq_ignore_ascii_case("i-default") {
            self.say(Reply::Ok("i-default English it is"));
        } else if language.eq_ignore_ascii_case("en") {
            self.say(Reply::Ok("en English it is"));
        } else {
            self.say(Reply::Err(None, "No such language"));
        }
    }
}

const TLS_FIRST: Reply<&str> = Reply::Err(None, "Not without TLS");

const fn unreadable(why: wire::Unreadable) -> Reply<&'static str> {
    match why {
        wire::Unreadable::TooLong => Reply::Err(None, "Response too long"),
        wire::Unreadable::NotBase64 => Reply::Err(None, "Not base64"),
    }
}
