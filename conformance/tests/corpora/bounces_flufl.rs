//! `bounces-flufl`: bounces in many forms, and the recipients who failed for good or for now.

use std::collections::BTreeSet;

use postroad_core::limits::Limits;
use postroad_core::message::dsn::{Action, Bounced, read};
use serde_json::Value;

use crate::suite::Suite;

#[test]
fn bounces_flufl() {
    let Some(mut suite) = Suite::open("bounces-flufl") else {
        return;
    };
    let expected: Value = serde_json::from_str(&suite.text("expected.json")).expect("JSON");
    for (file, expected) in expected.as_object().expect("bounces by file") {
        let outcome = judge(&suite.read(file), expected);
        suite.case(file, outcome);
    }
    suite.finish();
}

fn judge(message: &[u8], expected: &Value) -> Result<(), String> {
    let recipients = read(message, &Limits::DEFAULT).map_or(Vec::new(), |it| it.recipients);
    for (name, action) in [("permanent", Action::Failed), ("temporary", Action::Delayed)] {
        let none = Vec::new();
        let expected = expected[name].as_array().unwrap_or(&none).iter();
        let expected = expected.filter_map(Value::as_str).map(str::to_lowercase);
        let expected: BTreeSet<String> = expected.collect();
        let of_action = || recipients.iter().filter(|recipient| recipient.action == action);
        let found: BTreeSet<String> = of_action().filter_map(|it| known(it, &expected)).collect();
        if found != expected {
            return Err(format!("{name}: {found:?}, not {expected:?}"));
        }
    }
    Ok(())
}

/// The recipient's address: the sender's or, if that is not what is expected, the host's.
fn known(recipient: &Bounced, expected: &BTreeSet<String>) -> Option<String> {
    let both = [&recipient.original, &recipient.address];
    let mut both = both.into_iter().flatten().map(|address| address.to_lowercase());
    let original = both.next()?;
    if expected.contains(&original) {
        Some(original)
    } else {
        Some(both.next().unwrap_or(original))
    }
}
