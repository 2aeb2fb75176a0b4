//! What came of the scripts.

use core::fmt;
use serde::Serialize;

/// What came of one script.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// All went as the script says.
    Passed,
    /// Something went otherwise.
    Failed {
        /// What, in the order of the script; never empty.
        failures: Vec<Failure>,
    },
    /// The script was not run, or is no script.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// What went otherwise than a script says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Failure {
    /// The line of the script, from 1; 0 while its state was prepared.
    pub line: usize,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub seen: String,
    /// The dialogue since the command was given, `C:` and `S:` with the connection's number.
    pub dialogue: Vec<String>,
}

/// The most failures of one script that are reported.
const FAILURES: usize = 200;

impl Outcome {
    /// Failed with `failures`, or passed if there are none.
    #[must_use]
    pub fn of(mut failures: Vec<Failure>) -> Self {
        failures.truncate(FAILURES);
        if failures.is_empty() { Self::Passed } else { Self::Failed { failures } }
    }
}

impl Failure {
    /// A failure, without the dialogue that led to it.
    pub fn new(line: usize, expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { line, expected: expected.into(), seen: seen.into(), dialogue: Vec::new() }
    }
}

/// One script and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Case {
    /// The script's path in its folder.
    pub script: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a folder of scripts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// Every script, in the order of their names.
    pub cases: Vec<Case>,
}

impl Report {
    /// How many passed, failed and were skipped.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| {
            self.cases.iter().filter(|case| wanted(&case.outcome)).count()
        };
        (
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Failed { .. })),
            count(|outcome| matches!(outcome, Outcome::Skipped { .. })),
        )
    }

    /// The report as one JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        let (passed, failed, skipped) = self.counts();
        let value = serde_json::json!({
            "passed": passed, "failed": failed, "skipped": skipped, "cases": self.cases,
        });
        format!("{value:#}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Case { script, outcome } in &self.cases {
            match outcome {
                Outcome::Passed => writeln!(f, "passed   {script}")?,
                Outcome::Skipped { reason } => writeln!(f, "skipped  {script}: {reason}")?,
                Outcome::Failed { failures } => {
                    for failure in failures {
                        writeln!(f, "FAILED   {script}:{}", failure.line)?;
                        writeln!(f, "    expected  {}", failure.expected)?;
                        writeln!(f, "    seen      {}", failure.seen)?;
                        for line in &failure.dialogue {
                            writeln!(f, "    | {line}")?;
                        }
                    }
                }
            }
        }
        let (passed, failed, skipped) = self.counts();
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
