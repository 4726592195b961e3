//! Behaviours of a whole survey: everything once, everything read, everything judged, nobody annoyed.

use super::journal::known;
use super::stage::Stage;
use super::{Told, expected};
use sluicebox::engine::listing::{self, Ended, Journal, Progress, Todo, Watch};
use sluicebox::model::{Directory, Exposure, Item, ItemKind, Level, Provider};
use sluicebox::provider::{self, Page, Walk};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What a survey brought, by item.
#[derive(Default)]
struct Seen {
    /// As the pages told them, first telling of each.
    listed: HashMap<Arc<str>, (Item, Vec<String>)>,
    exposures: HashMap<Arc<str>, Exposure>,
    read: HashMap<Arc<str>, u64>,
    failed: Vec<String>,
}

impl Watch for Seen {
    fn page(&mut self, walk: &Walk, page: &Page) {
        for item in page.items.iter().filter(|item| item.kind == ItemKind::File) {
            let path = steps(walk, item);
            self.listed.entry(Arc::clone(&item.id)).or_insert_with(|| (item.clone(), path));
        }
    }

    fn exposure(&mut self, item: &Item, exposure: &Exposure) {
        assert!(item.name.is_empty() && item.path.is_none(), "the journal keeps no names");
        if item.kind == ItemKind::File {
            assert!(self.exposures.insert(Arc::clone(&item.id), exposure.clone()).is_none(), "judged twice");
        }
    }

    fn content(&mut self, item: &Item, read: Result<u64, &provider::Error>) {
        match read {
            Ok(bytes) => assert!(self.read.insert(Arc::clone(&item.id), bytes).is_none(), "read twice"),
            // Whether the bytes of what lies in the trash can be had, no provider promises.
            Err(_) if item.trashed.is_some() => {}
            Err(error) => self.failed.push(error.to_string()),
        }
    }
}

/// Path of an item from the owner's root down; of a Dropbox namespace that is no home, from its own name down.
fn steps(walk: &Walk, item: &Item) -> Vec<String> {
    let path = item.path.as_deref().unwrap_or_default();
    let below = path.split('/').filter(|step| !step.is_empty()).map(str::to_owned);
    match &*walk.kind {
        "shared_folder" | "team_folder" => std::iter::once(walk.path.to_string()).chain(below).collect(),
        _ => below.collect(),
    }
}

/// The whole survey on a bad day.
pub(super) fn whole(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let (mut seen, progress) = (Seen::default(), Progress::default());
    let todo = Todo { exposure: true, verify: true };
    let mut journal = stage.journal("journal");
    let options = stage.options(4);
    let survey =
        listing::survey(&*source, &stage.domains(), &mut journal, &options, todo, &progress, &mut seen).unwrap();
    assert_eq!(survey.listing.ended, Ended::Complete);
    stage.assert_behaved();

    let tally = survey.listing.tally;
    assert_eq!(tally.files, u64::try_from(seen.listed.len()).unwrap(), "counted once");
    assert_eq!(progress.items.load(Ordering::Relaxed), tally.items());
    assert_people(&stage, &stage.people(&*source));
    assert_files(&stage, &seen);
    assert_exposures(&stage, &seen);
    assert_tenant_agrees(&stage, &seen);
    assert_holes(&stage, &survey.listing);

    let (verified, levels) = (survey.verified.unwrap(), survey.levels.unwrap());
    assert_eq!((seen.failed, levels.failures), (Vec::new(), Vec::new()));
    assert_eq!(verified.failures.values().sum::<u64>(), 0);
    let unread = verified.not_readable + verified.skipped_outside + verified.unread_in_trash;
    assert_eq!(verified.files + unread, tally.files);
    assert_eq!(seen.read.values().sum::<u64>(), verified.bytes);
    let record = stage.running.record();
    format!(
        "{} files, {} bytes read, {} requests, {} faults",
        tally.files,
        verified.bytes,
        record.count(),
        record.faulted()
    )
}

/// The cast, whatever else the tenant holds.
fn assert_people(stage: &Stage, people: &Directory) {
    for person in sluicebox::emulator::seed::CAST {
        use sluicebox::emulator::seed::Part;
        let listed = people.by_login(person.login).is_some();
        let must = match person.part {
            Part::Invited => stage.provider == Provider::Dropbox,
            Part::Partner => stage.provider == Provider::Box,
            _ => true,
        };
        assert!(listed || !must, "{} is missing", person.key);
    }
    if stage.provider == Provider::Box {
        for login in stage.tenants.boxcom.people() {
            assert!(people.by_login(&login).is_some(), "somebody of the tenant is missing");
        }
    }
    let members = people.groups().find(|group| &*group.name == "Finance").and_then(|group| group.members.clone());
    assert_eq!(members.map(|members| members.len()), Some(2), "Finance");
}

/// Every file of the fill is there as often as the fill has it, by name and hash.
fn assert_files(stage: &Stage, seen: &Seen) {
    let mut listed: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (item, path) in seen.listed.values() {
        let name = path.last().cloned().unwrap_or_else(|| item.name.to_string());
        *listed.entry((name, item.hash.map(|hash| hash.to_string()).unwrap_or_default())).or_default() += 1;
    }
    let mut wanted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for file in expected::files(stage) {
        let name = file.path.last().cloned().unwrap_or_default();
        *wanted.entry((name, file.hash.to_string())).or_default() += 1;
    }
    let missing: Vec<_> =
        wanted.iter().filter(|(file, count)| listed.get(*file) < Some(count)).map(|(file, _)| &file.0).collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}

