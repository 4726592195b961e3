//! A company that a service has read once, and the program asked about it.

use crate::connect::world::World;
use crate::harness::{Ran, Running, same};
use serde_json::Value;
use sluicebox::emulator::Effect;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{CAST, Fill, SeedFile};

/// Bodies above this are left out: nothing here is about large contents.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Looks at coverage until nothing waits; each takes a tenth of a second and more.
const LOOKS_MAX: usize = 10_000;
/// Calls a second and principal.
const PACE: u32 = 500;

/// The only policy; `MODE` stands for its mode.
pub(super) const OPEN: &str = r#"
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

/// The names of a path.
pub(super) fn steps(path: &str) -> Vec<String> {
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
pub(super) struct Company {
    pub(super) world: World,
}

impl Company {
    pub(super) fn new(links: &[&'static str], mode: &str, more: &str) -> Self {
        Self::with(links, mode, more, 0)
    }

    /// The same with so many more files in both tenants, all with a public link.
    pub(super) fn with(links: &[&'static str], mode: &str, more: &str, many: usize) -> Self {
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

    pub(super) fn serve(&self) -> Running {
        let mut running = self.world.scene.call(["run", "--settings", "s.toml"]).start();
        let line = running.line();
        if !line.starts_with("Running: ") {
            panic!("{line}\n{}", running.finish().err());
        }
        running
    }

    pub(super) fn ask(&self, args: &[&str]) -> Ran {
        self.world.discreet(self.world.scene.call(args).args(["--settings", "s.toml"]).run())
    }

    pub(super) fn last(&self, args: &[&str]) -> Value {
        self.ask(&[args, &["--format", "jsonl"]].concat()).lines().pop().unwrap_or_default()
    }

    /// Makes a plan; its document, and its number.
    pub(super) fn plan(&self, args: &[&str]) -> (Value, String) {
        let ran = self.ask(&[&["plan", "new", "--format", "json"], args].concat());
        ran.expect_code(0);
        let document = ran.lines().pop().unwrap_or_default();
        let number = self.ask(&["plan", "list", "--max", "1", "--format", "jsonl"]).lines()[0]["plan"].to_string();
        let shown = self.ask(&["plan", "show", &number, "--format", "json"]);
        same("the bytes shown are the bytes made", &ran.out(), &shown.out());
        (document, number)
    }

    /// What requests changed in both tenants, by what they changed.
    pub(super) fn effects(&self) -> Vec<Effect> {
        let tenants = &self.world.tenants;
        let all = tenants.boxcom.effects().into_iter().chain(tenants.dropbox.effects());
        all.filter(|effect| effect.changed).collect()
    }

    /// Links and members of what lies at a path in both tenants, without what a new link cannot have again.
    pub(super) fn sharing(&self, path: &str) -> String {
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
