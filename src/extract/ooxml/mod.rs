//! Office Open XML: docx, xlsx, pptx and their kin (ECMA-376; strict and transitional alike).
//!
//! Element names are taken without their namespaces, so both dialects read the same. First the parts that make the
//! document, in the order a reader sees them; then every XML part that nothing led to; then the targets of links; then
//! embedded objects as members. A part that cannot be read is a hole, and the others are still read.

mod binary;
mod cells;
mod fixed;
mod flow;
pub(super) mod number_format;
mod package;
mod presentation;
mod records;
mod sheet;
mod visio;
mod workbook;

use super::peek::Peeked;
use super::xml::push_plain;
use super::xml_events::XmlReader;
use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::Budget;
use crate::model::{Place, Reason};
use package::{NOT_IN_DIRECTORY, Package, normalised};
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

/// Reads a document whose package lies flat in one XML stream, and the XML of Word 2003.
pub(super) fn extract_flat(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "body".to_owned(), own_text: None, recovered: false })?;
    flow::push_text(xml, out)?;
    out.close_part()?;
    Ok(())
}

/// Reads a workbook.
pub(super) fn extract_xlsx(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    workbook::read(&mut document)?;
    document.read_rest()
}

/// Reads a binary workbook.
pub(super) fn extract_xlsb(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    binary::read(&mut document)?;
    document.read_rest()
}

/// Reads a presentation.
pub(super) fn extract_pptx(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    presentation::read(&mut document)?;
    document.read_rest()
}

/// Reads a drawing of Visio.
pub(super) fn extract_visio(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    document.vocabulary = visio::push_text;
    visio::read(&mut document)?;
    document.read_rest()
}

