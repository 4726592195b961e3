//! The tenant to begin with: the cast, the files of the fill, made-up ones, and one file for every kind of share.

use super::super::bounds::History;
use super::super::seed::{CAST, Fill, Part, made_up};
use super::collab::{Collab, Whom};
use super::feed::HAPPENED_MAX;
use super::keys;
use super::rights::Rights;
use super::state::{Group, Home, Role, State, User};
use super::token::Tokens;
use super::tree::{Folder, Held, Lock, Nid, SharedLink, Tree, Uid, Version, Versions, What, sha1_of};
use crate::clock::Moment;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How far back the first things were made.
const AGE: Duration = Duration::from_secs(400 * 86_400);

impl State {
    /// The state to begin with.
    pub(super) fn filled(seed: u64, now: Moment, fill: &Fill) -> Self {
        let mut state = Self::empty(seed, now);
        state.add_people();
        state.add_groups();
        for file in &fill.files {
            if let Some((owner, path)) = file.path.split_first() {
                let root = state.root_for(owner);
                state.put(root, path, file.body.clone(), now.minus(AGE));
            }
        }
        state.add_shares();
        state.add_made_up(fill.made_up);
        for deed in &fill.deeds {
            // A deed about what is not there changes nothing.
            let _ = state.play(deed);
        }
        state.offered.clear();
        state
    }

    fn empty(seed: u64, now: Moment) -> Self {
        Self {
            seed,
            now,
            requests: 0,
            doors: ["http://127.0.0.1", "http://127.0.0.1", "http://127.0.0.1"].map(String::from),
            users: Vec::new(),
            groups: Vec::new(),
            tree: Tree::new(seed),
            collabs: BTreeMap::new(),
            collabs_on: HashMap::new(),
            tokens: Tokens::default(),
            rights: Rights::default(),
            odd_pages: 12,
            happened: History::keeping(HAPPENED_MAX),
            offered: HashMap::new(),
            positions: super::feed::Positions::default(),
            hooks: BTreeMap::new(),
            notices: VecDeque::new(),
            uploads: BTreeMap::new(),
            templates: BTreeMap::new(),
            comments: BTreeMap::new(),
            tasks: BTreeMap::new(),
            cascades: BTreeMap::new(),
            holds: super::holds::Holds::default(),
            retentions: super::retention::Retentions::default(),
            shields: BTreeMap::new(),
            links_at_most: "open",
            links_download: true,
            effects: crate::emulator::Effects::default(),
            by_request: false,
            next_number: 5_604_000_000 + seed % 1_000 * 1_000,
        }
    }

    fn add_people(&mut self) {
        self.add_user("service", "Emulator App", keys::SERVICE_LOGIN, "user", "active", Home::Service);
        for person in CAST {
            let (role, status, home) = match person.part {
                Part::Admin => ("admin", "active", Home::Company),
                Part::CoAdmin => ("coadmin", "active", Home::Company),
                Part::Member => ("user", "active", Home::Company),
                Part::Inactive => ("user", "inactive", Home::Company),
                Part::Partner => ("user", "active", Home::Partner),
                // On Box nobody is a user before accepting.
                Part::Invited => continue,
            };
            self.add_user(person.key, person.name, person.login, role, status, home);
        }
    }

    fn add_user(
        &mut self,
        key: &'static str,
        name: &str,
        login: &str,
        role: &'static str,
        status: &'static str,
        home: Home,
    ) {
        let uid = Uid::try_from(self.users.len()).unwrap_or(Uid::MAX);
        let folder = Folder { root_of: Some(uid), ..Folder::default() };
        let root = self.tree.add(self.tree.len(), None, What::Folder(Box::new(folder)), self.now.minus(AGE));
        let id = 18_000_000_000 + self.seed % 1_000 * 1_000 + u64::from(uid) * 7;
        self.users.push(User {
            id,
            key,
            name: name.into(),
            login: login.into(),
            role,
            status,
            home,
            root,
            aside_bytes: 0,
            password_asked: false,
            sessions_ended: 0,
        });
    }

