//! The Dropbox connector against the emulator's Dropbox tenant: what each call brings, and what it survives. (What both
//! connectors must do alike is the list of behaviours in `provider/`.)

use sluicebox::clock::{Clock, Moment};
use sluicebox::emulator::dropbox as emulated;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{self, Answer, Asked, Cloud, Door, Faults, Running};
use sluicebox::model::{
    ActivityKind, Actor, Audience, Directory, Download, Item, ItemKind, Members, Principal, Provider, Role, Side,
    Status, Who,
};
use sluicebox::provider::dropbox::{Tenant, auth, hook};
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{self, DropboxSettings, Limits};
use sluicebox::provider::vault::Kept;
use sluicebox::provider::{
    CapabilityState, FeedCursor, FoundLink, Next, Onward, Page, Secret, Settings, Shared, Source, Walk, Wanted,
};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// A tenant, its doors, and a vault with what its admin consented to.
struct Stage {
    tenant: Arc<emulated::Tenant>,
    running: Running,
    clock: Clock,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self::with(1, Faults::default())
    }

    fn with(seed: u64, faults: Faults) -> Self {
        Self::behind(seed, faults, |tenant| tenant)
    }

    /// With something before the tenant that changes its answers.
    fn behind(seed: u64, faults: Faults, front: impl Fn(Arc<emulated::Tenant>) -> Arc<dyn emulator::Cloud>) -> Self {
        let clock = Clock::movable();
        let tenant = Arc::new(emulated::Tenant::new(seed, clock.clone(), &Fill::small()));
        let cloud = front(Arc::clone(&tenant));
        let doors = [Door::DropboxApi, Door::DropboxContent, Door::DropboxNotify];
        let running = emulator::start(emulator::Options {
            seed,
            clock: clock.clone(),
            faults,
            clouds: doors.map(|door| (door, Arc::clone(&cloud))).to_vec(),
            ..emulator::Options::default()
        })
        .unwrap();
        http::install_tls();
        Self { tenant, running, clock, folder: tempfile::tempdir().unwrap() }
    }

    fn url(&self, door: Door, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.running.address(door).unwrap())).unwrap()
    }

    fn cloud(&self) -> DropboxSettings {
        let keys = self.tenant.keys();
        DropboxSettings {
            api: self.url(Door::DropboxApi, "/2/"),
            content: self.url(Door::DropboxContent, "/2/"),
            notify: self.url(Door::DropboxNotify, "/2/"),
            token: self.url(Door::DropboxApi, "/oauth2/token"),
            authorize: self.url(Door::DropboxApi, "/oauth2/authorize"),
            app_key: keys.app_key,
            app_secret: Some(Secret::new(&keys.app_secret)),
            vault: self.folder.path().join("vault"),
            admin: None,
        }
    }

    fn settings(&self, cloud: DropboxSettings) -> Settings {
        Settings {
            name: "main".parse().unwrap(),
            cloud: settings::Cloud::Dropbox(cloud),
            internal_domains: vec!["example.com".into()],
            limits: Limits::default(),
            proxy: None,
            authority: None,
            history_days: 7,
            trash: false,
            holds: true,
            patience: Default::default(),
        }
    }

    fn http(&self, settings: &Settings) -> Arc<Http> {
        let options = http::Options::new(self.clock.clone(), Arc::new(AtomicBool::new(false)));
        Http::of(settings, options).unwrap()
    }

    fn connect(&self) -> Tenant {
        self.connect_as(self.settings(self.cloud()))
    }

    /// A connector whose vault holds the admin's consent.
    fn connect_as(&self, settings: Settings) -> Tenant {
        let settings::Cloud::Dropbox(cloud) = &settings.cloud else { unreachable!() };
        let refresh_token = Secret::new(&self.tenant.keys().refresh_token);
        auth::vault(&settings, cloud).put(&Kept { refresh_token, details: BTreeMap::new() }).unwrap();
        Tenant::open(&settings, cloud, self.http(&settings)).unwrap()
    }

    fn play(&self, edit: Edit) {
        self.tenant.play(&edit).unwrap();
    }

    /// That no request was refused as a fault of ours, and none came too early.
    fn is_clean(&self) {
        let record = self.running.record();
        assert_eq!(format!("{:?}", record.refused()), "[]");
        assert_eq!(record.wrongs(), [0, 0, 0]);
    }
}

