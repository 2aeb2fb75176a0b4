//! Which clauses transcripts test, and which sections of the RFCs no transcript does.
//!
//! A transcript's first comment names its clauses. The sections that demand something of a server are in `sections/`: their
//! numbers and titles, and for IMAP4rev2 the sections elsewhere in which the same is demanded.

mod clause;
mod sections;

pub use clause::Clause;

use crate::folder::{read, transcripts};
use core::fmt::Write as _;
use sections::{RFCS, Rfc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A transcript as the index names it.
struct Entry {
    /// Its path in the folder, without `.txt`.
    name: String,
    /// Its first comment.
    title: String,
    clauses: Vec<Clause>,
}

/// The index of all transcripts in `folder`, in Markdown.
///
/// # Errors
/// If one can't be read: why, with the place.
pub fn index(folder: &Path) -> Result<String, String> {
    let files = transcripts(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut entries = Vec::new();
    for file in files {
        let title = read(&file.display().to_string(), &file)?.title().to_owned();
        let name = file.strip_prefix(folder).unwrap_or(&file).with_extension("");
        let clauses = Clause::all(&title);
        entries.push(Entry { name: name.display().to_string(), title, clauses });
    }
    Ok(page(&entries))
}

fn page(entries: &[Entry]) -> String {
    let mut page = String::from(
        "# The clauses and their transcripts\n\n\
         Written by `cargo run -p postroad-conformance -- index conformance/transcripts`; a test keeps it up to date. A clause is \
         what the first comment of a transcript names.\n\n",
    );
    let rfcs: BTreeSet<u32> =
        entries.iter().flat_map(|entry| entry.clauses.iter().map(|clause| clause.rfc)).collect();
    let _ = writeln!(page, "{} transcripts, {} RFCs.\n", entries.len(), rfcs.len());
    page.push_str(&coverage(entries));
    for rfc in rfcs {
        page.push_str(&chapter(rfc, entries));
    }
    page.push_str("## Of no RFC\n\nWhat real peers do, and what nobody should be able to do.\n\n");
    for entry in entries.iter().filter(|entry| entry.clauses.is_empty()) {
        let _ = writeln!(page, "- {}", link(entry));
    }
    page
}

/// The table of the RFCs whose sections are known: how many of them have a transcript, and which have none.
fn coverage(entries: &[Entry]) -> String {
    let mut text = String::from(
        "## Sections without a transcript\n\n| RFC | sections with one | sections without |\n|---|---|---|\n",
    );
    for rfc in RFCS.iter().map(Rfc::parse) {
        let is_covered = |number: &str, also: &[Clause]| {
            entries.iter().flat_map(|entry| &entry.clauses).any(|clause| {
                clause.covers(rfc.number, number)
                    || also.iter().any(|also| clause.covers(also.rfc, &also.section))
            })
        };
        let (with, without): (Vec<_>, Vec<_>) =
            rfc.sections.iter().partition(|section| is_covered(section.number, &section.also));
        let without: Vec<String> =
            without.iter().map(|it| format!("§{} {}", it.number, it.title)).collect();
        let all = rfc.sections.len();
        let (number, title) = (rfc.number, rfc.title);
        let _ = writeln!(
            text,
            "| {number} {title} | {} of {all} | {} |",
            with.len(),
            without.join("; ")
        );
    }
    text.push('\n');
    text
}

/// The clauses of one RFC, each with its transcripts.
fn chapter(rfc: u32, entries: &[Entry]) -> String {
    let known = RFCS.iter().map(Rfc::parse).find(|it| it.number == rfc);
    let title = known.as_ref().map_or(String::new(), |it| format!(" {}", it.title));
    let mut text = format!("## RFC {rfc}{title}\n\n");
    let mut sections: BTreeMap<Vec<u32>, (String, Vec<&Entry>)> = BTreeMap::new();
    for entry in entries {
        for clause in entry.clauses.iter().filter(|clause| clause.rfc == rfc) {
            let (_, entries) = sections
                .entry(clause.order())
                .or_insert_with(|| (clause.section.clone(), Vec::new()));
            if !entries.iter().any(|known| known.name == entry.name) {
                entries.push(entry);
            }
        }
    }
    for (number, entries) in sections.into_values() {
        let title = known.as_ref().and_then(|it| it.title_of(&number)).unwrap_or_default();
        let heading =
            if number.is_empty() { "as a whole".to_owned() } else { format!("§{number} {title}") };
        let _ = writeln!(text, "### {}\n", heading.trim_end());
        for entry in entries {
            let _ = writeln!(text, "- {}", link(entry));
        }
        text.push('\n');
    }
    text
}

fn link(entry: &Entry) -> String {
    format!("[{0}]({0}.txt): {1}", entry.name, entry.title.replace('<', "\\<").replace('*', "\\*"))
}
