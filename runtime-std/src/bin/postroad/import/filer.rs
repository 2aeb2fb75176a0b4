//! Filing messages in batches, each of them once.

use super::journal::{Doubt, Journal};
use super::marks::Marks;
use crate::mail::{ask, read};
use postroad_core::store::{Access, Account, Answer, MailboxName, Request};
use postroad_store_maildir::Session;
use sha1::{Digest, Sha1};
use std::path::PathBuf;

/// Messages that are filed together.
const BATCH: usize = 64;
/// Octets that are handed to the store at once.
const BLOCK: usize = 64 * 1024;

type Sum = [u8; 20];

/// Files messages of one source after the other into an account.
pub struct Filer {
    session: Session,
    account: Account,
    /// The account's folder, where the journals are.
    home: PathBuf,
    target: Option<Target>,
    filed: u64,
}

/// Where the messages of a source go.
struct Target {
    mailbox: MailboxName,
    journal: Journal,
    doubt: Option<(Doubt, Vec<Sum>)>,
    /// Messages of the batch that are written.
    written: usize,
    /// How the last of them is to be marked.
    marks: Option<Marks>,
    block: Vec<u8>,
    /// Of a message that is in doubt.
    digest: Option<WithCrlf>,
}

impl Filer {
    /// A filer for an account, whose folder is `home`.
    pub fn new(session: Session, account: Account, home: PathBuf) -> Self {
        Self { session, account, home, target: None, filed: 0 }
    }

    /// Messages that were filed.
    pub const fn filed(&self) -> u64 {
        self.filed
    }

    /// Turns to a source, whose messages go to `mailbox`; tells `done` which of them are there already.
    ///
    /// # Errors
    /// Says in words what does not work; so for every step here.
    pub fn begin_source(
        &mut self,
        source: &[u8],
        mailbox: &MailboxName,
        done: impl FnMut(String),
    ) -> Result<(), String> {
        let create = Request::Create {
            account: self.account.clone(),
            mailbox: mailbox.clone(),
            special_use: None,
        };
        if self.status(mailbox).is_err() {
            ask(&mut self.session, create, b"").map_err(|why| format!("{mailbox}: {why}"))?;
        }
        let mut sum = Sha1::new();
        sum.update(mailbox.as_str());
        sum.update([0]);
        sum.update(source);
        let name: String = sum.finalize().iter().take(8).map(|it| format!("{it:02x}")).collect();
        let path = self.home.join(format!("postroad-import-{name}"));
        let journal = Journal::open(&path, done);
        let mut journal = journal.map_err(|error| format!("{}: {error}", path.display()))?;
        let doubt = match journal.doubt.take() {
            Some(doubt) => {
                let sums = self.sums(mailbox, doubt.from)?;
                Some((doubt, sums))
            }
            None => None,
        };
        self.target = Some(Target {
            mailbox: mailbox.clone(),
            journal,
            doubt,
            written: 0,
            marks: None,
            block: Vec::with_capacity(BLOCK),
            digest: None,
        });
        Ok(())
    }

    /// The keywords that a mailbox has.
    ///
    /// # Errors
    /// As [`begin_source`](Self::begin_source).
    pub fn keywords(&mut self, mailbox: &MailboxName) -> Result<Vec<String>, String> {
        let (account, mailbox) = (self.account.clone(), mailbox.clone());
        let open = Request::Open { account, mailbox, access: Access::ReadOnly };
        let Answer::Opened(opened) = ask(&mut self.session, open, b"")? else {
            return Ok(Vec::new());
        };
        ask(&mut self.session, Request::Close, b"")?;
        Ok(opened.keywords.to_vec())
    }

    fn status(&mut self, mailbox: &MailboxName) -> Result<Answer, String> {
        let (account, mailbox) = (self.account.clone(), mailbox.clone());
        ask(&mut self.session, Request::Status { account, mailbox }, b"")
    }

    /// The digests of a mailbox's messages from a UID on.
    fn sums(&mut self, mailbox: &MailboxName, from: u32) -> Result<Vec<Sum>, String> {
        let (account, mailbox) = (self.account.clone(), mailbox.clone());
        let open = Request::Open { account, mailbox, access: Access::ReadOnly };
        let Answer::Opened(opened) = ask(&mut self.session, open, b"")? else {
            return Ok(Vec::new());
        };
        let mut sums = Vec::new();
        let mut block = Vec::new();
        for entry in opened.messages.iter().filter(|entry| entry.uid.get() >= from) {
            let (mut digest, mut offset) = (WithCrlf::default(), 0);
            loop {
                let request = Request::Read { uid: entry.uid, offset, length: BLOCK };
                let answer = read(&mut self.session, request, b"", &mut block)?;
                digest.update(&block);
                offset += block.len() as u64;
                if !matches!(answer, Answer::Read { end: false }) {
                    break;
                }
            }
            sums.push(digest.finish());
        }
        ask(&mut self.session, Request::Close, b"")?;
        Ok(sums)
    }