fn path(steps: &str) -> Vec<String> {
    steps.split('/').map(str::to_owned).collect()
}

fn directory(source: &dyn Source) -> Directory {
    let mut directory = Directory::new(["example.com".to_owned()]);
    source
        .people(&mut |page| {
            page.people.into_iter().for_each(|person| directory.add(person));
            page.groups.into_iter().for_each(|group| directory.add_group(group));
            Ok(())
        })
        .unwrap();
    directory
}

/// What a full listing brings.
#[derive(Default)]
struct Listed {
    items: Vec<Item>,
    /// Where each namespace's changes begin.
    ends: Vec<FeedCursor>,
    holes: Vec<String>,
    resets: u32,
}

/// Everything, by every walk; a walk whose cursor was refused begins again.
fn listing(source: &dyn Source, people: &Directory) -> Listed {
    let walks = source.walks(people).unwrap();
    let mut listed =
        Listed { holes: walks.holes.iter().map(|hole| hole.what.to_string()).collect(), ..Listed::default() };
    let mut walks: VecDeque<_> = walks.walks.into();
    let mut found = HashSet::new();
    while let Some(walk) = walks.pop_front() {
        let page = match source.page(&walk, people) {
            Err(error) if matches!(error.next(), Next::Reset(_)) => {
                listed.resets += 1;
                listed.items.retain(|item| item.place != walk.place);
                walks.push_front(Walk { cursor: None, ..walk });
                continue;
            }
            page => page.unwrap(),
        };
        take(&mut listed, page, walk, &mut walks, &mut found);
    }
    listed
}

fn take(listed: &mut Listed, page: Page, walk: Walk, walks: &mut VecDeque<Walk>, found: &mut HashSet<Arc<str>>) {
    listed.items.extend(page.items);
    listed.holes.extend(page.holes.iter().map(|hole| hole.what.to_string()));
    walks.extend(page.found.into_iter().filter(|walk| found.insert(Arc::clone(&walk.id))));
    match page.onward {
        Onward::More(cursor) => walks.push_front(Walk { cursor: Some(cursor), ..walk }),
        Onward::End(Some(position)) => listed.ends.push(FeedCursor { feed: walk.id, read_as: walk.read_as, position }),
        Onward::End(None) => {}
    }
}

fn read(source: &dyn Source, item: &Item) -> Vec<u8> {
    let mut body = Vec::new();
    source.open(&Wanted::of(item)).unwrap().read_to_end(&mut body).unwrap();
    body
}

/// The state of a capability, by name.
fn state(source: &dyn Source, name: &str) -> String {
    let capability = source.probe().into_iter().find(|capability| capability.name == name).unwrap();
    format!("{:?}", capability.state)
}

/// Lists and reads everything, and compares it with what the tenant says is there.
fn scan(stage: &Stage, source: &dyn Source) -> Listed {
    let people = directory(source);
    let listed = listing(source, &people);
    let files: Vec<&Item> = listed.items.iter().filter(|item| item.kind == ItemKind::File).collect();
    let mut found: Vec<String> = files.iter().map(|item| item.id.to_string()).collect();
    let mut expected: Vec<String> = stage.tenant.files().into_iter().map(|file| file.id).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for item in &files {
        let body = read(source, item);
        if item.download == Download::Direct {
            assert_eq!(u64::try_from(body.len()), Ok(item.size_bytes));
        }
    }
    listed
}

#[test]
fn every_file_is_listed_once_and_read() {
    let stage = Stage::new();
    let source = stage.connect();
    assert_eq!(source.provider(), Provider::Dropbox);
    let listed = scan(&stage, &source);
    let expected: Vec<String> = stage.tenant.holes().into_iter().map(|(id, _)| id).collect();
    assert_eq!(listed.holes, expected);
    assert!(source.walks(&Directory::default()).unwrap().used_bytes.is_some_and(|bytes| bytes > 0));
    // A home is read in its owner's name while the owner is active, all else in the admin's.
    let (own, admin): (Vec<_>, Vec<_>) =
        listed.items.iter().partition(|item| matches!(item.read_as, Principal::Person(_)));
    assert!(!own.is_empty() && admin.iter().all(|item| matches!(item.read_as, Principal::Admin(_))));
    assert!(own.iter().all(|item| item.owner.is_some()));
    stage.is_clean();
}

