//! Exporting a mailbox into an mbox.

use super::{Desk, Tally};
use crate::durable;
use crate::import::Marks;
use indicatif::ProgressBar;
use postroad_core::message::mbox::{Quoter, opening};
use postroad_core::store::{Entry, Flags, Snapshot};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Messages after which it is noted how far the export is.
const BATCH: usize = 64;

/// How far an mbox is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mark {
    uid_validity: u32,
    /// The last message that it has.
    uid: u32,
    /// Where that ends.
    offset: u64,
}

impl Mark {
    fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let mut words = text.split_ascii_whitespace();
        let (uid_validity, uid) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { uid_validity, uid, offset: words.next()?.parse().ok()? })
    }

    fn write(self, path: &Path) -> io::Result<()> {
        let Self { uid_validity, uid, offset } = self;
        durable::write(path, format!("{uid_validity} {uid} {offset}\n").as_bytes())
    }
}

/// Exports the messages that `path` has not yet.
///
/// # Errors
/// Says in words why no more can be done.
pub fn export(
    desk: &mut Desk,
    opened: &Snapshot,
    path: &Path,
    tally: &mut Tally,
    bar: &ProgressBar,
) -> Result<(), String> {
    let about = |error: io::Error| format!("{}: {error}", path.display());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".postroad-export");
    let beside = PathBuf::from(beside);
    let mut mark = match Mark::read(&beside) {
        Some(mark) if mark.uid_validity == opened.uid_validity => mark,
        _ if path.exists() => {
            return Err(format!("{}: it exists already, and is no export of this", path.display()));
        }
        _ => {
            let mark = Mark { uid_validity: opened.uid_validity, uid: 0, offset: 0 };
            mark.write(&beside).map_err(about)?;
            mark
        }
    };
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = file.map_err(about)?;
    if file.metadata().map_err(about)?.len() < mark.offset {
        return Err(format!("{}: it is shorter than it was", path.display()));
    }
    file.set_len(mark.offset).map_err(about)?;
    let mut file = BufWriter::new(file);
    file.seek(SeekFrom::Start(mark.offset)).map_err(about)?;
    let entries: Vec<Entry> = opened.messages.iter().copied().collect();
    let (known, new) = entries.split_at(entries.partition_point(|it| it.uid.get() <= mark.uid));
    known.iter().for_each(|_| tally.known(bar));
    for batch in new.chunks(BATCH) {
        for entry in batch {
            put(desk, opened, entry, &mut file)?;
            mark.uid = entry.uid.get();
            tally.exported(bar);
        }
        mark.offset = settle(&mut file).map_err(about)?;
        mark.write(&beside).map_err(about)?;
    }
    Ok(())
}

/// Puts what was written on the disk; how much that is.
fn settle(file: &mut BufWriter<File>) -> io::Result<u64> {
    file.flush()?;
    file.get_ref().sync_data()?;
    file.stream_position()
}

fn put(
    desk: &mut Desk,
    opened: &Snapshot,
    entry: &Entry,
    file: &mut BufWriter<File>,
) -> Result<(), String> {
    let keywords = entry.flags.keywords().filter_map(|place| opened.keywords.get(place).cloned());
    let marks = Marks {
        flags: entry.flags.intersection(Flags::SYSTEM),
        keywords: keywords.collect(),
        date: Some(entry.date),
    };
    let opening = opening("MAILER-DAEMON", entry.date) + &marks.fields();
    file.write_all(opening.as_bytes()).map_err(|error| error.to_string())?;
    let (mut quoter, mut out) = (Quoter::default(), Vec::new());
    desk.read(entry, |octets| {
        out.clear();
        quoter.push(octets, &mut out);
        file.write_all(&out)
    })?;
    out.clear();
    quoter.finish(&mut out);
    file.write_all(&out).map_err(|error| error.to_string())
}
