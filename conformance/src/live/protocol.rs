//! What a response is, and when the next command may be sent, in each protocol.

use crate::foreign::connection::{line_end, literal};
use crate::transcript::Transcript;

/// What a server speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// RFC 5321, as a host receives mail.
    Smtp,
    /// RFC 6409: SMTP, as users hand in mail.
    Submission,
    /// RFC 2033.
    Lmtp,
    /// RFC 1939.
    Pop3,
    /// RFC 9051, RFC 3501.
    Imap,
}

impl Protocol {
    /// What the machine called `name` speaks; `None` if it is no server.
    #[must_use]
    pub fn of(machine: &str) -> Option<Self> {
        Some(match machine {
            "smtp-server" | "mta" => Self::Smtp,
            "msa" => Self::Submission,
            "lmtp-server" | "mda" => Self::Lmtp,
            "pop3-server" | "pop3" => Self::Pop3,
            "imap-server" | "imap" => Self::Imap,
            _ => return None,
        })
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Smtp, Self::Submission, Self::Lmtp, Self::Pop3, Self::Imap];

    /// The role that speaks it as a server, by the name of its machine.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Smtp => "mta",
            Self::Submission => "msa",
            Self::Lmtp => "mda",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }

    /// Its name in the command line's options.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Lmtp => "lmtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }

    /// Whether it is SMTP in any of its forms.
    pub(super) const fn is_smtp(self) -> bool {
        matches!(self, Self::Smtp | Self::Submission | Self::Lmtp)
    }
}

impl Transcript {
    /// What its machine speaks.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        Protocol::of(&self.machine.name)
    }
}

/// What a piece of the client's side waits for before the next one is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// So many responses.
    Responses(usize),
    /// The response with this tag, or a continuation request.
    Tag(Vec<u8>),
}

/// Where the client's side of a session is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A command comes next.
    Command,
    /// Content comes next, and ends with a lone dot.
    Content,
    /// So many octets of a chunk come next.
    Chunk(usize),
    /// What continues a command of IMAP comes next: so many octets of a literal, then a line.
    Continued(usize),
}

/// The state that decides how octets are framed.
#[derive(Clone, Debug)]
pub(super) struct Framing {
    pub(super) protocol: Protocol,
    pub(super) place: Place,
    /// LMTP: how many recipients were accepted.
    recipients: usize,
    /// IMAP: the tag of the command under way.
    tag: Vec<u8>,
}

/// A piece to be sent, its length and what it waits for.
pub(super) type Piece = (usize, Option<Wait>);

impl Framing {
    pub(super) const fn new(protocol: Protocol) -> Self {
        Self { protocol, place: Place::Command, recipients: 0, tag: Vec::new() }
    }

    /// The first piece of `octets` that one may send without knowing the answer to it; `octets` is not empty.
    pub(super) fn piece(&mut self, octets: &[u8]) -> Piece {
        let all = octets.len();
        match core::mem::replace(&mut self.place, Place::Command) {
            Place::Content => {
                let end = if octets.starts_with(b".\r\n") { Some(3) } else { dot(octets) };
                let Some(end) = end else {
                    self.place = Place::Content;
                    return (all, None);
                };
                let replies = match self.protocol {
                    Protocol::Lmtp => core::mem::take(&mut self.recipients),
                    _ => 1,
                };
                (end, Some(Wait::Responses(replies)))
            }
            Place::Chunk(left) if left > all => {
                self.place = Place::Chunk(left - all);
                (all, None)
            }
            Place::Chunk(left) => (left, Some(Wait::Responses(1))),
            Place::Continued(length) => self.imap(octets, length),
            Place::Command if self.protocol == Protocol::Imap => {
                let tag = octets.split(|octet| matches!(octet, b' ' | b'\r')).next();
                self.tag = tag.unwrap_or_default().to_vec();
                self.imap(octets, 0)
            }
            Place::Command => self.line(octets),
        }
    }

