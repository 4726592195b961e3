//! Presentations: slides in the order they are shown, each followed by what hangs on it (notes, comments, charts, diagrams).

use super::super::Failure;
use super::super::xml_events::Xml;
use super::{Document, kind_name};

/// Slides looked up; a presentation with more has the rest read in the archive's order.
const SLIDES_MAX: usize = 100_000;

/// Reads the slides; masters, layouts and the rest follow with the parts that nothing led to.
pub(super) fn read(document: &mut Document<'_, '_>) -> Result<(), Failure> {
    let main = document.main_part("ppt/presentation.xml")?;
    let related = document.related(&main)?;
    let order = document.tolerate(&main, |document| slide_ids(document, &main))?.unwrap_or_default();
    let slide = |id: &String| related.iter().find(|r| r.id == *id).map(|r| r.target.clone());
    for (number, part) in (1..).zip(order.iter().filter_map(slide)) {
        let hidden = document.tolerate(&part, |document| is_hidden(document, &part))?.unwrap_or(false);
        let name = format!("slide {number}{}", if hidden { " (hidden)" } else { "" });
        document.read_flow(&part, &name)?;
        for hanging in document.related(&part)? {
            if hanging.target.ends_with(".xml") && !matches!(hanging.kind.as_str(), "slideLayout" | "slide" | "tags") {
                let what = kind_name(&hanging.target);
                document.read_flow_unless_textless(&hanging.target, &format!("{name} {what}"))?;
            }
        }
    }
    Ok(())
}

/// The relationship ids of the slides in order.
fn slide_ids(document: &Document<'_, '_>, main: &str) -> Result<Vec<String>, Failure> {
    let Some(at) = document.package.entry_of(main) else { return Ok(Vec::new()) };
    let mut xml = document.package.xml(at)?;
    let mut ids = Vec::new();
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        if tag.name() == "sldId" && ids.len() < SLIDES_MAX {
            // Two attributes are called `id`; the one with a prefix is the relationship's and is no bare number.
            let id = tag.attributes().find(|(key, value)| *key == "id" && value.parse::<u64>().is_err());
            ids.extend(id.map(|(_, value)| value.into_owned()));
        }
    }
    Ok(ids)
}

fn is_hidden(document: &Document<'_, '_>, part: &str) -> Result<bool, Failure> {
    let Some(at) = document.package.entry_of(part) else { return Ok(false) };
    let mut xml = document.package.xml(at)?;
    while let Some(event) = xml.next_event()? {
        if let Xml::Start(tag) = event {
            return Ok(tag.name() == "sld" && matches!(tag.attribute("show").as_deref(), Some("0" | "false")));
        }
    }
    Ok(false)
}
