//! One intent in hand: from the claim to its end, or to the moment at which it is looked at again.
//!
//! Everything that was done before is in the intent: the same code begins it, goes on with it after a restart, and ends it.

use super::journal::Kept;
use super::outcome::{fallback, overall, sentences};
use super::resolve::{Bearings, Unresolved, order_id, orders, password_for, resolve, target};
use super::{Options, Planned, What, close};
use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::engine::core::{Core, Tenant};
use crate::engine::quarantine::{self, Orders, sealed};
use crate::engine::{judge, step, tell};
use crate::model::action::{Action, Block, Order, Outcome, Receipt, Target};
use crate::model::{Cause, Directory, IntentState, Lane, Mode, Todo};
use crate::policy::ask::{Ask, Turn};
use crate::policy::{Policy, Still, Wants};
use crate::provider::govern::Governor;
use crate::provider::{self, Next};
use crate::store::{self, Intent, IntentQuery, Known, Ordered, Plan};
use std::sync::Arc;
use std::time::Duration;

/// Waits between attempts of an intent, beside those of the client within one attempt.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(900) };
/// After credentials failed.
const CREDENTIALS_FOR: Duration = Duration::from_secs(60);
/// Until the new content of an item that drifted is looked for.
const READ_FOR: Duration = Duration::from_secs(30);
/// How long the verdict of a drifted item's new content is waited for.
const READ_MAX: Duration = Duration::from_secs(24 * 3_600);
/// How often one intent is decided anew because its item drifted.
const DRIFTS_MAX: usize = 5;
/// Why a quarantine was not even ordered.
const NO_FOLDER: &str = "who acts may not look at it, or the quarantine's folder could not be found or made (see `sluicebox connect \
                         test`), so instead its own links and members were ended";
/// Intents of one item that are looked through for its label.
const EARLIER_MAX: usize = 1_000;

/// What becomes of an intent.
#[derive(Debug)]
pub(super) enum Way {
    /// It ends.
    Close(End),
    /// It waits, its attempts unchanged; `pause` holds for all of its connector.
    Wait {
        /// Until then; `None` is at once.
        until: Option<Moment>,
        /// True when nothing else of the connector can be done before either.
        pause: bool,
    },
    /// It failed.
    Fail(String),
    /// A person must look, whatever is tried.
    Park(String),
    /// Nobody wants it any more.
    Cancel(&'static str),
}

/// How an intent ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) why: Arc<str>,
    /// Who is told, where that is what was asked for.
    pub(super) tell: Vec<crate::policy::ask::Told>,
}

impl End {
    fn of(outcome: Outcome, why: impl Into<Arc<str>>) -> Way {
        Way::Close(End { outcome, why: why.into(), tell: Vec::new() })
    }
}

/// An intent and what it is acted on with.
pub(super) struct Hand<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
    governor: &'a dyn Governor,
    people: Arc<Directory>,
    intent: Intent,
}

/// Acts on a claimed intent. It is closed, given back, parked or cancelled when this returns.
///
/// # Errors
/// The store's: the intent goes on after a restart.
pub(super) fn act(
    core: &Core,
    options: &Options,
    tenant: &Tenant,
    governor: &dyn Governor,
    intent: Intent,
) -> Result<Option<Moment>, store::Error> {
    let mut hand = Hand { core, tenant, governor, people: tenant.directory(), intent };
    let way = hand.way()?;
    hand.keep(options, way)
}

