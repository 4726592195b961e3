//! What became of an item or a person, told from the tenant's own state: for tests that must not ask by the way they test.

use super::Tenant;
use super::collab::{Collab, Whom};
use super::state::{Home, State};
use super::tree::{Nid, SharedLink, What};
use crate::clock::Moment;
use serde_json::Value;

/// An item as it is now; also one in the trash, or gone for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each tells another fact")]
pub struct Seen {
    /// Id.
    pub id: String,
    /// `file`, `folder` or `web_link`.
    pub kind: &'static str,
    /// Name.
    pub name: String,
    /// Id of the folder it lies in, or lay in when in the trash; `0` for its owner's root.
    pub parent: String,
    /// Folders and name, from the owner's root down.
    pub path: Vec<String>,
    /// Login of the owner.
    pub owner: String,
    /// Counts changes, as `etag` does.
    pub etag: u32,
    /// SHA-1 of the current version, lower-case hex; empty for what is no file.
    pub sha1: String,
    /// Bytes of the current version; of a folder of all below.
    pub size: u64,
    /// Ids of the versions, oldest first, the current one last; empty for what is no file.
    pub versions: Vec<String>,
    /// In the trash by itself.
    pub trashed: bool,
    /// Neither in the trash, nor below something that is, nor gone.
    pub live: bool,
    /// Gone for good.
    pub purged: bool,
    /// Its own link, if its time is not over.
    pub link: Option<SeenLink>,
    /// Its own collaborations, as they were made.
    pub members: Vec<SeenMember>,
    /// Those of the folders above, nearest first.
    pub inherited: Vec<SeenMember>,
    /// Its classification.
    pub label: Option<String>,
    /// Its lock, if its time is not over.
    pub lock: Option<SeenLock>,
    /// Names of the legal holds it is under, in order; one put on a folder above or on the owner counts too.
    pub holds: Vec<String>,
    /// Name of the retention policy it is under.
    pub retention: Option<String>,
    /// Its comments, oldest first.
    pub comments: Vec<SeenComment>,
    /// Its tasks, oldest first.
    pub tasks: Vec<SeenTask>,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// A folder's `is_collaboration_restricted_to_enterprise`.
    pub company_only: bool,
    /// A folder's `can_non_owners_invite`, turned round.
    pub owners_invite: bool,
    /// Ids of what lies in a folder.
    pub children: Vec<String>,
}

/// A shared link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLink {
    /// The last part of its address; another one for a link made anew.
    pub code: String,
    /// What was asked for: `open`, `company` or `collaborators`.
    pub access: &'static str,
    /// What it comes to under the company's rules.
    pub effective: &'static str,
    /// Whether it asks for a password.
    pub password: bool,
    /// When it ends.
    pub until: Option<Moment>,
    /// Whether it lets download, as it was asked for.
    pub download: bool,
    /// Whether it does so under the company's rules.
    pub effective_download: bool,
    /// Whether it lets edit.
    pub edit: bool,
}

