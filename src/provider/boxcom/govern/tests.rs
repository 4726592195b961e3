//! What each step sends, what each refusal becomes, and who acts, against a server that plays a script.

use super::*;
use crate::clock::Clock;
use crate::model::action::{Action, Invitations, LinkWish, OwnLink, Password, PersonState, Share};
use crate::model::{Audience, Member, Members, Owner, Person, Role, Side, Status, Who};
use crate::provider::govern::Facets;
use crate::provider::http::script::{Play, Script, answer};
use crate::provider::http::{self, Http};
use crate::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, HookKeys, Limits};
use crate::provider::{Secret, Settings};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The stage of one row: a tenant whose service account is 9, and the script it talks to.
struct Stage {
    script: Script,
    tenant: Tenant,
    people: Directory,
}

impl Stage {
    fn new(plays: Vec<Play>) -> Self {
        http::install_tls();
        let clock = Clock::movable();
        let token = answer(200, &[], r#"{"access_token":"t","expires_in":3600}"#);
        let script = Script::play(&clock, [vec![token], plays].concat());
        let settings = settings(&script);
        let Cloud::Box(cloud) = &settings.cloud else { unreachable!("the settings of a Box enterprise") };
        let options = http::Options::new(clock, Arc::new(AtomicBool::new(false)));
        let tenant = Tenant::open(&settings, cloud, Http::of(&settings, options).unwrap()).unwrap();
        Self { script, tenant, people: people() }
    }

    /// What was asked after the token: `PUT /files/7 as 3 if 5 {body}`.
    fn heard(&self) -> Vec<String> {
        let told = |heard: &crate::provider::http::script::Heard| {
            let mut lines = heard.head.lines();
            let line = lines.next().unwrap_or_default().replace(" HTTP/1.1", "").replace("/2.0/", "");
            let header = |name: &str| {
                heard.head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).map(str::to_owned)
            };
            let by = header("as-user:").map_or(String::new(), |id| format!(" as {id}"));
            let etag = header("if-match:").map_or(String::new(), |etag| format!(" if {etag}"));
            format!("{line}{by}{etag} {}", sorted(&heard.body)).trim_end().to_owned()
        };
        self.script.heard().iter().skip(1).map(told).collect()
    }

    fn asked<'a>(&'a self, order: &'a Order) -> Asked<'a> {
        Asked { order, facets: Facets::of(&order.action), prior: None, lent: false, people: &self.people }
    }

    fn apply(&self, order: &Order, step: &Step, now: &State) -> String {
        told(&self.tenant.apply(&self.asked(order), step, now))
    }
}

/// JSON with its keys in order; empty for no body.
fn sorted(body: &[u8]) -> String {
    fn in_order(value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let map: BTreeMap<String, Value> = map.into_iter().collect();
                Value::Object(map.into_iter().map(|(key, value)| (key, in_order(value))).collect())
            }
            other => other,
        }
    }
    serde_json::from_slice(body).map_or(String::new(), |value| in_order(value).to_string())
}

fn settings(script: &Script) -> Settings {
    Settings {
        name: "main".parse().unwrap(),
        cloud: Cloud::Box(BoxSettings {
            api: script.url("2.0/"),
            upload: script.url("2.0/"),
            token: script.url("token"),
            authorize: script.url("authorize"),
            download_hosts: vec![script.host()],
            auth: BoxAuth::ClientCredentials {
                client_id: "id".into(),
                client_secret: Secret::new("secret"),
                subject: BoxSubject::Enterprise("1".into()),
            },
            hook_keys: HookKeys::default(),
        }),
        internal_domains: vec!["example.com".into()],
        limits: Limits::default(),
        proxy: None,
        authority: None,
        history_days: 7,
        trash: true,
        holds: true,
        patience: Default::default(),
    }
}

/// 3 and 4 members, 5 inactive, 6 of another company, 9 the service account.
fn people() -> Directory {
    let mut people = Directory::new(["example.com".to_owned()]);
    for (id, role, side, status) in [
        ("3", Role::Member, Side::Internal, Status::Active),
        ("4", Role::Member, Side::Internal, Status::Active),
        ("5", Role::Member, Side::Internal, Status::Inactive),
        ("6", Role::Member, Side::External, Status::Active),
        ("9", Role::Service, Side::Internal, Status::Active),
    ] {
        let login = format!("{id}@example.com").into();
        people.add(Person { id: id.into(), account: id.into(), login, name: id.into(), side, role, status });
    }
    people
}

