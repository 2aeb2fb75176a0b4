//! One transaction: what of an envelope the server can be told, and which commands and replies are
//! to come.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use super::{Capabilities, Envelope, Stage, Why};
use crate::address::{ForwardPath, Host, Mailbox, ReversePath};
use crate::smtp::{Body, Extension, MailParameters, RcptParameters, Reply};

/// A transaction under way.
pub(super) struct Transaction {
    envelope: Envelope,
    /// What MAIL says.
    parameters: MailParameters,
    dsn: bool,
    /// The places of the recipients to be named.
    named: Vec<usize>,
    /// How the content is sent.
    pub(super) framing: Framing,
    /// The command to say next: 0 is MAIL, then one RCPT for each of `named`, then DATA.
    pub(super) next: usize,
    /// The command whose reply comes next.
    pub(super) due: usize,
    /// The places of the recipients that the server accepts and has not yet acknowledged.
    pub(super) accepted: VecDeque<usize>,
}

/// How content is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// By DATA.
    Dots,
    /// As one chunk of so many octets.
    Chunk(u64),
    /// In chunks, as it comes.
    Chunks,
}

/// Which command it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Position {
    Mail,
    /// RCPT of this recipient.
    Rcpt(usize),
    Data,
}

/// What the whole message needs and the server lacks.
pub(super) fn lack(envelope: &Envelope, capabilities: &Capabilities) -> Option<Why> {
    let has = |extension| capabilities.has(&extension);
    let sender = envelope.reverse_path.mailbox();
    let utf8 = envelope.parameters.smtputf8 || sender.is_some_and(Mailbox::needs_utf8);
    let binary = envelope.parameters.body == Some(Body::BinaryMime);
    match (capabilities.size(), envelope.size()) {
        // RFC 6531 §3.4.
        _ if utf8 && !has(Extension::SmtpUtf8) => Some(Why::NoUtf8),
        // RFC 3030 §3.
        _ if binary && !(has(Extension::BinaryMime) && has(Extension::Chunking)) => {
            Some(Why::NoBinary)
        }
        // RFC 1870 §6.1.
        (Some(max), Some(size)) if size > max => Some(Why::TooLarge(max)),
        _ => None,
    }
}

impl Envelope {
    /// About how many octets the content has.
    fn size(&self) -> Option<u64> {
        self.length.or(self.parameters.size)
    }
}

impl Transaction {
    /// Fits `envelope`, which [lacks](lack) nothing, to what the server announced; the recipients
    /// that must be left out come with it.
    pub(super) fn begin(
        envelope: Envelope,
        capabilities: &Capabilities,
    ) -> (Self, Vec<(usize, Why)>) {
        let has = |extension| capabilities.has(&extension);
        let utf8 = has(Extension::SmtpUtf8);
        let (named, left_out) = choose(&envelope, utf8, capabilities.max_recipients());
        let framing = match envelope.length {
            _ if !has(Extension::Chunking) => Framing::Dots,
            Some(length) => Framing::Chunk(length),
            None => Framing::Chunks,
        };
        let this = Self {
            parameters: announced(&envelope, capabilities),
            dsn: has(Extension::Dsn),
            named,
            framing,
            next: 0,
            due: 0,
            accepted: VecDeque::new(),
            envelope,
        };
        (this, left_out)
    }

    /// How many commands it has until the content.
    pub(super) fn commands(&self) -> usize {
        1 + self.named.len() + usize::from(self.framing == Framing::Dots)
    }

    /// Whether there is nobody to send to.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// Whether the content has no lines.
    pub(super) fn is_binary(&self) -> bool {
        self.parameters.body == Some(Body::BinaryMime)
    }

    /// Which command is the one of this number.
    pub(super) fn position(&self, number: usize) -> Position {
        match number.checked_sub(1) {
            None => Position::Mail,
            Some(index) => match self.named.get(index) {
                Some(recipient) => Position::Rcpt(*recipient),
                None => Position::Data,
            },
        }
    }

    /// What stands in the way of the message now, by the reply that is due.
    pub(super) fn stage(&self) -> Stage {
        match self.position(self.due) {
            Position::Mail => Stage::Mail,
            Position::Rcpt(_) => Stage::Rcpt,
            Position::Data => Stage::Data,
        }
    }

    /// The places of the recipients that are neither refused nor acknowledged.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = usize> {
        let unanswered = self.named.iter().skip(self.due.saturating_sub(1));
        self.accepted.iter().chain(unanswered).copied()
    }

    /// What is left of it when it is given up.
    pub(super) fn rest(&self) -> Rest {
        Rest {
            due: self.due,
            next: self.next,
            recipients: self.named.len(),
            accepted: self.accepted.len(),
            reset: self.next > 0,
        }
    }
}

