//! The log: one line an event, as text or as JSON, on standard error.

use postroad_core::machine::Instant;
use postroad_core::message::date::DateTime;
use postroad_core::role::Report;
use std::fmt::Write as _;
use std::io::Write as _;

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Format {
    /// `2026-11-23T08:00:00.000Z login account=alice@example.org`
    Text,
    /// `{"time":"2026-11-23T08:00:00.000Z","event":"login","account":"alice@example.org"}`
    Json,
}

/// Writes the line of one event.
pub fn write(format: Format, now: Instant, report: &Report) {
    let mut line = match format {
        Format::Text => format!("{} {report}", timestamp(now)),
        Format::Json => json(now, report),
    };
    line.push('\n');
    // Nobody is left to be told if standard error is closed.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// An event as an object of JSON, without its line end.
pub fn json(now: Instant, report: &Report) -> String {
    let mut line = format!("{{\"time\":\"{}\",\"event\":\"{}\"", timestamp(now), report.event);
    for (name, value) in &report.fields {
        let value = serde_json::Value::from(value.as_str());
        let _ = write!(line, ",\"{name}\":{value}");
    }
    line.push('}');
    line
}

/// RFC 3339, UTC, to the millisecond.
pub fn timestamp(now: Instant) -> String {
    let seconds = now.as_seconds();
    let date = DateTime::utc(seconds.cast_signed()).date();
    let mut text = format!("{:04}-{:02}-{:02}T", date.year(), date.month(), date.day());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let millis = now.as_micros() / 1000 % 1000;
    let _ = write!(text, "{hour:02}:{minute:02}:{second:02}.{millis:03}Z");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_holds_whatever_a_peer_said() {
        let report = Report::new("refused").with("helo", "a\"b\n\u{7f}c");
        let line = json(Instant::from_micros(1_792_656_000_123_000), &report);
        assert_eq!(
            line,
            "{\"time\":\"2026-10-22T08:00:00.123Z\",\"event\":\"refused\",\"helo\":\"a\\\"b\\n\u{7f}c\"}"
        );
    }
}
