//! Importing a Maildir with its folders.

use super::filer::Filer;
use super::keywords::Keywords;
use super::marks::Marks;
use super::{LINK, Tally, open_file};
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

/// A Maildir that is to be imported.
#[derive(Default)]
pub struct Maildir {
    parts: Vec<Part>,
    /// Folders that can't be imported, and why.
    failed: Vec<(PathBuf, String)>,
}

/// A folder of a Maildir, and where its messages go.
struct Part {
    folder: PathBuf,
    mailbox: MailboxName,
    /// Message files, by their names; `true` if they stand in `cur`.
    files: Vec<(OsString, bool)>,
}

/// Finds the folders of the Maildir `source`; with `below`, they go there.
///
/// # Errors
/// Says in words why it is no Maildir.
pub fn find(
    source: &Path,
    below: Option<&MailboxName>,
    limits: &Limits,
) -> Result<Maildir, String> {
    let mut search = Search { below, limits, found: Maildir::default() };
    search
        .look_into(source, &Ok(String::new()), 0)
        .map_err(|why| format!("{}: {why}", source.display()))?;
    let found = search.found;
    if found.parts.is_empty() && found.failed.is_empty() {
        return Err(format!("{}: this is no Maildir: it has no `cur`", source.display()));
    }
    Ok(found)
}

/// A folder's name in UTF-8, its levels separated by [`DELIMITER`]; or why it has none.
type Name = Result<String, String>;

/// The search for folders: those of Maildir++, `.Work.2026`, and those that stand within each other.
struct Search<'a> {
    below: Option<&'a MailboxName>,
    limits: &'a Limits,
    found: Maildir,
}

impl Search<'_> {
    /// Looks into a folder that is called `name`.
    fn look_into(&mut self, folder: &Path, name: &Name, depth: usize) -> io::Result<()> {
        if folder.join("cur").is_dir() {
            match self.part(folder, name) {
                Ok(part) => self.found.parts.push(part),
                Err(why) => self.fail(folder, why),
            }
        }
        let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (own, path, kind) = (entry.file_name(), entry.path(), entry.file_type()?);
            if ["cur", "new", "tmp"].iter().any(|part| own == *part) {
                continue;
            }
            if kind.is_symlink() && path.join("cur").is_dir() {
                self.fail(&path, LINK.into());
            } else if kind.is_dir() && depth == DEPTH {
                self.fail(&path, "it has too many levels".into());
            } else if kind.is_dir() {
                let own = |above| decoded(own.as_bytes()).map(|own| level(above, own));
                let name = name.clone().and_then(own);
                if let Err(error) = self.look_into(&path, &name, depth + 1) {
                    self.fail(&path, error.to_string());
                }
            }
        }
        Ok(())
    }

    fn part(&self, folder: &Path, name: &Name) -> Result<Part, String> {
        let name = match (self.below, &**name.as_ref()?) {
            (None, "") => "INBOX".into(),
            (Some(below), "") => below.as_str().to_owned(),
            (Some(below), name) => level(below.as_str().to_owned(), name.to_owned()),
            (None, name) => name.to_owned(),
        };
        let mailbox = MailboxName::parse(&name, self.limits).map_err(|why| why.to_string())?;
        let files = files(folder).map_err(|error| error.to_string())?;
        Ok(Part { folder: folder.into(), mailbox, files })
    }

    fn fail(&mut self, folder: &Path, why: String) {
        self.found.failed.push((folder.into(), why));
    }
}

/// The name of the folder `own` within the one that is called `above`.
fn level(above: String, own: String) -> String {
    if above.is_empty() { own } else { format!("{above}{DELIMITER}{own}") }
}

/// A folder's own name, with or without Maildir++'s dot in front: in modified UTF-7; or in UTF-8, as some
/// programs write it, if no `&` makes that doubtful.
fn decoded(own: &[u8]) -> Name {
    let own = own.strip_prefix(b".").unwrap_or(own);
    utf7::decode(own).or_else(|malformed| match std::str::from_utf8(own) {
        Ok(name) if !name.contains('&') => Ok(name.to_owned()),
        _ => Err(malformed.to_string()),
    })
}

