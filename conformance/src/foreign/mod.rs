//! Other people's IMAP test scripts, run against a server that listens on TCP.
//!
//! The scripts are no part of the project: a folder of them is named on the command line. Each is judged on its own, and a server
//! that neither answers nor closes costs a script its time-out and no more.
//!
//! | module | what it is |
//! |---|---|
//! | [`imaptest`] | ImapTest's scripted tests |
//! | [`james`] | the dialogues of Apache James' MPT |
//! | [`report`] | what came of the scripts, for a person and as JSON |
//! | [`connection`] | one connection: whole responses, literals in them, and what was said for a report |
//! | [`session`] | commands that prepare a state: logins, mailboxes, messages |
//! | [`value`] | a response as atoms, strings and lists |

pub mod connection;
pub mod imaptest;
pub mod james;
pub mod report;
pub mod session;
#[cfg(test)]
mod tests;
pub mod value;

use std::time::Duration;

/// A name and a password that a server knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The name for LOGIN.
    pub name: String,
    /// Its password.
    pub password: String,
}

impl Account {
    /// Reads `NAME:PASSWORD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, password) = text.split_once(':')?;
        (!name.is_empty()).then(|| Self { name: name.to_owned(), password: password.to_owned() })
    }

    /// The name in front of its `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.name.split_once('@').map_or(&*self.name, |(local_part, _)| local_part)
    }

    /// The command that logs in (RFC 9051 §6.2.3), without its tag.
    #[must_use]
    pub fn login(&self) -> Vec<u8> {
        [b"LOGIN ", &*quoted(self.name.as_bytes()), b" ", &*quoted(self.password.as_bytes())]
            .concat()
    }
}

/// The server under test, and who may log in to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// `HOST:PORT`; IMAP in the clear.
    pub address: String,
    /// The accounts, the first of which the scripts use where they name none. All their mail is deleted.
    pub accounts: Vec<Account>,
    /// How long the server may stay silent.
    pub patience: Duration,
    /// Capabilities that are taken as not announced, in upper case.
    pub without: Vec<String>,
}

/// `text` as a quoted string (RFC 9051 §4.3).
#[must_use]
pub fn quoted(text: &[u8]) -> Vec<u8> {
    let mut octets = vec![b'"'];
    for octet in text {
        if matches!(octet, b'"' | b'\\') {
            octets.push(b'\\');
        }
        octets.push(*octet);
    }
    octets.push(b'"');
    octets
}
