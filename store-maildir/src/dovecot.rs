//! Taking over a folder that Dovecot has kept: its UIDs and the unique-ids that it gave.
//!
//! `dovecot-uidlist` is text. Version 3 says `3 V<uidvalidity> N<next uid> G<guid>`, and of each message
//! `<uid> [fields] :<file name>`; version 1 says `1 <uidvalidity> <next uid>` and `<uid> <file name>`. The
//! names are without flags; of the fields, `W` is the size with CRLF and `P` the unique-id of POP3.

use crate::files::{Files, read_whole};
use crate::name::{Base, FileName};
use crate::shared::Common;
use crate::uid_map::{Numbered, UidMap};
use postroad_core::encoding::checked;
use postroad_core::store::{Failure, Uid, UniqueIdForm, UniqueIds};
use std::collections::BTreeMap;
use std::path::Path;

#[cfg(test)]
mod tests;

const UID_LIST: &str = "dovecot-uidlist";
/// Our file of unique-ids: the UIDVALIDITY that it is for, and those that are not made of UIDVALIDITY
/// and UID, each line behind a checksum.
const UNIQUE_IDS: &str = "postroad-unique-ids";

/// What Dovecot's list says.
#[derive(PartialEq, Eq, Debug)]
struct UidList {
    uid_validity: u32,
    uid_next: u32,
    messages: BTreeMap<u32, Listed>,
}

#[derive(PartialEq, Eq, Debug)]
struct Listed {
    /// The file's name without its info.
    base: Box<[u8]>,
    /// With CRLF.
    size: Option<u64>,
    unique_id: Option<String>,
}

/// The UID map that stands in Dovecot's list, if the folder has one. That its unique-ids are Dovecot's
/// is on stable storage then.
pub(crate) fn take_over(shared: &Common, folder: &Path) -> Result<Option<UidMap>, Failure> {
    let text = read_whole(&*shared.files, &folder.join(UID_LIST))?;
    let Some(list) = UidList::parse(&text) else {
        return Ok(None);
    };
    let own =
        list.messages.iter().filter_map(|(uid, listed)| Some((*uid, listed.unique_id.as_deref()?)));
    shared.replace(folder, UNIQUE_IDS, write_unique_ids(list.uid_validity, own).as_bytes())?;
    let mut map = UidMap::new(list.uid_validity);
    map.uid_next = list.uid_next;
    // What Dovecot has numbered, it has told of.
    map.recent_from = list.uid_next;
    let numbered = |(uid, listed): (u32, Listed)| {
        (Base::new(&listed.base), Numbered { uid, size: listed.size, offset: 0 })
    };
    map.messages = list.messages.into_iter().map(numbered).collect();
    Ok(Some(map))
}

/// How the unique-ids of a folder are written.
pub(crate) fn unique_ids(
    files: &dyn Files,
    folder: &Path,
    uid_validity: u32,
) -> Result<UniqueIds, Failure> {
    let text = read_whole(files, &folder.join(UNIQUE_IDS))?;
    Ok(parse_unique_ids(&text, uid_validity).unwrap_or_default())
}

impl UidList {
    /// Reads the list; lines that are none are passed over. `None` if it does not begin like one.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = text.split(|octet| *octet == b'\n');
        let header = std::str::from_utf8(lines.next()?).ok()?;
        let mut words = header.split(' ');
        let version = words.next()?;
        let (uid_validity, uid_next): (u32, u32) = match version {
            "1" => (words.next()?.parse().ok()?, words.next()?.parse().ok()?),
            "3" => {
                let field = |letter| words.clone().find_map(|word| word.strip_prefix(letter));
                (field('V')?.parse().ok()?, field('N')?.parse().ok()?)
            }
            _ => return None,
        };
        let mut list = Self { uid_validity, uid_next, messages: BTreeMap::new() };
        for line in lines {
            let listed = if version == "1" { parse_old(line) } else { parse_line(line) };
            if let Some((uid, listed)) = listed.filter(|(uid, _)| *uid > 0) {
                list.uid_next = list.uid_next.max(uid.saturating_add(1));
                list.messages.insert(uid, listed);
            }
        }
        (list.uid_validity > 0).then_some(list)
    }
}

/// A line of version 1.
fn parse_old(line: &[u8]) -> Option<(u32, Listed)> {
    let space = line.iter().position(|octet| *octet == b' ')?;
    let base = FileName::parse(&line[space + 1..])?.base().into();
    Some((number(&line[..space])?, Listed { base, size: None, unique_id: None }))
}

/// A line of version 3.
fn parse_line(line: &[u8]) -> Option<(u32, Listed)> {
    let name = line.windows(2).position(|two| two == b" :")?;
    let base = FileName::parse(&line[name + 2..])?.base().into();
    let mut words = line[..name].split(|octet| *octet == b' ');
    let uid = number(words.next()?)?;
    let mut listed = Listed { base, size: None, unique_id: None };
    for word in words {
        match word.split_first() {
            Some((b'W', digits)) => listed.size = std::str::from_utf8(digits).ok()?.parse().ok(),
            // RFC 1939 §7: one to 70 graphic characters.
            Some((b'P', id)) if (1..=70).contains(&id.len()) => {
                let graphic = id.iter().all(u8::is_ascii_graphic);
                listed.unique_id = String::from_utf8(id.into()).ok().filter(|_| graphic);
            }
            _ => {}
        }
    }
    Some((uid, listed))
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn write_unique_ids<'a>(uid_validity: u32, own: impl Iterator<Item = (u32, &'a str)>) -> String {
    let mut text = String::new();
    checked::push(&mut text, &format!("postroad-unique-ids 1 {uid_validity} dovecot"));
    for (uid, id) in own {
        checked::push(&mut text, &format!("{uid} {id}"));
    }
    text
}

/// Reads our file; `None` if it is not about the mailbox that has this UIDVALIDITY.
fn parse_unique_ids(text: &[u8], uid_validity: u32) -> Option<UniqueIds> {
    let mut lines = text.split_inclusive(|octet| *octet == b'\n');
    let header = checked::record(lines.next()?)?;
    if header != format!("postroad-unique-ids 1 {uid_validity} dovecot").as_bytes() {
        return None;
    }
    let own = lines.filter_map(|line| {
        let record = std::str::from_utf8(checked::record(line)?).ok()?;
        let (uid, id) = record.split_once(' ')?;
        Some((Uid::new(uid.parse().ok()?)?, id.into()))
    });
    Some(UniqueIds { form: UniqueIdForm::Hexadecimal, own: own.collect() })
}
