//! The client's end of SCRAM.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::mem;
use subtle::ConstantTimeEq as _;

use super::message::{ServerFinal, ServerFirst};
use super::{Flag, cbind_input, signature, xor};
use crate::limits::Limits;
use crate::sasl::client::{Abort, Credentials, Exchange};
use crate::sasl::gs2::{self, Header};
use crate::sasl::password::{MIN_ITERATIONS, client_key, hash, salt_password, server_key};
use crate::sasl::{ChannelBinding, prepare};
use crate::secret::Secret;

#[derive(Debug)]
pub(in crate::sasl) struct Client {
    gs2_header: String,
    bare: String,
    cbind_input: Vec<u8>,
    nonce: String,
    password: Secret<String>,
    max_iterations: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    ServerFirst,
    /// Our proof is sent; the server's is to be this.
    ServerFinal([u8; 32]),
    Proven,
    Failed,
}

impl Client {
    pub(in crate::sasl) fn new(
        flag: Flag<'static>,
        binding: Option<&ChannelBinding>,
        credentials: &Credentials,
        nonce: String,
        limits: &Limits,
    ) -> Result<Self, Abort> {
        let Credentials::Password { authcid, authzid, password } = credentials else {
            return Err(Abort::Credentials);
        };
        let name = prepare(authcid).map_err(|_| Abort::Credentials)?;
        prepare(password.expose()).map_err(|_| Abort::Credentials)?;
        let authzid = authzid.clone().filter(|authzid| !authzid.is_empty());
        let gs2_header = Header { flag, authzid }.to_string();
        let binding = binding.filter(|_| matches!(flag, Flag::Bound(_)));
        Ok(Self {
            cbind_input: cbind_input(&gs2_header, binding),
            gs2_header,
            bare: format!("n={},r={nonce}", gs2::encode(&name)),
            nonce,
            password: password.clone(),
            max_iterations: limits.scram_iterations,
            state: State::ServerFirst,
        })
    }

    /// `client-first-message`.
    pub(in crate::sasl) fn first(&self) -> Vec<u8> {
        [self.gs2_header.as_bytes(), self.bare.as_bytes()].concat()
    }

    /// Answers `server-first-message` with the proof.
    fn prove(&mut self, server_first: &str) -> Result<Vec<u8>, Abort> {
        let first = ServerFirst::parse(server_first).ok_or(Abort::Malformed)?;
        // RFC 5802 §5.1: the server's part of the nonce follows ours and is not empty.
        if !first.nonce.starts_with(&self.nonce) || first.nonce.len() == self.nonce.len() {
            return Err(Abort::Nonce);
        }
        if !(MIN_ITERATIONS..=self.max_iterations).contains(&first.iterations) {
            return Err(Abort::Iterations);
        }
        let salted = salt_password(self.password.expose(), &first.salt, first.iterations)
            .map_err(|_| Abort::Credentials)?;
        let client_key = client_key(&salted);
        let without_proof = format!("c={},r={}", BASE64.encode(&self.cbind_input), first.nonce);
        let sign = |key: [u8; 32]| signature(&key, &self.bare, server_first, &without_proof);
        let proof = xor(&client_key, &sign(hash(&client_key)));
        let expected = sign(server_key(&salted));
        self.state = State::ServerFinal(expected);
        Ok(format!("{without_proof},p={}", BASE64.encode(proof)).into_bytes())
    }

    /// Checks `server-final-message`; the response to it is empty.
    fn check(&mut self, server_final: &str, expected: &[u8; 32]) -> Result<Vec<u8>, Abort> {
        match ServerFinal::parse(server_final).ok_or(Abort::Malformed)? {
            ServerFinal::Verifier(verifier) if bool::from(verifier.ct_eq(expected)) => {
                self.state = State::Proven;
                Ok(Vec::new())
            }
            ServerFinal::Verifier(_) => Err(Abort::Signature),
            ServerFinal::Error(error) => Err(Abort::Refused(String::from(error))),
        }
    }
}

impl Exchange for Client {
    fn handle_challenge(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Abort> {
        let message = core::str::from_utf8(challenge).map_err(|_| Abort::Malformed)?;
        match mem::replace(&mut self.state, State::Failed) {
            State::ServerFirst => self.prove(message),
            State::ServerFinal(expected) => self.check(message, &expected),
            State::Proven | State::Failed => Err(Abort::Malformed),
        }
    }

    fn handle_success(&self) -> Result<(), Abort> {
        match self.state {
            State::Proven => Ok(()),
            _ => Err(Abort::Unproven),
        }
    }
}