/// Reads the pages of an XPS document.
pub(super) fn extract_xps(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut document = Document::open(source, out)?;
    document.vocabulary = fixed::push_text;
    fixed::read(&mut document)?;
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
/// Parts that are neither text nor a picture: sound, films, fonts, what a printer remembers. They are handed over only when
/// their beginning says otherwise.
const TEXTLESS_EXTENSIONS: &[&str] = &[
    "mp3", "mp4", "m4a", "m4v", "wav", "wma", "wmv", "avi", "mov", "mpg", "mpeg", "odttf", "ttf", "otf", "fntdata",
    "wdp", "hdphoto", "sigs",
];
const PICTURE_EXTENSIONS: &[&str] = &[
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "tif", "tiff", "emf", "wmf", "emz", "wmz", "webp", "heic",
    "ico", "pict", "pct",
];
/// Parts that are XML whatever their content type says.
const XML_EXTENSIONS: &[&str] = &["xml", "vml", "fpage", "fdoc", "fdseq", "frag", "struct", "dict"];

/// One document on its way.
struct Document<'a, 'o> {
    package: Package<'a>,
    budget: &'a Budget,
    out: &'o mut dyn Output,
    /// Entries already read.
    done: HashSet<usize>,
    any_text: bool,
    /// Reads the running text of this kind of document.
    vocabulary: Vocabulary,
}

/// Pushes the text of one part; true when there was any.
type Vocabulary = fn(&mut XmlReader<'_>, &mut dyn Output) -> Result<bool, Failure>;

impl<'a, 'o> Document<'a, 'o> {
    fn open(source: &Source<'a>, out: &'o mut dyn Output) -> Result<Self, Failure> {
        let package = Package::open(source)?;
        let mut done = HashSet::new();
        done.extend(package.entry_of("[content_types].xml"));
        Ok(Self { package, budget: source.budget, out, done, any_text: false, vocabulary: flow::push_text })
    }

    /// The part that the package names as its document; `usual` when it names none.
    fn main_part(&mut self, usual: &str) -> Result<String, Failure> {
        let relationships = self.tolerate("_rels/.rels", |document| document.package.relationships(""))?;
        let is_main = |kind: &str| matches!(kind, "officeDocument" | "document" | "fixedrepresentation");
        let named = relationships.unwrap_or_default().into_iter().find(|r| is_main(&r.kind));
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
        let read = self.vocabulary;
        self.read_part(part, name, |document, at| read(&mut document.package.xml(at)?, document.out))
    }

    /// The same, but parts that only say how things look stay unread.
    fn read_flow_unless_textless(&mut self, part: &str, name: &str) -> Result<(), Failure> {
        let content_type = self.package.type_of(part);
        if TEXTLESS_TYPES.iter().any(|textless| content_type.ends_with(textless)) {
            return Ok(());
        }
        self.read_flow(part, name)
    }

    /// Everything that no relationship led to, then links, then pictures and embedded objects.
    fn read_rest(&mut self) -> Result<(), Failure> {
        let rest: Vec<_> =
            self.package.entries().map(|(at, name, entry)| (at, name, package::shown_name(entry))).collect();
        let (mut links, mut referred, mut objects) = (Vec::new(), HashSet::new(), Vec::new());
        for (at, part, _) in rest.iter().filter(|(_, part, _)| extension_of(part) == "rels") {
            self.collect_links(*at, part, &mut links, &mut referred)?;
        }
        for (at, part, shown) in rest {
            match extension_of(&part) {
                "rels" => {}
                extension if XML_EXTENSIONS.contains(&extension) || self.package.type_of(&part).ends_with("+xml") => {
                    self.read_other_xml(at, &part, &shown, referred.contains(&part))?;
                }
                _ if self.done.contains(&at) => {}
                _ => objects.push((at, part, shown)),
            }
        }
        self.push_lines("links", links.iter().map(String::as_str))?;
        self.push_lines("embedded", objects.iter().map(|(_, _, shown)| shown.as_str()))?;
        // The cause for the document as a whole comes before what its members lack.
        if self.package.is_cut() {
            self.out.hole("", Reason::Corrupt);
        } else if !self.any_text && objects.iter().any(|(_, part, _)| is_picture(part)) {
            self.out.hole("", Reason::ImageOnly);
        }
        self.hand_over(&objects)
    }

    fn read_other_xml(&mut self, at: usize, part: &str, shown: &str, is_referred: bool) -> Result<(), Failure> {
        let content_type = self.package.type_of(part);
        if TEXTLESS_TYPES.iter().any(|textless| content_type.ends_with(textless)) {
            return Ok(());
        }
        let alone = if is_referred { "" } else { " (nothing refers to it)" };
        let unlisted = shown.rfind(NOT_IN_DIRECTORY).map_or("", |_| NOT_IN_DIRECTORY);
        let name = format!("{}{alone}{unlisted}", part_name(part));
        let is_plain = ["docprops/", "customxml/", "customui", "_xmlsignatures/"].iter().any(|at| part.starts_with(at))
            || content_type.ends_with("properties+xml");
        let read = if is_plain { push_plain } else { self.vocabulary };
        self.read_entry(at, part, &name, |document, at| read(&mut document.package.xml(at)?, document.out))
    }

    /// Sorts the targets of one list of relationships: addresses outside, and parts of the package.
    fn collect_links(
        &mut self,
        at: usize,
        part: &str,
        links: &mut Vec<String>,
        referred: &mut HashSet<String>,
    ) -> Result<(), Failure> {
        let folder = part.rsplit_once("_rels/").map_or("", |(folder, _)| folder.trim_end_matches('/'));
        let found = self.tolerate(part, |document| document.package.read_relationships(at, folder))?;
        for relationship in found.unwrap_or_default() {
            if !relationship.is_external {
                referred.insert(relationship.target);
            } else if !relationship.target.is_empty() {
                links.push(relationship.target);
            }
        }
        Ok(())
    }

    /// Pushes a part of lines; none when there is no line.
    fn push_lines<'l>(&mut self, name: &str, lines: impl Iterator<Item = &'l str>) -> Result<(), Failure> {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return Ok(());
        }
        self.out.open_part(PartHead { name: name.to_owned(), own_text: None, recovered: false })?;
        for line in lines {
            self.out.push(Edge::Soft('\n'), &Place::Whole, line, None)?;
        }
        self.out.close_part()?;
        Ok(())
    }

    fn hand_over(&mut self, objects: &[(usize, String, String)]) -> Result<(), Failure> {
        for (at, part, name) in objects {
            let Some(body) = self.tolerate(name, |document| document.package.open_entry(*at))? else { continue };
            let mut body = Peeked::new(body);
            // A preview of the first page repeats what is read; sound and fonts hold no text, whatever they are called.
            let is_preview = part.starts_with("docprops/thumbnail") && body.is_picture();
            if body.is_empty() || is_preview || is_textless(part) && !body.is_readable() {
                continue;
            }
            self.out.member(name, &mut body)?;
        }
        Ok(())
    }
}

fn extension_of(part: &str) -> &str {
    part.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_picture(part: &str) -> bool {
    PICTURE_EXTENSIONS.contains(&extension_of(part)) && !part.starts_with("docprops/")
}

fn is_textless(part: &str) -> bool {
    TEXTLESS_EXTENSIONS.contains(&extension_of(part)) || part.contains("printersettings/")
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
