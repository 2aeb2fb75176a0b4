//! The table in which the demo ends.

use crate::say::say;
use postroad_core::machine::Instant;
use std::time::Duration;

/// A hop of a journey.
struct Hop {
    name: String,
    time: Duration,
    /// Octets of the message; 0 where none travels.
    octets: u64,
    reply: String,
}

/// Every hop so far.
#[derive(Default)]
pub struct Table(Vec<Hop>);

impl Table {
    /// Adds a hop.
    pub fn add(&mut self, name: &str, begun: Instant, ended: Instant, octets: u64, reply: &str) {
        let time = ended.since(begun);
        self.0.push(Hop { name: name.into(), time, octets, reply: reply.into() });
    }

    /// Prints it.
    pub fn print(&self) {
        say!("\n{:<19}{:>9}{:>8}  reply", "hop", "time", "bytes");
        for Hop { name, time, octets, reply } in &self.0 {
            let time = format!("{}.{} ms", time.as_millis(), time.as_micros() / 100 % 10);
            let octets = if *octets == 0 { "-".into() } else { octets.to_string() };
            let reply: String = reply.lines().next().unwrap_or_default().chars().take(60).collect();
            say!("{name:<19}{time:>9}{octets:>8}  {reply}");
        }
    }
}
