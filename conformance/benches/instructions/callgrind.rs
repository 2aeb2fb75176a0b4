//! Runs a case of this program under valgrind and reads what it has counted.

use std::fmt;
use std::process::Command;

/// The argument that makes this program run one case.
pub(crate) const FLAG: &str = "--case";

/// Why nothing could be counted.
pub(crate) enum Missing {
    /// valgrind is not there.
    Valgrind,
    /// It ran, and said this.
    Count(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valgrind => f.write_str(
                "valgrind is not installed; it counts the instructions (Debian: apt-get install valgrind)",
            ),
            Self::Count(said) => write!(f, "valgrind gave no count:\n{said}"),
        }
    }
}

/// The instructions that `case` takes at `size`, from the program's start to its end.
pub(crate) fn count(case: &str, size: u64) -> Result<u64, Missing> {
    let options = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    said(options, "Collected :", case, size)
}

/// The octets of the heap that `case` holds at `size`, when they are the most.
pub(crate) fn heap(case: &str, size: u64) -> Result<u64, Missing> {
    said(["--tool=dhat", "--dhat-out-file=/dev/null"], "At t-gmax:", case, size)
}

/// Runs `case` under valgrind; the number that it says after `mark`.
fn said(options: [&str; 2], mark: &str, case: &str, size: u64) -> Result<u64, Missing> {
    let program = std::env::current_exe().map_err(|error| Missing::Count(error.to_string()))?;
    let output = Command::new("valgrind")
        .args(options)
        .arg(program)
        .args([FLAG, case, &size.to_string()])
        .output()
        .map_err(|_| Missing::Valgrind)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let number = said
        .lines()
        .find_map(|line| line.split_once(mark))
        .and_then(|(_, rest)| rest.split_whitespace().next()?.replace(',', "").parse().ok());
    match number {
        Some(number) if output.status.success() => Ok(number),
        _ => Err(Missing::Count(said)),
    }
}

/// The instructions of one unit of `case`, by the difference of two sizes.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2⁵³")]
pub(crate) fn cost(case: &str, (small, large): (u64, u64)) -> Result<f64, Missing> {
    let more = count(case, large)?.saturating_sub(count(case, small)?);
    Ok(more as f64 / (large - small) as f64)
}
