//! Names: of accounts, and of the mailboxes that they own.

use crate::address::Domain;
use crate::limits::Limits;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// What separates the levels of a mailbox name, as in Maildir++.
pub const DELIMITER: char = '.';

/// Who owns mailboxes: a local-part and a domain, both in lower case, the domain as A-labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(Arc<str>);

impl Account {
    /// The account `local_part@domain`; the domain may be internationalized.
    ///
    /// # Errors
    /// If the text has no such form, or if a part could not name a folder: empty, starting with a
    /// dot, longer than the limits, or holding `/`, `@`, a blank or a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let limits = Limits::DEFAULT;
        let (local_part, domain) = text.rsplit_once('@').ok_or(InvalidName::NoAt)?;
        if local_part.is_empty() || domain.is_empty() {
            return Err(InvalidName::Empty);
        }
        if local_part.len() > limits.local_part || domain.len() > limits.domain {
            return Err(InvalidName::TooLong);
        }
        let bad = |c: char| matches!(c, '/' | '@') || c.is_whitespace() || c.is_control();
        if local_part.starts_with('.') || local_part.contains(bad) {
            return Err(InvalidName::BadCharacter);
        }
        let domain =
            Domain::parse(domain.as_bytes(), true).map_err(|_| InvalidName::BadCharacter)?;
        let local_part = local_part.to_lowercase();
        let account = [local_part.as_str(), "@", &domain.ascii().to_ascii_lowercase()].concat();
        Ok(Self(account.into()))
    }

    /// The whole, `local-part@domain`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&*self.0, |(local_part, _)| local_part)
    }

    /// The part behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// The name of a mailbox in UTF-8, its levels separated by [`DELIMITER`]. `INBOX` in any case is
/// the one INBOX (RFC 3501 §5.1).
///
/// ```
/// use postroad_core::{limits::Limits, store::MailboxName};
/// let limits = Limits::default();
/// assert!(MailboxName::parse("inbox", &limits).unwrap().is_inbox());
/// assert_eq!(MailboxName::parse("Work.Mars", &limits).unwrap().parent().unwrap().as_str(), "Work");
/// for bad in ["", "a..b", ".a", "a/b", "a*", "a\0"] {
///     assert!(MailboxName::parse(bad, &limits).is_err());
/// }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxName(Arc<str>);

impl MailboxName {
    /// The mailbox that mail is delivered to.
    #[must_use]
    pub fn inbox() -> Self {
        Self("INBOX".into())
    }

