//! The story of a message: every event that bears its id, kept for a while.
//!
//! The folder `trace` holds files of events, one JSON object a line, named after the second in which
//! they begin. The oldest go when they are too old, or when all take too much room.

use crate::log;
use crate::say::say;
use crate::settings::Settings;
use crate::{durable, queue};
use postroad_core::machine::Instant;
use postroad_core::queue::Id;
use postroad_core::role::{Report, config};
use serde_json::{Map, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Into how many files what may be kept is divided, so that the oldest part can go.
const PARTS: u64 = 16;
/// Octets of a dialogue that wait for what comes of it, so that they are written at once.
const HELD: usize = 16 * 1024;
/// Seconds after which a new file begins, at the latest.
const DAY: u64 = 24 * 60 * 60;

/// Where stories are written.
pub struct Trace {
    folder: PathBuf,
    keep: Duration,
    size: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    part: Option<Part>,
    /// Lines that are not written yet.
    held: Vec<u8>,
}

/// The file that is written now.
struct Part {
    file: File,
    begun: u64,
    size: u64,
}

impl Trace {
    /// Stories in the data folder, kept as `queue` says.
    ///
    /// # Errors
    /// If the folder can't be made.
    pub fn open(data: &Path, queue: &config::Queue) -> io::Result<Self> {
        let folder = folder(data);
        durable::create_folder(&folder)?;
        let (keep, size) = (queue.trace.0, queue.trace_size);
        Ok(Self { folder, keep, size, state: Mutex::default() })
    }

    /// Writes an event, if it is one of a message's. The lines of a dialogue wait for the next event
    /// that is something else. What can't be written is not: the mail goes on.
    pub fn write(&self, now: Instant, report: &Report) {
        let is_story = report.fields.iter().any(|(name, _)| *name == "id");
        let line = if is_story { log::json(now, report) + "\n" } else { String::new() };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.held.extend_from_slice(line.as_bytes());
        if report.event != "dialogue" || state.held.len() >= HELD {
            let _ = self.append(&mut state, now.as_seconds());
            state.held.clear();
        }
    }

    /// Writes what is held.
    fn append(&self, state: &mut State, now: u64) -> io::Result<()> {
        let State { part, held } = state;
        if held.is_empty() {
            return Ok(());
        }
        let full = |part: &Part| part.size >= self.size / PARTS || now >= part.begun + DAY;
        if part.as_ref().is_none_or(full) {
            let path = self.folder.join(format!("{now}.jsonl"));
            let mut options = OpenOptions::new();
            let file = options.create(true).append(true).mode(0o600).open(path)?;
            let size = file.metadata()?.len();
            *part = Some(Part { file, begun: now, size });
            self.clear(now)?;
        }
        if let Some(part) = part {
            part.file.write_all(held)?;
            part.size += held.len() as u64;
        }
        Ok(())
    }

    /// Removes what is too old, and the oldest of what is too much.
    fn clear(&self, now: u64) -> io::Result<()> {
        let mut left = self.size;
        for (begun, path) in parts(&self.folder)?.into_iter().rev() {
            let size = std::fs::metadata(&path)?.len();
            let old = now.saturating_sub(begun) > self.keep.as_secs() + DAY;
            match left.checked_sub(size).filter(|_| !old) {
                Some(rest) => left = rest,
                None => {
                    left = 0;
                    std::fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }
}

fn folder(data: &Path) -> PathBuf {
    data.join("trace")
}

/// The files and the seconds in which they begin, the oldest first.
fn parts(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let begun = path.file_stem().and_then(|stem| stem.to_str()).and_then(|it| it.parse().ok());
        parts.extend(begun.map(|begun| (begun, path)));
    }
    parts.sort();
    Ok(parts)
}

/// Whose story, and how to tell it.
#[derive(clap::Args)]
pub struct Arguments {
    /// The message's queue id, as the reply to the sender, the log and every report name it
    id: String,
    /// As a JSON list of events
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// If nothing is known of the message.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<(), String> {
    let id = Id::parse(&arguments.id)
        .ok_or_else(|| format!("`{}` is no queue id: those have 16 letters and digits, as replies and the log show them", arguments.id))?;
    let events = events(&folder(&settings.data), id)
        .map_err(|error| format!("{}: {error}", folder(&settings.data).display()))?;
    if arguments.json {
        say!("{}", Value::from_iter(events.iter().cloned().map(Value::Object)));
    } else {
        events.iter().for_each(tell);
    }
    let waits = queue::find(&settings.data, id)?;
    if events.is_empty() && waits.is_none() {
        let days = settings.config.queue.trace;
        return Err(format!("nothing is known of {id}; stories are kept for {days}"));
    }
    if !arguments.json
        && let Some(entry) = waits
    {
        say!("\nIt is in the queue:\n");
        queue::show(&entry);
    }
    Ok(())
}

/// Every event of a message, as they came.
fn events(folder: &Path, id: Id) -> io::Result<Vec<Map<String, Value>>> {
    let parts = match parts(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        parts => parts?,
    };
    let mark = format!("\"id\":\"{id}\"");
    let mut events = Vec::new();
    for (_, path) in parts {
        let file = match File::open(path) {
            // It was too old, and has gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        for line in BufReader::new(file).lines() {
            let line = line?;
            if line.contains(&mark) {
                // What a crash has torn is no event.
                events.extend(serde_json::from_str::<Map<_, _>>(&line).ok());
            }
        }
    }
    Ok(events)
}

/// Prints an event: what was said as it was said, everything else as a line of the log.
fn tell(event: &Map<String, Value>) {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("event") == "dialogue" {
        return say!("    {}", text("line"));
    }
    let mut line = format!("{}  {}", text("time"), text("event"));
    for (name, value) in event {
        if !["time", "event", "id"].contains(&name.as_str()) {
            let value = value.as_str().unwrap_or_default();
            let quoted = value.is_empty() || value.contains([' ', '"']);
            line += &if quoted { format!(" {name}={value:?}") } else { format!(" {name}={value}") };
        }
    }
    say!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(name: &str, size: u64) -> Trace {
        let data =
            std::env::temp_dir().join(format!("postroad-trace-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let queue = config::Queue { trace_size: size, ..config::Queue::default() };
        Trace::open(&data, &queue).unwrap()
    }

    fn id(letter: char) -> Id {
        Id::parse(&letter.to_string().repeat(16)).unwrap()
    }

    #[test]
    fn a_story_is_told_in_order_and_of_one_message_alone() {
        let trace = trace("order", 1 << 20);
        for (second, letter) in [(0, 'b'), (1, 'c'), (200_000, 'b')] {
            let report = Report::new("queued").with("id", id(letter)).with("second", second);
            trace.write(Instant::from_seconds(second), &report);
        }
        trace.write(Instant::from_seconds(3), &Report::new("connected"));
        let told = events(&trace.folder, id('b')).unwrap();
        let seconds: Vec<_> = told.iter().map(|event| event["second"].as_str().unwrap()).collect();
        assert_eq!(seconds, ["0", "200000"]);
        assert_eq!(parts(&trace.folder).unwrap().len(), 2, "a day has its file");
        // A part that is listed and gone when it is opened.
        std::os::unix::fs::symlink("nowhere", trace.folder.join("100.jsonl")).unwrap();
        assert_eq!(events(&trace.folder, id('b')).unwrap(), told);
    }

    #[test]
    fn a_dialogue_is_written_with_what_comes_of_it_or_when_it_is_long() {
        let trace = trace("dialogue", 1 << 20);
        let now = Instant::from_seconds(0);
        let line = Report::new("dialogue").with("id", id('b')).with("line", "S: 250 Ok");
        let told = || events(&trace.folder, id('b')).unwrap().len();
        trace.write(now, &line);
        assert_eq!(told(), 0);
        trace.write(now, &Report::new("relayed").with("id", id('b')));
        assert_eq!(told(), 2);
        trace.write(now, &line);
        trace.write(now, &Report::new("stopped"));
        assert_eq!(told(), 3);
        (0..HELD / 80).for_each(|_| trace.write(now, &line));
        assert!(told() > 100);
    }

    #[test]
    fn what_is_old_goes_and_so_does_what_is_too_much() {
        let trace = trace("size", 16 * 200);
        let report = Report::new("queued").with("id", id('b')).with("text", "x".repeat(100));
        for second in 0..100 {
            trace.write(Instant::from_seconds(second), &report);
        }
        let sizes = parts(&trace.folder).unwrap().into_iter();
        let all: u64 = sizes.map(|(_, path)| std::fs::metadata(path).unwrap().len()).sum();
        assert!((1_000..=16 * 200 + 600).contains(&all), "{all}");
        trace.write(Instant::from_seconds(16 * DAY), &report);
        assert_eq!(parts(&trace.folder).unwrap().len(), 1);
    }
}
