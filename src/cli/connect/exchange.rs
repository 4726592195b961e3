//! The code that an admin's consent gave, exchanged once for a refresh token (RFC 6749, section 4.1.3).
//!
//! Both providers follow the standard here, so one function serves them; what later renews tokens is each provider's own.

use super::consent::Granted;
use crate::model::{Principal, Provider};
use crate::provider::http::{Call, Http, Judge, Judgement, Payload, Urgency};
use crate::provider::settings::{BoxAuth, Cloud};
use crate::provider::vault::Kept;
use crate::provider::{Error, Next, Secret, Settings};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;
use url::form_urlencoded::Serializer;

/// Longest answer of a token endpoint in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Exchanges a code; it can be used once, so the call is never repeated.
///
/// # Errors
/// When the provider refuses the code or the application, or gives no refresh token.
pub(super) fn exchange(
    settings: &Settings,
    http: &Http,
    granted: &Granted,
    redirect: Option<&Url>,
) -> Result<Kept, Error> {
    let (token, client_id, client_secret) = match &settings.cloud {
        Cloud::Box(cloud) => match &cloud.auth {
            BoxAuth::User { client_id, client_secret, .. } => (&cloud.token, client_id, Some(client_secret)),
            BoxAuth::ClientCredentials { client_id, client_secret, .. } => {
                (&cloud.token, client_id, Some(client_secret))
            }
            BoxAuth::Jwt { .. } => return Err(Error::new(Next::Refused, DOING, "a key file needs no consent")),
        },
        Cloud::Dropbox(cloud) => (&cloud.token, &cloud.app_key, cloud.app_secret.as_ref()),
    };
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code").append_pair("code", granted.code.reveal());
    form.append_pair("client_id", client_id).append_pair("code_verifier", granted.verifier.reveal());
    if let Some(secret) = client_secret {
        form.append_pair("client_secret", secret.reveal());
    }
    if let Some(redirect) = redirect {
        form.append_pair("redirect_uri", redirect.as_str());
    }
    let form = Secret::new(&form.finish());
    let reply = http.send(&Call {
        method: Method::POST,
        url: token.clone(),
        headers: Vec::new(),
        payload: Payload::Form(&form),
        principal: &Principal::Tenant,
        urgency: Urgency::Act,
        writes_in: None,
        bearer: None,
        judge: &TokenJudge(settings.provider()),
        doing: DOING.to_owned(),
        repeatable: false,
        patience: Duration::ZERO,
        answer_bytes_max: ANSWER_BYTES_MAX,
    })?;
    read(&reply.body)
}

const DOING: &str = "exchange the code for a token";

/// What is kept of the answer.
fn read(body: &[u8]) -> Result<Kept, Error> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    let Some(refresh) = text("refresh_token") else {
        return Err(Error::new(Next::Refused, DOING, "the answer holds no refresh token"));
    };
    let details = ["team_id", "scope"].into_iter().filter_map(|key| Some((key.to_owned(), text(key)?.to_owned())));
    Ok(Kept { refresh_token: Secret::new(refresh), details: details.collect::<BTreeMap<_, _>>() })
}

/// Reads the answers of a token endpoint.
#[derive(Debug)]
struct TokenJudge(Provider);

impl Judge for TokenJudge {
    fn judge(&self, status: u16, _headers: &HeaderMap, body: &[u8]) -> Judgement {
        if (200..300).contains(&status) {
            return Judgement::Good;
        }
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = answer.get("error").and_then(Value::as_str).unwrap_or("");
        // Only words of the standard are repeated: what else stands there is the service's own.
        let (code, advice) = match code {
            "invalid_grant" => ("invalid_grant", Some(self.over())),
            "invalid_client" | "unauthorized_client" => ("invalid_client", Some(WRONG_APP.to_owned())),
            "invalid_request" => ("invalid_request", None),
            "redirect_uri_mismatch" => ("redirect_uri_mismatch", Some(OTHER_REDIRECT.to_owned())),
            _ if status == 429 || status >= 500 => {
                return Judgement::Again { after: None, throttled: status == 429, said: status.to_string() };
            }
            _ => ("", None),
        };
        Judgement::Bad {
            next: Next::Credentials,
            said: format!("{status} {code}").trim().to_owned(),
            advice,
            request_id: None,
        }
    }
}

/// The application's id or secret is not the one the provider knows.
const WRONG_APP: &str = "the app's id or secret is wrong; run the command again with --again";
/// The redirect differs from what the application registered.
const OTHER_REDIRECT: &str = "the redirect address is not the app's; give the registered one by --redirect URL";

impl TokenJudge {
    /// The code is over, or was used.
    fn over(&self) -> String {
        let life = match self.0 {
            Provider::Box => "30 seconds",
            Provider::Dropbox => "a few minutes",
        };
        format!("a code lives for {life} and serves once: run the command again, open the link and paste soon")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_token_endpoint_is_told_with_what_to_do() {
        let judge = TokenJudge(Provider::Box);
        for (status, body, said, advice) in [
            (400, r#"{"error":"invalid_grant","error_description":"x"}"#, "400 invalid_grant", "30 seconds"),
            (401, r#"{"error":"invalid_client"}"#, "401 invalid_client", "secret is wrong"),
            (400, r#"{"error":"redirect_uri_mismatch"}"#, "400 redirect_uri_mismatch", "--redirect"),
            (400, r#"{"error":"code abc is odd"}"#, "400", ""),
            (403, "<html>", "403", ""),
        ] {
            match judge.judge(status, &HeaderMap::new(), body.as_bytes()) {
                Judgement::Bad { said: got, advice: given, .. } => {
                    assert_eq!(got, said);
                    assert!(given.unwrap_or_default().contains(advice), "{body}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
        let again = judge.judge(503, &HeaderMap::new(), b"");
        assert!(matches!(again, Judgement::Again { throttled: false, .. }), "{again:?}");
        assert!(matches!(judge.judge(200, &HeaderMap::new(), b"{}"), Judgement::Good));
        assert_eq!(read(b"{}").unwrap_err().next(), Next::Refused);
        let kept = read(br#"{"refresh_token":"r","team_id":"dbtid:1","scope":"a b"}"#).unwrap();
        assert_eq!((kept.refresh_token.reveal(), kept.details.len()), ("r", 2));
    }
}
