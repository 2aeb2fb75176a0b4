//! Finds transcripts on disk, and replays or rewrites one.

use crate::machines;
use crate::report::{Case, Outcome, Stopwatch};
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

/// Reads the transcript in `file`, which messages call `name`.
///
/// # Errors
/// If it can't be read or is not in the format: why, with the place.
pub fn read(name: &str, file: &Path) -> Result<Transcript, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    Transcript::parse(name, &text)
        .map_err(|wrong| format!("{name}:{}: {}", wrong.line, wrong.problem))
}

/// Replays the transcript in `file`, which messages call `name`.
#[must_use]
pub fn replay_file(name: &str, file: &Path, options: Options) -> Case {
    let watch = Stopwatch::start();
    let (title, outcome) = match read(name, file) {
        Ok(transcript) => (transcript.title().to_owned(), replay_one(transcript, file, options)),
        Err(why) => (String::new(), Outcome::Unreadable(why)),
    };
    Case { file: name.to_owned(), title, outcome, took: watch.took() }
}

fn replay_one(mut transcript: Transcript, file: &Path, options: Options) -> Outcome {
    if options.update {
        let new = match update(&transcript, &machines::build) {
            Ok(new) => new,
            Err(failure) => return (*failure).into(),
        };
        if new != transcript.to_string() {
            let name = transcript.file.clone();
            let written = fs::write(file, &new).map_err(|error| format!("{name}: {error}"));
            transcript = match written.and_then(|()| read(&name, file)) {
                Ok(transcript) => transcript,
                Err(why) => return Outcome::Unreadable(why),
            };
        }
    }
    match replay(&transcript, &machines::build, options.seed) {
        Ok(()) => Outcome::Passed,
        Err(failure) => (*failure).into(),
    }
}
