//! Why something was not done.

use alloc::string::String;
use core::fmt;

use crate::machine::TlsFailed;
use crate::sasl::Abort;
use crate::smtp::{EnhancedCode, Reply};

/// Why a recipient did not get the message, or why a connection ended.
///
/// ```
/// use postroad_core::smtp::Reply;
/// use postroad_core::smtp::client::{Failure, Stage, Why};
/// let reply = Reply::new(550, (5, 1, 1), "No such user");
/// let failure = Failure { stage: Stage::Rcpt, why: Why::Reply(reply) };
/// assert!(failure.is_permanent());
/// assert_eq!(failure.to_string(), "RCPT: 550 5.1.1 No such user");
/// let failure = Failure { stage: Stage::End, why: Why::Lost };
/// assert!(failure.is_unknown());
/// assert_eq!(failure.enhanced().to_string(), "4.4.2");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What was under way.
    pub stage: Stage,
    /// What went wrong.
    pub why: Why,
}

/// What is under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// The server is to greet.
    Greeting,
    /// EHLO, HELO or LHLO.
    Hello,
    /// STARTTLS, or the handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// Nothing: a transaction may begin.
    Idle,
    /// MAIL, or what it needs.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The content, whose end was not sent.
    Content,
    /// The content was sent, and is to be acknowledged.
    End,
    /// RSET.
    Reset,
    /// QUIT.
    Quit,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Idle => "between transactions",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "content",
            Self::End => "end of content",
            Self::Reset => "RSET",
            Self::Quit => "QUIT",
        })
    }
}

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// The server refused.
    Reply(Reply),
    /// The server's reply makes no sense here.
    Unexpected(Reply),
    /// What the server sent is no reply.
    NoReply,
    /// A reply has too long a line, or too many.
    ReplyTooLong,
    /// The connection ended.
    Lost,
    /// The server took longer than the limit.
    Timeout,
    /// TLS is required, and not offered.
    NoTls,
    /// The handshake failed.
    Tls(TlsFailed),
    /// Octets came behind the reply to STARTTLS: somebody on the way has put them there (RFC 3207
    /// §4.2).
    Injected,
    /// The server offers no mechanism that the credentials, the configuration and the channel allow.
    NoMechanism,
    /// The exchange was given up.
    Sasl(Abort),
    /// The message needs SMTPUTF8, which the server lacks.
    NoUtf8,
    /// The message needs BINARYMIME, which the server lacks.
    NoBinary,
    /// The message is larger than the server takes, which is so many octets.
    TooLarge(u64),
    /// The server takes no more recipients in one transaction (RFC 9422 RCPTMAX): the next one may
    /// follow at once.
    TooManyRecipients,
    /// The server takes no more transactions in one connection (RFC 9422 MAILMAX).
    TooManyTransactions,
    /// The content that the host handed over broke off or has another length than it should.
    Content,
    /// The content must not be sent: this is wrong with it.
    Malformed(String),
    /// The host gave the transaction up.
    Reset,
    /// The host shuts down.
    Shutdown,
}

