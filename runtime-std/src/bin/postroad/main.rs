//! The `postroad` command: a mail system in one program.
#![allow(unreachable_pub, reason = "nobody is outside of a program")]

mod certificate;
mod check;
mod control;
mod current;
mod demo;
mod durable;
mod exit;
mod export;
mod import;
mod log;
mod mail;
mod password;
mod queue;
mod say;
mod send;
mod sendmail;
mod serve;
mod settings;
mod signals;
mod terminal;
mod trace;
mod user;
mod users;
mod verify;

use clap::{Args, Parser, Subcommand};
use exit::{Exit, Failed};
use settings::Settings;
use std::ffi::{OsStr, OsString};
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
    /// Watch a message travel: two mail systems on this machine, each hop with its dialogue
    Demo,
    /// Run the mail system until SIGTERM or Ctrl-C; SIGHUP reloads users, aliases and certificate
    Serve(serve::Arguments),
    /// Add, change, list or remove users, also while the system runs
    #[command(subcommand)]
    User(user::Command),
    /// See what waits to leave, and give orders about it
    #[command(subcommand)]
    Queue(queue::Command),
    /// Tell a message's whole story: who handed it in, each attempt with its dialogue, the outcome
    Trace(trace::Arguments),
    /// Compose a mail and hand it to a server
    Send(Box<send::Arguments>),
    /// Take a message from standard input, as programs expect of sendmail
    Sendmail(sendmail::Arguments),
    /// Take mail from a Maildir or an mbox into an account
    Import(import::Arguments),
    /// Put an account's mail into a Maildir or into mbox files
    Export(export::Arguments),
    /// Look through the mail on the disk for what is damaged
    Verify(verify::Arguments),
    /// Say what is wrong with the configuration, and print the limits in force
    Check(check::Arguments),
}

fn main() -> ExitCode {
    let Arguments { place: Place { config, data }, command } = Arguments::parse_from(words());
    let (file, folder) = (config.clone(), data.clone());
    let read = || Settings::read(file.as_deref(), folder.as_deref());
    let outcome = match command {
        Command::Demo => demo::run().map_err(Failed::from),
        Command::Serve(arguments) => with(read(), |it| serve::run(it, config, &arguments)),
        Command::User(command) => with(read(), |it| user::run(it, command)),
        Command::Queue(command) => with(read(), |it| queue::run(it, command)),
        Command::Trace(arguments) => with(read(), |it| trace::run(it, &arguments)),
        Command::Send(arguments) => read()
            .map_err(|why| Exit::Configuration.because(why))
            .and_then(|it| send::run(&it, *arguments)),
        Command::Sendmail(arguments) => return sendmail::run(config, data, arguments),
        Command::Import(arguments) => with(read(), |it| import::run(it, &arguments)),
        Command::Export(arguments) => with(read(), |it| export::run(it, &arguments)),
        Command::Verify(arguments) => with(read(), |it| verify::run(it, &arguments)),
        Command::Check(arguments) => with(read(), |it| check::run(it, &arguments)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { exit, why }) => {
            eprintln!("postroad: {}", why.trim_end());
            exit.into()
        }
    }
}

fn with(
    settings: Result<Settings, String>,
    run: impl FnOnce(&Settings) -> Result<(), String>,
) -> Result<(), Failed> {
    settings.and_then(|settings| run(&settings)).map_err(Failed::from)
}

/// The command line. A program that is called `sendmail` is `postroad sendmail`, and one that is
/// called by another name of sendmail's is that with the option that the name stands for.
fn words() -> Vec<OsString> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let name = words.first().and_then(|program| Path::new(program).file_name());
    let more: &[&str] = match name.and_then(OsStr::to_str) {
        Some("sendmail") => &["sendmail"],
        Some("mailq") => &["sendmail", "-bp"],
        Some("newaliases") => &["sendmail", "-bi"],
        _ => &[],
    };
    words.splice(1..1, more.iter().map(OsString::from));
    words
}
