//! `JUnit`'s XML: one `testsuite`, and a `testcase` for each transcript.

use super::{Case, Outcome};
use std::io::{self, Write};
use std::time::Duration;

pub(super) fn write(
    out: &mut dyn Write,
    name: &str,
    seed: Option<u64>,
    cases: &[Case],
) -> io::Result<()> {
    let count =
        |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count();
    let failures = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let errors = count(|outcome| matches!(outcome, Outcome::Unreadable(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let took: Duration = cases.iter().map(|case| case.took).sum();
    let (name, all, took) = (attribute(name), cases.len(), took.as_secs_f64());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites>\n<testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{took:.3}\">"
    )?;
    if let Some(seed) = seed {
        writeln!(out, "<properties><property name=\"seed\" value=\"{seed}\"/></properties>")?;
    }
    cases.iter().try_for_each(|it| case(out, it))?;
    writeln!(out, "</testsuite>\n</testsuites>")
}

fn case(out: &mut dyn Write, case: &Case) -> io::Result<()> {
    let (file, title) = (attribute(&case.file), attribute(&case.title));
    let took = case.took.as_secs_f64();
    write!(
        out,
        "<testcase classname=\"{file}\" name=\"{title}\" file=\"{file}\" time=\"{took:.3}\""
    )?;
    match &case.outcome {
        Outcome::Passed => writeln!(out, "/>"),
        Outcome::Skipped(why) => {
            writeln!(out, "><skipped message=\"{}\"/></testcase>", attribute(why))
        }
        Outcome::Unreadable(why) => {
            writeln!(out, "><error message=\"{}\"/></testcase>", attribute(why))
        }
        Outcome::Failed(failed) => {
            let message = attribute(&format!("line {}: {}", failed.line, failed.problem));
            let text = text(&failed.to_string());
            writeln!(out, "><failure message=\"{message}\">{text}</failure></testcase>")
        }
    }
}

/// `text` as XML has it between tags; control characters, which XML has not, as `U+FFFD`.
fn text(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(letter),
            _ if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => {
                xml.push('\u{FFFD}');
            }
            _ => xml.push(letter),
        }
    }
    xml
}

/// `text` as XML has it in quotes.
fn attribute(value: &str) -> String {
    text(value).replace('\n', "&#10;").replace('\t', "&#9;")
}
