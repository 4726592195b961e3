//! `sluicebox exceptions`: each is made with a reason and an end, excuses what is there and no more, and is written down.

use crate::connect::world::World;
use crate::doctor::{call, store, world};
use crate::harness::{Ran, same};
use serde_json::{Value, json};
use sluicebox::model::verdict::DetectorCount;
use sluicebox::model::{
    ConnectorNumber, Coverage, Item, ItemKind, ItemNumber, Lane, Onward, Principal, Provider, Verdict, Walk,
};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::sqlite::Sqlite;
use sluicebox::store::{
    Audit, Claim, Connectors, DetectorKept, Inventory, Listed, Outcome, Queue, Rules, Settlement, Verdicts,
};
use std::time::Duration;

/// A token as tokens are spelled.
const TOKEN: &str = "k1:00112233445566778899aabbccddeeff";

/// The policy that exceptions are made for.
const POLICY: &str = r#"
schema = 1

[[policy]]
name = "pci"
title = "Cards"
mode = "watch"
severity = "high"
where = "access = public"
"#;

fn listed(kind: ItemKind, id: &str, name: &str, parent: &str) -> Listed {
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
    Listed { item, shown: None }
}

/// What the connector `box` holds: the folder `/HR` with two files of one name but for the folder, one of them read.
pub(crate) struct Held {
    pub(crate) of: ConnectorNumber,
    pub(crate) salaries: ItemNumber,
    pub(crate) notes: ItemNumber,
}

/// Fills the store of a world.
pub(crate) fn filled(store: &Sqlite) -> Held {
    let of = store.connector(&"box".parse().expect("a name"), Provider::Box).expect("known").number;
    let walk = Walk {
        id: "root:7".into(),
        place: "7".into(),
        kind: "folder".into(),
        read_as: Principal::Person("7".into()),
        path: "".into(),
        cursor: None,
    };
    let page = TakenPage {
        items: vec![
            listed(ItemKind::Folder, "900", "HR", "0"),
            listed(ItemKind::File, "4711", "salaries.txt", "900"),
            listed(ItemKind::File, "4712", "notes.txt", "0"),
        ],
        gone: Vec::new(),
        found: Vec::new(),
        holes: Vec::new(),
        onward: Onward::More("next".into()),
        asks: Vec::new(),
        offered: None,
    };
    store.take_page(of, &walk, page, Lane::Backlog).expect("taken");
    let number = |id: &str| store.find(of, ItemKind::File, id).expect("read").expect("known").number;
    let held = Held { of, salaries: number("4711"), notes: number("4712") };
    read(store, &held);
    held
}

/// Two different values, three times, in one of the files.
fn read(store: &Sqlite, held: &Held) {
    let kept = DetectorKept { id: "card".into(), hash: [1; 32], profile: "{}".into() };
    let rules = store.rules_number(&[kept]).expect("kept");
    let claim = Claim {
        owner: "test",
        connectors: &[held.of],
        max: 9,
        not_live_max: 9,
        per_principal_max: 9,
        busy: &[],
        lease: Duration::from_secs(60),
    };
    let jobs = store.claim(&claim).expect("claimed");
    let job = jobs.into_iter().find(|job| job.lease.item == held.salaries).expect("a job");
    let count =
        DetectorCount { detector: "card".into(), candidates: 3, total: 3, unique: 2, ..DetectorCount::default() };
    let verdict = Verdict {
        coverage: Coverage::Complete,
        counts: vec![count],
        sniffed: "txt",
        bytes: 100,
        text_bytes: 100,
        ..Verdict::default()
    };
    let outcome =
        Outcome::Read { content: [9; 32], extraction: [1; 32], rules, verdict: Box::new(verdict), hash: None };
    let settlement =
        Settlement { version: job.known.item.version, outcome: Some(outcome), ..Settlement::of(job.lease) };
    store.settle(settlement).expect("settled");
}

fn ask(world: &World, args: &[&str]) -> Ran {
    call(world, "exceptions", args)
}

fn listing(world: &World, args: &[&str]) -> Vec<Value> {
    ask(world, &[&["list", "--format", "jsonl"], args].concat()).lines()
}

/// The acts of the audit log.
pub(crate) fn acts(world: &World) -> Vec<String> {
    let entries = store(world).entries(0, 99).expect("read");
    entries
        .into_iter()
        .map(|row| row.entry.act)
        .filter(|act| act.contains("exception") || act.contains("alert"))
        .collect()
}

