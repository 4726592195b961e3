//! The small company, a governor that acts in it over HTTP, and the hands of its people: what each row begins with.

use super::facts::{self, Facts};
use crate::provider::stage::Stage;
use serde_json::{Value, json};
use sha1::Digest;
use sluicebox::clock::Moment;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Asked, Cloud as _, Door, Effect, Faults, boxcom, dropbox};
use sluicebox::model::action::{Action, Folder, Outcome, Target, TargetItem, TargetPerson, Whose};
use sluicebox::model::{Directory, Item, ItemKind, Person, Principal, Provider, Side, Who};
use sluicebox::provider::govern::{Governor, NoJournal};
use sluicebox::provider::settings::Cloud;
use sluicebox::provider::{Onward, Settings, Source, Walk};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Bodies above this are left out of the company: nothing here is about large contents.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Longer than a read may lag behind and a write may be late.
const LAG: Duration = Duration::from_secs(15);

/// One company at one provider.
pub(super) struct World {
    pub(super) stage: Stage,
    pub(super) governor: Box<dyn Governor>,
    pub(super) people: Directory,
    source: Box<dyn Source>,
    began: Moment,
    /// The folder that the row's order puts something in.
    pub(super) to: RefCell<Option<Folder>>,
}

impl World {
    pub(super) fn new(provider: Provider, seed: u64) -> Self {
        Self::set(provider, seed, |_| {})
    }

