//! How far every known item is open. What is held in memory grows with folders and shared items, never with files.
//!
//! The journal is read twice. The first reading collects whose members must be asked for; they are fetched in batches by
//! many threads, and so are the links of people where the listing does not tell them. The second reading joins each item
//! with the facts of the folders above it.

use super::fan::{again, guarded, with_threads};
use super::journal::{At, Journal, Ways};
use super::verify::Failed;
use super::{Error, Options, Progress, Watch};
use crate::model::{
    Directory, Exposure, Item, ItemKind, Level, Link, Members, Person, Principal, Provider, Sharing, Side, Status,
};
use crate::provider::exposure::{Above, exposure};
use crate::provider::{self, Next, Shared, Source};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Items asked about in one batch: Dropbox takes 100 files a call; a Box batch is a call for each.
const BATCH_DROPBOX: usize = 100;
const BATCH_BOX: usize = 20;
/// Failures whose words are kept; all of them make the item unknown.
const FAILED_MAX: usize = 1_000;

/// How many items are how far open.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Files by level, in the order of [`Level`].
    pub counts: [u64; 4],
    /// Folders and bookmarks by level.
    pub others: [u64; 4],
    /// Files among them that may be further open than told, since something could not be seen.
    pub unknown: u64,
    /// Links that lead to nothing the listing knows.
    pub links_unplaced: u64,
    /// What could not be asked. An item whose members are among it is unknown, and so is whatever a person may have linked
    /// whose links are.
    pub failures: Vec<Failed>,
    /// True when it was stopped before the end.
    pub stopped: bool,
}

impl Levels {
    /// Files of this level.
    #[must_use]
    pub fn count(&self, level: Level) -> u64 {
        self.counts[at(level)]
    }
}

fn at(level: Level) -> usize {
    match level {
        Level::Private => 0,
        Level::Internal => 1,
        Level::External => 2,
        Level::Public => 3,
    }
}

/// Asks for members and links and tells `watch` each item's exposure.
///
/// # Errors
/// When the credentials fail or the journal cannot be read.
pub fn exposures(
    source: &dyn Source,
    people: &Directory,
    journal: &mut Journal,
    options: &Options,
    progress: &Progress,
    watch: &mut dyn Watch,
) -> Result<Levels, Error> {
    let mut facts = Facts::default();
    let asked = facts.first_reading(source.provider(), journal)?;
    let asking = Asking { source, people, options, progress };
    facts.fetch_members(&asking, asked)?;
    if source.provider() == Provider::Dropbox {
        facts.fetch_links(&asking, journal)?;
    }
    facts.second_reading(&asking, journal, watch)
}

/// What the fetching needs.
#[derive(Clone, Copy)]
struct Asking<'a> {
    source: &'a dyn Source,
    people: &'a Directory,
    options: &'a Options,
    progress: &'a Progress,
}

/// Facts of shared items and folders, by number.
#[derive(Debug, Default)]
struct Facts {
    shared: HashMap<u64, Fact>,
    links_unplaced: u64,
    /// People whose links could not be asked for.
    unlinked: HashSet<Arc<str>>,
    failures: Vec<Failed>,
    stopped: bool,
}

/// One shared item or namespace.
#[derive(Debug, Default)]
struct Fact {
    id: Arc<str>,
    sharing: Arc<Sharing>,
}

/// Members to ask for, under the number their answer goes to.
type Asked = Vec<(u64, Shared)>;

impl Facts {
    /// Links that the listing told, and what must be asked for.
    fn first_reading(&mut self, provider: Provider, journal: &mut Journal) -> Result<Asked, Error> {
        let mut asked = Asked::new();
        let namespaces = provider == Provider::Dropbox;
        if namespaces {
            for walk in journal.cursors().into_iter().filter(|walk| walk.id.starts_with("ns:")) {
                let shared = Shared { id: walk.place, kind: ItemKind::Folder, read_as: walk.read_as };
                asked.push((journal.top_of(&shared.id), shared));
            }
        }
        journal.rows(&mut |_, item, at| {
            let inherits = item.kind == ItemKind::Folder && item.outside_owner;
            if item.link.is_some() || inherits {
                self.note(&item, at);
            }
            // A shared folder of Dropbox is a namespace, asked about above, and here only the place where it is mounted.
            if item.has_members && !(namespaces && item.kind == ItemKind::Folder) {
                let shared = Shared { id: Arc::clone(&item.id), kind: item.kind, read_as: item.read_as.clone() };
                asked.push((at.item, shared));
            }
            ControlFlow::Continue(())
        })?;
        Ok(asked)
    }

