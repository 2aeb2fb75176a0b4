//! AUTHENTICATE and LOGIN (RFC 3501 §6.2.2, §6.2.3; RFC 4959; RFC 4422).

use super::connection::{Connection, Phase, confused, out_of_place};
use super::dispatch::Begun;
use super::task::{Manner, Step, Task, Told};
use super::{Event, bad, no, ok};
use crate::imap::{Bounds, Code, Response, Status, Step as Assembled};
use crate::sasl::wire::{self, Unreadable};
use crate::sasl::{self, Accepted, Failure, Mechanism, Server};
use crate::secret::Secret;
use crate::store::Account;
use alloc::vec::Vec;

/// A SASL exchange under way.
#[derive(Debug)]
pub(super) struct Authenticating {
    /// What the client asked for: a mechanism, or LOGIN.
    name: &'static str,
    server: Server,
    /// The step that the initial response, or its absence, has led to.
    first: Option<sasl::Step>,
    /// What is said after the delay for a failed login.
    refusal: Option<Status>,
}

pub(super) fn begin_authenticate(
    connection: &mut Connection,
    mechanism: &str,
    initial: Option<Secret<Vec<u8>>>,
) -> Begun {
    is_anonymous(connection)?;
    let offer = connection.mechanisms();
    let mechanism = match Mechanism::parse(mechanism) {
        Some(mechanism) if offer.contains(&mechanism) => mechanism,
        Some(mechanism) if connection.config.mechanisms.contains(&mechanism) => {
            return Err(no("Not without TLS").with_code(Code::PrivacyRequired));
        }
        _ => return Err(no("This mechanism is not offered").with_code(Code::Cannot)),
    };
    let decode = |initial: Secret<Vec<u8>>| {
        wire::decode_initial(initial.expose(), connection.limits()).map(Secret::new)
    };
    let initial = initial.map(decode).transpose().map_err(unreadable)?;
    let initial = initial.as_ref().map(|initial| &initial.expose()[..]);
    begin(connection, mechanism.name(), mechanism, initial)
}

/// LOGIN is PLAIN by other words.
pub(super) fn begin_login(
    connection: &mut Connection,
    user: &[u8],
    password: &Secret<Vec<u8>>,
) -> Begun {
    is_anonymous(connection)?;
    if !connection.allows_login() {
        return Err(no("Not without TLS").with_code(Code::PrivacyRequired));
    }
    let message = Secret::new([b"\0", user, b"\0", password.expose()].concat());
    begin(connection, "LOGIN", Mechanism::Plain, Some(message.expose()))
}

fn begin(
    connection: &mut Connection,
    name: &'static str,
    mechanism: Mechanism,
    initial: Option<&[u8]>,
) -> Begun {
    let offers_plus = connection.mechanisms().contains(&Mechanism::ScramSha256Plus);
    let binding = connection.channel.binding().filter(|_| offers_plus).cloned();
    let mut server = Server::new(mechanism, binding, connection.entropy.fork());
    let first = Some(server.start(initial));
    Ok((Manner::FREE, Task::Authenticate(Authenticating { name, server, first, refusal: None })))
}

fn is_anonymous(connection: &Connection) -> Result<(), Status> {
    match connection.phase {
        Phase::NotAuthenticated => Ok(()),
        _ => Err(out_of_place("You are logged in already")),
    }
}

fn unreadable(why: Unreadable) -> Status {
    bad(match why {
        Unreadable::TooLong => "The response is too long",
        Unreadable::NotBase64 => "The response is not in base64",
    })
}

impl Authenticating {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let step = match told {
            Told::Time => return Step::Done(self.refusal.take().unwrap_or_else(confused)),
            Told::Verdict(answer) => self.server.handle_answer(answer),
            Told::Client(Assembled::Line(line)) => {
                match wire::decode_response(line.expose(), connection.limits()) {
                    Ok(wire::Response::Octets(response)) => self.server.handle_response(&response),
                    Ok(wire::Response::Cancel) => {
                        // RFC 3501 §6.2.2: cancelling is answered with BAD.
                        return Step::Done(bad("AUTHENTICATE cancelled"));
                    }
                    Err(why) => return Step::Done(unreadable(why)),
                }
            }
            _ => match self.first.take() {
                Some(first) => first,
                None => return Step::Done(confused()),
            },
        };
        self.follow(connection, step)
    }

    fn follow(&mut self, connection: &mut Connection, step: sasl::Step) -> Step {
        match step {
            sasl::Step::Challenge(challenge) => {
                connection.respond(Response::Continue(wire::encode(&challenge).into()));
                let longest = wire::max_line(connection.limits());
                connection.assembler.expect_line(longest);
                Step::Client
            }
            sasl::Step::Verify(question) => Step::Verify(question),
            sasl::Step::Done(accepted) => Step::Done(self.accept(connection, &accepted)),
            sasl::Step::Failed(why) => self.reject(connection, why),
        }
    }

    fn accept(&self, connection: &mut Connection, accepted: &Accepted) -> Status {
        let Ok(account) = Account::parse(&accepted.authcid) else {
            return confused();
        };
        connection.phase = Phase::Authenticated(account.clone());
        connection.assembler.set_bounds(Bounds::after_login(&connection.config.limits));
        connection.events.push_back(Event::LoggedIn { account, mechanism: self.name });
        ok("Logged in").with_code(Code::Capability(connection.capabilities()))
    }

    fn reject(&mut self, connection: &mut Connection, why: Failure) -> Step {
        connection.events.push_back(Event::LoginFailed { mechanism: self.name, why });
        let status = match why {
            Failure::Malformed => return Step::Done(bad("The response is malformed")),
            Failure::Unavailable => {
                return Step::Done(no("Logins are not possible now").with_code(Code::Unavailable));
            }
            Failure::Credentials => no("Authentication failed"),
            Failure::ChannelBinding => no("The channel binding does not match"),
        };
        let then = connection.now + connection.limits().penalty(connection.failed_logins);
        connection.failed_logins += 1;
        self.refusal = Some(status.with_code(Code::AuthenticationFailed));
        Step::Until(then)
    }
}
