//! The Box connector against the emulator's Box tenant, without faults: what each call brings. (What both connectors must
//! do alike, and with faults, is the list of behaviours in `provider/`.)

use sluicebox::clock::Clock;
use sluicebox::emulator::boxcom as emulated;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{self, Door, Running};
use sluicebox::model::{Activity, Actor, Directory, Download, Item, ItemKind, Provider, Role, Sharing, Side, Status};
use sluicebox::provider::boxcom::hook::{self, Repair};
use sluicebox::provider::boxcom::{self, auth};
use sluicebox::provider::exposure::{Above, exposure};
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, HookKeys, Limits};
use sluicebox::provider::{
    self, CapabilityState, FeedCursor, Next, Onward, Secret, Settings, Shared, Source, Wanted, WhyUnwalked,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use url::Url;

/// A tenant, its doors, and a connector to it.
struct Stage {
    tenant: Arc<emulated::Tenant>,
    running: Running,
    clock: Clock,
}

impl Stage {
    fn new() -> Self {
        let clock = Clock::movable();
        let tenant = Arc::new(emulated::Tenant::new(1, clock.clone(), &Fill::small()));
        let doors = [Door::BoxApi, Door::BoxUpload, Door::BoxDownload];
        let running = emulator::start(emulator::Options {
            seed: 1,
            clock: clock.clone(),
            clouds: doors.map(|door| (door, Arc::clone(&tenant) as Arc<dyn emulator::Cloud>)).to_vec(),
            ..emulator::Options::default()
        })
        .unwrap();
        http::install_tls();
        Self { tenant, running, clock }
    }

    /// Checks that the tenant had nothing to find fault with.
    fn check(&self) {
        let refused: Vec<_> = self.running.record().refused();
        assert!(refused.is_empty(), "{refused:#?}");
    }

    fn url(&self, door: Door, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.running.address(door).unwrap())).unwrap()
    }

    fn settings(&self, auth: BoxAuth) -> Settings {
        let download = self.url(Door::BoxDownload, "/");
        Settings {
            name: "main".parse().unwrap(),
            cloud: Cloud::Box(BoxSettings {
                api: self.url(Door::BoxApi, "/2.0/"),
                upload: self.url(Door::BoxUpload, "/api/2.0/"),
                token: self.url(Door::BoxApi, "/oauth2/token"),
                authorize: self.url(Door::BoxApi, "/api/oauth2/authorize"),
                download_hosts: vec![format!("127.0.0.1:{}", download.port().unwrap())],
                auth,
                hook_keys: HookKeys::default(),
            }),
            internal_domains: vec!["example.com".into()],
            limits: Limits::default(),
            proxy: None,
            authority: None,
            history_days: 7,
            trash: true,
            holds: true,
            patience: Default::default(),
        }
    }

    fn http(&self, settings: &Settings) -> Arc<Http> {
        let options = http::Options::new(self.clock.clone(), Arc::new(AtomicBool::new(false)));
        Http::of(settings, options).unwrap()
    }

    /// A connector whose clock goes its own way.
    fn connect_at(&self, auth: BoxAuth, clock: Clock) -> Box<dyn Source> {
        let settings = self.settings(auth);
        let options = http::Options::new(clock, Arc::new(AtomicBool::new(false)));
        provider::registry::open(&settings, Http::of(&settings, options).unwrap()).unwrap()
    }

    fn connect(&self, auth: BoxAuth) -> Box<dyn Source> {
        let settings = self.settings(auth);
        provider::registry::open(&settings, self.http(&settings)).unwrap()
    }
}

