//! Orders to the queue, and how they are written.

use super::{Destination, Id};
use crate::address::Domain;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// An order to the queue.
///
/// ```
/// use postroad_core::queue::Command;
/// for text in ["hold 2b3c4d5f6g7h8j9k", "flush example.net"] {
///     let command: Command = text.parse().unwrap();
///     assert_eq!(command.to_string(), text);
/// }
/// assert!("hold everything".parse::<Command>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Tries a message now, whatever its time.
    Retry(Id),
    /// Tries everything for this domain now (RFC 1985 §5), whatever has failed before: with `@` in
    /// front for its subdomains, too; `*` is every domain.
    Flush(String),
    /// Leaves a message alone until it is released.
    Hold(Id),
    /// Goes on with a message that was held.
    Release(Id),
    /// Sends what is left of a message elsewhere.
    Reroute(Id, Destination),
    /// Takes a message out; nobody is told.
    Remove(Id),
    /// Gives a message up; the sender is told.
    Expire(Id),
}

impl Command {
    /// The message that it is about, if it is about one.
    #[must_use]
    pub const fn id(&self) -> Option<Id> {
        match self {
            Self::Retry(id) | Self::Hold(id) | Self::Release(id) | Self::Reroute(id, _) => {
                Some(*id)
            }
            Self::Remove(id) | Self::Expire(id) => Some(*id),
            Self::Flush(_) => None,
        }
    }

    /// Whether the clerk notes it, so that [`Input::Filed`](super::Input::Filed) follows.
    #[must_use]
    pub const fn is_noted(&self) -> bool {
        !matches!(self, Self::Retry(_) | Self::Flush(_))
    }

    /// Its verb.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::Flush(_) => "flush",
            Self::Hold(_) => "hold",
            Self::Release(_) => "release",
            Self::Reroute(..) => "reroute",
            Self::Remove(_) => "remove",
            Self::Expire(_) => "expire",
        }
    }
}

/// The verb and what it is about, in one line.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name())?;
        match self {
            Self::Flush(domain) => f.write_str(domain),
            Self::Reroute(id, to) => write!(f, "{id} {to}"),
            Self::Retry(id) | Self::Hold(id) | Self::Release(id) => id.fmt(f),
            Self::Remove(id) | Self::Expire(id) => id.fmt(f),
        }
    }
}

/// The text is no order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoCommand;

impl fmt::Display for NoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("that is no order to the queue")
    }
}

impl core::error::Error for NoCommand {}

impl FromStr for Command {
    type Err = NoCommand;

    fn from_str(text: &str) -> Result<Self, NoCommand> {
        let (verb, object) = text.split_once(' ').ok_or(NoCommand)?;
        if verb == "flush" {
            let domain = object.strip_prefix('@').unwrap_or(object);
            let is_known = object == "*" || Domain::parse(domain.as_bytes(), true).is_ok();
            return is_known.then(|| Self::Flush(object.into())).ok_or(NoCommand);
        }
        let (id, to) = object.split_once(' ').map_or((object, None), |(id, to)| (id, Some(to)));
        let id = Id::parse(id).ok_or(NoCommand)?;
        Ok(match (verb, to) {
            ("reroute", Some(to)) => Self::Reroute(id, to.parse().map_err(|_| NoCommand)?),
            ("retry", None) => Self::Retry(id),
            ("hold", None) => Self::Hold(id),
            ("release", None) => Self::Release(id),
            ("remove", None) => Self::Remove(id),
            ("expire", None) => Self::Expire(id),
            _ => return Err(NoCommand),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_they_were_written() {
        let id = Id::parse("2b3c4d5f6g7h8j9k").unwrap();
        for command in [
            Command::Retry(id),
            Command::Hold(id),
            Command::Release(id),
            Command::Remove(id),
            Command::Expire(id),
            Command::Reroute(id, Destination::Host("relay.example.org".into(), 25)),
            Command::Reroute(id, Destination::Domain("example.org".into())),
            Command::Flush("@example.net".into()),
            Command::Flush("*".into()),
        ] {
            assert_eq!(alloc::format!("{command}").parse(), Ok(command));
        }
        for text in ["", "hold", "hold x", "reroute 2b3c4d5f6g7h8j9k", "flush a b", "sing loud"] {
            assert_eq!(text.parse::<Command>(), Err(NoCommand), "{text}");
        }
    }
}
