//! Orders to the server that runs: a UNIX socket in its data folder, a line each way.
//!
//! ```text
//! → hold 2b3c4d5f6g7h8j9k
//! ← ok
//! → reroute 2b3c4d5f6g7h8j9k relay.example.org:25
//! ← ok
//! → flush example.net
//! ← ok
//! ```

use postroad_core::queue::{Command, NoCommand};
use postroad_runtime_std::listener::{Endpoint, Listener, Stream};
use postroad_runtime_std::queue::Post;
use postroad_runtime_std::session::{Call, Inbox};
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long each end may take to say its line.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an order may take to be noted.
const NOTED: Duration = Duration::from_secs(10);
/// Octets of a line.
const LINE: u64 = 1024;
/// Orders that are taken at once.
const AT_ONCE: usize = 16;

fn path(data: &Path) -> PathBuf {
    data.join("control")
}

/// Whoever takes the orders.
pub struct Control {
    inbox: Arc<Inbox>,
    thread: JoinHandle<io::Result<()>>,
}

impl Control {
    /// Begins to take orders for the queue behind `post`.
    ///
    /// # Errors
    /// If the socket can't be made.
    pub fn start(data: &Path, post: Post) -> Result<Self, String> {
        let path = path(data);
        let wrong = |error: io::Error| format!("{}: {error}", path.display());
        // The folder lets nobody but its owner in.
        let listener = Listener::bind(&Endpoint::Unix(path.clone())).map_err(wrong)?;
        let inbox = Arc::new(Inbox::new().map_err(wrong)?);
        let own = inbox.clone();
        let thread = thread::spawn(move || {
            let room = Arc::new(());
            listener.run(&own, |stream| {
                if Arc::strong_count(&room) > AT_ONCE {
                    // One too many is hung up on.
                    return;
                }
                let (place, post) = (room.clone(), post.clone());
                let serve = move || {
                    let _place = place;
                    // Whoever hangs up does not want to know.
                    let _ = attend(stream, &post);
                };
                let _ = thread::Builder::new().name("control".into()).spawn(serve);
            })
        });
        Ok(Self { inbox, thread })
    }

    /// Takes no more orders. Whoever has begun to give one is not waited for.
    pub fn stop(self) {
        self.inbox.leave(Call::Shutdown);
        let _ = self.thread.join();
    }
}

fn attend(stream: Stream, post: &Post) -> io::Result<()> {
    let Stream::Unix(mut stream) = stream else { return Ok(()) };
    stream.set_nonblocking(false)?;
    let line = hear(&stream, PATIENCE)?;
    let answer = match line.trim_end().parse() {
        Err(NoCommand) => NoCommand.to_string(),
        Ok(command) => match post.order(command).recv_timeout(NOTED) {
            Ok(Ok(())) | Err(RecvTimeoutError::Disconnected) => String::from("ok"),
            Ok(Err(why)) => why.to_string(),
            Err(RecvTimeoutError::Timeout) => {
                "the order is taken; it is carried out when what is under way is done".into()
            }
        },
    };
    writeln!(stream, "{answer}")
}

fn hear(stream: &UnixStream, patience: Duration) -> io::Result<String> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line)?;
    Ok(line)
}

/// Why an order was not carried out.
#[derive(Debug)]
pub enum NotDone {
    /// No server runs on this folder.
    NoServer(PathBuf),
    /// In words.
    Other(String),
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServer(data) => write!(
                f,
                "no `postroad serve` runs on {}; orders are for the server that runs",
                data.display()
            ),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// Gives the server that runs on `data` an order.
///
/// # Errors
/// [`NotDone`], if it was not carried out, or not for sure.
pub fn order(data: &Path, command: &Command) -> Result<(), NotDone> {
    let path = path(data);
    let wrong = |error: io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => NotDone::NoServer(data.into()),
        _ => NotDone::Other(format!("{}: {error}", path.display())),
    };
    let mut stream = UnixStream::connect(&path).map_err(wrong)?;
    writeln!(stream, "{command}").map_err(wrong)?;
    let answer = hear(&stream, PATIENCE + NOTED).map_err(wrong)?;
    match answer.trim_end() {
        "ok" => Ok(()),
        "" => Err(NotDone::Other("the server hung up".into())),
        answer => Err(NotDone::Other(answer.into())),
    }
}
