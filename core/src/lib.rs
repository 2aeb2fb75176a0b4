//! Postroad's core: every agent of mail as a pure state machine.
#![no_std]
extern crate alloc;

pub mod address;
pub mod buffer;
pub mod encoding;
pub mod entropy;
pub mod imap;
pub mod limits;
pub mod machine;
pub mod message;
pub mod pop3;
pub mod role;
pub mod sasl;
pub mod secret;
pub mod smtp;
pub mod store;
pub mod timers;
#[cfg(feature = "tls")]
pub mod tls;
