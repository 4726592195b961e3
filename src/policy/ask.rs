//! What a policy asks for, before it is known of which item: the words of a policy file's `[[policy.action]]`.

use crate::model::Audience;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// One thing that a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// A copy of the present version in this folder of the service.
    Copy {
        /// The folder's name.
        to: Arc<str>,
    },
    /// A legal hold of this name.
    Hold {
        /// The hold's name.
        policy: Arc<str>,
    },
    /// This label, or a higher one.
    SetLabel {
        /// The label.
        label: Arc<str>,
    },
    /// No label that we set.
    ClearLabel,
    /// Links end so long after the decision.
    ExpireLinks {
        /// How long.
        after: Duration,
    },
    /// Public links ask for a password.
    ProtectLinks,
    /// Links do not let download.
    ForbidDownload,
    /// Links let in no more than these.
    RestrictLinks {
        /// [`Audience::Company`] or [`Audience::Members`].
        to: Audience,
    },
    /// No links.
    RemoveLinks,
    /// Members get this role at most.
    ChangeRole {
        /// A login or a group's name.
        who: Arc<str>,
        /// The provider's word.
        role: Arc<str>,
    },
    /// This one is no member.
    RemoveMember {
        /// A login or a group's name.
        who: Arc<str>,
    },
    /// Nobody from outside is a member.
    RemoveExternals,
    /// Nobody outside can be invited.
    StopInvitations,
    /// No links, no members.
    MakePrivate,
    /// Locked for others.
    Lock {
        /// How long; `None` until it is unlocked.
        lasting: Option<Duration>,
        /// Whether others cannot even download.
        no_download: bool,
    },
    /// The newest version is a note.
    Overwrite,
    /// Into the owner's quarantine.
    UserQuarantine,
    /// Into the company's quarantine.
    AdminQuarantine {
        /// The quarantine's name; `None` is the connector's own.
        to: Option<Arc<str>>,
        /// By a copy and the trash instead of a move: loses id and versions.
        by_copy: bool,
    },
    /// Into the trash.
    Trash,
    /// The owner is told by a comment (Box).
    Comment {
        /// The text.
        text: Arc<str>,
    },
    /// The owner gets a task (Box).
    Task {
        /// The text.
        text: Arc<str>,
        /// How long the owner has; `None` for ever.
        within: Option<Duration>,
    },
    /// These are told.
    Notify {
        /// Who.
        whom: Vec<Told>,
    },
    /// The owner cannot sign in any more.
    Suspend,
    /// The owner's sessions end.
    EndSessions,
    /// The owner must set a new password (Box).
    RequirePassword,
    /// The owner leaves everything that others share.
    RemoveFromShares,
    /// The owner's linked applications lose access (Dropbox).
    RevokeApps,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The owner, at once.
    Owner,
    /// The owner, in the day's digest.
    OwnerDigest,
    /// Whoever edited last.
    Editor,
    /// This address.
    Address(Arc<str>),
    /// The webhook of this name.
    Webhook(Arc<str>),
}

/// When an ask's turn is, among those that are kept: what saves comes first, what tells comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Copies and holds.
    Save,
    /// Labels.
    Label,
    /// Links and members.
    Sharing,
    /// The content and its lock.
    Content,
    /// Quarantine and trash.
    Place,
    /// The owner as a person.
    Person,
    /// Messages.
    Tell,
}

