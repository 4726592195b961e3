//! What is lacking between what is so and what is to be so: pure functions of the order and the state.
//!
//! The steps come in the order in which they are to be called: sharing is closed before anything is moved, and a note is left
//! last. Nothing is lacking when the goal is reached, whoever reached it.

use super::{Ways, marked};
use crate::clock::Moment;
use crate::model::action::{
    Action, Block, Clash, Folder, Holds, Invitations, ItemState, Left, LinkWish, Note, NoteState, Order, OwnLink,
    PersonState, Quarantine, State, Step, Target, Whose,
};
use crate::model::{Audience, Directory, ItemKind, Member, Members, Side, Status, Who};
use std::sync::Arc;

mod sharing;

/// Why something stays in the trash.
const SEEN_BACK: &str = "it would come back into the folder it lay in, where others see it: it stays in the trash";
const FOLDER_BACK: &str = "a folder comes out of the trash file by file: act on its files, or let it stay in the trash";

/// What an order needs to be read beside the item's own facts: each costs calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// The item's own links.
    pub links: bool,
    /// Links on folders above.
    pub links_above: bool,
    /// Members, own and inherited.
    pub members: bool,
    /// Who may be invited.
    pub invitations: bool,
    /// Labels.
    pub labels: bool,
    /// Holds and retention.
    pub holds: bool,
    /// The note of the order, in the folder it is left in.
    pub note: bool,
    /// The copy of the order.
    pub copy: bool,
    /// Whether somebody was let into the target folder.
    pub lent: bool,
    /// Who would see it where it comes back out of the trash.
    pub seen_back: bool,
    /// The comment of the order.
    pub comment: bool,
    /// The task of the order.
    pub task: bool,
    /// Sessions of a person.
    pub sessions: bool,
    /// Linked applications of a person.
    pub apps: bool,
    /// What a person is a member of.
    pub shares: bool,
}

impl Facets {
    /// What this action needs.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        let none = Self::default();
        match action {
            Action::RemoveLinks
            | Action::RestrictLinks { .. }
            | Action::ExpireLinks { .. }
            | Action::ProtectLinks
            | Action::ForbidDownload => Self { links: true, links_above: true, ..none },
            Action::RestoreLinks { .. } => Self { links: true, ..none },
            Action::RemoveMember { .. }
            | Action::RemoveExternals
            | Action::ChangeRole { .. }
            | Action::RestoreMembers { .. } => Self { members: true, ..none },
            Action::MakePrivate => Self { links: true, links_above: true, members: true, ..none },
            Action::StopInvitations | Action::RestoreInvitations { .. } => Self { invitations: true, ..none },
            Action::Move { .. } => Self { holds: true, lent: true, ..none },
            Action::Copy { .. } => Self { copy: true, lent: true, ..none },
            Action::Quarantine(Quarantine { whose, note, .. }) => Self {
                links: true,
                members: true,
                holds: *whose == Whose::Company,
                note: note.is_some(),
                lent: true,
                seen_back: true,
                ..none
            },
            Action::Release { note, .. } => {
                Self { links: true, members: true, note: note.is_some(), lent: true, ..none }
            }
            Action::PutNote(_) | Action::RemoveNote(_) => Self { note: true, ..none },
            Action::Trash | Action::Overwrite { .. } => Self { holds: true, ..none },
            Action::Hold { .. } | Action::EndHold { .. } => Self { holds: true, ..none },
            Action::SetLabel { .. } | Action::ClearLabel { .. } => Self { labels: true, ..none },
            Action::Comment { .. } | Action::RemoveComment { .. } => Self { comment: true, ..none },
            Action::Task { .. } | Action::RemoveTask { .. } => Self { task: true, ..none },
            Action::EndSessions => Self { sessions: true, ..none },
            Action::RevokeApps => Self { apps: true, ..none },
            Action::RemoveFromShares { .. } | Action::RestoreShares { .. } => Self { shares: true, ..none },
            Action::Untrash
            | Action::RestoreVersion { .. }
            | Action::Lock { .. }
            | Action::Unlock
            | Action::Suspend
            | Action::Unsuspend
            | Action::RequirePassword => none,
        }
    }
}

