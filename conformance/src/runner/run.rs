use super::check::mentions;
use super::delivery::Schedule;
use super::turn::{Expectation, Stimulus, Turn};
use super::{Dialogue, Polled, Request, World};
use crate::matcher::Bindings;
use crate::transcript::{Action, Event, Form, SessionNumber, Step, Transcript, unescape};
use postroad_core::buffer::Inbox;
use postroad_core::machine::{DeflateFailed, Instant, Tls, TlsFailed, Wants};
use std::collections::BTreeMap;

/// The moment at which every transcript begins: 2026-06-01 12:00:00 UTC.
pub const BEGINNING: Instant = Instant::from_seconds(1_780_315_200);

/// A machine that does this much without moving an octet will never fall silent.
const MOST_THOUGHTS: usize = 1_000_000;

/// A machine that says this many octets in one turn will never end.
const MOST_SPEECH: usize = 256 * 1024 * 1024;

/// A transcript under way: the world, its sessions, the clock.
pub(super) struct Run<'t> {
    pub(super) transcript: &'t Transcript,
    world: Box<dyn World>,
    sessions: BTreeMap<SessionNumber, Open>,
    schedule: Schedule,
    now: Instant,
    pub(super) bindings: Bindings,
}

/// An open session and the octets that are on their way to it.
struct Open {
    dialogue: Box<dyn Dialogue>,
    wire: Inbox,
    eof: Eof,
}

/// Whether the peer has finished speaking.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Eof {
    Open,
    Coming,
    Come,
}

/// What [`Run::advance`] did.
enum Progress {
    /// There was nothing to do.
    None,
    /// Octets went one way or the other.
    Moved,
    /// Something else happened.
    Thought,
}

/// What came of one turn.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What each session said.
    pub(super) speech: BTreeMap<SessionNumber, Vec<u8>>,
    /// What was asked, in order.
    pub(super) asked: Vec<Asked>,
    /// What each session wants in the end.
    pub(super) wants: BTreeMap<SessionNumber, Wants>,
    /// What went wrong on the way: source line and words.
    pub(super) problems: Vec<(usize, String)>,
}

/// A request, and the place in [`Turn::expected`] that mentions it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) session: SessionNumber,
    pub(super) request: Request,
    pub(super) mentioned: Option<usize>,
}

impl<'t> Run<'t> {
    pub(super) fn new(
        transcript: &'t Transcript,
        world: Box<dyn World>,
        schedule: Schedule,
    ) -> Self {
        Self {
            transcript,
            world,
            sessions: BTreeMap::new(),
            schedule,
            now: BEGINNING,
            bindings: Bindings::default(),
        }
    }

    /// Lets one turn happen, and compares what came of it.
    pub(super) fn turn(&mut self, turn: &Turn<'_>) -> Seen {
        let mut seen = Seen::default();
        let (line, _) = turn.stimulus.lines(self.transcript);
        if let Err(problem) = self.stimulate(turn, &mut seen) {
            seen.problems.push((line, problem));
        }
        if let Err(problem) = self.settle(turn, &mut seen) {
            seen.problems.push((line, problem));
        }
        for (number, open) in &mut self.sessions {
            seen.wants.insert(*number, open.dialogue.link().wants());
        }
        self.check(turn, &mut seen);
        seen
    }

    fn stimulate(&mut self, turn: &Turn<'_>, seen: &mut Seen) -> Result<(), String> {
        let now = self.now;
        match &turn.stimulus {
            Stimulus::Begin => self.open(SessionNumber::FIRST, None),
            Stimulus::Burst(number, steps) => {
                let mut octets = Vec::new();
                for step in steps {
                    octets.extend(self.spoken(step)?);
                }
                let open = self.session(*number)?;
                if open.eof != Eof::Open || open.dialogue.link().wants() == Wants::Close {
                    return Err("the peer speaks, but the connection is closed".to_owned());
                }
                open.wire.push(&octets);
                Ok(())
            }
            Stimulus::Tell(step, words) => {
                let words = self.bindings.substitute(words.as_bytes());
                let words = String::from_utf8_lossy(&words).into_owned();
                let sections = &self.transcript.sections;
                let open =
                    self.sessions.get_mut(&step.session).ok_or_else(|| not_open(step.session))?;
                open.dialogue.tell(now, &words, sections)
            }
            Stimulus::Pass(_, duration) => self.pass(now + *duration, turn, seen),
            Stimulus::Happen(step, event) => self.happen(step.session, event),
        }
    }

