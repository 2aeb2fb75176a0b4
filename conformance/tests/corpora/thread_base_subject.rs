//! `thread-base-subject`: subjects and what is left of them without what replies and forwarding add.

use postroad_core::message::subject::Subject;

use crate::suite::{Suite, json_lines, string};

#[test]
fn thread_base_subject() {
    let Some(mut suite) = Suite::open("thread-base-subject") else { return };
    for case in json_lines(&suite.text("subjects.jsonl")) {
        let found = Subject::parse(string(&case, "subject").as_bytes());
        let is_reply = case["is_reply"].as_bool().unwrap_or(found.is_reply);
        let outcome = if (&found.base[..], found.is_reply) == (string(&case, "base"), is_reply) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        };
        suite.case(string(&case, "id"), outcome);
    }
    suite.finish();
}