/// The command of this number, without its CRLF.
pub(super) struct Line<'a>(pub(super) &'a Transaction, pub(super) usize);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(transaction, number) = *self;
        let utf8 = transaction.parameters.smtputf8;
        match transaction.position(number) {
            Position::Mail => {
                let path = match &transaction.envelope.reverse_path {
                    ReversePath::Mailbox(mailbox) => Path { mailbox, utf8 },
                    ReversePath::Null => {
                        return write!(f, "MAIL FROM:<>{}", transaction.parameters);
                    }
                };
                write!(f, "MAIL FROM:{path}{}", transaction.parameters)
            }
            Position::Rcpt(recipient) => {
                let recipient = &transaction.envelope.recipients[recipient];
                match &recipient.forward_path {
                    ForwardPath::Mailbox(mailbox) => {
                        write!(f, "RCPT TO:{}", Path { mailbox, utf8 })?;
                    }
                    postmaster => write!(f, "RCPT TO:{postmaster}")?,
                }
                let none = RcptParameters::default();
                let parameters = if transaction.dsn { &recipient.parameters } else { &none };
                write!(f, "{parameters}")
            }
            Position::Data => f.write_str("DATA"),
        }
    }
}

/// A mailbox in its brackets; without `utf8`, its domain is written in A-labels.
struct Path<'a> {
    mailbox: &'a Mailbox,
    utf8: bool,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mailbox.host {
            Host::Domain(domain) if !self.utf8 && !domain.as_str().is_ascii() => {
                write!(f, "<{}@{}>", self.mailbox.local_part, domain.ascii())
            }
            _ => write!(f, "<{}>", self.mailbox),
        }
    }
}

/// The recipients to be named, and those that can't be.
fn choose(envelope: &Envelope, utf8: bool, max: Option<usize>) -> (Vec<usize>, Vec<(usize, Why)>) {
    let mut named = Vec::new();
    let mut left_out = Vec::new();
    for (place, recipient) in envelope.recipients.iter().enumerate() {
        let mailbox = recipient.forward_path.mailbox();
        let why = if !utf8 && mailbox.is_some_and(Mailbox::needs_utf8) {
            Why::NoUtf8
        } else if max.is_some_and(|max| named.len() >= max) {
            Why::TooManyRecipients
        } else {
            named.push(place);
            continue;
        };
        left_out.push((place, why));
    }
    (named, left_out)
}

/// The parameters of MAIL that the server will understand.
fn announced(envelope: &Envelope, capabilities: &Capabilities) -> MailParameters {
    let has = |extension| capabilities.has(&extension);
    let given = envelope.parameters.clone();
    let mailboxes = envelope.recipients.iter().map(|recipient| recipient.forward_path.mailbox());
    let mut mailboxes = mailboxes.chain([envelope.reverse_path.mailbox()]).flatten();
    MailParameters {
        size: envelope.size().filter(|_| has(Extension::Size(None))),
        // Deviation: RFC 6152 §3 forbids content of 8 bits to a server without 8BITMIME. It is sent
        // as it is, since servers pass it on, and a protocol's end can't re-encode it; so do Exim
        // and, with disable_mime_output_conversion, Postfix. A host that would rather re-encode
        // knows the capabilities before it hands the envelope over.
        body: given.body.filter(|body| match body {
            Body::SevenBit | Body::EightBitMime => has(Extension::EightBitMime),
            Body::BinaryMime => true,
        }),
        smtputf8: has(Extension::SmtpUtf8)
            && (given.smtputf8 || mailboxes.any(Mailbox::needs_utf8)),
        ret: given.ret.filter(|_| has(Extension::Dsn)),
        envid: given.envid.filter(|_| has(Extension::Dsn)),
        // RFC 4954 §5.
        auth: given.auth.filter(|_| has(Extension::Auth(Vec::new()))),
    }
}

/// The replies that are due to a transaction whose recipients are settled.
pub(super) struct Rest {
    /// As in [`Transaction`].
    pub(super) due: usize,
    pub(super) next: usize,
    /// RCPT commands.
    pub(super) recipients: usize,
    /// Of these, the ones that were accepted.
    pub(super) accepted: usize,
    /// Whether RSET is needed before the next transaction.
    pub(super) reset: bool,
}

impl Rest {
    /// One reply more, to whatever.
    pub(super) const fn one(reset: bool) -> Self {
        Self { due: 0, next: 1, recipients: 1, accepted: 0, reset }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.due >= self.next
    }

    /// Takes a reply; says whether it was one that asks for content.
    pub(super) const fn take(&mut self, reply: &Reply) -> bool {
        let number = self.due;
        self.due += 1;
        if number > self.recipients {
            return matches!(reply.code, 300..400);
        }
        if number > 0 && reply.code < 300 {
            self.accepted += 1;
        }
        false
    }
}
