//! Rules that other tools read: told apart by their content, and made into what our own rule files hold.
//!
//! An importer fills the same types that our own files fill ([`super::syntax`]), with places in the foreign file; everything
//! after that is one way. So whatever a foreign rule means can be written down as a rule file of ours. What could not be taken as
//! it stands is told, a line each ([`Line`]); a rule that cannot be taken is left out and told, the rest runs.

mod dialect;
mod gitleaks;
mod implied;
mod kingfisher;
mod make;
mod presidio;
pub(super) mod purview;
#[cfg(test)]
mod tests;
mod yaml;

use super::cover;
use super::error::RuleError;
use super::parse::Parsed;
use crate::source::SourceFile;
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Whose rules a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// TOML of gitleaks, or of its successor betterleaks.
    Gitleaks,
    /// YAML of Kingfisher or Nosey Parker.
    Kingfisher,
    /// YAML of Presidio.
    Presidio,
    /// A rule package of Microsoft Purview, in XML.
    Purview,
}

impl Format {
    /// The format of a file that is none of ours, told from its content.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        if text.starts_with('<') {
            return text.contains("<RulePackage").then_some(Self::Purview);
        }
        let begins = |word: &str| text.lines().any(|line| line.starts_with(word));
        if cover::is_rule_file(text) {
            return None;
        }
        let table = |name: &str| {
            let opens = |line: &str| {
                let inner = line.trim().trim_start_matches('[').trim_start();
                let rest = inner.get(..name.len()).filter(|word| word.eq_ignore_ascii_case(name));
                rest.is_some()
                    && line.trim_start().starts_with('[')
                    && inner[name.len()..].trim_start().starts_with([']', '.'])
            };
            text.lines().any(opens)
        };
        if ["rules", "extend", "allowlist", "allowlists"].into_iter().any(table) {
            Some(Self::Gitleaks)
        } else if begins("recognizers:") {
            Some(Self::Presidio)
        } else if begins("rules:") || begins("rulesets:") {
            Some(Self::Kingfisher)
        } else {
            None
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks TOML",
            Self::Kingfisher => "Kingfisher or Nosey Parker YAML",
            Self::Presidio => "Presidio YAML",
            Self::Purview => "Purview rule package",
        }
    }
}

/// What became of a rule, or of something in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// As it stands.
    Taken,
    /// Written in another way that means the same.
    Rewritten,
    /// Something else is found than by the tool it was written for.
    Approximated,
    /// Left out.
    Skipped,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Taken => "taken",
            Self::Rewritten => "rewritten",
            Self::Approximated => "approximated",
            Self::Skipped => "skipped",
        })
    }
}

/// One line of the report of an import.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What became of it.
    pub fate: Fate,
    /// The foreign rule's own name; empty for what stands outside rules.
    pub rule: String,
    /// The detector that it became, where it became one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detector: Option<String>,
    /// What, and why.
    pub what: String,
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// The place in it, from 1.
    pub line: usize,
    /// The same.
    pub column: usize,
    /// The rule's number in the file, from 1; 0 for what stands outside rules.
    #[serde(skip)]
    number: usize,
    /// The place in bytes.
    #[serde(skip)]
    pub(super) at: Range<usize>,
}

impl Line {
    /// True when it tells of a rule something that bears on what is found.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.number > 0
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:12} {}:{}:{}", self.fate, self.file, self.line, self.column)?;
        if !self.rule.is_empty() {
            write!(f, " {}", self.rule)?;
        }
        if !self.what.is_empty() {
            write!(f, ": {}", self.what)?;
        }
        Ok(())
    }
}

/// What was made of one foreign file, told.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Whose rules they are.
    pub format: Format,
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// A line for each rule and for whatever in it was not taken as it stands, in order of places.
    pub lines: Vec<Line>,
}

impl Imported {
    /// How many rules met each fate, by the worst that befell anything in them: taken, rewritten, approximated, skipped.
    #[must_use]
    pub fn counts(&self) -> [usize; 4] {
        let mut worst = std::collections::BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.counts()) {
            let fate = worst.entry(line.number).or_insert(Fate::Taken);
            // A part that is left out makes an approximation of the whole, unless nothing of it runs.
            let befell =
                if line.fate == Fate::Skipped && line.detector.is_some() { Fate::Approximated } else { line.fate };
            *fate = befell.max(*fate);
        }
        let count = |fate| worst.values().filter(|one| **one == fate).count();
        [count(Fate::Taken), count(Fate::Rewritten), count(Fate::Approximated), count(Fate::Skipped)]
    }

    /// The report in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let [taken, rewritten, approximated, skipped] = self.counts();
        format!(
            "{} is {}: rules taken as they stand: {taken}, rewritten: {rewritten}, approximated: {approximated}, \
             skipped: {skipped}",
            self.file,
            self.format.name()
        )
    }
}

