//! What came of transcripts, for a person and for programs: [`Format`] names the ways to write it.

mod clock;
mod json;
mod junit;
mod table;
mod tap;
mod text;

pub use clock::Stopwatch;
pub(crate) use table::write_table;
pub use table::{Row, cut};

use core::fmt;
use core::str::FromStr;
use std::io::{self, Write};
use std::time::Duration;

/// What came of one transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All went as it says.
    Passed,
    /// Something went otherwise.
    Failed(Box<Failed>),
    /// It was not tried, for this reason.
    Skipped(String),
    /// It can't be read or is not in the format; why, with the place.
    Unreadable(String),
}

/// Where and how a dialogue went otherwise than its transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// The line of the transcript, counted from 1.
    pub line: usize,
    /// The difference in words.
    pub problem: String,
    /// How it was tried: the delivery with its seed, or the server.
    pub how: String,
    /// The dialogue so far, expected and seen beside each other.
    pub rows: Vec<Row>,
    /// The command that does the same again.
    pub again: String,
}

/// One transcript and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// The file.
    pub file: String,
    /// Its first comment: the clause, and what is demanded.
    pub title: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long that took.
    pub took: Duration,
}

/// A report's form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a person.
    Text,
    /// `JUnit`'s XML, as continuous integration reads it.
    Junit,
    /// One JSON object.
    Json,
    /// The Test Anything Protocol, version 14.
    Tap,
}

impl Format {
    /// Their names.
    pub const NAMES: [&'static str; 4] = ["text", "junit", "json", "tap"];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "text" => Ok(Self::Text),
            "junit" => Ok(Self::Junit),
            "json" => Ok(Self::Json),
            "tap" => Ok(Self::Tap),
            _ => Err(format!("there are {}", Self::NAMES.join(", "))),
        }
    }
}

/// How many transcripts came out each way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Went as they say.
    pub passed: usize,
    /// Went otherwise.
    pub failed: usize,
    /// Were not tried.
    pub skipped: usize,
    /// Could not be read.
    pub unreadable: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Skipped(_) => &mut self.skipped,
            Outcome::Unreadable(_) => &mut self.unreadable,
        } += 1;
    }

    /// How many there were.
    #[must_use]
    pub const fn all(&self) -> usize {
        self.passed + self.failed + self.skipped + self.unreadable
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        if self.unreadable > 0 {
            write!(f, ", {} could not be read", self.unreadable)?;
        }
        Ok(())
    }
}

/// Writes what came of transcripts, each as soon as the form allows.
pub struct Reporter<W> {
    out: W,
    format: Format,
    /// Whether text is written in colour.
    colour: bool,
    /// What was run, in a word or two, such as `replay`.
    name: String,
    /// The seed of all that is random, if anything is.
    seed: Option<u64>,
    cases: Vec<Case>,
    counts: Counts,
}

impl<W: Write> Reporter<W> {
    /// Begins a report of the run called `name`.
    ///
    /// # Errors
    /// If `out` does not take it.
    pub fn begin(
        mut out: W,
        (format, colour): (Format, bool),
        name: &str,
        seed: Option<u64>,
    ) -> io::Result<Self> {
        match format {
            Format::Text => text::begin(&mut out, seed)?,
            Format::Tap => tap::begin(&mut out, seed)?,
            Format::Junit | Format::Json => {}
        }
        let (name, cases) = (name.to_owned(), Vec::new());
        Ok(Self { out, format, colour, name, seed, cases, counts: Counts::default() })
    }

    /// Adds a case.
    ///
    /// # Errors
    /// As [`Reporter::begin`].
    pub fn add(&mut self, case: Case) -> io::Result<()> {
        self.counts.add(&case.outcome);
        match self.format {
            Format::Text => text::case(&mut self.out, &case, self.colour)?,
            Format::Tap => tap::case(&mut self.out, self.counts.all(), &case)?,
            Format::Junit | Format::Json => {}
        }
        self.cases.push(case);
        self.out.flush()
    }

    /// Ends the report.
    ///
    /// # Errors
    /// As [`Reporter::begin`].
    pub fn end(mut self) -> io::Result<Counts> {
        match self.format {
            Format::Text => text::end(&mut self.out, &self.cases, self.counts)?,
            Format::Tap => writeln!(self.out, "1..{}", self.counts.all())?,
            Format::Junit => junit::write(&mut self.out, &self.name, self.seed, &self.cases)?,
            Format::Json => {
                json::write(&mut self.out, &self.name, self.seed, (self.counts, &self.cases))?;
            }
        }
        self.out.flush()?;
        Ok(self.counts)
    }
}

/// A failure as [`Format::Text`] shows it, without colour.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n\n", self.problem, self.how)?;
        write_table(f, &self.rows, false)?;
        write!(f, "\nagain: {}", self.again)
    }
}
