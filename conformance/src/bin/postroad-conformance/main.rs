//! The `postroad-conformance` command: mail dialogues as tests, against Postroad's machines or any server.
#![allow(unreachable_pub, reason = "nobody is outside of a program")]

mod exit;
mod index;
mod output;
mod record;
mod replay;
mod run;
mod scripts;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Mail dialogues as tests: transcripts, replayed against Postroad's machines; other people's
/// scripts, run against a server that listens.
#[derive(Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 all passed, 1 one did not, 2 one could not be read or the usage is wrong."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Replay transcripts against Postroad's machines, however the octets are cut
    Replay(replay::Arguments),
    /// Run transcripts against a server that listens, whosever it is; all mail of the users named is deleted
    Run(Box<run::Arguments>),
    /// Pass on what clients and a server say to each other, and write it as transcripts, without secrets
    Record(Box<record::Arguments>),
    /// Write which clauses the transcripts of a folder test into its INDEX.md
    Index(index::Arguments),
    /// Run ImapTest's scripted tests against a server; all mail of the users named is deleted
    Imaptest(scripts::Arguments),
    /// Run the dialogues of Apache James' MPT against a server; all mail of the users named is deleted
    James(scripts::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let outcome = match command {
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Index(arguments) => index::run(&arguments),
        Command::Imaptest(arguments) => scripts::run(scripts::Form::Imaptest, arguments),
        Command::James(arguments) => scripts::run(scripts::Form::James, arguments),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(why) => {
            eprintln!("postroad-conformance: {why}");
            exit::Exit::Wrong.into()
        }
    }
}