/// What is lacking, first things first; empty when it is so.
///
/// `prior` is the state before the order's first step, `taken` tells which names were found taken.
///
/// # Errors
/// Why it is not to be done.
pub(super) fn steps(
    order: &Order,
    now: &State,
    prior: &State,
    taken: &Taken,
    ways: Ways<'_>,
    people: &Directory,
) -> Result<Vec<Step>, Block> {
    match (&order.on, now, prior) {
        (Target::Item(_), State::Item(now), State::Item(prior)) => {
            Item { order, now, prior, taken, ways, people }.steps()
        }
        (Target::Person(_), State::Person(now), State::Person(_)) => person(order, now),
        _ => Err(Block::Never(crate::model::action::Never::WrongTarget)),
    }
}

/// True when the item is another one than the order was decided on, and not by our own doing.
pub(super) fn has_drifted(order: &Order, now: &State) -> bool {
    let (Some(decided), State::Item(now)) = (&order.version, now) else { return false };
    now.version.as_ref().is_some_and(|version| version != decided)
}

/// What stays open though nothing is lacking: what the item has from above.
pub(super) fn left(order: &Order, now: &State, prior: &State, people: &Directory) -> Vec<Left> {
    match now {
        State::Item(now) => {
            let mut left = sharing::left(order, now, people);
            left.extend(elsewhere(order, now, prior));
            left
        }
        State::Person(_) => Vec::new(),
    }
}

/// What came out of the trash somewhere else than where it lay: its folder is gone.
fn elsewhere(order: &Order, now: &ItemState, prior: &State) -> Option<Left> {
    let prior = prior.item().filter(|prior| prior.trashed && !now.trashed)?;
    // Where the provider names the trash itself as its folder (Box, id 1) nobody knows where it lay.
    let is_told = prior.folder.path.is_some() || prior.folder.id.as_deref().is_some_and(|id| id != "1");
    let back = matches!(order.action, Action::Untrash) && is_told && !now.folder.is(&prior.folder);
    back.then(|| Left::Elsewhere { folder: now.folder.clone() })
}

/// How many names each kind of step has found taken in the folder it puts something in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken(Vec<&'static str>);

impl Taken {
    /// Notes one more for a step of this name.
    pub(super) fn add(&mut self, step: &'static str) {
        self.0.push(step);
    }

    fn of(&self, step: &str) -> u32 {
        u32::try_from(self.0.iter().filter(|name| **name == step).count()).unwrap_or(u32::MAX)
    }
}

/// One question: what is lacking for this item.
#[derive(Clone, Copy)]
struct Item<'a> {
    order: &'a Order,
    now: &'a ItemState,
    prior: &'a ItemState,
    taken: &'a Taken,
    ways: Ways<'a>,
    people: &'a Directory,
}

