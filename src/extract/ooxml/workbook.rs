//! Workbooks: sheets in their order with what hangs on each, defined names, and the caches that keep other data.

use super::super::xml_events::{Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use super::cells::{SharedStrings, Styles, is_memory, push_strings};
use super::sheet::{Book, push_cells};
use super::{Document, kind_name, stem};
use crate::model::{Limit, Place, Reason};

/// Sheets looked up; Excel's own bound is memory.
pub(super) const SHEETS_MAX: usize = 20_000;

/// Parts whose text lies in attributes: caches of pivot tables and other workbooks, tables, queries, connections.
const VALUE_TYPES: &[&str] = &[
    "pivotCacheDefinition+xml",
    "pivotCacheRecords+xml",
    "pivotTable+xml",
    "externalLink+xml",
    "table+xml",
    "queryTable+xml",
    "connections+xml",
    "slicer+xml",
    "slicerCache+xml",
    "timeline+xml",
    "timelineCache+xml",
    "revisionHeaders+xml",
    "userNames+xml",
];

/// Reads the workbook and its sheets.
pub(super) fn read(document: &mut Document<'_, '_>) -> Result<(), Failure> {
    let main = document.main_part("xl/workbook.xml")?;
    let related = document.related(&main)?;
    let part_of = |kind: &str| related.iter().find(|r| r.kind == kind).map(|r| r.target.clone());
    let listed = document.tolerate(&main, |document| list(document, &main))?.unwrap_or_default();
    let mut book = Book {
        strings: SharedStrings::new(document.budget)?,
        styles: Styles::default(),
        dates_from_1904: listed.dates_from_1904,
    };
    if let Some(part) = part_of("styles") {
        let styles = document.tolerate(&part, |document| match document.package.entry_of(&part) {
            Some(at) => Styles::read(&mut document.package.xml(at)?),
            None => Ok(Styles::default()),
        })?;
        book.styles = styles.unwrap_or_default();
    }
    if let Some(part) = part_of("sharedStrings") {
        read_strings(document, &part, &mut book)?;
    }
    document
        .read_part(&main, "workbook", |document, at| push_workbook(&mut document.package.xml(at)?, document.out))?;
    for sheet in &listed.sheets {
        if let Some(target) = related.iter().find(|r| r.id == sheet.relationship) {
            read_sheet(document, &target.target, &sheet.label(), &book)?;
        }
    }
    // Sheets that the workbook does not list, and caches of pivot tables and other workbooks.
    for part in document.package.entries().map(|(_, part, _)| part).collect::<Vec<_>>() {
        let content_type = document.package.type_of(&part);
        if content_type.ends_with("worksheet+xml") || content_type.ends_with("macrosheet+xml") {
            read_sheet(document, &part, &format!("sheet {} (not in the workbook)", stem(&part)), &book)?;
        } else if VALUE_TYPES.iter().any(|end| content_type.ends_with(end)) {
            let name = stem(&part).to_owned();
            document
                .read_part(&part, &name, |document, at| push_values(&mut document.package.xml(at)?, document.out))?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Listed {
    sheets: Vec<SheetEntry>,
    dates_from_1904: bool,
}

/// A sheet as the workbook lists it.
pub(super) struct SheetEntry {
    pub(super) name: String,
    /// `hidden`, `veryHidden`, or anything else for a sheet that shows.
    pub(super) state: String,
    pub(super) relationship: String,
}

impl SheetEntry {
    /// `sheet 'Pay' (hidden)`.
    pub(super) fn label(&self) -> String {
        let state = match self.state.as_str() {
            "hidden" => " (hidden)",
            "veryHidden" => " (very hidden)",
            _ => "",
        };
        format!("sheet '{}'{state}", self.name)
    }
}

fn list(document: &Document<'_, '_>, main: &str) -> Result<Listed, Failure> {
    let Some(at) = document.package.entry_of(main) else { return Ok(Listed::default()) };
    let mut xml = document.package.xml(at)?;
    let mut listed = Listed::default();
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        match tag.name() {
            "workbookPr" => {
                listed.dates_from_1904 = matches!(tag.attribute("date1904").as_deref(), Some("1" | "true"));
            }
            "sheet" if listed.sheets.len() < SHEETS_MAX => listed.sheets.push(SheetEntry {
                name: tag.attribute("name").unwrap_or_default(),
                state: tag.attribute("state").unwrap_or_default(),
                relationship: tag.attribute("id").unwrap_or_default(),
            }),
            _ => {}
        }
    }
    Ok(listed)
}

/// Reads the shared strings; a table that does not fit into memory is pushed as text of its own, and a hole says so.
fn read_strings(document: &mut Document<'_, '_>, part: &str, book: &mut Book<'_>) -> Result<(), Failure> {
    let Some(at) = document.package.entry_of(part) else { return Ok(()) };
    match document.package.xml(at).and_then(|mut xml| book.strings.read(&mut xml)) {
        Ok(()) => {
            document.done.insert(at);
            Ok(())
        }
        Err(failure) if is_memory(&failure) => {
            book.strings.clear();
            document.out.hole(part, Reason::Limit(Limit::Memory));
            document.read_part(part, "shared strings", |document, at| {
                push_strings(&mut document.package.xml(at)?, document.out)
            })
        }
        Err(failure) => {
            document.done.insert(at);
            document.tolerate(part, |_| Err::<(), _>(failure))?;
            Ok(())
        }
    }
}

fn read_sheet(document: &mut Document<'_, '_>, part: &str, label: &str, book: &Book<'_>) -> Result<(), Failure> {
    document.read_part(part, label, |document, at| push_cells(&mut document.package.xml(at)?, book, document.out))?;
    for hanging in document.related(part)? {
        if hanging.target.ends_with(".xml") && !matches!(hanging.kind.as_str(), "table" | "queryTable" | "pivotTable") {
            let what = kind_name(&hanging.target);
            document.read_flow_unless_textless(&hanging.target, &format!("{label} {what}"))?;
            if hanging.kind == "drawing" {
                // Charts and diagrams; the pictures beside them are members.
                let shown = document.related(&hanging.target)?;
                for chart in shown.iter().filter(|shown| shown.target.ends_with(".xml")) {
                    document.read_flow_unless_textless(&chart.target, &format!("{label} {}", stem(&chart.target)))?;
                }
            }
        }
    }
    Ok(())
}

/// The workbook's own text: names of sheets and defined names with what they stand for.
fn push_workbook(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut any = false;
    let mut in_name = false;
    let mut edge = Edge::Join;
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) if matches!(tag.name(), "sheet" | "definedName" | "fileSharing" | "absPath") => {
                in_name = tag.name() == "definedName";
                for (key, value) in tag.attributes() {
                    if matches!(key, "name" | "comment" | "description" | "help" | "statusBar" | "userName" | "url")
                        && !value.is_empty()
                    {
                        any = true;
                        out.push(Edge::Soft('\n'), &Place::Whole, &value, None)?;
                    }
                }
                edge = Edge::Soft(' ');
            }
            Xml::End(_) => in_name = false,
            Xml::Text(text) if in_name => {
                out.push(edge, &Place::Whole, &text, None)?;
                edge = Edge::Join;
            }
            _ => {}
        }
    }
    Ok(any)
}

