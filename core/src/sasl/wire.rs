//! What SMTP (RFC 4954 §4), POP3 (RFC 5034 §4) and IMAP (RFC 9051 §6.2.2) have in common when they
//! carry SASL: base64, one line a message.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::fmt;

use crate::limits::Limits;

/// A client's line in answer to a challenge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// A response.
    Octets(Vec<u8>),
    /// `*`: the client cancels.
    Cancel,
}

/// A line that carries no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// The message has more than [`Limits::sasl_response`] octets (SMTP 500 5.5.6).
    TooLong,
    /// It is not in base64 (SMTP 501 5.5.2).
    NotBase64,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the authentication exchange line is too long",
            Self::NotBase64 => "cannot base64-decode",
        })
    }
}

impl core::error::Error for Unreadable {}

/// Octets that a response line may have, without CRLF. A protocol that frames lines by its own
/// command limit uses this one while a response is due.
///
/// ```
/// use postroad_core::{limits::Limits, sasl::wire::max_line};
/// assert_eq!(max_line(&Limits::DEFAULT), 16_384);
/// ```
#[must_use]
pub const fn max_line(limits: &Limits) -> usize {
    limits.sasl_response.div_ceil(3) * 4
}

/// Reads a response line, without its CRLF.
///
/// ```
/// use postroad_core::limits::Limits;
/// use postroad_core::sasl::wire::{Response, decode_response};
/// assert_eq!(decode_response(b"*", &Limits::DEFAULT), Ok(Response::Cancel));
/// assert_eq!(decode_response(b"aGk=", &Limits::DEFAULT), Ok(Response::Octets(b"hi".to_vec())));
/// ```
///
/// # Errors
/// [`Unreadable`].
pub fn decode_response(line: &[u8], limits: &Limits) -> Result<Response, Unreadable> {
    match line {
        b"*" => Ok(Response::Cancel),
        _ => decode(line, limits).map(Response::Octets),
    }
}

/// Reads an initial response, the argument of AUTH or AUTHENTICATE, where `=` is an empty one.
///
/// # Errors
/// [`Unreadable`].
pub fn decode_initial(argument: &[u8], limits: &Limits) -> Result<Vec<u8>, Unreadable> {
    match argument {
        b"=" => Ok(Vec::new()),
        b"" => Err(Unreadable::NotBase64),
        _ => decode(argument, limits),
    }
}

/// Reads the base64 of a challenge or response.
///
/// # Errors
/// [`Unreadable`].
pub fn decode(text: &[u8], limits: &Limits) -> Result<Vec<u8>, Unreadable> {
    if text.len() > max_line(limits) {
        return Err(Unreadable::TooLong);
    }
    BASE64.decode(text).map_err(|_| Unreadable::NotBase64)
}

/// The base64 of a challenge or response.
#[must_use]
pub fn encode(octets: &[u8]) -> String {
    BASE64.encode(octets)
}

/// The base64 of an initial response, where an empty one is `=`.
#[must_use]
pub fn encode_initial(octets: &[u8]) -> String {
    match octets {
        [] => String::from("="),
        _ => encode(octets),
    }
}
