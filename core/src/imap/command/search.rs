//! SEARCH.

use super::sequence_set;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Charset, Flag, Numbering, Search, SearchKey, When};
use crate::message::date::Date;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// `"SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)`.
pub(super) fn parse(
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    depth: usize,
) -> Scanned<Search> {
    scanner.space()?;
    let charset = if eat_name(scanner, "CHARSET") {
        let charset = parse_charset(scanner)?;
        scanner.space()?;
        charset
    } else {
        Charset::UsAscii
    };
    let mut keys = vec![key(scanner, &charset, depth)?];
    while scanner.eat(b' ') {
        keys.push(key(scanner, &charset, depth)?);
    }
    Ok(Search { numbering, charset, key: all_of(keys) })
}

fn parse_charset(scanner: &mut Scanner<'_>) -> Scanned<Charset> {
    let name = scanner.astring("The name of a charset is missing")?;
    Ok(match name.to_ascii_uppercase().as_slice() {
        b"US-ASCII" => Charset::UsAscii,
        b"UTF-8" => Charset::Utf8,
        _ => Charset::Unsupported(String::from_utf8_lossy(&name).into_owned()),
    })
}

/// Several keys mean all of them.
fn all_of(mut keys: Vec<SearchKey>) -> SearchKey {
    match keys.pop() {
        Some(only) if keys.is_empty() => only,
        last => {
            keys.extend(last);
            SearchKey::And(keys)
        }
    }
}

/// `search-key`, nested at most `depth` deep.
fn key(scanner: &mut Scanner<'_>, charset: &Charset, depth: usize) -> Scanned<SearchKey> {
    let deeper = depth.checked_sub(1).ok_or("Search keys are nested too deeply")?;
    match scanner.peek() {
        Some(b'(') => {
            let keys = scanner.list("", |scanner| key(scanner, charset, deeper))?;
            if keys.is_empty() {
                return Err("A search key is missing".into());
            }
            Ok(all_of(keys))
        }
        Some(b'0'..=b'9' | b'*') => {
            let set = sequence_set(scanner)?;
            Ok(SearchKey::Messages(Numbering::Sequence, set))
        }
        _ => {
            let name = scanner.name("A search key is missing")?;
            match name.to_ascii_uppercase().as_str() {
                "NOT" => not(scanner, charset, deeper),
                "OR" => or(scanner, charset, deeper),
                name => simple(name, scanner, charset),
            }
        }
    }
}

/// Takes `name` and a space if they are next.
fn eat_name(scanner: &mut Scanner<'_>, name: &str) -> bool {
    let mut ahead = *scanner;
    let next = ahead.name("").unwrap_or_default();
    let found = next.eq_ignore_ascii_case(name) && ahead.eat(b' ');
    if found {
        *scanner = ahead;
    }
    found
}

/// `SP search-key`. Repeated, `NOT` is a loop and not nesting.
fn not(scanner: &mut Scanner<'_>, charset: &Charset, depth: usize) -> Scanned<SearchKey> {
    scanner.space()?;
    let mut negated = true;
    while eat_name(scanner, "NOT") {
        negated = !negated;
    }
    let key = key(scanner, charset, depth)?;
    Ok(if negated { SearchKey::Not(Box::new(key)) } else { key })
}

/// `SP search-key SP search-key`. A chain of `OR` is a loop and not nesting: every further one takes
/// the place of one key and needs two.
fn or(scanner: &mut Scanner<'_>, charset: &Charset, depth: usize) -> Scanned<SearchKey> {
    let mut due = 2usize;
    let mut choices = Vec::new();
    while due > 0 {
        scanner.space()?;
        while eat_name(scanner, "OR") {
            due += 1;
        }
        choices.push(key(scanner, charset, depth)?);
        due -= 1;
    }
    Ok(SearchKey::Or(choices))
}