    fn note(&mut self, item: &Item, at: At) {
        let sharing = Sharing {
            links: item.link.iter().cloned().collect(),
            outside_owner: item.outside_owner,
            ..Sharing::default()
        };
        self.shared.insert(at.item, Fact { id: Arc::clone(&item.id), sharing: Arc::new(sharing) });
    }

    fn fetch_members(&mut self, asking: &Asking<'_>, mut asked: Asked) -> Result<(), Error> {
        let batch = if asking.source.provider() == Provider::Dropbox { BATCH_DROPBOX } else { BATCH_BOX };
        asked.sort_by_key(|(_, shared)| (shared.kind == ItemKind::Folder, shared.read_as.to_string()));
        let alike =
            |(_, one): &(u64, Shared), (_, next): &(u64, Shared)| one.kind == next.kind && one.read_as == next.read_as;
        let batches: Vec<&[(u64, Shared)]> = asked.chunk_by(alike).flat_map(|alike| alike.chunks(batch)).collect();
        let work = |batch: &[(u64, Shared)]| {
            let of: Vec<Shared> = batch.iter().map(|(_, shared)| shared.clone()).collect();
            asking.again(|| asking.source.members(&of, asking.people))
        };
        spread(asking.options, &batches, work, |batch, answer| self.take_members(batch, answer))
    }

    fn take_members(&mut self, asked: &[(u64, Shared)], answer: Result<Vec<Sharing>, provider::Error>) -> Went {
        let mut answers = match answer {
            Ok(answers) => answers,
            Err(error) => {
                let first = asked.first().map(|(_, shared)| Arc::clone(&shared.id)).unwrap_or_default();
                let went = self.failed(first, error);
                if matches!(went, Went::Fatal(_)) {
                    return went;
                }
                Vec::new()
            }
        };
        answers.truncate(asked.len());
        // An item without an answer is not known to have nobody.
        answers.resize(asked.len(), Sharing { members: Members::Hidden, ..Sharing::default() });
        for ((number, shared), told) in asked.iter().zip(answers) {
            let fact = self.shared.entry(*number).or_default();
            fact.id = Arc::clone(&shared.id);
            let known = Arc::make_mut(&mut fact.sharing);
            known.members = told.members;
            known.links.extend(told.links);
            known.outside_owner |= told.outside_owner;
            known.whole_company |= told.whole_company;
        }
        Went::On
    }

    fn fetch_links(&mut self, asking: &Asking<'_>, journal: &Journal) -> Result<(), Error> {
        let at_work = |person: &&Person| person.side == Side::Internal && person.status == Status::Active;
        let people: Vec<&Person> = asking.people.people().iter().filter(at_work).collect();
        let work = |person: &Person| {
            asking.again(|| {
                let mut found = Vec::new();
                asking.source.links(person, &mut |page| {
                    found.extend(page);
                    Ok(())
                })?;
                Ok(found)
            })
        };
        spread(asking.options, &people, work, |person, found| match found {
            Ok(found) => {
                found.into_iter().for_each(|found| self.place(&found.item, found.link, journal));
                Went::On
            }
            Err(error) => {
                self.unlinked.insert(Arc::clone(&person.id));
                self.failed(Arc::clone(&person.id), error)
            }
        })
    }

    /// True when a link to the item may exist that nobody told: it lies in the home of a person whose links are not known,
    /// or where that person may be a member.
    fn may_be_linked(&self, item: &Item) -> bool {
        match &item.read_as {
            Principal::Person(id) => self.unlinked.contains(id),
            Principal::Tenant | Principal::Admin(_) => !self.unlinked.is_empty(),
        }
    }