impl Hand<'_> {
    /// As far as it goes now.
    fn way(&mut self) -> Result<Way, store::Error> {
        if self.intent.orders.is_empty() {
            if let Some(way) = self.begin()? {
                return Ok(way);
            }
        } else if let Some(way) = self.decide_anew()? {
            return Ok(way);
        }
        while let Some(at) = self.intent.orders.iter().position(is_open) {
            if let Some(way) = self.order(at)? {
                return Ok(way);
            }
        }
        Ok(End::of(self.came_to(), self.said()))
    }

    /// How all orders together ended.
    fn came_to(&self) -> Outcome {
        let is_restore = matches!(self.what(), Some(What::Restore { .. }));
        let all = self.intent.orders.iter().enumerate();
        let main = all.filter(|(at, ordered)| !(says_nothing(ordered) || is_restore && *at > 0));
        let outcome = overall(main.filter_map(|(_, ordered)| ordered.receipt.as_ref())).unwrap_or(Outcome::AlreadySo);
        match outcome {
            Outcome::Done | Outcome::AlreadySo if self.is_unhidden() => Outcome::Partly,
            outcome => outcome,
        }
    }

    /// True where a quarantine was asked for and could not even be ordered: it had no folder, so that only the sharing was closed.
    fn is_unhidden(&self) -> bool {
        let Some(What::Ask { ask: Ask::UserQuarantine | Ask::AdminQuarantine { .. }, .. }) = self.what() else {
            return false;
        };
        let hides = |ordered: &Ordered| match &ordered.order.action {
            Action::Quarantine(_) | Action::Copy { .. } => true,
            action => is_beside(action),
        };
        !self.intent.orders.iter().any(hides)
    }

    fn what(&self) -> Option<What> {
        serde_json::from_str(&self.intent.is.what).ok()
    }

    /// True of an order that stands and falls with a quarantine: of its sealed receipt, and of all that follows it.
    fn is_of_quarantine(&self, at: usize) -> bool {
        self.intent.orders[..=at].iter().any(|ordered| is_receipt(&ordered.order.action))
    }

    /// What the receipts say for people.
    fn said(&self) -> Arc<str> {
        let all = self.intent.orders.iter();
        let said = sentences(all.filter_map(|ordered| Some((&ordered.order.action, ordered.receipt.as_ref()?))));
        if !self.is_unhidden() {
            return said;
        }
        let instead = format!("{}: {NO_FOLDER}", self.intent.is.name);
        if said.is_empty() { instead.into() } else { format!("{instead}; {said}").into() }
    }

    // ---- from what is wanted to orders ----

    /// Makes the orders, and keeps them before anything is called. `Some` when there is nothing to order.
    fn begin(&mut self) -> Result<Option<Way>, store::Error> {
        let Some(what) = self.what() else {
            return Ok(Some(Way::Park("what it wants cannot be read: another version of sluicebox made it".into())));
        };
        let made = match what {
            What::Ask { ask, still } => self.asked(&ask, still, 1)?,
            What::Do { actions } | What::Restore { actions, .. } => self.planned(&actions)?,
        };
        let orders = match made {
            Ok(orders) if orders.is_empty() => {
                return Ok(Some(End::of(Outcome::AlreadySo, "nothing was lacking")));
            }
            Ok(orders) => orders,
            Err(way) => return Ok(Some(way)),
        };
        step::passed("intent.begun.before");
        self.core.store.begin_intent(self.intent.number, &orders)?;
        step::passed("intent.begun.after");
        self.intent.orders = ordered(orders);
        Ok(None)
    }

    fn planned(&self, actions: &[Planned]) -> Result<Result<Vec<Order>, Way>, store::Error> {
        if actions.iter().any(|planned| planned.action.is_on_person()) && !self.may_act_on_people()? {
            return Ok(Err(two_needed()));
        }
        let mut all: Vec<Order> = Vec::new();
        for planned in actions {
            let first = all.len() + 1;
            let Action::Quarantine(_) = &planned.action else {
                all.extend(orders(&self.intent.is.id, first, &self.intent.is.on, std::slice::from_ref(planned)));
                continue;
            };
            let made = quarantine::around(self.core, self.tenant, self.governor, &self.intent.is, planned, first);
            match made {
                Ok(Orders::These(orders)) => all.extend(orders),
                // What is in the way is told by the order itself.
                Ok(Orders::Over(_)) => {
                    all.extend(orders(&self.intent.is.id, first, &self.intent.is.on, std::slice::from_ref(planned)));
                }
                Err(error) => return Ok(Err(self.later(&error))),
            }
        }
        Ok(Ok(all))
    }

    /// The orders of what a policy asks for, as things stand now; the first has the number `first`.
    fn asked(&self, ask: &Ask, still: Still, first: usize) -> Result<Result<Vec<Order>, Way>, store::Error> {
        if let Some(way) = self.unwanted(still)? {
            return Ok(Err(way));
        }
        if let Ask::Notify { whom } = ask {
            let end = End { outcome: Outcome::Done, why: "".into(), tell: whom.clone() };
            return Ok(Err(Way::Close(end)));
        }
        if ask.turn() == Turn::Person && !self.may_act_on_people()? {
            return Ok(Err(two_needed()));
        }
        let known = self.known()?;
        let ours = match ask {
            Ask::SetLabel { .. } | Ask::ClearLabel => self.label_of_ours()?,
            _ => None,
        };
        let governing = self.core.governing();
        let policy = self.intent.is.voters.first().and_then(|voter| governing.policies.named(&voter.policy));
        let about = Bearings {
            id: &self.intent.is.id,
            connector: self.intent.is.connector,
            known: known.as_ref(),
            on: &known.as_ref().filter(|known| known.gone.is_none()).map_or_else(|| self.intent.is.on.clone(), target),
            owner: &self.intent.is.owner,
            policy: policy.map(|policy| &**policy),
            people: &self.people,
            governor: self.governor,
            ours: ours.as_ref(),
            store: &*self.core.store,
            now: self.core.clock.now(),
        };
        let version =
            || known.as_ref().filter(|_| self.rests_on_content()).and_then(|known| known.judged_version.clone());
        match resolve(ask, &about) {
            Ok(actions) => {
                let planned = |(on, action): (Target, Action)| {
                    let version = version().filter(|_| !action.is_on_person());
                    Planned { on: Some(on), action, version, expects: None }
                };
                let planned: Vec<Planned> = actions.into_iter().map(planned).collect();
                Ok(Ok(orders(&self.intent.is.id, first, about.on, &planned)))
            }
            Err(Unresolved::Store(error)) => Err(error),
            Err(Unresolved::Provider(error)) => Ok(match block_of(&error) {
                Some(block) => self.instead(ask, block, about.on, first),
                None => Err(self.later(&error)),
            }),
            Err(Unresolved::Blocked(block)) => Ok(self.instead(ask, block, about.on, first)),
            Err(Unresolved::Quarantine) => Ok(self.quarantined(ask, about.on, version())),
        }
    }

    /// The orders of a quarantine; after a drift the one that drifted, on the content that is there now.
    fn quarantined(&self, ask: &Ask, on: &Target, version: Option<Arc<str>>) -> Result<Vec<Order>, Way> {
        if let Some(Ordered { order, .. }) = self.intent.orders.last() {
            let id = order_id(&self.intent.is.id, self.intent.orders.len() + 1);
            return Ok(vec![Order { id, version, begun: None, ..order.clone() }]);
        }
        let mut is = self.intent.is.clone();
        is.on = on.clone();
        match quarantine::orders(self.core, self.tenant, self.governor, &is, ask, 1) {
            Ok(Orders::These(mut orders)) => {
                if version.is_some() {
                    // What its policies judged counts, not what lies there by now.
                    let of_item = orders.iter_mut().filter(|order| is_same(&order.on, on));
                    of_item.for_each(|order| order.version = version.clone());
                }
                Ok(orders)
            }
            Ok(Orders::Over(Outcome::Blocked(block))) => self.instead(ask, block, on, 1),
            Ok(Orders::Over(outcome)) => Err(End::of(outcome, "")),
            Err(error) => match block_of(&error) {
                Some(block) => self.instead(ask, block, on, 1),
                None => Err(self.later(&error)),
            },
        }
    }

    /// What is done where not even the orders can be made: a quarantine has no folder.
    fn instead(&self, ask: &Ask, block: Block, on: &Target, first: usize) -> Result<Vec<Order>, Way> {
        let hides = matches!(ask, Ask::UserQuarantine | Ask::AdminQuarantine { .. });
        if hides && fallback(&Action::Trash, &block).is_some() {
            let planned = Planned { on: None, action: Action::MakePrivate, version: None, expects: None };
            return Ok(orders(&self.intent.is.id, first, on, &[planned]));
        }
        let why = format!("{}: {block}", ask.name());
        Err(End::of(Outcome::Blocked(block), why))
    }

    /// Why what policies asked for is not wanted any more.
    fn unwanted(&self, still: Still) -> Result<Option<Way>, store::Error> {
        let is = &self.intent.is;
        // What was to be told at once is told, also when the match has ended meanwhile: by what was done about it, for one.
        let at_once = is.due.is_none() && *is.name == *"notify";
        if is.cause != Cause::Policy || is.voters.is_empty() || at_once {
            return Ok(None);
        }
        let governing = self.core.governing();
        let policies = &governing.policies;
        let in_force: Vec<store::Voter> = is
            .voters
            .iter()
            .filter(|voter| {
                let is_it = |policy: &&Arc<Policy>| policy.hash == voter.hash && policies.mode(policy) == Mode::Enforce;
                policies.named(&voter.policy).filter(is_it).is_some()
            })
            .cloned()
            .collect();
        if in_force.is_empty() {
            return Ok(Some(Way::Cancel("its policy was changed, switched or revoked since")));
        }
        let Some(item) = is.item else { return Ok(None) };
        if judge::still(self.core, item, &in_force, still)? {
            return Ok(None);
        }
        Ok(Some(Way::Cancel(match still {
            Still::Matched => "its policy does not match any more",
            Still::Exposed => "nobody outside can reach it any more, or its policy does not match",
        })))
    }

    /// The item as it is stored.
    fn known(&self) -> Result<Option<Known>, store::Error> {
        self.intent.is.item.map_or(Ok(None), |item| self.core.store.item(item))
    }

    /// True when what its policies matched was a content: another version may hold another.
    fn rests_on_content(&self) -> bool {
        let governing = self.core.governing();
        let mut policies = self.intent.is.voters.iter().filter_map(|voter| governing.policies.named(&voter.policy));
        policies.any(|policy| policy.filter.wants().touches(Wants::CONTENT))
    }

    /// Whether a person may be acted on: a policy says so for itself, or two named people wanted it.
    fn may_act_on_people(&self) -> Result<bool, store::Error> {
        let is = &self.intent.is;
        if is.cause == Cause::Policy {
            let governing = self.core.governing();
            let named = |voter: &store::Voter| governing.policies.named(&voter.policy).cloned();
            return Ok(is.voters.iter().filter_map(named).any(|policy| policy.allow_people_actions));
        }
        let Some(plan) = is.plan else { return Ok(false) };
        Ok(self.core.store.plan(plan)?.is_some_and(|plan| is_of_two(&plan)))
    }

    /// The label that an earlier intent set on the item, and that none took away.
    fn label_of_ours(&self) -> Result<Option<Arc<str>>, store::Error> {
        let Some(item) = self.intent.is.item else { return Ok(None) };
        let query = IntentQuery { item: Some(item), states: vec![IntentState::Ended], ..IntentQuery::default() };
        let earlier = self.core.store.intents(&query, None, EARLIER_MAX)?;
        let mut ours = None;
        for ordered in earlier.iter().flat_map(|intent| &intent.orders) {
            let is_done = ordered.receipt.as_ref().is_some_and(|receipt| receipt.outcome == Outcome::Done);
            match &ordered.order.action {
                Action::SetLabel { label, .. } if is_done => ours = Some(Arc::clone(label)),
                Action::ClearLabel { .. } if is_done => ours = None,
                _ => {}
            }
        }
        Ok(ours)
    }

    // ---- orders ----

    /// Performs one order to its receipt. `Some` when the intent goes no further now.
    fn order(&mut self, at: usize) -> Result<Option<Way>, store::Error> {
        let order = self.given(at);
        let store = &*self.core.store;
        let mut journal = Kept::of(store, self.intent.number, &self.intent.orders[at]);
        let performed = self.governor.perform(&order, &self.people, &mut journal);
        if let Some(error) = journal.failed.take() {
            return Err(error);
        }
        let receipt = match performed {
            Ok(receipt) => receipt,
            Err(error) => return Ok(Some(self.later(&error))),
        };
        step::passed("order.performed");
        self.ended(at, &order, receipt)
    }

    /// The order as it is given now: on where the orders before it left the item, and as they left it.
    fn given(&self, at: usize) -> Order {
        let mut order = self.intent.orders[at].order.clone();
        for Ordered { order: before, receipt, .. } in &self.intent.orders[..at] {
            let Some(receipt) = receipt else { continue };
            if is_same(&before.on, &order.on) {
                order.on = receipt.target(before);
                let version = |state: &Option<crate::model::action::State>| {
                    state.as_ref().and_then(|state| state.item()).and_then(|item| item.version.clone())
                };
                // A version that we made ourselves is no drift.
                if order.version.is_some() && order.version == version(&receipt.found) && receipt.read_back.is_some() {
                    order.version = version(&receipt.read_back);
                }
            }
        }
        order.password = password_for(&order.action);
        order
    }

    /// What follows an order's end.
    fn ended(&mut self, at: usize, order: &Order, receipt: Receipt) -> Result<Option<Way>, store::Error> {
        let follows = self.intent.orders.len() > at + 1;
        let drifted = receipt.outcome == Outcome::Drifted && self.intent.is.cause == Cause::Policy;
        if drifted && self.drifts() < DRIFTS_MAX {
            return self.drifted(at, receipt).map(Some);
        }
        if matches!(receipt.outcome, Outcome::Unknown(_)) {
            // What comes after it must not be done before somebody has looked.
            let outcome = receipt.outcome.clone();
            self.intent.orders[at].receipt = Some(receipt);
            return Ok(Some(End::of(outcome, self.said())));
        }
        let next = self.next(at, order, &receipt);
        if follows || next.is_some() {
            step::passed("order.ended.before");
            self.core.store.end_order(self.intent.number, &receipt, next.as_deref())?;
            step::passed("order.ended.after");
        }
        if let Some(next) = next {
            self.intent.orders.truncate(at + 1);
            self.intent.orders.extend(ordered(next));
        }
        self.intent.orders[at].receipt = Some(receipt);
        Ok(None)
    }

    /// The orders that take the place of all that come after this one, where its end decides what they are.
    fn next(&self, at: usize, order: &Order, receipt: &Receipt) -> Option<Vec<Order>> {
        let after = &self.intent.orders[at + 1..];
        if self.is_of_quarantine(at) {
            // Its fallback is the end of it.
            if order.action == Action::MakePrivate && after.is_empty() || matches!(order.action, Action::RemoveNote(_))
            {
                return None;
            }
            let goes_on = match receipt.outcome {
                Outcome::Done | Outcome::AlreadySo => true,
                // A copy that is not there is no reason to throw the original away.
                Outcome::Partly => !matches!(order.action, Action::Copy { .. }),
                _ => false,
            };
            if goes_on {
                return None;
            }
            let instead = match &receipt.outcome {
                Outcome::Blocked(block) if is_beside(&order.action) => self.closed(block),
                Outcome::Blocked(_) => quarantine::fallback(&self.intent.is, &self.intent.orders, receipt),
                _ => Vec::new(),
            };
            return (!instead.is_empty() || !after.is_empty()).then_some(instead);
        }
        let Outcome::Blocked(block) = &receipt.outcome else { return None };
        let mut instead = self.fallen_back(at, order, block)?;
        instead.extend(after.iter().map(|ordered| ordered.order.clone()));
        Some(instead)
    }

    /// Where not even a receipt can be left, the item is not moved: its sharing is closed.
    fn closed(&self, block: &Block) -> Vec<Order> {
        if fallback(&Action::Trash, block).is_none() {
            return Vec::new();
        }
        let planned = Planned { on: None, action: Action::MakePrivate, version: None, expects: None };
        orders(&self.intent.is.id, self.intent.orders.len() + 1, &self.intent.is.on, &[planned])
    }

    /// The orders that take the place of one that was blocked.
    fn fallen_back(&self, at: usize, order: &Order, block: &Block) -> Option<Vec<Order>> {
        if !matches!(self.intent.is.cause, Cause::Policy | Cause::Plan) {
            return None;
        }
        let action = fallback(&order.action, block)?;
        let numbers = self.intent.orders.iter().map(|ordered| number_of(&ordered.order.id)).max().unwrap_or(at + 1);
        let on = order.on.clone();
        let id = order_id(&self.intent.is.id, numbers + 1);
        Some(vec![Order { id, on, action, version: None, expects: None, begun: None, password: None }])
    }

    // ---- drift ----

    fn drifts(&self) -> usize {
        let is_drift =
            |ordered: &&Ordered| ordered.receipt.as_ref().is_some_and(|receipt| receipt.outcome == Outcome::Drifted);
        self.intent.orders.iter().filter(is_drift).count()
    }

    /// The item is no longer what the policies judged: its new content is read, then they are asked again.
    fn drifted(&mut self, at: usize, receipt: Receipt) -> Result<Way, store::Error> {
        self.core.store.end_order(self.intent.number, &receipt, Some(&[]))?;
        self.intent.orders.truncate(at + 1);
        self.intent.orders[at].receipt = Some(receipt);
        if let Some(item) = self.intent.is.item {
            let todo = Todo::LOOK.and(Todo::CONTENT).and(Todo::SHARING).and(Todo::EXPOSURE);
            let ask = store::Ask { item, lane: Lane::Live, todo, priority: 0, offered: None, happened: None };
            self.core.store.ask(&[ask])?;
        }
        Ok(Way::Wait { until: Some(self.in_a_while(READ_FOR)), pause: false })
    }

    /// Where all orders have ended and the last drifted: what the policies say of the item as it is now.
    fn decide_anew(&mut self) -> Result<Option<Way>, store::Error> {
        let Some(Ordered { order, receipt: Some(receipt), .. }) = self.intent.orders.last() else { return Ok(None) };
        let Ok(What::Ask { ask, still }) = serde_json::from_str(&self.intent.is.what) else { return Ok(None) };
        if receipt.outcome != Outcome::Drifted || self.intent.is.cause != Cause::Policy || self.drifts() >= DRIFTS_MAX {
            return Ok(None);
        }
        let (receipt, before) = (receipt.clone(), order.version.clone());
        let known = self.known()?;
        let is_read = known.as_ref().is_none_or(|known| {
            let judged = &known.judged_version;
            known.gone.is_some() || (judged.is_some() && *judged == known.item.version && *judged != before)
        });
        let begun = self.intent.begun.unwrap_or(self.intent.made);
        if !is_read && self.core.clock.steady().since(begun) < READ_MAX {
            return Ok(Some(Way::Wait { until: Some(self.in_a_while(READ_FOR)), pause: false }));
        }
        let numbers = self.intent.orders.iter().map(|ordered| number_of(&ordered.order.id)).max().unwrap_or_default();
        match self.asked(&ask, still, numbers + 1)? {
            Ok(orders) => {
                self.core.store.end_order(self.intent.number, &receipt, Some(&orders))?;
                self.intent.orders.extend(ordered(orders));
                Ok(None)
            }
            // It was begun, so it is closed: nothing was done.
            Err(Way::Cancel(why)) => Ok(Some(End::of(Outcome::Drifted, why))),
            Err(way) => Ok(Some(way)),
        }
    }

    // ---- ends ----

    /// What a failed call means for the intent.
    fn later(&self, error: &provider::Error) -> Way {
        let steady = |until: Moment| self.core.clock.steady().plus(until.since(self.core.clock.now()));
        match error.next() {
            Next::Throttled(until) | Next::Budget(until) => Way::Wait { until: Some(steady(until)), pause: true },
            Next::Credentials => Way::Wait { until: Some(self.in_a_while(CREDENTIALS_FOR)), pause: true },
            Next::Stopped => Way::Wait { until: None, pause: false },
            Next::Locked
            | Next::Transient
            | Next::Gone
            | Next::Moved
            | Next::Forbidden
            | Next::Reset(_)
            | Next::NotReadable
            | Next::Refused => Way::Fail(error.said().to_owned()),
        }
    }

    fn in_a_while(&self, span: Duration) -> Moment {
        self.core.clock.steady().plus(span)
    }

    /// Writes down what becomes of it. Until when all of the connector waits, if so.
    fn keep(self, options: &Options, way: Way) -> Result<Option<Moment>, store::Error> {
        let Self { core, tenant, intent, .. } = self;
        let store = &core.store;
        match way {
            Way::Close(end) => {
                let closing = close::closing(core, tenant, &intent, end)?;
                step::passed("close.before");
                store.close_intent(&closing)?;
                step::passed("close.after");
                close::told(core, tenant, &intent, &closing);
                close::refreshed(core, &closing)?;
                Ok(None)
            }
            Way::Wait { until, pause } => {
                store.give_back_intent(intent.number, until)?;
                Ok(until.filter(|_| pause))
            }
            Way::Fail(said) => fail(core, tenant, &intent, &said, options.attempts_max).map(|()| None),
            Way::Park(said) => fail(core, tenant, &intent, &said, 1).map(|()| None),
            Way::Cancel(why) => {
                let entry = close::entry(tenant, &intent, "cancelled", why);
                store.cancel_intent(intent.number, why, &entry)?;
                tracing::info!(connector = %tenant.name, intent = intent.number.0, action = %intent.is.name, why, "not done");
                Ok(None)
            }
        }
    }
}

