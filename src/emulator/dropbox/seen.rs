//! Items and people as the tenant itself knows them: what a test holds a caller's claims against.
//!
//! Told from the state, in words of its own and without any route, so that a caller that misreads an answer is found out.

use super::Tenant;
use super::links;
use super::state::State;
use super::state::people::Status;
use super::state::sharing::{Audience, Share, Whom};
use super::state::tree::{Kind, NodeId, SpaceId, SpaceKind};
use crate::clock::Moment;
use crate::emulator::hex;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLink {
    /// Address.
    pub url: String,
    /// Login of the one who made it.
    pub owner: String,
    /// Whom it was asked to let in: `public`, `team`, `members` (of the shared folder) or `no_one` new.
    pub asked: &'static str,
    /// Whom it lets in, in the same words, after the policies of team and folder.
    pub audience: &'static str,
    /// Its password.
    pub password: Option<String>,
    /// When it ends or ended.
    pub expires: Option<Moment>,
    /// Lets its visitors download.
    pub download: bool,
}

/// Somebody who has access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMember {
    /// Login, address of an invitation, or `group:` and the group's name.
    pub who: String,
    /// `owner`, `editor`, `viewer` or `viewer_no_comment`.
    pub role: &'static str,
    /// True when it comes from the shared or team folder above.
    pub inherited: bool,
    /// True for people, groups and addresses outside the team.
    pub outside: bool,
}

