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
    /// The response as it is, and then with everything that has no order in the order of `line`, what James says; FETCH also
    /// with all items, FLAGS in front.
    pub fn readings<'a>(&'a self, line: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
        let as_it_is = core::iter::once(self.octets.clone());
        as_it_is.chain(self.reading(line)).chain(self.fetch(line, |_| Some(1)))
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
            (_, [fetch, Value::List(_)]) if fetch.is("FETCH") => {
                self.fetch(line, |name| item_place(name, line))?
            }
            _ => return None,
        };
        Some(reading)
    }

    /// The items for which there is a `place`, in that order, FLAGS first where it is the same, of all responses about this
    /// message.
    fn fetch(&self, line: &str, place: impl Fn(&str) -> Option<usize>) -> Option<Vec<u8>> {
        let values = value::parse(&self.octets);
        let is_fetch = values.get(2).is_some_and(|word| word.is("FETCH"));
        let begin = self.octets.iter().position(|octet| *octet == b'(').filter(|_| is_fetch)?;
        let mut items: Vec<(usize, bool, Vec<u8>)> = Vec::new();
        for octets in core::iter::once(&self.octets).chain(&self.others) {
            for (name, value) in fetch_items(octets) {
                let text = String::from_utf8_lossy(&name).to_ascii_uppercase();
                let Some(place) = place(&text) else { continue };
                let value = match (&*text, &value::parse(&value)[..]) {
                    ("FLAGS", [Value::List(flags)]) => list(&without_recent(flags), line),
                    _ if text.starts_with("BODY[") || text.starts_with("RFC822") => value,
                    _ => quoted_literals(&value),
                };
                let begins = [&*name, b" "].concat();
                items.retain(|(_, _, known)| !known.starts_with(&begins));
                items.push((place, text != "FLAGS", [&*begins, &value].concat()));
            }
        }
        items.sort_by_key(|(place, is_other, _)| (*place, *is_other));
        let items: Vec<Vec<u8>> = items.into_iter().map(|(_, _, item)| item).collect();
        Some([&self.octets[..=begin], &items.join(&b' '), b")"].concat())
    }
}

/// Where `name` stands in `line` as the name of a FETCH item.
fn item_place(name: &str, line: &str) -> Option<usize> {
    let line = line.to_ascii_uppercase();
    let begins = |at: &usize| {
        !line[..*at].ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '.')
    };
    let item = format!("{name} ");
    line.match_indices(&*item).map(|(at, _)| at).find(begins)
}

fn without_recent(flags: &[Value]) -> Vec<Value> {
    flags.iter().filter(|flag| !flag.is("\\Recent")).cloned().collect()
}

/// The responses to a command: EXPUNGE from the first message to the last, and each FETCH with the others about its message.
#[must_use]
pub fn gather(mut responses: Vec<Vec<u8>>) -> Vec<Seen> {
    expunge_in_order(&mut responses);
    let about = |octets: &[u8]| {
        let values = value::parse(octets);
        match &values[..] {
            [_, number, fetch, ..] if fetch.is("FETCH") => number.octets().map(<[u8]>::to_vec),
            _ => None,
        }
    };
    let keys: Vec<_> = responses.iter().map(|octets| about(octets)).collect();
    let others = |at: usize| {
        let same = (0..responses.len())
            .filter(|other| *other != at && keys[at].is_some() && keys[*other] == keys[at]);
        same.map(|other| responses[other].clone()).collect()
    };
    (0..responses.len())
        .map(|at| Seen { octets: responses[at].clone(), others: others(at) })
        .collect()
}

/// Rewrites the EXPUNGE responses as if the messages had gone in the order of their numbers: a server may take any
/// (RFC 9051 §7.5.1).
fn expunge_in_order(responses: &mut [Vec<u8>]) {
    let number = |octets: &[u8]| match &value::parse(octets)[..] {
        [_, number, word] if word.is("EXPUNGE") => {
            core::str::from_utf8(number.octets()?).ok()?.parse::<usize>().ok()
        }
        _ => None,
    };
    // The numbers that the messages had before the first of them went, sorted.
    let mut gone: Vec<usize> = Vec::new();
    for now in responses.iter().filter_map(|octets| number(octets)) {
        let before = gone.iter().fold(now, |now, earlier| now + usize::from(*earlier <= now));
        gone.insert(gone.partition_point(|other| *other < before), before);
    }
    let expunged = responses.iter_mut().filter(|octets| number(octets).is_some());
    for (count, (response, before)) in expunged.zip(gone).enumerate() {
        *response = format!("* {} EXPUNGE", before.saturating_sub(count)).into_bytes();
    }
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

/// A response code with its flags in alphabetical order, `\*` last: James' order.
pub(super) fn sorted_code(code: &[u8]) -> Vec<u8> {
    let values = value::parse(code);
    let [head, Value::List(flags), _] = &values[..] else { return code.to_vec() };
    let mut flags: Vec<&[u8]> = flags.iter().filter_map(Value::octets).collect();
    flags
        .sort_by_key(|flag| (*flag == b"\\*", !flag.starts_with(b"\\"), flag.to_ascii_uppercase()));
    [head.octets().unwrap_or_default(), b" (", &*flags.join(&b' '), b")]"].concat()
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
    let number = |value: &Value| core::str::from_utf8(value.octets()?).ok()?.parse::<u64>().ok();
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
