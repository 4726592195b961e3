//! Quarantine: what is ordered when something is put there, what follows from its end, and the way back.
//!
//! The decision worth knowing: a sealed receipt ([`sealed`]) is left in the quarantine's folder **before** the item is moved
//! there, by an order of its own. So at no moment does an item lie in quarantine without the means to bring it back, even when
//! the database is lost between two calls; a receipt without its item is told by `adopt` and harms nobody.

pub mod adopt;
pub mod restore;
pub mod sealed;

use super::act::resolve::{Bearings, Unresolved};
use super::act::{Planned, What};
use super::core::{Core, Tenant};
use super::judge::add_own_folder;
use crate::model::action::{
    Action, Block, Folder, ItemState, Never, Note, Order, Outcome, Quarantine, Receipt, State, Step, Target,
    TargetItem, Whose,
};
use crate::model::{Directory, ItemKind, Principal};
use crate::policy::ask::Ask;
use crate::policy::set::{Policy, Tombstone};
use crate::provider::govern::{Foreseen, Governor};
use crate::provider::{Error, Next};
use crate::store::{Intent, NewException, NewIntent, NewQuarantined, Ordered, Store};
use sealed::{ReceiptKey, Sealed};
use std::sync::Arc;

/// Letters of a name: below the 255 that both providers take, so that a number fits behind.
const NAME_LETTERS_MAX: usize = 240;

/// What an ask for quarantine becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Orders {
    /// These orders, one after the other.
    These(Vec<Order>),
    /// Nothing: it ends so.
    Over(Outcome),
}

/// What an ask wants.
struct Wanted<'a> {
    whose: Whose,
    named: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(ask: &'a Ask) -> Option<Self> {
        match ask {
            Ask::UserQuarantine => Some(Self { whose: Whose::Owner, named: None }),
            Ask::AdminQuarantine { to, .. } => Some(Self { whose: Whose::Company, named: to.as_deref() }),
            _ => None,
        }
    }
}

/// The orders of an intent that asks for quarantine: the sealed receipt, then the move (or the copy and the trash). Their ids
/// are the intent's with numbers from `first` on.
///
/// Only reads, but for the quarantine's folder, which is made when there is none.
///
/// # Errors
/// As [`Governor::perform`]: when it could not be decided now.
pub fn orders(
    core: &Core,
    tenant: &Tenant,
    governor: &dyn Governor,
    intent: &NewIntent,
    ask: &Ask,
    first: usize,
) -> Result<Orders, Error> {
    let people = tenant.directory();
    let governing = core.governing();
    let policy = intent.voters.iter().find_map(|voter| governing.policies.named(&voter.policy));
    let asking = Asking { governor, people: &people, on: &intent.on, id: &intent.id, policy: policy.map(|one| &**one) };
    match asking.action(ask)? {
        Ok(quarantine) => {
            let by_copy = matches!(ask, Ask::AdminQuarantine { by_copy: true, .. });
            let expects = by_copy.then(|| by_copy_steps(&quarantine));
            let meant = Planned { on: None, action: Action::Quarantine(quarantine), version: None, expects };
            around(core, tenant, governor, intent, &meant, first)
        }
        Err(outcome) => Ok(Orders::Over(outcome)),
    }
}

/// The orders of a quarantine that was planned: its sealed receipt is read anew and put before it.
///
/// # Errors
/// As [`orders`].
pub fn around(
    core: &Core,
    tenant: &Tenant,
    governor: &dyn Governor,
    intent: &NewIntent,
    planned: &Planned,
    first: usize,
) -> Result<Orders, Error> {
    let Action::Quarantine(quarantine) = &planned.action else {
        return Ok(Orders::Over(Outcome::Blocked(Block::Never(Never::WrongTarget))));
    };
    if let Err(error) = add_own_folder(&*core.store, tenant.number, own_id(&quarantine.to)) {
        return Err(Error::new(Next::Transient, "note the quarantine's folder", error.to_string()));
    }
    let people = tenant.directory();
    let on = planned.on.as_ref().unwrap_or(&intent.on);
    match (Placing { core, tenant, governor, people: &people, intent, on, first }).orders(planned, quarantine) {
        // Nobody may look at it: said, and not tried again.
        Err(error) if error.next() == Next::Forbidden => {
            Ok(Orders::Over(Outcome::Blocked(Block::NoRight(error.said().into()))))
        }
        made => made,
    }
}

