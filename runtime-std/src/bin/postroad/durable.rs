//! Small files that are whole and on the disk, or not there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Creates a folder that only its owner may enter, and its parents.
///
/// # Errors
/// If it can't be created.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Puts `octets` into `path`, replacing what stood there, readable by its owner alone.
///
/// # Errors
/// If they could not be made durable; the old file stands then.
pub fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&name)?;
    file.write_all(octets)?;
    file.sync_all()?;
    std::fs::rename(&name, path)?;
    File::open(folder_of(path))?.sync_all()
}

/// The folder in which `path` stands; of a bare name, the one we are in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Opens a file that is there to be locked and holds nothing.
///
/// # Errors
/// If it can't be opened.
pub fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}
