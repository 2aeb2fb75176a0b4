//! What EHLO announces.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::sasl::Mechanism;

/// A service extension (RFC 5321 §2.2), or a command that EHLO names like one.
///
/// It parses from the way that EHLO spells it, so that a server can be configured to announce what
/// it should, in its own order.
///
/// ```
/// use postroad_core::smtp::Extension;
/// assert_eq!("SIZE 10485760".parse(), Ok(Extension::Size(Some(10_485_760))));
/// assert_eq!("8bitmime".parse(), Ok(Extension::EightBitMime));
/// assert!("XYZZY".parse::<Extension>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Extension {
    /// PIPELINING (RFC 2920).
    Pipelining,
    /// SIZE (RFC 1870) with the largest message in octets; without a number, what the limits say.
    Size(Option<u64>),
    /// 8BITMIME (RFC 6152).
    EightBitMime,
    /// SMTPUTF8 (RFC 6531).
    SmtpUtf8,
    /// CHUNKING (RFC 3030): the BDAT command.
    Chunking,
    /// BINARYMIME (RFC 3030).
    BinaryMime,
    /// DSN (RFC 3461).
    Dsn,
    /// ENHANCEDSTATUSCODES (RFC 2034). Enhanced codes are sent whether announced or not.
    EnhancedStatusCodes,
    /// LIMITS (RFC 9422): RCPTMAX and MAILMAX.
    Limits,
    /// AUTH (RFC 4954) with its mechanisms.
    Auth(Vec<Mechanism>),
    /// STARTTLS (RFC 3207).
    StartTls,
    /// HELP.
    Help,
    /// VRFY.
    Vrfy,
    /// EXPN.
    Expn,
    /// ETRN (RFC 1985).
    Etrn,
}

impl Extension {
    /// All that a server can announce, in the order in which it does so by default. EXPN and ETRN
    /// are left out, as few have a use for them.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::Pipelining,
            Self::Size(None),
            Self::StartTls,
            Self::Auth(Mechanism::ALL.to_vec()),
            Self::EnhancedStatusCodes,
            Self::EightBitMime,
            Self::Dsn,
            Self::SmtpUtf8,
            Self::Chunking,
            Self::BinaryMime,
            Self::Limits,
            Self::Vrfy,
            Self::Help,
        ]
    }

    /// The keyword.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        match self {
            Self::Pipelining => "PIPELINING",
            Self::Size(_) => "SIZE",
            Self::EightBitMime => "8BITMIME",
            Self::SmtpUtf8 => "SMTPUTF8",
            Self::Chunking => "CHUNKING",
            Self::BinaryMime => "BINARYMIME",
            Self::Dsn => "DSN",
            Self::EnhancedStatusCodes => "ENHANCEDSTATUSCODES",
            Self::Limits => "LIMITS",
            Self::Auth(_) => "AUTH",
            Self::StartTls => "STARTTLS",
            Self::Help => "HELP",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
            Self::Etrn => "ETRN",
        }
    }
}

/// A line that names no [`Extension`], or gives it an argument that it cannot have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownExtension(pub String);

impl fmt::Display for UnknownExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no SMTP extension", self.0)
    }
}

impl core::error::Error for UnknownExtension {}

impl FromStr for Extension {
    type Err = UnknownExtension;

    /// Parses a line as EHLO spells it, in any case. AUTH alone means every mechanism.
    fn from_str(line: &str) -> Result<Self, UnknownExtension> {
        let unknown = || UnknownExtension(line.into());
        let mut words = line.split_ascii_whitespace();
        let keyword = words.next().ok_or_else(unknown)?;
        let known = |it: &Self| it.keyword().eq_ignore_ascii_case(keyword);
        let mut all = Self::defaults().into_iter().chain([Self::Expn, Self::Etrn]);
        let extension = all.find(known).ok_or_else(unknown)?;
        let arguments: Vec<&str> = words.collect();
        match (extension, &arguments[..]) {
            (plain, []) => Ok(plain),
            (Self::Size(_), [number]) => {
                number.parse().map(|number| Self::Size(Some(number))).map_err(|_| unknown())
            }
            (Self::Auth(_), names) => {
                let mechanisms = names.iter().map(|name| Mechanism::parse(name));
                mechanisms.collect::<Option<_>>().map(Self::Auth).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }
}
