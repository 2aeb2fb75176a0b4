//! The server's end of SCRAM.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::mem;
use subtle::ConstantTimeEq as _;

use super::message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst};
use super::{Flag, cbind_input, signature, xor};
use crate::entropy::Entropy;
use crate::sasl::password::{DEFAULT_ITERATIONS, hash};
use crate::sasl::prepare::{prepare, prepare_authzid};
use crate::sasl::server::{Accepted, Answer, Exchange, Failure, Question, Step};
use crate::sasl::{ChannelBinding, Decoy, ScramKeys};

#[derive(Debug)]
pub(in crate::sasl) struct Server {
    /// Whether the mechanism is -PLUS.
    plus: bool,
    /// The channel's binding, when -PLUS was offered.
    binding: Option<ChannelBinding>,
    nonce: String,
    entropy: Entropy,
    state: State,
}

#[derive(Debug)]
enum State {
    ClientFirst,
    Keys(Opening),
    ClientFinal {
        opening: Opening,
        server_first: String,
        authcid: String,
        keys: ScramKeys,
    },
    /// The client has proved itself, and acknowledges that the server has.
    Acknowledgement(Accepted),
    Over,
}

/// What is kept of the client's first message.
#[derive(Debug)]
struct Opening {
    bare: String,
    /// What the client has to repeat of it, bound to the channel.
    cbind_input: Vec<u8>,
    /// Both nonces.
    nonce: String,
    authcid: String,
    authzid: Option<String>,
}

impl Server {
    pub(in crate::sasl) const fn new(
        plus: bool,
        binding: Option<ChannelBinding>,
        nonce: String,
        entropy: Entropy,
    ) -> Self {
        Self { plus, binding, nonce, entropy, state: State::ClientFirst }
    }

    fn handle_first(&mut self, message: &str) -> Result<Step, Failure> {
        let first = ClientFirst::parse(message).ok_or(Failure::Malformed)?;
        let binding = self.agree(first.header.flag)?;
        let authcid = prepare(&first.name).map_err(|_| Failure::Credentials)?;
        let authzid = first.header.authzid.unwrap_or_default();
        let authzid = prepare_authzid(&authzid, &authcid).map_err(|_| Failure::Credentials)?;
        let question = Question::ScramKeys { authcid: authcid.clone(), authzid: authzid.clone() };
        self.state = State::Keys(Opening {
            bare: String::from(first.bare),
            cbind_input: cbind_input(first.gs2_header, binding),
            nonce: format!("{}{}", first.nonce, self.nonce),
            authcid,
            authzid,
        });
        Ok(Step::Verify(question))
    }

    /// The binding that both ends use, if any (RFC 5802 §6).
    fn agree(&self, flag: Flag<'_>) -> Result<Option<&ChannelBinding>, Failure> {
        match (flag, self.plus, &self.binding) {
            (Flag::Bound(ChannelBinding::NAME), true, Some(binding)) => Ok(Some(binding)),
            (Flag::Unsupported, false, _) | (Flag::NotOffered, false, None) => Ok(None),
            // "y" although -PLUS was offered: somebody has taken it out of the offer.
            _ => Err(Failure::ChannelBinding),
        }
    }

    fn handle_keys(&mut self, opening: Opening, authcid: String, keys: ScramKeys) -> Step {
        let first = ServerFirst {
            nonce: &opening.nonce,
            salt: keys.salt.clone(),
            iterations: keys.iterations,
        };
        let server_first = first.to_string();
        let challenge = server_first.clone().into_bytes();
        self.state = State::ClientFinal { opening, server_first, authcid, keys };
        Step::Challenge(challenge)
    }

    fn handle_final(
        &mut self,
        message: &str,
        opening: Opening,
        server_first: &str,
        authcid: String,
        keys: &ScramKeys,
    ) -> Result<Step, Failure> {
        let message = ClientFinal::parse(message).ok_or(Failure::Malformed)?;
        if message.cbind_input != opening.cbind_input {
            return Err(Failure::ChannelBinding);
        }
        if message.nonce != opening.nonce {
            return Err(Failure::Credentials);
        }
        let sign = |key| signature(key, &opening.bare, server_first, message.without_proof);
        let client_key = xor(&message.proof, &sign(keys.stored_key.expose()));
        if !bool::from(hash(&client_key).ct_eq(keys.stored_key.expose())) {
            return Err(Failure::Credentials);
        }
        let verifier = ServerFinal::Verifier(sign(keys.server_key.expose()));
        let authzid = opening.authzid;
        self.state = State::Acknowledgement(Accepted { authcid, authzid });
        Ok(Step::Challenge(verifier.to_string().into_bytes()))
    }
}

impl Exchange for Server {
    fn handle_response(&mut self, response: &[u8]) -> Step {
        let Ok(message) = core::str::from_utf8(response) else {
            return Step::Failed(Failure::Malformed);
        };
        let step = match mem::replace(&mut self.state, State::Over) {
            State::ClientFirst => self.handle_first(message),
            State::ClientFinal { opening, server_first, authcid, keys } => {
                self.handle_final(message, opening, &server_first, authcid, &keys)
            }
            State::Acknowledgement(accepted) if message.is_empty() => Ok(Step::Done(accepted)),
            State::Acknowledgement(_) | State::Keys(_) | State::Over => Err(Failure::Malformed),
        };
        step.unwrap_or_else(Step::Failed)
    }

    fn handle_answer(&mut self, answer: Answer) -> Step {
        let State::Keys(opening) = mem::replace(&mut self.state, State::Over) else {
            return Step::Failed(Failure::Unavailable);
        };
        match answer {
            Answer::Keys { authcid, keys } => self.handle_keys(opening, authcid, keys),
            Answer::Reject => {
                let mut secret = [0; 32];
                self.entropy.fill(&mut secret);
                let authcid = opening.authcid.clone();
                let keys = Decoy::new(secret, DEFAULT_ITERATIONS).keys(&authcid);
                self.handle_keys(opening, authcid, keys)
            }
            Answer::Accept { .. } | Answer::Unavailable => Step::Failed(Failure::Unavailable),
        }
    }
}
