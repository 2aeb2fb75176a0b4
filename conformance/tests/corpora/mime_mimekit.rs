//! `mime-mimekit`: mailboxes with the offsets, octets and lines of every MIME part of every message.

use postroad_core::limits::Limits;
use postroad_core::message::structure::{Part, Scanner, Structure};
use serde_json::Value;

use crate::suite::{Suite, string};

#[test]
fn mime_mimekit() {
    let Some(mut suite) = Suite::open("mime-mimekit") else {
        return;
    };
    for file in suite.files() {
        // NAME.unix-offsets.json and NAME.dos-offsets.json are about NAME.mbox.txt with either line end.
        let Some((name, form)) =
            file.strip_suffix("-offsets.json").and_then(|it| it.rsplit_once('.'))
        else {
            continue;
        };
        let mut mailbox = suite.text(&format!("{name}.mbox.txt")).replace("\r\n", "\n");
        if form == "dos" {
            mailbox = mailbox.replace('\n', "\r\n");
        }
        let messages: Value = serde_json::from_str(&suite.text(&file)).expect("JSON");
        for (number, message) in messages.as_array().expect("messages").iter().enumerate() {
            let (start, end) = (number_of(message, "beginOffset"), number_of(message, "endOffset"));
            let mut scanner = Scanner::new(&Limits::DEFAULT);
            scanner.push(
                &mailbox.as_bytes()[usize::try_from(start).expect("an offset in memory")
                    ..usize::try_from(end).expect("an offset in memory")],
            );
            let id = format!("{name}.{form}/{number}");
            compare(&mut suite, &id, &scanner.finish(), 0, start, &message["body"]);
        }
    }
    suite.finish();
}

/// Judges a part and, each as a case of its own, those inside it.
fn compare(
    suite: &mut Suite,
    id: &str,
    structure: &Structure,
    place: usize,
    start: u64,
    expected: &Value,
) {
    let part = &structure.parts[place];
    let none = Vec::new();
    let inside = expected["children"].as_array().unwrap_or(&none);
    let children: Vec<_> = structure.children(place).collect();
    let outcome = if children.len() == inside.len() {
        compare_part(part, start, expected)
    } else {
        Err(format!("{} parts inside, not {}", children.len(), inside.len()))
    };
    suite.case(id, outcome);
    for (number, ((place, _), expected)) in children.into_iter().zip(inside).enumerate() {
        compare(suite, &format!("{id}.{}", number + 1), structure, place, start, expected);
    }
}

fn compare_part(part: &Part, start: u64, expected: &Value) -> Result<(), String> {
    let kind = [&part.content_type.main[..], b"/", &part.content_type.subtype].concat();
    if !kind.eq_ignore_ascii_case(string(expected, "mimeType").as_bytes()) {
        return Err(format!("the type is {}", kind.escape_ascii()));
    }
    for (name, found) in [
        ("beginOffset", start + part.header_start),
        ("headersEndOffset", start + part.body_start),
        ("endOffset", start + part.body_end),
        ("octets", part.octets()),
        ("lines", part.lines),
    ] {
        let expected = number_of(expected, name);
        if found != expected {
            return Err(format!("{name} is {found}, not {expected}"));
        }
    }
    Ok(())
}

fn number_of(object: &Value, name: &str) -> u64 {
    object[name].as_u64().unwrap_or_else(|| panic!("{name} of {object}"))
}
