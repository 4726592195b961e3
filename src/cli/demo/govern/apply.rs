//! The plan is applied, and the service is killed in the middle of it.

use super::plan::{is_quarantine, planned_entries};
use super::{Act, Case, Failed, first_lines};
use crate::cli::demo::child::Service;
use crate::cli::demo::steps::number;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Between two looks at what the tenants say was done.
const GLANCE: Duration = Duration::from_millis(1);
/// How long the first move of a quarantine may take.
const FIRST_WITHIN: Duration = Duration::from_secs(20);
/// Kills that are tried until one comes in the middle of an action.
const KILLS: u32 = 4;
/// Lines of an action that are shown.
const LINES: usize = 18;

impl Act<'_> {
    /// Applies the plan through a kill.
    pub(super) fn apply(&mut self, case: &Case, service: Service) -> Result<Service, Failed> {
        self.told.step("Apply, and a SIGKILL in the middle of a quarantine");
        let arguments = ["plan", "apply", &case.plan, "--yes"];
        self.told.command(&arguments);
        let (mut service, mut middle) = (service, Vec::new());
        for kill in 1..=KILLS {
            let moves = self.moves();
            let watching = self.commands.begun(&arguments)?;
            self.until_moved(moves)?;
            // The command first: it would go on by itself where no service runs.
            watching.kill();
            service.kill();
            middle = self.commands.rows(&["actions", "list", "--state", "running", "--format", "json"])?;
            middle.retain(|row| row["name"] == "admin_quarantine");
            if !middle.is_empty() {
                break;
            }
            service = self.commands.service(&self.folder.join(format!("service-3-{kill}.log")))?;
        }
        self.told.check(!middle.is_empty(), &format!("SIGKILL; {} under way", quarantines(middle.len())));
        let list = ["actions", "list", "--state", "running"];
        self.told.command(&list);
        self.told.lines(&first_lines(&self.commands.text(&list)?, 2));
        if let Some(one) = middle.first() {
            let action = one["action"].to_string();
            let show = ["actions", "show", &action];
            self.told.command(&show);
            self.told.lines(&first_lines(&self.commands.text(&show)?, LINES));
        }
        let service = self.commands.service(&self.folder.join("service-4.log"))?;
        self.told.command(&["run"]);
        self.told.command(&arguments);
        let (_, text) = self.commands.ended(&arguments)?;
        self.told.lines(&text);
        self.check_done(case)?;
        Ok(service)
    }

    fn moves(&self) -> usize {
        self.effects().iter().filter(|(_, effect)| effect.what == "moved").count()
    }

    /// Until one more item was moved than so many.
    fn until_moved(&self, before: usize) -> Result<(), Failed> {
        let begun = self.clock.elapsed();
        while self.moves() <= before {
            if !self.clock.wait(GLANCE, self.stop) {
                return Err(Failed::new("stopped before the end"));
            }
            if self.clock.elapsed().saturating_sub(begun) > FIRST_WITHIN {
                return Err(Failed::new("no item was moved into quarantine"));
            }
        }
        Ok(())
    }

    fn check_done(&mut self, case: &Case) -> Result<(), Failed> {
        self.stage.running.settle();
        let doubled = self.doubled();
        doubled.iter().take(LINES).for_each(|one| self.told.lines(one));
        let changed = self.changed().len();
        self.told.check(
            doubled.is_empty(),
            &format!("{} changes at the tenants, {} doubled or for nothing", number(changed), number(doubled.len())),
        );
        let rows =
            self.commands.rows(&["actions", "list", "--plan", &case.plan, "--max", "100000", "--format", "json"])?;
        let outcomes: BTreeMap<&str, &Value> =
            rows.iter().filter_map(|row| Some((row["task"].as_str()?, row))).collect();
        let mut lost = Vec::new();
        let mut planned = 0;
        for (_, does) in planned_entries(case) {
            for one in
                does.into_iter().filter(|one| ["will", "tells"].contains(&one["standing"].as_str().unwrap_or_default()))
            {
                planned += 1;
                let row = one["id"].as_str().and_then(|id| outcomes.get(id));
                if !row.is_some_and(|row| ["done", "already_so"].contains(&row["outcome"].as_str().unwrap_or_default()))
                {
                    lost.push(format!(
                        "{}: {}",
                        one["name"],
                        row.map_or("no action", |row| row["outcome"].as_str().unwrap_or("?"))
                    ));
                }
            }
        }
        lost.iter().take(LINES).for_each(|one| self.told.lines(one));
        self.told.check(
            lost.is_empty() && planned > 0,
            &format!("{} planned actions, {} lost", number(planned), number(lost.len())),
        );
        self.check_lying(case)
    }

    /// Each item lies in quarantine whole: itself, its receipt, its note.
    fn check_lying(&mut self, case: &Case) -> Result<(), Failed> {
        let wanted: BTreeSet<(String, String)> = planned_entries(case)
            .into_iter()
            .filter(|(_, does)| does.iter().any(|one| is_quarantine(one) && one["standing"] == "will"))
            .map(|(entry, _)| super::key_of(entry))
            .collect();
        let moved = self.changed().iter().filter(|(_, effect)| effect.what == "moved").count();
        let lying = wanted.iter().filter(|(connector, id)| self.lies_there(connector, id)).count();
        let (receipts, notes) = (self.made(".sluicebox-receipt"), self.made(" - quarantined.txt"));
        self.told.check(
            lying == wanted.len() && moved == lying && !wanted.is_empty(),
            &format!("{} moved, each once, and lie in the quarantines", number(lying)),
        );
        self.told.check(
            (receipts, notes) == (lying, lying),
            &format!("{} sealed receipts beside them, {} notes in their places", number(receipts), number(notes)),
        );
        Ok(())
    }
}

fn quarantines(count: usize) -> String {
    if count == 1 { "1 quarantine is".to_owned() } else { format!("{count} quarantines are") }
}
