//! What is told of an action: its state in a word, what it was done to, what was found before and after, whether it can be undone.

use crate::cli::Failed;
use crate::cli::named::connector_name;
use crate::engine::act::What;
use crate::model::IntentState;
use crate::model::action::{Action, ItemState, Left, Outcome, PersonState, Receipt, State, Target, Undo, Whose};
use crate::model::sharing::{Audience, Member, Members, Who};
use crate::model::{ConnectorNumber, ItemKind};
use crate::policy::ask::Ask;
use crate::report::units;
use crate::store::{Connector, Intent, IntentQuery, Known, Store};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Where an action stands, in the words that people use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateWord {
    Queued,
    Held,
    Running,
    Done,
    PartlyDone,
    Skipped,
    Blocked,
    Failed,
    Reverted,
    Cancelled,
}

impl StateWord {
    const ALL: [StateWord; 10] = [
        StateWord::Queued,
        StateWord::Held,
        StateWord::Running,
        StateWord::Done,
        StateWord::PartlyDone,
        StateWord::Skipped,
        StateWord::Blocked,
        StateWord::Failed,
        StateWord::Reverted,
        StateWord::Cancelled,
    ];

    /// The word.
    pub(super) fn word(self) -> &'static str {
        match self {
            StateWord::Queued => "queued",
            StateWord::Held => "held",
            StateWord::Running => "running",
            StateWord::Done => "done",
            StateWord::PartlyDone => "partly-done",
            StateWord::Skipped => "skipped",
            StateWord::Blocked => "blocked",
            StateWord::Failed => "failed",
            StateWord::Reverted => "reverted",
            StateWord::Cancelled => "cancelled",
        }
    }

    /// Reads a word.
    pub(super) fn parse(typed: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.word() == typed);
        let all = || Self::ALL.map(StateWord::word).join(", ");
        found.ok_or_else(|| format!("the states are {}", all()))
    }

    /// The states of the store that may be told so.
    pub(super) fn stored(self) -> Vec<IntentState> {
        vec![match self {
            StateWord::Queued => IntentState::Waits,
            StateWord::Held => IntentState::Held,
            StateWord::Running => IntentState::Begun,
            StateWord::Failed => IntentState::Parked,
            StateWord::Cancelled => IntentState::Cancelled,
            StateWord::Done | StateWord::PartlyDone | StateWord::Skipped | StateWord::Blocked | StateWord::Reverted => {
                IntentState::Ended
            }
        }]
    }

    /// Where this one stands.
    pub(super) fn of(store: &dyn Store, intent: &Intent) -> Result<Self, Failed> {
        Ok(match intent.state {
            IntentState::Waits => StateWord::Queued,
            IntentState::Held => StateWord::Held,
            IntentState::Begun => StateWord::Running,
            IntentState::Parked => StateWord::Failed,
            IntentState::Cancelled => StateWord::Cancelled,
            IntentState::Ended => match &*intent.outcome {
                "done" | "partly" if is_reverted(store, intent)? => StateWord::Reverted,
                "done" => StateWord::Done,
                "partly" => StateWord::PartlyDone,
                "blocked" => StateWord::Blocked,
                _ => StateWord::Skipped,
            },
        })
    }
}

/// Actions that undo one and are looked at for it.
const UNDOING_MAX: usize = 16;

/// True when another action took it back.
fn is_reverted(store: &dyn Store, intent: &Intent) -> Result<bool, Failed> {
    let states = vec![IntentState::Ended];
    let query = IntentQuery { undoes: Some(intent.number), states, ..IntentQuery::default() };
    let undoing = store.intents(&query, None, UNDOING_MAX)?;
    Ok(undoing.iter().any(|one| matches!(&*one.outcome, "done" | "already_so")))
}