/// The action of an ask for quarantine: what a plan foresees. [`expects`] says what is to be kept with it.
///
/// # Errors
/// See [`Unresolved`].
pub fn action(ask: &Ask, about: &Bearings<'_>) -> Result<(Target, Action), Unresolved> {
    let (governor, people, on, id) = (about.governor, about.people, about.on, about.id);
    let asking = Asking { governor, people, on, id, policy: about.policy };
    match asking.action(ask)? {
        Ok(quarantine) => Ok((on.clone(), Action::Quarantine(quarantine))),
        Err(Outcome::Blocked(block)) => Err(Unresolved::Blocked(block)),
        Err(outcome) => Err(Error::new(Next::Gone, "look at an item for quarantine", outcome.name()).into()),
    }
}

/// What a planned quarantine is to expect: the steps that were foreseen; of one by a copy those that say so.
#[must_use]
pub fn expects(ask: &Ask, action: &Action, foreseen: Vec<Step>) -> Vec<Step> {
    match (ask, action) {
        (Ask::AdminQuarantine { by_copy: true, .. }, Action::Quarantine(quarantine)) => by_copy_steps(quarantine),
        _ => foreseen,
    }
}

/// What is written beside the steps of a quarantine itself, one sentence for each write, in order.
#[must_use]
pub fn beside(action: &Action) -> Vec<&'static str> {
    match action {
        Action::Quarantine(_) => vec!["leave a sealed receipt in the quarantine's folder"],
        _ => Vec::new(),
    }
}

/// What an ask for quarantine by a copy loses; nothing of another.
#[must_use]
pub fn losses(ask: &Ask) -> Vec<&'static str> {
    match ask {
        Ask::AdminQuarantine { by_copy: true, .. } => vec![
            "the copy in quarantine has another id",
            "the copy holds the newest version only; earlier ones stay in the trash with the original, until the provider empties it",
        ],
        _ => Vec::new(),
    }
}

/// What a folder is known by among the service's own.
fn own_id(folder: &Folder) -> &str {
    folder.id.as_deref().unwrap_or(&folder.place)
}

/// What a quarantine is asked for.
struct Asking<'a> {
    governor: &'a dyn Governor,
    people: &'a Directory,
    on: &'a Target,
    id: &'a str,
    policy: Option<&'a Policy>,
}

impl Asking<'_> {
    /// The action, with its folder found or made; the inner error is how it ends without one.
    fn action(&self, ask: &Ask) -> Result<Result<Quarantine, Outcome>, Error> {
        let (Some(wanted), Target::Item(_)) = (Wanted::of(ask), self.on) else {
            return Ok(Err(Outcome::Blocked(Block::Never(Never::WrongTarget))));
        };
        let look = order(format!("{}-look", self.id), self.on.clone(), Action::Untrash);
        let seen = match self.governor.state(&look, self.people) {
            Ok(Some(State::Item(seen))) => seen,
            Ok(_) => return Ok(Err(Outcome::Gone)),
            Err(error) if error.next() == Next::Forbidden => {
                return Ok(Err(Outcome::Blocked(Block::NoRight(error.said().into()))));
            }
            Err(error) => return Err(error),
        };
        let owner = seen.owner.as_ref().and_then(|owner| owner.account.as_deref());
        let person = owner.and_then(|account| self.people.by_account(account)).map(|person| &*person.id);
        if wanted.whose == Whose::Owner && person.is_none() {
            return Ok(Err(Outcome::Blocked(Block::NobodyToAct)));
        }
        let person = person.filter(|_| wanted.whose == Whose::Owner);
        let to = self.governor.quarantine(wanted.whose, person, wanted.named)?;
        if seen.folder.is(&to) && !seen.trashed {
            return Ok(Err(Outcome::AlreadySo));
        }
        // What was in the trash was seen by nobody there: nothing is left for anybody. A copy leaves its note by itself.
        let note = (!seen.trashed).then(|| tombstone(self.policy, &seen.name, self.id));
        Ok(Ok(Quarantine { whose: wanted.whose, to, name: unique_name(&seen.name, self.id), note }))
    }
}

/// An order that was never begun.
fn order(id: String, on: Target, action: Action) -> Order {
    Order { id: id.into(), on, action, version: None, expects: None, begun: None, password: None }
}

