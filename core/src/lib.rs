//! Postroad's core: every agent of mail as a pure state machine.
//!
//! Bytes, answers and the time go in; bytes, requests and deadlines come out. Nothing here opens a
//! socket, reads a clock, touches a disk, rolls dice or writes a log, so the same machines run on
//! blocking threads, in an event loop of your own, in a test and in a simulation.
//!
//! # The contract in ten lines
//!
//! ```text
//! let mut session = role::mta::Inbound::new(now, site, peer, entropy);   // any Session
//! loop {
//!     while let Some(output) = session.poll() { perform(output) }        // poll after everything
//!     if let sent @ 1.. = socket.write(session.transmit()) { session.transmitted(sent); continue }
//!     match session.wants() {                                            // nothing left to write
//!         Wants::Read => session.handle_bytes(now, socket.read()),       // or handle_eof
//!         Wants::Close => break,
//!         Wants::Tls | Wants::Deflate(_) => {}                           // only without those layers
//!         Wants::Nothing => {}                                           // an answer comes first
//!     }                                                                  // and no later than
//! }                                                                      // session.poll_timeout()
//! ```
//!
//! [`machine`] says it in full. What is polled is performed by the host, and answered with
//! [`Machine::handle`](machine::Machine::handle).
//!
//! # The map
//!
//! | floor | room | what is in it |
//! |---|---|---|
//! | ground | [`machine`] | the contract: [`Machine`](machine::Machine), [`Session`](machine::Session), [`Host`](machine::Host) |
//! | | [`buffer`] | octets that came and octets to go |
//! | | [`timers`] | a few named deadlines |
//! | | [`entropy`] | randomness from one seed |
//! | | [`secret`] | what must not show up in a log |
//! | | [`limits`] | every limit, with its clause |
//! | | [`report`] | what is worth a line in the log |
//! | text | [`address`] | mailboxes, paths, address lists |
//! | | [`encoding`] | base64, quoted-printable, encoded words, modified UTF-7, charsets |
//! | | [`message`] | header fields, dates, MIME structure, summaries, threads, trace fields, composing, delivery status notifications |
//! | store | [`store`] | what is asked of a message store, and one in memory |
//! | protocols | [`smtp`] | SMTP and LMTP: the server's end and the client's |
//! | | [`pop3`] | POP3: the server's end |
//! | | [`imap`] | IMAP4rev2, rev1 and their extensions: the server's end |
//! | | [`dns`] | names, questions, answers; a stub resolver (feature `dns`) |
//! | | [`mx`] | a domain's mail hosts, and which of their addresses to dial |
//! | | [`sasl`] | proving who one is, both ends |
//! | | `tls` | TLS below any session (feature `tls`) |
//! | | `compress` | DEFLATE between a session and TLS (feature `compress`) |
//! | queue | [`queue`] | messages that wait, when and where they go; what is asked of a spool, and one in memory |
//! | roles | [`role`] | transfer, submission, delivery and access agents, and the queue's [clerk](role::clerk) |
//!
//! The ground floor knows nothing above it, protocols do not know each other, roles know protocols,
//! and nobody knows a runtime. *Protocol sessions* know a wire grammar and no policy: every decision
//! is a request to the host. *Roles* contain a protocol session, answer what they can from the
//! [directory](role::directory), and ask for the rest in one vocabulary, [`role::Effect`].
//!
//! # What holds everywhere
//!
//! - No octet from a peer panics, hangs or makes memory grow without bound; every limit stands in
//!   [`Limits`](limits::Limits).
//! - A session holds one line, one read, one slice of content and 64 KiB to transmit, whatever the
//!   message's size.
//! - At most one request of a session is outstanding; a stale answer is ignored.
//! - CRLF is the only line end in content.
//! - At STARTTLS there is nothing in the buffer, and what was learnt in the clear is forgotten.
//!
//! # Which RFC is where
//!
//! | RFC | room |
//! |---|---|
//! | 1870, 2033, 2034, 2920, 3030, 3207, 3461, 4954, 5321, 6152, 6531, 9422 | [`smtp`] |
//! | 1939, 2449, 2595, 5034, 6856 | [`pop3`] |
//! | 2177, 2342, 2971, 3348, 3501, 3502, 3516, 3691, 4314, 4315, 4469, 4731, 4959, 5032, 5092, 5161, 5182, 5256, 5258, 5267 (ESORT), 5464, 5465, 5819, 5957, 6154, 6851, 6855, 7162, 7888, 7889, 8437, 8438, 8440, 8474, 8508, 8514, 8970, 9051, 9208, 9394, 9585, 9586, 9590 | [`imap`] |
//! | 1034, 1035, 2308, 6761, 6840, 6891, 9520 | [`dns`] |
//! | 5321 §5.1, 7505, 8305 | [`mx`] |
//! | 4422, 4616, 5802, 7628, 7677, 9266 | [`sasl`] |
//! | 2045-2047, 2231, 2183, 5322 | [`message`], [`encoding`], [`address`] |
//! | 5051 | [`encoding::casemap`] |
//! | 5256 (subjects, order, threads), 5957, 8474 (identifiers), 8970 (previews) | [`message`] |
//! | 3461 §6, 3463, 3464, 3834, 6522 (which replaced 3462), 6533 | [`message::dsn`] |
//! | 5321 §4.5.4, 3461 §5, 7435 | [`queue`] |
//! | 1985, 5598, 6409, 8314 | [`role`] |
//! | 8446 | `tls` |
//! | 1951, 4978 | `compress` |
//!
//! # Features
//!
//! `dns`, `tls`, `compress`, `serde` and `compose` are on by default; `dns` brings `std` with hickory-proto, `tls`
//! with rustls, `compose` (writing messages) with mail-builder. Without default features the crate needs
//! an allocator and nothing else.
//!
//! # When not to use it
//!
//! When you want to send one mail from a program, a client library is less to learn. When you want
//! a filter or a mailing list, put it behind a mail server; this is one.
#![no_std]
#![deny(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]
extern crate alloc;

pub mod address;
pub mod buffer;
#[cfg(feature = "compress")]
pub mod compress;
pub mod dns;
pub mod encoding;
pub mod entropy;
pub mod imap;
pub mod limits;
pub mod machine;
pub mod message;
pub mod mx;
pub mod pop3;
pub mod queue;
pub mod report;
pub mod role;
pub mod sasl;
pub mod secret;
pub mod smtp;
pub mod store;
pub mod timers;
#[cfg(feature = "tls")]
pub mod tls;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
