//! What the tenant itself shows of an item, as far as a restore gives it back: all but links' addresses and passwords.

use super::scene::Scene;
use sluicebox::clock::Moment;
use sluicebox::model::Provider;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    id: String,
    path: String,
    place: String,
    owner: String,
    /// Whom it lets in, when it ends, whether it lets download.
    links: Vec<(String, Option<Moment>, bool)>,
    /// Who, as what; its own members.
    members: Vec<(String, String)>,
    versions: Vec<String>,
    hash: String,
    trashed: bool,
}

impl Look {
    pub(super) fn at(scene: &Scene, provider: Provider, id: &str) -> Self {
        let tenants = &scene.house.tenants;
        let mut look = match provider {
            Provider::Box => {
                let seen = tenants.boxcom.seen(id).expect("an item");
                Self {
                    id: id.to_owned(),
                    path: format!("{}/{}", seen.parent, seen.name),
                    place: String::new(),
                    owner: seen.owner,
                    links: seen.link.iter().map(|one| (one.access.to_owned(), one.until, one.download)).collect(),
                    members: seen.members.iter().map(|one| (one.whom.clone(), one.role.to_owned())).collect(),
                    versions: seen.versions,
                    hash: seen.sha1,
                    trashed: seen.trashed,
                }
            }
            Provider::Dropbox => {
                let seen = tenants.dropbox.seen(id).expect("an item");
                let own = seen.members.iter().filter(|one| !one.inherited && one.role != "owner");
                Self {
                    id: id.to_owned(),
                    path: seen.path,
                    place: seen.namespace,
                    owner: seen.owner,
                    links: seen.links.iter().map(|one| (one.asked.to_owned(), one.expires, one.download)).collect(),
                    members: own.map(|one| (one.who.clone(), one.role.to_owned())).collect(),
                    versions: seen.revs,
                    hash: seen.hash,
                    trashed: seen.trashed,
                }
            }
        };
        look.members.sort();
        look.links.sort();
        look
    }

    pub(super) fn is_closed(&self) -> bool {
        self.links.is_empty() && self.members.is_empty()
    }

    pub(super) fn is_trashed(&self) -> bool {
        self.trashed
    }
}
