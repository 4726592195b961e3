//! The Box connector against the emulator's Box tenant, without faults: what each call brings. (What both connectors must
//! do alike, and with faults, is the list of behaviours in `provider/`.)

use sluicebox::clock::Clock;
use sluicebox::emulator::boxcom as emulated;
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{self, Door, Running};
use sluicebox::model::{Directory, Item, ItemKind, Provider, Role, Side, Status};
use sluicebox::provider::boxcom::auth;
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, Limits};
use sluicebox::provider::{self, CapabilityState, Onward, Secret, Settings, Source, Wanted, WhyUnwalked};
use std::collections::{HashSet, VecDeque};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use url::Url;

/// The login of the emulated application's service account.
const SERVICE: &str = "AutomationUser_1_emulator@boxdevedition.com";

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
            }),
            internal_domains: vec!["example.com".into()],
            limits: Limits::default(),
            proxy: None,
            authority: None,
            history_days: 7,
            trash: true,
        }
    }

    fn http(&self, settings: &Settings) -> Arc<Http> {
        let options = http::Options::new(self.clock.clone(), Arc::new(AtomicBool::new(false)));
        Http::of(settings, options).unwrap()
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
        (SERVICE, Side::Internal, Role::Service, Status::Active),
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
