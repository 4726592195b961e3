//! Enforced from now on; and the way back for one item, which stays where it was brought.

use super::{Act, Case, Failed, OPEN, POLICIES, SEEN_WITHIN, name_of};
use crate::cli::demo::child::Service;
use crate::emulator::edit::{Edit, Play};
use serde_json::Value;
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

impl Act<'_> {
    /// The policy acts by itself, on what people do now.
    pub(super) fn enforced(&mut self, case: &Case, service: Service) -> Result<Service, Failed> {
        let mut service = service;
        self.told.step("Enforce: the same from now on, as it happens");
        let arguments = ["policy", "approve", POLICIES[0], "--plan", &case.plan];
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        self.write_policies("enforce")?;
        self.commands.text(&["reevaluate", "--watch"])?;
        let rows = self.commands.rows(&["policy", "list", "--format", "jsonl"])?;
        let in_force = rows.iter().any(|row| row["name"] == POLICIES[0] && row["in_force"] == "enforce");
        self.told.check(in_force, "the approved policy is in force");
        let before = self.lying()?.len();
        self.open(&case.spare, true)?;
        let begun = self.clock.elapsed();
        while self.lying()?.len() < before + 2 {
            self.in_time(begun, "the newly shared document was not quarantined")?;
        }
        let took = self.clock.elapsed().saturating_sub(begun);
        self.quiet(&mut service)?;
        let open = self.items(OPEN)?.len();
        let said = format!(
            "somebody shares one more: in quarantine in both tenants {:.1} s later; {open} sensitive files are open",
            took.as_secs_f64()
        );
        self.told.check(open == 0 && self.lying()?.len() == before + 2, &said);
        Ok(service)
    }

    /// One item comes back, and stays.
    pub(super) fn restored(&mut self, case: &Case, service: Service) -> Result<Service, Failed> {
        let mut service = service;
        self.told.step("Restore: one item comes back as it was, and stays");
        let path: &Vec<String> = case.opened.get(2).ok_or_else(|| Failed::new("nothing to restore"))?;
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let name = steps.last().copied().unwrap_or_default();
        let lying = self.lying()?;
        let one = lying.iter().find(|row| row["connector"] == "box" && name_of(row) == Some(name));
        let one = one.ok_or_else(|| Failed::new("the item to restore lies in no quarantine"))?;
        let id = one["id"].as_str().unwrap_or_default().to_owned();
        let gone = self.stage.tenants.boxcom.id_at(&steps).is_none();
        let arguments = ["quarantine", "restore", &id, "--yes"];
        self.told.command(&["quarantine", "show", &id]);
        self.told.lines(&self.commands.text(&["quarantine", "show", &id])?);
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        let begun = self.clock.elapsed();
        while self.lying()?.iter().any(|row| row["id"] == *id) {
            self.in_time(begun, "the item was not brought back")?;
        }
        self.quiet(&mut service)?;
        let back = self.stage.tenants.boxcom.id_at(&steps);
        let level = back.as_ref().and_then(|id| self.exposures().get(&("box".to_owned(), id.clone())).copied());
        self.told.check(gone && back.is_some(), "back in its folder under its name");
        self.told.check(level == Some("public"), "its link lets anybody in again, by the tenant's own account");
        let list = ["exceptions", "list"];
        self.told.command(&list);
        self.told.lines(&self.commands.text(&list)?);
        let excused = self.commands.rows(&["exceptions", "list", "--format", "jsonl"])?;
        let excused = excused.iter().filter(|row| row["policy"] == POLICIES[0] && row["state"] == "holds").count();
        self.told.check(excused == 1, "one exception says so, for seven days and this content");
        self.stays(&steps, path, &mut service)?;
        Ok(service)
    }

    /// A pass and what people do meanwhile do not take it away again.
    fn stays(&mut self, steps: &[&str], path: &[String], service: &mut Service) -> Result<(), Failed> {
        let moves = self.effects().iter().filter(|(_, effect)| effect.what == "moved").count();
        let before = self.passes()?;
        let arguments = ["backlog", "start"];
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        let viewed = Edit::View { by: None, path: path.to_vec() };
        self.stage.tenants.boxcom.play(&viewed).map_err(Failed::new)?;
        // An end that is given and taken away: a change of its sharing.
        let by = crate::emulator::seed::CAST.iter().find(|person| steps.first() == Some(&person.key));
        let by = by.map(|person| person.key).ok_or_else(|| Failed::new("the document has no owner"))?;
        let after = Some(Duration::from_secs(86_400));
        let ended = Edit::Expire { by, path: path.to_vec(), after };
        self.stage.tenants.boxcom.play(&ended).map_err(Failed::new)?;
        let begun = self.clock.elapsed();
        while !self.passes()?.iter().zip(&before).all(|(now, before)| now > before) {
            self.waited(begun, service)?;
        }
        self.quiet(service)?;
        let still = self.stage.tenants.boxcom.id_at(steps).is_some();
        let more = self.effects().iter().filter(|(_, effect)| effect.what == "moved").count() - moves;
        self.told.check(
            still && more == 0,
            "still there after another pass, a view, and a change of its sharing; nothing was moved",
        );
        Ok(())
    }

    /// Passes whose listing is over, by connector.
    fn passes(&self) -> Result<Vec<u64>, Failed> {
        let rows = self.commands.rows(&["backlog", "status", "--format", "jsonl"])?;
        let number = |row: &Value| {
            if row["pass"]["listed"].is_null() { 0 } else { row["pass"]["number"].as_u64().unwrap_or(0) }
        };
        Ok(rows.iter().map(number).collect())
    }

    pub(super) fn lying(&self) -> Result<Vec<Value>, Failed> {
        self.commands.rows(&["quarantine", "list", "--format", "jsonl"])
    }

    fn in_time(&self, begun: Duration, otherwise: &str) -> Result<(), Failed> {
        if !self.clock.wait(LOOK, self.stop) {
            return Err(Failed::new("stopped before the end"));
        }
        let late = self.clock.elapsed().saturating_sub(begun) > SEEN_WITHIN;
        if late { Err(Failed::new(otherwise)) } else { Ok(()) }
    }
}