/// What came of it, in short.
fn told(applied: &Applied) -> String {
    match applied {
        Applied::Done(requests) => format!("done {}", requests.join(" ")).trim_end().to_owned(),
        Applied::Moved => "moved".into(),
        Applied::NameTaken => "name taken".into(),
        Applied::Blocked(block) => format!("{block:?}"),
        Applied::Unclear(error) => format!("unclear {}", error.said()),
        Applied::Later(error) => format!("later {}", error.said()),
    }
}

fn order(kind: ItemKind, action: Action) -> Order {
    let on = TargetItem { id: "7".into(), kind, place: "3".into(), read_as: Principal::Person("3".into()), path: None };
    let password = Some(Password::new("Correct-horse-9"));
    Order { id: "o".into(), on: Target::Item(on), action, version: None, expects: None, begun: None, password }
}

/// File 7 of person 3 with a public link, as it was just read under etag 5.
fn now(links: Vec<OwnLink>) -> ItemState {
    let act_as = Principal::Person("3".into());
    ItemState {
        at: Moment::from_millis(0),
        kind: ItemKind::File,
        name: "a.txt".into(),
        folder: Folder { id: Some("50".into()), place: "3".into(), path: None, act_as },
        as_folder: None,
        owner: Some(Owner { account: Some("3".into()), login: None }),
        version: Some("70".into()),
        etag: Some("5".into()),
        hash: None,
        size_bytes: 1,
        trashed: false,
        links,
        links_above: Vec::new(),
        members: Members::None,
        invitations: Some(Invitations { outsiders: true, approved_only: false, by_members: false }),
        labels: Default::default(),
        lock: None,
        holds: Default::default(),
        note: None,
        copy: None,
        lent: None,
        said: None,
        seen_back: None,
        shared_as: None,
    }
}

fn link() -> OwnLink {
    OwnLink {
        key: "own".into(),
        audience: Audience::Public,
        asked: Audience::Public,
        password: false,
        expires: None,
        download: Some(true),
        owner: None,
        url: None,
    }
}

fn member(id: Option<&str>, who: Who) -> Member {
    Member { id: id.map(Into::into), who, role: "editor".into(), pending: false, inherited_from: None, expires: None }
}

fn set(wish: LinkWish) -> Step {
    Step::SetLink { key: "own".into(), wish }
}

fn good() -> Play {
    answer(200, &["BOX-REQUEST-ID: r1"], "{}")
}

