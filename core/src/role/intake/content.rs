//! The content of a message on its way into the store: its header is checked, and edited where the
//! agent does so; its body passes.

use crate::entropy::Entropy;
use crate::machine::Instant;
use crate::message::date::DateTime;
use crate::message::header::{self, Excess};
use crate::message::submission;
use crate::role::Site;
use crate::smtp::Reply;
use crate::store::Account;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Range;

/// What is done with a header.
#[derive(Debug)]
pub enum Header {
    /// It is counted, and passes as it is.
    Passing(header::Scanner),
    /// It is collected, checked against the login and completed (RFC 6409 §8).
    Submitted(Box<submission::Header>),
}

/// Who submits a header, and what it is completed with.
pub(super) struct Submitter<'a> {
    pub(super) site: &'a Site,
    pub(super) login: Option<&'a Account>,
    pub(super) now: Instant,
    pub(super) entropy: &'a mut Entropy,
}

/// Octets to be written.
#[derive(Debug)]
pub(super) enum Piece {
    /// Ours.
    Own(Vec<u8>),
    /// A part of what the server lends.
    Lent(Range<usize>),
}

/// Where a message's content has got to.
#[derive(Debug)]
pub(super) struct Content {
    /// `None` once it has ended.
    header: Option<Header>,
    pieces: VecDeque<Piece>,
    octets: u64,
    begun: bool,
}

impl Content {
    pub(super) const fn new(header: Header) -> Self {
        Self { header: Some(header), pieces: VecDeque::new(), octets: 0, begun: false }
    }

    /// Begins with our own fields.
    pub(super) fn begin(&mut self, trace: Vec<u8>) {
        self.begun = true;
        self.push(Piece::Own(trace));
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// How many octets the message has, ours included.
    pub(super) const fn octets(&self) -> u64 {
        self.octets
    }

    /// What is to be written next.
    pub(super) fn piece(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    /// The piece was written.
    pub(super) fn written(&mut self) {
        self.pieces.pop_front();
    }

    fn push(&mut self, piece: Piece) {
        let length = match &piece {
            Piece::Own(octets) => octets.len(),
            Piece::Lent(range) => range.len(),
        };
        if length > 0 {
            self.octets += length as u64;
            self.pieces.push_back(piece);
        }
    }

    /// Takes a slice of content that the server lends, and makes pieces of it.
    ///
    /// # Errors
    /// The reply that refuses the message.
    pub(super) fn take(&mut self, octets: &[u8], submitter: Submitter<'_>) -> Result<(), Reply> {
        let limits = &submitter.site.config.limits;
        let body = match &mut self.header {
            None => 0,
            Some(Header::Passing(scanner)) => {
                let ended = scanner.push(octets).is_some();
                refuse_excess(scanner.census().excess(limits))?;
                if ended {
                    refuse_several_from(scanner.census())?;
                    self.header = None;
                }
                0
            }
            Some(Header::Submitted(header)) => {
                let end = header.push(octets);
                refuse_excess(header.census().excess(limits))?;
                let Some(end) = end else { return Ok(()) };
                self.complete(submitter)?;
                end
            }
        };
        self.push(Piece::Lent(body..octets.len()));
        Ok(())
    }

    /// Takes the end of the content.
    ///
    /// # Errors
    /// The reply that refuses the message.
    pub(super) fn end(&mut self, submitter: Submitter<'_>) -> Result<(), Reply> {
        match &self.header {
            None => Ok(()),
            Some(Header::Passing(scanner)) => refuse_several_from(scanner.census()),
            Some(Header::Submitted(_)) => self.complete(submitter),
        }
    }

    /// Checks a submitted header against the login, and makes a piece of what it becomes.
    fn complete(&mut self, submitter: Submitter<'_>) -> Result<(), Reply> {
        let Submitter { site, login, now, entropy } = submitter;
        let Some(Header::Submitted(header)) = self.header.take() else { return Ok(()) };
        let checked = header
            .check()
            .map_err(|why| Reply::new(554, (5, 6, 0), capitalized(&why.to_string())))?;
        // RFC 6409 §6.1, §8.1: who sends is who logged in.
        for mailbox in checked.from.iter().chain(&checked.sender) {
            if !login.is_some_and(|login| site.directory.may_send_as(login, mailbox)) {
                let text = format!("<{mailbox}> is not an address of yours");
                return Err(Reply::new(550, (5, 7, 1), text));
            }
        }
        let date = DateTime::utc(now.as_seconds().cast_signed());
        let message_id = format!("{}@{}", entropy.token(20), site.config.hostname);
        self.push(Piece::Own(checked.write(date, &message_id)));
        Ok(())
    }
}

/// RFC 5321 §6.3, and the limits on headers.
fn refuse_excess(excess: Option<Excess>) -> Result<(), Reply> {
    Err(match excess {
        None => return Ok(()),
        Some(Excess::Hops) => Reply::new(554, (5, 4, 6), "Too many hops, the message is looping"),
        Some(Excess::Octets) => Reply::new(552, (5, 3, 4), "The header is too long"),
        Some(Excess::Fields) => Reply::new(554, (5, 6, 0), "The header has too many fields"),
    })
}

/// RFC 5322 §3.6: readers and filters must not see different authors.
fn refuse_several_from(census: &header::Census) -> Result<(), Reply> {
    if census.from > 1 {
        return Err(Reply::new(554, (5, 6, 0), "The header has more than one From field"));
    }
    Ok(())
}

fn capitalized(text: &str) -> alloc::string::String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
