//! How every role judges a login.

use super::directory::User;
use super::{Check, Site, Verdict};
use crate::limits::Limits;
use crate::sasl;
use crate::store::Account;
use alloc::string::{String, ToString};
use alloc::sync::Arc;

/// What becomes of a question that a SASL exchange asks.
#[derive(Debug)]
pub(super) enum Judgement {
    /// The directory knows the answer.
    Answer(sasl::Answer),
    /// The host must check; its verdict goes to [`Login::handle_verdict`].
    Check(Check),
}

/// The judge of one session's logins.
#[derive(Debug)]
pub(super) struct Login {
    site: Arc<Site>,
    /// Whose credential the host is checking; nobody's if there is no such user.
    checking: Option<Account>,
}

impl Login {
    pub(super) const fn new(site: Arc<Site>) -> Self {
        Self { site, checking: None }
    }

    /// The bounds that hold for the session.
    pub(super) fn limits(&self) -> &Limits {
        &self.site.config.limits
    }

    /// Judges `question`. A login may act as itself alone, whatever its authorization identity.
    pub(super) fn judge(&mut self, question: sasl::Question) -> Judgement {
        match question {
            sasl::Question::Password { authcid, authzid, password } => {
                let user = self.user(&authcid, authzid);
                let hash = user.as_ref().and_then(|(_, user)| user.password.clone());
                self.checking = hash.is_some().then(|| user.map(|(account, _)| account)).flatten();
                let hash = hash.unwrap_or_else(|| self.site.directory.decoy_hash());
                Judgement::Check(Check::Password { password, hash })
            }
            sasl::Question::ScramKeys { authcid, authzid } => {
                let user = self.user(&authcid, authzid);
                let known =
                    user.and_then(|(account, user)| Some((account.to_string(), user.scram?)));
                let (authcid, keys) = known.unwrap_or_else(|| {
                    let keys = self.site.directory.decoy_keys(&authcid);
                    (authcid, keys)
                });
                Judgement::Answer(sasl::Answer::Keys { authcid, keys })
            }
            sasl::Question::Token { user, token, .. } => {
                match user.and_then(|name| self.user(&name, None)) {
                    Some((account, _)) => {
                        self.checking = Some(account.clone());
                        Judgement::Check(Check::Token { account, token })
                    }
                    None => Judgement::Answer(sasl::Answer::Reject),
                }
            }
            sasl::Question::External { authzid } => {
                match authzid.and_then(|name| self.user(&name, None)) {
                    Some((account, _)) => {
                        self.checking = Some(account.clone());
                        Judgement::Check(Check::External { account })
                    }
                    None => Judgement::Answer(sasl::Answer::Reject),
                }
            }
        }
    }

    /// Takes the host's verdict on the last [`Judgement::Check`].
    pub(super) fn handle_verdict(&mut self, verdict: Verdict) -> sasl::Answer {
        match (verdict, self.checking.take()) {
            (Verdict::Accepted, Some(account)) => {
                sasl::Answer::Accept { authcid: account.to_string() }
            }
            (Verdict::Accepted | Verdict::Rejected, _) => sasl::Answer::Reject,
            (Verdict::Unavailable, _) => sasl::Answer::Unavailable,
        }
    }

    /// The user of a login that wants to act as nobody but itself.
    fn user(&self, authcid: &str, authzid: Option<String>) -> Option<(Account, User)> {
        let find = |login: &str| self.site.directory.login(login);
        let (account, user) = find(authcid)?;
        let itself =
            authzid.is_none_or(|authzid| find(&authzid).is_some_and(|(it, _)| it == account));
        itself.then(|| (account.clone(), user.clone()))
    }
}
