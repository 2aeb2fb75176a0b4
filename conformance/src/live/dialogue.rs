//! One transcript's dialogue with one server.

use super::Servers;
use super::judge::{Judge, Line, Pair, lines};
use super::names::Names;
use super::needs::Needs;
use super::protocol::{Place, Protocol};
use super::session::Session;
use super::wire::End;
use crate::report::{Failed, Outcome, Row};
use crate::runner::turn::{Expectation, Stimulus, Turn, turns};
use crate::transcript::{
    Action, End as Side, Event, Form, SessionNumber, Step, Transcript, unescape,
};
use postroad_core::machine::Wants;
use std::collections::BTreeMap;

pub(super) struct Dialogue<'d> {
    servers: &'d Servers,
    transcript: &'d Transcript,
    names: &'d Names,
    /// Whether each burst goes in one write.
    together: bool,
    sessions: BTreeMap<SessionNumber, Session>,
    judge: Judge,
    rows: Vec<Row>,
}

/// Where and why the dialogue went otherwise, or can't be had.
type Wrong = (usize, String);

impl<'d> Dialogue<'d> {
    pub(super) fn new(
        servers: &'d Servers,
        transcript: &'d Transcript,
        needs: &Needs,
        names: &'d Names,
    ) -> Self {
        let judge = Judge::new(transcript, names.clone(), needs.capabilities());
        let (together, sessions, rows) = (needs.pipelining, BTreeMap::new(), Vec::new());
        Self { servers, transcript, names, together, sessions, judge, rows }
    }

    pub(super) fn run(mut self) -> Outcome {
        let turns = turns(self.transcript, Side::Server);
        let mut outcome = turns.iter().try_for_each(|turn| self.turn(turn));
        if outcome.is_ok() {
            outcome = self.farewell();
        }
        match outcome {
            Ok(()) => Outcome::Passed,
            Err(wrong) => failed(self.servers, self.transcript, wrong, self.rows),
        }
    }

