//! A company that is listed, and the hands that put intents into its store.

use crate::service::house::{House, Ways};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Effect, Faults, Pace};
use sluicebox::engine::act::{self, Planned, What, resolve};
use sluicebox::engine::core::{Core, Tenant};
use sluicebox::model::action::Action;
use sluicebox::model::{Cause, IntentNumber, ItemKind, Provider};
use sluicebox::policy::Still;
use sluicebox::policy::ask::Ask;
use sluicebox::store::{Entry, Intent, IntentQuery, Known, NewIntent};
use std::sync::Arc;
use std::time::Duration;

/// Bodies above this are left out: nothing here is about large contents.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Longer than a read may lag behind and a write may be late.
const LAG: Duration = Duration::from_secs(15);

/// The small company with a core over it.
pub(super) struct Scene {
    pub(super) house: House,
    pub(super) core: Arc<Core>,
}

/// An entry for what a test writes.
pub(super) fn entry(act: &str) -> Entry {
    Entry { actor: "test".into(), act: act.into(), about: String::new(), details: "{}".into() }
}

impl Scene {
    /// After its people did all this, listed.
    pub(super) fn after(deeds: &[Edit]) -> Self {
        let mut fill = Fill::small();
        fill.files.retain(|file| file.body.len() <= BODY_BYTES_MAX);
        let house = House::with(Clock::movable(), 1, fill, Faults::default(), Pace::default());
        for deed in deeds {
            house.tenants.play(deed).unwrap();
        }
        house.site.clock.advance(LAG);
        let core = house.site.core(Ways::default());
        house.site.list_all(&core);
        Self { house, core }
    }

    pub(super) fn tenant(&self, provider: Provider) -> &Arc<Tenant> {
        self.core.tenants.iter().find(|tenant| tenant.provider == provider).unwrap()
    }

    /// The id of what lies at a path, the owner's key first.
    pub(super) fn id(&self, provider: Provider, path: &str) -> String {
        let tenants = &self.house.tenants;
        let found = match provider {
            Provider::Box => tenants.boxcom.id_at(&path.split('/').collect::<Vec<_>>()),
            Provider::Dropbox => tenants.dropbox.id_at(path),
        };
        found.unwrap_or_else(|| panic!("nothing is at {path}"))
    }

    /// The file at a path as it is stored.
    pub(super) fn file(&self, provider: Provider, path: &str) -> Known {
        let of = self.tenant(provider).number;
        self.core.store.find(of, ItemKind::File, &self.id(provider, path)).unwrap().expect("a listed file")
    }

    /// What requests did to a tenant.
    pub(super) fn effects(&self, provider: Provider) -> Vec<Effect> {
        match provider {
            Provider::Box => self.house.tenants.boxcom.effects(),
            Provider::Dropbox => self.house.tenants.dropbox.effects(),
        }
    }

    /// How often something was done to an item that was not so before.
    pub(super) fn done(&self, provider: Provider, what: &str, on: &str) -> usize {
        let all = self.effects(provider).into_iter();
        all.filter(|effect| effect.changed && effect.what == what && effect.on == on).count()
    }

    /// Puts what a person asked for into the store.
    pub(super) fn want(&self, id: &str, known: &Known, actions: Vec<Action>) -> IntentNumber {
        let planned = |action| Planned { on: None, action, version: None, expects: None };
        let what = What::Do { actions: actions.into_iter().map(planned).collect() };
        self.add(new(id, known, Cause::Plan, &what))
    }

    /// Puts what an ask wants into the store, as a person's.
    pub(super) fn ask(&self, id: &str, known: &Known, ask: Ask) -> IntentNumber {
        self.add(new(id, known, Cause::Plan, &What::Ask { ask, still: Still::Matched }))
    }

    pub(super) fn add(&self, new: NewIntent) -> IntentNumber {
        self.core.store.add_intents(&[new], &entry("test.want")).unwrap()[0]
    }

    /// Acts until nothing is left to do.
    pub(super) fn drain(&self) {
        act::drain(&self.core, &IntentQuery::default()).unwrap();
        self.house.site.clock.advance(LAG);
        self.house.running.settle();
    }

    pub(super) fn intent(&self, number: IntentNumber) -> Intent {
        self.core.store.intent(number).unwrap().expect("an intent")
    }
}

/// An intent on an item.
pub(super) fn new(id: &str, known: &Known, cause: Cause, what: &What) -> NewIntent {
    let owner = known.item.owner.as_ref().and_then(|owner| owner.account.clone().or_else(|| owner.login.clone()));
    let name: Arc<str> = match what {
        What::Ask { ask, .. } => ask.name().into(),
        What::Do { actions } | What::Restore { actions, .. } => actions[0].action.name().into(),
    };
    NewIntent {
        id: id.into(),
        connector: known.connector,
        item: Some(known.number),
        on: resolve::target(known),
        owner: owner.unwrap_or_else(|| "".into()),
        cause,
        voters: Vec::new(),
        rules: None,
        plan: None,
        undoes: None,
        what: serde_json::to_string(what).unwrap(),
        name,
        actor: "operator uid 1000".into(),
        due: None,
        moves: what.moves(),
    }
}

/// Somebody gives what lies at a path a link, or takes it away.
pub(super) fn link(path: &'static str, audience: Option<&'static str>) -> Edit {
    let by = path.split('/').next().unwrap();
    Edit::Link { by, path: path.split('/').map(str::to_owned).collect(), audience }
}

/// Somebody invites somebody.
pub(super) fn invite(path: &'static str, whom: &str) -> Edit {
    let by = path.split('/').next().unwrap();
    Edit::Invite { by, path: path.split('/').map(str::to_owned).collect(), whom: whom.into() }
}
