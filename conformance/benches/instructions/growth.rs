//! Whether costs grow no faster than their input: what the second doubling adds is at most twice what
//! the first one added, give or take what caches and reallocation need.

use crate::callgrind::{Missing, count};

/// What the second doubling may add, in percent of twice the first.
const TOLERANCE: u64 = 125;

/// The cases, with the first of their three sizes.
const CASES: [(&str, u64, &str); 9] = [
    ("header-fields", 25_000, "header fields, scanned"),
    ("header-structure", 25_000, "header fields, in a structure"),
    ("mime-depth", 2_500, "MIME parts within each other"),
    ("mime-breadth", 2_500, "MIME parts beside each other"),
    ("recipients", 50_000, "RCPT that are accepted"),
    ("recipients-refused", 250_000, "RCPT, nearly all beyond the limit"),
    ("sequence-set", 5_000, "ranges in a sequence set"),
    ("long-line", 250_000, "octets of a line without end"),
    ("queue-stranded", 2_500, "queued messages, no host reached"),
];

/// Prints the table; whether every cost grows as it may.
pub(crate) fn table() -> Result<bool, Missing> {
    println!("\ngrowth: instructions for n, 2n and 4n");
    let mut linear = true;
    for (case, size, what) in CASES {
        let counts = [count(case, size)?, count(case, 2 * size)?, count(case, 4 * size)?];
        let first = counts[1].saturating_sub(counts[0]).max(1);
        let second = counts[2].saturating_sub(counts[1]);
        let percent = second * 100 / (2 * first);
        let good = percent <= TOLERANCE;
        linear &= good;
        let [one, two, four] = counts;
        let verdict = if good { "linear" } else { "GROWS FASTER" };
        println!("  {size:7} {what:34} {one:13} {two:13} {four:13}  {percent:3} %  {verdict}");
    }
    Ok(linear)
}
