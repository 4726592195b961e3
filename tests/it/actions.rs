//! `sluicebox actions` and `sluicebox breaker`: what was done is told with all that the governance log has, what is left with the
//! command that ends it, and what a person decides of it is carried out and written down.

use crate::connect::world::World;
use crate::doctor::{call, store, world};
use crate::harness::same;
use serde_json::{Value, json};
use sluicebox::clock::Moment;
use sluicebox::model::action::{
    Block, Did, Ended, Folder, Holds, ItemState, Labels, Left, Order, Outcome, OwnLink, Receipt, State, Step, Target,
    TargetItem,
};
use sluicebox::model::sharing::{Member, Members};
use sluicebox::model::{
    Action, Audience, Cause, ConnectorNumber, IntentNumber, Item, ItemKind, ItemNumber, Lane, Onward, PlanNumber,
    Principal, Provider, Walk, Who,
};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::rules::RulesNumber;
use sluicebox::store::sqlite::Sqlite;
use sluicebox::store::{
    Audit, Closing, Connectors, Entry, IntentClaim, Intents, Inventory, Listed, NewIntent, PolicyLimits, Voter,
};

/// A name that may not be shown, and what is shown of it.
const SECRET: &str = "4111111111111111.txt";
const SHOWN: &str = "••••.txt";

fn listed(kind: ItemKind, id: &str, name: &str, parent: &str, shown: Option<&str>) -> Listed {
    let is_file = kind == ItemKind::File;
    let item = Item {
        parent: Some(parent.into()),
        place: "7".into(),
        read_as: Principal::Person("7".into()),
        size_bytes: 100,
        version: is_file.then(|| "1".into()),
        etag: Some("1".into()),
        ..Item::bare(kind, id, name)
    };
    Listed { item, shown: shown.map(Into::into) }
}

/// A connector with the folder `/Finance` and files in it: one that is acted on, others that wait.
struct Made {
    of: ConnectorNumber,
    folder: ItemNumber,
    files: Vec<ItemNumber>,
}

fn filled(store: &Sqlite) -> Made {
    let of = store.connector(&"box".parse().expect("a name"), Provider::Box).expect("known").number;
    let walk = Walk {
        id: "root:7".into(),
        place: "7".into(),
        kind: "folder".into(),
        read_as: Principal::Person("7".into()),
        path: "".into(),
        cursor: None,
    };
    let mut items = vec![
        listed(ItemKind::Folder, "900", "Finance", "0", None),
        listed(ItemKind::File, "901", SECRET, "900", Some(SHOWN)),
    ];
    items.extend((902..906).map(|id| listed(ItemKind::File, &id.to_string(), &format!("{id}.txt"), "900", None)));
    let page = TakenPage {
        items,
        gone: Vec::new(),
        found: Vec::new(),
        holes: Vec::new(),
        onward: Onward::End(None),
        asks: Vec::new(),
        offered: None,
    };
    store.take_page(of, &walk, page, Lane::Backlog).expect("taken in");
    let number = |kind, id: &str| store.find(of, kind, id).expect("read").expect("known").number;
    let files = (901..906).map(|id| number(ItemKind::File, &id.to_string())).collect();
    Made { of, folder: number(ItemKind::Folder, "900"), files }
}

fn entry(act: &str) -> Entry {
    Entry { actor: "service".into(), act: act.into(), about: "test".into(), details: "{}".into() }
}

fn wanted(of: ConnectorNumber, item: ItemNumber, id: &str) -> NewIntent {
    let read_as = Principal::Person("7".into());
    NewIntent {
        id: format!("a{id}").into(),
        connector: of,
        item: Some(item),
        on: Target::Item(TargetItem { id: id.into(), kind: ItemKind::File, place: "7".into(), read_as, path: None }),
        owner: "anna@example.com".into(),
        cause: Cause::Policy,
        voters: vec![Voter { policy: "pci-public".into(), hash: [0xab; 32] }],
        rules: Some(RulesNumber(3)),
        plan: None,
        undoes: None,
        what: json!({ "ask": { "ask": "remove_links", "still": "match" } }).to_string(),
        name: "remove_links".into(),
        actor: "policy pci-public".into(),
        due: None,
        moves: false,
    }
}

