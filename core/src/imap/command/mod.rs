//! The parser of commands: from the octets of one complete command to a [`Command`].

mod acl;
mod append;
mod fetch;
mod list;
mod mailbox;
mod metadata;
mod notify;
mod quota;
mod search;
mod sort;

pub(super) use append::{End, Offer, Place, Stretch, is_append, is_message, parse_stretch};
pub(super) use fetch::parse_section;
pub(super) use metadata::sets_metadata;

use super::assemble::Grammar;
use super::scan::{Scanned, Scanner, Syntax};
use super::types::{Command, Encoding, Flag, Messages, Numbering, SequenceSet, Tag};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A command that was not understood.
///
/// The answer is `BAD`, tagged if the tag could be read (RFC 3501 §7.1.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bad {
    /// The command's tag.
    pub tag: Option<Tag>,
    /// What is wrong, in words.
    pub text: Cow<'static, str>,
}

/// What the parser makes of a command.
#[derive(Debug)]
pub(super) enum Parsed {
    /// A command, as it is.
    Command(Command),
    /// What there is of a command whose messages pass through: APPEND, REPLACE.
    Append(Stretch),
}

/// Parses a command, literals in their places and without its last CRLF. APPEND and REPLACE may end
/// with the head of a message's literal.
///
/// It may hold as much as `grammar` says.
pub(super) fn parse(
    octets: &[u8],
    grammar: &Grammar,
    encoding: Encoding,
) -> Result<(Tag, Parsed), Bad> {
    let mut scanner = Scanner::new(octets, encoding);
    let tag = parse_tag(&mut scanner)?;
    match parse_command(&mut scanner, grammar) {
        Ok(command) => Ok((tag, command)),
        Err(Syntax(text)) => Err(Bad { tag: Some(tag), text }),
    }
}

/// The tag of a command of which at least the tag and a space are there.
pub(super) fn parse_tag(scanner: &mut Scanner<'_>) -> Result<Tag, Bad> {
    let tag = scanner.tag().and_then(|tag| {
        let tag = Tag::new(tag).ok_or("A command starts with a tag")?;
        scanner.space().map_err(|_| "A command is a tag, a space and a name")?;
        Ok(tag)
    });
    tag.map_err(|Syntax(text)| Bad { tag: None, text })
}

fn parse_command(scanner: &mut Scanner<'_>, grammar: &Grammar) -> Scanned<Parsed> {
    let name = scanner.name("A command's name is missing")?;
    let mut numbering = Numbering::Sequence;
    let mut name = name.to_ascii_uppercase();
    if name == "UID" {
        numbering = Numbering::Uid;
        scanner.space()?;
        name = scanner.name("A command's name is missing after UID")?.to_ascii_uppercase();
    }
    let command = match (name.as_str(), numbering) {
        ("APPEND", Numbering::Sequence) => return append::parse(scanner).map(Parsed::Append),
        ("REPLACE", _) => return append::parse_replace(numbering, scanner).map(Parsed::Append),
        (name, Numbering::Sequence) => arguments(name, scanner, grammar)?,
        (name, Numbering::Uid) => uid_arguments(name, scanner, grammar)?,
    };
    scanner.end()?;
    Ok(Parsed::Command(command))
}

/// The commands without UID.
fn arguments(name: &str, scanner: &mut Scanner<'_>, grammar: &Grammar) -> Scanned<Command> {
    Ok(match name {
        "CAPABILITY" => Command::Capability,
        "NOOP" => Command::Noop,
        "LOGOUT" => Command::Logout,
        "STARTTLS" => Command::StartTls,
        "NAMESPACE" => Command::Namespace,
        "IDLE" => Command::Idle,
        "CHECK" => Command::Check,
        "CLOSE" => Command::Close,
        "UNSELECT" => Command::Unselect,
        "EXPUNGE" => Command::Expunge(None),
        "ID" => parse_id(scanner)?,
        "AUTHENTICATE" => parse_authenticate(scanner)?,
        "LOGIN" => parse_login(scanner)?,
        "ENABLE" => parse_enable(scanner)?,
        "SELECT" => Command::Select(mailbox::parse_select(scanner)?),
        "EXAMINE" => Command::Examine(mailbox::parse_select(scanner)?),
        "CREATE" => mailbox::parse_create(scanner)?,
        "DELETE" => Command::Delete(mailbox::argument(scanner)?),
        "RENAME" => mailbox::parse_rename(scanner)?,
        "SUBSCRIBE" => Command::Subscribe(mailbox::argument(scanner)?),
        "UNSUBSCRIBE" => Command::Unsubscribe(mailbox::argument(scanner)?),
        "LIST" => Command::List(list::parse(scanner, grammar.list_pattern)?),
        "LSUB" => Command::Lsub(list::parse_lsub(scanner, grammar.list_pattern)?),
        "STATUS" => mailbox::parse_status(scanner)?,
        _ => return extension(name, scanner, grammar),
    })
}

/// The commands of extensions, without UID.
fn extension(name: &str, scanner: &mut Scanner<'_>, grammar: &Grammar) -> Scanned<Command> {
    Ok(match name {
        "UNAUTHENTICATE" => Command::Unauthenticate,
        "COMPRESS" => parse_compress(scanner)?,
        "NOTIFY" => Command::Notify(notify::parse(scanner, grammar.fetch_items)?),
        "GETQUOTA" | "GETQUOTAROOT" | "SETQUOTA" => Command::Quota(quota::parse(name, scanner)?),
        "GETACL" | "SETACL" | "DELETEACL" | "LISTRIGHTS" | "MYRIGHTS" => {
            Command::Acl(acl::parse(name, scanner)?)
        }
        "GETMETADATA" => Command::Metadata(metadata::parse_get(scanner)?),
        "SETMETADATA" => Command::Metadata(metadata::parse_set(scanner)?),
        _ => return on_messages(name, Numbering::Sequence, scanner, grammar),
    })
}

