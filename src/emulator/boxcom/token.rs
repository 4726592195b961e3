//! Tokens: how an app gets, renews and loses them.
//!
//! Four grants: client credentials, a signed assertion (JWT), a code of the consent page, a refresh token that can be used
//! once. <https://developer.box.com/reference/post-oauth2-token/> Until one of the pair that a refresh token brought is used,
//! it brings the same pair again, for a caller whom the answer did not reach (Box support forum, "OAuth refresh token usage").

use super::super::bounds::make_room;
use super::super::wire::{Answer, Asked};
use super::keys;
use super::reply::Fault;
use super::state::{Home, State};
use super::tree::Uid;
use crate::clock::Moment;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// An access token lives so long.
pub(super) const ACCESS_SECS: u64 = 3_600;
/// A refresh token lives so long, or for one use.
const REFRESH_SECS: u64 = 60 * 86_400;
/// A code of the consent page lives so long.
const CODE_SECS: u64 = 30;
/// An assertion may end so far ahead.
const ASSERTION_SECS: i64 = 60;

/// All tokens and codes handed out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    access: HashMap<String, Held>,
    refresh: HashMap<String, Held>,
    /// The pair that a refresh token brought, none of which is used yet.
    brought: HashMap<String, Pair>,
    codes: HashMap<String, Code>,
    /// Ids of assertions that were used, until they end.
    assertions: HashMap<String, Moment>,
}

#[derive(Clone, Debug)]
struct Held {
    whose: Uid,
    until: Moment,
}

#[derive(Clone, Debug)]
struct Pair {
    access: String,
    refresh: String,
}

/// What a grant comes to.
struct Granted {
    whose: Uid,
    /// A refresh token comes along.
    renewable: bool,
    /// The refresh token it was asked for with.
    by: Option<String>,
}

impl Granted {
    fn once(whose: Uid) -> Self {
        Self { whose, renewable: false, by: None }
    }
}

#[derive(Clone, Debug)]
struct Code {
    whose: Uid,
    until: Moment,
    redirect: Option<String>,
}

/// A refusal of the token endpoint: its code and description.
struct Denied(&'static str, &'static str);

impl State {
    /// Answers the token endpoint.
    pub(super) fn token(&mut self, asked: &Asked) -> Answer {
        let form = asked.form();
        if asked.method != "POST" {
            return Answer::empty(405).refused("the token endpoint takes POST only");
        }
        match self.grant(&form) {
            Ok(granted) => self.handed_out(granted),
            Err(Denied(code, why)) => {
                let status = if code == "invalid_client" { 401 } else { 400 };
                let answer = Answer::json(status, &json!({"error": code, "error_description": why}));
                match code {
                    "invalid_grant" => answer,
                    _ => answer.refused(format!("{code}: {why}")),
                }
            }
        }
    }

    /// Whom a token is for, and whether a refresh token comes with it.
    fn grant(&mut self, form: &HashMap<String, String>) -> Result<Granted, Denied> {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("client_id") != keys::CLIENT_ID {
            return Err(Denied("invalid_client", "The client credentials are invalid"));
        }
        let secret_is_right = field("client_secret") == keys::CLIENT_SECRET;
        match field("grant_type") {
            _ if !secret_is_right => Err(Denied("invalid_client", "The client credentials are invalid")),
            "client_credentials" => self.subject(field("box_subject_type"), field("box_subject_id")).map(Granted::once),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => self.assertion(field("assertion")).map(Granted::once),
            "authorization_code" => {
                let whose = self.redeem(field("code"), field("redirect_uri"))?;
                Ok(Granted { whose, renewable: true, by: None })
            }
            "refresh_token" => {
                let by = field("refresh_token");
                self.renew(by).map(|whose| Granted { whose, renewable: true, by: Some(by.to_owned()) })
            }
            _ => Err(Denied("unsupported_grant_type", "Grant type is not supported or missing")),
        }
    }

    fn subject(&self, kind: &str, id: &str) -> Result<Uid, Denied> {
        match kind {
            "enterprise" if id == keys::ENTERPRISE_ID => Ok(0),
            "enterprise" => Err(Denied("unauthorized_client", "The app is not authorized for this enterprise")),
            "user" => self
                .user_by_id(id)
                .filter(|uid| self.user(*uid).home != Home::Partner && self.user(*uid).status != "inactive")
                .ok_or(Denied("invalid_grant", "The user is unknown to this app")),
            _ => Err(Denied("invalid_request", "box_subject_type value unsupported")),
        }
    }

