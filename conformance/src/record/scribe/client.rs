//! What the client says.

use super::{Place, Scribe, literal, parted, word};
use crate::live::Protocol;
use crate::record::cutter::Piece;
use crate::record::secrets::{Credentials, Login};

impl Scribe {
    pub(super) fn take_client(&mut self, piece: Piece) {
        if piece == Piece::Endless {
            return self.give_up("a line of the client's has no end");
        }
        match (core::mem::replace(&mut self.place, Place::Command), piece) {
            (Place::Command, Piece::Line(line)) => self.command(&line),
            (Place::Content, Piece::Line(line)) => {
                self.say_client(&line);
                if line == b".\r\n" {
                    let replies = self.content_replies();
                    self.await_reply(b"", b".", b"", replies);
                } else {
                    self.place = Place::Content;
                }
            }
            (Place::Login(mut login), Piece::Line(line)) => {
                let (text, end) = parted(&line);
                let kept = login.response(text, &mut self.secrets);
                self.say_client(&[&kept, end].concat());
                self.place = Place::Login(login);
                self.goes_on(false);
            }
            (Place::Arguments(login, _), Piece::Line(line)) => self.arguments(b"", &line, login),
            (Place::Arguments(login, mut value), Piece::Octets(octets)) => {
                value.extend_from_slice(&octets);
                self.place = Place::Arguments(login, value);
                if !self.client.is_counting() {
                    self.literal_argument();
                }
            }
            (Place::Continued, Piece::Line(line)) => self.continued(&line),
            (place, Piece::Octets(octets)) => {
                self.say_client(&octets);
                if self.client.is_counting() || matches!(place, Place::Continued) {
                    self.place = place;
                }
            }
            (Place::Chunk, Piece::Line(line)) => self.command(&line),
            (_, Piece::Endless) => {}
        }
    }

    fn command(&mut self, line: &[u8]) {
        match self.protocol {
            Protocol::Imap => self.imap(line),
            Protocol::Pop3 => self.pop3(line),
            Protocol::Smtp | Protocol::Submission | Protocol::Lmtp => self.smtp(line),
        }
    }

    fn smtp(&mut self, line: &[u8]) {
        let (text, _) = parted(line);
        let (verb, argument) = word(text);
        let verb = verb.to_ascii_uppercase();
        match &*verb {
            b"AUTH" => self.begin_login(b"", line, argument),
            b"BDAT" => {
                self.say_client(line);
                let (size, last) = word(argument.trim_ascii());
                let size = core::str::from_utf8(size).ok().and_then(|it| it.parse().ok());
                let is_last = last.trim_ascii().eq_ignore_ascii_case(b"LAST");
                let replies = if is_last { self.content_replies() } else { 1 };
                self.await_reply(b"", &verb, argument, replies);
                if let Some(size @ 1..) = size {
                    self.client.count(size);
                    self.place = Place::Chunk;
                }
            }
            _ => {
                self.say_client(line);
                self.await_reply(b"", &verb, argument, 1);
            }
        }
    }

    /// How many replies there are to a message (RFC 2033 §4.2).
    fn content_replies(&mut self) -> usize {
        match self.protocol {
            Protocol::Lmtp => core::mem::take(&mut self.recipients).max(1),
            _ => 1,
        }
    }

    fn pop3(&mut self, line: &[u8]) {
        let (text, end) = parted(line);
        let (verb, argument) = word(text);
        let upper = verb.to_ascii_uppercase();
        match &*upper {
            b"AUTH" if !argument.is_empty() => self.begin_login(b"", line, argument),
            b"PASS" => {
                let password = self.secrets.stand_in(argument);
                self.say_client(&[verb, b" ", password.as_bytes(), end].concat());
                self.credentials = Some(Credentials { user: self.name.clone(), password });
                self.await_reply(b"", &upper, argument, 1);
            }
            b"APOP" => {
                let (name, digest) = word(argument);
                let digest = self.secrets.stand_in(digest);
                self.page.note(
                    "# APOP: the digest is not recorded, so this login can't be had again as it is",
                );
                self.say_client(&[verb, b" ", name, b" ", digest.as_bytes(), end].concat());
                self.await_reply(b"", &upper, argument, 1);
            }
            _ => {
                if *upper == *b"USER" {
                    self.name = String::from_utf8_lossy(argument).into_owned();
                }
                self.say_client(line);
                self.await_reply(b"", &upper, argument, 1);
            }
        }
    }

