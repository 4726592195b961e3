//! `sluicebox rules diff`: what new rules find that old ones did not, over the same files, and what would follow.

use super::corpus::{self, CorpusArgs, Met, Reader};
use super::print;
use crate::cli::{Failed, refused, shown};
use crate::detect::Matcher;
use crate::lab::diff::{self, Before, Change, Difference, Entry, Kind};
use crate::lab::policies;
use crate::model::{Level, Verdict};
use crate::policy::{self, Policy, Tags};
use crate::report::units;
use crate::rule;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of `rules diff`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 nothing changed, or only what the baseline holds; 1 something else changed; 3 something of the \
    corpus was not wholly read (--allow-partial accepts it); 2 the rules could not be compared."
)]
pub(super) struct Args {
    /// The old rules: a file or folder, loaded beside the built-in rules; `builtin` for those alone
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new rules, likewise
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// The files to read; they need no labels
    #[arg(long, value_name = "DIR")]
    corpus: PathBuf,
    /// Leave out the built-in rules
    #[arg(long)]
    no_builtin: bool,
    /// Compare only detectors with this id; `*` stands for anything (id.us-*)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Also tell for which files these policies, or all of this folder, would do something else
    #[arg(long, value_name = "PATH")]
    policies: Vec<PathBuf>,
    /// How far the files of the corpus lie open, for the policies: private, internal, external, public
    #[arg(long, value_name = "LEVEL", default_value = "public", value_parser = ["private", "internal", "external", "public"])]
    access: String,
    /// Tell only what is not in this file of changes
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all changes to this file, for --baseline; it holds no value
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Show this many changes of each kind and detector
    #[arg(long, value_name = "N", default_value_t = 5)]
    samples: usize,
    #[command(flatten)]
    reading: CorpusArgs,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// Rules of one side, and what policies make of their findings.
struct Side {
    matcher: Matcher,
    policies: Vec<Arc<Policy>>,
    tags: Tags,
    level: Level,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    corpus::folder(&args.corpus)?;
    let accepted = args.baseline.as_deref().map(accepted).transpose()?;
    let (old, new) = (Side::load(args, &args.old)?, Side::load(args, &args.new)?);
    let reader = Reader::new(&args.reading)?;
    let key = corpus::passing_key();
    let mut before: BTreeMap<PathBuf, Before> = BTreeMap::new();
    reader.read(&args.corpus, &old.matcher, &key, |path, verdict| {
        before.insert(path.to_owned(), diff::before(verdict, old.actions(&args.corpus, path, verdict)));
    })?;
    let mut difference = Difference::default();
    let met = reader.read(&args.corpus, &new.matcher, &key, |path, verdict| {
        let name = path.strip_prefix(&args.corpus).unwrap_or(path);
        let old = before.remove(path).unwrap_or_default();
        difference.file(name, old, verdict, &new.actions(&args.corpus, path, verdict));
    })?;
    if let Some(path) = &args.write_baseline {
        let written = std::fs::write(path, diff::baseline(&difference.changes));
        written.map_err(|why| Failed::new(format!("cannot write {}: {why}", shown(path))))?;
    }
    let outcome = Outcome::new(args, difference, accepted, met);
    print(&if args.format == "json" { outcome.rows() } else { outcome.text() })?;
    Ok(outcome.exit_code())
}

impl Side {
    fn load(args: &Args, path: &Path) -> Result<Self, Failed> {
        let alone = path == Path::new("builtin");
        let options = rule::Options {
            builtin: alone || !args.no_builtin,
            paths: if alone { Vec::new() } else { vec![path.to_owned()] },
            select: rule::Select::default(),
        };
        let mut loaded = rule::load(&options).map_err(|errors| refused(&errors))?;
        if !args.only.is_empty() {
            // A detector that one side alone has is a difference, not an error: an id asks for what there is of it.
            let ids = loaded.rules.detectors.iter().filter(|one| args.only.iter().any(|only| star(only, &one.id)));
            let only: Vec<String> = ids.map(|one| one.id.to_string()).collect();
            let select = rule::Select {
                only: if only.is_empty() { vec!["*".to_owned()] } else { only.clone() },
                tags: Vec::new(),
            };
            loaded = rule::load(&rule::Options { select, ..options }).map_err(|errors| refused(&errors))?;
            loaded
                .rules
                .detectors
                .iter_mut()
                .filter(|one| !only.iter().any(|id| **id == *one.id))
                .for_each(|one| one.silent = true);
        }
        let rules = loaded.rules;
        let tags: Tags = rules.detectors.iter().map(|one| (Arc::clone(&one.id), one.tags.clone())).collect();
        let level =
            policies::level(&args.access).ok_or_else(|| Failed::new(format!("`{}` is no access", args.access)))?;
        let policies = policies_of(args, &tags)?;
        Ok(Self { matcher: Matcher::new(Arc::new(rules)), policies, tags, level })
    }

