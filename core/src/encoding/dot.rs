//! Dot-stuffing (RFC 5321 §4.5.2, RFC 1939 §3): content that ends with a line of one dot.

use alloc::vec::Vec;
use memchr::memmem;

/// Doubles the dot that begins a line, slice by slice, and ends the content.
///
/// A line begins after CRLF only. Content that has no bare CR and no bare LF, as a store gives it,
/// can therefore not be mistaken for its end by anyone.
///
/// ```
/// use postroad_core::encoding::dot::Stuffer;
/// let mut wire = Vec::new();
/// let mut stuffer = Stuffer::default();
/// stuffer.push(b"one\r\n", &mut wire);
/// stuffer.push(b".two\r\n", &mut wire);
/// stuffer.finish(&mut wire);
/// assert_eq!(wire, b"one\r\n..two\r\n.\r\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stuffer {
    after: After,
}

/// What the content so far ends with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum After {
    /// Nothing, or CRLF: a line begins.
    #[default]
    LineEnd,
    Cr,
    Text,
}

impl Stuffer {
    /// Appends `content` to `wire`, stuffed.
    pub fn push(&mut self, content: &[u8], wire: &mut Vec<u8>) {
        let (Some(first), Some(last)) = (content.first(), content.last()) else {
            return;
        };
        if self.after == After::LineEnd && *first == b'.' {
            wire.push(b'.');
        }
        let before = |at: usize| match at.checked_sub(1) {
            Some(index) => content[index] == b'\r',
            None => self.after == After::Cr,
        };
        let mut copied = 0;
        for at in memmem::find_iter(content, b"\n.").filter(|at| before(*at)) {
            wire.extend_from_slice(&content[copied..=at]);
            wire.push(b'.');
            copied = at + 1;
        }
        wire.extend_from_slice(&content[copied..]);
        self.after = match last {
            b'\r' => After::Cr,
            b'\n' if before(content.len() - 1) => After::LineEnd,
            _ => After::Text,
        };
    }

    /// Appends the end: CRLF if the last line lacks it, and the line of one dot.
    pub fn finish(self, wire: &mut Vec<u8>) {
        if self.after != After::LineEnd {
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stuffed(slices: &[&[u8]]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut stuffer = Stuffer::default();
        slices.iter().for_each(|slice| stuffer.push(slice, &mut wire));
        stuffer.finish(&mut wire);
        wire
    }

    #[test]
    fn contents() {
        let cases: [(&[u8], &[u8]); 12] = [
            (b"", b".\r\n"),
            (b"x", b"x\r\n.\r\n"),
            (b"x\r\n", b"x\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"..\r\n", b"...\r\n.\r\n"),
            (b"\r\n.\r\n", b"\r\n..\r\n.\r\n"),
            (b"a.b\r\n.c\r\nd.\r\n", b"a.b\r\n..c\r\nd.\r\n.\r\n"),
            (b"\r\n.\r\n.\r\n", b"\r\n..\r\n..\r\n.\r\n"),
            (b"a\n.b\r\n", b"a\n.b\r\n.\r\n"),
            (b"a\r.b\r\n", b"a\r.b\r\n.\r\n"),
            (b"a\r", b"a\r\r\n.\r\n"),
        ];
        for (content, wire) in cases {
            assert_eq!(stuffed(&[content]), wire, "{content:?}");
        }
    }

    proptest! {
        #[test]
        fn slices_do_not_matter(slices in prop::collection::vec("[.\r\nx]{0,4}", 0..8)) {
            let whole = slices.concat();
            let slices: Vec<_> = slices.iter().map(|slice| slice.as_bytes()).collect();
            prop_assert_eq!(stuffed(&slices), stuffed(&[whole.as_bytes()]));
        }

        #[test]
        fn only_the_last_line_is_a_dot(content in "([.x]|\r\n){0,20}") {
            let wire = stuffed(&[content.as_bytes()]);
            let ends = memmem::find_iter(&wire, b"\r\n.\r\n").count();
            let at_start = usize::from(wire.starts_with(b".\r\n"));
            prop_assert_eq!(ends + at_start, 1);
            prop_assert!(wire.ends_with(b".\r\n"));
        }
    }
}
