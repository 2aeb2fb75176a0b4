//! A small line protocol with every trait of the real ones: it asks, waits, takes content, wants TLS.

use crate::runner::{Dialogue, Request, Scripted, Unmentioned, Voice, World};
use crate::transcript::{End, Malformed, Sections, Transcript};
use core::time::Duration;
use postroad_core::buffer::{Inbox, Outbox};
use postroad_core::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed, Wants};

/// How the toy is made to fail its tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It takes every read for a whole line.
    ReadsAreLines,
    /// Its deadline stays in the past.
    StuckDeadline,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Command,
    Text,
    Answer,
    Tls,
    Closed,
}

pub(super) struct Toy {
    inbox: Inbox,
    outbox: Outbox,
    state: State,
    tickets: Tickets,
    text: Vec<u8>,
    pending: Option<Question>,
    deadline: Option<Instant>,
    now: Instant,
    fault: Fault,
    eof: bool,
}

#[derive(Debug)]
pub(super) enum Question {
    Word(Ticket, String),
    Text(Ticket),
}

impl Toy {
    fn new(fault: Fault) -> Self {
        let mut toy = Self {
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            state: State::Command,
            tickets: Tickets::default(),
            text: Vec::new(),
            pending: None,
            deadline: None,
            now: Instant::default(),
            fault,
            eof: false,
        };
        toy.line("hello 4F7x, I am toy");
        toy
    }

    fn line(&mut self, text: &str) {
        self.outbox.push(text.as_bytes());
        self.outbox.push(b"\r\n");
    }

    fn next_line(&mut self) -> Option<String> {
        let waiting = self.inbox.as_slice();
        let end = match self.fault {
            Fault::ReadsAreLines if !waiting.is_empty() => waiting.len(),
            _ => waiting.windows(2).position(|pair| pair == b"\r\n")? + 2,
        };
        let line = String::from_utf8_lossy(&waiting[..end]).trim_end().to_owned();
        self.inbox.consume(end);
        Some(line)
    }

    fn command(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "ECHO" => self.line(rest),
            "ASK" => {
                self.state = State::Answer;
                self.pending = Some(Question::Word(self.tickets.issue(), rest.to_owned()));
            }
            "TEXT" => self.state = State::Text,
            "WAIT" => self.deadline = Some(self.now + Duration::from_secs(10)),
            "LIST" => ["one", "two", "three", "end"].iter().for_each(|name| self.line(name)),
            "STARTTLS" => {
                self.line("go ahead");
                self.state = State::Tls;
            }
            "QUIT" => self.close("bye"),
            _ => self.line("what?"),
        }
    }

    fn close(&mut self, farewell: &str) {
        self.line(farewell);
        self.state = State::Closed;
    }
}

impl Machine for Toy {
    type Input = (Ticket, String);
    type Output = Question;

    fn handle(&mut self, now: Instant, (ticket, answer): Self::Input) {
        self.now = now;
        if self.tickets.redeem(ticket) {
            self.state = State::Command;
            self.text.clear();
            self.line(&format!("answer: {answer}"));
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.fault != Fault::StuckDeadline && self.deadline.is_some_and(|due| due <= now) {
            self.deadline = None;
            self.line("waited");
        }
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.close("closing");
    }

    fn poll(&mut self) -> Option<Question> {
        while matches!(self.state, State::Command | State::Text) {
            let Some(line) = self.next_line() else {
                break;
            };
            match self.state {
                State::Text if line == "." => {
                    self.state = State::Answer;
                    self.pending = Some(Question::Text(self.tickets.issue()));
                }
                State::Text => self.text.extend_from_slice(format!("{line}\r\n").as_bytes()),
                _ => self.command(&line),
            }
        }
        if self.eof && self.state == State::Command {
            self.state = State::Closed;
        }
        self.pending.take()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Session for Toy {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        self.inbox.push(bytes);
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn handle_tls(&mut self, _now: Instant, outcome: Result<Tls, TlsFailed>) {
        match outcome {
            Ok(tls) => {
                self.state = State::Command;
                self.line(tls.version);
            }
            Err(_) => self.state = State::Closed,
        }
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }

    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
    }

    fn wants(&self) -> Wants {
        match self.state {
            State::Command | State::Text => Wants::Read,
            State::Answer => Wants::Nothing,
            State::Tls => Wants::Tls,
            State::Closed => Wants::Close,
        }
    }

    fn content(&self) -> &[u8] {
        &self.text
    }

    fn handle_content(&mut self, _now: Instant, _ticket: Ticket, _bytes: &[u8]) {}
}

#[derive(Default)]
struct ToyVoice(Option<Ticket>);

impl Voice<Toy> for ToyVoice {
    fn hear(&mut self, _now: Instant, session: &mut Toy, output: Question) -> Option<Request> {
        let (ticket, words, content, unmentioned) = match output {
            Question::Word(ticket, word) => {
                (ticket, format!("word {word}"), None, Unmentioned::Default)
            }
            Question::Text(ticket) => {
                let text = session.content().to_vec();
                (ticket, "text".to_owned(), Some(text), Unmentioned::Failure)
            }
        };
        self.0 = Some(ticket);
        Some(Request { words, content, unmentioned })
    }

    fn say(
        &mut self,
        now: Instant,
        session: &mut Toy,
        words: &str,
        _sections: &Sections,
    ) -> Result<(), String> {
        let ticket = self.0.take().ok_or("nothing was asked")?;
        session.handle(now, (ticket, words.to_owned()));
        Ok(())
    }

    fn say_default(&mut self, now: Instant, session: &mut Toy) {
        if let Some(ticket) = self.0.take() {
            session.handle(now, (ticket, "ok".to_owned()));
        }
    }
}

struct ToyWorld(Fault);

impl World for ToyWorld {
    fn ours(&self) -> End {
        End::Server
    }

    fn open(&mut self, _now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String> {
        match machine {
            None => Ok(Box::new(Scripted::new(Toy::new(self.0), ToyVoice::default()))),
            Some(other) => Err(format!("there is no {other}")),
        }
    }
}

pub(super) fn build(transcript: &Transcript) -> Result<Box<dyn World>, Malformed> {
    let mut fault = Fault::None;
    for setting in crate::runner::settings(transcript) {
        fault = match &*setting.value {
            "reads-are-lines" => Fault::ReadsAreLines,
            "stuck-deadline" => Fault::StuckDeadline,
            _ => return Err(setting.unknown(&["fault"])),
        };
    }
    Ok(Box::new(ToyWorld(fault)))
}
