//! What a recipient or a connection came to, as it is noted.

use super::message::Heard;
use crate::queue::{Action, Outcome, Remote, together};
use crate::report::Report;
use crate::smtp::client::{Failure, Why};
use crate::smtp::{EnhancedCode, Reply};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The host at the other end, and how its words are put down.
pub(super) struct Counterpart {
    /// Who it is.
    pub(super) remote: Remote,
    /// Whether it reports what becomes of the mail that it takes.
    pub(super) dsn: bool,
    /// The cipher suite that protects the connection, or `none`.
    pub(super) cipher: &'static str,
    /// Octets of its words that are kept.
    pub(super) most: usize,
}

impl Counterpart {
    /// What was heard, with those together who have the same outcome.
    pub(super) fn outcomes(&self, heard: &[Heard]) -> Vec<(Vec<usize>, Outcome)> {
        together(heard.iter().map(|(place, result)| match result {
            Ok(reply) => (*place, self.taken(reply)),
            Err(failure) => (*place, self.refused(failure)),
        }))
    }

    /// The host took the message upon itself.
    fn taken(&self, reply: &Reply) -> Outcome {
        // RFC 3461 §5.2.1, §5.2.2.
        let action = if self.dsn { Action::Passed } else { Action::Relayed };
        let status = reply.enhanced.unwrap_or(EnhancedCode::new(2, 0, 0));
        Outcome { action, status, remote: Some(self.remote.clone()), text: self.words(reply) }
    }

    /// A recipient did not get the message, or not for sure.
    fn refused(&self, failure: &Failure) -> Outcome {
        let action = if failure.is_permanent() { Action::Failed } else { Action::Deferred };
        let text = match &failure.why {
            Why::Reply(reply) => self.words(reply),
            _ => shortened(failure.to_string(), self.most),
        };
        let ours =
            matches!(failure.why, Why::Content | Why::Malformed(_) | Why::Reset | Why::Shutdown);
        let remote = (!ours).then(|| self.remote.clone());
        Outcome { action, status: failure.enhanced(), remote, text }
    }

    /// The host could not be spoken to: whatever it said of that is not final for a message.
    pub(super) fn unreachable(&self, failure: &Failure) -> Outcome {
        let refused = self.refused(failure);
        let status = EnhancedCode { class: 4, ..refused.status };
        Outcome { action: Action::Deferred, status, ..refused }
    }

    /// `report` with who the host is, and how the connection to it is protected.
    pub(super) fn describe(&self, report: Report) -> Report {
        let Remote { name, address } = &self.remote;
        let report = report.with("host", name);
        let report = match address {
            Some(address) => report.with("address", address),
            None => report,
        };
        report.with("tls", self.cipher)
    }

    /// The reply in the host's words.
    fn words(&self, reply: &Reply) -> String {
        let Reply { code, enhanced, text } = reply;
        let words = match enhanced {
            Some(enhanced) => format!("{code} {enhanced} {text}"),
            None => format!("{code} {text}"),
        };
        shortened(words, self.most)
    }
}

fn shortened(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}