    fn turn(&mut self, turn: &Turn<'_>) -> Result<(), Wrong> {
        let (line, _) = turn.stimulus.lines(self.transcript);
        self.note(&turn.stimulus);
        self.stimulate(&turn.stimulus).map_err(|problem| (line, problem))?;
        let mut numbers: Vec<SessionNumber> = self.sessions.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            let steps: Vec<&Step> = turn
                .expected
                .iter()
                .filter_map(|expected| match expected {
                    Expectation::Speech(step) if step.session == number => Some(*step),
                    _ => None,
                })
                .collect();
            let lines = lines(self.transcript, &steps).map_err(|problem| (line, problem))?;
            self.listen(number, &lines, line)?;
        }
        for expected in &turn.expected {
            let Expectation::Want(step, wants) = expected else {
                continue;
            };
            if *wants == Wants::Close
                && let Some(session) = self.sessions.get_mut(&step.session)
                && !session.wire.closes()
            {
                return Err((step.line, "the server does not close the connection".to_owned()));
            }
        }
        Ok(())
    }

    fn note(&mut self, stimulus: &Stimulus<'_>) {
        let steps: Vec<&Step> = match stimulus {
            Stimulus::Begin => Vec::new(),
            Stimulus::Burst(_, steps) => steps.clone(),
            Stimulus::Tell(step, _) | Stimulus::Pass(step, _) | Stimulus::Happen(step, _) => {
                vec![*step]
            }
        };
        let source = |step: &&Step| Row::both(self.transcript.source[step.line - 1].clone());
        self.rows.extend(steps.iter().map(source));
    }

    fn stimulate(&mut self, stimulus: &Stimulus<'_>) -> Result<(), String> {
        match stimulus {
            Stimulus::Begin => self.open(SessionNumber::FIRST, None),
            Stimulus::Burst(number, steps) => {
                let spoken: Result<Vec<Vec<u8>>, String> =
                    steps.iter().map(|step| self.spoken(step)).collect();
                let octets = self.judge.substitute(&self.names.apply(&spoken?.concat()));
                let together = self.together;
                self.session(*number)?.say(&octets, together);
                Ok(())
            }
            // The host spoke of its own accord: here its news came by themselves.
            Stimulus::Tell(..) => Ok(()),
            Stimulus::Pass(..) => Err("time can't be made to pass elsewhere".to_owned()),
            Stimulus::Happen(step, event) => self.happen(step.session, event),
        }
    }

    fn happen(&mut self, number: SessionNumber, event: &Event) -> Result<(), String> {
        if let Event::Connect(machine) = event {
            return self.open(number, machine.as_deref());
        }
        let session = self.session(number)?;
        match event {
            Event::Eof => session.wire.finish(),
            Event::TlsOk => session.wire.start_tls().map_err(|error| error.to_string())?,
            _ => return Err("that can't be made to happen elsewhere".to_owned()),
        }
        Ok(())
    }

    fn open(&mut self, number: SessionNumber, machine: Option<&str>) -> Result<(), String> {
        let protocol = Protocol::of(machine.unwrap_or(&self.transcript.machine.name));
        let place = protocol.and_then(|it| Some((it, self.servers.places.get(&it)?)));
        let (protocol, address) = place.ok_or("there is no server for that")?;
        let mut session = Session::open(protocol, address, self.servers.patience)
            .map_err(|error| format!("{}: {error}", address.place))?;
        session.receive();
        self.sessions.insert(number, session);
        Ok(())
    }

    fn session(&mut self, number: SessionNumber) -> Result<&mut Session, String> {
        self.sessions.get_mut(&number).ok_or_else(|| "the session is not open".to_owned())
    }

    /// The octets of a line that the client speaks.
    fn spoken(&self, step: &Step) -> Result<Vec<u8>, String> {
        let Action::Speak { form, text, .. } = &step.action else {
            return Ok(Vec::new());
        };
        match form {
            Form::Line | Form::AnyOrder => Ok([text.as_bytes(), b"\r\n"].concat()),
            Form::Raw => unescape(text).map_err(|wrong| wrong.to_string()),
            Form::Section => self.transcript.sections.octets(text),
        }
    }

    /// Compares what a session hears with `expected`, and waits for what is missing.
    fn listen(
        &mut self,
        number: SessionNumber,
        expected: &[Line],
        line: usize,
    ) -> Result<(), Wrong> {
        let Some(session) = self.sessions.get_mut(&number) else {
            return Ok(());
        };
        let protocol = session.framing.protocol;
        let pairs = loop {
            let pairs = self.judge.compare(protocol, expected, &session.heard);
            if !worth_waiting(&pairs) || !session.receive() {
                break pairs;
            }
        };
        let silent = session.wire.end == Some(End::Silent);
        session.heard.clear();
        self.rows.extend(pairs.iter().flat_map(Pair::rows));
        let Some(wrong) = pairs.iter().find(|pair| pair.problem.is_some()) else {
            return Ok(());
        };
        let problem = match wrong.problem {
            Some(problem) if silent && wrong.seen.is_none() => {
                format!("{problem} in {} s", self.servers.patience.as_secs())
            }
            problem => problem.unwrap_or_default().to_owned(),
        };
        Err((wrong.expected.first().map_or(line, |line| line.number), problem))
    }

    /// Leaves every session; the server must have nothing more to say than the answer to that.
    fn farewell(&mut self) -> Result<(), Wrong> {
        let last = self.transcript.steps.last().map_or(1, |step| step.line);
        for session in self.sessions.values_mut() {
            let is_open = session.wire.end != Some(End::Closed);
            if !is_open || session.framing.place != Place::Command {
                continue;
            }
            let heard = session.leave();
            let is_imap = session.framing.protocol == Protocol::Imap;
            let more = match is_imap {
                true => heard
                    .iter()
                    .find(|it| !it.octets.starts_with(b"* ") && !it.octets.starts_with(b"leave ")),
                false => heard.get(1).and(heard.first()),
            };
            if let Some(more) = more {
                self.rows.extend(Pair::more(&more.octets).rows());
                return Err((last, "the server said more".to_owned()));
            }
        }
        Ok(())
    }
}

/// Whether something is missing that may still come.
fn worth_waiting(pairs: &[Pair]) -> bool {
    let is_missing = |pair: &Pair| pair.seen.is_none();
    let is_wrong = |pair: &Pair| pair.problem.is_some() && pair.seen.is_some();
    pairs.last().is_some_and(is_missing) && !pairs.iter().any(is_wrong)
}

pub(super) fn failed(
    servers: &Servers,
    transcript: &Transcript,
    (line, problem): Wrong,
    rows: Vec<Row>,
) -> Outcome {
    let place = transcript.protocol().and_then(|protocol| servers.places.get(&protocol));
    let how = format!("with {}", place.map_or("no server", |address| &*address.place));
    let again = format!("postroad-conformance run {} {}", servers.words, transcript.file);
    Outcome::Failed(Box::new(Failed { line, problem, how, rows, again }))
}
