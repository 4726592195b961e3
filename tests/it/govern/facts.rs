//! What the tenant itself shows of an item or person, in words that are the same for both providers: the judge's own eyes.
//!
//! Nothing here asks by a route, so that a connector that misreads an answer is found out.

use super::world::World;
use sluicebox::clock::Moment;
use sluicebox::emulator::{boxcom, dropbox};
use sluicebox::model::Provider;
use std::collections::BTreeMap;

/// An item or a person as the tenant knows them. A row's `after` is written as a change of this: what it does not name must
/// be as before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) name: String,
    /// Box: id of the folder it lies in; Dropbox: its folder's path.
    pub(super) folder: String,
    /// Dropbox: the namespace.
    pub(super) place: String,
    pub(super) owner: String,
    pub(super) links: Vec<LinkFact>,
    /// What stands in the links' addresses: another one for a link made anew.
    pub(super) addresses: Vec<String>,
    /// Who has access by name on the item itself, and as what; in order. Not its owner.
    pub(super) members: Vec<(String, String)>,
    /// The same from folders above.
    pub(super) inherited: Vec<(String, String)>,
    /// Whether outsiders may be invited, and whether others than the owner may invite.
    pub(super) invitations: Option<(bool, bool)>,
    pub(super) label: Option<String>,
    pub(super) lock: Option<LockFact>,
    pub(super) holds: Vec<String>,
    pub(super) retention: Option<String>,
    pub(super) comments: Vec<String>,
    pub(super) tasks: Vec<String>,
    pub(super) trashed: bool,
    pub(super) purged: bool,
    pub(super) hash: String,
    pub(super) versions: usize,
    /// Whatever else the tenant keeps: description, tags.
    pub(super) rest: String,
    /// What lies at the paths a row watches: the content's hash, `folder`, or nothing.
    pub(super) watched: BTreeMap<&'static str, Option<String>>,
    /// A person's.
    pub(super) person: Option<PersonFact>,
}

/// A link of the item's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkFact {
    /// Whom it lets in, in effect: `public`, `company`, `members`.
    pub(super) audience: &'static str,
    /// Whom it was made for.
    pub(super) asked: &'static str,
    pub(super) password: bool,
    pub(super) expires: Option<Moment>,
    pub(super) download: bool,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LockFact {
    pub(super) by: String,
    pub(super) until: Option<Moment>,
    pub(super) no_download: bool,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PersonFact {
    pub(super) status: &'static str,
    pub(super) password_asked: bool,
    /// Sessions (Dropbox); at Box, which tells none, 1 once a request ended all.
    pub(super) sessions: usize,
    pub(super) apps: usize,
    /// What they are a member of, by id, and as what; in order.
    pub(super) shares: Vec<(String, String)>,
    /// True when a device was told to delete its files.
    pub(super) wiped: bool,
}

/// The word of [`LinkFact::audience`] for a provider's own.
pub(super) fn audience(word: &str) -> &'static str {
    match word {
        "open" | "public" => "public",
        "company" | "team" => "company",
        "collaborators" | "members" | "no_one" => "members",
        other => panic!("no audience {other}"),
    }
}

