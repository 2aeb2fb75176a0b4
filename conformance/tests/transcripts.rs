//! Every transcript under `transcripts/` is a test.

use libtest_mimic::{Arguments, Failed, Trial};
use postroad_conformance::folder::{Options, replay_file, transcripts};
use postroad_conformance::report::Outcome;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("transcripts");
    let options = Options::from_env().expect("the seed");
    let files =
        transcripts(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(!files.is_empty(), "there are no transcripts in {}", folder.display());
    let trials = files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(&folder).unwrap_or(&file);
            let name = name.with_extension("").display().to_string();
            let shown = Path::new("conformance").join(file.strip_prefix(root).unwrap_or(&file));
            let shown = shown.display().to_string();
            Trial::test(name, move || match replay_file(&shown, &file, options).outcome {
                Outcome::Passed => Ok(()),
                Outcome::Failed(failed) => {
                    Err(Failed::from(format!("{shown}:{}: {failed}", failed.line)))
                }
                Outcome::Skipped(why) | Outcome::Unreadable(why) => Err(Failed::from(why)),
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
