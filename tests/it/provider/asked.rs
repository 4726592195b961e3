//! Behaviours of what a running service asks between listings: one item, a delivery of a webhook, which feeds have news.

use super::Told;
use super::receiver::Receiver;
use super::stage::Stage;
use sluicebox::clock::Moment;
use sluicebox::emulator::Faults;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::inventory::{Closed, Sort};
use sluicebox::emulator::seed::Fill;
use sluicebox::engine::listing::{self, Todo, Watch};
use sluicebox::model::{Directory, Download, Item, ItemKind, Provider};
use sluicebox::provider::{Delivered, Delivery, FeedCursor, Glance, Next, Onward, Page, Source, Walk};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Everything a listing told, first telling of each, and where its walks ended.
#[derive(Default)]
struct Listed {
    items: HashMap<Arc<str>, Item>,
    ends: Vec<FeedCursor>,
}

impl Watch for Listed {
    fn page(&mut self, walk: &Walk, page: &Page) {
        for item in &page.items {
            self.items.entry(Arc::clone(&item.id)).or_insert_with(|| item.clone());
        }
        if let Onward::End(Some(end)) = &page.onward {
            let (feed, read_as) = (Arc::clone(&walk.id), walk.read_as.clone());
            self.ends.push(FeedCursor { feed, read_as, position: Arc::clone(end) });
        }
    }
}

fn listed(stage: &Stage, source: &dyn Source, name: &str) -> Listed {
    let mut seen = Listed::default();
    let (mut journal, progress) = (stage.journal(name), listing::Progress::default());
    let todo = Todo { exposure: false, verify: false };
    listing::survey(source, &stage.domains(), &mut journal, &stage.options(4), todo, &progress, &mut seen).unwrap();
    seen
}

fn glance(item: &Item) -> Glance {
    let (id, place) = (Arc::clone(&item.id), Arc::clone(&item.place));
    Glance { id, kind: item.kind, read_as: item.read_as.clone(), place }
}

/// Every item the tenant itself says it holds is listed, where it says, and nothing else; what it says is closed is a hole.
pub(super) fn inventory(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let mut seen = Listed::default();
    let (mut journal, progress) = (stage.journal("journal"), listing::Progress::default());
    let todo = Todo { exposure: false, verify: false };
    let survey =
        listing::survey(&*source, &stage.domains(), &mut journal, &stage.options(4), todo, &progress, &mut seen)
            .unwrap();
    let inventories = stage.tenants.inventory();
    let inventory = match provider {
        Provider::Box => inventories.boxcom,
        Provider::Dropbox => inventories.dropbox,
    };
    let mut wrong = Vec::new();
    for stocked in &inventory.items {
        let Some(item) = seen.items.remove(&*stocked.id) else {
            wrong.push(format!("{:?} is not listed", stocked.path));
            continue;
        };
        let sort = match stocked.sort {
            Sort::File => ItemKind::File,
            Sort::Folder => ItemKind::Folder,
            Sort::Bookmark => ItemKind::WebLink,
        };
        let place = stocked.place.as_deref().unwrap_or(&item.place);
        let version = item.version.as_deref().unwrap_or_default();
        // What is only exported has no size of its own.
        let bytes = if item.download == Download::Direct { stocked.bytes } else { item.size_bytes };
        let must = (sort, place, stocked.version.as_str(), bytes, stocked.trashed);
        let told = (item.kind, &*item.place, version, item.size_bytes, item.trashed.is_some());
        if told != must {
            wrong.push(format!("{:?} is {told:?}, must be {must:?}", stocked.path));
        }
    }
    wrong.extend(seen.items.into_values().map(|item| format!("{:?} is listed", item.path)));
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), inventory.items.len(), wrong.join("\n"));
    let mut holes: Vec<Closed> = Vec::new();
    holes.extend(survey.listing.holes.iter().map(|hole| Closed { what: hole.what.to_string(), why: hole.why.name() }));
    let mut closed = inventory.closed;
    holes.sort();
    closed.sort();
    assert_eq!(holes, closed);
    format!("{} items, {} holes", inventory.items.len(), closed.len())
}

/// Each item of a listing, looked at by itself, is the same item.
pub(super) fn look(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let listed = listed(&stage, &*source, "journal");
    let people = stage.people(&*source);
    for item in listed.items.values() {
        let looked = source.look(&glance(item), &people).unwrap_or_else(|error| panic!("{:?}: {error}", item.path));
        assert_eq!(looked, *item);
    }
    let nothing = Glance { id: nothing(provider).into(), ..glance(listed.items.values().next().unwrap()) };
    assert_eq!(source.look(&nothing, &people).unwrap_err().next(), Next::Gone);
    stage.assert_behaved();
    format!("{} items", listed.items.len())
}

/// An id that nothing has.
fn nothing(provider: Provider) -> &'static str {
    match provider {
        Provider::Box => "7",
        Provider::Dropbox => "id:nothing",
    }
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn write(path: &str, body: &'static str) -> Edit {
    Edit::Write { by: "erin", path: steps(path), body: body.as_bytes().into() }
}

