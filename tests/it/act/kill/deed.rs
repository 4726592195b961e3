//! What is done to files in a kill campaign, and the steps at which it can be killed.

use super::world::HOOK;
use sluicebox::engine::act::{Planned, What};
use sluicebox::engine::step::{ACT_STEPS, CALL_STEPS};
use sluicebox::model::action::{Action, Undo};
use sluicebox::policy::Still;
use sluicebox::policy::ask::{Ask, Told};
use sluicebox::store::Intent;

/// One kind of thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    MakePrivate,
    /// Three actions of one intent.
    Several,
    /// What was made private gets back what it had.
    Undo,
    UserQuarantine,
    AdminQuarantine,
    /// A copy into the company's quarantine, the original into the trash.
    ByCopy,
    /// Out of the trash into the company's quarantine.
    OutOfTrash,
    /// Out of the company's quarantine to where it lay.
    Restore,
    /// A message to a webhook.
    Notify,
}

impl Deed {
    /// In the order in which they are done: what is undone or brought back comes after what it takes away.
    pub(super) const ALL: [Deed; 9] = [
        Deed::Several,
        Deed::MakePrivate,
        Deed::Undo,
        Deed::UserQuarantine,
        Deed::AdminQuarantine,
        Deed::Restore,
        Deed::ByCopy,
        Deed::OutOfTrash,
        Deed::Notify,
    ];

    /// What an intent of it wants; that of [`Deed::Undo`] and [`Deed::Restore`] is made from what they end.
    pub(super) fn what(self) -> What {
        let ask = |ask| What::Ask { ask, still: Still::Matched };
        match self {
            Deed::MakePrivate => ask(Ask::MakePrivate),
            Deed::UserQuarantine => ask(Ask::UserQuarantine),
            Deed::AdminQuarantine | Deed::OutOfTrash => ask(Ask::AdminQuarantine { to: None, by_copy: false }),
            Deed::ByCopy => ask(Ask::AdminQuarantine { to: None, by_copy: true }),
            Deed::Notify => ask(Ask::Notify { whom: vec![Told::Webhook(HOOK.into())] }),
            Deed::Several | Deed::Undo | Deed::Restore => {
                let actions = [Action::RemoveLinks, Action::RemoveExternals, Action::Trash];
                What::Do { actions: actions.map(planned).into() }
            }
        }
    }
}

fn planned(action: Action) -> Planned {
    Planned { on: None, action, version: None, expects: None }
}

/// What gives back what an intent of one order took.
pub(super) fn undone(intent: &Intent) -> What {
    let done = &intent.orders[0];
    let found = done.receipt.as_ref().and_then(|receipt| receipt.found.as_ref()).expect("what was found");
    What::Do { actions: Undo::of(&done.order, found).actions.into_iter().map(planned).collect() }
}

/// The places in the way of one intent, in the order in which it passes them when it dies at each and goes on: those before
/// the answer of a call is noted, and those after, which need a second intent since what was answered is never called again.
pub(super) fn places(deed: Deed, intent: &Intent) -> [Vec<String>; 2] {
    let [before @ .., noted] = CALL_STEPS;
    // Intents of every kind pass these alike.
    let alike =
        |wanted: &'static str| ACT_STEPS.into_iter().filter(move |step| step.starts_with(wanted)).map(str::to_owned);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let is_whole = deed == Deed::Several;
    if is_whole {
        first.extend(alike("intent."));
        first.extend(alike("order.begins."));
    } else if !intent.orders.is_empty() {
        first.push("order.begins.after".into());
    }
    for (at, ordered) in intent.orders.iter().enumerate() {
        for (step, _) in &ordered.steps {
            let of = format!("{}/{}", ordered.order.action.name(), step.name());
            let to_note = format!("{of}.{noted}");
            if !second.contains(&to_note) {
                first.extend(before.iter().map(|place| format!("{of}.{place}")));
                second.push(to_note);
            }
        }
        if is_whole && at == 0 {
            first.push("order.performed".into());
            first.extend(alike("order.ended."));
        }
    }
    first.push("close.before".into());
    if is_whole || deed == Deed::Notify {
        first.push("close.after".into());
    }
    [first, second]
}
