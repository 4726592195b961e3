//! Intents: what is to be done at a provider, committed before anything is called, with all that it takes to go on after a crash.
//!
//! An intent becomes orders when it is begun; each order keeps the state that was found before its first step, every step
//! before it is called and after, and its receipt. The receipt, the audit entry and all that follows from it are one commit
//! ([`Intents::close_intent`]). Names, states and receipts are kept sealed.

use super::Error;
use super::audit::Entry;
use super::exceptions::NewException;
use super::inventory::Listed;
use super::messages::NewMessage;
use super::quarantines::NewQuarantined;
use super::queue::Ask;
use super::rules::RulesNumber;
use crate::clock::Moment;
use crate::model::action::{Did, Order, Outcome, Receipt, State, Step, Target};
use crate::model::{Cause, ConnectorNumber, IntentNumber, IntentState, ItemNumber, Level, PlanNumber};
use std::sync::Arc;

/// A policy that wants something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Its name.
    pub policy: Arc<str>,
    /// Its hash.
    pub hash: [u8; 32],
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIntent {
    /// Its own id, up to 40 of `a-z 0-9`, random: correlation id of a quarantine, beginning of the ids of its orders.
    pub id: Arc<str>,
    /// Whose.
    pub connector: ConnectorNumber,
    /// The item, where it is about one.
    pub item: Option<ItemNumber>,
    /// What it is done to.
    pub on: Target,
    /// The owner of the item (account or login), for the breaker; empty when nobody is known.
    pub owner: Arc<str>,
    /// Why.
    pub cause: Cause,
    /// The policies that want it; none for what a person asked for.
    pub voters: Vec<Voter>,
    /// The rules that the findings rest on.
    pub rules: Option<RulesNumber>,
    /// The plan that it is part of.
    pub plan: Option<PlanNumber>,
    /// The intent that it undoes.
    pub undoes: Option<IntentNumber>,
    /// What is wanted, as JSON of the engine's `act::What`.
    pub what: String,
    /// Its name for reports: of an ask or an action (`remove_links`).
    pub name: Arc<str>,
    /// Who asked for it: `operator uid 1000`, `policy NAME`.
    pub actor: Arc<str>,
    /// Not before this moment.
    pub due: Option<Moment>,
    /// True when it may move something: of these one of a connector is handed out at a time, since they share the right to
    /// move. Others are handed out meanwhile.
    pub moves: bool,
}

/// An intent as it stands.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Its number.
    pub number: IntentNumber,
    /// What was asked for.
    pub is: NewIntent,
    /// Where it stands.
    pub state: IntentState,
    /// How it ended: [`Outcome::name`]; or why it is held, parked or cancelled.
    pub outcome: Arc<str>,
    /// One sentence for people about it; no names.
    pub why: Arc<str>,
    /// When it was made.
    pub made: Moment,
    /// When it was begun.
    pub begun: Option<Moment>,
    /// When it ended.
    pub ended: Option<Moment>,
    /// Failed attempts.
    pub attempts: u32,
    /// What it became when it was begun, in order; empty before.
    pub orders: Vec<Ordered>,
}

/// An order of an intent.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The order; [`Order::begun`] is the state that was found before its first step.
    pub order: Order,
    /// Every step that was called or was about to be: `None` of one whose call may or may not have been made.
    pub steps: Vec<(Step, Option<Did>)>,
    /// What came of it.
    pub receipt: Option<Receipt>,
}

/// Asks for an intent to be acted on.
#[derive(Clone, Debug)]
pub struct IntentClaim<'a> {
    /// Of these connectors only.
    pub connectors: &'a [ConnectorNumber],
    /// Of these causes only.
    pub causes: &'a [Cause],
    /// What each policy may do by itself; one that is not named here may do anything.
    pub limits: &'a [PolicyLimits],
}

/// What a policy may do before its breaker trips, as its file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLimits {
    /// The policy's name.
    pub policy: Arc<str>,
    /// Different items in 24 hours.
    pub items_max: Option<u64>,
    /// Hundredths of a percent of the connector's items in 24 hours, ten items at least.
    pub share_max: Option<u32>,
    /// Different items of one owner in an hour.
    pub per_owner_hour_max: Option<u64>,
}

/// A breaker that tripped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tripped {
    /// The policy's name.
    pub policy: Arc<str>,
    /// When.
    pub at: Moment,
    /// Which limit: `items`, `share`, `owner`.
    pub limit: Arc<str>,
    /// How many were touched when it tripped.
    pub touched: u64,
    /// Intents that it holds back.
    pub held: u64,
}

/// The end of an intent: one transaction.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Which.
    pub number: IntentNumber,
    /// The receipt of its last order; `None` when nothing was ordered.
    pub receipt: Option<Receipt>,
    /// How it ended as a whole. [`Outcome::Unknown`] parks it.
    pub outcome: Outcome,
    /// One sentence for people; no names.
    pub why: Arc<str>,
    /// How far the item is open after it, as far as the read-back tells: a later ruling that finds it more open is a new
    /// episode of its voters.
    pub level: Option<Level>,
    /// The audit entry.
    pub entry: Entry,
    /// The item as it is now, where it was moved: its place, and who can read it there. Kept before the jobs that follow.
    pub facts: Option<Listed>,
    /// Jobs that follow: the item's exposure is told again.
    pub asks: Vec<Ask>,
    /// Exceptions that follow: of a restore.
    pub exceptions: Vec<NewException>,
    /// Messages that follow.
    pub messages: Vec<NewMessage>,
    /// It was put into quarantine.
    pub quarantined: Option<NewQuarantined>,
    /// It was taken out of quarantine: the correlation id.
    pub released: Option<Arc<str>>,
}

