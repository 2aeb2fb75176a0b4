//! `postroad-conformance record`.

use crate::exit::Exit;
use clap::Args;
use postroad_conformance::live::{Address, Protocol};
use postroad_conformance::record::{Options, Recorder, Tell, Told};
use postroad_core::tls::{Trust, client_config};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Args)]
pub struct Arguments {
    /// What is spoken: smtp, submission, lmtp, pop3 or imap
    #[arg(long, value_parser = protocol)]
    protocol: Protocol,
    /// Where to listen for clients; port 0 lets the system choose one
    #[arg(long, value_name = "HOST:PORT")]
    listen: String,
    /// The server that they are passed on to
    #[arg(long, value_name = "HOST:PORT")]
    upstream: String,
    /// Clients begin with TLS; without this they may by STARTTLS, if the server has that
    #[arg(long)]
    listen_tls: bool,
    /// The certificate that clients are shown, as PEM [default: one that signs itself]
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its private key, as PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Begin with TLS to the server; without this it begins when a client's STARTTLS is granted
    #[arg(long)]
    upstream_tls: bool,
    /// Believe these certificates of a server or an authority, too (PEM)
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Believe any certificate of the server's
    #[arg(long, conflicts_with = "trust")]
    insecure: bool,
    /// Where the transcripts are written, one for each connection; nobody else can read them
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    output: PathBuf,
    /// Keep the server's lines as they were said, texts for people and numbers of its own included
    #[arg(long)]
    verbatim: bool,
    /// Octets of a transcript, behind which nothing more is recorded
    #[arg(long, value_name = "OCTETS", default_value_t = 16 * 1024 * 1024)]
    limit: u64,
    /// End after so many connections
    #[arg(long, value_name = "NUMBER")]
    connections: Option<usize>,
}

fn protocol(word: &str) -> Result<Protocol, String> {
    let known = Protocol::ALL.map(Protocol::word).join(", ");
    let found = Protocol::ALL.into_iter().find(|it| it.word() == word);
    found.ok_or_else(|| format!("there are {known}"))
}

/// Passes on and records, until it is ended.
pub fn run(arguments: &Arguments) -> Result<Exit, String> {
    let trust = match (&arguments.trust, arguments.insecure) {
        (_, true) => Trust::Anything,
        (Some(path), false) => Trust::RootsAnd(certificates(path)?),
        (None, false) => Trust::Roots,
    };
    let options = Options {
        protocol: arguments.protocol,
        upstream: Address { place: arguments.upstream.clone(), tls: arguments.upstream_tls },
        trust: client_config(trust).map_err(|error| error.to_string())?,
        begins_with_tls: arguments.listen_tls,
        certificate: certificate(arguments)?,
        folder: arguments.output.clone(),
        verbatim: arguments.verbatim,
        limit: arguments.limit,
        connections: arguments.connections,
    };
    std::fs::create_dir_all(&options.folder)
        .map_err(|error| format!("{}: {error}", options.folder.display()))?;
    let about = |error: std::io::Error| format!("{}: {error}", arguments.listen);
    let recorder = Recorder::bind(&*arguments.listen, options).map_err(about)?;
    println!("recording {} on {}", arguments.protocol.word(), recorder.address().map_err(about)?);
    let tell: Tell = Arc::new(|told| match told {
        Told::Recorded(path) => println!("{}", path.display()),
        Told::Failed(why) => eprintln!("postroad-conformance: {why}"),
    });
    recorder.run(&tell).map(|()| Exit::Passed).map_err(about)
}

/// The proxy's side of TLS: with the certificate that was named, or with one that signs itself.
fn certificate(arguments: &Arguments) -> Result<Arc<ServerConfig>, String> {
    let (chain, key) = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => {
            let read = PrivateKeyDer::from_pem_file(key);
            (
                certificates(certificate)?,
                read.map_err(|error| format!("{}: {error}", key.display()))?,
            )
        }
        _ => self_signed().map_err(|error| error.to_string())?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    config.map(Arc::new).map_err(|error| error.to_string())
}

fn self_signed() -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let certificate = CertificateParams::new(names)?.self_signed(&key)?;
    Ok((vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into())))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.map_err(|error| format!("{}: {error}", path.display()))
}
