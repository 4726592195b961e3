//! Books: EPUB 2 and 3 (W3C EPUB 3.3, Open Container Format).
//!
//! The package file's metadata is a part; the chapters follow in the order of its spine, then every other member of the
//! archive, listed or not. Chapters are pages, so they go out as members and are read as HTML. A book under a licence names
//! its sealed members in `encryption.xml`; scrambled fonts are named there too and are no gap.

use super::peek::Peeked;
use super::xml::push_plain;
use super::xml_events::{Xml, XmlReader};
use super::zip::{Archive, Entry, Origin};
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Place, Reason};
use std::collections::{HashMap, HashSet};

/// Items of a manifest, chapters of a spine and sealed members kept.
const ITEMS_MAX: usize = 100_000;
/// Ways of scrambling fonts that are no encryption of content.
const FONT_SCRAMBLING: &[&str] = &["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];

/// Reads a book.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let book = Book { source: *source, archive: Archive::open(source)? };
    let sealed = book.optional("META-INF/encryption.xml", out, |xml| sealed_members(xml))?.unwrap_or_default();
    let roots = book.optional("META-INF/container.xml", out, |xml| root_files(xml))?.unwrap_or_default();
    let mut order = Vec::new();
    for root in &roots {
        let Some(at) = book.entry(root) else { continue };
        let spine = book.optional(root, out, |xml| read_spine(xml, folder_of(root)))?.unwrap_or_default();
        order.push(at);
        order.extend(spine.iter().filter_map(|chapter| book.entry(chapter)));
    }
    order.extend(0..book.archive.entries.len());
    book.push_names(out)?;
    let mut done = HashSet::new();
    for at in order {
        if done.insert(at) {
            book.read_entry(at, &sealed, out)?;
        }
    }
    if book.archive.is_cut {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

struct Book<'a> {
    source: Source<'a>,
    archive: Archive<'a>,
}

impl<'a> Book<'a> {
    fn entry(&self, name: &str) -> Option<usize> {
        let entries = &self.archive.entries;
        let exact = entries.iter().position(|entry| entry.name == name);
        exact.or_else(|| entries.iter().position(|entry| entry.name.eq_ignore_ascii_case(name)))
    }

    /// Pushes the names and comments of all members as a part: they are text too.
    fn push_names(&self, out: &mut dyn Output) -> Result<(), Failure> {
        out.open_part(PartHead { name: "names".to_owned(), own_text: None, recovered: false })?;
        for text in self.archive.names().chain([self.archive.comment.as_str()]).filter(|text| !text.is_empty()) {
            out.push(Edge::Soft('\n'), &Place::Whole, text, None)?;
        }
        out.close_part()?;
        Ok(())
    }

    fn xml(&self, entry: &Entry) -> Result<XmlReader<'a>, Failure> {
        XmlReader::new(entry.open(&self.source)?, self.source.budget)
    }

    /// Reads one of the container's own files, when it is there; a damaged one is a hole.
    fn optional<T>(
        &self,
        name: &str,
        out: &mut dyn Output,
        read: impl FnOnce(&mut XmlReader<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let Some(at) = self.entry(name) else { return Ok(None) };
        match self.xml(&self.archive.entries[at]).and_then(|mut xml| read(&mut xml)) {
            Ok(found) => Ok(Some(found)),
            Err(failure) if self.source.budget.stopped().is_some() => Err(failure),
            Err(failure) => {
                out.hole(name, failure.reason());
                Ok(None)
            }
        }
    }

    fn read_entry(&self, at: usize, sealed: &HashSet<String>, out: &mut dyn Output) -> Result<(), Failure> {
        let entry = &self.archive.entries[at];
        if entry.is_folder() || entry.name == "mimetype" || entry.name.starts_with("META-INF/container") {
            return Ok(());
        }
        let unlisted = if entry.origin == Origin::LocalOnly { " (not in the directory)" } else { "" };
        let name = format!("{}{unlisted}", entry.name);
        let read = match sealed.contains(&entry.name) {
            true => Err(Failure::refused(Reason::EncryptedRights, "the member is sealed")),
            false => self.read_plain(entry, &name, out),
        };
        match read {
            Err(failure) if self.source.budget.stopped().is_none() => {
                out.hole(&name, failure.reason());
                Ok(())
            }
            done => done,
        }
    }

    fn read_plain(&self, entry: &Entry, name: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let lower = entry.name.to_ascii_lowercase();
        if [".opf", ".ncx"].iter().any(|end| lower.ends_with(end)) {
            let part = if lower.ends_with(".opf") { "properties" } else { "contents" };
            let mut xml = self.xml(entry)?;
            out.open_part(PartHead { name: part.to_owned(), own_text: None, recovered: false })?;
            push_plain(&mut xml, out)?;
            out.close_part()?;
            return Ok(());
        }
        let mut body = Peeked::new(entry.open(&self.source)?);
        let is_font = [".ttf", ".otf", ".woff", ".woff2"].iter().any(|end| lower.ends_with(end));
        if is_font && !body.is_readable() {
            return Ok(());
        }
        out.member(name, &mut body)?;
        Ok(())
    }
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The package files that the container names.
fn root_files(xml: &mut XmlReader<'_>) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        if tag.name() == "rootfile" && found.len() < ITEMS_MAX {
            found.extend(tag.attribute("full-path"));
        }
    }
    Ok(found)
}

/// The members that the manifest lists, in the order of the spine; their addresses are relative to `folder`.
fn read_spine(xml: &mut XmlReader<'_>, folder: &str) -> Result<Vec<String>, Failure> {
    let mut items: HashMap<String, String> = HashMap::new();
    let mut spine = Vec::new();
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        match tag.name() {
            "item" if items.len() < ITEMS_MAX => {
                if let (Some(id), Some(href)) = (tag.attribute("id"), tag.attribute("href")) {
                    items.insert(id, href);
                }
            }
            "itemref" if spine.len() < ITEMS_MAX => {
                let href = tag.attribute("idref").and_then(|id| items.get(&id));
                spine.extend(href.map(|href| member_name(folder, href)));
            }
            _ => {}
        }
    }
    Ok(spine)
}

/// The members that cannot be read without the book's licence.
fn sealed_members(xml: &mut XmlReader<'_>) -> Result<HashSet<String>, Failure> {
    let (mut sealed, mut scrambled) = (HashSet::new(), false);
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        match tag.name() {
            "EncryptedData" => scrambled = false,
            "EncryptionMethod" => {
                scrambled |= tag.attribute("Algorithm").is_some_and(|way| FONT_SCRAMBLING.contains(&way.as_str()));
            }
            "CipherReference" if !scrambled && sealed.len() < ITEMS_MAX => {
                sealed.extend(tag.attribute("URI").map(|uri| member_name("", &uri)));
            }
            _ => {}
        }
    }
    Ok(sealed)
}

/// The member that an address in `folder` leads to: percent signs resolved, the part after `#` left out.
fn member_name(folder: &str, href: &str) -> String {
    let href = href.split('#').next().unwrap_or_default();
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in href.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    unescaped(&steps.join("/"))
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_members() {
        let rows = [
            ("OEBPS", "ch1.xhtml", "OEBPS/ch1.xhtml"),
            ("OEBPS", "text/ch%201.xhtml#p2", "OEBPS/text/ch 1.xhtml"),
            ("OEBPS/a", "../b.html", "OEBPS/b.html"),
            ("", "/x%zz", "x%zz"),
        ];
        for (folder, href, expected) in rows {
            assert_eq!(member_name(folder, href), expected);
        }
    }
}
