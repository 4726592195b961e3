//! Every error body of Box that the reference names, and what is made of it.

use super::*;
use reqwest::header::{HeaderName, HeaderValue};

fn headers(rows: &[(&'static str, &'static str)]) -> HeaderMap {
    rows.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

/// A judgement in short, for tables.
fn told(judgement: Judgement) -> String {
    match judgement {
        Judgement::Good => "good".into(),
        Judgement::Again { after, throttled, .. } => {
            let after = after.map_or("-".into(), |after| after.as_secs_f64().to_string());
            format!("again {after}{}", if throttled { " throttled" } else { "" })
        }
        Judgement::TokenOver { said } => format!("token over: {said}"),
        Judgement::Bad { next, said, advice, .. } => {
            format!("{next:?}: {said}{}", if advice.is_some() { " +advice" } else { "" })
        }
    }
}

const SCOPE: (&str, &str) = ("www-authenticate", "Bearer realm=\"Service\", error=\"insufficient_scope\"");
const OVER: (&str, &str) = ("www-authenticate", "Bearer realm=\"Service\", error=\"invalid_token\"");

type Row = (Door, u16, &'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn answers_and_what_they_mean() {
    let rows: &[Row] = &[
        (Door::Api, 200, &[], "{}", "good"),
        (Door::Api, 201, &[], "{}", "good"),
        (Door::Api, 204, &[], "", "good"),
        (Door::Api, 202, &[], "", "good"),
        (Door::Content, 302, &[], "", "good"),
        (Door::Content, 202, &[("retry-after", "3")], "", "again 3"),
        (Door::Content, 202, &[], "", "again -"),
        (Door::Signed, 200, &[], "", "good"),
        (Door::Signed, 206, &[], "", "good"),
        (Door::Api, 302, &[], "", "Refused: 302"),
        (Door::Signed, 302, &[], "", "Refused: 302 by the download host"),
        // Too many calls: header, JSON, text, nothing.
        (Door::Api, 429, &[("retry-after", "7")], r#"{"code":"rate_limit_exceeded"}"#, "again 7 throttled"),
        (Door::Api, 429, &[], r#"{"code":"rate_limit_exceeded","retry_after":9}"#, "again 9 throttled"),
        (Door::Api, 429, &[], r#"{"code":"rate_limit_exceeded","retry_after":"1.5"}"#, "again 1.5 throttled"),
        (Door::Api, 429, &[], "Too many requests. Retry after 12 seconds.", "again 12 throttled"),
        (Door::Api, 429, &[], "Too many requests (limit 1000), please wait 4s", "again 4 throttled"),
        (Door::Api, 429, &[], r#"{"code":"rate_limit_exceeded"}"#, "again - throttled"),
        (Door::Api, 429, &[], "", "again - throttled"),
        (Door::Api, 429, &[("retry-after", "soon")], "", "again - throttled"),
        (Door::Api, 429, &[("retry-after", "-3")], "", "again - throttled"),
        (
            Door::Api,
            429,
            &[("retry-after", "Wed, 21 Oct 2015 07:28:10 GMT"), ("date", "Wed, 21 Oct 2015 07:28:00 GMT")],
            "",
            "again 10 throttled",
        ),
        (Door::Signed, 429, &[("retry-after", "2")], "", "again 2 throttled"),
        // The provider's own faults.
        (Door::Api, 500, &[], r#"{"code":"internal_server_error"}"#, "again -"),
        (Door::Api, 502, &[], "<html>Bad Gateway</html>", "again -"),
        (Door::Api, 503, &[("retry-after", "30")], r#"{"code":"unavailable"}"#, "again 30"),
        (Door::Signed, 504, &[], "", "again -"),
        // Tokens.
        (Door::Api, 401, &[OVER], "", "token over: 401 invalid_token"),
        (Door::Api, 401, &[], "", "token over: 401"),
        (Door::Content, 401, &[OVER], "", "token over: 401 invalid_token"),
        // No.
        (Door::Api, 400, &[], r#"{"code":"bad_request"}"#, "Refused: 400 bad_request"),
        (Door::Api, 400, &[], "not json", "Refused: 400"),
        (Door::Api, 403, &[SCOPE], "", "Forbidden: 403 insufficient_scope +advice"),
        (
            Door::Api,
            403,
            &[],
            r#"{"code":"access_denied_insufficient_permissions","message":"about secret.txt"}"#,
            "Forbidden: 403 access_denied_insufficient_permissions +advice",
        ),
        (Door::Content, 403, &[], r#"{"code":"forbidden_by_policy"}"#, "Forbidden: 403 forbidden_by_policy +advice"),
        (Door::Content, 403, &[], r#"{"code":"access_denied_item_locked"}"#, "Locked: 403 access_denied_item_locked"),
        (Door::Api, 403, &[], r#"{"code":"forbidden"}"#, "Forbidden: 403 forbidden"),
        (Door::Api, 404, &[], r#"{"code":"not_found"}"#, "Gone: 404 not_found"),
        (Door::Content, 404, &[], r#"{"code":"trashed"}"#, "Gone: 404 trashed"),
        (Door::Api, 405, &[], r#"{"code":"method_not_allowed"}"#, "Refused: 405 method_not_allowed"),
        (Door::Api, 409, &[], r#"{"code":"operation_blocked_temporary"}"#, "Locked: 409 operation_blocked_temporary"),
        (Door::Api, 409, &[], r#"{"code":"item_name_in_use"}"#, "Moved: 409 item_name_in_use"),
        (Door::Api, 410, &[], "", "Gone: 410"),
        (Door::Api, 412, &[], r#"{"code":"precondition_failed"}"#, "Moved: 412 precondition_failed"),
        (Door::Api, 400, &[], r#"{"code":"a code with blanks: secret.txt"}"#, "Refused: 400"),
        // A signed address that is over.
        (Door::Signed, 401, &[], "", "Gone: 401 by the download host"),
        (Door::Signed, 403, &[], "", "Gone: 403 by the download host"),
        (Door::Signed, 404, &[], "", "Gone: 404 by the download host"),
        (Door::Signed, 416, &[], "", "NotReadable: 416 by the download host"),
    ];
    for (door, status, given, body, expected) in rows {
        let answers = Answers { door: *door, scope: Scope::Users };
        let got = told(answers.judge(*status, &headers(given), body.as_bytes()));
        assert_eq!(&got, expected, "{door:?} {status} {body}");
    }
}

#[test]
fn a_missing_scope_is_named_with_its_clicks() {
    for (scope, words) in [
        (Scope::Users, "Manage users"),
        (Scope::Groups, "Manage groups"),
        (Scope::Events, "Manage enterprise properties"),
        (Scope::Webhooks, "Manage webhooks"),
        (Scope::AsUser, "as-user header"),
        (Scope::Files, "Read all files"),
    ] {
        match (Answers { door: Door::Api, scope }).judge(403, &headers(&[SCOPE]), b"") {
            Judgement::Bad { advice: Some(advice), .. } => assert!(advice.contains(words), "{advice}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_request_id_comes_from_the_body_or_the_header() {
    for (given, body, id) in [
        (&[][..], r#"{"request_id":"abc123"}"#, Some("abc123")),
        (&[("box-request-id", "h9")], "", Some("h9")),
        (&[("box-request-id", "h9")], r#"{"request_id":"abc123"}"#, Some("abc123")),
        (&[], "", None),
    ] {
        match (Answers { door: Door::Api, scope: Scope::Files }).judge(404, &headers(given), body.as_bytes()) {
            Judgement::Bad { request_id, .. } => assert_eq!(request_id.as_deref(), id),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_token_endpoint_and_what_it_means() {
    for (grant, status, given, body, expected) in [
        (Grant::Credentials, 200, &[][..], "{}", "good"),
        (Grant::Credentials, 400, &[], r#"{"error":"invalid_client"}"#, "Credentials: 400 invalid_client +advice"),
        (Grant::Credentials, 401, &[], r#"{"error":"invalid_client"}"#, "Credentials: 401 invalid_client +advice"),
        (Grant::Credentials, 400, &[], r#"{"error":"invalid_grant"}"#, "Credentials: 400 invalid_grant +advice"),
        (
            Grant::Credentials,
            400,
            &[],
            r#"{"error":"unauthorized_client"}"#,
            "Credentials: 400 unauthorized_client +advice",
        ),
        (Grant::Refresh, 400, &[], r#"{"error":"invalid_grant"}"#, "Credentials: 400 invalid_grant +advice"),
        (Grant::Credentials, 429, &[("retry-after", "5")], "", "again 5 throttled"),
        (Grant::Credentials, 503, &[], "", "again -"),
        // An assertion is sent once: what it meets is handed back. A wait that is named is kept all the same.
        (Grant::Assertion, 503, &[], "", "Transient: 503"),
        (Grant::Assertion, 429, &[("retry-after", "5")], "", "again 5 throttled"),
        (Grant::Code, 400, &[], r#"{"error":"invalid_grant"}"#, "Credentials: 400 invalid_grant +advice"),
    ] {
        let got = told(TokenAnswers::of(grant).judge(status, &headers(given), body.as_bytes()));
        assert_eq!(got, expected, "{grant:?} {status} {body}");
    }
}

#[test]
fn a_refusal_tells_the_servers_time() {
    let answers = TokenAnswers::of(Grant::Assertion);
    answers.judge(400, &headers(&[("date", "Wed, 21 Oct 2015 07:28:00 GMT")]), br#"{"error":"invalid_grant"}"#);
    assert_eq!(answers.server_time(), Moment::parse("2015-10-21T07:28:00Z"));
}
