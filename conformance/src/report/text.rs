//! For a person: failures as they come, then what was skipped and why, then the sum.

use super::{Case, Counts, Outcome, write_table};
use std::collections::BTreeMap;
use std::io::{self, Write};

const BOLD_RED: (&str, &str) = ("\x1b[1;31m", "\x1b[0m");

pub(super) fn begin(out: &mut dyn Write, seed: Option<u64>) -> io::Result<()> {
    match seed {
        Some(seed) => writeln!(out, "seed {seed}"),
        None => Ok(()),
    }
}

pub(super) fn case(out: &mut dyn Write, case: &Case, colour: bool) -> io::Result<()> {
    let (on, off) = if colour { BOLD_RED } else { ("", "") };
    match &case.outcome {
        Outcome::Passed | Outcome::Skipped(_) => Ok(()),
        Outcome::Unreadable(why) => writeln!(out, "\n{on}{why}{off}"),
        Outcome::Failed(failed) => {
            let mut table = String::new();
            write_table(&mut table, &failed.rows, colour).map_err(io::Error::other)?;
            writeln!(out, "\n{on}{}:{}: {}{off}", case.file, failed.line, failed.problem)?;
            writeln!(out, "{}\n{}\n", case.title, failed.how)?;
            writeln!(out, "{table}\nagain: {}", failed.again)
        }
    }
}

pub(super) fn end(out: &mut dyn Write, cases: &[Case], counts: Counts) -> io::Result<()> {
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        if let Outcome::Skipped(why) = &case.outcome {
            *skipped.entry(why).or_default() += 1;
        }
    }
    if counts.failed + counts.unreadable + skipped.len() > 0 {
        writeln!(out)?;
    }
    for (why, count) in skipped {
        writeln!(out, "{count:>4} skipped: {why}")?;
    }
    writeln!(out, "{counts}")
}
