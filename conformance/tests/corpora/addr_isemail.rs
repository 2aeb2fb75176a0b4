//! `addr-isemail`: addresses, each with what RFC 5321 and RFC 5322 say of it.

use postroad_core::address::{ForwardPath, list};

use crate::suite::{Suite, json_lines, string};

#[test]
fn addr_isemail() {
    let Some(mut suite) = Suite::open("addr-isemail") else {
        return;
    };
    for case in json_lines(&suite.text("tests.jsonl")) {
        let address: String = string(&case, "address").chars().map(control).collect();
        let outcome = judge(&address, string(&case, "category"));
        suite.case(string(&case, "id"), outcome);
    }
    suite.finish();
}

/// The suite writes control characters as their pictures.
fn control(c: char) -> char {
    match u32::from(c) {
        picture @ 0x2400..=0x241f => char::from_u32(picture - 0x2400).unwrap_or(c),
        0x2421 => '\x7f',
        _ => c,
    }
}

fn judge(address: &str, category: &str) -> Result<(), String> {
    let path = format!("<{address}>");
    let smtp = match ForwardPath::parse(path.as_bytes(), true) {
        Ok((_, [])) => Ok(()),
        Ok(_) => Err("something stands behind the path".to_owned()),
        Err(invalid) => Err(invalid.to_string()),
    };
    let header = match list::parse_strict(address.as_bytes()) {
        Ok(items) if matches!(*items, [list::Item::Mailbox { .. }]) => Ok(()),
        Ok(_) => Err("not one mailbox".to_owned()),
        Err(invalid) => Err(invalid.to_string()),
    };
    let (smtp_takes, header_takes) = match category {
        "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_RFC5321" | "ISEMAIL_DNSWARN" => (true, true),
        "ISEMAIL_CFWS" | "ISEMAIL_DEPREC" | "ISEMAIL_RFC5322" => (false, true),
        "ISEMAIL_ERR" => (false, false),
        _ => return Err(format!("unknown category {category}")),
    };
    // What header fields may hold at most is checked with SMTP's rules for domains.
    let header = if header_takes {
        header
    } else {
        list::mailboxes(address.as_bytes()).map(drop).map_err(|e| e.to_string())
    };
    verdict("SMTP", smtp_takes, smtp)?;
    verdict("a header field", header_takes, header)
}

fn verdict(who: &str, takes: bool, outcome: Result<(), String>) -> Result<(), String> {
    match (takes, outcome) {
        (true, Err(why)) => Err(format!("{who} should take it, but: {why}")),
        (false, Ok(())) => Err(format!("{who} should refuse it")),
        _ => Ok(()),
    }
}
