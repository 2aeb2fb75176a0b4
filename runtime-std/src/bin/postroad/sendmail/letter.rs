//! The message that a program pipes into `sendmail`, made fit to be submitted.

use postroad_core::address::list::{self, Item};
use postroad_core::address::{Host, Invalid, LocalPart, Mailbox};
use postroad_core::encoding::encoded_word;
use postroad_core::limits::Limits;
use postroad_core::message::compose::{NameAddr, address_field};
use postroad_core::message::header::{Field, fields};
use std::io::{self, BufRead, ErrorKind};

/// Octets of a line that every server takes.
const LINE: usize = Limits::DEFAULT.text_line;

/// A message with CRLF line ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// The header's fields, without the empty line.
    pub header: Vec<u8>,
    /// What follows the empty line.
    pub body: Vec<u8>,
}

impl Letter {
    /// Reads a message: lines end with LF or CRLF, and unless `dots` are text a line of a lone one is
    /// the end. A `From ` line of a mailbox file is left out; a text without a header gets an empty one.
    ///
    /// # Errors
    /// If it can't be read; `FileTooLarge`, if it has more octets than `limit`.
    pub fn read(input: impl BufRead, dots: bool, limit: u64) -> io::Result<Self> {
        let mut letter = Self { header: Vec::new(), body: Vec::new() };
        let mut inside = false;
        let mut line = Vec::new();
        let mut input = input.take(limit.saturating_add(1));
        while input.read_until(b'\n', &mut line)? > 0 {
            if input.limit() == 0 {
                return Err(ErrorKind::FileTooLarge.into());
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text == b"." && !dots {
                break;
            }
            if inside {
                letter.push_line(text);
            } else if text.is_empty() {
                inside = true;
            } else if is_field(text) || is_continued(text) && !letter.header.is_empty() {
                letter.header.extend([text, b"\r\n"].concat());
            } else if !(letter.header.is_empty() && text.starts_with(b"From ")) {
                inside = true;
                letter.push_line(text);
            }
            line.clear();
        }
        Ok(letter)
    }

    /// Appends a line to the body. One that is too long to travel (RFC 5321 §4.5.3.1.6) is broken, and
    /// goes on behind a blank.
    fn push_line(&mut self, mut text: &[u8]) {
        let mut room = LINE;
        while text.len() > room {
            // Between characters, if it is UTF-8.
            let is_boundary = |at: &usize| text[*at] & 0xc0 != 0x80;
            let end = (room - 3..=room).rev().find(is_boundary).unwrap_or(room);
            self.body.extend_from_slice(&text[..end]);
            self.body.extend_from_slice(b"\r\n ");
            text = &text[end..];
            room = LINE - 1;
        }
        self.body.extend_from_slice(text);
        self.body.extend_from_slice(b"\r\n");
    }

    /// Who stands in the fields To, Cc and Bcc; or, where the message was sent on, in those that say
    /// to whom (RFC 5322 §3.6.6). `domain` is that of names without one.
    ///
    /// # Errors
    /// The first address that is none.
    pub fn recipients(&self, domain: &Host) -> Result<Vec<Mailbox>, String> {
        let plain = ["To", "Cc", "Bcc"];
        let resent = ["Resent-To", "Resent-Cc", "Resent-Bcc"];
        let was_resent = fields(&self.header).any(|field| resent.iter().any(|it| field.is(it)));
        let wanted = if was_resent { resent } else { plain };
        let mut all = Vec::new();
        for field in fields(&self.header).filter(|field| wanted.iter().any(|it| field.is(it))) {
            let name = String::from_utf8_lossy(field.name());
            let people = people(&field, domain).map_err(|why| format!("{name}: {why}"))?;
            all.extend(people.into_iter().map(|person| person.mailbox));
        }
        Ok(all)
    }

    /// Gives every name without a domain `domain`, as `root` in `From: root`; a message without From
    /// is from `sender`.
    pub fn complete(&mut self, sender: &NameAddr, domain: &Host) {
        let known = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];
        let mut header = Vec::with_capacity(self.header.len());
        for field in fields(&self.header) {
            let name = String::from_utf8_lossy(field.name());
            let addresses = known.iter().any(|it| field.is(it)) && is_incomplete(&field);
            let people = addresses.then(|| people(&field, domain).ok()).flatten();
            match people {
                Some(people) => header.extend(address_field(&name, &people)),
                None => header.extend_from_slice(field.raw()),
            }
        }
        if !fields(&header).any(|field| field.is("From")) {
            header.extend(address_field("From", std::slice::from_ref(sender)));
        }
        self.header = header;
    }
}

/// The address of `text`, which may be a mere name at `domain`.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str, domain: &Host) -> Result<Mailbox, Invalid> {
    if text.contains(['@', '<', ' ', '"']) {
        return text.parse::<NameAddr>().map(|person| person.mailbox);
    }
    Ok(Mailbox { local_part: LocalPart::new(text)?, host: domain.clone() })
}

/// RFC 5322 §2.2, and the blanks before the colon of §4.5.
fn is_field(line: &[u8]) -> bool {
    let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
    let name = name.trim_ascii_end();
    name.len() < line.len() && !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

fn is_continued(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..])
}

fn is_incomplete(field: &Field<'_>) -> bool {
    let items = list::parse(field.value());
    items.iter().any(|item| matches!(item, Item::Mailbox { domain, .. } if domain.is_empty()))
}

fn people(field: &Field<'_>, domain: &Host) -> Result<Vec<NameAddr>, Invalid> {
    let mut people = Vec::new();
    // RFC 5322 §3.6.3: Bcc may be empty.
    if field.value().trim_ascii().is_empty() {
        return Ok(people);
    }
    for item in list::parse_unqualified(field.value())? {
        if let Item::Mailbox { name, local_part, domain: host, .. } = item {
            let local_part = str::from_utf8(&local_part).map_err(|_| Invalid::NotUtf8)?;
            let host = if host.is_empty() { domain.clone() } else { Host::parse(&host, true)? };
            let mailbox = Mailbox { local_part: LocalPart::new(local_part)?, host };
            let name = name.map(|name| encoded_word::decode(&name));
            people.push(NameAddr { name, mailbox });
        }
    }
    Ok(people)
}
