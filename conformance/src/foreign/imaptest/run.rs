//! Runs a script.

use super::MAILBOX;
use super::lines::{Line, Piece};
use super::matcher::Bindings;
use super::mbox::Mbox;
use super::pattern::{Segment, segments};
use super::script::{Command, Group, Script, State};
use super::turn::Turn;
use crate::foreign::report::{Failure, Outcome};
use crate::foreign::session::Session;
use crate::foreign::value::{self, Value};
use crate::foreign::{Account, Server};

/// Runs `script` with the messages of `mbox`.
#[must_use]
pub fn run(script: &Script, mbox: Mbox, server: &Server) -> Outcome {
    let mut play = Play {
        script,
        mbox,
        server,
        peers: Vec::new(),
        bindings: Bindings::default(),
        current: 0,
        failures: Vec::new(),
    };
    let skipped = match play.whole() {
        Ok(skipped) => skipped,
        Err(failure) => {
            play.fail(failure);
            None
        }
    };
    for peer in play.peers {
        peer.session.connection.log_out();
    }
    match skipped {
        Some(reason) => Outcome::Skipped { reason },
        None => Outcome::of(play.failures),
    }
}

struct Peer {
    session: Session,
    /// How many messages the selected mailbox has, as the server told.
    exists: usize,
}

struct Play<'a> {
    script: &'a Script,
    mbox: Mbox,
    server: &'a Server,
    peers: Vec<Peer>,
    bindings: Bindings,
    /// The connection that is spoken on.
    current: usize,
    failures: Vec<Failure>,
}

