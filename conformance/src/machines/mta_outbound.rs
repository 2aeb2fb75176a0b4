//! `mta-outbound`: the transfer agent's side that connects to other hosts, over a spool in memory.

use super::{Answered, common, mailroom, no_answer, spool as spoolroom};
use crate::runner::{
    BEGINNING, Dialogue, Request as Heard, Scripted, Unmentioned, Voice, World, settings,
};
use crate::transcript::{End, Malformed, Sections, Setting, Transcript};
use core::net::{IpAddr, Ipv4Addr};
use postroad_core::address::{ForwardPath, ReversePath};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine as _, Session as _, Ticket};
use postroad_core::queue::spool::{Answer, Memory, Request, Session, Spool as _};
use postroad_core::queue::{
    self, Carrier, Carry, Destination, Dial, Envelope, Id, Protection, Route,
};
use postroad_core::role::config::Config;
use postroad_core::role::mta::Outbound;
use postroad_core::role::{Effect, Input, Site};
use postroad_core::sasl::Credentials;
use postroad_core::smtp::client::Recipient;
use postroad_core::smtp::{MailParameters, RcptParameters};
use std::sync::Arc;

const KEYS: [&str; 6] = ["hostname", "protection", "user", "message", "limit", "seed"];

/// The host that is connected to.
const HOST: &str = "mx.example.net";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DOMAIN: &str = "example.net";

/// A spool, from which each session carries what is in it.
struct OutboundWorld {
    site: Arc<Site>,
    route: Route,
    entropy: Entropy,
    spool: Memory,
    messages: Messages,
}

/// The messages that were in the spool at the beginning, by the names of their sections.
#[derive(Clone, Default)]
struct Messages(Vec<(String, Id)>);

pub(super) fn build(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    let mut config = Config { hostname: "client.example.org".into(), ..Config::default() };
    let mut route = Route::default();
    let mut limits = common::LimitSettings::default();
    let mut seed = 7;
    let mut letters = Vec::new();
    for setting in settings(transcript) {
        match &*setting.key {
            "hostname" => setting.value.clone_into(&mut config.hostname),
            "protection" => route.protection = protection(setting)?,
            "user" => route.credentials = Some(credentials(setting)?),
            "message" => letters.push(setting),
            "limit" => limits.take(setting)?,
            "seed" => seed = common::seed(setting)?,
            _ => return Err(setting.unknown(&KEYS)),
        }
    }
    config.limits = limits.limits();
    let site = Site::new(config, [seed; 32])
        .map_err(|wrong| Malformed::new(transcript.machine.line, wrong))?;
    let mut world = OutboundWorld {
        site: Arc::new(site),
        route,
        entropy: Entropy::from_seed([seed; 32]),
        spool: Memory::new(),
        messages: Messages::default(),
    };
    letters.into_iter().try_for_each(|setting| world.add(setting, &transcript.sections))?;
    Ok(Box::new(world))
}

fn protection(setting: &Setting) -> Result<Protection, Malformed> {
    match &*setting.value {
        "none" => Ok(Protection::None),
        "may" => Ok(Protection::May),
        "require" => Ok(Protection::Require),
        _ => Err(setting.wrong("protection is none, may or require")),
    }
}

fn credentials(setting: &Setting) -> Result<Credentials, Malformed> {
    match setting.words()[..] {
        [name, password] => Ok(Credentials::Password {
            authcid: name.to_owned(),
            authzid: None,
            password: password.to_owned().into(),
        }),
        _ => Err(setting.wrong("write a name and a password")),
    }
}

impl OutboundWorld {
    /// Reads `config message SECTION <FROM> [PARAMETER…] <TO> [PARAMETER…]…`.
    fn add(&mut self, setting: &Setting, sections: &Sections) -> Result<(), Malformed> {
        let wrong = |why: &dyn core::fmt::Display| setting.wrong(why);
        let (section, paths) = setting
            .value
            .split_once(" <")
            .ok_or_else(|| setting.wrong("write a section, a reverse-path and forward-paths"))?;
        let content = sections.octets(section).map_err(|why| wrong(&why))?;
        let mut paths = paths.split(" <").map(|path| format!("<{path}"));
        let from = paths.next().unwrap_or_default();
        let (reverse_path, rest) =
            ReversePath::parse(from.as_bytes(), true).map_err(|why| wrong(&why))?;
        let parameters = MailParameters::parse(rest).map_err(|why| wrong(&why))?;
        let recipient = |text: String| {
            let (forward_path, rest) =
                ForwardPath::parse(text.as_bytes(), true).map_err(|why| wrong(&why))?;
            let parameters = RcptParameters::parse(rest).map_err(|why| wrong(&why))?;
            Ok(Recipient { forward_path, parameters })
        };
        let recipients = paths.map(recipient).collect::<Result<_, Malformed>>()?;
        let id = Id::new(&mut self.entropy);
        let origin = "a transcript".to_owned();
        let arrived = BEGINNING;
        let envelope = Envelope { id, arrived, origin, reverse_path, parameters, recipients };
        let mut session = self.spool.session();
        for (request, lent) in [
            (Request::Begin(Box::new(envelope)), &b""[..]),
            (Request::Write, &content),
            (Request::Commit, b""),
        ] {
            let answer = session.perform(BEGINNING, request, lent, &mut Vec::new());
            if let Answer::Failed(failure) = answer {
                return Err(wrong(&failure));
            }
        }
        self.messages.0.push((section.to_owned(), id));
        Ok(())
    }
}

