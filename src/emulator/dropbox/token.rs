//! Tokens: refresh, the authorization page, the exchange of its code (RFC 6749, RFC 7636).
//!
//! A refresh token neither ends nor changes; an access token lives four hours
//! (<https://www.dropbox.com/developers/documentation/http/documentation#oauth2-token>).

use super::super::bounds::make_room;
use super::super::wire::{Answer, Asked};
use super::state::{Code, State, Token};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::Duration;

/// How long an access token lives.
const TOKEN_LIFE: Duration = Duration::from_secs(14_400);
/// How long an authorization code lives.
const CODE_LIFE: Duration = Duration::from_mins(10);

/// Answers for the paths that are no API functions; `None` when it is none of these.
pub(super) fn answer(state: &mut State, asked: &Asked) -> Option<Answer> {
    match asked.path.as_str() {
        "/oauth2/token" => Some(token(state, asked)),
        "/oauth2/authorize" => Some(authorize(state, asked)),
        _ => None,
    }
}

/// True for HTTP Basic credentials of the app.
pub(super) fn is_app(state: &State, header: &str) -> bool {
    basic(header).is_some_and(|(id, secret)| id == state.keys.app_key && secret == state.keys.app_secret)
}

fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

fn failed(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({ "error": error, "error_description": description }))
}

fn token(state: &mut State, asked: &Asked) -> Answer {
    if asked.method != "POST" {
        return failed(400, "invalid_request", "the method is not POST").refused("token: not POST");
    }
    let form = asked.form();
    let given = |name: &str| form.get(name).map(String::as_str);
    let header = asked.header("authorization").and_then(basic);
    let (id, secret) = match &header {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (given("client_id"), given("client_secret")),
    };
    let bad_client =
        || failed(400, "invalid_client: Invalid client_id or client_secret", "Invalid client_id or client_secret");
    if id != Some(&state.keys.app_key) || secret.is_some_and(|secret| secret != state.keys.app_secret) {
        return bad_client();
    }
    match given("grant_type") {
        Some("refresh_token") => {
            let known = given("refresh_token") == Some(&state.keys.refresh_token) && !state.refresh_revoked;
            let proven = secret.is_some() || state.keys.public_client;
            match (known, proven) {
                (false, _) => failed(400, "invalid_grant", "refresh token is malformed, invalid or revoked"),
                (true, false) => bad_client(),
                (true, true) => grant(state, asked, false),
            }
        }
        Some("authorization_code") => exchange(state, asked, &form, secret.is_some()),
        Some(_) => failed(400, "unsupported_grant_type", "grant_type is not supported").refused("token: grant_type"),
        None => failed(400, "invalid_request", "missing grant_type").refused("token: grant_type"),
    }
}

fn exchange(state: &mut State, asked: &Asked, form: &HashMap<String, String>, with_secret: bool) -> Answer {
    let given = |name: &str| form.get(name).map(String::as_str);
    let Some(code) = given("code").and_then(|code| state.codes.remove(code)) else {
        return failed(400, "invalid_grant", "code doesn't exist or has expired");
    };
    if asked.at >= code.ends {
        return failed(400, "invalid_grant", "code doesn't exist or has expired");
    }
    if code.redirect.as_deref() != given("redirect_uri") {
        return failed(400, "invalid_grant", "redirect_uri mismatch");
    }
    match (&code.challenge, given("code_verifier")) {
        (Some(challenge), Some(verifier)) => {
            if *challenge != URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) {
                return failed(400, "invalid_grant", "invalid code verifier");
            }
        }
        (Some(_), None) => return failed(400, "invalid_grant", "missing code_verifier"),
        (None, _) if !with_secret => return failed(400, "invalid_client", "missing client_secret"),
        (None, _) => {}
    }
    grant(state, asked, code.offline)
}

fn grant(state: &mut State, asked: &Asked, with_refresh: bool) -> Answer {
    let token = format!("sl.{}", state.mint("token", 43));
    let ends = asked.at.plus(TOKEN_LIFE);
    // One that ended is `expired`, an unknown one `invalid`: callers tell them apart as long as it is remembered.
    make_room(&mut state.tokens, asked.at, |token| token.ends);
    state.tokens.insert(token.clone(), Token { ends });
    let mut body = Map::new();
    body.insert("access_token".into(), token.into());
    body.insert("token_type".into(), "bearer".into());
    body.insert("expires_in".into(), TOKEN_LIFE.as_secs().into());
    if with_refresh {
        state.refresh_revoked = false;
        body.insert("refresh_token".into(), state.keys.refresh_token.clone().into());
    }
    body.insert("scope".into(), state.scopes.iter().cloned().collect::<Vec<_>>().join(" ").into());
    body.insert("uid".into(), "".into());
    body.insert("team_id".into(), state.keys.team_id.clone().into());
    Answer::json(200, &Value::Object(body))
}

/// The page on which an admin agrees: here it agrees at once. With a `redirect_uri` it leads back there, else it shows the
/// code to be copied.
fn authorize(state: &mut State, asked: &Asked) -> Answer {
    let bad = |why: &str| Answer::text(400, why).refused(format!("authorize: {why}"));
    if asked.method != "GET" {
        return bad("the method is not GET");
    }
    if asked.query("client_id").as_deref() != Some(&state.keys.app_key) {
        return bad("Invalid client_id");
    }
    if asked.query("response_type").as_deref() != Some("code") {
        return bad("Invalid response_type");
    }
    let challenge = asked.query("code_challenge");
    if challenge.is_some() && asked.query("code_challenge_method").as_deref() != Some("S256") {
        return bad("Invalid code_challenge_method");
    }
    let wanted = asked.query("scope").unwrap_or_default();
    if let Some(unknown) = wanted.split_whitespace().find(|scope| !super::ALL_SCOPES.contains(scope)) {
        return bad(&format!("Invalid scope {unknown}"));
    }
    let redirect = asked.query("redirect_uri");
    let offline = asked.query("token_access_type").as_deref() == Some("offline");
    let code = state.mint("code", 43);
    let ends = asked.at.plus(CODE_LIFE);
    make_room(&mut state.codes, asked.at, |code| code.ends);
    state.codes.insert(code.clone(), Code { challenge, redirect: redirect.clone(), offline, ends });
    let Some(redirect) = redirect else {
        let page =
            format!("<!doctype html><title>Access code</title><p>Access code: <code id=\"code\">{code}</code></p>");
        return Answer::text(200, page).with("x-content-type-options", "nosniff");
    };
    let Ok(mut address) = url::Url::parse(&redirect) else {
        return bad("Invalid redirect_uri");
    };
    address.query_pairs_mut().append_pair("code", &code);
    if let Some(back) = asked.query("state") {
        address.query_pairs_mut().append_pair("state", &back);
    }
    Answer::empty(302).with("location", address.as_str())
}
