//! A connection that commands are given on: greeting, tags, literals, capabilities.

use super::connection::{Connection, shown};
use super::report::Failure;
use super::value::{self, Value};
use super::{Account, Server, quoted};

/// A connection behind its greeting.
#[derive(Debug)]
pub struct Session {
    /// The connection.
    pub connection: Connection,
    /// How the server greeted.
    pub greeting: Vec<u8>,
    tags: usize,
    without: Vec<String>,
}

impl Session {
    /// Connects, and takes the greeting (RFC 9051 §7.1.4).
    ///
    /// # Errors
    /// If there is none, or it is BYE.
    pub fn open(server: &Server, number: usize) -> Result<Self, Failure> {
        let mut connection = Connection::open(server, number)?;
        let greeting = connection.receive()?;
        match greeting.starts_with(b"* OK") {
            true => {
                let without = server.without.clone();
                Ok(Self { connection, greeting, tags: 0, without })
            }
            false => Err(Failure::new(0, "a greeting", shown(&greeting))),
        }
    }

    /// A tag that was not used before.
    pub fn tag(&mut self) -> String {
        self.tags += 1;
        format!("p{}", self.tags)
    }

    /// Gives a command without synchronizing literals; its untagged responses, once it is OK.
    ///
    /// # Errors
    /// If it is not.
    pub fn command(&mut self, command: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
        let tag = self.tag();
        self.connection.send(&[tag.as_bytes(), b" ", command, b"\r\n"].concat())?;
        self.completion(&tag, command)
    }

    fn completion(&mut self, tag: &str, command: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
        let mut untagged = Vec::new();
        loop {
            let response = self.connection.receive()?;
            match response.strip_prefix(tag.as_bytes()) {
                Some(status) if status.starts_with(b" OK") => return Ok(untagged),
                Some(_) => {
                    return Err(Failure::new(
                        0,
                        format!("OK to {}", shown(command)),
                        shown(&response),
                    ));
                }
                None => untagged.push(response),
            }
        }
    }

    /// Logs in.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn log_in(&mut self, account: &Account) -> Result<(), Failure> {
        self.command(&account.login()).map(drop)
    }

    /// The capabilities, in upper case (RFC 9051 §6.1.1).
    ///
    /// # Errors
    /// If the server does not say them.
    pub fn capabilities(&mut self) -> Result<Vec<String>, Failure> {
        let replies = self.command(b"CAPABILITY")?;
        let upper = |value: &Value| {
            value.octets().map(|octets| String::from_utf8_lossy(octets).to_ascii_uppercase())
        };
        let words = replies.iter().map(|reply| value::parse(reply));
        let words = words.filter(|words| words.get(1).is_some_and(|word| word.is("CAPABILITY")));
        let names = words.flat_map(|words| words[2..].iter().filter_map(upper).collect::<Vec<_>>());
        Ok(names.filter(|name| !self.without.contains(name)).collect())
    }

    /// Deletes every mailbox whose name begins with `prefix`, those below others first, and its subscription. What can't be
    /// deleted, such as INBOX, stays.
    ///
    /// # Errors
    /// If the server does not list them, or ends the connection.
    pub fn delete_mailboxes(&mut self, prefix: &str) -> Result<(), Failure> {
        let pattern = quoted(format!("{prefix}*").as_bytes());
        for (list, undo) in [("LIST", "DELETE"), ("LSUB", "UNSUBSCRIBE")] {
            let replies = self.command(&[list.as_bytes(), b" \"\" ", &pattern].concat())?;
            let mut names: Vec<Vec<u8>> =
                replies.iter().filter_map(|reply| name(list, reply)).collect();
            names.sort_by_key(|name| core::cmp::Reverse(name.clone()));
            for name in names {
                let tag = self.tag();
                let command = [undo.as_bytes(), b" ", &quoted(&name)].concat();
                self.connection.send(&[tag.as_bytes(), b" ", &command, b"\r\n"].concat())?;
                if let Err(failure) = self.completion(&tag, &command)
                    && !failure.seen.starts_with(&tag)
                {
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// Appends a message to `mailbox` (RFC 9051 §6.3.12); `arguments` are flags and a date-time.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn append(
        &mut self,
        mailbox: &str,
        arguments: &str,
        message: &[u8],
    ) -> Result<(), Failure> {
        let tag = self.tag();
        let name = String::from_utf8_lossy(&quoted(mailbox.as_bytes())).into_owned();
        let command = format!("{tag} APPEND {name}{arguments} {{{}}}\r\n", message.len());
        self.connection.send(command.as_bytes())?;
        loop {
            let response = self.connection.receive()?;
            if response.starts_with(b"+") {
                break;
            }
            if response.starts_with(tag.as_bytes()) {
                return Err(Failure::new(0, "a continuation to APPEND", shown(&response)));
            }
        }
        self.connection.send(&[message, b"\r\n"].concat())?;
        self.completion(&tag, b"APPEND").map(drop)
    }
}

/// The mailbox that a LIST or LSUB response names.
fn name(list: &str, response: &[u8]) -> Option<Vec<u8>> {
    match &value::parse(response)[..] {
        [_, word, Value::List(_), _, name, ..] if word.is(list) => {
            name.octets().map(<[u8]>::to_vec)
        }
        _ => None,
    }
}
