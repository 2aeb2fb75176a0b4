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

use postroad_core::address::Domain;
use postroad_core::queue::{Command, Destination, Id};
use postroad_runtime_std::listener::{Endpoint, Listener, Stream};
use postroad_runtime_std::queue::Post;
use postroad_runtime_std::session::{Call, Inbox};
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
            listener.run(&own, |stream| {
                // Whoever hangs up does not want to know.
                let _ = attend(stream, &post);
            })
        });
        Ok(Self { inbox, thread })
    }

    /// Takes no more orders.
    pub fn stop(self) {
        self.inbox.leave(Call::Shutdown);
        let _ = self.thread.join();
    }
}

fn attend(stream: Stream, post: &Post) -> io::Result<()> {
    let Stream::Unix(mut stream) = stream else { return Ok(()) };
    stream.set_nonblocking(false)?;
    let line = hear(&stream)?;
    let answer = match read(line.trim_end()) {
        None => "that is no order".into(),
        Some(command) => match post.order(command).recv_timeout(NOTED) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => String::from("ok"),
            Err(RecvTimeoutError::Timeout) => {
                "the order is taken; it is carried out when what is under way is done".into()
            }
        },
    };
    writeln!(stream, "{answer}")
}

fn hear(stream: &UnixStream) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE + NOTED))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line)?;
    Ok(line)
}

/// Gives the server that runs on `data` an order.
///
/// # Errors
/// Says in words why it was not carried out.
pub fn order(data: &Path, command: &Command) -> Result<(), String> {
    let path = path(data);
    let wrong = |error: io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => format!(
            "no `postroad serve` runs on {}; orders are for the server that runs",
            data.display()
        ),
        _ => format!("{}: {error}", path.display()),
    };
    let mut stream = UnixStream::connect(&path).map_err(wrong)?;
    writeln!(stream, "{}", write(command)).map_err(wrong)?;
    let answer = hear(&stream).map_err(wrong)?;
    match answer.trim_end() {
        "ok" => Ok(()),
        "" => Err("the server hung up".into()),
        answer => Err(answer.into()),
    }
}

fn write(command: &Command) -> String {
    match command {
        Command::Retry(id) => format!("retry {id}"),
        Command::Hold(id) => format!("hold {id}"),
        Command::Release(id) => format!("release {id}"),
        Command::Remove(id) => format!("remove {id}"),
        Command::Expire(id) => format!("expire {id}"),
        Command::Reroute(id, to) => format!("reroute {id} {to}"),
        Command::Flush(domain) => format!("flush {domain}"),
    }
}

fn read(line: &str) -> Option<Command> {
    let (order, what) = line.split_once(' ')?;
    if order == "flush" {
        let domain = what.strip_prefix('@').unwrap_or(what);
        let known = domain == "*" || Domain::parse(domain.as_bytes(), true).is_ok();
        return known.then(|| Command::Flush(what.into()));
    }
    if order == "reroute" {
        let (id, to) = what.split_once(' ')?;
        return Some(Command::Reroute(Id::parse(id)?, to.parse::<Destination>().ok()?));
    }
    let id = Id::parse(what)?;
    Some(match order {
        "retry" => Command::Retry(id),
        "hold" => Command::Hold(id),
        "release" => Command::Release(id),
        "remove" => Command::Remove(id),
        "expire" => Command::Expire(id),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_they_were_written() {
        let id = Id::parse("2b3c4d5f6g7h8j9k").unwrap();
        for command in [
            Command::Retry(id),
            Command::Hold(id),
            Command::Release(id),
            Command::Remove(id),
            Command::Expire(id),
            Command::Reroute(id, Destination::Host("relay.example.org".into(), 25)),
            Command::Reroute(id, Destination::Domain("example.org".into())),
            Command::Flush("@example.net".into()),
            Command::Flush("*".into()),
        ] {
            assert_eq!(read(&write(&command)), Some(command));
        }
        for line in ["", "hold", "hold x", "reroute 2b3c4d5f6g7h8j9k", "flush a b", "sing loud"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
