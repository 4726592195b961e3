//! What is sent for a label, a lock or a hold, and what is read.

use super::super::places::bench::{Bench, Heard, file, folder, refusal};
use super::*;
use crate::model::ItemKind;
use crate::model::action::{Action, Holds};
use serde_json::{Value, json};

fn words(bench: &Bench) -> Vec<String> {
    bench.heard().iter().map(|heard| format!("{} {}", heard.by, heard.route)).collect()
}

fn apply(bench: &Bench, step: &Step, now: &ItemState) -> String {
    let applied = bench.ask(Action::Unlock, None, |asked| bench.tenant.apply_mark(asked, step, now));
    match applied {
        Applied::Done(requests) => format!("done {}", requests.join(" ")),
        Applied::Moved => "moved".into(),
        Applied::NameTaken => "name taken".into(),
        Applied::Blocked(block) => format!("blocked {block:?}"),
        Applied::Unclear(error) => format!("unclear {}", error.said()),
        Applied::Later(error) => format!("later {}", error.said()),
    }
}

fn template(name: &str) -> Value {
    json!({"name": name, "description": "x", "fields": [{"name": "label", "description": "x", "type": {".tag": "string"}}]})
}

fn editors() -> Value {
    let user = |account: &str, role: &str| {
        json!({"access_type": {".tag": role}, "is_inherited": false,
               "user": {"account_id": account, "email": "x@example.com", "same_team": true}})
    };
    json!({"users": [user("dbid:ann", "viewer"), user("dbid:bob", "editor")], "groups": [], "invitees": []})
}

fn last(bench: &Bench) -> Heard {
    bench.heard().pop().expect("a call")
}

#[test]
fn the_template_is_found_by_its_name_or_made_once() {
    for (ids, makes) in [(json!(["ptid:a", "ptid:b"]), false), (json!(["ptid:a"]), true), (json!([]), true)] {
        let bench = Bench::new(&[
            ("file_properties/templates/list_for_team", 200, json!({ "template_ids": ids })),
            ("file_properties/templates/get_for_team", 200, template("another")),
            ("file_properties/templates/get_for_team", 200, template(label::TEMPLATE)),
            ("file_properties/templates/add_for_team", 200, json!({"template_id": "ptid:b"})),
            ("file_properties/properties/overwrite", 200, Value::Null),
        ]);
        let now = file(folder("10", "/a"));
        for label in ["Secret", "Open"] {
            assert_eq!(apply(&bench, &Step::SetLabel { label: label.into() }, &now), "done r1");
            let group = json!({"template_id": "ptid:b", "fields": [{"name": label::FIELD, "value": label}]});
            assert_eq!(last(&bench).argument, json!({"path": "id:f", "property_groups": [group]}));
            assert_eq!(last(&bench).by, "user dbmid:ann");
        }
        let made = bench.calls("file_properties/templates/add_for_team");
        assert_eq!(made.len(), usize::from(makes), "{ids}");
        assert_eq!(bench.calls("file_properties/templates/list_for_team").len(), 1);
    }
}

#[test]
fn a_label_is_read_from_our_template_alone() {
    let group =
        |template: &str, value: &str| json!({"template_id": template, "fields": [{"name": "label", "value": value}]});
    for (groups, set) in [
        (json!([group("ptid:a", "Secret")]), Some("Secret")),
        (json!([group("ptid:x", "Theirs"), group("ptid:a", "Secret")]), Some("Secret")),
        (json!([group("ptid:x", "Theirs")]), None),
        (json!([group("ptid:a", "")]), None),
        (json!(null), None),
    ] {
        let bench = Bench::new(&[
            ("file_properties/templates/list_for_team", 200, json!({"template_ids": ["ptid:a"]})),
            ("file_properties/templates/get_for_team", 200, template(label::TEMPLATE)),
            ("files/get_metadata", 200, json!({".tag": "file", "id": "id:f", "property_groups": groups})),
        ]);
        let now = file(folder("10", "/a"));
        let found = bench.ask(Action::Unlock, None, |asked| bench.tenant.labels_of(asked, &now)).expect("labels");
        assert_eq!((found.set.as_deref(), found.order.len()), (set, 0), "{groups}");
        let filter = &last(&bench).argument["include_property_groups"];
        assert_eq!(*filter, json!({".tag": "filter_some", "filter_some": ["ptid:a"]}));
    }
    let none = Bench::new(&[("file_properties/templates/list_for_team", 200, json!({"template_ids": []}))]);
    let now = file(folder("10", "/a"));
    let found = none.ask(Action::Unlock, None, |asked| none.tenant.labels_of(asked, &now)).expect("labels");
    assert_eq!((found.set, words(&none)), (None, vec!["team file_properties/templates/list_for_team".to_owned()]));
}

