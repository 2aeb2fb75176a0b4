//! Runs a dialogue.

use super::expected::Expected;
use super::script::{Block, Script};
use super::seen::{Seen, gather};
use super::setup::{Setup, State};
use crate::foreign::Server;
use crate::foreign::connection::shown;
use crate::foreign::report::{Failure, Outcome};
use crate::foreign::session::Session;
use crate::foreign::value;
use std::collections::BTreeMap;

/// The user that the dialogues know, and its password.
const USER: &str = "imapuser";
const PASSWORD: &str = "password";

/// Runs `script`; `preparation` fills the mailbox of [`State::Selected`].
#[must_use]
pub fn run(script: &Script, preparation: &Script, setup: &Setup, server: &Server) -> Outcome {
    if let Some(reason) = setup.only_james {
        return Outcome::Skipped { reason: reason.to_owned() };
    }
    let mut play = Play {
        server,
        setup,
        sessions: BTreeMap::new(),
        capabilities: Vec::new(),
        current: 1,
        pending: Vec::new(),
        failures: Vec::new(),
    };
    let skipped = match play.whole(script, preparation) {
        Ok(skipped) => skipped,
        Err(failure) => {
            play.fail(failure);
            None
        }
    };
    for session in play.sessions.into_values() {
        session.connection.log_out();
    }
    match skipped {
        Some(reason) => Outcome::Skipped { reason },
        None => Outcome::of(play.failures),
    }
}

struct Play<'a> {
    server: &'a Server,
    setup: &'a Setup,
    sessions: BTreeMap<usize, Session>,
    capabilities: Vec<String>,
    /// The session that is spoken on.
    current: usize,
    /// What the server said in front of the first command.
    pending: Vec<Vec<u8>>,
    failures: Vec<Failure>,
}

