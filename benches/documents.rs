//! Real documents to text, without rules: how many a second, in cells as the product reads them or in process.
//!
//! `cargo bench --bench documents` reads all of `corpus/documents` and fails when a string of its manifest that is no known
//! miss does not come out. Beside other programs it is run by `rivals/documents.py`, which names the files and takes the CPU
//! time of the whole process tree; the rate printed here is by wall time.
//!
//! `--alternate` tells what cells cost: rounds in cells and in process by turns, so that whatever else the machine does falls on
//! both, and in percent the time that cells take more, by wall and by processor (their own and this one's).
//!
//! Options: `--in-process` (no cells), `--rounds N`, `--list FILE` (paths, one a line), `--text FOLDER` (writes the text of
//! the n-th path to `n.txt` there; nothing is checked then).

use sluicebox::clock::Clock;
use sluicebox::content::{Budget, Content, Limits, Links, Spool, Stop};
use sluicebox::extract::cell::{Cells, Options};
use sluicebox::extract::{Edge, PartHead};
use sluicebox::inspect::walk::{Visitor, walk};
use sluicebox::model::Place;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use unicode_normalization::UnicodeNormalization;

type Failed = Box<dyn Error>;

/// What was asked for.
struct Asked {
    in_process: bool,
    alternate: bool,
    rounds: Option<u32>,
    list: Option<PathBuf>,
    text: Option<PathBuf>,
}

