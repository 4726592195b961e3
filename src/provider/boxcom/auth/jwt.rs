//! Tokens by a signed assertion: the key file of the developer console in, one JWT for each request out.
//!
//! An assertion is good once (its `jti` may never come again) and for less than a minute, so nothing resends one: each try
//! makes its own. When Box refuses one, our clock may be wrong: the next is dated by the `Date` of that refusal.

use super::{DOING, TokenAnswers, form, post, subject_words};
use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::provider::boxcom::judge::Grant;
use crate::provider::boxcom::wire;
use crate::provider::http::Http;
use crate::provider::settings::BoxSubject;
use crate::provider::{Error, Next, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA512, RsaKeyPair};
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use url::Url;

/// Whom an assertion is made for, whatever address it is sent to.
const AUDIENCE: &str = "https://api.box.com/oauth2/token";

/// How long an assertion is good, in seconds. Box takes at most 60; the rest is for a clock that is a little off.
const GOOD_SECS: i64 = 45;

/// How often a token is asked for in all.
const TRIES: u32 = 5;

/// Longest key file, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

/// The key file as the console makes it.
#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "boxAppSettings")]
    app: App,
    #[serde(rename = "enterpriseID")]
    enterprise: Option<String>,
}

#[derive(Deserialize)]
struct App {
    #[serde(rename = "clientID")]
    client_id: String,
    #[serde(rename = "clientSecret")]
    client_secret: String,
    #[serde(rename = "appAuth")]
    auth: AppAuth,
}

#[derive(Deserialize)]
struct AppAuth {
    #[serde(rename = "publicKeyID")]
    key_id: String,
    #[serde(rename = "privateKey")]
    private_key: String,
    #[serde(default)]
    passphrase: String,
}

/// Makes assertions.
pub(super) struct Signer {
    client_id: String,
    client_secret: Secret,
    key_id: String,
    key: RsaKeyPair,
    subject: BoxSubject,
    /// Milliseconds by which the server's clock is ahead of ours, as far as known.
    ahead_ms: Mutex<i64>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Signer {
    /// Reads the key file at `path`, which only its owner may be able to read; `subject` is the enterprise of the file
    /// unless told otherwise.
    ///
    /// # Errors
    /// When the file cannot be read, others may read it, it is not the console's, or its key does not open.
    pub(super) fn read(path: &Path, subject: Option<BoxSubject>) -> Result<Self, Error> {
        let unusable = |said: &str, advice: &str| {
            Error::new(Next::Credentials, "use the Box key file", said)
                .with_advice(advice.replace("FILE", &path.display().to_string()))
        };
        let mut file = File::open(path).map_err(|error| unusable(&error.kind().to_string(), "look at FILE"))?;
        if readable_by_others(&file) {
            return Err(unusable("others may read it", "run `chmod 600 FILE`"));
        }
        let mut text = String::new();
        let read = Read::by_ref(&mut file).take(KEY_FILE_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|error| unusable(&error.kind().to_string(), "look at FILE"))?;
        Self::of(&text, subject).map_err(|said| unusable(said, NEW_KEY))
    }

    /// The signer of a key file's text.
    fn of(text: &str, subject: Option<BoxSubject>) -> Result<Self, &'static str> {
        let file: KeyFile = serde_json::from_str(text).map_err(|_| "not the JSON file of the developer console")?;
        let enterprise = || file.enterprise.filter(|id| !id.is_empty() && id != "0").map(BoxSubject::Enterprise);
        Ok(Self {
            subject: subject.or_else(enterprise).ok_or("it names no enterprise: the app is not authorised yet")?,
            client_id: file.app.client_id,
            client_secret: Secret::new(&file.app.client_secret),
            key_id: file.app.auth.key_id,
            key: open_key(&file.app.auth.private_key, &file.app.auth.passphrase)?,
            ahead_ms: Mutex::new(0),
        })
    }

    /// Whose token it asks for.
    #[must_use]
    pub(super) fn subject(&self) -> &BoxSubject {
        &self.subject
    }

    /// Asks for a token; each try has an assertion of its own.
    pub(super) fn token(&self, http: &Http, endpoint: &Url) -> Result<wire::Token, Error> {
        let mut failures = 0;
        loop {
            let answers = TokenAnswers::of(Grant::Assertion);
            let result = self.form(http.clock().now()).and_then(|form| post(http, endpoint, &form, &answers));
            let Err(error) = result else { return result };
            failures += 1;
            match error.next() {
                Next::Credentials if failures == 1 && error.said().contains("invalid_grant") => {
                    self.correct(http.clock().now(), answers.server_time());
                }
                Next::Transient if failures < TRIES => wait(http, failures),
                _ => return Err(error),
            }
        }
    }

    /// Believes the server's clock.
    fn correct(&self, now: Moment, server: Option<Moment>) {
        if let (Some(server), Ok(mut ahead)) = (server, self.ahead_ms.lock()) {
            *ahead = server.as_millis().saturating_sub(now.as_millis());
        }
    }

    fn form(&self, now: Moment) -> Result<Secret, Error> {
        let ahead = self.ahead_ms.lock().map_or(0, |ahead| *ahead);
        let assertion = self.assertion(Moment::from_millis(now.as_millis().saturating_add(ahead)), &fresh_id()?)?;
        Ok(form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.reveal()),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.reveal()),
        ]))
    }

    fn assertion(&self, now: Moment, id: &str) -> Result<Secret, Error> {
        let (kind, subject) = subject_words(&self.subject);
        let header = json!({"alg": "RS512", "typ": "JWT", "kid": self.key_id});
        let claims = json!({
            "iss": self.client_id, "sub": subject, "box_sub_type": kind, "aud": AUDIENCE, "jti": id,
            "exp": now.as_secs().saturating_add(GOOD_SECS),
        });
        let text = format!("{}.{}", coded(header.to_string()), coded(claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| Error::new(Next::Credentials, DOING, "the key does not sign"))?;
        Ok(Secret::new(&format!("{text}.{}", coded(signature))))
    }
}

const NEW_KEY: &str = "make a new key pair in the Box developer console > your app > Configuration > Add and Manage Public \
                       Keys > Generate a Public/Private Keypair, and use the file it downloads instead of FILE";

/// Opens a private key in PEM: encrypted PKCS#8 as the console makes it, or one that its owner has decrypted.
fn open_key(pem: &str, passphrase: &str) -> Result<RsaKeyPair, &'static str> {
    let (label, document) = SecretDocument::from_pem(pem.trim()).map_err(|_| "its private key is no PEM")?;
    match label {
        "ENCRYPTED PRIVATE KEY" => {
            let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
            let sealed = sealed.map_err(|_| "its private key is sealed in a way that is not known here")?;
            let opened = sealed.decrypt(passphrase).map_err(|_| "its passphrase does not open its private key")?;
            RsaKeyPair::from_pkcs8(opened.as_bytes())
        }
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(document.as_bytes()),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(document.as_bytes()),
        _ => return Err("its private key is of a kind that is not known here"),
    }
    .map_err(|_| "its private key is no RSA key of 2048 to 4096 bits")
}

#[cfg(unix)]
fn readable_by_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &File) -> bool {
    false
}

/// 32 random hexadecimal digits. Box takes 16 to 128 characters.
fn fresh_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::new(Next::Transient, DOING, "the system gives no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn coded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn wait(http: &Http, failures: u32) {
    let backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(4) };
    let drawn = u64::try_from(http.clock().now().as_millis()).unwrap_or(0);
    http.clock().wait(backoff.wait(failures, drawn), http.stop());
}

#[cfg(test)]
mod tests;
