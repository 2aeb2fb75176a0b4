//! Exporting a mailbox into a Maildir folder.

use super::{Desk, Tally};
use crate::import::Marks;
use indicatif::ProgressBar;
use postroad_core::store::{Entry, Snapshot};
use std::collections::HashSet;
use std::fs::{File, FileTimes};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Exports the messages that are not in `folder` yet.
///
/// # Errors
/// Says in words why no more can be done.
pub fn export(
    desk: &mut Desk,
    opened: &Snapshot,
    folder: &Path,
    tally: &mut Tally,
    bar: &ProgressBar,
) -> Result<(), String> {
    let about = |error: io::Error| format!("{}: {error}", folder.display());
    let there = prepare(folder, &opened.keywords).map_err(about)?;
    for entry in &opened.messages.iter().copied().collect::<Vec<Entry>>() {
        let key = format!("{}.U{}V{}.postroad", entry.date.max(0), entry.uid, opened.uid_validity);
        if there.contains(&key) {
            tally.known(bar);
            continue;
        }
        put(desk, entry, folder, &key)?;
        tally.exported(bar);
    }
    File::open(folder.join("cur")).and_then(|cur| cur.sync_all()).map_err(about)
}

/// Makes the folder, and says which messages are in it.
fn prepare(folder: &Path, keywords: &[String]) -> io::Result<HashSet<String>> {
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(folder.join(part))?;
    }
    let is_part = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    if is_part {
        std::fs::write(folder.join("maildirfolder"), b"")?;
    }
    if !keywords.is_empty() {
        let lines = keywords.iter().enumerate().map(|(place, name)| format!("{place} {name}\n"));
        std::fs::write(folder.join("dovecot-keywords"), lines.collect::<String>())?;
    }
    let mut there = HashSet::new();
    for part in ["cur", "new"] {
        for entry in std::fs::read_dir(folder.join(part))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            there.extend(name.split([',', ':']).next().map(str::to_owned));
        }
    }
    Ok(there)
}

fn put(desk: &mut Desk, entry: &Entry, folder: &Path, key: &str) -> Result<(), String> {
    let spare = folder.join("tmp").join(key);
    let about = |error: io::Error| format!("{}: {error}", spare.display());
    let mut file = File::create(&spare).map_err(about)?;
    desk.read(entry, |octets| file.write_all(octets))?;
    let date = Duration::from_secs(entry.date.max(0).unsigned_abs());
    let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + date);
    file.set_times(times).and_then(|()| file.sync_all()).map_err(about)?;
    let letters = Marks::letters(entry.flags, entry.flags.keywords());
    let (size, name) = (entry.size, folder.join("cur"));
    let name = name.join(format!("{key},S={size},W={size}:2,{letters}"));
    std::fs::rename(&spare, name).map_err(about)
}
