//! Which stored items a filter means: the facts of each, fetched in the order of their cost and only until they decide.
//!
//! A million items are asked in pages. Most are decided by what stands in their own row; members, findings and activities are
//! read for the rest alone, and only when the filter wants them.

pub(crate) mod held;
#[cfg(test)]
mod tests;
pub(crate) mod wanted;

use crate::clock::Moment;
use crate::model::{ConnectorName, ConnectorNumber, Coverage, Directory, ItemKind};
use crate::policy::{Answer, Filter, Narrow, Tags, Wants};
use crate::rule::ruleset::RuleSet;
use crate::store::{Connector, Error, Known, ReadingNumber, Scope, Store};
use held::{Held, Shelf, Whose};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Items of one page.
const PAGE_ITEMS: usize = 500;

/// Asks filters of what is stored.
#[derive(Debug)]
pub struct Asker<'s> {
    shelf: Shelf<'s>,
    connectors: HashMap<ConnectorNumber, Connector>,
    directories: HashMap<ConnectorNumber, Option<Directory>>,
    tags: Tags,
    now: Moment,
    as_of: Option<Moment>,
}

/// An item that was asked about.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The item.
    pub known: &'a Known,
    /// Whose it is.
    pub connector: &'a Connector,
    /// How much was read, at the moment that was asked for; `None` while that waits.
    pub coverage: Option<Coverage>,
    /// The reading it had then.
    pub reading: Option<ReadingNumber>,
    /// Yes or unknown; items that answer no are not told.
    pub answer: Answer,
}

/// How much of an item was read at some moment, and the reading it had then.
type Stood = (Option<Coverage>, Option<ReadingNumber>);

/// How many items answered what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items that were asked about.
    pub asked: u64,
    /// Yes.
    pub yes: u64,
    /// Unknown.
    pub unknown: u64,
}

/// Tags of the detectors of a rule set.
#[must_use]
pub fn tags_of(rules: &RuleSet) -> Tags {
    rules.detectors.iter().map(|detector| (Arc::clone(&detector.id), detector.tags.clone())).collect()
}

impl<'s> Asker<'s> {
    /// Asks at `now`. With `as_of`, coverage and findings are those of that moment; everything else is as it is now, and items
    /// that were not there then are left out.
    ///
    /// # Errors
    /// When the connectors cannot be read.
    pub fn new(store: &'s dyn Store, tags: Tags, now: Moment, as_of: Option<Moment>) -> Result<Self, Error> {
        let connectors = store.connectors()?.into_iter().map(|one| (one.number, one)).collect();
        Ok(Self { shelf: Shelf::new(store, as_of), connectors, directories: HashMap::new(), tags, now, as_of })
    }

    /// The connectors there are, in no order.
    pub fn connectors(&self) -> impl Iterator<Item = &Connector> {
        self.connectors.values()
    }

    /// The connector of that name.
    #[must_use]
    pub fn named(&self, name: &ConnectorName) -> Option<&Connector> {
        self.connectors.values().find(|one| one.name == *name)
    }

    /// The connector of that number.
    #[must_use]
    pub fn connector(&self, number: ConnectorNumber) -> Option<&Connector> {
        self.connectors.get(&number)
    }

    /// Tells `take` every item of the scope that answers yes or unknown (all, without a filter), until it breaks.
    ///
    /// # Errors
    /// When the store cannot be read, or when `take` fails.
    pub fn select<E: From<Error>>(
        &mut self,
        filter: Option<&Filter>,
        scope: Scope,
        take: &mut dyn FnMut(&Hit<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<Tally, E> {
        let scope = self.narrowed(scope, filter);
        let mut tally = Tally::default();
        let mut after = None;
        loop {
            let page = self.shelf.store().items(&scope, after, PAGE_ITEMS)?;
            for known in page.iter().filter(|known| !known.is_top) {
                let Some((coverage, reading)) = self.stood(known)? else { continue };
                let answer = match filter {
                    Some(filter) => self.ask(filter, known, coverage, reading)?,
                    None => Answer::Yes,
                };
                tally.add(answer);
                let Some(connector) = self.connectors.get(&known.connector).filter(|_| answer != Answer::No) else {
                    continue;
                };
                if take(&Hit { known, connector, coverage, reading, answer })?.is_break() {
                    return Ok(tally);
                }
            }
            after = page.last().map(|known| known.number);
            if page.len() < PAGE_ITEMS {
                return Ok(tally);
            }
        }
    }

    /// What a filter answers of one item.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn answer(&mut self, filter: &Filter, known: &Known) -> Result<Answer, Error> {
        match self.stood(known)? {
            Some((coverage, reading)) => self.ask(filter, known, coverage, reading),
            None => Ok(Answer::No),
        }
    }

    /// The scope with what the filter allows to leave out.
    fn narrowed(&self, mut scope: Scope, filter: Option<&Filter>) -> Scope {
        scope.gone |= self.as_of.is_some();
        let Some(Narrow { connectors, level_at_least, .. }) = filter.map(Filter::narrow) else { return scope };
        let named = |one: &&Connector| connectors.as_ref().is_some_and(|names| names.contains(one.name.as_str()));
        if let Some(1) = connectors.as_ref().map(std::collections::BTreeSet::len) {
            scope.connector = scope.connector.or(self.connectors.values().find(named).map(|one| one.number));
        }
        scope.level_min = scope.level_min.max(level_at_least);
        scope
    }

    /// Coverage and reading of an item at the moment that was asked for; `None` when it was not there.
    fn stood(&self, known: &Known) -> Result<Option<Stood>, Error> {
        match self.as_of {
            Some(at) => self.shelf.store().as_of(known.number, at),
            None => Ok(known.gone.is_none().then_some((known.coverage, known.reading))),
        }
    }

    fn ask(
        &mut self,
        filter: &Filter,
        known: &Known,
        coverage: Option<Coverage>,
        reading: Option<ReadingNumber>,
    ) -> Result<Answer, Error> {
        let people = Wants::DIRECTORY.and(Wants::ACTIVITY);
        if filter.wants().touches(people) && !self.directories.contains_key(&known.connector) {
            let directory = self.shelf.store().directory(known.connector)?;
            self.directories.insert(known.connector, directory);
        }
        let Some(connector) = self.connectors.get(&known.connector) else { return Ok(Answer::No) };
        let whose = Whose {
            name: &connector.name,
            provider: connector.provider,
            directory: self.directories.get(&known.connector).and_then(Option::as_ref),
            tags: &self.tags,
            now: self.now,
        };
        Held::of(known, coverage, reading).ask(filter, whose, &mut self.shelf)
    }
}

impl Tally {
    fn add(&mut self, answer: Answer) {
        self.asked += 1;
        match answer {
            Answer::Yes => self.yes += 1,
            Answer::Unknown => self.unknown += 1,
            Answer::No => {}
        }
    }
}

/// True for an item that has content to read.
#[must_use]
pub fn is_file(known: &Known) -> bool {
    known.item.kind == ItemKind::File
}