/// An item by its id, with what lies at these paths.
pub(super) fn of_item(world: &World, id: &str, watched: &[&'static str]) -> Facts {
    let mut facts = match world.provider() {
        Provider::Box => of_box(&world.boxcom().seen(id).expect("an item of the tenant")),
        Provider::Dropbox => of_dropbox(&world.dropbox().seen(id).expect("an item of the tenant")),
    };
    facts.watched = watched.iter().map(|path| (*path, world.lies_at(path))).collect();
    facts
}

/// A person of the cast, by key.
pub(super) fn of_person(world: &World, key: &str) -> Facts {
    let person = match world.provider() {
        Provider::Box => {
            let tenant = world.boxcom();
            let seen = tenant.seen_user(&tenant.user_id(key).expect("a person")).expect("a person");
            let shares = seen.member_of.iter().map(|share| (share.item.clone(), share.role.to_owned()));
            PersonFact {
                status: seen.status,
                password_asked: seen.password_asked,
                sessions: usize::from(seen.sessions_ended > 0),
                apps: 0,
                shares: sorted(shares.collect()),
                wiped: false,
            }
        }
        Provider::Dropbox => {
            let seen = world.dropbox().seen_member(key).expect("a person");
            let shares = seen.shares.iter().map(|(item, role)| (item.clone(), (*role).to_owned()));
            PersonFact {
                status: seen.status,
                password_asked: false,
                sessions: seen.sessions.len(),
                apps: seen.apps.len(),
                shares: sorted(shares.collect()),
                wiped: seen.wiped,
            }
        }
    };
    Facts { person: Some(person), ..Facts::default() }
}

fn sorted(mut pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    pairs.sort();
    pairs
}

fn of_box(seen: &boxcom::Seen) -> Facts {
    let pairs = |members: &[boxcom::SeenMember]| {
        sorted(members.iter().map(|member| (member.whom.clone(), member.role.to_owned())).collect())
    };
    let link = |link: &boxcom::SeenLink| LinkFact {
        audience: audience(link.effective),
        asked: audience(link.access),
        password: link.password,
        expires: link.until,
        download: link.download,
    };
    Facts {
        name: seen.name.clone(),
        folder: seen.parent.clone(),
        place: String::new(),
        owner: seen.owner.clone(),
        links: seen.link.iter().map(link).collect(),
        addresses: seen.link.iter().map(|link| link.code.clone()).collect(),
        members: pairs(&seen.members),
        inherited: pairs(&seen.inherited),
        invitations: (seen.kind == "folder").then_some((!seen.company_only, !seen.owners_invite)),
        label: seen.label.clone(),
        lock: seen.lock.as_ref().map(|lock| LockFact {
            by: lock.by.clone(),
            until: lock.until,
            no_download: lock.no_download,
        }),
        holds: seen.holds.clone(),
        retention: seen.retention.clone(),
        comments: seen.comments.iter().map(|comment| comment.message.clone()).collect(),
        tasks: seen.tasks.iter().map(|task| format!("{} for {}", task.message, task.assigned.join(", "))).collect(),
        trashed: seen.trashed,
        purged: seen.purged,
        hash: seen.sha1.clone(),
        versions: seen.versions.len(),
        rest: format!("{:?} {:?}", seen.description, seen.tags),
        ..Facts::default()
    }
}

fn of_dropbox(seen: &dropbox::Seen) -> Facts {
    let pairs = |inherited: bool| {
        let members = seen.members.iter().filter(|member| member.inherited == inherited && member.role != "owner");
        sorted(members.map(|member| (member.who.clone(), member.role.to_owned())).collect())
    };
    let link = |link: &dropbox::SeenLink| LinkFact {
        audience: audience(link.audience),
        asked: audience(link.asked),
        password: link.password.is_some(),
        expires: link.expires,
        download: link.download,
    };
    let (mut links, mut addresses): (Vec<_>, Vec<_>) =
        seen.links.iter().map(|one| (link(one), one.url.clone())).unzip();
    links.sort_by_key(|link| format!("{link:?}"));
    addresses.sort();
    let (folder, name) = seen.path.rsplit_once('/').unwrap_or_default();
    Facts {
        name: name.to_owned(),
        folder: folder.to_owned(),
        place: seen.namespace.clone(),
        owner: seen.owner.clone(),
        links,
        addresses,
        members: pairs(false),
        inherited: pairs(true),
        invitations: seen.policies.as_ref().map(|(members, changes, _)| (members == "anyone", changes != "owner")),
        label: seen.labels.first().map(|label| label.value.clone()),
        lock: seen.lock.clone().map(|by| LockFact { by, until: None, no_download: false }),
        holds: seen.held.clone(),
        retention: None,
        comments: Vec::new(),
        tasks: Vec::new(),
        trashed: seen.trashed,
        purged: seen.purged,
        hash: seen.hash.clone(),
        versions: seen.revs.len(),
        rest: format!("{:?}", seen.tags),
        ..Facts::default()
    }
}