/// The state with what explains it: `skipped: already satisfied`.
pub(super) fn state_words(intent: &Intent, state: StateWord) -> String {
    let why = match (state, &*intent.outcome) {
        (StateWord::Skipped, "already_so") => "already satisfied",
        (StateWord::Skipped, "drifted") => "changed since it was decided",
        (StateWord::Skipped, "gone") => "it exists no more",
        (StateWord::Failed, "unknown") => "nobody knows what a call did",
        (StateWord::Failed, _) => "given up after repeated failures",
        (StateWord::Held, _) => "a breaker holds it back",
        _ => return state.word().replace('-', " "),
    };
    format!("{}: {why}", state.word())
}

/// What numbers and ids stand for.
pub(super) struct Names<'s> {
    store: &'s dyn Store,
    connectors: Vec<Connector>,
}

impl<'s> Names<'s> {
    pub(super) fn new(store: &'s dyn Store) -> Result<Self, Failed> {
        Ok(Self { store, connectors: store.connectors()? })
    }

    pub(super) fn connector(&self, of: ConnectorNumber) -> &str {
        connector_name(&self.connectors, of)
    }

    fn provider(&self, of: ConnectorNumber) -> Option<&'static str> {
        self.connectors.iter().find(|one| one.number == of).map(|one| one.provider.name())
    }

    /// The item, where the store knows it.
    pub(super) fn item(&self, intent: &Intent) -> Result<Option<Known>, Failed> {
        Ok(match (intent.is.item, &intent.is.on) {
            (Some(number), _) => self.store.item(number)?,
            (None, Target::Item(item)) => self.store.find(intent.is.connector, item.kind, &item.id)?,
            (None, Target::Person(_)) => None,
        })
    }

    /// A folder above, by the provider's id.
    pub(super) fn folder(&self, of: ConnectorNumber, id: &str) -> Result<Option<Known>, Failed> {
        Ok(self.store.find(of, ItemKind::Folder, id)?)
    }

    /// What it is done to, in a few words. Not yet harmless to a terminal.
    pub(super) fn target(&self, intent: &Intent) -> Result<String, Failed> {
        let connector = self.connector(intent.is.connector);
        Ok(match (self.item(intent)?, &intent.is.on) {
            (Some(known), _) => {
                let slash = if known.item.kind == ItemKind::Folder { "/" } else { "" };
                format!("{connector}:{}{slash} (#{})", known.shown, known.number)
            }
            (None, Target::Item(item)) => format!("{connector}:{}", item.id),
            (None, Target::Person(person)) => {
                let known = person.login.as_ref().or(person.account.as_ref()).or(person.id.as_ref());
                format!("{connector}: {}", known.map_or("a person", |known| known))
            }
        })
    }
}

/// When it was asked for, begun and ended.
pub(super) fn when(intent: &Intent) -> String {
    match (intent.begun, intent.ended) {
        (_, Some(ended)) => format!("ended {ended}"),
        (Some(begun), None) => format!("begun {begun}"),
        (None, None) => match intent.is.due {
            Some(due) if due > intent.made => format!("asked for {}, due {due}", intent.made),
            _ => format!("asked for {}", intent.made),
        },
    }
}

/// Who wants it.
pub(super) fn asked_by(intent: &Intent) -> String {
    let policies: Vec<&str> = intent.is.voters.iter().map(|voter| &*voter.policy).collect();
    let plan = intent.is.plan.map(|plan| format!(" (plan {plan})")).unwrap_or_default();
    let who = if policies.is_empty() { intent.is.actor.to_string() } else { format!("policy {}", policies.join(", ")) };
    crate::report::harmless::printable(&format!("{who}{plan}")).into_owned()
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "{byte:02x}");
        all
    })
}

