use super::escape::{escape, is_plain, unescape};
use super::parse::Malformed;
use core::fmt;

/// A named text at a transcript's end, in the manner of a txtar archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The line of its header, counted from 1.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// Whether its lines are raw text with escapes, joined without line ends (`-- ~name --`).
    pub raw: bool,
    /// Its lines.
    pub lines: Vec<String>,
}

impl Section {
    /// The name in a section's header line, and whether it is raw.
    pub(super) fn header(line: &str) -> Option<(&str, bool)> {
        let name = line.strip_prefix("-- ")?.strip_suffix(" --")?.trim();
        match name.strip_prefix('~') {
            Some(name) => Some((name, true)),
            None => Some((name, false)),
        }
    }

    /// The octets that it stands for: every line with CRLF; raw lines without.
    ///
    /// # Errors
    /// If a raw line holds an escape that stands for nothing.
    pub fn octets(&self) -> Result<Vec<u8>, Malformed> {
        let mut octets = Vec::new();
        for (line, text) in self.numbered() {
            if self.raw {
                octets.extend(unescape(text).map_err(|wrong| Malformed::new(line, wrong))?);
            } else {
                octets.extend_from_slice(text.as_bytes());
                octets.extend_from_slice(b"\r\n");
            }
        }
        Ok(octets)
    }

    /// Its lines with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        (self.line + 1..).zip(self.lines.iter().map(|line| &**line))
    }

    /// A section that stands for `octets`.
    #[must_use]
    pub fn of(name: &str, octets: &[u8]) -> Self {
        let mut section = Self { line: 0, name: name.to_owned(), raw: false, lines: Vec::new() };
        section.write(octets);
        section
    }

    /// Makes it stand for `octets`.
    fn write(&mut self, octets: &[u8]) {
        let lines: Vec<&[u8]> = octets.split_inclusive(|octet| *octet == b'\n').collect();
        let plain = |line: &[u8]| {
            line.strip_suffix(b"\r\n")
                .is_some_and(|text| is_plain(text) && !text.starts_with(b"-- "))
        };
        self.raw = !lines.iter().all(|line| plain(line));
        self.lines = lines
            .iter()
            .map(|line| match line.strip_suffix(b"\r\n") {
                Some(text) if !self.raw => String::from_utf8_lossy(text).into_owned(),
                _ => escape(line),
            })
            .collect();
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = if self.raw { "~" } else { "" };
        writeln!(f, "-- {raw}{} --", self.name)?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// The sections of a transcript, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sections(pub Vec<Section>);

impl Sections {
    /// The section of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Section> {
        self.0.iter().find(|section| section.name == name)
    }

    /// The octets of the section of this name.
    ///
    /// # Errors
    /// If there is none, or if a raw line holds a bad escape.
    pub fn octets(&self, name: &str) -> Result<Vec<u8>, String> {
        self.find(name)
            .ok_or_else(|| format!("there is no section `-- {name} --`"))?
            .octets()
            .map_err(|wrong| wrong.to_string())
    }
}

impl fmt::Display for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|section| section.fmt(f))
    }
}
