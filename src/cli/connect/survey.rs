//! `connect survey`: everything walked once, and what it comes to. The journal is the driver's (`engine/listing`); here are
//! the progress line, the report, and the words for each end.

use super::open::{self, Opened, Patience};
use super::title;
use crate::cli::config::{Config, Connector};
use crate::cli::rules::print;
use crate::cli::{Failed, progress, shown};
use crate::engine::listing::{self, Ended, Journal, Options, Progress, Survey, Todo, Verified, journal};
use crate::model::{ConnectorName, Level};
use crate::provider::WhyUnwalked;
use crate::report::harmless::one_line;
use crate::report::units::{bytes, count, elapsed, of};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The survey did not see everything: stopped, out of calls, or a content that does not verify.
const EXIT_PARTIAL: u8 = 3;
/// Pages that may have to be fetched again after a power cut.
const PAGES_UNSYNCED_MAX: u32 = 32;
/// Holes that are listed by name; all are counted.
const HOLES_SHOWN: usize = 20;
/// Contents that could not be read that are listed by id.
const UNREAD_SHOWN: usize = 20;
/// Between two drawings.
const TICK: Duration = Duration::from_millis(200);
/// Clears the line on a terminal.
const CLEAR: &str = "\r\x1b[2K";
/// Levels, widest first.
const LEVELS: [Level; 4] = [Level::Public, Level::External, Level::Internal, Level::Private];

/// Flags of `connect survey`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ctrl-C stops in good order; the same command goes on from there. Exit code: 0 everything was \
    walked (what cannot be is told as holes); 3 it was stopped, ran out of calls, or something kept failing or did not verify; 2 it could \
    not be done.")]
pub(super) struct Args {
    /// The connector
    name: ConnectorName,
    /// Where it keeps its place; default survey.journal in the connector's folder
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Download everything and check it against the provider's hashes
    #[arg(long)]
    verify: bool,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
    /// Draw no progress line
    #[arg(long)]
    no_progress: bool,
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let connector = config.get(&args.name)?;
    let opened = open::open(config, connector, Patience::Long)?;
    let path = args.journal.clone().unwrap_or_else(|| config.folder(&args.name).join("survey.journal"));
    let cannot = |error| Failed::new(format!("cannot use the journal {}: {error}", shown(&path)));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    let mut journal =
        Journal::open(&path, args.name.as_str(), journal::Sync::Pages(PAGES_UNSYNCED_MAX)).map_err(cannot)?;
    if let Some(message) = journal.message() {
        eprintln!("note: {message}");
    }
    let survey = watched(args, connector, &opened, &mut journal).map_err(|Failed(message)| {
        Failed::new(format!("{message}\n  what was listed is kept; the same command goes on from {}", shown(&path)))
    })?;
    let partial = is_partial(&survey);
    let took = opened.clock.elapsed();
    print(&match args.format == "json" {
        true => format!("{}\n", row(connector, &survey)),
        false => text(connector, &survey, took),
    })?;
    let path = shown(&path);
    match survey.listing.ended {
        Ended::Complete if opened.stop.load(Ordering::Relaxed) => {
            eprintln!("stopped after the listing; the same command begins a further pass from {path}");
        }
        Ended::Complete => {}
        Ended::Stopped => eprintln!("stopped; the same command goes on from {path}"),
        Ended::Budget(until) => {
            eprintln!("the budget of calls is used up; after {until} the same command goes on from {path}");
        }
    }
    let failing = survey.listing.holes.iter().filter(|hole| hole.why == WhyUnwalked::Failing).count();
    if failing > 0 {
        eprintln!(
            "{} kept failing; the same command tries again in a further pass",
            of(u64::try_from(failing).unwrap_or(u64::MAX), "place", "places")
        );
    }
    Ok(if partial || opened.stop.load(Ordering::Relaxed) { EXIT_PARTIAL } else { 0 })
}