    /// Whom an assertion is for, all its claims being right.
    fn assertion(&mut self, text: &str) -> Result<Uid, Denied> {
        let wrong = Denied("invalid_request", "The assertion is not a JWT");
        let mut parts = text.split('.');
        let (Some(head), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong);
        };
        let read =
            |part: &str| -> Option<Value> { serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
        let (Some(header), Some(said)) = (read(head), read(claims)) else { return Err(wrong) };
        let signed = &text[..head.len() + 1 + claims.len()];
        check_signature(&header, signed, signature)?;
        self.check_claims(&said)?;
        self.subject(said["box_sub_type"].as_str().unwrap_or(""), said["sub"].as_str().unwrap_or(""))
    }

    fn check_claims(&mut self, said: &Value) -> Result<(), Denied> {
        if said["iss"] != keys::CLIENT_ID {
            return Err(Denied("invalid_request", "The 'iss' claim is not the client id"));
        }
        if said["aud"] != keys::AUDIENCE {
            return Err(Denied("invalid_request", "Please check the 'aud' claim"));
        }
        let Some(exp) = said["exp"].as_i64() else {
            return Err(Denied("invalid_request", "Please check the 'exp' claim"));
        };
        let ahead = exp.saturating_sub(self.now.as_secs());
        if ahead <= 0 || ahead > ASSERTION_SECS {
            return Err(Denied(
                "invalid_grant",
                "Please check the 'exp' claim. Current date/time MUST be before the expiration date/time listed in the 'exp' claim, and at most 60 seconds before",
            ));
        }
        let jti = said["jti"].as_str().unwrap_or("");
        if !(16..=128).contains(&jti.len()) {
            return Err(Denied("invalid_request", "The 'jti' claim must have 16 to 128 characters"));
        }
        make_room(&mut self.tokens.assertions, self.now, |until| *until);
        let until = Moment::from_millis(exp.saturating_mul(1_000));
        if self.tokens.assertions.insert(jti.to_owned(), until).is_some() {
            return Err(Denied("invalid_request", "A unique 'jti' value is required"));
        }
        Ok(())
    }

    fn redeem(&mut self, code: &str, redirect: &str) -> Result<Uid, Denied> {
        let invalid = Denied("invalid_grant", "Auth code doesn't exist or is invalid for the client");
        let Some(held) = self.tokens.codes.remove(code) else { return Err(invalid) };
        if held.until < self.now {
            return Err(Denied("invalid_grant", "The authorization code has expired"));
        }
        match held.redirect {
            Some(asked) if !redirect.is_empty() && redirect != asked => {
                Err(Denied("redirect_uri_mismatch", "The redirect URI is not the one of the authorization"))
            }
            _ => Ok(held.whose),
        }
    }

    fn renew(&mut self, refresh: &str) -> Result<Uid, Denied> {
        self.settle(|pair| pair.refresh == refresh);
        match self.tokens.refresh.get(refresh) {
            Some(held) if held.until >= self.now => Ok(held.whose),
            Some(_) => Err(Denied("invalid_grant", "Refresh token has expired")),
            None => Err(Denied("invalid_grant", "Invalid refresh token")),
        }
    }

    /// One of a pair was used: the refresh token that brought it is over.
    fn settle(&mut self, is_used: impl Fn(&Pair) -> bool) {
        let tokens = &mut self.tokens;
        tokens.brought.retain(|by, pair| {
            let over = is_used(pair);
            if over {
                tokens.refresh.remove(by);
            }
            !over
        });
    }

    /// An access token was taken.
    pub(super) fn token_used(&mut self, asked: &Asked) {
        let token = asked.header("authorization").and_then(|header| header.get("Bearer ".len()..)).unwrap_or_default();
        self.settle(|pair| pair.access == token);
    }

    /// A fresh access token, with a refresh token where one comes along; the same as before when none of them was used.
    fn handed_out(&mut self, granted: Granted) -> Answer {
        let (whose, now) = (granted.whose, self.now);
        let again = granted.by.as_ref().and_then(|by| self.tokens.brought.get(by)).cloned();
        if let Some(pair) = again
            && let Some(held) = self.tokens.access.get(&pair.access).filter(|held| held.until > now)
        {
            return pair_told(&pair.access, Some(&pair.refresh), held.until.since(now).as_secs());
        }
        let lives = |secs| Held { whose, until: now.plus(Duration::from_secs(secs)) };
        let access = self.fresh_code();
        make_room(&mut self.tokens.access, now, |held| held.until);
        self.tokens.access.insert(access.clone(), lives(ACCESS_SECS));
        if !granted.renewable {
            return pair_told(&access, None, ACCESS_SECS);
        }
        let refresh = self.fresh_code();
        make_room(&mut self.tokens.refresh, now, |held| held.until);
        self.tokens.refresh.insert(refresh.clone(), lives(REFRESH_SECS));
        let Tokens { refresh: known, brought, .. } = &mut self.tokens;
        brought.retain(|by, _| known.contains_key(by));
        let answer = pair_told(&access, Some(&refresh), ACCESS_SECS);
        if let Some(by) = granted.by
            && let Some(old) = self.tokens.brought.insert(by, Pair { access, refresh })
        {
            // The pair before came to its end without being used.
            self.tokens.refresh.remove(&old.refresh);
        }
        answer
    }

