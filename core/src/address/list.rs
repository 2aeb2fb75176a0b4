//! Address lists of header fields: From, To, Cc and their like (RFC 5322 §3.4, RFC 6854), as senders write them.
//!
//! [`parse`] takes anything and makes the best of it in linear time: obsolete syntax, comments, folded white space,
//! groups, missing quotes, missing brackets. Its [`Item`]s are the addresses of an IMAP ENVELOPE. [`parse_strict`] and
//! [`mailboxes`] refuse whatever would have to be guessed, so that a check of From can rely on what they return.
//!
//! A field's value comes without its name, its colon and the line end behind it; folds inside it may stay.
//! Encoded words stay as they are.

mod lexer;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use self::lexer::{Kind, Lexer, Token};
use super::{Host, Invalid, LocalPart, Mailbox};
use crate::limits::Limits;

/// One item of an address list, in the order and the shape of IMAP's ENVELOPE (RFC 3501 §7.4.2).
///
/// All octets are as they came, but for quotes, backslashes, comments and folds, which are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// One mailbox.
    Mailbox {
        /// The display name; without one, the last comment beside the address.
        name: Option<Vec<u8>>,
        /// The source route without its colon: `@one,@two`.
        route: Option<Vec<u8>>,
        /// What stands before the `@`; of a word that is no address at all, the word.
        local_part: Vec<u8>,
        /// What stands behind the `@`, a literal with its brackets; empty when there is no `@`.
        domain: Vec<u8>,
    },
    /// The name of a group: the mailboxes that follow belong to it.
    GroupStart(Vec<u8>),
    /// The end of the group.
    GroupEnd,
}

/// Parses the value of a field, whatever it holds. Items beyond [`Limits::addresses`] are left out.
///
/// ```
/// use postroad_core::address::list::{self, Item};
/// let items = list::parse(b"joe@example.org (Joe \"Q\" Public),\r\n Friends: ann;");
/// assert_eq!(items[0], Item::Mailbox {
///     name: Some(b"Joe \"Q\" Public".to_vec()),
///     route: None,
///     local_part: b"joe".to_vec(),
///     domain: b"example.org".to_vec(),
/// });
/// assert_eq!(items[1], Item::GroupStart(b"Friends".to_vec()));
/// assert_eq!(items.len(), 4);
/// ```
#[must_use]
pub fn parse(value: &[u8]) -> Vec<Item> {
    Parser::new(value).run().items
}

/// Parses the value of a field that follows the grammar of RFC 5322, obsolete syntax included.
///
/// # Errors
/// The first thing that the grammar does not allow.
pub fn parse_strict(value: &[u8]) -> Result<Vec<Item>, Invalid> {
    let parser = Parser::new(value).run();
    let unqualified = parser.unqualified.then_some(Invalid::NoAt);
    parser.strict().and_then(|items| unqualified.map_or(Ok(items), Err))
}

/// The same, but an address may be a mere local-part, its domain being empty: so do programs name the
/// users of their own machine, and a submission agent is to complete it (RFC 6409 §4.2).
///
/// # Errors
/// The first thing that the grammar does not allow.
///
/// ```
/// use postroad_core::address::{Invalid, list};
/// assert_eq!(list::parse_unqualified(b"root, ann@example.org").unwrap().len(), 2);
/// assert_eq!(list::parse_unqualified(b"root ann@example.org"), Err(Invalid::List));
/// ```
pub fn parse_unqualified(value: &[u8]) -> Result<Vec<Item>, Invalid> {
    Parser::new(value).run().strict()
}

/// The mailboxes of a field's value, those in groups included, each fit for SMTP: for a check of From against a login.
///
/// # Errors
/// As [`parse_strict`], and what is wrong with the first mailbox that SMTP would refuse.
///
/// ```
/// use postroad_core::address::{Invalid, list};
/// assert_eq!(list::mailboxes(b"Joe <joe@example.org>").unwrap(), ["joe@example.org".parse().unwrap()]);
/// assert_eq!(list::mailboxes(b"joe@example.org <ann@example.org>"), Err(Invalid::List));
/// ```
pub fn mailboxes(value: &[u8]) -> Result<Vec<Mailbox>, Invalid> {
    let mut mailboxes = Vec::new();
    for item in parse_strict(value)? {
        if let Item::Mailbox { local_part, domain, .. } = item {
            let local_part = core::str::from_utf8(&local_part).map_err(|_| Invalid::NotUtf8)?;
            let local_part = LocalPart::new(local_part)?;
            mailboxes.push(Mailbox { local_part, host: Host::parse(&domain, true)? });
        }
    }
    Ok(mailboxes)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    items: Vec<Item>,
    group: Group,
    flaw: Option<Invalid>,
    /// Whether an address is a mere local-part.
    unqualified: bool,
}