#[test]
fn every_file_is_listed_once_and_read_whatever_fails_between() {
    for seed in 1..=3 {
        let stage = Stage::with(seed, Faults::light());
        let source = stage.connect();
        scan(&stage, &source);
        assert!(stage.running.record().faulted() > 0, "{seed}");
        stage.is_clean();
    }
}

#[test]
fn people_have_their_sides_roles_and_statuses() {
    let stage = Stage::new();
    let people = directory(&stage.connect());
    for (login, role, status) in [
        ("ada@example.com", Role::Admin, Status::Active),
        ("erin@example.com", Role::Member, Status::Active),
        ("ivan@example.com", Role::Member, Status::Inactive),
        ("nina@example.com", Role::Member, Status::Invited),
    ] {
        let person = people.by_login(login).unwrap();
        assert_eq!((person.side, person.role, person.status), (Side::Internal, role, status), "{login}");
    }
    assert!(people.groups().any(|group| &*group.name == "Finance" && group.members.as_ref().map(Vec::len) == Some(2)));
    stage.is_clean();
}

#[test]
fn what_changes_later_comes_by_the_listings_last_cursor() {
    let stage = Stage::new();
    let source = stage.connect();
    let people = directory(&source);
    let listed = listing(&source, &people);
    for end in &listed.ends {
        let changes = source.changes(end, Duration::ZERO).unwrap();
        assert!(changes.pages.iter().all(|page| page.items.is_empty() && page.gone.is_empty()), "{end:?}");
    }
    stage.play(Edit::Write { by: "erin", path: path("erin/New/one.txt"), body: b"one".as_slice().into() });
    stage.play(Edit::Write { by: "erin", path: path("erin/New/two.txt"), body: b"two".as_slice().into() });
    stage.play(Edit::Delete { by: "erin", path: path("erin/New") });
    stage.play(Edit::Write { by: "erin", path: path("erin/left.txt"), body: b"left".as_slice().into() });
    let (mut items, mut gone) = (Vec::new(), Vec::new());
    for end in &listed.ends {
        let mut cursor = end.clone();
        loop {
            let changes = source.changes(&cursor, Duration::ZERO).unwrap();
            for page in changes.pages {
                items.extend(page.items);
                gone.extend(page.gone);
            }
            cursor = changes.cursor;
            if !changes.more {
                break;
            }
        }
    }
    let files: Vec<&str> = items.iter().filter(|item| item.kind == ItemKind::File).map(|item| &*item.name).collect();
    assert_eq!(files, ["left.txt"]);
    assert!(gone.iter().any(|gone| &*gone.path_lower == "/new"), "{gone:?}");
    assert_eq!(read(&source, items.iter().find(|item| &*item.name == "left.txt").unwrap()), b"left");
    stage.is_clean();
}

#[test]
fn long_polls_tell_which_namespace_has_news() {
    let stage = Stage::new();
    let source = stage.connect();
    let people = directory(&source);
    let ends = listing(&source, &people).ends;
    stage.play(Edit::Write { by: "frank", path: path("frank/news.txt"), body: b"news".as_slice().into() });
    let watched = source.watch(&ends, Duration::from_secs(30));
    let changed: Vec<bool> = watched.iter().map(|one| *one.changed.as_ref().unwrap()).collect();
    assert_eq!((changed.len(), changed.iter().filter(|changed| **changed).count()), (ends.len(), 1));
    let at = changed.iter().position(|changed| *changed).unwrap();
    let changes = source.changes(&ends[at], Duration::from_secs(30)).unwrap();
    assert!(changes.pages.iter().flat_map(|page| &page.items).any(|item| &*item.name == "news.txt"));
    stage.is_clean();
}

