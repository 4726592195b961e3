//! A team for tests: answers are laid down for each route beforehand, and what was sent can be looked at afterwards.
//!
//! The team has a member `dbmid:ann` with the home namespace 10, an admin `dbmid:root`, a team folder 20, and the company's
//! quarantine, team folder 30. Routes that were given no answer refuse with 409 `not_found`.

use super::super::super::Tenant;
use crate::clock::Clock;
use crate::model::action::{Action, Folder, Holds, ItemState, Labels, Order, State, Target, TargetItem};
use crate::model::{ContentHash, Directory, ItemKind, Members, Person, Principal, Provider, Role, Side, Status};
use crate::provider::govern::{Asked, Facets};
use crate::provider::http::{Http, Options};
use crate::provider::settings::{Cloud, DropboxSettings, Limits};
use crate::provider::vault::{Kept, Vault};
use crate::provider::{Secret, Settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use url::Url;

/// A call as it came.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Heard {
    /// `files/move_v2`.
    pub(in super::super) route: String,
    /// `user dbmid:...`, `admin dbmid:...`, or `team`.
    pub(in super::super) by: String,
    /// The namespace that paths are relative to; empty when none is named.
    pub(in super::super) root: String,
    pub(in super::super) argument: Value,
    /// Bytes that came with the argument.
    pub(in super::super) bytes: Vec<u8>,
}

type Answers = HashMap<String, VecDeque<(u16, Value)>>;

struct Stage {
    answers: Mutex<Answers>,
    heard: Mutex<Vec<Heard>>,
    over: AtomicBool,
}

/// The team and the server that plays it.
pub(in super::super) struct Bench {
    pub(in super::super) tenant: Tenant,
    pub(in super::super) people: Directory,
    /// Whether orders have let somebody in, as their journal says.
    pub(in super::super) lent: bool,
    stage: Arc<Stage>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
    _vault: tempfile::TempDir,
}