/// An action of the governance log.
pub(super) fn row(names: &Names<'_>, intent: &Intent, state: StateWord) -> Result<Value, Failed> {
    let known = names.item(intent)?;
    let (object, kind) = match &intent.is.on {
        Target::Item(item) => (Some(item.id.to_string()), crate::cli::ask::kind_name(item.kind)),
        Target::Person(person) => {
            let id = person.login.as_ref().or(person.account.as_ref()).or(person.id.as_ref());
            (id.map(ToString::to_string), "person")
        }
    };
    let policies: Vec<Value> =
        intent.is.voters.iter().map(|voter| json!({ "policy": &*voter.policy, "hash": hex(&voter.hash) })).collect();
    let revert = revert(intent, state);
    let moment = |at: Option<crate::clock::Moment>| at.map(|at| at.to_string());
    Ok(json!({
        "schema": "sluicebox.action/1",
        "action": intent.number.0,
        "task": &*intent.is.id,
        "name": &*intent.is.name,
        "policies": policies,
        "rules": intent.is.rules.map(|rules| rules.0),
        "cause": intent.is.cause.name(),
        "actor": &*intent.is.actor,
        "plan": intent.is.plan.map(|plan| plan.0),
        "undoes": intent.is.undoes.map(|undone| undone.0),
        "connector": names.connector(intent.is.connector),
        "provider": names.provider(intent.is.connector),
        "object": object,
        "kind": kind,
        "item": known.as_ref().map(|known| known.number.0),
        "path": known.as_ref().map(|known| known.shown.to_string()),
        "parameters": parameters(intent),
        "requested": intent.made.to_string(),
        "due": moment(intent.is.due),
        "started": moment(intent.begun),
        "finished": moment(intent.ended),
        "state": state_words(intent, state),
        "outcome": &*intent.outcome,
        "why": &*intent.why,
        "requests": requests(intent),
        "before": found_first(intent).map(short),
        "after": read_last(intent).map(short),
        "left": left(intent).map(|left| left_words(names, intent.is.connector, left).map(|told| told.0)).collect::<Result<Vec<_>, _>>()?,
        "retries": intent.attempts,
        "revert_possible": revert.is_possible,
        "revert_why": revert.why,
    }))
}

/// The actions it became, or what is asked for as long as it has not begun, with what of their parameters names no item.
fn parameters(intent: &Intent) -> Value {
    if !intent.orders.is_empty() {
        return intent.orders.iter().map(|ordered| of_action(&ordered.order.action)).collect();
    }
    match serde_json::from_str::<What>(&intent.is.what) {
        Ok(What::Ask { ask, .. }) => json!([of_ask(&ask)]),
        Ok(What::Do { actions } | What::Restore { actions, .. }) => {
            actions.iter().map(|planned| of_action(&planned.action)).collect()
        }
        Err(_) => Value::Null,
    }
}

/// An ask as JSON says it: texts and addresses are the operator's own.
fn of_ask(ask: &Ask) -> Value {
    let mut told = Map::new();
    told.insert("action".into(), ask.name().into());
    if let Ok(Value::Object(object)) = serde_json::to_value(ask) {
        told.extend(object.into_iter().filter_map(|(_, parameters)| Some(parameters.as_object()?.clone())).flatten());
    }
    Value::Object(told)
}

fn of_action(action: &Action) -> Value {
    let more = match action {
        Action::RestrictLinks { to } => json!({ "to": to }),
        Action::ExpireLinks { at } => json!({ "at": at.to_string() }),
        Action::RemoveMember { who } => json!({ "who": who_word(who) }),
        Action::ChangeRole { who, role } => json!({ "who": who_word(who), "role": role }),
        Action::RestoreLinks { links } => json!({ "links": links.len() }),
        Action::RestoreMembers { members } => {
            json!({ "members": members.iter().map(|member| who_word(&member.who)).collect::<Vec<_>>() })
        }
        Action::Quarantine(quarantine) => json!({
            "whose": match quarantine.whose { Whose::Owner => "owner", Whose::Company => "company" },
            "folder": quarantine.to.id.as_deref(),
            "leaves_note": quarantine.note.is_some(),
        }),
        Action::Move { to, .. } | Action::Copy { to, .. } => json!({ "folder": to.id.as_deref() }),
        Action::SetLabel { label, .. } => json!({ "label": label }),
        Action::ClearLabel { ours } => json!({ "label": ours }),
        Action::Lock { until, no_download } => {
            json!({ "until": until.map(|at| at.to_string()), "no_download": no_download })
        }
        Action::Hold { policy } | Action::EndHold { policy } => json!({ "hold": policy }),
        Action::Task { due, .. } => json!({ "due": due.map(|at| at.to_string()) }),
        _ => json!({}),
    };
    crate::cli::ask::with(json!({ "action": action.name() }), more)
}

