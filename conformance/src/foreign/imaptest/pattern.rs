//! What a script expects of one value of a reply.

use crate::foreign::value::Value;

/// What stands for one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// `NIL`.
    Nil,
    /// `$`: any value, even a list.
    Any,
    /// `$]`: everything up to the `]` of a response code.
    Code,
    /// An atom or a string.
    Token(Vec<Segment>),
    /// A list.
    List(List),
}

/// A part of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    /// These octets, in either case.
    Text(Vec<u8>),
    /// `$name` or `${name}`; an empty name stands for anything.
    Variable(String),
    /// `${case:TEXT}`: these octets, in this case.
    Exactly(Vec<u8>),
}

/// A list and its directives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct List {
    /// `$!unordered=n`: chains of so many values come in any order.
    pub unordered: Option<usize>,
    /// `$!extra` or `$!noextra`; by itself, only an unordered list may hold more than is expected.
    pub extra: Option<bool>,
    /// `$!ignore=e`: what may be there even if nothing more may.
    pub ignored: Vec<Vec<u8>>,
    /// `$!ban=e`: what may not be there even if more may.
    pub banned: Vec<Vec<u8>>,
    /// What is expected.
    pub items: Vec<Pattern>,
}

/// The patterns that `values`, an untagged reply, stand for; lists without directives get those that the format gives them.
pub(super) fn reply(values: &[Value]) -> Result<Vec<Pattern>, String> {
    let mut patterns = values.iter().map(pattern).collect::<Result<Vec<_>, _>>()?;
    let defaults = match values {
        [Value::Atom(_), name, ..] if name.is("FETCH") => Some((2, 2)),
        [name, ..] if name.is("LIST") || name.is("LSUB") => Some((1, 1)),
        [name, ..] if name.is("STATUS") => Some((2, 2)),
        _ => None,
    };
    if let Some((at, chain)) = defaults
        && let Some(Pattern::List(list)) = patterns.get_mut(at)
    {
        if chain == 2 && values.get(1).is_some_and(|name| name.is("FETCH")) {
            flags_defaults(list);
        }
        if list.has_no_directives() {
            list.unordered = Some(chain);
        }
    }
    Ok(patterns)
}

/// `n FETCH (FLAGS ($!unordered $!noextra $!ignore=\recent))`.
fn flags_defaults(fetch: &mut List) {
    let mut is_flags = false;
    for item in &mut fetch.items {
        match item {
            Pattern::List(flags) if is_flags && flags.has_no_directives() => {
                flags.unordered = Some(1);
                flags.extra = Some(false);
                flags.ignored.push(b"\\recent".to_vec());
            }
            _ => {}
        }
        is_flags = matches!(item, Pattern::Token(segments)
            if matches!(&segments[..], [Segment::Text(text)] if text.eq_ignore_ascii_case(b"FLAGS")));
    }
}

/// The patterns that `values` stand for, without defaults.
pub(super) fn plain(values: &[Value]) -> Result<Vec<Pattern>, String> {
    values.iter().map(pattern).collect()
}

fn pattern(value: &Value) -> Result<Pattern, String> {
    Ok(match value {
        Value::Nil => Pattern::Nil,
        Value::List(values) => Pattern::List(List::parse(values)?),
        Value::Atom(octets) | Value::Text(octets) => match &octets[..] {
            b"$" => Pattern::Any,
            b"$]" => Pattern::Code,
            _ => Pattern::Token(segments(octets)?),
        },
    })
}

/// Reads `$name`, `${name}`, `${case:TEXT}` and `$$` in `text`.
pub(super) fn segments(text: &[u8]) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    let mut plain = Vec::new();
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind.first()) {
            (b'$', Some(b'$')) => {
                plain.push(b'$');
                rest = &behind[1..];
                continue;
            }
            (b'$', _) => {}
            _ => {
                plain.push(first);
                continue;
            }
        }
        if !plain.is_empty() {
            segments.push(Segment::Text(core::mem::take(&mut plain)));
        }
        let name = if let Some(inner) = behind.strip_prefix(b"{") {
            let end = inner.iter().position(|octet| *octet == b'}').ok_or("${ without }")?;
            rest = &inner[end + 1..];
            &inner[..end]
        } else {
            let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'_';
            let end = behind.iter().position(|octet| !is_name(octet)).unwrap_or(behind.len());
            rest = &behind[end..];
            &behind[..end]
        };
        segments.push(match name.strip_prefix(b"case:") {
            Some(exactly) => Segment::Exactly(exactly.to_vec()),
            None => Segment::Variable(String::from_utf8_lossy(name).into_owned()),
        });
    }
    if !plain.is_empty() || segments.is_empty() {
        segments.push(Segment::Text(plain));
    }
    Ok(segments)
}

impl List {
    fn parse(values: &[Value]) -> Result<Self, String> {
        let mut list = Self::default();
        let mut rest = values;
        while let [Value::Atom(atom), behind @ ..] = rest
            && let Some(directive) = atom.strip_prefix(b"$!")
        {
            list.direct(&String::from_utf8_lossy(directive))?;
            rest = behind;
        }
        list.items = rest.iter().map(pattern).collect::<Result<_, _>>()?;
        match list.unordered {
            Some(chain) if !list.items.len().is_multiple_of(chain) => {
                Err(format!("{} items are no chains of {chain}", list.items.len()))
            }
            _ => Ok(list),
        }
    }

    fn direct(&mut self, directive: &str) -> Result<(), String> {
        match directive.split_once('=').unwrap_or((directive, "")) {
            ("ordered", _) => self.unordered = None,
            ("unordered", "") => self.unordered = Some(1),
            ("unordered", chain) => {
                let chain = chain.parse().ok().filter(|chain| *chain > 0);
                self.unordered = Some(chain.ok_or("$!unordered takes a number")?);
            }
            ("noextra", _) => self.extra = Some(false),
            ("extra", _) => self.extra = Some(true),
            ("ignore", element) => self.ignored.push(element.as_bytes().to_vec()),
            ("ban", element) => self.banned.push(element.as_bytes().to_vec()),
            _ => return Err(format!("unknown directive $!{directive}")),
        }
        Ok(())
    }

    fn has_no_directives(&self) -> bool {
        let Self { unordered, extra, ignored, banned, .. } = self;
        unordered.is_none() && extra.is_none() && ignored.is_empty() && banned.is_empty()
    }
}
