//! Composing a message: header, text and attachments become octets that any server takes.
//!
//! Nothing but addresses is ever beyond ASCII: text of the header goes into encoded words (RFC 2047),
//! names of files into extended parameters (RFC 2231), bodies into quoted-printable or base64
//! (RFC 2045) wherever that is needed. Lines end with CRLF and are shorter than 998 octets.

mod content;
mod content_type;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::headers::{Header, HeaderType};
use mail_builder::mime::MimePart;

use super::date::DateTime;
use crate::address::list::{self, Item};
use crate::address::{Host, Invalid, LocalPart, Mailbox};
use crate::encoding::{base64, encoded_word};
use crate::entropy::Entropy;

pub use content::{Content, Piece};
pub use content_type::content_type;

/// A mailbox and the name of whose it is (RFC 5322 §3.4 `name-addr`).
///
/// ```
/// use postroad_core::message::compose::NameAddr;
/// let ann: NameAddr = "Ann Müller <ann@example.org>".parse().unwrap();
/// assert_eq!(ann.name.as_deref(), Some("Ann Müller"));
/// assert_eq!(ann.to_string(), "Ann Müller <ann@example.org>");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameAddr {
    /// The display name.
    pub name: Option<String>,
    /// The address.
    pub mailbox: Mailbox,
}

impl NameAddr {
    /// Reads an address list, as a person or a header field has it; groups are undone.
    ///
    /// # Errors
    /// What is wrong with the list or with one of its addresses.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Invalid> {
        let mut all = Vec::new();
        for item in list::parse_strict(text.as_bytes())? {
            if let Item::Mailbox { name, local_part, domain, .. } = item {
                let local_part = str::from_utf8(&local_part).map_err(|_| Invalid::NotUtf8)?;
                let local_part = LocalPart::new(local_part)?;
                let mailbox = Mailbox { local_part, host: Host::parse(&domain, true)? };
                all.push(Self { name: name.map(|name| encoded_word::decode(&name)), mailbox });
            }
        }
        Ok(all)
    }
}

/// A field of the header that is an address list, with its CRLF; its name is `name`.
///
/// ```
/// use postroad_core::message::compose::{NameAddr, address_field};
/// let people = NameAddr::parse_list("Ann <ann@example.org>, bob@example.com")?;
/// assert_eq!(address_field("To", &people), b"To: \"Ann\" <ann@example.org>, <bob@example.com>\r\n");
/// # Ok::<(), postroad_core::address::Invalid>(())
/// ```
#[must_use]
pub fn address_field(name: &str, people: &[NameAddr]) -> Vec<u8> {
    let mut field = format!("{name}: ").into_bytes();
    addresses(people).write_header(&mut field, name.len() + 2);
    field
}

impl core::str::FromStr for NameAddr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut all = Self::parse_list(text)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one),
            (Some(_), false) => Err(Invalid::TooMany),
            (None, _) => Err(Invalid::NoLocalPart),
        }
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.mailbox),
            None => self.mailbox.fmt(f),
        }
    }
}

impl From<Mailbox> for NameAddr {
    fn from(mailbox: Mailbox) -> Self {
        Self { name: None, mailbox }
    }
}

/// A file that goes along.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// Its name, without folders.
    pub name: String,
    /// Its media type, such as `image/png`; [`content_type`] guesses it.
    pub content_type: String,
    /// What is in it; it arrives octet for octet.
    pub octets: Vec<u8>,
}

/// A further field of the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    name: String,
    value: String,
}

/// Fields that a [`Draft`] writes itself.
const OWN: [&str; 8] = ["From", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "MIME-Version"];

/// Fields that are address lists (RFC 5322 §3.6.2, RFC 8098 §2.1).
const ADDRESSES: [&str; 3] = ["Reply-To", "Sender", "Disposition-Notification-To"];

/// Why something can't be a further field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidField {
    /// It is not `Name: value`.
    Form,
    /// The draft writes this field itself.
    Own(String),
    /// Its addresses are wrong.
    Addresses(Invalid),
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("a field looks like `Name: value`"),
            Self::Own(name) => write!(f, "the message has its own {name}"),
            Self::Addresses(invalid) => invalid.fmt(f),
        }
    }
}