#[test]
fn the_log_tells_who_did_what() {
    let stage = Stage::new();
    let source = stage.connect();
    let start = source.feed_now().unwrap();
    stage.clock.advance(Duration::from_secs(60));
    let file = "erin/told.txt";
    stage.play(Edit::Write { by: "erin", path: path(file), body: b"1".as_slice().into() });
    stage.play(Edit::Link { by: "erin", path: path(file), audience: Some("public") });
    stage.play(Edit::View { by: None, path: path(file) });
    let mut told = Vec::new();
    let mut cursor = start[0].clone();
    loop {
        let changes = source.changes(&cursor, Duration::ZERO).unwrap();
        told.extend(changes.activities);
        cursor = changes.cursor;
        if !changes.more {
            break;
        }
    }
    let kinds: HashSet<ActivityKind> = told.iter().map(|activity| activity.kind).collect();
    assert!(
        [ActivityKind::Upload, ActivityKind::Share, ActivityKind::View].iter().all(|kind| kinds.contains(kind)),
        "{told:?}"
    );
    let about = |kind: ActivityKind| {
        let is_file = |name: &Option<Arc<str>>| name.as_deref().is_some_and(|name| name.ends_with("told.txt"));
        let mut of_kind = told.iter().filter(move |activity| activity.kind == kind);
        of_kind.find(|activity| activity.subjects.iter().any(|subject| is_file(&subject.name))).unwrap()
    };
    let upload = about(ActivityKind::Upload);
    assert_eq!(&*upload.raw, "file_add");
    assert!(matches!(&upload.actor, Actor::Person { login: Some(login), .. } if &**login == "erin@example.com"));
    assert_eq!(about(ActivityKind::View).actor, Actor::Unauthenticated);
    let ids: HashSet<_> = told.iter().map(|activity| &activity.id).collect();
    assert_eq!(ids.len(), told.len());
    // The same by time.
    let mut past = Vec::new();
    let mut at: Option<Arc<str>> = None;
    loop {
        let page = source.history(Moment::from_millis(0), stage.clock.now(), at.as_deref()).unwrap();
        past.extend(page.activities);
        at = page.onward;
        if at.is_none() {
            break;
        }
    }
    assert!(told.iter().all(|activity| past.contains(activity)));
    stage.is_clean();
}

#[test]
fn links_and_members_are_told() {
    let stage = Stage::new();
    let source = stage.connect();
    stage.play(Edit::Write { by: "erin", path: path("erin/open.txt"), body: b"1".as_slice().into() });
    stage.play(Edit::Link { by: "erin", path: path("erin/open.txt"), audience: Some("public") });
    stage.play(Edit::Invite { by: "erin", path: path("erin/open.txt"), whom: "pat".into() });
    stage.play(Edit::Write { by: "frank", path: path("frank/Deal/plan.txt"), body: b"2".as_slice().into() });
    stage.play(Edit::Invite { by: "frank", path: path("frank/Deal"), whom: "new@elsewhere.example".into() });
    let people = directory(&source);
    let listed = listing(&source, &people);
    let open = listed.items.iter().find(|item| &*item.name == "open.txt").unwrap();
    let plan = listed.items.iter().find(|item| &*item.name == "plan.txt").unwrap();
    let mut links: Vec<FoundLink> = Vec::new();
    for person in people.people().iter().filter(|person| person.status == Status::Active) {
        source
            .links(person, &mut |page| {
                links.extend(page);
                Ok(())
            })
            .unwrap();
    }
    assert!(links.iter().any(|link| link.item == open.id && link.link.audience == Audience::Public), "{links:?}");
    assert!(open.has_members);
    let file = Shared { id: Arc::clone(&open.id), kind: ItemKind::File, read_as: open.read_as.clone() };
    let folder = Shared { id: Arc::clone(&plan.place), kind: ItemKind::Folder, read_as: plan.read_as.clone() };
    let gone = Shared { id: "id:AAAAAAAAAAAAAAAAAAAAAA".into(), ..file.clone() };
    let told = source.members(&[file, folder, gone], &people).unwrap();
    let Members::Known(members) = &told[0].members else { panic!("{:?}", told[0]) };
    assert!(
        members.iter().any(|member| matches!(&member.who, Who::Person { side: Some(Side::External), .. })),
        "{members:?}"
    );
    let Members::Known(members) = &told[1].members else { panic!("{:?}", told[1]) };
    assert!(
        members
            .iter()
            .any(|member| matches!(&member.who, Who::Invited { login } if &**login == "new@elsewhere.example")
                && member.pending)
    );
    assert_eq!(told[2].members, Members::Hidden);
    let team = listed.ends.iter().map(|end| end.feed.trim_start_matches("ns:")).collect::<Vec<_>>();
    let company: Vec<Shared> = team
        .iter()
        .map(|id| Shared { id: (*id).into(), kind: ItemKind::Folder, read_as: plan.read_as.clone() })
        .collect();
    let told = source.members(&company, &people).unwrap();
    assert!(told.iter().any(|sharing| sharing.whole_company));
    stage.is_clean();
}

