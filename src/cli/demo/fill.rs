//! What the demo's tenants hold: the documents of a folder, many times over, as a company keeps them.
//!
//! Every document is filed under several years and departments. Of those that are plain text each copy says which one it is, so
//! that contents differ; all others are filed unchanged, so that there are contents to be read once and found in many places.

use crate::emulator::edit::Edit;
use crate::emulator::seed::{Fill, SeedFile};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Whose homes hold the files, in turn.
const OWNERS: [&str; 6] = ["ada", "carl", "erin", "frank", "grace", "heidi"];
/// Top folders of a home.
const DEPARTMENTS: [&str; 5] = ["Finance", "People", "Sales", "Legal", "Projects"];
/// Extensions whose documents take another line at their end.
const LINES: [&str; 8] = ["txt", "md", "csv", "log", "html", "htm", "yaml", "py"];
/// Not documents, but what says what must be found in them.
const ASIDE: [&str; 3] = [".expected.json", ".tsv", "README.md"];

/// A fill of about so many files from the documents below `folder`.
///
/// # Errors
/// When the folder cannot be read, or holds no document.
pub(super) fn fill(folder: &Path, wanted: usize) -> io::Result<Fill> {
    let mut documents = Fill::from_folder(folder)?.files;
    documents.retain(|file| file.path.last().is_none_or(|name| !ASIDE.iter().any(|end| name.ends_with(end))));
    if documents.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} holds no document", folder.display())));
    }
    let copies = wanted.div_ceil(documents.len());
    let files: Vec<SeedFile> = (0..copies)
        .flat_map(|copy| documents.iter().enumerate().map(move |(at, document)| filed(document, at, copy)))
        .take(wanted)
        .collect();
    let deeds = deeds(&files);
    Ok(Fill { files, made_up: 0, deeds })
}

/// A copy of a document in somebody's home.
fn filed(document: &SeedFile, at: usize, copy: usize) -> SeedFile {
    let owner = OWNERS[(at + copy) % OWNERS.len()];
    let department = DEPARTMENTS[(at / OWNERS.len() + copy) % DEPARTMENTS.len()];
    let name = document.path.last().map_or("document", String::as_str);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let dot = if extension.is_empty() { "" } else { "." };
    let year = 2019 + copy % 7;
    let path = [
        owner.to_owned(),
        department.to_owned(),
        year.to_string(),
        format!("{stem} {at:03}-{copy:02}{dot}{extension}"),
    ];
    SeedFile { path: path.into(), body: body(document, extension, copy) }
}

fn body(document: &SeedFile, extension: &str, copy: usize) -> Arc<[u8]> {
    if copy == 0 || !LINES.contains(&extension) || !document.body.is_ascii() {
        return Arc::clone(&document.body);
    }
    let mut body = document.body.to_vec();
    body.extend_from_slice(format!("\nfiled copy {copy}\n").as_bytes());
    body.into()
}

/// Links and invitations as they come about in years.
fn deeds(files: &[SeedFile]) -> Vec<Edit> {
    let mut deeds = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let Some(by) = OWNERS.into_iter().find(|owner| file.path.first().is_some_and(|of| of == owner)) else { continue };
        let path = file.path.clone();
        match number % 97 {
            3 => deeds.push(Edit::Link { by, path, audience: Some("public") }),
            11 => deeds.push(Edit::Link { by, path, audience: Some("company") }),
            31 if number < 2_000 => deeds.push(Edit::Invite { by, path, whom: "pat".into() }),
            _ => {}
        }
    }
    // Whole folders as well: what lies below inherits.
    deeds.push(Edit::Invite { by: "erin", path: vec!["erin".into(), "Projects".into()], whom: "pat".into() });
    deeds.push(Edit::Link { by: "frank", path: vec!["frank".into(), "Sales".into(), "2021".into()], audience: Some("public") });
    deeds.push(Edit::Invite { by: "grace", path: vec!["grace".into(), "Legal".into()], whom: "group:Finance".into() });
    deeds
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_file_has_a_place_of_its_own_and_contents_repeat() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, body) in [("a.txt", "one"), ("b.bin", "two"), ("a.txt.expected.json", "{}"), ("README.md", "no")] {
            std::fs::write(folder.path().join(name), body).expect("written");
        }
        let fill = fill(folder.path(), 101).expect("a fill");
        let paths: HashSet<_> = fill.files.iter().map(|file| file.path.clone()).collect();
        let bodies: HashSet<_> = fill.files.iter().map(|file| file.body.clone()).collect();
        assert_eq!((fill.files.len(), paths.len()), (101, 101));
        // 51 copies of the text, each with a line of its own, and one content for all of the other.
        assert_eq!(bodies.len(), 52);
        assert!(super::fill(&folder.path().join("gone"), 5).is_err());
    }
}