impl core::error::Error for InvalidField {}

impl core::str::FromStr for Field {
    type Err = InvalidField;

    /// Reads `Name: value`.
    fn from_str(text: &str) -> Result<Self, InvalidField> {
        let (name, value) = text.split_once(':').ok_or(InvalidField::Form)?;
        // RFC 5322 §3.6.8; RFC 5321 §4.5.3.1.6 leaves room for no more of it.
        let fits = (1..=76).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_graphic());
        let value = value.trim();
        if !fits || value.is_empty() {
            return Err(InvalidField::Form);
        }
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        let own = OWN.iter().any(&is);
        if own || name.get(..8).is_some_and(|it| it.eq_ignore_ascii_case("content-")) {
            return Err(InvalidField::Own(name.into()));
        }
        if ADDRESSES.iter().any(is) {
            NameAddr::parse_list(value).map_err(InvalidField::Addresses)?;
        }
        Ok(Self { name: name.into(), value: value.into() })
    }
}

/// A message that is to be written.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::message::compose::Draft;
/// use postroad_core::message::date::DateTime;
///
/// let mut draft = Draft::new("Ann <ann@example.org>".parse()?);
/// draft.to.push("bob@example.com".parse()?);
/// draft.subject = "Grüße".into();
/// draft.text = "Hello\n".into();
/// let octets = draft.write(DateTime::utc(0), &mut Entropy::from_seed([7; 32]));
/// let text = String::from_utf8(octets).unwrap();
/// assert!(text.starts_with("From: \"Ann\" <ann@example.org>\r\nTo: <bob@example.com>\r\n"));
/// assert!(text.contains("\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"));
/// assert!(text.ends_with("\r\n\r\nHello\r\n"));
/// # Ok::<(), postroad_core::address::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Whose message it is.
    pub from: NameAddr,
    /// Whom it is for.
    pub to: Vec<NameAddr>,
    /// Who gets a copy.
    pub cc: Vec<NameAddr>,
    /// Who gets a copy that nobody learns of: these are never written (RFC 5322 §3.6.3).
    pub bcc: Vec<NameAddr>,
    /// What it is about.
    pub subject: String,
    /// Further fields.
    pub fields: Vec<Field>,
    /// The text; any line end will do.
    pub text: String,
    /// What goes along.
    pub attachments: Vec<Attachment>,
}

impl Draft {
    /// An empty message.
    #[must_use]
    pub const fn new(from: NameAddr) -> Self {
        Self {
            from,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: String::new(),
            fields: Vec::new(),
            text: String::new(),
            attachments: Vec::new(),
        }
    }

