//! OpenDocument: text, spreadsheets, presentations, drawings, as packages and as flat files (OASIS OpenDocument 1.3).
//!
//! A package is a zip file whose streams have fixed names. The document comes first, then master pages, properties, and every
//! other stream in the archive's order: nothing is passed over for lack of an entry in the manifest. Embedded documents lie
//! in folders with streams of the same names and are read the same way; what is no XML is a member.

mod attributes;
mod content;
mod embedded;
mod parts;
mod sheet;

use super::peek::Peeked;
use super::xml::push_plain;
use super::xml_events::{Xml, XmlReader};
use super::zip::{Archive, Entry, Origin};
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Place, Reason};
use std::collections::HashSet;
use std::io::Read;

/// Entries that a manifest may name as encrypted.
const ENCRYPTED_MAX: usize = 100_000;

/// Reads a package.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let archive = Archive::open(source)?;
    let mut package = Package { source: *source, archive, encrypted: HashSet::new(), any: false };
    package.read_manifest(out)?;
    package.refuse_when_encrypted()?;
    let (streams, members) = package.order();
    for at in streams {
        package.tolerate(at, out)?;
    }
    // The cause for the document as a whole comes before what its members lack.
    if package.archive.is_cut {
        out.hole("", Reason::Corrupt);
    } else if !package.any && package.archive.names().any(|name| name.starts_with("Pictures/")) {
        out.hole("", Reason::ImageOnly);
    }
    package.push_names(&members, out)?;
    for at in members {
        package.tolerate(at, out)?;
    }
    Ok(())
}

/// Reads a flat file: the same vocabulary in one stream.
pub(super) fn extract_flat(xml: &mut XmlReader<'_>, source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    content::push_text(xml, "", source.budget, out)?;
    Ok(())
}

struct Package<'a> {
    source: Source<'a>,
    archive: Archive<'a>,
    /// Names of entries that the manifest calls encrypted.
    encrypted: HashSet<String>,
    any: bool,
}

/// How an entry is read, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream<'n> {
    /// A stream of the OpenDocument vocabulary, with the embedded document it belongs to.
    Content(&'n str),
    /// Any other XML.
    Xml,
    /// Pictures of what is read elsewhere: shown when an object cannot be.
    Preview,
    /// The package's own book-keeping.
    Housekeeping,
    Other,
}

impl Stream<'_> {
    fn of(name: &str) -> Stream<'_> {
        let (folder, base) = name.rsplit_once('/').unwrap_or(("", name));
        match base {
            "content.xml" | "styles.xml" | "meta.xml" | "settings.xml" if !folder.starts_with("META-INF") => {
                Stream::Content(folder)
            }
            "mimetype" if folder.is_empty() => Stream::Housekeeping,
            "manifest.xml" if folder == "META-INF" => Stream::Housekeeping,
            "layout-cache" => Stream::Preview,
            _ if folder == "Thumbnails" || folder == "ObjectReplacements" => Stream::Preview,
            _ if ["xml", "rdf", "xba", "xlb", "xlc"].iter().any(|ext| has_extension(base, ext)) => Stream::Xml,
            _ => Stream::Other,
        }
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ext)| ext.eq_ignore_ascii_case(extension))
}

