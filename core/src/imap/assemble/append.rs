//! APPEND and REPLACE: what comes between the octets of their messages.

use super::frame::{Found, Frame};
use super::{Assembler, CRLF, Progress, State, Step, TOO_LARGE};
use crate::buffer::Inbox;
use crate::imap::command::{Bad, End, Offer, Place, Stretch, is_message, parse_stretch};
use crate::imap::scan::Syntax;
use crate::imap::types::{Literal, Tag};
use alloc::vec;
use memchr::memchr;

/// A command under way whose messages pass through.
#[derive(Debug)]
pub(super) struct Appending {
    tag: Tag,
    stage: Stage,
}

/// What is to be told, or awaited.
#[derive(Debug)]
enum Stage {
    /// Offers are told, one after the other, then the end of their stretch counts. While one waits for
    /// a decision, nothing happens.
    Offers { offers: vec::IntoIter<Offer>, end: End, waits: bool },
    /// So much of a literal is left, of which so many octets are lent.
    Content { literal: Literal, left: u64, lent: usize, place: Place },
    /// The next stretch, and how much of it is there.
    Stretch { frame: Frame, place: Place },
}

impl Appending {
    /// The command begins with this.
    pub(super) fn new(tag: Tag, stretch: Stretch) -> Self {
        Self { tag, stage: Stage::of(stretch) }
    }

    fn bad(&self, text: impl Into<alloc::borrow::Cow<'static, str>>) -> Bad {
        Bad { tag: Some(self.tag.clone()), text: text.into() }
    }
}

impl Stage {
    fn of(stretch: Stretch) -> Self {
        let Stretch { offers, end } = stretch;
        Self::Offers { offers: offers.into_iter(), end, waits: false }
    }

    const fn content(literal: Literal, place: Place) -> Self {
        Self::Content { literal, left: literal.size, lent: 0, place }
    }
}

impl Assembler {
    /// Lets a message or a part come, after [`Step::Append`], [`Step::NextMessage`] or
    /// [`Step::NextPart`]. If it is a literal for which the client waits, send it a continuation
    /// request.
    pub fn accept(&mut self) {
        let State::Append(Appending { stage, .. }) = &mut self.state else {
            return;
        };
        let Stage::Offers { offers, end, waits } = stage else {
            return;
        };
        *waits = false;
        if let (true, End::Literal(literal, place)) = (offers.len() == 0, &*end) {
            // From here on the client sends it.
            *stage = Stage::content(*literal, *place);
        }
    }

    /// Ends the command before a message or in the middle of one, to be answered with `NO`. What comes
    /// nevertheless is dropped.
    pub fn refuse(&mut self, inbox: &mut Inbox) {
        let State::Append(appending) = &self.state else {
            return;
        };
        match &appending.stage {
            Stage::Offers { end: End::Literal(literal, _), .. } => {
                let literal = *literal;
                self.pass_over(inbox, 0, literal);
            }
            Stage::Offers { end: End::Command, .. } => self.state = State::fresh(),
            Stage::Content { left, .. } => {
                let left = *left;
                self.drop_from(inbox, 0, left);
            }
            Stage::Stretch { frame, .. } => {
                let (from, literal) = frame.rest();
                self.drop_from(inbox, from, literal);
            }
        }
    }