impl Item<'_> {
    fn steps(&self) -> Result<Vec<Step>, Block> {
        let now = self.now;
        match &self.order.action {
            Action::RemoveLinks => Ok(sharing::end_links(now)),
            Action::RestrictLinks { to } => Ok(sharing::restrict(now, *to)),
            Action::ExpireLinks { at } => sharing::expire(now, *at),
            Action::ProtectLinks => sharing::protect(now, self.order.password.is_some()),
            Action::ForbidDownload => Ok(sharing::forbid_download(now, self.ways)),
            Action::RestoreLinks { links } => self.unless_trashed(sharing::links_again(now, links)),
            Action::RemoveMember { who } => Ok(sharing::end_members(now, |member| is_same(&member.who, who))),
            Action::RemoveExternals => Ok(sharing::end_members(now, |member| is_external(&member.who, self.people))),
            Action::MakePrivate => Ok(self.close()),
            Action::ChangeRole { who, role } => Ok(sharing::change_role(now, who, role)),
            Action::RestoreMembers { members } => self.unless_trashed(sharing::members_again(now, members)),
            Action::StopInvitations => {
                sharing::invitations(now, Invitations { outsiders: false, approved_only: false, by_members: false })
            }
            Action::RestoreInvitations { rules } => sharing::invitations(now, *rules),
            Action::Move { to, name, clash } => self.moved(to, name.as_ref().unwrap_or(&self.prior.name), *clash, true),
            Action::Copy { to, name } => Ok(self.copied(to, name)),
            Action::Quarantine(quarantine) => self.quarantine(quarantine),
            Action::Release { prior, note } => self.release(prior, note.as_ref()),
            Action::PutNote(note) => match &now.as_folder {
                Some(folder) => Ok(self.note(folder, note)),
                None => Err(Block::NotOffered("a note is left in a folder, not in a file".into())),
            },
            Action::RemoveNote(_) => Ok(self.no_note()),
            Action::Trash if now.trashed => Ok(Vec::new()),
            Action::Trash => self.unless_held(vec![Step::Trash]),
            Action::Untrash => Ok(if now.trashed { vec![Step::Untrash] } else { Vec::new() }),
            Action::Overwrite { text } if now.hash == Some((self.ways.hash)(text.as_bytes())) => Ok(Vec::new()),
            Action::Overwrite { text } => self.unless_held(vec![Step::Overwrite { text: Arc::clone(text) }]),
            Action::RestoreVersion { hash, .. } if now.hash == Some(*hash) => Ok(Vec::new()),
            Action::RestoreVersion { version, .. } => {
                self.unless_trashed(vec![Step::Promote { version: Arc::clone(version) }])
            }
            Action::SetLabel { label, order, ours } => self.label(label, order, ours.as_ref()),
            Action::ClearLabel { ours } => match &now.labels.set {
                None => Ok(Vec::new()),
                Some(set) if set == ours => Ok(vec![Step::ClearLabel]),
                Some(other) => Err(Block::HigherLabel(Arc::clone(other))),
            },
            Action::Lock { until, no_download } => self.locked(*until, *no_download),
            Action::Unlock => Ok(if now.lock.is_some() { vec![Step::Unlock] } else { Vec::new() }),
            Action::Hold { policy } => self.held(policy, true),
            Action::EndHold { policy } => self.held(policy, false),
            Action::Comment { text } => Ok(self.said(Step::Comment { text: marked(text, &self.order.id) })),
            Action::Task { text, due } => Ok(self.said(Step::Task { text: marked(text, &self.order.id), due: *due })),
            Action::RemoveComment { .. } => Ok(self.unsaid(|id| Step::RemoveComment { id })),
            Action::RemoveTask { .. } => Ok(self.unsaid(|id| Step::RemoveTask { id })),
            _ => Err(Block::Never(crate::model::action::Never::WrongTarget)),
        }
    }

    /// No link, no member.
    fn close(&self) -> Vec<Step> {
        let mut steps = sharing::end_links(self.now);
        let members = sharing::end_members(self.now, |_| true);
        if self.ways.unshares && !members.is_empty() {
            steps.push(Step::Unshare);
        } else {
            steps.extend(members);
        }
        steps
    }

    /// Nothing is given back to what somebody threw away since: providers refuse it, or it would be open once it is taken out.
    fn unless_trashed(&self, steps: Vec<Step>) -> Result<Vec<Step>, Block> {
        match self.now.trashed && !steps.is_empty() {
            true => Err(Block::NotOffered("it lies in the trash: take it out first".into())),
            false => Ok(steps),
        }
    }

    /// A held item is neither deleted, nor overwritten, nor given another owner.
    fn unless_held(&self, steps: Vec<Step>) -> Result<Vec<Step>, Block> {
        match &self.now.holds {
            Holds::NotAsked => Ok(steps),
            Holds::Unreadable(said) => Err(Block::HoldsUnreadable(Arc::clone(said))),
            Holds::Known { holds, retentions } => match (holds.first(), retentions.first()) {
                (Some(hold), _) => Err(Block::Hold(Arc::clone(hold))),
                (None, Some(retention)) => Err(Block::Retention(Arc::clone(retention))),
                (None, None) => Ok(steps),
            },
        }
    }

    /// A copy in a folder; whoever makes it may have to be let in first.
    fn copied(&self, to: &Folder, name: &Arc<str>) -> Vec<Step> {
        match (&self.now.copy, self.now.lent) {
            (Some(_), Some(true)) => vec![Step::TakeBack { to: to.clone() }],
            (Some(_), _) => Vec::new(),
            (None, lent) => {
                let lend = (lent == Some(false)).then(|| Step::Lend { to: to.clone() });
                let copy = Step::CopyTo { to: to.clone(), name: numbered(name, self.taken.of("copy")) };
                lend.into_iter().chain([copy]).collect()
            }
        }
    }

    /// Into a folder; `to_another` when the owner may become another one.
    fn moved(&self, to: &Folder, name: &Arc<str>, clash: Clash, to_another: bool) -> Result<Vec<Step>, Block> {
        let take_back =
            || if self.now.lent == Some(true) { vec![Step::TakeBack { to: to.clone() }] } else { Vec::new() };
        let there = self.now.folder.is(to) && !self.now.trashed;
        let taken = self.taken.of("move");
        if there && (clash == Clash::Number || self.now.name == *name || taken > 0) {
            return Ok(take_back());
        }
        if taken > 0 && clash == Clash::Refuse {
            return Err(Block::NameTaken);
        }
        // Nothing is moved within the trash.
        let mut steps = if self.now.trashed { vec![Step::Untrash] } else { Vec::new() };
        if self.now.lent == Some(false) {
            steps.push(Step::Lend { to: to.clone() });
        }
        steps.push(Step::MoveTo { to: to.clone(), name: numbered(name, taken) });
        if to_another && to.place != self.now.folder.place { self.unless_held(steps) } else { Ok(steps) }
    }

    fn quarantine(&self, quarantine: &Quarantine) -> Result<Vec<Step>, Block> {
        let other = quarantine.whose == Whose::Company;
        let moved = if self.now.trashed {
            self.out_of_trash(quarantine, other)?
        } else {
            self.moved(&quarantine.to, &quarantine.name, Clash::Number, other)?
        };
        let mut steps = self.close();
        steps.extend(moved);
        // What lay in the quarantine already, before the order, leaves no note there.
        let came = !self.prior.folder.is(&quarantine.to);
        if let Some(note) = quarantine.note.as_ref().filter(|_| came) {
            steps.extend(self.note(&self.prior.folder, note));
        }
        Ok(steps)
    }

    /// Out of the trash into quarantine without a moment where others see it: straight there where the provider does that,
    /// else by the folder it lay in, if its owner alone sees that one.
    fn out_of_trash(&self, quarantine: &Quarantine, other: bool) -> Result<Vec<Step>, Block> {
        let (now, to) = (self.now, &quarantine.to);
        if !self.ways.untrashes_elsewhere {
            return match now.seen_back {
                Some(false) => self.moved(to, &quarantine.name, Clash::Number, other),
                _ => Err(Block::NotOffered(SEEN_BACK.into())),
            };
        }
        if now.kind != ItemKind::File {
            return Err(Block::NotOffered(FOLDER_BACK.into()));
        }
        let lend = (now.lent == Some(false)).then(|| Step::Lend { to: to.clone() });
        let name = numbered(&quarantine.name, self.taken.of("untrash_to"));
        let steps = lend.into_iter().chain([Step::UntrashTo { to: to.clone(), name }]).collect();
        if other && to.place != now.folder.place { self.unless_held(steps) } else { Ok(steps) }
    }

    fn release(&self, prior: &ItemState, note: Option<&Note>) -> Result<Vec<Step>, Block> {
        let mut steps = if note.is_some() { self.no_note() } else { Vec::new() };
        if prior.trashed && self.now.trashed && self.now.folder.is(&prior.folder) {
            return Ok(steps);
        }
        steps.extend(self.moved(&prior.folder, &prior.name, Clash::Number, false)?);
        if let Members::Known(members) = &prior.members {
            steps.extend(sharing::members_again(self.now, members));
        }
        steps.extend(sharing::links_again(self.now, &prior.links));
        if prior.trashed {
            steps.push(Step::Trash);
        }
        Ok(steps)
    }

    fn note(&self, at: &Folder, note: &Note) -> Vec<Step> {
        match &self.now.note {
            Some(_) => Vec::new(),
            None => {
                let note = Note { name: numbered(&note.name, self.taken.of("put_note")), text: Arc::clone(&note.text) };
                vec![Step::PutNote { at: at.clone(), note }]
            }
        }
    }

    /// A note that somebody has changed stays.
    fn no_note(&self) -> Vec<Step> {
        match &self.now.note {
            Some(NoteState { id, unchanged: true, pin }) => {
                vec![Step::RemoveNote { id: Arc::clone(id), pin: pin.clone() }]
            }
            _ => Vec::new(),
        }
    }

    fn label(&self, label: &Arc<str>, order: &[Arc<str>], ours: Option<&Arc<str>>) -> Result<Vec<Step>, Block> {
        let own = &self.now.labels.order;
        if !own.is_empty() && !own.contains(label) {
            return Err(Block::NoSuchLabel(Arc::clone(label)));
        }
        let order = if own.is_empty() { order } else { own };
        let rank = |label: &Arc<str>| order.iter().position(|known| known == label);
        let set = vec![Step::SetLabel { label: Arc::clone(label) }];
        match &self.now.labels.set {
            None => Ok(set),
            Some(present) if present == label => Ok(Vec::new()),
            Some(present) if Some(present) == ours => Ok(set),
            // A label that has no rank is a person's, of which nobody knows how high it is.
            Some(present) if rank(present).is_none() || rank(present) > rank(label) => {
                Err(Block::HigherLabel(Arc::clone(present)))
            }
            Some(_) => Ok(set),
        }
    }

    fn locked(&self, until: Option<Moment>, no_download: bool) -> Result<Vec<Step>, Block> {
        match &self.now.lock {
            Some(lock) if !lock.ours => Err(Block::Lock(lock.by.clone())),
            Some(lock) if lock.until == until && lock.no_download == no_download => Ok(Vec::new()),
            _ if until.is_some_and(|until| until <= self.now.at) => {
                Err(Block::BadWish("a lock must end at a time to come".into()))
            }
            _ => Ok(vec![Step::Lock { until, no_download }]),
        }
    }

    fn held(&self, policy: &Arc<str>, wanted: bool) -> Result<Vec<Step>, Block> {
        let holds = match &self.now.holds {
            Holds::Unreadable(said) => return Err(Block::HoldsUnreadable(Arc::clone(said))),
            Holds::NotAsked => &[][..],
            Holds::Known { holds, .. } => holds,
        };
        Ok(match (holds.contains(policy), wanted) {
            (false, true) => vec![Step::Hold { policy: Arc::clone(policy) }],
            (true, false) => vec![Step::EndHold { policy: Arc::clone(policy) }],
            _ => Vec::new(),
        })
    }

    fn said(&self, step: Step) -> Vec<Step> {
        if self.now.said.is_some() { Vec::new() } else { vec![step] }
    }

    fn unsaid(&self, step: impl Fn(Arc<str>) -> Step) -> Vec<Step> {
        self.now.said.iter().map(|id| step(Arc::clone(id))).collect()
    }
}

