//! `smtp-server` and `lmtp-server`: the session that takes mail.

use super::common::{self, Common};
use super::login::{self, Users};
use super::{Answered, no_answer};
use crate::runner::{Dialogue, Request as Heard, Scripted, Unmentioned, Voice, World, settings};
use crate::transcript::{End, Malformed, Sections, Setting, Transcript, unescape};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine as _, Session as _, Ticket};
use postroad_core::sasl::{Channel, Mechanism};
use postroad_core::smtp::server::{
    Answer, Config, Event, Hello, Input, Output, Request, Server, Verb,
};
use postroad_core::smtp::{EnhancedCode, Extension, Protocol, Reply};
use std::sync::Arc;

struct SmtpWorld {
    config: Arc<Config>,
    users: Users,
    entropy: Entropy,
}

pub(super) fn smtp(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    build(transcript, Protocol::Smtp)
}

pub(super) fn lmtp(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    build(transcript, Protocol::Lmtp)
}

fn build(transcript: &Transcript, protocol: Protocol) -> Result<Box<dyn World>, Malformed> {
    let mut common = Common::default();
    let mut config = Config::new("", protocol);
    let mut announced = None;
    for setting in settings(transcript) {
        match &*setting.key {
            _ if common.take(setting)? => {}
            "relay" => setting.value.clone_into(&mut common.hostname),
            "greeting" => setting.value.clone_into(&mut config.greeting),
            "extensions" => announced = Some(extensions(setting)?),
            _ => {
                let known = [&common::KEYS[..], &["relay", "greeting", "extensions"]].concat();
                return Err(setting.unknown(&known));
            }
        }
    }
    config.hostname.clone_from(&common.hostname);
    config.cleartext_auth = common.channel != Channel::Clear;
    config.limits = common.limits();
    config.extensions = announced.unwrap_or_else(|| {
        let mechanisms = common.mechanisms.clone().unwrap_or(Mechanism::ALL.to_vec());
        let announced = |extension| match extension {
            Extension::Auth(_) => Some(Extension::Auth(mechanisms.clone())),
            Extension::StartTls if !common.tls => None,
            other => Some(other),
        };
        Extension::defaults().into_iter().filter_map(announced).collect()
    });
    let entropy = common.entropy();
    Ok(Box::new(SmtpWorld { config: Arc::new(config), users: common.users, entropy }))
}

/// Reads `config extensions PIPELINING, SIZE 1000, …`; `none` is none.
fn extensions(setting: &Setting) -> Result<Vec<Extension>, Malformed> {
    if setting.value == "none" {
        return Ok(Vec::new());
    }
    let parse = |line: &str| line.trim().parse().map_err(|wrong| setting.wrong(wrong));
    setting.value.split(',').map(parse).collect()
}

impl World for SmtpWorld {
    fn ours(&self) -> End {
        End::Server
    }

    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        super::alone(machine)?;
        let server = Server::new(now, self.config.clone(), self.entropy.fork());
        let voice =
            SmtpVoice { users: self.users.clone(), content: Vec::new(), committed: 0, asked: None };
        Ok(Box::new(Scripted::new(server, voice)))
    }
}

struct SmtpVoice {
    users: Users,
    /// The content of the message under way.
    content: Vec<u8>,
    /// Messages committed so far.
    committed: u32,
    asked: Option<(Ticket, Request)>,
}