#[test]
fn an_exception_is_made_listed_and_ended() {
    let world = world();
    let held = filled(&store(&world));
    world.scene.write("policies/pci.toml", POLICY);
    ask(&world, &["list"]).expect_code(0).expect_out("0 exceptions hold.");
    ask(
        &world,
        &["add", "file", "/hr/Salaries.txt", "--reason", "needed by the auditors", "--for", "30d", "--policy", "pci"],
    )
    .expect_code(0)
    .expect_out(&format!("Exception 1: policy pci leaves #{} box:/HR/salaries.txt alone until ", held.salaries))
    .expect_out("It excuses 2 values of card, and is void once there is more.")
    .expect_out("`sluicebox reevaluate`");
    let rows = listing(&world, &[]);
    let [row] = rows.as_slice() else { panic!("one exception: {rows:?}") };
    for (key, want) in [
        ("schema", json!("sluicebox.exception/1")),
        ("exception", json!(1)),
        ("kind", json!("file")),
        ("what", json!("4711")),
        ("path", json!("/HR/salaries.txt")),
        ("connector", json!("box")),
        ("policy", json!("pci")),
        ("excused", json!({"card": 2})),
        ("this_content_only", json!(false)),
        ("reason", json!("needed by the auditors")),
        ("ended", Value::Null),
        ("state", json!("holds")),
    ] {
        same(key, &want, &row[key]);
    }
    assert!(row["by"].as_str().is_some_and(|by| by.starts_with("operator uid ")), "{row}");
    ask(&world, &["list"])
        .expect_code(0)
        .expect_out("/HR/salaries.txt  [box, policy pci]")
        .expect_out("needed by the auditors")
        .expect_out("excuses 2 values of card")
        .expect_out("1 exception hold");
    // By number and by id; what nothing was found in excuses nothing that may be found.
    let number = format!("#{}", held.notes);
    ask(&world, &["add", "file", &number, "--reason", "r", "--for", "5d"])
        .expect_code(0)
        .expect_out("It excuses no finding");
    ask(&world, &["add", "folder", "box:900", "--reason", "r", "--for", "10d"])
        .expect_code(0)
        .expect_out("box:/HR/ alone");
    for (kind, what, told) in [
        ("owner", "Ann@Example.com", "what Ann@Example.com owns"),
        ("domain", "Partner.example", "nobody outside but Partner.example"),
        ("token", TOKEN, "findings of this value"),
    ] {
        ask(&world, &["add", kind, what, "--reason", "r", "--for", "366d"]).expect_code(0).expect_out(told);
    }
    let kinds: Vec<(Value, Value, Value)> = listing(&world, &[])
        .into_iter()
        .skip(1)
        .map(|mut row| (row["kind"].take(), row["what"].take(), row["excused"].take()))
        .collect();
    let want = [
        ("file", "4712", json!({})),
        ("folder", "900", Value::Null),
        ("owner", "ann@example.com", Value::Null),
        ("domain", "partner.example", Value::Null),
        ("token", TOKEN, Value::Null),
    ];
    same("kinds", &want.map(|(kind, what, excused)| (json!(kind), json!(what), excused)).to_vec(), &kinds);
    let soon: Vec<Value> = listing(&world, &["--expiring", "20d"]).iter().map(|row| row["exception"].clone()).collect();
    same("the soonest first", &vec![json!(2), json!(3)], &soon);
    ask(&world, &["end", "1", "--reason", "the audit is over"]).expect_code(0).expect_out("Exception 1 ended");
    ask(&world, &["end", "1", "--reason", "again"]).expect_code(2).expect_err("no exception 1 holds");
    same("those that hold", &5, &listing(&world, &[]).len());
    let all = listing(&world, &["--all"]);
    same("all", &(6, &json!("ended")), &(all.len(), &all[0]["state"]));
    let want = [["exception.add"; 6].as_slice(), &["exception.end"]].concat();
    same("the audit log", &want.iter().map(ToString::to_string).collect(), &acts(&world));
}

#[test]
fn what_is_no_exception_is_refused_with_the_next_step() {
    let world = world();
    filled(&store(&world));
    world.scene.write("policies/pci.toml", POLICY);
    let rows: [(&[&str], &str); 13] = [
        (&["file", "4711", "--for", "30d", "--reason", "r", "--policy", "pcj"], "did you mean `pci`?"),
        (&["file", "4711", "--for", "30d", "--reason", "r", "--policy", "something"], "there is no policy `something`"),
        (&["file", "4711", "--for", "30d", "--reason", " "], "a reason must be given"),
        (&["file", "4711", "--for", "367d", "--reason", "r"], "366d at most"),
        (&["file", "4711", "--for", "0d", "--reason", "r"], "a time: 30d"),
        (&["file", "4711", "--reason", "r"], "--for"),
        (&["file", "4711", "--for", "30d"], "--reason"),
        (&["file", "nowhere.txt", "--for", "30d", "--reason", "r"], "no item `nowhere.txt` is known"),
        (&["file", "900", "--for", "30d", "--reason", "r"], "no item `900` is known"),
        (&["file", "4711", "--for", "30d", "--reason", "r", "--connector", "nobody"], "knows no connector `nobody`"),
        (&["owner", "ann", "--for", "30d", "--reason", "r"], "is no login"),
        (&["domain", "ann@example.com", "--for", "30d", "--reason", "r"], "is no domain"),
        (&["token", "4111111111111111", "--for", "30d", "--reason", "r"], "this is no token"),
    ];
    for (args, said) in rows {
        let ran = ask(&world, &[&["add"], args].concat());
        ran.expect_code(2).expect_err(said);
        assert!(!ran.err().contains("4111111111111111"), "what may be a value is not repeated");
    }
    same("nothing was made", &0, &listing(&world, &["--all"]).len());
    same("nor written down", &Vec::<String>::new(), &acts(&world));
}
