//! `postroad export`: an account's mail into a Maildir or into mbox files.

mod maildir;
mod mbox;

use crate::mail::{self, ask, read};
use crate::say::say;
use crate::settings::Settings;
use crate::user;
use indicatif::ProgressBar;
use postroad_core::encoding::utf7;
use postroad_core::store::{Access, Account, Answer, Entry, Kind, MailboxName, Request, Snapshot};
use postroad_store_maildir::Session;
use std::path::{Path, PathBuf};

/// What to export, and where to.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// Whose mail, such as alice@example.org
    account: String,
    /// A folder for a Maildir, or for mbox files; with --folder, the mbox file
    target: PathBuf,
    /// The one mailbox to export [default: all of them]
    #[arg(long, value_name = "MAILBOX")]
    folder: Option<String>,
    /// The form
    #[arg(long, value_enum, default_value = "maildir")]
    format: Format,
    /// Print what was done as a JSON object
    #[arg(long)]
    json: bool,
}

/// The form of exported mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Format {
    /// A Maildir whose folders are Maildir++'s
    Maildir,
    /// An mbox (mboxrd) for each mailbox
    Mbox,
}

const HELP: &str = "\
Examples:
  postroad export alice@example.org ~/alice-maildir
  postroad export alice@example.org sent.mbox --format mbox --folder Sent

Flags, keywords and dates go with the messages; in an mbox, flags stand in Status, X-Status and X-Keywords
in front of each message. The server may run meanwhile, and the account stays as it is. No target may be
in the server's own mail.

Interrupted and started again, it goes on where it was, and later it adds what is new: what a Maildir has
is seen by the names of its files, what an mbox has is noted in a file beside it, FILE.postroad-export.

Exit codes: 0 all is exported, 1 something was not (stderr says what).";

/// Octets that are read from the store at once.
const BLOCK: usize = 64 * 1024;

/// Runs the command.
///
/// # Errors
/// Says in words what was not exported.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<(), String> {
    let account = user::account(settings, &arguments.account)?;
    if !mail::home(settings, &account).is_dir() {
        return Err(format!("{account}: there is no mail"));
    }
    let mut desk = Desk { session: mail::open(settings)?.session(), account };
    let mailboxes = match &arguments.folder {
        Some(name) => {
            let name = MailboxName::parse(name, &settings.config.limits);
            vec![name.map_err(|why| format!("--folder: {why}"))?]
        }
        None => desk.list()?,
    };
    let targets = mailboxes.iter().map(|mailbox| arguments.target_of(mailbox));
    let targets: Vec<PathBuf> = targets.collect();
    targets.iter().try_for_each(|target| keep_apart(settings, target))?;
    if arguments.format == Format::Mbox && arguments.folder.is_none() {
        let made = std::fs::create_dir_all(&arguments.target);
        made.map_err(|error| format!("{}: {error}", arguments.target.display()))?;
    }
    let bar = mail::bar(desk.count(&mailboxes)?, !arguments.json);
    let mut tally = Tally::default();
    for (mailbox, target) in mailboxes.iter().zip(&targets) {
        let opened = desk.open(mailbox)?;
        let done = match arguments.format {
            Format::Maildir => maildir::export(&mut desk, &opened, target, &mut tally, &bar),
            Format::Mbox => mbox::export(&mut desk, &opened, target, &mut tally, &bar),
        };
        done.map_err(|why| format!("{mailbox}: {why}"))?;
    }
    bar.finish_and_clear();
    if arguments.json {
        let (exported, known) = (tally.exported, tally.known);
        say!("{}", serde_json::json!({ "exported": exported, "known": known }));
    } else {
        say!("{}: {} exported", desk.account, mail::messages(tally.exported));
        if tally.known > 0 {
            say!("{} had been exported before", mail::messages(tally.known));
        }
    }
    Ok(())
}

impl Arguments {
    /// The folder or file that a mailbox goes to.
    fn target_of(&self, mailbox: &MailboxName) -> PathBuf {
        let name = utf7::encode(mailbox.as_str());
        match self.format {
            Format::Maildir if self.folder.is_none() && !mailbox.is_inbox() => {
                self.target.join(format!(".{name}"))
            }
            Format::Mbox if self.folder.is_none() => self.target.join(format!("{name}.mbox")),
            Format::Maildir | Format::Mbox => self.target.clone(),
        }
    }
}

/// Refuses what leads into the mail that the server has: it would become more by itself.
fn keep_apart(settings: &Settings, target: &Path) -> Result<(), String> {
    let real =
        |path: &Path| mail::real(path).map_err(|error| format!("{}: {error}", path.display()));
    let store = real(&settings.data.join("mail"))?;
    for path in [target, &target.join("cur"), &target.join("new"), &target.join("tmp")] {
        if real(path)?.starts_with(&store) {
            let (path, store) = (path.display(), store.display());
            return Err(format!("{path}: this is in the mail of the server: {store}"));
        }
    }
    Ok(())
}

/// What came of an export.
#[derive(Default)]
struct Tally {
    exported: u64,
    known: u64,
}

impl Tally {
    fn known(&mut self, bar: &ProgressBar) {
        self.known += 1;
        bar.inc(1);
    }

    fn exported(&mut self, bar: &ProgressBar) {
        self.exported += 1;
        bar.inc(1);
    }
}

/// Reads an account's mail.
struct Desk {
    session: Session,
    account: Account,
}

impl Desk {
    fn list(&mut self) -> Result<Vec<MailboxName>, String> {
        let list = Request::List { account: self.account.clone() };
        let Answer::Mailboxes(listed) = ask(&mut self.session, list, b"")? else {
            return Ok(Vec::new());
        };
        let there = listed.into_iter().filter(|one| one.kind == Kind::Mailbox);
        Ok(there.map(|one| one.name).collect())
    }

    fn count(&mut self, mailboxes: &[MailboxName]) -> Result<u64, String> {
        let mut count = 0;
        for mailbox in mailboxes {
            let (account, named) = (self.account.clone(), mailbox.clone());
            let status = Request::Status { account, mailbox: named };
            let answer = ask(&mut self.session, status, b"");
            if let Answer::Status(status) = answer.map_err(|why| format!("{mailbox}: {why}"))? {
                count += u64::from(status.messages);
            }
        }
        Ok(count)
    }

    fn open(&mut self, mailbox: &MailboxName) -> Result<Snapshot, String> {
        let (account, named) = (self.account.clone(), mailbox.clone());
        let open = Request::Open { account, mailbox: named, access: Access::ReadOnly };
        match ask(&mut self.session, open, b"").map_err(|why| format!("{mailbox}: {why}"))? {
            Answer::Opened(opened) => Ok(opened),
            _ => Err(format!("{mailbox}: an answer that does not fit")),
        }
    }

    /// Reads a message from its beginning to its end.
    fn read(
        &mut self,
        entry: &Entry,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), String> {
        let (mut offset, mut block) = (0, Vec::new());
        loop {
            let request = Request::Read { uid: entry.uid, offset, length: BLOCK };
            let answer = read(&mut self.session, request, b"", &mut block)?;
            take(&block).map_err(|error| error.to_string())?;
            offset += block.len() as u64;
            if !matches!(answer, Answer::Read { end: false }) {
                return Ok(());
            }
        }
    }
}
