//! What a message costs the queue, in instructions and in memory, beside many that wait.

use crate::callgrind::{Missing, cost, heap};

/// Messages that wait, and the case that sends others past them.
const BACKLOGS: [(u64, &str); 3] =
    [(1_000, "queue-1000"), (10_000, "queue-10000"), (100_000, "queue-100000")];
/// Messages that are sent past them at the two sizes that are compared.
const SENT: (u64, u64) = (3_000, 9_000);
/// By how much the cost may grow from the first backlog to the last one: ordered maps are searched in
/// the logarithm of their size, and log 100,000 ÷ log 1,000 = 1.67.
const GROWTH: f64 = 1.6;
/// Messages in the queue whose memory is measured, at two sizes.
const WAITING: (u64, u64) = (10_000, 30_000);
/// Octets that a message may take.
const OCTETS: u64 = 400;

/// Prints the figures; whether they are as they may be.
pub(crate) fn table() -> Result<bool, Missing> {
    println!(
        "\ninstructions per message scheduled and finished by queue::Queue, beside others that wait"
    );
    let mut first = None;
    let mut ratio = 1.0;
    for (waiting, case) in BACKLOGS {
        let cost = cost(case, SENT)?;
        ratio = cost / *first.get_or_insert(cost);
        println!("  {waiting:7} wait {cost:8.0}  × {ratio:.2}");
    }
    let steady = ratio <= GROWTH;
    let verdict = if steady { "no more than its logarithm" } else { "GROWS FASTER" };
    println!("  the last × may be {GROWTH}: {verdict}");
    let (small, large) = WAITING;
    let octets = heap("queue-wait", large)?.saturating_sub(heap("queue-wait", small)?);
    let octets = octets / (large - small);
    let slim = octets <= OCTETS;
    let verdict = if slim { "within it" } else { "TOO MUCH" };
    println!("octets of the heap per message that waits {octets}, limit {OCTETS}: {verdict}");
    Ok(steady && slim)
}
