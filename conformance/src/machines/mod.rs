//! The machines that transcripts put under test, by the names of their `machine` lines.

mod common;
mod imap_server;
mod login;
mod mailroom;
mod mta_outbound;
mod pop3_server;
mod role;
mod smtp_client;
mod smtp_server;
mod spool;

#[cfg(test)]
mod tests;

use crate::runner::World;
use crate::transcript::{Malformed, Transcript};

/// Makes a machine's world from a transcript.
type Make = fn(&Transcript) -> Result<Box<dyn World>, Malformed>;

const MACHINES: &[(&str, Make)] = &[
    ("smtp-server", smtp_server::smtp),
    ("lmtp-server", smtp_server::lmtp),
    ("smtp-client", smtp_client::smtp),
    ("lmtp-client", smtp_client::lmtp),
    ("pop3-server", pop3_server::build),
    ("imap-server", imap_server::build),
    ("mta", role::build),
    ("msa", role::build),
    ("mda", role::build),
    ("mta-outbound", mta_outbound::build),
    ("pop3", role::build),
    ("imap", role::build),
];

/// Makes the world of the machine that `transcript` names.
///
/// # Errors
/// If there is no such machine, or if its configuration is wrong.
pub fn build(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    let name = &*transcript.machine.name;
    match MACHINES.iter().find(|(known, _)| *known == name) {
        Some((_, make)) => make(transcript),
        None => {
            let known: Vec<&str> = MACHINES.iter().map(|(known, _)| *known).collect();
            Err(Malformed::new(
                transcript.machine.line,
                format_args!("there is no machine `{name}`; there are: {}", known.join(", ")),
            ))
        }
    }
}

/// An answer read from a transcript, or what is wrong with it.
type Answered<T> = Result<T, String>;

fn no_answer(words: &str, known: &str) -> String {
    format!("`{words}` is no answer here; there are: {known}")
}

fn unasked() -> String {
    "nothing was asked".to_owned()
}

/// Refuses to open another machine than the one under test.
fn alone(machine: Option<&str>) -> Result<(), String> {
    match machine {
        None => Ok(()),
        Some(other) => Err(format!("there is no `{other}` beside this machine")),
    }
}
