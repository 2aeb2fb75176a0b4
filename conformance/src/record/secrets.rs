//! What stands in a transcript for passwords and the like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postroad_core::secret::Secret;

/// How many secrets of one connection are told apart.
const MOST: u8 = 26;

/// The secrets of a connection: `redacted-a` stands for the first, `redacted-b` for the next one that differs. So what was said
/// twice is the same twice, and a wrong password is none that was right.
#[derive(Default)]
pub(super) struct Secrets(Vec<Secret<Vec<u8>>>);

/// Octets of what stands for a secret.
pub(super) const LENGTH: usize = "redacted-a".len();

impl Secrets {
    pub(super) fn stand_in(&mut self, secret: &[u8]) -> String {
        let known = self.0.iter().position(|it| it.expose() == secret);
        let at = known.unwrap_or_else(|| {
            self.0.truncate(usize::from(MOST) - 1);
            self.0.push(Secret::new(secret.to_vec()));
            self.0.len() - 1
        });
        let letter = b'a' + u8::try_from(at).map_or(MOST - 1, |at| at.min(MOST - 1));
        format!("redacted-{}", char::from(letter))
    }
}

/// Who logs in, and what stands for the password.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

/// A SASL exchange (RFC 4422), or the two arguments of IMAP's LOGIN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Login {
    mechanism: String,
    /// Responses, or arguments, that were said.
    said: usize,
    pub(super) credentials: Credentials,
}

impl Login {
    pub(super) fn new(mechanism: &[u8]) -> Self {
        let mechanism = String::from_utf8_lossy(mechanism).to_ascii_uppercase();
        Self { mechanism, said: 0, credentials: Credentials::default() }
    }

    /// Why the same exchange can't be had again; `None` if it can, with what stands for the password.
    pub(super) fn is_bound(&self) -> Option<String> {
        match &*self.mechanism {
            "PLAIN" | "LOGIN" | "EXTERNAL" | "ANONYMOUS" => None,
            name => Some(format!(
                "{name}: what was said depends on the secret and is not recorded, so this login can't be had again as it is"
            )),
        }
    }

    /// What is recorded for a response in base64 (RFC 4422 §5), without its line end.
    pub(super) fn response(&mut self, text: &[u8], secrets: &mut Secrets) -> Vec<u8> {
        if matches!(text, b"" | b"=" | b"*") {
            self.said += usize::from(text != b"*");
            return text.to_vec();
        }
        let Ok(octets) = STANDARD.decode(text) else {
            return secrets.stand_in(text).into_bytes();
        };
        let said = self.said;
        self.said += 1;
        let user = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let kept = match (&*self.mechanism, said) {
            // RFC 4616 §2
            ("PLAIN", _) => {
                let parts: Vec<&[u8]> = octets.splitn(3, |octet| *octet == 0).collect();
                if let [other, name, password] = parts[..] {
                    let password = secrets.stand_in(password);
                    let kept = [other, b"\0", name, b"\0", password.as_bytes()].concat();
                    self.credentials = Credentials { user: user(name), password };
                    kept
                } else {
                    secrets.stand_in(text).into_bytes()
                }
            }
            ("LOGIN", 0) => {
                self.credentials.user = user(&octets);
                octets
            }
            ("LOGIN", _) => {
                self.credentials.password = secrets.stand_in(&octets);
                self.credentials.password.clone().into_bytes()
            }
            ("EXTERNAL" | "ANONYMOUS", _) => octets,
            _ => secrets.stand_in(text).into_bytes(),
        };
        STANDARD.encode(kept).into_bytes()
    }

