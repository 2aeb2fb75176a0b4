//! Postroad on blocking threads: one thread per session, each asleep in one `poll(2)`.

pub mod clock;
pub mod host;
pub mod listener;
pub mod server;
pub mod session;
pub mod shutdown;
mod watch;