fn state(links: &[Audience]) -> State {
    let link = |(at, audience): (usize, &Audience)| OwnLink {
        key: at.to_string().into(),
        audience: *audience,
        asked: *audience,
        password: false,
        expires: None,
        download: None,
        owner: None,
        url: None,
    };
    let outsider = Who::Person { account: None, login: Some("bob@partner.example".into()), side: None };
    let member = Member {
        id: Some("5".into()),
        who: outsider,
        role: "viewer".into(),
        pending: false,
        inherited_from: None,
        expires: None,
    };
    let act_as = Principal::Person("7".into());
    State::Item(Box::new(ItemState {
        at: Moment::from_millis(1),
        kind: ItemKind::File,
        name: SECRET.into(),
        folder: Folder { id: Some("900".into()), place: "7".into(), path: None, act_as },
        as_folder: None,
        owner: None,
        version: Some("1".into()),
        etag: None,
        hash: None,
        size_bytes: 100,
        trashed: false,
        links: links.iter().enumerate().map(link).collect(),
        links_above: Vec::new(),
        members: Members::Known(vec![member]),
        invitations: None,
        labels: Labels::default(),
        lock: None,
        holds: Holds::NotAsked,
        note: None,
        copy: None,
        lent: None,
        said: None,
        seen_back: None,
        shared_as: None,
    }))
}

/// Takes the next intent, does what it asks for, and ends it so.
fn act(store: &Sqlite, of: ConnectorNumber, outcome: &Outcome, left: Vec<Left>) -> IntentNumber {
    let claim = IntentClaim { connectors: &[of], causes: &Cause::ALL, limits: &[] };
    let intent = store.claim_intent(&claim).expect("claimed").expect("one waits");
    let number = intent.number;
    let order = Order {
        id: format!("{}-1", intent.is.id).into(),
        on: intent.is.on.clone(),
        action: Action::RemoveLinks,
        version: None,
        expects: None,
        begun: None,
        password: None,
    };
    let id = order.id.to_string();
    store.begin_intent(number, &[order]).expect("begun");
    let (found, after) = (state(&[Audience::Public]), state(&[]));
    let step = Step::EndLink { key: "0".into() };
    let did =
        Did { at: Moment::from_millis(5), step: step.clone(), ended: Ended::Answered, requests: vec!["req-77".into()] };
    let called = matches!(outcome, Outcome::Done | Outcome::Partly | Outcome::Unknown(_));
    if called {
        store.begin_order(number, &id, &found).expect("kept");
        store.before_step(number, &id, &step).expect("kept");
    }
    if called && !matches!(outcome, Outcome::Unknown(_)) {
        store.after_step(number, &id, &did).expect("kept");
    }
    let receipt = Receipt {
        order: id.into(),
        outcome: outcome.clone(),
        found: Some(found),
        did: if called { vec![did] } else { Vec::new() },
        read_back: called.then_some(after),
        left,
    };
    let closing = Closing {
        number,
        receipt: Some(receipt),
        outcome: outcome.clone(),
        why: "".into(),
        level: None,
        entry: entry("action.end"),
        facts: None,
        asks: Vec::new(),
        exceptions: Vec::new(),
        messages: Vec::new(),
        quarantined: None,
        released: None,
    };
    store.close_intent(&closing).expect("closed");
    number
}

/// A world whose store holds an action that was partly done, one that was blocked, one that nobody knows of, and two that wait, of which
/// one is of a plan.
fn acted() -> (World, Made) {
    let world = world();
    let store = store(&world);
    let made = filled(&store);
    let ids = ["901", "902", "903", "904", "905"];
    let mut new: Vec<NewIntent> = ids.iter().zip(&made.files).map(|(id, item)| wanted(made.of, *item, id)).collect();
    new[4] = NewIntent { plan: Some(PlanNumber(4)), voters: Vec::new(), ..new[4].clone() };
    store.add_intents(&new, &entry("intent.add")).expect("kept");
    let outsider = Who::Person { account: None, login: Some("bob@partner.example".into()), side: None };
    let left = vec![
        Left::LinkAbove { folder: "900".into(), audience: Audience::Public },
        Left::MemberAbove { folder: "77".into(), who: outsider },
    ];
    act(&store, made.of, &Outcome::Partly, left);
    act(&store, made.of, &Outcome::Blocked(Block::Shield), Vec::new());
    act(&store, made.of, &Outcome::Unknown("504".into()), Vec::new());
    (world, made)
}

