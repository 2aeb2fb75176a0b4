//! The domain name system, as mail asks it: a stub resolver (RFC 1034 §5.3.1) without a socket.
//!
//! The vocabulary is always there: a [`Question`] asks for the records of one [`Kind`] at a
//! [`Name`], and the outcome is an [`Answer`] or a [`Failure`]. What asks questions knows no more than
//! that. [`resolv_conf`] reads whom to ask.
//!
//! Feature `dns` adds what speaks the wire format of RFC 1035 §4: the `Resolver`, which asks
//! servers by datagrams and TCP and remembers what they said, and the `Zone`, a name server
//! for tests and demonstrations.

mod answer;
#[cfg(feature = "dns")]
mod cache;
mod failure;
#[cfg(feature = "dns")]
mod message;
mod name;
mod question;
#[cfg(feature = "dns")]
mod resolver;
mod servers;
#[cfg(test)]
mod tests;
#[cfg(feature = "dns")]
mod trail;
#[cfg(feature = "dns")]
mod zone;

pub use answer::{Answer, Record};
pub use failure::Failure;
pub use name::Name;
pub use question::{Kind, Query, Question};
#[cfg(feature = "dns")]
pub use resolver::{Exchange, Input, Output, Resolver, Transport};
pub use servers::resolv_conf;
#[cfg(feature = "dns")]
pub use zone::Zone;