    fn add_groups(&mut self) {
        let members = |state: &State, keys: &[&str]| -> Vec<Uid> {
            keys.iter().filter_map(|key| state.user_by_key(key)).collect()
        };
        let everyone: Vec<&str> = CAST
            .iter()
            .filter(|person| !matches!(person.part, Part::Partner | Part::Invited))
            .map(|person| person.key)
            .collect();
        for (name, keys) in
            [("Finance", &["erin", "frank"][..]), ("Everyone", &everyone), ("Project X", &["frank", "pat"])]
        {
            let (id, uids) = (self.fresh(), members(self, keys));
            let members = uids.into_iter().map(|uid| (self.fresh(), uid)).collect();
            self.groups.push(Group { id, name: name.into(), members, created: self.now.minus(AGE) });
        }
    }

    /// The root that paths of that first step lie under; `team` is a folder of the admin's shared with `Everyone`.
    pub(super) fn root_for(&mut self, owner: &str) -> Nid {
        if owner == "team" {
            let root = self.root_for("ada");
            if let Some(team) = self.tree.child(root, "Company") {
                return team;
            }
            let team = self.folder_in(root, "Company");
            let everyone = self.groups.iter().position(|group| group.name == "Everyone").unwrap_or(0);
            self.share(team, Whom::Group(everyone), Role::Editor);
            return team;
        }
        let uid = self.user_by_key(owner).unwrap_or_else(|| self.user_by_key("erin").unwrap_or(0));
        self.user(uid).root
    }

    /// The folder of that name, made when there is none.
    pub(super) fn folder_in(&mut self, parent: Nid, name: &str) -> Nid {
        let found = self.tree.child(parent, name);
        found.unwrap_or_else(|| {
            let at = self.now.minus(AGE);
            self.tree.add(parent, Some(name.into()), What::Folder(Box::default()), at)
        })
    }

    /// Puts a file below a folder, making folders as needed; an existing one is left as it is.
    fn put(&mut self, top: Nid, path: &[String], body: Arc<[u8]>, at: Moment) -> Nid {
        let Some((name, folders)) = path.split_last() else { return top };
        let parent = folders.iter().fold(top, |parent, folder| self.folder_in(parent, folder));
        if let Some(found) = self.tree.child(parent, name) {
            return found;
        }
        self.new_file(parent, name, body, at)
    }

    /// A new file in a folder.
    pub(super) fn new_file(&mut self, parent: Nid, name: &str, body: Arc<[u8]>, at: Moment) -> Nid {
        let (id, by) = (self.fresh() * 10, self.tree.owner(parent));
        let current = Version { id, sha1: sha1_of(&body), body, at, by, trashed: None };
        let versions = Box::new(Versions { current, earlier: Vec::new() });
        self.tree.add(parent, Some(name.into()), What::File(Held::Kept(versions)), at)
    }

    /// A file with a line of text in it, below a person's root.
    fn note(&mut self, owner: &str, path: &[&str]) -> Nid {
        let root = self.root_for(owner);
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        let text = format!("{}: a note of {owner}.\n", path.join(" / "));
        self.put(root, &path, text.into_bytes().into(), self.now.minus(AGE / 2))
    }

    /// The folder of a note.
    fn folder_of(&self, nid: Nid) -> Nid {
        self.tree.at(nid).parent
    }

    fn link_on(&mut self, nid: Nid, access: &'static str, password: bool, until: Option<Moment>) {
        let code = self.fresh_code();
        let link = SharedLink { code, access, password, until, download: true, edit: false };
        self.tree.extra_mut(nid).link = Some(link);
    }

    fn share(&mut self, nid: Nid, whom: Whom, role: Role) -> u64 {
        let by = self.tree.owner(nid);
        let status = if matches!(whom, Whom::Invited(_)) { "pending" } else { "accepted" };
        let collab = Collab {
            id: self.fresh(),
            item: nid,
            whom,
            role,
            status,
            until: None,
            by,
            at: self.now.minus(AGE / 3),
            path_visible: false,
        };
        let id = collab.id;
        self.collabs_on.entry(nid).or_default().push(id);
        self.collabs.insert(id, collab);
        id
    }

    fn person(&self, key: &str) -> Whom {
        Whom::User(self.user_by_key(key).unwrap_or(0))
    }

    fn group(&self, name: &str) -> Whom {
        Whom::Group(self.groups.iter().position(|group| group.name == name).unwrap_or(0))
    }

    /// One file for each way a file can be shared, labelled, locked, kept or lost.
    fn add_shares(&mut self) {
        self.add_links();
        self.add_members();
        self.add_partner();
        self.add_states();
    }