#[test]
fn deleted_files_are_listed_with_their_last_revision_when_trash_is_on() {
    let stage = Stage::new();
    stage.play(Edit::Write { by: "erin", path: path("erin/secret.txt"), body: b"gone".as_slice().into() });
    stage.play(Edit::Delete { by: "erin", path: path("erin/secret.txt") });
    // Beside what was deleted in the tenant before, a whole folder among it.
    let all: [&str; 4] = ["Deleted.txt", "One.txt", "Two.txt", "secret.txt"];
    for (trash, expected) in [(false, &all[..0]), (true, &all[..])] {
        let source = stage.connect_as(Settings { trash, ..stage.settings(stage.cloud()) });
        let people = directory(&source);
        let listed = listing(&source, &people);
        let deleted: Vec<&Item> = listed.items.iter().filter(|item| item.trashed.is_some()).collect();
        let mut names: Vec<&str> = deleted.iter().map(|item| &*item.name).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{trash}");
        assert!(deleted.iter().all(|item| item.version.is_some() && item.hash.is_some()));
    }
    stage.is_clean();
}

#[test]
fn the_test_of_a_connection_tells_each_capability_apart() {
    let stage = Stage::new();
    let source = stage.connect();
    for capability in source.probe() {
        assert!(!matches!(capability.state, CapabilityState::Missing(_)), "{capability:?}");
    }
    let told = state(&source, "people");
    assert!(told.contains("nina@example.com: invited") && told.contains("ivan@example.com: suspended"), "{told}");
    for (without, name) in [
        ("members.read", "people"),
        ("events.read", "feed"),
        ("sharing.read", "sharing"),
        ("files.metadata.read", "read as another user"),
        ("team_info.read", "account"),
    ] {
        let left: Vec<&str> = emulated::ALL_SCOPES.into_iter().filter(|scope| *scope != without).collect();
        stage.tenant.set_scopes(&left);
        let told = state(&stage.connect(), name);
        assert!(
            told.starts_with("Missing") && told.contains(without) && told.contains("Permissions"),
            "{name}: {told}"
        );
    }
    stage.is_clean();
}

#[test]
fn tokens_that_are_over_are_replaced_and_an_unlinked_app_is_told() {
    let stage = Stage::new();
    let source = stage.connect();
    directory(&source);
    stage.clock.advance(Duration::from_secs(5 * 3_600));
    directory(&source);
    stage.tenant.unlink();
    let error = source.people(&mut |_| Ok(())).unwrap_err();
    assert_eq!(error.next(), Next::Credentials);
    assert!(error.to_string().contains("sluicebox connect dropbox main --again"), "{error}");
    let wrong = DropboxSettings { app_secret: Some(Secret::new("wrong")), ..stage.cloud() };
    let error = stage.connect_as(stage.settings(wrong)).people(&mut |_| Ok(())).unwrap_err();
    assert!(error.next() == Next::Credentials && error.to_string().contains("App Console"), "{error}");
}

/// Answers some requests in the tenant's place.
#[derive(Debug)]
struct Front {
    tenant: Arc<emulated::Tenant>,
    instead: fn(&Asked, &emulated::Tenant) -> Option<Answer>,
}

impl Cloud for Front {
    fn answer(&self, asked: &Asked) -> Answer {
        (self.instead)(asked, &self.tenant).unwrap_or_else(|| self.tenant.answer(asked))
    }

