//! `postroad import`: mail from a Maildir or an mbox into an account.

mod filer;
mod journal;
mod keywords;
mod maildir;
mod marks;
mod mbox;

use crate::say::say;
use crate::settings::Settings;
use crate::{mail, user};
use filer::Filer;
use indicatif::ProgressBar;
pub use marks::Marks;
use postroad_core::store::{MailboxName, Request};
use rustix::fs::OFlags;
use std::fs::{File, FileType, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What to import, and where it goes.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// Whose mail it becomes, such as alice@example.org
    account: String,
    /// A Maildir, with or without folders, or an mbox file
    source: PathBuf,
    /// The mailbox that gets it [default: INBOX; folders keep their names]
    #[arg(long, value_name = "MAILBOX")]
    folder: Option<String>,
    /// Print what was done as a JSON object
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  postroad import alice@example.org ~/Maildir
  postroad import alice@example.org old-mail.mbox --folder Archive

Flags, keywords, dates and folders stay as they are; of an mbox, flags are read from Status, X-Status and
X-Keywords. The source is only read; the account's own mail can't be one. The server may run meanwhile.

Interrupted and started again, it goes on where it was: what is imported is noted in the account's folder,
and no message of a source is imported twice. One import into an account goes on at a time.

What can't be imported is named, and the rest goes on: a file that can't be read or is empty, as no message
is; what is no file, such as a symbolic link; a folder whose name no mailbox can have (it may be in modified
UTF-7 or in UTF-8); a keyword that is not one word of ASCII or for which the mailbox has no room (its
messages are imported without it); what stands in an mbox before its first message.

Exit codes: 0 all is imported, 1 something was not (stderr says what, and so does `failed` of --json).";

/// Runs the command.
///
/// # Errors
/// Says in words what was not imported.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<(), String> {
    let account = user::existing(settings, &arguments.account)?;
    let limits = &settings.config.limits;
    let folder = arguments.folder.as_deref().map(|name| {
        MailboxName::parse(name, limits).map_err(|why| format!("--folder {name}: {why}"))
    });
    let folder = folder.transpose()?;
    let home = mail::home(settings, &account);
    let source = source(&arguments.source, &home)?;
    let found = if source.is_dir() {
        Found::Maildir(maildir::find(&source, folder.as_ref(), limits)?)
    } else {
        Found::Mbox(mbox::find(&source)?)
    };
    let maildirs = mail::open(settings)?;
    let mut session = maildirs.session();
    // The account has its folder then.
    mail::ask(&mut session, Request::List { account: account.clone() }, b"")?;
    let _lock = lock(&home)?;
    let mut filer = Filer::new(session, account, home);
    let bar = mail::bar(found.length(), !arguments.json);
    let mut tally = Tally { imported: 0, known: 0, failed: Vec::new(), bar };
    let done = match found {
        Found::Maildir(found) => found.import(limits, &mut filer, &mut tally),
        Found::Mbox(found) => {
            let folder = folder.unwrap_or_else(MailboxName::inbox);
            found.import(&folder, limits, &mut filer, &mut tally)
        }
    };
    tally.bar.finish_and_clear();
    tally.imported = filer.filed();
    tell(arguments, &tally);
    done?;
    if tally.failed.is_empty() { Ok(()) } else { Err("not all is imported".into()) }
}

/// Held while mail is imported into an account: two imports of the same source would both file it.
fn lock(home: &Path) -> Result<File, String> {
    let path = home.join("postroad-import.lock");
    let about = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    let file = file.map_err(|error| about(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err("another import into this account goes on".into()),
        Err(TryLockError::Error(error)) => Err(about(&error)),
    }
}

/// What is to be imported.
enum Found {
    Maildir(maildir::Maildir),
    Mbox(mbox::Mbox),
}

impl Found {
    /// How far it is to the end, in the steps that are shown.
    fn length(&self) -> u64 {
        match self {
            Self::Maildir(found) => found.count(),
            Self::Mbox(found) => found.size(),
        }
    }
}

/// Where the source leads to: nowhere into the account's own mail, of which there would be ever more.
fn source(given: &Path, home: &Path) -> Result<PathBuf, String> {
    let about = |why: &dyn std::fmt::Display| format!("{}: {why}", given.display());
    let source = given.canonicalize().map_err(|error| about(&error))?;
    let home = mail::real(home).map_err(|error| format!("{}: {error}", home.display()))?;
    if source.starts_with(&home) {
        return Err(about(&"this is the account's own mail"));
    }
    if home.starts_with(&source) {
        return Err(about(&format!("the account's own mail is in it: {}", home.display())));
    }
    Ok(source)
}

/// Why what stands behind a link is not imported.
const LINK: &str = "a symbolic link, which is not followed";

/// Opens what is a file, and neither a link to one, a device nor a pipe, and never waits for it.
///
/// # Errors
/// If it is none, or can't be opened.
fn open_file(path: &Path) -> io::Result<File> {
    let is_file = |kind: FileType| match () {
        () if kind.is_file() => Ok(()),
        () if kind.is_symlink() => Err(io::Error::other(LINK)),
        () => Err(io::Error::other("not a file")),
    };
    is_file(path.symlink_metadata()?.file_type())?;
    // Another may stand there meanwhile.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    is_file(file.metadata()?.file_type())?;
    Ok(file)
}

/// What came of an import.
struct Tally {
    imported: u64,
    /// Messages that had been imported before.
    known: u64,
    failed: Vec<(PathBuf, String)>,
    bar: ProgressBar,
}

impl Tally {
    /// Notes, and says, that something could not be imported.
    fn fail(&mut self, path: &Path, why: &dyn std::fmt::Display) {
        self.bar.suspend(|| eprintln!("postroad: {}: {why}", path.display()));
        self.failed.push((path.into(), why.to_string()));
    }
}

fn tell(arguments: &Arguments, tally: &Tally) {
    if arguments.json {
        let failed = tally
            .failed
            .iter()
            .map(|(path, why)| serde_json::json!({ "file": path.to_string_lossy(), "why": why }));
        let failed: Vec<_> = failed.collect();
        let object = serde_json::json!({
            "imported": tally.imported, "known": tally.known, "failed": failed,
        });
        return say!("{object}");
    }
    say!("{}: {} imported", arguments.account, mail::messages(tally.imported));
    if tally.known > 0 {
        say!("{} had been imported before", mail::messages(tally.known));
    }
}
