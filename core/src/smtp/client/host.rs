//! What a client is told when it begins, and what it and its host say to each other.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Capabilities, Failure, Line};
use crate::address::{ForwardPath, Host, ReversePath};
use crate::limits::Limits;
use crate::machine::{Ticket, Tls};
use crate::sasl::{Credentials, Mechanism};
use crate::smtp::{MailParameters, Protocol, RcptParameters, Reply};

/// What a client is like.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name that it gives with EHLO: its own domain, or its address as a literal (RFC 5321
    /// §4.1.4).
    pub hostname: Host,
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// When to begin TLS on a connection that began without.
    pub start_tls: StartTls,
    /// Whom to log in as. Without a login the connection fails.
    pub credentials: Option<Credentials>,
    /// The mechanisms that a login may use; of those that the server offers, the best is taken
    /// ([`sasl::Client::choose`](crate::sasl::Client::choose)).
    pub mechanisms: Vec<Mechanism>,
    /// Whether the host is told what both ends say, by [`Output::Dialogue`].
    pub dialogue: bool,
    /// The limits in force: those that begin with `client_`.
    pub limits: Limits,
}

impl Config {
    /// A client that begins TLS if it can and logs in as nobody.
    #[must_use]
    pub const fn new(hostname: Host, protocol: Protocol) -> Self {
        Self {
            hostname,
            protocol,
            start_tls: StartTls::Opportunistic,
            credentials: None,
            mechanisms: Vec::new(),
            dialogue: false,
            limits: Limits::DEFAULT,
        }
    }

    /// The same client, logging in by any mechanism.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.mechanisms = Mechanism::ALL.to_vec();
        self.credentials = Some(credentials);
        self
    }
}

/// When to begin TLS with STARTTLS (RFC 3207).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StartTls {
    /// Never.
    Never,
    /// If the server offers it and does not then refuse it. A handshake that fails ends the connection with
    /// [`Why::Tls`](super::Why::Tls), for the host to try another one with `Never`.
    Opportunistic,
    /// Always; a server without it is not spoken to.
    Required,
}

/// A message's envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// Where reports go.
    pub reverse_path: ReversePath,
    /// What else is known of the message. What the server has not announced is not sent, where that
    /// changes nothing; SMTPUTF8 and BINARYMIME can't be done without, and then fail.
    pub parameters: MailParameters,
    /// Who is to get it.
    pub recipients: Vec<Recipient>,
    /// Exactly how many octets the content has, where that is known. It is then sent as one chunk,
    /// if the server takes chunks at all; should it turn out longer or shorter, the connection ends
    /// before the chunk does.
    pub length: Option<u64>,
}

/// One recipient of an envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient {
    /// Who.
    pub forward_path: ForwardPath,
    /// What reports the sender wants; sent if the server has announced DSN.
    pub parameters: RcptParameters,
}

/// What a host tells a client.
#[derive(Debug)]
pub enum Input {
    /// Deliver a message. Envelopes wait for their turn: of each, every recipient is reported once,
    /// then [`Output::Finished`] comes.
    Deliver(Box<Envelope>),
    /// The answer to [`Output::Content`], after the octets.
    Content {
        /// Of the request.
        ticket: Ticket,
        /// Whether the content ends here.
        end: bool,
    },
    /// Give the transaction under way up; without one, make sure that the server listens. Once
    /// content is on its way, only the connection's end can stop it.
    Reset,
    /// Say good-bye when all envelopes are done.
    Quit,
}

/// What a client asks of its host, or tells it.
#[derive(Debug)]
pub enum Output {
    /// The server has greeted, and been logged in to if that was wanted.
    Connected(Box<Peer>),
    /// An envelope may be handed over; none waits.
    Ready,
    /// Hand over content by [`handle_content`](crate::machine::Session::handle_content), and
    /// answer with [`Input::Content`].
    Content {
        /// Names the request.
        ticket: Ticket,
        /// The first octet.
        offset: u64,
        /// At most so many; at least one unless the content ends.
        length: usize,
    },
    /// What became of a recipient.
    Recipient {
        /// Its place in [`Envelope::recipients`].
        recipient: usize,
        /// The reply by which the server took the message upon itself, or why it did not.
        outcome: Result<Reply, Failure>,
    },
    /// The transaction is over; every recipient was reported.
    Finished,
    /// What was said; only if the [`Config`] wants it. Lines come in order, each before what comes of
    /// it.
    Dialogue(Line),
    /// The connection is over: as it should be, or why not. A client says this once. Envelopes that
    /// it is still handed are reported as failed.
    Closed(Result<(), Failure>),
}

/// What is known of the server once it is connected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its greeting.
    pub greeting: Reply,
    /// Its reply to the last EHLO, LHLO or HELO.
    pub hello: Reply,
    /// What it announced there.
    pub capabilities: Capabilities,
    /// The connection's TLS.
    pub tls: Option<Tls>,
    /// By which mechanism the client logged in.
    pub login: Option<Mechanism>,
}

impl Peer {
    /// A server that has not said anything yet.
    pub(super) fn unheard() -> Self {
        Self {
            greeting: Reply::bare(220, ""),
            hello: Reply::bare(250, ""),
            capabilities: Capabilities::none(),
            tls: None,
            login: None,
        }
    }
}
