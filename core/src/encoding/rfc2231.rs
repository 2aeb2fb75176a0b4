//! Parameters of MIME fields that are long, or not ASCII (RFC 2231).

#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{charset, encoded_word, hex_digit};

/// One parameter, put together and freed of its percent signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The attribute in lower case, without asterisks.
    pub name: Vec<u8>,
    /// The charset of `octets`, where one is given.
    pub charset: Option<Vec<u8>>,
    /// The language of the text, where one is given.
    pub language: Option<Vec<u8>>,
    /// The value, in `charset`.
    pub octets: Vec<u8>,
}

impl Parameter {
    /// The value as text. Where no charset is given or known, it is taken for UTF-8, perhaps with encoded words:
    /// RFC 2047 §5 forbids them here, and many programs write them.
    #[must_use]
    pub fn text(&self) -> String {
        let label = self.charset.as_deref().unwrap_or_default();
        charset::decode(label, &self.octets).unwrap_or_else(|| encoded_word::decode(&self.octets))
    }
}

/// Puts the parameters of a field together, in the order of their first appearance.
///
/// Takes each as it stands, attribute and value, quotes and backslashes removed. Of `name`, `name*` and `name*0`, the
/// extended one wins, then the continued one. A continuation ends at the first number that is missing.
///
/// ```
/// use postroad_core::encoding::rfc2231;
/// let parameters = rfc2231::assemble([
///     (&b"filename*0*"[..], &b"utf-8'de'gr%C3%BC"[..]),
///     (b"filename*1", b"n.txt"),
///     (b"size", b"5"),
/// ]);
/// assert_eq!(parameters[0].name, b"filename");
/// assert_eq!(parameters[0].text(), "grün.txt");
/// assert_eq!(parameters[1].octets, b"5");
/// ```
#[must_use]
pub fn assemble<'a>(parameters: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<Parameter> {
    let mut places = BTreeMap::new();
    let mut all: Vec<Pieces<'a>> = Vec::new();
    for (attribute, value) in parameters {
        let (name, place) = split(attribute);
        let index = *places.entry(name.clone()).or_insert(all.len());
        if index == all.len() {
            all.push(Pieces { name, ..Pieces::default() });
        }
        if let Some(pieces) = all.get_mut(index) {
            pieces.take(place, value);
        }
    }
    all.into_iter().map(Pieces::put_together).collect()
}

/// Where a value belongs, as the asterisks of its attribute say.
#[derive(Clone, Copy)]
enum Place {
    /// `name`
    Plain,
    /// `name*`
    Extended,
    /// `name*1` or `name*1*`
    Section(u32, Form),
}

/// Whether a value has percent signs to decode.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Extended,
}

fn split(attribute: &[u8]) -> (Vec<u8>, Place) {
    let lower = attribute.to_ascii_lowercase();
    let mut parts = lower.split(|octet| *octet == b'*');
    let name = parts.next().unwrap_or_default();
    let number = |digits: &[u8]| core::str::from_utf8(digits).ok()?.parse().ok();
    let place = match (parts.next(), parts.next(), parts.next()) {
        (Some(b""), None, None) => Some(Place::Extended),
        (Some(digits), None, None) => {
            number(digits).map(|number| Place::Section(number, Form::Plain))
        }
        (Some(digits), Some(b""), None) => {
            number(digits).map(|number| Place::Section(number, Form::Extended))
        }
        _ => None,
    };
    match place {
        Some(place) => (name.to_vec(), place),
        None => (lower, Place::Plain),
    }
}

/// What has been seen of one parameter.
#[derive(Default)]
struct Pieces<'a> {
    name: Vec<u8>,
    plain: Option<&'a [u8]>,
    extended: Option<&'a [u8]>,
    sections: BTreeMap<u32, (Form, &'a [u8])>,
}

impl<'a> Pieces<'a> {
    /// The first of its kind counts.
    fn take(&mut self, place: Place, value: &'a [u8]) {
        match place {
            Place::Plain => self.plain = self.plain.or(Some(value)),
            Place::Extended => self.extended = self.extended.or(Some(value)),
            Place::Section(number, form) => {
                self.sections.entry(number).or_insert((form, value));
            }
        }
    }

    fn put_together(self) -> Parameter {
        let mut parameter =
            Parameter { name: self.name, charset: None, language: None, octets: Vec::new() };
        let whole = match (self.extended, self.plain) {
            (Some(value), _) => Some((Form::Extended, value)),
            (None, _) if self.sections.contains_key(&0) => None,
            (None, plain) => plain.map(|value| (Form::Plain, value)),
        };
        let sections =
            (0..).zip(&self.sections).take_while(|(expected, (number, _))| expected == *number);
        let sections = sections.map(|(_, (_, section))| *section);
        match whole {
            Some(whole) => parameter.append([whole].into_iter()),
            None => parameter.append(sections),
        }
        parameter
    }
}

impl Parameter {
    fn append<'a>(&mut self, sections: impl Iterator<Item = (Form, &'a [u8])>) {
        for (index, (form, value)) in sections.enumerate() {
            match form {
                Form::Plain => self.octets.extend_from_slice(value),
                Form::Extended if index == 0 => {
                    let text = self.take_charset(value);
                    decode_percent(text, &mut self.octets);
                }
                Form::Extended => decode_percent(value, &mut self.octets),
            }
        }
    }

    // RFC 2231 §4: `charset'language'text`, where charset and language may be empty.
    fn take_charset<'a>(&mut self, value: &'a [u8]) -> &'a [u8] {
        let mut parts = value.splitn(3, |octet| *octet == b'\'');
        let (Some(charset), Some(language), Some(text)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return value;
        };
        self.charset = (!charset.is_empty()).then(|| charset.to_vec());
        self.language = (!language.is_empty()).then(|| language.to_vec());
        text
    }
}

fn decode_percent(text: &[u8], octets: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (octet, after)
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            octets.push(high << 4 | low);
            rest = after;
        } else {
            octets.push(*octet);
        }
    }
}
