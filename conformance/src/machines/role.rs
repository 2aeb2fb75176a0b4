//! `mta`, `msa`, `mda`, `pop3`, `imap`: the roles, over a mail system in memory.

use super::login::keys;
use super::mailroom::{self, Desk, Mailroom};
use super::spool::{self as spoolroom, Tray};
use super::{Answered, common, no_answer};
use crate::runner::{Dialogue, Request as Heard, Scripted, Unmentioned, Voice, World, settings};
use crate::transcript::{End, Malformed, Sections, Setting, Transcript};
use core::net::{IpAddr, Ipv4Addr};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Session, Ticket};
use postroad_core::queue::spool;
use postroad_core::role::config::{Cleartext, Config, Etrn, Targets, Vrfy};
use postroad_core::role::directory::User;
use postroad_core::role::mda::Delivery;
use postroad_core::role::ms::{Imap, Pop3};
use postroad_core::role::msa::Submission;
use postroad_core::role::mta::Inbound;
use postroad_core::role::{Check, Effect, Input, Peer, Site, Verdict};
use postroad_core::secret::Secret;
use postroad_core::store::{self, Account};
use std::sync::Arc;

/// The `config` keys of the roles, besides the mail system's.
const KEYS: [&str; 12] = [
    "hostname",
    "domains",
    "user",
    "alias",
    "greeting",
    "extensions",
    "cleartext",
    "vrfy",
    "etrn",
    "peer",
    "limit",
    "seed",
];

/// A mail system with a role at its door.
struct RoleWorld {
    role: String,
    site: Arc<Site>,
    peer: Peer,
    entropy: Entropy,
    mailroom: Mailroom,
}

