//! Doors, tokens, selection, roots, scopes, arguments.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

#[test]
fn what_a_caller_should_know_is_refused() {
    let desk = Desk::new();
    let json = ("content-type".to_owned(), "application/json".to_owned());
    let user = [desk.headers(As::User("erin"), None), vec![json.clone()]].concat();
    let admin = [desk.headers(As::Admin("ada"), None), vec![json.clone()]].concat();
    let team = [desk.headers(As::Team, None), vec![json.clone()]].concat();
    let bare = vec![json];
    let plain = desk.headers(As::User("erin"), None);
    let list: &[u8] = br#"{"path":""}"#;
    let (api, content, notify) = (Door::DropboxApi, Door::DropboxContent, Door::DropboxNotify);
    type Row<'a> = (&'a str, Door, &'a str, &'a [(String, String)], &'a [u8]);
    let rows: Vec<Row<'_>> = vec![
        ("no such route", api, "files/list_folders", &user, list),
        ("wrong door", content, "files/list_folder", &user, list),
        ("wrong door", api, "files/download", &user, b""),
        ("wrong door", api, "files/list_folder/longpoll", &bare, br#"{"cursor":"x"}"#),
        ("no Select header", api, "files/list_folder", &team, list),
        ("Select header on a team's route", api, "team/get_info", &user, b"null"),
        ("Select-Admin without a mode", api, "sharing/list_folders", &admin, b"{}"),
        ("no authorization", api, "files/list_folder", &bare, list),
        ("authorization on a long poll", notify, "files/list_folder/longpoll", &user, br#"{"cursor":"x"}"#),
        ("no content type", api, "files/list_folder", &plain, list),
        ("no JSON", api, "files/list_folder", &user, b"{"),
        ("unknown field", api, "files/list_folder", &user, br#"{"path":"","recurse":true}"#),
        ("unknown tag", api, "files/list_revisions", &user, br#"{"path":"/a","mode":"both"}"#),
        ("root as a slash", api, "files/list_folder", &user, br#"{"path":"/"}"#),
        ("an argument where none is taken", api, "team/get_info", &team, b"{}"),
        ("JSON type on a download", content, "files/download", &user, b""),
        ("no argument header", content, "files/download", &plain, b""),
        ("no octet-stream", content, "files/upload", &user, b"x"),
        ("metadata of the root", api, "files/get_metadata", &user, br#"{"path":"ns:1"}"#),
    ];
    for (what, door, route, headers, body) in rows {
        let answer = desk.send(door, route, headers, body);
        if what == "metadata of the root" {
            assert_eq!(answer.status, 409, "{what}");
            continue;
        }
        assert_eq!((answer.status, answer.refused.is_some()), (400, true), "{what}");
        assert!(String::from_utf8_lossy(&answer.body).starts_with("Error in call to API function"), "{what}");
    }
    let mut asked = ask(api, "/2/team/get_info", &[], b"", &desk.clock);
    asked.method = "GET".into();
    assert_eq!(desk.tenant.answer(&asked).status, 400);
    let good = desk.send(api, "team/get_info", &desk.headers(As::Team, None), b"");
    assert_eq!((good.status, good.refused), (200, None), "no body and no type for a route without an argument");
}

#[test]
fn a_header_argument_is_ascii() {
    let desk = Desk::new();
    let mut headers = desk.headers(As::User("erin"), None);
    headers.push(("dropbox-api-arg".into(), "{\"path\":\"/Übersicht\"}".into()));
    let answer = desk.send(Door::DropboxContent, "files/download", &headers, b"");
    assert_eq!((answer.status, answer.refused.is_some()), (400, true));
    let argument = json!({ "path": "/Reports/Übersicht 王 🎉.txt" });
    let answer = desk.content(As::User("erin"), "files/download", &argument, &[], b"");
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"erin's report".as_slice()));
    let result = answer.headers.iter().find(|(name, _)| name == "dropbox-api-result").map(|(_, value)| value.clone());
    let result = result.expect("a result header");
    assert!(result.is_ascii() && result.contains("\\u738b") && result.contains("\\ud83c\\udf89"), "{result}");
}

#[test]
fn tokens_live_four_hours_and_refresh_as_often_as_wanted() {
    let desk = Desk::new();
    let keys = desk.tenant.keys();
    let refresh = |token: &str, id: &str, secret: &str| {
        let answer = desk.form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", id),
            ("client_secret", secret),
        ]);
        (answer.status, json_of(&answer))
    };
    let (status, body) = refresh(&keys.refresh_token, &keys.app_key, &keys.app_secret);
    assert_eq!((status, &body["expires_in"], &body["team_id"]), (200, &json!(14_400), &json!(keys.team_id)));
    assert!(
        body["access_token"].as_str().is_some_and(|token| token.starts_with("sl.")) && body["refresh_token"].is_null()
    );
    assert_eq!(refresh("nonsense", &keys.app_key, &keys.app_secret).1["error"], "invalid_grant");
    let (status, body) = refresh(&keys.refresh_token, &keys.app_key, "wrong");
    assert!(status == 400 && body["error"].as_str().is_some_and(|error| error.starts_with("invalid_client")));
    desk.clock.advance(Duration::from_secs(14_399));
    assert_eq!(desk.call(As::Team, None, "team/get_info", &Value::Null).0, 200);
    desk.clock.advance(Duration::from_secs(1));
    let (status, body) = desk.call(As::Team, None, "team/get_info", &Value::Null);
    assert_eq!((status, &body["error"][".tag"]), (401, &json!("expired_access_token")));
    assert_eq!(refresh(&keys.refresh_token, &keys.app_key, &keys.app_secret).0, 200);
    let (_, body) = desk.call(As::Team, None, "team/get_info", &Value::Null);
    assert_eq!(body["error"][".tag"], "expired_access_token", "also when there is a newer one");
    *desk.token.borrow_mut() = "sl.nonsense".into();
    let (status, body) = desk.call(As::Team, None, "team/get_info", &Value::Null);
    assert_eq!((status, &body["error"][".tag"]), (401, &json!("invalid_access_token")));
    desk.tenant.unlink();
    assert_eq!(refresh(&keys.refresh_token, &keys.app_key, &keys.app_secret).1["error"], "invalid_grant");
}

#[test]
fn a_code_is_proven_by_its_verifier_and_spent_once() {
    let desk = Desk::new();
    let keys = desk.tenant.keys();
    let verifier = "a-verifier-that-is-long-enough-to-be-one-of-those-0123456789";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let code = |desk: &Desk| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &keys.app_key)
            .append_pair("response_type", "code")
            .append_pair("token_access_type", "offline")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("redirect_uri", "http://127.0.0.1:9/back?x=1")
            .append_pair("state", "s&t")
            .finish();
        let mut asked = ask(Door::DropboxApi, "/oauth2/authorize", &[], b"", &desk.clock);
        (asked.method, asked.query) = ("GET".into(), query);
        let answer = desk.tenant.answer(&asked);
        assert_eq!(answer.status, 302);
        let back = answer.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
        let back = url::Url::parse(&back.expect("a location")).expect("an address");
        assert!(back.query_pairs().any(|pair| pair == ("state".into(), "s&t".into())));
        back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()).expect("a code")
    };
    let trade = |code: &str, verifier: &str, redirect: &str| {
        let answer = desk.form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &keys.app_key),
            ("code_verifier", verifier),
            ("redirect_uri", redirect),
        ]);
        (answer.status, json_of(&answer))
    };
    let back = "http://127.0.0.1:9/back?x=1";
    let first = code(&desk);
    let (status, body) = trade(&first, verifier, back);
    assert_eq!((status, &body["refresh_token"]), (200, &json!(keys.refresh_token)));
    assert_eq!(trade(&first, verifier, back).1["error"], "invalid_grant", "a code is good once");
    assert_eq!(trade(&code(&desk), "another verifier", back).1["error"], "invalid_grant");
    assert_eq!(trade(&code(&desk), verifier, "http://127.0.0.1:9/other").1["error"], "invalid_grant");
    let late = code(&desk);
    desk.clock.advance(Duration::from_mins(10));
    assert_eq!(trade(&late, verifier, back).1["error"], "invalid_grant");
}

