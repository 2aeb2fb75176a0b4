//! The TRANSACTION state (RFC 1939 §5): what is in the maildrop?

use alloc::format;
use core::fmt;

use super::maildrop::Maildrop;
use super::transfer::{Progress, Transfer};
use super::{BYE, Output, Refusal, Server, State};
use crate::pop3::{Command, Reply};

/// Octets of a message to ask the host for at a time.
const SLICE: usize = 32 * 1024;

/// A listing of all messages, on its way to the client.
#[derive(Debug)]
pub(super) struct Listing {
    of: Of,
    /// The next place.
    next: usize,
}

/// What is listed of each message.
#[derive(Clone, Copy, Debug)]
enum Of {
    Sizes,
    UniqueIds,
}

impl Server {
    pub(super) fn handle_transaction(&mut self, maildrop: Maildrop, command: Command) {
        match command {
            Command::List(None) => self.handle_list(maildrop, Of::Sizes),
            Command::Uidl(None) => self.handle_list(maildrop, Of::UniqueIds),
            Command::Retr(number) => self.handle_retr(maildrop, number, None),
            Command::Top { message, lines } => self.handle_retr(maildrop, message, Some(lines)),
            Command::Quit => self.handle_quit(&maildrop),
            other => self.handle_simple(maildrop, &other),
        }
    }

    /// Commands whose reply is written at once.
    fn handle_simple(&mut self, mut maildrop: Maildrop, command: &Command) {
        match command {
            Command::Stat => self.handle_stat(&maildrop),
            Command::List(Some(number)) => self.handle_list_one(&maildrop, *number, Of::Sizes),
            Command::Uidl(Some(number)) => self.handle_list_one(&maildrop, *number, Of::UniqueIds),
            Command::Dele(number) => self.handle_dele(&mut maildrop, *number),
            Command::Noop => self.say(Reply::Ok("Nothing done")),
            Command::Rset => self.handle_rset(&mut maildrop),
            Command::Capa => self.handle_capa(),
            Command::Lang(range) => self.handle_lang(range.as_deref()),
            _ => self.say(Reply::Err(None, "Not after login")),
        }
        self.state = State::Transaction(maildrop);
    }

    fn handle_stat(&mut self, maildrop: &Maildrop) {
        let tally = maildrop.tally();
        self.say(Reply::Ok(format_args!("{} {}", tally.messages, tally.octets)));
    }

    fn handle_list_one(&mut self, maildrop: &Maildrop, number: u32, of: Of) {
        match maildrop.find(number).and_then(|place| of.entry(maildrop, place)) {
            Some(entry) => self.say(Reply::Ok(entry)),
            None => self.say(NO_SUCH_MESSAGE),
        }
    }

    fn handle_list(&mut self, maildrop: Maildrop, of: Of) {
        self.say(Reply::Ok(maildrop.tally()));
        self.state = State::Listing(maildrop, Listing { of, next: 0 });
    }

    /// Goes on with a listing, as far as there is room.
    pub(super) fn list(&mut self, maildrop: Maildrop, mut listing: Listing) {
        while listing.next < maildrop.places() && !self.outbox.is_high() {
            if let Some(entry) = listing.of.entry(&maildrop, listing.next) {
                self.line(format_args!("{entry}"));
            }
            listing.next += 1;
        }
        if listing.next < maildrop.places() {
            self.state = State::Listing(maildrop, listing);
        } else {
            self.line(format_args!("."));
            self.state = State::Transaction(maildrop);
        }
    }

    fn handle_dele(&mut self, maildrop: &mut Maildrop, number: u32) {
        match maildrop.find(number) {
            Some(place) => {
                maildrop.mark(place);
                self.say(Reply::Ok(format_args!("Message {number} deleted")));
            }
            None => self.say(NO_SUCH_MESSAGE),
        }
    }

    fn handle_rset(&mut self, maildrop: &mut Maildrop) {
        maildrop.reset();
        self.say(Reply::Ok(format_args!("The maildrop has {}", maildrop.tally())));
    }

    /// RETR, or TOP with `lines`.
    fn handle_retr(&mut self, maildrop: Maildrop, number: u32, lines: Option<u32>) {
        let found = maildrop.find(number);
        let Some((place, message)) =
            found.and_then(|it| maildrop.get(it).map(|message| (it, message)))
        else {
            self.say(NO_SUCH_MESSAGE);
            self.state = State::Transaction(maildrop);
            return;
        };
        let opening = match lines {
            None => format!("{}\r\n", Reply::Ok(format_args!("{} octets", message.size))),
            Some(_) => format!("{}\r\n", Reply::Ok("The top follows")),
        };
        let transfer = Transfer::new(place, opening.into_bytes(), lines);
        self.read(maildrop, transfer);
    }

    /// Asks the host for the next octets.
    pub(super) fn read(&mut self, maildrop: Maildrop, mut transfer: Transfer) {
        let (message, offset) = (transfer.place, transfer.offset);
        transfer.ask();
        self.ask(|ticket| Output::Read { ticket, message, offset, length: SLICE });
        self.state = State::Transfer(maildrop, transfer);
    }

    pub(super) fn handle_read(&mut self, maildrop: Maildrop, mut transfer: Transfer, end: bool) {
        match transfer.handle_answer(end, self.outbox.as_mut_vec()) {
            Progress::More => self.state = State::Transfer(maildrop, transfer),
            Progress::Done => self.state = State::Transaction(maildrop),
            Progress::Stuck => self.handle_unreadable(maildrop, transfer, Refusal::Temporary),
        }
    }

    /// Ends a transfer that the host cannot go on with. Once it has begun, the client can only be
    /// told by the end of the connection.
    pub(super) fn handle_unreadable(
        &mut self,
        maildrop: Maildrop,
        transfer: Transfer,
        why: Refusal,
    ) {
        if transfer.has_begun() {
            self.close(State::Transfer(maildrop, transfer));
        } else {
            self.say(why.reply());
            self.state = State::Transaction(maildrop);
        }
    }

    /// RFC 1939 §6: only here are messages removed.
    fn handle_quit(&mut self, maildrop: &Maildrop) {
        let messages = maildrop.marked();
        if messages.is_empty() {
            return self.farewell(State::Update, BYE);
        }
        self.ask(|ticket| Output::Remove { ticket, messages });
        self.state = State::Update;
    }

    /// Writes a line of a multi-line response. None of ours begins with a dot but the last.
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) {
        let _ = fmt::Write::write_fmt(&mut self.outbox, format_args!("{line}\r\n"));
    }
}

impl Of {
    /// The scan listing or unique-id listing of the message at `place`, unless it is marked.
    fn entry(self, maildrop: &Maildrop, place: usize) -> Option<impl fmt::Display> {
        let message = maildrop.get(place)?;
        let number = place + 1;
        Some(fmt::from_fn(move |f| match self {
            Self::Sizes => write!(f, "{number} {}", message.size),
            Self::UniqueIds => write!(f, "{number} {}", message.unique_id),
        }))
    }
}

const NO_SUCH_MESSAGE: Reply<&str> = Reply::Err(None, "No such message");
