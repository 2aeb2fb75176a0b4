//! What a dialogue expects of one response, as far as another server owes it.
//!
//! | a line of James' | what is compared |
//! |---|---|
//! | `TAG OK [CODE] text`, NO, BAD | the status, and the code if it is of IMAP itself and not of an extension |
//! | `* OK [CODE …] text` | the code with its data; nothing if its extension is not announced |
//! | `* OK text`, `* BYE text` | the status |
//! | `* 1 RECENT`, `\Recent` in FETCH | nothing: IMAP4rev2 has neither |
//! | anything else | all of it: [`Seen`] puts what has no order in the order of the line |

use super::seen::{Seen, sorted_code};
use regex::bytes::Regex;

/// What is expected of one response.
#[derive(Clone, Debug)]
pub struct Expected {
    /// As the script has it, its lines with `⏎` between them.
    pub text: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// `+`
    Continuation,
    /// A status, tagged or not, and its code.
    Status { begin: String, code: Option<Code> },
    /// Data, and the line without the regular expression's escapes.
    Data { regex: Regex, plain: String },
}

/// A response code.
#[derive(Clone, Debug)]
struct Code {
    name: String,
    /// From `[` to `]`.
    regex: Regex,
}

impl Code {
    /// The capability that the code comes with, if it is not of RFC 3501.
    fn capability(&self) -> Option<&'static str> {
        Some(match &*self.name {
            "MAILBOXID" => "OBJECTID",
            "HIGHESTMODSEQ" | "NOMODSEQ" | "MODIFIED" => "CONDSTORE",
            "URLMECH" => "URLAUTH",
            "OVERQUOTA" => "QUOTA",
            "METADATA" => "METADATA",
            "APPENDUID" | "COPYUID" => "UIDPLUS",
            _ => return None,
        })
    }

    fn is_owed(&self, capabilities: &[String]) -> bool {
        self.capability().is_none_or(|name| capabilities.iter().any(|have| have == name))
    }

    /// Whether `text` begins with the code, its flags in any order.
    fn matches(&self, text: &[u8]) -> bool {
        let end = text.iter().position(|octet| *octet == b']').map_or(0, |at| at + 1);
        let code = &text[..end];
        self.regex.is_match(code) || self.regex.is_match(&sorted_code(code))
    }
}

impl Expected {
    /// Reads the lines of one response.
    ///
    /// # Errors
    /// If they are no regular expressions.
    pub fn parse(lines: &[&str]) -> Result<Self, String> {
        let text = lines.join("⏎");
        let kind = match lines {
            [line] if line.starts_with("\\+") => Kind::Continuation,
            [line] => match status(line)? {
                Some(kind) => kind,
                None => data(lines)?,
            },
            _ => data(lines)?,
        };
        Ok(Self { text, kind })
    }

    /// Whether this is a request to go on (RFC 9051 §7.6).
    #[must_use]
    pub fn is_continuation(&self) -> bool {
        matches!(self.kind, Kind::Continuation)
    }

    /// Whether a server with these capabilities (in upper case) owes this response.
    #[must_use]
    pub fn is_owed(&self, capabilities: &[String]) -> bool {
        match &self.kind {
            Kind::Status { begin, code: Some(code) } if begin.starts_with('*') => {
                code.is_owed(capabilities)
            }
            Kind::Data { plain, .. } => !plain.ends_with(" RECENT"),
            _ => true,
        }
    }

    /// Whether `seen` is what is expected.
    #[must_use]
    pub fn matches(&self, seen: &Seen, capabilities: &[String]) -> bool {
        match &self.kind {
            Kind::Continuation => seen.octets.starts_with(b"+"),
            Kind::Status { begin, code } => {
                let Some((head, rest)) = seen.octets.split_at_checked(begin.len()) else {
                    return false;
                };
                head.eq_ignore_ascii_case(begin.as_bytes())
                    && rest.first().is_none_or(|octet| *octet == b' ')
                    && code.as_ref().is_none_or(|code| {
                        let is_optional = !begin.starts_with('*') && !code.is_owed(capabilities);
                        is_optional || code.matches(rest.trim_ascii_start())
                    })
            }
            Kind::Data { regex, plain } => {
                seen.readings(plain).any(|reading| regex.is_match(&reading))
            }
        }
    }
}

/// Reads `TAG STATUS [CODE] text` or `\* STATUS [CODE] text`.
fn status(line: &str) -> Result<Option<Kind>, String> {
    let Some((tag, rest)) = line.split_once(' ') else { return Ok(None) };
    let word = rest.split([' ', '.']).next().unwrap_or_default();
    if !matches!(word, "OK" | "NO" | "BAD" | "BYE") {
        return Ok(None);
    }
    let tag = plain(tag);
    let begin = format!("{tag} {word}");
    let text = rest[word.len()..].trim_start();
    let Some(inner) = text.strip_prefix("\\[") else {
        return Ok(Some(Kind::Status { begin, code: None }));
    };
    let end = inner.rfind("\\]").or_else(|| inner.rfind(']'));
    let code = end.map_or_else(|| format!("{inner}$"), |end| format!("{}\\]$", &inner[..end]));
    let name: String = inner
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect();
    let regex = compile(&format!("(?i:^\\[{code})"))?;
    Ok(Some(Kind::Status { begin, code: Some(Code { name, regex }) }))
}

/// The lines as one regular expression: names in either case, the content of literals in theirs.
fn data(lines: &[&str]) -> Result<Kind, String> {
    let first = without_recent(lines.first().unwrap_or(&""));
    let wrap = |(at, line): (usize, &&str)| match at {
        0 => format!("(?i:{first})"),
        _ => format!("(?:{line})"),
    };
    let lines_wrapped: Vec<String> = lines.iter().enumerate().map(wrap).collect();
    let regex = compile(&format!("^{}$", lines_wrapped.join("\\r\\n")))?;
    Ok(Kind::Data { regex, plain: plain(&first) })
}

/// The line of a FETCH response without `\Recent`, which belongs to a session and not to a message.
fn without_recent(line: &str) -> String {
    line.replace(r" \\Recent", "").replace(r"\\Recent ", "").replace(r"\\Recent", "")
}

fn compile(regex: &str) -> Result<Regex, String> {
    // `.` stands for an octet, not for a character.
    Regex::new(&format!("(?-u){regex}")).map_err(|error| format!("{regex}: {error}"))
}

/// A regular expression without its backslashes: what it looks like.
fn plain(regex: &str) -> String {
    let mut text = String::new();
    let mut letters = regex.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    text
}
