//! One action, foreseen: what would be called, who loses what, what stays, what is in the way and what would be done instead.

use super::loses::{Lost, lost};
use super::open::Shares;
use super::veil::Veil;
use super::words::{Names, told_words};
use super::{Ground, make::Failed};
use crate::engine::act::fallback;
use crate::engine::act::resolve::{self, Bearings, Unresolved};
use crate::engine::act::{Planned as Do, What};
use crate::engine::quarantine;
use crate::model::action::{Action, Block, Order, State, Step, Target, Undo};
use crate::model::{ItemKind, Provider};
use crate::policy::ask::Ask;
use crate::policy::{Policy, Still};
use crate::provider::govern::{Facets, Foreseen};
use crate::provider::{self, Next};
use crate::report::plan::{Call, Planned, Standing};
use crate::store::{Known, Store};
use serde_json::{Value, json};

/// What a deed of an entry is made from.
pub(super) struct Wanted<'a> {
    pub(super) ask: &'a Ask,
    /// The intent's id.
    pub(super) id: String,
    /// The policies that want it.
    pub(super) voters: Vec<String>,
    /// The first of them.
    pub(super) policy: Option<&'a Policy>,
    /// False once something before it changes the content.
    pub(super) pinned: bool,
}

/// Foresees what is wanted of one item.
pub(in crate::engine) struct Seer<'a> {
    pub(in crate::engine) store: &'a dyn Store,
    pub(in crate::engine) ground: &'a Ground,
    pub(in crate::engine) known: Option<&'a Known>,
    pub(in crate::engine) shares: Option<&'a Shares>,
    pub(in crate::engine) names: Names<'a>,
    pub(in crate::engine) veil: Veil,
    pub(in crate::engine) now: crate::clock::Moment,
}

