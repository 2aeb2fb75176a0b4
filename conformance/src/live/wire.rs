//! One connection to the server under test, in the clear or inside TLS.

use postroad_core::tls::{Trust, client_config};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// The most octets that wait to be understood; more is a failure of the server's.
const MOST: usize = 16 * 1024 * 1024;

/// Where a server listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// `HOST:PORT`.
    pub place: String,
    /// Whether TLS begins at once (RFC 8314 §3.3).
    pub tls: bool,
}

/// A connection, and what came and was not yet taken.
pub(super) struct Wire {
    stream: Stream,
    host: String,
    pub(super) buffer: Vec<u8>,
    /// Whether the server has ended the connection, or said nothing for as long as one waits.
    pub(super) end: Option<End>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// While TLS begins.
    None,
}

/// Why nothing more comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Closed,
    Silent,
}

impl Wire {
    pub(super) fn open(address: &Address, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect(&address.place)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        let host = address.place.rsplit_once(':').map_or(&*address.place, |(host, _)| host);
        let host = host.trim_matches(['[', ']']).to_owned();
        let mut wire = Self { stream: Stream::Plain(stream), host, buffer: Vec::new(), end: None };
        if address.tls {
            wire.start_tls()?;
        }
        Ok(wire)
    }

    /// Begins TLS; whatever the certificate says is believed, since it is the dialogue that is judged.
    pub(super) fn start_tls(&mut self) -> io::Result<()> {
        let Stream::Plain(stream) = core::mem::replace(&mut self.stream, Stream::None) else {
            return Err(io::Error::other("TLS is there already"));
        };
        let config = client_config(Trust::Anything).map_err(io::Error::other)?;
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// Sends `octets`. That the server no longer takes them shows in what it says, or no longer says.
    pub(super) fn send(&mut self, octets: &[u8]) {
        let sent = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(octets),
            Stream::Tls(stream) => stream.write_all(octets).and_then(|()| stream.flush()),
            Stream::None => Err(io::ErrorKind::NotConnected.into()),
        };
        if sent.is_err() {
            while self.fill() {}
        }
    }

    /// Says that nothing more will be sent.
    pub(super) fn finish(&mut self) {
        let socket = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => {
                stream.conn.send_close_notify();
                while stream.conn.wants_write() && stream.conn.write_tls(&mut stream.sock).is_ok() {
                }
                &mut stream.sock
            }
            Stream::None => return,
        };
        // A server that has closed already is not told any more.
        let _ = socket.shutdown(Shutdown::Write);
    }

    /// Waits for more octets; whether there are any.
    pub(super) fn fill(&mut self) -> bool {
        if self.end.is_some() || self.buffer.len() > MOST {
            return false;
        }
        let mut piece = [0; 16 * 1024];
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read(&mut piece),
            Stream::Tls(stream) => stream.read(&mut piece),
            Stream::None => Ok(0),
        };
        match read {
            Ok(count @ 1..) => {
                self.buffer.extend_from_slice(&piece[..count]);
                return true;
            }
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                self.end = Some(End::Silent);
            }
            Ok(0) | Err(_) => self.end = Some(End::Closed),
        }
        false
    }

    /// Whether the server ends the connection while one waits; what it says until then is kept.
    pub(super) fn closes(&mut self) -> bool {
        self.listen_again();
        while self.fill() {}
        self.end == Some(End::Closed)
    }

    /// After a silence, the next command may be answered again.
    pub(super) fn listen_again(&mut self) {
        if self.end == Some(End::Silent) {
            self.end = None;
        }
    }
}
