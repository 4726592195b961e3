//! `sluicebox rules explain`: what a detector makes of a text the author brings, and why.

use super::rules::print;
use super::{Failed, RuleArgs, shown};
use crate::detect::Matcher;
use crate::lab;
use crate::rule::ruleset::DetectorId;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of `rules explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The answer shows the text's own values: it is meant for whoever brings the text.")]
pub(super) struct Args {
    /// The detector's id
    detector: String,
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
    let text = text(args)?;
    if text.len() > lab::explain::TEXT_BYTES_MAX {
        return Err(Failed::new(format!(
            "the text has {} bytes; explain takes up to {}: cut out the stretch around the value",
            text.len(),
            lab::explain::TEXT_BYTES_MAX
        )));
    }
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let rules = matcher.rules();
    let found = (0..).map(DetectorId).zip(&rules.detectors).find(|(_, detector)| *detector.id == *args.detector);
    let Some((id, _)) = found else {
        let nearest = rules
            .detectors
            .iter()
            .map(|detector| (strsim::jaro_winkler(&detector.id, &args.detector), &detector.id))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(alike, _)| *alike > 0.7);
        let hint = nearest
            .map_or_else(|| "`sluicebox rules list` names all".to_owned(), |(_, id)| format!("did you mean `{id}`?"));
        return Err(Failed::new(format!("no detector `{}`; {hint}", shown(&args.detector))));
    };
    print(&lab::explain::explain(&matcher, id, &text, args.value.as_deref()))?;
    Ok(0)
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