fn by_credentials() -> BoxAuth {
    BoxAuth::ClientCredentials {
        client_id: emulated::CLIENT_ID.into(),
        client_secret: Secret::new(emulated::CLIENT_SECRET),
        subject: BoxSubject::Enterprise(emulated::ENTERPRISE_ID.into()),
    }
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

/// Everything, by every walk.
fn listing(source: &dyn Source, people: &Directory) -> Vec<Item> {
    let mut walks: VecDeque<_> = source.walks(people).unwrap().walks.into();
    let mut items = Vec::new();
    let mut begun = HashSet::new();
    while let Some(mut walk) = walks.pop_front() {
        if walk.cursor.is_none() && !begun.insert(Arc::clone(&walk.id)) {
            continue;
        }
        let page = source.page(&walk, people).unwrap();
        items.extend(page.items);
        walks.extend(page.found);
        if let Onward::More(cursor) = page.onward {
            walk.cursor = Some(cursor);
            walks.push_front(walk);
        }
    }
    let mut seen = HashSet::new();
    items.retain(|item| seen.insert((item.kind, Arc::clone(&item.id))));
    items
}

/// The ways to a token, each with a vault folder that lives as long.
fn ways(stage: &Stage, folder: &Path) -> Vec<(&'static str, BoxAuth)> {
    let key_file = folder.join("key.json");
    private_file(&key_file, &emulated::jwt_key_file());
    let client = || (emulated::CLIENT_ID.to_owned(), Secret::new(emulated::CLIENT_SECRET));
    let (client_id, client_secret) = client();
    let ada = stage.tenant.user_id("ada").unwrap();
    vec![
        ("client credentials", by_credentials()),
        ("key file", BoxAuth::Jwt { key_file, subject: None }),
        (
            "client credentials of the admin",
            BoxAuth::ClientCredentials { client_id, client_secret, subject: BoxSubject::User(ada) },
        ),
        ("consent of the admin", consented(stage, folder, "ada")),
    ]
}

fn private_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// A vault that a person of the cast has consented to.
fn consented(stage: &Stage, folder: &Path, key: &str) -> BoxAuth {
    let auth = BoxAuth::User {
        client_id: emulated::CLIENT_ID.into(),
        client_secret: Secret::new(emulated::CLIENT_SECRET),
        vault: folder.join(format!("{key}.vault")),
    };
    let settings = stage.settings(auth.clone());
    let Cloud::Box(cloud) = &settings.cloud else { unreachable!() };
    let code = Secret::new(&stage.tenant.authorize(key).unwrap());
    let kept = auth::exchange(cloud, &stage.http(&settings), &code, None).unwrap();
    auth::vault(&settings, cloud).unwrap().put(&kept).unwrap();
    auth
}

/// The state of a capability, by name.
fn state(source: &dyn Source, name: &str) -> CapabilityState {
    source.probe().into_iter().find(|capability| capability.name == name).unwrap().state
}

#[test]
fn every_file_is_listed_once_and_read_by_each_way_to_a_token() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let mut expected: Vec<_> = stage.tenant.files().into_iter().map(|file| (file.id, file.sha1)).collect();
    expected.sort();
    for (way, auth) in ways(&stage, folder.path()) {
        let source = stage.connect(auth);
        assert_eq!(source.provider(), Provider::Box);
        let people = directory(&*source);
        let items = listing(&*source, &people);
        let files = items.iter().filter(|item| item.kind == ItemKind::File);
        let mut found: Vec<_> =
            files.clone().map(|item| (item.id.to_string(), item.hash.unwrap().to_string())).collect();
        found.sort();
        assert_eq!(found, expected, "{way}");
        for item in files.filter(|item| item.trashed.is_none()) {
            let mut body = Vec::new();
            source.open(&Wanted::of(item)).unwrap().read_to_end(&mut body).unwrap();
            assert_eq!(u64::try_from(body.len()), Ok(item.size_bytes), "{way}");
        }
    }
    stage.check();
}

#[test]
fn a_listing_takes_one_call_for_each_folder() {
    let stage = Stage::new();
    stage.tenant.set_odd_pages(0);
    let source = stage.connect(by_credentials());
    let people = directory(&*source);
    let items = listing(&*source, &people);
    let folders = items.iter().filter(|item| item.kind == ItemKind::Folder && item.trashed.is_none()).count();
    let walks = source.walks(&people).unwrap().walks.len();
    let calls = stage.running.record().latest();
    let listed = calls.iter().filter(|call| call.path.ends_with("/items")).count();
    assert_eq!(listed, folders + walks);
}

