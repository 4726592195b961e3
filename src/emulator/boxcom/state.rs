//! Everything the tenant knows, and the questions all routes ask of it: who is who, who may see what.

use super::super::bounds::History;
use super::super::effect::Effects;
use super::cascade::Cascade;
use super::collab::Collab;
use super::draw;
use super::feed::{Happening, Positions};
use super::holds::Holds;
use super::hooks::{Hook, Notice};
use super::retention::Retentions;
use super::rights::Rights;
use super::session::UploadSession;
use super::shield::Shielded;
use super::tasks::Task;
use super::token::Tokens;
use super::tree::{Nid, Tree, Uid};
use crate::clock::Moment;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The tenant's state.
#[derive(Debug)]
pub(super) struct State {
    /// Seeds all that is drawn.
    pub(super) seed: u64,
    /// The moment of the request or edit being worked on.
    pub(super) now: Moment,
    /// Counts requests.
    pub(super) requests: u64,
    /// The addresses of the tenant's own doors: API, upload, download.
    pub(super) doors: [String; 3],
    /// People; the first is the service account.
    pub(super) users: Vec<User>,
    /// Groups.
    pub(super) groups: Vec<Group>,
    /// Items.
    pub(super) tree: Tree,
    /// Collaborations by id.
    pub(super) collabs: BTreeMap<u64, Collab>,
    /// The collaborations on an item.
    pub(super) collabs_on: HashMap<Nid, Vec<u64>>,
    /// Tokens.
    pub(super) tokens: Tokens,
    /// What the app may.
    pub(super) rights: Rights,
    /// One page of items in so many is short, empty or repeats an item; never when zero.
    pub(super) odd_pages: u64,
    /// What happened, oldest first.
    pub(super) happened: History<Happening>,
    /// When the latest change of each item happened, since the tenant was made.
    pub(super) offered: HashMap<Nid, Moment>,
    /// Stream positions handed out and forgotten.
    pub(super) positions: Positions,
    /// Webhooks by id.
    pub(super) hooks: BTreeMap<u64, Hook>,
    /// Notices not yet taken by whoever delivers them.
    pub(super) notices: VecDeque<Notice>,
    /// Uploads in parts.
    pub(super) uploads: BTreeMap<String, UploadSession>,
    /// Metadata templates beside the classification.
    pub(super) templates: BTreeMap<String, serde_json::Value>,
    /// Comments by id.
    pub(super) comments: BTreeMap<u64, serde_json::Value>,
    /// Tasks by id.
    pub(super) tasks: BTreeMap<u64, Task>,
    /// Metadata cascade policies by id.
    pub(super) cascades: BTreeMap<String, Cascade>,
    /// Legal holds.
    pub(super) holds: Holds,
    /// Retention.
    pub(super) retentions: Retentions,
    /// What Box Shield refuses, by item.
    pub(super) shields: BTreeMap<Nid, Shielded>,
    /// The furthest a shared link reaches under the company's rules.
    pub(super) links_at_most: &'static str,
    /// Whether the company's rules let links download at all.
    pub(super) links_download: bool,
    /// What requests did.
    pub(super) effects: Effects,
    /// True while a request is worked on, not a script.
    pub(super) by_request: bool,
    /// The last number handed out.
    pub(super) next_number: u64,
}

/// A person, or the app's service account.
#[derive(Clone, Debug)]
pub(super) struct User {
    /// Id.
    pub(super) id: u64,
    /// How scripts name the person.
    pub(super) key: &'static str,
    /// Name.
    pub(super) name: String,
    /// Login.
    pub(super) login: String,
    /// `admin`, `coadmin` or `user`.
    pub(super) role: &'static str,
    /// `active`, `inactive`, `cannot_delete_edit`, `cannot_delete_edit_upload`.
    pub(super) status: &'static str,
    /// Where the person belongs.
    pub(super) home: Home,
    /// The person's root folder.
    pub(super) root: Nid,
    /// Bytes in the trash and of earlier versions.
    pub(super) aside_bytes: u64,
    /// A new password must be set at the next sign-in.
    pub(super) password_asked: bool,
    /// How often a request ended all sessions.
    pub(super) sessions_ended: u64,
}

