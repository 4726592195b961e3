//! The raw matcher beside general engines, in one run, on one core, in turn; prints tables for benches/README.md.
//!
//! What is compared meets the same minute of the same machine: in each round every engine reads every setting (text, number
//! of rules, size of chunks) once, and a ratio is the median of the rounds' ratios. Before a clock starts, our matches are
//! held against one `find_iter` for each rule, place by place, on the head of each text.
//! `cargo bench --bench rivals -- --help` lists the options; `--features rival-hyperscan` adds Hyperscan.

#[path = "corpus/mod.rs"]
mod corpus;
#[cfg(feature = "rival-hyperscan")]
#[path = "rivals/hyperscan.rs"]
mod hyperscan;
#[path = "rivals/matchers.rs"]
mod matchers;
#[path = "rivals/options.rs"]
mod options;
#[path = "rivals/ours.rs"]
mod ours;
#[path = "rivals/price.rs"]
mod price;
#[path = "rules_made/mod.rs"]
mod rules_made;
#[path = "rivals/tables.rs"]
mod tables;
#[path = "rivals/turns.rs"]
mod turns;

use corpus::Corpus;
use matchers::{Counter, EachRule, SetPerLine, Together};
use options::{Mode, Options};
use ours::{Builtin, Ours};
use sluicebox::detect::Path;
use std::error::Error;
use std::process::ExitCode;
use turns::{Engine, Setting, Watch};

/// The seed of the texts; the totals below are its.
const SEED: u64 = 1;

/// The name under which all of detection is measured.
const BUILT_IN: &str = "sluicebox, built-in rules";

/// Matches of all rules (text, number of rules, their matches) in 64 MiB, counted by separate searches (`--check whole`).
const PINNED_BYTES: usize = 64 << 20;
const PINNED: &[(&str, usize, usize)] = &[
    ("mixed-none", 10, 50_400),
    ("mixed-sparse", 10, 52_440),
    ("mixed-dense", 10, 72_526),
    ("prose", 10, 206),
    ("code", 10, 221),
    ("logs", 10, 362_731),
    ("csv", 10, 205),
    ("json", 10, 254),
    ("mixed-none", 30, 248_432),
    ("mixed-sparse", 30, 254_779),
    ("mixed-dense", 30, 312_792),
    ("prose", 30, 690),
    ("code", 30, 48_623),
    ("logs", 30, 380_717),
    ("csv", 30, 1_043_094),
    ("json", 30, 177_162),
    ("mixed-none", 100, 253_701),
    ("mixed-sparse", 100, 259_083),
    ("mixed-dense", 100, 317_119),
    ("prose", 100, 690),
    ("code", 100, 48_623),
    ("logs", 100, 380_717),
    ("csv", 100, 1_074_927),
    ("json", 100, 177_162),
    ("mixed-none", 1000, 261_389),
    ("mixed-sparse", 1000, 266_119),
];

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    // One thread: the built-in rules would take all cores for a long text.
    let done = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|error| error.to_string())
        .and_then(|pool| pool.install(|| run(&options).map_err(|error| error.to_string())));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("rivals: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let path = path_taken(&options.path)?;
    match &options.mode {
        Mode::Compare => compare(options, &path),
        Mode::WriteRules(folder) => write_rules(options, folder),
        Mode::Foreign => price::foreign(options, &path),
    }
}

/// Makes the matcher take the instructions asked for (`auto`, `avx512`, `avx2`, `portable`) and says which it takes.
fn path_taken(asked: &str) -> Result<String, Box<dyn Error>> {
    let has = Path::all();
    let path = if asked == "auto" {
        Path::best()
    } else {
        let found = has.iter().find(|path| path.name() == asked);
        *found.ok_or_else(|| {
            format!(
                "--path {asked}: this machine has {}",
                has.iter().map(|path| path.name()).collect::<Vec<_>>().join(", ")
            )
        })?
    };
    Ok(ours::PATH.get_or_init(|| path).name().to_owned())
}

/// The rules of a set: the first of pii30.tsv, then made ones.
fn rules(count: usize) -> Vec<String> {
    rules_made::made(&ours::pii30(), rules_made::SEED, count)
}

