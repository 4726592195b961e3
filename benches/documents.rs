//! Real documents to text, without rules: how many a second, in cells as the product reads them or in process.
//!
//! `cargo bench --bench documents` reads all of `corpus/documents` and fails when a string of its manifest that is no known
//! miss does not come out. Beside other programs it is run by `rivals/documents.py`, which names the files and takes the CPU
//! time of the whole process tree; the rate printed here is by wall time.
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
    rounds: u32,
    list: Option<PathBuf>,
    text: Option<PathBuf>,
}

fn asked() -> Result<Asked, Failed> {
    let mut asked = Asked { in_process: false, rounds: 5, list: None, text: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match &*arg {
            "--in-process" => asked.in_process = true,
            "--rounds" => asked.rounds = value()?.parse()?,
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
    let clock = Clock::machine();
    let (begun, mut text_bytes) = (clock.elapsed(), 0);
    for _ in 0..asked.rounds {
        for file in &files {
            text_bytes += reader.read(file)?.len();
        }
    }
    let seconds = (clock.elapsed() - begun).as_secs_f64();
    let bytes: u64 = files.iter().map(|file| std::fs::metadata(file).map_or(0, |meta| meta.len())).sum();
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let (documents, megabytes) =
        (files.len() as f64 * f64::from(asked.rounds), bytes as f64 * f64::from(asked.rounds) / 1e6);
    println!(
        "{} documents, {bytes} bytes, {text_bytes} bytes of text in {} rounds: {:.0} documents/s, {:.1} MB/s by wall",
        files.len(),
        asked.rounds,
        documents / seconds,
        megabytes / seconds,
    );
    Ok(())
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
