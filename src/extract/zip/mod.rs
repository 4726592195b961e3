//! Zip archives: names, comments, members, and members that somebody hid.
//!
//! Read by a directory reader of our own, not by a crate: an archive whose directory and local headers disagree must show
//! the union of both, and one that was cut must show what is left. Stored, deflated and deflate64 members are inflated here.
//! The bytes of a member packed by bzip2, lzma, xz or zstd are a file of that format as they stand: they are handed over as
//! one, and whoever reads such files, in a cell, reads them.

mod directory;
mod entry;
mod gaps;

pub(crate) use entry::{Entry, Origin};

use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::budget::Hold;
use crate::model::{Place, Reason};
use std::collections::HashMap;

/// An archive's list of members.
#[derive(Debug)]
pub(crate) struct Archive<'a> {
    /// Listed members in the directory's order, then the unlisted.
    pub(crate) entries: Vec<Entry>,
    /// The archive's own comment.
    pub(crate) comment: String,
    /// True when there is no directory, or its end is missing: the archive was cut.
    pub(crate) is_cut: bool,
    _held: Hold<'a>,
}

impl<'a> Archive<'a> {
    /// Reads the list of members.
    ///
    /// # Errors
    /// [`Failure`]: no member at all, or a limit.
    pub(crate) fn open(source: &Source<'a>) -> Result<Self, Failure> {
        let mut held = source.budget.hold(0)?;
        let directory = directory::read(source, &mut held)?;
        let (is_listed, is_cut) = (directory.is_some(), directory.as_ref().is_none_or(|found| found.is_cut));
        let (mut entries, comment, taken) = match directory {
            Some(found) => (found.entries, found.comment, vec![(found.start, found.end)]),
            None => (Vec::new(), String::new(), Vec::new()),
        };
        let unlisted = gaps::unlisted(source, &entries, taken, &mut held)?;
        entries.extend(unlisted);
        if !is_listed && entries.is_empty() {
            return Err(Failure::corrupt("a zip file without members"));
        }
        Ok(Self { entries, comment, is_cut, _held: held })
    }

    /// The names of the members listed, for telling what kind of document this is.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }
}

/// True when a zip file ends here, whatever it begins with.
pub(super) fn has_directory(source: &Source<'_>) -> bool {
    let Ok(mut held) = source.budget.hold(0) else { return false };
    matches!(directory::read(source, &mut held), Ok(Some(found)) if !found.entries.is_empty())
}

/// Pushes names and comments as a part, then hands over each member.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let archive = Archive::open(source)?;
    push_names(&archive, out)?;
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let mut held = source.budget.hold(0)?;
    for entry in archive.entries.iter().filter(|entry| !entry.is_folder()) {
        held.grow(size_of::<(&str, u32)>())?;
        let times = seen.entry(&entry.name).or_insert(0);
        *times += 1;
        let mut name = display_name(entry, *times);
        let opened = match entry.packed_suffix() {
            None => entry.open(source),
            Some(suffix) => {
                name.push_str(suffix);
                entry.open_packed(source)
            }
        };
        match opened {
            Ok(mut body) => out.member(&name, &mut body)?,
            Err(failure) => match failure.stop() {
                Some(stop) => return Err(stop.into()),
                None => out.hole(&name, failure.reason()),
            },
        }
    }
    if archive.is_cut {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

fn display_name(entry: &Entry, times: u32) -> String {
    let unlisted = if entry.origin == Origin::LocalOnly { " (not in the directory)" } else { "" };
    let again = if times > 1 { format!(" ({times})") } else { String::new() };
    format!("{}{again}{unlisted}", entry.name)
}

fn push_names(archive: &Archive<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "names".to_owned(), own_text: None, recovered: false })?;
    let comments = archive.entries.iter().map(|entry| entry.comment.as_str());
    for text in archive.names().chain(comments).chain([archive.comment.as_str()]).filter(|text| !text.is_empty()) {
        out.push(Edge::Soft('\n'), &Place::Whole, text, None)?;
    }
    out.close_part()?;
    Ok(())
}
