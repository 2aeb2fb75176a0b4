//! SEARCH.

use super::messages;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{
    Charset, Flag, Numbering, ObjectId, PartialRange, Search, SearchKey, SearchReturn, When,
};
use crate::message::date::Date;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

/// `"SEARCH" [SP search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key)`.
pub(super) fn parse(
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    depth: usize,
) -> Scanned<Search> {
    let returns = parse_return(scanner)?;
    let mut ahead = *scanner;
    let mut charset = Charset::Unnamed;
    if ahead.eat(b' ') && ahead.eat_name("CHARSET") && ahead.peek() == Some(b' ') {
        *scanner = ahead;
        charset = parse_charset(scanner)?;
    }
    let key = parse_keys(scanner, &charset, depth)?;
    Ok(Search { numbering, returns, charset, key })
}

/// `1*(SP search-key)`.
pub(super) fn parse_keys(
    scanner: &mut Scanner<'_>,
    charset: &Charset,
    depth: usize,
) -> Scanned<SearchKey> {
    scanner.space()?;
    let mut keys = vec![key(scanner, charset, depth)?];
    while scanner.eat(b' ') {
        keys.push(key(scanner, charset, depth)?);
    }
    Ok(all_of(keys))
}

/// `[SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"]` (RFC 4466 §2.6.1).
pub(super) fn parse_return(scanner: &mut Scanner<'_>) -> Scanned<Option<SearchReturn>> {
    let mut ahead = *scanner;
    if !(ahead.eat(b' ') && ahead.eat_name("RETURN")) {
        return Ok(None);
    }
    *scanner = ahead;
    scanner.space()?;
    let mut returns = SearchReturn::default();
    let options = scanner.list("RETURN takes a list of options", |scanner| {
        let name = scanner.name("A return option is missing")?.to_ascii_uppercase();
        match name.as_str() {
            "MIN" => returns.min = true,
            "MAX" => returns.max = true,
            "ALL" => returns.all = true,
            "COUNT" => returns.count = true,
            "SAVE" => returns.save = true,
            "PARTIAL" if returns.partial.is_some() => {
                return Err("PARTIAL is given twice".into());
            }
            "PARTIAL" => {
                scanner.space()?;
                returns.partial = Some(partial_range(scanner)?);
            }
            _ => return Err("There is no such return option".into()),
        }
        Ok(())
    })?;
    // RFC 4731 §3.1: "If the list of result options is empty, that requests … ALL".
    returns.all |= options.is_empty();
    if returns.all && returns.partial.is_some() {
        // RFC 9394 §3.1: one or the other.
        return Err("ALL and PARTIAL exclude each other".into());
    }
    Ok(Some(returns))
}

/// `partial-range` (RFC 9394 §4).
pub(super) fn partial_range(scanner: &mut Scanner<'_>) -> Scanned<PartialRange> {
    let malformed = "A range is written like 1:100 or -1:-100";
    let from_last = scanner.eat(b'-');
    let one = scanner.nz_number(malformed)?;
    scanner.expect(b':', malformed)?;
    if scanner.eat(b'-') != from_last {
        return Err(malformed.into());
    }
    let other = scanner.nz_number(malformed)?;
    let (least, greatest) = (one.min(other), one.max(other));
    Ok(match from_last {
        true => PartialRange::FromLast(least, greatest),
        false => PartialRange::FromFirst(least, greatest),
    })
}

/// `SP charset`.
pub(super) fn parse_charset(scanner: &mut Scanner<'_>) -> Scanned<Charset> {
    scanner.space()?;
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
            let missing = "A search key is missing";
            let keys = scanner.full_list(missing, |scanner| key(scanner, charset, deeper))?;
            Ok(all_of(keys))
        }
        Some(b'0'..=b'9' | b'*' | b'$') => {
            Ok(SearchKey::Messages(Numbering::Sequence, messages(scanner)?))
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
    let found = ahead.eat_name(name) && ahead.eat(b' ');
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
            Messages(Numbering::Uid, messages(scanner)?)
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
        _ => return extension(name, scanner),
    })
}

/// The same for keys of extensions, and of the system flags.
fn extension(name: &str, scanner: &mut Scanner<'_>) -> Scanned<SearchKey> {
    use SearchKey::{EmailId, ModSeq, Older, SaveDateSupported, Saved, ThreadId, Younger};
    Ok(match name {
        "MODSEQ" => ModSeq(mod_seq(scanner)?),
        "OLDER" => Older(interval(scanner)?),
        "YOUNGER" => Younger(interval(scanner)?),
        "SAVEDBEFORE" => Saved(When::Before, date(scanner)?),
        "SAVEDON" => Saved(When::On, date(scanner)?),
        "SAVEDSINCE" => Saved(When::Since, date(scanner)?),
        "SAVEDATESUPPORTED" => SaveDateSupported,
        "EMAILID" => EmailId(object_id(scanner)?),
        "THREADID" => ThreadId(object_id(scanner)?),
        _ => return flag(name),
    })
}

/// `[SP entry-name SP entry-type-req] SP mod-sequence-valzer` (RFC 7162 §3.1.5).
fn mod_seq(scanner: &mut Scanner<'_>) -> Scanned<u64> {
    scanner.space()?;
    if scanner.peek() == Some(b'"') {
        scanner.quoted()?;
        scanner.space()?;
        let missing = "The name of a flag is followed by priv, shared or all";
        let kind = scanner.name(missing)?.to_ascii_lowercase();
        if !["priv", "shared", "all"].contains(&kind.as_str()) {
            return Err(missing.into());
        }
        scanner.space()?;
    }
    scanner.mod_seq_or_zero()
}

/// `SP nz-number`: seconds (RFC 5032 §4).
fn interval(scanner: &mut Scanner<'_>) -> Scanned<NonZeroU32> {
    scanner.space()?;
    scanner.nz_number("A number of seconds from 1 on is missing")
}

/// `SP objectid` (RFC 8474 §7).
fn object_id(scanner: &mut Scanner<'_>) -> Scanned<ObjectId> {
    scanner.space()?;
    let text = scanner.atom("An object identifier is missing")?;
    ObjectId::new(text).ok_or_else(|| "This is no object identifier".into())
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
        Charset::Unnamed | Charset::UsAscii | Charset::Utf8 => {
            String::from_utf8(octets.into_owned())
                .map_err(|_| "The text to search for is not in its charset".into())
        }
    }
}