/// The level of every file of the fill is the one that its deeds give.
fn assert_exposures(stage: &Stage, seen: &Seen) {
    let mut wrong = Vec::new();
    for file in expected::files(stage) {
        let named: Vec<_> = seen
            .listed
            .values()
            .filter(|(item, path)| item.trashed.is_none() && item.hash == Some(file.hash) && file.path.ends_with(path))
            .filter(|(item, _)| owned_by(item, &file.path[0]))
            .collect();
        let levels: BTreeSet<Level> = named.iter().map(|(item, _)| seen.exposures[&item.id].level).collect();
        if !levels.contains(&file.level) {
            wrong.push(format!("{} must be {:?}, is {levels:?}", file.path.join("/"), file.level));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("; "));
}

/// True unless the listing tells another owner of the cast.
fn owned_by(item: &Item, key: &str) -> bool {
    let login = item.owner.as_ref().and_then(|owner| owner.login.as_deref());
    let cast = sluicebox::emulator::seed::CAST;
    let told = cast.iter().find(|person| Some(person.login) == login);
    told.is_none_or(|person| person.key == key || key == "Company")
}

/// Where the tenant itself tells what must be found, exactly that was found.
fn assert_tenant_agrees(stage: &Stage, seen: &Seen) {
    if stage.provider != Provider::Box {
        return;
    }
    let tenant = &stage.tenants.boxcom;
    let mut wrong = Vec::new();
    let files = tenant.files();
    for file in &files {
        let Some((item, _)) = seen.listed.get(&*file.id) else {
            wrong.push(format!("{} is not listed", file.path.join("/")));
            continue;
        };
        let exposure = &seen.exposures[&item.id];
        let told = (item.hash.map(|hash| hash.to_string()), item.size_bytes, item.trashed.is_some());
        if told != (Some(file.sha1.clone()), file.size, file.trashed) {
            wrong.push(format!("{} is {told:?}", file.path.join("/")));
        }
        if (exposure.level.name(), !exposure.is_known()) != (file.expected.level, file.expected.hidden) {
            wrong.push(format!("{}: {:?}, not {:?}", file.path.join("/"), exposure.level, file.expected));
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {}", wrong.len(), wrong.join("; "));
    let known: BTreeSet<&str> = files.iter().map(|file| file.id.as_str()).collect();
    let more: Vec<_> = seen.listed.keys().filter(|id| !known.contains(&***id)).collect();
    assert!(more.is_empty(), "listed though nobody has them: {more:?}");
}

/// What the tenant itself says cannot be walked is a hole, with the same reason.
fn assert_holes(stage: &Stage, listing: &listing::Listing) {
    let told: BTreeSet<(&str, &str)> = listing.holes.iter().map(|hole| (&*hole.what, hole.why.name())).collect();
    if stage.provider == Provider::Box {
        for (what, why) in stage.tenants.boxcom.holes() {
            assert!(told.contains(&(what.as_str(), why)), "{what} ({why}) is not among {told:?}");
        }
    } else {
        assert!(told.iter().any(|(_, why)| *why == "archived"), "the tenant has an archived team folder: {told:?}");
    }
}

/// Two passes, nothing done between them.
pub(super) fn unchanged(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let mut journal = stage.journal("journal");
    let first = stage.list(&*source, &mut journal).tally;
    let calls = stage.running.record().count();
    let before = known(&mut journal);
    let second = stage.list(&*source, &mut journal).tally;
    assert_eq!(before, known(&mut journal));
    assert_eq!((second.taken.new, second.taken.changed, second.gone), (0, 0, 0));
    assert_eq!((second.files, second.folders, second.bytes), (first.files, first.folders, first.bytes));
    stage.assert_behaved();
    format!("{} items, first pass {calls} requests, second {}", first.items(), stage.running.record().count() - calls)
}

/// Lets time go by in the middle of a listing.
struct Later<'a>(&'a Stage, u32);

impl Watch for Later<'_> {
    fn page(&mut self, _: &Walk, _: &Page) {
        self.1 += 1;
        if self.1.is_multiple_of(7) {
            // Longer than a token of either provider lives.
            self.0.clock.advance(Duration::from_secs(5 * 3_600));
        }
    }
}

/// Tokens end again and again while a listing runs.
pub(super) fn tokens_end(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let calm = stage.list(&*stage.connect(), &mut stage.journal("calm")).tally;
    let source = stage.connect();
    let people = stage.people(&*source);
    let mut journal: Journal = stage.journal("journal");
    let mut later = Later(&stage, 0);
    // One thread, or five hours go by between another's new token and its use.
    let options = stage.options(1);
    let listing = listing::list(&*source, &people, &mut journal, &options, &Progress::default(), &mut later).unwrap();
    let pages = later.1;
    assert_eq!((listing.ended, listing.tally.items()), (Ended::Complete, calm.items()));
    let refused = stage.running.record().refused();
    assert!(refused.is_empty(), "{:?}", refused.first());
    format!("{} items, {pages} pages, tokens ended {} times", calm.items(), pages / 7)
}
