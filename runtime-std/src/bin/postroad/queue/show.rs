//! Messages of the queue, as a person or a script reads them.

use crate::log::timestamp;
use crate::say::say;
use postroad_core::queue::{Entry, State};
use postroad_runtime_std::clock;
use serde_json::{Value, json};
use std::time::Duration;

/// Prints a line for each message, and one for each recipient who waits.
pub fn table(entries: &[Entry]) {
    say!("{:<16}  {:>5}  {:>7}  FROM", "ID", "AGE", "SIZE");
    for entry in entries {
        let envelope = &entry.envelope;
        let age = age(clock::now().since(envelope.arrived));
        let held = if entry.held { "  (held)" } else { "" };
        let (id, size) = (envelope.id, size(entry.size));
        say!("{id:<16}  {age:>5}  {size:>7}  {}{held}", envelope.reverse_path);
        for place in entry.pending() {
            let to = &envelope.recipients[place].forward_path;
            say!("{:>34}{to}  {}", "→ ", status(&entry.states[place]));
        }
    }
}

/// Prints everything that is known of a message.
pub fn show(entry: &Entry) {
    let envelope = &entry.envelope;
    say!("id        {}", envelope.id);
    say!("arrived   {}", timestamp(envelope.arrived));
    say!("origin    {}", envelope.origin);
    say!("from      {}{}", envelope.reverse_path, envelope.parameters);
    say!("size      {} octets", entry.size);
    if entry.held {
        say!("held      until `postroad queue release {}`", envelope.id);
    }
    if let Some(destination) = &entry.rerouted {
        say!("rerouted  {destination}");
    }
    for (recipient, state) in envelope.recipients.iter().zip(&entry.states) {
        say!("to        {}{}", recipient.forward_path, recipient.parameters);
        say!("          {}", status(state));
    }
}

/// What became of a recipient so far.
fn status(state: &State) -> String {
    let Some((at, outcome)) = &state.last else { return "waits for its first attempt".into() };
    let attempts = match state.attempts {
        1 => "at the first attempt".into(),
        attempts => format!("at attempt {attempts}"),
    };
    let said = outcome.text.replace('\n', " ");
    let who = outcome.remote.as_ref().map(|it| format!("{}: ", it.name)).unwrap_or_default();
    format!("{} {attempts}, {}: {who}{said}", outcome.action.name(), timestamp(*at))
}

/// A message as JSON.
pub fn json(entry: &Entry) -> Value {
    let envelope = &entry.envelope;
    let recipients = envelope.recipients.iter().zip(&entry.states).map(|(recipient, state)| {
        let mut row = json!({
            "to": address(&recipient.forward_path),
            "parameters": recipient.parameters.to_string().trim(),
            "attempts": state.attempts,
            "settled": state.is_settled(),
        });
        if let Some((at, outcome)) = &state.last {
            row["tried"] = timestamp(*at).into();
            row["action"] = outcome.action.name().into();
            row["status"] = outcome.status.to_string().into();
            row["text"] = outcome.text.as_str().into();
            if let Some(remote) = &outcome.remote {
                row["host"] = remote.name.as_str().into();
            }
        }
        row
    });
    json!({
        "id": envelope.id.to_string(),
        "arrived": timestamp(envelope.arrived),
        "origin": envelope.origin,
        "from": address(&envelope.reverse_path),
        "parameters": envelope.parameters.to_string().trim(),
        "size": entry.size,
        "held": entry.held,
        "rerouted": entry.rerouted.as_ref().map(ToString::to_string),
        "recipients": recipients.collect::<Value>(),
    })
}

/// A path without its brackets; nothing for the null one.
fn address(path: &impl ToString) -> String {
    path.to_string().trim_start_matches('<').trim_end_matches('>').into()
}

fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

fn size(octets: u64) -> String {
    match octets {
        0..1_024 => format!("{octets}"),
        1_024..1_048_576 => format!("{}k", octets.div_ceil(1_024)),
        _ => format!("{}M", octets.div_ceil(1_048_576)),
    }
}
