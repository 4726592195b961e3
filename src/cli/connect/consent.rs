//! The link that an admin opens to let the application in, which need not be the person at this keyboard.
//!
//! What the link promised is kept in the connector's folder until the answer comes: its state, the verifier of its PKCE
//! challenge, its end. So the command may stop after printing the link and go on in a second run, and an answer that belongs
//! to another link, or comes too late, is refused before the provider hears of it.

use crate::cli::config::write_private;
use crate::cli::{Failed, shown};
use crate::clock::{Clock, Moment};
use crate::provider::http::Http;
use crate::provider::settings::Cloud;
use crate::provider::vault::Kept;
use crate::provider::{Error, Secret, Settings, boxcom, dropbox};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// How long a link may wait for its answer.
const LINK_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A link that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    state: Secret,
    verifier: Secret,
    /// Where the provider sends the admin's browser; `None` when it shows a code instead.
    pub(super) redirect: Option<Url>,
    ends: Moment,
    file: PathBuf,
}

impl Pending {
    /// The link that still waits in this folder, or a new one. The flag says that it is an old one. Without `redirect` an
    /// old one keeps its own, so that the second run need not repeat the flag.
    pub(super) fn resume(folder: &Path, redirect: Option<&Url>, clock: &Clock) -> Result<(Self, bool), Failed> {
        match Self::read(folder) {
            Some(pending) if pending.ends > clock.now() && pending.goes_to(redirect) => Ok((pending, true)),
            _ => Self::begin(folder, redirect, clock).map(|pending| (pending, false)),
        }
    }

    /// True when a link waits in this folder.
    pub(super) fn waits(folder: &Path, clock: &Clock) -> bool {
        Self::read(folder).is_some_and(|pending| pending.ends > clock.now())
    }

    fn goes_to(&self, redirect: Option<&Url>) -> bool {
        redirect.is_none_or(|redirect| self.redirect.as_ref() == Some(redirect))
    }

    fn begin(folder: &Path, redirect: Option<&Url>, clock: &Clock) -> Result<Self, Failed> {
        let pending = Self {
            state: random()?,
            verifier: random()?,
            redirect: redirect.cloned(),
            ends: clock.now().plus(LINK_LIFE),
            file: file(folder),
        };
        let text = json!({
            "state": pending.state.reveal(),
            "verifier": pending.verifier.reveal(),
            "redirect": pending.redirect.as_ref().map(Url::as_str),
            "ends_ms": pending.ends.as_millis(),
        });
        write_private(&pending.file, &text.to_string())
            .map_err(|error| Failed::new(format!("cannot write {}: {error}", shown(&pending.file))))?;
        Ok(pending)
    }

    fn read(folder: &Path) -> Option<Self> {
        let file = file(folder);
        let value: Value = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
        let redirect = match value.get("redirect")? {
            Value::Null => None,
            text => Some(Url::parse(text.as_str()?).ok()?),
        };
        Some(Self {
            state: Secret::new(value.get("state")?.as_str()?),
            verifier: Secret::new(value.get("verifier")?.as_str()?),
            redirect,
            ends: Moment::from_millis(value.get("ends_ms")?.as_i64()?),
            file,
        })
    }

    /// When the link ends.
    pub(super) fn ends(&self) -> Moment {
        self.ends
    }

    /// The link. It names no scopes: the consent is for those that the app has.
    ///
    /// # Errors
    /// When the settings are of a kind that needs no consent.
    pub(super) fn link(&self, cloud: &Cloud) -> Result<Url, Failed> {
        let (state, redirect) = (self.state.reveal(), self.redirect.as_ref());
        match cloud {
            Cloud::Box(cloud) => boxcom::auth::authorize_url(cloud, state, redirect).map_err(Failed::new),
            Cloud::Dropbox(cloud) => {
                let challenge = dropbox::auth::challenge(&self.verifier);
                Ok(dropbox::auth::authorize_url(cloud, state, &challenge, redirect))
            }
        }
    }

    /// Trades the granted code for what the vault is to hold.
    ///
    /// # Errors
    /// What the provider says.
    pub(super) fn exchange(&self, settings: &Settings, http: &Http, code: &Secret) -> Result<Kept, Error> {
        let redirect = self.redirect.as_ref();
        match &settings.cloud {
            Cloud::Box(cloud) => boxcom::auth::exchange(cloud, http, code, redirect),
            Cloud::Dropbox(cloud) => dropbox::auth::exchange(settings, cloud, http, code, &self.verifier, redirect),
        }
    }

