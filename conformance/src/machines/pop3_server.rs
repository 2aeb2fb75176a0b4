//! `pop3-server`: the server's end of POP3.

use super::common::{self, Common};
use super::login::{self, Users};
use super::{Answered, no_answer};
use crate::runner::{Dialogue, Request, Scripted, Unmentioned, Voice, World, settings};
use crate::transcript::{End, Malformed, Sections, Setting, Transcript};
use postroad_core::machine::{Instant, Machine, Session as _, Ticket};
use postroad_core::pop3::{Config, Input, Message, Output, Refusal, Server};
use postroad_core::sasl::Question;
use std::sync::Arc;

struct PopWorld {
    common: Common,
    config: Arc<Config>,
    maildrop: Vec<(Message, Vec<u8>)>,
}

pub(super) fn build(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    let mut common = Common::default();
    let mut implementation = Some("Postroad".to_owned());
    let mut maildrop = Vec::new();
    for setting in settings(transcript) {
        match &*setting.key {
            _ if common.take(setting)? => {}
            "implementation" if setting.value == "off" => implementation = None,
            "implementation" => implementation = Some(setting.value.clone()),
            "message" => maildrop.push(message(setting, &transcript.sections)?),
            _ => {
                let known = [&common::KEYS[..], &["implementation", "message"]].concat();
                return Err(setting.unknown(&known));
            }
        }
    }
    let mut config = Config::new(common.hostname.clone());
    config.stls = common.tls;
    config.implementation = implementation;
    config.limits = common.limits();
    if let Some(mechanisms) = &common.mechanisms {
        config.mechanisms.clone_from(mechanisms);
    }
    Ok(Box::new(PopWorld { common, config: Arc::new(config), maildrop }))
}

/// Reads `config message SECTION [UNIQUE-ID]`.
fn message(setting: &Setting, sections: &Sections) -> Result<(Message, Vec<u8>), Malformed> {
    let words = setting.words();
    let (section, unique_id) = match words[..] {
        [section] => (section, section),
        [section, unique_id] => (section, unique_id),
        _ => return Err(setting.wrong("write a section and, if you like, a unique-id")),
    };
    let octets = sections.octets(section).map_err(|wrong| setting.wrong(wrong))?;
    let unique_id = unique_id.to_owned();
    Ok((Message { unique_id, size: octets.len() as u64 }, octets))
}

impl World for PopWorld {
    fn ours(&self) -> End {
        End::Server
    }

    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        super::alone(machine)?;
        let channel = self.common.channel.clone();
        let server = Server::new(now, self.config.clone(), channel, self.common.entropy());
        let voice = PopVoice {
            users: self.common.users.clone(),
            maildrop: self.maildrop.clone(),
            asked: None,
        };
        Ok(Box::new(Scripted::new(server, voice)))
    }
}

struct PopVoice {
    users: Users,
    maildrop: Vec<(Message, Vec<u8>)>,
    asked: Option<Asked>,
}

/// The request that awaits an answer.
enum Asked {
    Verify(Ticket, Question),
    Open(Ticket),
    Read { ticket: Ticket, message: usize, offset: u64, length: usize },
    Remove(Ticket),
}

impl Asked {
    const fn ticket(&self) -> Ticket {
        match self {
            Self::Verify(ticket, _)
            | Self::Open(ticket)
            | Self::Read { ticket, .. }
            | Self::Remove(ticket) => *ticket,
        }
    }
}

impl PopVoice {
    /// The answer that goes without saying.
    fn default(&self, now: Instant, session: &mut Server, asked: &Asked) -> Input {
        match asked {
            Asked::Verify(ticket, question) => {
                Input::Verified { ticket: *ticket, answer: self.users.judge(question) }
            }
            Asked::Open(ticket) => {
                let messages = self.maildrop.iter().map(|(message, _)| message.clone());
                Input::Opened { ticket: *ticket, messages: messages.collect() }
            }
            Asked::Read { ticket, message, offset, length } => {
                let octets = self.maildrop.get(*message).map_or(&[][..], |(_, octets)| octets);
                let start =
                    usize::try_from(*offset).map_or(octets.len(), |it| it.min(octets.len()));
                let end = start.saturating_add(*length).min(octets.len());
                session.handle_content(now, *ticket, &octets[start..end]);
                Input::Read { ticket: *ticket, end: end == octets.len() }
            }
            Asked::Remove(ticket) => Input::Removed { ticket: *ticket },
        }
    }

    fn read(
        &self,
        now: Instant,
        session: &mut Server,
        asked: &Asked,
        words: &str,
    ) -> Answered<Input> {
        let ticket = asked.ticket();
        if let Asked::Verify(_, question) = asked {
            let answer = login::answer(question, words)?;
            return Ok(Input::Verified { ticket, answer });
        }
        let refusal = match words {
            "ok" => return Ok(self.default(now, session, asked)),
            "in-use" => Refusal::InUse,
            "gone" => Refusal::Gone,
            "temporary" => Refusal::Temporary,
            "permanent" => Refusal::Permanent,
            _ => return Err(no_answer(words, "ok, in-use, gone, temporary, permanent")),
        };
        Ok(Input::Failed { ticket, refusal })
    }
}

impl Voice<Server> for PopVoice {
    fn hear(&mut self, _now: Instant, _session: &mut Server, output: Output) -> Option<Request> {
        let (words, asked) = match output {
            Output::Verify { ticket, question } => {
                (login::words(&question), Some(Asked::Verify(ticket, question)))
            }
            Output::Open { ticket, login, .. } => {
                (format!("open {}", login.identity()), Some(Asked::Open(ticket)))
            }
            Output::Read { ticket, message, offset, length } => {
                let words = format!("read {} {offset} {length}", message + 1);
                (words, Some(Asked::Read { ticket, message, offset, length }))
            }
            Output::Remove { ticket, messages } => {
                let numbers: Vec<String> =
                    messages.iter().map(|place| (place + 1).to_string()).collect();
                (format!("remove {}", numbers.join(" ")), Some(Asked::Remove(ticket)))
            }
            Output::Close => ("close".to_owned(), None),
            Output::Refused { failure, .. } => {
                (format!("refused {}", login::failure(failure)), None)
            }
        };
        self.asked = asked;
        Some(Request { words, content: None, unmentioned: Unmentioned::Default })
    }

    fn say(
        &mut self,
        now: Instant,
        session: &mut Server,
        words: &str,
        _sections: &Sections,
    ) -> Result<(), String> {
        let asked = self.asked.as_ref().ok_or_else(super::unasked)?;
        let input = self.read(now, session, asked, words)?;
        self.asked = None;
        session.handle(now, input);
        Ok(())
    }

    fn say_default(&mut self, now: Instant, session: &mut Server) {
        if let Some(asked) = self.asked.take() {
            let input = self.default(now, session, &asked);
            session.handle(now, input);
        }
    }
}
