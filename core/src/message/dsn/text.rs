//! Text that is safe to write: fields that fold, paragraphs that wrap, and nothing that breaks out of either.

use alloc::string::String;
use core::fmt::Write;

/// Columns of a field's line (RFC 5322 §2.1.1).
const FIELD: usize = 78;
/// Columns of a line that a person reads.
const PROSE: usize = 72;
/// Octets of a word that is not cut: with what stands before it, it fits a line (RFC 5322 §2.1.1).
const WORD: usize = 900;

/// A peer's text on one line: what is no printable character becomes a blank, and blanks become one. Without `utf8`, what
/// is not ASCII becomes `?`.
pub(super) fn clean(text: &str, utf8: bool) -> String {
    let mut output = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !output.is_empty() {
            output.push(' ');
        }
        let harmless = |c: char| if (c.is_ascii() || utf8) && !is_invisible(c) { c } else { '?' };
        output.extend(word.chars().map(harmless));
    }
    output
}

/// Characters that reorder or hide what a person reads.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The first `most` octets of a text, or up to three fewer, so that no character is cut.
pub(super) fn shorten(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Appends a field. The value has no control characters; it folds at its blanks, so unfolding gives it back.
pub(super) fn write_field(output: &mut String, name: &str, value: &str) {
    let _ = write!(output, "{name}:");
    let mut column = name.len() + 1;
    for word in value.split(' ') {
        let width = word.chars().count();
        if column + 1 + width > FIELD && column > name.len() + 1 && !word.is_empty() {
            output.push_str("\r\n");
            column = 0;
        }
        output.push(' ');
        column += 1 + push_word(output, word);
    }
    output.push_str("\r\n");
}

/// Appends a paragraph, wrapped and indented, with its line end.
pub(super) fn write_paragraph(output: &mut String, indent: usize, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > indent && column + 1 + word.chars().count() > PROSE {
            output.push_str("\r\n");
            column = 0;
        }
        if column == 0 {
            // A line of a paragraph never looks like a delimiter (RFC 2046 §5.1.1).
            let indent = if word.starts_with('-') { indent.max(1) } else { indent };
            output.extend(core::iter::repeat_n(' ', indent));
            column = indent;
        } else {
            output.push(' ');
            column += 1;
        }
        column += push_word(output, word);
    }
    if column > 0 {
        output.push_str("\r\n");
    }
}

/// Appends a word, cut into lines if it is longer than a line may be; returns the columns of its last piece.
fn push_word(output: &mut String, word: &str) -> usize {
    let mut rest = word;
    loop {
        let piece = shorten(rest, WORD);
        output.push_str(piece);
        rest = &rest[piece.len()..];
        if rest.is_empty() {
            return piece.chars().count();
        }
        output.push_str("\r\n ");
    }
}