#[test]
fn people_have_their_sides_roles_and_statuses() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    let people = directory(&*source);
    for (login, side, role, status) in [
        ("ada@example.com", Side::Internal, Role::Admin, Status::Active),
        ("carl@example.com", Side::Internal, Role::CoAdmin, Status::Active),
        ("erin@example.com", Side::Internal, Role::Member, Status::Active),
        ("ivan@example.com", Side::Internal, Role::Member, Status::Inactive),
        ("pat@partner.example.net", Side::External, Role::Member, Status::Active),
        (emulated::keys::SERVICE_LOGIN, Side::Internal, Role::Service, Status::Active),
    ] {
        let person = people.by_login(login).unwrap();
        assert_eq!((person.side, person.role, person.status), (side, role, status), "{login}");
    }
    let mut groups: Vec<_> =
        people.groups().map(|group| (&*group.name, group.members.as_ref().map(Vec::len))).collect();
    groups.sort_unstable();
    assert_eq!(groups, [("Everyone", Some(7)), ("Finance", Some(2)), ("Project X", Some(2))]);
}

#[test]
fn inactive_people_and_what_a_co_admin_cannot_reach_are_holes() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    for (auth, expected) in [
        (by_credentials(), vec![("ivan@example.com", WhyUnwalked::InactiveOwner)]),
        (
            consented(&stage, folder.path(), "carl"),
            vec![("ada@example.com", WhyUnwalked::CoAdminGap), ("ivan@example.com", WhyUnwalked::InactiveOwner)],
        ),
    ] {
        let source = stage.connect(auth);
        let walks = source.walks(&directory(&*source)).unwrap();
        let holes: Vec<_> = walks.holes.iter().map(|hole| (&*hole.name, hole.why)).collect();
        assert_eq!(holes, expected);
        assert!(walks.used_bytes.is_some_and(|bytes| bytes > 0));
    }
}

#[test]
fn a_test_of_the_connection_tells_each_capability_apart() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    for capability in source.probe() {
        assert!(matches!(capability.state, CapabilityState::Works(_)), "{capability:?}");
    }
    let all = ["root_readwrite", "manage_managed_users", "manage_groups", "manage_enterprise_properties"];
    for (without, name, words) in [
        ("manage_managed_users", "people", "Manage users"),
        ("manage_groups", "people", "Manage groups"),
        ("manage_enterprise_properties", "feed", "Manage enterprise properties"),
    ] {
        let left: Vec<_> = all.into_iter().filter(|scope| *scope != without).collect();
        stage.tenant.set_scopes(&left);
        let told = format!("{:?}", state(&*source, name));
        assert!(told.contains(words) && !told.starts_with("Works"), "{without}: {told}");
    }
    stage.tenant.set_scopes(&all);
    stage.tenant.set_as_user(false);
    let told = format!("{:?}", state(&*source, "read as another user"));
    assert!(told.starts_with("Missing") && told.contains("as-user header"), "{told}");
}

#[test]
fn a_co_admin_is_told_as_partial_coverage() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let source = stage.connect(consented(&stage, folder.path(), "carl"));
    for name in ["account", "read as another user"] {
        let told = format!("{:?}", state(&*source, name));
        assert!(told.starts_with("Partial") && told.contains("co-admin"), "{name}: {told}");
    }
}

#[test]
fn a_wrong_secret_says_what_to_do() {
    let stage = Stage::new();
    let wrong = BoxAuth::ClientCredentials {
        client_id: emulated::CLIENT_ID.into(),
        client_secret: Secret::new("wrong"),
        subject: BoxSubject::Enterprise(emulated::ENTERPRISE_ID.into()),
    };
    let source = stage.connect(wrong);
    let told = format!("{:?}", state(&*source, "account"));
    assert!(told.starts_with("Missing") && told.contains("OAuth 2.0 Credentials"), "{told}");
}

