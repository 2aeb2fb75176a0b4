//! The parameters of MAIL and RCPT.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::SyntaxError;
use crate::address::{Mailbox, xtext};

/// What kind of octets the content has (RFC 6152 §3, RFC 3030 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// Lines of ASCII.
    SevenBit,
    /// Lines of any octets but NUL.
    EightBitMime,
    /// Any octets, no lines: by BDAT only.
    BinaryMime,
}

/// How much of the message a delivery status notification returns (RFC 3461 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Return {
    /// All of it, if delivery failed.
    Full,
    /// Its headers.
    Headers,
}

/// When a notification about a recipient is wanted (RFC 3461 §4.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Notify {
    /// Not at all.
    Never,
    /// In these cases; at least one of them.
    On {
        /// The message was delivered.
        success: bool,
        /// It can't be.
        failure: bool,
        /// It takes long.
        delay: bool,
    },
}

/// The recipient as the sender knew it (RFC 3461 §4.2): what ORCPT says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OriginalRecipient {
    /// The kind of address, mostly `rfc822` or `utf-8`.
    pub address_type: String,
    /// The address, decoded from xtext.
    pub address: String,
}

/// The parameters of MAIL.
///
/// ```
/// use postroad_core::smtp::{Body, MailParameters};
/// let parameters = MailParameters::parse(b" SIZE=1000 BODY=8BITMIME").unwrap();
/// assert_eq!((parameters.size, parameters.body), (Some(1000), Some(Body::EightBitMime)));
/// assert_eq!(parameters.to_string(), " SIZE=1000 BODY=8BITMIME");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MailParameters {
    /// SIZE (RFC 1870 §6): about how many octets will come.
    pub size: Option<u64>,
    /// BODY.
    pub body: Option<Body>,
    /// SMTPUTF8 (RFC 6531 §3.4): addresses or header fields are in UTF-8.
    pub smtputf8: bool,
    /// RET.
    pub ret: Option<Return>,
    /// ENVID (RFC 3461 §4.4), decoded from xtext.
    pub envid: Option<String>,
    /// AUTH (RFC 4954 §5): who submitted the message first; `Some(None)` is `AUTH=<>`.
    pub auth: Option<Option<Mailbox>>,
}

/// The parameters of RCPT.
///
/// ```
/// use postroad_core::smtp::{Notify, RcptParameters};
/// let parameters = RcptParameters::parse(b" NOTIFY=NEVER ORCPT=rfc822;a+2Bb@example.org").unwrap();
/// assert_eq!(parameters.notify, Some(Notify::Never));
/// assert_eq!(parameters.orcpt.unwrap().address, "a+b@example.org");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RcptParameters {
    /// NOTIFY.
    pub notify: Option<Notify>,
    /// ORCPT.
    pub orcpt: Option<OriginalRecipient>,
}

impl MailParameters {
    /// Parses what follows the reverse-path.
    ///
    /// # Errors
    /// A parameter that is unknown, malformed or given twice.
    pub fn parse(input: &[u8]) -> Result<Self, SyntaxError> {
        let mut this = Self::default();
        for (keyword, value) in parameters(input)? {
            match (&*keyword.to_ascii_uppercase(), value) {
                (b"SIZE", Some(value)) => once(&mut this.size, parse_size(value), keyword)?,
                (b"BODY", Some(value)) => once(&mut this.body, parse_body(value), keyword)?,
                (b"RET", Some(value)) => once(&mut this.ret, parse_ret(value), keyword)?,
                (b"ENVID", Some(value)) => once(&mut this.envid, parse_envid(value), keyword)?,
                (b"AUTH", Some(value)) => once(&mut this.auth, parse_auth(value), keyword)?,
                (b"SMTPUTF8", None) if !this.smtputf8 => this.smtputf8 = true,
                (b"SIZE" | b"BODY" | b"RET" | b"ENVID" | b"AUTH" | b"SMTPUTF8", _) => {
                    return Err(SyntaxError::Parameter(name(keyword)));
                }
                _ => return Err(SyntaxError::UnknownParameter(name(keyword))),
            }
        }
        Ok(this)
    }
}

impl RcptParameters {
    /// Parses what follows the forward-path.
    ///
    /// # Errors
    /// A parameter that is unknown, malformed or given twice.
    pub fn parse(input: &[u8]) -> Result<Self, SyntaxError> {
        let mut this = Self::default();
        for (keyword, value) in parameters(input)? {
            match (&*keyword.to_ascii_uppercase(), value) {
                (b"NOTIFY", Some(value)) => once(&mut this.notify, parse_notify(value), keyword)?,
                (b"ORCPT", Some(value)) => once(&mut this.orcpt, parse_orcpt(value), keyword)?,
                (b"NOTIFY" | b"ORCPT", None) => {
                    return Err(SyntaxError::Parameter(name(keyword)));
                }
                _ => return Err(SyntaxError::UnknownParameter(name(keyword))),
            }
        }
        Ok(this)
    }
}

type Parameter<'a> = (&'a [u8], Option<&'a [u8]>);

