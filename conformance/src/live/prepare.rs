//! Makes it so that a server has what a transcript needs, by IMAP.

use super::needs::{Need, Needs};
use super::protocol::Protocol;
use super::session::Session;
use super::wire::Address;
use crate::foreign::value::{self, Value};
use crate::foreign::{Account, quoted};
use crate::transcript::{Sections, escape};
use std::time::Duration;

/// An IMAP session that prepares an account.
pub(super) struct Client {
    session: Session,
    tags: usize,
}

/// How an account was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    /// What stands between the names of mailboxes and of those below.
    pub(super) delimiter: Vec<u8>,
    /// Whether the next UID of its INBOX is 1.
    pub(super) is_fresh: bool,
}

impl Client {
    /// Connects and logs in.
    pub(super) fn open(
        address: &Address,
        account: &Account,
        patience: Duration,
    ) -> Result<Self, String> {
        let session = Session::open(Protocol::Imap, address, patience)
            .map_err(|error| format!("{}: {error}", address.place))?;
        let mut client = Self { session, tags: 0 };
        if !client.session.receive() {
            return Err(format!("{} does not greet", address.place));
        }
        client.command(&account.login())?;
        Ok(client)
    }

    /// Gives a command; its untagged responses, once it is OK.
    pub(super) fn command(&mut self, command: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        self.tags += 1;
        let tag = format!("p{}", self.tags);
        self.session.heard.clear();
        let octets = [tag.as_bytes(), b" ", command, b"\r\n"].concat();
        self.session.say(&octets, false);
        let mut heard: Vec<Vec<u8>> =
            self.session.heard.drain(..).map(|response| response.octets).collect();
        let last = heard.pop().unwrap_or_default();
        if last.starts_with(format!("{tag} OK").as_bytes()) {
            return Ok(heard);
        }
        let command = command.get(..60.min(command.len())).unwrap_or_default();
        Err(format!("the server answered `{}` to `{}`", escape(&last), escape(command)))
    }

    /// What the server announces to whoever is logged in, in upper case.
    pub(super) fn capabilities(&mut self) -> Result<Vec<String>, String> {
        let replies = self.command(b"CAPABILITY")?;
        let reply = replies.iter().find(|reply| reply.starts_with(b"* CAPABILITY"));
        let text = String::from_utf8_lossy(reply.map_or(&[][..], Vec::as_slice)).to_uppercase();
        Ok(text.split_whitespace().skip(2).map(str::to_owned).collect())
    }

    /// Deletes all mailboxes and messages.
    pub(super) fn clean(&mut self) -> Result<Found, String> {
        let mut delimiter = b".".to_vec();
        let listed = self.command(b"LIST \"\" *")?;
        let mut names = Vec::new();
        for reply in &listed {
            if let [_, word, Value::List(_), found, name, ..] = &value::parse(reply)[..]
                && word.is("LIST")
            {
                delimiter = found.octets().unwrap_or_default().to_vec();
                names.extend(name.octets().map(<[u8]>::to_vec));
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        for name in names.iter().filter(|name| !name.eq_ignore_ascii_case(b"INBOX")) {
            for verb in [&b"DELETE "[..], b"UNSUBSCRIBE "] {
                // What can't be deleted is only in the way of transcripts that would see it, and they say so.
                let _ = self.command(&[verb, &quoted(name)].concat());
            }
        }
        let selected = self.command(b"SELECT INBOX")?;
        if !selected.iter().any(|reply| reply.starts_with(b"* 0 EXISTS")) {
            self.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)")?;
            self.command(b"EXPUNGE")?;
        }
        self.command(b"CLOSE")?;
        let status = self.command(b"STATUS INBOX (UIDNEXT)")?.concat();
        let is_fresh = String::from_utf8_lossy(&status).contains("UIDNEXT 1)");
        Ok(Found { delimiter, is_fresh })
    }

    /// Makes the mailboxes and appends the messages that `name`, whom this client logged in as, is to have.
    pub(super) fn fill(
        &mut self,
        name: &str,
        needs: &Needs,
        sections: &Sections,
    ) -> Result<(), (usize, String)> {
        let mut made = vec!["INBOX".to_owned()];
        for need in &needs.all {
            let (line, mailbox) = match need {
                Need::Mailbox { line, account, name: mailbox } if account == name => {
                    (*line, mailbox)
                }
                Need::Message { line, account, mailbox, .. } if account == name => (*line, mailbox),
                _ => continue,
            };
            let wrong = |problem| (line, problem);
            if !made.contains(mailbox) {
                let command = [b"CREATE ", &*quoted(mailbox.as_bytes())].concat();
                self.command(&command).map_err(wrong)?;
                made.push(mailbox.clone());
            }
            if let Need::Message { section, arguments, .. } = need {
                let octets = sections.octets(section).map_err(wrong)?;
                let name = quoted(mailbox.as_bytes());
                let length = format!("{arguments} {{{}}}\r\n", octets.len());
                let command = [b"APPEND ", &*name, length.as_bytes(), &octets].concat();
                self.command(&command).map_err(wrong)?;
            }
        }
        Ok(())
    }

    /// Logs out.
    pub(super) fn leave(mut self) {
        self.session.leave();
    }
}
