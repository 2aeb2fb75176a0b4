//! `mailkit-imap`: what MailKit said to servers of many makers. Every command must be understood.
//!
//! Where a command needs an extension that is not announced, it is listed with that reason.

use std::collections::BTreeMap;

use postroad_core::buffer::Inbox;
use postroad_core::imap::{Assembler, Bounds, Step};
use postroad_core::limits::Limits;
use serde_json::Value;

use crate::suite::{Suite, json_lines, string};

#[test]
fn mailkit_imap() {
    let Some(mut suite) = Suite::open("mailkit-imap") else { return };
    let mut verdicts = BTreeMap::new();
    for transcript in json_lines(&suite.text("transcripts.jsonl")) {
        replay(&transcript, &mut verdicts);
    }
    for (command, verdict) in verdicts {
        suite.case(&command, verdict);
    }
    suite.finish();
}

/// Says a client's side of a session to a server's assembler. Commands go by their text, the tag left out: many occur
/// in many sessions.
fn replay(transcript: &Value, verdicts: &mut BTreeMap<String, Result<(), String>>) {
    let mut assembler = Assembler::new(Bounds::after_login(&Limits::DEFAULT));
    let mut inbox = Inbox::default();
    let mut command = String::new();
    let mut awaits_literal = false;
    let steps = transcript["steps"].as_array().into_iter().flatten();
    for octets in steps.map(|step| string(step, "C")).filter(|octets| !octets.is_empty()) {
        let is_command = octets.starts_with("A0") && !awaits_literal;
        if is_command {
            let (_, text) = octets.split_once(' ').expect("a command has a tag");
            command = text.trim_end().escape_debug().to_string();
        } else if !awaits_literal {
            assembler.expect_line(Limits::DEFAULT.sasl_response);
        }
        inbox.push(octets.as_bytes());
        awaits_literal = false;
        while let Some(step) = assembler.poll(&mut inbox) {
            let verdict = match step {
                Step::Command(..) | Step::Line(_) => Ok(()),
                Step::Continue => {
                    awaits_literal = true;
                    continue;
                }
                Step::Bad(bad) => Err(bad.text.into_owned()),
                other => Err(format!("{other:?}")),
            };
            let before = verdicts.insert(command.clone(), verdict.clone());
            assert!(before.is_none_or(|before| before == verdict), "{command}");
        }
        assert!(inbox.is_empty() || awaits_literal, "{command}: {octets:?} is not enough");
    }
}
