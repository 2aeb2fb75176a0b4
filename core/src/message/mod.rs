//! Messages: header fields, dates, MIME structure by byte range, summaries, threads, trace fields,
//! delivery status notifications. All streaming.
//!
//! What is read is never held here. What arrives in pieces is pushed, in any fragmentation, into a
//! reader that keeps what it was asked for: [`header::Scanner`] finds the end of a header block and
//! counts its fields, [`structure::Scanner`] finds every MIME part by its octet range,
//! [`submission::Header`] edits a header block on its way through, [`text::Search`] looks for words,
//! [`summary::Scanner`] finds all that a store wants to keep beside a message. From [summaries](summary)
//! messages are [sorted](sort) and [threaded](thread).
//! Only a header block, which [`Limits`](crate::limits::Limits) bounds, is ever held whole; over it
//! [`header::fields`] and [`envelope::Envelope::parse`] read. [`dsn::Notification`] is written around
//! the message that it returns, and [`dsn::read`] looks at the start of one.
//!
//! Content of our own making has CRLF line ends alone. What is read may also have bare LFs, as files
//! in a Maildir have: every offset and size is over the octets that were pushed.
//!
//! With feature `compose`, `compose` writes a message of one's own.

#[cfg(feature = "compose")]
pub mod compose;
pub mod date;
pub mod dsn;
pub mod envelope;
pub mod header;
pub mod mbox;
pub mod message_id;
pub mod parameters;
pub mod preview;
pub mod sort;
pub mod structure;
pub mod subject;
pub mod submission;
pub mod summary;
pub mod text;
pub mod thread;
pub mod trace;
