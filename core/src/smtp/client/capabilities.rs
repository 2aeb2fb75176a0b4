//! What a server announces.

use alloc::string::String;
use alloc::vec::Vec;

use crate::sasl::Mechanism;
use crate::smtp::{Extension, Reply};

/// What a server announced in its reply to EHLO or LHLO: one line for each extension, as it was
/// spelt.
///
/// ```
/// use postroad_core::smtp::client::Capabilities;
/// use postroad_core::smtp::{Extension, Reply};
/// let reply = Reply::bare(250, "mx.example.com\nsize 1000\nAUTH=PLAIN X-NEW\nLIMITS RCPTMAX=20");
/// let capabilities = Capabilities::of(&reply);
/// assert!(capabilities.has(&Extension::Limits) && !capabilities.has(&Extension::Dsn));
/// assert_eq!(capabilities.size(), Some(1000));
/// assert_eq!(capabilities.mechanisms().len(), 1);
/// assert_eq!(capabilities.max_recipients(), Some(20));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capabilities(Vec<String>);

impl Capabilities {
    /// Nothing: HELO's reply.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// What `reply` announces: each of its lines but the first.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        Self(reply.text.split('\n').skip(1).map(String::from).collect())
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|line| &**line)
    }

    /// Whether `extension` is announced, with whatever arguments.
    #[must_use]
    pub fn has(&self, extension: &Extension) -> bool {
        self.arguments(extension.keyword()).next().is_some()
    }

    /// The largest message that the server takes, in octets, if it says so.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let size = self.arguments("SIZE").find_map(|argument| argument.parse().ok());
        // RFC 1870 §4: zero means that there is no fixed maximum.
        size.filter(|size| *size > 0)
    }

    /// The mechanisms that the server offers, as far as they are known here.
    #[must_use]
    pub fn mechanisms(&self) -> Vec<Mechanism> {
        let names = self.arguments("AUTH").flat_map(str::split_ascii_whitespace);
        names.filter_map(Mechanism::parse).collect()
    }

    /// How many recipients a transaction may have (RFC 9422 §4.2).
    #[must_use]
    pub fn max_recipients(&self) -> Option<usize> {
        self.limit("RCPTMAX")
    }

    /// How many transactions a connection may have (RFC 9422 §4.1).
    #[must_use]
    pub fn max_transactions(&self) -> Option<usize> {
        self.limit("MAILMAX")
    }

    fn limit(&self, name: &str) -> Option<usize> {
        let limits = self.arguments("LIMITS").flat_map(str::split_ascii_whitespace);
        let mut pairs = limits.filter_map(|limit| limit.split_once('='));
        let (_, number) = pairs.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        // RFC 9422 §3: a limit is one to six digits, and not zero.
        number.parse().ok().filter(|number| *number > 0)
    }

    /// The arguments of each line that begins with `keyword`, in any case.
    fn arguments<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |line| {
            let line = line.trim_ascii();
            // Servers of old have `AUTH=` besides or instead.
            let end = line.find([' ', '\t', '=']).unwrap_or(line.len());
            let (word, rest) = line.split_at(end);
            let rest = rest.get(1..).unwrap_or("").trim_ascii();
            word.eq_ignore_ascii_case(keyword).then_some(rest)
        })
    }
}