/// A collaboration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMember {
    /// The collaboration's id.
    pub id: String,
    /// Id of the item it was made on.
    pub item: String,
    /// Login, address invited, or `group:` and the group's name.
    pub whom: String,
    /// Role.
    pub role: &'static str,
    /// `accepted` or `pending`.
    pub status: &'static str,
    /// When it ends.
    pub until: Option<Moment>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLock {
    /// Login of whoever locked.
    pub by: String,
    /// When it ends.
    pub until: Option<Moment>,
    /// Whether others cannot even download.
    pub no_download: bool,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenComment {
    /// Its id.
    pub id: String,
    /// Login of whoever wrote it.
    pub by: String,
    /// What it says, people by name.
    pub message: String,
    /// What it says, people tagged (`@[id:name]`); empty when it tags nobody.
    pub tagged: String,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenTask {
    /// Its id.
    pub id: String,
    /// Login of whoever made it.
    pub by: String,
    /// What it says.
    pub message: String,
    /// Logins of those who shall do it.
    pub assigned: Vec<String>,
    /// When it shall be done.
    pub due: Option<Moment>,
}

/// A person as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUser {
    /// Id.
    pub id: String,
    /// Login.
    pub login: String,
    /// `active`, `inactive`, `cannot_delete_edit`, `cannot_delete_edit_upload`.
    pub status: &'static str,
    /// `admin`, `coadmin` or `user`.
    pub role: &'static str,
    /// Of another company.
    pub external: bool,
    /// A new password must be set at the next sign-in.
    pub password_asked: bool,
    /// How often a request ended all sessions.
    pub sessions_ended: u64,
    /// All collaborations that name the person, wherever.
    pub member_of: Vec<SeenMember>,
}

impl Tenant {
    /// An item as it is now; `None` when there never was one of that id.
    #[must_use]
    pub fn seen(&self, id: &str) -> Option<Seen> {
        let mut state = self.state();
        state.now = self.clock.now();
        let nid = state.tree.by_id(id).filter(|nid| !state.tree.is_root(*nid))?;
        Some(state.item_seen(nid))
    }

    /// A person as they are now, by id.
    #[must_use]
    pub fn seen_user(&self, id: &str) -> Option<SeenUser> {
        let state = self.state();
        let uid = state.user_by_id(id)?;
        let user = state.user(uid);
        let mine = state.collabs.values().filter(|collab| collab.whom == Whom::User(uid));
        Some(SeenUser {
            id: user.id.to_string(),
            login: user.login.clone(),
            status: user.status,
            role: user.role,
            external: user.home == Home::Partner,
            password_asked: user.password_asked,
            sessions_ended: user.sessions_ended,
            member_of: mine.map(|collab| state.member_seen(collab)).collect(),
        })
    }

    /// The id of what lies at a path, owner's key first; not of what is in the trash.
    #[must_use]
    pub fn id_at(&self, path: &[&str]) -> Option<String> {
        let mut state = self.state();
        let (owner, rest) = path.split_first()?;
        let root = state.root_for(owner);
        let found = rest.iter().try_fold(root, |at, name| state.tree.child(at, name))?;
        Some(if state.tree.is_root(found) { "0".into() } else { state.tree.id(found).to_string() })
    }
}

impl State {
    fn item_seen(&self, nid: Nid) -> Seen {
        let extra = self.tree.extra(nid).cloned().unwrap_or_default();
        let (node, folder) = (self.tree.at(nid), self.tree.folder(nid));
        let is_file = matches!(node.what, What::File(_));
        let lock = extra.lock.as_ref().filter(|_| self.is_locked(nid));
        Seen {
            id: self.tree.id(nid).to_string(),
            kind: self.tree.kind(nid),
            name: self.tree.name(nid),
            parent: self.folder_id(node.parent),
            path: self.tree.path(nid),
            owner: self.user(self.tree.owner(nid)).login.clone(),
            etag: node.etag,
            sha1: self.tree.sha1(nid),
            size: self.tree.size(nid),
            versions: if is_file { self.versions_seen(nid) } else { Vec::new() },
            trashed: self.tree.is_trashed(nid),
            live: self.tree.is_live(nid),
            purged: extra.purged,
            link: self.link_now(nid).map(|link| self.link_told(link)),
            members: self.collabs_of(nid).map(|collab| self.member_seen(collab)).collect(),
            inherited: self
                .tree
                .upwards(nid)
                .skip(1)
                .flat_map(|at| self.collabs_of(at))
                .map(|collab| self.member_seen(collab))
                .collect(),
            label: self.label_of(nid),
            lock: lock.map(|lock| SeenLock {
                by: self.user(lock.by).login.clone(),
                until: lock.until,
                no_download: lock.no_download,
            }),
            holds: self.hold_names(nid),
            retention: self.retention_name(nid),
            comments: self.comments_seen(&extra.comments),
            tasks: self.tasks_seen(nid),
            description: extra.description,
            tags: extra.tags,
            company_only: folder.is_some_and(|folder| folder.company_only),
            owners_invite: folder.is_some_and(|folder| folder.owners_invite),
            children: self.tree.children(nid).iter().map(|child| self.tree.id(*child).to_string()).collect(),
        }
    }

    /// A folder's id as its owner knows it: a root is `0`.
    pub(super) fn folder_id(&self, nid: Nid) -> String {
        if self.tree.is_root(nid) { "0".into() } else { self.tree.id(nid).to_string() }
    }

    fn versions_seen(&self, nid: Nid) -> Vec<String> {
        let earlier = self.tree.versions(nid).map(|versions| versions.earlier.as_slice()).unwrap_or_default();
        let ids = earlier.iter().map(|version| version.id).chain([self.tree.version_id(nid)]);
        ids.map(|id| id.to_string()).collect()
    }

    fn link_told(&self, link: &SharedLink) -> SeenLink {
        SeenLink {
            code: link.code.clone(),
            access: link.access,
            effective: self.effective_access(link),
            password: link.password,
            until: link.until,
            download: link.download,
            effective_download: link.download && self.links_download,
            edit: link.edit,
        }
    }

    fn member_seen(&self, collab: &Collab) -> SeenMember {
        let whom = match &collab.whom {
            Whom::User(uid) => self.user(*uid).login.clone(),
            Whom::Group(place) => format!("group:{}", self.groups.get(*place).map_or("", |group| group.name.as_str())),
            Whom::Invited(address) => address.clone(),
        };
        SeenMember {
            id: collab.id.to_string(),
            item: self.tree.id(collab.item).to_string(),
            whom,
            role: collab.role.name(),
            status: collab.status,
            until: collab.until,
        }
    }

    fn comments_seen(&self, ids: &[u64]) -> Vec<SeenComment> {
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let found = ids.iter().filter_map(|id| self.comments.get(id));
        let seen = found.map(|comment| SeenComment {
            id: text(&comment["id"]),
            by: text(&comment["created_by"]["login"]),
            message: text(&comment["message"]),
            tagged: text(&comment["tagged_message"]),
        });
        seen.collect()
    }

    fn tasks_seen(&self, nid: Nid) -> Vec<SeenTask> {
        let mine = self.tasks.values().filter(|task| task.file == nid);
        let seen = mine.map(|task| SeenTask {
            id: task.id.to_string(),
            by: self.user(task.by).login.clone(),
            message: task.message.clone(),
            assigned: task.given.iter().map(|given| self.user(given.to).login.clone()).collect(),
            due: task.due,
        });
        seen.collect()
    }
}