#[test]
fn tokens_that_are_over_are_replaced() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    for (way, auth) in ways(&stage, folder.path()) {
        let source = stage.connect(auth);
        directory(&*source);
        stage.tenant.expire_tokens();
        directory(&*source);
        stage.clock.advance(Duration::from_secs(2 * 3_600));
        directory(&*source);
        assert!(!stage.running.record().calls().is_empty(), "{way}");
    }
}

#[test]
fn a_clock_that_is_wrong_is_corrected_by_the_servers() {
    let stage = Stage::new();
    stage.clock.advance(Duration::from_secs(86_400));
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key.json");
    private_file(&key_file, &emulated::jwt_key_file());
    for ahead_secs in [-7_200, -61, 0, 61, 7_200] {
        let clock = Clock::movable();
        clock.advance(Duration::from_secs(86_400_u64.saturating_add_signed(ahead_secs)));
        let auth = BoxAuth::Jwt { key_file: key_file.clone(), subject: None };
        let told = state(&*stage.connect_at(auth, clock), "account");
        assert!(matches!(told, CapabilityState::Works(_)), "{ahead_secs}: {told:?}");
    }
}

#[test]
fn an_earlier_version_is_read_as_it_was_listed() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    stage.tenant.play(&write("erin", "erin/Versions/a.txt")).unwrap();
    let people = directory(&*source);
    let named = |item: &Item| item.path.as_deref() == Some("/Versions/a.txt");
    let item = listing(&*source, &people).into_iter().find(named).unwrap();
    let path = steps("erin/Versions/a.txt");
    stage.tenant.play(&Edit::Write { by: "erin", path: path.clone(), body: b"newer".as_slice().into() }).unwrap();
    let mut body = Vec::new();
    source.open(&Wanted::of(&item)).unwrap().read_to_end(&mut body).unwrap();
    assert_eq!(body, b"erin/Versions/a.txt");
    stage.tenant.play(&Edit::Delete { by: "erin", path }).unwrap();
    match source.open(&Wanted::of(&item)) {
        Err(error) => assert_eq!(error.next(), Next::Gone),
        Ok(mut content) => assert!(content.read_to_end(&mut Vec::new()).is_ok(), "bytes of the trash, whole"),
    }
}

#[test]
fn a_refresh_token_turns_over_and_survives_each_program() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let auth = consented(&stage, folder.path(), "ada");
    let vault = folder.path().join("ada.vault");
    let mut before = std::fs::read(&vault).unwrap();
    for _ in 0..3 {
        directory(&*stage.connect(auth.clone()));
        let after = std::fs::read(&vault).unwrap();
        assert_ne!(before, after);
        before = after;
    }
}

#[test]
fn many_threads_take_turns_at_one_refresh_token() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let auth = consented(&stage, folder.path(), "ada");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| directory(&*stage.connect(auth.clone())));
        }
    });
    directory(&*stage.connect(auth));
}

/// What an item itself adds to who can reach it.
fn own_sharing(source: &dyn Source, item: &Item, people: &Directory) -> Sharing {
    let shared = Shared { id: Arc::clone(&item.id), kind: item.kind, read_as: item.read_as.clone() };
    let mut own = match item.has_members {
        true => source.members(&[shared], people).unwrap().remove(0),
        false => Sharing::default(),
    };
    own.links.extend(item.link.clone());
    own.outside_owner = item.outside_owner;
    own
}

