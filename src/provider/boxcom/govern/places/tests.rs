//! What each step of places sends, and what becomes of each answer, against a server that plays a script.

use super::*;
use crate::clock::Clock;
use crate::model::action::{Action, Order, State, TargetItem, Whose};
use crate::model::{Directory, Owner};
use crate::provider::boxcom::govern::notes::sha1_of;
use crate::provider::govern::Facets;
use crate::provider::http::script::{Play, Script, answer};
use crate::provider::http::{Http, Options};
use crate::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, HookKeys, Limits};
use crate::provider::{Secret, Settings};

/// A tenant whose every host is a script.
pub(in crate::provider::boxcom::govern) struct Stage {
    script: Script,
    pub(in crate::provider::boxcom::govern) tenant: Tenant,
    order: Order,
    people: Directory,
    /// Whether the order has let somebody in, as its journal says.
    pub(in crate::provider::boxcom::govern) lent: bool,
}

/// An answer of the API.
pub(in crate::provider::boxcom::govern) fn says(status: u16, body: &str) -> Play {
    answer(status, &["box-request-id: r-1"], body)
}

/// A refusal.
pub(in crate::provider::boxcom::govern) fn refuses(status: u16, code: &str) -> Play {
    says(status, &format!(r#"{{"type":"error","code":"{code}"}}"#))
}

impl Stage {
    /// A tenant that is asked to do this to item 7, and answered so.
    pub(in crate::provider::boxcom::govern) fn new(kind: ItemKind, action: Action, plays: Vec<Play>) -> Self {
        let clock = Clock::movable();
        let token = says(200, r#"{"access_token":"t","expires_in":3600}"#);
        let script = Script::play(&clock, std::iter::once(token).chain(plays).collect());
        let cloud = BoxSettings {
            api: script.url("api/"),
            upload: script.url("up/"),
            token: script.url("token"),
            authorize: script.url("authorize"),
            download_hosts: Vec::new(),
            auth: BoxAuth::ClientCredentials {
                client_id: "id".into(),
                client_secret: Secret::new("secret"),
                subject: BoxSubject::Enterprise("1".into()),
            },
            hook_keys: HookKeys::default(),
        };
        let settings = Settings {
            name: "main".parse().unwrap(),
            cloud: Cloud::Box(cloud.clone()),
            internal_domains: Vec::new(),
            limits: Limits { rate_per_principal: f64::INFINITY, ..Limits::default() },
            proxy: None,
            authority: None,
            history_days: 7,
            trash: true,
            holds: true,
            patience: Default::default(),
        };
        let http = Http::of(&settings, Options { tries_max: 2, ..Options::new(clock, Arc::default()) }).unwrap();
        let tenant = Tenant::open(&settings, &cloud, http).unwrap();
        let item = TargetItem { id: "7".into(), kind, place: "3".into(), read_as: person("3"), path: None };
        let on = Target::Item(item);
        let order = Order { id: "o-1".into(), on, action, version: None, expects: None, begun: None, password: None };
        Self { script, tenant, order, people: Directory::new([]), lent: false }
    }

    /// What the step or reading is for.
    pub(in crate::provider::boxcom::govern) fn asked<'a>(&'a self, prior: Option<&'a State>) -> Asked<'a> {
        Asked {
            order: &self.order,
            facets: Facets::of(&self.order.action),
            prior,
            lent: self.lent,
            people: &self.people,
        }
    }

    /// Requests after that for the token: line and body, each with what else is to be looked at.
    pub(in crate::provider::boxcom::govern) fn heard(&self) -> Vec<String> {
        let heard = self.script.heard();
        let told = heard.iter().skip(1).map(|one| {
            let (line, headers) = one.head.split_once("\r\n").unwrap();
            let line = line.trim_end_matches(" HTTP/1.1");
            let wanted = ["as-user:", "if-match:", "digest:", "content-range:", "content-md5:"];
            let kept = headers.lines().filter(|header| wanted.iter().any(|name| header.starts_with(name)));
            let kept: Vec<_> = kept.map(|header| format!(" [{header}]")).collect();
            let body = String::from_utf8_lossy(&one.body);
            let body = if body.is_empty() { String::new() } else { format!(" {body}") };
            format!("{line}{}{body}", kept.concat())
        });
        told.collect()
    }
}

pub(in crate::provider::boxcom::govern) fn person(id: &str) -> Principal {
    Principal::Person(id.into())
}

pub(in crate::provider::boxcom::govern) fn folder(id: &str, place: &str) -> Folder {
    Folder { id: Some(id.into()), place: place.into(), path: None, act_as: person(place) }
}

/// Item 7 of person 3, in folder 50.
pub(in crate::provider::boxcom::govern) fn now(kind: ItemKind) -> ItemState {
    ItemState {
        at: crate::clock::Moment::from_millis(1_767_225_600_000),
        kind,
        name: "a.txt".into(),
        folder: folder("50", "3"),
        as_folder: (kind == ItemKind::Folder).then(|| folder("7", "3")),
        owner: Some(Owner { account: Some("3".into()), login: None }),
        version: Some("70".into()),
        etag: Some("4".into()),
        hash: Some(sha1_of(b"text")),
        size_bytes: 4,
        trashed: false,
        links: Vec::new(),
        links_above: Vec::new(),
        members: crate::model::Members::None,
        invitations: None,
        labels: crate::model::action::Labels::default(),
        lock: None,
        holds: crate::model::action::Holds::NotAsked,
        note: None,
        copy: None,
        lent: None,
        said: None,
        seen_back: None,
        shared_as: None,
    }
}

/// What came of a step, shortly.
pub(in crate::provider::boxcom::govern) fn word(applied: &Applied) -> String {
    match applied {
        Applied::Done(requests) => format!("done {}", requests.len()),
        Applied::Moved => "moved".into(),
        Applied::NameTaken => "name taken".into(),
        Applied::Blocked(block) => format!("{block:?}"),
        Applied::Unclear(error) => format!("unclear: {}", error.said()),
        Applied::Later(error) => format!("later: {}", error.said()),
    }
}

const TO_60: &str = r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"parent":{"id":"60"}}"#;
const MEMBERS: &str = r#"{"entries":[{"id":"54","role":"editor","accessible_by":{"type":"group","id":"3"},"item":{"id":"60"}},
    {"id":"55","role":"editor","accessible_by":{"type":"user","id":"3"},"item":{"id":"60"}}]}"#;

