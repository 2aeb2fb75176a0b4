//! Why a question has no answer.

use core::fmt;

/// Why there are no records; `Display` says it in words.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Failure {
    /// There is no such name (NXDOMAIN).
    NoName,
    /// The name exists, but has no records of the kind (NODATA, RFC 2308 §2.2).
    NoRecords,
    /// The servers did not want to or could not answer; the last response code in words.
    Refused(&'static str),
    /// No server answered in time.
    Timeout,
    /// No server could be reached.
    Unreachable,
    /// The servers answered what could not be understood.
    Malformed,
    /// A CNAME leads back to itself.
    Loop,
    /// A CNAME leads to a CNAME, too often (see
    /// [`Limits::dns_links`](crate::limits::Limits::dns_links)).
    TooManyLinks,
    /// Too many questions are waiting for their answers.
    Busy,
    /// No server is known.
    NoServers,
    /// The resolver is being shut down.
    ShutDown,
}

impl Failure {
    /// Whether the servers said for certain that there is nothing. All else may pass.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(self, Self::NoName | Self::NoRecords)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoName => "there is no such name",
            Self::NoRecords => "the name has no such records",
            Self::Refused(why) => return write!(f, "the DNS server says: {why}"),
            Self::Timeout => "no DNS server answered in time",
            Self::Unreachable => "no DNS server could be reached",
            Self::Malformed => "the DNS server's answer was malformed",
            Self::Loop => "the name's aliases lead in a circle",
            Self::TooManyLinks => "the name is an alias of an alias, too many times",
            Self::Busy => "too many DNS queries are under way",
            Self::NoServers => "no DNS server is known",
            Self::ShutDown => "the resolver is shutting down",
        })
    }
}

impl core::error::Error for Failure {}
