//! `bounces-sisimai`: bounces of many mail systems and providers, and how many recipients failed, with which status, and
//! whether for good.
//!
//! The addresses themselves are not part of the expectations, but how many there are is. Names of reasons are the
//! suite's own choice and are not judged; nor are statuses like 5.0.9xx, which stand for such a name where the bounce has
//! no code, unless there is an SMTP reply code; nor is `hardbounce` where it is false for a status of class 5, as that
//! depends on the name alone.

use std::collections::BTreeMap;

use postroad_core::limits::Limits;
use postroad_core::message::dsn::{Bounced, Kind, read};
use serde_json::Value;

use crate::suite::{Suite, say, string};

/// What is judged of each bounce.
const ASPECTS: [(&str, Judge); 3] = [("addresses", addresses), ("status", status), ("hard", hard)];

type Judge = fn(&[Bounced], &[Value]) -> Result<(), String>;

#[test]
fn bounces_sisimai() {
    let Some(mut suite) = Suite::open("bounces-sisimai") else {
        return;
    };
    let expected: Value = serde_json::from_str(&suite.text("expected.json")).expect("JSON");
    let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (file, expected) in expected.as_object().expect("bounces by file") {
        let bounce = read(&suite.read(file), &Limits::DEFAULT);
        let mut judged = |aspect: &'static str, outcome: Result<(), String>| {
            let (agreed, cases) = tally.entry(aspect).or_default();
            *agreed += usize::from(outcome.is_ok());
            *cases += 1;
            suite.case(&format!("{file}#{aspect}"), outcome);
        };
        let none = |bounce: &Option<_>| match bounce {
            None => Ok(()),
            Some(_) => Err("taken for a bounce".to_owned()),
        };
        let Some(expected) = expected.as_array() else {
            // Nothing is said of these here; broken ones may be anything.
            if file.starts_with("not/") {
                judged("none", none(&bounce));
            } else if file.starts_with("bsd/") && !file.contains("rfc3834") {
                let found = bounce.is_some_and(|bounce| !bounce.recipients.is_empty());
                judged("found", found.then_some(()).ok_or_else(|| "not found".to_owned()));
            }
            continue;
        };
        let is_other = |case: &Value| ["feedback", "vacation"].contains(&string(case, "reason"));
        if expected.iter().all(is_other) {
            judged("none", none(&bounce));
            continue;
        }
        let recipients = bounce.map_or(Vec::new(), |bounce| bounce.recipients);
        for (aspect, judge) in ASPECTS {
            judged(aspect, judge(&recipients, expected));
        }
    }
    for (aspect, (agreed, cases)) in tally {
        say(&format!("bounces-sisimai: {aspect}: {agreed} of {cases} agree"));
    }
    suite.finish();
}

fn addresses(recipients: &[Bounced], expected: &[Value]) -> Result<(), String> {
    let found = recipients.iter().filter_map(|recipient| recipient.address.as_deref());
    let found: Vec<_> = found.collect();
    if found.len() == expected.len() {
        Ok(())
    } else {
        Err(format!("{found:?}, not {} addresses", expected.len()))
    }
}

fn status(recipients: &[Bounced], expected: &[Value]) -> Result<(), String> {
    let mut expected: Vec<_> = expected.iter().map(class).collect();
    if expected.contains(&None) && !recipients.is_empty() {
        return Ok(());
    }
    let mut found: Vec<_> = recipients
        .iter()
        .map(|recipient| recipient.status.map(|status| char::from(b'0' + status.class)))
        .collect();
    found.sort();
    expected.sort();
    if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) }
}

/// The class that a code in the bounce has; `None` if it has no code.
fn class(case: &Value) -> Option<char> {
    let (status, reply) = (string(case, "status"), string(case, "replycode"));
    let is_pseudo = status.rsplit('.').next().is_some_and(|detail| detail.starts_with('9'));
    let code = if is_pseudo && status.len() > "5.0.9".len() { reply } else { status };
    code.chars().next()
}

fn hard(recipients: &[Bounced], expected: &[Value]) -> Result<(), String> {
    let kinds: Vec<_> = recipients.iter().map(|recipient| recipient.kind).collect();
    for case in expected {
        let kind = match (case["hardbounce"].as_bool(), class(case)) {
            (Some(true), _) => Kind::Hard,
            (_, Some('2')) => Kind::Success,
            (_, Some('4')) => Kind::Soft,
            _ => continue,
        };
        if !kinds.contains(&kind) {
            return Err(format!("{kinds:?}, not {kind:?}"));
        }
    }
    if kinds.is_empty() { Err("nothing found".to_owned()) } else { Ok(()) }
}