fn actions(world: &World, args: &[&str]) -> Vec<Value> {
    call(world, "actions", &[args, &["--format", "json"]].concat()).lines()
}

fn numbers(rows: &[Value]) -> Vec<i64> {
    rows.iter().filter_map(|row| row["action"].as_i64()).collect()
}

#[test]
fn an_action_is_told_with_all_that_the_governance_log_has() {
    let (world, made) = acted();
    let row = actions(&world, &["show", "1"]).pop().unwrap_or_default();
    let expected = json!({
        "schema": "sluicebox.action/1",
        "action": 1,
        "task": "a901",
        "name": "remove_links",
        "policies": [{ "policy": "pci-public", "hash": "ab".repeat(32) }],
        "rules": 3,
        "cause": "policy",
        "actor": "policy pci-public",
        "plan": null,
        "undoes": null,
        "connector": "box",
        "provider": "box",
        "object": "901",
        "kind": "file",
        "item": made.files[0].0,
        "path": format!("/Finance/{SHOWN}"),
        "parameters": [{ "action": "remove_links" }],
        "due": null,
        "state": "partly done",
        "outcome": "partly",
        "why": "",
        "requests": ["req-77"],
        "left": [
            format!("still public through folder /Finance/ (#{})", made.folder),
            "bob@partner.example still reaches it through folder 77",
        ],
        "retries": 0,
        "revert_possible": true,
        "revert_why": "a link that is made again has a new address; the old one stays dead",
    });
    for (key, value) in expected.as_object().expect("an object") {
        same(key, value, &row[key]);
    }
    same("before", &json!(["public"]), &row["before"]["links"]);
    same("after", &json!([]), &row["after"]["links"]);
    for key in ["requested", "started", "finished"] {
        assert!(row[key].as_str().is_some_and(|at| at.ends_with('Z')), "{key}: {row}");
    }
    same("steps", &json!("done"), &row["orders"][0]["steps"][0]["answer"]);

    let shown = call(&world, "actions", &["show", "1"]);
    shown.expect_code(0);
    for part in [
        &format!("box:/Finance/{SHOWN} (#{})", made.files[0]),
        "partly done",
        "pci-public (abababababab)",
        "a link for public; bob@partner.example (viewer)",
        "end_link: done  [req-77]",
        &format!("still public through folder /Finance/ (#{})", made.folder),
        &format!("sluicebox plan new --item '#{}' --do remove_links", made.folder),
        "bob@partner.example still reaches it through folder 77",
        "sluicebox plan new --item 'box:77' --do remove_externals",
        "can be undone",
        "sluicebox undo --action 1",
    ] {
        assert!(shown.out().contains(part), "{}", shown.frame(part, "not there"));
    }
    assert!(!shown.out().contains("4111"), "{}", shown.frame("no name that may not be shown", "one"));
    call(&world, "actions", &["show", "2"])
        .expect_code(0)
        .expect_out("remove_links: blocked")
        .expect_out("cannot be undone: nothing was done");
    call(&world, "actions", &["show", "3"])
        .expect_code(0)
        .expect_out("failed: nobody knows what a call did")
        .expect_out("it may have been called; the answer was not written down");
    call(&world, "actions", &["show", "4"]).expect_code(0).expect_out("queued");
    call(&world, "actions", &["show", "9"]).expect_code(2).expect_err("there is no action 9");
}

