//! Annotations on disk: a text file for each mailbox, and one for the account.

use postroad_core::store::Account;
use postroad_core::store::metadata::Annotations;
use std::fmt::Write as _;

/// A mailbox's file of annotations.
pub(crate) const FILE: &str = "postroad-metadata";
/// The account's, beside that of its INBOX.
pub(crate) const ACCOUNT_FILE: &str = "postroad-metadata-account";

/// Reads an annotation a line: whose it is, `-` for everyone's, its name, and its value, with TABs
/// between them. What is nothing of the kind is passed over.
pub(crate) fn parse(text: &[u8]) -> Annotations {
    text.split(|octet| *octet == b'\n')
        .filter_map(|line| {
            let mut words = std::str::from_utf8(line).ok()?.splitn(3, '\t');
            let (who, entry, value) = (words.next()?, words.next()?, words.next()?);
            let who = if who == "-" { None } else { Some(Account::parse(who).ok()?) };
            Some(((who, entry.to_owned()), unescape(value)?))
        })
        .collect()
}

/// Writes annotations.
pub(crate) fn write(all: &Annotations) -> String {
    let mut text = String::new();
    for ((who, entry), value) in all {
        let who = who.as_ref().map_or("-", Account::as_str);
        let _ = write!(text, "{who}\t{entry}\t");
        escape(&mut text, value);
        text.push('\n');
    }
    text
}

/// Printable text stays as it is; other octets are `\` and two hexadecimal digits.
fn escape(text: &mut String, value: &[u8]) {
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text.push_str("\\5c"),
                c if c.is_control() => escape_octets(text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => text.push(c),
            }
        }
        escape_octets(text, chunk.invalid());
    }
}

fn escape_octets(text: &mut String, octets: &[u8]) {
    for octet in octets {
        let _ = write!(text, "\\{octet:02x}");
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, later)) = rest.split_first() {
        rest = later;
        if octet != b'\\' {
            value.push(octet);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        value.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{parse, write};
    use postroad_core::store::Account;
    use postroad_core::store::metadata::Annotations;

    #[test]
    fn values_of_all_octets_come_back() {
        let who = Account::parse("bob@example.org").ok();
        let all: Vec<u8> = (0..=255).collect();
        let values: [&[u8]; 5] = [b"", "Grüße\\ und\tmehr".as_bytes(), b"a\r\nb", &all, b"-"];
        let numbered = values.iter().enumerate();
        let kept: Annotations = numbered
            .map(|(number, value)| {
                let who = who.clone().filter(|_| number % 2 == 0);
                ((who, format!("/private/vendor/a b/{number}")), value.to_vec())
            })
            .collect();
        let text = write(&kept);
        assert_eq!(text.lines().count(), values.len());
        assert_eq!(parse(text.as_bytes()), kept);
    }

    #[test]
    fn what_is_odd_is_passed_over() {
        assert!(
            parse(b"\n-\t/shared/x\nnobody\t/private/x\ty\n-\t/shared/y\t\\z\n\xff").is_empty()
        );
    }
}