#[test]
fn what_the_team_owns_is_marked_by_a_member_who_may_edit() {
    let bench = Bench::new(&[
        ("sharing/list_folder_members", 200, editors()),
        ("file_properties/templates/list_for_team", 200, json!({"template_ids": ["ptid:a"]})),
        ("file_properties/templates/get_for_team", 200, template(label::TEMPLATE)),
        ("file_properties/properties/remove", 200, Value::Null),
    ]);
    assert_eq!(apply(&bench, &Step::ClearLabel, &file(folder("20", ""))), "done r1");
    let sent = last(&bench);
    assert_eq!(sent.by, "user dbmid:bob");
    assert_eq!(sent.argument, json!({"path": "id:f", "property_template_ids": ["ptid:a"]}));
    let mut dir = file(folder("10", "/a"));
    dir.kind = ItemKind::Folder;
    assert!(apply(&bench, &Step::SetLabel { label: "x".into() }, &dir).starts_with("blocked NotOffered"));
}

#[test]
fn a_locks_answer_says_how_it_went() {
    let failure = |tag: &str, more: Value| {
        let mut why = json!({ ".tag": tag });
        if let (Some(why), Some(more)) = (why.as_object_mut(), more.as_object()) {
            why.extend(more.clone());
        }
        json!({"entries": [{".tag": "failure", "failure": why}]})
    };
    let held = json!({"lock": {"content": {".tag": "single_user", "lock_holder_account_id": "dbid:bob"}}});
    for (told, is) in [
        (json!({"entries": [{".tag": "success", "lock": {}}]}), "done r1"),
        (failure("lock_conflict", held), "blocked Lock(Some(\"dbid:bob\"))"),
        (failure("path_lookup", json!({"path_lookup": {".tag": "not_found"}})), "moved"),
        (failure("too_many_write_operations", json!({})), "moved"),
        (failure("cannot_be_locked", json!({})), "blocked NotOffered(\"files of this kind cannot be locked\")"),
        (failure("file_not_shared", json!({})), "blocked NotOffered(\"only shared files can be locked\")"),
        (failure("no_write_permission", json!({})), "blocked NoRight(\"no_write_permission\")"),
        (failure("internal_error", json!({})), "unclear internal_error"),
        (json!({"entries": []}), "unclear an answer that is not what the API describes"),
    ] {
        let now = file(folder("10", "/a"));
        for (step, route, by) in [
            (Step::Lock { until: None, no_download: false }, "files/lock_file_batch", "user dbmid:ann"),
            (Step::Unlock, "files/unlock_file_batch", "admin dbmid:root"),
        ] {
            let bench = Bench::new(&[(route, 200, told.clone())]);
            assert_eq!(apply(&bench, &step, &now), is, "{told}");
            let sent = last(&bench);
            assert_eq!((sent.route.as_str(), sent.by.as_str()), (route, by));
            assert_eq!(sent.argument, json!({"entries": [{"path": "id:f"}]}));
        }
    }
}

#[test]
fn a_lock_is_ours_when_whoever_acts_holds_it() {
    for (info, lock) in [
        (json!(null), None),
        (json!({}), None),
        (json!({"is_lockholder": true, "lockholder_account_id": "dbid:ann"}), Some((Some("dbid:ann"), true))),
        (json!({"is_lockholder": false, "lockholder_account_id": "dbid:ann"}), Some((Some("dbid:ann"), true))),
        (json!({"is_lockholder": false, "lockholder_account_id": "dbid:bob"}), Some((Some("dbid:bob"), false))),
        (json!({"created": "2026-03-01T10:00:00Z"}), Some((None, false))),
    ] {
        let entry = serde_json::from_value(json!({"id": "id:f", "file_lock_info": info})).expect("an entry");
        let (bench, now) = (Bench::new(&[]), file(folder("10", "/a")));
        let found = bench.ask(Action::Unlock, None, |asked| bench.tenant.lock_of(asked, &now, &entry)).expect("a lock");
        let found = found.as_ref().map(|lock| (lock.by.as_deref(), lock.ours));
        assert_eq!(found, lock, "{info}");
    }
}

// --- holds ---

