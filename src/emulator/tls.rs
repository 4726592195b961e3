//! A certificate authority made at start: it signs one certificate for all doors and is then forgotten.
//!
//! Its certificate is handed to clients (`authority_pem`); its key never leaves the process, so whoever trusts it trusts
//! this one run of the emulator and nothing else.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::sync::Arc;

/// The authority and what the doors show.
#[derive(Debug)]
pub(super) struct Identity {
    /// The authority's certificate.
    pub(super) authority_pem: String,
    /// For the doors.
    pub(super) config: Arc<rustls::ServerConfig>,
}

/// Makes an authority, and a certificate of it for `127.0.0.1`, `localhost` and these names.
pub(super) fn identity(names: &[String]) -> io::Result<Identity> {
    let wrong = |error: rcgen::Error| io::Error::other(format!("cannot make a certificate: {error}"));
    let authority_key = KeyPair::generate().map_err(wrong)?;
    let authority = authority_params().map_err(wrong)?;
    let authority_pem = authority.self_signed(&authority_key).map_err(wrong)?.pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().map_err(wrong)?;
    let certificate = door_params(names).and_then(|params| params.signed_by(&key, &issuer)).map_err(wrong)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private))
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity { authority_pem, config: Arc::new(config) })
}

fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "sluicebox emulator, this run only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn door_params(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let own = ["127.0.0.1", "localhost"].map(str::to_owned);
    let mut params = CertificateParams::new(own.into_iter().chain(names.iter().cloned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}
