//! One connection to the server under test.

use super::Server;
use super::report::Failure;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The most octets of one response; more is a failure of the server's.
const RESPONSE: usize = 16 * 1024 * 1024;

/// The most responses that are read between one command and the end of what it is waited for.
const RESPONSES: usize = 100_000;

/// How many lines of a dialogue a failure shows, and how many octets of each.
const SHOWN: (usize, usize) = (40, 600);

/// A connection, and the number that reports call it by.
#[derive(Debug)]
pub struct Connection {
    number: usize,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How many responses may come before the next command.
    left: usize,
    dialogue: Vec<String>,
}

impl Connection {
    /// Connects to `server`. The greeting is the first response.
    ///
    /// # Errors
    /// If it does not take the connection.
    pub fn open(server: &Server, number: usize) -> Result<Self, Failure> {
        let refused = |error: std::io::Error| {
            Failure::new(0, format!("a connection to {}", server.address), error.to_string())
        };
        let stream = TcpStream::connect(&server.address).map_err(refused)?;
        stream.set_read_timeout(Some(server.patience)).map_err(refused)?;
        stream.set_write_timeout(Some(server.patience)).map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        Ok(Self { number, stream, buffer: Vec::new(), left: RESPONSES, dialogue: Vec::new() })
    }

    /// Sends `octets`, and says so in the dialogue.
    ///
    /// # Errors
    /// If the server does not take them.
    pub fn send(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.left = RESPONSES;
        self.note('C', octets);
        self.stream.write_all(octets).map_err(|error| {
            Failure::new(0, format!("the server takes {}", shown(octets)), error.to_string())
        })
    }

    /// The next response, literals and all, without its last CRLF.
    ///
    /// # Errors
    /// If none comes in time, the connection ends, or it is too long.
    pub fn receive(&mut self) -> Result<Vec<u8>, Failure> {
        let endless = |what: &str| Failure::new(0, "an end of it", what);
        self.left = self.left.checked_sub(1).ok_or_else(|| endless("too many responses"))?;
        let mut searched = 0;
        loop {
            if let Some(end) = line_end(&self.buffer, searched) {
                match literal(&self.buffer[searched..end]) {
                    Some(length) => searched = end.saturating_add(length),
                    None => {
                        let mut response: Vec<u8> = self.buffer.drain(..end).collect();
                        response.truncate(end - 2);
                        self.note('S', &response);
                        return Ok(response);
                    }
                }
            }
            if searched.max(self.buffer.len()) > RESPONSE {
                return Err(endless("a response of more than 16 MiB"));
            }
            if line_end(&self.buffer, searched).is_none() {
                self.fill()?;
            }
        }
    }

    fn fill(&mut self) -> Result<(), Failure> {
        let mut piece = [0; 16 * 1024];
        let seen = match self.stream.read(&mut piece) {
            Ok(0) => "the end of the connection".to_owned(),
            Ok(count) => {
                self.buffer.extend_from_slice(&piece[..count]);
                return Ok(());
            }
            Err(error) => format!("nothing ({error})"),
        };
        Err(Failure::new(0, "one more response", seen))
    }

    fn note(&mut self, who: char, octets: &[u8]) {
        self.dialogue.push(format!("{}{who}: {}", self.number, shown(octets)));
    }

    /// Says LOGOUT, and waits for the end of the connection without a judgement.
    pub fn log_out(mut self) {
        if self.send(b"bye LOGOUT\r\n").is_ok() {
            while let Ok(response) = self.receive() {
                if response.starts_with(b"bye ") {
                    break;
                }
            }
        }
    }

    /// Takes the end of the dialogue, as a failure shows it.
    pub fn dialogue(&mut self) -> Vec<String> {
        let all = core::mem::take(&mut self.dialogue);
        let skipped = all.len().saturating_sub(SHOWN.0);
        all.into_iter().skip(skipped).collect()
    }
}

/// The octets of a response or command as a report shows them.
#[must_use]
pub fn shown(octets: &[u8]) -> String {
    let octets = octets.strip_suffix(b"\r\n").unwrap_or(octets);
    let cut = &octets[..octets.len().min(SHOWN.1)];
    let text: String = cut.escape_ascii().to_string().replace("\\\"", "\"").replace("\\\\", "\\");
    let more =
        if cut.len() < octets.len() { format!(" … ({})", octets.len()) } else { String::new() };
    format!("{text}{more}")
}

/// Where the line that holds octet `from` ends, behind its CRLF.
pub(crate) fn line_end(buffer: &[u8], from: usize) -> Option<usize> {
    let line = buffer.get(from..)?;
    line.windows(2).position(|pair| pair == b"\r\n").map(|at| from + at + 2)
}

/// How many octets follow, if `text` (CRLF included) ends with `{COUNT}`.
pub(crate) fn literal(text: &[u8]) -> Option<usize> {
    let inner = text.strip_suffix(b"}\r\n")?;
    let begin = inner.iter().rposition(|octet| *octet == b'{')? + 1;
    let count = inner.get(begin..).filter(|digits| !digits.is_empty())?;
    core::str::from_utf8(count).ok()?.parse().ok()
}
