//! The transcript: one scenario of a mail dialogue as plain text.
//!
//! [`Transcript::parse`] reads it, keeping every source line, so that [printing](Transcript#impl-Display-for-Transcript)
//! gives back what was read and a rewrite touches only the lines that it must. The format is told
//! in the [crate's documentation](crate).

mod escape;
mod parse;
mod section;
#[cfg(test)]
mod tests;

pub use escape::{InvalidEscape, escape, is_plain, unescape};
pub use parse::Malformed;
pub use section::{Section, Sections};

use core::fmt;
use core::time::Duration;
use postroad_core::machine::{Deflate, Wants};

/// One end of a dialogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// The client, `C`.
    Client,
    /// The server, `S`.
    Server,
}

impl End {
    /// Its letter at the start of a line.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Client => 'C',
            Self::Server => 'S',
        }
    }
}

/// Names one of the sessions of a transcript; most have only the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionNumber(pub u8);

impl SessionNumber {
    /// The session that is open from the beginning.
    pub const FIRST: Self = Self(1);
}

/// Written as a transcript does: nothing for the first session, else its digit.
impl fmt::Display for SessionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FIRST => Ok(()),
            Self(number) => write!(f, "{number}"),
        }
    }
}

/// A scenario: a machine, its configuration, and the dialogue.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Where it was read from, for messages.
    pub file: String,
    /// Its lines in front of the sections, as they were read.
    pub source: Vec<String>,
    /// The machine under test.
    pub machine: Named,
    /// Its configuration, in order: `config` lines, and those `needs` lines that say the same to the machine.
    pub config: Vec<Setting>,
    /// The `needs` lines: what a server elsewhere must have, for the dialogue to be had with it.
    pub needs: Vec<Setting>,
    /// The `either` lines: codes of which, elsewhere, one is as good as another.
    pub either: Vec<Setting>,
    /// The dialogue.
    pub steps: Vec<Step>,
    /// The texts at its end.
    pub sections: Sections,
}

impl Transcript {
    /// Its first comment: the clause, and what is demanded.
    #[must_use]
    pub fn title(&self) -> &str {
        let comment = self.source.iter().find_map(|line| line.strip_prefix('#'));
        comment.map_or("", str::trim)
    }
}

/// A name and the line that it stands in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// Counted from 1.
    pub line: usize,
    /// The name.
    pub name: String,
}

/// The first words of `needs` lines that say nothing to the machine.
pub const OUTSIDE: [&str; 4] = ["nothing", "capability", "pipelining", "account"];

/// A `config`, `needs` or `either` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Counted from 1.
    pub line: usize,
    /// Its first word.
    pub key: String,
    /// The rest.
    pub value: String,
}

impl Setting {
    /// The words of the value.
    #[must_use]
    pub fn words(&self) -> Vec<&str> {
        self.value.split_whitespace().collect()
    }

    /// An error at this line.
    pub fn wrong(&self, problem: impl fmt::Display) -> Malformed {
        Malformed::new(self.line, problem)
    }

    /// The error for a key that the machine does not know.
    #[must_use]
    pub fn unknown(&self, known: &[&str]) -> Malformed {
        let known = known.join(", ");
        self.wrong(format_args!("there is no `config {}` here; there are: {known}", self.key))
    }

    /// Whether the value says yes.
    ///
    /// # Errors
    /// If it is neither `on` nor `off`.
    pub fn switch(&self) -> Result<bool, Malformed> {
        match &*self.value {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(self.wrong(format_args!("`{other}` is neither on nor off"))),
        }
    }
}

/// A line of the dialogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Counted from 1.
    pub line: usize,
    /// The session that it belongs to.
    pub session: SessionNumber,
    /// What happens.
    pub action: Action,
}

/// What happens in a line of the dialogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// One end speaks.
    Speak {
        /// Which.
        end: End,
        /// How the text stands for octets.
        form: Form,
        /// The text.
        text: String,
    },
    /// `>`: the machine asks its host.
    Ask(String),
    /// `<`: the host answers, or speaks of its own accord.
    Tell(String),
    /// `T:`: time passes.
    Pass(Duration),
    /// `=`: what the session wants of its connection.
    Want(Wants),
    /// `!`: something happens to the connection.
    Happen(Event),
}

/// How the text of a spoken line stands for octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `S:`: the line, and CRLF.
    Line,
    /// `S?`: the same; a run of such lines may come in any order.
    AnyOrder,
    /// `S~`: octets with escapes, and nothing added.
    Raw,
    /// `S@`: the octets of the section of that name.
    Section,
}

/// Something that happens to a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// `! connect [MACHINE]`: a further session is opened.
    Connect(Option<String>),
    /// `! eof`: the peer sends no more.
    Eof,
    /// `! shutdown`: the host asks the machine to finish.
    Shutdown,
    /// `! tls ok`: the handshake succeeded.
    TlsOk,
    /// `! tls failed`: it failed.
    TlsFailed,
    /// `! deflate ok`: compression has begun or ended, as was wanted.
    DeflateOk,
    /// `! deflate failed`: it cannot be, or what came is corrupt.
    DeflateFailed,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(None) => f.write_str("connect"),
            Self::Connect(Some(machine)) => write!(f, "connect {machine}"),
            Self::Eof => f.write_str("eof"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::TlsOk => f.write_str("tls ok"),
            Self::TlsFailed => f.write_str("tls failed"),
            Self::DeflateOk => f.write_str("deflate ok"),
            Self::DeflateFailed => f.write_str("deflate failed"),
        }
    }
}

/// What a session wants, in a transcript's word.
#[must_use]
pub const fn want_word(wants: Wants) -> &'static str {
    match wants {
        Wants::Read => "read",
        Wants::Nothing => "nothing",
        Wants::Tls => "tls",
        Wants::Deflate(Deflate::Begin) => "deflate",
        Wants::Deflate(Deflate::End) => "plain",
        Wants::Close => "close",
    }
}

/// The text as it was read, line ends made LF.
impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.source {
            writeln!(f, "{line}")?;
        }
        write!(f, "{}", self.sections)
    }
}
