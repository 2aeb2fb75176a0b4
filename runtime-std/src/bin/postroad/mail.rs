//! What the commands have in common that work on the mail itself.

use crate::durable;
use crate::settings::Settings;
use crate::users::Users;
use indicatif::{ProgressBar, ProgressStyle};
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Request, Store};
use postroad_runtime_std::clock;
use postroad_store_maildir::{Maildirs, Options, Session};
use std::io::{self, ErrorKind, IsTerminal};
use std::path::{Component, Path, PathBuf};

/// The mail below the data folder, with its quotas.
///
/// # Errors
/// Says in words why it can't be reached.
pub fn open(settings: &Settings) -> Result<Maildirs, String> {
    let root = settings.data.join("mail");
    durable::create_folder(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let mut options = Options::new(&settings.config.hostname);
    options.limits = settings.config.limits.clone();
    let entropy = clock::entropy().map_err(|error| error.to_string())?;
    let maildirs = Maildirs::new(root, entropy, options);
    let site = crate::current::site(settings, [0; 32])?;
    maildirs.set_allowances(site.allowances());
    Ok(maildirs)
}

/// The folder of an account.
pub fn home(settings: &Settings, account: &Account) -> PathBuf {
    settings.data.join("mail").join(account.domain()).join(account.local_part())
}

/// Where `path` leads to, without symbolic links and `..`, also if nothing stands there yet.
///
/// # Errors
/// If a folder on the way can't be looked at, or a link leads nowhere.
pub fn real(path: &Path) -> io::Result<PathBuf> {
    let mut real = std::env::current_dir()?;
    for component in path.components() {
        if component == Component::ParentDir {
            real.pop();
            continue;
        }
        real.push(component);
        match real.symlink_metadata().map_err(|error| (error.kind(), error)) {
            Ok(_) => real = real.canonicalize()?,
            Err((ErrorKind::NotFound | ErrorKind::NotADirectory, _)) => {}
            Err((_, error)) => return Err(error),
        }
    }
    Ok(real)
}

/// All accounts that have a user or mail.
///
/// # Errors
/// Says in words what can't be read.
pub fn accounts(settings: &Settings) -> Result<Vec<Account>, String> {
    let mut accounts: Vec<Account> = Users::read(&settings.data)?.0.into_keys().collect();
    let below = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok())
    };
    let root = settings.data.join("mail");
    for domain in below(root.clone()) {
        let local_parts = below(root.join(&domain));
        let named = local_parts.filter_map(|it| Account::parse(&format!("{it}@{domain}")).ok());
        accounts.extend(named);
    }
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

/// Asks the store for something.
///
/// # Errors
/// Says in words why it can't be done.
pub fn ask(session: &mut Session, request: Request, lent: &[u8]) -> Result<Answer, String> {
    read(session, request, lent, &mut Vec::new())
}

/// Asks the store for something that comes with octets.
///
/// # Errors
/// Says in words why it can't be done.
pub fn read(
    session: &mut Session,
    request: Request,
    lent: &[u8],
    octets: &mut Vec<u8>,
) -> Result<Answer, String> {
    let now: Instant = clock::now();
    match session.perform(now, request, lent, octets) {
        Answer::Failed(failure) => Err(failure.to_string()),
        answer => Ok(answer),
    }
}

/// A bar that shows how far something of `length` is, to a person at a terminal.
pub fn bar(length: u64, wanted: bool) -> ProgressBar {
    if !wanted || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template("{bar:40} {percent:>3} %, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A number of messages in words.
pub fn messages(count: u64) -> String {
    if count == 1 { "1 message".into() } else { format!("{count} messages") }
}
