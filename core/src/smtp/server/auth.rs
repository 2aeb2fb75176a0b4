//! AUTH (RFC 4954).

use alloc::string::String;
use alloc::vec::Vec;

use super::session::{Asking, State};
use super::{Answer, Event, Request, Server};
use crate::sasl::{self, Channel, Failure, Mechanism, Step, wire};
use crate::secret::Secret;
use crate::smtp::{Extension, Reply};

/// A login under way.
#[derive(Debug)]
pub(super) struct Exchange {
    mechanism: Mechanism,
    server: sasl::Server,
}

impl Server {
    /// The mechanisms that may be used now: none in the clear, whatever they reveal.
    pub(super) fn offered(&self) -> Vec<Mechanism> {
        let channel = self.channel();
        let configured = self.config.extensions.iter().find_map(|extension| match extension {
            Extension::Auth(mechanisms) => Some(mechanisms),
            _ => None,
        });
        configured.map(|mechanisms| channel.offer(mechanisms)).unwrap_or_default()
    }

    pub(super) fn auth(&mut self, name: &str, initial: Option<Secret<String>>) {
        if !self.announces("AUTH") {
            return self.not_here();
        }
        if self.hello.is_none() {
            return self.out_of_order("Say hello first");
        }
        if self.login.is_some() {
            return self.out_of_order("You are logged in already");
        }
        if self.transaction.is_some() {
            return self.out_of_order("A transaction is under way");
        }
        if self.channel() == Channel::Clear {
            let text = "Encryption required for requested authentication mechanism";
            return self.fail(&Reply::new(538, (5, 7, 11), text));
        }
        let offered = self.offered();
        let wanted = Mechanism::parse(name).filter(|mechanism| offered.contains(mechanism));
        let Some(mechanism) = wanted else {
            return self.fail(&Reply::new(504, (5, 5, 4), "This mechanism is not offered"));
        };
        let initial = initial.map(|text| {
            wire::decode_initial(text.expose().as_bytes(), &self.config.limits).map(Secret::new)
        });
        match initial.transpose() {
            Ok(initial) => self.start_login(mechanism, &offered, initial),
            Err(why) => self.fail(&unreadable(why)),
        }
    }

    fn start_login(
        &mut self,
        mechanism: Mechanism,
        offered: &[Mechanism],
        initial: Option<Secret<Vec<u8>>>,
    ) {
        let bound = offered.contains(&Mechanism::ScramSha256Plus);
        let binding = self.channel().binding().filter(|_| bound).cloned();
        let mut server = sasl::Server::new(mechanism, binding, self.entropy.fork());
        let step = server.start(initial.as_ref().map(|octets| &octets.expose()[..]));
        self.take_step(Exchange { mechanism, server }, step);
    }

    pub(super) fn take_response(&mut self) -> bool {
        let limits = self.config.limits.clone();
        let max = wire::max_line(&limits) + 2;
        let decode = |line: &[u8]| wire::decode_response(line, &limits);
        let too_long = unreadable(wire::Unreadable::TooLong);
        let Some(line) = self.take_line(max, too_long, decode) else {
            return matches!(self.state, State::LongLine(_));
        };
        let State::Login(mut exchange) = core::mem::replace(&mut self.state, State::Command) else {
            return false;
        };
        match line {
            Ok(Ok(wire::Response::Octets(response))) => {
                let response = Secret::new(response);
                let step = exchange.server.handle_response(response.expose());
                self.take_step(exchange, step);
            }
            Ok(Ok(wire::Response::Cancel)) => {
                self.tell_failed(&exchange, None);
                self.fail(&Reply::new(501, (5, 7, 0), "Authentication cancelled"));
            }
            Ok(Err(why)) => self.fail(&unreadable(why)),
            Err(error) => self.fail(&error.reply()),
        }
        true
    }

    pub(super) fn resume_login(&mut self, mut exchange: Exchange, answer: Answer) {
        let answer = match answer {
            Answer::Sasl(answer) => answer,
            _ => sasl::Answer::Unavailable,
        };
        let step = exchange.server.handle_answer(answer);
        self.take_step(exchange, step);
    }

    fn take_step(&mut self, exchange: Exchange, step: Step) {
        match step {
            Step::Challenge(challenge) => {
                self.say(&Reply::bare(334, wire::encode(&challenge)));
                self.state = State::Login(exchange);
            }
            Step::Verify(question) => {
                self.ask(Request::Authenticate(question), Asking::Login(exchange));
            }
            Step::Done(accepted) => {
                self.login = Some(accepted.clone());
                let mechanism = exchange.mechanism;
                self.tell(Event::Authenticated { mechanism, accepted });
                self.say(&Reply::new(235, (2, 7, 0), "Authentication successful"));
            }
            Step::Failed(failure) => self.refuse_login(&exchange, failure),
        }
    }

    // RFC 4954 §6, §9: failures cost time, and only a few are borne.
    fn refuse_login(&mut self, exchange: &Exchange, failure: Failure) {
        self.tell_failed(exchange, Some(failure));
        let reply = match failure {
            Failure::Malformed => {
                return self.fail(&Reply::new(501, (5, 5, 2), "Malformed response"));
            }
            Failure::Unavailable => {
                let text = "Authentication is not available now";
                return self.say(&Reply::new(454, (4, 7, 0), text));
            }
            Failure::Credentials | Failure::ChannelBinding => {
                Reply::new(535, (5, 7, 8), "Authentication failed")
            }
        };
        let until = self.now + self.config.limits.penalty(self.failed_logins);
        self.failed_logins += 1;
        let last = self.failed_logins >= self.config.limits.failed_logins;
        let reply = if last { Reply::new(421, (4, 7, 0), "Too many failed logins") } else { reply };
        self.state = State::Penalty { until, reply };
    }

    fn tell_failed(&mut self, exchange: &Exchange, failure: Option<Failure>) {
        self.tell(Event::NotAuthenticated { mechanism: exchange.mechanism, failure });
    }
}

fn unreadable(why: wire::Unreadable) -> Reply {
    match why {
        wire::Unreadable::TooLong => Reply::new(500, (5, 5, 6), "Authentication line too long"),
        wire::Unreadable::NotBase64 => Reply::new(501, (5, 5, 2), "Cannot decode the response"),
    }
}
