//! The certificate: the configured one, or one that signs itself.

use crate::durable;
use crate::settings::Settings;
use postroad_runtime_std::server::Outgoing;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where certificate and key stand, and whether they are our own making.
pub struct Files {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// Whether nobody but us vouches for it.
    pub self_signed: bool,
}

impl Files {
    /// The configured files, or those in the data folder.
    ///
    /// # Errors
    /// If only one of the two is configured.
    pub fn of(settings: &Settings) -> Result<Self, String> {
        let tls = &settings.config.tls;
        match (&tls.certificate, &tls.key) {
            (Some(certificate), Some(key)) => {
                Ok(Self { certificate: certificate.into(), key: key.into(), self_signed: false })
            }
            (None, None) => {
                let folder = settings.data.join("tls");
                let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
                Ok(Self { certificate, key, self_signed: true })
            }
            _ => Err("[tls] certificate and key: give both, or none for a self-signed one".into()),
        }
    }

    /// Makes the self-signed certificate, if it is ours to make and there is none.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn provide(&self, hostname: &str) -> Result<(), String> {
        if !self.self_signed || self.certificate.exists() && self.key.exists() {
            return Ok(());
        }
        let wrong = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let names = [hostname, "localhost", "127.0.0.1", "::1"].map(String::from);
        let made = (|| {
            let mut parameters = CertificateParams::new(names)?;
            parameters.distinguished_name = DistinguishedName::new();
            parameters.distinguished_name.push(DnType::CommonName, hostname);
            parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(2046, 1, 1);
            let key = KeyPair::generate()?;
            let certificate = parameters.self_signed(&key)?;
            Ok::<_, rcgen::Error>((certificate.pem(), key.serialize_pem()))
        })();
        let (certificate, key) = made.map_err(|error| wrong(&self.certificate, &error))?;
        let folder = durable::folder_of(&self.certificate);
        durable::create_folder(folder).map_err(|error| wrong(folder, &error))?;
        durable::write(&self.key, key.as_bytes()).map_err(|error| wrong(&self.key, &error))?;
        durable::write(&self.certificate, certificate.as_bytes())
            .map_err(|error| wrong(&self.certificate, &error))
    }

    /// What the server offers in a handshake: TLS 1.3 and 1.2 with this certificate.
    ///
    /// # Errors
    /// Says which file is wrong, and how.
    pub fn load(&self) -> Result<Arc<ServerConfig>, String> {
        let wrong = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let chain = certificates(&self.certificate)?;
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|error| wrong(&self.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    wrong(&self.key, &"the key does not belong to the certificate")
                }
                error => wrong(&self.certificate, &error),
            })?;
        Ok(Arc::new(config))
    }
}

/// How other hosts' certificates are looked at.
///
/// # Errors
/// Says what is wrong with the file of those to trust.
pub fn outgoing(settings: &Settings) -> Result<Outgoing, String> {
    let more = settings.config.tls.trust.as_ref().map(|path| certificates(path.as_ref()));
    Outgoing::new(more.transpose()?.unwrap_or_default())
        .map_err(|error| format!("[tls] trust: {error}"))
}

/// The certificates in a PEM file; at least one.
///
/// # Errors
/// Says what is wrong with it.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&error))?;
    if certificates.is_empty() {
        Err(wrong(&"there is no certificate in it"))
    } else {
        Ok(certificates)
    }
}
