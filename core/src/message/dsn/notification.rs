//! What a notification is made of, and its outer form (RFC 6522).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::text::{clean, write_field};
use super::{Action, Status, prose, report};
use crate::address::{ForwardPath, Mailbox};
use crate::encoding::{base64, encoded_word};
use crate::message::date::DateTime;

/// A delivery status notification, still to be written.
///
/// It goes to the reverse-path of the message it is about, and its own reverse-path is null
/// (RFC 3461 §6.1). Text that came from a peer may hold anything; it cannot break out of its field.
///
/// ```
/// use postroad_core::message::date::DateTime;
/// use postroad_core::message::dsn::{
///     Action, Diagnostic, Form, Notification, Recipient, Returned, Status, read,
/// };
/// use postroad_core::limits::Limits;
///
/// let to = "ann@example.org".parse().unwrap();
/// let notification = Notification {
///     from: "mx.example.org",
///     id: "N1",
///     original_id: "4F2A",
///     original_message_id: Some("1@example.org"),
///     arrived: DateTime::utc(0),
///     envid: None,
///     to: &to,
///     date: DateTime::utc(60),
///     message_id: "n1@mx.example.org",
///     boundary: "b7kq",
///     recipients: &[Recipient {
///         forward_path: "bob@example.com".parse::<postroad_core::address::Mailbox>().unwrap().into(),
///         orcpt: None,
///         action: Action::Failed,
///         status: Status::new(5, 1, 1),
///         remote: Some(("mail.example.com", Some("192.0.2.1".parse().unwrap()))),
///         diagnostic: Some(Diagnostic::Reply("550 5.1.1 no such user")),
///         last_attempt: DateTime::utc(30),
///         will_retry_until: None,
///         final_log_id: Some("4F2A"),
///     }],
///     returned: Returned::Headers,
///     form: Form::SevenBit,
/// };
/// let mut message = notification.head();
/// message.extend_from_slice(b"Subject: hello\r\n");
/// message.extend_from_slice(&notification.tail());
///
/// let bounce = read(&message, &Limits::DEFAULT).unwrap();
/// assert_eq!(bounce.recipients[0].address.as_deref(), Some("bob@example.com"));
/// assert_eq!(bounce.recipients[0].status, Some(Status::new(5, 1, 1)));
/// ```
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// The name of the host that reports.
    pub from: &'a str,
    /// The notification's own queue id.
    pub id: &'a str,
    /// The queue id that the original message had here.
    pub original_id: &'a str,
    /// The original's Message-ID, with or without its angle brackets.
    pub original_message_id: Option<&'a str>,
    /// When the original arrived here.
    pub arrived: DateTime,
    /// The envelope identifier that the sender gave (RFC 3461 §4.4), decoded.
    pub envid: Option<&'a str>,
    /// The original's reverse-path, to which the notification goes.
    pub to: &'a Mailbox,
    /// The notification's own date.
    pub date: DateTime,
    /// The notification's own Message-ID, with or without its angle brackets.
    pub message_id: &'a str,
    /// A MIME boundary of random letters and digits, 70 at the most (RFC 2046 §5.1.1).
    pub boundary: &'a str,
    /// The recipients it is about.
    pub recipients: &'a [Recipient<'a>],
    /// What is returned of the original.
    pub returned: Returned,
    /// What the returned octets are made of.
    pub form: Form,
}

/// What became of one recipient.
#[derive(Clone, Debug)]
pub struct Recipient<'a> {
    /// The recipient as this host knew it.
    pub forward_path: ForwardPath,
    /// The recipient as the sender knew it: what ORCPT said.
    pub orcpt: Option<OriginalRecipient<'a>>,
    /// What was done.
    pub action: Action,
    /// Why.
    pub status: Status,
    /// The host that was asked last, and its address where it is known.
    pub remote: Option<(&'a str, Option<IpAddr>)>,
    /// What was said about it.
    pub diagnostic: Option<Diagnostic<'a>>,
    /// When delivery was last attempted.
    pub last_attempt: DateTime,
    /// When attempts will end; told only of a delay.
    pub will_retry_until: Option<DateTime>,
    /// The name under which the log of the last attempt can be found.
    pub final_log_id: Option<&'a str>,
}