impl Play<'_> {
    /// The whole dialogue; a reason if it can't be run with this server.
    fn whole(&mut self, script: &Script, preparation: &Script) -> Result<Option<String>, Failure> {
        let Some(account) = self.server.accounts.first() else {
            return Ok(Some("there is no account".to_owned()));
        };
        let mut first = Session::open(self.server, 0)?;
        first.log_in(account)?;
        self.capabilities = first.capabilities()?;
        let lacks = |name: &&&str| !self.capabilities.iter().any(|have| have == **name);
        if let Some(missing) = self.setup.capabilities.iter().find(lacks) {
            return Ok(Some(format!("the server has no {missing}")));
        }
        empty(&mut first)?;
        first.connection.log_out();
        match self.setup.state {
            State::Selected => self.prepare(&preparation.blocks)?,
            State::Inbox => drop(self.session(1)?.command(b"SELECT INBOX")?),
            State::Authenticated | State::NotAuthenticated => {}
        }
        for block in &script.blocks {
            self.block(block)?;
        }
        Ok(None)
    }

    /// Notes a failure with the dialogue that led to it.
    fn fail(&mut self, failure: Failure) {
        let session = self.sessions.get_mut(&self.current);
        let dialogue = session.map_or(Vec::new(), |session| session.connection.dialogue());
        self.failures.push(Failure { dialogue, ..failure });
    }

    /// Fills and selects the mailbox; what the server says to it is judged in the dialogue of its own.
    fn prepare(&mut self, blocks: &[Block]) -> Result<(), Failure> {
        let session = self.session(1)?;
        for block in blocks {
            session.connection.send(&block.client)?;
            loop {
                let response = session.connection.receive()?;
                if let Some(status) = response.strip_prefix(block.tag.as_bytes()) {
                    if status.starts_with(b" OK") {
                        break;
                    }
                    return Err(Failure::new(0, "OK to what prepares the state", shown(&response)));
                }
            }
        }
        Ok(())
    }

    /// The session `number`, which begins with its first use.
    fn session(&mut self, number: usize) -> Result<&mut Session, Failure> {
        self.current = number;
        if !self.sessions.contains_key(&number) {
            let mut session = Session::open(self.server, number)?;
            if self.setup.state == State::NotAuthenticated {
                self.pending.push(session.greeting.clone());
            } else if let Some(account) = self.server.accounts.first() {
                session.log_in(account)?;
            }
            self.sessions.insert(number, session);
        }
        let gone = || Failure::new(0, "a session", "none");
        self.sessions.get_mut(&number).ok_or_else(gone)
    }

    fn block(&mut self, block: &Block) -> Result<(), Failure> {
        let at_line = |failure: Failure| match failure.line {
            0 => Failure { line: block.line, ..failure },
            _ => failure,
        };
        let client = self.translate(&block.client);
        let session = self.session(block.session).map_err(at_line)?;
        session.connection.dialogue();
        let mut responses = Vec::new();
        if !client.is_empty() {
            session.connection.send(&client).map_err(at_line)?;
            let ends = |response: &[u8]| is_end(response, block);
            loop {
                match session.connection.receive() {
                    Ok(response) => {
                        responses.push(response);
                        if responses.last().is_some_and(|response| ends(response)) {
                            break;
                        }
                    }
                    // A server may close the connection instead; what it said is judged.
                    Err(_) if !responses.is_empty() => break,
                    Err(failure) => return Err(at_line(failure)),
                }
            }
            responses = [core::mem::take(&mut self.pending), responses].concat();
        } else {
            responses.extend(core::mem::take(&mut self.pending));
        }
        if let Err(failure) = self.judge(block, gather(responses)) {
            self.fail(failure);
        }
        Ok(())
    }

    /// The client's words with the name and the password of our user, and without the blanks that the grammar does not
    /// have: James reads over them.
    fn translate(&self, client: &[u8]) -> Vec<u8> {
        let (Some(account), Ok(text)) =
            (self.server.accounts.first(), core::str::from_utf8(client))
        else {
            return client.to_vec();
        };
        let is_spaced = [" STORE ", " SEARCH ", " STATUS "].iter().any(|word| text.contains(word));
        if is_spaced && text.lines().count() == 1 {
            let text = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>();
            return text.join(" ").replace("( ", "(").replace(" )", ")").into_bytes();
        }
        let is_login = text.split(' ').nth(1) == Some("LOGIN");
        match text.split_once(USER) {
            Some((head, tail)) if is_login => {
                let tail = tail.replacen(PASSWORD, &account.password, 1);
                format!("{head}{}{tail}", account.name).into_bytes()
            }
            _ => client.to_vec(),
        }
    }

    /// Every response that is owed must come, and nothing else but what may come at any time.
    fn judge(&self, block: &Block, mut seen: Vec<Seen>) -> Result<(), Failure> {
        let mut missing: Option<&Expected> = None;
        for expected in &block.server {
            let place = seen.iter().position(|seen| expected.matches(seen, &self.capabilities));
            match place {
                Some(at) => drop(seen.remove(at)),
                None if expected.is_owed(&self.capabilities) => {
                    missing = missing.or(Some(expected))
                }
                None => {}
            }
        }
        seen.retain(|seen| !may_come(&seen.octets, block));
        let rest: Vec<String> = seen.iter().map(|seen| shown(&seen.octets)).collect();
        let rest = if rest.is_empty() { "nothing more".to_owned() } else { rest.join(" ⏎ ") };
        match missing {
            Some(expected) => Err(Failure::new(block.line, expected.text.clone(), rest)),
            None if seen.is_empty() => Ok(()),
            None => Err(Failure::new(block.line, "nothing more", rest)),
        }
    }
}

/// Deletes every mailbox, and every message of INBOX.
fn empty(session: &mut Session) -> Result<(), Failure> {
    session.delete_mailboxes("")?;
    session.command(b"SELECT INBOX")?;
    // With no message there, a server may say that there is no message 1.
    let _ = session.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)");
    session.command(b"CLOSE").map(drop)
}

/// Whether a response is the last to a block's command: it is tagged, or a continuation or BYE that the block awaits.
fn is_end(response: &[u8], block: &Block) -> bool {
    let tagged = response.strip_prefix(block.tag.as_bytes());
    tagged.is_some_and(|rest| rest.first() == Some(&b' '))
        || response.starts_with(b"+") && block.server.iter().any(Expected::is_continuation)
        || response.starts_with(b"* BAD")
}

/// Whether a server may say this at any time, so that no dialogue can forbid it: text, codes, and what flags there are; in SELECT
/// and EXAMINE, LIST of the mailbox (RFC 9051 §6.3.2); FETCH with FLAGS alone (RFC 9051 §7.5.2).
fn may_come(response: &[u8], block: &Block) -> bool {
    let values = value::parse(response);
    let [star, first, second, ..] = &values[..] else { return false };
    let is_select = [" SELECT ", " EXAMINE "].iter().any(|word| {
        block.client.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    });
    let is_flags = |value: &value::Value| match value {
        value::Value::List(items) => items.len() == 2 && items[0].is("FLAGS"),
        _ => false,
    };
    star.is("*")
        && (["OK", "FLAGS", "CAPABILITY"].iter().any(|word| first.is(word))
            || second.is("RECENT")
            || second.is("FETCH") && values.get(3).is_some_and(is_flags)
            || is_select && first.is("LIST"))
}
