//! Tokens and whom they act for.

use super::super::keys;
use super::{Desk, header, json, said, text};
use crate::emulator::wire::{Answer, Door};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use serde_json::json as value;
use std::time::Duration;

fn with_client(rest: &str) -> String {
    format!("client_id={}&client_secret={}&{rest}", keys::CLIENT_ID, keys::CLIENT_SECRET)
}

/// Status, error and whether the record marks it.
fn verdict(desk: &Desk, form: &str) -> (u16, String, bool) {
    let answer = desk.token_answer(form);
    (answer.status, text(&json(&answer)["error"]), answer.refused.is_some())
}

#[test]
fn client_credentials_are_checked() {
    let desk = Desk::new(1);
    let subject = |kind: &str, id: &str| {
        with_client(&format!("grant_type=client_credentials&box_subject_type={kind}&box_subject_id={id}"))
    };
    let good = |status: u16| (status, String::new(), false);
    let wrong = |status: u16, error: &str, marked: bool| (status, error.to_owned(), marked);
    for (form, wanted) in [
        (subject("enterprise", keys::ENTERPRISE_ID), good(200)),
        (subject("user", &desk.id("erin")), good(200)),
        (subject("enterprise", "999"), wrong(400, "unauthorized_client", true)),
        (subject("user", &desk.id("ivan")), wrong(400, "invalid_grant", false)),
        (subject("user", &desk.id("pat")), wrong(400, "invalid_grant", false)),
        (subject("company", "1"), wrong(400, "invalid_request", true)),
        (with_client("grant_type=password"), wrong(400, "unsupported_grant_type", true)),
        (
            subject("enterprise", keys::ENTERPRISE_ID).replace(keys::CLIENT_SECRET, "x"),
            wrong(401, "invalid_client", true),
        ),
        (subject("enterprise", keys::ENTERPRISE_ID).replace(keys::CLIENT_ID, "x"), wrong(401, "invalid_client", true)),
    ] {
        assert_eq!(verdict(&desk, &form), wanted, "{form}");
    }
}

