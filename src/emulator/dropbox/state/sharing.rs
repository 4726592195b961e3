//! Who may see what: members of shared folders and files, links, policies.

use super::tree::NodeId;
use crate::clock::Moment;

/// Whom something is shared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) enum Whom {
    Person(usize),
    Group(usize),
    /// An address nobody has joined with yet.
    Invitee(String),
}

/// What a member of a shared thing may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) enum Role {
    Owner,
    Editor,
    Viewer,
    ViewerNoComment,
}

impl Role {
    /// As a tag.
    pub(in crate::emulator::dropbox) fn tag(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Editor => "editor",
            Role::Viewer => "viewer",
            Role::ViewerNoComment => "viewer_no_comment",
        }
    }

    /// From a tag that can be given to somebody.
    pub(in crate::emulator::dropbox) fn given(tag: &str) -> Option<Self> {
        match tag {
            "editor" => Some(Role::Editor),
            "viewer" => Some(Role::Viewer),
            "viewer_no_comment" => Some(Role::ViewerNoComment),
            _ => None,
        }
    }
}

/// One membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) struct Share {
    pub(in crate::emulator::dropbox) whom: Whom,
    pub(in crate::emulator::dropbox) role: Role,
}

/// Members and policies of a shared or team folder.
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct Sharing {
    pub(in crate::emulator::dropbox) shares: Vec<Share>,
    /// `team` or `anyone`.
    pub(in crate::emulator::dropbox) member_policy: String,
    /// `owner` or `editors`.
    pub(in crate::emulator::dropbox) acl_policy: String,
    /// `anyone`, `team` or `members`.
    pub(in crate::emulator::dropbox) link_policy: String,
    /// `enabled` or `disabled`.
    pub(in crate::emulator::dropbox) viewer_policy: String,
    pub(in crate::emulator::dropbox) at: Moment,
}

impl Sharing {
    /// Owned by this person, shared with nobody yet.
    pub(in crate::emulator::dropbox) fn of(owner: Option<usize>, at: Moment) -> Self {
        let shares = owner.map(|owner| Share { whom: Whom::Person(owner), role: Role::Owner }).into_iter().collect();
        Self {
            shares,
            member_policy: "anyone".into(),
            acl_policy: "owner".into(),
            link_policy: "anyone".into(),
            viewer_policy: "enabled".into(),
            at,
        }
    }
}

/// Who a link lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) enum Audience {
    Public,
    Team,
    NoOne,
    Members,
}

impl Audience {
    /// As a tag.
    pub(in crate::emulator::dropbox) fn tag(self) -> &'static str {
        match self {
            Audience::Public => "public",
            Audience::Team => "team",
            Audience::NoOne => "no_one",
            Audience::Members => "members",
        }
    }

    /// The narrower of two.
    pub(in crate::emulator::dropbox) fn and(self, other: Self) -> Self {
        let width = |audience| match audience {
            Audience::Public => 3,
            Audience::Team => 2,
            Audience::Members => 1,
            Audience::NoOne => 0,
        };
        if width(other) < width(self) { other } else { self }
    }

    /// From a tag of `LinkAudience`.
    pub(in crate::emulator::dropbox) fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "public" | "password" => Some(Audience::Public),
            "team" => Some(Audience::Team),
            "no_one" => Some(Audience::NoOne),
            "members" => Some(Audience::Members),
            _ => None,
        }
    }
}

/// A link to a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) struct Link {
    /// The part of the address that tells it from others.
    pub(in crate::emulator::dropbox) key: String,
    pub(in crate::emulator::dropbox) node: NodeId,
    pub(in crate::emulator::dropbox) owner: usize,
    pub(in crate::emulator::dropbox) audience: Audience,
    pub(in crate::emulator::dropbox) password: Option<String>,
    pub(in crate::emulator::dropbox) expires: Option<Moment>,
    pub(in crate::emulator::dropbox) allow_download: bool,
}

impl Link {
    /// The address; made up, since nothing serves it.
    pub(in crate::emulator::dropbox) fn url(&self, file: bool) -> String {
        let kind = if file { "fi" } else { "fo" };
        format!("https://www.dropbox.com/scl/{kind}/{}?rlkey={}&dl=0", &self.key[..20], &self.key[20..])
    }

    /// `resolved_visibility` of this audience.
    pub(in crate::emulator::dropbox) fn visibility(&self, audience: Audience) -> &'static str {
        match (audience, self.password.is_some()) {
            (Audience::Public, false) => "public",
            (Audience::Public, true) => "password",
            (Audience::Team, false) => "team_only",
            (Audience::Team, true) => "team_and_password",
            (Audience::NoOne, _) => "no_one",
            (Audience::Members, _) => "shared_folder_only",
        }
    }
}
