//! `imap-server`: the server's end of IMAP, over a store in memory.

use super::common::{self, Common};
use super::login::{self, Users};
use super::mailroom::{self, Desk, Mailroom};
use crate::runner::{Dialogue, Request as Heard, Scripted, Unmentioned, Voice, World, settings};
use crate::transcript::{End, Malformed, Sections, Transcript};
use postroad_core::entropy::Entropy;
use postroad_core::imap::server::{Config, Event, Input, Output, Server};
use postroad_core::machine::{Instant, Machine as _, Session as _, Ticket};
use postroad_core::sasl::{Channel, Question};
use postroad_core::store;
use std::sync::Arc;

/// The `config` keys that only this machine takes.
const KEYS: [&str; 4] = ["admin", "comment", "compress", "unauthenticate"];

struct ImapWorld {
    config: Arc<Config>,
    channel: Channel,
    users: Users,
    entropy: Entropy,
    mailroom: Mailroom,
}

pub(super) fn build(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    let mut common = Common::default();
    let mut rest = Vec::new();
    for setting in settings(transcript) {
        if !common.take(setting)? {
            rest.push(setting);
        }
    }
    let limits = common.limits();
    let mut mailroom = Mailroom::new(limits.clone());
    let mut config = Config { limits, starttls: common.tls, ..Config::default() };
    for setting in rest {
        match &*setting.key {
            "admin" => config.admin = Some(setting.value.clone()),
            "comment" => config.comment = Some(setting.value.clone()),
            "compress" => config.compress = setting.switch()?,
            "unauthenticate" => config.unauthenticate = setting.switch()?,
            _ if mailroom.take(setting, &transcript.sections)? => {}
            _ => {
                let keys = [&common::KEYS[..], &mailroom::KEYS, &KEYS].concat();
                return Err(setting.unknown(&keys));
            }
        }
    }
    if let Some(mechanisms) = &common.mechanisms {
        config.mechanisms.clone_from(mechanisms);
    }
    let entropy = common.entropy();
    Ok(Box::new(ImapWorld {
        config: Arc::new(config),
        channel: common.channel,
        users: common.users,
        entropy,
        mailroom,
    }))
}

impl World for ImapWorld {
    fn ours(&self) -> End {
        End::Server
    }

    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        super::alone(machine)?;
        let (config, channel) = (self.config.clone(), self.channel.clone());
        let server = Server::new(now, config, channel, self.entropy.fork());
        let voice =
            ImapVoice { users: self.users.clone(), desk: self.mailroom.desk(), asked: None };
        Ok(Box::new(Scripted::new(server, voice)))
    }
}

struct ImapVoice {
    users: Users,
    desk: Desk,
    asked: Option<Asked>,
}

/// The request that awaits an answer.
enum Asked {
    Authenticate(Ticket, Question),
    Store(Ticket, store::Request),
}

impl ImapVoice {
    /// Hands over what was read, then the answer.
    fn answer(
        now: Instant,
        session: &mut Server,
        ticket: Ticket,
        (answer, octets): (store::Answer, Vec<u8>),
    ) {
        if !octets.is_empty() {
            session.handle_content(now, ticket, &octets);
        }
        session.handle(now, Input::Store { ticket, answer });
    }
}

impl Voice<Server> for ImapVoice {
    fn hear(&mut self, _now: Instant, session: &mut Server, output: Output) -> Option<Heard> {
        let heard = |words| Heard { words, content: None, unmentioned: Unmentioned::Default };
        Some(match output {
            Output::Authenticate { ticket, question } => {
                let words = login::words(&question);
                self.asked = Some(Asked::Authenticate(ticket, question));
                heard(words)
            }
            Output::Store { ticket, request } => {
                let heard = self.desk.hear(&request, session.content());
                self.asked = Some(Asked::Store(ticket, request));
                heard
            }
            Output::Event(event) => heard(match event {
                Event::LoggedIn { account, mechanism } => {
                    format!("logged-in {mechanism} {account}")
                }
                Event::LoginFailed { mechanism, why } => {
                    format!("login-failed {mechanism} {}", login::failure(why))
                }
                Event::LoggedOut { account } => format!("logged-out {account}"),
                Event::Closed { why, .. } => format!("closed {why}"),
            }),
        })
    }

    fn say(
        &mut self,
        now: Instant,
        session: &mut Server,
        words: &str,
        _sections: &Sections,
    ) -> Result<(), String> {
        if words == "news" {
            session.handle(now, Input::News);
            return Ok(());
        }
        match self.asked.take().ok_or_else(super::unasked)? {
            Asked::Authenticate(ticket, question) => {
                let answer = login::answer(&question, words)?;
                session.handle(now, Input::Authenticated { ticket, answer });
            }
            Asked::Store(ticket, request) => {
                let lent = session.content().to_vec();
                let told = self.desk.answer(now, &request, &lent, words)?;
                Self::answer(now, session, ticket, told);
            }
        }
        Ok(())
    }

    fn say_default(&mut self, now: Instant, session: &mut Server) {
        match self.asked.take() {
            None => {}
            Some(Asked::Authenticate(ticket, question)) => {
                let answer = self.users.judge(&question);
                session.handle(now, Input::Authenticated { ticket, answer });
            }
            Some(Asked::Store(ticket, request)) => {
                let lent = session.content().to_vec();
                let told = self.desk.perform(now, request, &lent);
                Self::answer(now, session, ticket, told);
            }
        }
    }

    fn wake(&mut self, now: Instant, session: &mut Server) -> bool {
        let news = self.desk.has_news();
        if news {
            session.handle(now, Input::News);
        }
        news
    }
}