    /// Checks `text` against the one rule for mailbox names.
    ///
    /// # Errors
    /// Says which part of the rule is broken.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, InvalidName> {
        if text.eq_ignore_ascii_case("INBOX") {
            return Ok(Self::inbox());
        }
        if text.len() > limits.mailbox_name {
            return Err(InvalidName::TooLong);
        }
        if text.split(DELIMITER).any(str::is_empty) {
            return Err(InvalidName::Empty);
        }
        if text.split(DELIMITER).count() > limits.mailbox_depth {
            return Err(InvalidName::TooDeep);
        }
        // `*` and `%` are LIST's wildcards (RFC 3501 §6.3.8). Neither controls nor what separates lines
        // and paragraphs may be in a name (RFC 6855 §3).
        let bad =
            |c: char| matches!(c, '/' | '*' | '%' | '\u{2028}' | '\u{2029}') || c.is_control();
        if text.contains(bad) {
            return Err(InvalidName::BadCharacter);
        }
        let first = text.split(DELIMITER).next().unwrap_or_default();
        if first.eq_ignore_ascii_case("INBOX") {
            // A child of INBOX: its first level is INBOX in any case, too.
            return Ok(Self(["INBOX", &text[first.len()..]].concat().into()));
        }
        Ok(Self(text.into()))
    }

    /// Checks what is asked of the last part of a new mailbox's name beyond [`parse`](Self::parse), which
    /// takes any that there are already: it is in Net-Unicode, so that equal names are equal octets
    /// (RFC 9051 §5.1, RFC 5198 §2), and without what lets a name look like another one by turning its
    /// text round (UAX #9 §2).
    ///
    /// ```
    /// use postroad_core::{limits::Limits, store::MailboxName};
    /// let name = |text| MailboxName::parse(text, &Limits::DEFAULT).unwrap();
    /// assert!(name("Entw\u{fc}rfe").check_new().is_ok());
    /// assert!(name("Entwu\u{308}rfe").check_new().is_err());
    /// assert!(name("gpj.\u{202e}x").check_new().is_err());
    /// ```
    ///
    /// # Errors
    /// Says which part of the rule is broken.
    pub fn check_new(&self) -> Result<(), InvalidName> {
        let part = self.0.rsplit(DELIMITER).next().unwrap_or_default();
        if !unicode_normalization::is_nfc(part) {
            return Err(InvalidName::NotNormal);
        }
        // Bidi_Control, and the byte order mark, which Net-Unicode has no use for.
        let bad = |c: char| {
            matches!(
                c,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
                    | '\u{2066}'..='\u{2069}' | '\u{feff}'
            )
        };
        if part.contains(bad) {
            return Err(InvalidName::BadCharacter);
        }
        Ok(())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is INBOX.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        &*self.0 == "INBOX"
    }

    /// The mailbox one level up, unless this is at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once(DELIMITER).map(|(parent, _)| Self(parent.into()))
    }

    /// Whether this lies below `ancestor`.
    #[must_use]
    pub fn is_below(&self, ancestor: &Self) -> bool {
        self.0.strip_prefix(&*ancestor.0).is_some_and(|rest| rest.starts_with(DELIMITER))
    }

    /// What follows `start` in this name, which is that or lies below it.
    pub(super) fn rest(&self, start: &Self) -> Option<&str> {
        let rest = self.0.strip_prefix(&*start.0)?;
        (rest.is_empty() || rest.starts_with(DELIMITER)).then_some(rest)
    }

    /// This name with its beginning `from` replaced by `to`; `None` if it is neither `from` nor
    /// below it, or if the result breaks the rule.
    #[must_use]
    pub fn moved(&self, from: &Self, to: &Self, limits: &Limits) -> Option<Self> {
        if self == from {
            return Some(to.clone());
        }
        let rest = self.is_below(from).then(|| &self.0[from.0.len()..])?;
        let name: String = [&*to.0, rest].concat();
        Self::parse(&name, limits).ok()
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// What is wrong with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvalidName {
    /// An account without `@`.
    NoAt,
    /// The name or one of its levels is empty.
    Empty,
    /// Longer than the limit.
    TooLong,
    /// More levels than the limit.
    TooDeep,
    /// A character that names may not hold.
    BadCharacter,
    /// Characters that are not composed as Unicode's normalization form C has them.
    NotNormal,
}

impl InvalidName {
    /// What is wrong, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAt => "there is no @ in it",
            Self::Empty => "a part of the name is empty",
            Self::TooLong => "the name is too long",
            Self::TooDeep => "the name has too many levels",
            Self::BadCharacter => "the name holds a character that is not allowed",
            Self::NotNormal => "the name is not in Unicode's normalization form C",
        }
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for InvalidName {}

/// What a mailbox is for (RFC 6154 §2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpecialUse {
    /// `\Archive`
    Archive,
    /// `\Drafts`
    Drafts,
    /// `\Junk`
    Junk,
    /// `\Sent`
    Sent,
    /// `\Trash`
    Trash,
}

impl SpecialUse {
    /// Every special use.
    pub const ALL: [Self; 5] = [Self::Archive, Self::Drafts, Self::Junk, Self::Sent, Self::Trash];

    /// The attribute without its backslash; also the name of the mailbox that a new account gets
    /// for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "Archive",
            Self::Drafts => "Drafts",
            Self::Junk => "Junk",
            Self::Sent => "Sent",
            Self::Trash => "Trash",
        }
    }

    /// The special use of this name in any case, with or without a backslash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix('\\').unwrap_or(text);
        Self::ALL.into_iter().find(|use_| use_.as_str().eq_ignore_ascii_case(name))
    }
}