/// A value of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLabel {
    /// Name of the template.
    pub template: String,
    /// Name of the field.
    pub field: String,
    /// Value.
    pub value: String,
}

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Id.
    pub id: String,
    /// Path within its namespace, beginning with `/`; of what is in the trash, the last it had.
    pub path: String,
    /// Id of the namespace it lies in.
    pub namespace: String,
    /// Login of the owner; empty for what the team owns.
    pub owner: String,
    /// True for a folder, also for one that shows a shared or team folder.
    pub folder: bool,
    /// Of a folder that is shared itself: id of its namespace.
    pub shared_folder: Option<String>,
    /// Of a folder that is shared itself, its policies: who may become a member (`anyone`, `team`), who may change members
    /// (`owner`, `editors`), whom links let in (`anyone`, `team`, `members`).
    pub policies: Option<(String, String, String)>,
    /// Links of its own, those of folders above not among them. Empty while it is in the trash.
    pub links: Vec<SeenLink>,
    /// Who has access by name: the owner first, then its own members, then inherited ones.
    pub members: Vec<SeenMember>,
    /// In the trash: it can be restored.
    pub trashed: bool,
    /// Deleted for good.
    pub purged: bool,
    /// Current revision; empty for a folder.
    pub rev: String,
    /// Every revision, oldest first.
    pub revs: Vec<String>,
    /// Content hash, lower-case hex; empty for a folder.
    pub hash: String,
    /// Content; empty for a folder.
    pub body: Vec<u8>,
    /// Values of templates.
    pub labels: Vec<SeenLabel>,
    /// Tags, which the service keeps in lower case.
    pub tags: Vec<String>,
    /// Login of whoever has locked it.
    pub lock: Option<String>,
    /// Names of the active legal holds that keep it.
    pub held: Vec<String>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPerson {
    /// Login.
    pub login: String,
    /// `active`, `invited`, `suspended`, `removed` or `outside`.
    pub status: &'static str,
    /// True when their devices were told to delete all files: what a careful caller never does.
    pub wiped: bool,
    /// Ids of the sessions they are signed in with.
    pub sessions: Vec<String>,
    /// Ids of the apps they have linked.
    pub apps: Vec<String>,
    /// What they were given by name, groups apart: id of the namespace or file, and the role.
    pub shares: Vec<(String, &'static str)>,
}

impl Tenant {
    /// A file or folder by its id, also one in the trash; a shared or team folder also by the id of its namespace. `None`
    /// when there never was one.
    #[must_use]
    pub fn seen(&self, id: &str) -> Option<Seen> {
        let state = self.settled();
        let by_space = || {
            let there = state.tree.space(state.tree.space_by_id(id)?);
            Some(there.mounts.first().copied().unwrap_or(there.root))
        };
        let node = state.tree.by_id(id).or_else(by_space)?;
        Some(seen(&state, node))
    }

    /// A person by key, login or member id. `None` when there is nobody of that name.
    #[must_use]
    pub fn seen_member(&self, who: &str) -> Option<SeenPerson> {
        let state = self.settled();
        let people = &state.people;
        let person = people.by_key(who).or_else(|| people.by_email(who)).or_else(|| people.by_member(who))?;
        Some(seen_person(&state, person))
    }
}

fn seen(state: &State, node: NodeId) -> Seen {
    let space = state.tree.space_of(node);
    let mounted = match state.tree.kind(node) {
        Kind::Mount(mounted) => Some(*mounted),
        _ if state.tree.parent(node).is_none() && state.tree.space(space).sharing.is_some() => Some(space),
        _ => None,
    };
    let (purged, alive) = (state.purged.contains(&node), state.tree.alive(node));
    let current = state.tree.current(node);
    let sharing = mounted.and_then(|space| state.tree.space(space).sharing.as_ref());
    let policy = |sharing: &super::state::sharing::Sharing| {
        (sharing.member_policy.clone(), sharing.acl_policy.clone(), sharing.link_policy.clone())
    };
    Seen {
        id: state.tree.id(node),
        path: state.tree.path(node),
        namespace: state.tree.space(space).id.clone(),
        owner: owner(state, mounted.unwrap_or(space)).map(|person| login(state, person)).unwrap_or_default(),
        folder: !state.tree.is_file(node),
        shared_folder: mounted.map(|space| state.tree.space(space).id.clone()),
        policies: sharing.map(policy),
        links: if alive { links_of(state, node) } else { Vec::new() },
        members: members(state, node, mounted),
        trashed: !alive && !purged,
        purged,
        rev: current.as_ref().map(|version| version.rev_text()).unwrap_or_default(),
        revs: state.tree.versions(node).iter().map(super::state::file::Version::rev_text).collect(),
        hash: current.as_ref().map(|version| hex(&version.hash)).unwrap_or_default(),
        body: current.map(|version| version.body.to_vec()).unwrap_or_default(),
        labels: labels(state, node),
        tags: state.tags.get(&node).into_iter().flatten().cloned().collect(),
        lock: state.locks.get(&node).map(|lock| login(state, lock.holder)),
        held: super::marks::holds_on(state, node).into_iter().map(|hold| state.holds[hold].name.clone()).collect(),
    }
}

fn login(state: &State, person: usize) -> String {
    state.people.all[person].email.to_owned()
}

fn owner(state: &State, space: SpaceId) -> Option<usize> {
    super::relocate::owner(state, space)
}

fn links_of(state: &State, node: NodeId) -> Vec<SeenLink> {
    let of_node = state.links.iter().filter(|link| link.node == node);
    let told = |link: &super::state::sharing::Link| SeenLink {
        url: link.url(state.tree.is_file(node)),
        owner: login(state, link.owner),
        asked: link.audience.tag(),
        audience: Audience::tag(links::effective(state, link)),
        password: link.password.clone(),
        expires: link.expires,
        download: link.allow_download,
    };
    of_node.map(told).collect()
}

fn member(state: &State, share: &Share, inherited: bool) -> SeenMember {
    let (who, outside) = match &share.whom {
        Whom::Person(person) => (login(state, *person), !state.people.ours(*person)),
        Whom::Group(group) => {
            let group = &state.people.groups[*group];
            (format!("group:{}", group.name), !group.ours)
        }
        Whom::Invitee(address) => (address.clone(), true),
    };
    SeenMember { who, role: share.role.tag(), inherited, outside }
}

fn members(state: &State, node: NodeId, mounted: Option<SpaceId>) -> Vec<SeenMember> {
    let shares = |space: SpaceId| {
        let sharing = state.tree.space(space).sharing.as_ref();
        sharing.map(|sharing| sharing.shares.clone()).unwrap_or_default()
    };
    if let Some(space) = mounted {
        return shares(space).iter().map(|share| member(state, share, false)).collect();
    }
    let space = state.tree.space_of(node);
    let mut found = Vec::new();
    if let SpaceKind::Home(owner) | SpaceKind::App(owner) = state.tree.space(space).kind {
        found.push(SeenMember { who: login(state, owner), role: "owner", inherited: false, outside: false });
    }
    found.extend(state.file_members.get(&node).into_iter().flatten().map(|share| member(state, share, false)));
    found.extend(shares(space).iter().map(|share| member(state, share, true)));
    found
}

fn labels(state: &State, node: NodeId) -> Vec<SeenLabel> {
    let mut found = Vec::new();
    for group in state.properties.get(&node).into_iter().flatten() {
        let name = state.templates.iter().find(|template| template.id == group.template);
        let name = name.map(|template| template.name.clone()).unwrap_or_default();
        for (field, value) in &group.fields {
            found.push(SeenLabel { template: name.clone(), field: field.clone(), value: value.clone() });
        }
    }
    found
}

fn seen_person(state: &State, number: usize) -> SeenPerson {
    let person = &state.people.all[number];
    let status = match person.status {
        Status::Outside => "outside",
        status => status.tag().unwrap_or("outside"),
    };
    let by_name = Whom::Person(number);
    let mut shares = Vec::new();
    for space in state.tree.all_spaces().filter(|space| state.tree.space(*space).alive) {
        let there = state.tree.space(space);
        let given = there.sharing.iter().flat_map(|sharing| &sharing.shares).filter(|share| share.whom == by_name);
        shares.extend(given.map(|share| (there.id.clone(), share.role.tag())));
    }
    for (node, given) in &state.file_members {
        let given = given.iter().filter(|share| share.whom == by_name);
        shares.extend(given.map(|share| (state.tree.id(*node), share.role.tag())));
    }
    SeenPerson {
        login: person.email.to_owned(),
        status,
        wiped: state.wiped.contains(&number),
        sessions: state.signed_in.iter().filter(|one| one.person == number).map(|one| one.id.clone()).collect(),
        apps: state.apps.iter().filter(|app| app.person == number).map(|app| app.id.clone()).collect(),
        shares,
    }
}
