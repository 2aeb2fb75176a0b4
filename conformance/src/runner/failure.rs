use super::Unmentioned;
use super::delivery::Delivery;
use super::run::Seen;
use super::turn::{Expectation, Stimulus, Turn};
use crate::matcher::{Bindings, Lines, split_lines};
use crate::report::{Failed, Outcome, Row, write_table};
use crate::transcript::{End, Malformed, SessionNumber, Transcript, escape, is_plain, want_word};
use core::fmt;

/// How a replay went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The transcript.
    pub file: String,
    /// The line at which the difference is, counted from 1.
    pub line: usize,
    /// The difference in words.
    pub problem: String,
    /// How the octets were cut; `None` if it did not come to that.
    pub delivery: Option<Delivery>,
    /// The dialogue so far, expected and seen beside each other.
    pub rows: Vec<Row>,
}

impl Failure {
    pub(super) fn malformed(transcript: &Transcript, malformed: Malformed) -> Self {
        Self {
            file: transcript.file.clone(),
            line: malformed.line,
            problem: malformed.problem,
            delivery: None,
            rows: Vec::new(),
        }
    }
}

impl Failure {
    /// How it was tried: the delivery, with its seed.
    #[must_use]
    pub fn how(&self) -> String {
        self.delivery.map_or(String::new(), |delivery| format!("delivered {delivery}"))
    }

    /// The command that does the same again.
    #[must_use]
    pub fn again(&self) -> String {
        let seed = match self.delivery {
            Some(Delivery::Pieces(seed)) => format!(" --seed {seed}"),
            _ => String::new(),
        };
        format!("postroad-conformance replay{seed} {}", self.file)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {}", self.file, self.line, self.problem)?;
        if self.delivery.is_none() {
            return Ok(());
        }
        writeln!(f, "{}\n", self.how())?;
        write_table(f, &self.rows, false)?;
        write!(f, "\nagain: {}", self.again())
    }
}

impl core::error::Error for Failure {}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        if failure.delivery.is_none() {
            return Self::Unreadable(failure.to_string().trim_end().to_owned());
        }
        let (how, again) = (failure.how(), failure.again());
        let Failure { line, problem, rows, .. } = failure;
        Self::Failed(Box::new(Failed { line, problem, how, rows, again }))
    }
}

/// One turn as rows; `bindings` as they are after it.
pub(super) fn rows(
    transcript: &Transcript,
    turn: &Turn<'_>,
    seen: &Seen,
    ours: End,
    bindings: &Bindings,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let source = |line: usize| transcript.source[line - 1].clone();
    match &turn.stimulus {
        Stimulus::Begin => {}
        Stimulus::Burst(_, steps) => {
            rows.extend(steps.iter().map(|step| Row::both(source(step.line))));
        }
        Stimulus::Tell(step, _) | Stimulus::Pass(step, _) | Stimulus::Happen(step, _) => {
            rows.push(Row::both(source(step.line)));
        }
    }
    rows.extend(asked(transcript, turn, seen));
    let mut sessions: Vec<SessionNumber> = seen.wants.keys().copied().collect();
    sessions.sort_unstable();
    for number in sessions {
        rows.extend(speech(transcript, turn, seen, (ours, number), bindings));
    }
    rows.extend(turn.expected.iter().filter_map(|expected| {
        let Expectation::Want(step, wants) = expected else {
            return None;
        };
        let seen = seen.wants.get(&step.session).copied();
        Some(Row {
            expected: source(step.line),
            seen: seen.map_or(String::new(), |seen| format!("= {}", want_word(seen))),
            agree: seen == Some(*wants),
        })
    }));
    rows
}

/// The rows of what was asked, with the answers.
fn asked(transcript: &Transcript, turn: &Turn<'_>, seen: &Seen) -> Vec<Row> {
    let source = |line: usize| transcript.source[line - 1].clone();
    let mut rows = Vec::new();
    let mut next = 0;
    let ask = |index: usize| match turn.expected.get(index) {
        Some(expected @ Expectation::Ask { .. }) => Some(expected.lines()),
        _ => None,
    };
    let missing = |rows: &mut Vec<Row>, from: usize, to: usize| {
        for (first, _) in (from..to).filter_map(ask) {
            rows.push(Row { expected: source(first), seen: String::new(), agree: false });
        }
    };
    for asked in &seen.asked {
        let text = format!(">{} {}", asked.session, asked.request.words);
        match asked.mentioned {
            Some(index) => {
                missing(&mut rows, next, index);
                next = index + 1;
                let Some((first, last)) = ask(index) else {
                    continue;
                };
                let wrong = |(line, _): &(usize, String)| (first..=last).contains(line);
                rows.push(Row {
                    expected: source(first),
                    seen: text,
                    agree: !seen.problems.iter().any(wrong),
                });
                rows.extend((first + 1..=last).map(|line| Row::both(source(line))));
            }
            None if asked.request.unmentioned == Unmentioned::Hidden => {}
            None => rows.push(Row {
                expected: String::new(),
                seen: text,
                agree: asked.request.unmentioned == Unmentioned::Default,
            }),
        }
    }
    missing(&mut rows, next, turn.expected.len());
    rows
}

/// The rows of what session `number` said.
fn speech(
    transcript: &Transcript,
    turn: &Turn<'_>,
    seen: &Seen,
    (ours, number): (End, SessionNumber),
    bindings: &Bindings,
) -> Vec<Row> {
    let (lines, _) = transcript.expected_speech(turn, number);
    let said = seen.speech.get(&number).map_or(&[][..], Vec::as_slice);
    let said = split_lines(said);
    let show = |line: &[u8]| said_line(ours, number, line);
    let source = |lines: &Lines, index: usize| {
        let line = lines.as_slice().get(index);
        let line = line.and_then(|line| line.source.first());
        line.map_or(String::new(), |line| transcript.source[*line - 1].clone())
    };
    let count = lines.as_slice().len().max(said.len());
    let mismatch = lines.compare(&said, &mut bindings.clone()).err();
    (0..count)
        .map(|index| Row {
            expected: source(&lines, index),
            seen: said.get(index).map_or(String::new(), |line| show(line)),
            agree: mismatch.as_ref().is_none_or(|wrong| index < wrong.expected.min(wrong.seen)),
        })
        .collect()
}

/// A line that was said, as a transcript writes it.
pub(super) fn said_line(ours: End, number: SessionNumber, line: &[u8]) -> String {
    let letter = ours.letter();
    match line.strip_suffix(b"\r\n") {
        Some(b"") => format!("{letter}{number}:"),
        Some(text) if is_plain(text) => {
            format!("{letter}{number}: {}", String::from_utf8_lossy(text))
        }
        _ => format!("{letter}{number}~ {}", escape(line)),
    }
}