impl Package<'_> {
    /// Streams in the order of reading: the document, its master pages and properties, all other XML; and the members.
    fn order(&self) -> (Vec<usize>, Vec<usize>) {
        let first = ["content.xml", "styles.xml", "meta.xml"];
        let entries = &self.archive.entries;
        let rank = |at: &usize| first.iter().position(|name| *name == entries[*at].name).unwrap_or(first.len());
        let all = (0..entries.len()).filter(|&at| !entries[at].is_folder());
        let (mut streams, members): (Vec<_>, Vec<_>) =
            all.partition(|&at| matches!(Stream::of(&entries[at].name), Stream::Content(_) | Stream::Xml));
        streams.sort_by_key(rank);
        (streams, members)
    }

    /// Pushes the names of the members as a part: they are text too.
    fn push_names(&self, members: &[usize], out: &mut dyn Output) -> Result<(), Failure> {
        let entries = members.iter().map(|&at| &self.archive.entries[at]);
        let mut names = entries.filter(|entry| Stream::of(&entry.name) == Stream::Other).peekable();
        if names.peek().is_none() {
            return Ok(());
        }
        out.open_part(PartHead { name: "embedded".to_owned(), own_text: None, recovered: false })?;
        for entry in names {
            out.push(Edge::Soft('\n'), &Place::Whole, &entry.name, None)?;
        }
        out.close_part()?;
        Ok(())
    }

    /// Notes which entries are encrypted (OpenDocument 1.3 part 2, 3.8). A manifest that cannot be read says nothing.
    fn read_manifest(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let manifest = self.archive.entries.iter().find(|entry| entry.name == "META-INF/manifest.xml");
        let Some(manifest) = manifest else { return Ok(()) };
        let found = manifest.open(&self.source).and_then(|body| encrypted_entries(body, &self.source));
        match found {
            Ok(names) => self.encrypted = names,
            Err(failure) if self.source.budget.stopped().is_some() => return Err(failure),
            Err(failure) => out.hole("META-INF/manifest.xml", failure.reason()),
        }
        Ok(())
    }

    /// A document whose body is encrypted is refused as a whole; what a manifest only claims to be encrypted is read.
    fn refuse_when_encrypted(&mut self) -> Result<(), Failure> {
        let (mut readable, mut sealed) = (HashSet::new(), false);
        for entry in self.archive.entries.iter().filter(|entry| self.encrypted.contains(&entry.name)) {
            let head = entry.open(&self.source).map(|body| Peeked::new(body).head().to_vec()).unwrap_or_default();
            let start = head.trim_ascii_start();
            if start.starts_with(b"<") || start.starts_with(b"\xef\xbb\xbf<") || start.starts_with(b"<\0") {
                readable.insert(entry.name.clone());
            } else {
                sealed |= matches!(entry.name.as_str(), "content.xml" | "encrypted-package");
            }
        }
        self.encrypted.retain(|name| !readable.contains(name));
        if sealed { Err(Failure::refused(Reason::EncryptedPassword, "the document is encrypted")) } else { Ok(()) }
    }

    /// Reads one entry; one that cannot be read is a hole, and what ends the whole file is passed on.
    fn tolerate(&mut self, at: usize, out: &mut dyn Output) -> Result<(), Failure> {
        let entry = self.archive.entries[at].clone();
        if self.encrypted.contains(&entry.name) {
            out.hole(&entry.name, Reason::EncryptedPassword);
            return Ok(());
        }
        match self.read_entry(&entry, out) {
            Err(failure) if self.source.budget.stopped().is_none() => {
                out.hole(&entry.name, failure.reason());
                Ok(())
            }
            done => done,
        }
    }

    fn read_entry(&mut self, entry: &Entry, out: &mut dyn Output) -> Result<(), Failure> {
        let unlisted = if entry.origin == Origin::LocalOnly { " (not in the directory)" } else { "" };
        let name = format!("{}{unlisted}", entry.name);
        let stream = Stream::of(&entry.name);
        if stream == Stream::Housekeeping {
            return Ok(());
        }
        let mut body = Peeked::new(entry.open(&self.source)?);
        match stream {
            _ if body.is_empty() => {}
            Stream::Content(folder) => {
                let mut xml = XmlReader::new(body, self.source.budget)?;
                self.any |= content::push_text(&mut xml, &format!("{folder}{unlisted}"), self.source.budget, out)?;
            }
            Stream::Xml => {
                let mut xml = XmlReader::new(body, self.source.budget)?;
                out.open_part(PartHead { name, own_text: None, recovered: false })?;
                self.any |= push_plain(&mut xml, out)?;
                out.close_part()?;
            }
            Stream::Preview if !body.is_readable() => {}
            Stream::Preview | Stream::Other | Stream::Housekeeping => out.member(&name, &mut body)?,
        }
        Ok(())
    }
}

/// The entries that a manifest calls encrypted.
fn encrypted_entries(body: impl Read, source: &Source<'_>) -> Result<HashSet<String>, Failure> {
    let mut xml = XmlReader::new(body, source.budget)?;
    let (mut names, mut entry) = (HashSet::new(), String::new());
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        match tag.name() {
            "file-entry" => entry = tag.attribute("full-path").unwrap_or_default(),
            "encryption-data" if names.len() < ENCRYPTED_MAX => {
                names.insert(entry.clone());
            }
            _ => {}
        }
    }
    Ok(names)
}
