//! SMTP and LMTP: grammar, server session and client session.
//!
//! [`Server`] and [`Client`] are [sessions](crate::machine::Session) that know the protocol and no
//! policy: whatever is to be decided, they ask their host. What travels between them is here, too:
//! [`Command`], [`Reply`], [`Extension`], and the [parameters](MailParameters) of an envelope.
//!
//! | room | what | RFC |
//! |---|---|---|
//! | `command` | command lines | 5321 §4.1, 3030, 3207, 4954, 1985, 2033 |
//! | `parameters` | of MAIL and RCPT | 1870, 3461, 4954 §5, 6152, 6531 |
//! | `reply` | replies and their enhanced status codes | 5321 §4.2, 2034, 3463 |
//! | `extension` | what EHLO announces | 5321 §4.1.1.1, 9422 |
//! | `data` | lines, dots and chunks of content | 5321 §2.3.8, §4.5.2, 3030 |
//! | `server` | the session that takes mail | 5321, 2920, 2033 |
//! | `client` | the session that hands mail over | 5321, 2920, 2033 |

pub mod client;
mod command;
mod data;
mod extension;
mod parameters;
mod reply;
pub mod server;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use command::{Command, SyntaxError};
pub use extension::{Extension, UnknownExtension};
pub use parameters::{Body, MailParameters, Notify, OriginalRecipient, RcptParameters, Return};
pub use reply::{EnhancedCode, Reply};
pub use server::Server;

/// Which of the two protocols is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Protocol {
    /// SMTP (RFC 5321): one reply to the content.
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO in EHLO's place, and a reply to the content for each recipient.
    Lmtp,
}
