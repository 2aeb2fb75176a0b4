//! Which certificates a client believes.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Which certificates of a server are believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Those that bear the server's name and come from a public authority (Mozilla's list).
    Roots,
    /// The same, and those that bear the server's name and come from these authorities or are these
    /// very certificates.
    RootsAnd(Vec<CertificateDer<'static>>),
    /// Any. The connection is encrypted, and proves nothing about who is at its other end (RFC 7435).
    Anything,
}

/// A client of TLS 1.2 and 1.3 that believes what `trust` says.
///
/// # Errors
/// If one of the certificates of [`Trust::RootsAnd`] is none.
///
/// ```
/// use postroad_core::tls::{Trust, client_config};
/// assert!(client_config(Trust::Roots).is_ok());
/// assert!(client_config(Trust::RootsAnd(vec![vec![1, 2, 3].into()])).is_err());
/// ```
pub fn client_config(trust: Trust) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(rustls::ALL_VERSIONS)?;
    let own = match trust {
        Trust::Roots => Vec::new(),
        Trust::RootsAnd(own) => own,
        Trust::Anything => {
            let verifier = Arc::new(AnyCertificate::of(&provider));
            let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
            return Ok(Arc::new(builder.with_no_client_auth()));
        }
    };
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for certificate in &own {
        roots.add(certificate.clone())?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    let verifier = Arc::new(OwnCertificates { own, verifier });
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// Believes authorities; and certificates of one's own, which may call themselves authorities: so do
/// those that sign themselves, as most tools make them.
#[derive(Debug)]
struct OwnCertificates {
    own: Vec<CertificateDer<'static>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for OwnCertificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_own = || self.own.iter().any(|own| own.as_ref() == certificate.as_ref());
        match self.verifier.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // What it may be used for is wrong; its time is right, that was checked before.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if is_own() => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Believes every certificate; still, the server must have its key.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    const fn of(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
