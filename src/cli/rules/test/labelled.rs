//! `rules test --corpus`: true, false and missed, by detector and confidence.

use super::super::corpus::{self, Met, Reader};
use super::super::print;
use super::Args;
use crate::cli::{Failed, shown};
use crate::detect::Matcher;
use crate::lab::junit::{self, Case, Suite};
use crate::lab::labels::{self, Labels, Threshold};
use crate::lab::score::{self, FileScore, Judged, Score, Scorer, Sums, Wrong};
use crate::report::units;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// Wrong things of a file that the text names.
const TOLD_MAX: usize = 5;
/// Files of a kind that the text names.
const FILES_MAX: usize = 5;
/// The command did its job, and something of the corpus was not wholly read.
const EXIT_PARTIAL: u8 = 3;

/// What is printed in every format.
struct Outcome<'a> {
    args: &'a Args,
    labels: &'a Labels,
    score: Score,
    judged: Vec<Judged>,
    met: Met,
}

pub(super) fn run(args: &Args, folder: &Path, matcher: &Matcher) -> Result<u8, Failed> {
    corpus::folder(folder)?;
    let options = labels::Options { skip_unknown: args.skip_unknown };
    let labels = labels::load(folder, matcher.rules(), options).map_err(|errors| wrong_labels(&errors))?;
    let mut scorer = Scorer::new(&labels, matcher.rules(), args.span);
    let reader = Reader::new(&args.reading)?;
    let met = reader.read(folder, matcher, &corpus::passing_key(), |path, verdict| scorer.file(path, verdict))?;
    let score = scorer.end();
    let mut thresholds = labels.settings.thresholds.clone();
    thresholds.extend(typed(args));
    let judged = score::judge(&score.rows, &thresholds);
    let outcome = Outcome { args, labels: &labels, score, judged, met };
    match &*args.format {
        "json" => print(&outcome.rows())?,
        "junit" => print(&outcome.junit())?,
        _ => print(&outcome.text())?,
    }
    Ok(outcome.exit_code())
}

/// What is wrong with labels, as the user reads it.
fn wrong_labels(errors: &[crate::source::Fault]) -> Failed {
    let text: Vec<String> = errors.iter().map(|error| format!("{error}\n")).collect();
    Failed(format!("{}error: the labels are wrong; nothing was judged", text.join("")))
}

/// The threshold that flags ask for.
fn typed(args: &Args) -> Option<Threshold> {
    let threshold = Threshold {
        confidence: args.at,
        precision: args.min_precision,
        recall: args.min_recall,
        f1: args.min_f1,
        ..Threshold::default()
    };
    let asks = [args.min_precision, args.min_recall, args.min_f1].iter().any(Option::is_some);
    asks.then_some(threshold)
}

/// A part of one, as people read it.
fn part(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |part| format!("{part:.3}"))
}