    /// The same with other settings.
    pub(super) fn set(provider: Provider, seed: u64, change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Stage::with(provider, seed, small(), Faults::default()), change)
    }

    /// The company after its people did all this.
    pub(super) fn after(provider: Provider, deeds: &[Edit]) -> Self {
        let stage = Stage::with(provider, 1, small(), Faults::default());
        deeds.iter().for_each(|deed| play(&stage, deed));
        Self::on(stage, |_| {})
    }

    /// The company behind doors that others can use too: with TLS at Dropbox, whose SDK takes nothing else.
    pub(super) fn outside(provider: Provider) -> Self {
        let stage = Stage::over(provider, 1, small(), Faults::default(), provider == Provider::Dropbox);
        Self::on(stage, |_| {})
    }

    /// The same, acted on by other addresses.
    pub(super) fn through(self, change: impl FnOnce(&mut Cloud)) -> Self {
        Self::on(self.stage, |settings| change(&mut settings.cloud))
    }

    fn on(stage: Stage, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = stage.settings();
        change(&mut settings);
        let governor = stage.govern(&settings);
        let source = stage.connect();
        let people = stage.people(&*source);
        let began = stage.clock.now();
        Self { stage, governor, people, source, began, to: RefCell::default() }
    }

    pub(super) fn provider(&self) -> Provider {
        self.stage.provider
    }

    pub(super) fn is_box(&self) -> bool {
        self.provider() == Provider::Box
    }

    pub(super) fn boxcom(&self) -> &boxcom::Tenant {
        &self.stage.tenants.boxcom
    }

    pub(super) fn dropbox(&self) -> &dropbox::Tenant {
        &self.stage.tenants.dropbox
    }

    /// One provider's word or the other's.
    pub(super) fn word(&self, of_box: &'static str, of_dropbox: &'static str) -> &'static str {
        if self.is_box() { of_box } else { of_dropbox }
    }

    // ---- what people do ----

    fn play(&self, edit: &Edit) {
        play(&self.stage, edit);
    }

    /// A person gives something a link for `public`, `company` or `members`, or takes it away.
    pub(super) fn link(&self, path: &'static str, audience: Option<&'static str>) {
        self.play(&Edit::Link { by: owner(path), path: steps(path), audience });
    }

    /// A person invites another (key), an address, or a group (`group:Finance`).
    pub(super) fn invite(&self, path: &'static str, whom: &str) {
        self.play(&Edit::Invite { by: owner(path), path: steps(path), whom: whom.into() });
    }

    pub(super) fn write(&self, path: &'static str, body: &str) {
        self.play(&Edit::Write { by: owner(path), path: steps(path), body: body.as_bytes().into() });
    }

    pub(super) fn delete(&self, path: &'static str) {
        self.play(&Edit::Delete { by: owner(path), path: steps(path) });
    }

    pub(super) fn suspend(&self, key: &'static str) {
        self.play(&Edit::Suspend { by: "ada", whom: key });
    }

    pub(super) fn label(&self, path: &'static str, level: Option<&'static str>) {
        self.play(&Edit::Label { by: owner(path), path: steps(path), level });
    }

    /// Puts all that a person owns under a legal hold, as an administrator does (Box).
    pub(super) fn hold_person(&self, key: &str, name: &str) {
        let (id, secret, company) = (boxcom::CLIENT_ID, boxcom::CLIENT_SECRET, boxcom::ENTERPRISE_ID);
        let form = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&box_subject_type=enterprise&\
             box_subject_id={company}"
        );
        let token = self.asked("/oauth2/token", "", form)["access_token"].as_str().unwrap().to_owned();
        let policy = json!({ "policy_name": name, "is_ongoing": true });
        let policy = self.asked("/2.0/legal_hold_policies", &token, policy.to_string());
        let whose = self.boxcom().user_id(key).unwrap();
        let put = json!({ "policy_id": policy["id"], "assign_to": { "type": "user", "id": whose } });
        let put = self.asked("/2.0/legal_hold_policy_assignments", &token, put.to_string());
        assert!(put["id"].is_string(), "{put}");
    }

    /// The Box tenant's answer to a request that does not come by its doors, and is in no record.
    fn asked(&self, path: &str, token: &str, body: String) -> Value {
        let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        let asked = Asked {
            door: Door::BoxApi,
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            headers: if token.is_empty() { Vec::new() } else { headers },
            body: body.into_bytes(),
            at: self.stage.clock.now(),
        };
        serde_json::from_slice(&self.boxcom().answer(&asked).body).unwrap_or_default()
    }

    // ---- what there is ----

    /// The id of what lies at a path, owner's key first (`team` for the company's own).
    pub(super) fn id(&self, path: &str) -> String {
        self.find(path).unwrap_or_else(|| panic!("nothing is at {path}"))
    }

    fn find(&self, path: &str) -> Option<String> {
        let path = if self.is_box() { path.replacen("team/", "ada/Company/", 1) } else { path.to_owned() };
        match self.provider() {
            Provider::Box => self.boxcom().id_at(&path.split('/').collect::<Vec<_>>()),
            Provider::Dropbox => self.dropbox().id_at(&path),
        }
    }

    /// What lies at a path: the content's hash or `folder`.
    pub(super) fn lies_at(&self, path: &str) -> Option<String> {
        let id = self.find(path)?;
        let hash = match self.provider() {
            Provider::Box => self.boxcom().seen(&id)?.sha1,
            Provider::Dropbox => self.dropbox().seen(&id).filter(|seen| !seen.trashed)?.hash,
        };
        Some(if hash.is_empty() { "folder".into() } else { hash })
    }

    /// The item at a path as a listing tells it.
    pub(super) fn listed(&self, path: &str) -> Item {
        let id = self.id(path);
        let place = match self.provider() {
            Provider::Box => self.account_of(&self.boxcom().seen(&id).unwrap().owner),
            Provider::Dropbox => self.dropbox().seen(&id).unwrap().namespace,
        };
        let walks = self.source.walks(&self.people).unwrap().walks;
        // Box's walks are named by their folders, Dropbox's by their namespaces.
        let is_there = |walk: &Walk| *walk.place == *place || (self.is_box() && walk.read_as.id() == Some(&place));
        let walks = walks.into_iter().filter(is_there).collect();
        self.walked(walks, &id).unwrap_or_else(|| panic!("{path} is not listed"))
    }

    /// The item of an id, as these walks tell it.
    fn walked(&self, mut walks: VecDeque<Walk>, id: &str) -> Option<Item> {
        while let Some(mut walk) = walks.pop_front() {
            let page = self.source.page(&walk, &self.people).unwrap();
            if let Some(item) = page.items.into_iter().find(|item| *item.id == *id) {
                return Some(item);
            }
            walks.extend(page.found);
            if let Onward::More(cursor) = page.onward {
                walk.cursor = Some(cursor);
                walks.push_back(walk);
            }
        }
        None
    }

    /// The same as what an order is done to.
    pub(super) fn item(&self, path: &str) -> Target {
        let Item { id, kind, place, read_as, path, .. } = self.listed(path);
        let path = path.filter(|_| !self.is_box());
        Target::Item(TargetItem { id, kind, place, read_as, path })
    }

    /// The same as somebody sees it who is let into another's tree.
    pub(super) fn item_of(&self, key: &str, path: &str) -> Target {
        let (id, by) = (self.id(path), &self.known(key).id);
        let walks = self.source.walks(&self.people).unwrap().walks.into_iter();
        let Item { id, kind, place, read_as, .. } = self
            .walked(walks.filter(|walk| walk.read_as.id() == Some(by)).collect(), &id)
            .unwrap_or_else(|| panic!("{path} is not listed"));
        Target::Item(TargetItem { id, kind, place, read_as, path: None })
    }

    /// What lies where nobody can list, as it was known before.
    pub(super) fn seen_item(&self, path: &str) -> Target {
        let person = self.known(path.split('/').next().unwrap());
        let (id, place) = (self.id(path).into(), Arc::clone(&person.id));
        Target::Item(TargetItem {
            id,
            kind: ItemKind::File,
            read_as: Principal::Person(Arc::clone(&place)),
            place,
            path: None,
        })
    }

    /// A file that is not there.
    pub(super) fn nothing(&self) -> Target {
        let Target::Item(item) = self.item("heidi/Press/Figures.csv") else { unreachable!("a file is an item") };
        Target::Item(TargetItem { id: self.word("7", "id:nothingnothingnothin").into(), path: None, ..item })
    }

    /// The application's own account (Box).
    pub(super) fn service(&self) -> Target {
        let id: Arc<str> = self.boxcom().user_id("service").unwrap().into();
        Target::Person(TargetPerson { id: Some(Arc::clone(&id)), account: Some(id), login: None })
    }

    /// Leaves the application all scopes but one (Dropbox).
    pub(super) fn scopes_without(&self, scope: &str) {
        let left: Vec<&str> = dropbox::ALL_SCOPES.into_iter().filter(|other| *other != scope).collect();
        self.dropbox().set_scopes(&left);
    }

    /// Lets no link reach further than the company.
    pub(super) fn links_at_most(&self) {
        let known = if self.is_box() {
            self.boxcom().set_links_at_most("company")
        } else {
            self.dropbox().set_links_at_most("team")
        };
        assert!(known);
    }

    /// A person of the cast, as listed; one of another company by the account alone.
    pub(super) fn person(&self, key: &str) -> Target {
        let Person { id, account, login, side, .. } = self.known(key).clone();
        let id = (side == Side::Internal).then_some(id);
        Target::Person(TargetPerson { id, account: Some(account), login: Some(login) })
    }

    pub(super) fn known(&self, key: &str) -> &Person {
        let mut found = self.people.people().iter().filter(|person| person.login.split('@').next() == Some(key));
        found.next().unwrap_or_else(|| panic!("{key} is not listed"))
    }

    fn account_of(&self, login: &str) -> String {
        self.people.by_login(login).unwrap().id.to_string()
    }

    /// A person of the cast as a member; also one of another company.
    pub(super) fn who(&self, key: &str) -> Who {
        let person = sluicebox::emulator::seed::CAST.iter().find(|person| person.key == key).unwrap();
        let known = self.people.by_login(person.login);
        let account = known.map(|person| Arc::clone(&person.account));
        Who::Person { account, login: Some(person.login.into()), side: None }
    }

    /// The folder at a path, as a place to put things in.
    pub(super) fn folder(&self, path: &str) -> Folder {
        let owner = path.split('/').next().unwrap();
        let person = self.known(if owner == "team" { "ada" } else { owner });
        let id = self.id(path);
        match self.provider() {
            Provider::Box => Folder {
                id: Some(id.into()),
                place: Arc::clone(&person.id),
                path: None,
                act_as: Principal::Person(Arc::clone(&person.id)),
            },
            Provider::Dropbox => {
                let seen = self.dropbox().seen(&id).unwrap();
                let admin = Principal::Admin(Arc::clone(&self.known("ada").id));
                let act_as = if owner == "team" { admin } else { Principal::Person(Arc::clone(&person.id)) };
                Folder { id: Some(id.into()), place: seen.namespace.into(), path: Some(seen.path.into()), act_as }
            }
        }
    }

    /// The same, kept for what a row expects.
    pub(super) fn to_folder(&self, path: &str) -> Folder {
        self.to.borrow_mut().insert(self.folder(path)).clone()
    }

    /// The quarantine's folder of the company or a person (by key), kept alike.
    pub(super) fn to_quarantine(&self, whose: Whose, key: &str) -> Folder {
        let person = (whose == Whose::Owner).then(|| &*self.known(key).id);
        let made =
            self.governor.quarantine(whose, person, None).unwrap_or_else(|error| panic!("no quarantine: {error}"));
        self.to.borrow_mut().insert(made).clone()
    }

    /// Puts facts where the kept folder is.
    pub(super) fn moved(&self, facts: &mut Facts) {
        let to = self.to.borrow().clone().expect("a folder was kept");
        if self.is_box() {
            facts.folder = to.id.unwrap().to_string();
        } else {
            (facts.folder, facts.place) = (to.path.unwrap_or_default().to_string(), to.place.to_string());
        }
    }

    pub(super) fn group(&self, name: &str) -> Who {
        let group = self.people.groups().find(|group| &*group.name == name).expect("a group");
        Who::Group { id: Arc::clone(&group.id), side: None }
    }

    /// Performs something beforehand, as an earlier order of ours.
    pub(super) fn earlier(&self, on: &Target, action: Action) {
        let receipt = self.governor.perform(&super::row::order("earlier", on, action), &self.people, &mut NoJournal);
        let receipt = receipt.unwrap_or_else(|error| panic!("before the row: {error}"));
        let so = matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo);
        assert!(so, "before the row: {receipt:?}");
    }

    /// Gives an item a label beforehand: a person's hand at Box, where Dropbox has ours alone.
    pub(super) fn labelled(&self, path: &'static str, level: &'static str) -> Target {
        let on = self.item(path);
        if self.is_box() {
            self.label(path, Some(level));
        } else {
            self.earlier(&on, Action::SetLabel { label: level.into(), order: levels(), ours: None });
        }
        on
    }

    /// The provider's hash of a short text.
    pub(super) fn hash(&self, text: &str) -> String {
        match self.provider() {
            Provider::Box => hex(&sha1::Sha1::digest(text)),
            Provider::Dropbox => hex(&sha2::Sha256::digest(sha2::Sha256::digest(text))),
        }
    }

    /// A folder that comes out of Dropbox's trash has another id: that of what lies at its path now.
    fn id_now(&self, id: &str) -> String {
        let found = (!self.is_box()).then(|| self.dropbox().seen(id)).flatten();
        let gone = found.filter(|seen| seen.trashed && seen.folder);
        let there = gone.and_then(|seen| self.find(&format!("{}{}", seen.owner.split('@').next()?, seen.path)));
        let alive = there.filter(|there| self.dropbox().seen(there).is_some_and(|seen| !seen.trashed));
        alive.unwrap_or_else(|| id.to_owned())
    }

    /// What the tenant shows of what an order is done to.
    pub(super) fn facts(&self, on: &Target, watched: &[&'static str]) -> Facts {
        match on {
            Target::Item(item) => facts::of_item(self, &self.id_now(&item.id), watched),
            Target::Person(person) => {
                let login = person.login.as_deref().unwrap_or_default();
                facts::of_person(self, login.split('@').next().unwrap_or_default())
            }
        }
    }

    /// The same; `None` for what the tenant has never had, and for the application's own account.
    pub(super) fn known_facts(&self, on: &Target) -> Option<Facts> {
        let is_known = match on {
            Target::Item(item) if self.is_box() => self.boxcom().seen(&item.id).is_some(),
            Target::Item(item) => self.dropbox().seen(&item.id).is_some(),
            Target::Person(person) => person.login.is_some(),
        };
        is_known.then(|| self.facts(on, &[]))
    }

    /// That nothing was asked for that is never asked for: no deletion for good, no device wiped.
    pub(super) fn nothing_forbidden(&self) -> Result<(), String> {
        let is_purge =
            |kind: &String| (kind.starts_with("DELETE") && kind.ends_with("/trash")) || kind.contains("permanently");
        let calls = self.stage.running.record().calls();
        let wiped = self.dropbox().wiped();
        match calls.keys().find(|kind| is_purge(kind)) {
            Some(purge) => Err(format!("{purge} was asked for")),
            None if !wiped.is_empty() => Err(format!("devices of {wiped:?} were wiped")),
            None => Ok(()),
        }
    }

    // ---- time, effects ----

    /// A day to come, counted from the row's beginning and to the second as providers keep it.
    pub(super) fn on_day(&self, days: u64) -> Moment {
        let began = Moment::from_millis(self.began.as_secs() * 1_000);
        began.plus(Duration::from_secs(days * 86_400))
    }

    /// Lets so much time go by that nothing is late any more and no read is out of date.
    pub(super) fn settle(&self) {
        self.stage.clock.advance(LAG);
        self.stage.running.settle();
    }

    /// What requests did since the last [`Self::forget`].
    pub(super) fn effects(&self) -> Vec<Effect> {
        if self.is_box() { self.boxcom().effects() } else { self.dropbox().effects() }
    }

    pub(super) fn forget(&self) {
        if self.is_box() { self.boxcom().clear_effects() } else { self.dropbox().clear_effects() }
    }

    /// Requests so far.
    pub(super) fn calls(&self) -> u64 {
        self.stage.running.record().count()
    }
}

/// In the tenant that is acted in.
fn play(stage: &Stage, edit: &Edit) {
    let done = match stage.provider {
        Provider::Box => stage.tenants.boxcom.play(edit),
        Provider::Dropbox => stage.tenants.dropbox.play(edit),
    };
    done.unwrap_or_else(|why| panic!("{edit:?}: {why}"));
}

/// The small company without its large contents.
fn small() -> Fill {
    let mut fill = Fill::small();
    fill.files.retain(|file| file.body.len() <= BODY_BYTES_MAX);
    fill
}

/// Labels from the lowest to the highest.
pub(super) fn levels() -> Vec<Arc<str>> {
    ["Public", "Internal", "Confidential", "Restricted"].map(Arc::from).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of whoever's tree a path is in; what the company owns is the admin's business.
fn owner(path: &'static str) -> &'static str {
    match path.split('/').next() {
        Some("team") | None => "ada",
        Some(key) => key,
    }
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
