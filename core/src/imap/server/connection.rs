//! What all commands share: the buffers, the state of RFC 3501 §3, the clock.

use super::enable::Enabled;
use super::notify::Notifications;
use super::{Config, Event, Events, bad, ok};
use crate::buffer::{Inbox, Outbox};
use crate::entropy::Entropy;
use crate::imap::view::View;
use crate::imap::{Assembler, Bounds, Code, Condition, Encoding, Mailbox, Response, Status, Tag};
use crate::limits::Limits;
use crate::machine::{Deflate, DeflateFailed, Instant, Tls, TlsFailed};
use crate::sasl::Channel;
use crate::store::{Access, Account, Failure, MailboxName, Rights, Target, UidSet};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One connection, whatever is done with it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) config: Arc<Config>,
    pub(super) channel: Channel,
    pub(super) security: Security,
    pub(super) entropy: Entropy,
    pub(super) inbox: Inbox,
    pub(super) assembler: Assembler,
    /// How mailbox names are written.
    pub(super) encoding: Encoding,
    pub(super) enabled: Enabled,
    /// What the client wants to be told of between commands.
    pub(super) notifications: Notifications,
    /// What the user may do with the mailbox that the command under way names.
    pub(super) rights: Rights,
    pub(super) out: Outbox,
    /// Octets of a message that the host handed over.
    pub(super) octets: Vec<u8>,
    pub(super) phase: Phase,
    pub(super) compression: Compression,
    /// The command under way.
    pub(super) tag: Option<Tag>,
    pub(super) now: Instant,
    /// When the client was last heard.
    pub(super) heard: Instant,
    began: Instant,
    pub(super) events: Events,
    pub(super) failed_logins: u32,
    /// Commands in a row that were not understood.
    misunderstood: usize,
}

/// Whether TLS is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Security {
    Clear,
    Tls,
}

/// Whether the connection is compressed (RFC 4978).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compression {
    Off,
    On,
    /// It is to begin or to end.
    Due(Deflate),
}

/// The states of RFC 3501 §3, and those around them.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing was said yet.
    Greeting,
    NotAuthenticated,
    /// A TLS handshake is due.
    StartTls,
    Authenticated(Account),
    Selected(Account, Box<Selected>),
    /// The connection closes.
    Over,
}

/// The selected mailbox.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) target: Target,
    pub(super) access: Access,
    /// What the user may do with it, as the last command that depends on it has found.
    pub(super) rights: Rights,
    pub(super) view: View,
    /// `$`: what the last SEARCH RETURN (SAVE) found (RFC 5182 §2.1). Some may be gone.
    pub(super) saved: UidSet,
}