    fn target(&mut self) -> Result<&mut Target, String> {
        self.target.as_mut().ok_or_else(|| "no source was begun".into())
    }

    /// Begins a message that is called `item` in its source.
    ///
    /// # Errors
    /// As [`begin_source`](Self::begin_source).
    pub fn begin(&mut self, item: &str) -> Result<(), String> {
        let target = self.target()?;
        let doubtful = match &target.doubt {
            Some((doubt, _)) => doubt.items.iter().any(|it| it == item),
            None => false,
        };
        if doubtful || target.written >= BATCH || target.digest.is_some() {
            self.flush()?;
        } else if let Some(Marks { flags, keywords, date }) = target.marks.take() {
            ask(&mut self.session, Request::Keep { flags, keywords, date }, b"")?;
        }
        let target = self.target()?;
        target.journal.item(item);
        target.digest = doubtful.then(WithCrlf::default);
        let (account, mailbox) = (self.account.clone(), self.target()?.mailbox.clone());
        ask(&mut self.session, Request::Begin { account, mailbox }, b"").map(drop)
    }

    /// Writes more of the message.
    ///
    /// # Errors
    /// As [`begin_source`](Self::begin_source).
    pub fn write(&mut self, mut octets: &[u8]) -> Result<(), String> {
        let Some(target) = &mut self.target else { return Ok(()) };
        if let Some(digest) = &mut target.digest {
            digest.update(octets);
        }
        while !octets.is_empty() {
            let (now, rest) = octets.split_at(octets.len().min(BLOCK - target.block.len()));
            target.block.extend_from_slice(now);
            octets = rest;
            if target.block.len() == BLOCK {
                ask(&mut self.session, Request::Write, &target.block)?;
                target.block.clear();
            }
        }
        Ok(())
    }

    /// Ends the message; whether it is to be filed, and was not there already.
    ///
    /// # Errors
    /// As [`begin_source`](Self::begin_source).
    pub fn end(&mut self, marks: Marks) -> Result<bool, String> {
        let Some(target) = &mut self.target else { return Ok(false) };
        ask(&mut self.session, Request::Write, &target.block)?;
        target.block.clear();
        if let (Some(digest), Some((_, sums))) = (&target.digest, &mut target.doubt) {
            let sum = digest.clone().finish();
            if let Some(place) = sums.iter().position(|it| *it == sum) {
                sums.swap_remove(place);
                target.digest = None;
                target.journal.done().map_err(|error| error.to_string())?;
                return ask(&mut self.session, Request::Abandon, b"").map(|_| false);
            }
        }
        target.written += 1;
        target.marks = Some(marks);
        Ok(true)
    }

    /// Files what is written.
    fn flush(&mut self) -> Result<(), String> {
        let mailbox = self.target()?.mailbox.clone();
        let Some(Marks { flags, keywords, date }) = self.target()?.marks.take() else {
            return Ok(());
        };
        let uid_next = match self.status(&mailbox)? {
            Answer::Status(status) => status.uid_next,
            _ => 1,
        };
        let noted = |error: std::io::Error| format!("the journal: {error}");
        self.target()?.journal.attempt(uid_next).map_err(noted)?;
        let account = self.account.clone();
        let append = Request::Append { account, mailbox, flags, keywords, date, replaces: None };
        ask(&mut self.session, append, b"")?;
        let target = self.target()?;
        target.journal.done().map_err(noted)?;
        let written = std::mem::take(&mut target.written);
        target.digest = None;
        self.filed += written as u64;
        Ok(())
    }

    /// Ends the source.
    ///
    /// # Errors
    /// As [`begin_source`](Self::begin_source).
    pub fn end_source(&mut self) -> Result<(), String> {
        self.flush()?;
        self.target = None;
        Ok(())
    }
}

/// The digest of a message as the store gives it: every line ended with CRLF, and no NUL.
#[derive(Clone, Default)]
struct WithCrlf {
    sum: Sha1,
    last: u8,
}

impl WithCrlf {
    fn update(&mut self, octets: &[u8]) {
        let mut given = Vec::with_capacity(octets.len() + octets.len() / 16);
        for &octet in octets {
            if octet == b'\n' && self.last != b'\r' {
                given.push(b'\r');
            }
            given.push(if octet == 0 { 0x80 } else { octet });
            self.last = octet;
        }
        self.sum.update(&given);
    }

    fn finish(self) -> Sum {
        self.sum.finalize().into()
    }
}