/// What changed, moved, or went to the trash is found by what was known of it before, just as a new listing tells it.
pub(super) fn look_again(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let tenant = tenant(&stage);
    for name in ["edited", "renamed", "moved", "shared", "trashed"] {
        tenant.play(&write(&format!("erin/Here/{name}.txt"), "one")).unwrap();
    }
    let source = stage.connect();
    let before = listed(&stage, &*source, "before");
    stage.clock.advance(Duration::from_secs(5));
    let goes = |from: &str, to: &str| Edit::Move { by: "erin", from: steps(from), to: steps(to) };
    for edit in [
        write("erin/Here/edited.txt", "two, and longer"),
        goes("erin/Here/renamed.txt", "erin/Here/another name.txt"),
        goes("erin/Here/moved.txt", "erin/There/deeper/moved.txt"),
        goes("erin/Here/shared.txt", "team/Everybody/shared.txt"),
        Edit::Delete { by: "erin", path: steps("erin/Here/trashed.txt") },
    ] {
        tenant.play(&edit).unwrap();
    }
    let then = stage.clock.now();
    let after = listed(&stage, &*stage.connect(), "after");
    let people = stage.people(&*source);
    let mut looked = 0;
    for item in before.items.values().filter(|item| item.path.as_deref().is_some_and(|path| path.starts_with("/Here/")))
    {
        let found = source.look(&glance(item), &people).unwrap_or_else(|error| panic!("{:?}: {error}", item.path));
        assert_eq!(Some(&found), after.items.get(&item.id), "{:?}", item.path);
        assert_ne!(found, *item);
        assert_eq!(stage.tenants.offered(&item.id), Some(then), "{:?}", item.path);
        looked += 1;
    }
    assert_eq!(looked, 5);
    stage.assert_behaved();
    format!("{looked} items")
}

fn tenant(stage: &Stage) -> &dyn Play {
    match stage.provider {
        Provider::Box => &*stage.tenants.boxcom,
        Provider::Dropbox => &*stage.tenants.dropbox,
    }
}

/// A notice as it comes.
#[derive(Clone)]
struct Sent {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn to(&self, source: &dyn Source, at: Moment) -> Delivered {
        let header = |name: &str| self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        source.delivery(&Delivery { query: "", header: &header, body: &self.body, at })
    }
}

fn notices(stage: &Stage) -> Vec<Sent> {
    match stage.provider {
        Provider::Box => {
            let notices = stage.tenants.boxcom.take_notices().into_iter();
            notices.map(|notice| Sent { headers: notice.headers, body: notice.body }).collect()
        }
        Provider::Dropbox => {
            let signed = |signature| vec![("x-dropbox-signature".to_owned(), signature)];
            let notices = stage.tenants.dropbox.take_notices().into_iter();
            notices.map(|notice| Sent { headers: signed(notice.signature), body: notice.body }).collect()
        }
    }
}

/// Whether a hint names a file of that name of erin's (Box), or erin (Dropbox).
fn names(delivered: &Delivered, people: &Directory, name: &str, provider: Provider) -> bool {
    let Delivered::Hint { subjects, accounts } = delivered else { return false };
    let erin = people.by_login("erin@example.com").unwrap();
    match provider {
        Provider::Box => subjects.iter().any(|subject| {
            (subject.kind, subject.name.as_deref()) == (Some(ItemKind::File), Some(name))
                && subject.owner == Some(Arc::clone(&erin.account))
        }),
        Provider::Dropbox => accounts.contains(&erin.account),
    }
}

/// Genuine notices are hints; forged, old and unsigned ones are refused, and so is everything without a key.
pub(super) fn delivery(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let tenant = tenant(&stage);
    tenant.play(&write("erin/Hooked/first.txt", "one")).unwrap();
    let source = stage.connect();
    let people = stage.people(&*source);
    let address = Url::parse("https://scan.example.com/hooks/main").unwrap();
    let is_box = provider == Provider::Box;
    let missing = source.repair_hooks(&people, &address).unwrap();
    assert_eq!((missing > 0, source.repair_hooks(&people, &address).unwrap()), (is_box, 0), "hooks");
    drop(notices(&stage));
    stage.clock.advance(Duration::from_secs(5));
    tenant.play(&write("erin/Hooked/told.txt", "two")).unwrap();
    let (sent, now) = (notices(&stage), stage.clock.now());
    assert!(!sent.is_empty());
    let fresh = || stage.connect();
    for notice in &sent {
        assert!(names(&notice.to(&*source, now), &people, "told.txt", provider), "genuine");
        assert_eq!(notice.to(&*source, now) == Delivered::Repeat, is_box, "repeat");
        let old = notice.to(&*fresh(), now.plus(Duration::from_secs(601)));
        assert_eq!(matches!(old, Delivered::Refused(_)), is_box, "old: {old:?}");
        let mut forged = notice.clone();
        forged.body[0] ^= 1;
        let unsigned = Sent { headers: Vec::new(), ..notice.clone() };
        let nothing = Sent { body: Vec::new(), ..notice.clone() };
        for (what, sent) in [("forged", forged), ("unsigned", unsigned), ("empty", nothing)] {
            let refused = sent.to(&*fresh(), now);
            assert!(matches!(refused, Delivered::Refused(_)), "{what}: {refused:?}");
        }
        let keyless = notice.to(&*stage.open(&stage.without_hook_keys()), now);
        let named = if is_box { "hook_key_file" } else { "app_secret_file" };
        assert!(matches!(&keyless, Delivered::Refused(why) if why.contains(named)), "{keyless:?}");
    }
    let none = |_: &str| None;
    let asked = source.delivery(&Delivery { query: "challenge=abc%20d", header: &none, body: b"", at: now });
    match asked {
        Delivered::Handshake { text, headers } if !is_box => {
            assert_eq!((text.as_str(), headers.contains(&("X-Content-Type-Options", "nosniff"))), ("abc d", true));
        }
        other => assert!(is_box && matches!(other, Delivered::Refused(_)), "{other:?}"),
    }
    stage.assert_behaved();
    format!("{missing} hooks, {} notices", sent.len())
}

