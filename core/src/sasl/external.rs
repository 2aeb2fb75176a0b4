//! EXTERNAL (RFC 4422 appendix A): the connection proves it; the message says at most whom to act as.

use alloc::string::String;
use alloc::vec::Vec;

use super::client::{self, Abort, Credentials};
use super::prepare::prepare_authzid;
use super::server::{Answer, Exchange, Failure, Question, Step};

#[derive(Debug, Default)]
pub(super) struct Server {
    authzid: Option<String>,
}

impl Exchange for Server {
    fn handle_response(&mut self, response: &[u8]) -> Step {
        let Ok(authzid) = core::str::from_utf8(response) else {
            return Step::Failed(Failure::Malformed);
        };
        let Ok(authzid) = prepare_authzid(authzid, "") else {
            return Step::Failed(Failure::Credentials);
        };
        self.authzid.clone_from(&authzid);
        Step::Verify(Question::External { authzid })
    }

    fn handle_answer(&mut self, answer: Answer) -> Step {
        answer.conclude(self.authzid.take())
    }
}

/// The client's only message.
pub(super) fn message(credentials: &Credentials) -> Result<Vec<u8>, Abort> {
    let Credentials::External { authzid } = credentials else {
        return Err(Abort::Credentials);
    };
    let authzid = authzid.as_deref().unwrap_or_default();
    if authzid.contains('\0') {
        return Err(Abort::Credentials);
    }
    Ok(authzid.as_bytes().to_vec())
}

/// There is nothing to answer after the message.
#[derive(Debug)]
pub(super) struct Client;

impl client::Exchange for Client {
    fn handle_challenge(&mut self, _: &[u8]) -> Result<Vec<u8>, Abort> {
        Err(Abort::Malformed)
    }
}