impl Failure {
    /// Whether trying again is in vain. What concerns the connection rather than the message is
    /// transient, unless the server says otherwise.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        match &self.why {
            // RFC 5321 §4.5.3.1.10: 552 may mean too many recipients, and is to be taken for 452.
            Why::Reply(reply) if matches!(self.stage, Stage::Rcpt) => {
                reply.is_permanent() && reply.code != 552
            }
            // The server may be mended; so does Postfix (4.7.4).
            Why::Reply(_) if matches!(self.stage, Stage::StartTls) => false,
            Why::Reply(reply) => reply.is_permanent(),
            Why::NoUtf8 | Why::NoBinary | Why::TooLarge(_) | Why::Malformed(_) => true,
            _ => false,
        }
    }

    /// Whether the server may have taken the message upon itself all the same: all of the content
    /// was sent, and the reply was lost (RFC 5321 §6.1: trying again may deliver it twice).
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self.stage, Stage::End) && !matches!(self.why, Why::Reply(_))
    }

    /// Whether the recipient would have been fine among fewer others, so that another transaction may
    /// take it. RFC 5321 §4.5.3.1.10: 452, and 552 for 452; with an enhanced status code, only X.5.3
    /// (RFC 3463 §3.6), for there are full mailboxes.
    ///
    /// ```
    /// use postroad_core::smtp::Reply;
    /// use postroad_core::smtp::client::{Failure, Stage, Why};
    /// let refused = |stage, reply| Failure { stage, why: Why::Reply(reply) };
    /// let full = Reply::new(552, (5, 2, 2), "The mailbox is full");
    /// let many = Reply::new(452, (4, 5, 3), "Too many recipients");
    /// assert!(refused(Stage::Rcpt, many.clone()).is_excess());
    /// assert!(refused(Stage::Rcpt, Reply { enhanced: None, ..full.clone() }).is_excess());
    /// assert!(!refused(Stage::Rcpt, full).is_excess());
    /// assert!(!refused(Stage::Mail, many).is_excess());
    /// ```
    #[must_use]
    pub fn is_excess(&self) -> bool {
        match (self.stage, &self.why) {
            (_, Why::TooManyRecipients) => true,
            (Stage::Rcpt, Why::Reply(reply)) if matches!(reply.code, 452 | 552) => {
                reply.enhanced.is_none_or(|code| (code.subject, code.detail) == (5, 3))
            }
            _ => false,
        }
    }

    /// The server's reply, if it was one that failed.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply> {
        match &self.why {
            Why::Reply(reply) | Why::Unexpected(reply) => Some(reply),
            _ => None,
        }
    }

    /// The enhanced status code: the server's, or what RFC 3463 has for it.
    #[must_use]
    pub const fn enhanced(&self) -> EnhancedCode {
        let class = if self.is_permanent() { 5 } else { 4 };
        let (subject, detail) = match &self.why {
            Why::Reply(reply) => match reply.enhanced {
                Some(code) => (code.subject, code.detail),
                None => (0, 0),
            },
            Why::Lost | Why::Timeout => (4, 2),
            Why::Unexpected(_) | Why::NoReply | Why::ReplyTooLong => (5, 0),
            Why::NoTls => (7, 4),
            Why::Tls(_) => (7, 5),
            Why::Injected | Why::NoMechanism | Why::Sasl(_) => (7, 0),
            Why::NoUtf8 => (6, 7),
            Why::NoBinary => (6, 3),
            Why::TooLarge(_) => (3, 4),
            Why::TooManyRecipients => (5, 3),
            Why::TooManyTransactions => (5, 0),
            Why::Content | Why::Reset => (3, 0),
            Why::Malformed(_) => (6, 0),
            Why::Shutdown => (3, 2),
        };
        EnhancedCode::new(class, subject, detail)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reply(reply) => return write!(f, "{reply}"),
            Self::Unexpected(reply) => return write!(f, "the reply makes no sense: {reply}"),
            Self::NoReply => "what the server sent is no reply",
            Self::ReplyTooLong => "the reply is too long",
            Self::Lost => "the connection was lost",
            Self::Timeout => "the server took too long",
            Self::NoTls => "TLS is required, but the server does not offer it",
            Self::Tls(failed) => return write!(f, "the TLS handshake failed: {failed}"),
            Self::Injected => "octets came in the clear behind the reply to STARTTLS",
            Self::NoMechanism => "the server offers no mechanism that can be used",
            Self::Sasl(abort) => return write!(f, "{abort}"),
            Self::NoUtf8 => "the message needs SMTPUTF8, which the server lacks",
            Self::NoBinary => "the message needs BINARYMIME, which the server lacks",
            Self::TooLarge(size) => {
                return write!(f, "the server takes messages of at most {size} octets");
            }
            Self::TooManyRecipients => "the server takes no more recipients at a time",
            Self::TooManyTransactions => "the server takes no more messages in one connection",
            Self::Content => "the content broke off",
            Self::Malformed(fault) => fault,
            Self::Reset => "the transaction was given up",
            Self::Shutdown => "the client is shutting down",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.why)
    }
}

impl core::error::Error for Failure {}