fn files(folder: &Path) -> io::Result<Vec<(OsString, bool)>> {
    let mut files = Vec::new();
    for (place, is_cur) in [("new", false), ("cur", true)] {
        let path = folder.join(place);
        match path.symlink_metadata() {
            Ok(stat) if stat.is_dir() => {}
            Ok(_) => return Err(io::Error::other(format!("`{place}` is not a folder"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        }
        for entry in std::fs::read_dir(path)? {
            let name = entry?.file_name();
            if !name.as_bytes().starts_with(b".") {
                files.push((name, is_cur));
            }
        }
    }
    // As they came: the time is in front.
    files.sort();
    Ok(files)
}

impl Maildir {
    /// How many messages there are.
    pub fn count(&self) -> u64 {
        self.parts.iter().map(|part| part.files.len() as u64).sum()
    }

    /// Imports the messages that were not imported before.
    ///
    /// # Errors
    /// Says in words why no more can be done.
    pub fn import(
        &self,
        limits: &Limits,
        filer: &mut Filer,
        tally: &mut Tally,
    ) -> Result<(), String> {
        for (folder, why) in &self.failed {
            tally.fail(folder, why);
        }
        self.parts.iter().try_for_each(|part| part.import(limits, filer, tally))
    }
}

impl Part {
    fn import(&self, limits: &Limits, filer: &mut Filer, tally: &mut Tally) -> Result<(), String> {
        let mut known = HashSet::new();
        let source = self.folder.as_os_str().as_bytes();
        let begun = filer.begin_source(source, &self.mailbox, |item| {
            known.insert(item);
        });
        let mut fitting = match begun.and_then(|()| filer.keywords(&self.mailbox)) {
            Ok(there) => Keywords::new(there, limits),
            Err(why) => {
                tally.fail(&self.folder, &why);
                return Ok(());
            }
        };
        let table = self.folder.join("dovecot-keywords");
        let letters = keywords(&table, limits).unwrap_or_else(|error| {
            tally.fail(&table, &error);
            Vec::new()
        });
        for (name, is_cur) in &self.files {
            tally.bar.inc(1);
            let item = key(name.as_bytes());
            if known.contains(&item) {
                tally.known += 1;
                continue;
            }
            let path = self.folder.join(if *is_cur { "cur" } else { "new" }).join(name);
            let (file, first, date) = match begin(&path) {
                Ok(begun) => begun,
                Err(error) => {
                    tally.fail(&path, &error);
                    continue;
                }
            };
            let mut marks = Marks::of_name(name.as_bytes(), &letters);
            marks.date = Some(date);
            fitting.fit(&mut marks.keywords, |what| tally.fail(&table, &what));
            let about = |why: String| format!("{}: {why}", path.display());
            if !pour(file, &first, &item, marks, filer).map_err(about)? {
                tally.known += 1;
            }
        }
        filer.end_source()
    }
}

/// A message file, its first octets, and its date.
fn begin(path: &Path) -> io::Result<(File, Vec<u8>, i64)> {
    let mut file = open_file(path)?;
    let date = file.metadata()?.mtime();
    let mut first = vec![0; BLOCK];
    let count = file.read(&mut first)?;
    if count == 0 {
        // As with APPEND.
        return Err(io::Error::other("it is empty, which no message is"));
    }
    first.truncate(count);
    Ok((file, first, date))
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
fn keywords(path: &Path, limits: &Limits) -> io::Result<Vec<String>> {
    let mut text = Vec::new();
    match open_file(path) {
        Ok(mut file) => file.read_to_end(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let mut table = vec![String::new(); limits.keywords];
    for line in String::from_utf8_lossy(&text).lines() {
        if let Some((place, name)) = line.split_once(' ')
            && let Some(slot) = place.parse().ok().and_then(|place: usize| table.get_mut(place))
        {
            name.clone_into(slot);
        }
    }
    Ok(table)
}