    /// Reads what was pasted: the whole address that the browser ended at, or the code that the provider showed.
    ///
    /// # Errors
    /// When the link is over, when the answer belongs to another link, or when the admin said no.
    pub(super) fn answer(&self, pasted: &str, clock: &Clock) -> Result<Secret, Failed> {
        if self.ends <= clock.now() {
            self.forget();
            return Err(Failed::new(format!("this link ended at {}; run the command again for a new one", self.ends)));
        }
        let code = match Url::parse(pasted) {
            Ok(address) if address.has_host() => self.of_address(&address)?,
            _ if self.redirect.is_some() => {
                return Err(Failed::new(
                    "that is a code alone; paste the whole address that the browser ended at, so that its state can be checked",
                ));
            }
            _ => pasted.to_owned(),
        };
        let fits = !code.is_empty() && code.len() <= 1024 && code.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(Failed::new("that is no code; paste it as the provider showed it, without blanks"));
        }
        Ok(Secret::new(&code))
    }

    fn of_address(&self, address: &Url) -> Result<String, Failed> {
        let value =
            |key: &str| address.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        if value("state").as_deref() != Some(self.state.reveal()) {
            return Err(Failed::new(
                "this address belongs to another link (its state differs); open the link printed above and paste where it ends",
            ));
        }
        if let Some(said) = value("error") {
            return Err(Failed::new(format!("the provider gave no code: {}", shown(said))));
        }
        value("code").ok_or_else(|| Failed::new("this address holds no code; paste the one that the browser ended at"))
    }

    /// Forgets the link: it was answered, or is over.
    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("consent")
}

/// 256 random bits as 43 letters that need no escape (RFC 7636, section 4.1).
fn random() -> Result<Secret, Failed> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failed::new(format!("no randomness: {error}")))?;
    Ok(Secret::new(&URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::settings::{DropboxSettings, public};

    fn pending(redirect: Option<&str>) -> (tempfile::TempDir, Pending, Clock) {
        let folder = tempfile::tempdir().unwrap();
        let redirect = redirect.map(|text| Url::parse(text).unwrap());
        let clock = Clock::movable();
        let (pending, old) = Pending::resume(folder.path(), redirect.as_ref(), &clock).unwrap();
        assert!(!old);
        (folder, pending, clock)
    }

    #[test]
    fn an_answer_is_taken_only_from_its_own_link_and_in_time() {
        let (_folder, pending, clock) = pending(Some("http://localhost:8642/"));
        let state = pending.state.reveal();
        for (pasted, outcome) in [
            (format!("http://localhost:8642/?code=abc&state={state}"), Ok("abc")),
            ("http://localhost:8642/?code=abc&state=other".to_owned(), Err("belongs to another link")),
            ("http://localhost:8642/?code=abc".to_owned(), Err("belongs to another link")),
            (format!("http://localhost:8642/?error=access_denied&state={state}"), Err("access_denied")),
            (format!("http://localhost:8642/?state={state}"), Err("holds no code")),
            ("abc".to_owned(), Err("whole address")),
        ] {
            match (pending.answer(&pasted, &clock), outcome) {
                (Ok(granted), Ok(code)) => assert_eq!(granted.reveal(), code),
                (Err(Failed(said)), Err(part)) => assert!(said.contains(part), "{said}"),
                (got, outcome) => panic!("{outcome:?}, got {got:?}"),
            }
        }
        clock.advance(LINK_LIFE);
        let late = pending.answer(&format!("http://localhost:8642/?code=abc&state={state}"), &clock);
        assert!(late.unwrap_err().0.contains("ended at 1970-01-02T00:00:00Z"));
        assert!(!pending.file.exists());
    }

    fn dropbox_team() -> Cloud {
        let url = |text: &str| Url::parse(text).unwrap();
        Cloud::Dropbox(DropboxSettings {
            api: url(public::DROPBOX_API),
            content: url(public::DROPBOX_CONTENT),
            notify: url(public::DROPBOX_NOTIFY),
            token: url(public::DROPBOX_TOKEN),
            authorize: url(public::DROPBOX_AUTHORIZE),
            app_key: "key".to_owned(),
            app_secret: None,
            vault: PathBuf::from("vault"),
            admin: None,
        })
    }

    #[test]
    fn a_second_run_prints_the_same_link_until_it_is_over() {
        let (folder, first, clock) = pending(None);
        let cloud = dropbox_team();
        let link = first.link(&cloud).unwrap();
        clock.advance(Duration::from_secs(60));
        let (second, old) = Pending::resume(folder.path(), None, &clock).unwrap();
        assert!(old);
        assert_eq!(second.link(&cloud).unwrap(), link);
        assert_eq!(second.answer("bare-code", &clock).unwrap().reveal(), "bare-code");
        assert!(!link.as_str().contains(first.verifier.reveal()), "the verifier is in the link");
        clock.advance(LINK_LIFE);
        assert!(!Pending::resume(folder.path(), None, &clock).unwrap().1);
    }
}
