//! Postroad on blocking threads: one thread per session, each asleep in one `poll(2)`.
//!
//! [`server::Server`] is a whole mail system: it listens, gives each connection a thread, and ends in
//! good order. The `postroad` command is that and a configuration. The rooms serve on their own, too:
//!
//! | room | what is in it |
//! |---|---|
//! | [`clock`] | the time and randomness: the only place that asks the system for either |
//! | [`listener`] | sockets, TCP and UNIX, and how many connections there may be |
//! | [`session`] | the loop that drives one session over one socket |
//! | [`letters`] | what one thread tells another |
//! | [`host`] | performs what a role asks for: the store, the spool, passwords, the log |
//! | [`server`] | listeners, sessions and their threads |
//! | [`queue`] | the queue's thread, with the resolver that it asks |
//! | [`dial`] | connecting to another host |
//! | [`resolver`] | the resolver's sockets |
//! | `carriers` | those who carry the queue's mail, and its clerk, each on a thread |
//! | [`shutdown`] | who is to be told of the end, and waited for |
//! | `watch` | wakes sessions when another program changes their mailbox |
//!
//! One session over one socket, its mail in memory:
//!
//! ```
//! use postroad_core::limits::Limits;
//! use postroad_core::queue::spool;
//! use postroad_core::role::{Input, Peer, Site, Verdict, config::Config, mta};
//! use postroad_core::store::Memory;
//! use postroad_runtime_std::clock;
//! use postroad_runtime_std::host::RoleHost;
//! use postroad_runtime_std::listener::Stream;
//! use postroad_runtime_std::session::{End, Inbox, run};
//! use std::io::{Read, Write};
//! use std::os::unix::net::UnixStream;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! let (ours, mut theirs) = UnixStream::pair()?;
//! theirs.write_all(b"QUIT\r\n")?;
//!
//! let site = Arc::new(Site::new(Config::default(), [7; 32])?);
//! let mut agent = mta::Inbound::new(clock::now(), site, Peer::Socket, clock::entropy()?);
//! let store = Memory::new(Limits::default()).session();
//! let spool = spool::Memory::new().session();
//! let (verify, log) = (Arc::new(|_: &_| Verdict::Rejected), Arc::new(|_, _: &_| {}));
//! let mut host = RoleHost::new(store, spool, Arc::new(|_| {}), verify, log, "smtp-1".into());
//! let (inbox, news, patience) = (Inbox::new()?, || vec![Input::News], Duration::from_secs(60));
//! let end = run(&mut agent, &mut Stream::Unix(ours), &inbox, &mut host, news, patience)?;
//! assert_eq!(end, End::Closed);
//!
//! let mut heard = String::new();
//! theirs.read_to_string(&mut heard)?;
//! assert!(heard.starts_with("220 ") && heard.ends_with("221 2.0.0 Bye\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod carriers;
pub mod clock;
pub mod dial;
pub mod host;
pub mod letters;
pub mod listener;
pub mod queue;
pub mod resolver;
pub mod server;
pub mod session;
pub mod shutdown;
mod watch;
