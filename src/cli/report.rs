//! `sluicebox report`: the state of the tenants on one offline page, coverage first.

mod page;

use super::ask::Opened;
use super::config::Config;
use super::coverage::Ledger;
use super::{Failed, service, shown};
use crate::clock::{Clock, Moment};
use crate::engine::facts::{Asker, Hit};
use crate::model::{Activity, ActivityKind, Actor, ConnectorNumber, Directory, Level, Side};
use crate::policy::Tags;
use crate::store::coverage::{DetectorRow, ExposureRow};
use crate::store::{ActivityQuery, Scope, Store};
use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs::OpenOptions;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Open files with findings that are looked at.
const OPEN_LOOKED_AT: usize = 20_000;
/// Open files with findings that the page lists.
const OPEN_LISTED: usize = 200;
/// Activities that are summed up.
const ACTIVITIES_MAX: u64 = 500_000;
/// Activities read at once.
const PAGE: usize = 1_000;

/// Flags of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 the page was written; 2 it was not.")]
pub(super) struct Args {
    /// Where the page goes, readable by its owner only; `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = "sluicebox-report.html")]
    output: PathBuf,
    /// Days of activity that are summed up
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let store = service::open_to_read(&config)?;
    let opened = Opened { config, store, now: Clock::machine().now() };
    let text = page::page(&Report::gather(&opened, args.days)?);
    if args.output == Path::new("-") {
        super::rules::print(&text)?;
        return Ok(0);
    }
    write(&args.output, &text)?;
    eprintln!("report: {}", shown(&args.output));
    Ok(0)
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    let failed = |error: std::io::Error| Failed::new(format!("cannot write {}: {error}", shown(path)));
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
}

/// All that the page tells.
#[derive(Debug)]
pub(super) struct Report {
    at: Moment,
    days: u32,
    ledger: Ledger,
    exposures: Vec<ExposureRow>,
    detectors: Vec<DetectorRow>,
    /// Names of detectors by id, as far as the rules in force know them.
    names: HashMap<String, String>,
    open: Open,
    acts: Sums,
}

/// Files open to people outside that hold findings, the most open and most telling first.
#[derive(Debug, Default)]
struct Open {
    files: Vec<OpenFile>,
    /// How many there are; `None` when there are more than were looked at.
    total: Option<usize>,
}

#[derive(Debug)]
struct OpenFile {
    place: String,
    level: Level,
    known: bool,
    /// The detectors that found most.
    detectors: Vec<(String, u64)>,
    findings: u64,
}

/// Activities by kind.
#[derive(Debug, Default)]
struct Sums {
    /// All, and those by people from outside or without sign-in.
    kinds: BTreeMap<ActivityKind, (u64, u64)>,
    /// True when there were more than are summed up.
    cut: bool,
}

impl Report {
    fn gather(opened: &Opened, days: u32) -> Result<Self, Failed> {
        let store = &*opened.store;
        // Names are a courtesy: rules that do not load are no reason to have no report.
        let rules = crate::rule::load(opened.config.rules()).ok();
        let detectors = rules.iter().flat_map(|loaded| &loaded.rules.detectors);
        Ok(Self {
            at: opened.now,
            days,
            ledger: Ledger::read(store, None)?,
            exposures: store.exposures()?,
            detectors: store.by_detector()?,
            names: detectors.map(|detector| (detector.id.to_string(), detector.name.clone())).collect(),
            open: Open::gather(store, opened.now)?,
            acts: Sums::gather(store, opened.now.minus(Duration::from_secs(u64::from(days) * 86_400)))?,
        })
    }
}

impl Open {
    fn gather(store: &dyn Store, now: Moment) -> Result<Self, Failed> {
        let mut asker = Asker::new(store, Tags::default(), now, None)?;
        let scope = Scope { level_min: Some(Level::External), with_findings: true, ..Scope::default() };
        let mut all = Vec::new();
        asker.select::<Failed>(None, scope, &mut |hit| {
            all.extend(OpenFile::of(store, hit)?);
            Ok(if all.len() < OPEN_LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        all.sort_by_key(|file| Reverse((file.level, file.findings)));
        let total = (all.len() < OPEN_LOOKED_AT).then_some(all.len());
        all.truncate(OPEN_LISTED);
        Ok(Self { files: all, total })
    }
}

impl OpenFile {
    fn of(store: &dyn Store, hit: &Hit<'_>) -> Result<Option<Self>, Failed> {
        let reading = hit.reading.map(|number| store.reading(number)).transpose()?.flatten();
        let (Some(reading), Some(told)) = (reading, hit.known.exposure) else { return Ok(None) };
        let counts = reading.counts.iter().filter(|count| count.total > 0);
        let mut detectors: Vec<_> = counts.map(|count| (count.detector.to_string(), count.total)).collect();
        detectors.sort_by_key(|(_, total)| Reverse(*total));
        let findings = detectors.iter().map(|(_, total)| total).sum();
        let place = format!("{}:{}", hit.connector.name, hit.known.shown);
        Ok((findings > 0).then_some(Self { place, level: told.level, known: told.known, detectors, findings }))
    }
}

impl Sums {
    fn gather(store: &dyn Store, since: Moment) -> Result<Self, Failed> {
        let query = ActivityQuery { since: Some(since), ..ActivityQuery::default() };
        let mut directories: HashMap<ConnectorNumber, Option<Directory>> = HashMap::new();
        let (mut sums, mut before, mut read) = (Self::default(), None, 0_u64);
        loop {
            let page = store.activities(&query, before, PAGE)?;
            for row in &page {
                let directory = match directories.entry(row.connector) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(store.directory(row.connector)?),
                };
                sums.add(&row.activity, directory.as_ref());
            }
            read += page.len() as u64;
            before = page.last().map(|row| row.number);
            sums.cut = read >= ACTIVITIES_MAX;
            if page.len() < PAGE || sums.cut {
                return Ok(sums);
            }
        }
    }

    fn add(&mut self, activity: &Activity, directory: Option<&Directory>) {
        let outside = match &activity.actor {
            Actor::Unauthenticated => true,
            Actor::Person { account, login } => {
                directory.is_some_and(|all| all.side_of(account.as_deref(), login.as_deref()) == Side::External)
            }
            Actor::Application | Actor::Unknown => false,
        };
        let (all, by_outsiders) = self.kinds.entry(activity.kind).or_default();
        *all += 1;
        *by_outsiders += u64::from(outside);
    }
}