impl Connection {
    pub(super) fn new(
        now: Instant,
        config: Arc<Config>,
        channel: Channel,
        entropy: Entropy,
    ) -> Self {
        Self {
            assembler: Assembler::new(Bounds::before_login(&config.limits)),
            encoding: Encoding::default(),
            enabled: Enabled::default(),
            notifications: Notifications::default(),
            rights: Rights::NONE,
            security: match channel {
                Channel::Bound(_) => Security::Tls,
                Channel::Clear | Channel::Confidential => Security::Clear,
            },
            config,
            channel,
            entropy,
            inbox: Inbox::default(),
            out: Outbox::default(),
            octets: Vec::new(),
            phase: Phase::Greeting,
            compression: Compression::Off,
            tag: None,
            now,
            heard: now,
            began: now,
            events: Events::new(),
            failed_logins: 0,
            misunderstood: 0,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// RFC 3501 §7.1.1: the greeting, which spares a client CAPABILITY.
    pub(super) fn greet(&mut self) {
        self.phase = Phase::NotAuthenticated;
        let capabilities = Code::Capability(self.capabilities());
        self.respond(ok("Postroad is ready").with_code(capabilities));
    }

    pub(super) fn handle_tls(&mut self, outcome: Result<Tls, TlsFailed>) {
        match (outcome, &self.phase) {
            (Ok(tls), Phase::Greeting) => self.secure(&tls),
            (Ok(tls), Phase::StartTls) => {
                // RFC 3501 §6.2.1: what was learnt in the clear is forgotten.
                self.phase = Phase::NotAuthenticated;
                self.inbox.clear();
                self.assembler = Assembler::new(Bounds::before_login(self.limits()));
                self.misunderstood = 0;
                self.secure(&tls);
            }
            (Ok(_), _) => {}
            (Err(_), _) => self.close("TLS failed"),
        }
    }

    pub(super) fn handle_deflate(&mut self, outcome: Result<Deflate, DeflateFailed>) {
        match (outcome, self.compression) {
            (Ok(done), Compression::Due(due)) if done == due => {
                self.compression = match done {
                    Deflate::Begin => Compression::On,
                    Deflate::End => Compression::Off,
                };
                self.inbox.clear();
            }
            (Ok(_), _) => {}
            (Err(DeflateFailed(why)), _) => self.bye(why),
        }
    }

    fn secure(&mut self, tls: &Tls) {
        self.security = Security::Tls;
        self.channel = Channel::from(tls);
    }

    /// How mailbox names are written from here on.
    pub(super) fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
        self.assembler.set_encoding(encoding);
    }

    pub(super) fn respond(&mut self, response: impl Into<Response>) {
        response.into().write(self.out.as_mut_vec(), self.encoding);
    }

    /// The end of a command.
    pub(super) fn finish(&mut self, tag: Tag, status: Status) {
        if matches!(self.phase, Phase::Over) {
            return;
        }
        self.heard = self.now;
        if self.octets.capacity() > 0 {
            self.octets = Vec::new();
        }
        match status.condition {
            Condition::Bad => self.count_misunderstood(),
            _ => self.misunderstood = 0,
        }
        self.respond(status.with_tag(tag));
        self.check_misunderstood();
        if self.account().is_none() && self.failed_logins >= self.limits().failed_logins {
            // RFC 3501 §11.2
            self.bye("Too many failed logins");
        }
    }

    /// The answer to what was no command at all.
    pub(super) fn reject(&mut self, status: Status) {
        self.count_misunderstood();
        self.respond(status);
        self.check_misunderstood();
    }

    fn count_misunderstood(&mut self) {
        self.misunderstood += 1;
    }

    fn check_misunderstood(&mut self) {
        if self.misunderstood >= self.limits().imap_bad_commands {
            self.bye("Too many commands that are none");
        }
    }

    /// Takes leave and closes (RFC 3501 §7.1.5).
    pub(super) fn bye(&mut self, text: &'static str) {
        if !matches!(self.phase, Phase::Over) {
            self.respond(Status::new(Condition::Bye, text));
            self.close(text);
        }
    }

    /// Closes without a word.
    pub(super) fn close(&mut self, why: &'static str) {
        if !matches!(self.phase, Phase::Over) {
            let account = self.account().cloned();
            self.phase = Phase::Over;
            self.inbox.clear();
            self.octets = Vec::new();
            self.events.push_back(Event::Closed { account, why });
        }
    }

    /// When the client must have logged in.
    pub(super) fn login_deadline(&self) -> Option<Instant> {
        let is_anonymous =
            matches!(self.phase, Phase::Greeting | Phase::NotAuthenticated | Phase::StartTls);
        is_anonymous.then(|| self.began + self.limits().login_timeout)
    }

    pub(super) fn check_login_deadline(&mut self) {
        if self.login_deadline().is_none_or(|deadline| self.now < deadline) {
            return;
        }
        match self.phase {
            // In the middle of a handshake there is nobody to take leave of.
            Phase::StartTls => self.close("TLS took too long"),
            _ => self.bye("Autologout: no login for too long"),
        }
    }

    /// When the client must have been heard again.
    pub(super) fn idle_deadline(&self) -> Instant {
        self.heard + self.limits().imap_idle
    }

    pub(super) fn account(&self) -> Option<&Account> {
        match &self.phase {
            Phase::Authenticated(account) | Phase::Selected(account, _) => Some(account),
            _ => None,
        }
    }

    pub(super) fn selected(&mut self) -> Option<&mut Selected> {
        match &mut self.phase {
            Phase::Selected(_, selected) => Some(selected),
            _ => None,
        }
    }

    /// Forgets who has logged in, and all that hung on it (RFC 8437 §3).
    pub(super) fn forget_login(&mut self) {
        if let Some(account) = self.account().cloned() {
            self.phase = Phase::NotAuthenticated;
            self.began = self.now;
            self.assembler.set_bounds(Bounds::before_login(&self.config.limits));
            self.events.push_back(Event::LoggedOut { account });
        }
        self.enabled = Enabled::default();
        self.notifications = Notifications::default();
        self.set_encoding(Encoding::default());
    }

    /// The selected mailbox, if it is the user's own.
    pub(super) fn selected_own(&self) -> Option<&MailboxName> {
        match &self.phase {
            Phase::Selected(account, selected) if selected.target.account == *account => {
                Some(&selected.target.mailbox)
            }
            _ => None,
        }
    }

    /// Leaves the selected state.
    pub(super) fn deselect(&mut self) {
        let account = self.account().cloned();
        if let (Phase::Selected(..), Some(account)) = (&self.phase, account) {
            self.phase = Phase::Authenticated(account);
        }
    }

    /// The mailbox of this name, or what to answer if there can be none.
    pub(super) fn name(&self, mailbox: &Mailbox) -> Result<MailboxName, Status> {
        MailboxName::parse(mailbox.as_str(), self.limits()).map_err(|why| {
            Status::new(Condition::No, alloc::format!("Invalid mailbox name: {why}"))
                .with_code(Code::Cannot)
        })
    }
}

/// What an answer of the wrong kind comes to.
pub(super) fn confused() -> Status {
    Status::new(Condition::No, "The store gave an answer that does not fit")
        .with_code(Code::ServerBug)
}

/// The `NO` that a failure of the store comes to (RFC 5530 §3).
pub(super) fn failed(failure: &Failure) -> Status {
    let code = match failure {
        Failure::NoMailbox => Code::NonExistent,
        Failure::Exists => Code::AlreadyExists,
        Failure::Refused(_) => Code::Cannot,
        Failure::NoMessage => Code::ExpungeIssued,
        Failure::InUse => Code::InUse,
        Failure::OverQuota => Code::OverQuota,
        Failure::Limit(_) => Code::Limit,
        // The disk is everyone's: no user is over quota for it, nor can do anything about it.
        Failure::Full | Failure::Io(_) => Code::Unavailable,
    };
    let text = match failure {
        // What the file system said is for the log, not for the client.
        Failure::Io(_) => "The store has failed, try again later".into(),
        failure => sentence(&alloc::format!("{failure}")),
    };
    Status::new(Condition::No, text).with_code(code)
}

/// The same where a mailbox that is missing could be created (RFC 3501 §6.3.11).
pub(super) fn failed_to_file(failure: &Failure) -> Status {
    match failure {
        Failure::NoMailbox => failed(failure).with_code(Code::TryCreate),
        failure => failed(failure),
    }
}

/// With a capital, as sentences begin.
fn sentence(text: &str) -> alloc::string::String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// `BAD` for a command that the state does not allow.
pub(super) fn out_of_place(needs: &'static str) -> Status {
    bad(needs).with_code(Code::ClientBug)
}
