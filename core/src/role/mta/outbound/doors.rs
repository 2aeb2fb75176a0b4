//! What an agent is told: by its client, by the spool, and through the doors of a session.

use super::{Ending, Line, Outbound, Reading, Work};
use crate::machine::{Instant, Machine, Session, Ticket, Tls, TlsFailed, Wants};
use crate::queue::{Carried, spool};
use crate::role::{Effect, Input, Report};
use crate::smtp::Extension;
use crate::smtp::client::{self, Output, Peer};
use crate::store;
use core::fmt;

impl Outbound {
    fn handle_client(&mut self, output: Output) {
        match output {
            Output::Connected(peer) => self.connected(&peer),
            Output::Ready if matches!(self.line, Line::Busy) => self.line = Line::Ready,
            Output::Ready => {}
            Output::Content { ticket, offset, length } => self.read(ticket, offset, length),
            Output::Recipient { recipient, outcome } => {
                if let Work::Sending(message, _) = &mut self.work {
                    message.hear(recipient, outcome);
                }
            }
            Output::Finished => self.end_transaction(),
            Output::Dialogue(line) => {
                self.report(Report::new("dialogue").with("id", self.carry.id).with("line", line));
            }
            Output::Closed(result) => {
                if let Err(failure) = &result {
                    self.report_trouble("disconnected", failure);
                }
                self.line = Line::Closed(result);
            }
        }
    }

    fn connected(&mut self, peer: &Peer) {
        self.host.dsn = peer.capabilities.has(&Extension::Dsn);
        let report = self.host.describe(Report::new("connected").with("id", self.carry.id));
        self.report(report.with("greeting", &peer.greeting));
    }

    fn handle_spool(&mut self, answer: spool::Answer) {
        use spool::Answer::{Done, Failed, Loaded, Read};
        match (core::mem::replace(&mut self.work, Work::Done), answer) {
            (Work::Loading, Loaded(entry)) => self.begin(entry),
            (Work::Noting(message, note), Failed(failure))
                if failure != store::Failure::NoMessage =>
            {
                self.report_trouble("spool-failed", &failure);
                let due = self.now + self.site.config.limits.note_again;
                self.work = Work::Unnoted(message, note, due);
            }
            (Work::Loading | Work::Noting(..), Failed(failure)) => {
                self.report_trouble("spool-failed", &failure);
                self.carried(match failure {
                    store::Failure::NoMessage => Carried::Gone,
                    _ => Carried::Unknown,
                });
            }
            // Nothing that is not the end tells the client that the content broke off. So does what
            // is shorter or longer than it was when it was taken.
            (Work::Sending(message, Some(Reading { ticket, octets })), Read { end }) => {
                let end = end && octets == message.entry().size;
                self.work = Work::Sending(message, None);
                self.client.handle(self.now, client::Input::Content { ticket, end });
            }
            (Work::Sending(message, Some(Reading { ticket, .. })), Failed(failure)) => {
                self.report_trouble("spool-failed", &failure);
                self.work = Work::Sending(message, None);
                self.client.handle(self.now, client::Input::Content { ticket, end: false });
            }
            (Work::Noting(message, note), Done) => {
                self.proven = true;
                if message.is_over() {
                    self.carried(note.carried);
                } else {
                    self.work = Work::Sending(message, None);
                }
            }
            (work, _) => self.work = work,
        }
    }

    fn report_trouble(&mut self, event: &'static str, reason: impl fmt::Display) {
        let report = Report::new(event).with("id", self.carry.id);
        let report = report.with("host", &self.host.remote.name);
        self.report(report.with("reason", reason));
    }
}

impl Machine for Outbound {
    type Input = Input;
    type Output = Effect;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Spool { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_spool(answer);
            }
            Input::Carry(carry)
                if matches!(self.work, Work::Done) && !matches!(self.line, Line::Over) =>
            {
                self.carry = carry;
                self.work = Work::Handed;
            }
            Input::Quit if self.ending == Ending::Open => self.ending = Ending::Quit,
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.client.handle_timeout(now);
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.ending = Ending::Shutdown;
        if matches!(self.line, Line::Busy | Line::Ready) {
            self.line = Line::Leaving;
        }
        self.client.handle_shutdown(now);
    }

    fn poll(&mut self) -> Option<Effect> {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Some(effect);
            }
            match self.client.poll() {
                Some(output) => self.handle_client(output),
                None if self.advance() => {}
                None => return None,
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let again = match &self.work {
            Work::Unnoted(_, _, due) => Some(*due),
            _ => None,
        };
        [self.client.poll_timeout(), again].into_iter().flatten().min()
    }
}

impl Session for Outbound {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        self.client.handle_bytes(now, bytes);
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        self.client.handle_eof(now);
    }

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        match &outcome {
            Ok(tls) => self.host.cipher = tls.cipher,
            Err(failed) => self.report_trouble("tls-failed", failed),
        }
        self.client.handle_tls(now, outcome);
    }

    fn transmit(&self) -> &[u8] {
        self.client.transmit()
    }

    fn transmitted(&mut self, count: usize) {
        self.client.transmitted(count);
    }

    /// After the connection's end, what became of the message is noted first.
    fn wants(&self) -> Wants {
        match self.line {
            Line::Closed(_) => Wants::Nothing,
            Line::Over => Wants::Close,
            Line::Busy | Line::Ready | Line::Leaving => self.client.wants(),
        }
    }

    /// Nothing: no content comes from the other host.
    fn content(&self) -> &[u8] {
        &[]
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.now = now;
        if let Work::Sending(_, Some(reading)) = &mut self.work
            && self.tickets.outstanding() == Some(ticket)
        {
            reading.octets += bytes.len() as u64;
            self.client.handle_content(now, reading.ticket, bytes);
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut this = f.debug_struct("Outbound");
        this.field("carrier", &self.carrier).field("client", &self.client).finish_non_exhaustive()
    }
}
