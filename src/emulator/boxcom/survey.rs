//! What a full scan of the tenant must find, worked out from the state itself: for tests to hold a client against.

use super::Tenant;
use super::collab::Whom;
use super::state::{Home, State};
use super::tree::{Nid, Uid, What};
use crate::clock::Moment;
use crate::emulator::inventory::{Closed, Inventory, Sort, Stocked};

/// A file that a full scan must list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyedFile {
    /// Id.
    pub id: String,
    /// Login of the owner.
    pub owner: String,
    /// Folders and name, from the owner's root down.
    pub path: Vec<String>,
    /// SHA-1 of the current version, lower-case hex.
    pub sha1: String,
    /// Bytes of the current version.
    pub size: u64,
    /// In the trash by itself.
    pub trashed: bool,
    /// What the file's exposure must come out as.
    pub expected: Expected,
}

/// How far a file is exposed, seen from the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// `public`, `external`, `internal` or `private`: the strongest of links, members and owner, own and of folders above.
    pub level: &'static str,
    /// True when the company cannot see all members: `level` is then the least it can be.
    pub hidden: bool,
}

impl Tenant {
    /// Every file that a full scan with as-user must list: those of all people who can act, their trash by the item, and
    /// what others share with them.
    #[must_use]
    pub fn files(&self) -> Vec<SurveyedFile> {
        let mut state = self.state();
        state.now = self.clock.now();
        (0..state.tree.len()).filter(|nid| state.must_list(*nid)).map(|nid| state.surveyed(nid)).collect()
    }

    /// Everything that a full scan with as-user must bring.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let closed = self.holes().into_iter().map(|(what, why)| Closed { what, why }).collect();
        let mut state = self.state();
        state.now = self.clock.now();
        let managed = state.users.iter().filter(|user| user.home != Home::Partner);
        Inventory {
            used_bytes: managed.map(|user| state.tree.size(user.root) + user.aside_bytes).sum(),
            items: (0..state.tree.len()).filter(|nid| state.must_bring(*nid)).map(|nid| state.stocked(nid)).collect(),
            closed,
        }
    }

    /// When the stream of events could first offer the latest change of an item; see [`crate::emulator::Tenants::offered`].
    #[must_use]
    pub fn offered(&self, id: &str) -> Option<Moment> {
        let state = self.state();
        state.tree.by_id(id).and_then(|nid| state.offered.get(&nid).copied())
    }

    /// For each file of [`Tenant::files`] its id, the level its exposure must come out as, and whether all is known.
    #[must_use]
    pub fn exposures(&self) -> Vec<(String, &'static str, bool)> {
        self.files().into_iter().map(|file| (file.id, file.expected.level, !file.expected.hidden)).collect()
    }

    /// Logins of all people whom a full list of managed and external users must bring.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        self.state().users[1..].iter().map(|user| user.login.clone()).collect()
    }

    /// What cannot be walked: ids of people, and of folders in the trash, and why, in the words of reports.
    #[must_use]
    pub fn holes(&self) -> Vec<(String, &'static str)> {
        let state = self.state();
        let inactive = state.users.iter().filter(|user| user.home == Home::Company && user.status == "inactive");
        let inactive = inactive.map(|user| (user.id.to_string(), "inactive owner"));
        let trashed = (0..state.tree.len())
            .filter(|nid| state.tree.folder(*nid).is_some() && state.tree.is_trashed(*nid) && state.is_ours(*nid));
        inactive.chain(trashed.map(|nid| (state.tree.id(nid).to_string(), "refused by the provider"))).collect()
    }

    /// Ids of the people whom a co-admin, by key, cannot act for.
    #[must_use]
    pub fn coadmin_gap(&self, key: &str) -> Vec<String> {
        let state = self.state();
        let caller = state.user_by_key(key);
        let apart = |uid: Uid| caller != Some(uid) && state.user(uid).role != "user";
        let all = (1..).zip(&state.users[1..]);
        let missed = all.filter(|(uid, user)| user.home == Home::Company && apart(*uid));
        missed.map(|(_, user)| user.id.to_string()).collect()
    }

    /// The least calls that page through everything: each person's root and trash, and each folder once, a thousand items
    /// a page.
    #[must_use]
    pub fn listing_calls(&self) -> u64 {
        let state = self.state();
        let pages = |items: usize| (items.max(1) as u64).div_ceil(1_000);
        let walkers = (1..).zip(&state.users[1..]);
        let roots: u64 = walkers
            .filter(|(_, user)| user.home == Home::Company && user.status != "inactive")
            .map(|(uid, user)| pages(state.items_of(uid, user.root).len()) + pages(state.trash_of(uid).len()))
            .sum();
        let folders = (0..state.tree.len()).filter(|nid| state.tree.folder(*nid).is_some() && state.must_walk(*nid));
        roots + folders.map(|nid| pages(state.tree.children(nid).len())).sum::<u64>()
    }
}

