//! LOGIN: the name, then the password, each in answer to a prompt.
//!
//! It was never more than a draft (draft-murchison-sasl-login-00), and what is deployed differs from
//! it: the prompts are `Username:` and `Password:`, and the name may come as an initial response.

use alloc::string::String;
use alloc::vec::Vec;

use super::client::{self, Abort, Credentials};
use super::prepare::prepare;
use super::server::{Answer, Exchange, Failure, Question, Step};
use crate::secret::Secret;

const USERNAME: &[u8] = b"Username:";
const PASSWORD: &[u8] = b"Password:";

#[derive(Debug, Default)]
pub(super) struct Server {
    /// The name, once it is known.
    authcid: Option<String>,
}

impl Exchange for Server {
    fn prompt(&self) -> &'static [u8] {
        USERNAME
    }

    fn handle_response(&mut self, response: &[u8]) -> Step {
        let Ok(text) = core::str::from_utf8(response) else {
            return Step::Failed(Failure::Malformed);
        };
        match self.authcid.take() {
            None => {
                self.authcid = Some(String::from(text));
                Step::Challenge(PASSWORD.to_vec())
            }
            // A bad name fails only now, as a wrong one does.
            Some(authcid) => match (prepare(&authcid), prepare(text)) {
                (Ok(authcid), Ok(password)) => Step::Verify(Question::Password {
                    authcid,
                    authzid: None,
                    password: Secret::new(password),
                }),
                _ => Step::Failed(Failure::Credentials),
            },
        }
    }

    fn handle_answer(&mut self, answer: Answer) -> Step {
        answer.conclude(None)
    }
}

/// The client: whatever the prompts say, they ask for the name and then the password.
#[derive(Debug)]
pub(super) struct Client {
    /// What has not been sent, the next last.
    left: Vec<Secret<String>>,
}

impl Client {
    pub(super) fn new(credentials: &Credentials) -> Result<Self, Abort> {
        let Credentials::Password { authcid, password, .. } = credentials else {
            return Err(Abort::Credentials);
        };
        if authcid.is_empty() || password.expose().is_empty() {
            return Err(Abort::Credentials);
        }
        let left = Vec::from([password.clone(), Secret::new(authcid.clone())]);
        Ok(Self { left })
    }
}

impl client::Exchange for Client {
    fn handle_challenge(&mut self, _: &[u8]) -> Result<Vec<u8>, Abort> {
        let next = self.left.pop().ok_or(Abort::Malformed)?;
        Ok(next.expose().clone().into_bytes())
    }
}
