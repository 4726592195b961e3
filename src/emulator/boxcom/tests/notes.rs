//! What is written to people: comments, tasks; what is asked of them; what folders hand down.

use super::{Desk, Door, json, said, text};

#[test]
fn a_comment_is_written_answered_listed_and_taken_away() {
    let desk = Desk::new(1);
    let file = desk.item(&["grace", "Private", "nobody else.txt"]);
    desk.invite("grace", "file", &file, "frank", "viewer");
    let say = |who: &str, kind: &str, id: &str, what: &str| {
        desk.api(who, "POST", "/comments", &format!("{{\"item\":{{\"type\":\"{kind}\",\"id\":\"{id}\"}},{what}}}"))
    };
    let tagged = format!("\"tagged_message\":\"Hello @[{}:Grace], look.\"", desk.id("grace"));
    let first = say("frank", "file", &file, &tagged);
    let id = text(&json(&first)["id"]);
    assert_eq!((first.status, text(&json(&first)["message"])), (201, "Hello Grace, look.".into()));
    let second = say("grace", "comment", &id, "\"message\":\"Seen.\"");
    assert_eq!((second.status, &json(&second)["is_reply_comment"]), (201, &true.into()));
    for (answer, status) in [
        (say("grace", "file", &file, "\"message\":\"\""), 400),
        (say("grace", "file", &file, "\"message\":\"x\",\"tagged_message\":\"y\""), 400),
        (say("grace", "folder", &file, "\"message\":\"x\""), 400),
        (say("erin", "file", &file, "\"message\":\"x\""), 404),
    ] {
        assert_eq!(answer.status, status);
    }
    let listed = desk.get("grace", &format!("/files/{file}/comments?limit=100"));
    assert_eq!((&listed["total_count"], text(&listed["entries"][1]["message"])), (&2.into(), "Seen.".into()));
    let seen = desk.now(&file).comments;
    assert_eq!((seen[0].by.as_str(), seen[0].message.as_str()), ("frank@example.com", "Hello Grace, look."));
    assert!(seen[0].tagged.contains("@["));
    let second = text(&json(&second)["id"]);
    assert_eq!(desk.api("frank", "DELETE", &format!("/comments/{second}"), "").status, 403, "another's");
    assert_eq!(desk.api("grace", "DELETE", &format!("/comments/{id}"), "").status, 204, "the owner's file");
    assert_eq!(desk.now(&file).comments.len(), 1);
}

#[test]
fn a_task_is_made_given_listed_and_taken_away() {
    let desk = Desk::new(1);
    let file = desk.item(&["grace", "Private", "nobody else.txt"]);
    let make = |more: &str| {
        desk.api("grace", "POST", "/tasks", &format!("{{\"item\":{{\"type\":\"file\",\"id\":\"{file}\"}}{more}}}"))
    };
    assert_eq!(make(",\"action\":\"sleep\"").status, 400);
    assert_eq!(make(",\"due_at\":\"tomorrow\"").status, 400);
    let made = make(
        ",\"action\":\"complete\",\"message\":\"Clean up\",\"due_at\":\"2030-01-01T00:00:00Z\",\"completion_rule\":\"any_assignee\"",
    );
    let id = text(&json(&made)["id"]);
    assert_eq!((made.status, text(&json(&made)["item"]["id"])), (201, file.clone()));
    let give = |who: &str| {
        desk.api(
            "grace",
            "POST",
            "/task_assignments",
            &format!(
                "{{\"task\":{{\"type\":\"task\",\"id\":\"{id}\"}},\"assign_to\":{{\"id\":\"{}\"}}}}",
                desk.id(who)
            ),
        )
    };
    assert_eq!(give("frank").status, 500, "who does not see the file");
    let given = give("grace");
    assert_eq!(
        (given.status, text(&json(&given)["resolution_state"]), give("grace").status),
        (201, "incomplete".into(), 409)
    );
    let listed = desk.get("grace", &format!("/files/{file}/tasks"));
    assert_eq!(
        text(&listed["entries"][0]["task_assignment_collection"]["entries"][0]["assigned_to"]["id"]),
        desk.id("grace")
    );
    let assignment = text(&json(&given)["id"]);
    let done =
        desk.api("grace", "PUT", &format!("/task_assignments/{assignment}"), "{\"resolution_state\":\"completed\"}");
    assert_eq!((done.status, &desk.get("grace", &format!("/tasks/{id}"))["is_completed"]), (200, &true.into()));
    let seen = desk.now(&file).tasks;
    assert_eq!((seen[0].message.as_str(), &seen[0].assigned[..]), ("Clean up", &["grace@example.com".to_owned()][..]));
    assert_eq!(desk.api("frank", "DELETE", &format!("/tasks/{id}"), "").status, 404);
    assert_eq!(desk.api("grace", "DELETE", &format!("/tasks/{id}"), "").status, 204);
    assert_eq!(
        (desk.now(&file).tasks.len(), desk.get("grace", &format!("/files/{file}/tasks"))["total_count"].as_u64()),
        (0, Some(0))
    );
}