impl SmtpVoice {
    fn hear_request(&mut self, request: &Request, lent: &[u8]) -> Heard {
        let mut unmentioned = Unmentioned::Default;
        let mut content = None;
        let words = match request {
            Request::Connect => "connect".to_owned(),
            Request::Hello(Hello { verb, name }) => {
                let verb = match verb {
                    Verb::Helo => "HELO",
                    Verb::Ehlo => "EHLO",
                    Verb::Lhlo => "LHLO",
                };
                format!("hello {verb} {name}")
            }
            Request::Authenticate(question) => login::words(question),
            Request::Mail { reverse_path, parameters } => {
                format!("mail {reverse_path}{parameters}")
            }
            Request::Recipient { forward_path, parameters } => {
                unmentioned = Unmentioned::Failure;
                format!("recipient {forward_path}{parameters}")
            }
            Request::Begin => {
                self.content.clear();
                "begin".to_owned()
            }
            Request::Content => {
                self.content.extend_from_slice(lent);
                unmentioned = Unmentioned::Hidden;
                "chunk".to_owned()
            }
            Request::End => {
                unmentioned = Unmentioned::Failure;
                content = Some(core::mem::take(&mut self.content));
                "content".to_owned()
            }
            Request::Verify(name) => format!("verify {name}"),
            Request::Expand(name) => format!("expand {name}"),
            Request::Etrn(node) => format!("etrn {node}"),
        };
        Heard { words, content, unmentioned }
    }

    /// The answer that goes without saying.
    fn default(&mut self, request: &Request) -> Answer {
        match request {
            Request::Authenticate(question) => Answer::Sasl(self.users.judge(question)),
            Request::End => {
                self.committed += 1;
                Answer::Queued(format!("Q{:04}", self.committed))
            }
            _ => Answer::Accept,
        }
    }

    fn read(&mut self, request: &Request, words: &str) -> Answered<Answer> {
        if let Request::Authenticate(question) = request {
            return Ok(Answer::Sasl(login::answer(question, words)?));
        }
        Ok(match words.split_once(' ').unwrap_or((words, "")) {
            ("ok", "") => self.default(request),
            ("accept", "") => Answer::Accept,
            ("queued", id) => Answer::Queued(id.to_owned()),
            ("each", replies) => {
                Answer::Each(replies.split('|').map(reply).collect::<Result<_, _>>()?)
            }
            _ => Answer::Reply(reply(words)?),
        })
    }
}

/// Reads `550 5.1.1 No such user`; `\n` parts the lines of the text.
pub(super) fn reply(words: &str) -> Answered<Reply> {
    let wrong = || no_answer(words, "ok, accept, queued ID, each REPLY|REPLY…, or a reply");
    let (code, text) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
    let code = code.parse().ok().filter(|code| (200..600).contains(code)).ok_or_else(wrong)?;
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let enhanced = EnhancedCode::parse(first.as_bytes());
    let text = if enhanced.is_some() { rest } else { text };
    let text = unescape(text).map_err(|wrong| wrong.to_string())?;
    let text = String::from_utf8_lossy(&text).into_owned().into();
    Ok(Reply { code, enhanced, text })
}

fn event(event: &Event) -> String {
    match event {
        Event::Authenticated { mechanism, accepted } => {
            format!("authenticated {mechanism} {}", accepted.identity())
        }
        Event::NotAuthenticated { mechanism, failure } => {
            let why = failure.map_or("cancelled", login::failure);
            format!("not-authenticated {mechanism} {why}")
        }
        Event::Abandoned => "abandoned".to_owned(),
    }
}

impl Voice<Server> for SmtpVoice {
    fn hear(&mut self, _now: Instant, session: &mut Server, output: Output) -> Option<Heard> {
        match output {
            Output::Request { ticket, request } => {
                let heard = self.hear_request(&request, session.content());
                self.asked = Some((ticket, request));
                Some(heard)
            }
            Output::Event(happened) => {
                let words = event(&happened);
                Some(Heard { words, content: None, unmentioned: Unmentioned::Default })
            }
        }
    }

    fn say(
        &mut self,
        now: Instant,
        session: &mut Server,
        words: &str,
        _sections: &Sections,
    ) -> Result<(), String> {
        let (ticket, request) = self.asked.take().ok_or_else(super::unasked)?;
        let answer = self.read(&request, words)?;
        session.handle(now, Input { ticket, answer });
        Ok(())
    }

    fn say_default(&mut self, now: Instant, session: &mut Server) {
        if let Some((ticket, request)) = self.asked.take() {
            let answer = self.default(&request);
            session.handle(now, Input { ticket, answer });
        }
    }
}
