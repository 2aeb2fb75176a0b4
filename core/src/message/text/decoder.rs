//! From the body of a text part to UTF-8.

use alloc::vec::Vec;

use crate::encoding::{base64, charset, quoted_printable};
use crate::message::structure::{Content, Part};

/// Decodes the body of a text part to UTF-8, piece by piece.
#[derive(Debug)]
pub struct Decoder {
    transfer: Transfer,
    charset: Option<charset::Decoder>,
    /// What the transfer encoding gave, on its way to the charset.
    octets: Vec<u8>,
    /// What the charset gave.
    text: Vec<u8>,
}

/// A transfer encoding (RFC 2045 §6).
#[derive(Debug)]
enum Transfer {
    Identity,
    Base64(base64::Decoder),
    QuotedPrintable(quoted_printable::Decoder),
}

impl Transfer {
    fn of(part: &Part) -> Self {
        let encoding = part.encoding.as_deref().unwrap_or_default();
        if encoding.eq_ignore_ascii_case(b"base64") {
            Self::Base64(base64::Decoder::default())
        } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable(quoted_printable::Decoder::default())
        } else {
            Self::Identity
        }
    }
}

impl Decoder {
    /// A decoder for a part's body; `None` if the part is not text but, say, an image, or if it is
    /// made of other parts.
    ///
    /// Text in an unknown charset is taken for UTF-8, and so is what calls itself ASCII, or nothing:
    /// where there is more than that in it, it mostly is.
    #[must_use]
    pub fn new(part: &Part) -> Option<Self> {
        // Status and disposition reports are text of another name (RFC 3464 §2.1).
        let is_text = part.content_type.is_main("text") || part.content_type.is_main("message");
        (is_text && part.content == Content::Leaf).then(|| Self {
            transfer: Transfer::of(part),
            charset: charset(part).and_then(charset::Decoder::for_label),
            octets: Vec::new(),
            text: Vec::new(),
        })
    }

    /// Decodes the next octets of the body, and lends what they mean: the octets themselves, if they
    /// mean themselves.
    pub fn decode<'a>(&'a mut self, input: &'a [u8]) -> &'a [u8] {
        let octets = match &mut self.transfer {
            Transfer::Identity => input,
            Transfer::Base64(decoder) => {
                self.octets.clear();
                decoder.decode(input, &mut self.octets);
                &self.octets
            }
            Transfer::QuotedPrintable(decoder) => {
                self.octets.clear();
                decoder.decode(input, &mut self.octets);
                &self.octets
            }
        };
        match &mut self.charset {
            Some(charset) if !charset.is_identity(octets) => {
                self.text.clear();
                charset.decode(octets, &mut self.text);
                &self.text
            }
            _ => octets,
        }
    }

    /// Ends the body; returns what was held back.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.octets.clear();
        match &mut self.transfer {
            Transfer::Identity => {}
            Transfer::Base64(decoder) => decoder.finish(&mut self.octets),
            Transfer::QuotedPrintable(decoder) => decoder.finish(&mut self.octets),
        }
        let Some(mut charset) = self.charset else {
            return self.octets;
        };
        self.text.clear();
        charset.decode(&self.octets, &mut self.text);
        charset.finish(&mut self.text);
        self.text
    }
}

/// The charset that a part names, if that means more than ASCII.
fn charset(part: &Part) -> Option<&[u8]> {
    part.parameter("charset").filter(|label| !label.trim_ascii().eq_ignore_ascii_case(b"us-ascii"))
}

/// Decodes the whole body of a part to UTF-8; `None` if it is no text.
#[must_use]
pub fn decode(part: &Part, body: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new(part)?;
    let mut text = decoder.decode(body).to_vec();
    text.extend(decoder.finish());
    Some(text)
}
