//! What Postroad's machines cost, in instructions, and what the queue costs in memory.
//!
//! Time differs from run to run; instructions, counted by valgrind's callgrind, hardly do. Each case
//! runs in a process of its own at two sizes, and what the larger needs more, divided by how much
//! larger it is, is the cost of one unit without what it costs to begin.
//!
//! `cargo bench -p postroad-conformance` prints the table. The exit status is 1 if a cost grows
//! faster than it may, 2 if nothing could be counted.

mod backlog;
mod callgrind;
mod cases;
mod growth;
mod queue;

use callgrind::{Missing, cost, count};
use std::process::ExitCode;

/// Octets of content at the two sizes that are compared.
const CONTENT: (u64, u64) = (1 << 20, 3 << 20);
/// Messages in the mailbox that is fetched from.
const MESSAGES: u64 = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, case, size] = &arguments[..]
        && flag == callgrind::FLAG
    {
        return match size.parse() {
            Ok(size) if cases::run(case, size) => ExitCode::SUCCESS,
            _ => ExitCode::from(2),
        };
    }
    match figures() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(missing) => {
            eprintln!("nothing can be measured: {missing}");
            ExitCode::from(2)
        }
    }
}

/// Prints every figure; whether all grow as they may.
fn figures() -> Result<bool, Missing> {
    content()?;
    transactions()?;
    fetches()?;
    let backlog = backlog::table()?;
    Ok(growth::table()? && backlog)
}

/// The way of content through the SMTP server, beside a scan of the same octets for their line ends.
fn content() -> Result<(), Missing> {
    println!("instructions per content octet");
    let scan = cost("scan-lines", CONTENT)?;
    let absent = cost("scan-absent", CONTENT)?;
    let data = cost("smtp-data", CONTENT)?;
    let chunks = cost("smtp-bdat", CONTENT)?;
    println!("  memchr, for an octet that is not there  {absent:8.3}");
    println!("  memchr, for each line's end             {scan:8.3}");
    println!("  smtp::Server, DATA                      {data:8.3}");
    println!("  smtp::Server, BDAT                      {chunks:8.3}");
    println!("  text::Search, beside the structure      {:8.3}", cost("search-text", CONTENT)?);
    println!("  summary::Scanner                        {:8.3}", cost("summary", CONTENT)?);
    println!("  speed beside a scan for each line's end (aim: 0.25)");
    println!("    DATA {:.2}, BDAT {:.2}", scan / data, scan / chunks);
    println!("  speed beside a scan that finds nothing");
    println!("    DATA {:.2}, BDAT {:.2}", absent / data, absent / chunks);
    Ok(())
}

fn transactions() -> Result<(), Missing> {
    let cost = cost("smtp-transactions", (100, 400))?;
    println!("\ninstructions per transaction of the SMTP server");
    println!("  MAIL, RCPT, DATA and 400 octets, pipelined {cost:8.0}");
    Ok(())
}

fn fetches() -> Result<(), Missing> {
    println!("\ninstructions per message of FETCH, {MESSAGES} messages in the memory store");
    let base = count("fetch-nothing", MESSAGES)?;
    for (case, items) in [
        ("fetch-flags", "FLAGS"),
        ("fetch-envelope", "ENVELOPE"),
        ("fetch-all", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"),
        ("fetch-deflated", "the same, compressed"),
    ] {
        let cost = count(case, MESSAGES)?.saturating_sub(base) / MESSAGES;
        println!("  {items:40} {cost:8}");
    }
    Ok(())
}
