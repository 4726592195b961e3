//! Marks against a server that plays a script: what is sent, and what is read.

use super::super::places::tests::{Stage, now, refuses, says, word};
use super::*;
use crate::model::action::{Action, Holds, Labels, LockState, TargetItem};
use crate::model::{ItemKind, Principal};
use crate::provider::http::script::Play;

const AT: &str = "/api/files/7/metadata/enterprise/securityClassification-6VMVochwUWo [as-user: 3]";
const SCHEMA: &str = r#"{"fields":[{"key":"other","options":[{"key":"no"}]},
    {"key":"Box__Security__Classification__Key","options":[{"key":"Public"},{"key":"Secret"}]}]}"#;

fn labelled(set: Option<&str>, order: &[&str]) -> ItemState {
    let order = order.iter().map(|label| (*label).into()).collect();
    ItemState { labels: Labels { set: set.map(Into::into), order }, ..now(ItemKind::File) }
}

/// Step, state, answers, what becomes of it, how each request begins.
type Row = (Step, ItemState, Vec<Play>, &'static str, Vec<String>);

#[test]
fn what_each_mark_sends_and_what_becomes_of_it() {
    let plain = || labelled(None, &["Public", "Secret"]);
    let label = |label: &str| Step::SetLabel { label: label.into() };
    let until = Moment::from_millis(1_767_225_600_000);
    let text = || "Look.\n[sluicebox o-1]".into();
    let task = || Step::Task { text: text(), due: Some(until) };
    let none = || says(200, r#"{"total_count":0,"entries":[]}"#);
    let given = |entries: &str| {
        says(
            200,
            &format!(
                r#"{{"entries":[{{"id":"1","message":"x"}},
                {{"id":"81","message":"Look.\n[sluicebox o-1]","task_assignment_collection":{{"entries":[{entries}]}}}}]}}"#
            ),
        )
    };
    let locked = || ItemState {
        lock: Some(LockState { by: Some("5".into()), ours: false, until: None, no_download: false }),
        ..plain()
    };
    let policies =
        || says(200, r#"{"entries":[{"id":"40","policy_name":"Case 70"},{"id":"41","policy_name":"Case 7"}]}"#);
    let rows: Vec<Row> = vec![
        (
            label("Secret"),
            plain(),
            vec![says(201, "{}")],
            "done 1",
            vec![format!(r#"POST {AT} {{"Box__Security__Classification__Key":"Secret"}}"#)],
        ),
        (label("Secret"), plain(), vec![refuses(409, "tuple_already_exists")], "moved", vec!["POST".into()]),
        (
            label("Secret"),
            labelled(None, &[]),
            vec![refuses(404, "instance_not_found")],
            "NoSuchLabel(\"Secret\")",
            vec!["POST".into()],
        ),
        (
            label("Odd"),
            plain(),
            vec![refuses(400, "schema_validation_failed")],
            "NoSuchLabel(\"Odd\")",
            vec!["POST".into()],
        ),
        (
            label("Secret"),
            labelled(Some("Public"), &["Public", "Secret"]),
            vec![says(200, "{}")],
            "done 1",
            vec![format!(
                r#"PUT {AT} [{{"op":"test","path":"/Box__Security__Classification__Key","value":"Public"}},{{"op":"replace","path":"/Box__Security__Classification__Key","value":"Secret"}}]"#
            )],
        ),
        (
            label("Secret"),
            labelled(Some("Public"), &["Public", "Secret"]),
            vec![refuses(412, "precondition_failed")],
            "moved",
            vec!["PUT".into()],
        ),
        (Step::ClearLabel, plain(), vec![says(204, "")], "done 1", vec![format!("DELETE {AT}")]),
        (
            Step::Lock { until: None, no_download: false },
            plain(),
            vec![says(200, "{}")],
            "done 1",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"lock":{"type":"lock","is_download_prevented":false}}"#.into()],
        ),
        (
            Step::Lock { until: Some(until), no_download: true },
            plain(),
            vec![says(200, "{}")],
            "done 1",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"lock":{"type":"lock","is_download_prevented":true,"expires_at":"2026-01-01T00:00:00Z"}}"#.into()],
        ),
        (
            Step::Unlock,
            locked(),
            vec![refuses(403, "access_denied_item_locked")],
            "Lock(Some(\"5\"))",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"lock":null}"#.into()],
        ),
        (
            Step::Comment { text: text() },
            plain(),
            vec![says(201, "{}")],
            "done 1",
            vec![r#"POST /api/comments [as-user: 3] {"item":{"type":"file","id":"7"},"message":"Look.\n[sluicebox o-1]"}"#.into()],
        ),
        (
            Step::RemoveComment { id: "80".into() },
            plain(),
            vec![says(204, "")],
            "done 1",
            vec!["DELETE /api/comments/80 [as-user: 3]".into()],
        ),
        (
            task(),
            plain(),
            vec![none(), says(201, r#"{"id":81}"#), says(201, "{}")],
            "done 2",
            vec![
                "GET /api/files/7/tasks [as-user: 3]".into(),
                r#"POST /api/tasks [as-user: 3] {"item":{"type":"file","id":"7"},"action":"complete","message":"Look.\n[sluicebox o-1]","due_at":"2026-01-01T00:00:00Z"}"#.into(),
                r#"POST /api/task_assignments [as-user: 3] {"task":{"type":"task","id":"81"},"assign_to":{"id":"3"}}"#.into(),
            ],
        ),
        // It was made before a crash, and not given.
        (
            task(),
            plain(),
            vec![given(""), says(201, "{}")],
            "done 1",
            vec!["GET".into(), r#"POST /api/task_assignments [as-user: 3] {"task":{"type":"task","id":"81"},"assign_to":{"id":"3"}}"#.into()],
        ),
        (task(), plain(), vec![given("{}")], "done 0", vec!["GET".into()]),
        (task(), plain(), vec![none(), refuses(500, "oops")], "unclear: 500 oops", vec!["GET".into(), "POST".into()]),
        (
            Step::Hold { policy: "Case 7".into() },
            plain(),
            vec![policies(), says(201, "{}")],
            "done 1",
            vec![
                "GET /api/legal_hold_policies?policy_name=Case+7&fields=policy_name%2Cstatus&limit=1000".into(),
                r#"POST /api/legal_hold_policy_assignments {"policy_id":"41","assign_to":{"type":"file","id":"7"}}"#.into(),
            ],
        ),
        (
            Step::Hold { policy: "Case 8".into() },
            plain(),
            vec![policies(), says(201, r#"{"id":"42"}"#), refuses(409, "conflict")],
            "done 1",
            vec![
                "GET".into(),
                r#"POST /api/legal_hold_policies {"policy_name":"Case 8","is_ongoing":true}"#.into(),
                r#"POST /api/legal_hold_policy_assignments {"policy_id":"42","assign_to":{"type":"file","id":"7"}}"#.into(),
            ],
        ),
        (
            Step::EndHold { policy: "Case 7".into() },
            plain(),
            vec![
                policies(),
                says(200, r#"{"entries":[{"id":"90","assigned_to":{"type":"file","id":"7"}}]}"#),
                says(202, ""),
            ],
            "done 1",
            vec![
                "GET".into(),
                "GET /api/legal_hold_policy_assignments?policy_id=41&assign_to_type=file&assign_to_id=7&".into(),
                "DELETE /api/legal_hold_policy_assignments/90".into(),
            ],
        ),
        (
            Step::EndHold { policy: "Case 7".into() },
            plain(),
            vec![policies(), says(200, r#"{"entries":[]}"#)],
            "Hold(\"Case 7\")",
            vec!["GET".into(), "GET".into()],
        ),
    ];
    for (step, now, plays, outcome, heard) in rows {
        let stage = Stage::new(ItemKind::File, Action::Trash, plays);
        let applied = stage.tenant.apply_mark(&stage.asked(None), &step, &now);
        assert_eq!(word(&applied), outcome, "{step:?}: {:#?}", stage.heard());
        let told = stage.heard();
        assert_eq!(told.len(), heard.len(), "{step:?}: {told:#?}");
        told.iter().zip(heard).for_each(|(told, wanted)| assert!(told.starts_with(&wanted), "{step:?}: {told}"));
    }
}

#[test]
fn labels_are_read_and_their_order_is_asked_for_once() {
    let item = || TargetItem {
        id: "7".into(),
        kind: ItemKind::File,
        place: "3".into(),
        read_as: Principal::Person("3".into()),
        path: None,
    };
    let set = says(200, r#"{"Box__Security__Classification__Key":"Secret","$version":1}"#);
    let plays = vec![says(200, SCHEMA), set, refuses(404, "instance_not_found")];
    let stage = Stage::new(ItemKind::File, Action::Trash, plays);
    for wanted in [Some("Secret"), None] {
        let labels = stage.tenant.labels_of(&item(), &item().read_as).unwrap();
        assert_eq!(labels, labelled(wanted, &["Public", "Secret"]).labels);
    }
    let none = vec![refuses(404, "not_found"), refuses(404, "instance_not_found")];
    let stage = Stage::new(ItemKind::File, Action::Trash, none);
    assert_eq!(stage.tenant.labels_of(&item(), &item().read_as).unwrap(), Labels::default());
}

#[test]
fn an_item_is_held_by_itself_its_folders_its_owner_and_everything() {
    let policies = || {
        says(
            200,
            r#"{"entries":[{"id":"40","policy_name":"Case 7","status":"active"},{"id":"41","status":"released"}]}"#,
        )
    };
    let put = |kind: &str, id: &str| {
        says(
            200,
            &format!(
                r#"{{"entries":[{{"id":"90","assigned_to":{{"type":"{kind}","id":"{id}"}},"deleted_at":null}}]}}"#
            ),
        )
    };
    let gone = || {
        says(
            200,
            r#"{"entries":[{"id":"90","assigned_to":{"type":"file","id":"7"},"deleted_at":"2026-01-01T00:00:00Z"}]}"#,
        )
    };
    let none = || says(200, r#"{"entries":[],"next_marker":""}"#);
    let path = |ids: &[&str]| {
        let ids: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
        says(200, &format!(r#"{{"path_collection":{{"entries":[{}]}}}}"#, ids.join(",")))
    };
    let retained = || says(200, r#"{"entries":[{"winning_retention_policy":{"policy_name":"Seven years"}}]}"#);
    let (file, dir) = (ItemKind::File, ItemKind::Folder);
    let held: (&[&str], &[&str]) = (&["Case 7"], &[]);
    let free: (&[&str], &[&str]) = (&[], &[]);
    for (name, kind, plays, wanted) in [
        ("by itself", file, vec![policies(), put("file", "7"), none(), none()], held),
        ("another file", file, vec![policies(), put("file", "8"), none(), none()], free),
        ("its version", file, vec![policies(), put("file_version", "70"), none(), none()], held),
        (
            "an earlier version",
            file,
            vec![
                policies(),
                put("file_version", "69"),
                none(),
                none(),
                says(200, r#"{"entries":[{"id":"7"}]}"#),
                none(),
            ],
            held,
        ),
        ("its owner", file, vec![policies(), put("ownership", "3"), none(), none()], held),
        ("another person", file, vec![policies(), put("user", "4"), none(), none()], free),
        ("a folder above", file, vec![policies(), put("folder", "50"), none(), path(&["0", "50"]), none()], held),
        ("a folder beside", file, vec![policies(), put("folder", "51"), none(), path(&["0", "50"]), none()], free),
        ("no longer", file, vec![policies(), gone(), none(), none()], free),
        ("something unheard of", file, vec![policies(), put("planet", "1"), none(), none()], held),
        ("retained", file, vec![none(), none(), retained()], (&[], &["Seven years"])),
        ("itself, a folder", dir, vec![policies(), put("folder", "7"), none(), path(&["0"])], held),
        ("a file below", dir, vec![policies(), put("file", "8"), none(), path(&["0", "7", "60"])], held),
        ("a file elsewhere", dir, vec![policies(), put("file", "8"), none(), refuses(404, "not_found")], free),
        (
            "the enterprise",
            dir,
            vec![none(), says(200, r#"{"entries":[{"id":"1","policy_name":"All"}]}"#), put("enterprise", "")],
            (&[], &["All"]),
        ),
    ] {
        let stage = Stage::new(kind, Action::Trash, plays);
        let got = stage.tenant.holds_of(&stage.asked(None), &now(kind)).unwrap();
        let list = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        assert_eq!(
            got,
            Holds::Known { holds: list(wanted.0), retentions: list(wanted.1) },
            "{name}: {:#?}",
            stage.heard()
        );
    }
}

#[test]
fn holds_that_cannot_be_read_are_not_none_and_holds_are_read_once() {
    for (play, said) in
        [(refuses(403, "insufficient_scope"), "403 insufficient_scope"), (refuses(404, "not_found"), "404 not_found")]
    {
        let stage = Stage::new(ItemKind::File, Action::Trash, vec![play]);
        let got = stage.tenant.holds_of(&stage.asked(None), &now(ItemKind::File)).unwrap();
        assert_eq!(got, Holds::Unreadable(said.into()));
    }
    let none = || says(200, r#"{"entries":[]}"#);
    for (action, calls) in [(Action::Trash, 4), (Action::Hold { policy: "Case 7".into() }, 6)] {
        let stage = Stage::new(ItemKind::File, action, (0..6).map(|_| none()).collect());
        for _ in 0..2 {
            stage.tenant.holds_of(&stage.asked(None), &now(ItemKind::File)).unwrap();
        }
        assert_eq!(stage.heard().len(), calls);
    }
}

#[test]
fn what_was_said_is_known_by_its_mark() {
    let page = |total: u64, messages: &[&str]| {
        let entries = messages.iter().enumerate().map(|(id, text)| json!({"id": id, "message": text}));
        says(200, &json!({"total_count": total, "entries": entries.collect::<Vec<_>>()}).to_string())
    };
    let comment = || Action::Comment { text: "Look.".into() };
    for (name, plays, found) in [
        ("none", vec![page(0, &[])], None),
        ("others", vec![page(2, &["Hi", "[sluicebox o-10]"])], None),
        ("ours", vec![page(2, &["Hi", "Look.\n[sluicebox o-1]"])], Some("1")),
        ("on the next page", vec![page(1_001, &["Hi"]), page(1_001, &["[sluicebox o-1]"])], Some("0")),
    ] {
        let stage = Stage::new(ItemKind::File, comment(), plays);
        let got = stage.tenant.said_state(&stage.asked(None), &now(ItemKind::File)).unwrap();
        assert_eq!(got.as_deref(), found, "{name}");
    }
}