#[test]
fn what_each_step_of_sharing_sends() {
    let at = Moment::parse("2030-01-01T00:00:00Z").unwrap();
    let person = Who::Person { account: Some("4".into()), login: None, side: None };
    let invited = Who::Invited { login: "x@y.z".into() };
    let group = Who::Group { id: "11".into(), side: None };
    let nobody = Who::Unauthenticated;
    let end = || Step::EndLink { key: "own".into() };
    let make = |wish| Step::MakeLink { wish, owner: None };
    let add = |who| Step::AddMember { member: member(None, who) };
    let link_put = "PUT files/7?fields=shared_link as 3 if 5 ";
    for (step, links, sent, came) in [
        (end(), vec![link()], format!(r#"{link_put}{{"shared_link":null}}"#), "done r1"),
        (end(), vec![], String::new(), "moved"),
        (
            set(LinkWish { audience: Some(Audience::Company), ..LinkWish::default() }),
            vec![link()],
            format!(r#"{link_put}{{"shared_link":{{"access":"company"}}}}"#),
            "done r1",
        ),
        (
            set(LinkWish { expires: Some(Some(at)), ..LinkWish::default() }),
            vec![link()],
            format!(r#"{link_put}{{"shared_link":{{"access":"open","unshared_at":"2030-01-01T00:00:00Z"}}}}"#),
            "done r1",
        ),
        (
            set(LinkWish { expires: Some(None), password: Some(false), ..LinkWish::default() }),
            vec![link()],
            format!(r#"{link_put}{{"shared_link":{{"access":"open","password":null,"unshared_at":null}}}}"#),
            "done r1",
        ),
        (
            set(LinkWish { password: Some(true), ..LinkWish::default() }),
            vec![link()],
            format!(r#"{link_put}{{"shared_link":{{"access":"open","password":"Correct-horse-9"}}}}"#),
            "done r1",
        ),
        (
            set(LinkWish { download: Some(false), ..LinkWish::default() }),
            vec![OwnLink { asked: Audience::Company, ..link() }],
            format!(r#"{link_put}{{"shared_link":{{"access":"company","permissions":{{"can_download":false}}}}}}"#),
            "done r1",
        ),
        // Never a body that would make a link: none without one that was read, none that says nothing.
        (set(LinkWish { audience: Some(Audience::Company), ..LinkWish::default() }), vec![], String::new(), "moved"),
        (set(LinkWish::default()), vec![link()], String::new(), "moved"),
        (
            make(LinkWish { audience: Some(Audience::Members), download: Some(false), ..LinkWish::default() }),
            vec![],
            format!(r#"{link_put}{{"shared_link":{{"access":"collaborators"}}}}"#),
            "done r1",
        ),
        (make(LinkWish { audience: Some(Audience::Public), ..LinkWish::default() }), vec![link()], String::new(), "moved"),
        (
            make(LinkWish { audience: Some(Audience::Unknown), ..LinkWish::default() }),
            vec![],
            String::new(),
            r#"NotOffered("whom the link let in is not known")"#,
        ),
        (Step::EndMember { member: member(Some("c"), person.clone()) }, vec![], "DELETE collaborations/c as 3".into(), "done r1"),
        (
            Step::EndMember { member: member(None, person.clone()) },
            vec![],
            String::new(),
            r#"NotOffered("Box did not tell the id of the membership")"#,
        ),
        (
            Step::SetRole { member: member(Some("c"), person.clone()), role: "viewer".into() },
            vec![],
            r#"PUT collaborations/c as 3 {"role":"viewer"}"#.into(),
            "done r1",
        ),
        (
            Step::SetRole { member: member(Some("c"), person.clone()), role: "owner".into() },
            vec![],
            String::new(),
            r#"NotOffered("a new owner is no change of role")"#,
        ),
        (
            add(person),
            vec![],
            r#"POST collaborations?notify=false as 3 {"accessible_by":{"id":"4","type":"user"},"item":{"id":"7","type":"file"},"role":"editor"}"#.into(),
            "done r1",
        ),
        (
            add(invited),
            vec![],
            r#"POST collaborations?notify=false as 3 {"accessible_by":{"login":"x@y.z","type":"user"},"item":{"id":"7","type":"file"},"role":"editor"}"#.into(),
            "done r1",
        ),
        (
            add(group),
            vec![],
            r#"POST collaborations?notify=false as 3 {"accessible_by":{"id":"11","type":"group"},"item":{"id":"7","type":"file"},"role":"editor"}"#.into(),
            "done r1",
        ),
        (add(nobody), vec![], String::new(), r#"NotOffered("a member without a name cannot be brought back")"#),
        (
            Step::SetInvitations { rules: Invitations { outsiders: false, approved_only: false, by_members: false } },
            vec![],
            r#"PUT folders/7?fields=id as 3 if 5 {"is_collaboration_restricted_to_enterprise":true}"#.into(),
            "done r1",
        ),
    ] {
        let stage = Stage::new(vec![good()]);
        let came_of = stage.apply(&order(ItemKind::File, Action::RemoveLinks), &step, &State::Item(Box::new(now(links))));
        assert_eq!((stage.heard().join("\n"), came_of.as_str()), (sent, came), "{step:?}");
    }
}

#[test]
fn what_each_refusal_becomes() {
    let end = Step::EndLink { key: "own".into() };
    let expire = set(LinkWish { expires: Some(None), ..LinkWish::default() });
    let protect = set(LinkWish { password: Some(true), ..LinkWish::default() });
    let close = set(LinkWish { audience: Some(Audience::Members), ..LinkWish::default() });
    let denied = "access_denied_insufficient_permissions";
    for (step, status, code, came) in [
        (&end, 403, "forbidden_by_policy", "Shield"),
        (&end, 403, "access_denied_item_locked", "Lock(None)"),
        (&end, 403, denied, r#"NoRight("access_denied_insufficient_permissions")"#),
        (&end, 403, "insufficient_scope", r#"NoRight("insufficient_scope")"#),
        (&end, 403, "", r#"NoRight("403")"#),
        (&end, 403, "forbidden_by_legal_hold", r#"Hold("forbidden_by_legal_hold")"#),
        (&end, 403, "under_retention", r#"Retention("under_retention")"#),
        (&end, 404, "not_found", "moved"),
        (&end, 412, "precondition_failed", "moved"),
        (&end, 409, "operation_blocked_temporary", "later 409 operation_blocked_temporary"),
        (&end, 400, "bad_request", r#"BadWish("Box does not take it (400 bad_request)")"#),
        (&close, 403, denied, r#"NoRight("access_denied_insufficient_permissions")"#),
        // An owner has every right to an own link: what is refused then is not in the plan.
        (&expire, 403, denied, r#"PlanLacks("access_denied_insufficient_permissions")"#),
        (&protect, 403, denied, r#"PlanLacks("access_denied_insufficient_permissions")"#),
        (
            &protect,
            400,
            "bad_request",
            r#"BadWish("Box does not take this password: it needs eight characters or more, with a number, a capital letter or a sign")"#,
        ),
    ] {
        let stage = Stage::new(vec![answer(status, &[], &format!(r#"{{"code":"{code}"}}"#))]);
        let came_of =
            stage.apply(&order(ItemKind::File, Action::RemoveLinks), step, &State::Item(Box::new(now(vec![link()]))));
        assert_eq!(came_of, came, "{status} {code} to {step:?}");
        assert_eq!(stage.heard().len(), 1, "{status} {code}: sent once");
    }
}

#[test]
fn a_change_without_a_clear_answer_is_not_sent_again() {
    for play in [answer(500, &[], ""), answer(503, &[], ""), Play::Send(Vec::new())] {
        let stage = Stage::new(vec![play.clone(), good()]);
        let end = Step::EndLink { key: "own".into() };
        let came_of =
            stage.apply(&order(ItemKind::File, Action::RemoveLinks), &end, &State::Item(Box::new(now(vec![link()]))));
        assert!(came_of.starts_with("unclear"), "{play:?}: {came_of}");
        assert_eq!(stage.heard().len(), 1, "{play:?}");
    }
}

/// File 7 as Box tells it.
fn file(owner: &str, more: &str) -> Play {
    let body = format!(
        r#"{{"type":"file","id":"7","etag":"5","name":"a.txt","owned_by":{{"type":"user","id":"{owner}"}},"parent":{{"id":"50"}},
            "path_collection":{{"entries":[{{"id":"0"}},{{"id":"40"}},{{"id":"50"}}]}}{more}}}"#
    );
    answer(200, &[], &body)
}

fn list(entries: &str) -> Play {
    answer(200, &[], &format!(r#"{{"entries":[{entries}]}}"#))
}

fn collaboration(id: &str, user: &str, role: &str) -> String {
    format!(
        r#"{{"id":"{id}","role":"{role}","status":"accepted","accessible_by":{{"type":"user","id":"{user}"}},"item":{{"id":"7"}}}}"#
    )
}

fn me() -> Play {
    answer(200, &[], r#"{"type":"user","id":"9","login":"s@b.c"}"#)
}

fn has_some() -> Play {
    answer(200, &[], r#"{"has_collaborations":true}"#)
}

fn has_none() -> Play {
    answer(200, &[], r#"{"has_collaborations":false}"#)
}

fn missing() -> Play {
    answer(404, &[], r#"{"code":"not_found"}"#)
}

#[test]
fn who_acts_is_found_by_the_owner_then_by_the_members() {
    let link = r#","shared_link":{"access":"open","effective_access":"company","is_password_enabled":true}"#;
    let editors = format!("{},{}", collaboration("c", "4", "editor"), collaboration("d", "3", "viewer"));
    for (why, plays, acts, has_actor) in [
        ("the owner", vec![file("3", link)], "person 3", true),
        ("another owner than who saw it", vec![file("4", link), file("4", link)], "person 4", true),
        (
            "an outsider's: a colleague who may edit",
            vec![file("6", link), me(), list(&editors), has_some(), file("6", link)],
            "person 4",
            true,
        ),
        (
            "an outsider's: nobody who may edit",
            vec![file("6", link), me(), list(&collaboration("d", "3", "viewer")), has_some()],
            "person 3",
            false,
        ),
        ("the service account's", vec![missing(), file("9", link), me()], "tenant", true),
    ] {
        let stage = Stage::new(plays);
        let order = order(ItemKind::File, Action::RestoreLinks { links: vec![] });
        let Target::Item(target) = &order.on else { unreachable!("an order on an item") };
        let state = stage.tenant.item(&stage.asked(&order), target).unwrap();
        let Some(State::Item(state)) = state else { panic!("{why}: nothing was found") };
        assert_eq!(state.folder.act_as.to_string(), acts, "{why}: {:?}", stage.heard());
        assert_eq!(state.folder.id.as_deref(), Some("50"), "{why}");
        let [own] = state.links.as_slice() else { panic!("{why}: one link") };
        assert_eq!((own.audience, own.asked, own.password), (Audience::Company, Audience::Public, true), "{why}");
        if !has_actor {
            let stage = Stage::new(vec![me(), list(&collaboration("d", "3", "viewer")), has_some()]);
            let end = Step::EndLink { key: "own".into() };
            assert_eq!(stage.apply(&order, &end, &State::Item(state)), "NobodyToAct", "{why}");
        }
    }
}

#[test]
fn what_nobody_sees_is_gone_in_the_trash_or_out_of_sight() {
    let denied = || answer(403, &[], r#"{"code":"access_denied_insufficient_permissions"}"#);
    let trashed = r#","item_status":"trashed""#;
    let deleted = r#","item_status":"deleted""#;
    for (why, place, plays, came) in [
        ("gone", "3", vec![missing(), missing(), missing(), missing()], "gone"),
        ("in the owner's trash", "3", vec![missing(), missing(), file("3", trashed)], "trashed"),
        ("purged", "3", vec![missing(), missing(), file("3", deleted)], "gone"),
        ("refused to everybody", "3", vec![denied(), denied()], "Forbidden"),
        ("its owner cannot be asked", "5", vec![me(), missing(), missing(), missing(), missing()], "Forbidden"),
    ] {
        let stage = Stage::new(plays);
        let mut order = order(ItemKind::File, Action::Untrash);
        if let Target::Item(item) = &mut order.on {
            item.place = place.into();
        }
        let Target::Item(target) = &order.on else { unreachable!("an order on an item") };
        let told = match stage.tenant.item(&stage.asked(&order), target) {
            Ok(None) => "gone".to_owned(),
            Ok(Some(State::Item(item))) => if item.trashed { "trashed" } else { "there" }.into(),
            Ok(Some(State::Person(_))) => "a person".into(),
            Err(error) => format!("{:?}", error.next()),
        };
        assert_eq!(told, came, "{why}: {:?}", stage.heard());
    }
}

#[test]
fn members_are_the_items_own_or_of_a_folder_above() {
    let invitation =
        r#"{"id":"p","role":"viewer","status":"pending","accessible_by":null,"invite_email":"x@y.z","item":null}"#;
    let above =
        r#"{"id":"q","role":"viewer","status":"accepted","accessible_by":{"type":"user","id":"4"},"item":{"id":"40"}}"#;
    let of_folder = |id: &str, entry: &str| entry.replace("null}", &format!("{{\"id\":\"{id}\"}}}}"));
    for (why, kind, plays, came) in [
        ("a file's own list tells what is inherited", ItemKind::File, vec![list(above)], "q from 40"),
        (
            "an invitation of the file's own",
            ItemKind::File,
            vec![list(invitation), list(""), has_none(), list(""), has_none()],
            "p",
        ),
        (
            "an invitation to a folder above",
            ItemKind::File,
            vec![list(invitation), list(""), has_none(), list(&of_folder("40", invitation))],
            "p from 40",
        ),
        (
            "a folder's list tells its own only",
            ItemKind::Folder,
            vec![list(invitation), list(""), has_none(), list(above)],
            "p, q from 40",
        ),
        ("an empty list that hides somebody", ItemKind::File, vec![list(""), has_some()], "hidden"),
        ("nobody", ItemKind::File, vec![list(""), has_none()], "none"),
        ("refused", ItemKind::File, vec![answer(403, &[], "{}")], "hidden"),
    ] {
        let stage = Stage::new(plays);
        let by = Principal::Person("3".into());
        let members =
            stage.tenant.members_state(Subject { id: "7", kind, by: &by }, &["50".into(), "40".into()]).unwrap();
        let told = match members {
            Members::Hidden => "hidden".to_owned(),
            Members::None => "none".into(),
            Members::Known(members) => {
                let told = |member: &Member| {
                    let from = member.inherited_from.as_ref().map_or(String::new(), |from| format!(" from {from}"));
                    format!("{}{from}", member.id.as_deref().unwrap_or("-"))
                };
                members.iter().map(told).collect::<Vec<_>>().join(", ")
            }
        };
        assert_eq!(told, came, "{why}: {:?}", stage.heard());
    }
}

fn person_order(id: Option<&str>, action: Action) -> Order {
    let on =
        TargetPerson { id: id.map(Into::into), account: Some(id.unwrap_or("6").into()), login: Some("X@y.z".into()) };
    Order { id: "o".into(), on: Target::Person(on), action, version: None, expects: None, begun: None, password: None }
}

fn at_work(role: Role) -> State {
    State::Person(Box::new(PersonState {
        at: Moment::from_millis(0),
        status: Status::Active,
        role,
        password_asked: None,
        sessions: None,
        apps: None,
        shares: None,
    }))
}

#[test]
fn what_each_step_about_a_person_sends() {
    let share = |read_as: Principal| Share {
        item: TargetItem { id: "50".into(), kind: ItemKind::Folder, place: "4".into(), read_as, path: None },
        member: member(Some("c"), Who::Person { account: Some("3".into()), login: None, side: None }),
    };
    let by_owner = Principal::Person("4".into());
    let by_self = Principal::Person("3".into());
    for (step, id, role, plays, sent, came) in [
        (
            Step::Suspend,
            "3",
            Role::Member,
            vec![me(), good()],
            r#"PUT users/3?fields=id%2Ctype%2Cstatus {"status":"inactive"}"#,
            "done r1",
        ),
        (
            Step::Unsuspend,
            "3",
            Role::Member,
            vec![me(), good()],
            r#"PUT users/3?fields=id%2Ctype%2Cstatus {"status":"active"}"#,
            "done r1",
        ),
        (
            Step::RequirePassword,
            "3",
            Role::Member,
            vec![me(), good()],
            r#"PUT users/3?fields=id%2Ctype%2Cstatus {"is_password_reset_required":true}"#,
            "done r1",
        ),
        (
            Step::EndSessions,
            "3",
            Role::Member,
            vec![me(), answer(202, &["BOX-REQUEST-ID: r1"], "{}")],
            r#"POST users/terminate_sessions {"user_ids":["3"],"user_logins":[]}"#,
            "done r1",
        ),
        (Step::Suspend, "9", Role::Member, vec![me()], "", "Never(SuspendOurselves)"),
        (Step::EndSessions, "9", Role::Service, vec![me()], "", "Never(SuspendOurselves)"),
        (
            Step::Suspend,
            "3",
            Role::Admin,
            vec![me(), answer(403, &[], r#"{"code":"access_denied_insufficient_permissions"}"#)],
            r#"PUT users/3?fields=id%2Ctype%2Cstatus {"status":"inactive"}"#,
            r#"NoRight("access_denied_insufficient_permissions")"#,
        ),
        (
            Step::EndShare { share: share(by_owner.clone()) },
            "3",
            Role::Member,
            vec![good()],
            "DELETE collaborations/c as 4",
            "done r1",
        ),
        (
            Step::AddShare { share: share(by_owner) },
            "3",
            Role::Member,
            vec![good()],
            r#"POST collaborations?notify=false as 4 {"accessible_by":{"id":"3","type":"user"},"item":{"id":"50","type":"folder"},"role":"editor"}"#,
            "done r1",
        ),
        (Step::AddShare { share: share(by_self) }, "3", Role::Member, vec![], "", "NobodyToAct"),
    ] {
        let stage = Stage::new(plays);
        let came_of = stage.apply(&person_order(Some(id), Action::Suspend), &step, &at_work(role));
        let sent_last: Vec<_> = stage.heard().into_iter().filter(|heard| !heard.starts_with("GET users/me")).collect();
        assert_eq!((sent_last.join("\n").as_str(), came_of.as_str()), (sent, came), "{step:?}");
    }
}

#[test]
fn what_a_person_is_a_member_of() {
    let user = || answer(200, &[], r#"{"id":"3","role":"user","status":"active"}"#);
    let root =
        list(r#"{"type":"file","id":"7","owned_by":{"id":"4"}},{"type":"folder","id":"8","owned_by":{"id":"3"}}"#);
    let known = |id: &str| TargetItem {
        id: id.into(),
        kind: ItemKind::File,
        place: "4".into(),
        read_as: Principal::Person("4".into()),
        path: None,
    };
    let here = format!("{},{}", collaboration("c", "3", "editor"), collaboration("d", "9", "viewer"));
    let inherited =
        r#"{"id":"q","role":"viewer","status":"accepted","accessible_by":{"type":"user","id":"3"},"item":{"id":"40"}}"#;
    let outsider = r#"{"id":"z","role":"viewer","status":"pending","accessible_by":null,"invite_email":"x@Y.z","item":{"id":"7"}}"#;
    let denied = || answer(403, &[], "{}");
    for (why, id, items, plays, came) in [
        (
            "by the own root",
            Some("3"),
            vec![],
            vec![user(), me(), root.clone(), file("4", ""), file("4", ""), list(&here)],
            "7 c as person 4",
        ),
        (
            "known, from a folder above",
            Some("3"),
            vec![known("7")],
            vec![user(), me(), list(""), file("4", ""), list(inherited)],
            "40 q as person 4",
        ),
        (
            "an outsider, by address",
            None,
            vec![known("7")],
            vec![file("4", ""), list(outsider), list(""), has_none(), list(""), has_none()],
            "7 z as person 4",
        ),
        ("gone", None, vec![known("7")], vec![missing(), missing(), missing(), missing()], ""),
        ("nobody sees it", None, vec![known("7")], vec![denied(), denied()], "7 - as person 4"),
    ] {
        let stage = Stage::new(plays);
        let order = person_order(id, Action::RemoveFromShares { known: items });
        let Target::Person(target) = &order.on else { unreachable!("an order on a person") };
        let Some(State::Person(state)) = stage.tenant.person(&stage.asked(&order), target).unwrap() else {
            panic!("{why}: no such person")
        };
        let told = |share: &Share| {
            let id = share.member.id.as_deref().unwrap_or("-");
            format!("{} {id} as {}", share.item.id, share.item.read_as)
        };
        let shares: Vec<_> = state.shares.iter().flatten().map(told).collect();
        assert_eq!(shares.join(", "), came, "{why}: {:?}", stage.heard());
    }
}

#[test]
fn what_box_does_not_have() {
    let text: Arc<str> = "x".into();
    let rows = [
        (ItemKind::File, Action::Overwrite { text: text.clone() }, true),
        (ItemKind::Folder, Action::Overwrite { text: text.clone() }, false),
        (ItemKind::Folder, Action::Lock { until: None, no_download: false }, false),
        (ItemKind::Folder, Action::Comment { text: text.clone() }, false),
        (ItemKind::Folder, Action::Task { text: text.clone(), due: None }, false),
        (ItemKind::File, Action::StopInvitations, false),
        (ItemKind::Folder, Action::StopInvitations, true),
        (ItemKind::WebLink, Action::RemoveLinks, true),
        (ItemKind::WebLink, Action::ForbidDownload, false),
        (ItemKind::WebLink, Action::SetLabel { label: text.clone(), order: vec![], ours: None }, false),
        (ItemKind::File, Action::RestrictLinks { to: Audience::Public }, false),
        (ItemKind::File, Action::ChangeRole { who: Who::Unauthenticated, role: "owner".into() }, false),
        (ItemKind::File, Action::ChangeRole { who: Who::Unauthenticated, role: "previewer uploader".into() }, true),
    ];
    for (kind, action, offered) in rows {
        let order = order(kind, action);
        assert_eq!(offers::offers(&order).is_ok(), offered, "{kind:?} {:?}", order.action);
    }
    for (id, action, offered) in [
        (Some("3"), Action::RevokeApps, false),
        (Some("3"), Action::Suspend, true),
        (None, Action::Suspend, false),
        (None, Action::RemoveFromShares { known: vec![] }, true),
    ] {
        let order = person_order(id, action);
        assert_eq!(offers::offers(&order).is_ok(), offered, "{id:?} {:?}", order.action);
    }
}