    /// Takes tokens back: an access token alone, or a refresh token with all that belong to its user.
    pub(super) fn revoke(&mut self, asked: &Asked) -> Answer {
        let form = asked.form();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("client_id") != keys::CLIENT_ID || field("client_secret") != keys::CLIENT_SECRET {
            let body = json!({"error": "invalid_client", "error_description": "The client credentials are invalid"});
            return Answer::json(401, &body).refused("invalid_client");
        }
        let token = field("token");
        let held = self.tokens.access.remove(token).or_else(|| self.tokens.refresh.remove(token));
        let Some(held) = held else {
            let body = json!({"error": "invalid_token", "error_description": "The token is unknown"});
            return Answer::json(400, &body);
        };
        self.tokens.refresh.retain(|_, other| other.whose != held.whose);
        Answer::empty(200)
    }

    /// Drops all sessions of a person.
    pub(super) fn end_sessions(&mut self, whose: Uid) {
        self.tokens.access.retain(|_, held| held.whose != whose);
        self.tokens.refresh.retain(|_, held| held.whose != whose);
    }

    /// A code of the consent page.
    pub(super) fn code_for(&mut self, whose: Uid, redirect: Option<String>) -> String {
        let code = self.fresh_code();
        let until = self.now.plus(Duration::from_secs(CODE_SECS));
        make_room(&mut self.tokens.codes, self.now, |code| code.until);
        self.tokens.codes.insert(code.clone(), Code { whose, until, redirect });
        code
    }

    /// Whose token a request carries.
    pub(super) fn bearer(&self, asked: &Asked) -> Result<Uid, Fault> {
        let Some(header) = asked.header("authorization") else {
            return Err(Fault::new(401, "unauthorized", "")
                .header("www-authenticate", "Bearer realm=\"Service\"")
                .refused("no Authorization header"));
        };
        let unusable = Fault::new(401, "unauthorized", "").header(
            "www-authenticate",
            "Bearer realm=\"Service\", error=\"invalid_token\", error_description=\"The access token provided is invalid.\"",
        );
        let Some(token) = header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("bearer ")) else {
            return Err(unusable.refused("an Authorization header without a bearer token"));
        };
        match self.tokens.access.get(token) {
            Some(held) if held.until > self.now => Ok(held.whose),
            _ => Err(unusable),
        }
    }

    /// Whose token a request carries, if it is any good.
    pub(super) fn bearer_name(&self, asked: &Asked) -> Option<Uid> {
        self.bearer(asked).ok()
    }

    /// Ends all access tokens now, as when their hour is over.
    pub(super) fn expire_tokens(&mut self) {
        self.tokens.access.clear();
    }
}

/// The answer of the token endpoint.
fn pair_told(access: &str, refresh: Option<&str>, expires_in: u64) -> Answer {
    let mut body = json!({
        "access_token": access,
        "expires_in": expires_in,
        "restricted_to": [],
        "token_type": "bearer",
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    Answer::json(200, &body).with("cache-control", "no-store")
}

fn check_signature(header: &Value, signed: &str, signature: &str) -> Result<(), Denied> {
    use ring::signature::{self, UnparsedPublicKey};
    if header["kid"] != keys::PUBLIC_KEY_ID {
        return Err(Denied("invalid_grant", "OAuth JWT signature verification failed: unknown kid"));
    }
    let algorithm: &dyn signature::VerificationAlgorithm = match header["alg"].as_str() {
        Some("RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
        Some("RS384") => &signature::RSA_PKCS1_2048_8192_SHA384,
        Some("RS512") => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(Denied("invalid_request", "The 'alg' of the assertion is not supported")),
    };
    let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else {
        return Err(Denied("invalid_request", "The assertion is not a JWT"));
    };
    UnparsedPublicKey::new(algorithm, keys::PUBLIC_KEY_DER)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| Denied("invalid_grant", "OAuth JWT signature verification failed"))
}
