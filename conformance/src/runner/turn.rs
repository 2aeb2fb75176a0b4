use crate::transcript::{Action, End, Event, SessionNumber, Step, Transcript};
use core::time::Duration;
use postroad_core::machine::Wants;

/// One thing that happens to the machine, and everything that is expected to come of it.
#[derive(Debug)]
pub(crate) struct Turn<'t> {
    pub(crate) stimulus: Stimulus<'t>,
    pub(crate) expected: Vec<Expectation<'t>>,
}

/// What happens to the machine.
#[derive(Debug)]
pub(crate) enum Stimulus<'t> {
    /// The first session is opened.
    Begin,
    /// Lines of the peer that stand together.
    Burst(SessionNumber, Vec<&'t Step>),
    /// The host speaks of its own accord, or answers late.
    Tell(&'t Step, &'t str),
    /// Time passes.
    Pass(&'t Step, Duration),
    /// Something happens to the connection.
    Happen(&'t Step, &'t Event),
}

/// What is expected to come of it.
#[derive(Debug)]
pub(crate) enum Expectation<'t> {
    /// The machine speaks.
    Speech(&'t Step),
    /// The machine asks its host, which answers at once.
    Ask { step: &'t Step, words: &'t str, answers: Vec<&'t str>, last_line: usize },
    /// The session wants this of its connection.
    Want(&'t Step, Wants),
}

impl Stimulus<'_> {
    /// The source lines that it stands in, first and last.
    pub(crate) fn lines(&self, transcript: &Transcript) -> (usize, usize) {
        match self {
            Self::Begin => {
                let settings = [&transcript.config, &transcript.needs, &transcript.either]
                    .into_iter()
                    .flatten();
                let last = settings.map(|setting| setting.line).max().unwrap_or(0);
                let last = last.max(transcript.machine.line);
                (1, last)
            }
            Self::Burst(_, steps) => {
                let lines = |step: Option<&&Step>| step.map_or(0, |step| step.line);
                (lines(steps.first()), lines(steps.last()))
            }
            Self::Tell(step, _) | Self::Pass(step, _) | Self::Happen(step, _) => {
                (step.line, step.line)
            }
        }
    }
}

impl Expectation<'_> {
    /// The source lines that it stands in, first and last.
    pub(crate) fn lines(&self) -> (usize, usize) {
        match self {
            Self::Speech(step) | Self::Want(step, _) => (step.line, step.line),
            Self::Ask { step, last_line, .. } => (step.line, *last_line),
        }
    }
}

/// Cuts a transcript into turns; `ours` is the end that the machine under test is.
pub(crate) fn turns(transcript: &Transcript, ours: End) -> Vec<Turn<'_>> {
    let mut turns = vec![Turn { stimulus: Stimulus::Begin, expected: Vec::new() }];
    let mut before: Option<&Step> = None;
    for step in &transcript.steps {
        let previous = before.filter(|before| before.session == step.session);
        add(&mut turns, step, previous, ours);
        before = Some(step);
    }
    turns
}

/// Adds `step`; `previous` is the one before it if it belongs to the same session.
fn add<'t>(turns: &mut Vec<Turn<'t>>, step: &'t Step, previous: Option<&Step>, ours: End) {
    let turn = turns.last_mut().expect("there is always a turn");
    let stimulus = match &step.action {
        Action::Speak { end, .. } if *end == ours => {
            turn.expected.push(Expectation::Speech(step));
            return;
        }
        Action::Want(wants) => {
            turn.expected.push(Expectation::Want(step, *wants));
            return;
        }
        Action::Ask(words) => {
            turn.expected.push(Expectation::Ask {
                step,
                words,
                answers: Vec::new(),
                last_line: step.line,
            });
            return;
        }
        Action::Tell(words) => {
            let adjacent = matches!(
                previous.map(|previous| &previous.action),
                Some(Action::Ask(_) | Action::Tell(_))
            );
            if adjacent
                && let Some(Expectation::Ask { answers, last_line, .. }) = turn.expected.last_mut()
            {
                answers.push(words);
                *last_line = step.line;
                return;
            }
            Stimulus::Tell(step, words)
        }
        Action::Speak { .. } => {
            let adjacent = matches!(
                previous.map(|previous| &previous.action),
                Some(Action::Speak { end, .. }) if *end != ours
            );
            if let Stimulus::Burst(_, steps) = &mut turn.stimulus
                && adjacent
            {
                steps.push(step);
                return;
            }
            Stimulus::Burst(step.session, vec![step])
        }
        Action::Pass(duration) => Stimulus::Pass(step, *duration),
        Action::Happen(event) => Stimulus::Happen(step, event),
    };
    turns.push(Turn { stimulus, expected: Vec::new() });
}