/// Putting one item into quarantine.
struct Placing<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
    governor: &'a dyn Governor,
    people: &'a Directory,
    intent: &'a NewIntent,
    on: &'a Target,
    first: usize,
}

impl Placing<'_> {
    fn orders(&self, planned: &Planned, quarantine: &Quarantine) -> Result<Orders, Error> {
        let order = self.order(1, self.on, planned.action.clone());
        let prior = match self.governor.foresee(&order, self.people)? {
            None => return Ok(Orders::Over(Outcome::Gone)),
            // What is in the way is told by the order itself; nothing is left beside what does not come.
            Some(Foreseen { steps: Err(_), .. }) => return Ok(Orders::These(vec![order])),
            Some(Foreseen { state: State::Item(state), .. }) => *state,
            Some(_) => return Ok(Orders::Over(Outcome::Blocked(Block::Never(Never::WrongTarget)))),
        };
        // What was read is what is sealed: another version by then is another decision.
        let version = planned.version.clone().or_else(|| prior.version.clone());
        let order = Order { version, expects: planned.expects.clone(), ..order };
        let receipt = self.receipt(&order, quarantine, &prior)?;
        let mut orders = vec![self.order(0, &folder_target(&quarantine.to), Action::PutNote(receipt))];
        if is_by_copy(&order) {
            orders.extend(self.copied(quarantine, &prior))
        } else {
            orders.push(order)
        }
        Ok(Orders::These(orders))
    }

    fn order(&self, number: usize, on: &Target, action: Action) -> Order {
        order(format!("{}-{}", self.intent.id, self.first.saturating_add(number)), on.clone(), action)
    }

    /// The sealed receipt of this order.
    fn receipt(&self, order: &Order, quarantine: &Quarantine, prior: &ItemState) -> Result<Note, Error> {
        let (content, found) = self.content();
        let person = match (&quarantine.whose, &quarantine.to.act_as) {
            (Whose::Owner, Principal::Person(person)) => Some(Arc::clone(person)),
            _ => None,
        };
        let sealed = Sealed {
            id: Arc::clone(&self.intent.id),
            at: self.core.clock.now(),
            connector: self.tenant.name.as_str().into(),
            whose: quarantine.whose,
            person,
            owner: login_of(prior, self.people),
            policies: self.intent.voters.iter().map(|voter| Arc::clone(&voter.policy)).collect(),
            order: order.clone(),
            prior: prior.clone(),
            content,
            found,
        };
        let text = ReceiptKey::of(&self.core.key).seal(&sealed);
        let text = text.map_err(|why| Error::new(Next::Transient, "seal a quarantine's receipt", why))?;
        Ok(Note { name: sealed::file_name(&self.intent.id), text: text.into() })
    }

    /// What is known of its content: our hash, and different values by detector.
    fn content(&self) -> Held {
        self.intent.item.map_or_else(Default::default, |item| content_of(&*self.core.store, item))
    }

    /// The variant by a copy: the copy, no sharing, the trash, and a note where it was.
    fn copied(&self, quarantine: &Quarantine, prior: &ItemState) -> Vec<Order> {
        let (to, name) = (quarantine.to.clone(), Arc::clone(&quarantine.name));
        let version = prior.version.clone();
        let mut orders = vec![
            Order { version, ..self.order(1, self.on, Action::Copy { to, name }) },
            self.order(2, self.on, Action::MakePrivate),
            self.order(3, self.on, Action::Trash),
        ];
        if let Some(note) = &quarantine.note {
            orders.push(self.order(4, &folder_target(&prior.folder), Action::PutNote(note.clone())));
        }
        orders
    }
}

/// How an order says that it was carried out by a copy and the trash.
fn by_copy_steps(quarantine: &Quarantine) -> Vec<Step> {
    vec![Step::CopyTo { to: quarantine.to.clone(), name: Arc::clone(&quarantine.name) }, Step::Trash]
}

/// True when a kept order was carried out by a copy and the trash.
#[must_use]
pub fn is_by_copy(order: &Order) -> bool {
    order.expects.as_ref().is_some_and(|steps| steps.contains(&Step::Trash))
}

/// Our SHA-256 of an item's content, and how many different values each detector found in it.
type Held = (Option<[u8; 32]>, Vec<(Arc<str>, u64)>);

