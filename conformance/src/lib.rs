//! Mail dialogues as tests.
//!
//! A [transcript](transcript::Transcript) is a text file with one scenario of a dialogue. The
//! [runner] drives a machine of `postroad-core` through it, whole, octet by octet and in seeded
//! random pieces, in virtual time, and demands the same outcome each time. So a bug report is a
//! test, and a test can be read by whoever knows the RFC.
//!
//! | module | what it is |
//! |---|---|
//! | [`transcript`] | the format: parsed with line numbers in its errors, printed as it was read |
//! | [`matcher`] | wildcards, bound names, groups in any order, runs of lines |
//! | [`runner`] | the replay, its report of a failure, the rewriting of the machine's side |
//! | [`machines`] | an adapter for each machine: its outputs in words, words as its inputs |
//! | [`folder`] | transcripts on disk |
//! | [`report`] | what came of them: for a person, as JUnit's XML, JSON or TAP |
//! | [`index`] | which clauses transcripts test, and which sections none does |
//! | [`live`] | transcripts against a server that listens, whosever it is |
//! | [`record`] | a proxy that writes transcripts of what passes |
//! | [`foreign`] | other people's IMAP test scripts, against a server that listens on TCP |
//!
//! To put a new machine under test, write its [`Voice`](runner::Voice) and add it to
//! [`machines`].
#![doc = concat!("\n\n", include_str!("../README.md"))]

pub mod folder;
pub mod foreign;
pub mod index;
pub mod live;
pub mod machines;
pub mod matcher;
pub mod record;
pub mod report;
pub mod runner;
pub mod transcript;