impl Ask {
    /// The name in a policy file (`remove_links`).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Ask::Copy { .. } => "copy",
            Ask::Hold { .. } => "hold",
            Ask::SetLabel { .. } => "set_label",
            Ask::ClearLabel => "clear_label",
            Ask::ExpireLinks { .. } => "expire_links",
            Ask::ProtectLinks => "protect_links",
            Ask::ForbidDownload => "forbid_download",
            Ask::RestrictLinks { .. } => "restrict_links",
            Ask::RemoveLinks => "remove_links",
            Ask::ChangeRole { .. } => "change_role",
            Ask::RemoveMember { .. } => "remove_member",
            Ask::RemoveExternals => "remove_externals",
            Ask::StopInvitations => "stop_invitations",
            Ask::MakePrivate => "make_private",
            Ask::Lock { .. } => "lock",
            Ask::Overwrite => "overwrite",
            Ask::UserQuarantine => "user_quarantine",
            Ask::AdminQuarantine { .. } => "admin_quarantine",
            Ask::Trash => "trash",
            Ask::Comment { .. } => "comment",
            Ask::Task { .. } => "task",
            Ask::Notify { .. } => "notify",
            Ask::Suspend => "suspend",
            Ask::EndSessions => "end_sessions",
            Ask::RequirePassword => "require_password",
            Ask::RemoveFromShares => "remove_from_shares",
            Ask::RevokeApps => "revoke_apps",
        }
    }

    /// When its turn is.
    #[must_use]
    pub fn turn(&self) -> Turn {
        match self {
            Ask::Copy { .. } | Ask::Hold { .. } => Turn::Save,
            Ask::SetLabel { .. } | Ask::ClearLabel => Turn::Label,
            Ask::ExpireLinks { .. }
            | Ask::ProtectLinks
            | Ask::ForbidDownload
            | Ask::RestrictLinks { .. }
            | Ask::RemoveLinks
            | Ask::ChangeRole { .. }
            | Ask::RemoveMember { .. }
            | Ask::RemoveExternals
            | Ask::StopInvitations
            | Ask::MakePrivate => Turn::Sharing,
            Ask::Lock { .. } | Ask::Overwrite => Turn::Content,
            Ask::UserQuarantine | Ask::AdminQuarantine { .. } | Ask::Trash => Turn::Place,
            Ask::Suspend | Ask::EndSessions | Ask::RequirePassword | Ask::RemoveFromShares | Ask::RevokeApps => {
                Turn::Person
            }
            Ask::Comment { .. } | Ask::Task { .. } | Ask::Notify { .. } => Turn::Tell,
        }
    }

    /// How strong it is among those that close sharing, the weakest first; what it contains is weaker.
    #[must_use]
    pub fn strength(&self) -> u8 {
        match self {
            Ask::ExpireLinks { .. } => 1,
            Ask::ProtectLinks | Ask::ForbidDownload => 2,
            Ask::RestrictLinks { .. } => 3,
            Ask::RemoveLinks => 4,
            Ask::ChangeRole { .. } | Ask::StopInvitations => 5,
            Ask::RemoveMember { .. } => 6,
            Ask::RemoveExternals => 7,
            Ask::MakePrivate => 8,
            Ask::UserQuarantine => 9,
            Ask::AdminQuarantine { .. } => 10,
            Ask::Trash => 11,
            _ => 0,
        }
    }

    /// True when doing this leaves nothing to do for `other`.
    #[must_use]
    pub fn contains(&self, other: &Ask) -> bool {
        if self == other {
            return true;
        }
        let about_links = |ask: &Ask| {
            matches!(
                ask,
                Ask::ExpireLinks { .. }
                    | Ask::ProtectLinks
                    | Ask::ForbidDownload
                    | Ask::RestrictLinks { .. }
                    | Ask::RemoveLinks
            )
        };
        match (self, other) {
            (Ask::ExpireLinks { after }, Ask::ExpireLinks { after: later }) => after <= later,
            (Ask::RestrictLinks { to: Audience::Members }, Ask::RestrictLinks { to: Audience::Company }) => true,
            // A password is asked of public links alone.
            (Ask::RestrictLinks { .. }, Ask::ProtectLinks) => true,
            (Ask::RemoveLinks, other) => about_links(other),
            (Ask::RemoveMember { who }, Ask::ChangeRole { who: other, .. }) => who == other,
            (Ask::MakePrivate | Ask::UserQuarantine | Ask::AdminQuarantine { .. } | Ask::Trash, other) => {
                let about_sharing = other.turn() == Turn::Sharing;
                about_sharing && other.strength() <= self.strength()
                    || other.turn() == Turn::Place && other.strength() < self.strength()
            }
            _ => false,
        }
    }

    /// True when both cannot be had, whichever is stronger: two quarantines, two labels, a label and none.
    #[must_use]
    pub fn contradicts(&self, other: &Ask) -> bool {
        match (self, other) {
            (Ask::AdminQuarantine { to, by_copy }, Ask::AdminQuarantine { to: other, by_copy: copies }) => {
                to != other || by_copy != copies
            }
            (Ask::SetLabel { label }, Ask::SetLabel { label: other }) => label != other,
            (Ask::SetLabel { .. }, Ask::ClearLabel) | (Ask::ClearLabel, Ask::SetLabel { .. }) => true,
            (Ask::ChangeRole { who, role }, Ask::ChangeRole { who: other, role: another }) => {
                who == other && role != another
            }
            (Ask::Lock { .. }, Ask::Lock { .. }) => self != other,
            _ => false,
        }
    }
}