    /// The slice of a message that is lent, after [`Step::Content`].
    #[must_use]
    pub fn content<'a>(&self, inbox: &'a Inbox) -> &'a [u8] {
        let lent = match &self.state {
            State::Append(Appending { stage: Stage::Content { lent, .. }, .. }) => *lent,
            _ => 0,
        };
        inbox.as_slice().get(..lent).unwrap_or_default()
    }

    /// Lets go of the slice that was lent.
    pub fn content_taken(&mut self, inbox: &mut Inbox) {
        if let State::Append(Appending { stage: Stage::Content { left, lent, .. }, .. }) =
            &mut self.state
        {
            inbox.consume(*lent);
            *left -= *lent as u64;
            *lent = 0;
        }
    }

    pub(super) fn poll_append(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Append(appending) = &self.state else {
            return Progress::Starved;
        };
        match appending.stage {
            Stage::Offers { .. } => self.poll_offers(),
            Stage::Content { .. } => self.poll_content(inbox),
            Stage::Stretch { .. } => self.poll_stretch(inbox),
        }
    }

    fn poll_offers(&mut self) -> Progress {
        let State::Append(Appending { tag, stage: stage @ Stage::Offers { .. } }) = &mut self.state
        else {
            return Progress::Starved;
        };
        let Stage::Offers { offers, end, waits } = stage else {
            return Progress::Starved;
        };
        if *waits {
            return Progress::Starved;
        }
        if let Some(offer) = offers.next() {
            *waits = true;
            return Progress::Step(match offer {
                Offer::Append(append) => Step::Append(tag.clone(), append),
                Offer::Message(message) => Step::NextMessage(message),
                Offer::Part(part) => Step::NextPart(part),
            });
        }
        match *end {
            End::Literal(literal, place) => {
                *stage = Stage::content(literal, place);
                Progress::Moved
            }
            End::Command => {
                let tag = tag.clone();
                self.state = State::fresh();
                Progress::Step(Step::Appended(tag))
            }
        }
    }

    fn poll_content(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Append(appending) = &mut self.state else {
            return Progress::Starved;
        };
        let Stage::Content { literal, left, lent, place } = &mut appending.stage else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        let there = usize::try_from(*left).map_or(octets.len(), |left| left.min(octets.len()));
        if *left == 0 {
            appending.stage = Stage::Stretch { frame: Frame::default(), place: *place };
            Progress::Moved
        } else if *lent > 0 || there == 0 {
            Progress::Starved
        } else if !literal.binary && memchr(0, &octets[..there]).is_some() {
            // RFC 3501 §9: literal = … *CHAR8, and CHAR8 is not NUL.
            let left = *left;
            let bad = appending.bad("The message holds a NUL");
            self.drop_from(inbox, 0, left);
            Progress::Step(Step::Bad(bad))
        } else {
            *lent = there;
            Progress::Step(Step::Content)
        }
    }

    /// Frames and parses what follows a literal, as the start of a command.
    fn poll_stretch(&mut self, inbox: &mut Inbox) -> Progress {
        let State::Append(appending) = &mut self.state else {
            return Progress::Starved;
        };
        let Stage::Stretch { frame, place } = &mut appending.stage else {
            return Progress::Starved;
        };
        let octets = inbox.as_slice();
        let Some(found) = frame.look(octets, &self.bounds) else {
            return Progress::Starved;
        };
        let (end, literal) = match found {
            Found::Command(end) => (end, None),
            Found::Bad { from, literal, text, .. } => {
                let bad = appending.bad(text);
                self.drop_from(inbox, from, literal);
                return Progress::Step(Step::Bad(bad));
            }
            Found::Literal(end, literal) => {
                let passes = is_message(&octets[frame.line_start()..end], false);
                let refusal = self.bounds.refuses(literal).or_else(|| {
                    let fits = passes || frame.enter(end + CRLF, literal, &self.bounds);
                    (!fits).then_some(TOO_LARGE)
                });
                if let Some(text) = refusal {
                    let bad = appending.bad(text);
                    return self.misunderstand(inbox, bad, end + CRLF, literal);
                }
                if !passes {
                    return Progress::waited(literal);
                }
                (end, Some(literal))
            }
        };
        let parsed = parse_stretch(&octets[..end], *place, self.encoding);
        self.take_stretch(inbox, end, literal, parsed)
    }

    /// Goes on with a stretch up to `end`, where the command ends or `literal` begins.
    fn take_stretch(
        &mut self,
        inbox: &mut Inbox,
        end: usize,
        literal: Option<Literal>,
        parsed: Result<Stretch, Syntax>,
    ) -> Progress {
        let State::Append(appending) = &mut self.state else {
            return Progress::Starved;
        };
        match (parsed, literal) {
            (Ok(stretch), _) => {
                inbox.consume(end + CRLF);
                appending.stage = Stage::of(stretch);
                Progress::Moved
            }
            (Err(Syntax(text)), Some(literal)) => {
                let bad = appending.bad(text);
                self.misunderstand(inbox, bad, end + CRLF, literal)
            }
            (Err(Syntax(text)), None) => {
                let bad = appending.bad(text);
                inbox.consume(end + CRLF);
                self.state = State::fresh();
                Progress::Step(Step::Bad(bad))
            }
        }
    }
}
