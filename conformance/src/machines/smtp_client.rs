//! `smtp-client` and `lmtp-client`: the session that hands mail over.

use super::common::{self, Common};
use super::{Answered, no_answer};
use crate::runner::{Dialogue, Request, Scripted, Unmentioned, Voice, World, settings};
use crate::transcript::{End, Malformed, Sections, Setting, Transcript};
use postroad_core::address::{ForwardPath, ReversePath};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine as _, Session as _, Ticket};
use postroad_core::sasl::{Channel, Credentials, Mechanism};
use postroad_core::smtp::client::{
    Client, Config, Envelope, Failure, Input, Output, Recipient, StartTls,
};
use postroad_core::smtp::{MailParameters, Protocol, RcptParameters, Reply};
use std::collections::VecDeque;
use std::sync::Arc;

struct ClientWorld {
    config: Arc<Config>,
    channel: Channel,
    entropy: Entropy,
    slice: usize,
}

pub(super) fn smtp(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    build(transcript, Protocol::Smtp)
}

pub(super) fn lmtp(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    build(transcript, Protocol::Lmtp)
}

const KEYS: [&str; 4] = ["starttls", "token", "external", "slice"];

fn build(transcript: &Transcript, protocol: Protocol) -> Result<Box<dyn World>, Malformed> {
    let mut common = Common::default();
    let mut start_tls = None;
    let mut credentials = None;
    let mut slice = usize::MAX;
    let mut hostname = "client.example.org".parse().expect("a hostname");
    for setting in settings(transcript) {
        match &*setting.key {
            "hostname" => {
                hostname = setting.value.parse().map_err(|wrong| setting.wrong(wrong))?;
            }
            _ if common.take(setting)? => {}
            "starttls" => start_tls = Some(policy(setting)?),
            "token" => credentials = Some(token(setting)?),
            "external" => {
                let authzid = Some(setting.value.clone()).filter(|name| !name.is_empty());
                credentials = Some(Credentials::External { authzid });
            }
            "slice" => {
                let octets = setting.value.parse();
                slice = octets.map_err(|_| setting.wrong("a slice is a number of octets"))?;
            }
            _ => return Err(setting.unknown(&[&common::KEYS[..], &KEYS].concat())),
        }
    }
    let default = if common.tls { StartTls::Opportunistic } else { StartTls::Never };
    let user = common.users.iter().next().map(|(name, password)| Credentials::Password {
        authcid: name.to_owned(),
        authzid: None,
        password: password.to_owned().into(),
    });
    let config = Config {
        start_tls: start_tls.unwrap_or(default),
        credentials: credentials.or(user),
        mechanisms: common.mechanisms.clone().unwrap_or(Mechanism::ALL.to_vec()),
        limits: common.limits(),
        ..Config::new(hostname, protocol)
    };
    let entropy = common.entropy();
    let channel = common.channel;
    Ok(Box::new(ClientWorld { config: Arc::new(config), channel, entropy, slice }))
}

fn policy(setting: &Setting) -> Result<StartTls, Malformed> {
    match &*setting.value {
        "never" => Ok(StartTls::Never),
        "opportunistic" => Ok(StartTls::Opportunistic),
        "required" => Ok(StartTls::Required),
        _ => Err(setting.wrong("STARTTLS is never, opportunistic or required")),
    }
}

fn token(setting: &Setting) -> Result<Credentials, Malformed> {
    match setting.words()[..] {
        [user, token] => Ok(Credentials::Token {
            user: user.to_owned(),
            token: token.to_owned().into(),
            server: None,
        }),
        _ => Err(setting.wrong("write a user and a token")),
    }
}

impl World for ClientWorld {
    fn ours(&self) -> End {
        End::Client
    }

    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        super::alone(machine)?;
        let entropy = self.entropy.fork();
        let client = Client::new(now, self.config.clone(), self.channel.clone(), entropy);
        let voice =
            ClientVoice { slice: self.slice, draft: None, letters: VecDeque::new(), asked: None };
        Ok(Box::new(Scripted::new(client, voice)))
    }
}

struct ClientVoice {
    /// The most octets that are handed over at a time.
    slice: usize,
    /// The envelope that is being written.
    draft: Option<Envelope>,
    /// The envelopes that were handed over and are not finished, with their content.
    letters: VecDeque<(Envelope, Vec<u8>)>,
    asked: Option<(Ticket, u64, usize)>,
}

impl ClientVoice {
    /// Hands over what was asked for.
    fn hand_over(&mut self, now: Instant, session: &mut Client) {
        if let Some((ticket, offset, length)) = self.asked.take() {
            let content = self.letters.front().map_or(&[][..], |(_, content)| content);
            let rest = usize::try_from(offset).ok().and_then(|offset| content.get(offset..));
            let rest = rest.unwrap_or_default();
            let slice = &rest[..rest.len().min(length).min(self.slice)];
            session.handle_content(now, ticket, slice);
            session.handle(now, Input::Content { ticket, end: slice.len() == rest.len() });
        }
    }

