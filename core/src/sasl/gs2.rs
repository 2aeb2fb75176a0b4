//! The GS2 header (RFC 5801 §4) in front of SCRAM's and OAUTHBEARER's first message.

use alloc::string::String;
use core::fmt;

/// What the client says of channel binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flag<'a> {
    /// `n`: it cannot bind.
    Unsupported,
    /// `y`: it can, but believes that the server cannot.
    NotOffered,
    /// `p=`: it binds, by this type.
    Bound(&'a str),
}

/// `gs2-header`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Header<'a> {
    pub(super) flag: Flag<'a>,
    pub(super) authzid: Option<String>,
}

impl<'a> Header<'a> {
    /// The header, and what follows it.
    pub(super) fn parse(message: &'a str) -> Option<(Self, &'a str)> {
        let (flag, rest) = message.split_once(',')?;
        let (authzid, rest) = rest.split_once(',')?;
        let flag = match flag {
            "n" => Flag::Unsupported,
            "y" => Flag::NotOffered,
            _ => Flag::Bound(flag.strip_prefix("p=")?),
        };
        let authzid = match authzid {
            "" => None,
            _ => Some(decode(authzid.strip_prefix("a=")?)?),
        };
        Some((Self { flag, authzid }, rest))
    }
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flag {
            Flag::Unsupported => f.write_str("n,")?,
            Flag::NotOffered => f.write_str("y,")?,
            Flag::Bound(name) => write!(f, "p={name},")?,
        }
        if let Some(authzid) = &self.authzid {
            write!(f, "a={}", encode(authzid))?;
        }
        f.write_str(",")
    }
}

/// A name as `saslname` (RFC 5801 §4).
pub(super) fn encode(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// The name that a `saslname` is; `None` when it is none.
pub(super) fn decode(saslname: &str) -> Option<String> {
    let mut parts = saslname.split('=');
    let mut name = String::from(parts.next()?);
    for part in parts {
        let (character, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            (None, None) => return None,
        };
        name.push(character);
        name.push_str(rest);
    }
    let sound = !name.is_empty() && !saslname.contains([',', '\0']);
    sound.then_some(name)
}
