//! What was done to the tenants, by their own account.

use super::Act;
use crate::emulator::Effect;
use std::collections::BTreeMap;

/// Effects that rightly meet the same thing again: the quarantine's folder is looked after for each item.
const AGAIN: [&str; 2] = ["folder_made", "invitations_set"];

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

    /// What was done more than once to the same thing, or for nothing.
    pub(super) fn doubled(&self) -> Vec<String> {
        let mut times: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
        let mut doubled = Vec::new();
        for (connector, effect) in self.effects().into_iter().filter(|(_, effect)| !AGAIN.contains(&effect.what)) {
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
}
