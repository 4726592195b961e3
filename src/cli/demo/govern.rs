//! The second half of the demo: what is open is closed, by policies, through a kill, and brought back, with proof of all of it.
//!
//! What the program says is held against what the tenants themselves say was done to them ([`crate::emulator::effect`]) and
//! against their own view of who reaches what.

mod apply;
mod back;
mod effects;
mod plan;
mod proof;

use super::child::Service;
use super::fill::owner;
use super::is_over;
use super::steps::{Act, LETTER_NAME, is_done, number};
use super::{Failed, told};
use crate::emulator::edit::{Edit, Play};
use crate::report::units;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Sensitive, and somebody outside reaches it: the filter of the demo's first policy.
const OPEN: &str =
    "type != folder and access >= external and not trashed and finding(confidence >= medium, unique >= 3)";
/// Anybody reaches it: the filter of the second.
const PUBLIC: &str = "type != folder and access = public and not trashed";
/// Sensitive, and nobody outside reaches it.
const CLOSED: &str =
    "type != folder and access <= internal and not trashed and finding(confidence >= medium, unique >= 3)";
/// The policies' names.
const POLICIES: [&str; 2] = ["sensitive-outside", "links-to-anyone"];
/// Documents that people open to others before, each in both tenants.
const OPENED: usize = 6;
/// How long a live change may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(30);
/// Looks without anything waiting, one after the other, after which nothing more comes.
const QUIET_LOOKS: u32 = 3;
/// Calls that follow what people do; they go on whatever else does.
const FEEDS: [&str; 6] = ["/events", "get_events", "longpoll", "/continue", "/token", "get_latest_cursor"];

/// What the steps share.
struct Case {
    /// Sensitive documents that nobody outside reached before people opened them: paths, as seeds have them.
    opened: Vec<Vec<String>>,
    /// One more, that is still closed.
    spare: Vec<String>,
    /// The plan's number.
    plan: String,
    /// The plan itself.
    document: Value,
    /// Ids that the first policy matched, by connector.
    matched: BTreeSet<(String, String)>,
}

