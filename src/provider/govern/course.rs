//! One order from its first reading to its receipt: the only place that decides to call, to wait, and to call again.
//!
//! A call without a clear answer is never repeated at once: what it did is looked for after the settle time, and it is called
//! again only when the state still lacks it. A call that was answered with yes is never repeated: what does not show after the
//! settle time was overridden by somebody, and the receipt says so. The right to move is the exception: twice is the same as
//! once, and it is lent again when it is lacking again ([`super::lend`]).

use super::goal::{self, Facets, Taken};
use super::lend::{has_lent, owed};
use super::{Applied, Asked, Earlier, Foreseen, Hands, Journal, Patience};
use crate::model::Directory;
use crate::model::action::{Action, Block, Did, Ended, Left, Never, Order, Outcome, Receipt, State, Step, Target};
use crate::provider::{Error, Next};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The first look after a call that was answered; each further one waits twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// Performs an order with a provider's hands.
///
/// # Errors
/// As [`super::Governor::perform`].
pub(in crate::provider) fn perform(
    hands: &dyn Hands,
    order: &Order,
    people: &Directory,
    journal: &mut dyn Journal,
    patience: Patience,
) -> Result<Receipt, Error> {
    if order.action.is_on_person() != matches!(order.on, Target::Person(_)) {
        return Ok(untouched(order, Outcome::Blocked(Block::Never(Never::WrongTarget)), None));
    }
    if let Err(block) = hands.offers(order) {
        return Ok(untouched(order, Outcome::Blocked(block), None));
    }
    let remembered = recall(hands, order, journal, patience)?;
    let (remembers, did) = (remembered.is_some(), remembered.unwrap_or_default());
    let facets = Facets::of(&order.action);
    // A journal that does not remember leaves what was seen when the order began.
    let forgot = order.begun.as_deref().filter(|_| !remembers).and_then(State::item);
    let lent = has_lent(&did) || forgot.is_some_and(|begun| begun.lent.is_some());
    let asked = Asked { order, facets, prior: order.begun.as_deref(), lent, people };
    let mut seen = read(hands, &asked);
    // A reading that lags behind may miss what was moved when the order was given before.
    if matches!(seen, Ok(None)) && did.iter().any(may_have_been_done) {
        pause(hands, patience.settle)?;
        seen = read(hands, &asked);
    }
    let (seen, over) = match seen {
        Ok(Some(now)) => (Some(now), None),
        Ok(None) => (None, Some(Ok(Outcome::Gone))),
        Err(error) if error.next() == Next::Forbidden => {
            let block = if error.status().is_none() { Block::NobodyToAct } else { Block::NoRight(error.said().into()) };
            (None, Some(Ok(Outcome::Blocked(block))))
        }
        Err(error) => (None, Some(Err(error))),
    };
    let Some(now) = seen.or_else(|| order.begun.as_deref().cloned()) else {
        return over.unwrap_or(Ok(Outcome::Gone)).map(|outcome| untouched(order, outcome, None));
    };
    let prior = order.begun.as_deref().unwrap_or(&now).clone();
    Course {
        hands,
        order,
        people,
        journal,
        patience,
        facets,
        prior,
        now,
        earlier: did.len(),
        remembers,
        forgot: lent && !has_lent(&did),
        did,
        taken: Taken::default(),
        refused: Vec::new(),
        begun: false,
        deaf: false,
    }
    .run(over)
}

/// What was done when the order was given before. Where nobody knows whether a call was made, as long is waited as after a call
/// without an answer: it may still be on its way.
fn recall(
    hands: &dyn Hands,
    order: &Order,
    journal: &mut dyn Journal,
    patience: Patience,
) -> Result<Option<Vec<Did>>, Error> {
    let Some(Earlier { mut did, open }) = journal.earlier(order) else { return Ok(None) };
    if let Some(step) = open {
        pause(hands, patience.settle)?;
        let unclear = Did { at: hands.now(), step, ended: Ended::Unclear(ENDED.into()), requests: Vec::new() };
        journal.after(order, &unclear).map_err(not_kept)?;
        did.push(unclear);
    }
    Ok(Some(did))
}

/// True of a call that may have changed something.
pub(super) fn may_have_been_done(did: &Did) -> bool {
    matches!(did.ended, Ended::Answered | Ended::Unclear(_))
}

/// What is noted of a call that was under way when the program ended.
const ENDED: &str = "the program ended before the answer";

