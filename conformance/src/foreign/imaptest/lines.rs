//! A script's lines: literals joined to the line that they stand in, comments and what is not for this environment left out.

/// A piece of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Text.
    Text(Vec<u8>),
    /// What stands between `{{{` and `}}}`.
    Literal {
        /// Whether it is written `~{{{`: a literal8 (RFC 3516 §4.4), whose line ends are as in the file.
        binary: bool,
        /// Its octets; the last line has no end.
        octets: Vec<u8>,
    },
}

/// A line of a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its pieces; the first is text.
    pub pieces: Vec<Piece>,
}

impl Line {
    /// The text in front of the first literal.
    pub fn head(&self) -> &[u8] {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => b"",
        }
    }

    /// The line without its first `count` octets.
    pub fn behind(&self, count: usize) -> Self {
        let mut line = self.clone();
        if let Some(Piece::Text(text)) = line.pieces.first_mut() {
            text.drain(..count.min(text.len()));
        }
        line
    }

    /// The line as a server would send it, with `{COUNT}` in front of its literals.
    pub fn wire(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => octets.extend_from_slice(text),
                Piece::Literal { binary, octets: literal } => {
                    let sign = if *binary { "~" } else { "" };
                    octets.extend_from_slice(format!("{sign}{{{}}}\r\n", literal.len()).as_bytes());
                    octets.extend_from_slice(literal);
                }
            }
        }
        octets
    }
}

/// The first empty line, which ends the header, is a line with number 0.
pub(super) fn read(
    script: &[u8],
    in_environment: &dyn Fn(&str) -> bool,
) -> Result<Vec<Line>, String> {
    let mut rest = script.strip_suffix(b"\n").unwrap_or(script).split(|octet| *octet == b'\n');
    let (mut lines, mut number, mut in_header) = (Vec::new(), 0, true);
    // For each `!ifenv` around the line, whether its lines count.
    let mut conditions: Vec<bool> = Vec::new();
    while let Some(text) = rest.next() {
        number += 1;
        let mut line = Line { number, pieces: Vec::new() };
        if text.is_empty() && in_header {
            in_header = false;
            lines.push(Line { number: 0, pieces: Vec::new() });
        }
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        let mut text = text.to_vec();
        while let Some(opening) = text.strip_suffix(b"{{{") {
            let (head, binary) = match opening.strip_suffix(b"~") {
                Some(head) => (head, true),
                None => (opening, false),
            };
            line.pieces.push(Piece::Text(head.to_vec()));
            let literal = literal(&mut rest, &mut number, binary)
                .ok_or_else(|| format!("line {}: a literal does not end", line.number))?;
            line.pieces.push(Piece::Literal { binary, octets: literal.0 });
            text = literal.1;
        }
        line.pieces.push(Piece::Text(text));
        if is_condition(&line, &mut conditions, in_environment)? {
            continue;
        }
        if conditions.iter().all(|counts| *counts) {
            lines.push(line);
        }
    }
    if !conditions.is_empty() {
        return Err("an !ifenv has no !endif".to_owned());
    }
    Ok(lines)
}

/// A literal's octets, and the text behind its `}}}`.
fn literal(
    lines: &mut dyn Iterator<Item = &[u8]>,
    number: &mut usize,
    binary: bool,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let line_end: &[u8] = if binary { b"\n" } else { b"\r\n" };
    let mut content: Vec<&[u8]> = Vec::new();
    for line in lines {
        *number += 1;
        if let Some(behind) = line.strip_prefix(b"}}}") {
            return Some((content.join(line_end), behind.to_vec()));
        }
        content.push(if binary { line } else { line.strip_suffix(b"\r").unwrap_or(line) });
    }
    None
}

/// Whether the line is `!ifenv`, `!ifnenv`, `!else` or `!endif`, which change what counts.
fn is_condition(
    line: &Line,
    conditions: &mut Vec<bool>,
    in_environment: &dyn Fn(&str) -> bool,
) -> Result<bool, String> {
    let text = String::from_utf8_lossy(line.head());
    let orphan = || format!("line {}: {text} without !ifenv", line.number);
    match text.trim_end().split_once(' ').unwrap_or((text.trim_end(), "")) {
        ("!ifenv", name) => conditions.push(in_environment(name)),
        ("!ifnenv", name) => conditions.push(!in_environment(name)),
        ("!else", _) => {
            let counts = conditions.last_mut().ok_or_else(orphan)?;
            *counts = !*counts;
        }
        ("!endif", _) => drop(conditions.pop().ok_or_else(orphan)?),
        _ => return Ok(false),
    }
    Ok(true)
}