/// Caches keep their values in attributes: every `v`, `name`, `caption` and the like is a line, and text is text.
fn push_values(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    const KEYS: &[&str] = &[
        "v",
        "name",
        "caption",
        "displayName",
        "val",
        "sheetName",
        "connection",
        "command",
        "sourceFile",
        "description",
        "refersTo",
        "totalsRowLabel",
        "sheet",
        "comment",
        "url",
        "post",
        "odcFile",
        "connectionFile",
        "userName",
        "uniqueName",
        "ddeService",
        "ddeTopic",
        "dataCaption",
        "title",
    ];
    let mut any = false;
    let mut edge = Edge::Soft('\n');
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) => {
                if matches!(tag.name(), "r" | "row" | "cacheField") {
                    edge = Edge::Soft('\n');
                }
                for (key, value) in tag.attributes() {
                    if KEYS.contains(&key) && !value.is_empty() {
                        any = true;
                        out.push(edge, &Place::Whole, &value, None)?;
                        edge = Edge::Soft('\t');
                    }
                }
            }
            Xml::Text(text) if !text.trim().is_empty() => {
                any = true;
                out.push(edge, &Place::Whole, &text, None)?;
                edge = Edge::Join;
            }
            Xml::End(_) if edge == Edge::Join => edge = Edge::Soft('\t'),
            _ => {}
        }
    }
    Ok(any)
}
