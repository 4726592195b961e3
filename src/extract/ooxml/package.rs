//! The package of an Office document: parts, their content types, and the relationships between them.
//!
//! ECMA-376 part 2. Names are compared without case and the relationships decide which part is what; still no part is
//! passed over for lack of one: what no relationship reaches is read at the end.

use super::super::xml_events::{Xml, XmlReader};
use super::super::zip::{Archive, Entry, Origin};
use super::super::{Failure, Source};
use super::records::Records;
use crate::content::budget::Hold;
use std::collections::HashMap;
use std::io::Read;

/// Content types and relationships of one part are cut here.
const RELATIONSHIPS_MAX: usize = 100_000;

/// One relationship.
#[derive(Clone, Debug)]
pub(super) struct Relationship {
    /// How the part refers to it.
    pub(super) id: String,
    /// The last step of its type's address: `officeDocument`, `slide`, `hyperlink`.
    pub(super) kind: String,
    /// Name of a part, normalised; or the address as written, when external.
    pub(super) target: String,
    /// True when the target lies outside the package.
    pub(super) is_external: bool,
}

/// An open package.
pub(super) struct Package<'a> {
    source: Source<'a>,
    archive: Archive<'a>,
    /// Normalised name -> entry.
    index: HashMap<String, usize>,
    /// Normalised name -> content type; an extension's default stands under `*.ext`.
    types: HashMap<String, String>,
    _held: Hold<'a>,
}

impl<'a> Package<'a> {
    /// Opens the package and reads its content types.
    pub(super) fn open(source: &Source<'a>) -> Result<Self, Failure> {
        let archive = Archive::open(source)?;
        let mut held = source.budget.hold(0)?;
        let mut index = HashMap::new();
        for (at, entry) in archive.entries.iter().enumerate().filter(|(_, entry)| !entry.is_folder()) {
            let name = normalised(&entry.name);
            held.grow(name.len() + 64)?;
            index.entry(name).or_insert(at);
        }
        let mut package = Self { source: *source, archive, index, types: HashMap::new(), _held: held };
        // Without content types the parts' names still tell; only what ends the whole file ends this.
        let types = package.read_types();
        if source.budget.stopped().is_some() {
            types?;
        }
        Ok(package)
    }

    /// True when the archive had no directory.
    pub(super) fn is_cut(&self) -> bool {
        self.archive.is_cut
    }

    /// Every entry in the archive's order with its normalised name, duplicates and unlisted ones included.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, String, &Entry)> {
        let entries = self.archive.entries.iter().enumerate().filter(|(_, entry)| !entry.is_folder());
        entries.map(|(at, entry)| (at, normalised(&entry.name), entry))
    }

    /// The entry that a part's name leads to.
    pub(super) fn entry_of(&self, part: &str) -> Option<usize> {
        self.index.get(part).copied()
    }

    /// The bytes of an entry.
    pub(super) fn open_entry(&self, at: usize) -> Result<Box<dyn Read + 'a>, Failure> {
        self.archive.entries[at].open(&self.source)
    }

    /// Events of an entry.
    pub(super) fn xml(&self, at: usize) -> Result<XmlReader<'a>, Failure> {
        XmlReader::new(self.open_entry(at)?, self.source.budget)
    }

    /// Records of an entry.
    pub(super) fn records(&self, at: usize) -> Result<Records<'a>, Failure> {
        Ok(Records::new(self.open_entry(at)?, self.source.budget))
    }

    /// The content type of a part; empty when nobody says.
    pub(super) fn type_of(&self, part: &str) -> &str {
        let by_extension = || self.types.get(&format!("*.{}", part.rsplit_once('.').map_or("", |(_, ext)| ext)));
        self.types.get(part).or_else(by_extension).map_or("", String::as_str)
    }

    /// The relationships of a part; the package's own for the empty name.
    pub(super) fn relationships(&self, part: &str) -> Result<Vec<Relationship>, Failure> {
        let (folder, base) = part.rsplit_once('/').unwrap_or(("", part));
        let name = if folder.is_empty() { format!("_rels/{base}.rels") } else { format!("{folder}/_rels/{base}.rels") };
        match self.entry_of(&name) {
            Some(at) => self.read_relationships(at, folder),
            None => Ok(Vec::new()),
        }
    }

    /// Reads one `.rels` entry whose targets are relative to `folder`.
    pub(super) fn read_relationships(&self, at: usize, folder: &str) -> Result<Vec<Relationship>, Failure> {
        let mut xml = self.xml(at)?;
        let mut list = Vec::new();
        while let Some(event) = xml.next_event()? {
            let Xml::Start(tag) = event else { continue };
            if tag.name() != "Relationship" || list.len() >= RELATIONSHIPS_MAX {
                continue;
            }
            let target = tag.attribute("Target").unwrap_or_default();
            let is_external = tag.attribute("TargetMode").is_some_and(|mode| mode.eq_ignore_ascii_case("external"));
            let kind = tag.attribute("Type").unwrap_or_default();
            list.push(Relationship {
                id: tag.attribute("Id").unwrap_or_default(),
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                target: if is_external { target } else { resolve(folder, &target) },
                is_external,
            });
        }
        Ok(list)
    }

    fn read_types(&mut self) -> Result<(), Failure> {
        let Some(at) = self.entry_of("[content_types].xml") else { return Ok(()) };
        let mut xml = self.xml(at)?;
        while let Some(event) = xml.next_event()? {
            let Xml::Start(tag) = event else { continue };
            let key = match tag.name() {
                "Override" => tag.attribute("PartName").map(|name| normalised(&name)),
                "Default" => tag.attribute("Extension").map(|ext| format!("*.{}", ext.to_lowercase())),
                _ => None,
            };
            let (Some(key), Some(value)) = (key, tag.attribute("ContentType")) else { continue };
            if self.types.len() < RELATIONSHIPS_MAX {
                self.types.insert(key, value);
            }
        }
        Ok(())
    }
}

/// Said of what only a local header names.
pub(super) const NOT_IN_DIRECTORY: &str = " (not in the directory)";

/// An entry's name as findings show it.
pub(super) fn shown_name(entry: &Entry) -> String {
    let unlisted = if entry.origin == Origin::LocalOnly { NOT_IN_DIRECTORY } else { "" };
    format!("{}{unlisted}", entry.name)
}

/// A part's name for comparison: lower case, forward slashes, no leading slash.
pub(super) fn normalised(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

/// The part that a relationship's target names, seen from `folder`.
pub(super) fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|step| !step.is_empty()).collect(),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    normalised(&steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_resolve_as_addresses_do() {
        let rows = [
            ("word", "header1.xml", "word/header1.xml"),
            ("ppt/slides", "../charts/Chart1.xml", "ppt/charts/chart1.xml"),
            ("word", "/word/document.xml", "word/document.xml"),
            ("", "xl\\workbook.xml", "xl/workbook.xml"),
            ("a", "../../../b", "b"),
        ];
        for (folder, target, expected) in rows {
            assert_eq!(resolve(folder, target), expected);
        }
    }
}
