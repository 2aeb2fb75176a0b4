//! `james-mpt-smtp`: dialogues with a server, some with commands injected behind STARTTLS.
//!
//! What is compared of a reply is its code: the words and the extensions are each server's own.

use crate::office::Office;
use crate::suite::Suite;

#[test]
fn james_mpt_smtp() {
    let Some(mut suite) = Suite::open("james-mpt-smtp") else { return };
    for file in suite.files().iter().filter(|file| file.ends_with(".test")) {
        let outcome = replay(&suite.text(file));
        suite.case(file, outcome);
    }
    suite.finish();
}

fn replay(script: &str) -> Result<(), String> {
    let users = [("bob@mydomain.tld", None), ("starttls@mydomain.tld", None)];
    let office = Office::new("mydomain.tld", &users);
    let mut connection = office.transfer();
    let mut lines = script.lines().filter(|line| !line.is_empty()).peekable();
    while lines.peek().is_some() {
        let mut burst = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("C:")) {
            let text = line.get(3..).unwrap_or_default().replace("\\r\\n", "\r\n");
            burst.push_str(&text);
            if !text.ends_with("\r\n") {
                burst.push_str("\r\n");
            }
        }
        connection.send(burst.as_bytes(), usize::MAX);
        let mut expected: Vec<&str> = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("S:")) {
            // `250.*` stands for the first line of EHLO's reply, whose others follow.
            if line.as_bytes().get(6) == Some(&b' ') {
                expected.extend(line.get(3..6));
            }
        }
        let codes = connection.codes();
        if codes != expected {
            return Err(format!("{codes:?}, not {expected:?}, to {burst:?}"));
        }
    }
    Ok(())
}