    /// Breaks off what was asked for.
    fn break_off(&mut self, now: Instant, session: &mut Client) -> Result<(), String> {
        let (ticket, ..) = self.asked.take().ok_or_else(super::unasked)?;
        session.handle(now, Input::Content { ticket, end: false });
        Ok(())
    }

    fn mail(&mut self, argument: &str) -> Answered<()> {
        let (reverse_path, rest) =
            ReversePath::parse(argument.as_bytes(), true).map_err(|wrong| wrong.to_string())?;
        let parameters = MailParameters::parse(rest).map_err(|wrong| wrong.to_string())?;
        let recipients = Vec::new();
        self.draft = Some(Envelope { reverse_path, parameters, recipients, length: None });
        Ok(())
    }

    fn rcpt(&mut self, argument: &str) -> Answered<()> {
        let (forward_path, rest) =
            ForwardPath::parse(argument.as_bytes(), true).map_err(|wrong| wrong.to_string())?;
        let parameters = RcptParameters::parse(rest).map_err(|wrong| wrong.to_string())?;
        let draft = self.draft.as_mut().ok_or("write `mail` first")?;
        draft.recipients.push(Recipient { forward_path, parameters });
        Ok(())
    }

    /// Reads `SECTION [exactly]`.
    fn deliver(&mut self, argument: &str, sections: &Sections) -> Answered<Input> {
        let (section, exactly) = match argument.split_once(' ') {
            Some((section, "exactly")) => (section, true),
            _ => (argument, false),
        };
        let content = sections.octets(section)?;
        let mut envelope = self.draft.take().ok_or("write `mail` first")?;
        envelope.length = exactly.then_some(content.len() as u64);
        self.letters.push_back((envelope.clone(), content));
        Ok(Input::Deliver(Box::new(envelope)))
    }

    fn outcome(&self, recipient: usize, outcome: &Result<Reply, Failure>) -> String {
        let path =
            self.letters.front().and_then(|(envelope, _)| envelope.recipients.get(recipient));
        let path = path.map_or_else(String::new, |it| it.forward_path.to_string());
        match outcome {
            Ok(reply) => format!("delivered {path} {reply}"),
            Err(failure) => {
                let kind = match (failure.is_permanent(), failure.is_unknown()) {
                    (true, _) => "permanent",
                    (_, true) => "unknown",
                    _ => "transient",
                };
                format!("failed {path} {kind} {} {failure}", failure.enhanced())
            }
        }
    }
}

impl Voice<Client> for ClientVoice {
    fn hear(&mut self, _now: Instant, _session: &mut Client, output: Output) -> Option<Request> {
        let mut unmentioned = Unmentioned::Default;
        let words = match output {
            Output::Connected(peer) => {
                let tls = if peer.tls.is_some() { " tls" } else { "" };
                let login = peer.login.map_or_else(String::new, |it| format!(" {it}"));
                format!("connected{tls}{login}")
            }
            Output::Ready => "ready".to_owned(),
            Output::Content { ticket, offset, length } => {
                self.asked = Some((ticket, offset, length));
                format!("content {offset} {length}")
            }
            Output::Recipient { recipient, outcome } => {
                unmentioned = Unmentioned::Failure;
                self.outcome(recipient, &outcome)
            }
            Output::Finished => {
                self.letters.pop_front();
                "finished".to_owned()
            }
            Output::Dialogue(line) => format!("dialogue {line}"),
            Output::Closed(Ok(())) => "closed".to_owned(),
            Output::Closed(Err(failure)) => {
                unmentioned = Unmentioned::Failure;
                format!("closed {failure}")
            }
        };
        Some(Request { words, content: None, unmentioned })
    }

    fn say(
        &mut self,
        now: Instant,
        session: &mut Client,
        words: &str,
        sections: &Sections,
    ) -> Result<(), String> {
        let input = match words.split_once(' ').unwrap_or((words, "")) {
            ("mail", argument) => return self.mail(argument),
            ("rcpt", argument) => return self.rcpt(argument),
            ("ok", "") => {
                self.hand_over(now, session);
                return Ok(());
            }
            ("broken", "") => return self.break_off(now, session),
            ("deliver", argument) => self.deliver(argument, sections)?,
            ("reset", "") => Input::Reset,
            ("quit", "") => Input::Quit,
            _ => {
                let known = "mail, rcpt, deliver SECTION [exactly], ok, broken, reset, quit";
                return Err(no_answer(words, known));
            }
        };
        session.handle(now, input);
        Ok(())
    }

    fn say_default(&mut self, now: Instant, session: &mut Client) {
        self.hand_over(now, session);
    }
}