/// A failed attempt; a message when it was the last.
fn fail(core: &Core, tenant: &Tenant, intent: &Intent, said: &str, attempts_max: u32) -> Result<(), store::Error> {
    let drawn = u64::try_from(intent.number.0).unwrap_or_default().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let due = core.clock.steady().plus(BACKOFF.wait(intent.attempts.saturating_add(1), drawn));
    if core.store.fail_intent(intent.number, said, due, attempts_max)? {
        tracing::warn!(connector = %tenant.name, intent = intent.number.0, action = %intent.is.name, said, "parked");
        core.store.add_messages(&tell::of_parked(core, tenant, intent, said))?;
    }
    Ok(())
}

/// An order that is still to be performed: one that ended without being known is looked at again.
fn is_open(ordered: &Ordered) -> bool {
    ordered.receipt.as_ref().is_none_or(|receipt| matches!(receipt.outcome, Outcome::Unknown(_)))
}

fn ordered(orders: Vec<Order>) -> Vec<Ordered> {
    orders.into_iter().map(|order| Ordered { order, steps: Vec::new(), receipt: None }).collect()
}

/// True of what is left or taken away beside the item: its end says nothing of the item's.
fn is_beside(action: &Action) -> bool {
    match action {
        Action::PutNote(note) | Action::RemoveNote(note) => sealed::is_receipt(&note.name),
        _ => false,
    }
}

