//! Plans through the program: made, shown, approved, applied after something drifted, undone; held against the tenants' own state.

use crate::connect::world::World;
use crate::harness::{Ran, same};
use serde_json::Value;
use sluicebox::emulator::Effect;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{CAST, Fill, SeedFile};
use std::collections::BTreeMap;

/// Bodies above this are left out: nothing here is about large contents.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Looks at coverage until nothing waits; each takes a tenth of a second and more.
const LOOKS_MAX: usize = 10_000;
/// Calls a second and principal.
const PACE: u32 = 500;

const OPEN: &str = r#"
schema = 1

[[policy]]
name = "open"
title = "Nothing is open to the world"
severity = "high"
mode = "MODE"
where = "access >= public"

[[policy.action]]
do = "make_private"
"#;

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn owner(path: &'static str) -> &'static str {
    let key = path.split('/').next().expect("an owner");
    CAST.iter().find(|person| person.key == key).expect("one of the cast").key
}

fn link(path: &'static str, audience: Option<&'static str>) -> Edit {
    Edit::Link { by: owner(path), path: steps(path), audience }
}

/// A company that a service has read once, with one policy.
struct Company {
    world: World,
}

impl Company {
    fn new(links: &[&'static str], mode: &str, more: &str) -> Self {
        Self::with(links, mode, more, 0)
    }

    /// The same with so many more files in both tenants, all with a public link.
    fn with(links: &[&'static str], mode: &str, more: &str, many: usize) -> Self {
        let mut fill = Fill::small();
        fill.files.retain(|file| file.body.len() <= BODY_BYTES_MAX);
        let path = |at: usize| vec!["frank".to_owned(), "Many".to_owned(), format!("note {at}.txt")];
        fill.files
            .extend((0..many).map(|at| SeedFile { path: path(at), body: format!("note {at}").into_bytes().into() }));
        let world = World::holding(&fill);
        for path in links {
            world.tenants.play(&link(path, Some("public"))).expect("played");
        }
        for at in 0..many {
            let link = Edit::Link { by: "frank", path: path(at), audience: Some("public") };
            world.tenants.play(&link).expect("played");
        }
        world.pace(PACE);
        world.edit(|text| {
            format!(
                "{text}\n[service]\ndata_dir = \"data\"\nfeed_poll_ms = 100\n[rules]\npaths = [\"../badge.toml\"]\nno_builtin = true\n\
                 [policies]\npaths = [\"open.toml\"]\n{more}"
            )
        });
        world.scene.write("open.toml", OPEN.replace("MODE", mode));
        let company = Self { world };
        company.ask(&["init"]).expect_code(0);
        company.read_once();
        company
    }

    /// Lets a service read everything, and ends it.
    fn read_once(&self) {
        let running = self.serve();
        let waits = |total: &Value| total["waiting"] != 0 || total["items"].as_u64().unwrap_or(0) < 100;
        let looked = (0..LOOKS_MAX).map(|_| self.last(&["coverage"])).find(|total| !waits(total));
        running.signal("INT");
        let ran = self.world.discreet(running.finish());
        ran.expect_code(0);
        assert!(looked.is_some(), "{}", ran.frame("nothing waits", &self.last(&["coverage"]).to_string()));
    }

    fn serve(&self) -> crate::harness::Running {
        let mut running = self.world.scene.call(["run", "--settings", "s.toml"]).start();
        let line = running.line();
        if !line.starts_with("Running: ") {
            panic!("{line}\n{}", running.finish().err());
        }
        running
    }

    fn ask(&self, args: &[&str]) -> Ran {
        self.world.discreet(self.world.scene.call(args).args(["--settings", "s.toml"]).run())
    }

    fn last(&self, args: &[&str]) -> Value {
        self.ask(&[args, &["--format", "jsonl"]].concat()).lines().pop().unwrap_or_default()
    }

    /// Makes a plan; its document, and its number.
    fn plan(&self, args: &[&str]) -> (Value, String) {
        let ran = self.ask(&[&["plan", "new", "--format", "json"], args].concat());
        ran.expect_code(0);
        let document = ran.lines().pop().unwrap_or_default();
        let number = self.ask(&["plan", "list", "--max", "1", "--format", "jsonl"]).lines()[0]["plan"].to_string();
        let shown = self.ask(&["plan", "show", &number, "--format", "json"]);
        same("the bytes shown are the bytes made", &ran.out(), &shown.out());
        (document, number)
    }

    /// What requests changed in both tenants, by what they changed.
    fn effects(&self) -> Vec<Effect> {
        let tenants = &self.world.tenants;
        let all = tenants.boxcom.effects().into_iter().chain(tenants.dropbox.effects());
        all.filter(|effect| effect.changed).collect()
    }

    /// Links and members of what lies at a path in both tenants, without what a new link cannot have again.
    fn sharing(&self, path: &str) -> String {
        let tenants = &self.world.tenants;
        let id = tenants.boxcom.id_at(&path.split('/').collect::<Vec<_>>()).expect("a file at Box");
        let of_box = tenants.boxcom.seen(&id).expect("seen");
        let link = of_box.link.map(|link| (link.access, link.until, link.download));
        let members: Vec<_> = of_box.members.into_iter().map(|member| (member.whom, member.role)).collect();
        let id = tenants.dropbox.id_at(path).expect("a file at Dropbox");
        let of_dropbox = tenants.dropbox.seen(&id).expect("seen");
        let links: Vec<_> = of_dropbox.links.into_iter().map(|link| (link.asked, link.owner, link.expires)).collect();
        let others: Vec<_> = of_dropbox.members.into_iter().map(|member| (member.who, member.role)).collect();
        format!("{link:?} {members:?} {links:?} {others:?}")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Path, standing and number of calls of each action of a plan.
fn planned(plan: &Value) -> Vec<(String, String, usize)> {
    let entries = plan["entries"].as_array().expect("entries");
    let of = |entry: &Value| {
        let planned = entry["planned"].as_array().cloned().unwrap_or_default();
        let path = text(&entry["path"]).to_owned();
        planned.into_iter().map(move |one| {
            (path.clone(), text(&one["standing"]).to_owned(), one["calls"].as_array().map_or(0, Vec::len))
        })
    };
    entries.iter().flat_map(of).collect()
}

/// How often each effect occurs.
fn counted(effects: &[Effect]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for effect in effects {
        *counts.entry(effect.what).or_insert(0) += 1;
    }
    counts
}

const NOTES: &str = "ada/Notes.txt";
const BUDGET: &str = "frank/Projekt X/Budget.csv";
const CARDS: &str = "erin/Travel/Cards.txt";

#[test]
fn what_drifted_after_the_plan_is_refused_and_the_rest_is_done_and_comes_back() {
    let company = Company::new(&[NOTES, BUDGET], "plan", "");
    company.ask(&["reevaluate"]).expect_code(0);
    let (plan, number) = company.plan(&[]);
    let all = planned(&plan);
    let will: Vec<_> = all.iter().filter(|(_, standing, _)| standing == "will").collect();
    let of = |name: &str| will.iter().filter(|(path, ..)| path.ends_with(name)).map(|one| one.2).sum::<usize>();
    same("a link at each tenant", &(2, 2, 2), &(of("Notes.txt"), of("Budget.csv"), of("Cards.txt")));
    // What is open only through a folder above has nothing of its own to close, and the plan says what would.
    let contact = plan["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .find(|entry| text(&entry["path"]).ends_with("contact.html"));
    let contact = contact.expect("open through its folder").to_string();
    assert!(contact.contains("still public through a link on the folder"), "{contact}");
    assert!(contact.contains("--do remove_links"), "{contact}");
    // For people.
    company
        .ask(&["plan", "show", &number])
        .expect_code(0)
        .expect_out("make it private")
        .expect_out("a link for anybody");
    company.ask(&["plan", "show", &number, "--format", "html"]).expect_code(0).expect_out("<!doctype html>");
    let before: Vec<String> = [BUDGET, CARDS].iter().map(|path| company.sharing(path)).collect();

    // Somebody edits the sharing of one file: another call would be needed now.
    let invite = Edit::Invite { by: "ada", path: steps(NOTES), whom: "pat".to_owned() };
    company.world.tenants.play(&invite).expect("played");
    let drifted = company.sharing(NOTES);
    let earlier = company.effects().len();
    let ran = company.ask(&["plan", "apply", &number, "--yes"]);
    ran.expect_code(1).expect_out("drifted").expect_out("Notes.txt");
    same("what drifted is as it was", &drifted, &company.sharing(NOTES));
    let done = company.effects().split_off(earlier);
    let calls: usize = will.iter().filter(|(path, ..)| !path.ends_with("Notes.txt")).map(|one| one.2).sum();
    same("each call of the plan, and no other", &calls, &done.len());
    for path in [BUDGET, CARDS] {
        assert!(!company.sharing(path).contains("public") && !company.sharing(path).contains("open"), "{path}");
    }
    // It is applied once.
    let again = company.effects().len();
    company.ask(&["plan", "apply", &number, "--yes"]).expect_code(1);
    same("nothing more was done", &again, &company.effects().len());

    let before_undo = counted(&company.effects());
    let ran = company.ask(&["undo", "--plan", &number, "--apply", "--yes"]);
    ran.expect_code(0).expect_out("a link that is made again has a new address");
    let after: Vec<String> = [BUDGET, CARDS].iter().map(|path| company.sharing(path)).collect();
    same("sharing is as it was", &before, &after);
    let made: Vec<_> =
        counted(&company.effects()).into_iter().filter(|(what, times)| before_undo.get(what) != Some(times)).collect();
    same("links are made and nothing else", &vec!["link_made"], &made.iter().map(|(what, _)| *what).collect());
    company.ask(&["undo", "--plan", &number]).expect_code(2).expect_err("undone already");
    company.ask(&["audit", "verify"]).expect_code(0);
}

#[test]
fn a_policy_is_enforced_only_as_it_was_shown() {
    let company = Company::new(&[NOTES], "enforce", "");
    let before = company.effects().len();
    company.ask(&["reevaluate"]).expect_code(0);
    same("nothing is done before it is approved", &before, &company.effects().len());
    company.ask(&["policy", "approve", "open", "--plan", "1"]).expect_code(2).expect_err("there is no plan 1");
    let (plan, number) = company.plan(&["--item", "box:/Notes.txt", "--do", "remove_links"]);
    same("its policies", &0, &plan["policies"].as_array().map_or(9, Vec::len));
    company
        .ask(&["policy", "approve", "open", "--plan", &number])
        .expect_code(2)
        .expect_err("shows nothing of the policy");
    let (_, number) = company.plan(&["--policy", "open"]);
    // Edited after it was shown: that form was never planned.
    company.world.scene.write("open.toml", OPEN.replace("MODE", "enforce").replace("make_private", "remove_links"));
    company.ask(&["policy", "approve", "open", "--plan", &number]).expect_code(2).expect_err("is another now");
    company.world.scene.write("open.toml", OPEN.replace("MODE", "enforce"));
    company.ask(&["policy", "approve", "open", "--plan", &number]).expect_code(0);
    company.ask(&["policy", "list"]).expect_code(0).expect_out("enforce");
    // An edit makes it fall back.
    company.world.scene.write("open.toml", OPEN.replace("MODE", "enforce").replace("make_private", "remove_links"));
    let ran = company.ask(&["plan", "new", "--policy", "open", "--format", "json"]);
    assert!(!ran.out().contains("\"mode\":\"enforce\""), "{}", ran.out());
    company.ask(&["policy", "revoke", "open"]).expect_code(0);
}

#[test]
fn a_second_operator_approves_what_needs_two() {
    let company = Company::new(&[NOTES], "plan", "");
    company.world.edit(|mut text| {
        for name in ["ada", "bob"] {
            let ran = company.world.scene.call(["operator", "key", name]).run();
            let out = ran.expect_code(0).out();
            text.push_str(out.split_once("\n\n").expect("a table").1);
        }
        text
    });
    company.ask(&["operator", "list"]).expect_code(0).expect_out("ada\nbob\n");
    // Of a colleague: an administrator cannot be suspended.
    let suspend = ["--item", "box:/Travel/Cards.txt", "--do", "suspend"];
    let (plan, number) = company.plan(&[&suspend[..], &["--operator", "ada"]].concat());
    same("approvals", &Some(1), &plan["approvals"].as_u64());
    let before = company.effects().len();
    company
        .ask(&["plan", "apply", &number, "--yes"])
        .expect_code(2)
        .expect_err("needs the approval of another operator");
    company.ask(&["plan", "approve", &number, "--operator", "ada"]).expect_code(2).expect_err("made plan");
    company
        .ask(&["plan", "approve", &number, "--operator", "eve"])
        .expect_code(2)
        .expect_err("only with the operator's key");
    // Somebody else's key is no key.
    let other = company.world.scene.home(".config/sluicebox/operators/ada.key");
    let other = other.to_str().expect("a path");
    let ran = company.ask(&["plan", "approve", &number, "--operator", "bob", "--operator-key", other]);
    ran.expect_code(2).expect_err("not the key of operator `bob`");
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(0);
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(2).expect_err("has approved");
    same("nothing was done so far", &before, &company.effects().len());
    company.ask(&["plan", "apply", &number, "--yes", "--operator", "ada"]).expect_code(0);
    let done = company.effects().split_off(before);
    same("one suspended", &vec!["suspended"], &done.iter().map(|effect| effect.what).collect());
    // Whoever made a plan without a name cannot be told from who approves it.
    let (_, number) = company.plan(&suspend.map(|word| if word == "suspend" { "end_sessions" } else { word }));
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(2).expect_err("nobody knows who made");
}

/// Files in each tenant of the large undo.
const MANY: usize = 100;

#[test]
fn hundreds_of_actions_are_undone_through_a_kill() {
    let company = Company::with(&[], "plan", "", MANY);
    let many = ["--where", "path under \"/Many\"", "--do", "remove_links", "--max", "2000"];
    let (plan, number) = company.plan(&many);
    let will = planned(&plan).iter().filter(|(_, standing, _)| standing == "will").count();
    same("links of all", &(2 * MANY), &will);
    company.ask(&["plan", "apply", &number, "--yes"]).expect_code(0);
    let (begun, before) = (company.effects().len(), counted(&company.effects()));
    let running =
        company.world.scene.call(["undo", "--plan", &number, "--apply", "--yes", "--settings", "s.toml"]).start();
    while company.effects().len() < begun + MANY / 2 {
        std::thread::yield_now();
    }
    running.signal("KILL");
    running.finish();
    let left = company.effects().len();
    assert!(left < begun + 2 * MANY, "it was killed too late: {left}");
    let undo = company.ask(&["plan", "list", "--max", "1", "--format", "jsonl"]).lines()[0]["plan"].to_string();
    company.ask(&["plan", "apply", &undo, "--yes"]).expect_code(0);
    let of_undo: Vec<_> =
        counted(&company.effects()).into_iter().filter(|(what, times)| before.get(what) != Some(times)).collect();
    same("each link once", &vec![("link_made", before.get("link_made").copied().unwrap_or(0) + 2 * MANY)], &of_undo);
    company.ask(&["undo", "--plan", &number]).expect_code(2).expect_err("undone already");
}