/// An address as the sender wrote it (RFC 3461 §4.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OriginalRecipient<'a> {
    /// The kind of address, mostly `rfc822` or `utf-8`.
    pub address_type: &'a str,
    /// The address, decoded from xtext.
    pub address: &'a str,
}

/// Words about a delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Diagnostic<'a> {
    /// An SMTP peer's reply with its code, line by line as it came.
    Reply(&'a str),
    /// This host's own words, such as `connection timed out`.
    Local(&'a str),
}

/// How much of the original is returned (RFC 3461 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Returned {
    /// The whole message.
    Full,
    /// Its header block.
    Headers,
}

/// What the octets of a message are made of, which decides how a notification may carry them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// Lines of ASCII.
    SevenBit,
    /// Lines of any octets: the original came with BODY=8BITMIME (RFC 6152).
    EightBit,
    /// Internationalized mail: the original came with SMTPUTF8 (RFC 6531), so that the parts of
    /// RFC 6533 are used.
    Utf8,
}

impl Notification<'_> {
    /// Everything in front of the returned content: the header, the part for a person, the part for
    /// a program, and the header of the part that the content fills.
    ///
    /// A returned message follows as it is; a returned header block follows without its empty line.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut head = self.header();
        self.write_human_part(&mut head);
        self.begin_part(&mut head, "Delivery report", self.report_type(), self.part_encoding());
        report::write(self, &mut head);
        head.push_str("\r\n");
        let description = match self.returned {
            Returned::Full => "Returned message",
            Returned::Headers => "Header of the returned message",
        };
        self.begin_part(&mut head, description, self.returned_type(), self.content_encoding());
        head.into_bytes()
    }

    /// What follows the returned content: the last delimiter.
    #[must_use]
    pub fn tail(&self) -> Vec<u8> {
        format!("\r\n--{}--\r\n", self.boundary).into_bytes()
    }

    /// Whether the notification can only be sent with BODY=8BITMIME.
    #[must_use]
    pub fn is_eight_bit(&self) -> bool {
        self.form != Form::SevenBit
    }

    /// Whether the notification can only be sent with SMTPUTF8: its own header then has the
    /// sender's address in UTF-8, which has no other form.
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        self.to.needs_utf8()
    }

    /// What the notification is about: the worst that happened.
    fn action(&self) -> Action {
        self.recipients.iter().map(|recipient| recipient.action).min().unwrap_or(Action::Failed)
    }

    pub(super) fn is_utf8(&self) -> bool {
        self.form == Form::Utf8
    }

    /// The header, with its empty line.
    fn header(&self) -> String {
        let mut header = String::new();
        let from = word(self.from);
        let sender = format!("Mail Delivery System <mailer-daemon@{from}>");
        write_field(&mut header, "From", &sender);
        write_field(&mut header, "To", &format!("<{}>", self.sender()));
        write_field(&mut header, "Subject", &self.subject());
        write_field(&mut header, "Date", &format!("{}", self.date));
        write_field(&mut header, "Message-ID", &format!("<{}>", bare_id(self.message_id)));
        if let Some(original) = self.original_message_id.map(bare_id).filter(|id| is_id(id)) {
            let original = format!("<{original}>");
            write_field(&mut header, "In-Reply-To", &original);
            write_field(&mut header, "References", &original);
        }
        // RFC 3834 §5: no machine shall answer.
        write_field(&mut header, "Auto-Submitted", "auto-replied");
        write_field(&mut header, "MIME-Version", "1.0");
        let kind = format!(
            "multipart/report; report-type=delivery-status; boundary=\"{}\"",
            self.boundary
        );
        write_field(&mut header, "Content-Type", &kind);
        self.content_encoding().write(&mut header);
        header.push_str("\r\n");
        header
    }

    /// The sender's address: in A-labels, unless UTF-8 is needed anyway.
    fn sender(&self) -> String {
        if self.needs_utf8() { format!("{}", self.to) } else { ascii(self.to) }
    }

    fn subject(&self) -> String {
        let action = self.action();
        let mut about = self.recipients.iter().filter(|recipient| recipient.action == action);
        let to = match (about.next(), about.count()) {
            (Some(only), 0) => shown(&only.forward_path),
            (_, more) => format!("{} recipients", more + 1),
        };
        let what = match action {
            Action::Failed => "Undelivered",
            Action::Delayed => "Delayed",
            Action::Delivered => "Delivered",
            Action::Relayed => "Relayed",
            Action::Expanded => "Expanded",
        };
        let to = if self.needs_utf8() { to } else { encoded_word::encode(&to) };
        format!("{what}: your message to {to}")
    }

    fn write_human_part(&self, head: &mut String) {
        let text = prose::write(self);
        let (kind, encoding) = match (text.is_ascii(), self.form) {
            (true, _) => ("text/plain; charset=us-ascii", PartEncoding::SevenBit),
            (false, Form::SevenBit) => ("text/plain; charset=utf-8", PartEncoding::Base64),
            (false, _) => ("text/plain; charset=utf-8", PartEncoding::EightBit),
        };
        self.begin_part(head, "What happened", kind, encoding);
        if let PartEncoding::Base64 = encoding {
            head.push_str(&base64::encode_lines(text.as_bytes()));
        } else {
            head.push_str(&text);
        }
        head.push_str("\r\n");
    }

    fn begin_part(&self, head: &mut String, what: &str, kind: &str, encoding: PartEncoding) {
        head.push_str("--");
        head.push_str(self.boundary);
        head.push_str("\r\n");
        write_field(head, "Content-Description", what);
        write_field(head, "Content-Type", kind);
        encoding.write(head);
        head.push_str("\r\n");
    }

    // RFC 6533 §4
    fn report_type(&self) -> &'static str {
        if self.is_utf8() { "message/global-delivery-status" } else { "message/delivery-status" }
    }

    // RFC 6522 §3 and §4, RFC 6533 §5 and §6
    fn returned_type(&self) -> &'static str {
        match (self.returned, self.is_utf8()) {
            (Returned::Full, false) => "message/rfc822",
            (Returned::Full, true) => "message/global",
            (Returned::Headers, false) => "text/rfc822-headers",
            (Returned::Headers, true) => "message/global-headers",
        }
    }

    /// The encoding of the part for a program: a report in the older form is ASCII.
    fn part_encoding(&self) -> PartEncoding {
        if self.is_utf8() { PartEncoding::EightBit } else { PartEncoding::SevenBit }
    }

    fn content_encoding(&self) -> PartEncoding {
        if self.is_eight_bit() { PartEncoding::EightBit } else { PartEncoding::SevenBit }
    }
}

