//! The cases that are counted, each a function of its size.

use crate::queue;
use postroad_core::compress::Compressed;
use postroad_core::encoding::search::Needle;
use postroad_core::entropy::Entropy;
use postroad_core::imap;
use postroad_core::limits::Limits;
use postroad_core::machine::{Instant, Machine as _, Session as _, Wants};
use postroad_core::message::text::{Scope, Search};
use postroad_core::message::{header, structure, summary};
use postroad_core::sasl::{self, Channel};
use postroad_core::smtp::Protocol;
use postroad_core::smtp::server::{Answer, Config, Input, Output, Server};
use postroad_core::store::{Account, Flags, MailboxName, Memory, Request, Store as _};
use std::hint::black_box;
use std::sync::Arc;

/// How many octets are read at once.
const READ: usize = 16 * 1024;
const NOW: Instant = Instant::from_seconds(1_780_315_200);

/// Runs a case; whether there is one of that name.
pub(crate) fn run(case: &str, size: u64) -> bool {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    match case {
        "scan-lines" => scan(size, b'\n'),
        "scan-absent" => scan(size, b'\0'),
        "search-text" => search(size),
        "summary" => summary(size),
        "smtp-data" => smtp_data(size),
        "smtp-bdat" => smtp_bdat(size),
        "smtp-transactions" => smtp_transactions(size),
        "fetch-nothing" => fetch(size, "UID"),
        "fetch-flags" => fetch(size, "FLAGS"),
        "fetch-envelope" => fetch(size, "ENVELOPE"),
        "fetch-deflated" => fetch_deflated(size),
        "fetch-all" => fetch(size, "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"),
        "header-fields" => header_fields(size),
        "header-structure" => structure(header_block(size).as_bytes()),
        "mime-depth" => structure(&nested(size)),
        "mime-breadth" => structure(&beside(size)),
        "recipients" => recipients(size, Limits { recipients: usize::MAX, ..Limits::default() }),
        "recipients-refused" => recipients(size, Limits::default()),
        "sequence-set" => sequence_set(size),
        "long-line" => long_line(size),
        "queue-1000" => queue::pass(1_000, size),
        "queue-10000" => queue::pass(10_000, size),
        "queue-100000" => queue::pass(100_000, size),
        "queue-wait" => drop(black_box(queue::wait(size))),
        "queue-stranded" => queue::strand(size),
        _ => return false,
    }
    true
}

/// Lines of 78 octets, as many as fill a read.
fn block() -> Vec<u8> {
    let line = [&[b'x'; 76][..], b"\r\n"].concat();
    line.repeat(READ / line.len())
}

fn scan(size: usize, octet: u8) {
    let block = block();
    for _ in 0..size / block.len() {
        for place in memchr::memchr_iter(octet, black_box(&block)) {
            black_box(place);
        }
    }
}

/// Looks for a text that is not there in a message of `size` octets.
fn search(size: usize) {
    let block = block();
    let mut scanner = structure::Scanner::new(&Limits::default());
    scanner.push(b"\r\n");
    (0..size / block.len()).for_each(|_| scanner.push(&block));
    let structure = scanner.finish();
    let needle = Needle::new("invoice");
    let mut search = Search::new(&structure, &needle, Scope::Text, &Limits::default());
    while let Some(wanted) = search.wanted() {
        let length = usize::try_from(wanted.end - wanted.start).unwrap_or(usize::MAX);
        search.push(&black_box(&block)[..length.min(block.len())]);
    }
    black_box(search.is_found());
}

/// Sums up a message of `size` octets.
fn summary(size: usize) {
    let block = block();
    let mut scanner = summary::Scanner::new(&Limits::default());
    scanner.push(b"\r\n");
    (0..size / block.len()).for_each(|_| scanner.push(black_box(&block)));
    black_box(scanner.finish());
}

fn smtp(limits: Limits) -> Server {
    let mut config = Config::new("mx.example.com", Protocol::Smtp);
    config.limits = limits;
    let mut server = Server::new(NOW, Arc::new(config), Entropy::from_seed([7; 32]));
    accept(&mut server);
    feed(&mut server, b"EHLO client.example.org\r\n");
    server
}

/// Accepts whatever is asked, and sends what is to be sent.
fn accept(server: &mut Server) {
    loop {
        match server.poll() {
            Some(Output::Request { ticket, .. }) => {
                black_box(server.content());
                server.handle(NOW, Input { ticket, answer: Answer::Accept });
            }
            Some(Output::Event(_)) => {}
            None if server.transmit().is_empty() => return,
            None => server.transmitted(server.transmit().len()),
        }
    }
}

fn feed(server: &mut Server, octets: &[u8]) {
    for piece in octets.chunks(READ) {
        if server.wants() != Wants::Read {
            return;
        }
        server.handle_bytes(NOW, piece);
        accept(server);
    }
}