fn person(order: &Order, now: &PersonState) -> Result<Vec<Step>, Block> {
    use crate::model::action::Never;
    Ok(match (&order.action, now.status) {
        (Action::Suspend, Status::Invited) => return Err(Block::Never(Never::SuspendInvited)),
        (Action::Suspend, Status::Active) => vec![Step::Suspend],
        (Action::Unsuspend, Status::Inactive) => vec![Step::Unsuspend],
        (Action::Suspend | Action::Unsuspend, _) => Vec::new(),
        (Action::EndSessions, _) => match &now.sessions {
            Some(sessions) if sessions.is_empty() => Vec::new(),
            _ => vec![Step::EndSessions],
        },
        (Action::RequirePassword, _) if now.password_asked == Some(true) => Vec::new(),
        (Action::RequirePassword, _) => vec![Step::RequirePassword],
        (Action::RemoveFromShares { .. }, _) => {
            now.shares.iter().flatten().map(|share| Step::EndShare { share: share.clone() }).collect()
        }
        (Action::RestoreShares { shares }, _) => {
            let has = |item: &Arc<str>| now.shares.iter().flatten().any(|share| share.item.id == *item);
            let lacking = shares.iter().filter(|share| !has(&share.item.id));
            lacking.map(|share| Step::AddShare { share: share.clone() }).collect()
        }
        (Action::RevokeApps, _) => {
            now.apps.iter().flatten().map(|app| Step::RevokeApp { id: Arc::clone(&app.id) }).collect()
        }
        _ => return Err(Block::Never(Never::WrongTarget)),
    })
}

