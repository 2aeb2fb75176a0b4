//! `imap-codec-trace`: command lines of RFC 3501 and others. Every one must be understood.

use postroad_core::buffer::Inbox;
use postroad_core::imap::{Assembler, Bounds, Step};
use postroad_core::limits::Limits;

use crate::suite::{Suite, json_lines, string};

#[test]
fn imap_codec_trace() {
    let Some(mut suite) = Suite::open("imap-codec-trace") else { return };
    for case in json_lines(&suite.text("lines.jsonl")) {
        let octets = string(&case, "bytes");
        let lines = match string(&case, "kind") {
            "command" => vec![octets.to_owned()],
            "trace" => commands(octets),
            _ => continue,
        };
        if !lines.is_empty() {
            suite.case(string(&case, "id"), lines.iter().try_for_each(|line| understood(line)));
        }
    }
    suite.finish();
}

/// The client's lines of a trace.
fn commands(trace: &str) -> Vec<String> {
    trace
        .lines()
        .filter_map(|line| line.strip_prefix("C: "))
        .map(|line| format!("{line}\r\n"))
        .collect()
}

fn understood(line: &str) -> Result<(), String> {
    let mut assembler = Assembler::new(Bounds::after_login(&Limits::DEFAULT));
    let mut inbox = Inbox::default();
    inbox.push(line.as_bytes());
    match assembler.poll(&mut inbox) {
        Some(Step::Command(..)) if inbox.is_empty() => Ok(()),
        other => Err(format!("{line:?} is {other:?}")),
    }
}
