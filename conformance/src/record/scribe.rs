//! Follows the dialogue of a connection, and writes it as a transcript.

use super::cutter::Cutter;
use super::page::Page;
use super::secrets::{Credentials, Login, Secrets};
use super::texts::{Part, Texts};
use crate::live::Protocol;
use crate::transcript::End;
use std::collections::{BTreeSet, VecDeque};

mod client;
mod server;

/// Writes one connection's transcript. Whatever is said, and however it is cut, it is only listened to.
pub(super) struct Scribe {
    protocol: Protocol,
    page: Page,
    texts: Texts,
    secrets: Secrets,
    client: Cutter,
    server: Cutter,
    place: Place,
    /// Commands that are not answered, and the greeting.
    awaited: VecDeque<Awaited>,
    /// What the client said before an earlier command was answered: it is written behind that.
    held: Vec<u8>,
    /// IMAP: the tag of the command that is being said.
    tag: Vec<u8>,
    /// IMAP: whether it waits to be let say a literal.
    asks: bool,
    /// IMAP: whether a dollar sign of a literal is not written yet.
    owes_dollar: bool,
    /// POP3: what USER said.
    name: String,
    /// LMTP: how many recipients were accepted.
    recipients: usize,
    /// What is said of a login that succeeds now.
    credentials: Option<Credentials>,
    /// Who and which domains the transcript needs already.
    needed: BTreeSet<String>,
    domains: Vec<String>,
    says_pipelining: bool,
    says_no_delay: bool,
    /// Where in a response the server is.
    reply: Reply,
    /// How the connection's TLS stands.
    tls: Tls,
    /// Whether the dialogue can be followed.
    follows: bool,
}

/// What the client says next.
enum Place {
    Command,
    /// A message, up to a lone dot.
    Content,
    /// A chunk's octets.
    Chunk,
    /// Responses of a SASL exchange.
    Login(Login),
    /// Arguments of IMAP's LOGIN, behind a literal's octets, which come first.
    Arguments(Login, Vec<u8>),
    /// More of a command of IMAP, behind a literal's octets, which come first.
    Continued,
}

/// A command that was said.
struct Awaited {
    /// IMAP.
    tag: Vec<u8>,
    /// In upper case; empty for the greeting.
    verb: Vec<u8>,
    /// SMTP: the parameter. POP3: whether there is one is what matters.
    argument: Vec<u8>,
    /// How many replies are still due.
    replies: usize,
    /// Whether it is in the transcript already.
    is_written: bool,
    /// Whether the server waits for more of it.
    goes_on: bool,
}

/// Where in a response the server is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reply {
    Begins,
    /// POP3: in lines up to a lone dot. IMAP: behind a literal.
    Continues,
}

/// How a connection's TLS stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tls {
    /// Nobody asked for it in the dialogue.
    Unasked,
    /// The server has said that it begins.
    Granted,
    /// The proxy knows.
    Begun,
}

impl Scribe {
    pub(super) fn new(protocol: Protocol, page: Page, verbatim: bool) -> Self {
        let greeting = Awaited {
            tag: Vec::new(),
            verb: Vec::new(),
            argument: Vec::new(),
            replies: 1,
            is_written: true,
            goes_on: false,
        };
        Self {
            protocol,
            page,
            texts: Texts::new(protocol, verbatim),
            secrets: Secrets::default(),
            client: Cutter::default(),
            server: Cutter::default(),
            place: Place::Command,
            awaited: VecDeque::from([greeting]),
            held: Vec::new(),
            tag: Vec::new(),
            asks: false,
            owes_dollar: false,
            name: String::new(),
            recipients: 0,
            credentials: None,
            needed: BTreeSet::new(),
            domains: Vec::new(),
            says_pipelining: false,
            says_no_delay: false,
            reply: Reply::Begins,
            tls: Tls::Unasked,
            follows: true,
        }
    }

    /// The client has said `octets`.
    pub(super) fn hear_client(&mut self, octets: &[u8]) {
        self.client.push(octets);
        while self.follows
            && let Some(piece) = self.client.next()
        {
            self.take_client(piece);
        }
    }

    /// The server has said `octets`.
    pub(super) fn hear_server(&mut self, octets: &[u8]) {
        self.server.push(octets);
        while self.follows
            && let Some(piece) = self.server.next()
        {
            self.take_server(piece);
        }
    }

    /// Whether the server has agreed to begin TLS now; asked once.
    pub(super) fn takes_tls(&mut self) -> bool {
        let granted = self.tls == Tls::Granted;
        if granted {
            self.tls = Tls::Begun;
            self.page.note("= tls");
        }
        granted
    }

    /// Both handshakes are done.
    pub(super) fn hear_tls(&mut self) {
        self.page.note("! tls ok");
    }