#[test]
fn people_are_suspended_signed_out_and_asked_for_a_password() {
    let desk = Desk::new(1);
    let put = |who: &str, whom: &str, body: &str| desk.api(who, "PUT", &format!("/users/{}", desk.id(whom)), body);
    for (who, whom, body, status) in [
        ("ada", "erin", "{\"status\":\"inactive\"}", 200),
        ("ada", "ada", "{\"status\":\"inactive\"}", 403),
        ("carl", "ada", "{\"status\":\"inactive\"}", 403),
        ("carl", "carl", "{\"status\":\"inactive\"}", 403),
        ("frank", "grace", "{\"status\":\"inactive\"}", 403),
        ("service", "grace", "{\"status\":\"asleep\"}", 400),
        ("service", "pat", "{\"status\":\"inactive\"}", 404),
        ("service", "grace", "{\"is_password_reset_required\":\"yes\"}", 400),
        ("service", "grace", "{\"is_password_reset_required\":true}", 200),
    ] {
        assert_eq!(put(who, whom, body).status, status, "{who} {whom} {body}");
    }
    let user = |key: &str| desk.tenant.seen_user(&desk.id(key)).expect("a person");
    assert_eq!((user("erin").status, user("ada").status, user("grace").password_asked), ("inactive", "active", true));
    assert_eq!(desk.api("erin", "GET", "/folders/0/items", "").status, 403, "nobody acts as an inactive person");
    let own = desk.ccg("user", &desk.id("frank"));
    let me = |token: &str| {
        desk.ask(Door::BoxApi, "GET", "/2.0/users/me", &[("authorization", &format!("Bearer {token}"))], b"").status
    };
    assert_eq!(me(&own), 200);
    let end = |body: &str| desk.api("service", "POST", "/users/terminate_sessions", body);
    for (body, status, refused) in [
        ("{\"user_ids\":[],\"user_logins\":[]}", 400, true),
        ("{\"user_ids\":[\"1\"],\"user_logins\":[]}", 404, false),
        ("{\"user_logins\":[\"frank@example.com\"]}", 202, true),
        ("{\"user_ids\":[],\"user_logins\":[\"frank@example.com\"]}", 202, false),
    ] {
        let answer = end(body);
        assert_eq!((answer.status, answer.refused.is_some()), (status, refused), "{body}");
    }
    assert_eq!((me(&own), user("frank").sessions_ended), (401, 2));
}

#[test]
fn a_folder_hands_its_label_down() {
    let desk = Desk::new(1);
    let (folder, inner) =
        (desk.item(&["grace", "Open folder"]), desk.item(&["grace", "Open folder", "Deeper", "inherits the link.txt"]));
    let template = "securityClassification-6VMVochwUWo";
    let place = format!("/folders/{folder}/metadata/enterprise/{template}");
    let cascade = |id: &str, key: &str| {
        desk.api(
            "grace",
            "POST",
            "/metadata_cascade_policies",
            &format!("{{\"folder_id\":\"{id}\",\"scope\":\"enterprise\",\"templateKey\":\"{key}\"}}"),
        )
    };
    assert_eq!(desk.api("grace", "POST", &place, "{\"Box__Security__Classification__Key\":\"Internal\"}").status, 201);
    assert_eq!(desk.now(&inner).label, None);
    for (answer, wanted) in [
        (cascade("0", template), (403, "forbidden")),
        (cascade(&folder, "nothing"), (404, "instance_tuple_not_found")),
        (cascade(&folder, template), (201, "")),
        (cascade(&folder, template), (409, "tuple_already_exists")),
    ] {
        assert_eq!(said(&answer), (wanted.0, wanted.1.to_owned()));
    }
    assert_eq!(desk.now(&inner).label.as_deref(), Some("Internal"));
    let up = desk.upload("grace", &folder, "later.txt", "x");
    let later = text(&json(&up)["entries"][0]["id"]);
    assert_eq!(desk.now(&later).label.as_deref(), Some("Internal"));
    let patch = "[{\"op\":\"replace\",\"path\":\"/Box__Security__Classification__Key\",\"value\":\"Restricted\"}]";
    let kind = [("content-type", "application/json-patch+json")];
    assert_eq!(desk.call(Door::BoxApi, "grace", "PUT", &format!("/2.0{place}"), &kind, patch.as_bytes()).status, 200);
    assert_eq!(desk.now(&inner).label.as_deref(), Some("Restricted"));
    let listed = desk.get("grace", &format!("/metadata_cascade_policies?folder_id={folder}"));
    let id = text(&listed["entries"][0]["id"]);
    assert_eq!(text(&listed["entries"][0]["templateKey"]), template);
    assert_eq!(desk.api("grace", "DELETE", &format!("/metadata_cascade_policies/{id}"), "").status, 204);
    assert_eq!(desk.api("grace", "GET", &format!("/metadata_cascade_policies/{id}"), "").status, 404);
    assert_eq!(desk.now(&inner).label.as_deref(), Some("Restricted"), "what was handed down stays");
}

#[test]
fn only_those_who_may_admit_send_away() {
    for (role, owners_invite, status) in
        [("editor", false, 204), ("editor", true, 403), ("co-owner", true, 204), ("viewer", false, 403)]
    {
        let desk = Desk::new(1);
        let folder = desk.item(&["grace", "Private"]);
        let theirs = desk.invite("grace", "folder", &folder, "erin", "viewer");
        desk.invite("grace", "folder", &folder, "frank", role);
        if owners_invite {
            assert_eq!(
                desk.api("grace", "PUT", &format!("/folders/{folder}"), "{\"can_non_owners_invite\":false}").status,
                200
            );
        }
        assert_eq!(
            desk.api("frank", "DELETE", &format!("/collaborations/{theirs}"), "").status,
            status,
            "{role} {owners_invite}"
        );
        let left = desk.now(&folder).members.len();
        assert_eq!(left, if status == 204 { 1 } else { 2 }, "{role} {owners_invite}");
    }
}