fn compare(options: &Options, path: &str) -> Result<(), Box<dyn Error>> {
    let mut watch = Watch::new();
    tables::heading(options, path);
    let texts: Vec<(String, Corpus)> = options
        .rows
        .iter()
        .map(|row| Ok((row.clone(), corpus::named(row, SEED, options.bytes).ok_or(format!("no text {row}"))?)))
        .collect::<Result<_, String>>()?;
    let mut settings = Vec::new();
    for &count in &options.rules {
        let patterns = rules(count);
        let sets = engines(options, &patterns)?;
        let each = EachRule::new(&patterns)?;
        for (row, corpus) in &texts {
            let (checked, lap) = check(options, row, &patterns, &corpus.text, &each, &mut watch)?;
            eprintln!("{row}, {count} rules: {checked} matches of each rule as one search finds them");
            for &chunk in &options.chunks {
                settings.push(Setting {
                    row,
                    rules: count,
                    chunk,
                    text: &corpus.text,
                    engines: std::rc::Rc::clone(&sets),
                    each: options.asks_for("each").then_some(lap),
                });
            }
        }
    }
    let laps = turns::take(&settings, options, &mut watch)?;
    tables::rates(&settings, &laps);
    tables::ratios(&settings, &laps);
    tables::closing();
    Ok(())
}

/// The engines over a set of rules, ours first.
fn engines(options: &Options, patterns: &[String]) -> Result<std::rc::Rc<[Engine]>, Box<dyn Error>> {
    let mut engines: Vec<Engine> = Vec::new();
    let mut add = |name: &str, engine: Box<dyn Counter>| engines.push(Engine { name: name.to_owned(), engine });
    add("sluicebox raw", Box::new(Ours::new(patterns)?));
    if options.asks_for("builtin") {
        add(BUILT_IN, Box::new(Builtin::new()?));
    }
    if options.asks_for("set") {
        add("`RegexSet`, line by line", Box::new(SetPerLine::new(patterns)?));
    }
    if options.asks_for("meta") {
        add("`regex-automata` meta", Box::new(Together::new(patterns)?));
    }
    #[cfg(feature = "rival-hyperscan")]
    if options.asks_for("hyperscan") {
        add("Hyperscan, block mode", Box::new(hyperscan::Hyperscan::new(patterns)?));
        let friendlier = hyperscan::friendlier(patterns);
        if friendlier != patterns {
            add("Hyperscan, e-mail unbounded", Box::new(hyperscan::Hyperscan::new(&friendlier)?));
        }
    }
    Ok(engines.into())
}

/// Holds our matches against separate searches, on the head of the text and in each size of chunk; how many, and how long
/// the separate searches took.
fn check(
    options: &Options,
    row: &str,
    patterns: &[String],
    text: &str,
    each: &EachRule,
    watch: &mut Watch,
) -> Result<(usize, turns::Lap), Box<dyn Error>> {
    let ours = Ours::new(patterns)?;
    let head = &text[..text.floor_char_boundary(options.check.unwrap_or(text.len()))];
    let (wanted, lap) = watch.lap(|| each.spans(head.as_bytes()));
    let found = ours.spans(head.as_bytes());
    for ((pattern, wanted), found) in patterns.iter().zip(&wanted).zip(&found) {
        if wanted != found {
            return Err(
                format!("{row}: {pattern} matches {} times, not {}, or elsewhere", found.len(), wanted.len()).into()
            );
        }
    }
    for chunk in options.chunks.iter().flatten() {
        let (wanted, found) = (each.count_in(head, Some(*chunk)), ours.count_in(head, Some(*chunk)));
        if wanted != found {
            return Err(format!("{row} in chunks of {chunk} bytes: {found} matches, not {wanted}").into());
        }
    }
    let total: usize = wanted.iter().map(Vec::len).sum();
    if head.len() == text.len() {
        eprintln!("pin: (\"{row}\", {}, {total})", patterns.len());
    }
    if options.bytes == PINNED_BYTES
        && let Some((.., pinned)) = PINNED.iter().find(|(name, rules, _)| *name == row && *rules == patterns.len())
    {
        let found = ours.count(text.as_bytes());
        if found != *pinned {
            return Err(format!("{row}, {} rules: {found} matches, {pinned} are pinned", patterns.len()).into());
        }
    }
    Ok((total, turns::Lap { bytes: head.len(), count: total, ..lap }))
}

/// The sets of rules as files: TOML for `sluicebox rules`, one expression a line for anything else.
fn write_rules(options: &Options, folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    for &count in &options.rules {
        let patterns = rules(count);
        std::fs::write(folder.join(format!("made-{count}.toml")), ours::rule_file(&patterns))?;
        std::fs::write(folder.join(format!("made-{count}.txt")), patterns.join("\n") + "\n")?;
        println!("{}: {count} rules", folder.join(format!("made-{count}.toml")).display());
    }
    Ok(())
}
