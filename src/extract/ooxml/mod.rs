//! Office Open XML: docx, xlsx, pptx and their kin (ECMA-376; strict and transitional alike).
//!
//! Element names are taken without their namespaces, so both dialects read the same. First the parts that make the
//! document, in the order a reader sees them; then every XML part that nothing led to; then the targets of links; then
//! embedded objects as members. A part that cannot be read is a hole, and the others are still read.

mod cells;
mod flow;
pub(super) mod number_format;
mod package;
mod presentation;
mod sheet;
mod workbook;

use super::xml::push_plain;
use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::Budget;
use crate::model::{Place, Reason};
use package::{Package, normalised};
use std::collections::HashSet;

/// Reads a word processing document.
pub(super) fn extract_docx(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    let main = document.main_part("word/document.xml")?;
    document.read_flow(&main, "body")?;
    for relationship in document.related(&main)? {
        let name = stem(&relationship.target).to_owned();
        if relationship.kind != "customXml" && relationship.target.ends_with(".xml") {
            document.read_flow_unless_textless(&relationship.target, &name)?;
        }
    }
    document.read_rest()
}

/// Reads a workbook.
pub(super) fn extract_xlsx(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    workbook::read(&mut document)?;
    document.read_rest()
}

/// Reads a presentation.
pub(super) fn extract_pptx(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    presentation::read(&mut document)?;
    document.read_rest()
}