impl Play<'_> {
    /// The whole script; a reason if it can't be run with this server.
    fn whole(&mut self) -> Result<Option<String>, Failure> {
        if let Some(reason) = self.connect()? {
            return Ok(Some(reason));
        }
        self.prepare()?;
        for group in &self.script.groups {
            self.current = group.connection;
            self.peers[self.current].session.connection.dialogue();
            let line = group.commands.first().map_or(0, |command| command.line.number);
            match self.group(group) {
                Ok(()) => {}
                Err(failure) if failure.line == 0 => return Err(Failure { line, ..failure }),
                Err(failure) => self.fail(failure),
            }
        }
        Ok(None)
    }

    /// Notes a failure with the dialogue that led to it.
    fn fail(&mut self, failure: Failure) {
        let peer = self.peers.get_mut(self.current);
        let dialogue = peer.map_or(Vec::new(), |peer| peer.session.connection.dialogue());
        self.failures.push(Failure { dialogue, ..failure });
    }

    fn account(&self, connection: usize) -> Option<&Account> {
        let user = self.script.users.get(&connection).map_or("user", String::as_str);
        let number = user.strip_prefix("user")?;
        let number: usize = if number.is_empty() { 1 } else { number.parse().ok()? };
        self.server.accounts.get(number.checked_sub(1)?)
    }

    fn connect(&mut self) -> Result<Option<String>, Failure> {
        for connection in 0..self.script.connections {
            let Some(account) = self.account(connection).cloned() else {
                return Ok(Some(format!("connection {} needs one more account", connection + 1)));
            };
            self.current = connection;
            self.introduce(connection, &account);
            let session = Session::open(self.server, connection + 1)?;
            self.peers.push(Peer { session, exists: 0 });
            let session = &mut self.peers[connection].session;
            if self.script.state > State::NotAuthenticated {
                session.log_in(&account)?;
            }
            if connection == 0 {
                let have = session.capabilities()?;
                let lacks = |name: &&String| !have.contains(&name.to_ascii_uppercase());
                let missing: Vec<&str> =
                    self.script.capabilities.iter().filter(lacks).map(String::as_str).collect();
                if !missing.is_empty() {
                    return Ok(Some(format!("the server has no {}", missing.join(" "))));
                }
            }
        }
        Ok(None)
    }

    /// Binds the variables of a connection's account.
    fn introduce(&mut self, connection: usize, account: &Account) {
        let number = if connection == 0 { String::new() } else { (connection + 1).to_string() };
        let host = self.server.address.rsplit_once(':').map_or("", |(host, _)| host);
        let domain = account.name.split_once('@').map_or(host, |(_, domain)| domain);
        for (name, value) in [
            ("user", &*account.name),
            ("username", account.local_part()),
            ("domain", domain),
            ("password", &*account.password),
        ] {
            self.bindings.variables.insert(format!("{name}{number}"), value.as_bytes().to_vec());
        }
        for name in ["mailbox", "mailbox_url"] {
            self.bindings.variables.insert(name.to_owned(), MAILBOX.as_bytes().to_vec());
        }
    }

    fn prepare(&mut self) -> Result<(), Failure> {
        self.current = 0;
        let session = &mut self.peers[0].session;
        if self.script.state >= State::Authenticated {
            session.delete_mailboxes(MAILBOX)?;
        }
        if self.script.state >= State::Created {
            session.command(format!("CREATE {MAILBOX}").as_bytes())?;
        }
        if self.script.state >= State::Appended {
            for _ in 0..self.script.messages.unwrap_or(self.mbox.len()) {
                if let Some(message) = self.mbox.next() {
                    let date = message.date.map_or(String::new(), |date| format!(" {date}"));
                    session.append(MAILBOX, &date, &message.octets)?;
                }
            }
        }
        if self.script.state >= State::Selected {
            for (connection, peer) in self.peers.iter_mut().enumerate() {
                self.current = connection;
                for reply in peer.session.command(format!("SELECT {MAILBOX}").as_bytes())? {
                    peer.count(&value::parse(&reply));
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, group: &Group) -> Result<(), Failure> {
        self.bindings.sequence = (1..=self.peers[self.current].exists).collect();
        let mut turn = Turn::new(group);
        for command in &group.commands {
            self.give(command, &mut turn)?;
        }
        while turn.is_waiting() {
            match self.peers[self.current].session.connection.receive() {
                Ok(response) => self.take(&response, &mut turn)?,
                Err(_) if turn.seen_bye && group.ends_with_bye() => break,
                Err(failure) => return Err(failure),
            }
        }
        turn.finish(self.script.ignore_extra_untagged)
    }

    /// Sends a command, waiting for a continuation at each literal (RFC 9051 §4.3).
    fn give(&mut self, command: &Command, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let pieces = self.expand(&command.line)?;
        let tag = self.peers[self.current].session.tag();
        let place = turn.tags.len();
        turn.tags.push(Some(tag.clone()));
        let mut octets = format!("{tag} ").into_bytes();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => octets.extend_from_slice(text),
                Piece::Literal { binary, octets: literal } => {
                    let sign = if *binary { "~" } else { "" };
                    octets.extend_from_slice(format!("{sign}{{{}}}\r\n", literal.len()).as_bytes());
                    self.peers[self.current].session.connection.send(&octets)?;
                    loop {
                        let response = self.peers[self.current].session.connection.receive()?;
                        if response.starts_with(b"+") {
                            break;
                        }
                        self.take(&response, turn)?;
                        if turn.tags[place].is_none() {
                            return Ok(());
                        }
                    }
                    octets = literal.clone();
                }
            }
        }
        octets.extend_from_slice(b"\r\n");
        self.peers[self.current].session.connection.send(&octets)
    }

    /// The pieces of a command, with values for variables and the next message for an APPEND or REPLACE that has none.
    fn expand(&mut self, line: &Line) -> Result<Vec<Piece>, Failure> {
        let mut pieces = Vec::new();
        for piece in &line.pieces {
            pieces.push(match piece {
                Piece::Text(text) => Piece::Text(self.substitute(text)?),
                Piece::Literal { binary, octets } => {
                    Piece::Literal { binary: *binary, octets: self.substitute(octets)? }
                }
            });
        }
        let [Piece::Text(text)] = &mut pieces[..] else { return Ok(pieces) };
        let words = value::parse(text);
        let is_append = match &words[..] {
            [name, ..] if name.is("APPEND") || name.is("REPLACE") => true,
            [uid, name, ..] => uid.is("UID") && name.is("REPLACE"),
            _ => false,
        };
        if !is_append || words.iter().any(|word| word.is("CATENATE")) {
            return Ok(pieces);
        }
        if words.len() == 1 {
            text.extend_from_slice(format!(" {MAILBOX}").as_bytes());
        }
        let Some(message) = self.mbox.next() else { return Ok(pieces) };
        if let Some(date) = message.date
            && !matches!(words.last(), Some(Value::Text(_)))
        {
            text.extend_from_slice(format!(" {date}").as_bytes());
        }
        text.push(b' ');
        pieces.push(Piece::Literal { binary: false, octets: message.octets });
        Ok(pieces)
    }

    fn substitute(&self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        let wrong = |problem: String| Failure::new(0, "a script in the format", problem);
        let mut octets = Vec::new();
        for segment in segments(text).map_err(wrong)? {
            match segment {
                Segment::Text(text) | Segment::Exactly(text) => octets.extend_from_slice(&text),
                Segment::Variable(name) => {
                    let value = self.bindings.get(&name);
                    octets.extend(value.ok_or_else(|| wrong(format!("${name} has no value")))?);
                }
            }
        }
        Ok(octets)
    }

    fn take(&mut self, response: &[u8], turn: &mut Turn<'_>) -> Result<(), Failure> {
        let values = value::parse(response);
        match &values[..] {
            [first, rest @ ..] if first.is("*") => {
                let tag = turn.tags.first().cloned().flatten().unwrap_or_default();
                self.bindings.variables.insert("tag".to_owned(), tag.into_bytes());
                turn.untagged(rest, response, &mut self.bindings);
                if let [number, name, ..] = rest
                    && name.is("EXPUNGE")
                {
                    self.bindings.expunge(self::number(number));
                }
                self.peers[self.current].count(&values);
                Ok(())
            }
            [first, rest @ ..] => turn.tagged(first, rest, response, &mut self.bindings),
            [] => Err(Failure::new(0, "a response", "an empty line")),
        }
    }
}

impl Peer {
    /// Keeps count of the messages (RFC 9051 §7.4.1, §7.5.1).
    fn count(&mut self, values: &[Value]) {
        match values {
            [_, count, name, ..] if name.is("EXISTS") => self.exists = number(count).min(1 << 20),
            [_, _, name, ..] if name.is("EXPUNGE") => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }
}

fn number(value: &Value) -> usize {
    let text = value.octets().and_then(|octets| core::str::from_utf8(octets).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