#[test]
fn selection_scopes_and_roots_fail_by_their_own_errors() {
    let desk = Desk::new();
    let list = json!({ "path": "" });
    for (who, tag) in [
        (As::User("ivan"), "user_suspended"),
        (As::User("nina"), "invalid_select_user"),
        (As::User("pat"), "invalid_select_user"),
        (As::Admin("erin"), "invalid_select_admin"),
    ] {
        let (status, body) = desk.call(who, None, "files/list_folder", &list);
        assert_eq!((status, &body["error"][".tag"]), (401, &json!(tag)), "{who:?}");
    }
    let (erins, franks, company) = (desk.space("Erin Evans"), desk.space("Frank Möller"), desk.space("Company"));
    let rows = [
        (As::User("erin"), erins.as_str(), "files/list_folder", 200),
        (As::User("erin"), company.as_str(), "files/list_folder", 200),
        (As::User("erin"), franks.as_str(), "files/list_folder", 422),
        (As::User("erin"), "1", "files/list_folder", 422),
        (As::Admin("ada"), franks.as_str(), "files/list_folder", 200),
        (As::Admin("carl"), franks.as_str(), "files/list_folder", 200),
        (As::Admin("ada"), company.as_str(), "files/create_folder_v2", 200),
        (As::Admin("ada"), franks.as_str(), "files/create_folder_v2", 422),
    ];
    for (who, root, route, expected) in rows {
        let argument = if route == "files/list_folder" { list.clone() } else { json!({ "path": "/New" }) };
        let (status, body) = desk.call(who, Some(root), route, &argument);
        assert_eq!(status, expected, "{who:?} {root} {route} {body}");
        assert!(status != 422 || body["error"][".tag"] == "no_permission");
    }
    let mut headers = desk.headers(As::User("erin"), None);
    headers.push(("content-type".into(), "application/json".into()));
    headers.push(("dropbox-api-path-root".into(), json!({ ".tag": "root", "root": franks }).to_string()));
    let answer = desk.send(Door::DropboxApi, "files/list_folder", &headers, br#"{"path":""}"#);
    assert_eq!((answer.status, &json_of(&answer)["error"]["invalid_root"]["root_namespace_id"]), (422, &json!(erins)));
    desk.tenant.set_scopes(&["files.metadata.read", "team_data.member"]);
    assert_eq!(desk.call(As::User("erin"), None, "files/list_folder", &list).0, 200);
    let (status, body) = desk.call(As::Team, None, "team/members/list_v2", &json!({}));
    assert_eq!((status, &body["error"]), (401, &json!({ ".tag": "missing_scope", "required_scope": "members.read" })));
}

#[test]
fn people_are_told_with_their_standing_and_an_invited_one_is_lost_by_suspending() {
    let desk = Desk::new();
    let members = desk.good(As::Team, "team/members/list_v2", &json!({ "limit": 3 }));
    assert_eq!((members["members"].as_array().map(Vec::len), &members["has_more"]), (Some(3), &json!(true)));
    let rest = desk.good(As::Team, "team/members/list/continue_v2", &json!({ "cursor": members["cursor"] }));
    let rest2 = desk.good(As::Team, "team/members/list/continue_v2", &json!({ "cursor": rest["cursor"] }));
    let mut standings = Vec::new();
    for page in [&members, &rest, &rest2] {
        for member in page["members"].as_array().expect("members") {
            let profile = &member["profile"];
            standings.push((
                profile["email"].clone(),
                profile["status"][".tag"].clone(),
                member["roles"].as_array().map(Vec::len),
            ));
        }
    }
    assert_eq!((standings.len(), &rest2["has_more"]), (8, &json!(false)));
    assert!(standings.contains(&(json!("ivan@example.com"), json!("suspended"), Some(0))));
    assert!(standings.contains(&(json!("nina@example.com"), json!("invited"), Some(0))));
    assert!(standings.contains(&(json!("carl@example.com"), json!("active"), Some(1))));
    let user = |key: &str| json!({ ".tag": "team_member_id", "team_member_id": desk.member(key) });
    desk.good(As::Team, "team/members/suspend", &json!({ "user": user("nina"), "wipe_data": false }));
    let found = desk.good(
        As::Team,
        "team/members/get_info_v2",
        &json!({ "members": [user("nina"), { ".tag": "email", "email": "no@where.example" }] }),
    );
    assert_eq!(found["members_info"][0]["profile"]["status"][".tag"], "removed");
    assert_eq!(found["members_info"][1], json!({ ".tag": "id_not_found", "id_not_found": "no@where.example" }));
    desk.good(As::Team, "team/members/suspend", &json!({ "user": user("heidi") }));
    assert_eq!(desk.tenant.wiped(), ["heidi"], "wipe_data is true unless said otherwise");
    assert_eq!(
        desk.call(As::User("heidi"), None, "files/list_folder", &json!({ "path": "" })).1["error"][".tag"],
        "user_suspended"
    );
    desk.bad(As::Team, "team/members/suspend", &json!({ "user": user("heidi") }), "suspend_inactive_user/");
    desk.good(As::Team, "team/members/unsuspend", &json!({ "user": user("heidi") }));
    desk.bad(As::Team, "team/members/unsuspend", &json!({ "user": user("heidi") }), "unsuspend_non_suspended_member/");
    let admin = desk.good(As::Team, "team/token/get_authenticated_admin", &Value::Null);
    assert_eq!(admin["admin_profile"]["email"], "ada@example.com");
    let account = desk.good(As::User("erin"), "users/get_current_account", &Value::Null);
    assert_eq!((&account["root_info"][".tag"], &account["account_type"][".tag"]), (&json!("user"), &json!("business")));
    let [erin, frank] = ["erin", "frank"].map(|who| desk.good(As::User(who), "users/get_space_usage", &Value::Null));
    assert_eq!(erin["allocation"]["used"], frank["allocation"]["used"], "of the whole team");
    let team = erin["allocation"]["used"].as_u64().expect("bytes");
    let own = |usage: &Value| usage["used"].as_u64().expect("bytes");
    assert!(team > own(&erin) + own(&frank), "{team}");
    let groups = desk.good(As::Team, "team/groups/list", &json!({}));
    let names: Vec<&Value> =
        groups["groups"].as_array().expect("groups").iter().map(|group| &group["group_name"]).collect();
    assert_eq!(names, ["Everyone", "Finance", "Project X"]);
    let finance = json!({ "group": { ".tag": "group_id", "group_id": groups["groups"][1]["group_id"] }, "limit": 1 });
    let first = desk.good(As::Team, "team/groups/members/list", &finance);
    let second = desk.good(As::Team, "team/groups/members/list/continue", &json!({ "cursor": first["cursor"] }));
    assert_eq!(second["members"][0]["profile"]["email"], "frank@example.com");
}

#[test]
fn four_forms_of_too_many_calls() {
    let desk = Desk::new();
    let asked = ask(Door::DropboxApi, "/2/team/get_info", &[], b"null", &desk.clock);
    let forms: Vec<(bool, bool)> = (0..4)
        .map(|form| {
            let answer = desk.tenant.too_many(&asked, form, Duration::from_secs(7));
            assert_eq!(answer.status, 429);
            let header = answer.headers.iter().any(|(name, value)| name == "retry-after" && value == "7");
            (header, json_of(&answer)["error"]["retry_after"] == 7)
        })
        .collect();
    assert_eq!(forms, [(true, true), (false, true), (true, false), (false, false)]);
}
