//! What a server can do, by name.

use alloc::string::String;
use core::fmt;

/// A capability as CAPABILITY lists it (RFC 3501 §7.2.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capability {
    /// `IMAP4rev1` (RFC 3501).
    Imap4Rev1,
    /// `STARTTLS` (RFC 3501 §6.2.1).
    StartTls,
    /// `LOGINDISABLED`: LOGIN is refused for now (RFC 3501 §6.2.3).
    LoginDisabled,
    /// `AUTH=`, with a SASL mechanism (RFC 3501 §6.2.2).
    Auth(String),
    /// `SASL-IR`: AUTHENTICATE takes an initial response (RFC 4959).
    SaslIr,
    /// `LITERAL+`: literals need not wait (RFC 7888).
    LiteralPlus,
    /// `IDLE` (RFC 2177).
    Idle,
    /// `NAMESPACE` (RFC 2342).
    Namespace,
    /// `ID` (RFC 2971).
    Id,
    /// `CHILDREN` (RFC 3348).
    Children,
    /// `UNSELECT` (RFC 3691).
    Unselect,
    /// `UIDPLUS` (RFC 4315).
    UidPlus,
    /// `ENABLE` (RFC 5161).
    Enable,
    /// `SPECIAL-USE` (RFC 6154).
    SpecialUse,
    /// `CREATE-SPECIAL-USE` (RFC 6154 §3).
    CreateSpecialUse,
    /// `MOVE` (RFC 6851).
    Move,
    /// `COMPRESS=DEFLATE` (RFC 4978).
    CompressDeflate,
    /// `UNAUTHENTICATE` (RFC 8437).
    Unauthenticate,
    /// One that has no name of its own here.
    Other(String),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imap4Rev1 => "IMAP4rev1",
            Self::StartTls => "STARTTLS",
            Self::LoginDisabled => "LOGINDISABLED",
            Self::Auth(mechanism) => return write!(f, "AUTH={mechanism}"),
            Self::SaslIr => "SASL-IR",
            Self::LiteralPlus => "LITERAL+",
            Self::Idle => "IDLE",
            Self::Namespace => "NAMESPACE",
            Self::Id => "ID",
            Self::Children => "CHILDREN",
            Self::Unselect => "UNSELECT",
            Self::UidPlus => "UIDPLUS",
            Self::Enable => "ENABLE",
            Self::SpecialUse => "SPECIAL-USE",
            Self::CreateSpecialUse => "CREATE-SPECIAL-USE",
            Self::Move => "MOVE",
            Self::CompressDeflate => "COMPRESS=DEFLATE",
            Self::Unauthenticate => "UNAUTHENTICATE",
            Self::Other(name) => name,
        })
    }
}