/// Runs the driver beside a progress line.
fn watched(args: &Args, connector: &Connector, opened: &Opened, journal: &mut Journal) -> Result<Survey, Failed> {
    let options = Options::new(opened.clock.clone(), std::sync::Arc::clone(&opened.stop));
    let todo = Todo { exposure: true, verify: args.verify };
    let (progress, ended) = (Progress::default(), AtomicBool::new(false));
    let outcome = std::thread::scope(|scope| {
        let drawing = progress::wanted(args.no_progress).then(|| scope.spawn(|| draw(&progress, &ended)));
        let domains = &opened.settings.internal_domains;
        let outcome = listing::survey(&*opened.source, domains, journal, &options, todo, &progress, &mut ());
        ended.store(true, Ordering::Relaxed);
        if let Some(drawing) = drawing {
            drawing.thread().unpark();
        }
        outcome
    });
    outcome.map_err(|error| match error {
        listing::Error::Provider(error) => open::failed(&error, connector),
        journal @ listing::Error::Journal(_) => Failed::new(journal),
    })
}

fn draw(progress: &Progress, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        std::thread::park_timeout(TICK);
        let _ = write!(std::io::stderr(), "{CLEAR}{}", line(progress));
    }
    let _ = write!(std::io::stderr(), "{CLEAR}");
}

fn line(progress: &Progress) -> String {
    let at = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let mut line = format!("{} people, ", count(at(&progress.people)));
    let _ = write!(line, "{} items, {}", count(at(&progress.items)), bytes(at(&progress.bytes)));
    let _ = match (at(&progress.files_read), at(&progress.judged)) {
        (0, 0) => write!(line, ", {} walks left", count(at(&progress.walks_left))),
        (0, judged) => write!(line, ", exposure of {}", count(judged)),
        (read, _) => write!(line, ", {} read ({})", of(read, "file", "files"), bytes(at(&progress.bytes_read))),
    };
    line
}

/// True when something was not seen that another run could see.
fn is_partial(survey: &Survey) -> bool {
    let unread = |verified: &Verified| verified.stopped || !verified.failures.is_empty();
    let failing = survey.listing.holes.iter().any(|hole| hole.why == WhyUnwalked::Failing);
    failing || survey.listing.ended != Ended::Complete || survey.verified.as_ref().is_some_and(unread)
}

fn text(connector: &Connector, survey: &Survey, took: Duration) -> String {
    let (listing, tally) = (&survey.listing, &survey.listing.tally);
    let end = match listing.ended {
        Ended::Complete => "walked to the end",
        Ended::Stopped => "stopped before the end",
        Ended::Budget(_) => "out of calls before the end",
    };
    let resumed = if listing.resumed { ", went on from an earlier run" } else { "" };
    let mut out = format!(
        "{} ({}): {end}{resumed}, pass {}, {}\n",
        connector.name(),
        title(connector.provider()),
        listing.pass,
        elapsed(took)
    );
    let mut row = |what: &str, text: String| {
        let _ = writeln!(out, "  {what:9} {text}");
    };
    let people = &survey.people;
    row(
        "people",
        format!(
            "{} internal, {} external, {}",
            count(people.internal),
            count(people.external),
            of(people.groups, "group", "groups")
        ),
    );
    row("files", format!("{}, {}{}", count(tally.files), bytes(tally.bytes), share(tally.bytes, listing.used_bytes)));
    let mut others = vec![of(tally.folders, "folder", "folders")];
    let more = [
        (tally.web_links, if tally.web_links == 1 { "bookmark" } else { "bookmarks" }),
        (tally.trashed, "in the trash"),
        (tally.outside, "of other companies"),
        (tally.export_only, "to be had by export only"),
    ];
    others.extend(more.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(n))));
    row("items", others.join(", "));
    let taken = &tally.taken;
    row(
        "pass",
        format!(
            "{} new, {} changed, {} unchanged, {} gone, in {} of {}",
            count(taken.new),
            count(taken.changed),
            count(taken.unchanged),
            count(tally.gone),
            of(tally.pages, "page", "pages"),
            of(tally.walks, "walk", "walks")
        ),
    );
    if let Some(levels) = &survey.levels {
        let counts: Vec<String> =
            LEVELS.iter().map(|level| format!("{} {}", count(levels.count(*level)), level.name())).collect();
        let unknown = match levels.unknown {
            0 => String::new(),
            n => format!("; {} of them may be further open, some members or links cannot be seen", count(n)),
        };
        row("exposure", format!("{}{unknown}", counts.join(", ")));
    }
    if let Some(verified) = &survey.verified {
        row("verified", verified_words(verified));
    }
    row("holes", holes(survey));
    out
}

