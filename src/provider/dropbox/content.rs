//! The bytes of one revision: downloaded as they are, or exported where Dropbox has no bytes of its own (Paper, Google).
//!
//! A download is pinned by `rev:`, which reads the revision even after the file was edited, and a cut body goes on by
//! `Range`. An export cannot be pinned or cut into ranges: it must be of the listed revision, and a cut one is exported
//! again and read on where it broke off if its hash is still the same. Source: files.stone (`download`, `export`).

use super::call::{Ask, result_of};
use super::route;
use super::team::Team;
use super::wire::{Entry, Exported};
use crate::model::{ContentHash, Download, Principal};
use crate::provider::body::{Body, Expected, Reopen};
use crate::provider::http::{Stream, Urgency};
use crate::provider::{Error, Next, Wanted};
use serde_json::json;
use std::io::{self, Read};
use std::sync::Arc;

/// Opens a content.
pub(super) fn open(team: &Arc<Team>, wanted: &Wanted) -> Result<Body, Error> {
    let read_as = match &wanted.read_as {
        Principal::Tenant => team.admin()?,
        named => named.clone(),
    };
    let urgency = if wanted.live { Urgency::Live } else { Urgency::Bulk };
    let doing = format!("read {}", wanted.id);
    let source = Source { team: Arc::clone(team), read_as, urgency, doing: doing.clone() };
    let (first, expected, rest): (Stream, Expected, Reopen) = match &wanted.download {
        Download::Direct => direct(source, wanted)?,
        Download::Export(format) => export(source, wanted, format)?,
        Download::None => return Err(Error::new(Next::NotReadable, doing, "it has no content and cannot be exported")),
    };
    Body::open(after(first, rest), expected, doing)
}

/// Hands out the stream that was opened to learn what to expect, then those that `rest` opens.
fn after(first: Stream, mut rest: Reopen) -> Reopen {
    let mut first = Some(first);
    Box::new(move |from| match first.take() {
        Some(stream) if from == 0 => Ok(stream),
        _ => rest(from),
    })
}

/// Who reads, and how urgently.
struct Source {
    team: Arc<Team>,
    read_as: Principal,
    urgency: Urgency,
    doing: String,
}

impl Source {
    fn ask(&self, route: &'static route::Route, from: u64) -> Ask<'_> {
        Ask { urgency: self.urgency, from, ..Ask::new(route, &self.read_as, self.doing.clone()) }
    }

    fn error(&self, next: Next, said: &str) -> Error {
        Error::new(next, self.doing.clone(), said)
    }
}

fn direct(source: Source, wanted: &Wanted) -> Result<(Stream, Expected, Reopen), Error> {
    let path = wanted.version.as_ref().map_or_else(|| wanted.id.to_string(), |rev| format!("rev:{rev}"));
    let first = source.team.desk.download(&source.ask(&route::DOWNLOAD, 0), &json!({ "path": path }))?;
    let told: Entry = result_of(&first);
    if wanted.version.is_some() && told.rev.is_some() && told.rev.as_deref() != wanted.version.as_deref() {
        return Err(source.error(Next::Moved, "another revision came"));
    }
    let expected = Expected {
        hash: wanted.hash.or_else(|| told.content_hash.as_deref().and_then(ContentHash::parse)),
        size_bytes: wanted.size_bytes.or(told.size),
    };
    // Whatever is current was asked for: from here on it is what was begun.
    let pinned = told.rev.map_or(path, |rev| format!("rev:{rev}"));
    let reopen: Reopen = Box::new(move |from| {
        let stream = source.team.desk.download(&source.ask(&route::DOWNLOAD, from), &json!({ "path": pinned }))?;
        let told: Entry = result_of(&stream);
        if told.rev.is_some_and(|rev| pinned.strip_prefix("rev:").is_some_and(|begun| begun != rev)) {
            return Err(source.error(Next::Moved, "another revision came"));
        }
        from_byte(stream, from, &source)
    });
    Ok((first, expected, reopen))
}

fn export(source: Source, wanted: &Wanted, format: &Arc<str>) -> Result<(Stream, Expected, Reopen), Error> {
    let argument = json!({"path": &*wanted.id, "export_format": &**format});
    let first = source.team.desk.download(&source.ask(&route::EXPORT, 0), &argument)?;
    let told: Exported = result_of(&first);
    if wanted.version.is_some()
        && told.file_metadata.rev.is_some()
        && told.file_metadata.rev.as_deref() != wanted.version.as_deref()
    {
        return Err(source.error(Next::Moved, "the file was changed since it was listed"));
    }
    let begun = told.export_metadata;
    let expected = Expected { hash: begun.export_hash.as_deref().and_then(ContentHash::parse), size_bytes: begun.size };
    let reopen: Reopen = Box::new(move |from| {
        let stream = source.team.desk.download(&source.ask(&route::EXPORT, 0), &argument)?;
        let told: Exported = result_of(&stream);
        if begun.export_hash.is_none() || told.export_metadata.export_hash != begun.export_hash {
            return Err(source.error(Next::Transient, "the export broke off and came out otherwise the second time"));
        }
        from_byte(stream, from, &source)
    });
    Ok((first, expected, reopen))
}

/// A stream that stands at `from`: one that begins there, or one of the whole with the beginning read away.
fn from_byte(mut stream: Stream, from: u64, source: &Source) -> Result<Stream, Error> {
    if from == 0 {
        return Ok(stream);
    }
    if stream.status == 206 {
        let range = stream.headers.get("content-range").and_then(|range| range.to_str().ok());
        return match range.and_then(begins_at) {
            Some(begin) if begin == from => Ok(stream),
            _ => Err(source.error(Next::Transient, "another range came than was asked for")),
        };
    }
    let skipped = io::copy(&mut stream.by_ref().take(from), &mut io::sink());
    match skipped {
        Ok(skipped) if skipped == from => Ok(stream),
        _ => Err(source.error(Next::Transient, "the content broke off again before the place where it broke off")),
    }
}

/// The first byte of a `Content-Range` (`bytes 5-9/10`).
fn begins_at(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::begins_at;

    #[test]
    fn a_range_says_where_it_begins() {
        for (range, begin) in [
            ("bytes 5-9/10", Some(5)),
            (" bytes 0-0/*", Some(0)),
            ("bytes */10", None),
            ("items 5-9/10", None),
            ("", None),
        ] {
            assert_eq!(begins_at(range), begin, "{range}");
        }
    }
}
