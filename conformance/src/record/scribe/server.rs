//! What the server says.

use super::{Place, Reply, Scribe, Tls, literal, parted, word};
use crate::live::{Protocol, is_multi_line};
use crate::record::cutter::Piece;
use crate::record::texts::{Part, escaped};
use crate::transcript::End;

impl Scribe {
    pub(super) fn take_server(&mut self, piece: Piece) {
        match piece {
            Piece::Line(line) => match self.protocol {
                Protocol::Imap => self.imap_line(&line),
                Protocol::Pop3 => self.pop3_line(&line),
                Protocol::Smtp | Protocol::Submission | Protocol::Lmtp => self.smtp_line(&line),
            },
            Piece::Octets(octets) => self.literal(octets),
            Piece::Endless => self.give_up("a line of the server's has no end"),
        }
    }

    /// Some of a literal; a dollar sign at the end waits for what is behind it.
    fn literal(&mut self, mut octets: Vec<u8>) {
        if core::mem::take(&mut self.owes_dollar) {
            octets.insert(0, b'$');
        }
        self.owes_dollar = self.server.is_counting() && octets.ends_with(b"$");
        if self.owes_dollar {
            octets.pop();
        }
        self.page.say(End::Server, &escaped(&octets));
    }

    /// The command that is to be answered next: its verb and its argument.
    fn asked(&self) -> (&[u8], &[u8]) {
        self.awaited.front().map_or((b"", b""), |it| (&it.verb, &it.argument))
    }

    /// What the text of a challenge is for.
    fn challenge(&self) -> Part {
        match &self.place {
            Place::Login(login) if login.is_bound().is_none() => Part::Challenge,
            _ => Part::Status,
        }
    }

    fn smtp_line(&mut self, line: &[u8]) {
        let (text, _) = parted(line);
        let (verb, _) = self.asked();
        let is_last = text.get(3) != Some(&b'-');
        let is_hello = matches!(verb, b"EHLO" | b"LHLO") && text.starts_with(b"2");
        if is_hello && !self.texts.is_verbatim() {
            self.page.note(&format!("# {}", String::from_utf8_lossy(text)));
            if is_last {
                self.page.say(End::Server, b"[...]\r\n");
            }
        } else {
            let part = if text.starts_with(b"334") { self.challenge() } else { Part::Status };
            self.say_server(line, part);
        }
        if is_last {
            self.smtp_reply(text);
            self.settle();
        }
    }

    fn smtp_reply(&mut self, text: &[u8]) {
        if text.starts_with(b"334") && matches!(self.place, Place::Login(_)) {
            return self.goes_on(true);
        }
        let Some(awaited) = self.awaited.front_mut() else {
            return;
        };
        awaited.replies = awaited.replies.saturating_sub(1);
        if awaited.replies > 0 {
            return;
        }
        let Some(awaited) = self.awaited.pop_front() else {
            return;
        };
        let is_ok = text.starts_with(b"2");
        match &*awaited.verb {
            b"DATA" if text.starts_with(b"354") => self.place = Place::Content,
            b"AUTH" => self.end_login(is_ok),
            b"STARTTLS" if is_ok => self.tls = Tls::Granted,
            b"RCPT" if is_ok => {
                self.recipients += 1;
                if let Some(address) = address(&awaited.argument) {
                    self.need_recipient(&address);
                }
            }
            b"MAIL" | b"RSET" | b"LHLO" => self.recipients = 0,
            _ => {}
        }
    }