    fn imap(&mut self, line: &[u8]) {
        let (text, _) = parted(line);
        let (tag, rest) = word(text);
        let (verb, argument) = word(rest);
        let verb = verb.to_ascii_uppercase();
        if !verb.is_empty() {
            self.tag = tag.to_vec();
        }
        match &*verb {
            // RFC 2177 §3: it ends IDLE.
            b"" if tag.eq_ignore_ascii_case(b"DONE") => {
                self.say_client(line);
                self.goes_on(false);
            }
            b"AUTHENTICATE" => self.begin_login(tag, line, argument),
            b"LOGIN" => {
                let head = line.len() - argument.len() - (line.len() - text.len());
                let (head, rest) = line.split_at(head);
                self.arguments(head, rest, Login::new(b"LOGIN"));
                self.await_reply(tag, &verb, b"", 1);
            }
            _ => {
                self.continued(line);
                self.await_reply(tag, &verb, argument, 1);
            }
        }
    }

    /// A line of a command of IMAP; with a literal behind it the command goes on.
    fn continued(&mut self, line: &[u8]) {
        self.say_client(line);
        self.goes_on(false);
        if let Some((count, waits)) = literal(parted(line).0) {
            self.client.count(count);
            self.asks = waits;
            self.place = Place::Continued;
        }
    }

    /// Arguments of LOGIN behind `head`; with a literal behind them there are more.
    fn arguments(&mut self, head: &[u8], line: &[u8], mut login: Login) {
        let (text, end) = parted(line);
        let kept = login.arguments(text, &mut self.secrets);
        self.say_client(&[head, &kept, end].concat());
        self.goes_on(false);
        if let Some((count, waits)) = literal(text) {
            self.client.count(count);
            self.asks = waits;
            self.place = Place::Arguments(login, Vec::new());
            if count == 0 {
                self.literal_argument();
            }
        } else {
            self.credentials = Some(login.credentials);
        }
    }

    /// The octets of a literal argument are complete.
    fn literal_argument(&mut self) {
        let Place::Arguments(mut login, value) =
            core::mem::replace(&mut self.place, Place::Command)
        else {
            return;
        };
        match login.argument(&value, &mut self.secrets) {
            Some(stands) => self.say_client(stands.as_bytes()),
            None => self.say_client(&value),
        }
        self.place = Place::Arguments(login, Vec::new());
    }

    /// A command that names a mechanism, and an initial response perhaps (RFC 4954 §4, RFC 5034 §4, RFC 4959 §3).
    fn begin_login(&mut self, tag: &[u8], line: &[u8], argument: &[u8]) {
        let (text, end) = parted(line);
        let (mechanism, initial) = word(argument);
        let mut login = Login::new(mechanism);
        if let Some(why) = login.is_bound() {
            self.page.note(&format!("# {why}"));
        }
        let kept = login.response(initial, &mut self.secrets);
        if initial.is_empty() {
            login = Login::new(mechanism);
        }
        self.say_client(&[&text[..text.len() - initial.len()], &kept, end].concat());
        self.await_reply(tag, b"AUTH", mechanism, 1);
        self.place = Place::Login(login);
    }

    /// Whether the server waits for more of the command that it is to answer next.
    pub(super) fn goes_on(&mut self, goes_on: bool) {
        if let Some(awaited) = self.awaited.front_mut() {
            awaited.goes_on = goes_on;
        }
    }
}
