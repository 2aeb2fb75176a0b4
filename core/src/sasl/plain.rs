//! PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`.

use alloc::string::String;
use alloc::vec::Vec;

use super::client::{self, Abort, Credentials};
use super::prepare::{prepare, prepare_authzid};
use super::server::{Answer, Exchange, Failure, Question, Step};
use crate::secret::Secret;

#[derive(Debug, Default)]
pub(super) struct Server {
    authzid: Option<String>,
}

impl Exchange for Server {
    fn handle_response(&mut self, response: &[u8]) -> Step {
        let Some((authzid, authcid, password)) = parse(response) else {
            return Step::Failed(Failure::Malformed);
        };
        // RFC 4616 §2: the server prepares, and what cannot be prepared matches nobody.
        let (Ok(authcid), Ok(password)) = (prepare(authcid), prepare(password)) else {
            return Step::Failed(Failure::Credentials);
        };
        let Ok(authzid) = prepare_authzid(authzid, &authcid) else {
            return Step::Failed(Failure::Credentials);
        };
        self.authzid.clone_from(&authzid);
        let password = Secret::new(password);
        Step::Verify(Question::Password { authcid, authzid, password })
    }

    fn handle_answer(&mut self, answer: Answer) -> Step {
        answer.conclude(self.authzid.take())
    }
}

/// The three parts; the latter two are not empty (RFC 4616 §2, `authcid` and `passwd`).
fn parse(message: &[u8]) -> Option<(&str, &str, &str)> {
    let mut parts = core::str::from_utf8(message).ok()?.split('\0');
    let (authzid, authcid, password) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && !authcid.is_empty() && !password.is_empty();
    whole.then_some((authzid, authcid, password))
}

/// The client's only message.
pub(super) fn message(credentials: &Credentials) -> Result<Vec<u8>, Abort> {
    let Credentials::Password { authcid, authzid, password } = credentials else {
        return Err(Abort::Credentials);
    };
    let authzid = authzid.as_deref().unwrap_or_default();
    let message = [authzid, authcid, password.expose()].join("\0").into_bytes();
    if parse(&message).is_none() {
        return Err(Abort::Credentials);
    }
    Ok(message)
}

/// There is nothing to answer after the message.
#[derive(Debug)]
pub(super) struct Client;

impl client::Exchange for Client {
    fn handle_challenge(&mut self, _: &[u8]) -> Result<Vec<u8>, Abort> {
        Err(Abort::Malformed)
    }
}
