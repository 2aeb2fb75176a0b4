//! A response, read in every way that means the same.

use crate::foreign::value::{self, Value};

/// A response of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Its octets, without the last CRLF.
    pub octets: Vec<u8>,
    /// For a FETCH response, the octets of others to the same command about the same message; a server may answer in
    /// several (RFC 9051 §7.5.2).
    pub others: Vec<Vec<u8>>,
}

impl Seen {
    /// The response as it is, and then with everything that has no order in the order of `line`, what James says.
    pub fn readings<'a>(&'a self, line: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
        core::iter::once(self.octets.clone()).chain(self.reading(line))
    }

    fn reading(&self, line: &str) -> Option<Vec<u8>> {
        let values = value::parse(&self.octets);
        let [_, first, rest @ ..] = &values[..] else { return None };
        let name = first.octets()?.to_ascii_uppercase();
        let reading = match (&name[..], rest) {
            (b"CAPABILITY", _) => [&*self.octets, b" IMAP4rev1"].concat(),
            (b"SEARCH", numbers) => sorted_numbers(numbers),
            (b"FLAGS", [Value::List(flags)]) => join(b"* FLAGS", &[list(flags, line)]),
            (b"LIST" | b"LSUB" | b"XLIST", [Value::List(attributes), separator, mailbox, ..]) => {
                let head = [b"* ", &name[..]].concat();
                join(&head, &[list(attributes, line), string(separator), string(mailbox)])
            }
            (b"STATUS", [mailbox, Value::List(items)]) => {
                join(b"* STATUS", &[string(mailbox), pairs(items, line)])
            }
            (_, [fetch, Value::List(_)]) if fetch.is("FETCH") => self.fetch(line)?,
            _ => return None,
        };
        Some(reading)
    }

    /// The response code named `name` at the start of `text`, as it is and with its flags sorted.
    pub fn codes<'a>(&'a self, text: &'a [u8], name: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
        let end = text.iter().position(|octet| *octet == b']').map(|at| at + 1);
        let code = end.and_then(|end| text.get(..end)).filter(|code| code.starts_with(b"["));
        code.into_iter().flat_map(move |code| {
            let sorted = match &value::parse(code)[..] {
                [head, Value::List(flags), _] if name.eq_ignore_ascii_case("PERMANENTFLAGS") => {
                    let mut sorted = join(head.octets().unwrap_or_default(), &[sorted(flags)]);
                    sorted.push(b']');
                    sorted
                }
                _ => code.to_vec(),
            };
            [code.to_vec(), sorted]
        })
    }

    /// The items that `line` has, in its order, of all responses about this message.
    fn fetch(&self, line: &str) -> Option<Vec<u8>> {
        let mut items: Vec<(usize, Vec<u8>)> = Vec::new();
        let wanted = line.to_ascii_uppercase();
        for octets in core::iter::once(&self.octets).chain(&self.others) {
            for (name, value) in fetch_items(octets) {
                let text = String::from_utf8_lossy(&name).to_ascii_uppercase();
                let place = [format!("({text} "), format!(" {text} ")]
                    .iter()
                    .filter_map(|item| wanted.find(item))
                    .min();
                let Some(place) = place else { continue };
                let value = match &*text {
                    "FLAGS" => match &value::parse(&value)[..] {
                        [Value::List(flags)] => list(flags, line),
                        _ => value,
                    },
                    _ if text.starts_with("BODY[") || text.starts_with("RFC822") => value,
                    _ => quoted_literals(&value),
                };
                items.retain(|(known, _)| *known != place);
                items.push((place, [&*name, b" ", &value].concat()));
            }
        }
        items.sort();
        let items: Vec<Vec<u8>> = items.into_iter().map(|(_, item)| item).collect();
        let begin = self.octets.iter().position(|octet| *octet == b'(')?;
        Some([&self.octets[..=begin], &items.join(&b' '), b")"].concat())
    }
}