/// The commands with UID: one more than there are without.
fn uid_arguments(name: &str, scanner: &mut Scanner<'_>, grammar: &Grammar) -> Scanned<Command> {
    match name {
        // RFC 4315 §2.1
        "EXPUNGE" => Ok(Command::Expunge(Some(messages_argument(scanner)?))),
        _ => on_messages(name, Numbering::Uid, scanner, grammar),
    }
}

/// The commands that name messages by either numbering.
fn on_messages(
    name: &str,
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    grammar: &Grammar,
) -> Scanned<Command> {
    Ok(match name {
        "SEARCH" => Command::Search(search::parse(numbering, scanner, grammar.search_depth)?),
        "SORT" => Command::Sort(sort::parse(numbering, scanner, grammar.search_depth)?),
        "THREAD" => Command::Thread(sort::parse_thread(numbering, scanner, grammar.search_depth)?),
        "FETCH" => Command::Fetch(fetch::parse(numbering, scanner, grammar.fetch_items)?),
        "STORE" => Command::Store(fetch::parse_store(numbering, scanner)?),
        "COPY" => Command::Copy {
            numbering,
            messages: messages_argument(scanner)?,
            mailbox: mailbox::argument(scanner)?,
        },
        "MOVE" => Command::Move {
            numbering,
            messages: messages_argument(scanner)?,
            mailbox: mailbox::argument(scanner)?,
        },
        _ => return Err("There is no such command".into()),
    })
}

/// `id = "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)` (RFC 2971 §4).
fn parse_id(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    scanner.space()?;
    if scanner.peek() != Some(b'(') {
        return match scanner.nstring("ID takes a list or NIL")? {
            None => Ok(Command::Id(None)),
            Some(_) => Err("ID takes a list or NIL".into()),
        };
    }
    let pairs = scanner.list("ID takes a list or NIL", |scanner| {
        let field = scanner.string("ID lists fields as strings")?;
        scanner.space()?;
        let value = scanner.nstring("ID lists values as strings or NIL")?;
        let text = |octets: Cow<'_, [u8]>| String::from_utf8_lossy(&octets).into_owned();
        Ok((text(field), value.map(text)))
    })?;
    Ok(Command::Id(Some(pairs)))
}

/// `"AUTHENTICATE" SP auth-type [SP initial-resp]` (RFC 4959 §7).
fn parse_authenticate(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    scanner.space()?;
    let mechanism = scanner.atom("The name of a SASL mechanism is missing")?.to_ascii_uppercase();
    let mut initial_response = None;
    if scanner.eat(b' ') {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
        let response = scanner.take_while(fits);
        if response.is_empty() {
            return Err("The initial response is not in base64".into());
        }
        initial_response = Some(response.to_vec().into());
    }
    Ok(Command::Authenticate { mechanism, initial_response })
}

/// `"LOGIN" SP userid SP password`.
fn parse_login(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    scanner.space()?;
    let user = scanner.astring("The user's name is missing")?.into_owned();
    scanner.space()?;
    let password = scanner.astring("The password is missing")?.into_owned().into();
    Ok(Command::Login { user, password })
}

/// `"ENABLE" 1*(SP capability)` (RFC 5161 §4).
fn parse_enable(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    let mut names = Vec::new();
    scanner.space()?;
    loop {
        names.push(scanner.atom("The name of a capability is missing")?.to_ascii_uppercase());
        if !scanner.eat(b' ') {
            return Ok(Command::Enable(names));
        }
    }
}

/// `"COMPRESS" SP "DEFLATE"` (RFC 4978 §5).
fn parse_compress(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    scanner.space()?;
    match scanner.atom("The name of an algorithm is missing")? {
        name if name.eq_ignore_ascii_case("DEFLATE") => Ok(Command::Compress),
        _ => Err("There is no such algorithm".into()),
    }
}

/// `SP sequence-set`, where `$` is one.
fn messages_argument(scanner: &mut Scanner<'_>) -> Scanned<Messages> {
    scanner.space()?;
    messages(scanner)
}

/// `sequence-set`, where `$` is one (RFC 5182 §4).
fn messages(scanner: &mut Scanner<'_>) -> Scanned<Messages> {
    if scanner.eat(b'$') {
        return Ok(Messages::Saved);
    }
    sequence_set(scanner).map(Messages::Set)
}

/// `sequence-set`.
fn sequence_set(scanner: &mut Scanner<'_>) -> Scanned<SequenceSet> {
    let fits = |octet: u8| octet.is_ascii_digit() || matches!(octet, b'*' | b':' | b',');
    let text = str::from_utf8(scanner.take_while(fits)).unwrap_or_default();
    text.parse().map_err(|_| "A set of message numbers is missing or malformed".into())
}

/// A `flag` that a client may set.
fn flag(scanner: &mut Scanner<'_>) -> Scanned<Flag> {
    let backslash = if scanner.eat(b'\\') { "\\" } else { "" };
    let name = scanner.atom("A flag is missing or malformed")?;
    match Flag::parse(&[backslash, name].concat()) {
        // RFC 3501 §2.3.2: "This flag can not be altered by the client."
        Some(Flag::Recent) => Err("\\Recent cannot be set".into()),
        Some(flag) => Ok(flag),
        None => Err("A flag is missing or malformed".into()),
    }
}

#[cfg(test)]
mod tests;
