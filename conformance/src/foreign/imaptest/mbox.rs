//! The messages that scripts append.

/// The messages of an mbox file, taken round and round.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mbox {
    messages: Vec<Message>,
    next: usize,
}

/// A message, and when it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// A date-time for APPEND (RFC 9051 §9), in quotes, if the mbox tells it.
    pub date: Option<String>,
    /// Its octets, with CRLF.
    pub octets: Vec<u8>,
}

impl Mbox {
    /// Reads an mbox file. The empty line behind a message is not its own.
    #[must_use]
    pub fn parse(mbox: &[u8]) -> Self {
        let mbox = mbox.strip_suffix(b"\n").unwrap_or(mbox);
        let mut messages: Vec<Message> = Vec::new();
        let mut lines = mbox.split(|octet| *octet == b'\n').peekable();
        while let Some(line) = lines.next() {
            let ends = lines.peek().is_none_or(|next| next.starts_with(b"From "));
            if line.starts_with(b"From ") {
                let date = date(&String::from_utf8_lossy(line));
                messages.push(Message { date, octets: Vec::new() });
            } else if let Some(message) = messages.last_mut()
                && !(ends && line.is_empty())
            {
                message.octets.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                message.octets.extend_from_slice(b"\r\n");
            }
        }
        Self { messages, next: 0 }
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

impl Iterator for Mbox {
    type Item = Message;

    /// The next message; behind the last comes the first again.
    fn next(&mut self) -> Option<Message> {
        let message = self.messages.get(self.next % self.messages.len().max(1)).cloned();
        self.next += 1;
        message
    }
}

/// `From user@domain  Fri Feb 22 17:06:23 2008 +0200` as `"22-Feb-2008 17:06:23 +0200"`.
fn date(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, _, month, day, time, year, rest @ ..] = &words[..] else { return None };
    let zone = rest.first().unwrap_or(&"+0000");
    Some(format!("\"{day:>2}-{month}-{year} {time} {zone}\""))
}