/// How the listed bytes compare with the provider's own figure.
fn share(listed: u64, used: Option<u64>) -> String {
    match used {
        Some(used) if used > 0 => {
            let percent = u128::from(listed) * 100 / u128::from(used);
            // More than it counts: versions, trash or shared items are counted otherwise, no share of anything.
            let percent = if listed <= used { format!(" ({percent} %)") } else { String::new() };
            format!("; the provider counts {}{percent}", bytes(used))
        }
        _ => String::new(),
    }
}

fn verified_words(verified: &Verified) -> String {
    let mut words = format!("{}, {}, as the provider says", of(verified.files, "file", "files"), bytes(verified.bytes));
    for (why, n) in &verified.failures {
        let _ = write!(words, "; {} could not be read ({why})", count(*n));
    }
    for (n, what) in [
        (verified.unread_in_trash, "in the trash, which the provider does not give"),
        (verified.not_readable, "cannot be had"),
        (verified.skipped_outside, "of other companies left alone"),
    ] {
        if n > 0 {
            let _ = write!(words, "; {} {what}", count(n));
        }
    }
    if verified.stopped {
        words.push_str("; stopped before the last");
    }
    for failed in verified.failed.iter().take(UNREAD_SHOWN) {
        let _ = write!(words, "\n            {}: {}", one_line(&failed.what), one_line(&failed.said));
    }
    if verified.failed.len() > UNREAD_SHOWN {
        words.push_str("\n            and more; --format json lists up to a thousand");
    }
    words
}

fn holes(survey: &Survey) -> String {
    let holes = &survey.listing.holes;
    let mut words = if holes.is_empty() { "none".to_owned() } else { count(holes.len() as u64) };
    for hole in holes.iter().take(HOLES_SHOWN) {
        let name = if hole.name.is_empty() { String::new() } else { format!("{} ", one_line(&hole.name)) };
        let _ = write!(words, "\n            {}: {name}({})", hole.why.name(), hole.what);
    }
    if holes.len() > HOLES_SHOWN {
        let _ = write!(words, "\n            and {} more; --format json lists all", holes.len() - HOLES_SHOWN);
    }
    words
}

fn row(connector: &Connector, survey: &Survey) -> Value {
    let (listing, tally) = (&survey.listing, &survey.listing.tally);
    let ended = match listing.ended {
        Ended::Complete => "complete",
        Ended::Stopped => "stopped",
        Ended::Budget(_) => "budget",
    };
    let levels = survey.levels.as_ref().map(|levels| {
        let mut row: serde_json::Map<String, Value> =
            LEVELS.iter().map(|level| (level.name().to_owned(), json!(levels.count(*level)))).collect();
        row.insert("unknown".to_owned(), json!(levels.unknown));
        row
    });
    let verified = survey.verified.as_ref().map(|verified| {
        json!({
            "files": verified.files, "bytes": verified.bytes, "failures": verified.failures,
            "failed": verified.failed.iter().map(|failed| json!({"what": &*failed.what, "said": failed.said})).collect::<Vec<_>>(),
            "unread_in_trash": verified.unread_in_trash, "not_readable": verified.not_readable, "skipped_outside": verified.skipped_outside, "stopped": verified.stopped,
        })
    });
    let hole =
        |hole: &crate::provider::Unwalked| json!({"what": &*hole.what, "name": &*hole.name, "why": hole.why.name()});
    json!({
        "schema": "sluicebox.survey/1",
        "connector": connector.name().as_str(),
        "provider": connector.provider().name(),
        "ended": ended,
        "resumed": listing.resumed,
        "pass": listing.pass,
        "people": {"internal": survey.people.internal, "external": survey.people.external, "groups": survey.people.groups},
        "files": tally.files, "folders": tally.folders, "web_links": tally.web_links, "bytes": tally.bytes,
        "trashed": tally.trashed, "outside": tally.outside, "export_only": tally.export_only,
        "new": tally.taken.new, "changed": tally.taken.changed, "unchanged": tally.taken.unchanged, "gone": tally.gone,
        "pages": tally.pages, "walks": tally.walks,
        "provider_bytes": listing.used_bytes,
        "exposure": levels,
        "verified": verified,
        "holes": listing.holes.iter().map(hole).collect::<Vec<_>>(),
    })
}