fn smtp_data(size: usize) {
    let mut server = smtp(Limits::default());
    let block = block();
    feed(&mut server, b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n");
    for _ in 0..size / block.len() {
        feed(&mut server, black_box(&block));
    }
    feed(&mut server, b".\r\n");
}

fn smtp_bdat(size: usize) {
    let mut server = smtp(Limits::default());
    let block = block();
    let count = size / block.len();
    let chunk = format!("BDAT {} LAST\r\n", count * block.len());
    feed(&mut server, b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n");
    feed(&mut server, chunk.as_bytes());
    for _ in 0..count {
        feed(&mut server, black_box(&block));
    }
}

fn smtp_transactions(count: usize) {
    let mut server = smtp(Limits::default());
    let body = [&[b'x'; 76][..], b"\r\n"].concat().repeat(5);
    let envelope = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";
    let transaction = [&envelope[..], b"Subject: x\r\n\r\n", &body, b".\r\n"].concat();
    for _ in 0..count {
        feed(&mut server, black_box(&transaction));
    }
}

fn recipients(count: usize, limits: Limits) {
    let mut server = smtp(limits);
    feed(&mut server, b"MAIL FROM:<a@example.org>\r\n");
    for _ in 0..count {
        feed(&mut server, b"RCPT TO:<b@example.com>\r\n");
    }
}

fn long_line(size: usize) {
    let mut server = smtp(Limits::default());
    for _ in 0..size {
        feed(&mut server, b"x");
    }
    feed(&mut server, b"\r\n");
}

fn header_block(count: usize) -> String {
    format!("{}\r\nbody\r\n", "X-Filler: some words that fill a field\r\n".repeat(count))
}

fn header_fields(count: usize) {
    let mut scanner = header::Scanner::new();
    for piece in header_block(count).as_bytes().chunks(READ) {
        if scanner.push(piece).is_some() {
            break;
        }
    }
    black_box(scanner.census());
}

fn structure(message: &[u8]) {
    let mut scanner = structure::Scanner::new(&Limits::default());
    for piece in message.chunks(READ) {
        scanner.push(piece);
    }
    black_box(scanner.finish());
}

/// A message of `depth` multiparts, each the only part of the one before.
fn nested(depth: usize) -> Vec<u8> {
    let open =
        |level| format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
    let mut message: String = (0..depth).map(open).collect();
    message.push_str("\r\ntext\r\n");
    message.extend((0..depth).rev().map(|level| format!("--b{level}--\r\n")));
    message.into_bytes()
}

/// A message of one multipart with `count` parts.
fn beside(count: usize) -> Vec<u8> {
    let part = "--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n".repeat(count);
    format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{part}--b--\r\n").into_bytes()
}

/// An IMAP session over a store with `count` messages, logged in, with INBOX selected.
struct Imap {
    server: Compressed<imap::server::Server>,
    store: postroad_core::store::memory::Session,
    octets: Vec<u8>,
}

impl Imap {
    fn new(count: usize) -> Self {
        let limits = Limits { imap_line: usize::MAX, ..Limits::default() };
        let account = Account::parse("alice@example.org").expect("an account");
        let mut store = Memory::new(limits.clone()).session();
        let mut octets = Vec::new();
        for number in 0..count {
            let mailbox = MailboxName::inbox();
            let begin = Request::Begin { account: account.clone(), mailbox: mailbox.clone() };
            let letter = letter(number);
            store.perform(NOW, begin, b"", &mut octets);
            store.perform(NOW, Request::Write, letter.as_bytes(), &mut octets);
            let append = Request::Append {
                account: account.clone(),
                mailbox,
                flags: Flags::NONE,
                keywords: Vec::new(),
                date: None,
                replaces: None,
            };
            store.perform(NOW, append, b"", &mut octets);
        }
        let config = Arc::new(imap::server::Config {
            limits: limits.clone(),
            compress: true,
            ..Default::default()
        });
        let entropy = Entropy::from_seed([7; 32]);
        let server = imap::server::Server::new(NOW, config, Channel::Confidential, entropy);
        let server = Compressed::new(NOW, server, &limits);
        let mut imap = Self { server, store, octets };
        imap.feed(b"a1 LOGIN alice@example.org secret\r\na2 SELECT INBOX\r\n");
        imap
    }

    fn feed(&mut self, octets: &[u8]) {
        self.server.handle_bytes(NOW, octets);
        loop {
            match self.server.poll() {
                Some(imap::server::Output::Authenticate { ticket, .. }) => {
                    let answer = sasl::Answer::Accept { authcid: "alice@example.org".into() };
                    let input = imap::server::Input::Authenticated { ticket, answer };
                    self.server.handle(NOW, input);
                }
                Some(imap::server::Output::Store { ticket, request }) => {
                    let answer = self.store.perform(NOW, request, b"", &mut self.octets);
                    self.server.handle_content(NOW, ticket, &self.octets);
                    let input = imap::server::Input::Store { ticket, answer };
                    self.server.handle(NOW, input);
                }
                Some(imap::server::Output::Event(_)) => {}
                None if self.server.transmit().is_empty() => return,
                None => {
                    let count = black_box(self.server.transmit()).len();
                    self.server.transmitted(count);
                }
            }
        }
    }
}

fn letter(number: usize) -> String {
    format!(
        "From: Alice Example <alice@example.org>\r\nTo: Bob <bob@example.com>, carol@example.com\r\n\
         Subject: message number {number}\r\nDate: Mon, 01 Jun 2026 12:00:00 +0000\r\n\
         Message-ID: <{number}@example.org>\r\n\r\nA few words.\r\n"
    )
}

fn fetch(count: usize, items: &str) {
    let mut imap = Imap::new(count);
    imap.feed(format!("a3 FETCH 1:* ({items})\r\n").as_bytes());
}

/// What `fetch-all` does, compressed.
fn fetch_deflated(count: usize) {
    let mut imap = Imap::new(count);
    imap.feed(b"a3 COMPRESS DEFLATE\r\n");
    let command = b"a4 FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)\r\n";
    imap.feed(&miniz_oxide::deflate::compress_to_vec(command, 6));
}

/// A FETCH of a set with `count` ranges, from a mailbox of ten messages.
fn sequence_set(count: usize) {
    let mut imap = Imap::new(10);
    let ranges: Vec<String> = (1..=count).map(|first| format!("{first}:*")).collect();
    imap.feed(format!("a3 FETCH {} (UID)\r\n", ranges.join(",")).as_bytes());
}
