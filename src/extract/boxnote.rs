//! Box Notes: the JSON behind a `.boxnote`, in both of its forms.
//!
//! The older form keeps the whole note as one text (`atext.text`) beside its attributes, the newer one as a tree of nodes
//! whose leaves are texts, where marks cut a word into several. The file's own text is read as JSON first, then the note as
//! a person sees it: leaves of one paragraph joined, paragraphs and cells apart, addresses of links after them.

use super::decode::TextDecoder;
use super::{Edge, Failure, Output, PartHead, Source, json};
use crate::model::{Place, Reason};
use serde_json::Value;

/// Pushes the JSON, then the note.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    json::extract(source, out)?;
    let len = usize::try_from(source.content.len()).unwrap_or(usize::MAX);
    let _held = source.budget.hold(len.saturating_mul(6))?;
    let mut text = String::with_capacity(len);
    let mut decoder = TextDecoder::of_source(source)?;
    while let Some(piece) = decoder.next_piece()? {
        text.push_str(piece.text);
    }
    let Ok(note) = serde_json::from_str::<Value>(&text) else {
        out.hole("note", Reason::Corrupt);
        return Ok(());
    };
    out.open_part(PartHead { name: "note".to_owned(), own_text: None, recovered: false })?;
    if let Some(text) = note["atext"]["text"].as_str() {
        for line in text.split('\n') {
            out.push(Edge::Soft('\n'), &Place::Whole, line, None)?;
        }
    }
    push_tree(&note["doc"], source, out)?;
    out.close_part()?;
    Ok(())
}

/// Walks the tree with a stack of its own; the parser bounds the depth (serde_json: 128).
fn push_tree(root: &Value, source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut waiting = vec![root];
    let mut edge = Edge::Soft('\n');
    let mut targets: Vec<&str> = Vec::new();
    while let Some(node) = waiting.pop() {
        source.budget.tick()?;
        let kind = node["type"].as_str().unwrap_or_default();
        if kind == "text" {
            out.push(edge, &Place::Whole, node["text"].as_str().unwrap_or_default(), None)?;
            edge = Edge::Join;
            let marks = node["marks"].as_array().into_iter().flatten();
            targets.extend(marks.flat_map(|mark| strings(&mark["attrs"])));
            continue;
        }
        for target in targets.drain(..) {
            out.push(Edge::Soft(' '), &Place::Whole, target, None)?;
        }
        edge = Edge::Soft(if kind == "table_cell" || kind == "table_header" { '\t' } else { '\n' });
        for value in strings(&node["attrs"]) {
            out.push(Edge::Soft('\n'), &Place::Whole, value, None)?;
        }
        waiting.extend(node["content"].as_array().into_iter().flatten().rev());
    }
    for target in targets {
        out.push(Edge::Soft(' '), &Place::Whole, target, None)?;
    }
    Ok(())
}

/// The values that attributes give as text; numbers and switches say nothing.
fn strings(attributes: &Value) -> impl Iterator<Item = &str> {
    attributes
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}
