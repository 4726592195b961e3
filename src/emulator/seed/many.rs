//! Many files out of few: a large company filled with the documents of a small folder.
//!
//! A copy of a document must still be that document, with another hash. So text and PDF get blanks at their end, which spell
//! the copy's number, and a ZIP archive (all of Office is one) a comment; what would not stay whole stays as it is.

use super::{CAST, Fill, Part, SeedFile};
use std::collections::HashSet;
use std::sync::Arc;

/// Bodies longer than this, in bytes, are not varied: their copies share one body in memory.
const VARIED_BYTES_MAX: usize = 64 << 10;
/// Bytes that all varied bodies may have together.
const VARIED_TOTAL_BYTES_MAX: usize = 128 << 20;
/// Of so many copies one is word for word the same.
const SAME_EVERY: usize = 10;
/// Copies in a folder.
const FOLDER_FILES: usize = 40;
/// Letters of a name that a copy's number is added to.
const STEM_LETTERS_MAX: usize = 200;
/// Every so many folders one is the whole company's.
const TEAM_EVERY: usize = 8;

const DEPARTMENTS: [&str; 8] = ["Sales", "Finance", "Legal", "People", "Research", "Support", "Projects", "Archive"];

pub(super) fn multiplied(fill: Fill, files: usize) -> Fill {
    let own = fill.files.len();
    let mut all = fill.files;
    if own == 0 {
        return Fill { files: all, ..fill };
    }
    let mut taken: HashSet<String> = all.iter().map(|file| file.path.join("/").to_lowercase()).collect();
    let mut room = VARIED_TOTAL_BYTES_MAX;
    for copy in 0..files.saturating_sub(own) {
        let model = &all[copy % own];
        let mut path = place(copy);
        let mut name = numbered(model.path.last().map_or("file", String::as_str), copy + 1);
        while !taken.insert(format!("{}/{name}", path.join("/")).to_lowercase()) {
            name.insert(0, '_');
        }
        path.push(name);
        let body = match varied(&model.body, copy + 1).filter(|body| body.len() <= room) {
            Some(body) if copy % SAME_EVERY != 0 => {
                room -= body.len();
                body.into()
            }
            _ => Arc::clone(&model.body),
        };
        all.push(SeedFile { path, body });
    }
    Fill { files: all, ..fill }
}

/// The folder of a copy, owner first.
fn place(copy: usize) -> Vec<String> {
    let folder = copy / FOLDER_FILES;
    let members: Vec<&str> = CAST
        .iter()
        .filter(|person| matches!(person.part, Part::Member | Part::Admin))
        .map(|person| person.key)
        .collect();
    let owner = if folder % TEAM_EVERY == TEAM_EVERY - 1 { "team" } else { members[folder % members.len()] };
    let department = DEPARTMENTS[folder / members.len() % DEPARTMENTS.len()];
    let (year, month) = (2_019 + folder / 12 % 7, folder % 12 + 1);
    vec![owner.to_owned(), department.to_owned(), format!("{year}-{month:02}"), format!("batch {folder}")]
}

/// `report.docx` as `report 17.docx`.
fn numbered(name: &str, number: usize) -> String {
    let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
    let stem: String = stem.chars().take(STEM_LETTERS_MAX).collect();
    let dot = if extension.is_empty() { "" } else { "." };
    format!("{stem} {number}{dot}{extension}")
}

/// The same document with other bytes; `None` when that cannot be had.
fn varied(body: &[u8], number: usize) -> Option<Vec<u8>> {
    if body.is_empty() || body.len() > VARIED_BYTES_MAX {
        return None;
    }
    if body.starts_with(b"PK\x03\x04") {
        return commented(body, number);
    }
    let is_text = !body.contains(&0) && std::str::from_utf8(body).is_ok();
    (is_text || body.starts_with(b"%PDF-")).then(|| [body, &blanks(number)].concat())
}

/// A number in blanks and line ends, begun by a line end, so that no word grows longer.
fn blanks(number: usize) -> Vec<u8> {
    let bits = (0..20).map(|bit| if number >> bit & 1 == 1 { b'\n' } else { b' ' });
    std::iter::once(b'\n').chain(bits).collect()
}

/// A ZIP archive with a comment; `None` when it has one already.
fn commented(body: &[u8], number: usize) -> Option<Vec<u8>> {
    let end = body.len().checked_sub(22)?;
    let is_end = body[end..].starts_with(b"PK\x05\x06") && body.ends_with(&[0, 0]);
    let comment = format!("copy {number}");
    let length = u16::try_from(comment.len()).ok().filter(|_| is_end)?;
    Some([&body[..body.len() - 2], &length.to_le_bytes(), comment.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn copies_are_many_and_all_but_a_tenth_are_contents_of_their_own() {
        let fill = Fill::small();
        let (own, distinct) = (fill.files.len(), |fill: &Fill| {
            fill.files.iter().map(|file| file.body.to_vec()).collect::<HashSet<_>>().len()
        });
        let (before, many) = (distinct(&fill), fill.clone().multiplied(1_000));
        assert_eq!(many.files.len(), 1_000);
        assert!(many.files[..own].iter().zip(&fill.files).all(|(one, other)| one.path == other.path));
        let paths: HashSet<String> = many.files.iter().map(|file| file.path.join("/").to_lowercase()).collect();
        assert_eq!(paths.len(), 1_000);
        let gained = distinct(&many) - before;
        assert!((700..900).contains(&gained), "{gained} contents of {} copies", 1_000 - own);
        assert_eq!(Fill::default().multiplied(9).files.len(), 0);
    }

    #[test]
    fn a_varied_body_is_still_that_document() {
        for (body, number, expected) in [
            (&b"a line"[..], 1, Some(&b"a line\n\n                   "[..])),
            (b"", 1, None),
            (b"\x00\x01binary", 1, None),
            (b"\xff\xfe\xfd", 1, None),
            (b"PK\x03\x04 but cut", 1, None),
        ] {
            assert_eq!(varied(body, number).as_deref(), expected, "{body:?}");
        }
        let small = Fill::small();
        let archive = small.files.iter().find(|file| file.body.starts_with(b"PK\x03\x04")).expect("an archive");
        let copy = varied(&archive.body, 7).expect("a copy");
        assert_ne!(copy, archive.body.to_vec());
        let read = |bytes: &[u8]| {
            let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
            let mut text = Vec::new();
            zip.by_index(0).expect("a member").read_to_end(&mut text).expect("read");
            (zip.len(), text)
        };
        assert_eq!(read(&copy), read(&archive.body));
    }
}
