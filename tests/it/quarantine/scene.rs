//! A company that is listed, with everything it takes to put something into quarantine and to bring it back.

use crate::service::house::{House, Ways};
use sha1::Digest;
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Effect, Faults, Pace};
use sluicebox::engine::act::{self, Planned, What, resolve};
use sluicebox::engine::control::govern::Deed;
use sluicebox::engine::control::{Answer, Command, Refusal, perform};
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

pub(super) struct Scene {
    pub(super) house: House,
    pub(super) core: Arc<Core>,
}

impl Scene {
    /// The small company after its people did all this, listed.
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

    /// The same company with a store that knows nothing of what was done before.
    pub(super) fn with_a_new_store(self) -> Self {
        let Self { house, core } = self;
        drop(core);
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(house.site.folder().join(format!("store.db{ending}")));
        }
        let core = house.site.core(Ways::default());
        house.site.list_all(&core);
        Self { house, core }
    }

    pub(super) fn play(&self, edit: &Edit) {
        self.house.tenants.play(edit).unwrap();
        self.settle();
    }

    pub(super) fn settle(&self) {
        self.house.site.clock.advance(LAG);
        self.house.running.settle();
    }

    pub(super) fn tenant(&self, provider: Provider) -> &Arc<Tenant> {
        self.core.tenants.iter().find(|tenant| tenant.provider == provider).unwrap()
    }

    /// The id of what lies at a path, the owner's key first.
    pub(super) fn id_at(&self, provider: Provider, path: &str) -> Option<String> {
        let tenants = &self.house.tenants;
        match provider {
            Provider::Box => tenants.boxcom.id_at(&path.split('/').collect::<Vec<_>>()),
            Provider::Dropbox => tenants.dropbox.id_at(path),
        }
    }

    /// The provider's hash of what lies at a path; `None` when nothing does.
    pub(super) fn hash_at(&self, provider: Provider, path: &str) -> Option<String> {
        let id = self.id_at(provider, path)?;
        match provider {
            Provider::Box => Some(self.house.tenants.boxcom.seen(&id).filter(|seen| !seen.trashed)?.sha1),
            Provider::Dropbox => Some(self.house.tenants.dropbox.seen(&id).filter(|seen| !seen.trashed)?.hash),
        }
    }

    /// What lies at a path as it is stored.
    pub(super) fn known(&self, provider: Provider, path: &str, kind: ItemKind) -> Known {
        let (of, id) = (self.tenant(provider).number, self.id_at(provider, path));
        let id = id.unwrap_or_else(|| panic!("nothing is at {path}"));
        self.core.store.find(of, kind, &id).unwrap().unwrap_or_else(|| panic!("{path} is not stored"))
    }

    /// A file as it is stored, by its id.
    pub(super) fn known_by(&self, provider: Provider, id: &str) -> Known {
        self.core.store.find(self.tenant(provider).number, ItemKind::File, id).unwrap().expect("it is stored")
    }

    pub(super) fn effects(&self, provider: Provider) -> Vec<Effect> {
        match provider {
            Provider::Box => self.house.tenants.boxcom.effects(),
            Provider::Dropbox => self.house.tenants.dropbox.effects(),
        }
    }

    pub(super) fn forget(&self, provider: Provider) {
        match provider {
            Provider::Box => self.house.tenants.boxcom.clear_effects(),
            Provider::Dropbox => self.house.tenants.dropbox.clear_effects(),
        }
    }

    /// Wants something of an item as a person does, and acts until nothing is left to do.
    pub(super) fn ask(&self, id: &str, known: &Known, ask: Ask) -> Intent {
        self.want(id, known, ask.name(), &What::Ask { ask, still: Still::Matched })
    }

    pub(super) fn order(&self, id: &str, known: &Known, action: Action) -> Intent {
        let name = action.name();
        let planned = Planned { on: None, action, version: None, expects: None };
        self.want(id, known, name, &What::Do { actions: vec![planned] })
    }

    fn want(&self, id: &str, known: &Known, name: &str, what: &What) -> Intent {
        let number = self.add(&[new(id, known, name, what)])[0];
        self.drain();
        self.intent(number)
    }

    pub(super) fn add(&self, new: &[NewIntent]) -> Vec<IntentNumber> {
        let entry = Entry { actor: "test".into(), act: "test.want".into(), about: String::new(), details: "{}".into() };
        self.core.store.add_intents(new, &entry).unwrap()
    }

    /// Acts until nothing is left to do.
    pub(super) fn drain(&self) {
        act::drain(&self.core, &IntentQuery::default()).unwrap();
        self.settle();
    }

    pub(super) fn intent(&self, number: IntentNumber) -> Intent {
        self.core.store.intent(number).unwrap().expect("an intent")
    }

    /// Carries a deed out as a command does.
    pub(super) fn deed(&self, deed: Deed) -> Result<Answer, Refusal> {
        perform(&*self.core.store, &Command::Govern { deed }, "operator uid 1000")
    }

    /// Brings back what lies in quarantine under these ids, excused for a week; the intents' ends.
    pub(super) fn restore(&self, ids: &[&str]) -> Vec<Intent> {
        let until = self.house.site.clock.now().plus(Duration::from_secs(7 * 86_400)).as_millis();
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let deed = Deed::QuarantineRestore { ids, until_ms: Some(until), reason: "it is fine".into() };
        self.deed(deed).unwrap();
        self.drain();
        let all = self.core.store.intents(&IntentQuery::default(), None, 10_000).unwrap();
        all.into_iter().filter(|intent| intent.is.cause == Cause::Restore).collect()
    }
}

/// An intent on an item.
pub(super) fn new(id: &str, known: &Known, name: &str, what: &What) -> NewIntent {
    let owner = known.item.owner.as_ref().and_then(|owner| owner.account.clone());
    NewIntent {
        id: id.into(),
        connector: known.connector,
        item: Some(known.number),
        on: resolve::target(known),
        owner: owner.unwrap_or_else(|| "".into()),
        cause: Cause::Plan,
        voters: Vec::new(),
        rules: None,
        plan: None,
        undoes: None,
        what: serde_json::to_string(what).unwrap(),
        name: name.into(),
        actor: "operator uid 1000".into(),
        due: None,
        moves: what.moves(),
    }
}

/// The provider's hash of a short text.
pub(super) fn hash_of(provider: Provider, text: &str) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    match provider {
        Provider::Box => hex(&sha1::Sha1::digest(text)),
        Provider::Dropbox => hex(&sha2::Sha256::digest(sha2::Sha256::digest(text))),
    }
}

pub(super) fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn owner(path: &'static str) -> &'static str {
    path.split('/').next().unwrap()
}

pub(super) fn link(path: &'static str, audience: &'static str) -> Edit {
    Edit::Link { by: owner(path), path: steps(path), audience: Some(audience) }
}

pub(super) fn expires(path: &'static str, days: u64) -> Edit {
    Edit::Expire { by: owner(path), path: steps(path), after: Some(Duration::from_secs(days * 86_400)) }
}

pub(super) fn invite(path: &'static str, whom: &str) -> Edit {
    Edit::Invite { by: owner(path), path: steps(path), whom: whom.into() }
}

pub(super) fn write(path: &'static str, body: &str) -> Edit {
    Edit::Write { by: owner(path), path: steps(path), body: body.as_bytes().into() }
}

pub(super) fn delete(path: &'static str) -> Edit {
    Edit::Delete { by: owner(path), path: steps(path) }
}
