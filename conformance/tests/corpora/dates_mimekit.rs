//! `dates-mimekit`: dates as they occur, and what MimeKit makes of them.

use postroad_core::message::date::DateTime;

use crate::suite::{Suite, json_lines, string};

#[test]
fn dates_mimekit() {
    let Some(mut suite) = Suite::open("dates-mimekit") else {
        return;
    };
    for file in suite.files().iter().filter(|file| file.ends_with(".jsonl")) {
        for case in json_lines(&suite.text(file)) {
            let found = DateTime::parse(string(&case, "input").as_bytes());
            let expected = DateTime::parse(string(&case, "mimekit").as_bytes());
            let outcome = if found == expected {
                Ok(())
            } else {
                Err(format!("{found:?}, not {expected:?}"))
            };
            suite.case(string(&case, "id"), outcome);
        }
    }
    suite.finish();
}