#[derive(PartialEq)]
enum Group {
    Outside,
    Inside,
}

/// What has been read of one element of the list.
#[derive(Default)]
struct Element<'a> {
    words: Vec<Token<'a>>,
    comment: Option<Vec<u8>>,
    /// What stood in angle brackets.
    angle: Option<Angle<'a>>,
}

#[derive(Default)]
struct Angle<'a> {
    route: Option<Vec<u8>>,
    tokens: Vec<Token<'a>>,
}

impl<'a> Parser<'a> {
    fn new(value: &'a [u8]) -> Self {
        Self {
            lexer: Lexer::new(value),
            items: Vec::new(),
            group: Group::Outside,
            flaw: None,
            unqualified: false,
        }
    }

    fn strict(self) -> Result<Vec<Item>, Invalid> {
        match self.flaw.or(self.lexer.flaw) {
            Some(flaw) => Err(flaw),
            None if self.items.is_empty() => Err(Invalid::NoLocalPart),
            None => Ok(self.items),
        }
    }

    fn run(mut self) -> Self {
        let mut element = Element::default();
        while let Some(token) = self.lexer.next() {
            if self.items.len() >= Limits::DEFAULT.addresses {
                self.note(Invalid::TooMany);
                break;
            }
            match token.kind {
                Kind::Comment => element.comment = Some(token.text.into_owned()),
                Kind::Special(b',') => self.finish_element(core::mem::take(&mut element)),
                Kind::Special(b';') => {
                    self.finish_element(core::mem::take(&mut element));
                    self.finish_group();
                }
                Kind::Special(b':') if element.angle.is_none() && self.group == Group::Outside => {
                    self.start_group(core::mem::take(&mut element));
                }
                Kind::Special(b'<') if element.angle.is_none() => self.read_angle(&mut element),
                _ if element.angle.is_some() => self.note(Invalid::List),
                _ => element.words.push(token),
            }
        }
        self.finish_element(element);
        if self.group == Group::Inside {
            self.note(Invalid::List);
            self.finish_group();
        }
        self
    }

    /// Reads what follows a `<`, up to its `>`; without one, up to the end of the element.
    fn read_angle(&mut self, element: &mut Element<'a>) {
        let angle = element.angle.insert(Angle::default());
        while let Some(token) = self.lexer.next() {
            match token.kind {
                Kind::Comment => {
                    element.comment = Some(token.text.into_owned());
                    continue;
                }
                Kind::Special(b'>') => return,
                Kind::Special(b':') if angle.route.is_none() && angle.begins_with_at() => {
                    let route = core::mem::take(&mut angle.tokens);
                    angle.route = Some(join(&route));
                    if !is_route(&route) {
                        self.note(Invalid::Route);
                    }
                    continue;
                }
                Kind::Special(b',') if angle.route.is_none() && angle.begins_with_at() => {}
                Kind::Special(b',' | b';') => {
                    self.lexer.put_back(token);
                    break;
                }
                _ => {}
            }
            angle.tokens.push(token);
        }
        self.note(Invalid::NoClosingBracket);
    }

    fn finish_element(&mut self, element: Element<'a>) {
        let (name, angle) = match element.angle {
            Some(angle) => (self.read_phrase(&element.words), angle),
            // RFC 5322 §4.4: an element of the list may be empty.
            None if element.words.is_empty() => return,
            None => (None, Angle { route: None, tokens: element.words }),
        };
        let (local_part, domain) = self.read_addr_spec(&angle.tokens);
        let name = name.or(element.comment);
        self.items.push(Item::Mailbox { name, route: angle.route, local_part, domain });
    }

