//! Where a report goes, and in which form; and which transcripts it is about.

use clap::Args;
use postroad_conformance::folder::transcripts;
use postroad_conformance::report::{Format, Reporter};
use std::io::{IsTerminal as _, Stdout, stdout};
use std::path::{Path, PathBuf};

/// The form of a report.
#[derive(Args)]
pub struct Output {
    /// How to write what came of it: text, junit, json or tap
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Output {
    /// Begins a report on standard output; in colour only on a terminal, and never with `NO_COLOR`.
    ///
    /// # Errors
    /// If nobody reads it.
    pub fn begin(&self, name: &str, seed: Option<u64>) -> Result<Reporter<Stdout>, String> {
        let out = stdout();
        let colour =
            out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Reporter::begin(out, (self.format, colour), name, seed).map_err(|error| error.to_string())
    }
}

/// The transcripts at or below `paths`.
///
/// # Errors
/// If a folder can't be read, or there is none.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let below =
        |path: &PathBuf| transcripts(path).map_err(|error| format!("{}: {error}", path.display()));
    let files: Vec<PathBuf> =
        paths.iter().map(below).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    if files.is_empty() {
        return Err("there is no transcript there".to_owned());
    }
    Ok(files)
}

/// A file as reports call it: as the command line does, without a leading `./`.
pub fn name(file: &Path) -> String {
    file.strip_prefix(".").unwrap_or(file).display().to_string()
}
