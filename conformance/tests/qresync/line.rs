//! A connection to a server in memory, and the few words of IMAP that the copy speaks.

use postroad_core::entropy::Entropy;
use postroad_core::imap::server::{Config, Input, Output, Server};
use postroad_core::machine::{Instant, Machine, Session};
use postroad_core::sasl::{self, Channel};
use postroad_core::store::{Memory, Store, memory};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Flags by name.
pub(crate) type Flags = BTreeSet<String>;

/// A connection, logged in.
pub(crate) struct Line {
    server: Server,
    store: memory::Session,
    pub(crate) now: Instant,
    /// Octets that the server has sent.
    pub(crate) heard: usize,
}

impl Line {
    pub(crate) fn new(store: &Memory) -> Self {
        Self::at(store, Instant::from_seconds(1_800_000_000))
    }

    pub(crate) fn at(store: &Memory, now: Instant) -> Self {
        let entropy = Entropy::from_seed([7; 32]);
        let server = Server::new(now, Arc::new(Config::default()), Channel::Confidential, entropy);
        let mut line = Self { server, store: store.session(), now, heard: 0 };
        line.done("LOGIN alice@example.org secret");
        line
    }

    /// Sends octets; what the server says.
    fn say(&mut self, octets: &[u8]) -> String {
        let mut heard = Vec::new();
        self.server.handle_bytes(self.now, octets);
        loop {
            match self.server.poll() {
                Some(Output::Authenticate { ticket, .. }) => {
                    let answer = sasl::Answer::Accept { authcid: "alice@example.org".into() };
                    self.server.handle(self.now, Input::Authenticated { ticket, answer });
                }
                Some(Output::Store { ticket, request }) => {
                    let lent = self.server.content().to_vec();
                    let mut octets = Vec::new();
                    let answer = self.store.perform(self.now, request, &lent, &mut octets);
                    self.server.handle_content(self.now, ticket, &octets);
                    self.server.handle(self.now, Input::Store { ticket, answer });
                }
                Some(Output::Event(_)) => {}
                None if self.server.transmit().is_empty() => break,
                None => {
                    heard.extend_from_slice(self.server.transmit());
                    self.server.transmitted(self.server.transmit().len());
                }
            }
        }
        self.heard += heard.len();
        String::from_utf8(heard).expect("UTF-8")
    }

    /// Has a command carried out; what the server says.
    pub(crate) fn done(&mut self, command: &str) -> String {
        let heard = self.say(format!("t {command}\r\n").as_bytes());
        assert!(heard.contains("t OK "), "{command}: {heard}");
        heard
    }

    /// Appends a message to INBOX; its UID.
    pub(crate) fn append(&mut self, flags: &[&str], text: &str) -> u32 {
        let message = format!("Subject: {text}\r\n\r\n{text}\r\n");
        let flags = flags.join(" ");
        let command = format!("APPEND INBOX ({flags}) {{{}+}}\r\n{message}", message.len());
        let heard = self.done(&command);
        number_behind(&heard, "[APPENDUID ", 1)
    }

    /// Every message of INBOX with its flags.
    pub(crate) fn whole_mailbox(&mut self) -> BTreeMap<u32, Flags> {
        self.done("EXAMINE INBOX");
        let heard = self.done("UID FETCH 1:* (FLAGS)");
        fetched(&heard).map(|fetched| (fetched.uid, fetched.flags)).collect()
    }
}

/// What a FETCH response says.
pub(crate) struct Fetched {
    pub(crate) uid: u32,
    pub(crate) flags: Flags,
    pub(crate) modseq: Option<u64>,
}

/// The FETCH responses with UID and FLAGS.
pub(crate) fn fetched(heard: &str) -> impl Iterator<Item = Fetched> {
    heard.lines().filter(|line| line.contains(" FETCH (") && line.contains("UID ")).map(|line| {
        let flags = line.split_once("FLAGS (").and_then(|(_, rest)| rest.split_once(')'));
        let (flags, _) = flags.expect("FETCH tells flags");
        let stored = flags.split_whitespace().filter(|flag| *flag != "\\Recent");
        let modseq = line.split_once("MODSEQ (").and_then(|(_, rest)| rest.split_once(')'));
        Fetched {
            uid: number_behind(line, "UID ", 0),
            flags: stored.map(str::to_owned).collect(),
            modseq: modseq.map(|(modseq, _)| modseq.parse().expect("a mod-sequence")),
        }
    })
}

/// The UIDs of VANISHED responses.
pub(crate) fn vanished(heard: &str) -> BTreeSet<u32> {
    let lines = heard.lines().filter_map(|line| line.strip_prefix("* VANISHED "));
    lines.flat_map(|line| set(line.trim_start_matches("(EARLIER) "))).collect()
}

/// The UIDs of a SEARCH response.
pub(crate) fn found(heard: &str) -> Vec<u32> {
    let line = heard.lines().find_map(|line| line.strip_prefix("* SEARCH"));
    line.unwrap_or("").split_whitespace().map(|uid| uid.parse().expect("a UID")).collect()
}

/// The UIDs of `[MODIFIED …]`.
pub(crate) fn modified(heard: &str) -> Vec<u32> {
    let modified = heard.split_once("[MODIFIED ").and_then(|(_, rest)| rest.split_once(']'));
    modified.map(|(uids, _)| set(uids)).unwrap_or_default()
}

/// The number of an `[HIGHESTMODSEQ n]`.
pub(crate) fn highest_modseq(heard: &str) -> Option<u64> {
    let (_, rest) = heard.rsplit_once("[HIGHESTMODSEQ ")?;
    rest.split_once(']')?.0.parse().ok()
}

/// The number that stands `skipped` words behind `word`.
pub(crate) fn number_behind(heard: &str, word: &str, skipped: usize) -> u32 {
    let (_, rest) = heard.split_once(word).unwrap_or_else(|| panic!("no {word} in {heard}"));
    let mut words = rest.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    words.nth(skipped).and_then(|number| number.parse().ok()).expect("a number")
}

/// `1:3,7`.
fn set(text: &str) -> Vec<u32> {
    let range = |range: &str| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        let number = |text: &str| text.trim().parse::<u32>().expect("a UID");
        number(first)..=number(last)
    };
    text.trim().split(',').flat_map(range).collect()
}