impl Bench {
    /// A team that gives these answers; a route's last one is given again and again.
    pub(in super::super) fn new(answers: &[(&str, u16, Value)]) -> Self {
        let namespaces = json!({"has_more": false, "cursor": "c", "namespaces": [
            {"namespace_id": "10", "name": "Ann", "namespace_type": {".tag": "team_member_folder"}, "team_member_id": "dbmid:ann"},
            {"namespace_id": "11", "name": "Bob", "namespace_type": {".tag": "team_member_folder"}, "team_member_id": "dbmid:bob"},
            {"namespace_id": "20", "name": "Team", "namespace_type": {".tag": "team_folder"}},
            {"namespace_id": "30", "name": super::quarantine::NAME, "namespace_type": {".tag": "team_folder"}},
        ]});
        let mut all = Answers::new();
        for (route, status, body) in answers {
            all.entry((*route).to_owned()).or_default().push_back((*status, body.clone()));
        }
        all.entry("team/namespaces/list".into()).or_default().push_back((200, namespaces));
        let token = json!({"access_token": "t", "expires_in": 14400, "token_type": "bearer"});
        all.entry("token".into()).or_default().push_back((200, token));
        let stage = Arc::new(Stage { answers: Mutex::new(all), heard: Mutex::default(), over: AtomicBool::new(false) });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::clone(&stage);
        let thread = thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                shared.serve(&mut connection.expect("a connection"));
            }
        });
        let vault = tempfile::tempdir().expect("a directory");
        let tenant = tenant(address, vault.path().join("vault"));
        Self { tenant, people: people(), lent: false, stage, address, thread: Some(thread), _vault: vault }
    }

    /// The calls that change something or were asked for by name, in order.
    pub(in super::super) fn heard(&self) -> Vec<Heard> {
        self.stage.heard.lock().expect("what was heard").clone()
    }

    /// The calls of one route.
    pub(in super::super) fn calls(&self, route: &str) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.route == route).collect()
    }

    /// An order for file `id:f`, and what goes with it.
    pub(in super::super) fn ask<T>(
        &self,
        action: Action,
        prior: Option<&ItemState>,
        run: impl FnOnce(&Asked<'_>) -> T,
    ) -> T {
        let on = TargetItem {
            id: "id:f".into(),
            kind: ItemKind::File,
            place: "10".into(),
            read_as: Principal::Person("dbmid:ann".into()),
            path: Some("/a/f.txt".into()),
        };
        let facets = Facets::of(&action);
        let order = Order {
            id: "o-1".into(),
            on: Target::Item(on),
            action,
            version: None,
            expects: None,
            begun: None,
            password: None,
        };
        let prior = prior.map(|prior| State::Item(Box::new(prior.clone())));
        run(&Asked { order: &order, facets, prior: prior.as_ref(), lent: self.lent, people: &self.people })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stage.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Stage {
    fn serve(&self, connection: &mut TcpStream) {
        let Some((status, body)) = self.hear(connection) else { return };
        let body = if body.is_null() { "null".to_owned() } else { body.to_string() };
        let head = format!(
            "HTTP/1.1 {status} Told\r\nContent-Length: {}\r\nX-Dropbox-Request-Id: r1\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = connection.write_all((head + &body).as_bytes());
        let _ = connection.shutdown(std::net::Shutdown::Write);
        let _ = connection.read_to_end(&mut Vec::new());
    }

    fn hear(&self, connection: &mut TcpStream) -> Option<(u16, Value)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        let head = String::from_utf8(head).ok()?;
        let field = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let mut bytes = vec![0; field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
        connection.read_exact(&mut bytes).ok()?;
        let route = head.split(' ').nth(1)?.trim_start_matches('/').to_owned();
        let (argument, bytes) = match field("dropbox-api-arg") {
            Some(argument) => (serde_json::from_str(&argument).ok()?, bytes),
            None => (serde_json::from_slice(&bytes).unwrap_or_default(), Vec::new()),
        };
        let by = match (field("dropbox-api-select-user"), field("dropbox-api-select-admin")) {
            (Some(user), _) => format!("user {user}"),
            (_, Some(admin)) => format!("admin {admin}"),
            _ => "team".into(),
        };
        let root: Value =
            field("dropbox-api-path-root").and_then(|root| serde_json::from_str(&root).ok()).unwrap_or_default();
        let root = root["namespace_id"].as_str().unwrap_or_default().to_owned();
        let mut answers = self.answers.lock().ok()?;
        let answer = match answers.get_mut(&route) {
            Some(left) if left.len() > 1 => left.pop_front(),
            Some(left) => left.front().cloned(),
            None => None,
        };
        if !matches!(route.as_str(), "token" | "team/namespaces/list") {
            self.heard.lock().ok()?.push(Heard { route, by, root, argument, bytes });
        }
        Some(answer.unwrap_or_else(|| refusal(&["path", "not_found"])))
    }
}

/// 409 with these tags, one within the other.
pub(in super::super) fn refusal(tags: &[&str]) -> (u16, Value) {
    let error = tags.iter().rev().fold(Value::Null, |inner, tag| match inner {
        Value::Null => json!({ ".tag": tag }),
        inner => json!({ ".tag": tag, *tag: inner }),
    });
    (409, json!({ "error_summary": "told/..", "error": error }))
}

fn tenant(address: SocketAddr, vault: std::path::PathBuf) -> Tenant {
    let url = |path: &str| Url::parse(&format!("http://{address}/{path}")).expect("an address");
    let cloud = DropboxSettings {
        api: url(""),
        content: url(""),
        notify: url(""),
        token: url("token"),
        authorize: url("authorize"),
        app_key: "key".into(),
        app_secret: None,
        vault: vault.clone(),
        admin: Some("dbmid:root".into()),
    };
    let settings = Settings {
        name: "main".parse().expect("a name"),
        cloud: Cloud::Dropbox(cloud.clone()),
        internal_domains: Vec::new(),
        limits: Limits { rate_per_principal: f64::INFINITY, ..Limits::default() },
        proxy: None,
        authority: None,
        history_days: 7,
        trash: true,
        holds: true,
        patience: crate::provider::govern::Patience::default(),
    };
    let kept = Kept { refresh_token: Secret::new("r"), details: BTreeMap::new() };
    let file = Vault::new(vault, settings.name.clone(), Provider::Dropbox, "key");
    file.put(&kept).expect("a vault");
    let http = Http::of(&settings, Options::new(Clock::movable(), Arc::default())).expect("a client");
    Tenant::open(&settings, &cloud, http).expect("a tenant")
}

fn people() -> Directory {
    let mut people = Directory::new(["example.com".to_owned()]);
    for (name, role) in [("ann", Role::Member), ("bob", Role::Member), ("root", Role::Admin)] {
        people.add(Person {
            id: format!("dbmid:{name}").into(),
            account: format!("dbid:{name}").into(),
            login: format!("{name}@example.com").into(),
            name: name.into(),
            side: Side::Internal,
            role,
            status: Status::Active,
        });
    }
    people
}

/// A folder of a namespace, with whoever acts there.
pub(in super::super) fn folder(place: &str, path: &str) -> Folder {
    let act_as = match place {
        "10" => Principal::Person("dbmid:ann".into()),
        "11" => Principal::Person("dbmid:bob".into()),
        _ => Principal::Admin("dbmid:root".into()),
    };
    Folder { id: None, place: place.into(), path: Some(path.into()), act_as }
}

/// File `id:f`, `f.txt` in this folder, of revision `0123456789`.
pub(in super::super) fn file(folder: Folder) -> ItemState {
    ItemState {
        at: crate::clock::Moment::default(),
        kind: ItemKind::File,
        name: "f.txt".into(),
        folder,
        as_folder: None,
        owner: None,
        version: Some("0123456789".into()),
        etag: None,
        hash: Some(ContentHash::Blocks([7; 32])),
        size_bytes: 5,
        trashed: false,
        links: Vec::new(),
        links_above: Vec::new(),
        members: Members::None,
        invitations: None,
        labels: Labels::default(),
        lock: None,
        holds: Holds::NotAsked,
        note: None,
        copy: None,
        lent: None,
        said: None,
        seen_back: None,
        shared_as: None,
    }
}