    fn principal(&self, asked: &Asked) -> String {
        self.tenant.principal(asked)
    }

    fn too_many(&self, asked: &Asked, form: u64, wait: Duration) -> Answer {
        self.tenant.too_many(asked, form, wait)
    }

    fn is_content(&self, asked: &Asked) -> bool {
        self.tenant.is_content(asked)
    }

    fn forget_position(&self, asked: &Asked) -> bool {
        self.tenant.forget_position(asked)
    }

    fn set_doors(&self, doors: &[(Door, String)]) {
        self.tenant.set_doors(doors);
    }

    fn version(&self) -> u64 {
        self.tenant.version()
    }
}

fn json(asked: &Asked) -> serde_json::Value {
    serde_json::from_slice(&asked.body).unwrap_or_default()
}

#[test]
fn a_namespace_too_large_for_one_listing_is_walked_folder_by_folder() {
    let overwhelmed = |asked: &Asked, _: &emulated::Tenant| {
        let recursive = asked.path == "/2/files/list_folder" && json(asked)["recursive"] == true;
        recursive.then(|| Answer::text(500, "the listing took too long"))
    };
    let stage = Stage::behind(1, Faults::default(), |tenant| Arc::new(Front { tenant, instead: overwhelmed }));
    let source = stage.connect();
    let listed = scan(&stage, &source);
    assert!(listed.ends.iter().any(|end| end.feed.starts_with("flat:")));
    // What changes later comes by the folders' own cursors.
    stage.play(Edit::Write { by: "erin", path: path("erin/Deep/er/new.txt"), body: b"new".as_slice().into() });
    let home = listed
        .items
        .iter()
        .find(|item| matches!(&item.owner, Some(owner) if owner.login.as_deref() == Some("erin@example.com")));
    let end = listed.ends.iter().find(|end| *end.feed == *format!("ns:{}", home.unwrap().place)).unwrap();
    let changes = source.changes(end, Duration::ZERO).unwrap();
    let found: Vec<&Walk> = changes.pages.iter().flat_map(|page| &page.found).collect();
    assert_eq!(found.len(), 1);
    let below = source.page(found[0], &directory(&source)).unwrap();
    assert!(below.found.iter().any(|walk| &*walk.path == "/Deep/er"), "{below:?}");
}

#[test]
fn a_wrong_root_is_replaced_by_the_one_the_service_tells() {
    // The admin is told to have a root that no member has.
    let elsewhere = |asked: &Asked, tenant: &emulated::Tenant| {
        if asked.path != "/2/users/get_current_account" {
            return None;
        }
        let mut account: serde_json::Value = serde_json::from_slice(&tenant.answer(asked).body).unwrap();
        account["root_info"][".tag"] = "team".into();
        account["root_info"]["root_namespace_id"] = "987654321".into();
        Some(Answer::json(200, &account))
    };
    let stage = Stage::behind(1, Faults::default(), |tenant| Arc::new(Front { tenant, instead: elsewhere }));
    let source = stage.connect();
    stage.play(Edit::Write { by: "erin", path: path("erin/open.txt"), body: b"1".as_slice().into() });
    stage.play(Edit::Link { by: "erin", path: path("erin/open.txt"), audience: Some("company") });
    let people = directory(&source);
    let mut links = Vec::new();
    let erin = people.by_login("erin@example.com").unwrap();
    source
        .links(erin, &mut |page| {
            links.extend(page);
            Ok(())
        })
        .unwrap();
    let urls: HashSet<_> = links.iter().map(|link| link.link.url.clone()).collect();
    assert!(!links.is_empty() && urls.len() == links.len());
    assert!(links.iter().any(|link| link.link.audience == Audience::Company));
    assert!(stage.running.record().statuses().contains_key(&422));
}

#[test]
fn without_the_admin_who_linked_the_app_another_is_acted_as() {
    let left = |asked: &Asked, _: &emulated::Tenant| {
        let error = serde_json::json!({"error_summary": "admin_not_active/.", "error": {".tag": "admin_not_active"}});
        (asked.path == "/2/team/token/get_authenticated_admin").then(|| Answer::json(409, &error))
    };
    let stage = Stage::behind(1, Faults::default(), |tenant| Arc::new(Front { tenant, instead: left }));
    scan(&stage, &stage.connect());
}