/// Which intents a reading gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentQuery {
    /// This one only.
    pub number: Option<IntentNumber>,
    /// In these states only; empty is all.
    pub states: Vec<IntentState>,
    /// Of this item only.
    pub item: Option<ItemNumber>,
    /// Of this plan only.
    pub plan: Option<PlanNumber>,
    /// That undo this one.
    pub undoes: Option<IntentNumber>,
    /// That this policy voted for.
    pub policy: Option<Arc<str>>,
    /// Whose findings rest on these rules.
    pub rules: Option<RulesNumber>,
    /// Begun at or after this moment.
    pub since: Option<Moment>,
    /// Begun before this moment.
    pub until: Option<Moment>,
}

/// Intents, their journal, and breakers.
pub trait Intents {
    /// Keeps intents; one whose id is known is left out. Gives the numbers of those that were kept, in order.
    ///
    /// # Errors
    /// When they could not be written.
    fn add_intents(&self, new: &[NewIntent], entry: &Entry) -> Result<Vec<IntentNumber>, Error>;

    /// Takes the intent whose turn it is, or `None`: begun ones of an earlier run first, then by cause in the order of
    /// [`Cause::ALL`], then by number. One that is due is passed over while another of the same item is in hand or begun, one that moves
    /// ([`NewIntent::moves`]) while another of its connector that moves is in hand. Breakers are asked in
    /// the same transaction, for what policies want: an intent that would pass a limit is held, its policy's breaker trips, and the next
    /// is looked at. Who has taken an intent gives it back, parks it or closes it; a restart gives back all.
    ///
    /// # Errors
    /// When it could not be read or written.
    fn claim_intent(&self, claim: &IntentClaim<'_>) -> Result<Option<Intent>, Error>;

    /// The orders that a claimed intent becomes: kept before the first of them is performed. It is begun from now on.
    ///
    /// # Errors
    /// When it could not be written.
    fn begin_intent(&self, number: IntentNumber, orders: &[Order]) -> Result<(), Error>;

    /// The state that was found before an order's first step ([`Order::begun`]). The first word of it counts.
    ///
    /// # Errors
    /// When it could not be written.
    fn begin_order(&self, number: IntentNumber, order: &str, found: &State) -> Result<(), Error>;

    /// A step of an order is about to be called.
    ///
    /// # Errors
    /// When it could not be written.
    fn before_step(&self, number: IntentNumber, order: &str, step: &Step) -> Result<(), Error>;

    /// The last step was called.
    ///
    /// # Errors
    /// When it could not be written.
    fn after_step(&self, number: IntentNumber, order: &str, did: &Did) -> Result<(), Error>;

    /// An order that is not the intent's last came to its end; `next` takes the place of the orders after it, where what was
    /// found decides what they are. It may be said again, with other orders, as long as no step of those after it was called.
    ///
    /// # Errors
    /// When it could not be written.
    fn end_order(&self, number: IntentNumber, receipt: &Receipt, next: Option<&[Order]>) -> Result<(), Error>;

    /// Ends an intent, with everything that follows.
    ///
    /// # Errors
    /// When it could not be written; it stays as it was then.
    fn close_intent(&self, closing: &Closing) -> Result<(), Error>;

    /// Waiting is not failing: it is due again at this moment, its attempts as they were. A begun one stays begun.
    ///
    /// # Errors
    /// When it could not be written.
    fn give_back_intent(&self, number: IntentNumber, due: Option<Moment>) -> Result<(), Error>;

    /// A failed attempt: tried again at `due`, or parked when it was the last of so many. True when it was parked.
    ///
    /// # Errors
    /// When it could not be written.
    fn fail_intent(&self, number: IntentNumber, said: &str, due: Moment, attempts_max: u32) -> Result<bool, Error>;

    /// Cancels intents that have not begun and that nobody has in hand; tells how many. Nothing is audited when there are none.
    ///
    /// # Errors
    /// When it could not be written.
    fn cancel_intents(&self, query: &IntentQuery, why: &str, entry: &Entry) -> Result<u64, Error>;

    /// Cancels an intent that the caller has in hand and that has not begun.
    ///
    /// # Errors
    /// When it could not be written, or it has begun.
    fn cancel_intent(&self, number: IntentNumber, why: &str, entry: &Entry) -> Result<(), Error>;

    /// Brings parked intents back: they go on where they stood, their attempts at zero; a receipt that says
    /// [`Outcome::Unknown`] is no end any more. Tells how many. Nothing is audited when there are none.
    ///
    /// # Errors
    /// When it could not be written.
    fn retry_intents(&self, query: &IntentQuery, entry: &Entry) -> Result<u64, Error>;

    /// Intents, in order of their numbers, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn intents(&self, query: &IntentQuery, after: Option<IntentNumber>, max: usize) -> Result<Vec<Intent>, Error>;

    /// One intent.
    ///
    /// # Errors
    /// When it could not be read.
    fn intent(&self, number: IntentNumber) -> Result<Option<Intent>, Error>;

    /// When the next intent is due that waits for its time; `None` when none does.
    ///
    /// # Errors
    /// When it could not be read.
    fn next_intent_due(&self) -> Result<Option<Moment>, Error>;

    /// Breakers that tripped and were not released.
    ///
    /// # Errors
    /// When they could not be read.
    fn tripped(&self) -> Result<Vec<Tripped>, Error>;

    /// Releases a policy's breaker: what it held waits again, and its counts begin anew. False when it had not tripped.
    ///
    /// # Errors
    /// When it could not be written.
    fn release_breaker(&self, policy: &str, entry: &Entry) -> Result<bool, Error>;

    /// How many intents stand in each state, from kept counters.
    ///
    /// # Errors
    /// When they could not be read.
    fn intent_counts(&self) -> Result<Vec<(IntentState, u64)>, Error>;
}
