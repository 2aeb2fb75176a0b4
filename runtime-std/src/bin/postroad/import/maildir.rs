//! Importing a Maildir with its folders.

use super::Tally;
use super::filer::Filer;
use super::marks::Marks;
use indicatif::ProgressBar;
use postroad_core::encoding::utf7;
use postroad_core::limits::Limits;
use postroad_core::store::{DELIMITER, MailboxName};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const BLOCK: usize = 64 * 1024;
/// Levels of folders within folders.
const DEPTH: usize = 20;

/// A folder of a Maildir, and where its messages go.
pub struct Part {
    folder: PathBuf,
    mailbox: MailboxName,
    /// Message files, by their names; `true` if they stand in `cur`.
    files: Vec<(OsString, bool)>,
}

impl Part {
    /// How many messages it has.
    pub fn count(&self) -> u64 {
        self.files.len() as u64
    }
}

/// The folders of the Maildir `source`; with `below`, they go there.
///
/// # Errors
/// Says in words why it is no Maildir, or which folder can't become a mailbox.
pub fn parts(
    source: &Path,
    below: Option<&MailboxName>,
    limits: &Limits,
) -> Result<Vec<Part>, String> {
    let mut folders = Vec::new();
    gather(source, "", 0, &mut folders).map_err(|why| format!("{}: {why}", source.display()))?;
    if folders.is_empty() {
        return Err(format!("{}: this is no Maildir: it has no `cur`", source.display()));
    }
    let part = |(folder, name): (PathBuf, String)| {
        let name = match (below, &*name) {
            (None, "") => "INBOX".into(),
            (Some(below), "") => below.as_str().to_owned(),
            (Some(below), name) => format!("{}{DELIMITER}{name}", below.as_str()),
            (None, name) => name.to_owned(),
        };
        let about = |why: &dyn std::fmt::Display| format!("{}: {why}", folder.display());
        let mailbox = MailboxName::parse(&name, limits).map_err(|why| about(&why))?;
        let files = files(&folder).map_err(|why| about(&why))?;
        Ok(Part { folder, mailbox, files })
    };
    folders.into_iter().map(part).collect()
}

/// Finds the folders below one that is called `name`: those of Maildir++, `.Work.2026`, and those that
/// stand within each other.
fn gather(
    folder: &Path,
    name: &str,
    depth: usize,
    found: &mut Vec<(PathBuf, String)>,
) -> io::Result<()> {
    if folder.join("cur").is_dir() {
        found.push((folder.into(), name.to_owned()));
    }
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name();
        let is_part = ["cur", "new", "tmp"].iter().any(|part| own == *part);
        if is_part || !entry.file_type()?.is_dir() || depth == DEPTH {
            continue;
        }
        let bare = own.as_bytes().strip_prefix(b".").unwrap_or(own.as_bytes());
        let Ok(decoded) = utf7::decode(bare) else { continue };
        let name = if name.is_empty() { decoded } else { format!("{name}{DELIMITER}{decoded}") };
        gather(&entry.path(), &name, depth + 1, found)?;
    }
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<(OsString, bool)>> {
    let mut files = Vec::new();
    for (place, is_cur) in [("new", false), ("cur", true)] {
        match std::fs::read_dir(folder.join(place)) {
            Ok(entries) => {
                for entry in entries {
                    let name = entry?.file_name();
                    if !name.as_bytes().starts_with(b".") {
                        files.push((name, is_cur));
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    // As they came: the time is in front.
    files.sort();
    Ok(files)
}

/// Imports the messages of a folder that were not imported before.
///
/// # Errors
/// Says in words why no more can be done.
pub fn import(
    part: &Part,
    limits: &Limits,
    filer: &mut Filer,
    tally: &mut Tally,
    bar: &ProgressBar,
) -> Result<(), String> {
    let mut known = HashSet::new();
    let source = part.folder.as_os_str().as_bytes();
    filer.begin_source(source, &part.mailbox, |item| {
        known.insert(item);
    })?;
    let keywords = keywords(&part.folder, limits);
    for (name, is_cur) in &part.files {
        bar.inc(1);
        let item = key(name.as_bytes());
        if known.contains(&item) {
            tally.known += 1;
            continue;
        }
        let path = part.folder.join(if *is_cur { "cur" } else { "new" }).join(name);
        let marks = Marks::of_name(name.as_bytes(), &keywords);
        match begin(&path) {
            Ok((file, first, date)) => {
                let marks = Marks { date: Some(date), ..marks };
                if !pour(file, &first, &item, marks, filer)
                    .map_err(|why| format!("{}: {why}", path.display()))?
                {
                    tally.known += 1;
                }
            }
            Err(error) => tally.fail(bar, &path, &error),
        }
    }
    filer.end_source()
}

/// A message file, its first octets, and its date.
fn begin(path: &Path) -> io::Result<(File, Vec<u8>, i64)> {
    let mut file = File::open(path)?;
    let stat = file.metadata()?;
    if !stat.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut first = vec![0; BLOCK];
    let count = file.read(&mut first)?;
    first.truncate(count);
    Ok((file, first, stat.mtime()))
}

/// Files a message; whether it was not there already.
fn pour(
    mut file: File,
    first: &[u8],
    item: &str,
    marks: Marks,
    filer: &mut Filer,
) -> Result<bool, String> {
    filer.begin(item)?;
    filer.write(first)?;
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block).map_err(|error| error.to_string())? {
            0 => return filer.end(marks),
            count => filer.write(&block[..count])?,
        }
    }
}

/// What stays of a name whatever happens to flags, as a word of the journal.
fn key(name: &[u8]) -> String {
    let end = name.iter().position(|octet| matches!(octet, b',' | b':' | b';'));
    let key = OsString::from_vec(name[..end.unwrap_or(name.len())].to_vec());
    key.to_string_lossy().replace(['\n', '\r'], "?")
}

/// The keywords that the small letters stand for.
fn keywords(folder: &Path, limits: &Limits) -> Vec<String> {
    let text = std::fs::read(folder.join("dovecot-keywords")).unwrap_or_default();
    let mut table = vec![String::new(); limits.keywords];
    for line in String::from_utf8_lossy(&text).lines() {
        if let Some((place, name)) = line.split_once(' ')
            && let Some(slot) = place.parse().ok().and_then(|place: usize| table.get_mut(place))
        {
            name.clone_into(slot);
        }
    }
    table
}