/// What an item holds, as far as the store knows.
fn content_of(store: &dyn Store, item: crate::model::ItemNumber) -> Held {
    let reading = store.item(item).ok().flatten().and_then(|known| known.reading);
    let Some(reading) = reading.and_then(|reading| store.reading(reading).ok().flatten()) else {
        return <_>::default();
    };
    let found = reading.counts.iter().filter(|count| count.unique > 0);
    let found = found.map(|count| (Arc::clone(&count.detector), count.unique)).collect();
    (Some(reading.content), found)
}

/// The login of an item's owner; empty when nobody is known.
fn login_of(state: &ItemState, people: &Directory) -> Arc<str> {
    let Some(owner) = &state.owner else { return "".into() };
    let listed = || owner.account.as_deref().and_then(|account| people.by_account(account));
    owner.login.clone().or_else(|| listed().map(|person| Arc::clone(&person.login))).unwrap_or_default()
}

/// The name of an item in quarantine: its own with the correlation id in it, so that no two are alike.
fn unique_name(name: &str, id: &str) -> Arc<str> {
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.chars().count() < 20 => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let room = NAME_LETTERS_MAX.saturating_sub(id.chars().count() + ending.chars().count() + 3);
    let stem: String = stem.chars().take(room).collect();
    format!("{} ({id}){ending}", stem.trim_end()).into()
}

/// What is left where an item was, by its policy's words.
#[must_use]
pub fn tombstone(policy: Option<&Policy>, name: &str, id: &str) -> Note {
    let words = policy.map(|policy| policy.tombstone.clone()).unwrap_or_default();
    let Tombstone { suffix, text, contact } = words;
    let title = policy.map_or("", |policy| &policy.title);
    let room = NAME_LETTERS_MAX.saturating_sub(suffix.chars().count());
    let short: String = name.chars().take(room).collect();
    Note { name: format!("{short}{suffix}").into(), text: filled(&text, id, &contact, name, title).into() }
}