#[test]
fn actions_are_found_by_state_policy_item_and_plan() {
    let (world, made) = acted();
    let item = format!("#{}", made.files[1]);
    let rows: [(&[&str], &[i64]); 12] = [
        (&[], &[1, 2, 3, 4, 5]),
        (&["--state", "queued"], &[4, 5]),
        (&["--state", "partly-done"], &[1]),
        (&["--state", "blocked"], &[2]),
        (&["--state", "failed"], &[3]),
        (&["--state", "done"], &[]),
        (&["--policy", "pci-public"], &[1, 2, 3, 4]),
        (&["--policy", "nobody"], &[]),
        (&["--item", &item], &[2]),
        (&["--plan", "4"], &[5]),
        (&["--since", "1 hour"], &[1, 2, 3]),
        (&["--max", "2"], &[1, 2]),
    ];
    for (args, expected) in rows {
        let listed = actions(&world, &[&["list"], args].concat());
        assert_eq!(numbers(&listed), expected, "{args:?}");
    }
    let listed = call(&world, "actions", &["list"]);
    listed.expect_code(0).expect_out("5 actions listed");
    assert!(
        listed.out().contains(SHOWN) && !listed.out().contains("4111"),
        "{}",
        listed.frame("the shown name", "none")
    );
    call(&world, "actions", &["list", "--state", "lost"]).expect_code(2).expect_err("the states are queued");
    call(&world, "actions", &["list", "--item", "/nowhere"]).expect_code(2).expect_err("no item");
}

#[test]
fn what_was_undone_is_told_so() {
    let world = world();
    let store = store(&world);
    let made = filled(&store);
    let add = |new: NewIntent| store.add_intents(&[new], &entry("intent.add")).expect("kept")[0];
    let first = add(wanted(made.of, made.files[0], "901"));
    act(&store, made.of, &Outcome::Done, Vec::new());
    let undo =
        NewIntent { id: "u1".into(), cause: Cause::Undo, undoes: Some(first), ..wanted(made.of, made.files[0], "901") };
    add(undo);
    let state =
        |number: i64| actions(&world, &["show", &number.to_string()]).pop().unwrap_or_default()["state"].clone();
    same("before", &json!("done"), &state(first.0));
    act(&store, made.of, &Outcome::Done, Vec::new());
    drop(store);
    same("after", &json!("reverted"), &state(first.0));
    call(&world, "actions", &["show", "1"]).expect_code(0).expect_out("cannot be undone: it was reverted");
    assert_eq!(numbers(&actions(&world, &["list", "--state", "reverted"])), [1]);
    assert_eq!(numbers(&actions(&world, &["list", "--state", "done"])), [2]);
}

#[test]
fn actions_are_brought_back_and_cancelled_with_a_reason() {
    let (world, _) = acted();
    call(&world, "actions", &["retry", "1"]).expect_code(2).expect_err("it has ended");
    call(&world, "actions", &["retry"])
        .expect_code(0)
        .expect_out("1 action brought back; the next `sluicebox run` goes on.");
    call(&world, "actions", &["retry"]).expect_code(0).expect_out("0 actions brought back.");
    assert_eq!(numbers(&actions(&world, &["list", "--state", "running"])), [3]);
    call(&world, "actions", &["cancel", "--reason", "x"]).expect_code(2);
    call(&world, "actions", &["cancel", "3"]).expect_code(2).expect_err("--reason");
    call(&world, "actions", &["cancel", "3", "--reason", "x"]).expect_code(2).expect_err("it has begun");
    call(&world, "actions", &["cancel", "--policy", "pci-public", "--reason", "ticket 7"])
        .expect_code(0)
        .expect_out("1 action cancelled.");
    call(&world, "actions", &["cancel", "5", "--reason", "ticket 8"]).expect_code(0).expect_out("1 action cancelled.");
    assert_eq!(numbers(&actions(&world, &["list", "--state", "cancelled"])), [4, 5]);
    let store = store(&world);
    let written: Vec<(String, String)> = store
        .entries(0, 99)
        .expect("read")
        .into_iter()
        .filter(|row| row.entry.act.starts_with("action.") && row.entry.act != "action.end")
        .map(|row| (row.entry.act, row.entry.details))
        .collect();
    let expected = [
        ("action.retry", "{}"),
        ("action.cancel", "{\"reason\":\"ticket 7\"}"),
        ("action.cancel", "{\"reason\":\"ticket 8\"}"),
    ];
    assert_eq!(written, expected.map(|(act, details)| (act.to_owned(), details.to_owned())));
}

