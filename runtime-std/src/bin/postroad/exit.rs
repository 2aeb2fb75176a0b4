//! How `send` and `sendmail` end: the numbers that programs know from sysexits.h.

use postroad_core::smtp::Reply;
use postroad_core::smtp::client::{Failure, Why};
use std::process::ExitCode;

/// Why it could not be done, and the words for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// The exit code.
    pub exit: Exit,
    /// What to say.
    pub why: String,
}

/// An exit code other than 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// It could not be done; as every other command ends.
    Undone = 1,
    /// The arguments are wrong.
    Usage = 64,
    /// The message is wrong.
    Message = 65,
    /// A file can't be read.
    NoInput = 66,
    /// There is no such recipient.
    NoUser = 67,
    /// It was refused for good.
    Refused = 69,
    /// The system failed.
    System = 71,
    /// It may work later.
    Later = 75,
    /// We may not.
    NotAllowed = 77,
    /// The configuration is wrong.
    Configuration = 78,
}

impl Exit {
    /// The failure of that kind.
    pub fn because(self, why: impl ToString) -> Failed {
        Failed { exit: self, why: why.to_string() }
    }

    /// What a failure comes to.
    pub fn of(failure: &Failure) -> Self {
        let code = failure.enhanced();
        match (&failure.why, code.subject, code.detail) {
            (Why::Malformed(_), ..) => Self::Message,
            _ if !failure.is_permanent() => Self::Later,
            (_, 1, 1) => Self::NoUser,
            (_, 7, _) => Self::NotAllowed,
            (_, 6, _) => Self::Message,
            _ => Self::Refused,
        }
    }

    /// What the outcomes of all recipients come to, if one of them failed. What may work later comes
    /// first: whoever tries again may double a mail, and whoever does not would lose one.
    pub fn of_all(outcomes: &[Result<Reply, Failure>]) -> Option<Self> {
        let mut exits = outcomes.iter().filter_map(|it| it.as_ref().err().map(Self::of));
        let first = exits.next()?;
        Some(exits.find(|exit| *exit == Self::Later).unwrap_or(first))
    }
}

impl From<String> for Failed {
    fn from(why: String) -> Self {
        Self { exit: Exit::Undone, why }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
