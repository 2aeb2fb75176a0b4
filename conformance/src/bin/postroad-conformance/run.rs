//! `postroad-conformance run`.

use crate::exit::Exit;
use crate::output::{self, Output};
use crate::scripts::account;
use clap::Args;
use postroad_conformance::folder::read;
use postroad_conformance::foreign::Account;
use postroad_conformance::live::{Address, Live, Protocol, Servers};
use postroad_conformance::report::{Case, Outcome, Stopwatch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Args)]
pub struct Arguments {
    /// Transcripts, or folders with transcripts (*.txt)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    places: Places,
    /// Who has mail there, and can log in; again for transcripts with several. With {} in the name,
    /// as many accounts as are wanted, numbered from 1. ALL THEIR MAIL IS DELETED
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = account)]
    users: Vec<Account>,
    /// Judge as if the server did not announce this
    #[arg(long, value_name = "CAPABILITY")]
    without: Vec<String>,
    /// How long the server may stay silent
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    #[command(flatten)]
    output: Output,
}

/// Where the server listens. With `--tls-…`, TLS begins at once, and its certificate is not judged.
#[derive(Args)]
#[group(required = true, multiple = true)]
struct Places {
    /// Where it takes mail from other hosts
    #[arg(long, value_name = "HOST:PORT")]
    smtp: Option<String>,
    /// Where it takes mail from its users
    #[arg(long, value_name = "HOST:PORT")]
    submission: Option<String>,
    /// Where it takes mail for its mailboxes
    #[arg(long, value_name = "HOST:PORT")]
    lmtp: Option<String>,
    /// Where it speaks POP3
    #[arg(long, value_name = "HOST:PORT")]
    pop3: Option<String>,
    /// Where it speaks IMAP, by which mailboxes are filled, too
    #[arg(long, value_name = "HOST:PORT")]
    imap: Option<String>,
    /// The same inside TLS
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "smtp")]
    tls_smtp: Option<String>,
    /// The same inside TLS
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "submission")]
    tls_submission: Option<String>,
    /// The same inside TLS
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "pop3")]
    tls_pop3: Option<String>,
    /// The same inside TLS
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "imap")]
    tls_imap: Option<String>,
}

impl Places {
    fn all(&self) -> BTreeMap<Protocol, Address> {
        let places = [
            (Protocol::Smtp, &self.smtp, &self.tls_smtp),
            (Protocol::Submission, &self.submission, &self.tls_submission),
            (Protocol::Lmtp, &self.lmtp, &None),
            (Protocol::Pop3, &self.pop3, &self.tls_pop3),
            (Protocol::Imap, &self.imap, &self.tls_imap),
        ];
        let address = |(protocol, clear, tls): (Protocol, &Option<String>, &Option<String>)| {
            let place = clear.as_ref().or(tls.as_ref())?.clone();
            Some((protocol, Address { place, tls: clear.is_none() }))
        };
        places.into_iter().filter_map(address).collect()
    }
}

/// Runs each transcript that needs nothing but the protocol.
pub fn run(arguments: &Arguments) -> Result<Exit, String> {
    let files = output::files(&arguments.paths)?;
    let servers = Servers {
        places: arguments.places.all(),
        accounts: arguments.users.clone(),
        patience: Duration::from_secs(arguments.patience),
        without: arguments.without.iter().map(|name| name.to_ascii_uppercase()).collect(),
        words: words(arguments),
    };
    let mut live = Live::new(servers);
    let mut reporter = arguments.output.begin("run", None)?;
    for file in files {
        let case = case(&mut live, &output::name(&file), &file);
        reporter.add(case).map_err(|error| error.to_string())?;
    }
    reporter.end().map(Exit::from).map_err(|error| error.to_string())
}

fn case(live: &mut Live, name: &str, file: &Path) -> Case {
    let watch = Stopwatch::start();
    let (title, outcome) = match read(name, file) {
        Ok(transcript) => (transcript.title().to_owned(), live.run(&transcript)),
        Err(why) => (String::new(), Outcome::Unreadable(why)),
    };
    Case { file: name.to_owned(), title, outcome, took: watch.took() }
}

/// The options that say which server it is, as they were given but for passwords.
fn words(arguments: &Arguments) -> String {
    let places = arguments.places.all();
    let places = places.iter().map(|(protocol, Address { place, tls })| {
        let tls = if *tls { "tls-" } else { "" };
        format!("--{tls}{} {place}", protocol.word())
    });
    let users = arguments.users.iter().map(|user| format!("--user {}:…", user.name));
    places.chain(users).collect::<Vec<_>>().join(" ")
}
