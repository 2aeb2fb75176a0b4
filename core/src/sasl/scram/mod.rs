//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): the two ends prove to each other that
//! they know the password, or what was derived from it, and neither sends it.

mod client;
mod message;
mod server;

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

pub(super) use super::gs2::Flag;
use super::password::mac;
use super::{Channel, ChannelBinding, Mechanism};
use crate::entropy::Entropy;
pub(super) use client::Client;
pub(super) use server::Server;

/// A fresh nonce: 144 bits, printable.
pub(super) fn nonce(entropy: &mut Entropy) -> String {
    let mut octets = [0; 18];
    entropy.fill(&mut octets);
    BASE64.encode(octets)
}

/// `cbind-input`: what the client saw of the channel, and said of it.
fn cbind_input(gs2_header: &str, binding: Option<&ChannelBinding>) -> Vec<u8> {
    let octets = binding.map_or(&[][..], ChannelBinding::octets);
    [gs2_header.as_bytes(), octets].concat()
}

/// The HMAC of `AuthMessage`: `ClientSignature` under the stored key, `ServerSignature` under the
/// server key.
fn signature(key: &[u8; 32], bare: &str, server_first: &str, without_proof: &str) -> [u8; 32] {
    let parts = [bare, ",", server_first, ",", without_proof];
    mac(key, &parts.map(str::as_bytes))
}

/// `ClientProof` from `ClientKey` and `ClientSignature`, or the key back from the proof.
fn xor(one: &[u8; 32], other: &[u8; 32]) -> [u8; 32] {
    core::array::from_fn(|index| one[index] ^ other[index])
}

impl Flag<'static> {
    /// What a client says that has chosen `mechanism` on `channel`.
    pub(super) const fn of(mechanism: Mechanism, channel: &Channel) -> Self {
        match (mechanism, channel) {
            (Mechanism::ScramSha256Plus, _) => Self::Bound(ChannelBinding::NAME),
            (_, Channel::Bound(_)) => Self::NotOffered,
            _ => Self::Unsupported,
        }
    }
}

#[cfg(test)]
mod tests;