    fn pop3_line(&mut self, line: &[u8]) {
        let (text, _) = parted(line);
        let (verb, argument) = self.asked();
        let is_capa = verb == b"CAPA" && !self.texts.is_verbatim();
        if self.reply == Reply::Continues {
            let is_end = text == b".";
            let part = if verb == b"UIDL" { Part::Named } else { Part::Data };
            if is_capa && !is_end {
                return self.page.note(&format!("# {}", String::from_utf8_lossy(text)));
            }
            if is_capa {
                self.page.say(End::Server, b"[...]\r\n");
            }
            self.say_server(line, part);
            if is_end {
                self.reply = Reply::Begins;
                self.pop3_reply(true);
            }
            return;
        }
        if text.starts_with(b"+ ") || text == b"+" {
            let part = self.challenge();
            self.say_server(line, part);
            self.goes_on(true);
            return self.settle();
        }
        let is_ok = text.starts_with(b"+OK");
        let part = match verb {
            b"STAT" | b"LIST" if is_ok && (verb == b"STAT" || !argument.is_empty()) => Part::Data,
            b"UIDL" if is_ok && !argument.is_empty() => Part::Named,
            _ => Part::Status,
        };
        let command = [verb, b" ", argument].concat();
        self.say_server(line, part);
        if is_ok && is_multi_line(&command) {
            self.reply = Reply::Continues;
        } else {
            self.pop3_reply(is_ok);
        }
    }

    fn pop3_reply(&mut self, is_ok: bool) {
        let Some(awaited) = self.awaited.pop_front() else {
            return;
        };
        match &*awaited.verb {
            b"AUTH" => self.end_login(is_ok),
            b"PASS" => self.judge(is_ok),
            b"STLS" if is_ok => self.tls = Tls::Granted,
            _ => {}
        }
        self.settle();
    }

    fn imap_line(&mut self, line: &[u8]) {
        let (text, _) = parted(line);
        let begins = core::mem::replace(&mut self.reply, Reply::Begins) == Reply::Begins;
        let is_request = begins && text.starts_with(b"+");
        let part = if is_request { self.challenge() } else { Part::Status };
        if begins && text.starts_with(b"* CAPABILITY ") && !self.texts.is_verbatim() {
            self.page.note(&format!("# {}", String::from_utf8_lossy(text)));
        }
        self.say_server(line, part);
        if let Some((count, _)) = literal(text) {
            self.server.count(count);
            self.reply = Reply::Continues;
        } else if is_request {
            self.asks = false;
            self.goes_on(true);
        } else if begins {
            self.imap_response(text);
        }
        self.settle();
    }

    fn imap_response(&mut self, text: &[u8]) {
        let (tag, rest) = word(text);
        let is_greeting =
            self.awaited.front().is_some_and(|it| it.verb.is_empty() && it.tag.is_empty());
        if is_greeting {
            self.awaited.pop_front();
            return;
        }
        let Some(at) = self.awaited.iter().position(|it| it.tag == tag && tag != b"*") else {
            return;
        };
        let Some(awaited) = self.awaited.remove(at) else {
            return;
        };
        let is_ok = rest.get(..2).is_some_and(|word| word.eq_ignore_ascii_case(b"OK"));
        match &*awaited.verb {
            b"AUTH" => self.end_login(is_ok),
            b"LOGIN" => self.judge(is_ok),
            b"STARTTLS" if is_ok => self.tls = Tls::Granted,
            b"COMPRESS" if is_ok => self.give_up("the connection is compressed from here on"),
            _ => {}
        }
        // A literal that was refused is not sent (RFC 9051 §4.3).
        if self.asks && self.tag == tag {
            self.asks = false;
            self.client.count(0);
            self.place = Place::Command;
        }
    }

    /// An exchange is over.
    fn end_login(&mut self, is_ok: bool) {
        if let Place::Login(login) = core::mem::replace(&mut self.place, Place::Command) {
            self.credentials = Some(login.credentials);
            self.judge(is_ok);
        }
    }
}

/// The mailbox in the parameter of RCPT (RFC 5321 §4.1.1.3).
fn address(argument: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(argument).ok()?;
    let (_, behind) = text.split_once('<')?;
    let (address, _) = behind.split_once('>')?;
    address.contains('@').then(|| address.to_owned())
}