    /// The handshake with `end` has failed, which the dialogue had asked for or not.
    pub(super) fn hear_tls_failed(&mut self, end: End, was_asked: bool, why: &str) {
        let who = match end {
            End::Client => "client",
            End::Server => "server",
        };
        self.page.note(&format!("# The handshake with the {who}: {}", why.escape_debug()));
        if was_asked {
            self.page.note("! tls failed");
        }
    }

    /// `end` says nothing more: if it is the client, the server may.
    pub(super) fn hear_end(&mut self, end: End) {
        let (cutter, who) = match end {
            End::Client => (&self.client, "client"),
            End::Server => (&self.server, "server"),
        };
        let left = cutter.left();
        self.say_held();
        if left > 0 && self.follows {
            self.page.note(&format!(
                "# {left} octets of the {who}'s are no whole line, and not recorded"
            ));
        }
        self.page.note(match end {
            End::Client => "! eof",
            End::Server => "= close",
        });
    }

    /// Why the transcript could not be written, once.
    pub(super) const fn failure(&mut self) -> Option<std::io::Error> {
        self.page.failure()
    }

    /// Listens no more.
    fn give_up(&mut self, why: &str) {
        self.say_held();
        self.page.stop(why);
        self.follows = false;
    }

    /// Writes what the client said, now or once what it said before is answered.
    fn say_client(&mut self, octets: &[u8]) {
        let waits = self.awaited.iter().any(|it| it.is_written && !it.goes_on);
        if !self.held.is_empty() || waits && self.page.last() != Some(End::Client) {
            self.held.extend_from_slice(octets);
        } else {
            let said = self.texts.said(octets);
            self.page.say(End::Client, &said);
        }
    }

    /// Takes note of a command that was just said.
    fn await_reply(&mut self, tag: &[u8], verb: &[u8], argument: &[u8], replies: usize) {
        let is_written = self.held.is_empty();
        self.awaited.push_back(Awaited {
            tag: tag.to_vec(),
            verb: verb.to_vec(),
            argument: argument.to_vec(),
            replies,
            is_written,
            goes_on: false,
        });
        if !self.says_pipelining && self.awaited.iter().filter(|it| it.is_written).count() > 1 {
            self.says_pipelining = true;
            self.page.note("needs pipelining");
        }
    }

    /// Writes what was held, if what was said before it is answered.
    fn settle(&mut self) {
        if !self.awaited.iter().any(|it| it.is_written && !it.goes_on) {
            self.say_held();
        }
    }

    fn say_held(&mut self) {
        let held = core::mem::take(&mut self.held);
        let said = self.texts.said(&held);
        self.page.say(End::Client, &said);
        for awaited in &mut self.awaited {
            awaited.is_written = true;
        }
    }

    /// Writes a server's line, or what there is of one.
    fn say_server(&mut self, text: &[u8], part: Part) {
        let content = text.strip_suffix(b"\n").unwrap_or(text);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let pattern = self.texts.pattern(content, part);
        self.page.say(End::Server, &[&pattern, &text[content.len()..]].concat());
    }

    /// Somebody has logged in, or may not. Postroad's machines would take their time to say no, and time does not pass here.
    fn judge(&mut self, is_ok: bool) {
        let Some(Credentials { user, password }) = self.credentials.take() else {
            return;
        };
        if !is_ok {
            if !core::mem::replace(&mut self.says_no_delay, true) {
                self.page.note("config limit failed_login_delay 0");
            }
            return;
        }
        if !user.is_empty() && !password.is_empty() {
            self.need_domain(&user);
            self.needed.insert(user.clone());
            self.page.note(&format!("needs user {user} {password}"));
        }
    }

    /// Somebody has mail there.
    fn need_recipient(&mut self, address: &str) {
        self.need_domain(address);
        if self.needed.insert(address.to_owned()) {
            self.page.note(&format!("needs user {address}"));
        }
    }

    /// The domain of `address` is the server's own.
    fn need_domain(&mut self, address: &str) {
        let Some((_, domain)) = address.rsplit_once('@') else {
            return;
        };
        let domain = domain.to_ascii_lowercase();
        if !self.domains.contains(&domain) {
            self.domains.push(domain);
            self.page.note(&format!("config domains {}", self.domains.join(" ")));
        }
    }
}

/// A line without its end, and the end.
fn parted(line: &[u8]) -> (&[u8], &[u8]) {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    line.split_at(text.len())
}

/// The first word of `text`, and what is behind the blank after it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|octet| *octet == b' ') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// The length of the literal that `text`, without a line end, announces, and whether the client is to wait for a word of the
/// server's (RFC 9051 §4.3, RFC 7888 §4, RFC 3516 §4.4).
fn literal(text: &[u8]) -> Option<(u64, bool)> {
    let inner = text.strip_suffix(b"}")?;
    let (inner, waits) = match inner.strip_suffix(b"+") {
        Some(inner) => (inner, false),
        None => (inner, true),
    };
    let at = inner.iter().rposition(|octet| *octet == b'{')?;
    let count = core::str::from_utf8(&inner[at + 1..]).ok()?.parse().ok()?;
    Some((count, waits))
}