/// Gives each FETCH response of a command the others about the same message.
pub fn gather(responses: Vec<Vec<u8>>) -> Vec<Seen> {
    let about = |octets: &[u8]| {
        let values = value::parse(octets);
        match &values[..] {
            [_, number, fetch, ..] if fetch.is("FETCH") => number.octets().map(<[u8]>::to_vec),
            _ => None,
        }
    };
    let keys: Vec<_> = responses.iter().map(|octets| about(octets)).collect();
    let others = |at: usize| {
        let same = (0..responses.len()).filter(|other| *other != at && keys[at].is_some() && keys[*other] == keys[at]);
        same.map(|other| responses[other].clone()).collect()
    };
    (0..responses.len())
        .map(|at| Seen { octets: responses[at].clone(), others: others(at) })
        .collect()
}

/// The names and values of a FETCH response, as they are written.
fn fetch_items(octets: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Some(begin) = octets.iter().position(|octet| *octet == b'(') else { return Vec::new() };
    let mut rest = &octets[begin + 1..];
    let mut items = Vec::new();
    while let Some((name, behind)) = value::split_first(rest)
        && let Some((value, behind)) = value::split_first(behind)
    {
        items.push((name.to_vec(), value.to_vec()));
        rest = behind;
    }
    items
}

fn join(head: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    [&[head.to_vec()], parts].concat().join(&b' ')
}

fn string(value: &Value) -> Vec<u8> {
    match value {
        Value::Nil => b"NIL".to_vec(),
        value => crate::foreign::quoted(value.octets().unwrap_or_default()),
    }
}

/// Where `word` stands in `line` as a word; the end if it does not.
fn place(word: &[u8], line: &str) -> usize {
    let word = String::from_utf8_lossy(word).to_ascii_uppercase();
    let line = line.to_ascii_uppercase();
    let is_end = |at: usize| !line[at..].starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let mut places = line.match_indices(&*word).map(|(at, _)| at);
    places.find(|at| is_end(at + word.len())).unwrap_or(line.len())
}

/// A list with its words in the order of `line`.
fn list(words: &[Value], line: &str) -> Vec<u8> {
    let mut words: Vec<&[u8]> = words.iter().filter_map(Value::octets).collect();
    words.sort_by_key(|word| (place(word, line), word.to_ascii_uppercase()));
    [b"(", &*words.join(&b' '), b")"].concat()
}

/// A list with its words in alphabetical order, `\*` last: James' order.
fn sorted(words: &[Value]) -> Vec<u8> {
    let mut words: Vec<&[u8]> = words.iter().filter_map(Value::octets).collect();
    words.sort_by_key(|word| (*word == b"\\*", word.to_ascii_uppercase()));
    [b"(", &*words.join(&b' '), b")"].concat()
}

/// `NAME number` pairs in the order of `line`.
fn pairs(items: &[Value], line: &str) -> Vec<u8> {
    let text = |value: &Value| value.octets().unwrap_or_default().to_vec();
    let mut pairs: Vec<(usize, Vec<u8>)> = items
        .chunks(2)
        .map(|pair| {
            let place = place(&text(&pair[0]), line);
            (place, pair.iter().map(text).collect::<Vec<_>>().join(&b' '))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<Vec<u8>> = pairs.into_iter().map(|(_, pair)| pair).collect();
    [b"(", &*pairs.join(&b' '), b")"].concat()
}

fn sorted_numbers(numbers: &[Value]) -> Vec<u8> {
    let number = |value: &Value| {
        core::str::from_utf8(value.octets()?).ok()?.parse::<u64>().ok()
    };
    let mut numbers: Vec<u64> = numbers.iter().filter_map(number).collect();
    numbers.sort_unstable();
    let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("* SEARCH {}", words.join(" ")).trim_end().as_bytes().to_vec()
}

/// `octets` with literals that could be quoted strings as such (RFC 9051 §4.3).
fn quoted_literals(octets: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    let mut rest = octets;
    while let Some(&first) = rest.first() {
        let literal = if first == b'{' { value::split_first(rest) } else { None };
        match (literal, first) {
            (Some((text, behind)), _) => {
                match &value::parse(text)[..] {
                    [Value::Text(content)] if !content.contains(&b'\n') => {
                        written.extend(crate::foreign::quoted(content));
                    }
                    _ => written.extend_from_slice(text),
                }
                rest = behind;
            }
            (None, b'"') => {
                let (text, behind) = value::split_first(rest).unwrap_or((rest, b""));
                written.extend_from_slice(text);
                rest = behind;
            }
            (None, _) => {
                written.push(first);
                rest = &rest[1..];
            }
        }
    }
    written
}