pub(super) fn build(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    let mut config = Config { hostname: "mx.example.com".into(), ..Config::default() };
    config.auth.cleartext = Cleartext::Loopback;
    let mut limits = common::LimitSettings::default();
    let mut peer = Peer::Host(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut seed = 7;
    let mut rest = Vec::new();
    for setting in settings(transcript) {
        match &*setting.key {
            "limit" => limits.take(setting)?,
            "seed" => seed = common::seed(setting)?,
            "peer" if setting.value == "socket" => peer = Peer::Socket,
            "peer" => {
                let address = setting.value.parse();
                let wrong = |_| setting.wrong("a peer is an address, or `socket`");
                peer = Peer::Host(address.map_err(wrong)?);
            }
            _ if configure(&mut config, setting)? => {}
            _ => rest.push(setting),
        }
    }
    config.limits = limits.limits();
    let mut mailroom = Mailroom::new(config.limits.clone());
    let mut site = Site::new(config, [seed; 32])
        .map_err(|wrong| Malformed::new(transcript.machine.line, wrong))?;
    for setting in rest {
        if setting.key == "user" {
            add_user(&mut site, setting)?;
        } else if setting.key == "quota" {
            let (account, quota) = mailroom::quota(setting)?;
            let known = site.directory.users().find(|(it, _)| **it == account);
            let user = known.map(|(_, user)| user.clone()).unwrap_or_default();
            site.directory.add_user(account, User { quota, ..user });
        } else if !mailroom.take(setting, &transcript.sections)? {
            return Err(setting.unknown(&[&KEYS[..], &mailroom::KEYS].concat()));
        }
    }
    mailroom.set_allowances(site.allowances());
    Ok(Box::new(RoleWorld {
        role: transcript.machine.name.clone(),
        site: Arc::new(site),
        peer,
        entropy: Entropy::from_seed([seed; 32]),
        mailroom,
    }))
}

/// Takes a setting, if it is one of the site's.
fn configure(config: &mut Config, setting: &Setting) -> Result<bool, Malformed> {
    let words = || setting.words().into_iter().map(str::to_owned);
    match &*setting.key {
        "hostname" => setting.value.clone_into(&mut config.hostname),
        "domains" => config.domains = words().collect(),
        "greeting" => config.smtp.greeting = Some(setting.value.clone()),
        "extensions" => {
            let lines = setting.value.split(',').map(|line| line.trim().to_owned());
            config.smtp.extensions = Some(lines.collect());
        }
        "cleartext" => {
            config.auth.cleartext = match &*setting.value {
                "never" => Cleartext::Never,
                "loopback" => Cleartext::Loopback,
                _ => return Err(setting.wrong("cleartext is never or loopback")),
            };
        }
        "vrfy" => {
            config.smtp.vrfy = match &*setting.value {
                "off" => Vrfy::Off,
                "on" => Vrfy::On,
                _ => return Err(setting.wrong("vrfy is off or on")),
            };
        }
        "etrn" => {
            config.smtp.etrn = match &*setting.value {
                "never" => Etrn::Never,
                "loopback" => Etrn::Loopback,
                "always" => Etrn::Always,
                _ => return Err(setting.wrong("etrn is never, loopback or always")),
            };
        }
        "alias" => {
            let mut words = words();
            let from = words.next().ok_or_else(|| setting.wrong("write a name and addresses"))?;
            config.aliases.insert(from, Targets::Many(words.collect()));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Reads `config user ADDRESS PASSWORD`. The hash is the password itself; [`RoleVoice`] knows.
fn add_user(site: &mut Site, setting: &Setting) -> Result<(), Malformed> {
    let (address, password) = setting.value.split_once(' ').unwrap_or((&setting.value, ""));
    let account = Account::parse(address)
        .map_err(|wrong| setting.wrong(format_args!("`{address}`: {wrong}")))?;
    let user = match password.trim() {
        "" => User::default(),
        password => {
            let (password, scram) = (Some(Secret::new(password.to_owned())), keys(password));
            User { password, scram, ..User::default() }
        }
    };
    site.directory.add_user(account, user);
    Ok(())
}

impl World for RoleWorld {
    fn ours(&self) -> End {
        End::Server
    }

    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        let (site, peer, entropy) = (self.site.clone(), self.peer, self.entropy.fork());
        let voice = RoleVoice { desk: self.mailroom.desk(), tray: Tray::default(), asked: None };
        let role = machine.unwrap_or(&self.role);
        Ok(match role {
            "mta" => Box::new(Scripted::new(Inbound::new(now, site, peer, entropy), voice)),
            "msa" => Box::new(Scripted::new(Submission::new(now, site, peer, entropy), voice)),
            "mda" => Box::new(Scripted::new(Delivery::new(now, site, peer, entropy), voice)),
            "pop3" => Box::new(Scripted::new(Pop3::new(now, site, peer, entropy), voice)),
            "imap" => Box::new(Scripted::new(Imap::new(now, site, peer, entropy), voice)),
            _ => return Err(format!("there is no role `{role}`")),
        })
    }
}

/// What speaks for the host of a role.
struct RoleVoice {
    desk: Desk,
    tray: Tray,
    asked: Option<Asked>,
}

/// The request that awaits an answer.
enum Asked {
    Store(Ticket, store::Request),
    Spool(Ticket, spool::Request),
    Authenticate(Ticket, Check),
}

impl<S: Session<Input = Input, Output = Effect>> Voice<S> for RoleVoice {
    fn hear(&mut self, _now: Instant, session: &mut S, output: Effect) -> Option<Heard> {
        let heard = |words| Heard { words, content: None, unmentioned: Unmentioned::Default };
        Some(match output {
            Effect::Store { ticket, request } => {
                let heard = self.desk.hear(&request, session.content());
                self.asked = Some(Asked::Store(ticket, request));
                heard
            }
            Effect::Authenticate { ticket, check } => {
                let words = match &check {
                    Check::Password { password, .. } => format!("password {}", password.expose()),
                    Check::Token { account, token } => {
                        format!("token {account} {}", token.expose())
                    }
                    Check::External { account } => format!("external {account}"),
                };
                self.asked = Some(Asked::Authenticate(ticket, check));
                heard(words)
            }
            Effect::Spool { ticket, request } => {
                let heard = self.tray.hear(&request, session.content());
                self.asked = Some(Asked::Spool(ticket, request));
                heard
            }
            Effect::Queue(input) => heard(format!("queue {}", spoolroom::news(&input))),
            Effect::Report(report) => heard(format!("report {report}")),
        })
    }

    fn say(
        &mut self,
        now: Instant,
        session: &mut S,
        words: &str,
        _sections: &Sections,
    ) -> Result<(), String> {
        match self.asked.take().ok_or_else(super::unasked)? {
            Asked::Store(ticket, request) => {
                let lent = session.content().to_vec();
                let told = self.desk.answer(now, &request, &lent, words)?;
                answer(now, session, ticket, told);
            }
            Asked::Spool(ticket, request) => {
                let answer = spoolroom::answer(&request, words)?;
                session.handle(now, Input::Spool { ticket, answer });
            }
            Asked::Authenticate(ticket, _) => {
                let verdict = verdict(words)?;
                session.handle(now, Input::Authenticated { ticket, verdict });
            }
        }
        Ok(())
    }

    fn say_default(&mut self, now: Instant, session: &mut S) {
        match self.asked.take() {
            None => {}
            Some(Asked::Store(ticket, request)) => {
                let lent = session.content().to_vec();
                let told = self.desk.perform(now, request, &lent);
                answer(now, session, ticket, told);
            }
            Some(Asked::Spool(ticket, request)) => {
                let answer = spoolroom::usual(&request);
                session.handle(now, Input::Spool { ticket, answer });
            }
            Some(Asked::Authenticate(ticket, check)) => {
                let verdict = match check {
                    Check::Password { password, hash } if password == hash => Verdict::Accepted,
                    _ => Verdict::Rejected,
                };
                session.handle(now, Input::Authenticated { ticket, verdict });
            }
        }
    }

    fn wake(&mut self, now: Instant, session: &mut S) -> bool {
        let news = self.desk.has_news();
        if news {
            session.handle(now, Input::News);
        }
        news
    }
}

/// Hands over what was read, then the answer.
fn answer<S: Session<Input = Input>>(
    now: Instant,
    session: &mut S,
    ticket: Ticket,
    (answer, octets): (store::Answer, Vec<u8>),
) {
    if !octets.is_empty() {
        session.handle_content(now, ticket, &octets);
    }
    session.handle(now, Input::Store { ticket, answer });
}

fn verdict(words: &str) -> Answered<Verdict> {
    match words {
        "accept" => Ok(Verdict::Accepted),
        "reject" => Ok(Verdict::Rejected),
        "unavailable" => Ok(Verdict::Unavailable),
        _ => Err(no_answer(words, "accept, reject, unavailable")),
    }
}
