//! Replays a transcript against its machine, under every delivery.
//!
//! [`replay`] lets one transcript happen once per [`Delivery`] and demands the same outcome each
//! time. After every input, and after everything that was transmitted, it polls until the machine is
//! silent, as every driver must; deadlines fire in their order as virtual time passes.

mod check;
mod delivery;
mod dialogue;
mod failure;
mod run;
#[cfg(test)]
mod tests;
pub(crate) mod turn;
mod update;

pub use delivery::Delivery;
pub use dialogue::{Build, Dialogue, Link, Polled, Request, Scripted, Unmentioned, Voice, World};
pub use failure::Failure;
pub use run::BEGINNING;
pub use update::update;

use crate::transcript::{Malformed, Setting, Transcript};
use delivery::Schedule;
use run::Run;
use turn::turns;

/// How often each transcript is replayed in random pieces.
const RANDOM_RUNS: u64 = 4;

/// Replays `transcript` under every delivery that it allows; random pieces begin at `seed`.
///
/// # Errors
/// The first difference between what is expected and what was seen, ready to be printed.
pub fn replay(transcript: &Transcript, build: &Build, seed: u64) -> Result<(), Box<Failure>> {
    let deliveries = deliveries(transcript, seed)
        .map_err(|malformed| Box::new(Failure::malformed(transcript, malformed)))?;
    deliveries.into_iter().try_for_each(|delivery| replay_once(transcript, build, delivery))
}

/// Replays `transcript` under one delivery.
///
/// # Errors
/// As [`replay`].
pub fn replay_once(
    transcript: &Transcript,
    build: &Build,
    delivery: Delivery,
) -> Result<(), Box<Failure>> {
    let world = build(transcript)
        .map_err(|malformed| Box::new(Failure::malformed(transcript, malformed)))?;
    let ours = world.ours();
    let turns = turns(transcript, ours);
    let mut run = Run::new(transcript, world, Schedule::new(delivery));
    let mut past = Vec::new();
    for turn in &turns {
        let seen = run.turn(turn);
        let rows = failure::rows(transcript, turn, &seen, ours, &run.bindings);
        if let Some((line, problem)) = seen.problems.first() {
            past.push(rows);
            return Err(Box::new(Failure {
                file: transcript.file.clone(),
                line: *line,
                problem: problem.clone(),
                delivery: Some(delivery),
                rows: past.concat(),
            }));
        }
        past.push(rows);
    }
    match run.left_over() {
        Some(problem) => Err(Box::new(Failure {
            file: transcript.file.clone(),
            line: transcript.steps.last().map_or(1, |step| step.line),
            problem,
            delivery: Some(delivery),
            rows: past.concat(),
        })),
        None => Ok(()),
    }
}

/// The `config` key that only the runner reads.
pub const DELIVERY_KEY: &str = "delivery";

/// The settings that are the machine's.
pub fn settings(transcript: &Transcript) -> impl Iterator<Item = &Setting> {
    let ours = |setting: &&Setting| setting.key != DELIVERY_KEY;
    transcript.config.iter().filter(ours)
}

fn deliveries(transcript: &Transcript, seed: u64) -> Result<Vec<Delivery>, Malformed> {
    let mut all = vec![Delivery::Whole, Delivery::Octets];
    all.extend((0..RANDOM_RUNS).map(|run| Delivery::Pieces(seed.wrapping_add(run))));
    let Some(setting) = transcript.config.iter().find(|setting| setting.key == DELIVERY_KEY) else {
        return Ok(all);
    };
    let words = setting.words();
    if let Some(word) =
        words.iter().find(|word| !all.iter().any(|delivery| delivery.word() == **word))
    {
        return Err(setting
            .wrong(format_args!("`{word}` is no delivery; there are whole, octets and pieces")));
    }
    all.retain(|delivery| words.contains(&delivery.word()));
    Ok(all)
}