/// Kind, step, answers, what becomes of it, how each request begins.
type Row = (ItemKind, Step, Vec<Play>, &'static str, Vec<&'static str>);

#[test]
fn what_each_step_sends_and_what_becomes_of_it() {
    use ItemKind::{File, Folder as Dir, WebLink};
    let ok = || says(200, "{}");
    let go = |id: &str, place: &str, name: &str| Step::MoveTo { to: folder(id, place), name: name.into() };
    let rows: Vec<Row> = vec![
        (File, Step::Trash, vec![says(204, "")], "done 1", vec!["DELETE /api/files/7 [as-user: 3] [if-match: 4]"]),
        (
            Dir,
            Step::Trash,
            vec![says(204, "")],
            "done 1",
            vec!["DELETE /api/folders/7?recursive=true [as-user: 3] [if-match: 4]"],
        ),
        (
            WebLink,
            Step::Trash,
            vec![says(204, "")],
            "done 1",
            vec!["DELETE /api/web_links/7 [as-user: 3] [if-match: 4]"],
        ),
        (File, Step::Trash, vec![refuses(412, "precondition_failed")], "moved", vec!["DELETE"]),
        (File, Step::Trash, vec![refuses(404, "trashed")], "moved", vec!["DELETE"]),
        (File, Step::Trash, vec![refuses(403, "access_denied_item_locked")], "Lock(None)", vec!["DELETE"]),
        (File, Step::Trash, vec![refuses(500, "oops")], "unclear: 500 oops", vec!["DELETE"]),
        (
            File,
            Step::Trash,
            vec![refuses(409, "operation_blocked_temporary")],
            "later: 409 operation_blocked_temporary",
            vec!["DELETE"],
        ),
        (
            File,
            Step::Untrash,
            vec![refuses(409, "item_name_in_use"), says(201, "{}")],
            "done 1",
            vec![
                r#"POST /api/files/7 [as-user: 3] {"parent":{"id":"0"}}"#,
                r#"POST /api/files/7 [as-user: 3] {"parent":{"id":"0"},"name":"a (2).txt"}"#,
            ],
        ),
        (File, go("60", "3", "a.txt"), vec![ok()], "done 1", vec![TO_60]),
        (
            File,
            go("60", "3", "b.txt"),
            vec![ok()],
            "done 1",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"parent":{"id":"60"},"name":"b.txt"}"#],
        ),
        (
            File,
            go("50", "3", "b.txt"),
            vec![ok()],
            "done 1",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"name":"b.txt"}"#],
        ),
        (
            File,
            go("0", "3", "a.txt"),
            vec![ok()],
            "done 1",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"parent":{"id":"0"}}"#],
        ),
        (
            File,
            go("0", "8", "a.txt"),
            vec![ok()],
            "done 1",
            vec![r#"PUT /api/files/7 [as-user: 3] [if-match: 4] {"parent":{"id":"0","user_id":"8"}}"#],
        ),
        (File, go("60", "3", "a.txt"), vec![refuses(409, "item_name_in_use")], "name taken", vec![TO_60]),
        (File, go("60", "8", "a.txt"), vec![refuses(403, "forbidden_by_policy")], "Shield", vec!["PUT"]),
        (
            Dir,
            go("60", "3", "b"),
            vec![ok(), ok()],
            "done 2",
            vec![
                r#"PUT /api/folders/7 [as-user: 3] [if-match: 4] {"name":"b"}"#,
                r#"PUT /api/folders/7 [as-user: 3] {"parent":{"id":"60"}}"#,
            ],
        ),
        (
            Dir,
            go("60", "3", "b"),
            vec![ok(), refuses(403, "forbidden_by_policy"), ok()],
            "Shield",
            vec!["PUT", "PUT", r#"PUT /api/folders/7 [as-user: 3] {"name":"a.txt"}"#],
        ),
        (
            Dir,
            go("60", "3", "b"),
            vec![ok(), refuses(503, "timeout")],
            "unclear: 503 timeout",
            vec!["PUT", r#"PUT /api/folders/7 [as-user: 3] {"parent""#],
        ),
        (
            File,
            Step::Lend { to: folder("60", "8") },
            vec![says(201, "{}")],
            "done 1",
            vec![
                r#"POST /api/collaborations?notify=false [as-user: 8] {"item":{"type":"folder","id":"60"},"accessible_by":{"type":"user","id":"3"},"role":"editor"}"#,
            ],
        ),
        (
            File,
            Step::Lend { to: folder("60", "8") },
            vec![refuses(400, "user_already_collaborator")],
            "moved",
            vec!["POST"],
        ),
        (
            File,
            Step::TakeBack { to: folder("60", "8") },
            vec![says(200, MEMBERS), says(204, "")],
            "done 1",
            vec![
                "GET /api/folders/60/collaborations?limit=1000 [as-user: 8]",
                "DELETE /api/collaborations/55 [as-user: 8]",
            ],
        ),
        (File, Step::TakeBack { to: folder("60", "8") }, vec![says(200, r#"{"entries":[]}"#)], "moved", vec!["GET"]),
        (
            File,
            Step::CopyTo { to: folder("60", "3"), name: "c.txt".into() },
            vec![says(201, "{}")],
            "done 1",
            vec![r#"POST /api/files/7/copy [as-user: 3] {"parent":{"id":"60"},"name":"c.txt","version":"70"}"#],
        ),
        (
            Dir,
            Step::CopyTo { to: folder("60", "3"), name: "c".into() },
            vec![refuses(409, "item_name_in_use")],
            "NameTaken",
            vec![r#"POST /api/folders/7/copy [as-user: 3] {"parent":{"id":"60"},"name":"c"}"#],
        ),
        (
            File,
            Step::Promote { version: "69".into() },
            vec![says(201, "{}")],
            "done 1",
            vec![r#"POST /api/files/7/versions/current [as-user: 3] {"id":"69","type":"file_version"}"#],
        ),
        (
            File,
            Step::Overwrite { text: "new".into() },
            vec![says(200, "{}")],
            "done 1",
            vec![
                "POST /up/files/7/content [as-user: 3] [if-match: 4] [content-md5: c2a6b03f190dfb2b4aa91f8af8d477a9bc3401dc] --",
            ],
        ),
        (Dir, Step::Overwrite { text: "new".into() }, vec![], "NotOffered(\"only a file has a content\")", vec![]),
    ];
    for (kind, step, plays, outcome, heard) in rows {
        let stage = Stage::new(kind, Action::Trash, plays);
        let now = now(kind);
        let prior = State::Item(Box::new(now.clone()));
        let applied = stage.tenant.apply_place(&stage.asked(Some(&prior)), &step, &now);
        let row = format!("{kind:?} {step:?}");
        assert_eq!(word(&applied), outcome, "{row}");
        let told = stage.heard();
        assert_eq!(told.len(), heard.len(), "{row}: {told:#?}");
        told.iter().zip(heard).for_each(|(told, wanted)| assert!(told.starts_with(wanted), "{row}: {told}"));
    }
}

#[test]
fn who_must_be_let_in_and_who_was() {
    let into = |id: &str, place: &str| Action::Move {
        to: folder(id, place),
        name: None,
        clash: crate::model::action::Clash::Refuse,
    };
    let before = || Some(ItemState { lent: None, ..now(ItemKind::File) });
    let nobody = || says(200, r#"{"entries":[]}"#);
    let (may, may_not) = (r#"{"permissions":{"can_rename":true}}"#, r#"{"permissions":{"can_rename":false}}"#);
    for (name, action, prior, ours, plays, lent) in [
        ("its own tree", into("60", "3"), None, false, vec![], None),
        ("somebody's root", into("0", "8"), None, false, vec![], None),
        ("not in", into("60", "8"), None, false, vec![nobody(), refuses(404, "not_found")], Some(false)),
        ("a viewer from above", into("60", "8"), None, false, vec![nobody(), says(200, may_not)], Some(false)),
        ("an editor from above", into("60", "8"), None, false, vec![nobody(), says(200, may)], None),
        ("an editor there", into("60", "8"), None, false, vec![says(200, MEMBERS)], None),
        ("let in by us", into("60", "8"), before(), true, vec![says(200, MEMBERS)], Some(true)),
        ("taken back", into("60", "8"), before(), true, vec![nobody()], Some(false)),
        ("let in by another", into("60", "8"), before(), false, vec![says(200, MEMBERS)], None),
        ("another gave back", into("60", "8"), before(), false, vec![nobody(), refuses(404, "not_found")], Some(false)),
    ] {
        let mut stage = Stage::new(ItemKind::File, action, plays);
        stage.lent = ours;
        let prior = prior.map(|prior| State::Item(Box::new(prior)));
        let got = stage.tenant.lent_state(&stage.asked(prior.as_ref()), &now(ItemKind::File)).unwrap();
        assert_eq!(got, lent, "{name}: {:#?}", stage.heard());
    }
}

#[test]
fn what_has_a_name_is_told_by_the_answer_to_one_question() {
    let conflict = |conflicts: &str| {
        says(409, &format!(r#"{{"code":"item_name_in_use","context_info":{{"conflicts":{conflicts}}}}}"#))
    };
    let some = |kind: &str, id: &str| Ok(Some(Named { kind: kind.into(), id: id.into() }));
    for (play, found) in [
        (says(200, r#"{"upload_url":"x"}"#), Ok(None)),
        (conflict(r#"{"type":"file","id":"5"}"#), some("file", "5")),
        (conflict(r#"[{"type":"folder","id":6}]"#), some("folder", "6")),
        (conflict("[]"), Err(Next::Transient)),
        (conflict("null"), Err(Next::Transient)),
        (refuses(409, "operation_blocked_temporary"), Err(Next::Locked)),
        (refuses(409, "storage_limit_exceeded"), Err(Next::Refused)),
        (refuses(404, "not_found"), Err(Next::Gone)),
    ] {
        let stage = Stage::new(ItemKind::File, Action::Trash, vec![play]);
        let got = stage.tenant.named(&folder("60", "3"), "a.txt").map_err(|error| error.next());
        assert_eq!(got, found);
        let asked = r#"OPTIONS /api/files/content [as-user: 3] {"name":"a.txt","parent":{"id":"60"},"size":0}"#;
        assert_eq!(stage.heard(), [asked]);
    }
}

#[test]
fn the_quarantine_is_found_or_made_once_and_closed() {
    let (free, made) = (|| says(200, "{}"), || says(201, r#"{"id":"90"}"#));
    let taken =
        || says(409, r#"{"code":"item_name_in_use","context_info":{"conflicts":[{"type":"folder","id":"90"}]}}"#);
    let closed = || {
        says(
            200,
            r#"{"can_non_owners_invite":false,"is_collaboration_restricted_to_enterprise":true,"shared_link":null}"#,
        )
    };
    let open = || says(200, r#"{"can_non_owners_invite":true,"shared_link":{"url":"x"}}"#);
    let me = || says(200, r#"{"id":"9"}"#);
    for (name, whose, plays, last) in [
        ("found", Whose::Owner, vec![taken(), closed()], "GET /api/folders/90?fields="),
        ("made", Whose::Owner, vec![free(), made(), closed()], "GET /api/folders/90?fields="),
        (
            "somebody was quicker",
            Whose::Owner,
            vec![free(), refuses(409, "item_name_in_use"), taken(), closed()],
            "GET",
        ),
        ("the answer got lost", Whose::Owner, vec![free(), refuses(502, "bad"), taken(), closed()], "GET"),
        (
            "open",
            Whose::Owner,
            vec![taken(), open(), says(200, "{}")],
            r#"PUT /api/folders/90 [as-user: 3] {"can_non_owners_invite":false,"is_collaboration_restricted_to_enterprise":true,"shared_link":null}"#,
        ),
        ("the company's", Whose::Company, vec![me(), taken(), closed()], "GET /api/folders/90?fields="),
    ] {
        let stage = Stage::new(ItemKind::File, Action::Trash, plays);
        let found = stage.tenant.quarantine_folder(whose, Some("3"), None).unwrap();
        let place = if whose == Whose::Company { ("9", Principal::Tenant) } else { ("3", person("3")) };
        assert_eq!((found.id.as_deref(), (&*found.place, found.act_as)), (Some("90"), place), "{name}");
        assert!(stage.heard().last().unwrap().starts_with(last), "{name}: {:#?}", stage.heard());
    }
}