    /// Puts a link to the item it leads to. The same link is told by each person who can see it.
    fn place(&mut self, item: &Arc<str>, link: Link, journal: &Journal) {
        let numbers = [ItemKind::File, ItemKind::Folder].map(|kind| journal.item_number(kind, item));
        let Some(number) = numbers.into_iter().find(|number| journal.knows(*number)) else {
            self.links_unplaced += 1;
            return;
        };
        let fact = self.shared.entry(number).or_default();
        fact.id = Arc::clone(item);
        let links = &mut Arc::make_mut(&mut fact.sharing).links;
        if !links.contains(&link) {
            links.push(link);
        }
    }

    fn failed(&mut self, what: Arc<str>, error: provider::Error) -> Went {
        match error.next() {
            Next::Stopped => self.stopped = true,
            Next::Credentials | Next::Budget(_) => return Went::Fatal(error),
            _ if self.failures.len() < FAILED_MAX => self.failures.push(Failed { what, said: error.to_string() }),
            _ => {}
        }
        Went::On
    }

    fn second_reading(
        self,
        asking: &Asking<'_>,
        journal: &mut Journal,
        watch: &mut dyn Watch,
    ) -> Result<Levels, Error> {
        let mut levels = Levels { links_unplaced: self.links_unplaced, stopped: self.stopped, ..Levels::default() };
        let mut above = HashMap::new();
        let now = asking.options.clock.now();
        journal.rows(&mut |ways, item, at| {
            if asking.options.stopped() {
                levels.stopped = true;
                return ControlFlow::Break(());
            }
            let folders = above.entry(at.folder).or_insert_with(|| self.above(ways, at.folder));
            let mut told = exposure(&item.id, &self.own(&item, at), folders, asking.people, now);
            if self.may_be_linked(&item) && !told.unknown.contains(&item.id) {
                told.unknown.push(Arc::clone(&item.id));
            }
            watch.exposure(&item, &told);
            levels.add(&item, &told);
            Progress::add(&asking.progress.judged, 1);
            ControlFlow::Continue(())
        })?;
        levels.failures = self.failures;
        Ok(levels)
    }

    fn own(&self, item: &Item, at: At) -> Arc<Sharing> {
        let known = self.shared.get(&at.item).map(|fact| Arc::clone(&fact.sharing)).unwrap_or_default();
        if known.outside_owner == item.outside_owner {
            return known;
        }
        Arc::new(Sharing { outside_owner: true, ..Sharing::clone(&known) })
    }

    /// The folders above that add something, nearest first; a namespace is the last of its own.
    fn above(&self, ways: &Ways<'_>, folder: u64) -> Vec<Above> {
        let facts = ways.up(folder).filter_map(|number| self.shared.get(&number));
        facts.map(|fact| Above { id: Arc::clone(&fact.id), sharing: Arc::clone(&fact.sharing) }).collect()
    }
}

impl Levels {
    fn add(&mut self, item: &Item, told: &Exposure) {
        let counts = if item.kind == ItemKind::File { &mut self.counts } else { &mut self.others };
        counts[at(told.level)] += 1;
        self.unknown += u64::from(item.kind == ItemKind::File && !told.is_known());
    }
}

impl Asking<'_> {
    fn again<T>(&self, call: impl Fn() -> Result<T, provider::Error>) -> Result<T, provider::Error> {
        again(self.options, self.progress, 0, || guarded("ask who can reach an item", &call))
    }
}

/// Whether the rest goes on after an answer.
enum Went {
    On,
    Fatal(provider::Error),
}

/// Does each job on some thread and hands its answer to `take` on this one.
fn spread<J: Copy + Send, R: Send>(
    options: &Options,
    jobs: &[J],
    work: impl Fn(J) -> Result<R, provider::Error> + Sync,
    mut take: impl FnMut(J, Result<R, provider::Error>) -> Went,
) -> Result<(), Error> {
    let mut left = jobs.iter().copied();
    let mut fatal = None;
    with_threads(
        options.threads,
        |job: J| (job, work(job)),
        |hands| {
            loop {
                while fatal.is_none() && !hands.full() {
                    let Some(job) = left.next() else { break };
                    hands.give(job);
                }
                let Some((job, answer)) = hands.take() else { break };
                if let Went::Fatal(error) = take(job, answer) {
                    fatal.get_or_insert(error);
                }
            }
        },
    );
    fatal.map_or(Ok(()), |error| Err(error.into()))
}
