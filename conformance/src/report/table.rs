//! A dialogue as it was expected beside the one that was seen.

use core::fmt::{self, Write};

/// A line of the dialogue as it was expected and as it was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// As the transcript has it.
    pub expected: String,
    /// As it came.
    pub seen: String,
    /// Whether they agree.
    pub agree: bool,
}

impl Row {
    pub(crate) fn both(text: String) -> Self {
        Self { expected: text.clone(), seen: text, agree: true }
    }
}

/// At most this many lines of the dialogue are shown, the last ones.
const SHOWN: usize = 40;
/// Longer lines are cut in the table.
const WIDTH: usize = 76;

const RED: (&str, &str) = ("\x1b[31m", "\x1b[0m");

/// Writes the last of `rows` side by side; what does not agree is marked, and red in colour.
pub(crate) fn write_table(out: &mut dyn Write, rows: &[Row], colour: bool) -> fmt::Result {
    let rows = &rows[rows.len().saturating_sub(SHOWN)..];
    let width = |row: &Row| row.expected.chars().count().min(WIDTH);
    let width = rows.iter().map(width).max().unwrap_or(0).max(8);
    writeln!(out, "    {:width$} │ seen", "expected")?;
    for row in rows {
        let mark = if row.agree { "   " } else { "-> " };
        let (on, off) = if colour && !row.agree { RED } else { ("", "") };
        let (expected, seen) = (cut(&row.expected), cut(&row.seen));
        writeln!(out, "{on} {mark}{expected:width$} │ {seen}{off}")?;
    }
    Ok(())
}

/// `text`, cut to the width of a column.
#[must_use]
pub fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    text.chars().take(WIDTH - 1).chain(['…']).collect()
}
