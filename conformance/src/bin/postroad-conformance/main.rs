//! Replays mail transcripts: `postroad-conformance replay PATH…`; runs other people's scripts against a server that listens.

mod scripts;

use postroad_conformance::folder::{Options, Wrong, replay_file, transcripts};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Replays transcripts of mail dialogues against Postroad's machines.

Usage: postroad-conformance replay [--seed NUMBER] [--update] PATH...

  PATH            a transcript, or a folder with transcripts (*.txt)
  --seed NUMBER   where random pieces begin (default: POSTROAD_SEED, else 1)
  --update        first rewrite the machine's side as it is now (as UPDATE=1 does)

Runs other people's IMAP scripts against a server, and deletes all mail of the users named.

Usage: postroad-conformance imaptest|james --server HOST:PORT --user NAME:PASSWORD...
                                           [--json] [--patience SECONDS] FOLDER [NAME...]

  FOLDER              where the scripts are: ImapTest's src/tests, James' MPT scripts
  NAME                only scripts whose path contains one of these
  --server HOST:PORT  where IMAP is spoken in the clear
  --user NAME:PASSWORD
                      who logs in; again for the second user of ImapTest's scripts, and for a new INBOX in
                      each of James'
  --json              print the report as JSON
  --without CAPABILITY
                      judge as if the server did not announce it
  --patience SECONDS  how long the server may stay silent (default: 10)

  -h, --help          this text

Exit status: 0 if all passed, 1 if one did not, 2 if one could not be read or the command is wrong.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| matches!(&**argument, "-h" | "--help")) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let outcome = match arguments.split_first() {
        Some((format, rest)) if format == "imaptest" || format == "james" => {
            scripts::run(format, rest)
        }
        _ => parse(&arguments).and_then(|(paths, options)| run(&paths, options)),
    };
    match outcome {
        Ok(code) => code,
        Err(wrong) => {
            eprintln!("postroad-conformance: {wrong}");
            ExitCode::from(2)
        }
    }
}

/// Reads the command line: the paths and the options.
fn parse(arguments: &[String]) -> Result<(Vec<&str>, Options), String> {
    let mut options = Options::from_env()?;
    let mut arguments = arguments.iter().map(String::as_str);
    match arguments.next() {
        Some("replay") => {}
        Some(other) => return Err(format!("there is no command `{other}`; see --help")),
        None => return Err("say `replay` and what; see --help".to_owned()),
    }
    let mut paths = Vec::new();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (argument, None),
        };
        match name {
            "--update" if value.is_none() => options.update = true,
            "--seed" => {
                let value = value.or_else(|| arguments.next());
                options.seed =
                    value.and_then(|value| value.parse().ok()).ok_or("--seed takes a number")?;
            }
            _ if name.starts_with('-') => return Err(format!("unknown option {argument}")),
            _ => paths.push(argument),
        }
    }
    if paths.is_empty() {
        return Err("say which transcripts to replay".to_owned());
    }
    Ok((paths, options))
}

fn run(paths: &[&str], options: Options) -> Result<ExitCode, String> {
    println!("seed {}", options.seed);
    let (mut passed, mut differ, mut unreadable) = (0, 0, 0);
    for path in paths {
        let files = transcripts(Path::new(path)).map_err(|error| format!("{path}: {error}"))?;
        for file in files {
            match replay_file(&file.display().to_string(), &file, options) {
                Ok(()) => passed += 1,
                Err(wrong) => {
                    match wrong {
                        Wrong::Unreadable(_) => unreadable += 1,
                        Wrong::Differs(_) => differ += 1,
                    }
                    println!("\n{wrong}\n");
                }
            }
        }
    }
    println!("{passed} passed, {differ} differ, {unreadable} could not be read");
    match (passed, differ, unreadable) {
        (0, 0, 0) => Err("there is no transcript there".to_owned()),
        (_, _, 1..) => Ok(ExitCode::from(2)),
        (_, 1.., _) => Ok(ExitCode::FAILURE),
        _ => Ok(ExitCode::SUCCESS),
    }
}
