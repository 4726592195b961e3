//! What was done at a provider, told apart: what each intent is to do, and the rights to move, which are lent and given back.
//!
//! How often a right is lent after kills is nobody's promise; that each lend is given back is. So a lend is a membership that was
//! both made and ended by us, and stands in no count: memberships of people are either ended (by what closes) or made (by what
//! gives back), never both. At Box each membership has its own id; at Dropbox those of files are told by the file, and lends are
//! memberships of a whole namespace.

use sluicebox::emulator::Effect;
use sluicebox::model::Provider;
use std::collections::{BTreeMap, BTreeSet};

/// How often each thing is done.
pub(super) type Does = BTreeMap<&'static str, usize>;

/// Effects that belong to a tenant's quarantine, not to one item.
const ONCE: [&str; 2] = ["folder_made", "invitations_set"];

/// Sorted effects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    /// Without lends.
    pub(super) does: Does,
    /// Rights to move that were lent, and given back.
    pub(super) lent: usize,
    pub(super) given_back: usize,
}

impl Ledger {
    pub(super) fn of(provider: Provider, effects: &[Effect]) -> Self {
        let mut ledger = Self::default();
        let mut seen = BTreeSet::new();
        for effect in effects.iter().filter(|effect| !ONCE.contains(&effect.what)) {
            let is_made = match effect.what {
                "member_made" => true,
                "member_gone" => false,
                what => {
                    *ledger.does.entry(what).or_default() += 1;
                    continue;
                }
            };
            if is_lend(provider, effect, effects) {
                let is_new = provider == Provider::Dropbox || seen.insert((&*effect.on, is_made));
                assert!(is_new, "{provider}: {effect:?} twice");
                *(if is_made { &mut ledger.lent } else { &mut ledger.given_back }) += 1;
            } else {
                *ledger.does.entry(effect.what).or_default() += 1;
            }
        }
        ledger
    }
}

/// True of the two halves of a lend.
fn is_lend(provider: Provider, effect: &Effect, all: &[Effect]) -> bool {
    match provider {
        Provider::Box => {
            let has = |what: &str| all.iter().any(|other| other.what == what && other.on == effect.on);
            has("member_made") && has("member_gone")
        }
        Provider::Dropbox => !effect.on.starts_with("id:"),
    }
}

/// By how much more is done in one than in another.
pub(super) fn more(after: Does, before: &Does) -> Does {
    let left = |(what, times): (&'static str, usize)| (what, times - before.get(what).copied().unwrap_or_default());
    after.into_iter().map(left).filter(|(_, times)| *times > 0).collect()
}
