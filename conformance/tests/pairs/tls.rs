//! The two sides of TLS, with a certificate made for the occasion.

use postroad_core::tls::Side;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

/// The client's side, which asks for the first name, and the server's, whose certificate bears the
/// second.
pub(crate) fn sides((asked, certified): (&str, &str)) -> (Side, Side) {
    let made = rcgen::generate_simple_self_signed(vec![certified.to_owned()]).expect("made");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let certificate = made.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate and its key");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(asked.to_owned()).expect("a name");
    (Side::Client { config: Arc::new(client), name }, Side::Server(Arc::new(server)))
}