fn policy(id: &str, name: &str, status: &str, members: &[&str]) -> Value {
    json!({"id": id, "name": name, "status": {".tag": status}, "start_date": "2026-01-01T00:00:00Z",
           "members": {"team_member_ids": members, "permanently_deleted_users": 0}})
}

const LIST: &str = "team/legal_holds/list_policies";

#[test]
fn an_item_is_held_when_its_owner_is() {
    let known = |names: &[&str]| Holds::Known {
        holds: names.iter().map(|name| Arc::from(*name)).collect(),
        retentions: Vec::new(),
    };
    let policies = json!({"policies": [
        policy("p1", "Case A", "active", &["dbmid:ann", "dbmid:bob"]),
        policy("p2", "Case B", "releasing", &["dbmid:ann"]),
        policy("p3", "Case C", "released", &["dbmid:ann"]),
        policy("p4", "Case D", "active", &["dbmid:bob"]),
    ]});
    let (status, no_right) = refusal(&["insufficient_permissions"]);
    let scope = json!({"error": {".tag": "missing_scope", "required_scope": "team_data.governance.write"}});
    for (place, told, holds) in [
        ("10", (200, policies.clone()), known(&["Case A", "Case B"])),
        ("20", (200, policies), known(&[])),
        ("10", (200, json!({"policies": []})), known(&[])),
        ("10", (status, no_right), Holds::Unreadable("409 insufficient_permissions".into())),
        ("10", (401, scope), Holds::Unreadable("401 missing_scope team_data.governance.write".into())),
    ] {
        let (bench, now) = (Bench::new(&[(LIST, told.0, told.1)]), file(folder(place, "")));
        let found = bench.ask(Action::Trash, None, |asked| bench.tenant.holds_of(asked, &now));
        assert_eq!(found.expect("holds"), holds);
    }
}

#[test]
fn a_hold_is_a_policy_with_the_owner_in_it() {
    let hold = Step::Hold { policy: "Case A".into() };
    let end = Step::EndHold { policy: "Case A".into() };
    let case = |members: &[&str]| json!({"policies": [policy("p1", "Case A", "active", members)]});
    let none = || json!({"policies": []});
    for (step, there, is, sent) in [
        (&hold, none(), "done r1", Some(("create_policy", json!({"name": "Case A", "members": ["dbmid:ann"]})))),
        (
            &hold,
            case(&["dbmid:bob"]),
            "done r1",
            Some(("update_policy", json!({"id": "p1", "members": ["dbmid:bob", "dbmid:ann"]}))),
        ),
        (&hold, case(&["dbmid:ann"]), "moved", None),
        (&end, case(&["dbmid:ann"]), "done r1", Some(("release_policy", json!({"id": "p1"})))),
        (
            &end,
            case(&["dbmid:ann", "dbmid:bob"]),
            "done r1",
            Some(("update_policy", json!({"id": "p1", "members": ["dbmid:bob"]}))),
        ),
        (&end, none(), "moved", None),
    ] {
        let changes =
            ["create_policy", "update_policy", "release_policy"].map(|name| format!("team/legal_holds/{name}"));
        let mut told = vec![(LIST, 200, there.clone())];
        told.extend(changes.iter().map(|route| (route.as_str(), 200, json!({}))));
        let bench = Bench::new(&told);
        assert_eq!(apply(&bench, step, &file(folder("10", "/a"))), is, "{there}");
        let sent = sent.map(|(name, argument)| (format!("team/legal_holds/{name}"), argument));
        let heard = bench.heard().into_iter().find(|heard| heard.route != LIST);
        assert_eq!(heard.map(|heard| (heard.route, heard.argument)), sent, "{there}");
    }
    let bench = Bench::new(&[(LIST, 200, none())]);
    assert!(apply(&bench, &hold, &file(folder("20", ""))).starts_with("blocked NotOffered"));
    for (tag, is) in [
        ("name_must_be_unique", "blocked BadWish(\"a released hold has this name: give another one\")"),
        ("team_exceeded_legal_hold_quota", "blocked PlanLacks(\"409 team_exceeded_legal_hold_quota\")"),
        ("legal_hold_performing_another_operation", "moved"),
    ] {
        let (status, why) = refusal(&[tag]);
        let bench = Bench::new(&[(LIST, 200, none()), ("team/legal_holds/create_policy", status, why)]);
        assert_eq!(apply(&bench, &hold, &file(folder("10", "/a"))), is);
    }
}
