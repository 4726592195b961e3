//! Pages of XPS and OpenXPS (ECMA-388): text as it stands on paper.
//!
//! A page is runs of glyphs with their text and their place. Runs of one line are put together by how far apart they stand:
//! the width of a run is known from its advances, where it gives them, else it is guessed from its length.

use super::super::xml_events::{Tag, Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use super::Document;
use crate::model::Place;

/// Documents and pages looked up.
const PAGES_MAX: usize = 1_000_000;
/// Width of a glyph whose advance is not given, in ems.
const ADVANCE_EMS: f64 = 0.55;
/// A wider gap within a line parts two words, in ems.
const WORD_GAP_EMS: f64 = 0.2;
/// A run that stands farther from the line is on another, in ems.
const LINE_GAP_EMS: f64 = 0.5;

/// Reads the pages in their order; outlines and the rest follow with the parts that nothing led to.
pub(super) fn read(document: &mut Document<'_, '_>) -> Result<(), Failure> {
    let main = document.main_part("fixeddocseq.fdseq")?;
    let mut number = 0u32;
    for fixed in sources(document, &main)? {
        for page in sources(document, &fixed)? {
            number = number.saturating_add(1);
            document.read_flow(&page, &format!("page {number}"))?;
        }
    }
    Ok(())
}

/// The parts that a sequence names as its documents, or a document as its pages.
fn sources(document: &mut Document<'_, '_>, part: &str) -> Result<Vec<String>, Failure> {
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let Some(at) = document.package.entry_of(part) else { return Ok(Vec::new()) };
    document.done.insert(at);
    let found = document.tolerate(part, |document| {
        let mut xml = document.package.xml(at)?;
        let mut found = Vec::new();
        while let Some(event) = xml.next_event()? {
            let Xml::Start(tag) = event else { continue };
            if matches!(tag.name(), "DocumentReference" | "PageContent") && found.len() < PAGES_MAX {
                found.extend(tag.attribute("Source").map(|source| super::package::resolve(folder, &source)));
            }
        }
        Ok(found)
    })?;
    Ok(found.unwrap_or_default())
}

/// Pushes the text of one page or outline. Returns true when there was any.
pub(super) fn push_text(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut page = Page::default();
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) => page.start(&tag, out)?,
            Xml::End(tag) if matches!(tag.name(), "Canvas" | "FixedPage") => page.last = None,
            Xml::Text(text) if !text.trim().is_empty() => page.line(&text, out)?,
            _ => {}
        }
    }
    Ok(page.any)
}

#[derive(Default)]
struct Page {
    any: bool,
    /// Where the last run ended.
    last: Option<End>,
}

struct End {
    x: f64,
    y: f64,
    em: f64,
}

/// One run of glyphs.
#[derive(Default)]
struct Run {
    text: String,
    x: f64,
    y: f64,
    em: f64,
    advances: String,
}

impl Page {
    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        if tag.name() == "Glyphs" {
            self.push(&Run::of(tag), out)?;
        }
        for (key, value) in tag.attributes() {
            let is_text = key.ends_with("NavigateUri")
                || key.starts_with("AutomationProperties.")
                || matches!((tag.name(), key), ("OutlineEntry", "Description"));
            if is_text && !value.is_empty() {
                self.line(&value, out)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, run: &Run, out: &mut dyn Output) -> Result<(), Failure> {
        if run.text.is_empty() {
            return Ok(());
        }
        let edge = match &self.last {
            None => Edge::Soft('\n'),
            Some(end) => {
                let em = run.em.max(end.em).max(1.0);
                let gap = run.x - end.x;
                if (run.y - end.y).abs() > LINE_GAP_EMS * em {
                    Edge::Soft('\n')
                } else if gap.abs() > WORD_GAP_EMS * em {
                    Edge::Soft(' ')
                } else {
                    Edge::Join
                }
            }
        };
        out.push(edge, &Place::Whole, &run.text, None)?;
        self.any = true;
        self.last = Some(End { x: run.x + run.width(), y: run.y, em: run.em });
        Ok(())
    }

    /// Pushes a line that stands nowhere on the page.
    fn line(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        out.push(Edge::Soft('\n'), &Place::Whole, text, None)?;
        self.last = None;
        self.any = true;
        Ok(())
    }
}

impl Run {
    fn of(tag: &Tag<'_>) -> Self {
        let mut run = Self::default();
        let mut matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let number = |value: &str| value.trim().parse::<f64>().ok().filter(|n| n.is_finite()).unwrap_or(0.0);
        for (key, value) in tag.attributes() {
            match key {
                // `{}` in front says that braces are meant as such.
                "UnicodeString" => run.text = value.strip_prefix("{}").unwrap_or(&value).to_owned(),
                "OriginX" => run.x = number(&value),
                "OriginY" => run.y = number(&value),
                "FontRenderingEmSize" => run.em = number(&value).abs(),
                "Indices" => run.advances = value.into_owned(),
                "RenderTransform" => {
                    for (place, part) in matrix.iter_mut().zip(value.split(',')) {
                        *place = number(part);
                    }
                }
                _ => {}
            }
        }
        let [a, b, c, d, e, f] = matrix;
        (run.x, run.y) = (run.x * a + run.y * c + e, run.x * b + run.y * d + f);
        run.em *= a.hypot(b);
        run
    }

    /// How wide the run is: the advances it gives, in hundredths of an em, and a guess for the others.
    fn width(&self) -> f64 {
        let mut ems = 0.0;
        let mut given = self.advances.split(';');
        for _ in self.text.chars() {
            let advance = given.next().and_then(|glyph| glyph.split(',').nth(1)).and_then(|n| n.parse::<f64>().ok());
            ems += advance.filter(|n| n.is_finite()).map_or(ADVANCE_EMS, |n| n / 100.0);
        }
        ems * self.em
    }
}
