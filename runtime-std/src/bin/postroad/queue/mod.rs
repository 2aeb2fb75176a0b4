//! `postroad queue`: what waits to leave, and orders about it.

mod show;

use crate::control::{self, NotDone};
use crate::say::say;
use crate::settings::Settings;
use clap::Args;
use postroad_core::queue::{Command as Order, Destination, Entry, Id};
use postroad_store_maildir::SpoolReader;
use serde_json::Value;
use std::path::{Path, PathBuf};

pub use show::show;

/// What to do with the queue.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the messages that wait, the oldest first
    List {
        /// As a JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show what is known of a message: its envelope, and what became of each recipient so far
    Show {
        /// Its queue id
        id: String,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Try messages now, whatever their time
    Retry(Which),
    /// Leave messages alone until they are released
    Hold(Which),
    /// Go on with messages that were held
    Release(Which),
    /// Send what is left of messages elsewhere, now
    Reroute {
        /// Where: `host:port`, or a domain for its mail exchangers
        #[arg(long, value_name = "WHERE")]
        to: String,
        #[command(flatten)]
        which: Which,
    },
    /// Take messages out of the queue; nobody is told
    Remove(Which),
    /// Give messages up; their senders are told
    Expire(Which),
    /// Try everything for a domain now; with `@` in front for its subdomains, too; `*` for all
    Flush {
        /// The domain
        domain: String,
    },
}

/// Which messages.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// Their queue ids
    ids: Vec<String>,
    /// All that are in the queue
    #[arg(long)]
    all: bool,
}

/// Runs the command.
///
/// # Errors
/// Says in words why it can't be done.
pub fn run(settings: &Settings, command: Command) -> Result<(), String> {
    let data = &settings.data;
    match command {
        Command::List { json } => list(data, json),
        Command::Show { id, json } => {
            let id = named(&id)?;
            let entry = find(data, id)?.ok_or_else(|| not_here(id))?;
            if json {
                say!("{}", show::json(&entry));
            } else {
                show(&entry);
            }
            Ok(())
        }
        Command::Retry(which) => each(data, &which, Order::Retry),
        Command::Hold(which) => each(data, &which, Order::Hold),
        Command::Release(which) => each(data, &which, Order::Release),
        Command::Reroute { to, which } => {
            let to: Destination =
                to.parse().map_err(|_| format!("`{to}` is neither `host:port` nor a domain"))?;
            each(data, &which, |id| Order::Reroute(id, to.clone()))
        }
        Command::Remove(which) => each(data, &which, Order::Remove),
        Command::Expire(which) => each(data, &which, Order::Expire),
        Command::Flush { domain } => {
            control::order(data, &Order::Flush(domain)).map_err(|why| why.to_string())
        }
    }
}

/// Where the spool is.
pub fn folder(data: &Path) -> PathBuf {
    data.join("spool")
}

/// What the spool has of a message.
///
/// # Errors
/// If that can't be read.
pub fn find(data: &Path, id: Id) -> Result<Option<Entry>, String> {
    SpoolReader::new(folder(data)).entry(id).map_err(|damaged| damaged.to_string())
}

fn list(data: &Path, json: bool) -> Result<(), String> {
    let (mut entries, mut damaged) = (Vec::new(), 0);
    for id in ids(data)? {
        match find(data, id) {
            // It has left meanwhile.
            Ok(None) => {}
            Ok(Some(entry)) => entries.push(entry),
            Err(why) => {
                damaged += 1;
                eprintln!("postroad: {why}");
            }
        }
    }
    entries.sort_by_key(|entry| (entry.envelope.arrived, entry.envelope.id));
    if json {
        say!("{}", entries.iter().map(show::json).collect::<Value>());
    } else if entries.is_empty() {
        say!("The queue is empty.");
    } else {
        show::table(&entries);
    }
    match damaged {
        0 => Ok(()),
        _ => Err("what can't be read is not sent; such files may be moved away by hand".into()),
    }
}

fn ids(data: &Path) -> Result<Vec<Id>, String> {
    std::fs::metadata(data).map_err(|error| format!("{}: {error}", data.display()))?;
    SpoolReader::new(folder(data)).ids().map_err(|error| error.to_string())
}

/// Gives an order for each message; says at the end why which failed. Without a server the first is
/// the last.
fn each(data: &Path, which: &Which, order: impl Fn(Id) -> Order) -> Result<(), String> {
    let ids = if which.all {
        ids(data)?
    } else {
        which.ids.iter().map(|id| named(id)).collect::<Result<_, _>>()?
    };
    let mut failed = Vec::new();
    for id in ids {
        if !which.all && find(data, id)?.is_none() {
            failed.push(not_here(id));
            continue;
        }
        match control::order(data, &order(id)) {
            Ok(()) => {}
            Err(why @ NotDone::NoServer(_)) => {
                failed.push(why.to_string());
                break;
            }
            Err(why) => failed.push(format!("{id}: {why}")),
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n  ")) }
}

fn named(id: &str) -> Result<Id, String> {
    Id::parse(id).ok_or_else(|| format!("`{id}` is no queue id: those have 16 letters and digits, as replies and the log show them"))
}

fn not_here(id: Id) -> String {
    format!("{id} is not in the queue; `postroad trace {id}` tells what became of it")
}