    /// RFC 5322 §3.4.1, with §4.4's blanks and comments around every word.
    fn read_addr_spec(&mut self, tokens: &[Token<'_>]) -> (Vec<u8>, Vec<u8>) {
        let is_at = |token: &Token<'_>| token.kind == Kind::Special(b'@');
        let Some(at) = tokens.iter().position(is_at) else {
            if tokens.is_empty() || !is_local_part(tokens) {
                self.note(Invalid::NoAt);
            }
            self.unqualified = true;
            return (join(tokens), Vec::new());
        };
        let (local_part, domain) = (&tokens[..at], &tokens[at + 1..]);
        if !is_local_part(local_part) {
            self.note(Invalid::List);
        }
        let len = match domain.first() {
            Some(Token { kind: Kind::Literal, .. }) => 1,
            _ => dotted_len(domain, |kind| kind == Kind::Atom),
        };
        if len != domain.len() {
            self.note(Invalid::Trailing);
        }
        if local_part.is_empty() {
            self.note(Invalid::NoLocalPart);
        }
        if len == 0 {
            self.note(Invalid::NoDomain);
        }
        (join(local_part), join(&domain[..len]))
    }

    fn start_group(&mut self, element: Element<'a>) {
        let name = self.read_phrase(&element.words).or(element.comment);
        if name.is_none() {
            self.note(Invalid::List);
        }
        self.group = Group::Inside;
        self.items.push(Item::GroupStart(name.unwrap_or_default()));
    }

    /// The words of a display name, dots included (RFC 5322 §4.1), with one blank wherever there was white space.
    fn read_phrase(&mut self, tokens: &[Token<'_>]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if !matches!(token.kind, Kind::Atom | Kind::Quoted | Kind::Special(b'.')) {
                self.note(Invalid::List);
            }
            if index > 0 && token.gap {
                text.push(b' ');
            }
            text.extend_from_slice(&token.text);
        }
        (!tokens.is_empty()).then_some(text)
    }

    /// A `;` outside a group is taken for a comma, as some programs mean it.
    fn finish_group(&mut self) {
        match core::mem::replace(&mut self.group, Group::Outside) {
            Group::Inside => self.items.push(Item::GroupEnd),
            Group::Outside => self.note(Invalid::List),
        }
    }

    fn note(&mut self, flaw: Invalid) {
        self.flaw.get_or_insert(flaw);
    }
}

impl Angle<'_> {
    fn begins_with_at(&self) -> bool {
        self.tokens.first().is_some_and(|token| token.kind == Kind::Special(b'@'))
    }
}

/// RFC 5322 §4.4, obs-domain-list: `@one,@two`, where places may be empty.
fn is_route(tokens: &[Token<'_>]) -> bool {
    let mut hops = tokens.split(|token| token.kind == Kind::Special(b','));
    hops.all(|hop| match hop {
        [] => true,
        [at, domain @ ..] if at.kind == Kind::Special(b'@') && !domain.is_empty() => {
            dotted_len(domain, |kind| kind == Kind::Atom) == domain.len()
        }
        _ => false,
    })
}

fn is_local_part(tokens: &[Token<'_>]) -> bool {
    dotted_len(tokens, |kind| matches!(kind, Kind::Atom | Kind::Quoted)) == tokens.len()
}

/// How many tokens the longest `word *("." word)` takes that `tokens` begin with.
fn dotted_len(tokens: &[Token<'_>], is_word: impl Fn(Kind) -> bool) -> usize {
    let mut len = 0;
    for pair in tokens.chunks(2) {
        match pair {
            [word, dot] if is_word(word.kind) && dot.kind == Kind::Special(b'.') => len += 2,
            [word, ..] if is_word(word.kind) => return len + 1,
            _ => break,
        }
    }
    // A dot must not be the last.
    len.saturating_sub(1)
}

/// The words of an address: only where two words meet without a dot, which is an error, does a blank remain.
fn join(tokens: &[Token<'_>]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut after_word = false;
    for token in tokens {
        let is_word = !matches!(token.kind, Kind::Special(_));
        if is_word && after_word && token.gap {
            text.push(b' ');
        }
        text.extend_from_slice(&token.text);
        after_word = is_word;
    }
    text
}
