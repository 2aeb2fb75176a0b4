//! Whom a client believes, against servers with good, foreign and stolen certificates.

use super::*;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ALL_VERSIONS, SupportedProtocolVersion};

/// A certificate of mx.example.com and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["mx.example.com".into()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        Self { certificate: made.cert.der().clone(), key }
    }

    /// One that calls itself an authority, and is good between two years.
    fn authority(years: [i32; 2]) -> Self {
        let mut parameters = rcgen::CertificateParams::new(["mx.example.com".into()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        [parameters.not_before, parameters.not_after] =
            years.map(|year| rcgen::date_time_ymd(year, 1, 1));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        Self { certificate, key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
    }

    /// A server that shows this certificate, whoever's the key is.
    fn server(&self, versions: &[&'static SupportedProtocolVersion]) -> Side {
        let key = any_supported_type(&self.key).unwrap();
        let shown = CertifiedKey::new(vec![self.certificate.clone()], key);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        Side::Server(Arc::new(config))
    }
}

/// What a client that expects `name` and trusts as `trust` says learns of `server`.
fn meet(server: Side, trust: Trust, name: &str) -> Result<&'static str, String> {
    let now = Instant::from_seconds(1);
    let name = ServerName::try_from(name.to_string()).unwrap();
    let client = Side::Client { config: client_config(trust).unwrap(), name };
    let mut one = Secured::starting_secured(now, talker(&["220"]), server, PATIENCE);
    one.session.say();
    let mut two = Secured::starting_secured(now, talker(&["QUIT"]), client, PATIENCE);
    pump(&mut one, &mut two, 7);
    let outcome = two.session.tls.pop().expect("an outcome");
    assert_eq!(outcome.is_ok(), two.session.heard == b"220\n");
    outcome.map_err(|failed| failed.to_string())
}

#[test]
fn a_certificate_of_ones_own_is_trusted_by_whoever_was_told() {
    let (own, other) = (Identity::new(), Identity::new());
    let told = |identity: &Identity| Trust::RootsAnd(vec![identity.certificate.clone()]);
    let name = "mx.example.com";
    assert_eq!(meet(own.server(ALL_VERSIONS), told(&own), name), Ok("TLS1.3"));
    for (trust, name, why) in [
        (Trust::Roots, name, "UnknownIssuer"),
        // Both call themselves the same, so that the other's key is tried.
        (told(&other), name, "BadSignature"),
        (told(&own), "mx.example.net", "not valid for name"),
    ] {
        let failed = meet(own.server(ALL_VERSIONS), trust, name).unwrap_err();
        assert!(failed.contains(why), "{failed}");
    }
}

#[test]
fn a_certificate_of_ones_own_may_call_itself_an_authority() {
    let (own, other, old) = (
        Identity::authority([1990, 2990]),
        Identity::authority([1990, 2990]),
        Identity::authority([1990, 1991]),
    );
    let told = |identity: &Identity| Trust::RootsAnd(vec![identity.certificate.clone()]);
    let name = "mx.example.com";
    for (version, said) in
        [(&rustls::version::TLS12, "TLS1.2"), (&rustls::version::TLS13, "TLS1.3")]
    {
        assert_eq!(meet(own.server(&[version]), told(&own), name), Ok(said));
    }
    let stolen = Identity { certificate: own.certificate.clone(), key: other.key.clone_key() };
    for (server, trust, name, why) in [
        (&own, Trust::Roots, name, "CaUsedAsEndEntity"),
        (&own, told(&other), name, "CaUsedAsEndEntity"),
        (&own, told(&own), "mx.example.net", "not valid for name"),
        (&old, told(&old), name, "expired"),
        (&stolen, told(&own), name, "BadSignature"),
    ] {
        let failed = meet(server.server(ALL_VERSIONS), trust, name).unwrap_err();
        assert!(failed.contains(why), "{failed}");
    }
}

#[test]
fn anything_goes_but_a_stolen_certificate() {
    let (own, other) = (Identity::new(), Identity::new());
    let stolen = Identity { certificate: own.certificate.clone(), key: other.key };
    for (version, name) in
        [(&rustls::version::TLS12, "TLS1.2"), (&rustls::version::TLS13, "TLS1.3")]
    {
        let met = meet(own.server(&[version]), Trust::Anything, "mx.example.net");
        assert_eq!(met, Ok(name));
        let failed =
            meet(stolen.server(&[version]), Trust::Anything, "mx.example.net").unwrap_err();
        assert!(failed.contains("BadSignature"), "{failed}");
    }
}