    fn add_links(&mut self) {
        let (past, future) =
            (self.now.minus(Duration::from_secs(3_600)), self.now.plus(Duration::from_secs(30 * 86_400)));
        for (name, access, password, until) in [
            ("open.txt", "open", false, None),
            ("open with password.txt", "open", true, None),
            ("open until later.txt", "open", false, Some(future)),
            ("open no longer.txt", "open", false, Some(past)),
            ("for the company.txt", "company", false, None),
            ("for collaborators.txt", "collaborators", false, None),
        ] {
            let nid = self.note("grace", &["Links", name]);
            self.link_on(nid, access, password, until);
        }
        let inner = self.note("grace", &["Open folder", "Deeper", "inherits the link.txt"]);
        let top = self.folder_of(self.folder_of(inner));
        self.link_on(top, "open", false, None);
        self.note("grace", &["Private", "nobody else.txt"]);
    }

    fn add_members(&mut self) {
        let direct = self.note("heidi", &["Members", "one colleague.txt"]);
        self.share(direct, self.person("frank"), Role::Viewer);
        let outside = self.note("heidi", &["Members", "one outsider.txt"]);
        self.share(outside, self.person("pat"), Role::Viewer);
        let invited = self.note("heidi", &["Members", "invited outsider.txt"]);
        self.share(invited, Whom::Invited("olga@outside.example.org".into()), Role::Viewer);
        let colleague = self.note("heidi", &["Members", "invited colleague.txt"]);
        self.share(colleague, Whom::Invited("nina@example.com".into()), Role::Viewer);
        let inner = self.note("heidi", &["Finance room", "Year", "inherits a group.txt"]);
        self.share(self.folder_of(self.folder_of(inner)), self.group("Finance"), Role::Editor);
        let project = self.note("heidi", &["Project X", "group with an outsider.txt"]);
        self.share(self.folder_of(project), self.group("Project X"), Role::Editor);
    }

    fn add_partner(&mut self) {
        let theirs = self.note("pat", &["Joint offer", "theirs.txt"]);
        let folder = self.folder_of(theirs);
        self.share(folder, self.person("erin"), Role::Editor);
        let hidden = self.note("pat", &["Closed list", "hidden members.txt"]);
        let folder = self.folder_of(hidden);
        self.share(folder, self.person("frank"), Role::Viewer);
        if let Some(folder) = self.tree.folder_mut(folder) {
            folder.hides_members = true;
            folder.owners_invite = true;
        }
        self.note("pat", &["Not for us", "unseen.txt"]);
    }

    fn add_states(&mut self) {
        let now = self.now;
        let labelled = self.note("frank", &["States", "labelled.txt"]);
        self.set_label(labelled, "Confidential");
        let locked = self.note("frank", &["States", "locked.txt"]);
        let (id, by) = (self.fresh(), self.tree.owner(locked));
        self.tree.extra_mut(locked).lock =
            Some(Lock { id, by, at: now.minus(AGE / 4), until: None, no_download: false });
        let held = self.note("frank", &["States", "held.txt"]);
        let policy = self.hold_named("Pending case");
        let on = super::holds::On::item(self, held);
        self.assign_hold(policy, on, 0);
        self.retention_named("Seven years");
        let versions = self.note("frank", &["States", "three versions.txt"]);
        for text in ["The second version.\n", "The third version.\n"] {
            self.new_version(versions, text.as_bytes().into(), None);
        }
        let gone = self.note("frank", &["States", "in the trash.txt"]);
        self.put_in_trash(gone);
        let inner = self.note("frank", &["Trashed folder", "within.txt"]);
        self.put_in_trash(self.folder_of(inner));
        self.note("ivan", &["Left behind", "of an inactive person.txt"]);
        let states = self.folder_of(labelled);
        self.tree.add(
            states,
            Some("Handbook".into()),
            What::WebLink("https://www.example.com/handbook".into()),
            now.minus(AGE),
        );
    }

    /// Made-up files by their numbers, in the folders these say.
    fn add_made_up(&mut self, count: u64) {
        let at = self.now.minus(AGE / 5);
        for number in 0..made_up::folders(count) {
            let root = self.root_for(made_up::owner(number));
            let top = self.folder_in(root, made_up::TOP);
            let folder =
                self.tree.add(top, Some(made_up::folder_name(number).into()), What::Folder(Box::default()), at);
            for file in made_up::files(number, count) {
                self.tree.add(folder, None, What::File(Held::MadeUp(file)), at);
            }
        }
    }
}
