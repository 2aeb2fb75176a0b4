//! Finding codes, addresses and the end of the explanation in a text.

use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr_iter;

use super::super::Status;
use super::tables::{HEADERS, RETURNED};
use crate::address::{LocalPart, Mailbox};

/// Local-parts that nobody writes to who fails.
const OFFICIALS: &[&str] = &[
    "postmaster",
    "mailer-daemon",
    "abuse",
    "hostmaster",
    "webmaster",
    "support",
    "help",
    "helpdesk",
    "admin",
    "noc",
];

/// Whether a text has any of the phrases.
pub(super) fn contains_any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// The first enhanced status code in a text, a telling one if there is one.
pub(in super::super) fn enhanced(text: &str) -> Option<Status> {
    let bytes = text.as_bytes();
    let mut vague = None;
    for dot in memchr_iter(b'.', bytes) {
        let Some(start) = dot.checked_sub(1) else { continue };
        let before = start.checked_sub(1).map(|place| bytes[place]);
        if before.is_some_and(|octet| octet.is_ascii_alphanumeric() || b".-_/".contains(&octet)) {
            continue;
        }
        match Status::parse(&bytes[start..]) {
            Some(code) if !code.is_vague() => return Some(code),
            Some(code) => vague = vague.or(Some(code)),
            None => {}
        }
    }
    vague
}

/// The first failure among the SMTP reply codes of a text, or the first success: three digits that stand alone (RFC 5321
/// §4.2).
pub(in super::super) fn reply_code(text: &str) -> Option<u16> {
    let mut success = None;
    let is_edge = |c: char| c.is_whitespace() || "()[]<>:;,#\"'-".contains(c);
    for word in text.split(is_edge) {
        if word.len() != 3 || !word.bytes().all(|octet| octet.is_ascii_digit()) {
            continue;
        }
        match word.parse::<u16>() {
            Ok(code @ (400..=459 | 500..=559)) => return Some(code),
            Ok(code @ (250..=252)) => success = success.or(Some(code)),
            _ => {}
        }
    }
    success
}

/// Addresses read from one line: more are no list of failed recipients.
const MOST: usize = 20;

/// The addresses of a line.
pub(super) fn addresses(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    for at in memchr_iter(b'@', bytes) {
        if found.len() == MOST {
            break;
        }
        let is_local = |octet: &u8| {
            octet.is_ascii_alphanumeric()
                || b"!#$%&*+-/=?^_`{|}~.".contains(octet)
                || *octet >= 0x80
        };
        let before = &bytes[at.saturating_sub(LocalPart::MAX)..at];
        let local = before.iter().rev().take_while(|octet| is_local(octet)).count();
        let is_host = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._".contains(octet);
        let host = bytes[at + 1..].iter().take(255).take_while(|octet| is_host(octet)).count();
        let Some(text) = line.get(at - local..at + 1 + host) else { continue };
        // A protocol or a field in front is none of the address: `rfc822;`, `SMTP=`.
        let text = text.rsplit_once('=').map_or(text, |(_, text)| text);
        let text = text.trim_end_matches(['.', '-', '_']);
        let text = text.trim_start_matches(['.', '*', '|', '`', '\'']);
        let before = &bytes[(at - local).saturating_sub("mailto:".len())..at - local];
        let is_link = before.eq_ignore_ascii_case(b"mailto:");
        let is_address = Mailbox::parse(text.as_bytes(), true).is_ok();
        if is_address && !is_link && text.contains('.') {
            found.push(text);
        }
    }
    found
}

/// Whether an address is one of those that systems name as a contact.
pub(super) fn is_official(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    OFFICIALS.iter().any(|official| local.eq_ignore_ascii_case(official))
}

/// Whether a line begins with an address, but for marks, a reply code and a label: it is about that recipient.
pub(super) fn is_leading(line: &str, address: &str) -> bool {
    let Some((before, _)) = line.split_once(address) else { return false };
    if before.to_ascii_lowercase().contains("expanded from") {
        return true;
    }
    let label = before.trim_start();
    let mut words = label.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    words.next().is_none()
}

/// The explanation that a text begins with, and the returned message behind it.
pub(super) fn explanation(text: &str) -> (&str, &str) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.trim().to_lowercase();
        at += line.len();
        if HEADERS.iter().any(|header| lower.starts_with(header)) {
            return text.split_at(at - line.len());
        }
        if contains_any(&lower, RETURNED) {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// The text of an HTML page, a line for each block.
pub(super) fn without_tags(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        push_entities(before, &mut text);
        let Some((tag, after)) = after.split_once('>') else {
            rest = "";
            break;
        };
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric());
        let name = name.into_iter().next().unwrap_or_default().to_ascii_lowercase();
        if matches!(&*name, "br" | "p" | "div" | "tr" | "li" | "table" | "h1" | "h2" | "h3") {
            text.push('\n');
        }
        rest = after;
    }
    push_entities(rest, &mut text);
    text
}

fn push_entities(piece: &str, text: &mut String) {
    let piece = piece.replace(['\r', '\n'], " ");
    let piece = piece.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
    text.push_str(&piece.replace("&quot;", "\"").replace("&#64;", "@").replace("&amp;", "&"));
}
