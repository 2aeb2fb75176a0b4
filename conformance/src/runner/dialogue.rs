use crate::transcript::{End, Malformed, Sections, Transcript};
use postroad_core::machine::{Deflate, DeflateFailed, Instant, Session, Tls, TlsFailed, Wants};

/// What a transcript's machine lives in: it opens sessions that share one host.
pub trait World {
    /// Which end the machine under test is.
    fn ours(&self) -> End;

    /// Opens a session, of another machine of the same world if one is named.
    ///
    /// # Errors
    /// If there is no such machine here, in words.
    fn open(&mut self, now: Instant, machine: Option<&str>) -> Result<Box<dyn Dialogue>, String>;
}

/// Makes the world that a transcript describes.
pub type Build = dyn Fn(&Transcript) -> Result<Box<dyn World>, Malformed>;

/// Something that a session asked of its host or told it, in a transcript's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// As behind `>`, without the section's name.
    pub words: String,
    /// Octets that came with it.
    pub content: Option<Vec<u8>>,
    /// What becomes of it when the transcript does not mention it.
    pub unmentioned: Unmentioned,
}

/// What becomes of a request that a transcript does not mention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unmentioned {
    /// It gets its default answer.
    Default,
    /// The same, and a failure's report does not show it: how often it is asked depends on how
    /// octets are cut.
    Hidden,
    /// The transcript fails.
    Failure,
}

/// What came of polling once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Polled {
    /// The session has nothing to say.
    Silent,
    /// It said something that is no concern of the transcript.
    Dealt,
    /// It asked.
    Asked(Request),
}

/// One session as the runner drives it, whatever its types.
pub trait Dialogue {
    /// The session's own contract, for everything but its inputs and outputs.
    fn link(&mut self) -> &mut dyn Link;

    /// Takes the next output, if there is one.
    fn poll(&mut self, now: Instant) -> Polled;

    /// Says to the session what stands behind `<`.
    ///
    /// # Errors
    /// If the words mean nothing to this machine.
    fn tell(&mut self, now: Instant, words: &str, sections: &Sections) -> Result<(), String>;

    /// Gives the request that was last asked its default answer, if it wants one.
    fn tell_default(&mut self, now: Instant);

    /// Brings news from the world's other sessions; whether there were any.
    fn wake(&mut self, now: Instant) -> bool;
}

/// The part of [`Session`] that needs neither its inputs nor its outputs.
pub trait Link {
    /// See [`Session::handle_bytes`].
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]);
    /// See [`Session::handle_eof`].
    fn handle_eof(&mut self, now: Instant);
    /// See [`Session::handle_tls`].
    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>);
    /// See [`Session::handle_deflate`].
    fn handle_deflate(&mut self, now: Instant, outcome: Result<Deflate, DeflateFailed>);
    /// See [`Machine::handle_shutdown`](postroad_core::machine::Machine::handle_shutdown).
    fn handle_shutdown(&mut self, now: Instant);
    /// See [`Machine::handle_timeout`](postroad_core::machine::Machine::handle_timeout).
    fn handle_timeout(&mut self, now: Instant);
    /// See [`Machine::poll_timeout`](postroad_core::machine::Machine::poll_timeout).
    fn poll_timeout(&self) -> Option<Instant>;
    /// See [`Session::transmit`].
    fn transmit(&self) -> &[u8];
    /// See [`Session::transmitted`].
    fn transmitted(&mut self, count: usize);
    /// See [`Session::wants`].
    fn wants(&self) -> Wants;
}

impl<S: Session> Link for S {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        Session::handle_bytes(self, now, bytes);
    }
    fn handle_eof(&mut self, now: Instant) {
        Session::handle_eof(self, now);
    }
    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        Session::handle_tls(self, now, outcome);
    }
    fn handle_deflate(&mut self, now: Instant, outcome: Result<Deflate, DeflateFailed>) {
        Session::handle_deflate(self, now, outcome);
    }
    fn handle_shutdown(&mut self, now: Instant) {
        postroad_core::machine::Machine::handle_shutdown(self, now);
    }
    fn handle_timeout(&mut self, now: Instant) {
        postroad_core::machine::Machine::handle_timeout(self, now);
    }
    fn poll_timeout(&self) -> Option<Instant> {
        postroad_core::machine::Machine::poll_timeout(self)
    }
    fn transmit(&self) -> &[u8] {
        Session::transmit(self)
    }
    fn transmitted(&mut self, count: usize) {
        Session::transmitted(self, count);
    }
    fn wants(&self) -> Wants {
        Session::wants(self)
    }
}

/// Puts a machine's outputs into a transcript's words, and its words into inputs: all that a machine
/// needs to be put under test.
pub trait Voice<S: Session> {
    /// Puts `output` into words; `None` if the voice has dealt with it and the transcript need not know.
    fn hear(&mut self, now: Instant, session: &mut S, output: S::Output) -> Option<Request>;

    /// Gives `session` the answer or the news in `words`.
    ///
    /// # Errors
    /// If the words mean nothing to this machine.
    fn say(
        &mut self,
        now: Instant,
        session: &mut S,
        words: &str,
        sections: &Sections,
    ) -> Result<(), String>;

    /// Gives the request that was last heard its default answer, if it wants one.
    fn say_default(&mut self, now: Instant, session: &mut S);

    /// Tells `session` news from elsewhere in its world; whether there were any.
    fn wake(&mut self, _now: Instant, _session: &mut S) -> bool {
        false
    }
}

/// A session and the voice that speaks for its host.
pub struct Scripted<S, V> {
    session: S,
    voice: V,
}

impl<S: Session, V: Voice<S>> Scripted<S, V> {
    /// Puts `session` under test.
    pub const fn new(session: S, voice: V) -> Self {
        Self { session, voice }
    }
}

impl<S: Session, V: Voice<S>> Dialogue for Scripted<S, V> {
    fn link(&mut self) -> &mut dyn Link {
        &mut self.session
    }

    fn poll(&mut self, now: Instant) -> Polled {
        match self.session.poll() {
            None => Polled::Silent,
            Some(output) => match self.voice.hear(now, &mut self.session, output) {
                Some(request) => Polled::Asked(request),
                None => Polled::Dealt,
            },
        }
    }

    fn tell(&mut self, now: Instant, words: &str, sections: &Sections) -> Result<(), String> {
        self.voice.say(now, &mut self.session, words, sections)
    }

    fn tell_default(&mut self, now: Instant) {
        self.voice.say_default(now, &mut self.session);
    }

    fn wake(&mut self, now: Instant) -> bool {
        self.voice.wake(now, &mut self.session)
    }
}
