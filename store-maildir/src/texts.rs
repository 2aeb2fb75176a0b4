//! The small text files of an account: what they say, without touching them.

use postroad_core::encoding::utf7;
use postroad_core::imap::Flag;
use postroad_core::limits::Limits;
use postroad_core::store::{Keywords, MailboxName, SpecialUse};
use std::collections::BTreeSet;

#[cfg(test)]
mod tests;

/// Dovecot's and Maildir++'s file of subscribed names.
pub(crate) const SUBSCRIPTIONS: &str = "subscriptions";
/// Dovecot's file of keywords in each folder.
pub(crate) const KEYWORDS: &str = "dovecot-keywords";
/// Our file of special uses.
pub(crate) const SPECIAL_USES: &str = "postroad-special-uses";

/// The folder of a mailbox other than INBOX.
pub(crate) fn folder(name: &MailboxName) -> String {
    format!(".{}", utf7::encode(name.as_str()))
}

/// The mailbox that a folder holds, if it is written as we write it.
pub(crate) fn mailbox(folder_name: &[u8], limits: &Limits) -> Option<MailboxName> {
    let name = parse_name(folder_name.strip_prefix(b".")?, limits)?;
    let canonical = folder(&name).as_bytes() == folder_name;
    (canonical && !name.is_inbox()).then_some(name)
}

fn parse_name(text: &[u8], limits: &Limits) -> Option<MailboxName> {
    MailboxName::parse(&utf7::decode(text).ok()?, limits).ok()
}

/// Reads subscriptions: a name a line, in modified UTF-7; or Dovecot's second version, which
/// begins with `V` TAB `2` and has TABs between the levels. What is no name of ours is passed over.
pub(crate) fn parse_subscriptions(text: &[u8], limits: &Limits) -> BTreeSet<MailboxName> {
    let (text, separator) = match text.strip_prefix(b"V\t2\n") {
        Some(text) => (text, b'\t'),
        None => (text, b'.'),
    };
    text.split(|octet| *octet == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let dots = |octet: &u8| if *octet == separator { b'.' } else { *octet };
            parse_name(&line.iter().map(dots).collect::<Vec<_>>(), limits)
        })
        .collect()
}

/// Writes subscriptions in the form that every program reads.
pub(crate) fn write_subscriptions(names: &BTreeSet<MailboxName>) -> String {
    let line = |name: &MailboxName| utf7::encode(name.as_str()) + "\n";
    names.iter().map(line).collect()
}

/// Reads keywords: their place and their name a line. A place that is left out, or whose name can't be
/// told in IMAP, gets a name of its own, so that the others keep theirs.
pub(crate) fn parse_keywords(text: &[u8], limits: &Limits) -> Keywords {
    let mut table: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(text).lines() {
        let Some((index, name)) = line.split_once(' ') else {
            continue;
        };
        let index: usize = index.parse().unwrap_or(usize::MAX);
        if index >= limits.keywords {
            continue;
        }
        while table.len() <= index {
            table.push(format!("unknown-{}", table.len()));
        }
        if let Some(Flag::Keyword(_)) = Flag::parse(name) {
            table[index] = name.into();
        }
    }
    table.into()
}

/// Writes keywords as Dovecot does.
pub(crate) fn write_keywords(table: &[String]) -> String {
    let numbered = table.iter().enumerate();
    numbered.map(|(index, name)| format!("{index} {name}\n")).collect()
}

/// Reads special uses: `Sent Gesendet` a line, the name in modified UTF-7.
pub(crate) fn parse_special_uses(text: &[u8], limits: &Limits) -> Vec<(MailboxName, SpecialUse)> {
    text.split(|octet| *octet == b'\n')
        .filter_map(|line| {
            let space = line.iter().position(|octet| *octet == b' ')?;
            let special_use = SpecialUse::parse(std::str::from_utf8(&line[..space]).ok()?)?;
            Some((parse_name(&line[space + 1..], limits)?, special_use))
        })
        .collect()
}

/// Writes special uses.
pub(crate) fn write_special_uses<'a>(
    uses: impl Iterator<Item = (&'a MailboxName, SpecialUse)>,
) -> String {
    let line = |(name, special_use): (&MailboxName, SpecialUse)| {
        format!("{} {}\n", special_use.as_str(), utf7::encode(name.as_str()))
    };
    uses.map(line).collect()
}