/// An assertion signed with the key of the key file, opened with its passphrase.
fn assertion(change: impl Fn(&mut serde_json::Value, &mut serde_json::Value), desk: &Desk) -> String {
    let (_, sealed) = SecretDocument::from_pem(keys::PRIVATE_KEY_PEM).unwrap_or_else(|error| panic!("{error}"));
    let sealed = EncryptedPrivateKeyInfoRef::try_from(sealed.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let key = sealed.decrypt(keys::PASSPHRASE).unwrap_or_else(|error| panic!("{error}"));
    let pair = ring::rsa::KeyPair::from_pkcs8(key.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let mut head = value!({"alg": "RS256", "typ": "JWT", "kid": keys::PUBLIC_KEY_ID});
    let mut claims = value!({
        "iss": keys::CLIENT_ID, "sub": keys::ENTERPRISE_ID, "box_sub_type": "enterprise", "aud": keys::AUDIENCE,
        "jti": "a-jti-of-sixteen-letters", "exp": desk.clock.now().as_secs() + 45,
    });
    change(&mut head, &mut claims);
    let encoded = |part: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(&head), encoded(&claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&ring::signature::RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
        .unwrap_or_else(|error| panic!("{error}"));
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn jwt_form(assertion: &str) -> String {
    with_client(&format!("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion={assertion}"))
}

#[test]
fn each_claim_of_an_assertion_is_checked() {
    type Change = fn(&mut serde_json::Value, &mut serde_json::Value);
    let rows: [(&str, Change, &str); 11] = [
        ("right", |_, claims| claims["jti"] = "jti-of-row-number-0".into(), ""),
        ("kid", |head, _| head["kid"] = "other".into(), "invalid_grant"),
        ("alg", |head, _| head["alg"] = "none".into(), "invalid_request"),
        ("iss", |_, claims| claims["iss"] = "other".into(), "invalid_request"),
        ("aud", |_, claims| claims["aud"] = "http://api/oauth2/token".into(), "invalid_request"),
        ("exp past", |_, claims| claims["exp"] = 0.into(), "invalid_grant"),
        ("exp far", |_, claims| claims["exp"] = (claims["exp"].as_i64().unwrap_or(0) + 16).into(), "invalid_grant"),
        ("jti short", |_, claims| claims["jti"] = "short".into(), "invalid_request"),
        (
            "sub",
            |_, claims| {
                claims["jti"] = "jti-of-row-number-8".into();
                claims["sub"] = "999".into();
            },
            "unauthorized_client",
        ),
        (
            "sub type",
            |_, claims| {
                claims["jti"] = "jti-of-row-number-9".into();
                claims["box_sub_type"] = "company".into();
            },
            "invalid_request",
        ),
        ("jti again", |_, claims| claims["jti"] = "jti-of-row-number-0".into(), "invalid_request"),
    ];
    let desk = Desk::new(1);
    for (name, change, error) in rows {
        let (status, said, _) = verdict(&desk, &jwt_form(&assertion(change, &desk)));
        assert_eq!((status == 200, said.as_str()), (error.is_empty(), error), "{name}");
    }
    let good = assertion(|_, claims| claims["jti"] = "jti-of-another-test".into(), &desk);
    let (signed, signature) = good.rsplit_once('.').unwrap_or_default();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{first}{}", signature.get(1..).unwrap_or(""));
    assert_eq!(verdict(&desk, &jwt_form(&forged)).1, "invalid_grant");
    assert_eq!(verdict(&desk, &jwt_form("no.jwt")).1, "invalid_request");
}

#[test]
fn codes_and_refresh_tokens_are_good_once_and_for_a_while() {
    let desk = Desk::new(1);
    let redeem = |code: &str| desk.token_answer(&with_client(&format!("grant_type=authorization_code&code={code}")));
    let renew =
        |token: &str| desk.token_answer(&with_client(&format!("grant_type=refresh_token&refresh_token={token}")));
    let code = desk.tenant.authorize("ada").unwrap_or_default();
    let first = redeem(&code);
    assert_eq!(first.status, 200);
    assert_eq!(text(&json(&redeem(&code))["error"]), "invalid_grant", "a code is good once");
    let late = desk.tenant.authorize("ada").unwrap_or_default();
    desk.clock.advance(Duration::from_secs(31));
    assert_eq!(text(&json(&redeem(&late))["error"]), "invalid_grant", "a code lives 30 s");
    let refresh = text(&json(&first)["refresh_token"]);
    let second = renew(&refresh);
    assert_eq!(second.status, 200);
    let pair = |answer: &Answer| ["access_token", "refresh_token"].map(|name| text(&json(answer)[name]));
    assert_eq!(pair(&renew(&refresh)), pair(&second), "an answer that was not used is given again");
    let [access, next] = pair(&second);
    let bearer = format!("Bearer {access}");
    let used = desk.ask(Door::BoxApi, "GET", "/2.0/users/me", &[("authorization", &bearer)], b"");
    assert_eq!(used.status, 200);
    assert_eq!(text(&json(&renew(&refresh))["error"]), "invalid_grant", "a refresh token is good once");
    let third = pair(&renew(&next));
    desk.clock.advance(Duration::from_secs(3_601));
    let fourth = pair(&renew(&next));
    assert_ne!(third, fourth, "an access token that is over is not given again");
    assert_eq!(text(&json(&renew(&third[1]))["error"]), "invalid_grant", "nor is its companion good");
    let next = fourth[1].clone();
    assert_eq!(renew(&next).status, 200);
    assert_eq!(text(&json(&renew(&refresh))["error"]), "invalid_grant", "its use ends the one before");
    desk.clock.advance(Duration::from_secs(60 * 86_400 + 1));
    assert_eq!(text(&json(&renew(&next))["error"]), "invalid_grant", "a refresh token lives 60 days");
}

#[test]
fn an_access_token_lives_an_hour() {
    let desk = Desk::new(1);
    for (later, status) in [(3_599, 200), (1, 401)] {
        desk.clock.advance(Duration::from_secs(later));
        let answer = desk.api("service", "GET", "/users/me", "");
        assert_eq!(answer.status, status);
        if status == 401 {
            assert!(answer.body.is_empty() && answer.refused.is_none());
            assert!(header(&answer, "www-authenticate").contains("invalid_token"));
        }
    }
    let none = desk.ask(Door::BoxApi, "GET", "/2.0/users/me", &[], b"");
    assert_eq!((none.status, none.refused.is_some()), (401, true));
}

#[test]
fn the_consent_page_gives_a_code_and_the_state_back() {
    let desk = Desk::new(1);
    let page = format!("/api/oauth2/authorize?response_type=code&client_id={}", keys::CLIENT_ID);
    let answer =
        desk.ask(Door::BoxApi, "GET", &format!("{page}&state=s%26t&redirect_uri=http://127.0.0.1:9/back"), &[], b"");
    assert_eq!(answer.status, 302);
    let back = url::Url::parse(&header(&answer, "location")).unwrap_or_else(|error| panic!("{error}"));
    let told: std::collections::HashMap<String, String> = back.query_pairs().into_owned().collect();
    assert_eq!(told.get("state").map(String::as_str), Some("s&t"));
    let code = told.get("code").cloned().unwrap_or_default();
    let other =
        with_client(&format!("grant_type=authorization_code&code={code}&redirect_uri=http://127.0.0.1:9/other"));
    assert_eq!(verdict(&desk, &other).1, "redirect_uri_mismatch");
    let shown = desk.ask(Door::BoxApi, "GET", &page, &[], b"");
    assert_eq!(shown.status, 200);
    let unknown = desk.ask(Door::BoxApi, "GET", "/api/oauth2/authorize?response_type=code&client_id=x", &[], b"");
    assert_eq!((unknown.status, unknown.refused.is_some()), (400, true));
}

#[test]
fn acting_for_another_is_for_those_who_manage() {
    for (caller, whom, setting, status) in [
        ("service", "erin", true, 200),
        ("service", "ada", true, 200),
        ("service", "ivan", true, 403),
        ("service", "pat", true, 403),
        ("service", "erin", false, 403),
        ("ada", "carl", true, 200),
        ("carl", "erin", true, 200),
        ("carl", "ada", true, 403),
        ("carl", "carl", true, 200),
        ("erin", "frank", true, 403),
    ] {
        let mut desk = Desk::new(1);
        if caller != "service" {
            desk.token = desk.ccg("user", &desk.id(caller));
        }
        desk.tenant.set_as_user(setting);
        let answer = desk.api(whom, "GET", "/folders/0/items", "");
        assert_eq!(answer.status, status, "{caller} for {whom}: {:?}", said(&answer));
    }
    assert_eq!(Desk::new(1).tenant.coadmin_gap("carl").len(), 1);
}

#[test]
fn a_revoked_token_is_dead() {
    let desk = Desk::new(1);
    let token = desk.token.clone();
    let gone = desk.ask(Door::BoxApi, "POST", "/oauth2/revoke", &[], with_client(&format!("token={token}")).as_bytes());
    assert_eq!(gone.status, 200);
    assert_eq!(desk.api("service", "GET", "/users/me", "").status, 401);
}
