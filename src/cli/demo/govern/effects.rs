//! What was done to the tenants, by their own account.

use super::Act;
use crate::emulator::Effect;
use std::collections::BTreeMap;

/// Effects that make a quarantine's folder, whatever is put into it.
const OF_FOLDER: [&str; 2] = ["folder_made", "invitations_set"];
/// The name of the quarantines.
const QUARANTINE: &str = "sluicebox quarantine";

impl Act<'_> {
    pub(super) fn forget_effects(&self) {
        self.stage.tenants.boxcom.clear_effects();
        self.stage.tenants.dropbox.clear_effects();
    }

    /// All effects, by connector.
    pub(super) fn effects(&self) -> Vec<(&'static str, Effect)> {
        let tenants = &self.stage.tenants;
        let of = |name: &'static str, effects: Vec<Effect>| effects.into_iter().map(move |effect| (name, effect));
        of("box", tenants.boxcom.effects()).chain(of("dropbox", tenants.dropbox.effects())).collect()
    }

    /// Those that changed something.
    pub(super) fn changed(&self) -> Vec<(&'static str, Effect)> {
        self.effects().into_iter().filter(|(_, effect)| effect.changed).collect()
    }

    /// True for what concerns a quarantine's own folder: it is made, and whoever moves an item into the team's is let in for the
    /// length of the move, one after another.
    fn is_of_folder(&self, effect: &Effect) -> bool {
        let folder = self.stage.tenants.dropbox.namespace(QUARANTINE);
        OF_FOLDER.contains(&effect.what) || folder.as_ref() == Some(&effect.on)
    }

    /// What was changed beside the quarantines' own folders.
    pub(super) fn changed_elsewhere(&self) -> Vec<String> {
        let changed = self.changed().into_iter().filter(|(_, effect)| !self.is_of_folder(effect));
        changed.map(|(connector, effect)| format!("{connector}: {} of {}", effect.what, effect.on)).collect()
    }

    /// What was done more than once to the same thing, or for nothing.
    pub(super) fn doubled(&self) -> Vec<String> {
        let mut times: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
        let mut doubled = Vec::new();
        for (connector, effect) in self.effects().into_iter().filter(|(_, effect)| !self.is_of_folder(effect)) {
            if !effect.changed {
                doubled.push(format!("{connector}: {} of {} for nothing", effect.what, effect.on));
            }
            *times.entry((connector, effect.what, effect.on)).or_default() += 1;
        }
        let again = times.into_iter().filter(|(_, times)| *times > 1);
        doubled
            .extend(again.map(|((connector, what, on), times)| format!("{connector}: {what} of {on} {times} times")));
        doubled
    }

    /// True when an item lies in a quarantine of the company.
    pub(super) fn lies_there(&self, connector: &str, id: &str) -> bool {
        let tenants = &self.stage.tenants;
        if connector == "box" {
            let seen = tenants.boxcom.seen(id).filter(|seen| seen.live);
            return seen.is_some_and(|seen| seen.path.iter().any(|step| step == QUARANTINE));
        }
        let seen = tenants.dropbox.seen(id).filter(|seen| !seen.trashed && !seen.purged);
        seen.is_some_and(|seen| tenants.dropbox.namespace(QUARANTINE).is_some_and(|folder| folder == seen.namespace))
    }

    /// How many files that were made, and are still there, have a name that ends so.
    pub(super) fn made(&self, end: &str) -> usize {
        let tenants = &self.stage.tenants;
        let name = |connector: &str, id: &str| {
            if connector == "box" {
                tenants.boxcom.seen(id).filter(|seen| seen.live).map(|seen| seen.name)
            } else {
                tenants.dropbox.seen(id).filter(|seen| !seen.trashed && !seen.purged).map(|seen| seen.path)
            }
        };
        let made: Vec<_> = self.changed().into_iter().filter(|(_, effect)| effect.what == "file_made").collect();
        made.iter().filter_map(|(of, effect)| name(of, &effect.on)).filter(|name| name.ends_with(end)).count()
    }

    /// True when an item is under a legal hold.
    pub(super) fn is_held(&self, connector: &str, id: &str) -> bool {
        let tenants = &self.stage.tenants;
        if connector == "box" {
            return tenants.boxcom.seen(id).is_some_and(|seen| !seen.holds.is_empty());
        }
        tenants.dropbox.seen(id).is_some_and(|seen| !seen.held.is_empty())
    }

    /// True when what lies at a path is under a legal hold in one of the tenants.
    pub(super) fn is_held_at(&self, path: &[String]) -> bool {
        let tenants = &self.stage.tenants;
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let ids = [("box", tenants.boxcom.id_at(&steps)), ("dropbox", tenants.dropbox.id_at(&path.join("/")))];
        ids.iter().any(|(connector, id)| id.as_ref().is_some_and(|id| self.is_held(connector, id)))
    }
}
