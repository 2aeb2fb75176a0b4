//! What SEARCH, SORT and THREAD find, number by number.

use super::{put, string};
use crate::imap::types::{Numbering, PartialRange, Tag};
use alloc::vec::Vec;

/// A list of numbers that is being written as a sequence set: numbers that follow each other become
/// a range, and the order stays (RFC 5267 §3.2 needs that).
///
/// ```
/// use postroad_core::imap::NumberList;
/// let mut out = Vec::new();
/// let mut list = NumberList::default();
/// [2, 3, 4, 9, 1, 2].into_iter().for_each(|number| list.push(&mut out, number));
/// list.end(&mut out);
/// assert_eq!(out, b"2:4,9,1:2");
/// ```
#[derive(Debug, Default)]
#[must_use = "a list needs its end"]
pub struct NumberList {
    /// The range that may go on.
    range: Option<(u32, u32)>,
    comma: bool,
}

impl NumberList {
    /// Writes one more number, at the latest with the next or at the end.
    pub fn push(&mut self, out: &mut Vec<u8>, number: u32) {
        match &mut self.range {
            Some((_, end)) if end.checked_add(1) == Some(number) => *end = number,
            _ => {
                self.flush(out);
                self.range = Some((number, number));
            }
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        let Some((start, end)) = self.range.take() else {
            return;
        };
        if self.comma {
            out.push(b',');
        }
        self.comma = true;
        put(out, format_args!("{start}"));
        if end > start {
            put(out, format_args!(":{end}"));
        }
    }

    /// Ends the list, and says whether there was any number.
    pub fn end(mut self, out: &mut Vec<u8>) -> bool {
        self.flush(out);
        self.comma
    }
}

/// An ESEARCH response that is being written (RFC 4731 §3.1).
///
/// ```
/// use postroad_core::imap::{EsearchData, EsearchResponse, NumberList, Numbering, Tag};
/// let mut out = Vec::new();
/// let tag = Tag::new("A283").unwrap();
/// let mut response = EsearchResponse::begin(&mut out, Some(&tag), Numbering::Uid);
/// response.item(&mut out, &EsearchData::Count(2));
/// response.begin_all(&mut out);
/// let mut list = NumberList::default();
/// [17, 900].into_iter().for_each(|number| list.push(&mut out, number));
/// list.end(&mut out);
/// response.end(&mut out, Some(917_162_500));
/// assert_eq!(out, b"* ESEARCH (TAG \"A283\") UID COUNT 2 ALL 17,900 MODSEQ 917162500\r\n");
/// ```
#[derive(Debug)]
#[must_use = "a response needs its end"]
pub struct EsearchResponse(());

/// A result in an ESEARCH response, but for those that are lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EsearchData {
    /// `MIN`. Left out where nothing was found.
    Min(u32),
    /// `MAX`. Left out where nothing was found.
    Max(u32),
    /// `COUNT`.
    Count(u32),
}

impl EsearchResponse {
    /// Begins the response to the command called `tag`.
    pub fn begin(out: &mut Vec<u8>, tag: Option<&Tag>, numbering: Numbering) -> Self {
        out.extend_from_slice(b"* ESEARCH");
        if let Some(tag) = tag {
            out.extend_from_slice(b" (TAG ");
            string(out, tag.as_str().as_bytes());
            out.push(b')');
        }
        if numbering == Numbering::Uid {
            out.extend_from_slice(b" UID");
        }
        Self(())
    }

    /// Writes one result.
    pub fn item(&mut self, out: &mut Vec<u8>, data: &EsearchData) {
        match data {
            EsearchData::Min(number) => put(out, format_args!(" MIN {number}")),
            EsearchData::Max(number) => put(out, format_args!(" MAX {number}")),
            EsearchData::Count(count) => put(out, format_args!(" COUNT {count}")),
        }
    }