/// Puts the fields into a tombstone's text, each once: what a name holds is not read as a field again.
fn filled(text: &str, id: &str, contact: &str, name: &str, policy: &str) -> String {
    let fields = [("{id}", id), ("{contact}", contact), ("{name}", name), ("{policy}", policy)];
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match fields.iter().find(|(field, _)| from.starts_with(field)) {
            Some((field, value)) => {
                out.push_str(value);
                rest = &from[field.len()..];
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A folder as what a note's order is done to. A namespace's root at Dropbox has no id.
fn folder_target(folder: &Folder) -> Target {
    let id = folder.id.clone().or_else(|| folder.path.clone()).unwrap_or_default();
    Target::Item(TargetItem {
        id,
        kind: ItemKind::Folder,
        place: Arc::clone(&folder.place),
        read_as: folder.act_as.clone(),
        path: folder.path.clone(),
    })
}

/// What is done instead when something is in the way of quarantine or trash: its sharing is closed, and the receipt that was
/// left for it goes. Empty when that is in the way of nothing less.
#[must_use]
pub fn fallback(intent: &NewIntent, orders: &[Ordered], blocked: &Receipt) -> Vec<Order> {
    let Outcome::Blocked(block) = &blocked.outcome else { return Vec::new() };
    let Some(failed) = orders.iter().find(|ordered| ordered.order.id == blocked.order) else { return Vec::new() };
    if !has_fallback(&failed.order.action, block) {
        return Vec::new();
    }
    let next = |number: usize| format!("{}-{}", intent.id, orders.len().saturating_add(number));
    let mut instead = vec![order(next(1), failed.order.on.clone(), Action::MakePrivate)];
    let put = orders.iter().find_map(|ordered| match &ordered.order.action {
        Action::PutNote(note) if sealed::is_receipt(&note.name) => Some((&ordered.order.on, note)),
        _ => None,
    });
    instead.extend(put.map(|(on, note)| order(next(2), on.clone(), Action::RemoveNote(note.clone()))));
    instead
}

/// Whether closing the sharing alone is left to do: for what plans say beforehand, too.
#[must_use]
pub fn has_fallback(action: &Action, block: &Block) -> bool {
    matches!(action, Action::Quarantine(_) | Action::Trash | Action::Copy { .. })
        && !matches!(block, Block::NobodyToAct | Block::Never(_))
}

/// What follows in the store when an intent ends.
#[derive(Clone, Debug, Default)]
pub struct Aftermath {
    /// It was put into quarantine.
    pub quarantined: Option<NewQuarantined>,
    /// It was taken out of quarantine: the correlation id.
    pub released: Option<Arc<str>>,
    /// What is excused from now on.
    pub exceptions: Vec<NewException>,
}

/// What follows from an intent's end; `last` is the receipt of its last order.
#[must_use]
pub fn aftermath(core: &Core, intent: &Intent, last: &Receipt) -> Aftermath {
    let ended: Vec<(&Order, &Receipt)> = intent
        .orders
        .iter()
        .filter_map(|ordered| {
            let own = (ordered.order.id == last.order).then_some(last);
            Some((&ordered.order, own.or(ordered.receipt.as_ref())?))
        })
        .collect();
    let put = placed(core, intent, &ended);
    let released = restore::released(&*core.store, intent, &ended);
    let exceptions = match (&released, serde_json::from_str(&intent.is.what)) {
        (Some(id), Ok(What::Restore { excuse: Some(excuse), .. })) => {
            restore::excused(&*core.store, intent, id, &excuse)
        }
        _ => Vec::new(),
    };
    Aftermath { quarantined: put, released, exceptions }
}

/// What was put into quarantine, if the end says that it lies there.
fn placed(core: &Core, intent: &Intent, ended: &[(&Order, &Receipt)]) -> Option<NewQuarantined> {
    let put = ended.iter().find_map(|(order, receipt)| match &order.action {
        Action::PutNote(note) if sealed::is_receipt(&note.name) => Some((note, *receipt)),
        _ => None,
    });
    // The receipt tells what was meant, the orders what came of it.
    let sealed = put.and_then(|(note, _)| ReceiptKey::of(&core.key).open(&note.text).ok());
    let id_of = |receipt: &Receipt| {
        let state = receipt.read_back.as_ref().or(receipt.found.as_ref()).and_then(State::item)?;
        state.note.as_ref().map(|note| Arc::clone(&note.id))
    };
    let done = |receipt: &Receipt| matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo | Outcome::Partly);
    let of = |action: fn(&Action) -> bool| ended.iter().find(|(order, receipt)| action(&order.action) && done(receipt));
    let moved = ended.iter().find_map(|(order, receipt)| match &order.action {
        Action::Quarantine(quarantine) if done(receipt) => {
            let now = receipt.read_back.as_ref().or(receipt.found.as_ref()).and_then(State::item)?;
            let there = now.folder.is(&quarantine.to) && !now.trashed;
            let prior = receipt.found.as_ref().and_then(State::item)?;
            there.then(|| {
                let order = Order { on: receipt.target(order), begun: None, ..(*order).clone() };
                (quarantine.whose, order, prior.clone())
            })
        }
        _ => None,
    });
    let copied = || {
        of(|action| matches!(action, Action::Copy { .. }))?;
        of(|action| matches!(action, Action::Trash))?;
        let sealed = sealed.as_ref()?;
        Some((sealed.whose, sealed.order.clone(), sealed.prior.clone()))
    };
    let (whose, order, prior) = moved.or_else(copied)?;
    let note = ended.iter().rev().find_map(|(order, receipt)| match &order.action {
        Action::Quarantine(_) => id_of(receipt),
        Action::PutNote(note) if !sealed::is_receipt(&note.name) => id_of(receipt),
        _ => None,
    });
    let (content, found) = intent.is.item.map_or_else(Default::default, |item| content_of(&*core.store, item));
    let people = core.tenant(intent.is.connector).map(|tenant| tenant.directory()).unwrap_or_default();
    Some(NewQuarantined {
        id: Arc::clone(&intent.is.id),
        connector: intent.is.connector,
        item: intent.is.item,
        intent: Some(intent.number),
        policies: intent.is.voters.iter().map(|voter| Arc::clone(&voter.policy)).collect(),
        whose,
        person: sealed.as_ref().and_then(|sealed| sealed.person.clone()),
        owner: login_of(&prior, &people),
        order,
        prior,
        note,
        receipt: put.and_then(|(_, receipt)| id_of(receipt)),
        content: sealed.as_ref().and_then(|sealed| sealed.content).or(content),
        found: sealed.map_or(found, |sealed| sealed.found),
    })
}

#[cfg(test)]
pub(in crate::engine) mod tests;