impl Outcome<'_> {
    fn exit_code(&self) -> u8 {
        if self.judged.iter().any(|judged| !judged.holds()) {
            1
        } else if self.met.partial_total > 0 && !self.args.reading.allow_partial {
            EXIT_PARTIAL
        } else {
            0
        }
    }

    fn text(&self) -> String {
        let score = &self.score;
        let mut out = String::new();
        let files = units::of(score.files, "file", "files");
        let labels = units::of(score.labels, "label", "labels");
        let _ = writeln!(out, "{files} judged by {labels}, places by {}", self.args.span);
        if score.unlabelled > 0 {
            let files = units::of(score.unlabelled, "file", "files");
            let _ = writeln!(
                out,
                "{files} without labels: not judged (`unlabelled = \"clean\"` in labels.toml calls them empty)"
            );
        }
        if !self.labels.unknown.is_empty() {
            let count = self.labels.unknown.values().sum();
            let ids: Vec<&str> = self.labels.unknown.keys().map(String::as_str).collect();
            let _ = writeln!(
                out,
                "{} left out, of detectors that are not loaded: {}",
                units::of(count, "label", "labels"),
                shown(ids.join(", "))
            );
        }
        out.push('\n');
        self.table(&mut out);
        self.worst(&mut out);
        for path in score.no_own_text.iter().take(FILES_MAX) {
            let _ = writeln!(
                out,
                "labelled by bytes or lines, and it is no plain text: {}\n  label it by `part`",
                shown(path)
            );
        }
        for judged in &self.judged {
            let word = if judged.holds() { "holds   " } else { "NOT MET " };
            let got = judged.got.map_or_else(|| "nothing to measure".to_owned(), |got| format!("{got:.4}"));
            let _ = writeln!(out, "{word} {} of {} at least {:.2}: {got}", judged.figure, judged.of, judged.wanted);
        }
        out.push_str(&self.met.words());
        out
    }

    fn table(&self, out: &mut String) {
        let ids = self.score.rows.keys().map(|(id, _)| id.len()).max().unwrap_or(0).max("all detectors".len());
        let head = ["sure", "true", "false", "missed", "precision", "recall", "F1", "F2"];
        let _ = writeln!(
            out,
            "{:ids$}  {:>4}  {:>7}  {:>7}  {:>7}  {:>9}  {:>6}  {:>5}  {:>5}",
            "detector", head[0], head[1], head[2], head[3], head[4], head[5], head[6], head[7]
        );
        let mut line = |name: &str, at: u8, sums: Sums| {
            let (found, wrong, missed) =
                (units::count(sums.found_true), units::count(sums.found_false), units::count(sums.missed));
            let (precision, recall) = (part(sums.precision()), part(sums.recall()));
            let (f1, f2) = (part(sums.f(1)), part(sums.f(2)));
            let _ = writeln!(
                out,
                "{name:ids$}  {at:>4}  {found:>7}  {wrong:>7}  {missed:>7}  {precision:>9}  {recall:>6}  {f1:>5}  {f2:>5}"
            );
        };
        let mut rows: Vec<_> = self.score.rows.iter().collect();
        // The surest row of a detector first.
        rows.sort_by(|((one, sure), _), ((other, than), _)| one.cmp(other).then(than.cmp(sure)));
        for ((id, at), sums) in rows {
            line(id, *at, *sums);
        }
        for (at, sums) in score::totals(&self.score.rows, &|_| true) {
            line("all detectors", at, sums);
        }
        out.push('\n');
    }

    fn worst(&self, out: &mut String) {
        let worst = self.score.worst(self.args.worst);
        if worst.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "worst of {}",
            units::of(self.score.wrong.len() as u64, "file with something wrong", "files with something wrong")
        );
        for file in worst {
            let _ = writeln!(out, "  {}  {}", units::count(file.wrong_total), shown(&file.path));
            for wrong in file.wrong.iter().take(TOLD_MAX) {
                let _ = writeln!(out, "      {}", words(wrong));
            }
            let more = file.wrong_total.saturating_sub(TOLD_MAX as u64);
            if more > 0 {
                let _ = writeln!(out, "      and {} more", units::count(more));
            }
        }
        out.push('\n');
    }

    fn rows(&self) -> String {
        let mut out = String::new();
        let mut push = |row: Value| out.push_str(&format!("{row}\n"));
        for ((id, at), sums) in &self.score.rows {
            push(sums_row("detector", Some(id), *at, *sums));
        }
        for (at, sums) in score::totals(&self.score.rows, &|_| true) {
            push(sums_row("all", None, at, sums));
        }
        for file in self.score.worst(self.args.worst) {
            push(file_row(file));
        }
        for judged in &self.judged {
            push(json!({
                "schema": SCHEMA, "row": "threshold", "of": judged.of, "figure": judged.figure,
                "wanted": judged.wanted, "got": judged.got, "holds": judged.holds(),
            }));
        }
        push(json!({
            "schema": SCHEMA, "row": "summary", "span": self.args.span.to_string(),
            "files": self.score.files, "unlabelled": self.score.unlabelled, "labels": self.score.labels,
            "labels_unknown": self.labels.unknown, "files_wrong": self.score.wrong.len(),
            "no_own_text": self.score.no_own_text.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "files_partial": self.met.partial_total, "exit_code": self.exit_code(),
        }));
        out
    }

    /// A case for each file with something wrong, one for all others, and one for each figure.
    fn junit(&self) -> String {
        let file = |file: &FileScore| {
            let body: Vec<String> = file.wrong.iter().map(words).collect();
            let message = format!("{} wrong", units::count(file.wrong_total));
            let class = file.path.parent().unwrap_or(Path::new("")).display().to_string();
            let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Case { name, class, failure: Some((message, body.join("\n"))) }
        };
        let right = self.score.files - self.score.wrong.len() as u64;
        let mut files: Vec<Case> = self.score.wrong.iter().map(file).collect();
        let name = format!("{} as labelled", units::of(right, "file", "files"));
        files.push(Case { name, class: "corpus".to_owned(), failure: None });
        let figure = |judged: &Judged| {
            let name = format!("{} at least {:.2}", judged.figure, judged.wanted);
            let failure = (!judged.holds()).then(|| (format!("got {}", part(judged.got)), String::new()));
            Case { name, class: judged.of.clone(), failure }
        };
        let figures = self.judged.iter().map(figure).collect();
        // With figures to reach, files are told and do not fail.
        let files = if self.judged.is_empty() { files } else { files.into_iter().map(told).collect() };
        junit::xml(&[
            Suite { name: "files".to_owned(), cases: files },
            Suite { name: "figures".to_owned(), cases: figures },
        ])
    }
}

/// A case that is told and does not fail.
fn told(case: Case) -> Case {
    let note = case.failure.map(|(message, _)| format!(" ({message})")).unwrap_or_default();
    Case { name: format!("{}{note}", case.name), failure: None, ..case }
}

const SCHEMA: &str = "sluicebox.rules-test-corpus/1";

fn sums_row(kind: &str, detector: Option<&str>, at: u8, sums: Sums) -> Value {
    let mut row = json!({"schema": SCHEMA, "row": kind});
    if let Some(id) = detector {
        row["detector"] = json!(id);
    }
    row["confidence"] = json!(at);
    row["true"] = json!(sums.found_true);
    row["false"] = json!(sums.found_false);
    row["missed"] = json!(sums.missed);
    for (name, figure) in
        [("precision", sums.precision()), ("recall", sums.recall()), ("f1", sums.f(1)), ("f2", sums.f(2))]
    {
        row[name] = json!(figure);
    }
    row
}

fn file_row(file: &FileScore) -> Value {
    let wrong = |wrong: &Wrong| {
        let mask = wrong.mask.as_ref().map(crate::model::Mask::as_str);
        json!({
            "kind": wrong.kind.name(), "detector": &*wrong.detector, "confidence": wrong.confidence,
            "place": wrong.place, "mask": mask,
        })
    };
    json!({
        "schema": SCHEMA, "row": "file", "path": file.path.to_string_lossy(), "wrong_total": file.wrong_total,
        "wrong": file.wrong.iter().map(wrong).collect::<Vec<_>>(),
    })
}

/// One wrong thing in a line.
fn words(wrong: &Wrong) -> String {
    let mask = wrong.mask.as_ref().map(|mask| format!("  {mask}")).unwrap_or_default();
    let line = format!("{:6}  {}  {}  {}{mask}", wrong.kind.name(), wrong.detector, wrong.confidence, wrong.place);
    shown(line)
}
