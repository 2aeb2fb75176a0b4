//! The dialogues of Apache James' MPT.
//!
//! A dialogue is a [`Script`]: what the client says, and for each line of the server a regular expression. They were written for one
//! server, so its texts, its order of what has no order, and codes of extensions that a server does not announce are not
//! compared; [`expected`] says what is. What state a dialogue begins in stands outside of it, in James' test classes, and
//! here in [`Setup`].

pub mod expected;
mod run;
mod script;
pub mod seen;
mod setup;
#[cfg(test)]
mod tests;

pub use run::run;
pub use script::{Block, Script};
pub use setup::{Setup, State};

use super::Server;
use super::report::{Case, Outcome, Report};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The script that fills the mailbox of [`State::Selected`].
const SELECTED: &str = "SelectedStateSetup.test";

/// Runs the scripts in `folder` whose path contains one of `names`, or all if there are none.
///
/// # Errors
/// If the folder can't be read.
pub fn run_folder(folder: &Path, names: &[&str], server: &Server) -> io::Result<Report> {
    let mut report = Report::default();
    let preparation = parse(&folder.join(SELECTED)).unwrap_or_default();
    for (number, path) in scripts(folder)?.into_iter().enumerate() {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        if names.is_empty() || names.iter().any(|part| name.contains(part)) {
            let outcome = match parse(&path) {
                Ok(script) => {
                    // As many accounts as scripts give each the UIDs of a new INBOX.
                    let mut server = server.clone();
                    let count = server.accounts.len();
                    if count > 0 {
                        server.accounts.rotate_left(number % count);
                    }
                    run(&script, &preparation, &Setup::of(&name), &server)
                }
                Err(reason) => Outcome::Skipped { reason },
            };
            report.cases.push(Case { script: name, outcome });
        }
    }
    Ok(report)
}

fn parse(path: &Path) -> Result<Script, String> {
    let octets = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Script::parse(&String::from_utf8_lossy(&octets))
}

/// The scripts at or below `folder`, sorted.
fn scripts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(scripts(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "test") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
