//! What can be wrong with an address.

use core::fmt;

/// What is wrong with an address; `Display` says it in words fit for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invalid {
    /// A path does not begin with `<`.
    NoOpeningBracket,
    /// A path does not end with `>` where it should.
    NoClosingBracket,
    /// `<>` where a mailbox is needed.
    EmptyPath,
    /// A path of more than 256 octets (RFC 5321 §4.5.3.1.3).
    PathTooLong,
    /// A source route that is not a list of `@domain`, ended by a colon.
    Route,
    /// No `@`.
    NoAt,
    /// Nothing before the `@`.
    NoLocalPart,
    /// A local-part of more than 64 octets (RFC 5321 §4.5.3.1.1).
    LocalPartTooLong,
    /// A dot at the start or the end of an unquoted local-part, or two dots in a row.
    MisplacedDot,
    /// An octet that must not stand in a local-part, or only in quotes.
    LocalPartOctet(u8),
    /// A quoted string without its closing quote.
    UnclosedQuote,
    /// Nothing after the `@`.
    NoDomain,
    /// A domain of more than 255 octets (RFC 5321 §4.5.3.1.2).
    DomainTooLong,
    /// A domain that begins or ends with a dot, or has two in a row.
    EmptyLabel,
    /// A label of more than 63 octets (RFC 1035 §2.3.4).
    LabelTooLong,
    /// A label that begins or ends with a hyphen.
    HyphenAtEdge,
    /// An octet that must not stand in a domain.
    DomainOctet(u8),
    /// A domain that has no A-label form (RFC 5890 §2.3.2.1).
    NotIdna,
    /// An address literal without its closing bracket.
    UnclosedLiteral,
    /// Brackets around something that is no address.
    Literal,
    /// Octets that are not UTF-8.
    NotUtf8,
    /// UTF-8 where SMTPUTF8 was not asked for (RFC 6531 §3.4).
    Utf8NotAllowed,
    /// A comment without its closing parenthesis.
    UnclosedComment,
    /// Something after the address that does not belong to it.
    Trailing,
    /// An address list that does not follow RFC 5322 §3.4 and §4.4.
    List,
    /// More addresses than a list may have.
    TooMany,
    /// xtext that does not follow RFC 3461 §4.
    Xtext,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::LocalPartOctet(octet) => return octet_in(f, *octet, "the local-part"),
            Self::DomainOctet(octet) => return octet_in(f, *octet, "the domain"),
            Self::NoOpeningBracket => "the address must stand in angle brackets",
            Self::NoClosingBracket => "the address has no closing angle bracket",
            Self::EmptyPath => "an address is missing between the angle brackets",
            Self::PathTooLong => "the address is longer than 256 octets",
            Self::Route => "the source route is malformed",
            Self::NoAt => "the address has no @",
            Self::NoLocalPart => "nothing stands before the @",
            Self::LocalPartTooLong => "the local-part is longer than 64 octets",
            Self::MisplacedDot => "a dot in the local-part stands at an end or beside another",
            Self::UnclosedQuote => "a quoted string is not closed",
            Self::NoDomain => "nothing stands after the @",
            Self::DomainTooLong => "the domain is longer than 255 octets",
            Self::EmptyLabel => "the domain has an empty label",
            Self::LabelTooLong => "a label of the domain is longer than 63 octets",
            Self::HyphenAtEdge => "a label of the domain begins or ends with a hyphen",
            Self::NotIdna => "the domain is not a valid internationalised name",
            Self::UnclosedLiteral => "the address literal has no closing bracket",
            Self::Literal => "the address literal is malformed",
            Self::NotUtf8 => "the address is not valid UTF-8",
            Self::Utf8NotAllowed => "a non-ASCII address needs SMTPUTF8",
            Self::UnclosedComment => "a comment is not closed",
            Self::Trailing => "something stands behind the address",
            Self::List => "the address list is malformed",
            Self::TooMany => "the address list is too long",
            Self::Xtext => "the xtext is malformed",
        };
        f.write_str(words)
    }
}

fn octet_in(f: &mut fmt::Formatter<'_>, octet: u8, place: &str) -> fmt::Result {
    match octet {
        b' ' => write!(f, "a space must not stand in {place}"),
        0x21..=0x7e => write!(f, "{:?} must not stand in {place}", char::from(octet)),
        _ => write!(f, "octet {octet:#04x} must not stand in {place}"),
    }
}

impl core::error::Error for Invalid {}