    fn happen(&mut self, number: SessionNumber, event: &Event) -> Result<(), String> {
        if let Event::Connect(machine) = event {
            return self.open(number, machine.as_deref());
        }
        let now = self.now;
        let open = self.session(number)?;
        let link = open.dialogue.link();
        match event {
            Event::Connect(_) => {}
            Event::DeflateOk => match link.wants() {
                Wants::Deflate(deflate) => link.handle_deflate(now, Ok(deflate)),
                _ => return Err("the session does not want to compress or to cease".to_owned()),
            },
            Event::DeflateFailed => {
                link.handle_deflate(now, Err(DeflateFailed("There is no compression")));
            }
            Event::Eof => open.eof = Eof::Coming,
            Event::Shutdown => link.handle_shutdown(now),
            Event::TlsOk | Event::TlsFailed if link.wants() != Wants::Tls => {
                return Err("the session does not want TLS".to_owned());
            }
            Event::TlsOk => link.handle_tls(now, Ok(established())),
            Event::TlsFailed => {
                let failed = TlsFailed("the handshake failed".to_owned());
                link.handle_tls(now, Err(failed));
            }
        }
        Ok(())
    }

    fn open(&mut self, number: SessionNumber, machine: Option<&str>) -> Result<(), String> {
        let dialogue = self.world.open(self.now, machine)?;
        let open = Open { dialogue, wire: Inbox::default(), eof: Eof::Open };
        match self.sessions.insert(number, open) {
            Some(_) => Err(format!("session {} is open already", number.0)),
            None => Ok(()),
        }
    }

    fn session(&mut self, number: SessionNumber) -> Result<&mut Open, String> {
        self.sessions.get_mut(&number).ok_or_else(|| not_open(number))
    }

    /// The octets of a line that the peer speaks.
    fn spoken(&self, step: &Step) -> Result<Vec<u8>, String> {
        let Action::Speak { form, text, .. } = &step.action else {
            return Ok(Vec::new());
        };
        match form {
            Form::Line | Form::AnyOrder => {
                let mut octets = self.bindings.substitute(text.as_bytes());
                octets.extend_from_slice(b"\r\n");
                Ok(octets)
            }
            Form::Raw => {
                let text = self.bindings.substitute(text.as_bytes());
                unescape(&String::from_utf8_lossy(&text)).map_err(|wrong| wrong.to_string())
            }
            Form::Section => self.transcript.sections.octets(text),
        }
    }

    /// Lets time pass until `end`; deadlines come in their order.
    fn pass(&mut self, end: Instant, turn: &Turn<'_>, seen: &mut Seen) -> Result<(), String> {
        loop {
            self.settle(turn, seen)?;
            let deadlines = self.sessions.iter_mut().filter_map(|(number, open)| {
                let deadline = open.dialogue.link().poll_timeout()?;
                Some((deadline, *number))
            });
            match deadlines.min() {
                Some((deadline, _)) if deadline <= end => self.now = self.now.max(deadline),
                _ => break,
            }
        }
        self.now = end;
        Ok(())
    }

    /// Drives every session until none has anything to do: polls after everything, sends what is
    /// transmitted, brings octets that are on their way, fires deadlines that are due.
    fn settle(&mut self, turn: &Turn<'_>, seen: &mut Seen) -> Result<(), String> {
        let numbers: Vec<SessionNumber> = self.sessions.keys().copied().collect();
        let mut thoughts = 0;
        loop {
            let mut busy = false;
            for number in &numbers {
                loop {
                    match self.advance(*number, turn, seen)? {
                        Progress::None => break,
                        Progress::Moved => thoughts = 0,
                        Progress::Thought => thoughts += 1,
                    }
                    busy = true;
                    if thoughts > MOST_THOUGHTS {
                        return Err("the machine does not fall silent".to_owned());
                    }
                }
            }
            if !busy {
                return Ok(());
            }
        }
    }

