//! `mutf7-go-imap`: modified UTF-7, both ways.

use postroad_core::encoding::utf7;

use crate::suite::{Suite, json_lines, string};

#[test]
fn mutf7_go_imap() {
    let Some(mut suite) = Suite::open("mutf7-go-imap") else { return };
    for case in json_lines(&suite.text("mutf7.jsonl")) {
        let (input, output) = (string(&case, "in"), string(&case, "out"));
        let expected = (case["ok"] == true).then(|| output.to_owned());
        let actual = match string(&case, "op") {
            "decode" => utf7::decode(input.as_bytes()).ok(),
            "encode" if expected.is_none() => encode_octets(input),
            _ => Some(utf7::encode(input)),
        };
        let outcome =
            if actual == expected { Ok(()) } else { Err(format!("{input:?} becomes {actual:?}")) };
        suite.case(string(&case, "id"), outcome);
    }
    suite.finish();
}

/// What is not to be encoded are octets that are no UTF-8, one written as each character.
fn encode_octets(input: &str) -> Option<String> {
    let octets: Option<Vec<u8>> = input.chars().map(|c| u8::try_from(c).ok()).collect();
    String::from_utf8(octets?).ok().map(|name| utf7::encode(&name))
}
