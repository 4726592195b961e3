//! How the client below is made: no redirects, no proxy but the one of the settings, the system's authorities and ours.

use super::Options;
use crate::provider::{Error, Next, Settings};
use reqwest::blocking::{Client, ClientBuilder};
use reqwest::{Certificate, Proxy, redirect};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// A longer file is not a list of authorities.
const AUTHORITY_BYTES_MAX: u64 = 1 << 20;
/// Idle connections are closed before the providers' own servers do.
const IDLE: Duration = Duration::from_secs(45);

/// Makes ring the cryptography of all TLS in this process. `main` calls it once, first of all; calling it again does nothing.
pub fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster: then it is installed as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

pub(super) fn build(settings: &Settings, options: &Options) -> Result<Client, Error> {
    install_tls();
    let authorities = settings.authority.as_deref().map(authorities).transpose()?.unwrap_or_default();
    let whole = outfit(settings, options)?.tls_certs_merge(authorities.clone()).build();
    // A machine without any authorities of its own still calls hosts that ours vouch for; others are not trusted then.
    whole.or_else(|_| outfit(settings, options)?.tls_certs_only(authorities).build().map_err(|_| cannot_be_made()))
}

fn outfit(settings: &Settings, options: &Options) -> Result<ClientBuilder, Error> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent(concat!("sluicebox/", env!("CARGO_PKG_VERSION")))
        // For each wait (the answer's head, each piece of its body), not for the whole.
        .timeout(options.stall_timeout)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true);
    let Some(proxy) = &settings.proxy else { return Ok(builder) };
    let proxy = Proxy::all(proxy.clone()).map_err(|_| {
        Error::new(Next::Refused, "use the settings", "`proxy` is not an address of a proxy")
            .with_advice("write it as http://proxy.example.com:3128")
    })?;
    Ok(builder.proxy(proxy))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, Error> {
    let failed = |said: String| {
        Error::new(Next::Refused, format!("read the certificate authorities in {}", path.display()), said)
            .with_advice("`authority` takes a PEM file: -----BEGIN CERTIFICATE----- and so on")
    };
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(AUTHORITY_BYTES_MAX).read_to_end(&mut pem))
        .map_err(|error| failed(error.kind().to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(failed("there is no certificate in it".into())),
    }
}

fn cannot_be_made() -> Error {
    Error::new(Next::Refused, "make the HTTP client", "its TLS settings do not fit together")
        .with_advice("check `authority` and `proxy` in the settings of the connector")
}
