//! Each mechanism alone, then both ends pumped against each other.

mod channel;
mod mechanisms;
mod pairs;
mod password;
mod prepare;
mod wire;

use alloc::string::String;

use super::{Answer, Channel, ChannelBinding, Client, Credentials, Mechanism, Server, Step};
use crate::entropy::Entropy;
use crate::limits::Limits;

fn entropy(seed: u8) -> Entropy {
    Entropy::from_seed([seed; 32])
}

fn bound() -> Channel {
    Channel::Bound(ChannelBinding::tls_exporter([9; 32]))
}

fn server(mechanism: Mechanism) -> Server {
    Server::new(mechanism, bound().binding().cloned(), entropy(1))
}

fn client(mechanism: Mechanism, credentials: &Credentials, channel: &Channel) -> Client {
    Client::new(mechanism, credentials, channel, entropy(2), &Limits::DEFAULT)
        .expect("the credentials fit")
}

fn password(authcid: &str, password: &str) -> Credentials {
    Credentials::Password {
        authcid: authcid.into(),
        authzid: None,
        password: String::from(password).into(),
    }
}

fn accept(authcid: &str) -> Answer {
    let authcid = authcid.into();
    Answer::Accept { authcid }
}

fn challenge(step: Step) -> String {
    match step {
        Step::Challenge(octets) => String::from_utf8(octets).expect("a challenge in UTF-8"),
        other => panic!("a challenge is due, not {other:?}"),
    }
}
