//! What a person reads of HTML: its text, without tags, styles and scripts.

use super::Words;

/// Elements whose content is not shown in the page.
const HIDDEN: [&str; 4] = ["style", "script", "title", "template"];

/// Elements that do not part words.
const INLINE: [&str; 20] = [
    "a", "abbr", "b", "big", "code", "em", "font", "i", "ins", "mark", "o", "s", "small", "span",
    "strike", "strong", "sub", "sup", "tt", "u",
];

/// Reads until the words are enough.
pub(super) fn read(html: &str, words: &mut Words) {
    let mut rest = html;
    while !words.is_full() {
        let plain = rest.find(['<', '&']).unwrap_or(rest.len());
        rest[..plain].chars().for_each(|c| words.push(c));
        rest = &rest[plain..];
        rest = match rest.as_bytes() {
            [] => return,
            [b'<', b'!', b'-', b'-', ..] => after(&rest[4..], "-->"),
            [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'?', ..] => tag(rest, words),
            [b'&', ..] => entity(rest, words),
            _ => {
                words.push('<');
                &rest[1..]
            }
        };
    }
}

/// What follows the first `end`.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// Passes over a tag, and over what is hidden behind it.
fn tag<'a>(text: &'a str, words: &mut Words) -> &'a str {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = &name[..length];
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    if !INLINE.iter().any(is) {
        words.push(' ');
    }
    let rest = after_tag(text);
    if !text.starts_with("</") && HIDDEN.iter().any(is) {
        return hidden(rest, name);
    }
    rest
}

/// What follows the `>` of a tag, which may have others between quotes.
fn after_tag(text: &str) -> &str {
    let mut quote = None;
    for (at, octet) in text.bytes().enumerate() {
        match (quote, octet) {
            (None, b'>') => return &text[at + 1..],
            (None, b'"' | b'\'') => quote = Some(octet),
            (Some(open), _) if open == octet => quote = None,
            _ => {}
        }
    }
    ""
}

/// What follows hidden content, from its end tag on.
fn hidden<'a>(text: &'a str, name: &str) -> &'a str {
    let is_end = |at: &usize| {
        let rest = text.get(at + 2..at + 2 + name.len());
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(name))
    };
    let end = text.match_indices("</").map(|(at, _)| at).find(is_end);
    end.map_or("", |end| &text[end..])
}

/// Reads a character reference; what is none stands for itself.
fn entity<'a>(text: &'a str, words: &mut Words) -> &'a str {
    const LONGEST: usize = 10;
    let name = &text[1..];
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'#';
    let length = name.bytes().take(LONGEST).take_while(is_name).count();
    let (name, rest) = name.split_at(length);
    let Some(c) = character(name) else {
        words.push('&');
        return &text[1..];
    };
    words.push(c);
    rest.strip_prefix(';').unwrap_or(rest)
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let number = match hex {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(number.ok()?);
    }
    let at = NAMES.iter().position(|(other, _)| *other == name);
    at.map(|at| NAMES[at].1).or_else(|| latin(name))
}

/// Letters of Latin-1 by their bases and marks.
fn latin(name: &str) -> Option<char> {
    let (base, mark) = name.split_at_checked(1)?;
    let mark = match mark {
        "grave" => '\u{300}',
        "acute" => '\u{301}',
        "circ" => '\u{302}',
        "tilde" => '\u{303}',
        "uml" => '\u{308}',
        "ring" => '\u{30a}',
        "cedil" => '\u{327}',
        "caron" => '\u{30c}',
        _ => return None,
    };
    unicode_normalization::char::compose(base.chars().next()?, mark)
}

/// The names that mail uses, of two thousand.
const NAMES: [(&str, char); 46] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("shy", '\u{ad}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("lsquo", '\u{2018}'),
    ("rsquo", '\u{2019}'),
    ("sbquo", '\u{201a}'),
    ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'),
    ("bdquo", '\u{201e}'),
    ("laquo", '\u{ab}'),
    ("raquo", '\u{bb}'),
    ("lsaquo", '\u{2039}'),
    ("rsaquo", '\u{203a}'),
    ("bull", '\u{2022}'),
    ("middot", '\u{b7}'),
    ("hellip", '\u{2026}'),
    ("copy", '\u{a9}'),
    ("reg", '\u{ae}'),
    ("trade", '\u{2122}'),
    ("euro", '\u{20ac}'),
    ("pound", '\u{a3}'),
    ("yen", '\u{a5}'),
    ("cent", '\u{a2}'),
    ("sect", '\u{a7}'),
    ("deg", '\u{b0}'),
    ("times", '\u{d7}'),
    ("iexcl", '\u{a1}'),
    ("iquest", '\u{bf}'),
    ("szlig", '\u{df}'),
    ("aelig", '\u{e6}'),
    ("AElig", '\u{c6}'),
    ("oslash", '\u{f8}'),
    ("Oslash", '\u{d8}'),
    ("larr", '\u{2190}'),
    ("rarr", '\u{2192}'),
];
