//! Response codes of IMAP (RFC 9051 §7.1).

use super::Judge;
use super::value::set;
use crate::foreign::value::{self, Value};

/// Codes that a server need not send, and those of RFC 5530, which only advise.
const ADVICE: [&str; 27] = [
    "ALERT",
    "ALREADYEXISTS",
    "AUTHENTICATIONFAILED",
    "AUTHORIZATIONFAILED",
    "BADCHARSET",
    "CANNOT",
    "CAPABILITY",
    "CLIENTBUG",
    "CONTACTADMIN",
    "CORRUPTION",
    "EXPIRED",
    "EXPUNGEISSUED",
    "HASCHILDREN",
    "INUSE",
    "LIMIT",
    "NONEXISTENT",
    "NOPERM",
    "OVERQUOTA",
    "PARSE",
    "PRIVACYREQUIRED",
    "READ-WRITE",
    "SERVERBUG",
    "UIDNOTSTICKY",
    "UNAVAILABLE",
    "UNSEEN",
    "USEATTR",
    "PERMANENTFLAGS",
];

/// Codes that belong to an extension: demanded where the transcript needs it.
const OF_EXTENSIONS: [(&str, &str); 7] = [
    ("APPENDUID", "UIDPLUS"),
    ("COPYUID", "UIDPLUS"),
    ("HIGHESTMODSEQ", "CONDSTORE"),
    ("NOMODSEQ", "CONDSTORE"),
    ("MAILBOXID", "OBJECTID"),
    ("CLOSED", "QRESYNC"),
    ("TOOBIG", "APPENDLIMIT"),
];

/// A status response: its status, and its code with arguments.
pub(super) struct Status {
    pub(super) status: String,
    pub(super) code: Vec<Value>,
}

impl Status {
    /// Reads what stands behind the tag.
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut words = text.splitn(2, |octet| *octet == b' ');
        let status = words.next().unwrap_or_default();
        let status = String::from_utf8_lossy(status).trim().to_ascii_uppercase();
        let rest = words.next().unwrap_or_default();
        let inner = rest.strip_prefix(b"[").filter(|rest| !rest.starts_with(b"..]"));
        let end = inner.and_then(|inner| {
            let is_end = |at: &usize| inner[*at] == b']' && !inner[..*at].ends_with(b"[..");
            (0..inner.len()).find(is_end)
        });
        let code = match (inner, end) {
            (Some(inner), Some(end)) => value::parse(&inner[..end]),
            _ => Vec::new(),
        };
        Self { status, code }
    }

    pub(super) fn name(&self) -> String {
        let name = self.code.first().and_then(Value::octets).unwrap_or_default();
        String::from_utf8_lossy(name).to_ascii_uppercase()
    }
}

impl Judge {
    /// Whether a response with this code may be left out.
    pub(super) fn is_optional(&self, code: &str) -> bool {
        let extension = OF_EXTENSIONS.iter().find(|(name, _)| *name == code);
        ADVICE.contains(&code)
            || extension
                .is_some_and(|(_, extension)| !self.capabilities.iter().any(|it| it == extension))
    }

    pub(super) fn status(&mut self, expected: &Status, seen: &Status) -> bool {
        if !self.agrees(&expected.status, &seen.status) {
            return false;
        }
        let (wanted, name) = (expected.name(), seen.name());
        match (&*wanted, &*name) {
            ("READ-WRITE", "READ-ONLY") => false,
            _ if wanted.is_empty() || (wanted != name && self.is_optional(&wanted)) => true,
            // Something else went wrong than what the code is about, and that is as good.
            _ if wanted != name => expected.status != seen.status,
            ("HIGHESTMODSEQ", _) => match (expected.code.get(1), seen.code.get(1)) {
                (Some(expected), Some(seen)) => self.mod_sequence(expected, seen),
                _ => false,
            },
            ("UIDVALIDITY" | "MAILBOXID", _) => match (expected.code.get(1), seen.code.get(1)) {
                (Some(expected), Some(seen)) => self.chosen_value(expected, seen),
                _ => false,
            },
            ("APPENDUID" | "COPYUID", _) => self.uids(&expected.code[1..], &seen.code[1..]),
            ("PERMANENTFLAGS", _) => match (expected.code.get(1), seen.code.get(1)) {
                (Some(Value::List(expected)), Some(Value::List(seen))) => {
                    self.holds(expected, seen)
                }
                _ => false,
            },
            ("CAPABILITY" | "BADCHARSET" | "UNSEEN", _) => true,
            _ => self.all(&expected.code, &seen.code),
        }
    }

    /// UIDVALIDITY, and sets of UIDs (RFC 4315 §3).
    fn uids(&mut self, expected: &[Value], seen: &[Value]) -> bool {
        if let [Value::Atom(any)] = expected
            && any == b"[..]"
        {
            return true;
        }
        let ([validity, wanted @ ..], [other, uids @ ..]) = (expected, seen) else {
            return false;
        };
        self.chosen_value(validity, other)
            && wanted.len() == uids.len()
            && wanted.iter().zip(uids).all(|(one, other)| match set(one) {
                Some(numbers) => set(other) == Some(numbers),
                None => self.same(one, other),
            })
    }
}