    /// Does the next thing for one session.
    fn advance(
        &mut self,
        number: SessionNumber,
        turn: &Turn<'_>,
        seen: &mut Seen,
    ) -> Result<Progress, String> {
        let now = self.now;
        let Some(open) = self.sessions.get_mut(&number) else {
            return Ok(Progress::None);
        };
        match open.dialogue.poll(now) {
            Polled::Silent => {}
            Polled::Dealt => return Ok(Progress::Thought),
            Polled::Asked(request) => {
                self.answer(number, request, turn, seen);
                return Ok(Progress::Thought);
            }
        }
        let link = open.dialogue.link();
        let waiting = link.transmit();
        if !waiting.is_empty() {
            let count = self.schedule.next(waiting.len());
            let speech = seen.speech.entry(number).or_default();
            speech.extend_from_slice(&waiting[..count]);
            if speech.len() > MOST_SPEECH {
                return Err("the machine does not stop talking".to_owned());
            }
            link.transmitted(count);
            return Ok(Progress::Moved);
        }
        if link.poll_timeout().is_some_and(|deadline| deadline <= now) {
            link.handle_timeout(now);
            return Ok(Progress::Thought);
        }
        match link.wants() {
            Wants::Read if !open.wire.is_empty() => {
                let count = self.schedule.next(open.wire.len());
                link.handle_bytes(now, &open.wire.as_slice()[..count]);
                open.wire.consume(count);
                return Ok(Progress::Moved);
            }
            Wants::Close => open.wire.clear(),
            _ => {}
        }
        if open.eof == Eof::Coming && open.wire.is_empty() {
            open.eof = Eof::Come;
            link.handle_eof(now);
            return Ok(Progress::Thought);
        }
        Ok(if open.dialogue.wake(now) { Progress::Thought } else { Progress::None })
    }

    /// Finds where the transcript mentions a request and gives the answer that stands there.
    fn answer(
        &mut self,
        number: SessionNumber,
        request: Request,
        turn: &Turn<'_>,
        seen: &mut Seen,
    ) {
        let now = self.now;
        let sections = &self.transcript.sections;
        let before = seen.asked.iter().filter(|asked| asked.session == number);
        let taken = before.filter_map(|asked| asked.mentioned).max();
        let next = turn.expected.iter().enumerate().find_map(|(index, expected)| {
            let Expectation::Ask { step, words, answers, .. } = expected else {
                return None;
            };
            let free = step.session == number && taken.is_none_or(|taken| index > taken);
            free.then_some((index, *step, *words, answers))
        });
        let mut mentioned = None;
        let Some(open) = self.sessions.get_mut(&number) else {
            return;
        };
        if let Some((index, step, words, answers)) = next
            && let Some(section) = mentions(words, &request, &mut self.bindings)
        {
            mentioned = Some(index);
            if let Some(name) = section
                && let Err(problem) = self.transcript.compare(name, &request, &mut self.bindings)
            {
                seen.problems.push((step.line, problem));
            }
            for words in answers.iter().filter(|words| **words != "later") {
                let words = self.bindings.substitute(words.as_bytes());
                let words = String::from_utf8_lossy(&words);
                if let Err(problem) = open.dialogue.tell(now, &words, sections) {
                    seen.problems.push((step.line, problem));
                }
            }
            if answers.is_empty() {
                open.dialogue.tell_default(now);
            }
        } else {
            open.dialogue.tell_default(now);
        }
        seen.asked.push(Asked { session: number, request, mentioned });
    }

    /// What is left over when the dialogue has ended.
    pub(super) fn left_over(&self) -> Option<String> {
        self.sessions.iter().find_map(|(number, open)| {
            (!open.wire.is_empty()).then(|| {
                format!(
                    "{} octets of the peer were never read by session {}",
                    open.wire.len(),
                    number.0
                )
            })
        })
    }
}

pub(super) fn not_open(number: SessionNumber) -> String {
    format!("session {} is not open; open it with `!{number} connect`", number.0)
}

/// What a transcript's `! tls ok` tells a session.
fn established() -> Tls {
    Tls {
        version: "TLS1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        server_name: None,
        exporter: Some([0x42; 32]),
    }
}