/// A `Content-Transfer-Encoding` (RFC 2045 §6).
#[derive(Clone, Copy)]
enum PartEncoding {
    SevenBit,
    EightBit,
    /// No line of it looks like a delimiter, whatever it encodes.
    Base64,
}

impl PartEncoding {
    /// Appends the field, unless it would say what holds without it.
    fn write(self, header: &mut String) {
        match self {
            Self::SevenBit => {}
            Self::EightBit => write_field(header, "Content-Transfer-Encoding", "8bit"),
            Self::Base64 => write_field(header, "Content-Transfer-Encoding", "base64"),
        }
    }
}

/// A recipient as a person sees it.
pub(super) fn shown(path: &ForwardPath) -> String {
    match path {
        ForwardPath::Postmaster => String::from("Postmaster"),
        ForwardPath::Mailbox(mailbox) => clean(&format!("{mailbox}"), true),
    }
}

/// An address with its domain in A-labels.
pub(super) fn ascii(mailbox: &Mailbox) -> String {
    match mailbox.host.domain() {
        Some(domain) => format!("{}@{}", mailbox.local_part, domain.ascii()),
        None => format!("{mailbox}"),
    }
}

/// A name without blanks.
pub(super) fn word(name: &str) -> String {
    clean(name, false).replace(' ', "?")
}

fn bare_id(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

/// Whether a peer's Message-ID may be written into a field of ours.
fn is_id(id: &str) -> bool {
    let is_plain = |octet: u8| octet.is_ascii_graphic() && !b"<>".contains(&octet);
    (1..=900).contains(&id.len()) && id.bytes().all(is_plain)
}