fn pause(hands: &dyn Hands, span: Duration) -> Result<(), Error> {
    if hands.wait(span) {
        return Ok(());
    }
    Err(Error::new(Next::Stopped, "wait for the effect of a call", "sluicebox is stopping"))
}

/// What performing an order would do now; nothing is called but reads.
///
/// # Errors
/// As [`super::Governor::foresee`].
pub(in crate::provider) fn foresee(
    hands: &dyn Hands,
    order: &Order,
    people: &Directory,
) -> Result<Option<Foreseen>, Error> {
    let asked = Asked { order, facets: Facets::of(&order.action), prior: order.begun.as_deref(), lent: false, people };
    let now = match read(hands, &asked) {
        Ok(Some(now)) => now,
        Ok(None) => return Ok(None),
        Err(error) => return Err(error),
    };
    let prior = order.begun.as_deref().unwrap_or(&now);
    let steps = match hands.offers(order) {
        Ok(()) => goal::steps(order, &now, prior, &Taken::default(), hands.ways(), people),
        Err(block) => Err(block),
    };
    let left = goal::left(order, &now, prior, people);
    let drifted = goal::has_drifted(order, &now);
    Ok(Some(Foreseen { steps, left, drifted, state: now }))
}

/// Reads the state of what an order is done to.
pub(super) fn read(hands: &dyn Hands, asked: &Asked<'_>) -> Result<Option<State>, Error> {
    match &asked.order.on {
        Target::Item(item) => hands.item(asked, item),
        Target::Person(person) => hands.person(asked, person),
    }
}

/// The receipt of an order that called nothing.
fn untouched(order: &Order, outcome: Outcome, found: Option<&State>) -> Receipt {
    Receipt {
        order: Arc::clone(&order.id),
        outcome,
        found: found.cloned(),
        did: Vec::new(),
        read_back: None,
        left: Vec::new(),
    }
}

/// How often a step finds that what it was to change has changed meanwhile, before it is parked.
const MOVED_MAX: u32 = 7;

/// An order under way.
struct Course<'a> {
    hands: &'a dyn Hands,
    order: &'a Order,
    people: &'a Directory,
    journal: &'a mut dyn Journal,
    patience: Patience,
    facets: Facets,
    /// Before the first step.
    prior: State,
    /// As last read.
    now: State,
    /// Every step that was called, those of earlier times first.
    did: Vec<Did>,
    /// How many of them were called when the order was given before.
    earlier: usize,
    /// True when that is known; else an order that was begun may have done anything.
    remembers: bool,
    /// True when it may have let somebody in and nobody remembers.
    forgot: bool,
    /// Names that were taken.
    taken: Taken,
    /// Steps that were refused and that the others do not depend on.
    refused: Vec<(Step, Block)>,
    /// True once the journal knows the state before the first step.
    begun: bool,
    /// True once the journal could not be written: nothing is called any more.
    deaf: bool,
}

/// Where an order ends.
type End = (Outcome, Vec<Left>);