impl Seer<'_> {
    /// The deeds that come of an ask: usually one; where it is blocked, also what is done instead.
    pub(super) fn deeds(&self, wanted: &Wanted<'_>) -> Result<Vec<Planned>, Failed> {
        if let Ask::Notify { .. } = wanted.ask {
            return Ok(vec![self.tells(wanted)]);
        }
        let Some(governor) = &self.ground.governor else {
            let why = format!("{} cannot be asked now; `sluicebox doctor` says why", self.ground.name);
            return Ok(vec![self.unseen(wanted, why)]);
        };
        let Some(known) = self.known else {
            return Ok(vec![self.unseen(wanted, "there is no item that it could be done to".to_owned())]);
        };
        let (on, owner) = (resolve::target(known), super::open::owner_key(known));
        let bearings = Bearings {
            id: &wanted.id,
            connector: self.ground.number,
            known: Some(known),
            on: &on,
            owner: &owner,
            policy: wanted.policy,
            people: &self.ground.people,
            governor: &**governor,
            ours: None,
            store: self.store,
            now: self.now,
        };
        let actions = match super::entry::resolved(wanted.ask, &bearings) {
            Ok(actions) => actions,
            Err(Unresolved::Store(error)) => return Err(Failed::Store(error)),
            Err(Unresolved::Provider(error)) if error.next() == Next::Stopped => return Err(Failed::Stopped),
            Err(Unresolved::Provider(error)) => return Ok(vec![self.unseen(wanted, said(&error))]),
            Err(Unresolved::Blocked(block)) => return Ok(vec![self.refused(wanted, &block)]),
            Err(Unresolved::Quarantine) => {
                return Ok(vec![self.unseen(wanted, "a quarantine cannot be foreseen here".to_owned())]);
            }
        };
        if actions.is_empty() {
            return Ok(vec![Planned { standing: Standing::AlreadySo, ..self.blank(wanted) }]);
        }
        let mut deeds = Vec::new();
        for (at, (on, action)) in actions.into_iter().enumerate() {
            let mut deed = self.blank(wanted);
            if at > 0 {
                deed.id = format!("{}x{at}", wanted.id);
            }
            let block = self.foresee(&mut deed, on.clone(), action.clone(), wanted.pinned, Some(wanted.ask))?;
            let instead = block.as_ref().and_then(|block| fallback(&action, block));
            if deed.standing == Standing::Will {
                deed.cannot_undo.extend(quarantine::losses(wanted.ask).into_iter().map(ToOwned::to_owned));
            }
            deeds.push(deed);
            if let Some(instead) = instead {
                let mut deed = Planned {
                    id: format!("{}f{at}", wanted.id),
                    name: instead.name().to_owned(),
                    instead_of: Some(wanted.ask.name().to_owned()),
                    ..self.blank(wanted)
                };
                self.foresee(&mut deed, on, instead, wanted.pinned, None)?;
                deeds.push(deed);
            }
        }
        Ok(deeds)
    }

    /// Fills a deed in with what would be done for an action; gives what is in its way.
    pub(in crate::engine) fn foresee(
        &self,
        deed: &mut Planned,
        on: Target,
        action: Action,
        pinned: bool,
        ask: Option<&Ask>,
    ) -> Result<Option<Block>, Failed> {
        let is_item = matches!(on, Target::Item(_));
        let file = self.known.map(|known| &known.item).filter(|item| item.kind == ItemKind::File && is_item && pinned);
        let version = file.and_then(|item| item.version.clone());
        deed.words = self.names.action(&action);
        deed.person = self.names.person_of(&on);
        let order = Order {
            id: resolve::order_id(&deed.id, 1),
            on,
            password: resolve::password_for(&action),
            action,
            version,
            expects: None,
            begun: None,
        };
        let Some(governor) = &self.ground.governor else { return Ok(None) };
        let foreseen = match governor.foresee(&order, &self.ground.people) {
            Ok(Some(foreseen)) => foreseen,
            Ok(None) => {
                deed.standing = Standing::Gone;
                deed.why = Some("it is there no more, or nobody who could be asked sees it".to_owned());
                return Ok(None);
            }
            Err(error) if error.next() == Next::Stopped => return Err(Failed::Stopped),
            Err(error) => {
                deed.standing = Standing::Unseen;
                deed.why = Some(said(&error));
                return Ok(None);
            }
        };
        Ok(self.fill(deed, order, foreseen, ask))
    }

    fn fill(&self, deed: &mut Planned, order: Order, foreseen: Foreseen, ask: Option<&Ask>) -> Option<Block> {
        let Foreseen { state, steps, left, drifted } = foreseen;
        deed.stays = left.iter().map(|left| self.names.stays(left)).collect();
        if drifted || self.has_another_name(&state) {
            let what = if drifted { "content" } else { "name" };
            deed.standing = Standing::Drifted;
            deed.why = Some(format!("its {what} changed since it was read; it is judged again soon"));
            return None;
        }
        let steps = match steps {
            Ok(steps) => steps,
            Err(block) => {
                deed.standing = Standing::Blocked;
                deed.why = Some(block.to_string());
                return Some(block);
            }
        };
        let reads = reads(self.ground.provider, &order.action);
        if steps.is_empty() {
            deed.standing = Standing::AlreadySo;
            return None;
        }
        deed.standing = Standing::Will;
        deed.calls = super::entry::beside(&order.action).collect();
        deed.calls.extend(steps.iter().map(|step| Call { step: step.name().to_owned(), words: self.names.step(step) }));
        deed.calls_with_reads = deed.calls.len() as u64 + reads * (1 + kinds(&steps));
        let Lost { people, links } = lost(&order.action, &steps, &state, self.shares, &self.names);
        (deed.loses, deed.links) = (people, links);
        deed.cannot_undo = cannot_undo(&order, &state);
        let expects = match ask {
            Some(ask) => quarantine::expects(ask, &order.action, steps),
            None => steps,
        };
        let what = What::Do {
            actions: vec![Do { on: None, action: order.action, version: order.version, expects: Some(expects) }],
        };
        deed.does = self.does(&order.on, &what);
        None
    }

    /// True when what was read has another name than what is stored, so that nobody has seen yet what of it may be shown.
    fn has_another_name(&self, state: &State) -> bool {
        let (Some(known), Some(now)) = (self.known, state.item()) else { return false };
        !known.item.name.is_empty() && known.item.name != now.name
    }

    /// What the act stage is given, fit to be shown.
    pub(super) fn does(&self, on: &Target, what: &What) -> Value {
        let mut does = json!({ "on": on, "what": what });
        self.veil.cover(&mut does);
        does
    }

    fn blank(&self, wanted: &Wanted<'_>) -> Planned {
        Planned {
            id: wanted.id.clone(),
            name: wanted.ask.name().to_owned(),
            words: super::words::ask_words(wanted.ask),
            person: None,
            voters: wanted.voters.clone(),
            instead_of: None,
            undoes: None,
            standing: Standing::Will,
            why: None,
            calls: Vec::new(),
            calls_with_reads: 0,
            loses: Vec::new(),
            links: Vec::new(),
            stays: Vec::new(),
            cannot_undo: Vec::new(),
            does: Value::Null,
        }
    }

    fn tells(&self, wanted: &Wanted<'_>) -> Planned {
        let what = What::Ask { ask: wanted.ask.clone(), still: Still::Matched };
        Planned {
            words: told_words(wanted.ask),
            standing: Standing::Tells,
            cannot_undo: vec!["what was said may have been read".to_owned()],
            does: self.known.map_or(Value::Null, |known| self.does(&resolve::target(known), &what)),
            ..self.blank(wanted)
        }
    }

    fn unseen(&self, wanted: &Wanted<'_>, why: String) -> Planned {
        Planned { standing: Standing::Unseen, why: Some(why), ..self.blank(wanted) }
    }

    fn refused(&self, wanted: &Wanted<'_>, block: &Block) -> Planned {
        Planned { standing: Standing::Blocked, why: Some(block.to_string()), ..self.blank(wanted) }
    }
}

