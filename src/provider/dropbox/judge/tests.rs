//! Retry decisions, one row for each form of error.

use super::*;

/// What a row expects.
#[derive(Debug, PartialEq)]
enum Is {
    Good,
    Over,
    /// Again after so many seconds (none named: `None`), slowing the principal or not.
    Again(Option<u64>, bool),
    Bad(Next),
}

fn judged(judge: &dyn Judge, status: u16, retry_after: Option<&str>, body: &str) -> (Is, String, Option<String>) {
    let mut headers = HeaderMap::new();
    if let Some(wait) = retry_after {
        headers.insert("retry-after", wait.parse().expect("a header"));
    }
    headers.insert("x-dropbox-request-id", "0123abcd".parse().expect("a header"));
    match judge.judge(status, &headers, body.as_bytes()) {
        Judgement::Good => (Is::Good, String::new(), None),
        Judgement::TokenOver { said } => (Is::Over, said, None),
        Judgement::Again { after, throttled, said } => {
            (Is::Again(after.map(|wait| wait.as_secs()), throttled), said, None)
        }
        Judgement::Bad { next, said, advice, request_id } => {
            assert_eq!(request_id.as_deref(), Some("0123abcd"));
            (Is::Bad(next), said, advice)
        }
    }
}

#[test]
fn every_form_of_error_has_its_next_step() {
    let tagged = |tag: &str| format!(r#"{{"error_summary":"x/..","error":{{".tag":"{tag}"}}}}"#);
    let path = |tag: &str| format!(r#"{{"error":{{".tag":"path","path":{{".tag":"{tag}"}}}}}}"#);
    let limit = |wait: &str| {
        format!(
            r#"{{"error_summary":"too_many_requests/.","error":{{"reason":{{".tag":"too_many_requests"}}{wait}}}}}"#
        )
    };
    let at = Moment::parse("2026-03-01T10:00:00Z");
    let rows: Vec<(u16, Option<&str>, String, Is, &str)> = vec![
        (200, None, String::new(), Is::Good, ""),
        (206, None, String::new(), Is::Good, ""),
        // Too many calls, in all four forms.
        (429, Some("7"), limit(""), Is::Again(Some(7), true), "429 too_many_requests"),
        (429, None, limit(r#","retry_after":300"#), Is::Again(Some(300), true), "429 too_many_requests"),
        (429, Some("5"), limit(r#","retry_after":9"#), Is::Again(Some(9), true), "429 too_many_requests"),
        (429, Some("12"), "Too many requests".into(), Is::Again(Some(12), true), "429"),
        (429, None, "Rate limited. Retry after 15 seconds".into(), Is::Again(Some(15), true), "429"),
        (429, None, "slow down".into(), Is::Again(None, true), "429"),
        (429, Some("soon"), String::new(), Is::Again(None, true), "429"),
        (429, Some("0.2"), String::new(), Is::Again(Some(1), true), "429"),
        (
            429,
            Some("1"),
            r#"{"error":{"reason":{".tag":"too_many_write_operations"},"retry_after":1}}"#.into(),
            Is::Again(Some(1), false),
            "429 too_many_write_operations",
        ),
        // Faults of the service.
        (500, None, "oops".into(), Is::Again(None, false), "500"),
        (503, Some("3"), String::new(), Is::Again(Some(3), false), "503"),
        // Tokens.
        (401, None, tagged("expired_access_token"), Is::Over, "401 expired_access_token"),
        (401, None, String::new(), Is::Over, "401"),
        (401, None, tagged("a_new_tag"), Is::Over, "401 a_new_tag"),
        (401, None, tagged("invalid_access_token"), Is::Bad(Next::Credentials), "401 invalid_access_token"),
        (401, None, tagged("invalid_select_user"), Is::Bad(Next::Forbidden), "401 invalid_select_user"),
        (401, None, tagged("user_suspended"), Is::Bad(Next::Forbidden), "401 user_suspended"),
        (401, None, tagged("invalid_select_admin"), Is::Bad(Next::Forbidden), "401 invalid_select_admin"),
        (
            401,
            None,
            r#"{"error":{".tag":"missing_scope","required_scope":"sharing.read"}}"#.into(),
            Is::Bad(Next::Forbidden),
            "401 missing_scope sharing.read",
        ),
        (
            400,
            None,
            "Your app (ID: 1) is not permitted because it does not have the required scope 'members.read'. Ask.".into(),
            Is::Bad(Next::Forbidden),
            "400 missing_scope members.read",
        ),
        // Refusals.
        (400, None, "Error in call: /secret name.txt".into(), Is::Bad(Next::Refused), "400"),
        (403, None, tagged("no_permission"), Is::Bad(Next::Forbidden), "403 no_permission"),
        (404, None, String::new(), Is::Bad(Next::Refused), "404"),
        (422, None, tagged("no_permission"), Is::Bad(Next::Forbidden), "422 no_permission"),
        (422, None, tagged("invalid_root"), Is::Bad(Next::Gone), "422 invalid_root"),
        (302, None, String::new(), Is::Bad(Next::Refused), "302"),
        // Errors of a route.
        (409, None, tagged("reset"), Is::Bad(Next::Reset(None)), "409 reset"),
        (
            409,
            None,
            r#"{"error":{".tag":"reset","reset":"2026-03-01T10:00:00Z"}}"#.into(),
            Is::Bad(Next::Reset(at)),
            "409 reset",
        ),
        (409, None, tagged("bad_cursor"), Is::Bad(Next::Reset(None)), "409 bad_cursor"),
        (409, None, path("not_found"), Is::Bad(Next::Gone), "409 path/not_found"),
        (409, None, path("locked"), Is::Bad(Next::Locked), "409 path/locked"),
        (409, None, path("restricted_content"), Is::Bad(Next::Forbidden), "409 path/restricted_content"),
        (409, None, path("unsupported_content_type"), Is::Bad(Next::NotReadable), "409 path/unsupported_content_type"),
        (409, None, path("a_new_tag"), Is::Bad(Next::Forbidden), "409 path/a_new_tag"),
        (409, None, tagged("unsupported_file"), Is::Bad(Next::NotReadable), "409 unsupported_file"),
        (409, None, tagged("non_exportable"), Is::Bad(Next::NotReadable), "409 non_exportable"),
        (409, None, tagged("retry_error"), Is::Again(None, false), "409 retry_error"),
        (409, None, tagged("internal_error"), Is::Again(None, false), "409 internal_error"),
        (409, None, tagged("transient_error"), Is::Again(None, false), "409 transient_error"),
        (409, None, path("too_many_write_operations"), Is::Again(None, false), "409 path/too_many_write_operations"),
        (409, None, tagged("other"), Is::Bad(Next::Forbidden), "409 other"),
        (409, None, "not json".into(), Is::Bad(Next::Forbidden), "409"),
        (409, None, tagged("sp ace/<secret>"), Is::Bad(Next::Forbidden), "409"),
    ];
    let judge = Answers { connector: "main".into() };
    for (status, retry_after, body, is, said) in rows {
        let got = judged(&judge, status, retry_after, &body);
        assert_eq!((&got.0, got.1.as_str()), (&is, said), "{status} {retry_after:?} {body}");
    }
}

#[test]
fn a_missing_scope_is_named_with_the_way_to_it() {
    let judge = Answers { connector: "emea".into() };
    let body = r#"{"error":{".tag":"missing_scope","required_scope":"events.read"}}"#;
    let advice = judged(&judge, 401, None, body).2.unwrap_or_default();
    for part in ["events.read", "Permissions", "Submit", "sluicebox connect dropbox emea --again"] {
        assert!(advice.contains(part), "{advice}");
    }
}

#[test]
fn a_wrong_root_is_remembered() {
    let judge = Answers { connector: "main".into() };
    for (body, root) in [
        (
            r#"{"error":{".tag":"invalid_root","invalid_root":{".tag":"team","root_namespace_id":"7","home_namespace_id":"8"}}}"#,
            Some("7"),
        ),
        (r#"{"error":{".tag":"no_permission"}}"#, None),
        ("plain", None),
    ] {
        let rooted = Rooted::new(&judge, false);
        rooted.judge(422, &HeaderMap::new(), body.as_bytes());
        assert_eq!(rooted.told().map(|root| root.root_namespace_id).as_deref(), root);
    }
}

#[test]
fn the_token_endpoints_errors_have_their_next_step() {
    let judge = TokenAnswers { connector: "main".into() };
    for (status, body, is, said, advises) in [
        (200, "{}", Is::Good, "", None),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"x"}"#,
            Is::Bad(Next::Credentials),
            "400 invalid_grant",
            Some("connect dropbox main"),
        ),
        (401, r#"{"error":"invalid_client"}"#, Is::Bad(Next::Credentials), "401 invalid_client", Some("app secret")),
        (
            400,
            r#"{"error":"invalid_client: Invalid client_id or client_secret"}"#,
            Is::Bad(Next::Credentials),
            "400 invalid_client",
            Some("app key"),
        ),
        (503, "", Is::Again(None, false), "503", None),
        (429, "", Is::Again(None, true), "429", None),
        (302, "", Is::Bad(Next::Refused), "302", None),
    ] {
        let got = judged(&judge, status, None, body);
        assert_eq!((&got.0, got.1.as_str()), (&is, said), "{status} {body}");
        assert_eq!(advises.is_some_and(|part| got.2.as_deref().unwrap_or("").contains(part)), advises.is_some());
    }
}

#[test]
fn a_change_is_not_sent_again_when_the_service_is_at_fault() {
    let answers = Answers { connector: "main".into() };
    for (tag, changes, again) in [
        ("internal_error", false, true),
        ("internal_error", true, false),
        ("transient_error", true, false),
        ("too_many_write_operations", true, true),
    ] {
        let body = format!(r#"{{"error_summary": "x/", "error": {{".tag": "{tag}"}}}}"#);
        let judged = Rooted::new(&answers, changes).judge(409, &HeaderMap::new(), body.as_bytes());
        match judged {
            Judgement::Again { .. } => assert!(again, "{tag} {changes}"),
            Judgement::Bad { next, .. } => assert_eq!((next, again), (Next::Transient, false), "{tag} {changes}"),
            other => panic!("{tag}: {other:?}"),
        }
    }
}
