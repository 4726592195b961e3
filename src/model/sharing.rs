//! Who can reach an item: links and members as providers tell them, and the exposure that follows.

use super::tenant::Side;
use crate::clock::Moment;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Whom a link lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Anybody who has it.
    Public,
    /// Everybody of the company.
    Company,
    /// Nobody new: those who are members already.
    Members,
    /// The provider did not say, or said a word that is not known here.
    Unknown,
}

/// A link to an item.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// Whom it lets in **in effect**, after the company's own policies.
    pub audience: Audience,
    /// True when a password is asked for besides.
    pub password: bool,
    /// When it ends.
    pub expires: Option<Moment>,
    /// Whether the content may be downloaded through it; `None` when not told.
    pub download: Option<bool>,
    /// The address, a key to the content by itself. Never shown: `Debug` masks it.
    pub url: Option<Arc<str>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("audience", &self.audience)
            .field("password", &self.password)
            .field("expires", &self.expires)
            .field("download", &self.download)
            .field("url", &self.url.as_ref().map(|_| "(masked)"))
            .finish()
    }
}

/// Who a member of a share is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// A person by account, login, or both.
    Person {
        /// The provider's account id.
        account: Option<Arc<str>>,
        /// Login or mail address.
        login: Option<Arc<str>>,
        /// Inside or outside, where the provider says it itself (Dropbox `same_team`).
        side: Option<Side>,
    },
    /// A group.
    Group {
        /// The provider's id.
        id: Arc<str>,
        /// Inside or outside, where the provider says it itself (Dropbox `GroupInfo.same_team`).
        side: Option<Side>,
    },
    /// Invited by address, not yet here.
    Invited {
        /// The address.
        login: Arc<str>,
    },
    /// A visitor without sign-in (Box user id `2`, Dropbox unauthenticated): "unauthenticated", never "external".
    Unauthenticated,
}

/// One member of an item: a collaboration of Box, a member of a Dropbox share.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    /// The id by which the provider changes it, if it has one (Box collaboration id).
    pub id: Option<Arc<str>>,
    /// Who.
    pub who: Who,
    /// The provider's word for the role (`editor`, `viewer`, `owner`).
    pub role: Arc<str>,
    /// True while the invitation is not accepted; it counts all the same.
    pub pending: bool,
    /// The folder from which it is inherited; `None` when it is the item's own.
    pub inherited_from: Option<Arc<str>>,
    /// When it ends.
    pub expires: Option<Moment>,
}

/// The members of one item.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Members {
    /// All of them; empty means nobody but the owner.
    #[default]
    None,
    /// These.
    Known(Vec<Member>),
    /// There may be some, and they cannot be seen: hidden collaborators, no right to read. Never the same as none.
    Hidden,
}

/// What one item itself adds to who can reach it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sharing {
    /// Its own links.
    pub links: Vec<Link>,
    /// Its own members.
    pub members: Members,
    /// True when another company owns it.
    pub outside_owner: bool,
    /// True when everybody of the company can reach it by its place (a Dropbox team folder).
    pub whole_company: bool,
}

/// How far an item is open, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// The owner only.
    #[default]
    Private,
    /// People of the company.
    Internal,
    /// Named people outside.
    External,
    /// Anybody who has a link.
    Public,
}

impl Level {
    /// The name reports and filters use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Private => "private",
            Level::Internal => "internal",
            Level::External => "external",
            Level::Public => "public",
        }
    }
}

/// Why an item is at least as open as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Because {
    /// A link.
    Link {
        /// Whom it lets in.
        audience: Audience,
        /// Behind a password.
        password: bool,
        /// When it ends.
        expires: Option<Moment>,
    },
    /// A member who is a person or an invited address.
    Member {
        /// Who.
        who: Who,
        /// Not accepted yet.
        pending: bool,
    },
    /// A group; external when somebody outside is in it.
    Group {
        /// The group's id.
        id: Arc<str>,
    },
    /// Another company owns it.
    OutsideOwner,
    /// Its place is open to the whole company.
    WholeCompany,
}

/// One reason for an exposure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExposureReason {
    /// How far it opens the item.
    pub level: Level,
    /// What it is.
    pub because: Because,
    /// The folder that hands it down; `None` when it is the item's own.
    pub inherited_from: Option<Arc<str>>,
}

/// How far an item is open, and why.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exposure {
    /// The strongest of all facts that are known.
    pub level: Level,
    /// All facts, strongest first.
    pub reasons: Vec<ExposureReason>,
    /// Items (own or above) whose members or links could not be seen: the level may be higher than told.
    pub unknown: Vec<Arc<str>>,
}

impl Exposure {
    /// False when something could not be seen: the exposure is then "unknown, at least `level`".
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.unknown.is_empty()
    }
}