#[test]
fn files_are_as_open_as_their_links_and_members_make_them() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    let people = directory(&*source);
    let items = listing(&*source, &people);
    let by_id: HashMap<_, _> = items.iter().map(|item| (Arc::clone(&item.id), item)).collect();
    let own: HashMap<_, _> =
        items.iter().map(|item| (Arc::clone(&item.id), Arc::new(own_sharing(&*source, item, &people)))).collect();
    for (id, level, known) in stage.tenant.exposures() {
        let item = by_id[&*id];
        let mut above = Vec::new();
        let mut parent = item.parent.as_ref().and_then(|parent| by_id.get(parent));
        while let Some(folder) = parent {
            above.push(Above { id: Arc::clone(&folder.id), sharing: Arc::clone(&own[&folder.id]) });
            parent = folder.parent.as_ref().and_then(|parent| by_id.get(parent));
        }
        let found = exposure(&item.id, &own[&item.id], &above, &people, stage.clock.now());
        let told = (found.level.name(), found.is_known());
        assert_eq!(told, (level, known), "{:?}", item.path);
    }
    stage.check();
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn write(by: &'static str, path: &str) -> Edit {
    Edit::Write { by, path: steps(path), body: path.as_bytes().into() }
}

/// All that happened since a cursor, and the cursor after it.
fn drain(source: &dyn Source, mut cursor: FeedCursor) -> (Vec<Activity>, FeedCursor) {
    let mut all = Vec::new();
    for _ in 0..100 {
        let changes = source.changes(&cursor, Duration::ZERO).unwrap();
        all.extend(changes.activities);
        cursor = changes.cursor;
        if !changes.more {
            return (all, cursor);
        }
    }
    panic!("the feed has no end");
}

#[test]
fn what_people_do_comes_back_as_activities_once_each() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    let start = source.feed_now().unwrap().remove(0);
    let deeds = [
        write("erin", "erin/Feed/a.txt"),
        write("erin", "erin/Feed/a.txt"),
        Edit::Move { by: "erin", from: steps("erin/Feed/a.txt"), to: steps("erin/Feed/b.txt") },
        Edit::Link { by: "erin", path: steps("erin/Feed/b.txt"), audience: Some("public") },
        Edit::Invite { by: "erin", path: steps("erin/Feed"), whom: "frank".into() },
        Edit::View { by: None, path: steps("erin/Feed/b.txt") },
        Edit::Delete { by: "erin", path: steps("erin/Feed/b.txt") },
    ];
    for deed in &deeds {
        stage.clock.advance(Duration::from_secs(60));
        stage.tenant.play(deed).unwrap();
    }
    let (first, cursor) = drain(&*source, start.clone());
    let (again, cursor) = drain(&*source, cursor);
    assert!(again.is_empty(), "{again:?}");
    let ids: HashSet<_> = first.iter().map(|activity| Arc::clone(&activity.id)).collect();
    assert_eq!(ids.len(), first.len(), "each once");
    let mut kinds: Vec<_> = first.iter().map(|activity| activity.kind.name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["delete", "edit", "rename", "share", "upload"]);
    let erin = stage.tenant.user_id("erin").unwrap();
    let by_erin =
        |activity: &Activity| matches!(&activity.actor, Actor::Person { account: Some(id), .. } if **id == *erin);
    assert!(first.iter().all(by_erin));
    assert!(first.iter().all(|activity| activity.address.is_some() && activity.at.is_some()));
    // A batch that could not be stored is handed out again.
    assert_eq!(drain(&*source, start).0.len(), first.len());
    stage.tenant.play(&write("frank", "frank/later.txt")).unwrap();
    assert_eq!(drain(&*source, cursor).0.len(), 1);
    stage.check();
}

#[test]
fn a_gap_is_filled_from_the_log() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    stage.clock.advance(Duration::from_secs(86_400));
    let start = source.feed_now().unwrap().remove(0);
    let begun = stage.clock.now();
    stage.clock.advance(Duration::from_secs(3_600));
    stage.tenant.play(&write("erin", "erin/while away.txt")).unwrap();
    stage.clock.advance(Duration::from_secs(15 * 86_400));
    let error = source.changes(&start, Duration::ZERO).unwrap_err();
    let Next::Reset(Some(since)) = error.next() else { panic!("{error:?}") };
    assert!(since <= begun && since >= begun.minus(Duration::from_secs(3_600)));
    let mut at: Option<Arc<str>> = None;
    let mut past = Vec::new();
    for _ in 0..10 {
        let page = source.history(since, stage.clock.now(), at.as_deref()).unwrap();
        past.extend(page.activities);
        at = page.onward;
        if at.is_none() {
            break;
        }
    }
    assert_eq!(past.iter().map(|activity| &*activity.raw).collect::<Vec<_>>(), ["UPLOAD"]);
    assert_eq!(at, None);
}

