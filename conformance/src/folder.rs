//! Finds transcripts on disk, and replays or rewrites one.

use crate::machines;
use crate::runner::{replay, update};
use crate::transcript::Transcript;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The environment variable with the seed that random pieces begin at.
pub const SEED_VARIABLE: &str = "POSTROAD_SEED";

/// The environment variable that, when it is `1`, makes a replay rewrite the machine's side first.
pub const UPDATE_VARIABLE: &str = "UPDATE";

/// How transcripts are replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Where the random pieces begin.
    pub seed: u64,
    /// Whether the machine's side is rewritten first.
    pub update: bool,
}

impl Options {
    /// The options that the environment gives; the seed is 1 without one.
    ///
    /// # Errors
    /// If the seed is no number.
    pub fn from_env() -> Result<Self, String> {
        let seed = match std::env::var(SEED_VARIABLE) {
            Err(_) => 1,
            Ok(text) => text.parse().map_err(|_| format!("{SEED_VARIABLE}={text} is no number"))?,
        };
        let update = std::env::var(UPDATE_VARIABLE).is_ok_and(|value| value == "1");
        Ok(Self { seed, update })
    }
}

/// Every transcript (`*.txt`) at or below `path`, sorted.
///
/// # Errors
/// If a folder can't be read.
pub fn transcripts(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if entry.is_dir() {
            found.extend(transcripts(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "txt") {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}

/// What came of replaying a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// The file could not be read or is not in the format.
    Unreadable(String),
    /// The machine did something else.
    Differs(String),
}

impl core::fmt::Display for Wrong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unreadable(why) | Self::Differs(why) => f.write_str(why),
        }
    }
}

/// Replays the transcript in `file`, which messages call `name`.
///
/// # Errors
/// If it can't be read, or the machine did something else.
pub fn replay_file(name: &str, file: &Path, options: Options) -> Result<(), Wrong> {
    let unreadable = |why: &dyn core::fmt::Display| Wrong::Unreadable(format!("{name}: {why}"));
    let text = fs::read_to_string(file).map_err(|error| unreadable(&error))?;
    let mut transcript = Transcript::parse(name, &text)
        .map_err(|wrong| Wrong::Unreadable(format!("{name}:{}: {}", wrong.line, wrong.problem)))?;
    if options.update {
        let new = update(&transcript, &machines::build)
            .map_err(|failure| Wrong::Unreadable(failure.to_string()))?;
        if new != text {
            fs::write(file, &new).map_err(|error| unreadable(&error))?;
            transcript = Transcript::parse(name, &new).map_err(|wrong| unreadable(&wrong))?;
        }
    }
    replay(&transcript, &machines::build, options.seed).map_err(|failure| {
        let text = failure.to_string();
        match failure.delivery {
            Some(_) => Wrong::Differs(text),
            None => Wrong::Unreadable(text),
        }
    })
}
