//! `postroad verify`: what is damaged of the mail on the disk.

use crate::mail;
use crate::say::say;
use crate::settings::Settings;
use crate::user;
use postroad_core::store::Account;
use postroad_runtime_std::clock;
use postroad_store_maildir::Finding;

/// What to look at.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// Whose mail, such as alice@example.org [default: everybody's]
    accounts: Vec<String>,
    /// Repair what is only kept for speed: the quota's sums, missing folders, left-overs in `tmp`
    #[arg(long)]
    repair: bool,
    /// Print what is found as a JSON object
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Reads every message and looks at UID maps, sizes in file names, permissions, the quota's sums and what a
crash has left over. Messages and UID maps are never changed, with --repair neither. The server may run
meanwhile; the sums of an account that gets mail just then may seem wrong.

Exit codes: 0 all is well or repaired, 1 something is not (standard output says what).";

/// Runs the command.
///
/// # Errors
/// Says in words that something is wrong.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<(), String> {
    let named = arguments.accounts.iter().map(|address| user::account(settings, address));
    let mut accounts = named.collect::<Result<Vec<Account>, String>>()?;
    if accounts.is_empty() {
        accounts = mail::accounts(settings)?;
    }
    accounts.retain(|account| mail::home(settings, account).is_dir());
    let maildirs = mail::open(settings)?;
    let (mut messages, mut found) = (0, Vec::new());
    for account in &accounts {
        let mut tell = |finding: Finding| {
            if !arguments.json {
                let done = if finding.repaired { " (repaired)" } else { "" };
                say!("{}: {}{done}", finding.path.display(), finding.problem);
            }
            found.push(finding);
        };
        let count = maildirs.verify(clock::now(), account, arguments.repair, &mut tell);
        messages += count.map_err(|why| format!("{account}: {why}"))?;
    }
    if arguments.json {
        let rows = found.iter().map(|finding| {
            serde_json::json!({
                "path": finding.path.to_string_lossy(),
                "problem": finding.problem.to_string(),
                "repaired": finding.repaired,
            })
        });
        let rows: Vec<_> = rows.collect();
        let accounts = accounts.len();
        let object =
            serde_json::json!({ "accounts": accounts, "messages": messages, "found": rows });
        say!("{object}");
    } else {
        let word = if accounts.len() == 1 { "account" } else { "accounts" };
        say!("{} in {} {word}: read", mail::messages(messages), accounts.len());
    }
    match found.iter().filter(|finding| !finding.repaired).count() {
        0 => Ok(()),
        1 => Err("one thing is wrong".into()),
        count => Err(format!("{count} things are wrong")),
    }
}