/// What an undo could not bring back.
fn cannot_undo(order: &Order, state: &State) -> Vec<String> {
    let undo = Undo::of(order, state);
    let mut lost: Vec<String> = undo.lost.iter().map(ToString::to_string).collect();
    if undo.actions.is_empty() && lost.is_empty() {
        lost.push("`sluicebox undo` has nothing that takes it back".to_owned());
    }
    lost
}

/// An error of the outside as a plan tells it.
fn said(error: &provider::Error) -> String {
    match error.next() {
        Next::Budget(until) => format!("the connector's calls are used up; not before {until}"),
        Next::Throttled(until) => format!("the provider wants fewer calls; not before {until}"),
        _ => error.to_string(),
    }
}

/// Calls that read, for one look at what an action needs to know. About: pages and retries are not foreseen.
fn reads(provider: Provider, action: &Action) -> u64 {
    let facets = Facets::of(action);
    let each = |asked: bool, calls: u64| if asked { calls } else { 0 };
    let of_box = provider == Provider::Box;
    1 + each(facets.links && !of_box, 1)
        + each(facets.links_above && !of_box, 1)
        + each(facets.members, 1)
        + each(facets.invitations && !of_box, 1)
        + each(facets.labels, 1)
        + each(facets.holds, if of_box { 3 } else { 1 })
        + each(facets.note, 1)
        + each(facets.copy, 1)
        + each(facets.lent, 1)
        + each(facets.comment, 1)
        + each(facets.task, 1)
        + each(facets.sessions, 1)
        + each(facets.apps, 1)
        + each(facets.shares, 2)
}

/// Stretches of steps that are alike: after each it is looked again.
fn kinds(steps: &[Step]) -> u64 {
    let mut kinds = 0;
    let mut last = "";
    for step in steps {
        kinds += u64::from(step.name() != last);
        last = step.name();
    }
    kinds
}