// RFC 5321 §4.1.2: `esmtp-param = esmtp-keyword ["=" esmtp-value]`, each behind a blank.
fn parameters(input: &[u8]) -> Result<impl Iterator<Item = Parameter<'_>>, SyntaxError> {
    if input.first().is_some_and(|octet| *octet != b' ') {
        return Err(SyntaxError::Trailing);
    }
    let words = input.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    Ok(words.map(|word| match word.iter().position(|octet| *octet == b'=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    }))
}

/// Fills `slot`, which must be empty, with `value`, which must be there.
fn once<T>(slot: &mut Option<T>, value: Option<T>, keyword: &[u8]) -> Result<(), SyntaxError> {
    if slot.is_some() || value.is_none() {
        return Err(SyntaxError::Parameter(name(keyword)));
    }
    *slot = value;
    Ok(())
}

fn name(keyword: &[u8]) -> String {
    String::from_utf8_lossy(keyword).to_ascii_uppercase()
}

// RFC 1870 §4: one to twenty digits. A number above 2⁶⁴ is as large as one below.
fn parse_size(value: &[u8]) -> Option<u64> {
    let digits = (1..=20).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let text = core::str::from_utf8(value).ok().filter(|_| digits)?;
    Some(text.parse().unwrap_or(u64::MAX))
}

fn parse_body(value: &[u8]) -> Option<Body> {
    match &*value.to_ascii_uppercase() {
        b"7BIT" => Some(Body::SevenBit),
        b"8BITMIME" => Some(Body::EightBitMime),
        b"BINARYMIME" => Some(Body::BinaryMime),
        _ => None,
    }
}

fn parse_ret(value: &[u8]) -> Option<Return> {
    match &*value.to_ascii_uppercase() {
        b"FULL" => Some(Return::Full),
        b"HDRS" => Some(Return::Headers),
        _ => None,
    }
}

// RFC 3461 §4.4: at most 100 characters of xtext, which decode to printable ones.
fn parse_envid(value: &[u8]) -> Option<String> {
    let octets = xtext::decode(value).ok()?;
    let printable = octets.iter().all(|octet| matches!(octet, b' '..=b'~'));
    (printable && !value.is_empty() && value.len() <= 100)
        .then(|| String::from_utf8(octets).ok())
        .flatten()
}

fn parse_auth(value: &[u8]) -> Option<Option<Mailbox>> {
    match value {
        b"<>" => Some(None),
        _ => Mailbox::parse(&xtext::decode(value).ok()?, true).ok().map(Some),
    }
}

fn parse_notify(value: &[u8]) -> Option<Notify> {
    let value = value.to_ascii_uppercase();
    if value == b"NEVER" {
        return Some(Notify::Never);
    }
    let (mut success, mut failure, mut delay) = (false, false, false);
    for word in value.split(|octet| *octet == b',') {
        match word {
            b"SUCCESS" => success = true,
            b"FAILURE" => failure = true,
            b"DELAY" => delay = true,
            _ => return None,
        }
    }
    Some(Notify::On { success, failure, delay })
}

// RFC 3461 §4.2: at most 500 octets. RFC 6533 §3: a `utf-8` address may be in bare UTF-8.
fn parse_orcpt(value: &[u8]) -> Option<OriginalRecipient> {
    let at = value.iter().position(|octet| *octet == b';').filter(|_| value.len() <= 500)?;
    let (kind, address) = (&value[..at], &value[at + 1..]);
    let is_atom = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.+".contains(octet);
    if kind.is_empty() || !kind.iter().all(is_atom) || address.is_empty() {
        return None;
    }
    let octets = if kind.eq_ignore_ascii_case(b"utf-8") && !address.is_ascii() {
        address.to_vec()
    } else {
        xtext::decode(address).ok()?
    };
    let address = String::from_utf8(octets).ok()?;
    let clean = !address.contains(|c: char| c.is_control());
    let address_type = String::from_utf8(kind.to_vec()).ok()?;
    clean.then_some(OriginalRecipient { address_type, address })
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
            Self::BinaryMime => "BINARYMIME",
        })
    }
}

impl fmt::Display for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        })
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::On { success, failure, delay } = *self else {
            return f.write_str("NEVER");
        };
        let words = [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")];
        let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        f.write_str(&words.join(","))
    }
}

/// The form that DSNs have, too: the address as xtext behind its type.
impl fmt::Display for OriginalRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.address_type, xtext::encode(self.address.as_bytes()))
    }
}

/// As they stand behind a path, each after a blank.
impl fmt::Display for MailParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(size) = self.size {
            write!(f, " SIZE={size}")?;
        }
        if let Some(body) = self.body {
            write!(f, " BODY={body}")?;
        }
        if self.smtputf8 {
            f.write_str(" SMTPUTF8")?;
        }
        if let Some(ret) = self.ret {
            write!(f, " RET={ret}")?;
        }
        if let Some(envid) = &self.envid {
            write!(f, " ENVID={}", xtext::encode(envid.as_bytes()))?;
        }
        match &self.auth {
            Some(Some(mailbox)) => {
                write!(f, " AUTH={}", xtext::encode(alloc::format!("{mailbox}").as_bytes()))
            }
            Some(None) => f.write_str(" AUTH=<>"),
            None => Ok(()),
        }
    }
}

/// As they stand behind a path, each after a blank.
impl fmt::Display for RcptParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(notify) = self.notify {
            write!(f, " NOTIFY={notify}")?;
        }
        match &self.orcpt {
            Some(orcpt) => write!(f, " ORCPT={orcpt}"),
            None => Ok(()),
        }
    }
}
