//! The vocabulary of roles and their hosts.

use crate::machine::Ticket;
use crate::secret::Secret;
use crate::store;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a role asks of its host, or tells it.
#[derive(Debug)]
pub enum Effect {
    /// Perform `request` on the session's store and answer with [`Input::Store`]; octets that were
    /// read go to [`handle_content`](crate::machine::Session::handle_content) first.
    Store {
        /// Names the request.
        ticket: Ticket,
        /// What to do.
        request: store::Request,
    },
    /// Check a credential that the core can't check itself, and answer with
    /// [`Input::Authenticated`].
    Authenticate {
        /// Names the request.
        ticket: Ticket,
        /// What to check.
        check: Check,
    },
    /// Something worth a line in the log. No answer is due.
    Report(Report),
}

/// A credential to be checked by the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Check {
    /// A password against its hash (Argon2, `$6$`, `$2b$`, `{SSHA}`): slow by design. For an
    /// unknown user the hash is one that nothing matches, so that it takes as long.
    Password {
        /// What the user gave.
        password: Secret<String>,
        /// What is stored.
        hash: Secret<String>,
    },
    /// A bearer token (RFC 7628). Only the host knows who issues them.
    Token {
        /// Whose it is said to be.
        account: store::Account,
        /// The token.
        token: Secret<String>,
    },
    /// Whether the connection itself, by its client certificate or its socket's peer, proves to be
    /// this account (RFC 4422 appendix A).
    External {
        /// Whose it is said to be.
        account: store::Account,
    },
}

/// What a check came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The credential is right.
    Accepted,
    /// It is wrong.
    Rejected,
    /// It could not be checked now.
    Unavailable,
}

/// What a host tells a role.
#[derive(Debug)]
pub enum Input {
    /// The answer to [`Effect::Store`].
    Store {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        answer: store::Answer,
    },
    /// The answer to [`Effect::Authenticate`].
    Authenticated {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        verdict: Verdict,
    },
    /// The open mailbox may have changed ([`store::Request::Watch`]).
    News,
}

/// An event for the log: a name and fields, which a host writes as a line of text or of JSON.
/// Secrets are never in it.
///
/// ```
/// use postroad_core::role::Report;
/// let report = Report::new("login").with("account", "alice@example.org").with("mechanism", "PLAIN");
/// assert_eq!(report.to_string(), "login account=alice@example.org mechanism=PLAIN");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// What happened, in one lower-case word or two with a hyphen.
    pub event: &'static str,
    /// Its circumstances.
    pub fields: Vec<(&'static str, String)>,
}

impl Report {
    /// A report without fields.
    #[must_use]
    pub const fn new(event: &'static str) -> Self {
        Self { event, fields: Vec::new() }
    }

    /// This report with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.fields.push((name, alloc::format!("{value}")));
        self
    }
}

/// One line of text; values with blanks, quotes, `=` or control characters are quoted.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.event)?;
        for (name, value) in &self.fields {
            let plain = !value.is_empty()
                && !value.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\')
                });
            if plain {
                write!(f, " {name}={value}")?;
            } else {
                write!(f, " {name}={value:?}")?;
            }
        }
        Ok(())
    }
}