impl Messages {
    fn name(&self, id: Id) -> String {
        let name = self.0.iter().find(|(_, known)| *known == id).map(|(name, _)| name.clone());
        name.unwrap_or_else(|| id.to_string())
    }

    fn carry(&self, name: &str) -> Answered<Carry> {
        let id = self.0.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
        let id = id.ok_or_else(|| format!("there is no `config message {name}`"))?;
        Ok(Carry { id, destination: Destination::Domain(DOMAIN.into()) })
    }
}

impl World for OutboundWorld {
    fn ours(&self) -> End {
        End::Client
    }

    /// `MACHINE` names the message to begin with, and maybe how the connection is protected:
    /// `letter`, `letter/none`.
    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        let first = || self.messages.0.first().map(|(name, _)| name.as_str());
        let words = machine.or_else(first).ok_or("there is no `config message`")?;
        let mut route = self.route.clone();
        let name = match words.split_once('/') {
            None => words,
            Some((name, "none")) => {
                route.protection = Protection::None;
                name
            }
            Some(_) => return Err(no_answer(words, "SECTION, SECTION/none")),
        };
        let dial = Dial {
            carrier: Carrier(1),
            host: HOST.into(),
            addresses: Vec::new(),
            route: Arc::new(route),
            first: self.messages.carry(name)?,
        };
        let entropy = self.entropy.fork();
        let agent = Outbound::new(now, self.site.clone(), &dial, ADDRESS, entropy);
        let voice = OutboundVoice {
            spool: self.spool.session(),
            messages: self.messages.clone(),
            asked: None,
        };
        Ok(Box::new(Scripted::new(agent, voice)))
    }
}

/// What speaks for spool and queue.
struct OutboundVoice {
    spool: Session,
    messages: Messages,
    asked: Option<(Ticket, Request)>,
}

impl OutboundVoice {
    /// Answers as the spool in memory does.
    fn perform(&mut self, now: Instant, agent: &mut Outbound) {
        let Some((ticket, request)) = self.asked.take() else { return };
        let mut octets = Vec::new();
        let answer = self.spool.perform(now, request, b"", &mut octets);
        if !octets.is_empty() {
            agent.handle_content(now, ticket, &octets);
        }
        agent.handle(now, Input::Spool { ticket, answer });
    }

    /// A request in words, with the section's name in the id's place.
    fn words(&self, request: &Request) -> String {
        let words = spoolroom::words(request);
        let id = match request {
            Request::Load(id)
            | Request::Read { id, .. }
            | Request::Record { id, .. }
            | Request::Remove(id) => *id,
            Request::Begin(_) | Request::Write | Request::Commit | Request::Abandon => {
                return words;
            }
        };
        words.replacen(id.as_str(), &self.messages.name(id), 1)
    }

    /// What the queue is told, in words.
    fn news(&self, input: &queue::Input) -> String {
        use queue::{Carried, End};
        let reported = |report: &bool| if *report { " report" } else { "" };
        match input {
            queue::Input::Carried { id, carried, .. } => {
                let name = self.messages.name(*id);
                match carried {
                    Carried::Gone => format!("carried {name} gone"),
                    Carried::Settled { report } => {
                        format!("carried {name} settled{}", reported(report))
                    }
                    Carried::Deferred { report } => {
                        format!("carried {name} deferred{}", reported(report))
                    }
                    Carried::Elsewhere => format!("carried {name} elsewhere"),
                    Carried::Unknown => format!("carried {name} unknown"),
                }
            }
            queue::Input::Closed { end: End::Over, .. } => "closed".to_owned(),
            queue::Input::Closed { end: End::Failed(outcome), .. } => {
                format!("closed failed {outcome}")
            }
            queue::Input::Closed { end: End::NoTls(outcome), .. } => {
                format!("closed no-tls {outcome}")
            }
            other => spoolroom::news(other),
        }
    }
}

impl Voice<Outbound> for OutboundVoice {
    fn hear(&mut self, _now: Instant, _agent: &mut Outbound, output: Effect) -> Option<Heard> {
        let mut unmentioned = Unmentioned::Default;
        let words = match output {
            Effect::Spool { ticket, request } => {
                if let Request::Record { .. } | Request::Remove(_) = request {
                    unmentioned = Unmentioned::Failure;
                }
                let words = format!("spool {}", self.words(&request));
                self.asked = Some((ticket, request));
                words
            }
            Effect::Queue(input) => {
                unmentioned = Unmentioned::Failure;
                format!("queue {}", self.news(&input))
            }
            // The transcript is the dialogue.
            Effect::Report(report) if report.event == "dialogue" => return None,
            Effect::Report(report) => format!("report {report}"),
            Effect::Store { .. } | Effect::Authenticate { .. } => {
                unmentioned = Unmentioned::Failure;
                format!("{output:?}")
            }
        };
        Some(Heard { words, content: None, unmentioned })
    }

    fn say(
        &mut self,
        now: Instant,
        agent: &mut Outbound,
        words: &str,
        _sections: &Sections,
    ) -> Result<(), String> {
        match words.split_once(' ').unwrap_or((words, "")) {
            ("carry", name) => agent.handle(now, Input::Carry(self.messages.carry(name)?)),
            ("quit", "") => agent.handle(now, Input::Quit),
            ("ok", "") => self.perform(now, agent),
            _ => {
                let (ticket, _) = self.asked.take().ok_or_else(super::unasked)?;
                let answer = Answer::Failed(mailroom::failure(words)?);
                agent.handle(now, Input::Spool { ticket, answer });
            }
        }
        Ok(())
    }

    fn say_default(&mut self, now: Instant, agent: &mut Outbound) {
        self.perform(now, agent);
    }
}