fn asked() -> Result<Asked, Failed> {
    let mut asked = Asked { in_process: false, alternate: false, rounds: None, list: None, text: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match &*arg {
            "--in-process" => asked.in_process = true,
            "--alternate" => asked.alternate = true,
            "--rounds" => asked.rounds = Some(value()?.parse()?),
            "--list" => asked.list = Some(value()?.into()),
            "--text" => asked.text = Some(value()?.into()),
            // Cargo adds it.
            "--bench" => {}
            other => return Err(format!("unknown option {other}; see the head of benches/documents.rs").into()),
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Strings of the manifest, by file.
type Wanted = BTreeMap<PathBuf, Vec<String>>;

fn run(asked: &Asked) -> Result<(), Failed> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/documents");
    let wanted = wanted(&corpus)?;
    let files = match &asked.list {
        Some(list) => std::fs::read_to_string(list)?.lines().map(PathBuf::from).collect(),
        None => wanted.keys().cloned().collect::<Vec<_>>(),
    };
    let reader = Reader::new(asked.in_process)?;
    // The first round warms the caches and is the one that is looked at.
    let mut missed = 0;
    for (number, file) in files.iter().enumerate() {
        let text = reader.read(file)?;
        if let Some(folder) = &asked.text {
            std::fs::write(folder.join(format!("{number}.txt")), &text)?;
        } else if let Some(strings) = wanted.get(file) {
            let text = plain(&text);
            missed += strings.iter().filter(|string| !text.contains(&plain(string))).count();
        }
    }
    if missed > 0 {
        return Err(format!("{missed} strings did not come out: no rate is told of a wrong answer").into());
    }
    if asked.alternate {
        return alternate(&files, asked.rounds.unwrap_or(20));
    }
    let rounds = asked.rounds.unwrap_or(5);
    let clock = Clock::machine();
    let (begun, mut text_bytes) = (clock.elapsed(), 0);
    for _ in 0..rounds {
        for file in &files {
            text_bytes += reader.read(file)?.len();
        }
    }
    let seconds = (clock.elapsed() - begun).as_secs_f64();
    let bytes: u64 = files.iter().map(|file| std::fs::metadata(file).map_or(0, |meta| meta.len())).sum();
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let (documents, megabytes) = (files.len() as f64 * f64::from(rounds), bytes as f64 * f64::from(rounds) / 1e6);
    println!(
        "{} documents, {bytes} bytes, {text_bytes} bytes of text in {} rounds: {:.0} documents/s, {:.1} MB/s by wall",
        files.len(),
        rounds,
        documents / seconds,
        megabytes / seconds,
    );
    Ok(())
}

/// Seconds by wall and by processor.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: f64,
    processor: f64,
}

/// Reads all files in cells and in process by turns and tells what the cells cost.
fn alternate(files: &[PathBuf], rounds: u32) -> Result<(), Failed> {
    let readers = [Reader::new(false)?, Reader::new(true)?];
    let clock = Clock::machine();
    let mut costs: [Vec<Cost>; 2] = [Vec::new(), Vec::new()];
    // The first round warms the caches.
    for round in 0..=rounds {
        // Each goes first every other time.
        for which in [round.is_multiple_of(2), !round.is_multiple_of(2)].map(usize::from) {
            let before = (clock.elapsed(), processor_seconds());
            for file in files {
                readers[which].read(file)?;
            }
            let wall = (clock.elapsed() - before.0).as_secs_f64();
            if round > 0 {
                costs[which].push(Cost { wall, processor: processor_seconds() - before.1 });
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let documents = files.len() as f64;
    let half = |seconds: fn(&Cost) -> f64, which: usize| {
        let mut all: Vec<f64> = costs[which].iter().map(seconds).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (wall, processor) =
        ([0, 1].map(|which| half(|cost| cost.wall, which)), [0, 1].map(|which| half(|cost| cost.processor, which)));
    let more = |[cells, process]: [f64; 2]| (cells / process - 1.0) * 100.0;
    println!("{} documents, {rounds} rounds each by turns, medians:", files.len());
    println!(
        "  in cells    {:>6.0} documents/s by wall, {:>6.0} by processor",
        documents / wall[0],
        documents / processor[0]
    );
    println!(
        "  in process  {:>6.0} documents/s by wall, {:>6.0} by processor",
        documents / wall[1],
        documents / processor[1]
    );
    println!("  cells cost {:+.1} % by wall, {:+.1} % by processor", more(wall), more(processor));
    Ok(())
}

/// Processor time of this process and its children, in seconds. proc(5): fields 14 and 15 of `stat`, and 16 and 17 for children
/// that have ended, in ticks of 10 ms.
fn processor_seconds() -> f64 {
    let own = i64::from(std::process::id());
    let ticks_of = |pid: i64| -> Option<i64> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields = stat.rsplit(") ").next()?.split(' ').skip(1);
        let fields: Vec<i64> = fields.map_while(|field| field.parse().ok()).collect();
        let counted = if pid == own { 10..14 } else { 10..12 };
        (pid == own || *fields.first()? == own).then(|| fields.get(counted).map(|ticks| ticks.iter().sum())).flatten()
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ticks: i64 = all.filter_map(|entry| ticks_of(entry.file_name().to_str()?.parse().ok()?)).sum();
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let ticks = ticks as f64;
    ticks / 100.0
}

fn wanted(corpus: &Path) -> Result<Wanted, Failed> {
    let misses = std::fs::read_to_string(corpus.join("KNOWN-MISSES.tsv"))?;
    let known: Vec<_> = misses.lines().filter_map(|line| line.rsplit_once('\t')).map(|(row, _)| row).collect();
    let mut wanted = Wanted::new();
    for row in std::fs::read_to_string(corpus.join("manifest.tsv"))?.lines().skip(1) {
        let mut fields = row.split('\t');
        let (Some(file), Some(_), Some(string)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let strings = wanted.entry(corpus.join(file)).or_default();
        if !known.contains(&&*format!("{file}\t{string}")) {
            strings.push(string.to_owned());
        }
    }
    Ok(wanted)
}

/// As the corpus says how strings are compared.
fn plain(text: &str) -> String {
    let kept: String = text.nfkc().filter(|c| !matches!(c, '\u{ad}' | '\u{feff}')).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads documents one after another.
struct Reader {
    cells: Cells,
    spool: Spool,
    interrupt: Arc<AtomicBool>,
}

impl Reader {
    fn new(in_process: bool) -> Result<Self, Failed> {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_sluicebox"));
        let cells = match in_process {
            true => Cells::in_process(),
            false => Cells::start(Options { program, ..Options::for_threads(1) })?,
        };
        Ok(Self { cells, spool: Spool::default(), interrupt: Arc::default() })
    }

    fn read(&self, file: &Path) -> Result<String, Failed> {
        let content = Content::open(file, Links::Follow)?;
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let budget = Budget::new(Limits::default(), Clock::machine(), Arc::clone(&self.interrupt), content.len());
        let mut text = Text(String::new());
        walk(&content, &name, &budget, &self.spool, &self.cells, &mut text);
        Ok(text.0)
    }
}

/// All text of one document.
struct Text(String);

impl Visitor for Text {
    fn open_part(&mut self, _: &[String], _: &PartHead) -> Result<(), Stop> {
        self.0.push('\n');
        Ok(())
    }

    fn push(&mut self, edge: Edge, _: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        if let Edge::Soft(separator) = edge {
            self.0.push(separator);
        }
        self.0.push_str(text);
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