impl Course<'_> {
    /// To the receipt; `over` is how it ends without a call, where nothing could be read.
    fn run(mut self, over: Option<Result<Outcome, Error>>) -> Result<Receipt, Error> {
        let is_read = over.is_none();
        let end = match over {
            None => self.run_to_end(),
            Some(over) => over.map(|outcome| (outcome, Vec::new())),
        };
        let (outcome, mut left) = match end {
            Ok(end) => end,
            Err(error) => {
                self.put_off(&error);
                return Err(error);
            }
        };
        let is_reached = matches!(outcome, Outcome::Done | Outcome::AlreadySo);
        if !is_reached && owed(&self.did).is_some() {
            self.give_back()?;
            if is_read && outcome != Outcome::Gone {
                self.read_again()?;
            }
        }
        if is_read {
            left.extend(goal::left(self.order, &self.now, &self.prior, self.people));
        }
        // Everything that could be done is done, and something is open all the same.
        let outcome = if is_reached && !left.is_empty() { Outcome::Partly } else { outcome };
        let is_called = self.did.iter().any(|did| !matches!(did.ended, Ended::PutOff(_)));
        let is_read_back = is_called && is_read && outcome != Outcome::Gone;
        Ok(Receipt {
            order: Arc::clone(&self.order.id),
            outcome,
            found: Some(self.prior),
            did: self.did,
            read_back: is_read_back.then_some(self.now),
            left,
        })
    }

    fn run_to_end(&mut self) -> Result<End, Error> {
        loop {
            let steps = match self.lacking() {
                Ok(steps) if steps.is_empty() => return Ok(self.reached()),
                Ok(steps) => steps,
                Err(block) => return Ok(self.stopped(None, block)),
            };
            if let Some(end) = self.call(&steps)? {
                return Ok(end);
            }
        }
    }

    /// Before it is tried again later, what was lent is given back, unless the provider wants no call now or nothing can be
    /// written down. What fails here is made good by the order itself when it goes on.
    fn put_off(&mut self, error: &Error) {
        let may_call = matches!(error.next(), Next::Transient | Next::Locked | Next::Moved | Next::Refused);
        if may_call && !self.deaf && owed(&self.did).is_some() {
            let _ = self.give_back();
        }
    }

    /// Ends what this order may have lent. Where somebody else ended it there is nothing to end, which a reading that lags
    /// behind may say too soon: asked for once more.
    fn give_back(&mut self) -> Result<(), Error> {
        let mut is_again = false;
        while let Some(to) = owed(&self.did).cloned() {
            match self.called(&Step::TakeBack { to })? {
                (Some(error), _) => return Err(error),
                (None, Ended::Answered) => {}
                (None, Ended::Moved | Ended::Unclear(_)) if !is_again => {
                    is_again = true;
                    self.pause(self.patience.settle)?;
                }
                (None, _) => break,
            }
        }
        Ok(())
    }

    /// What is lacking now. What leaves no trace is not lacking once it was done.
    fn lacking(&self) -> Result<Vec<Step>, Block> {
        let steps = goal::steps(self.order, &self.now, &self.prior, &self.taken, self.hands.ways(), self.people)?;
        let lacking = |step: &Step| {
            let is_done = self.leaves_no_trace(step) && self.was_answered(step);
            !is_done && self.refused.iter().all(|(refused, _)| refused != step)
        };
        Ok(steps.into_iter().filter(lacking).collect())
    }

    /// True for what is done for each person or link by itself: a refusal of one leaves the others to be done.
    fn stands_alone(&self, step: &Step) -> bool {
        let gives_back = matches!(
            self.order.action,
            Action::RestoreLinks { .. } | Action::RestoreMembers { .. } | Action::Release { .. }
        );
        match step {
            Step::EndShare { .. } | Step::AddShare { .. } => true,
            Step::AddMember { .. } | Step::SetRole { .. } | Step::MakeLink { .. } | Step::SetLink { .. } => gives_back,
            _ => false,
        }
    }

    /// True for what twice is the same as once and nothing that was read tells of.
    fn leaves_no_trace(&self, step: &Step) -> bool {
        let Some(person) = self.now.person() else { return false };
        match step {
            Step::EndSessions => person.sessions.is_none(),
            Step::RequirePassword => person.password_asked.is_none(),
            _ => false,
        }
    }

    /// True once something of this order may have been done, now or before.
    fn is_begun(&self) -> bool {
        (self.order.begun.is_some() && !self.remembers) || self.did.iter().any(may_have_been_done)
    }

    fn reached(&self) -> End {
        match self.refused.first() {
            Some((_, block)) if !self.is_begun() => return (Outcome::Blocked(block.clone()), Vec::new()),
            Some(_) => return (Outcome::Partly, self.left_refused()),
            None => {}
        }
        (if self.is_begun() { Outcome::Done } else { Outcome::AlreadySo }, Vec::new())
    }

    fn left_refused(&self) -> Vec<Left> {
        let left = |(step, block): &(Step, Block)| Left::Refused { step: step.name().into(), block: block.clone() };
        self.refused.iter().map(left).collect()
    }

    /// Something is in the way of this step, or of the goal as a whole.
    fn stopped(&self, step: Option<&Step>, block: Block) -> End {
        if !self.is_begun() {
            return (Outcome::Blocked(block), Vec::new());
        }
        let step = step.map_or(self.order.action.name(), Step::name).into();
        let mut left = self.left_refused();
        left.push(Left::Refused { step, block });
        (Outcome::Partly, left)
    }

    /// True when a plan foresaw other steps than these.
    fn is_unforeseen(&self, steps: &[Step]) -> bool {
        // Whether somebody is let into our own folder for the move depends on what else goes on there.
        let counts = |step: &&Step| !matches!(step, Step::Lend { .. });
        let is_other = |expected: &Vec<Step>| !expected.iter().filter(counts).eq(steps.iter().filter(counts));
        self.refused.is_empty() && self.order.expects.as_ref().is_some_and(is_other)
    }

    /// Calls for the first steps that are alike, then reads again. `Some` when the order ends there.
    fn call(&mut self, steps: &[Step]) -> Result<Option<End>, Error> {
        let Some(first) = steps.first() else { return Ok(None) };
        if !self.is_begun() && (goal::has_drifted(self.order, &self.now) || self.is_unforeseen(steps)) {
            return Ok(Some((Outcome::Drifted, Vec::new())));
        }
        if self.was_answered(first) {
            let moves =
                |step: &Step| matches!(step, Step::MoveTo { .. } | Step::UntrashTo { .. } | Step::CopyTo { .. });
            // Once it was moved, a right that seems to be lacking is none to ask for: the reading lags behind.
            let is_moved = steps.iter().any(|step| moves(step) && self.was_answered(step));
            let lends = matches!(first, Step::Lend { .. }) && !is_moved;
            return if lends { self.again(first) } else { self.await_effect(steps) };
        }
        for step in steps.iter().take_while(|step| step.name() == first.name()) {
            if self.was_answered(step) {
                break;
            }
            if let Some(end) = self.step(step)? {
                return Ok(Some(end));
            }
            if !self.did.last().is_some_and(|did| did.ended == Ended::Answered) {
                return Ok(None);
            }
        }
        self.look()
    }

    /// Calls once for one step and notes what came of it.
    fn step(&mut self, step: &Step) -> Result<Option<End>, Error> {
        let (called, moved) = (self.times(step, false), self.times(step, true));
        let all = u32::try_from(self.did.len() - self.earlier).unwrap_or(u32::MAX);
        if called >= self.patience.calls_of_step_max || moved >= MOVED_MAX || all >= self.patience.steps_max {
            return Ok(Some((Outcome::Unknown(self.last_words(step)), Vec::new())));
        }
        let ended = match self.called(step)? {
            (Some(error), _) => return Err(error),
            (None, ended) => ended,
        };
        match ended {
            Ended::Answered | Ended::PutOff(_) => Ok(None),
            Ended::Refused(block) if self.stands_alone(step) => {
                self.refused.push((step.clone(), block));
                self.look()
            }
            Ended::Refused(block) => {
                let end = self.stopped(Some(step), block);
                // What was done so far is read back for the receipt.
                self.read_again()?;
                Ok(Some(end))
            }
            Ended::Unclear(_) => {
                self.pause(self.patience.settle)?;
                self.look()
            }
            Ended::Moved => {
                // Readings may lag behind: all waits together are longer than the settle time.
                if moved > 0 {
                    self.pause((self.patience.settle / 32).saturating_mul(1 << moved.min(MOVED_MAX)))?;
                }
                self.look()
            }
        }
    }

    /// One call and its note; an error with it says that it is to be tried later.
    fn called(&mut self, step: &Step) -> Result<(Option<Error>, Ended), Error> {
        self.journal_before(step)?;
        let applied = self.hands.apply(&self.asked(), step, &self.now);
        self.journal.called(self.order, step);
        let (ended, requests) = match applied {
            Applied::Done(requests) => (Ended::Answered, requests),
            Applied::Moved => (Ended::Moved, Vec::new()),
            Applied::NameTaken => {
                self.taken.add(step.name());
                (Ended::Moved, Vec::new())
            }
            Applied::Blocked(block) => (Ended::Refused(block), Vec::new()),
            Applied::Unclear(error) => (Ended::Unclear(error.said().into()), Vec::new()),
            Applied::Later(error) => {
                let ended = Ended::PutOff(error.said().into());
                self.note(step, ended.clone(), Vec::new())?;
                return Ok((Some(error), ended));
            }
        };
        self.note(step, ended.clone(), requests)?;
        Ok((None, ended))
    }

    fn asked(&self) -> Asked<'_> {
        let Self { order, facets, people, .. } = *self;
        Asked { order, facets, prior: Some(&self.prior), lent: self.forgot || has_lent(&self.did), people }
    }

    /// A right that was lent is lacking again, or one that was taken back is there again: an earlier life of the program or
    /// another of its orders ended or made it, or a reading lags behind. Twice is the same as once, so it is called again; where
    /// that goes on and on, the order is looked at again later.
    fn again(&mut self, step: &Step) -> Result<Option<End>, Error> {
        let called = self.times(step, false);
        if called >= self.patience.calls_of_step_max {
            let said = "the right to move is taken away again and again";
            return Err(Error::new(Next::Transient, "be let into a folder for a move", said));
        }
        self.pause(FIRST_LOOK.saturating_mul(1 << called.min(MOVED_MAX)))?;
        if let Some(end) = self.look()? {
            return Ok(Some(end));
        }
        if !self.lacking().is_ok_and(|lacking| lacking.first() == Some(step)) {
            return Ok(None);
        }
        if let Some(end) = self.step(step)? {
            return Ok(Some(end));
        }
        self.look()
    }

    /// A step that was answered with yes still seems to be lacking: reads may lag behind. Looks until the settle time is over.
    fn await_effect(&mut self, steps: &[Step]) -> Result<Option<End>, Error> {
        let (mut waited, mut wait) = (Duration::ZERO, FIRST_LOOK);
        while waited < self.patience.settle {
            self.pause(wait)?;
            waited = waited.saturating_add(wait);
            wait = wait.saturating_mul(2).min(self.patience.settle.saturating_sub(waited).max(FIRST_LOOK));
            if let Some(end) = self.look()? {
                return Ok(Some(end));
            }
            match self.lacking() {
                Ok(lacking) if lacking.first().is_some_and(|step| self.was_answered(step)) => {}
                _ => return Ok(None),
            }
        }
        if let Some(step @ Step::TakeBack { .. }) = steps.first() {
            return self.again(step);
        }
        let answered = steps.iter().filter(|step| self.was_answered(step));
        let left = answered.map(|step| Left::Overridden { step: step.name().into() }).collect();
        Ok(Some((Outcome::Partly, left)))
    }

    /// Reads again; `Some` when it is gone.
    /// After a call of ours a reading that lags behind may miss it where it is now: looked for once more.
    fn look(&mut self) -> Result<Option<End>, Error> {
        if self.read_again()? {
            return Ok(None);
        }
        if self.is_begun() {
            self.pause(self.patience.settle)?;
            if self.read_again()? {
                return Ok(None);
            }
        }
        Ok(Some((Outcome::Gone, Vec::new())))
    }

    /// False when it is gone; then the state stays as last read.
    fn read_again(&mut self) -> Result<bool, Error> {
        match read(self.hands, &self.asked())? {
            Some(now) => {
                self.now = now;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn pause(&self, span: Duration) -> Result<(), Error> {
        pause(self.hands, span)
    }

    fn was_answered(&self, step: &Step) -> bool {
        self.did.iter().any(|did| did.ended == Ended::Answered && did.step == *step)
    }

    /// How often a step was called: when what it was to change had changed meanwhile, or all other times.
    fn times(&self, step: &Step, moved: bool) -> u32 {
        let this_time = self.did.iter().skip(self.earlier);
        let same = this_time.filter(|did| (did.ended == Ended::Moved) == moved && did.step == *step).count();
        u32::try_from(same).unwrap_or(u32::MAX)
    }

    /// What the provider said last about this step.
    fn last_words(&self, step: &Step) -> Arc<str> {
        let last = self.did.iter().rev().find(|did| did.step == *step).map(|did| &did.ended);
        match last {
            Some(Ended::Unclear(said)) => Arc::clone(said),
            Some(Ended::Moved) => "it changes faster than it can be acted on".into(),
            _ => "more steps than an order may have".into(),
        }
    }

    fn journal_before(&mut self, step: &Step) -> Result<(), Error> {
        if !self.begun && self.order.begun.is_none() {
            let kept = self.journal.begins(self.order, &self.prior);
            self.kept(kept)?;
            self.begun = true;
        }
        let kept = self.journal.before(self.order, step);
        self.kept(kept)
    }

    fn note(&mut self, step: &Step, ended: Ended, requests: Vec<Arc<str>>) -> Result<(), Error> {
        let did = Did { at: self.hands.now(), step: step.clone(), ended, requests };
        let kept = self.journal.after(self.order, &did);
        self.kept(kept)?;
        self.did.push(did);
        Ok(())
    }

    fn kept(&mut self, kept: io::Result<()>) -> Result<(), Error> {
        self.deaf |= kept.is_err();
        kept.map_err(not_kept)
    }
}

fn not_kept(error: io::Error) -> Error {
    Error::new(Next::Transient, "keep the journal of an action", error.kind().to_string())
        .with_advice("see `sluicebox doctor`; the action goes on from where it stood")
}
