//! What accounts may have.

use crate::store::Allowance;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// What every account may have that has no quota of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Quota {
    /// Octets of all messages; no limit, if there is none.
    pub storage: Option<Size>,
    /// Messages; no limit, if there is none.
    pub messages: Option<u64>,
}

impl Quota {
    /// What an account may have that has `own`.
    #[must_use]
    pub fn allowance(self, own: OwnQuota) -> Allowance {
        Allowance {
            octets: own.storage.or(self.storage.map(|size| size.0)),
            messages: own.messages.or(self.messages),
        }
    }
}

/// What one account may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OwnQuota {
    /// Octets of all messages.
    pub storage: Bound,
    /// Messages.
    pub messages: Bound,
}

/// How a limit of one account stands to that of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Bound {
    /// It is the same.
    #[default]
    Default,
    /// There is none.
    None,
    /// It is this.
    At(u64),
}

impl Bound {
    fn or(self, all: Option<u64>) -> Option<u64> {
        match self {
            Self::Default => all,
            Self::None => None,
            Self::At(limit) => Some(limit),
        }
    }
}

/// A number of octets, written with or without `K`, `M`, `G` or `T`, each 1,024 times the one before.
///
/// ```
/// use postroad_core::role::config::Size;
/// assert_eq!("500M".parse(), Ok(Size(500 * 1024 * 1024)));
/// assert_eq!(Size(2048).to_string(), "2K");
/// assert_eq!(Size(2049).to_string(), "2049");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Size(pub u64);

const UNITS: [(char, u64); 4] = [('T', 1 << 40), ('G', 1 << 30), ('M', 1 << 20), ('K', 1 << 10)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no size; write it as 500M, 2G or a number of octets");
        let unit = UNITS
            .into_iter()
            .find(|(name, _)| text.ends_with(|c: char| c.eq_ignore_ascii_case(name)));
        let (digits, unit) = match unit {
            Some((_, unit)) => (&text[..text.len() - 1], unit),
            None => (text, 1),
        };
        // No sign.
        let digits = Some(digits).filter(|it| it.bytes().all(|octet| octet.is_ascii_digit()));
        let number: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        format!("{size}")
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, unit): &(char, u64)| self.0 > 0 && self.0.is_multiple_of(*unit);
        match UNITS.into_iter().find(whole) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, OwnQuota, Quota, Size};
    use crate::store::Allowance;

    #[test]
    fn what_is_no_size_is_refused() {
        for text in
            ["", "G", "1X", "-1", "+1", "1.5G", "1 G", "99999999999T", "18446744073709551616"]
        {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        assert_eq!("1g".parse(), Ok(Size(1 << 30)));
        assert_eq!("0".parse(), Ok(Size(0)));
    }

    #[test]
    fn an_own_quota_stands_before_that_of_all() {
        let all = Quota { storage: Some(Size(1_000)), messages: Some(10) };
        let allowance = |octets, messages| Allowance { octets, messages };
        for (storage, messages, expected) in [
            (Bound::Default, Bound::Default, allowance(Some(1_000), Some(10))),
            (Bound::At(5), Bound::None, allowance(Some(5), None)),
            (Bound::None, Bound::At(2_000), allowance(None, Some(2_000))),
        ] {
            assert_eq!(all.allowance(OwnQuota { storage, messages }), expected);
        }
    }
}
