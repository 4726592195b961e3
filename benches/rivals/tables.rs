//! Prints what was measured as Markdown: rates, then how many times a rival's rate ours is.

use super::options::Options;
use super::turns::{Lap, Laps, Setting, chunk_name};

/// The rules against whose rate larger sets are held.
const BASE_RULES: usize = 30;

/// Machine, instructions and method.
pub(crate) fn heading(options: &Options, path: &str) {
    println!("machine: {}", machine());
    println!("path of sluicebox: {path}");
    #[cfg(feature = "rival-hyperscan")]
    println!("path of Hyperscan: {}", super::hyperscan::version());
    println!("load before: {}", load());
    println!(
        "{} MiB of each text, seed {}; one thread; median of {} rounds in turn; MB (10^6 bytes) for each second of CPU time\n",
        options.bytes >> 20,
        super::SEED,
        options.rounds
    );
}

/// What the machine was doing at the end.
pub(crate) fn closing() {
    println!("\nload after: {}", load());
}

/// Rates of every engine in every setting.
pub(crate) fn rates(settings: &[Setting<'_>], laps: &Laps) {
    header("engine | reports", settings, 2);
    for (name, reports) in engines(settings) {
        let cells = settings.iter().zip(laps).map(|(setting, laps)| {
            let at = setting.engines.iter().position(|engine| engine.name == name)?;
            median(laps[at].iter().map(Lap::rate).collect())
        });
        line(&format!("{name} | {reports}"), cells.map(|rate| rate.map(|rate| format!("{rate:.0}"))));
    }
    if settings.iter().any(|setting| setting.each.is_some()) {
        let cells = settings.iter().map(|setting| setting.each.map(|lap| format!("{:.1}", lap.rate())));
        line("one search for each rule, once | all rules, positions", cells);
    }
}

/// What is held against what, round by round: ours against each rival, all of detection against raw matching, and more
/// rules against thirty.
pub(crate) fn ratios(settings: &[Setting<'_>], laps: &Laps) {
    println!();
    header("ratio", settings, 1);
    for (name, _) in engines(settings).into_iter().skip(1) {
        let built_in = name == super::BUILT_IN;
        let cells = settings.iter().zip(laps).map(|(setting, laps)| {
            let theirs = &laps[setting.engines.iter().position(|engine| engine.name == name)?];
            if built_in { ratio(theirs, &laps[0]) } else { ratio(&laps[0], theirs) }
        });
        let label = if built_in { format!("{name} / raw") } else { format!("raw / {name}") };
        line(&label, cells.map(|times| times.map(|times| format!("{times:.2}"))));
    }
    let each = settings.iter().zip(laps).map(|(setting, laps)| {
        let rate = median(laps[0].iter().map(Lap::rate).collect())?;
        setting.each.map(|lap| format!("{:.1}", rate / lap.rate()))
    });
    line("raw / one search for each rule", each);
    let more = (0..settings.len()).map(|at| {
        let base = settings.iter().position(|base| {
            base.rules == BASE_RULES && base.row == settings[at].row && base.chunk == settings[at].chunk
        })?;
        (base != at).then(|| ratio(&laps[at][0], &laps[base][0])).flatten().map(|times| format!("{times:.2}"))
    });
    line("raw / raw with 30 rules", more);
}

/// Names of all engines with what they report, in order.
fn engines(settings: &[Setting<'_>]) -> Vec<(String, &'static str)> {
    let mut names: Vec<(String, &'static str)> = Vec::new();
    for engine in settings.iter().flat_map(|setting| setting.engines.iter()) {
        if !names.iter().any(|(name, _)| *name == engine.name) {
            names.push((engine.name.clone(), engine.engine.reports()));
        }
    }
    names
}

fn header(first: &str, settings: &[Setting<'_>], columns: usize) {
    let names = settings.iter().map(|setting| {
        let chunk = setting.chunk.map(|_| format!(", chunks of {}", chunk_name(setting.chunk))).unwrap_or_default();
        Some(format!("{}, {} rules{chunk}", setting.row, setting.rules))
    });
    line(first, names);
    println!("|{}", "---|".repeat(columns + settings.len()));
}

/// One line of a table; what was not measured is left blank.
fn line(first: &str, cells: impl Iterator<Item = Option<String>>) {
    let cells: String = cells.map(|cell| format!(" {} |", cell.unwrap_or_default())).collect();
    println!("| {first} |{cells}");
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// The median of the rounds' ratios.
fn ratio(above: &[Lap], below: &[Lap]) -> Option<f64> {
    median(above.iter().zip(below).map(|(above, below)| above.rate() / below.rate()).collect())
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown")
        .trim_matches(['\t', ':', ' ']);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {count} usable cores, {}", instructions())
}

#[cfg(target_arch = "x86_64")]
fn instructions() -> &'static str {
    if is_x86_feature_detected!("avx512vbmi2") {
        "AVX-512 VBMI2"
    } else if is_x86_feature_detected!("avx2") {
        "AVX2"
    } else {
        "no AVX2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn instructions() -> &'static str {
    std::env::consts::ARCH
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}