/// `plan.docx`, `plan (2).docx`, `plan (3).docx`.
pub(in crate::provider) fn numbered(name: &Arc<str>, taken: u32) -> Arc<str> {
    if taken == 0 {
        return Arc::clone(name);
    }
    let number = taken.saturating_add(1);
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem} ({number}).{ending}").into(),
        _ => format!("{name} ({number})").into(),
    }
}

/// True when both mean the same person, group or address.
fn is_same(one: &Who, other: &Who) -> bool {
    let same = |one: &Option<Arc<str>>, other: &Option<Arc<str>>| match (one, other) {
        (Some(one), Some(other)) => Some(one.eq_ignore_ascii_case(other)),
        _ => None,
    };
    match (one, other) {
        (Who::Person { account, login, .. }, Who::Person { account: account2, login: login2, .. }) => {
            same(account, account2).or_else(|| same(login, login2)) == Some(true)
        }
        (Who::Group { id, .. }, Who::Group { id: other, .. }) => id == other,
        (Who::Invited { login }, Who::Invited { login: other })
        | (Who::Invited { login }, Who::Person { login: Some(other), .. })
        | (Who::Person { login: Some(login), .. }, Who::Invited { login: other }) => login.eq_ignore_ascii_case(other),
        (Who::Unauthenticated, Who::Unauthenticated) => true,
        _ => false,
    }
}

/// True for people outside, outside addresses, and groups with anybody outside in them or with members nobody knows.
fn is_external(who: &Who, people: &Directory) -> bool {
    let outside = |account: Option<&str>, login: Option<&str>| people.side_of(account, login) == Side::External;
    match who {
        Who::Person { side: Some(side), .. } => *side == Side::External,
        Who::Person { account, login, .. } => outside(account.as_deref(), login.as_deref()),
        Who::Invited { login } => outside(None, Some(login)),
        Who::Group { side: Some(Side::External), .. } => true,
        Who::Group { id, .. } => match people.group(id).and_then(|group| group.members.as_ref()) {
            Some(members) => members.iter().any(|account| outside(Some(account), None)),
            None => true,
        },
        Who::Unauthenticated => true,
    }
}
