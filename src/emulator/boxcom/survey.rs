//! What a full scan must find.
use super::Tenant;
use super::state::{Home, State};
use super::tree::{Nid, What};

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
}
/// What a file's exposure must come out as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected;
impl Tenant {
    /// Every file that a full scan must list.
    #[must_use]
    pub fn files(&self) -> Vec<SurveyedFile> {
        let state = self.state();
        (0..state.tree.len()).filter(|nid| state.must_list(*nid)).map(|nid| state.surveyed(nid)).collect()
    }
}
impl State {
    fn must_list(&self, nid: Nid) -> bool {
        let file = matches!(self.tree.at(nid).what, What::File(_));
        let owner = self.user(self.tree.owner(nid));
        let ours = owner.home == Home::Company && owner.status != "inactive";
        file && ((ours && (self.tree.is_live(nid) || self.tree.is_trashed(nid))) || self.reaches_someone(nid))
    }
    fn reaches_someone(&self, nid: Nid) -> bool {
        self.tree.is_live(nid)
            && (1..).zip(&self.users[1..]).any(|(uid, user)| {
                user.home == Home::Company && user.status != "inactive" && self.role(uid, nid).is_some()
            })
    }
    fn surveyed(&self, nid: Nid) -> SurveyedFile {
        SurveyedFile {
            id: self.tree.id(nid).to_string(),
            owner: self.user(self.tree.owner(nid)).login.clone(),
            path: self.tree.path(nid),
            sha1: self.tree.sha1(nid),
            size: self.tree.size(nid),
            trashed: self.tree.is_trashed(nid),
        }
    }
}
