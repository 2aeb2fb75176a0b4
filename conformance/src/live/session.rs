//! One session with the server: what is said, piece by piece, and the responses that came.

use super::protocol::{Framing, Protocol, Wait};
use super::wire::{Address, Wire};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// A response, and the command that it answers, as far as that can be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Response {
    /// The command's line in upper case, without CRLF; empty for a greeting.
    pub(super) command: Vec<u8>,
    pub(super) octets: Vec<u8>,
}

pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) framing: Framing,
    /// What was sent and is not answered.
    awaited: VecDeque<(Vec<u8>, Wait)>,
    /// What came since it was last taken.
    pub(super) heard: Vec<Response>,
}

/// Commands that end a group, since their answers decide what may follow (RFC 2920 §3.1).
const LAST_IN_GROUP: [&[u8]; 8] =
    [b"EHLO", b"LHLO", b"DATA", b"VRFY", b"EXPN", b"QUIT", b"NOOP", b"AUTH"];

impl Session {
    pub(super) fn open(
        protocol: Protocol,
        address: &Address,
        patience: Duration,
    ) -> io::Result<Self> {
        let wire = Wire::open(address, patience)?;
        let framing = Framing::new(protocol);
        Ok(Self { wire, framing, awaited: VecDeque::new(), heard: Vec::new() })
    }

    /// Says `octets`: each command once the one before is answered or, `together`, in as few writes as a client may.
    pub(super) fn say(&mut self, mut octets: &[u8], together: bool) {
        self.wire.listen_again();
        let mut group = Vec::new();
        while !octets.is_empty() {
            let (length, wait) = self.framing.piece(octets);
            let (piece, rest) = octets.split_at(length);
            octets = rest;
            group.extend_from_slice(piece);
            let ends_group = !together || self.ends_group(piece);
            self.awaited.extend(wait.map(|wait| (piece.to_vec(), wait)));
            if rest.is_empty() || ends_group {
                self.wire.send(&group);
                group.clear();
                while !self.awaited.is_empty() {
                    if !self.receive() {
                        self.awaited.clear();
                        return;
                    }
                }
            }
        }
    }

    fn ends_group(&self, piece: &[u8]) -> bool {
        let verb = piece.get(..4).unwrap_or_default().to_ascii_uppercase();
        match self.framing.protocol {
            Protocol::Imap => crate::foreign::connection::literal(piece).is_some(),
            Protocol::Pop3 => false,
            _ => LAST_IN_GROUP.contains(&&*verb),
        }
    }

    /// Waits for one more response; whether there is one.
    pub(super) fn receive(&mut self) -> bool {
        loop {
            let command = self.awaited.front().map_or(Vec::new(), |(piece, _)| first_line(piece));
            if let Some(length) = self.framing.response(&self.wire.buffer, &command) {
                let octets: Vec<u8> = self.wire.buffer.drain(..length).collect();
                self.take(&octets);
                self.heard.push(Response { command, octets });
                return true;
            }
            if !self.wire.fill() {
                return false;
            }
        }
    }

    /// Sees what a response answers.
    fn take(&mut self, octets: &[u8]) {
        let Some((piece, wait)) = self.awaited.front_mut() else {
            return;
        };
        let is_last = match wait {
            Wait::Responses(count) => {
                *count = count.saturating_sub(1);
                *count == 0
            }
            Wait::Tag(tag) => {
                let tagged = octets.strip_prefix(&**tag).is_some_and(|rest| rest.starts_with(b" "));
                tagged || [&b"+"[..], b"* BAD", b"* BYE"].iter().any(|it| octets.starts_with(it))
            }
        };
        self.framing.answered(piece, octets);
        if is_last {
            self.awaited.pop_front();
        }
    }

    /// Leaves, and takes what the server still had to say: whatever came in front of the answer to that was too much.
    pub(super) fn leave(&mut self) -> Vec<Response> {
        let command: &[u8] = match self.framing.protocol {
            Protocol::Imap => b"leave LOGOUT\r\n",
            _ => b"QUIT\r\n",
        };
        self.heard.clear();
        self.say(command, false);
        while self.receive() {}
        core::mem::take(&mut self.heard)
    }
}

fn first_line(piece: &[u8]) -> Vec<u8> {
    let line = piece.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    line.to_ascii_uppercase()
}