#[test]
fn a_position_that_box_forgot_is_a_reset_with_its_time() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    let lost = FeedCursor { position: "1152922986252290882@86400000".into(), ..source.feed_now().unwrap().remove(0) };
    let error = source.changes(&lost, Duration::ZERO).unwrap_err();
    assert!(matches!(error.next(), Next::Reset(Some(_))), "{error:?}");
}

#[test]
fn hooks_are_made_once_mended_and_their_notices_verified() {
    let stage = Stage::new();
    let settings = stage.settings(by_credentials());
    let Cloud::Box(cloud) = &settings.cloud else { unreachable!() };
    let tenant = boxcom::Tenant::open(&settings, cloud, stage.http(&settings)).unwrap();
    let people = directory(&tenant);
    let (old, new) = ("https://old.example.com/box", "https://scan.example.com/box");
    let repair = |address: &str| tenant.repair_hooks(&people, &Url::parse(address).unwrap()).unwrap();
    let made = repair(old).made;
    assert!(made > 0);
    assert_eq!(repair(old), Repair { kept: made, ..Repair::default() });
    assert_eq!(repair(new), Repair { mended: made, ..Repair::default() });
    assert_eq!(repair(new), Repair { kept: made, ..Repair::default() });
    let _ = stage.tenant.take_notices();
    stage.tenant.play(&write("heidi", "heidi/Members/one colleague.txt")).unwrap();
    let notices = stage.tenant.take_notices();
    let [primary, secondary] = emulated::keys::SIGNATURE_KEYS.map(|key| Some(Secret::new(key)));
    let keys = hook::Keys { primary, secondary };
    assert_eq!(notices.len(), 1);
    for notice in notices {
        assert_eq!(notice.address, new);
        let header = |name: &str| notice.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let headers = hook::Headers::from(header);
        assert_eq!(hook::verify(&keys, &headers, &notice.body, stage.clock.now()), Ok(()));
        let hint = hook::hint(&notice.body).unwrap();
        assert_eq!(
            (&*hint.trigger, hint.subject.and_then(|subject| subject.kind)),
            ("FILE.UPLOADED", Some(ItemKind::File))
        );
    }
}

#[test]
fn contents_come_whole_over_faults() {
    let stage = Stage::new();
    stage.running.set_faults(emulator::Faults { cut: 0.5, not_ready: 0.3, ..emulator::Faults::light() });
    let source = stage.connect(by_credentials());
    let people = directory(&*source);
    for item in listing(&*source, &people) {
        if item.download == Download::Direct && item.trashed.is_none() {
            let mut body = Vec::new();
            source.open(&Wanted::of(&item)).unwrap().read_to_end(&mut body).unwrap();
            assert_eq!(u64::try_from(body.len()), Ok(item.size_bytes));
        }
    }
    assert!(stage.running.record().early().is_empty());
    stage.check();
}

#[test]
fn no_token_goes_to_the_download_host() {
    let stage = Stage::new();
    let source = stage.connect(by_credentials());
    let people = directory(&*source);
    let item = listing(&*source, &people).into_iter().find(|item| item.download == Download::Direct).unwrap();
    source.open(&Wanted::of(&item)).unwrap().read_to_end(&mut Vec::new()).unwrap();
    let calls = stage.running.record().latest();
    let downloads: Vec<_> = calls.iter().filter(|call| call.door == Door::BoxDownload).collect();
    assert!(!downloads.is_empty() && downloads.iter().all(|call| !call.authorized));
}
