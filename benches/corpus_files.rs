//! Writes the corpus as files: a folder for end-to-end rates, or one file for each hostile maker.
//!
//! It is a program in the shape of a bench, since the generator is part of no crate:
//! `cargo bench --bench corpus_files -- --out DIR --bytes 1GiB --files 20000 --seed 1 --density sparse`, or with `--hostile`
//! `--bytes` for each file. Beside the folder, `DIR.planted.tsv` lists what was planted: path, detector, first byte, end.

#[path = "corpus/mod.rs"]
mod corpus;

use corpus::{Density, FilePlan, Kind, hostile::HOSTILE};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "corpus_files --out DIR [--bytes 1GiB] [--files 20000] [--seed 1] [--density none|sparse|dense]
                                  [--kind prose|code|logs|csv|json] [--hostile]";

/// What was asked for.
struct Options {
    out: PathBuf,
    bytes: usize,
    files: usize,
    seed: u64,
    density: Density,
    /// Only this kind.
    kind: Option<Kind>,
    hostile: bool,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("usage: {USAGE}");
        return ExitCode::from(2);
    };
    let write = if options.hostile { write_hostile } else { write_folder };
    let done = empty_folder(&options.out).and_then(|()| write(&options));
    match done {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("corpus_files: {}: {error}", options.out.display());
            ExitCode::FAILURE
        }
    }
}

/// The options, or `None` when one is unknown or wrong. Cargo's own `--bench` is passed over.
fn options(args: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options {
        out: PathBuf::new(),
        bytes: 1 << 30,
        files: 20_000,
        seed: 1,
        density: Density::Sparse,
        kind: None,
        hostile: false,
    };
    let mut args = args.filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        if flag == "--hostile" {
            options.hostile = true;
            continue;
        }
        let value = args.next()?;
        match flag.as_str() {
            "--out" => options.out = PathBuf::from(value),
            "--bytes" => options.bytes = bytes(&value)?,
            "--files" => options.files = value.parse().ok()?,
            "--seed" => options.seed = value.parse().ok()?,
            "--density" => options.density = Density::named(&value)?,
            "--kind" => options.kind = Some(*Kind::ALL.iter().find(|kind| kind.name() == value)?),
            _ => return None,
        }
    }
    (!options.out.as_os_str().is_empty() && options.files > 0).then_some(options)
}

/// `1GiB`, `64MiB`, `10KiB` or plain bytes.
fn bytes(text: &str) -> Option<usize> {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
    let (number, unit) = units.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))?;
    number.parse::<usize>().ok()?.checked_mul(unit)
}

/// Makes the folder; one with files in it is refused, since a file of an earlier run would count in every figure.
fn empty_folder(out: &Path) -> io::Result<()> {
    fs::create_dir_all(out)?;
    match fs::read_dir(out)?.next() {
        None => Ok(()),
        Some(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty")),
    }
}

fn write_folder(options: &Options) -> io::Result<String> {
    let mut list = BufWriter::new(fs::File::create(beside(&options.out))?);
    let (mut bytes, mut planted) = (0, 0);
    for plan in corpus::folder(options.seed, options.bytes, options.files, options.kind) {
        let corpus = plan.corpus(options.density);
        write_file(&options.out, &plan, &corpus.text)?;
        for value in &corpus.planted {
            writeln!(list, "{}\t{}\t{}\t{}", plan.path, value.detector, value.start, value.end)?;
        }
        bytes += corpus.text.len();
        planted += corpus.planted.len();
    }
    list.flush()?;
    Ok(format!("{} files, {bytes} bytes, {planted} values planted", options.files))
}

/// The list of planted values stands beside the folder, not in it, since the folder is what gets scanned.
fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".planted.tsv");
    PathBuf::from(name)
}

fn write_file(out: &Path, plan: &FilePlan, text: &str) -> io::Result<()> {
    let path = out.join(&plan.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn write_hostile(options: &Options) -> io::Result<String> {
    for maker in HOSTILE {
        fs::write(options.out.join(format!("{}.txt", maker.name)), maker.text(options.bytes))?;
        println!("{}: {}", maker.name, maker.why);
    }
    Ok(format!("{} hostile files of about {} bytes", HOSTILE.len(), options.bytes))
}
