//! The `postroad` command: a mail system in one program.
#![allow(unreachable_pub, reason = "nobody is outside of a program")]

mod certificate;
mod check;
mod current;
mod durable;
mod log;
mod password;
mod say;
mod send;
mod sendmail;
mod serve;
mod settings;
mod signals;
mod user;
mod users;

use clap::{Args, Parser, Subcommand};
use settings::Settings;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A whole mail system: SMTP in, a Maildir store, POP3 and IMAP out.
///
/// `postroad serve` runs it. Without a configuration it listens on loopback alone, keeps everything
/// below ./postroad-data, makes its own certificate and a first user, and prints how to reach it.
#[derive(Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 it could not be done (stderr says why), 2 wrong usage."
)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where configuration and data are.
#[derive(Args)]
struct Place {
    /// The configuration (TOML); without one every setting has a safe default
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder, whatever the configuration says [default: ./postroad-data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the mail system until SIGTERM or Ctrl-C; SIGHUP reloads users, aliases and certificate
    Serve(serve::Arguments),
    /// Add, change, list or remove users, also while the system runs
    #[command(subcommand)]
    User(user::Command),
    /// Compose a mail and hand it to a server
    Send(Box<send::Arguments>),
    /// Take a message from standard input, as programs expect of sendmail
    Sendmail(sendmail::Arguments),
    /// Say what is wrong with the configuration, and print the limits in force
    Check(check::Arguments),
}

fn main() -> ExitCode {
    let Arguments { place: Place { config, data }, command } = Arguments::parse_from(words());
    let command = match command {
        Command::Sendmail(arguments) => return sendmail::run(config, data, arguments),
        command => command,
    };
    let outcome =
        Settings::read(config.as_deref(), data.as_deref()).and_then(|settings| match command {
            Command::Serve(arguments) => serve::run(settings, config.clone(), &arguments),
            Command::User(command) => user::run(&settings, command),
            Command::Sendmail(_) => unreachable!("it has run"),
            Command::Send(arguments) => send::run(*arguments),
            Command::Check(arguments) => check::run(&settings, &arguments),
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("postroad: {}", why.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// The command line. A program that is called `sendmail` is `postroad sendmail`.
fn words() -> Vec<OsString> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let name = words.first().and_then(|program| Path::new(program).file_name());
    if name.is_some_and(|name| name == "sendmail") {
        words.insert(1, "sendmail".into());
    }
    words
}
