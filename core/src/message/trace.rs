//! Trace fields (RFC 5321 §4.4): what every host writes on top of a message that it takes.
//!
//! The hops behind a message are counted by [`header::Scanner`](super::header::Scanner).

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::date::DateTime;
use crate::address::{Mailbox, ReversePath};

/// Characters of a line that a field is folded at (RFC 5322 §2.1.1).
const LINE: usize = 78;

/// What a `Received` field tells.
///
/// ```
/// use postroad_core::message::date::DateTime;
/// use postroad_core::message::trace::{Protocol, Received, Transmission};
///
/// let received = Received {
///     helo: "client.example.org",
///     peer: Some("192.0.2.1".parse().unwrap()),
///     by: "mx.example.com",
///     with: Protocol { transmission: Transmission::Esmtp, utf8: false, tls: true, auth: false },
///     id: "4F2A",
///     recipient: Some(&"bob@example.com".parse().unwrap()),
///     cipher: None,
///     date: DateTime::utc(0),
/// };
/// assert_eq!(
///     received.write(),
///     "Received: from client.example.org ([192.0.2.1])\r\n\tby mx.example.com with ESMTPS id 4F2A\r\n\
///      \tfor <bob@example.com>; Thu, 1 Jan 1970 00:00:00 +0000\r\n",
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The name that the client gave in EHLO, HELO or LHLO.
    pub helo: &'a str,
    /// The address that it came from; unknown on a UNIX socket.
    pub peer: Option<IpAddr>,
    /// This host's name.
    pub by: &'a str,
    /// How the message came.
    pub with: Protocol,
    /// The name that the message has here.
    pub id: &'a str,
    /// The recipient, to be told only if it is the one recipient of the transaction, so that no
    /// recipient learns of another (RFC 5321 §7.2).
    pub recipient: Option<&'a Mailbox>,
    /// The TLS cipher suite (RFC 8314 §4.3).
    pub cipher: Option<&'a str>,
    /// When.
    pub date: DateTime,
}

/// The transmission type that the `with` clause names (RFC 3848, 6531 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Protocol {
    /// The protocol.
    pub transmission: Transmission,
    /// Whether the transaction used SMTPUTF8.
    pub utf8: bool,
    /// Whether it was inside TLS.
    pub tls: bool,
    /// Whether the client had authenticated.
    pub auth: bool,
}

/// A protocol that carries messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transmission {
    /// SMTP without extensions: the client said HELO. Nothing else holds for it.
    Smtp,
    /// SMTP with extensions.
    Esmtp,
    /// LMTP (RFC 2033).
    Lmtp,
}

impl Protocol {
    /// The registered name, such as `ESMTPSA`.
    #[must_use]
    pub fn name(self) -> String {
        let base = match (self.transmission, self.utf8) {
            (Transmission::Smtp, _) => return String::from("SMTP"),
            (Transmission::Esmtp, false) => "ESMTP",
            (Transmission::Esmtp, true) => "UTF8SMTP",
            (Transmission::Lmtp, false) => "LMTP",
            (Transmission::Lmtp, true) => "UTF8LMTP",
        };
        let (tls, auth) = (if self.tls { "S" } else { "" }, if self.auth { "A" } else { "" });
        format!("{base}{tls}{auth}")
    }
}

impl Received<'_> {
    /// The field with its CRLF, folded at 78 characters where there is a place for it.
    ///
    /// Whatever a client put into its name that has no place in a field is shown as `?`.
    #[must_use]
    pub fn write(&self) -> String {
        let utf8 = self.with.utf8;
        let mut origin = vec![format!("from {}", harmless(self.helo, utf8))];
        origin.extend(self.peer.map(|peer| format!("({})", literal(peer))));
        let mut lines = vec![
            origin,
            vec![
                format!("by {}", harmless(self.by, utf8)),
                format!("with {}", self.with.name()),
                format!("id {}", harmless(self.id, utf8)),
            ],
        ];
        let recipient = self.recipient.map(|recipient| format!("for <{recipient}>"));
        let cipher = self.cipher.map(|cipher| format!("tls {}", harmless(cipher, false)));
        let more: Vec<_> = recipient.into_iter().chain(cipher).collect();
        if !more.is_empty() {
            lines.push(more);
        }
        if let Some(line) = lines.last_mut() {
            line.last_mut().into_iter().for_each(|word| word.push(';'));
            line.push(format!("{}", self.date));
        }
        fold("Received:", &lines)
    }
}

/// The lines of a field, folded further between their words where they are too long.
fn fold(name: &str, lines: &[Vec<String>]) -> String {
    let mut field = String::from(name);
    let mut column = name.len();
    for (number, line) in lines.iter().enumerate() {
        for (place, word) in line.iter().enumerate() {
            let length = word.chars().count();
            let is_first = number + place == 0;
            if !is_first && (place == 0 || column + 1 + length > LINE) {
                field.push_str("\r\n\t");
                column = 1 + length;
            } else {
                field.push(' ');
                column += 1 + length;
            }
            field.push_str(word);
        }
    }
    field.push_str("\r\n");
    field
}

/// RFC 5321 §4.1.3: an address as a literal, which tells IPv6 by its tag.
fn literal(peer: IpAddr) -> String {
    match peer {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

/// A word without what would end it, its clause or its comment.
fn harmless(word: &str, utf8: bool) -> String {
    let is_harmless = |c: char| {
        let is_plain = c.is_ascii_graphic() && !"()<>;,\\\"".contains(c);
        is_plain || (utf8 && c.is_alphanumeric())
    };
    let word: String = word.chars().map(|c| if is_harmless(c) { c } else { '?' }).collect();
    if word.is_empty() { String::from("?") } else { word }
}

/// The `Return-Path` field that final delivery writes (RFC 5321 §4.4), with its CRLF.
///
/// ```
/// use postroad_core::address::ReversePath;
/// use postroad_core::message::trace::return_path;
/// assert_eq!(return_path(&ReversePath::Null), "Return-Path: <>\r\n");
/// ```
#[must_use]
pub fn return_path(path: &ReversePath) -> String {
    format!("Return-Path: {path}\r\n")
}