/// True of an order that tells nothing of what became of the item. Where not even the sealed receipt could be left, it is not
/// moved, so that one does.
fn says_nothing(ordered: &Ordered) -> bool {
    let is_left = ordered
        .receipt
        .as_ref()
        .is_none_or(|receipt| matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo | Outcome::Partly));
    is_beside(&ordered.order.action) && (is_left || !is_receipt(&ordered.order.action))
}

/// True of the leaving of a quarantine's sealed receipt.
fn is_receipt(action: &Action) -> bool {
    matches!(action, Action::PutNote(_)) && is_beside(action)
}

/// The number behind an order's id; 0 of one that has none.
fn number_of(id: &str) -> usize {
    id.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

fn is_same(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (Target::Item(one), Target::Item(other)) => one.id == other.id && one.kind == other.kind,
        (one, other) => one == other,
    }
}

/// Somebody made the plan and somebody else approved it.
fn is_of_two(plan: &Plan) -> bool {
    plan.approved.iter().any(|(by, _)| *by != plan.is.by)
}

fn two_needed() -> Way {
    Way::Park(
        "it acts on a person: the policy must say `allow_people_actions`, or a second operator must approve a plan of it".into(),
    )
}

/// What an error says is in the way, where trying again does not help.
fn block_of(error: &provider::Error) -> Option<Block> {
    match error.next() {
        Next::Forbidden | Next::Refused => Some(Block::NoRight(error.said().into())),
        Next::Gone | Next::NotReadable => Some(Block::NobodyToAct),
        _ => None,
    }
}
