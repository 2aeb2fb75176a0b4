//! The accounts of a transcript, and those of the server that stand for them.

use crate::foreign::Account;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Which words of a transcript stand for which of the server's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Names {
    /// Longer words first.
    words: Vec<(Word, Vec<u8>, Vec<u8>)>,
}

/// How a word is told from the text around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    /// A login, an address or a password: it stands alone.
    Whole,
    /// A domain: behind an `@`.
    Domain,
}

impl Names {
    /// Lets `real` stand for the transcript's `name` and `password`, and its domain for the other's.
    pub(super) fn stand(&mut self, name: &str, password: Option<&str>, real: &Account) {
        let mut add = |word, from: &str, to: &str| {
            let known = self.words.iter().any(|(_, known, _)| known == from.as_bytes());
            if !known {
                self.words.push((word, from.into(), to.into()));
            }
        };
        add(Word::Whole, name, &real.name);
        if let Some(password) = password {
            add(Word::Whole, password, &real.password);
        }
        if let (Some((_, from)), Some((_, to))) = (name.split_once('@'), real.name.split_once('@'))
        {
            add(Word::Domain, from, to);
        }
        self.words.sort_by_key(|(_, from, _)| core::cmp::Reverse(from.len()));
    }

    /// `octets` with the server's words for the transcript's; in base64, too (RFC 4616), and with the lengths of literals put right.
    pub(super) fn apply(&self, octets: &[u8]) -> Vec<u8> {
        let mut done = Vec::new();
        let mut rest = octets;
        while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
            let (line, behind) = rest.split_at(end + 1);
            let Some((begin, length, mark)) = literal(line) else {
                done.extend(self.line(line));
                rest = behind;
                continue;
            };
            let (content, behind) = behind.split_at(length.min(behind.len()));
            let new = self.plain(content);
            let length = length + new.len() - content.len();
            done.extend(self.line(&line[..begin]));
            done.extend(format!("{{{length}{mark}}}\r\n").into_bytes());
            done.extend(new);
            rest = behind;
        }
        done.extend(self.line(rest));
        done
    }

    fn line(&self, line: &[u8]) -> Vec<u8> {
        let word = |word: &[u8]| match self.in_base64(word) {
            Some(word) => word,
            None => word.to_vec(),
        };
        let words: Vec<Vec<u8>> = line.split(|octet| *octet == b' ').map(word).collect();
        self.plain(&words.join(&b' '))
    }

    /// A word in base64, the last of a line perhaps, with other words in it.
    fn in_base64(&self, word: &[u8]) -> Option<Vec<u8>> {
        let text = word.trim_ascii_end();
        let inner = STANDARD.decode(text).ok().filter(|_| text.len() >= 4)?;
        let new = self.plain(&inner);
        (new != inner).then(|| [STANDARD.encode(new).as_bytes(), &word[text.len()..]].concat())
    }

    fn plain(&self, text: &[u8]) -> Vec<u8> {
        let mut done = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let before = at.checked_sub(1).map(|at| text[at]);
            let found = self.words.iter().find(|(word, from, _)| {
                word.is_at(&text[at..], from)
                    && begins(*word, before)
                    && ends(text.get(at + from.len()).copied())
            });
            match found {
                Some((_, from, to)) => {
                    done.extend_from_slice(to);
                    at += from.len();
                }
                None => {
                    done.push(text[at]);
                    at += 1;
                }
            }
        }
        done
    }
}

impl Word {
    /// Whether `text` begins with `word`; domains are the same in any case.
    fn is_at(self, text: &[u8], word: &[u8]) -> bool {
        match self {
            Self::Whole => text.starts_with(word),
            Self::Domain => text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word)),
        }
    }
}

const fn is_letter(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-' | b'+' | b'@')
}

fn begins(word: Word, before: Option<u8>) -> bool {
    match word {
        Word::Whole => before.is_none_or(|octet| !is_letter(octet)),
        Word::Domain => before == Some(b'@'),
    }
}

fn ends(behind: Option<u8>) -> bool {
    behind
        .is_none_or(|octet| !octet.is_ascii_alphanumeric() && !matches!(octet, b'.' | b'-' | b'@'))
}

/// Where the literal's length begins that `line` ends with, the length, and the mark behind it.
fn literal(line: &[u8]) -> Option<(usize, usize, &str)> {
    let inner = line.strip_suffix(b"}\r\n")?;
    let begin = inner.iter().rposition(|octet| *octet == b'{')?;
    let digits = core::str::from_utf8(&inner[begin + 1..]).ok()?;
    let (digits, mark) = match digits.strip_suffix('+') {
        Some(digits) => (digits, "+"),
        None => (digits, ""),
    };
    Some((begin, digits.parse().ok()?, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        let real = Account { name: "u7@mail.test".to_owned(), password: "pass word".to_owned() };
        names.stand("alice@example.org", Some("secret"), &real);
        names
    }

    #[test]
    fn words_stand_for_others() {
        for (from, to) in [
            ("a LOGIN alice@example.org secret\r\n", "a LOGIN u7@mail.test pass word\r\n"),
            ("RCPT TO:<alice@example.org>\r\n", "RCPT TO:<u7@mail.test>\r\n"),
            ("RCPT TO:<malice@example.org>\r\n", "RCPT TO:<malice@mail.test>\r\n"),
            ("RCPT TO:<alice@example.org.test>\r\n", "RCPT TO:<alice@example.org.test>\r\n"),
            ("EHLO example.org\r\n", "EHLO example.org\r\n"),
            (
                "a LOGIN {17}\r\nalice@example.org {6+}\r\nsecret\r\n",
                "a LOGIN {12}\r\nu7@mail.test {9+}\r\npass word\r\n",
            ),
            (
                "AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==\r\n",
                "AUTH PLAIN AHU3QG1haWwudGVzdABwYXNzIHdvcmQ=\r\n",
            ),
        ] {
            let new = names().apply(from.as_bytes());
            assert_eq!(String::from_utf8_lossy(&new), to);
        }
    }
}
