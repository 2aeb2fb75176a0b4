//! The four messages (RFC 5802 §7), written and read.
//!
//! Values have no commas, so a message is its attributes split at commas. Extensions that a peer may
//! ignore are ignored; `m=`, which it may not, is in no message's place and so makes it malformed.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::fmt;

use crate::sasl::gs2::{self, Header};

/// `client-first-message`.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct ClientFirst<'a> {
    pub(super) header: Header<'a>,
    /// The header as it was written.
    pub(super) gs2_header: &'a str,
    /// The message without the header.
    pub(super) bare: &'a str,
    pub(super) name: String,
    pub(super) nonce: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(super) fn parse(message: &'a str) -> Option<Self> {
        let (header, bare) = Header::parse(message)?;
        let mut attributes = bare.split(',');
        let name = gs2::decode(value(attributes.next(), "n=")?)?;
        let nonce = nonce(attributes.next())?;
        let gs2_header = message.strip_suffix(bare)?;
        extensions(attributes).then_some(Self { header, gs2_header, bare, name, nonce })
    }
}

/// `server-first-message`.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct ServerFirst<'a> {
    pub(super) nonce: &'a str,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    pub(super) fn parse(message: &'a str) -> Option<Self> {
        let mut attributes = message.split(',');
        let nonce = nonce(attributes.next())?;
        let salt = BASE64.decode(value(attributes.next(), "s=")?).ok()?;
        let iterations = value(attributes.next(), "i=")?;
        // `posit-number` has neither sign nor leading zero.
        if !iterations.starts_with(|first: char| matches!(first, '1'..='9')) {
            return None;
        }
        let iterations = iterations.parse().ok()?;
        let sound = !salt.is_empty() && extensions(attributes);
        sound.then_some(Self { nonce, salt, iterations })
    }
}

impl fmt::Display for ServerFirst<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let salt = BASE64.encode(&self.salt);
        write!(f, "r={},s={salt},i={}", self.nonce, self.iterations)
    }
}

/// `client-final-message`.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct ClientFinal<'a> {
    /// The message as far as the proof covers it.
    pub(super) without_proof: &'a str,
    pub(super) cbind_input: Vec<u8>,
    pub(super) nonce: &'a str,
    pub(super) proof: [u8; 32],
}

impl<'a> ClientFinal<'a> {
    pub(super) fn parse(message: &'a str) -> Option<Self> {
        let (without_proof, proof) = message.rsplit_once(",p=")?;
        let mut attributes = without_proof.split(',');
        let cbind_input = BASE64.decode(value(attributes.next(), "c=")?).ok()?;
        let nonce = nonce(attributes.next())?;
        let proof = BASE64.decode(proof).ok()?.try_into().ok()?;
        extensions(attributes).then_some(Self { without_proof, cbind_input, nonce, proof })
    }
}

/// `server-final-message`.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum ServerFinal<'a> {
    Verifier([u8; 32]),
    Error(&'a str),
}

impl<'a> ServerFinal<'a> {
    pub(super) fn parse(message: &'a str) -> Option<Self> {
        let mut attributes = message.split(',');
        let first = attributes.next();
        let parsed = match value(first, "e=") {
            Some(error) => Self::Error(error),
            None => {
                let verifier = BASE64.decode(value(first, "v=")?).ok()?;
                Self::Verifier(verifier.try_into().ok()?)
            }
        };
        extensions(attributes).then_some(parsed)
    }
}

impl fmt::Display for ServerFinal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verifier(verifier) => write!(f, "v={}", BASE64.encode(verifier)),
            Self::Error(error) => write!(f, "e={error}"),
        }
    }
}

fn value<'a>(attribute: Option<&'a str>, name: &str) -> Option<&'a str> {
    attribute?.strip_prefix(name)
}

/// `nonce`: printable ASCII without comma.
fn nonce(attribute: Option<&str>) -> Option<&str> {
    let nonce = value(attribute, "r=")?;
    let sound = !nonce.is_empty() && nonce.bytes().all(|octet| octet.is_ascii_graphic());
    sound.then_some(nonce)
}

/// Whether all that is left are extensions: a letter, `=`, and a value.
fn extensions<'a>(mut attributes: impl Iterator<Item = &'a str>) -> bool {
    attributes.all(|attribute| {
        matches!(attribute.as_bytes(), [letter, b'=', _, ..] if letter.is_ascii_alphabetic())
            && !attribute.contains('\0')
    })
}