    /// What each policy would do, in words.
    fn actions(&self, corpus: &Path, path: &Path, verdict: &Verdict) -> BTreeMap<String, String> {
        let name = path.strip_prefix(corpus).unwrap_or(path).to_string_lossy();
        let of = |policy: &Arc<Policy>| {
            let actions = policies::actions(policy, &name, self.level, verdict, &self.tags);
            (!actions.is_empty()).then(|| (policy.name.to_string(), actions.join(", ")))
        };
        self.policies.iter().filter_map(of).collect()
    }
}

/// True when `id` is `pattern`, in which `*` at the end stands for anything.
fn star(pattern: &str, id: &str) -> bool {
    crate::lab::labels::fits(pattern, id)
}

fn policies_of(args: &Args, tags: &Tags) -> Result<Vec<Arc<Policy>>, Failed> {
    if args.policies.is_empty() {
        return Ok(Vec::new());
    }
    let known = policy::Known {
        detectors: tags.detectors().collect(),
        tags: tags.tags().collect(),
        ..policy::Known::default()
    };
    let loaded = policy::load(&policy::Options { paths: args.policies.clone(), known }).map_err(|errors| {
        let text: String = errors.iter().map(|error| format!("{error}\n")).collect();
        Failed(text.trim_end().to_owned())
    })?;
    Ok(loaded.policies)
}

fn accepted(path: &Path) -> Result<BTreeSet<Entry>, Failed> {
    let text = std::fs::read_to_string(path)
        .map_err(|why| Failed::new(format!("cannot read the baseline {}: {why}", shown(path))))?;
    diff::read_baseline(&text).map_err(|(line, why)| Failed::new(format!("{}:{line}: {why}", shown(path))))
}

/// What is told.
struct Outcome<'a> {
    args: &'a Args,
    difference: Difference,
    /// Changes that the baseline does not hold.
    new: Vec<Change>,
    /// Changes that it holds and that did not come; `None` without a baseline.
    stale: Option<usize>,
    met: Met,
}

impl<'a> Outcome<'a> {
    fn new(args: &'a Args, difference: Difference, accepted: Option<BTreeSet<Entry>>, met: Met) -> Self {
        let known = accepted.clone().unwrap_or_default();
        let new: Vec<Change> =
            difference.changes.iter().filter(|change| !known.contains(&change.entry)).cloned().collect();
        let come: BTreeSet<&Entry> = difference.changes.iter().map(|change| &change.entry).collect();
        let stale = accepted.map(|accepted| accepted.iter().filter(|entry| !come.contains(entry)).count());
        Self { args, difference, new, stale, met }
    }

    fn exit_code(&self) -> u8 {
        let changed = if self.stale.is_some() { !self.new.is_empty() } else { !self.difference.is_none() };
        match (changed, self.met.partial_total > 0 && !self.args.reading.allow_partial) {
            (true, _) => 1,
            (false, true) => 3,
            (false, false) => 0,
        }
    }

    /// How many of a kind.
    fn total(&self, kind: Kind) -> u64 {
        self.difference.counts.iter().filter(|((_, of), _)| *of == kind).map(|(_, count)| count).sum()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for ((of, kind), count) in &self.difference.counts {
            let shown_of: Vec<&Change> =
                self.new.iter().filter(|change| change.entry.of == *of && change.entry.change == *kind).collect();
            let known = if self.stale.is_some() {
                format!(", {} not in the baseline", units::count(shown_of.len() as u64))
            } else {
                String::new()
            };
            let _ = writeln!(out, "{} {}  {}{known}", kind.name(), units::count(*count), shown(of));
            for change in shown_of.iter().take(self.args.samples) {
                let _ = writeln!(out, "    {}", words(change));
            }
        }
        let files = units::of(self.difference.files, "file", "files");
        let _ = writeln!(
            out,
            "{files}: {} gained, {} lost, {} moved to another tier, {} as before",
            units::count(self.total(Kind::Gained)),
            units::count(self.total(Kind::Lost)),
            units::count(self.total(Kind::Moved)),
            units::count(self.difference.same)
        );
        if !self.args.policies.is_empty() {
            let _ = writeln!(out, "{} would have other actions", units::of(self.total(Kind::Actions), "file", "files"));
        }
        if let Some(stale) = self.stale.filter(|stale| *stale > 0) {
            let _ = writeln!(out, "{} of the baseline did not come", units::of(stale as u64, "change", "changes"));
        }
        out.push_str(&self.met.words());
        out
    }

    fn rows(&self) -> String {
        let mut out = String::new();
        for change in &self.new {
            let Entry { change: kind, of, file, place, old, new } = &change.entry;
            let mask = change.mask.as_ref().map(crate::model::Mask::as_str);
            let row = json!({
                "schema": "sluicebox.rules-diff/1", "change": kind.name(), "of": of, "file": file, "place": place,
                "old": old, "new": new, "mask": mask,
            });
            let _ = writeln!(out, "{row}");
        }
        let row = json!({
            "schema": "sluicebox.rules-diff/1", "change": "summary", "files": self.difference.files,
            "gained": self.total(Kind::Gained), "lost": self.total(Kind::Lost), "moved": self.total(Kind::Moved),
            "actions": self.total(Kind::Actions), "same": self.difference.same, "not_in_baseline": self.new.len(),
            "baseline_stale": self.stale, "files_partial": self.met.partial_total, "exit_code": self.exit_code(),
        });
        let _ = writeln!(out, "{row}");
        out
    }
}

/// One change in a line.
fn words(change: &Change) -> String {
    let Entry { file, place, old, new, change: kind, .. } = &change.entry;
    let none = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    let mask = change.mask.as_ref().map(|mask| format!("  {mask}")).unwrap_or_default();
    let place = if place.is_empty() { String::new() } else { format!(" {place}") };
    let tiers = match kind {
        Kind::Gained => new.clone(),
        Kind::Lost => old.clone(),
        Kind::Moved | Kind::Actions => format!("{} -> {}", none(old), none(new)),
    };
    shown(format!("{file}{place}  {tiers}{mask}"))
}