    /// What is recorded for some arguments of IMAP's LOGIN (RFC 9051 §6.2.3), without the line end. A literal that the last
    /// one announces is a password's if the name was said: then it is as long as what stands for it.
    pub(super) fn arguments(&mut self, text: &[u8], secrets: &mut Secrets) -> Vec<u8> {
        let mut kept = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (argument, behind) = argument(rest);
            rest = behind;
            match argument {
                b" " => kept.push(b' '),
                [b'{', .., b'}'] if rest.is_empty() => {
                    let mark = if argument.ends_with(b"+}") { "+" } else { "" };
                    match self.said {
                        0 => kept.extend_from_slice(argument),
                        _ => kept.extend(format!("{{{LENGTH}{mark}}}").into_bytes()),
                    }
                }
                [b'"', ..] => {
                    let inner = argument.strip_suffix(b"\"").unwrap_or(argument);
                    let value = unquoted(inner.get(1..).unwrap_or_default());
                    kept.push(b'"');
                    match self.argument(&value, secrets) {
                        Some(stands) => kept.extend(stands.into_bytes()),
                        None => kept.extend_from_slice(inner.get(1..).unwrap_or_default()),
                    }
                    kept.push(b'"');
                }
                _ => match self.argument(argument, secrets) {
                    Some(stands) => kept.extend(stands.into_bytes()),
                    None => kept.extend_from_slice(argument),
                },
            }
        }
        kept
    }

    /// Takes an argument; what stands for it, if it is not the name.
    pub(super) fn argument(&mut self, value: &[u8], secrets: &mut Secrets) -> Option<String> {
        self.said += 1;
        if self.said == 1 {
            self.credentials.user = String::from_utf8_lossy(value).into_owned();
            return None;
        }
        let stands = secrets.stand_in(value);
        self.credentials.password.clone_from(&stands);
        Some(stands)
    }
}

/// The first argument in `text`, or a blank, and what is behind it.
fn argument(text: &[u8]) -> (&[u8], &[u8]) {
    let end = match text {
        [b' ', ..] => 1,
        [b'"', inner @ ..] => {
            let mut escaped = false;
            let closes = inner.iter().position(|octet| {
                let closes = *octet == b'"' && !escaped;
                escaped = *octet == b'\\' && !escaped;
                closes
            });
            closes.map_or(text.len(), |at| at + 2)
        }
        _ => text.iter().position(|octet| *octet == b' ').unwrap_or(text.len()),
    };
    text.split_at(end)
}

/// The text of a quoted string, which stands between `"`.
fn unquoted(inner: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let mut text = Vec::new();
    for octet in inner {
        escaped = *octet == b'\\' && !escaped;
        if !escaped {
            text.push(*octet);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(mechanism: &str, text: &str) -> String {
        let text = STANDARD.encode(text);
        let kept =
            Login::new(mechanism.as_bytes()).response(text.as_bytes(), &mut Secrets::default());
        String::from_utf8(STANDARD.decode(kept).unwrap()).unwrap()
    }

    #[test]
    fn the_name_stays_and_the_password_goes() {
        assert_eq!(response("plain", "\0alice\0open sesame"), "\0alice\0redacted-a");
        assert_eq!(response("LOGIN", "alice"), "alice");
        assert_eq!(response("PLAIN", "open sesame"), "redacted-a");
        for mechanism in ["SCRAM-SHA-256", "CRAM-MD5", "XOAUTH2", "SOMETHING"] {
            assert_eq!(response(mechanism, "n,,n=alice,r=nonce"), "redacted-a");
        }
    }

    #[test]
    fn what_is_no_base64_is_not_kept() {
        let kept = Login::new(b"PLAIN").response(b"open sesame", &mut Secrets::default());
        assert_eq!(kept, b"redacted-a");
    }

    #[test]
    fn each_secret_has_its_name() {
        let mut secrets = Secrets::default();
        let names = ["a", "b", "a"].map(|secret| secrets.stand_in(secret.as_bytes()));
        assert_eq!(names, ["redacted-a", "redacted-b", "redacted-a"]);
        let last: Vec<_> = (0..100).map(|number| secrets.stand_in(&[number])).collect();
        assert!(last.iter().all(|name| name.len() == LENGTH));
    }

    #[test]
    fn arguments_of_login_in_every_form() {
        for (text, kept) in [
            ("alice open", "alice redacted-a"),
            ("alice \"open sesame\"", "alice \"redacted-a\""),
            (r#""al\"ice" "open \"it\" up""#, r#""al\"ice" "redacted-a""#),
            ("{5}", "{5}"),
            ("alice {11}", "alice {10}"),
            ("\"alice\" {11+}", "\"alice\" {10+}"),
            ("alice open sesame", "alice redacted-a redacted-b"),
            ("alice \"open", "alice \"redacted-a\""),
        ] {
            let seen = Login::new(b"LOGIN").arguments(text.as_bytes(), &mut Secrets::default());
            assert_eq!(String::from_utf8(seen).unwrap(), kept);
        }
    }
}
