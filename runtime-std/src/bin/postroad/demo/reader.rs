//! The reader's side of the demo: fetching mail by POP3 and by IMAP, a line at a time.

use super::house::{House, PATIENCE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postroad_runtime_std::server::Service;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// What was fetched, and what was said about it.
pub struct Fetched {
    /// The message.
    pub message: Vec<u8>,
    /// The dialogue, as transcripts write it.
    pub dialogue: Vec<String>,
    /// The last reply but that to the farewell.
    pub reply: String,
}

/// A connection to a server that answers line by line.
struct Line {
    stream: BufReader<TcpStream>,
    dialogue: Vec<String>,
}

impl Line {
    fn connect(house: &House, service: Service) -> Result<Self, String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", service.name());
        let stream = TcpStream::connect(house.address(service)?).map_err(wrong)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(wrong)?;
        stream.set_nodelay(true).map_err(wrong)?;
        Ok(Self { stream: BufReader::new(stream), dialogue: Vec::new() })
    }

    /// Says a line; `shown` stands in the dialogue.
    fn say(&mut self, line: &str, shown: &str) -> Result<(), String> {
        self.dialogue.push(format!("C: {shown}"));
        let sent = self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes());
        sent.map_err(|error| format!("{shown}: {error}"))
    }

    /// Hears a line, which goes into the dialogue.
    fn hear(&mut self) -> Result<String, String> {
        let line = self.listen()?;
        self.dialogue.push(format!("S: {line}"));
        Ok(line)
    }

    fn listen(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).map_err(|error| error.to_string())?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.into()),
            None => Err("the server hung up".into()),
        }
    }

    fn remark(&mut self, octets: usize) {
        self.dialogue.push(format!("# {octets} octets of content"));
    }
}

/// Fetches the newest message in the user's maildrop.
///
/// # Errors
/// Says what went wrong, in the server's words if it was the server.
pub fn by_pop3(house: &House) -> Result<Fetched, String> {
    let mut line = Line::connect(house, Service::Pop3)?;
    let accepted = |reply: String| match reply.starts_with("+OK") {
        true => Ok(reply),
        false => Err(format!("POP3: {reply}")),
    };
    accepted(line.hear()?)?;
    line.say(&format!("USER {}", house.account), &format!("USER {}", house.account))?;
    accepted(line.hear()?)?;
    line.say(&format!("PASS {}", house.password.expose()), "PASS [redacted]")?;
    accepted(line.hear()?)?;
    line.say("STAT", "STAT")?;
    let stat = accepted(line.hear()?)?;
    let count = stat.split(' ').nth(1).unwrap_or_default().to_string();
    line.say(&format!("RETR {count}"), &format!("RETR {count}"))?;
    let reply = accepted(line.hear()?)?;
    let mut message = Vec::new();
    loop {
        let text = line.listen()?;
        if text == "." {
            break;
        }
        // RFC 1939 §3.
        message.extend_from_slice(text.strip_prefix('.').unwrap_or(&text).as_bytes());
        message.extend_from_slice(b"\r\n");
    }
    line.remark(message.len());
    line.say("QUIT", "QUIT")?;
    accepted(line.hear()?)?;
    Ok(Fetched { message, dialogue: line.dialogue, reply })
}

/// Fetches the newest message in the user's INBOX.
///
/// # Errors
/// Says what went wrong, in the server's words if it was the server.
pub fn by_imap(house: &House) -> Result<Fetched, String> {
    let mut line = Line::connect(house, Service::Imap)?;
    line.hear()?;
    let (account, password) = (house.account.as_str(), house.password.expose());
    let plain = STANDARD.encode(format!("\0{account}\0{password}"));
    line.say(&format!("a AUTHENTICATE PLAIN {plain}"), "a AUTHENTICATE PLAIN [redacted]")?;
    finish(&mut line, "a")?;
    line.say("b SELECT INBOX", "b SELECT INBOX")?;
    finish(&mut line, "b")?;
    line.say("c FETCH * BODY[]", "c FETCH * BODY[]")?;
    let (reply, message) = finish(&mut line, "c")?;
    line.say("d LOGOUT", "d LOGOUT")?;
    finish(&mut line, "d")?;
    Ok(Fetched { message, dialogue: line.dialogue, reply })
}

/// Hears everything up to the tagged reply, and the literal that is in it.
fn finish(line: &mut Line, tag: &str) -> Result<(String, Vec<u8>), String> {
    let mut literal = Vec::new();
    loop {
        let said = line.hear()?;
        if let Some(status) = said.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
            return match status.starts_with("OK") {
                true => Ok((said, literal)),
                false => Err(format!("IMAP: {said}")),
            };
        }
        let size = said.strip_suffix('}').and_then(|it| it.rsplit_once('{')?.1.parse().ok());
        if let Some(size) = size {
            literal = vec![0; size];
            line.stream.read_exact(&mut literal).map_err(|error| error.to_string())?;
            line.remark(size);
        }
    }
}