    /// Begins `ALL`: a [`NumberList`] must follow, and not an empty one.
    pub fn begin_all(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" ALL ");
    }

    /// Begins `PARTIAL` of this range: a [`NumberList`] must follow, then
    /// [`end_partial`](Self::end_partial) (RFC 9394 §3.1).
    pub fn begin_partial(&mut self, out: &mut Vec<u8>, range: PartialRange) {
        put(out, format_args!(" PARTIAL ({range} "));
    }

    /// Ends `PARTIAL` and the list in it.
    pub fn end_partial(&mut self, out: &mut Vec<u8>, list: NumberList) {
        // RFC 9394 §4: partial-results = sequence-set / "NIL".
        if !list.end(out) {
            out.extend_from_slice(b"NIL");
        }
        out.push(b')');
    }

    /// Ends the response, with the greatest mod-sequence of what is told if the client asked for one
    /// (RFC 7162 §3.1.10); it comes last, as in that section's examples and from other servers.
    pub fn end(self, out: &mut Vec<u8>, mod_seq: Option<u64>) {
        if let Some(mod_seq) = mod_seq {
            put(out, format_args!(" MODSEQ {mod_seq}"));
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// A SEARCH or SORT response that is being written (RFC 3501 §7.2.5, RFC 5256 §4).
///
/// ```
/// use postroad_core::imap::NumbersResponse;
/// let mut out = Vec::new();
/// let mut response = NumbersResponse::search(&mut out);
/// [2, 5].into_iter().for_each(|number| response.number(&mut out, number));
/// response.end(&mut out, Some(917_162_500));
/// assert_eq!(out, b"* SEARCH 2 5 (MODSEQ 917162500)\r\n");
/// ```
#[derive(Debug)]
#[must_use = "a response needs its end"]
pub struct NumbersResponse(());

impl NumbersResponse {
    /// Begins a SEARCH response.
    pub fn search(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(b"* SEARCH");
        Self(())
    }

    /// Begins a SORT response.
    pub fn sort(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(b"* SORT");
        Self(())
    }

    /// Writes one more sequence number or UID.
    pub fn number(&mut self, out: &mut Vec<u8>, number: u32) {
        put(out, format_args!(" {number}"));
    }

    /// Ends the response, with the greatest mod-sequence of what was found if the client asked for
    /// one (RFC 7162 §3.1.5); where nothing was found there is none.
    pub fn end(self, out: &mut Vec<u8>, mod_seq: Option<u64>) {
        if let Some(mod_seq) = mod_seq {
            put(out, format_args!(" (MODSEQ {mod_seq})"));
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// A THREAD response that is being written (RFC 5256 §4).
///
/// A thread is a chain of messages, each answering the one before. Where several answer the same,
/// each of them opens a thread of its own in place of the chain's next message.
///
/// ```
/// use postroad_core::imap::ThreadResponse;
/// let mut out = Vec::new();
/// let mut response = ThreadResponse::begin(&mut out);
/// response.open(&mut out);
/// response.number(&mut out, 3);
/// response.number(&mut out, 6);
/// for answer in [4, 44] {
///     response.open(&mut out);
///     response.number(&mut out, answer);
///     response.close(&mut out);
/// }
/// response.close(&mut out);
/// response.end(&mut out);
/// assert_eq!(out, b"* THREAD (3 6 (4)(44))\r\n");
/// ```
#[derive(Debug)]
#[must_use = "a response needs its end"]
pub struct ThreadResponse {
    /// Whether a space must be before the next number or parenthesis.
    space: bool,
}

impl ThreadResponse {
    /// Begins the response.
    pub fn begin(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(b"* THREAD");
        Self { space: true }
    }

    /// Opens a thread.
    pub fn open(&mut self, out: &mut Vec<u8>) {
        self.separate(out);
        out.push(b'(');
        self.space = false;
    }

    /// Writes the next message of the chain.
    pub fn number(&mut self, out: &mut Vec<u8>, number: u32) {
        self.separate(out);
        put(out, format_args!("{number}"));
        self.space = true;
    }

    /// Closes the thread that was opened last.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        out.push(b')');
        self.space = false;
    }

    /// Ends the response.
    pub fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
    }

    fn separate(&mut self, out: &mut Vec<u8>) {
        if self.space {
            out.push(b' ');
        }
    }
}