/// Somebody, by login where one is known.
pub(super) fn who_word(who: &Who) -> String {
    match who {
        Who::Person { login: Some(login), .. } | Who::Invited { login } => login.to_string(),
        Who::Person { account, .. } => format!("account {}", account.as_deref().unwrap_or("unknown")),
        Who::Group { id, .. } => format!("group {id}"),
        Who::Unauthenticated => "a visitor without sign-in".to_owned(),
    }
}

/// The provider's ids of all requests, in order.
pub(super) fn requests(intent: &Intent) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for ordered in &intent.orders {
        let of_receipt = ordered.receipt.iter().flat_map(|receipt| &receipt.did);
        let dids = ordered.steps.iter().filter_map(|(_, did)| did.as_ref()).chain(of_receipt);
        for request in dids.flat_map(|did| &did.requests) {
            if !all.contains(&&**request) {
                all.push(request);
            }
        }
    }
    all
}

/// The state before everything.
fn found_first(intent: &Intent) -> Option<&State> {
    intent.orders.iter().find_map(found)
}

/// The state before an order.
pub(super) fn found(ordered: &crate::store::Ordered) -> Option<&State> {
    let receipt = ordered.receipt.as_ref().and_then(|receipt| receipt.found.as_ref());
    ordered.order.begun.as_deref().or(receipt)
}

/// The state after the last order that was read back.
fn read_last(intent: &Intent) -> Option<&State> {
    intent.orders.iter().rev().find_map(|ordered| ordered.receipt.as_ref()?.read_back.as_ref())
}

/// What is left open by the last order that says so.
pub(super) fn left(intent: &Intent) -> impl Iterator<Item = &Left> {
    let last = intent.orders.iter().rev().find_map(|ordered| ordered.receipt.as_ref());
    last.into_iter().flat_map(|receipt: &Receipt| &receipt.left)
}

/// A state as JSON, without names of items.
fn short(state: &State) -> Value {
    match state {
        State::Item(item) => {
            let audiences: Vec<&str> = item.links.iter().map(|link| audience_word(link.audience)).collect();
            json!({
                "links": audiences,
                "links_above": item.links_above.len(),
                "members": members_of(item).map(|members| members.len()),
                "folder": item.folder.id.as_deref(),
                "trashed": item.trashed,
                "label": item.labels.set.as_deref(),
                "locked": item.lock.is_some(),
                "version": item.version.as_deref(),
            })
        }
        State::Person(person) => json!({
            "status": person.status,
            "sessions": person.sessions.as_ref().map(Vec::len),
            "apps": person.apps.as_ref().map(Vec::len),
            "shares": person.shares.as_ref().map(Vec::len),
        }),
    }
}

fn audience_word(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "public",
        Audience::Company => "company",
        Audience::Members => "members",
        Audience::Unknown => "unknown",
    }
}

/// Members, where they may be seen.
fn members_of(item: &ItemState) -> Option<&[Member]> {
    match &item.members {
        Members::Known(members) => Some(members),
        Members::None => Some(&[]),
        Members::Hidden => None,
    }
}

/// A state in a line for people, without names of items; members by login.
pub(super) fn state_line(state: &State) -> String {
    match state {
        State::Item(item) => item_line(item),
        State::Person(person) => person_line(person),
    }
}

/// Members told by name at most.
const TOLD_MAX: usize = 10;

