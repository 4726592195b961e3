//! Bodies that are cut anywhere, lie about their length, or change on the way.

use super::*;
use crate::provider::http::Stream;
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue};
use std::io::Cursor;
use std::sync::{Arc, Mutex};

/// How one connection goes.
#[derive(Clone, Copy, Debug)]
enum Goes {
    /// To the end.
    Whole,
    /// Breaks after so many bytes of what was asked for.
    Cut(usize),
    /// Ends there as if that were all.
    Short(usize),
    /// Does not heed the range: all from the first byte.
    NoRange,
    /// As before, and breaks after so many bytes.
    NoRangeCut(usize),
    /// Another range than was asked for.
    WrongRange,
    /// Another version by now.
    Moved,
    /// A byte too many at the end.
    Longer,
}

struct Breaks(Cursor<Vec<u8>>, bool);

impl Read for Breaks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if self.1 => Err(Error::new(Next::Transient, "read", "the connection was cut").into()),
            read => Ok(read),
        }
    }
}

fn connection(content: &[u8], from: usize, goes: Goes) -> Result<Stream, Error> {
    let rest = content.get(from..).unwrap_or_default();
    let upto = |end: usize| rest[..end.min(rest.len())].to_vec();
    let (status, bytes, breaks) = match goes {
        Goes::Whole | Goes::WrongRange => (206, rest.to_vec(), false),
        Goes::Cut(at) => (206, upto(at), true),
        Goes::Short(at) => (206, upto(at), false),
        Goes::NoRange => (200, content.to_vec(), false),
        Goes::NoRangeCut(at) => (200, content[..at].to_vec(), true),
        Goes::Longer => (206, [rest, b"!"].concat(), false),
        Goes::Moved => return Err(Error::new(Next::Moved, "read", "another version")),
    };
    let told = if matches!(goes, Goes::WrongRange) { from + 1 } else { from };
    let range = HeaderValue::from_str(&format!("bytes {told}-{}/{}", content.len(), content.len())).unwrap();
    let headers =
        if from > 0 && status == 206 { HeaderMap::from_iter([(CONTENT_RANGE, range)]) } else { HeaderMap::new() };
    let status = if from == 0 { 200 } else { status };
    Ok(Stream::of(status, headers, Box::new(Breaks(Cursor::new(bytes), breaks))))
}

/// A body over these connections, and from where each was opened.
fn body(content: &[u8], goes: Vec<Goes>, expected: Expected) -> (Body, Arc<Mutex<Vec<u64>>>) {
    let opened: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (content, shared) = (content.to_vec(), Arc::clone(&opened));
    let reopen = move |from: u64| {
        let mut opened = shared.lock().unwrap();
        opened.push(from);
        connection(&content, usize::try_from(from).unwrap(), *goes.get(opened.len() - 1).unwrap_or(&Goes::Whole))
    };
    (Body::open(Box::new(reopen), expected, "read a file".into()).unwrap(), opened)
}

fn sha1(content: &[u8]) -> ContentHash {
    let mut hasher = ContentHasher::sha1();
    hasher.update(content);
    hasher.finish()
}

fn exactly(content: &[u8]) -> Expected {
    Expected { hash: Some(sha1(content)), size_bytes: Some(content.len() as u64) }
}

/// Everything that comes, or the next step.
fn read_all(body: &mut Body) -> Result<Vec<u8>, Next> {
    let mut all = Vec::new();
    let mut buffer = [0; 3];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(all),
            Ok(read) => all.extend(&buffer[..read]),
            Err(error) => return Err(Error::carried_by(&error).unwrap().next()),
        }
    }
}

