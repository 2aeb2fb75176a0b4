//! Transcripts against a server that listens, whosever it is.
//!
//! A transcript with `needs` lines can be had with any server: they say what the server must announce, and which accounts,
//! mailboxes and messages must be there. [`Live`] makes it so, by IMAP, and lets the client's side of the dialogue happen. The
//! host's lines (`>`, `<`) are passed over, since they became real; so are the moments that need Postroad's own machine (`=`).

mod dialogue;
mod judge;
mod names;
mod needs;
mod prepare;
mod protocol;
mod session;
mod wire;

pub use protocol::Protocol;
pub(crate) use protocol::is_multi_line;
pub use wire::Address;

use crate::foreign::Account;
use crate::report::Outcome;
use crate::transcript::Transcript;
use core::fmt::Write as _;
use dialogue::Dialogue;
use names::Names;
use needs::Needs;
use prepare::Client;
use session::Session;
use std::collections::BTreeMap;
use std::time::Duration;

/// The server under test: where it listens, and who may log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Servers {
    /// Where it speaks which protocol.
    pub places: BTreeMap<Protocol, Address>,
    /// The accounts. A name with `{}` in it stands for as many as are wanted, numbered from 1. All their mail is deleted.
    pub accounts: Vec<Account>,
    /// How long the server may stay silent.
    pub patience: Duration,
    /// Capabilities that are taken as not announced, in upper case.
    pub without: Vec<String>,
    /// What the command line said of all that, for whoever wants the same again.
    pub words: String,
}

/// Runs transcripts against one server.
pub struct Live {
    servers: Servers,
    /// How many numbered accounts were used.
    numbered: usize,
    announced: BTreeMap<Protocol, Result<Vec<String>, String>>,
}

/// Why a transcript was not run to its end.
enum Stopped {
    Skipped(String),
    /// At this line of the transcript.
    Failed(usize, String),
    Unreadable(String),
}

impl Live {
    /// Will run transcripts against `servers`.
    #[must_use]
    pub const fn new(servers: Servers) -> Self {
        Self { servers, numbered: 0, announced: BTreeMap::new() }
    }

    /// Runs `transcript`.
    pub fn run(&mut self, transcript: &Transcript) -> Outcome {
        match self.try_run(transcript) {
            Ok(outcome) => outcome,
            Err(Stopped::Skipped(why)) => Outcome::Skipped(why),
            Err(Stopped::Unreadable(why)) => Outcome::Unreadable(why),
            Err(Stopped::Failed(line, problem)) => dialogue::failed(
                &self.servers,
                transcript,
                (line, format!("what is needed is not to be had: {problem}")),
                Vec::new(),
            ),
        }
    }

    fn try_run(&mut self, transcript: &Transcript) -> Result<Outcome, Stopped> {
        let skip = |why: &str| Err(Stopped::Skipped(why.to_owned()));
        let file = &transcript.file;
        let needs = Needs::of(transcript).map_err(|wrong| {
            Stopped::Unreadable(format!("{file}:{}: {}", wrong.line, wrong.problem))
        })?;
        let Some(needs) = needs else {
            return skip("it is about Postroad's own machine (it has no `needs` line)");
        };
        let Some(protocol) = transcript.protocol() else {
            return skip("it is about a client");
        };
        if !self.servers.places.contains_key(&protocol) {
            return Err(Stopped::Skipped(format!("there is no --{}", protocol.word())));
        }
        let announced = self.announced(protocol).map_err(Stopped::Skipped)?;
        let announces = |name: &str| announced.iter().any(|it| announces(it, name));
        if let Some(name) = needs.capabilities().find(|name| !announces(name)) {
            return Err(Stopped::Skipped(format!("the server has no {name}")));
        }
        if needs.pipelining && protocol != Protocol::Imap && !announces("PIPELINING") {
            return skip("the server has no PIPELINING");
        }
        let names = self.prepare(transcript, &needs)?;
        Ok(Dialogue::new(&self.servers, transcript, &needs, &names).run())
    }

