//! Behaviours of a whole survey: everything once, everything read, everything judged, nobody annoyed.

use super::Told;
use super::journal::known;
use super::stage::Stage;
use sluicebox::emulator::Faults;
use sluicebox::emulator::seed::Fill;
use sluicebox::engine::listing::{self, Ended, Journal, Progress, Todo, Watch};
use sluicebox::model::{Directory, Download, Exposure, Item, ItemKind, Person, Provider, Role};
use sluicebox::provider::{self, Page, Walk};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What a survey brought, by item.
#[derive(Default)]
struct Seen {
    /// As the pages told them, first telling of each.
    listed: HashMap<Arc<str>, Item>,
    exposures: HashMap<Arc<str>, Exposure>,
    read: HashMap<Arc<str>, u64>,
    failed: Vec<String>,
}

impl Watch for Seen {
    fn page(&mut self, _: &Walk, page: &Page) {
        for item in page.items.iter().filter(|item| item.kind == ItemKind::File) {
            self.listed.entry(Arc::clone(&item.id)).or_insert_with(|| item.clone());
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
    assert_holes(&stage, &survey.listing);

    let (verified, levels) = (survey.verified.unwrap(), survey.levels.unwrap());
    assert_eq!((seen.failed, levels.failures), (Vec::new(), Vec::new()));
    assert_eq!(verified.failures.values().sum::<u64>(), 0);
    let unread = verified.not_readable + verified.skipped_outside + verified.unread_in_trash;
    assert_eq!(verified.files + unread, tally.files);
    assert_eq!(seen.read.values().sum::<u64>(), verified.bytes);
    let record = stage.running.record();
    let twice = record.downloads().into_iter().find(|(_, count)| (count.started, count.completed) != (1, 1));
    assert_eq!(twice, None, "each content is read once, whatever is cut");
    format!(
        "{} files, {} bytes read, {} requests, {} faults",
        tally.files,
        verified.bytes,
        record.count(),
        record.faulted()
    )
}

/// Everybody the tenant names, and nobody of whom it knows nothing.
fn assert_people(stage: &Stage, people: &Directory) {
    let must: BTreeSet<String> = stage.logins().iter().map(|login| login.to_lowercase()).collect();
    // The application's own account is nobody of the company.
    let own = |person: &&Person| person.role == Role::Service;
    assert_eq!(people.people().iter().filter(own).count(), usize::from(stage.provider == Provider::Box));
    let everybody = people.people().iter().filter(|person| !own(person));
    let told: BTreeSet<String> = everybody.map(|person| person.login.to_lowercase()).collect();
    assert_eq!(told, must, "people");
    let members = people.groups().find(|group| &*group.name == "Finance").and_then(|group| group.members.clone());
    assert_eq!(members.map(|members| members.len()), Some(2), "Finance");
}

/// Each file of the tenant is listed, with its bytes and level, and no other.
fn assert_files(stage: &Stage, seen: &Seen) {
    let must = stage.files();
    let mut wrong = Vec::new();
    for (id, file) in &must {
        let Some(item) = seen.listed.get(&**id) else {
            wrong.push(format!("{} is not listed", file.path));
            continue;
        };
        let told = (item.hash.map(|hash| hash.to_string()), item.size_bytes, item.trashed.is_some());
        if file.direct && told != (Some(file.hash.clone()), file.size_bytes, file.trashed) {
            wrong.push(format!("{} is {told:?}", file.path));
        }
        if file.direct != (item.download == Download::Direct) {
            wrong.push(format!("{}: {:?}", file.path, item.download));
        }
        let exposure = &seen.exposures[&item.id];
        if (exposure.level.name(), exposure.is_known()) != (file.level, file.known) {
            let told = (exposure.level, exposure.is_known());
            wrong.push(format!("{} is {told:?}, must be {:?}", file.path, (file.level, file.known)));
        }
    }
    wrong.extend(seen.listed.keys().filter(|id| !must.contains_key(&***id)).map(|id| format!("nobody has {id}")));
    assert!(wrong.is_empty(), "{} wrong: {}", wrong.len(), wrong.join("; "));
}

/// What the tenant says cannot be walked, and nothing else, is a hole with the same reason.
fn assert_holes(stage: &Stage, listing: &listing::Listing) {
    let told: BTreeSet<_> = listing.holes.iter().map(|hole| (hole.what.to_string(), hole.why.name())).collect();
    assert_eq!(told, stage.holes().into_iter().collect(), "holes");
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

/// On a good day no page is asked for twice.
pub(super) fn least_calls(provider: Provider, seed: u64) -> Told {
    let stage = Stage::with(provider, seed, Fill::small(), Faults::default());
    let least = stage.least_calls();
    stage.list(&*stage.connect(), &mut stage.journal("journal"));
    let calls = stage.running.record().calls();
    let is_page = |kind: &str| match provider {
        Provider::Box => kind.ends_with("/items"),
        Provider::Dropbox => kind.contains("/files/list_folder"),
    };
    let pages: u64 = calls.iter().filter(|(kind, _)| is_page(kind)).map(|(_, count)| count).sum();
    // The tenant counts the company's people; the application's own account has a root and a trash as well.
    let own = if provider == Provider::Box { 2 } else { 0 };
    assert_eq!(pages, least + own, "{calls:?}");
    stage.assert_behaved();
    format!("{pages} pages, {} requests", stage.running.record().count())
}

/// After how many pages tokens end, and how often: no call may meet more ends than it gets new tokens.
const TOKENS_END_EVERY: u32 = 9;
const TOKENS_END: u32 = 3;

/// Lets time go by in the middle of a listing.
struct Later<'a>(&'a Stage, u32);

impl Watch for Later<'_> {
    fn page(&mut self, _: &Walk, _: &Page) {
        self.1 += 1;
        if self.1.is_multiple_of(TOKENS_END_EVERY) && self.1 <= TOKENS_END_EVERY * TOKENS_END {
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
    // Four threads: five hours go by between a new token and its use, too.
    let options = stage.options(4);
    let listing = listing::list(&*source, &people, &mut journal, &options, &Progress::default(), &mut later).unwrap();
    let pages = later.1;
    assert!(pages > TOKENS_END_EVERY * TOKENS_END, "{pages} pages");
    assert_eq!((listing.ended, listing.tally.items()), (Ended::Complete, calm.items()));
    let refused = stage.running.record().refused();
    assert!(refused.is_empty(), "{:?}", refused.first());
    format!("{} items, {pages} pages, tokens ended {TOKENS_END} times", calm.items())
}
