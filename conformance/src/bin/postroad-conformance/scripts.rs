//! `imaptest` and `james`: other people's scripts against a server that listens.

use crate::exit::Exit;
use clap::Args;
use postroad_conformance::foreign::report::Report;
use postroad_conformance::foreign::{Account, Server, imaptest, james};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
pub struct Arguments {
    /// Where the scripts are: ImapTest's src/tests, James' MPT scripts
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Only scripts whose path contains one of these
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Where IMAP is spoken in the clear
    #[arg(long, value_name = "HOST:PORT")]
    server: String,
    /// Who logs in; again for the second user of ImapTest's scripts, and for a new INBOX in each of
    /// James'
    #[arg(long = "user", required = true, value_name = "NAME:PASSWORD", value_parser = account)]
    users: Vec<Account>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Judge as if the server did not announce this
    #[arg(long, value_name = "CAPABILITY")]
    without: Vec<String>,
    /// How long the server may stay silent
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
}

/// Whose scripts they are.
#[derive(Clone, Copy)]
pub enum Form {
    Imaptest,
    James,
}

/// Reads `NAME:PASSWORD`.
pub fn account(text: &str) -> Result<Account, String> {
    Account::parse(text).ok_or_else(|| "write NAME:PASSWORD".to_owned())
}

/// Runs the scripts.
pub fn run(form: Form, arguments: Arguments) -> Result<Exit, String> {
    let Arguments { folder, names, server, users, json, without, patience } = arguments;
    let server = Server {
        address: server,
        accounts: users,
        patience: Duration::from_secs(patience),
        without: without.iter().map(|name| name.to_ascii_uppercase()).collect(),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report: Report = match form {
        Form::Imaptest => imaptest::run_folder(&folder, &names, &server),
        Form::James => james::run_folder(&folder, &names, &server),
    }
    .map_err(|error| format!("{}: {error}", folder.display()))?;
    if json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    match report.counts() {
        _ if report.cases.is_empty() => Err("there is no script there".to_owned()),
        (_, 0, _) => Ok(Exit::Passed),
        _ => Ok(Exit::Failed),
    }
}