    /// Everybody who is to get it, each once.
    #[must_use]
    pub fn recipients(&self) -> Vec<&Mailbox> {
        let mut all = Vec::new();
        for person in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if !all.contains(&&person.mailbox) {
                all.push(&person.mailbox);
            }
        }
        all
    }

    /// The message, with CRLF line ends.
    #[must_use]
    pub fn write(&self, date: DateTime, entropy: &mut Entropy) -> Vec<u8> {
        self.content(date, entropy).read(0, usize::MAX)
    }

    /// The message, with CRLF line ends; attachments are encoded when they are read.
    #[must_use]
    pub fn content(&self, date: DateTime, entropy: &mut Entropy) -> Content<'_> {
        let message = self.header(date, entropy);
        let text = text_part(&self.text);
        let mut octets = Vec::new();
        if self.attachments.is_empty() {
            message.body(text).serialize(&mut octets);
            if !octets.ends_with(b"\r\n") {
                octets.extend_from_slice(b"\r\n");
            }
            return Content::new(Vec::from([Piece::Octets(octets)]));
        }
        let boundary = entropy.token(30);
        let kind = ContentType::new("multipart/mixed").attribute("boundary", boundary.clone());
        message.body(MimePart::new(kind, Vec::from([text]))).serialize(&mut octets);
        // What is written ends with the multipart, which is not over yet.
        octets.truncate(octets.len() - format!("--{boundary}--\r\n").len());
        let mut pieces = Vec::new();
        for attachment in &self.attachments {
            octets.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            attachment.head().write_part(&mut octets);
            pieces.extend([Piece::Octets(octets), Piece::Base64(&attachment.octets)]);
            octets = b"\r\n".to_vec();
        }
        octets.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        pieces.push(Piece::Octets(octets));
        Content::new(pieces)
    }

    fn header(&self, date: DateTime, entropy: &mut Entropy) -> MessageBuilder<'_> {
        let id = message_id(&self.from.mailbox, entropy);
        let mut message = MessageBuilder::new().from(address(&self.from));
        for (name, people) in [("To", &self.to), ("Cc", &self.cc)] {
            if !people.is_empty() {
                message = message.header(name, addresses(people));
            }
        }
        message = message
            .header("Subject", unstructured(&self.subject))
            .header("Date", Raw::new(date.to_string()))
            .header("Message-ID", Raw::new(format!("<{id}>")));
        for Field { name, value } in &self.fields {
            let people = ADDRESSES.iter().any(|known| known.eq_ignore_ascii_case(name));
            let people = people.then(|| NameAddr::parse_list(value).ok()).flatten();
            let value = people.map_or_else(|| unstructured(value), |it| addresses(&it).into());
            message = message.header(name.as_str(), value);
        }
        message
    }
}

/// An id that no other message has (RFC 5322 §3.6.4), without its angle brackets, at the host of
/// `mailbox`.
#[must_use]
pub fn message_id(mailbox: &Mailbox, entropy: &mut Entropy) -> String {
    let id = entropy.token(24);
    match &mailbox.host {
        Host::Domain(domain) => format!("{id}@{}", domain.ascii()),
        literal => format!("{id}@{literal}"),
    }
}

fn addresses(people: &[NameAddr]) -> Address<'static> {
    Address::new_list(people.iter().map(address).collect())
}

fn address(person: &NameAddr) -> Address<'static> {
    let mailbox = &person.mailbox;
    let text = match &mailbox.host {
        // Only a local-part beyond ASCII needs SMTPUTF8.
        Host::Domain(domain) if !mailbox.needs_utf8() => {
            format!("{}@{}", mailbox.local_part, domain.ascii())
        }
        _ => mailbox.to_string(),
    };
    Address::new_address(person.name.clone(), text)
}

/// Octets of a word without a blank, at which a line can't be folded; longer ones are encoded.
const WORD: usize = 900;

fn unstructured(text: &str) -> HeaderType<'static> {
    if text.split(' ').any(|word| word.len() > WORD) {
        return Text::new(text.to_string()).into();
    }
    Raw::new(encoded_word::encode(text)).into()
}

/// The text as a part. Controls other than tabs would not pass as lines of text.
fn text_part(text: &str) -> MimePart<'static> {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let text = text.replace('\n', "\r\n");
    let is_control = |c: char| c.is_ascii_control() && !matches!(c, '\r' | '\n' | '\t');
    if text.contains(is_control) {
        let kind = ContentType::new("text/plain").attribute("charset", "utf-8");
        return in_base64(kind, text.as_bytes());
    }
    MimePart::new("text/plain", text)
}

impl Attachment {
    /// The part without its octets, which follow in base64 whatever their type is.
    fn head(&self) -> MimePart<'static> {
        let mut kind = ContentType::new(self.content_type.clone());
        if kind.is_text() && str::from_utf8(&self.octets).is_ok() {
            kind = kind.attribute("charset", "utf-8");
        }
        in_base64(kind, b"").attachment(self.name.clone())
    }
}

/// A part that arrives octet for octet, whatever its type is.
fn in_base64(kind: ContentType<'static>, octets: &[u8]) -> MimePart<'static> {
    let lines = base64::encode_lines(octets).into_bytes();
    MimePart::new(kind, lines).header("Content-Transfer-Encoding", Raw::new("base64"))
}
