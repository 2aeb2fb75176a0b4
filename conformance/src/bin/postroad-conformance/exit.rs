//! How the program ends.

use postroad_conformance::report::Counts;
use std::process::ExitCode;

/// What the exit code says.
pub enum Exit {
    /// 0: all passed, or was done.
    Passed,
    /// 1: one went otherwise.
    Failed,
    /// 2: one could not be read, or the command is wrong.
    Wrong,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Passed => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Wrong => Self::from(2),
        }
    }
}

impl From<Counts> for Exit {
    fn from(counts: Counts) -> Self {
        match counts {
            Counts { unreadable: 1.., .. } => Self::Wrong,
            Counts { failed: 1.., .. } => Self::Failed,
            _ => Self::Passed,
        }
    }
}