impl Act<'_> {
    /// Plays the second half.
    pub(super) fn govern(&mut self, service: Service) -> Result<Service, Failed> {
        let mut service = service;
        let mut case = self.policies(&mut service)?;
        self.plan(&mut case)?;
        let service = self.apply(&case, service)?;
        let service = self.closed(&case, service)?;
        let service = self.enforced(&case, service)?;
        let service = self.restored(&case, service)?;
        self.messages()?;
        let service = self.audit(service)?;
        self.canaries()?;
        Ok(service)
    }

    fn policies(&mut self, service: &mut Service) -> Result<Case, Failed> {
        self.told.step("Policies: what must not be, and what is to be done about it");
        let case = self.people_open(service)?;
        let text = policy_text("plan");
        told_lines(self, &text);
        self.write_policies("plan")?;
        let arguments = ["policy", "check"];
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        let before = self.calls();
        let arguments = ["reevaluate", "--watch"];
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        let more = self.calls() - before;
        self.told.check(more == 0, &format!("{more} calls to the providers for it"));
        let arguments = ["policy", "list"];
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        let listed = self.commands.rows(&["policy", "list", "--format", "jsonl"])?;
        for (policy, filter) in POLICIES.iter().zip([OPEN, PUBLIC]) {
            let matches = listed.iter().find(|row| row["name"] == *policy).and_then(|row| row["matches"].as_u64());
            let files = self.items(filter)?.len() as u64;
            self.told.check(
                matches == Some(files) && files > 0,
                &format!("{policy}: {} matches, the files that its filter finds", units::count(files)),
            );
        }
        Ok(case)
    }

    /// People share what they should not: documents with findings, some with anybody, some with a partner.
    fn people_open(&mut self, service: &mut Service) -> Result<Case, Failed> {
        let closed = self.items(CLOSED)?;
        let names: BTreeSet<&str> = closed.iter().filter(|row| row["connector"] == "box").filter_map(name_of).collect();
        let fits =
            |name: &str| names.contains(name) && self.oracle.files.contains_key(name) && !self.touched.contains(name);
        let files = self.stage.fill.files.iter().filter(|file| owner(file).is_some());
        let mut paths =
            files.filter(|file| file.path.last().is_some_and(|name| fits(name))).map(|file| file.path.clone());
        let opened: Vec<Vec<String>> = paths.by_ref().take(OPENED).collect();
        // One that no hold is on in either tenant: it is to be moved.
        let spare = paths.find(|path| !self.is_held_at(path));
        let spare = spare.ok_or_else(|| Failed::new("the documents hold too little to be found in them"))?;
        for (at, path) in opened.iter().enumerate() {
            self.open(path, at % 2 == 0)?;
        }
        let wanted: BTreeSet<&str> = opened.iter().filter_map(|path| path.last().map(String::as_str)).collect();
        let begun = self.clock.elapsed();
        loop {
            let rows = self.items(OPEN)?;
            let seen = rows.iter().filter_map(name_of).filter(|name| wanted.contains(name)).count();
            if seen == wanted.len() * 2 {
                break;
            }
            if is_over(self.stop) || self.clock.elapsed().saturating_sub(begun) > SEEN_WITHIN {
                return Err(Failed::new(format!("{seen} of {} shares were seen", wanted.len() * 2)));
            }
            self.waited(begun, service)?;
        }
        let took = self.clock.elapsed().saturating_sub(begun);
        self.told.lines(&format!(
            "people share {} sensitive documents with anybody or a partner; all are seen after {:.1} s",
            wanted.len() * 2,
            took.as_secs_f64()
        ));
        self.quiet(service)?;
        Ok(Case { opened, spare, plan: String::new(), document: Value::Null, matched: BTreeSet::new() })
    }

    /// Somebody opens a document of theirs, to anybody or to the partner, in both tenants.
    fn open(&self, path: &[String], to_anybody: bool) -> Result<(), Failed> {
        let by = crate::emulator::seed::CAST.iter().find(|person| path.first().is_some_and(|of| of == person.key));
        let by = by.map(|person| person.key).ok_or_else(|| Failed::new("a document has no owner"))?;
        let path = path.to_vec();
        let edit = match to_anybody {
            true => Edit::Link { by, path, audience: Some("public") },
            false => Edit::Invite { by, path, whom: "pat".into() },
        };
        self.stage.tenants.play(&edit).map_err(Failed::new)
    }

    fn write_policies(&self, mode: &str) -> Result<(), Failed> {
        let folder = self.stage.settings.with_file_name("policies");
        let write = || {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("demo.toml"), policy_text(mode))
        };
        write().map_err(|error: std::io::Error| Failed::new(format!("cannot write the policies: {error}")))
    }

    /// Items that a filter surely takes.
    fn items(&self, filter: &str) -> Result<Vec<Value>, Failed> {
        let mut rows = self.commands.rows(&["files", "--where", filter, "--format", "jsonl"])?;
        rows.retain(|row| row["schema"] == "sluicebox.item/1" && row["answer"] == "yes");
        Ok(rows)
    }

    /// Calls to the providers, but for those that follow their feeds.
    fn calls(&self) -> u64 {
        let calls = self.stage.running.record().calls();
        calls.iter().filter(|(kind, _)| !FEEDS.iter().any(|feed| kind.contains(feed))).map(|(_, count)| count).sum()
    }

    /// Until nothing waits any more.
    fn quiet(&self, service: &mut Service) -> Result<(), Failed> {
        let (begun, mut quiet) = (self.clock.elapsed(), 0);
        let mut before = None;
        while quiet < QUIET_LOOKS {
            self.waited(begun, service)?;
            let rows = self.commands.rows(&["backlog", "status", "--format", "jsonl"])?;
            let calls = Some(self.calls());
            quiet = if is_done(&rows) && calls == before { quiet + 1 } else { 0 };
            before = calls;
        }
        Ok(())
    }

    /// How far the tenants themselves say that items are open, by connector and id.
    fn exposures(&self) -> BTreeMap<(String, String), &'static str> {
        let tenants = &self.stage.tenants;
        let of = |connector: &'static str, rows: Vec<(String, &'static str, bool)>| {
            rows.into_iter().map(move |(id, level, _)| ((connector.to_owned(), id), level))
        };
        of("box", tenants.boxcom.exposures()).chain(of("dropbox", tenants.dropbox.exposures())).collect()
    }

    /// How many of these items somebody outside reaches, by the tenants' own account.
    fn outside(&self, items: &BTreeSet<(String, String)>) -> usize {
        let exposures = self.exposures();
        items.iter().filter(|item| matches!(exposures.get(item), Some(&("public" | "external")))).count()
    }

    /// The exposure before and after.
    fn closed(&mut self, case: &Case, service: Service) -> Result<Service, Failed> {
        let mut service = service;
        self.told.step("Exposure: before and after");
        self.quiet(&mut service)?;
        let left = self.items(OPEN)?;
        self.told.command(&["files", "--where", OPEN]);
        let (before, outside) = (case.matched.len(), self.outside(&case.matched));
        self.told.check(
            left.len() == outside && left.is_empty(),
            &format!(
                "sensitive files that somebody outside reaches: {} before, {} now; the tenants themselves say {}",
                number(before),
                number(left.len()),
                number(outside)
            ),
        );
        self.told.lines("those under a legal hold lie where they were, their sharing closed");
        Ok(service)
    }
}

fn told_lines(play: &Act<'_>, policy: &str) {
    play.told.lines(policy);
    told::say("\n");
}

/// The demo's policies; `mode` is that of the first.
fn policy_text(mode: &str) -> String {
    format!(
        r#"schema = 1

[[policy]]
name = "{first}"
title = "Sensitive files that people outside can reach"
severity = "critical"
mode = "{mode}"
where = "{OPEN}"

[[policy.action]]
do = "admin_quarantine"

[[policy.action]]
do = "notify"
whom = ["owner", "{soc}", "webhook:soc"]

[[policy]]
name = "{second}"
title = "Links that let anybody in"
severity = "medium"
mode = "plan"
where = "{PUBLIC}"

[[policy.action]]
do = "remove_links"
"#,
        first = POLICIES[0],
        second = POLICIES[1],
        soc = super::sinks::SOC,
    )
}

/// The last step of a row's path.
fn name_of(row: &Value) -> Option<&str> {
    row["path"].as_str()?.rsplit('/').next()
}

/// What names an item of a row or of a plan's entry.
fn key_of(row: &Value) -> (String, String) {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("connector"), text("id"))
}

/// Lines of a text, `most` of them, and how many more there are.
fn first_lines(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = lines.iter().take(most).copied().collect::<Vec<_>>().join("\n");
    if lines.len() > most {
        shown.push_str(&format!("\n... and {} more lines", lines.len() - most));
    }
    shown
}

/// True for the name of the letter that was written while the service looked on.
fn is_letter(row: &Value) -> bool {
    name_of(row) == Some(LETTER_NAME)
}

/// A file of the demo's folder, for settings and commands.
fn shown_path(path: &Path) -> String {
    path.display().to_string()
}
