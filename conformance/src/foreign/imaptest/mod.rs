//! ImapTest's scripted tests.
//!
//! A test is a [`Script`]: a header, and groups of commands with the replies that they must, may or must not bring. Messages come
//! from an [`Mbox`]. A [`Pattern`] stands for one value of a reply; variables are bound by the first reply that they stand in.

mod lines;
mod matcher;
mod mbox;
mod pattern;
mod run;
mod script;
#[cfg(test)]
mod tests;
mod turn;

pub use matcher::Bindings;
pub use mbox::Mbox;
pub use pattern::Pattern;
pub use run::run;
pub use script::{Command, Group, Presence, Script, State, Untagged};

use super::Server;
use super::report::{Case, Outcome, Report};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The mailbox that scripts call `$mailbox`.
pub const MAILBOX: &str = "imaptest";

/// Runs the scripts in `folder` whose path contains one of `names`, or all if there are none.
///
/// # Errors
/// If the folder can't be read.
pub fn run_folder(folder: &Path, names: &[&str], server: &Server) -> io::Result<Report> {
    let mut report = Report::default();
    for path in scripts(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        if names.is_empty() || names.iter().any(|part| name.contains(part)) {
            let outcome = run_file(&path, folder, server);
            report.cases.push(Case { script: name, outcome });
        }
    }
    Ok(report)
}

fn run_file(path: &Path, folder: &Path, server: &Server) -> Outcome {
    let own = path.with_extension("mbox");
    let mbox = if own.exists() { own } else { folder.join("default.mbox") };
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let script = read(path).and_then(|octets| Script::parse(&octets));
    match (script, read(&mbox)) {
        (Ok(script), Ok(mbox)) => run(&script, Mbox::parse(&mbox), server),
        (Err(reason), _) | (_, Err(reason)) => Outcome::Skipped { reason },
    }
}

/// The scripts in `folder`, sorted: files without an extension, each in a folder that has none either.
fn scripts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_other = path.file_name().is_some_and(|name| name == "COPYING");
        if path.is_dir() {
            found.extend(scripts(&path)?);
        } else if path.extension().is_none() && !is_other {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
