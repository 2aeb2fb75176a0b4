//! OAUTHBEARER (RFC 7628) and XOAUTH2, its forerunner: an OAuth 2.0 bearer token.
//!
//! Both are one message of `key=value` pairs that end in `^A`. A refusal is a challenge with the
//! reason in JSON; the client acknowledges it, and only then the exchange fails.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::Mechanism;
use super::client::{self, Abort, Credentials};
use super::gs2::{Flag, Header};
use super::prepare::prepare;
use super::server::{Answer, Exchange, Failure, Question, Step};
use crate::secret::Secret;

/// Between the pairs: `kvsep`.
const SEPARATOR: char = '\u{1}';

#[derive(Debug)]
pub(super) struct Server {
    mechanism: Mechanism,
    state: State,
}

#[derive(Debug)]
enum State {
    Message,
    /// The reason of the refusal is sent and waits for the client's acknowledgement.
    Refused,
}

impl Server {
    pub(super) const fn new(mechanism: Mechanism) -> Self {
        let state = State::Message;
        Self { mechanism, state }
    }

    fn handle_message(&self, message: &[u8]) -> Option<Question> {
        let message = core::str::from_utf8(message).ok()?;
        let pairs = Pairs::parse(self.mechanism, message)?;
        let (scheme, token) = pairs.auth?.split_once(' ')?;
        let token = token.trim_start_matches(' ');
        // RFC 6750 §2.1: `b64token` has no blanks, controls or octets beyond ASCII.
        let sound = !token.is_empty() && token.bytes().all(|octet| octet.is_ascii_graphic());
        if !sound || !scheme.eq_ignore_ascii_case("Bearer") {
            return None;
        }
        let port = match pairs.port {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        let user = match pairs.authzid.as_deref().or(pairs.user) {
            Some(user) => Some(prepare(user).ok()?),
            None => None,
        };
        Some(Question::Token {
            mechanism: self.mechanism,
            user,
            token: Secret::new(String::from(token)),
            host: pairs.host.map(String::from),
            port,
        })
    }

    /// RFC 7628 §3.2.2 and Google's description of XOAUTH2.
    const fn refusal(&self) -> &'static [u8] {
        match self.mechanism {
            Mechanism::XOAuth2 => br#"{"status":"401","schemes":"bearer"}"#,
            _ => br#"{"status":"invalid_token"}"#,
        }
    }
}

impl Exchange for Server {
    fn handle_response(&mut self, response: &[u8]) -> Step {
        match self.state {
            State::Message => {
                self.handle_message(response).map_or(Step::Failed(Failure::Malformed), Step::Verify)
            }
            // RFC 7628 §3.2.3: whatever the client says here, it has failed.
            State::Refused => Step::Failed(Failure::Credentials),
        }
    }

    fn handle_answer(&mut self, answer: Answer) -> Step {
        if matches!(answer, Answer::Reject) {
            self.state = State::Refused;
            return Step::Challenge(self.refusal().to_vec());
        }
        answer.conclude(None)
    }
}

/// What a message says; of each key at most one.
#[derive(Default)]
struct Pairs<'a> {
    authzid: Option<String>,
    user: Option<&'a str>,
    auth: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
}

impl<'a> Pairs<'a> {
    fn parse(mechanism: Mechanism, message: &'a str) -> Option<Self> {
        let mut pairs = Self::default();
        let mut rest = message;
        if mechanism == Mechanism::OAuthBearer {
            let (header, body) = Header::parse(message)?;
            // RFC 7628 §3.1: there is no channel binding to speak of.
            if matches!(header.flag, Flag::Bound(_)) {
                return None;
            }
            pairs.authzid = header.authzid;
            rest = body.strip_prefix(SEPARATOR)?;
        }
        rest = rest.strip_suffix("\u{1}\u{1}")?;
        for pair in rest.split(SEPARATOR) {
            let (key, value) = pair.split_once('=')?;
            let place = match key {
                "auth" => &mut pairs.auth,
                "host" => &mut pairs.host,
                "port" => &mut pairs.port,
                "user" if mechanism == Mechanism::XOAuth2 => &mut pairs.user,
                // RFC 7628 §3.1: unknown pairs are ignored.
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(pairs)
    }
}

/// The client's message.
pub(super) fn message(mechanism: Mechanism, credentials: &Credentials) -> Result<Vec<u8>, Abort> {
    let Credentials::Token { user, token, server } = credentials else {
        return Err(Abort::Credentials);
    };
    let token = token.expose();
    let graphic = !token.is_empty() && token.bytes().all(|octet| octet.is_ascii_graphic());
    if !graphic || user.is_empty() || user.contains(char::is_control) {
        return Err(Abort::Credentials);
    }
    let mut text = String::new();
    if mechanism == Mechanism::XOAuth2 {
        let _ = write!(text, "user={user}\u{1}");
    } else {
        let flag = Flag::Unsupported;
        let authzid = Some(user.clone());
        let _ = write!(text, "{}\u{1}", Header { flag, authzid });
        if let Some((host, port)) = server {
            let _ = write!(text, "host={host}\u{1}port={port}\u{1}");
        }
    }
    let _ = write!(text, "auth=Bearer {token}\u{1}\u{1}");
    Ok(text.into_bytes())
}

/// The client after its message: the one challenge that may follow is a refusal.
#[derive(Debug)]
pub(super) struct Client {
    acknowledgement: Option<&'static [u8]>,
}

impl Client {
    pub(super) const fn new(mechanism: Mechanism) -> Self {
        let octets: &'static [u8] = match mechanism {
            Mechanism::XOAuth2 => b"",
            _ => b"\x01",
        };
        let acknowledgement = Some(octets);
        Self { acknowledgement }
    }
}

impl client::Exchange for Client {
    fn handle_challenge(&mut self, _: &[u8]) -> Result<Vec<u8>, Abort> {
        let octets = self.acknowledgement.take().ok_or(Abort::Malformed)?;
        Ok(octets.to_vec())
    }

    fn handle_success(&self) -> Result<(), Abort> {
        // A success that follows a refusal contradicts it.
        self.acknowledgement.map(|_| ()).ok_or(Abort::Malformed)
    }
}
