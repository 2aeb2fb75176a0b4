//! POP3 (RFC 1939): a maildrop is fetched, message by message, and emptied.
//!
//! [`Command`] and [`Reply`] are the grammar; [`Server`] is the server's end of a connection. It
//! knows no users and no store: whether a login is good, what its maildrop holds, and the octets of a
//! message are requests to the host ([`Output`]), each answered by an [`Input`].
//!
//! | what | RFC |
//! |---|---|
//! | USER, PASS, STAT, LIST, RETR, DELE, NOOP, RSET, QUIT, TOP, UIDL | 1939 |
//! | CAPA, PIPELINING, RESP-CODES, EXPIRE, IMPLEMENTATION | 2449 |
//! | STLS | 2595 |
//! | `[SYS/TEMP]`, `[SYS/PERM]`, `[AUTH]` | 3206 |
//! | AUTH, with initial response | 5034 |
//! | UTF8, LANG | 6856 |
//!
//! APOP is not offered: it needs passwords that the server can read, and MD5.

mod command;
mod reply;
pub mod server;

pub use command::{Command, Invalid};
pub use reply::{Code, Reply};
pub use server::{Config, Input, Message, Output, Refusal, Server};

#[cfg(test)]
mod tests;