#[test]
fn a_cut_body_is_resumed_where_it_was_cut() {
    use Goes::{Cut, Longer, Moved, NoRange, NoRangeCut, Short, Whole, WrongRange};
    let content = b"0123456789";
    let right = exactly(content);
    let unknown = Expected::default();
    for (name, goes, expected, want, opened) in [
        ("whole", vec![Whole], right, Ok(10), vec![0]),
        ("cut once", vec![Cut(4)], right, Ok(10), vec![0, 4]),
        ("cut at the first byte", vec![Cut(0)], right, Ok(10), vec![0, 0]),
        ("cut at the last byte", vec![Cut(9)], right, Ok(10), vec![0, 9]),
        ("cut when all is here", vec![Cut(10)], right, Ok(10), vec![0]),
        ("cut each time", vec![Cut(1), Cut(2), Cut(3)], right, Ok(10), vec![0, 1, 3, 6]),
        ("ends too early", vec![Short(4), Short(3)], right, Ok(10), vec![0, 4, 7]),
        ("no ranges", vec![Cut(4), NoRange], right, Ok(10), vec![0, 4]),
        (
            "no ranges, cut on the way there",
            vec![Cut(4), NoRangeCut(2), NoRangeCut(9)],
            right,
            Ok(10),
            vec![0, 4, 4, 9],
        ),
        ("without a size", vec![Cut(4)], unknown, Ok(10), vec![0, 4]),
        ("without a size, no ranges, cut twice", vec![Cut(4), NoRangeCut(2)], unknown, Ok(10), vec![0, 4, 4]),
        (
            "cut for ever",
            vec![Cut(4), Cut(0), Cut(0), Cut(0), Cut(0), Cut(0)],
            right,
            Err(Next::Transient),
            vec![0, 4, 4, 4, 4, 4],
        ),
        ("a crumb each time", vec![Cut(1); 9], right, Err(Next::Transient), vec![0, 1, 2, 3, 4, 5]),
        ("short for ever", vec![Short(0); 9], right, Err(Next::Transient), vec![0; 6]),
        ("another range", vec![Cut(4), WrongRange], right, Err(Next::Transient), vec![0, 4]),
        ("another version", vec![Cut(4), Moved], right, Err(Next::Moved), vec![0, 4]),
        ("too long", vec![Longer], right, Err(Next::Transient), vec![0]),
    ] {
        let (mut body, seen) = body(content, goes, expected);
        let got = read_all(&mut body);
        assert_eq!(got.as_ref().map(Vec::len).map_err(|next| *next), want, "{name}");
        assert_eq!(*seen.lock().unwrap(), opened, "{name}");
        assert!(got.is_err() || got.as_deref() == Ok(content), "{name}");
        assert!(want.is_err() || body.bytes_read() == 10, "{name}");
        assert_eq!(read_all(&mut body).map(|more| more.len()), want.map(|_| 0), "{name}: the end stays the end");
    }
}

#[test]
fn every_cut_gives_the_same_bytes_and_hash() {
    let content: Vec<u8> = (0..200_u8).collect();
    for first in 0..200 {
        for second in [0, 1, 77, 300] {
            let (mut body, _) = body(&content, vec![Goes::Cut(first), Goes::Cut(second)], exactly(&content));
            assert_eq!(read_all(&mut body).as_deref(), Ok(&content[..]), "{first} {second}");
            assert_eq!(body.hash(), Some(sha1(&content)));
        }
    }
}

#[test]
fn progress_pays_for_more_cuts() {
    let content = vec![7; 1 << 20];
    let (mut body, opened) = body(&content, vec![Goes::Cut(70_000); 14], exactly(&content));
    let mut got = Vec::new();
    body.read_to_end(&mut got).unwrap();
    assert_eq!((got.len(), opened.lock().unwrap().len()), (content.len(), 15));
}

#[test]
fn a_body_that_is_not_what_was_told_fails_at_its_end() {
    let content = b"0123456789";
    let other = exactly(b"012345678x");
    let blocks = |bytes: &[u8]| {
        let mut hasher = ContentHasher::blocks();
        hasher.update(bytes);
        Some(hasher.finish())
    };
    for (name, expected, want) in [
        ("right", exactly(content), Ok(10)),
        ("right by blocks", Expected { hash: blocks(content), size_bytes: Some(10) }, Ok(10)),
        ("another hash", other, Err(Next::Transient)),
        ("another hash, no size", Expected { size_bytes: None, ..other }, Err(Next::Transient)),
        ("another hash by blocks", Expected { hash: blocks(b"x"), size_bytes: Some(10) }, Err(Next::Transient)),
        ("longer than told", Expected { hash: None, size_bytes: Some(9) }, Err(Next::Transient)),
        ("nothing told", Expected::default(), Ok(10)),
    ] {
        let (mut body, _) = body(content, Vec::new(), expected);
        assert_eq!(read_all(&mut body).map(|all| all.len()), want, "{name}");
        assert!(want.is_err() || body.hash() == expected.hash, "{name}");
        assert_eq!(read_all(&mut body).map(|all| all.len()), want.map(|_| 0), "{name}: again");
    }
}

#[test]
fn the_first_connection_is_refused_at_once() {
    let refuse = |_| Err(Error::new(Next::Gone, "read a file", "404"));
    assert_eq!(Body::open(Box::new(refuse), Expected::default(), String::new()).unwrap_err().next(), Next::Gone);
}

#[test]
fn hashes_are_the_providers_own() {
    // Published check values: FIPS 180 for SHA-1; Dropbox's developer guide for the hash over blocks.
    assert_eq!(sha1(b"abc").to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    let blocks = |pieces: &[&[u8]]| {
        let mut hasher = ContentHasher::blocks();
        pieces.iter().for_each(|piece| hasher.update(piece));
        hasher.finish().to_string()
    };
    assert_eq!(blocks(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let two_and_some = vec![0xA5; 9_000_000];
    let whole = blocks(&[&two_and_some]);
    for cut in [0, 1, 4_194_303, 4_194_304, 4_194_305, 8_388_608, 9_000_000] {
        assert_eq!(blocks(&[&two_and_some[..cut], &two_and_some[cut..]]), whole, "{cut}");
    }
    assert_ne!(blocks(&[&two_and_some[1..]]), whole);
}
