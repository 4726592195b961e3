//! The corpus that benches and campaigns read: text made from a seed, the same on every machine.
//!
//! One part in four is prose, then 30 % source code, 15 % logs, 15 % CSV and 15 % JSON lines. Values can be planted in it
//! at a known spacing; where each one stands is recorded, so that a bench can hold a count against it.
//!
//! Take it in with `#[path = "corpus/mod.rs"] mod corpus;`.

#![allow(dead_code, reason = "each bench and each campaign takes its own part of this module")]

pub(crate) mod hostile;
mod kinds;
pub(crate) mod rng;
mod shapes;
mod words;

use kinds::Pen;
use rng::Rng;
use shapes::SHAPES;

/// A kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// English sentences in paragraphs.
    Prose,
    /// Functions in three dialects.
    Code,
    /// Service, access and system logs.
    Logs,
    /// Rows of an order book.
    Csv,
    /// One JSON object a line.
    Json,
}

impl Kind {
    /// All five.
    pub(crate) const ALL: [Self; 5] = [Self::Prose, Self::Code, Self::Logs, Self::Csv, Self::Json];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Code => "code",
            Self::Logs => "logs",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The extension of a file of this kind and style.
    fn extension(self, style: usize) -> &'static str {
        match self {
            Self::Prose => "txt",
            Self::Code => ["rs", "js", "py"][style],
            Self::Logs => "log",
            Self::Csv => "csv",
            Self::Json => "jsonl",
        }
    }
}

/// How many values are planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Density {
    /// None.
    None,
    /// One each 100 KB.
    Sparse,
    /// One each KB.
    Dense,
}

impl Density {
    /// The density of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "sparse" => Some(Self::Sparse),
            "dense" => Some(Self::Dense),
            _ => None,
        }
    }

    /// Bytes between values.
    fn every(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Sparse => Some(100_000),
            Self::Dense => Some(1_000),
        }
    }
}

/// A value that was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planted {
    /// The detector that must find it.
    pub(crate) detector: &'static str,
    /// First byte.
    pub(crate) start: usize,
    /// Byte after the last.
    pub(crate) end: usize,
}

/// Text and what was planted in it, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Corpus {
    /// The text.
    pub(crate) text: String,
    /// The values.
    pub(crate) planted: Vec<Planted>,
}

impl Corpus {
    /// How many values of one detector were planted.
    pub(crate) fn count(&self, detector: &str) -> usize {
        self.planted.iter().filter(|planted| planted.detector == detector).count()
    }

    fn plant(&mut self, rng: &mut Rng, before: &str, between: &str, after: &str) {
        let shape = &SHAPES[rng.below(SHAPES.len())];
        let value = shape.value(rng);
        for piece in [before, shape.label, between] {
            self.text.push_str(piece);
        }
        let start = self.text.len();
        self.text.push_str(&value);
        self.planted.push(Planted { detector: shape.detector, start, end: self.text.len() });
        self.text.push_str(after);
    }
}

/// Twenty documents' kinds: the shares of the mix, in steps of 5 %.
const MIX: [Kind; 20] = {
    use Kind::{Code as C, Csv as V, Json as J, Logs as L, Prose as P};
    [P, C, L, C, V, P, J, C, P, L, C, V, P, J, C, L, P, C, V, J]
};

/// Dialects of code, formats of logs: each document keeps to one.
const STYLES: usize = 3;

/// Mixed text of `bytes` bytes or a little more (at most one paragraph), in documents of 4 to 64 KiB.
pub(crate) fn mixed(seed: u64, bytes: usize, density: Density) -> Corpus {
    let mut pen = Pen::new(Rng::new(seed), density.every());
    pen.corpus.text.reserve(bytes + 4096);
    // Sizes are dealt a round at a time, one size for all kinds of the round, so that the shares hold in bytes too.
    while pen.corpus.text.len() < bytes {
        let document = pen.rng.range(4, 64) * 1024;
        for kind in MIX {
            let target = (pen.corpus.text.len() + document).min(bytes);
            let style = pen.rng.below(STYLES);
            pen.write(kind, style, target);
        }
    }
    pen.corpus
}

/// Text of one kind only.
pub(crate) fn one_kind(kind: Kind, seed: u64, bytes: usize, density: Density) -> Corpus {
    let mut pen = Pen::new(Rng::new(seed), density.every());
    pen.corpus.text.reserve(bytes + 4096);
    while pen.corpus.text.len() < bytes {
        let target = (pen.corpus.text.len() + 64 * 1024).min(bytes);
        let style = pen.rng.below(STYLES);
        pen.write(kind, style, target);
    }
    pen.corpus
}

/// The text of a row of the benches: `mixed-none`, `mixed-sparse`, `mixed-dense`, or a kind's name (sparse).
pub(crate) fn named(name: &str, seed: u64, bytes: usize) -> Option<Corpus> {
    if let Some(density) = name.strip_prefix("mixed-") {
        return Some(mixed(seed, bytes, Density::named(density)?));
    }
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some(one_kind(kind, seed, bytes, Density::Sparse))
}

/// A file of a folder that is still to be written.
#[derive(Clone, Debug)]
pub(crate) struct FilePlan {
    /// Path inside the folder.
    pub(crate) path: String,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its size, met to within one paragraph.
    pub(crate) bytes: usize,
    style: usize,
    seed: u64,
}

/// A folder of `files` files (of one kind, or mixed) that together have `bytes` bytes: many small ones and a few large ones, a hundred to a
/// folder. At a mean of 54 KB they span 5 to 540 KB.
pub(crate) fn folder(seed: u64, bytes: usize, files: usize, only: Option<Kind>) -> Vec<FilePlan> {
    let sizes: Vec<usize> = (0..files).map(|index| relative_size(&mut Rng::part(seed, index))).collect();
    let sum: usize = sizes.iter().sum::<usize>().max(1);
    let scaled = |size: usize| usize::try_from(size as u128 * bytes as u128 / sum as u128).unwrap_or(size);
    sizes
        .iter()
        .enumerate()
        .map(|(index, &size)| {
            let kind = only.unwrap_or(MIX[index % MIX.len()]);
            let mut rng = Rng::part(!seed, index);
            let style = rng.below(STYLES);
            let path = format!("{:04}/{:02}.{}", index / 100, index % 100, kind.extension(style));
            FilePlan { path, kind, style, bytes: scaled(size), seed: rng.next() }
        })
        .collect()
}

/// A size between 5,000 and 500,000 whose density falls as size^-1.5 (mean 50,000): the inverse of that distribution
/// function, in integers.
fn relative_size(rng: &mut Rng) -> usize {
    let rest = 10_240 - 9 * rng.below(1024);
    5_000 * 10_240 * 10_240 / (rest * rest)
}

impl FilePlan {
    /// Writes the file's text. Spacing of planted values starts at a random place, so that small files get their share.
    pub(crate) fn corpus(&self, density: Density) -> Corpus {
        let mut rng = Rng::new(self.seed);
        let every = density.every();
        let mut pen = Pen::new(Rng::new(rng.next()), every);
        if let Some(every) = every {
            pen.first_due(rng.below(every));
        }
        pen.write(self.kind, self.style, self.bytes);
        pen.corpus
    }
}
