//! `postroad-conformance replay`.

use crate::exit::Exit;
use crate::output::{self, Output};
use clap::Args;
use postroad_conformance::folder::{Options, replay_file};
use std::path::PathBuf;

#[derive(Args)]
pub struct Arguments {
    /// Transcripts, or folders with transcripts (*.txt)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Where random pieces begin [default: POSTROAD_SEED, else 1]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// First rewrite the machine's side as it is now (as UPDATE=1 does)
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    output: Output,
}

/// Replays each transcript under every delivery.
pub fn run(arguments: &Arguments) -> Result<Exit, String> {
    let given = Options::from_env()?;
    let options = Options {
        seed: arguments.seed.unwrap_or(given.seed),
        update: arguments.update || given.update,
    };
    let files = output::files(&arguments.paths)?;
    let mut reporter = arguments.output.begin("replay", Some(options.seed))?;
    for file in files {
        let case = replay_file(&output::name(&file), &file, options);
        reporter.add(case).map_err(|error| error.to_string())?;
    }
    reporter.end().map(Exit::from).map_err(|error| error.to_string())
}
