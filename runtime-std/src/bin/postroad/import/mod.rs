//! `postroad import`: mail from a Maildir or an mbox into an account.

mod filer;
mod journal;
mod maildir;
mod marks;
mod mbox;

use crate::say::say;
use crate::settings::Settings;
use crate::{mail, user};
use filer::Filer;
use indicatif::ProgressBar;
pub use marks::Marks;
use postroad_core::store::MailboxName;
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
X-Keywords. The source is only read. The server may run meanwhile.

Interrupted and started again, it goes on where it was: what is imported is noted in the account's folder,
and no message of a source is imported twice. A file that can't be read is named, and the rest goes on.

Exit codes: 0 all is imported, 1 something was not (stderr says what).";

/// Runs the command.
///
/// # Errors
/// Says in words what was not imported.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<(), String> {
    let account = user::account(settings, &arguments.account)?;
    let limits = &settings.config.limits;
    let folder = arguments.folder.as_deref().map(|name| {
        MailboxName::parse(name, limits).map_err(|why| format!("--folder {name}: {why}"))
    });
    let folder = folder.transpose()?;
    let source = std::fs::canonicalize(&arguments.source)
        .map_err(|error| format!("{}: {error}", arguments.source.display()))?;
    let mut tally = Tally::default();
    let maildirs = mail::open(settings)?;
    let home = mail::home(settings, &account);
    let mut filer = Filer::new(maildirs.session(), account, home);
    let done = if source.is_dir() {
        let parts = maildir::parts(&source, folder.as_ref(), limits)?;
        let bar = mail::bar(parts.iter().map(maildir::Part::count).sum(), !arguments.json);
        parts
            .iter()
            .try_for_each(|part| maildir::import(part, limits, &mut filer, &mut tally, &bar))
    } else {
        let size = std::fs::metadata(&source).map_or(0, |it| it.len());
        let bar = mail::bar(size, !arguments.json);
        let folder = folder.unwrap_or_else(MailboxName::inbox);
        mbox::import(&source, &folder, &mut filer, &mut tally, &bar)
    };
    tally.imported = filer.filed();
    tell(arguments, &tally);
    done?;
    match tally.failed.len() {
        0 => Ok(()),
        1 => Err("one file is not imported".into()),
        count => Err(format!("{count} files are not imported")),
    }
}

/// What came of an import.
#[derive(Default)]
struct Tally {
    imported: u64,
    /// Messages that had been imported before.
    known: u64,
    failed: Vec<(PathBuf, String)>,
}

impl Tally {
    /// Notes, and says, that a file could not be read.
    fn fail(&mut self, bar: &ProgressBar, path: &Path, why: &dyn std::fmt::Display) {
        bar.suspend(|| eprintln!("postroad: {}: {why}", path.display()));
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
