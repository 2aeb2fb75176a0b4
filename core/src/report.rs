//! What is worth a line in the log.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// An event for the log: a name and fields, which a host writes as a line of text or of JSON.
/// Secrets are never in it.
///
/// ```
/// use postroad_core::report::Report;
/// let report = Report::new("login").with("account", "alice@example.org").with("mechanism", "PLAIN");
/// assert_eq!(report.to_string(), "login account=alice@example.org mechanism=PLAIN");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// What happened, in one lower-case word or two with a hyphen.
    pub event: &'static str,
    /// Its circumstances.
    pub fields: Vec<(&'static str, String)>,
}

impl Report {
    /// A report without fields.
    #[must_use]
    pub const fn new(event: &'static str) -> Self {
        Self { event, fields: Vec::new() }
    }

    /// This report with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.fields.push((name, alloc::format!("{value}")));
        self
    }
}

/// One line of text; values with blanks, quotes, `=` or control characters are quoted.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.event)?;
        for (name, value) in &self.fields {
            let plain = !value.is_empty()
                && !value.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\')
                });
            if plain {
                write!(f, " {name}={value}")?;
            } else {
                write!(f, " {name}={value:?}")?;
            }
        }
        Ok(())
    }
}
