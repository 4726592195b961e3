//! The plan: what would be done to which item, and nothing of it is done yet.

use super::{Act, Case, Failed, OPEN, PUBLIC, first_lines, is_letter, key_of};
use crate::cli::demo::steps::number;
use serde_json::Value;
use std::collections::BTreeSet;

/// The matter that one file is held for.
const MATTER: &str = "Litigation 2026";
/// Lines of a plan's entry that are shown.
const ENTRY_LINES: usize = 22;

impl Act<'_> {
    pub(super) fn plan(&mut self, case: &mut Case) -> Result<(), Failed> {
        self.told.step("Plan: what would be done, and nothing is done yet");
        let held = self.hold(case)?;
        case.matched = self.items(OPEN)?.iter().map(key_of).collect();
        let mut wanted: BTreeSet<(String, String)> = self.items(PUBLIC)?.iter().map(key_of).collect();
        wanted.extend(case.matched.iter().cloned());
        self.forget_effects();
        let arguments = ["plan", "new"];
        self.told.command(&arguments);
        let text = self.commands.text(&arguments)?;
        case.plan = text.split([' ', ',']).nth(1).unwrap_or_default().to_owned();
        let bytes = self.commands.text(&["plan", "show", &case.plan, "--format", "json"])?;
        case.document = serde_json::from_str(&bytes).map_err(|error| Failed::new(format!("no plan: {error}")))?;
        self.told.lines(text.split("\n\n").next().unwrap_or_default());
        let all = self.commands.text(&["plan", "show", &case.plan, "--all"])?;
        self.told.command(&["plan", "show", &case.plan]);
        let entries = planned_entries(case);
        let one =
            entries.iter().find(|(_, does)| does.iter().any(|one| is_quarantine(one) && one["standing"] == "will"));
        for entry in
            [one.map(|(entry, _)| *entry), entries.iter().map(|(entry, _)| *entry).find(|entry| key_of(entry) == held)]
        {
            let head = entry.map(|entry| format!("  {}:{} #", told_of(entry, "connector"), told_of(entry, "path")));
            let block = head.and_then(|head| all.split("\n\n").find(|block| block.starts_with(&head)));
            self.told.lines(&first_lines(block.unwrap_or("this entry is not shown"), ENTRY_LINES));
        }
        self.check_plan(case, &held, &wanted);
        self.why_not()
    }

    /// One of the files is put under a legal hold.
    fn hold(&self, case: &Case) -> Result<(String, String), Failed> {
        let path: Vec<&str> = case.opened.first().into_iter().flatten().map(String::as_str).collect();
        let id = self.stage.tenants.boxcom.id_at(&path).filter(|id| self.stage.tenants.boxcom.hold(id, MATTER));
        Ok(("box".to_owned(), id.ok_or_else(|| Failed::new("the file to hold is not there"))?))
    }

    fn check_plan(&mut self, case: &Case, held: &(String, String), wanted: &BTreeSet<(String, String)>) {
        let entries = planned_entries(case);
        let ids: BTreeSet<_> = entries.iter().map(|(entry, _)| key_of(entry)).collect();
        self.told.check(
            ids == *wanted && ids.len() == entries.len(),
            &format!("{} items in the plan: those that the policies match", number(ids.len())),
        );
        let wants = |does: &[&Value]| does.iter().any(|one| is_quarantine(one));
        let under: BTreeSet<_> = case.matched.iter().filter(|(of, id)| self.is_held(of, id)).cloned().collect();
        let blocked = entries.iter().filter(|(_, does)| wants(does) && is_blocked_by_hold(does));
        let blocked: BTreeSet<_> = blocked.map(|(entry, _)| key_of(entry)).collect();
        let all =
            entries.iter().flat_map(|(_, does)| does).filter(|one| is_quarantine(one) && one["standing"] == "blocked");
        let (all, some) = (all.count(), blocked.len());
        self.told.check(
            blocked == under && blocked.contains(held) && all == some,
            &format!("{some} are blocked, the files under a legal hold, and their sharing is closed instead"),
        );
        let other = self.changed_elsewhere();
        other.iter().take(ENTRY_LINES).for_each(|one| self.told.lines(one));
        self.told
            .check(other.is_empty(), "nothing of the tenants was changed for it but the quarantines' folders made");
    }

    /// Why a file that is near a policy does not match it.
    fn why_not(&mut self) -> Result<(), Failed> {
        let rows = self.items(PUBLIC)?;
        let row = rows.iter().find(|row| is_letter(row)).ok_or_else(|| Failed::new("the letter is not public"))?;
        let item = format!("#{}", row["item"]);
        let arguments = ["explain", &item, "--policy", super::POLICIES[0]];
        self.told.command(&arguments);
        let text = self.commands.text(&arguments)?;
        self.told.lines(&text);
        let near = text.contains("does not match") && text.contains("short");
        self.told.check(near, "public, and why it is left alone by this policy: the distance is told");
        Ok(())
    }
}

/// True when a hold is in the way of the quarantine, and something weaker is done for it.
fn is_blocked_by_hold(does: &[&Value]) -> bool {
    let is_hold = |one: &&&Value| one["why"].as_str().is_some_and(|why| why.contains("legal hold"));
    does.iter().filter(is_hold).any(|one| is_quarantine(one) && one["standing"] == "blocked")
        && does.iter().any(|one| !one["instead_of"].is_null() && one["standing"] == "will")
}

/// The entries of a plan, each with what is planned for it.
pub(super) fn planned_entries(case: &Case) -> Vec<(&Value, Vec<&Value>)> {
    let entries = case.document["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().map(|entry| (entry, entry["planned"].as_array().into_iter().flatten().collect())).collect()
}

pub(super) fn is_quarantine(planned: &Value) -> bool {
    planned["name"] == "admin_quarantine"
}

fn told_of<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_default()
}
