//! How an order is undone: actions that bring back what was found, and what cannot be brought back.
//!
//! A pure function of the order and of the state that was found before it. It says what an undo would do; whether that is
//! still right is found out when it is performed, as with any order.

use super::{Action, Clash, Invitations, ItemState, LockState, Order, PersonState, Quarantine, State};
use crate::model::sharing::{Member, Members, Who};
use crate::model::tenant::{Side, Status};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What brings back the state before an order.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Undo {
    /// In this order.
    pub actions: Vec<Action>,
    /// What stays lost.
    pub lost: Vec<Loss>,
}

/// What the provider does not give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// A link made again has another address.
    LinkAddress,
    /// A link's password is not known to us.
    LinkPassword,
    /// People outside, and those who had not yet accepted, are invited again and must accept.
    Invitation,
    /// Members were hidden: those are not known.
    HiddenMembers,
    /// A folder that comes out of the trash has another id, and its members are gone (Dropbox).
    FolderIdentity,
    /// Sessions that were ended.
    Sessions,
    /// A new password was asked for.
    Password,
    /// Applications that must be linked again.
    Apps,
    /// What was in the trash lies in its folder for a moment on its way back there.
    Moment,
    /// What was said to people is not unsaid: they may have read it.
    Said,
}

/// One sentence for people.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::LinkAddress => "a link that is made again has a new address; the old one stays dead",
            Loss::LinkPassword => "the password of a link is not known and is not set again",
            Loss::Invitation => "people outside, and those who had not accepted, are invited again and must accept",
            Loss::HiddenMembers => "members were hidden, so that they cannot be brought back",
            Loss::FolderIdentity => "the folder comes back with a new id, without its members and links",
            Loss::Sessions => "the person must sign in again",
            Loss::Password => "the person must have set a new password",
            Loss::Apps => "the person must link the applications again",
            Loss::Moment => "it lies in its old folder for a moment, before it is in the trash again",
            Loss::Said => "what was said may have been read",
        })
    }
}

impl Undo {
    /// How `order` is undone, which found this. `None` when nothing was found: then there is nothing to bring back.
    #[must_use]
    pub fn of(order: &Order, found: &State) -> Self {
        match found {
            State::Item(item) => of_item(order, item),
            State::Person(person) => of_person(&order.action, person),
        }
    }

    fn by(actions: impl IntoIterator<Item = Action>) -> Self {
        Self { actions: actions.into_iter().collect(), lost: Vec::new() }
    }

    fn losing(mut self, lost: impl IntoIterator<Item = Loss>) -> Self {
        self.lost.extend(lost);
        self.lost.sort_unstable();
        self.lost.dedup();
        self
    }
}

