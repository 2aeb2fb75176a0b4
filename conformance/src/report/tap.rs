//! The Test Anything Protocol, version 14.

use super::{Case, Outcome};
use std::io::{self, Write};

pub(super) fn begin(out: &mut dyn Write, seed: Option<u64>) -> io::Result<()> {
    writeln!(out, "TAP version 14")?;
    match seed {
        Some(seed) => writeln!(out, "# seed {seed}"),
        None => Ok(()),
    }
}

pub(super) fn case(out: &mut dyn Write, number: usize, case: &Case) -> io::Result<()> {
    let title = plain(&format!("{}: {}", case.file, case.title));
    match &case.outcome {
        Outcome::Passed => writeln!(out, "ok {number} - {title}"),
        Outcome::Skipped(why) => writeln!(out, "ok {number} - {title} # SKIP {}", plain(why)),
        Outcome::Unreadable(why) => {
            writeln!(out, "not ok {number} - {title}")?;
            diagnose(out, why)
        }
        Outcome::Failed(failed) => {
            writeln!(out, "not ok {number} - {title}")?;
            diagnose(out, &format!("line {}: {failed}", failed.line))
        }
    }
}

/// A YAML block behind a test point.
fn diagnose(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "  ---\n  message: |")?;
    for line in text.lines() {
        writeln!(out, "    {line}")?;
    }
    writeln!(out, "  ...")
}

/// A description in which `#` begins no directive.
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}