/// The tenant's notices come to the registered address over HTTP: proven first where the provider asks for it, again when they
/// were not taken, and always genuine.
pub(super) fn over_the_wire(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let tenant = tenant(&stage);
    tenant.play(&write("erin/Hooked/first.txt", "one")).unwrap();
    let source: Arc<dyn Source> = Arc::from(stage.connect());
    let people = stage.people(&*source);
    let receiver = Receiver::start(Arc::clone(&source), stage.clock.clone(), 2);
    source.repair_hooks(&people, &receiver.address()).unwrap();
    drop(notices(&stage));
    if provider == Provider::Dropbox {
        stage.running.set_hook(Some(receiver.address().to_string()));
        receiver.until(&stage.clock, |delivered| matches!(delivered, Delivered::Handshake { .. }));
    }
    tenant.play(&write("erin/Hooked/told.txt", "two")).unwrap();
    receiver.until(&stage.clock, |delivered| names(delivered, &people, "told.txt", provider));
    receiver.until_taken(&stage);
    let brought = stage.running.brought();
    assert!(brought.taken > 0 && brought.failed >= 2, "{brought:?}");
    assert_eq!((brought.given_up, brought.waiting, receiver.refused()), (0, 0, 0));
    stage.assert_behaved();
    format!("{} taken, {} brought again", brought.taken, brought.failed)
}

/// A feed with news says so; a feed without, where the provider can wait, does not.
pub(super) fn watch(provider: Provider, seed: u64) -> Told {
    // A lost position is news of its own.
    let stage = Stage::with(provider, seed, Fill::small(), Faults { reset: 0.0, ..Faults::light() });
    let source = stage.connect();
    let mut cursors = source.feed_now().unwrap();
    let waits: Vec<FeedCursor> = listed(&stage, &*source, "journal").ends.into_iter().filter(is_whole).collect();
    assert_eq!(waits.is_empty(), provider == Provider::Box);
    cursors.extend(waits.iter().cloned());
    let patience = Duration::from_secs(30);
    let order = |watched: &[sluicebox::provider::Watched]| {
        let order: Vec<usize> = watched.iter().map(|one| one.at).collect();
        assert_eq!(order, (0..watched.len()).collect::<Vec<_>>());
    };
    let news = |cursors: &[FeedCursor], patience| -> Vec<Arc<str>> {
        let watched = source.watch(cursors, patience);
        order(&watched);
        let yes = watched.into_iter().filter(|one| *one.changed.as_ref().unwrap());
        yes.map(|one| Arc::clone(&cursors[one.at].feed)).collect()
    };
    assert_eq!(news(&waits, patience), Vec::<Arc<str>>::new(), "nothing happened yet");
    assert_eq!(news(&cursors, Duration::ZERO).len(), cursors.len(), "no patience, no waiting");
    // What asks to be left alone is.
    stage.clock.advance(Duration::from_secs(3_600));
    tenant(&stage).play(&write("erin/watched.txt", "news")).unwrap();
    let told = news(&cursors, patience);
    let fed = cursors.iter().filter(|cursor| told.contains(&cursor.feed));
    let changes: Vec<_> = fed.map(|cursor| source.changes(cursor, Duration::ZERO).unwrap()).collect();
    let whole = changes.iter().flat_map(|changes| &changes.pages).flat_map(|page| &page.items).map(|item| &*item.name);
    let subjects = changes.iter().flat_map(|changes| &changes.activities).flat_map(|activity| &activity.subjects);
    let named = subjects.filter_map(|subject| subject.name.as_deref().and_then(|name| name.rsplit('/').next()));
    assert!(whole.chain(named).any(|name| name == "watched.txt"));
    assert_eq!(told.len(), if waits.is_empty() { 1 } else { 2 }, "{told:?}");
    stage.assert_behaved();
    format!("{} feeds", cursors.len())
}

/// A whole namespace: of those the last cursor is a feed.
fn is_whole(end: &FeedCursor) -> bool {
    end.feed.starts_with("ns:")
}