    /// A command of SMTP or POP3: a line, and the chunk behind BDAT.
    fn line(&mut self, octets: &[u8]) -> Piece {
        let Some(end) = line_end(octets, 0) else {
            return (octets.len(), None);
        };
        let chunk = if self.protocol.is_smtp() { chunk(&octets[..end]) } else { None };
        match chunk {
            Some(length) if end + length > octets.len() => {
                self.place = Place::Chunk(end + length - octets.len());
                (octets.len(), None)
            }
            Some(length) => (end + length, Some(Wait::Responses(1))),
            None => (end, Some(Wait::Responses(1))),
        }
    }

    /// `from` octets of a literal, and a line with the literals in it that nobody has to ask for: up to where one waits.
    fn imap(&mut self, octets: &[u8], mut from: usize) -> Piece {
        while let Some(end) = line_end(octets, from) {
            match non_synchronizing(&octets[from..end]) {
                Some(length) => from = end + length,
                None => return (end, Some(Wait::Tag(self.tag.clone()))),
            }
        }
        self.place = Place::Continued(from.saturating_sub(octets.len()));
        (octets.len(), None)
    }

    /// Takes note of the reply to `sent`.
    pub(super) fn answered(&mut self, sent: &[u8], reply: &[u8]) {
        match self.protocol {
            Protocol::Imap => {
                if reply.starts_with(b"+") {
                    let line = sent.strip_suffix(b"\r\n").unwrap_or(sent);
                    let line = line.rsplit(|octet| *octet == b'\n').next().unwrap_or_default();
                    let length = literal(&[line, b"\r\n"].concat()).unwrap_or(0);
                    self.place = Place::Continued(length);
                }
            }
            Protocol::Pop3 => {}
            Protocol::Smtp | Protocol::Submission | Protocol::Lmtp => {
                let verb = sent.get(..4).unwrap_or_default().to_ascii_uppercase();
                match (&*verb, reply.first()) {
                    (_, Some(b'3')) if reply.starts_with(b"354") => self.place = Place::Content,
                    (b"RCPT", Some(b'2')) => self.recipients += 1,
                    (b"MAIL" | b"RSET" | b"LHLO", Some(b'2')) => self.recipients = 0,
                    _ => {}
                }
            }
        }
    }

    /// How long the first response in `buffer` is, its last CRLF included. `verb` is the command's, in upper case.
    pub(super) fn response(&self, buffer: &[u8], verb: &[u8]) -> Option<usize> {
        match self.protocol {
            Protocol::Imap => {
                let mut from = 0;
                loop {
                    let end = line_end(buffer, from)?;
                    match literal(&buffer[from..end]) {
                        Some(length) => from = end.checked_add(length)?,
                        None => return Some(end),
                    }
                }
            }
            Protocol::Pop3 if buffer.starts_with(b"+OK") && is_multi_line(verb) => dot(buffer),
            Protocol::Pop3 => line_end(buffer, 0),
            Protocol::Smtp | Protocol::Submission | Protocol::Lmtp => {
                let mut from = 0;
                loop {
                    let end = line_end(buffer, from)?;
                    if buffer[from..end].get(3) != Some(&b'-') {
                        return Some(end);
                    }
                    from = end;
                }
            }
        }
    }
}

/// Whether the response to a command of POP3, if it is positive, ends with a lone dot (RFC 1939 §3).
pub(crate) fn is_multi_line(command: &[u8]) -> bool {
    let mut words = command.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default();
    match verb {
        b"RETR" | b"TOP" | b"CAPA" => true,
        b"LIST" | b"UIDL" | b"LANG" | b"AUTH" => words.next().is_none(),
        _ => false,
    }
}

/// Where the first lone dot ends.
fn dot(octets: &[u8]) -> Option<usize> {
    octets.windows(5).position(|window| window == b"\r\n.\r\n").map(|at| at + 5)
}

/// How long the chunk is that `line` announces (RFC 3030 §2).
fn chunk(line: &[u8]) -> Option<usize> {
    let line = core::str::from_utf8(line).ok()?;
    let mut words = line.split_whitespace();
    words.next().filter(|word| word.eq_ignore_ascii_case("BDAT"))?;
    words.next()?.parse().ok()
}

/// How long the literal is that `line` announces, if it comes without being asked for (RFC 7888 §4).
fn non_synchronizing(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"+}\r\n")?;
    literal(&[inner, b"}\r\n"].concat())
}