fn item_line(item: &ItemState) -> String {
    let mut parts = Vec::new();
    let links: Vec<&str> = item.links.iter().map(|link| audience_word(link.audience)).collect();
    parts.push(match links.len() {
        0 => "no link".to_owned(),
        1 => format!("a link for {}", links.join("")),
        _ => format!("links for {}", links.join(", ")),
    });
    if !item.links_above.is_empty() {
        parts.push(units::of(item.links_above.len() as u64, "link on a folder above", "links on folders above"));
    }
    parts.push(match members_of(item) {
        None => "members that may not be seen".to_owned(),
        Some([]) => "no member".to_owned(),
        Some(members) => {
            let told: Vec<String> =
                members.iter().take(TOLD_MAX).map(|one| format!("{} ({})", who_word(&one.who), one.role)).collect();
            let more = members.len().saturating_sub(TOLD_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", told.join(", "))
        }
    });
    if let Some(folder) = &item.folder.id {
        parts.push(format!("in folder {folder}"));
    }
    parts.extend(item.labels.set.as_ref().map(|label| format!("labelled {label}")));
    parts.extend(item.lock.is_some().then(|| "locked".to_owned()));
    parts.extend(item.trashed.then(|| "in the trash".to_owned()));
    parts.join("; ")
}

fn person_line(person: &PersonState) -> String {
    let mut parts = vec![format!("{:?}", person.status).to_lowercase()];
    let counts = [
        (person.sessions.as_ref().map(Vec::len), "session", "sessions"),
        (person.apps.as_ref().map(Vec::len), "linked application", "linked applications"),
        (person.shares.as_ref().map(Vec::len), "share", "shares"),
    ];
    for (count, one, many) in counts {
        parts.extend(count.map(|count| units::of(count as u64, one, many)));
    }
    parts.join("; ")
}

/// What is left, in words, and the command that proposes what would end it.
pub(super) fn left_words(
    names: &Names<'_>,
    of: ConnectorNumber,
    left: &Left,
) -> Result<(String, Option<String>), Failed> {
    let (folder, through) = match left {
        Left::LinkAbove { folder, audience } => {
            let open = match audience {
                Audience::Public => "still public".to_owned(),
                Audience::Company => "still open to the company".to_owned(),
                Audience::Members | Audience::Unknown => format!("still open to {}", audience_word(*audience)),
            };
            (folder, (format!("{open} through"), "remove_links".to_owned()))
        }
        Left::MemberAbove { folder, who } => {
            (folder, (format!("{} still reaches it through", who_word(who)), "remove_externals".to_owned()))
        }
        other => return Ok((other.to_string(), None)),
    };
    let known = names.folder(of, folder)?;
    let (shown, named) = match &known {
        Some(known) => (format!("{}/ (#{})", known.shown, known.number), format!("'#{}'", known.number)),
        None => (folder.to_string(), format!("'{}:{folder}'", names.connector(of))),
    };
    let (open, action) = through;
    Ok((format!("{open} folder {shown}"), Some(format!("sluicebox plan new --item {named} --do {action}"))))
}

/// Whether what was done can be taken back.
pub(super) struct Revert {
    pub(super) is_possible: bool,
    pub(super) why: String,
}

/// By what was recorded: pure.
pub(super) fn revert(intent: &Intent, state: StateWord) -> Revert {
    let no = |why: &str| Revert { is_possible: false, why: why.to_owned() };
    match state {
        StateWord::Reverted => return no("it was reverted"),
        StateWord::Queued | StateWord::Held | StateWord::Cancelled | StateWord::Skipped | StateWord::Blocked => {
            return no("nothing was done");
        }
        StateWord::Running | StateWord::Failed => return no("it has not ended"),
        StateWord::Done | StateWord::PartlyDone => {}
    }
    let did = |ordered: &&crate::store::Ordered| {
        ordered.receipt.as_ref().is_some_and(|receipt| matches!(receipt.outcome, Outcome::Done | Outcome::Partly))
    };
    let mut whole = Undo::default();
    for ordered in intent.orders.iter().filter(did) {
        if let Some(found) = found(ordered) {
            let undo = Undo::of(&ordered.order, found);
            whole.actions.extend(undo.actions);
            whole.lost.extend(undo.lost);
        }
    }
    whole.lost.sort_unstable();
    whole.lost.dedup();
    let lost: Vec<String> = whole.lost.iter().map(ToString::to_string).collect();
    let why = match (whole.actions.is_empty(), lost.is_empty()) {
        (true, true) => "there is nothing to bring back".to_owned(),
        (false, true) => "what was found is recorded".to_owned(),
        (_, false) => lost.join("; "),
    };
    Revert { is_possible: !whole.actions.is_empty(), why }
}
