//! Jupyter notebooks (nbformat 3 and 4): JSON whose sources and outputs are read as text, whose attachments as files.
//!
//! The file's own text and its escaped strings come first, as for any JSON. A value may be cut in two by the lists of lines
//! that sources are kept in, and pictures and documents stand there in base64: so a second pass joins the lines of each
//! source and output, and a third hands over what is attached.

use super::decode::TextDecoder;
use super::{Edge, Failure, Output, PartHead, Source, json};
use crate::model::Place;
use serde_json::Value;
use std::io::Read;

/// Pushes the JSON, then the cells, then hands over attachments.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    json::extract(source, out)?;
    // A tree takes several times the text.
    let len = usize::try_from(source.content.len()).unwrap_or(usize::MAX);
    let _held = source.budget.hold(len.saturating_mul(6))?;
    let mut text = String::with_capacity(len);
    let mut decoder = TextDecoder::of_source(source)?;
    while let Some(piece) = decoder.next_piece()? {
        text.push_str(piece.text);
    }
    let Ok(book) = serde_json::from_str::<Value>(&text) else {
        out.hole("cells", crate::model::Reason::Corrupt);
        return Ok(());
    };
    for (number, cell) in cells(&book).enumerate() {
        source.budget.tick()?;
        push_cell(number + 1, cell, out)?;
        hand_over(number + 1, cell, out)?;
    }
    Ok(())
}

/// The cells, in worksheets too as format 3 has them.
fn cells(book: &Value) -> impl Iterator<Item = &Value> {
    let sheets = book["worksheets"].as_array().into_iter().flatten();
    std::iter::once(book).chain(sheets).flat_map(|holder| holder["cells"].as_array().into_iter().flatten())
}

/// Lines of a source or output: a string, or a list of strings that follow one another without anything between.
fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn push_cell(number: usize, cell: &Value, out: &mut dyn Output) -> Result<(), Failure> {
    let mut texts = vec![joined(&cell["source"]), joined(&cell["input"])];
    for output in cell["outputs"].as_array().into_iter().flatten() {
        texts.extend([joined(&output["text"]), joined(&output["traceback"]), joined(&output["html"])]);
        let data = output["data"].as_object().into_iter().flatten();
        texts.extend(data.filter(|(media, _)| is_text(media)).map(|(_, value)| joined(value)));
    }
    texts.retain(|text| !text.trim().is_empty());
    if texts.is_empty() {
        return Ok(());
    }
    out.open_part(PartHead { name: format!("cell {number}"), own_text: None, recovered: false })?;
    for text in &texts {
        for line in text.split('\n') {
            out.push(Edge::Soft('\n'), &Place::Whole, line, None)?;
        }
    }
    out.close_part()?;
    Ok(())
}

fn is_text(media: &str) -> bool {
    media.starts_with("text/") || media.ends_with("json") || media.ends_with("xml") || media == "application/javascript"
}

/// Attachments of a cell, and outputs that are no text.
fn hand_over(number: usize, cell: &Value, out: &mut dyn Output) -> Result<(), Failure> {
    for (name, kinds) in cell["attachments"].as_object().into_iter().flatten() {
        for value in kinds.as_object().into_iter().flatten().map(|(_, value)| value) {
            member(&format!("cell {number} {name}"), value, out)?;
        }
    }
    for (index, output) in cell["outputs"].as_array().into_iter().flatten().enumerate() {
        let data = output["data"].as_object().into_iter().flatten();
        let old = ["png", "jpeg", "pdf"].into_iter().filter_map(|key| Some((key, output.get(key)?)));
        let data = data.filter(|(media, _)| !is_text(media)).map(|(media, value)| (media.as_str(), value));
        for (media, value) in data.chain(old) {
            member(&format!("cell {number} output {} ({media})", index + 1), value, out)?;
        }
    }
    Ok(())
}

fn member(name: &str, value: &Value, out: &mut dyn Output) -> Result<(), Failure> {
    let text = joined(value);
    if text.is_empty() {
        return Ok(());
    }
    let mut letters = Letters(text.bytes().filter(|b| !b.is_ascii_whitespace()));
    let engine = base64::engine::general_purpose::STANDARD;
    out.member(name, &mut base64::read::DecoderReader::new(&mut letters, &engine))?;
    Ok(())
}

/// Bytes as a reader.
struct Letters<I>(I);

impl<I: Iterator<Item = u8>> Read for Letters<I> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let mut n = 0;
        for (slot, byte) in buf.iter_mut().zip(&mut self.0) {
            *slot = byte;
            n += 1;
        }
        Ok(n)
    }
}