    /// Chooses an account for each that the transcript names, and fills their mailboxes.
    fn prepare(&mut self, transcript: &Transcript, needs: &Needs) -> Result<Names, Stopped> {
        let mut names = Names::default();
        let by_imap = matches!(transcript.protocol(), Some(Protocol::Imap | Protocol::Pop3));
        let imap = self.servers.places.get(&Protocol::Imap).cloned();
        for (at, (name, password)) in needs.accounts().into_iter().enumerate() {
            let Some(account) = self.account(at) else {
                return Err(Stopped::Skipped(format!("it needs {} accounts (--user)", at + 1)));
            };
            names.stand(name, password, &account);
            if !by_imap {
                continue;
            }
            let Some(imap) = &imap else {
                let why = "there is no --imap by which maildrops are filled".to_owned();
                return Err(Stopped::Skipped(why));
            };
            let failed = |why| Stopped::Failed(transcript.machine.line, why);
            let mut client = Client::open(imap, &account, self.servers.patience).map_err(failed)?;
            let found = client.clean().map_err(failed)?;
            suits(transcript, &found).map_err(|why| Stopped::Skipped(why.to_owned()))?;
            let filled = client.fill(name, needs, &transcript.sections);
            filled.map_err(|(line, why)| Stopped::Failed(line, why))?;
            client.leave();
        }
        Ok(names)
    }

    /// The account that is number `at` in a transcript.
    fn account(&mut self, at: usize) -> Option<Account> {
        let accounts = &self.servers.accounts;
        let account = accounts.get(at).or_else(|| accounts.iter().find(|it| is_numbered(it)))?;
        let mut account = account.clone();
        if is_numbered(&account) {
            self.numbered += 1;
            account.name = account.name.replace("{}", &self.numbered.to_string());
        }
        Some(account)
    }

    /// What the server announces in a protocol, in upper case: in IMAP to whoever is logged in.
    fn announced(&mut self, protocol: Protocol) -> Result<Vec<String>, String> {
        if let Some(known) = self.announced.get(&protocol) {
            return known.clone();
        }
        let announced = self.ask(protocol).map(|mut all| {
            all.retain(|name| !self.servers.without.contains(name));
            all
        });
        self.announced.insert(protocol, announced.clone());
        announced
    }

    fn ask(&mut self, protocol: Protocol) -> Result<Vec<String>, String> {
        let address = self.servers.places[&protocol].clone();
        if protocol == Protocol::Imap {
            let account = self.account(0).ok_or("it needs an account (--user)")?;
            let mut client = Client::open(&address, &account, self.servers.patience)?;
            let all = client.capabilities();
            client.leave();
            return all;
        }
        let mut session = Session::open(protocol, &address, self.servers.patience)
            .map_err(|error| format!("{}: {error}", address.place))?;
        session.receive();
        session.heard.clear();
        let command: &[u8] = match protocol {
            Protocol::Pop3 => b"CAPA\r\n",
            Protocol::Lmtp => b"LHLO client.example.org\r\n",
            _ => b"EHLO client.example.org\r\n",
        };
        session.say(command, false);
        let text: Vec<u8> = session.heard.drain(..).flat_map(|it| it.octets).collect();
        session.leave();
        let lines = String::from_utf8_lossy(&text).to_ascii_uppercase();
        let from = if protocol == Protocol::Pop3 { 0 } else { 4 };
        Ok(lines
            .lines()
            .skip(1)
            .map(|line| line.get(from..).unwrap_or_default().trim().to_owned())
            .collect())
    }
}

/// Whether `line`, what a server announces, says `name`; an argument such as `AUTH PLAIN` is one of those announced.
fn announces(line: &str, name: &str) -> bool {
    let mut words = line.split_whitespace();
    let mut wanted = name.split_whitespace();
    let keyword = words.next();
    let rest: Vec<&str> = words.collect();
    keyword == wanted.next() && wanted.all(|word| rest.contains(&word))
}

fn is_numbered(account: &Account) -> bool {
    account.name.contains("{}")
}

/// Whether a transcript can be had with an account such as was `found`.
fn suits(transcript: &Transcript, found: &prepare::Found) -> Result<(), &'static str> {
    let mut text = String::new();
    for line in &transcript.source {
        let _ = writeln!(text, "{line}");
    }
    if found.delimiter != b"." && has_hierarchy(transcript) {
        return Err("the server's hierarchy delimiter is no dot");
    }
    if !found.is_fresh && text.contains("UID") {
        return Err("it needs an INBOX that was never used (a --user with {})");
    }
    Ok(())
}

/// Whether a mailbox below another one plays a part.
fn has_hierarchy(transcript: &Transcript) -> bool {
    transcript.source.iter().any(|line| {
        line.split(' ').any(|word| {
            let word = word.trim_matches(['"', ')', '(', '\r']);
            let mut parts = word.split('.');
            let is_name = |part: &str| part.starts_with(|it: char| it.is_ascii_uppercase());
            line.starts_with(['C', 'n'])
                && parts.clone().count() > 1
                && parts
                    .all(|part| is_name(part) && part.chars().all(|it| it.is_ascii_alphabetic()))
        })
    })
}
