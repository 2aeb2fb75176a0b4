//! One JSON object.

use super::{Case, Counts, Outcome};
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn write(
    out: &mut dyn Write,
    name: &str,
    seed: Option<u64>,
    (counts, cases): (Counts, &[Case]),
) -> io::Result<()> {
    let report = json!({
        "name": name,
        "seed": seed,
        "passed": counts.passed,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "unreadable": counts.unreadable,
        "cases": cases.iter().map(case).collect::<Vec<_>>(),
    });
    writeln!(out, "{report:#}")
}

fn case(case: &Case) -> Value {
    let (outcome, detail) = match &case.outcome {
        Outcome::Passed => ("passed", json!({})),
        Outcome::Skipped(why) => ("skipped", json!({ "reason": why })),
        Outcome::Unreadable(why) => ("unreadable", json!({ "reason": why })),
        Outcome::Failed(failed) => {
            let rows: Vec<Value> = failed
                .rows
                .iter()
                .map(
                    |row| json!({ "expected": row.expected, "seen": row.seen, "agree": row.agree }),
                )
                .collect();
            let detail = json!({
                "line": failed.line, "problem": failed.problem, "how": failed.how,
                "dialogue": rows, "again": failed.again,
            });
            ("failed", detail)
        }
    };
    let mut value = json!({
        "file": case.file, "title": case.title, "outcome": outcome, "seconds": case.took.as_secs_f64(),
    });
    if let (Value::Object(value), Value::Object(detail)) = (&mut value, detail) {
        value.extend(detail);
    }
    value
}
