//! `sluicebox rules explain`: what a detector makes of a text the author brings, and why.

use super::rules::{documents, print};
use super::{Failed, RuleArgs, shown};
use crate::detect::Matcher;
use crate::lab;
use crate::rule::ruleset::DetectorId;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of text held of a document.
const ROOM_BYTES: usize = 256 << 20;

/// Flags of `rules explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The answer shows the text's own values: it is meant for whoever brings the text.")]
pub(super) struct Args {
    /// The detector's id; or FILE:OFFSET, a place in a file, for what all detectors make of it: a byte of a plain text, a
    /// character of a document's part
    #[arg(value_name = "ID|FILE:OFFSET", required_unless_present = "why")]
    what: Option<String>,
    /// Tell what every detector makes of this text, and which nearly match
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["text", "file"])]
    why: Option<String>,
    /// The part of the document in which OFFSET counts; default its first
    #[arg(long, value_name = "NAME")]
    part: Option<String>,
    /// The text to explain: this or --file
    #[arg(long, conflicts_with = "file")]
    text: Option<String>,
    /// A file of text to explain; `-` is standard input
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Explain only matches at this value
    #[arg(long)]
    value: Option<String>,
    #[command(flatten)]
    rules: RuleArgs,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let place = args.what.as_deref().filter(|_| args.why.is_none()).and_then(place);
    if let Some((path, offset)) = place {
        return at_place(args, &path, offset);
    }
    let text = match &args.why {
        Some(why) => why.clone(),
        None => text(args)?,
    };
    small_enough(&text)?;
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let Some(id) = &args.what else {
        print(&lab::explain::everything(&matcher, &text, None))?;
        return Ok(0);
    };
    let id = detector(&matcher, id)?;
    print(&lab::explain::explain(&matcher, id, &text, args.value.as_deref()))?;
    Ok(0)
}

fn small_enough(text: &str) -> Result<(), Failed> {
    if text.len() > lab::explain::TEXT_BYTES_MAX {
        return Err(Failed::new(format!(
            "the text has {} bytes; explain takes up to {}: cut out the stretch around the value",
            text.len(),
            lab::explain::TEXT_BYTES_MAX
        )));
    }
    Ok(())
}

/// The detector of that id.
fn detector(matcher: &Matcher, typed: &str) -> Result<DetectorId, Failed> {
    let rules = matcher.rules();
    let found = (0..).map(DetectorId).zip(&rules.detectors).find(|(_, detector)| *detector.id == *typed);
    found.map(|(id, _)| id).ok_or_else(|| {
        let nearest = rules
            .detectors
            .iter()
            .map(|detector| (strsim::jaro_winkler(&detector.id, typed), &detector.id))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(alike, _)| *alike > 0.7);
        let hint = nearest
            .map_or_else(|| "`sluicebox rules list` names all".to_owned(), |(_, id)| format!("did you mean `{id}`?"));
        Failed::new(format!("no detector `{}`; {hint}", shown(typed)))
    })
}

/// A file that is there and a number after it.
fn place(typed: &str) -> Option<(PathBuf, u64)> {
    let (path, offset) = typed.rsplit_once(':')?;
    let path = PathBuf::from(path);
    let offset = offset.parse().ok()?;
    path.is_file().then_some((path, offset))
}

/// What all detectors make of one place in a file, read as a scan reads it.
fn at_place(args: &Args, path: &Path, offset: u64) -> Result<u8, Failed> {
    let surroundings = documents::surroundings()?;
    let mut read = documents::read(&[path.to_owned()], &surroundings, ROOM_BYTES)?;
    let document = read.pop().ok_or_else(|| Failed::new(format!("{} was not read", shown(path))))?;
    let names: Vec<&str> = document.parts.iter().map(|part| part.name.as_str()).collect();
    let wanted = |name: &str| args.part.as_ref().is_none_or(|part| part == name);
    let part = document.parts.iter().find(|part| wanted(&part.name)).ok_or_else(|| {
        let names = names.iter().take(20).copied().collect::<Vec<_>>().join(", ");
        Failed::new(format!("{} has no such part\n  its parts: {}", shown(path), shown(names)))
    })?;
    let text = part.text();
    let at = if part.own_utf8 { chars_before(&text, offset) } else { Some(offset) };
    let at = at.filter(|at| *at < text.chars().count() as u64).ok_or_else(|| {
        let unit = if part.own_utf8 { "byte" } else { "character" };
        Failed::new(format!("there is no {unit} {offset} in {} of {}", shown(&part.name), shown(path)))
    })?;
    let (text, at) = cut_out(text, at);
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    print(&lab::explain::everything(&matcher, &text, Some(at..at + 1)))?;
    Ok(0)
}

/// Characters before a byte of a text; `None` beyond it.
fn chars_before(text: &str, byte: u64) -> Option<u64> {
    let byte = usize::try_from(byte).ok().filter(|byte| *byte < text.len())?;
    Some(text.char_indices().take_while(|(at, _)| *at < byte).count() as u64 - u64::from(!text.is_char_boundary(byte)))
}

/// At most what is explained of a text around a character, and where that stands in it.
fn cut_out(text: String, at: u64) -> (String, u64) {
    if text.len() <= lab::explain::TEXT_BYTES_MAX {
        return (text, at);
    }
    // A character has four bytes at most.
    let half = lab::explain::TEXT_BYTES_MAX as u64 / 8;
    let from = at.saturating_sub(half);
    let skip = usize::try_from(from).unwrap_or(usize::MAX);
    eprintln!("note: explained is the text from character {from} to {}", from + 2 * half);
    (text.chars().skip(skip).take(lab::explain::TEXT_BYTES_MAX / 4).collect(), at - from)
}

fn text(args: &Args) -> Result<String, Failed> {
    let path = match (&args.file, &args.text) {
        (Some(path), _) => path,
        (None, Some(text)) => return Ok(text.clone()),
        (None, None) => {
            let what = "which text? one of `--text TEXT` and `--file PATH` is needed (`--file -` is standard input)";
            return Err(Failed::new(what));
        }
    };
    let failed = |error: std::io::Error| Failed::new(format!("cannot read {}: {error}", shown(path)));
    let mut bytes = Vec::new();
    let limit = lab::explain::TEXT_BYTES_MAX as u64 + 1;
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    }
    String::from_utf8(bytes)
        .map_err(|_| Failed::new(format!("{} is not UTF-8 text; run `sluicebox extract` on it first", shown(path))))
}
