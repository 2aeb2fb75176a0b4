//! `postroad-conformance index`.

use crate::exit::Exit;
use clap::Args;
use postroad_conformance::index::index;
use std::fs;
use std::path::PathBuf;

#[derive(Args)]
pub struct Arguments {
    /// Where the transcripts are
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes `INDEX.md`.
pub fn run(Arguments { folder }: &Arguments) -> Result<Exit, String> {
    let file = folder.join("INDEX.md");
    fs::write(&file, index(folder)?).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Exit::Passed)
}
