use super::{
    Action, End, Event, Form, Named, OUTSIDE, Section, Sections, SessionNumber, Setting, Step,
    Transcript, unescape,
};
use core::fmt;
use core::time::Duration;
use postroad_core::machine::{Deflate, Wants};

/// What is wrong with a transcript, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// In words.
    pub problem: String,
}

impl Malformed {
    /// The `problem` at `line`.
    pub fn new(line: usize, problem: impl fmt::Display) -> Self {
        Self { line, problem: problem.to_string() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl core::error::Error for Malformed {}

impl Transcript {
    /// Reads a transcript; `file` is where it came from.
    ///
    /// # Errors
    /// Names the first line that is not in the format.
    pub fn parse(file: &str, text: &str) -> Result<Self, Malformed> {
        let mut transcript = Self {
            file: file.to_owned(),
            source: Vec::new(),
            machine: Named { line: 0, name: String::new() },
            config: Vec::new(),
            needs: Vec::new(),
            either: Vec::new(),
            steps: Vec::new(),
            sections: Sections::default(),
        };
        for (line, text) in (1..).zip(text.lines()) {
            if let Some((name, raw)) = Section::header(text) {
                transcript.begin_section(line, name, raw)?;
            } else if let Some(section) = transcript.sections.0.last_mut() {
                section.lines.push(text.to_owned());
            } else {
                transcript.parse_line(line, text)?;
                transcript.source.push(text.to_owned());
            }
        }
        transcript.check()?;
        Ok(transcript)
    }

    fn begin_section(&mut self, line: usize, name: &str, raw: bool) -> Result<(), Malformed> {
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(Malformed::new(line, "a section's name is one word"));
        }
        if self.sections.find(name).is_some() {
            return Err(Malformed::new(line, format_args!("there are two sections `{name}`")));
        }
        self.sections.0.push(Section { line, name: name.to_owned(), raw, lines: Vec::new() });
        Ok(())
    }

    fn parse_line(&mut self, line: usize, text: &str) -> Result<(), Malformed> {
        if text.trim().is_empty() || text.starts_with('#') {
            return Ok(());
        }
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "machine" if self.machine.line == 0 => {
                self.machine = Named { line, name: rest.trim().to_owned() };
            }
            "machine" => return Err(Malformed::new(line, "there is a machine already")),
            "config" => self.config.push(setting(line, rest)),
            "needs" => {
                let need = setting(line, rest);
                if !OUTSIDE.contains(&&*need.key) {
                    self.config.push(need.clone());
                }
                self.needs.push(need);
            }
            "either" => self.either.push(setting(line, rest)),
            _ => self.steps.push(step(line, text)?),
        }
        Ok(())
    }

    /// What can only be seen in the whole.
    fn check(&self) -> Result<(), Malformed> {
        if self.machine.name.is_empty() {
            return Err(Malformed::new(1, "a `machine` line is missing"));
        }
        for section in &self.sections.0 {
            section.octets()?;
        }
        for step in &self.steps {
            let Action::Speak { form, text, .. } = &step.action else {
                continue;
            };
            match form {
                Form::Section => {
                    let wrong = |problem| Malformed::new(step.line, problem);
                    self.sections.octets(text).map_err(wrong)?;
                }
                Form::Raw => {
                    unescape(text).map_err(|wrong| Malformed::new(step.line, wrong))?;
                }
                Form::Line | Form::AnyOrder => {}
            }
        }
        Ok(())
    }
}

fn setting(line: usize, text: &str) -> Setting {
    let (key, value) = text.split_once(' ').unwrap_or((text, ""));
    Setting { line, key: key.to_owned(), value: value.trim().to_owned() }
}

/// Reads one line of the dialogue: its mark, a session's digit, the text.
fn step(line: usize, text: &str) -> Result<Step, Malformed> {
    let unknown = || {
        Malformed::new(
            line,
            format_args!(
                "`{text}` is no line of a transcript; lines start with # machine config needs either C: S: C~ S~ C@ S@ S? > < T: = !"
            ),
        )
    };
    let mut chars = text.chars();
    let mark = chars.next().ok_or_else(unknown)?;
    let digit = chars.clone().next().and_then(|c| c.to_digit(10));
    let session = match digit {
        Some(digit @ 1..) => {
            chars.next();
            SessionNumber(u8::try_from(digit).unwrap_or(u8::MAX))
        }
        Some(_) => return Err(unknown()),
        None => SessionNumber::FIRST,
    };
    let action =
        match mark {
            'C' => speak(End::Client, chars.as_str()).ok_or_else(unknown)?,
            'S' => speak(End::Server, chars.as_str()).ok_or_else(unknown)?,
            '>' => Action::Ask(words(chars.as_str()).ok_or_else(unknown)?),
            '<' => Action::Tell(words(chars.as_str()).ok_or_else(unknown)?),
            'T' if digit.is_none() => {
                let passes = chars.as_str().strip_prefix(':').ok_or_else(unknown)?;
                Action::Pass(duration(passes.trim()).map_err(|wrong| Malformed::new(line, wrong))?)
            }
            '=' => Action::Want(wants(chars.as_str().trim()).ok_or_else(|| {
                Malformed::new(line, "a session wants read, nothing, tls or close")
            })?),
            '!' => Action::Happen(event(chars.as_str().trim()).ok_or_else(|| {
                Malformed::new(line, "what happens is connect, eof, shutdown, tls ok, tls failed, deflate ok or deflate failed")
            })?),
            _ => return Err(unknown()),
        };
    Ok(Step { line, session, action })
}

fn speak(end: End, text: &str) -> Option<Action> {
    let mut chars = text.chars();
    let form = match chars.next()? {
        ':' => Form::Line,
        '?' => Form::AnyOrder,
        '~' => Form::Raw,
        '@' => Form::Section,
        _ => return None,
    };
    let text = chars.as_str();
    let text = text.strip_prefix(' ').unwrap_or(text).to_owned();
    Some(Action::Speak { end, form, text })
}

fn words(text: &str) -> Option<String> {
    let words = text.strip_prefix(' ')?.trim();
    (!words.is_empty()).then(|| words.to_owned())
}

/// Reads `+301s`, `+20ms`, `+5m`, `+2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time that passes; write +301s, +20ms, +5m or +2h");
    let text = text.strip_prefix('+').ok_or_else(wrong)?;
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let count: u64 = text[..at].parse().map_err(|_| wrong())?;
    match &text[at..] {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        "m" => Ok(Duration::from_secs(count.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(count.saturating_mul(3600))),
        _ => Err(wrong()),
    }
}

fn wants(word: &str) -> Option<Wants> {
    Some(match word {
        "read" => Wants::Read,
        "nothing" => Wants::Nothing,
        "tls" => Wants::Tls,
        "deflate" => Wants::Deflate(Deflate::Begin),
        "plain" => Wants::Deflate(Deflate::End),
        "close" => Wants::Close,
        _ => return None,
    })
}

fn event(words: &str) -> Option<Event> {
    Some(match words {
        "eof" => Event::Eof,
        "shutdown" => Event::Shutdown,
        "tls ok" => Event::TlsOk,
        "tls failed" => Event::TlsFailed,
        "deflate ok" => Event::DeflateOk,
        "deflate failed" => Event::DeflateFailed,
        "connect" => Event::Connect(None),
        _ => Event::Connect(Some(words.strip_prefix("connect ")?.trim().to_owned())),
    })
}
