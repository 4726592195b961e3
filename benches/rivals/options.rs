//! What the comparison is asked to do.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "usage: cargo bench [--features rival-hyperscan] --bench rivals -- [options]
  --rows A,B|all       texts: mixed-none mixed-sparse mixed-dense prose code logs csv json   [mixed-sparse]
  --rules N,M|all      number of rules: 10, 30, 100, 1000 (up to 30 of pii30.tsv, then made)  [30]
  --chunk A,B|all      4K, 16K, 64K, 1M (general engines and raw matching take each chunk as a text of its own; the
                       built-in rules are fed a stream) or whole                              [whole]
  --engines A,B        of builtin, set, meta, hyperscan, each; ours is always there           [all]
  --bytes 64MiB        size of each text                                                      [64MiB]
  --check 2MiB|whole   head of each text on which every match is held against one search for each rule [2MiB]
  --rounds 5           rounds; medians are printed                                            [5]
  --least-ms 400       an engine reads its text again until it has read for this long         [400]
  --path auto          instructions of our matcher: auto, avx512, avx2, portable              [auto]
  --write-rules DIR    write the sets of rules as files, and end
  --foreign            price and lane of each rule of foreign.tsv, and end";

const ROWS: &[&str] = &["mixed-none", "mixed-sparse", "mixed-dense", "prose", "code", "logs", "csv", "json"];
const ENGINES: &[&str] = &["builtin", "set", "meta", "hyperscan", "each"];

/// What was asked for.
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) rows: Vec<String>,
    pub(crate) rules: Vec<usize>,
    /// Bytes of a chunk; `None` is the whole text at once.
    pub(crate) chunks: Vec<Option<usize>>,
    engines: Vec<String>,
    pub(crate) bytes: usize,
    /// Bytes of the head that is checked; `None` is all of it.
    pub(crate) check: Option<usize>,
    pub(crate) rounds: usize,
    pub(crate) least_ms: u64,
    pub(crate) path: String,
}

/// What is to be done.
pub(crate) enum Mode {
    Compare,
    WriteRules(PathBuf),
    Foreign,
}

impl Options {
    /// True when that engine was chosen.
    pub(crate) fn asks_for(&self, engine: &str) -> bool {
        self.engines.iter().any(|asked| asked == engine)
    }
}

/// The options, or what is wrong with them.
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        mode: Mode::Compare,
        rows: vec!["mixed-sparse".to_owned()],
        rules: vec![30],
        chunks: vec![None],
        engines: ENGINES.iter().map(ToString::to_string).collect(),
        bytes: 64 << 20,
        check: Some(2 << 20),
        rounds: 5,
        least_ms: 400,
        path: "auto".to_owned(),
    };
    // Cargo adds --bench.
    let mut args = args.filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        match flag.as_str() {
            "--help" => return Err(USAGE.to_owned()),
            "--foreign" => options.mode = Mode::Foreign,
            _ => {
                let value = args.next().ok_or_else(|| format!("{flag}: no value\n{USAGE}"))?;
                set(&mut options, &flag, &value).ok_or_else(|| format!("{flag} {value}: not known\n{USAGE}"))?;
            }
        }
    }
    Ok(options)
}

/// Sets one option; `None` when there is none of that name or the value does not fit.
fn set(options: &mut Options, flag: &str, value: &str) -> Option<()> {
    match flag {
        "--rows" => options.rows = names(value, ROWS)?,
        "--engines" => options.engines = names(value, ENGINES)?,
        "--rules" => {
            let all = if value == "all" { "10,30,100,1000" } else { value };
            options.rules = all.split(',').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        }
        "--chunk" => {
            let all = if value == "all" { "4K,16K,64K,1M,whole" } else { value };
            options.chunks = all.split(',').map(whole_or_bytes).collect::<Option<_>>()?;
        }
        "--bytes" => options.bytes = bytes(value)?,
        "--check" => options.check = whole_or_bytes(value)?,
        "--rounds" => options.rounds = value.parse().ok().filter(|rounds| *rounds > 0)?,
        "--least-ms" => options.least_ms = value.parse().ok()?,
        "--path" => options.path = value.to_owned(),
        "--write-rules" => options.mode = Mode::WriteRules(PathBuf::from(value)),
        _ => return None,
    }
    Some(())
}

/// Names out of a list, all of them known.
fn names(value: &str, known: &[&str]) -> Option<Vec<String>> {
    if value == "all" {
        return Some(known.iter().map(ToString::to_string).collect());
    }
    let names: Vec<String> = value.split(',').map(str::to_owned).collect();
    names.iter().all(|name| known.contains(&name.as_str())).then_some(names)
}

fn whole_or_bytes(text: &str) -> Option<Option<usize>> {
    if text == "whole" { Some(None) } else { bytes(text).filter(|bytes| *bytes > 0).map(Some) }
}

/// `64MiB`, `64M`, `4K` or plain bytes; all units are powers of 1,024.
fn bytes(text: &str) -> Option<usize> {
    let text = text.strip_suffix("iB").unwrap_or(text);
    let units = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10), ("", 1)];
    let (number, unit) = units.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))?;
    number.parse::<usize>().ok()?.checked_mul(unit)
}