/// Parts without text that anybody wrote: looks, fonts, layout caches.
const TEXTLESS_TYPES: &[&str] = &[
    "theme+xml",
    "styles+xml",
    "fontTable+xml",
    "webSettings+xml",
    "tableStyles+xml",
    "viewProps+xml",
    "presProps+xml",
    "themeOverride+xml",
    "diagramColors+xml",
    "diagramStyle+xml",
    "diagramLayout+xml",
    "chartcolorstyle+xml",
    "chartstyle+xml",
    "calcChain+xml",
    "stylesWithEffects+xml",
    "numbering+xml",
    "commentsIds+xml",
    "commentsExtended+xml",
    "commentsExtensible+xml",
    "revisionInfo+xml",
    "volatileDependencies+xml",
];
/// Parts that are neither text nor a document: pictures, sound, fonts, printer settings.
const TEXTLESS_EXTENSIONS: &[&str] = &[
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "tif", "tiff", "emf", "wmf", "emz", "wmz", "webp", "heic",
    "wdp", "ico", "pict", "pct", "mp3", "mp4", "m4a", "m4v", "wav", "wma", "wmv", "avi", "mov", "mpg", "mpeg", "odttf",
    "ttf", "fntdata",
];
const PICTURE_EXTENSIONS: &[&str] =
    &["png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "tif", "tiff", "emf", "wmf", "webp"];

/// One document on its way.
struct Document<'a, 'o> {
    package: Package<'a>,
    budget: &'a Budget,
    out: &'o mut dyn Output,
    /// Entries already read.
    done: HashSet<usize>,
    any_text: bool,
}

impl<'a, 'o> Document<'a, 'o> {
    fn open(source: &Source<'a>, out: &'o mut dyn Output) -> Result<Self, Failure> {
        let package = Package::open(source)?;
        let mut done = HashSet::new();
        done.extend(package.entry_of("[content_types].xml"));
        Ok(Self { package, budget: source.budget, out, done, any_text: false })
    }

    /// The part that the package names as its document; `usual` when it names none.
    fn main_part(&mut self, usual: &str) -> Result<String, Failure> {
        let relationships = self.tolerate("_rels/.rels", |document| document.package.relationships(""))?;
        let named = relationships.unwrap_or_default().into_iter().find(|r| r.kind == "officeDocument");
        Ok(named.map(|r| r.target).filter(|t| self.package.entry_of(t).is_some()).unwrap_or_else(|| usual.to_owned()))
    }

    /// The relationships of a part that lead to parts of the package.
    fn related(&mut self, part: &str) -> Result<Vec<package::Relationship>, Failure> {
        let all = self.tolerate(part, |document| document.package.relationships(part))?.unwrap_or_default();
        Ok(all.into_iter().filter(|relationship| !relationship.is_external).collect())
    }

    /// Runs one step; a part that cannot be read becomes a hole, what ends the whole file is passed on.
    fn tolerate<T>(
        &mut self,
        place: &str,
        step: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        match step(self) {
            Ok(value) => Ok(Some(value)),
            Err(failure) if self.budget.stopped().is_some() => Err(failure),
            Err(failure) => {
                self.out.hole(place, failure.reason());
                Ok(None)
            }
        }
    }

    /// Reads a part once, under a name of its own; does nothing when it is missing or was read before.
    fn read_part(
        &mut self,
        part: &str,
        name: &str,
        read: impl FnOnce(&mut Self, usize) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        match self.package.entry_of(part) {
            Some(at) => self.read_entry(at, part, name, read),
            None => Ok(()),
        }
    }

    fn read_entry(
        &mut self,
        at: usize,
        part: &str,
        name: &str,
        read: impl FnOnce(&mut Self, usize) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        if !self.done.insert(at) {
            return Ok(());
        }
        self.tolerate(part, |document| {
            document.out.open_part(PartHead { name: name.to_owned(), own_text: None, recovered: false })?;
            let any = read(document, at)?;
            document.any_text |= any;
            document.out.close_part()?;
            Ok(())
        })?;
        Ok(())
    }

    /// Reads a part of running text.
    fn read_flow(&mut self, part: &str, name: &str) -> Result<(), Failure> {
        self.read_part(part, name, |document, at| flow::push_text(&mut document.package.xml(at)?, document.out))
    }

    /// The same, but parts that only say how things look stay unread.
    fn read_flow_unless_textless(&mut self, part: &str, name: &str) -> Result<(), Failure> {
        let content_type = self.package.type_of(part);
        if TEXTLESS_TYPES.iter().any(|textless| content_type.ends_with(textless)) {
            return Ok(());
        }
        self.read_flow(part, name)
    }

    /// Everything that no relationship led to, then links, then embedded objects.
    fn read_rest(&mut self) -> Result<(), Failure> {
        let rest: Vec<_> = self.package.entries().map(|(at, name, entry)| (at, name, entry.name.clone())).collect();
        let mut links = Vec::new();
        let mut pictures = false;
        let mut objects = Vec::new();
        for (at, part, shown) in rest {
            let extension = part.rsplit_once('.').map_or("", |(_, extension)| extension);
            pictures |= PICTURE_EXTENSIONS.contains(&extension) && !part.starts_with("docprops/");
            if extension == "rels" {
                self.collect_links(at, &part, &mut links)?;
            } else if extension == "xml" || self.package.type_of(&part).ends_with("+xml") || extension == "vml" {
                self.read_other_xml(at, &part)?;
            } else if !self.done.contains(&at) && !self.is_textless(&part, extension) {
                objects.push((at, shown));
            }
        }
        self.push_links(&links)?;
        self.hand_over(&objects)?;
        if self.package.is_cut() {
            self.out.hole("", Reason::Corrupt);
        } else if pictures && !self.any_text {
            self.out.hole("", Reason::ImageOnly);
        }
        Ok(())
    }

    fn is_textless(&self, part: &str, extension: &str) -> bool {
        TEXTLESS_EXTENSIONS.contains(&extension) || part.contains("printersettings/")
    }

    fn read_other_xml(&mut self, at: usize, part: &str) -> Result<(), Failure> {
        let content_type = self.package.type_of(part);
        if TEXTLESS_TYPES.iter().any(|textless| content_type.ends_with(textless)) {
            return Ok(());
        }
        let name = part_name(part);
        let plain = part.starts_with("docprops/") || part.starts_with("customxml/");
        self.read_entry(at, part, &name, |document, at| {
            let mut xml = document.package.xml(at)?;
            if plain { push_plain(&mut xml, document.out) } else { flow::push_text(&mut xml, document.out) }
        })
    }

    fn collect_links(&mut self, at: usize, part: &str, links: &mut Vec<String>) -> Result<(), Failure> {
        let found = self.tolerate(part, |document| document.package.read_relationships(at, ""))?;
        let external = found.unwrap_or_default().into_iter().filter(|relationship| relationship.is_external);
        links.extend(external.map(|relationship| relationship.target).filter(|target| !target.is_empty()));
        Ok(())
    }

    fn push_links(&mut self, links: &[String]) -> Result<(), Failure> {
        if links.is_empty() {
            return Ok(());
        }
        self.out.open_part(PartHead { name: "links".to_owned(), own_text: None, recovered: false })?;
        for link in links {
            self.out.push(Edge::Soft('\n'), &Place::Whole, link, None)?;
        }
        self.out.close_part()?;
        Ok(())
    }

    fn hand_over(&mut self, objects: &[(usize, String)]) -> Result<(), Failure> {
        for (at, name) in objects {
            let Some(mut body) = self.tolerate(name, |document| document.package.open_entry(*at))? else { continue };
            self.out.member(name, &mut body)?;
            self.any_text = true;
        }
        Ok(())
    }
}

/// The last step of a part's name without its extension.
fn stem(part: &str) -> &str {
    let base = part.rsplit('/').next().unwrap_or(part);
    base.rsplit_once('.').map_or(base, |(stem, _)| stem)
}

/// What findings call a part that hangs on a slide or a sheet: its kind, without its number.
fn kind_name(part: &str) -> &str {
    match stem(part).trim_end_matches(|c: char| c.is_ascii_digit()) {
        "notesslide" => "notes",
        "data" => "diagram",
        kind => kind,
    }
}

/// What findings call a part that nothing else names.
fn part_name(part: &str) -> String {
    match part {
        "docprops/core.xml" | "docprops/app.xml" | "docprops/custom.xml" => format!("{} properties", stem(part)),
        _ => normalised(part).trim_end_matches(".xml").to_owned(),
    }
}