fn of_item(order: &Order, found: &ItemState) -> Undo {
    match &order.action {
        Action::RemoveLinks => links_back(found, true),
        Action::RestrictLinks { .. } | Action::ExpireLinks { .. } | Action::ProtectLinks | Action::ForbidDownload => {
            links_back(found, false)
        }
        Action::RemoveMember { .. } | Action::RemoveExternals => members_back(found),
        // Who only had another role need not accept anything.
        Action::ChangeRole { .. } => Undo { lost: Vec::new(), ..members_back(found) },
        Action::MakePrivate => {
            let (members, links) = (members_back(found), links_back(found, true));
            Undo::by(members.actions.into_iter().chain(links.actions))
                .losing(members.lost.into_iter().chain(links.lost))
        }
        Action::StopInvitations => {
            Undo::by(found.invitations.map(|rules: Invitations| Action::RestoreInvitations { rules }))
        }
        Action::Move { .. } => {
            let back = Action::Move { to: found.folder.clone(), name: Some(found.name.clone()), clash: Clash::Number };
            Undo::by([back].into_iter().chain(found.trashed.then_some(Action::Trash)))
        }
        Action::Quarantine(Quarantine { note, .. }) => {
            let lost = links_back(found, true).lost.into_iter().chain(members_back(found).lost);
            let lost = lost.chain(found.trashed.then_some(Loss::Moment));
            Undo::by([Action::Release { prior: Box::new(found.clone()), note: note.clone() }]).losing(lost)
        }
        Action::PutNote(note) if found.note.is_none() => Undo::by([Action::RemoveNote(note.clone())]),
        Action::Trash if !found.trashed => {
            let folder = found.kind != crate::model::ItemKind::File && found.etag.is_none();
            Undo::by([Action::Untrash]).losing(folder.then_some(Loss::FolderIdentity))
        }
        // A folder that has another id now is no longer what the order was about.
        Action::Untrash if found.trashed && found.kind != crate::model::ItemKind::File && found.etag.is_none() => {
            Undo::default().losing([Loss::FolderIdentity])
        }
        Action::Untrash if found.trashed => Undo::by([Action::Trash]),
        Action::Overwrite { .. } => Undo::by(
            found.version.clone().zip(found.hash).map(|(version, hash)| Action::RestoreVersion { version, hash }),
        ),
        Action::SetLabel { label, .. } if found.labels.set.as_ref() != Some(label) => {
            Undo::by([match &found.labels.set {
                None => Action::ClearLabel { ours: label.clone() },
                Some(before) => Action::SetLabel {
                    label: before.clone(),
                    order: found.labels.order.clone(),
                    ours: Some(label.clone()),
                },
            }])
        }
        Action::ClearLabel { ours } if found.labels.set.as_ref() == Some(ours) => {
            Undo::by([Action::SetLabel { label: ours.clone(), order: found.labels.order.clone(), ours: None }])
        }
        Action::Lock { .. } if found.lock.is_none() => Undo::by([Action::Unlock]),
        Action::Lock { .. } | Action::Unlock => Undo::by(
            found
                .lock
                .as_ref()
                .map(|LockState { until, no_download, .. }| Action::Lock { until: *until, no_download: *no_download }),
        ),
        Action::Hold { policy } => Undo::by([Action::EndHold { policy: policy.clone() }]),
        Action::Comment { .. } => Undo::by([Action::RemoveComment { order: order.id.clone() }]).losing([Loss::Said]),
        Action::Task { .. } => Undo::by([Action::RemoveTask { order: order.id.clone() }]).losing([Loss::Said]),
        // A copy stays: it may be evidence. What only an undo makes is not undone again.
        _ => Undo::default(),
    }
}

fn of_person(action: &Action, found: &PersonState) -> Undo {
    match action {
        Action::Suspend if found.status == Status::Active => Undo::by([Action::Unsuspend]).losing([Loss::Sessions]),
        Action::Unsuspend if found.status == Status::Inactive => Undo::by([Action::Suspend]),
        Action::RemoveFromShares { .. } => {
            let shares = found.shares.clone().unwrap_or_default();
            let lost = shares.iter().any(|share| must_accept_again(&share.member)).then_some(Loss::Invitation);
            Undo::by((!shares.is_empty()).then_some(Action::RestoreShares { shares })).losing(lost)
        }
        Action::EndSessions => Undo::default().losing([Loss::Sessions]),
        Action::RequirePassword => Undo::default().losing([Loss::Password]),
        Action::RevokeApps => {
            let had = found.apps.as_ref().is_some_and(|apps| !apps.is_empty());
            Undo::default().losing(had.then_some(Loss::Apps))
        }
        _ => Undo::default(),
    }
}

/// The links as they were; `made_again` when they were ended, so that their addresses are lost.
fn links_back(found: &ItemState, made_again: bool) -> Undo {
    let links = found.links.clone();
    if links.is_empty() {
        return Undo::default();
    }
    let address = made_again.then_some(Loss::LinkAddress);
    let password = (made_again && links.iter().any(|link| link.password)).then_some(Loss::LinkPassword);
    Undo::by([Action::RestoreLinks { links }]).losing(address.into_iter().chain(password))
}

/// True for everybody who is not known to be a colleague who has accepted.
fn must_accept_again(member: &Member) -> bool {
    member.pending || !matches!(member.who, Who::Group { .. } | Who::Person { side: Some(Side::Internal), .. })
}

fn members_back(found: &ItemState) -> Undo {
    match &found.members {
        Members::None => Undo::default(),
        Members::Hidden => Undo::default().losing([Loss::HiddenMembers]),
        Members::Known(members) => {
            let own = |member: &&Member| member.inherited_from.is_none() && &*member.role != "owner";
            let members: Vec<Member> = members.iter().filter(own).cloned().collect();
            let invited = members.iter().any(must_accept_again).then_some(Loss::Invitation);
            Undo::by((!members.is_empty()).then_some(Action::RestoreMembers { members })).losing(invited)
        }
    }
}
