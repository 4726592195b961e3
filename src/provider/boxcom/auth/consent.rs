//! Tokens by an admin's own consent: the steps of the first consent as functions, then a refresh token that turns over.
//!
//! A refresh token of Box is good for one use or 60 days. So the vault lends it to one refresher at a time, and the new one is
//! on disk before the access token that came with it is used by anybody.
//!
//! The first consent: [`authorize_url`] with a state nobody can guess → the admin grants it in a browser → the address the
//! browser lands on holds `code` and the same state → [`exchange`] within 30 seconds (the life of a code) → [`Vault::put`].

use super::{DOING, TokenAnswers, form, post};
use crate::model::Provider;
use crate::provider::boxcom::judge::Grant;
use crate::provider::boxcom::wire;
use crate::provider::http::Http;
use crate::provider::settings::{BoxAuth, BoxSettings};
use crate::provider::vault::{Kept, Vault};
use crate::provider::{Error, Next, Secret, Settings};
use std::collections::BTreeMap;
use url::Url;

/// Asks for access tokens in an admin's name.
#[derive(Debug)]
pub(super) struct Refresher {
    client_id: String,
    client_secret: Secret,
    vault: Vault,
}

impl Refresher {
    /// A refresher for that application, by the token in that vault.
    #[must_use]
    pub(super) fn of(client_id: &str, client_secret: &Secret, vault: Vault) -> Self {
        Self { client_id: client_id.to_owned(), client_secret: client_secret.clone(), vault }
    }

    /// Turns the refresh token over: the new one is durable when this returns.
    pub(super) fn token(&self, http: &Http, endpoint: &Url) -> Result<wire::Token, Error> {
        self.vault.rotate(|kept| {
            let form = form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", kept.refresh_token.reveal()),
                ("client_id", &self.client_id),
                ("client_secret", self.client_secret.reveal()),
            ]);
            let answer = post(http, endpoint, &form, &TokenAnswers::of(Grant::Refresh))?;
            let refresh_token = answer.refresh_token.as_deref().map_or_else(|| kept.refresh_token.clone(), Secret::new);
            Ok((Kept { refresh_token, details: kept.details.clone() }, answer))
        })
    }
}

/// The address at which an admin grants the application access. Without `redirect` Box uses the address registered in the
/// developer console > Configuration > OAuth 2.0 Redirect URIs; with it, it must be one of those.
///
/// # Errors
/// When the settings are not those of a consent ([`BoxAuth::User`]).
pub fn authorize_url(cloud: &BoxSettings, state: &str, redirect: Option<&Url>) -> Result<Url, Error> {
    let (client_id, _) = application(cloud)?;
    let mut url = cloud.authorize.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("state", state)
        .extend_pairs(redirect.map(|redirect| ("redirect_uri", redirect.as_str())));
    Ok(url)
}

/// Trades the code of a consent for what the vault is to hold. The access token that comes along is dropped: the first call
/// asks for one by the vault. `redirect` must be the one [`authorize_url`] was given.
///
/// # Errors
/// [`Next::Credentials`] with the next click when the code is over, was used, or is another application's.
pub fn exchange(cloud: &BoxSettings, http: &Http, code: &Secret, redirect: Option<&Url>) -> Result<Kept, Error> {
    let (client_id, client_secret) = application(cloud)?;
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code.reveal()),
        ("client_id", client_id),
        ("client_secret", client_secret.reveal()),
    ];
    fields.extend(redirect.map(|redirect| ("redirect_uri", redirect.as_str())));
    let answer = post(http, &cloud.token, &form(&fields), &TokenAnswers::of(Grant::Code))?;
    let refresh_token = answer.refresh_token.as_deref().filter(|token| !token.is_empty()).map(Secret::new);
    let refresh_token =
        refresh_token.ok_or_else(|| Error::new(Next::Credentials, DOING, "an answer without a refresh token"))?;
    Ok(Kept { refresh_token, details: BTreeMap::new() })
}

/// The vault of these settings.
///
/// # Errors
/// When the settings are not those of a consent ([`BoxAuth::User`]).
pub fn vault(settings: &Settings, cloud: &BoxSettings) -> Result<Vault, Error> {
    match &cloud.auth {
        BoxAuth::User { client_id, vault, .. } => {
            Ok(Vault::new(vault.clone(), settings.name.clone(), Provider::Box, client_id))
        }
        _ => Err(no_consent()),
    }
}

fn application(cloud: &BoxSettings) -> Result<(&str, &Secret), Error> {
    match &cloud.auth {
        BoxAuth::User { client_id, client_secret, .. } => Ok((client_id, client_secret)),
        _ => Err(no_consent()),
    }
}

fn no_consent() -> Error {
    Error::new(Next::Refused, "ask for consent", "the connector's credentials are not an admin's consent")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::settings::{HookKeys, public};

    fn cloud() -> BoxSettings {
        let url = |text: &str| Url::parse(text).unwrap();
        BoxSettings {
            api: url(public::BOX_API),
            upload: url(public::BOX_UPLOAD),
            token: url(public::BOX_TOKEN),
            authorize: url(public::BOX_AUTHORIZE),
            download_hosts: Vec::new(),
            auth: BoxAuth::User {
                client_id: "cli ent".into(),
                client_secret: Secret::new("s"),
                vault: "vault.json".into(),
            },
            hook_keys: HookKeys::default(),
        }
    }

    #[test]
    fn the_address_of_the_consent() {
        let redirect = Url::parse("http://localhost:8642/").unwrap();
        for (redirect, address) in [
            (None, "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=cli+ent&state=st"),
            (
                Some(&redirect),
                "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=cli+ent&state=st\
                 &redirect_uri=http%3A%2F%2Flocalhost%3A8642%2F",
            ),
        ] {
            assert_eq!(authorize_url(&cloud(), "st", redirect).unwrap().as_str(), address);
        }
        let auth = BoxAuth::Jwt { key_file: "key.json".into(), subject: None };
        assert_eq!(authorize_url(&BoxSettings { auth, ..cloud() }, "st", None).unwrap_err().next(), Next::Refused);
    }
}