/// Where a person belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// The app's own account.
    Service,
    /// A managed user.
    Company,
    /// A person of another company.
    Partner,
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Id.
    pub(super) id: u64,
    /// Name.
    pub(super) name: String,
    /// Members, with the id of their membership.
    pub(super) members: Vec<(u64, Uid)>,
    /// When it was made.
    pub(super) created: Moment,
}

/// What a person may do with an item, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Sees names only.
    Uploader,
    /// Sees, cannot download.
    Previewer,
    /// Both of these.
    PreviewerUploader,
    /// Downloads.
    Viewer,
    /// Downloads and uploads.
    ViewerUploader,
    /// Changes.
    Editor,
    /// Changes, and manages who else may.
    CoOwner,
    /// Owns.
    Owner,
}

impl Role {
    /// All, with the names collaborations use.
    pub(super) const NAMES: [(&'static str, Role); 8] = [
        ("uploader", Role::Uploader),
        ("previewer", Role::Previewer),
        ("previewer uploader", Role::PreviewerUploader),
        ("viewer", Role::Viewer),
        ("viewer uploader", Role::ViewerUploader),
        ("editor", Role::Editor),
        ("co-owner", Role::CoOwner),
        ("owner", Role::Owner),
    ];

    /// The role of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, role)| *role == self).map_or("owner", |(name, _)| name)
    }
}

impl State {
    /// The person of that number.
    pub(super) fn user(&self, uid: Uid) -> &User {
        &self.users[usize::from(uid)]
    }

    /// The number of the person of that id.
    pub(super) fn user_by_id(&self, id: &str) -> Option<Uid> {
        let id: u64 = id.parse().ok()?;
        self.users.iter().position(|user| user.id == id).and_then(|place| Uid::try_from(place).ok())
    }

    /// The number of the person whom scripts call that.
    pub(super) fn user_by_key(&self, key: &str) -> Option<Uid> {
        self.users.iter().position(|user| user.key == key).and_then(|place| Uid::try_from(place).ok())
    }

    /// The number of the person of that login.
    pub(super) fn user_by_login(&self, login: &str) -> Option<Uid> {
        let found = self.users.iter().position(|user| user.login.eq_ignore_ascii_case(login))?;
        Uid::try_from(found).ok()
    }

    /// A number nobody got before.
    pub(super) fn fresh(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// A secret nobody got before.
    pub(super) fn fresh_code(&mut self) -> String {
        let number = self.fresh();
        draw::code(self.seed, number)
    }

    /// A UUID nobody got before.
    pub(super) fn fresh_uuid(&mut self) -> String {
        let number = self.fresh();
        draw::uuid(self.seed, number)
    }

    /// What a person may do with an item; `None` when they may not even know of it.
    pub(super) fn role(&self, who: Uid, nid: Nid) -> Option<Role> {
        if self.tree.owner(nid) == who {
            return Some(Role::Owner);
        }
        self.tree.upwards(nid).flat_map(|at| self.collabs_of(at)).filter_map(|collab| collab.gives(self, who)).max()
    }

    /// The collaborations made on this very item.
    pub(super) fn collabs_of(&self, nid: Nid) -> impl Iterator<Item = &Collab> {
        self.collabs_on.get(&nid).into_iter().flatten().filter_map(|id| self.collabs.get(id))
    }

    /// What others shared with a person and what therefore shows in their root: the tops of what they may see.
    pub(super) fn shared_with(&self, who: Uid) -> Vec<Nid> {
        let mut tops: Vec<Nid> = self
            .collabs_on
            .keys()
            .copied()
            .filter(|nid| self.tree.owner(*nid) != who && self.tree.is_live(*nid))
            .filter(|nid| self.collabs_of(*nid).any(|collab| collab.gives(self, who).is_some()))
            .filter(|nid| self.visible_parent(who, *nid).is_none())
            .collect();
        tops.sort_unstable();
        tops
    }

    /// The folder above, when the person may see it too and it is not a root.
    pub(super) fn visible_parent(&self, who: Uid, nid: Nid) -> Option<Nid> {
        let parent = self.tree.at(nid).parent;
        (!self.tree.is_root(parent) && self.role(who, parent).is_some()).then_some(parent)
    }

    /// True for people of the company itself.
    pub(super) fn is_managed(&self, who: Uid) -> bool {
        self.user(who).home != Home::Partner
    }
}