/// Lines of a report as they are written, one rule after another.
#[derive(Debug)]
pub(super) struct Journal<'a> {
    source: &'a SourceFile,
    lines: Vec<Line>,
    /// Rules so far.
    count: usize,
    /// The rule at hand; 0 for none.
    number: usize,
    rule: String,
    detector: Option<String>,
    at: Range<usize>,
}

impl<'a> Journal<'a> {
    fn new(source: &'a SourceFile) -> Self {
        Self { source, lines: Vec::new(), count: 0, number: 0, rule: String::new(), detector: None, at: 0..0 }
    }

    /// What is told from here on is of this rule, which becomes this detector.
    fn rule(&mut self, rule: &str, detector: &str, at: Range<usize>) {
        self.count += 1;
        self.number = self.count;
        (self.rule, self.detector, self.at) = (rule.to_owned(), Some(detector.to_owned()), at);
    }

    /// What is told from here on is of the rule that became this detector; that it was taken is no longer so.
    fn resume(&mut self, detector: &str, at: Range<usize>) {
        let is_its = |line: &Line| line.detector.as_deref() == Some(detector);
        let earlier = self.lines.iter().rev().find(|line| is_its(line));
        let (number, rule) = earlier.map_or((0, detector.to_owned()), |line| (line.number, line.rule.clone()));
        self.lines.retain(|line| !(is_its(line) && line.fate == Fate::Taken));
        if number == 0 {
            self.rule(&rule, detector, at);
        } else {
            (self.number, self.rule, self.detector, self.at) = (number, rule, Some(detector.to_owned()), at);
        }
    }

    /// What is told from here on is of no rule.
    fn outside(&mut self) {
        (self.number, self.rule, self.detector) = (0, String::new(), None);
    }

    fn tell(&mut self, fate: Fate, what: impl Into<String>) {
        self.tell_at(fate, self.at.clone(), what);
    }

    fn tell_at(&mut self, fate: Fate, at: Range<usize>, what: impl Into<String>) {
        let place = self.source.place(at.clone(), "");
        self.lines.push(Line {
            fate,
            rule: self.rule.clone(),
            detector: self.detector.clone(),
            what: what.into(),
            file: self.source.name.clone(),
            line: place.line(),
            column: place.column(),
            number: self.number,
            at,
        });
    }

    /// What is left out without changing what is found.
    fn aside(&mut self, what: impl Into<String>) {
        let number = std::mem::take(&mut self.number);
        self.tell(Fate::Skipped, what);
        self.number = number;
    }

    /// Nothing comes of the rule.
    fn skip(&mut self, why: impl Into<String>) {
        self.detector = None;
        for line in self.lines.iter_mut().rev().take_while(|line| line.number == self.number || line.number == 0) {
            line.detector = None;
        }
        self.tell(Fate::Skipped, why);
    }

    /// The rule is done; one of which nothing was told was taken as it stands.
    fn done(&mut self) {
        let is_told = self.lines.iter().rev().take_while(|line| line.number == self.number || line.number == 0);
        if self.number > 0 && !is_told.into_iter().any(|line| line.number == self.number) {
            self.tell(Fate::Taken, "");
        }
        self.outside();
    }
}

/// What an importer hands back: what was typed, in our words, and what is told of it.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) parsed: Parsed,
    pub(super) imported: Imported,
}

/// Nothing of a foreign file shows in a message: it may hold what it is meant to find.
pub(super) fn nothing_shows(_: &str) -> Option<Vec<Range<usize>>> {
    None
}

/// Reads a foreign file.
///
/// # Errors
/// Where it is not of its format at all, so that nothing of it could be told.
pub(super) fn import(format: Format, source: SourceFile) -> Result<Import, Vec<RuleError>> {
    let (rules, lines) = match format {
        Format::Gitleaks => gitleaks::import(&source)?,
        Format::Kingfisher => kingfisher::import(&source)?,
        Format::Presidio => presidio::import(&source)?,
        Format::Purview => purview::import(&source)?,
    };
    let imported = Imported { format, file: source.name.clone(), lines };
    Ok(Import { parsed: Parsed { source, rules }, imported })
}