/// A key without keys inside, its name taken already.
fn simple(name: &str, scanner: &mut Scanner<'_>, charset: &Charset) -> Scanned<SearchKey> {
    use SearchKey::{All, And, Body, Header, Internal, Larger, Messages, Sent, Smaller, Text};
    Ok(match name {
        "ALL" => All,
        "NEW" => And(vec![SearchKey::Flag(Flag::Recent), unset(Flag::Seen)]),
        "OLD" => unset(Flag::Recent),
        "KEYWORD" => SearchKey::Flag(keyword(scanner)?),
        "UNKEYWORD" => unset(keyword(scanner)?),
        "UID" => {
            scanner.space()?;
            Messages(Numbering::Uid, sequence_set(scanner)?)
        }
        "BEFORE" => Internal(When::Before, date(scanner)?),
        "ON" => Internal(When::On, date(scanner)?),
        "SINCE" => Internal(When::Since, date(scanner)?),
        "SENTBEFORE" => Sent(When::Before, date(scanner)?),
        "SENTON" => Sent(When::On, date(scanner)?),
        "SENTSINCE" => Sent(When::Since, date(scanner)?),
        "LARGER" => Larger(size(scanner)?),
        "SMALLER" => Smaller(size(scanner)?),
        "BODY" => Body(text(scanner, charset)?),
        "TEXT" => Text(text(scanner, charset)?),
        "HEADER" => Header(text(scanner, charset)?, text(scanner, charset)?),
        "FROM" => Header("From".into(), text(scanner, charset)?),
        "TO" => Header("To".into(), text(scanner, charset)?),
        "CC" => Header("Cc".into(), text(scanner, charset)?),
        "BCC" => Header("Bcc".into(), text(scanner, charset)?),
        "SUBJECT" => Header("Subject".into(), text(scanner, charset)?),
        _ => return flag(name),
    })
}

/// `SEEN` and `UNSEEN`, and so on for the system flags.
fn flag(name: &str) -> Scanned<SearchKey> {
    let find = |name: &str| {
        let mut flags = Flag::SYSTEM.into_iter();
        flags.find(|flag| flag.name().eq_ignore_ascii_case(name))
    };
    if name == "RECENT" {
        return Ok(SearchKey::Flag(Flag::Recent));
    }
    if let Some(flag) = find(name) {
        return Ok(SearchKey::Flag(flag));
    }
    let cleared = name.strip_prefix("UN").and_then(find);
    cleared.map(unset).ok_or_else(|| "There is no such search key".into())
}

fn unset(flag: Flag) -> SearchKey {
    SearchKey::Not(Box::new(SearchKey::Flag(flag)))
}

/// `SP flag-keyword`.
fn keyword(scanner: &mut Scanner<'_>) -> Scanned<Flag> {
    scanner.space()?;
    let name = scanner.atom("A keyword is missing")?;
    Ok(Flag::Keyword(name.into()))
}

/// `SP date`, where `date = date-text / DQUOTE date-text DQUOTE`.
fn date(scanner: &mut Scanner<'_>) -> Scanned<Date> {
    scanner.space()?;
    let text = scanner.astring("A date is missing")?;
    Date::parse_imap(&text).ok_or_else(|| "A date is written like 1-Feb-1994".into())
}

/// `SP number`.
fn size(scanner: &mut Scanner<'_>) -> Scanned<u64> {
    scanner.space()?;
    scanner.number64("A number of octets is missing")
}

/// `SP astring` in the command's charset.
fn text(scanner: &mut Scanner<'_>, charset: &Charset) -> Scanned<String> {
    scanner.space()?;
    let octets = scanner.astring("The text to search for is missing")?;
    match charset {
        Charset::Unsupported(_) => Ok(String::new()),
        // UTF-8 holds US-ASCII, and a client that named no charset most likely means it.
        Charset::UsAscii | Charset::Utf8 => String::from_utf8(octets.into_owned())
            .map_err(|_| "The text to search for is not in its charset".into()),
    }
}