#[test]
fn what_failed_too_often_waits_for_a_person_who_sees_it_and_brings_it_back() {
    let world = world();
    let store = store(&world);
    let made = filled(&store);
    store.add_intents(&[wanted(made.of, made.files[0], "901")], &entry("intent.add")).expect("kept");
    const ATTEMPTS_MAX: u32 = 3;
    let claim = IntentClaim { connectors: &[made.of], causes: &Cause::ALL, limits: &[] };
    for attempt in 1..=ATTEMPTS_MAX {
        let intent = store.claim_intent(&claim).expect("claimed").expect("one waits");
        let is_last =
            store.fail_intent(intent.number, "503 try_later", Moment::default(), ATTEMPTS_MAX).expect("noted");
        assert_eq!(is_last, attempt == ATTEMPTS_MAX);
        let state = actions(&world, &["list"]).pop().unwrap_or_default()["state"].clone();
        let expected = if is_last { "failed: given up after repeated failures" } else { "queued" };
        same("state", &json!(expected), &state);
    }
    assert!(store.claim_intent(&claim).expect("claimed").is_none(), "nobody goes on with it");
    drop(store);
    assert_eq!(numbers(&actions(&world, &["list", "--state", "failed"])), [1]);
    call(&world, "actions", &["show", "1"])
        .expect_code(0)
        .expect_out("given up after repeated failures")
        .expect_out("503 try_later");
    call(&world, "actions", &["retry", "1"]).expect_code(0).expect_out("1 action brought back");
    assert!(actions(&world, &["list", "--state", "failed"]).is_empty());
    assert_eq!(numbers(&actions(&world, &["list", "--state", "queued"])), [1]);
}

#[test]
fn a_breaker_that_tripped_is_told_and_released() {
    let world = world();
    call(&world, "breaker", &["list"]).expect_code(0).expect_out("No breaker has tripped.");
    {
        let store = store(&world);
        let made = filled(&store);
        let new: Vec<NewIntent> =
            ["901", "902", "903"].iter().zip(&made.files).map(|(id, item)| wanted(made.of, *item, id)).collect();
        store.add_intents(&new, &entry("intent.add")).expect("kept");
        let limits = [PolicyLimits {
            policy: "pci-public".into(),
            items_max: Some(1),
            share_max: None,
            per_owner_hour_max: None,
        }];
        let claim = IntentClaim { connectors: &[made.of], causes: &Cause::ALL, limits: &limits };
        assert!(store.claim_intent(&claim).expect("claimed").is_some());
        assert!(store.claim_intent(&claim).expect("claimed").is_none());
    }
    call(&world, "breaker", &["list"])
        .expect_code(1)
        .expect_out("it touched 1 different items in 24 hours")
        .expect_out("2 actions are held back");
    let row = call(&world, "breaker", &["list", "--format", "json"]).lines().pop().unwrap_or_default();
    let told = [&row["policy"], &row["limit"], &row["touched"], &row["held"]];
    assert_eq!(told, [&json!("pci-public"), &json!("items"), &json!(1), &json!(2)]);
    let held = actions(&world, &["list", "--state", "held"]);
    assert_eq!(numbers(&held), [2, 3]);
    same("state", &json!("held: a breaker holds it back"), &held[0]["state"]);
    call(&world, "breaker", &["release", "other", "--reason", "x"]).expect_code(2).expect_err("has not tripped");
    call(&world, "breaker", &["release", "pci-public"]).expect_code(2).expect_err("--reason");
    call(&world, "breaker", &["release", "pci-public", "--reason", "looked at"])
        .expect_code(0)
        .expect_out("2 actions wait again")
        .expect_out("the next `sluicebox run` goes on");
    call(&world, "breaker", &["list"]).expect_code(0).expect_out("No breaker has tripped.");
    assert_eq!(numbers(&actions(&world, &["list", "--state", "queued"])).len(), 3);
}