/// Makes the tenant forget a position, as the service does after a while.
fn forget(stage: &Stage, route: &str, cursor: &str) {
    let asked = Asked {
        door: Door::DropboxApi,
        method: "POST".into(),
        path: format!("/2/{route}"),
        query: String::new(),
        headers: Vec::new(),
        body: serde_json::json!({ "cursor": cursor }).to_string().into_bytes(),
        at: stage.clock.now(),
    };
    assert!(stage.tenant.forget_position(&asked));
}

#[test]
fn a_lost_position_is_told_with_the_time_from_which_there_is_a_gap() {
    let stage = Stage::new();
    let source = stage.connect();
    let people = directory(&source);
    let start = source.feed_now().unwrap().remove(0);
    stage.play(Edit::Write { by: "erin", path: path("erin/seen.txt"), body: b"1".as_slice().into() });
    let mut log = source.changes(&start, Duration::ZERO).unwrap();
    while log.more {
        log = source.changes(&log.cursor, Duration::ZERO).unwrap();
    }
    forget(&stage, "team_log/get_events/continue", &log.cursor.position);
    let lost = source.changes(&log.cursor, Duration::ZERO).unwrap_err();
    assert!(matches!(lost.next(), Next::Reset(Some(_))), "{lost:?}");
    let end = listing(&source, &people).ends.remove(0);
    let (_, bare) = end.position.split_once(':').unwrap();
    forget(&stage, "files/list_folder/continue", bare);
    assert_eq!(source.changes(&end, Duration::ZERO).unwrap_err().next(), Next::Reset(None));
    assert_eq!(source.changes(&end, Duration::from_secs(30)).unwrap_err().next(), Next::Reset(None));
    // Listed again from the start, nothing is missing.
    scan(&stage, &source);
}

#[test]
fn notices_are_genuine_and_name_members() {
    let stage = Stage::new();
    let secret = Secret::new(&stage.tenant.keys().app_secret);
    drop(stage.tenant.take_notices());
    stage.play(Edit::Write { by: "erin", path: path("erin/hook.txt"), body: b"1".as_slice().into() });
    let people = directory(&stage.connect());
    let erin = people.by_login("erin@example.com").unwrap();
    let notices = stage.tenant.take_notices();
    assert!(!notices.is_empty());
    for notice in notices {
        assert!(hook::is_genuine(&secret, Some(&notice.signature), &notice.body));
        assert!(!hook::is_genuine(&Secret::new("another"), Some(&notice.signature), &notice.body));
        let hint = hook::hint(&notice.body).unwrap();
        let named = if notice.of_team {
            hint.teams.values().any(|members| members.contains(&*erin.id))
        } else {
            hint.accounts.contains(&*erin.account)
        };
        assert!(named, "{hint:?}");
    }
}

#[test]
fn a_listed_revision_is_read_even_after_an_edit() {
    let stage = Stage::new();
    let source = stage.connect();
    let people = directory(&source);
    let write = |body: &'static str| {
        stage.play(Edit::Write { by: "erin", path: path("erin/pinned.txt"), body: body.as_bytes().into() });
    };
    write("first");
    let items = listing(&source, &people).items;
    let item = items.iter().find(|item| &*item.name == "pinned.txt").unwrap();
    write("second, and longer");
    assert_eq!(read(&source, item), b"first");
    // Without a revision whichever is current is read, and held against its own hash.
    let mut body = Vec::new();
    let newest = Wanted { version: None, hash: None, size_bytes: None, ..Wanted::of(item) };
    source.open(&newest).unwrap().read_to_end(&mut body).unwrap();
    assert_eq!(body, b"second, and longer");
    let none = Wanted { download: Download::None, ..Wanted::of(item) };
    assert_eq!(source.open(&none).unwrap_err().next(), Next::NotReadable);
    let unknown = Wanted { id: "id:nothing".into(), ..newest };
    assert_eq!(source.open(&unknown).unwrap_err().next(), Next::Gone);
    stage.is_clean();
}