impl State {
    fn must_list(&self, nid: Nid) -> bool {
        matches!(self.tree.at(nid).what, What::File(_)) && self.must_bring(nid)
    }

    fn must_bring(&self, nid: Nid) -> bool {
        self.must_walk(nid) || (self.is_ours(nid) && self.tree.is_trashed(nid))
    }

    fn stocked(&self, nid: Nid) -> Stocked {
        let (sort, owner) = match self.tree.at(nid).what {
            What::File(_) => (Sort::File, self.user(self.tree.owner(nid))),
            What::Folder(_) => (Sort::Folder, self.user(self.tree.owner(nid))),
            What::WebLink(_) => (Sort::Bookmark, self.user(self.tree.owner(nid))),
        };
        let is_file = sort == Sort::File;
        Stocked {
            id: self.tree.id(nid).to_string(),
            sort,
            path: self.tree.path(nid),
            place: self.is_ours(nid).then(|| owner.id.to_string()),
            owner: owner.login.clone(),
            bytes: if is_file { self.tree.size(nid) } else { 0 },
            version: if is_file { self.tree.version_id(nid).to_string() } else { String::new() },
            trashed: self.tree.is_trashed(nid),
        }
    }

    /// True for what is not in the trash and somebody of the company sees; not for roots.
    fn must_walk(&self, nid: Nid) -> bool {
        !self.tree.is_root(nid) && self.tree.is_live(nid) && (self.is_ours(nid) || self.reaches_someone(nid))
    }

    /// True when it belongs to somebody of the company who can act.
    fn is_ours(&self, nid: Nid) -> bool {
        let owner = self.user(self.tree.owner(nid));
        owner.home == Home::Company && owner.status != "inactive"
    }

    /// True when somebody of the company who can act may see it.
    fn reaches_someone(&self, nid: Nid) -> bool {
        (1..)
            .zip(&self.users[1..])
            .any(|(uid, user)| user.home == Home::Company && user.status != "inactive" && self.role(uid, nid).is_some())
    }

    fn surveyed(&self, nid: Nid) -> SurveyedFile {
        SurveyedFile {
            id: self.tree.id(nid).to_string(),
            owner: self.user(self.tree.owner(nid)).login.clone(),
            path: self.tree.path(nid),
            sha1: self.tree.sha1(nid),
            size: self.tree.size(nid),
            trashed: self.tree.is_trashed(nid),
            expected: self.expected(nid),
        }
    }

    fn expected(&self, nid: Nid) -> Expected {
        let foreign = self.user(self.tree.owner(nid)).home == Home::Partner;
        let above: Vec<Nid> = self.tree.upwards(nid).collect();
        let link = |access: &str| {
            above.iter().any(|at| self.link_now(*at).is_some_and(|link| self.effective_access(link) == access))
        };
        let members: Vec<&Whom> = above
            .iter()
            .flat_map(|at| self.collabs_of(*at))
            .filter(|collab| !collab.is_over(self.now))
            .map(|collab| &collab.whom)
            .collect();
        let level = if link("open") {
            "public"
        } else if foreign || members.iter().any(|whom| self.is_outside(whom)) {
            "external"
        } else if link("company") || !members.is_empty() {
            "internal"
        } else {
            "private"
        };
        let hidden = foreign && above.iter().any(|at| self.tree.folder(*at).is_some_and(|folder| folder.hides_members));
        Expected { level, hidden }
    }
}
