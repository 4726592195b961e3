//! What the demo's tenants hold: the documents of a folder, many times over, and the links and invitations of years.

use crate::emulator::edit::Edit;
use crate::emulator::seed::{CAST, Fill, Part, SeedFile};
use std::io;
use std::path::Path;

/// Not documents, but what says what must be found in them.
const ASIDE: [&str; 3] = [".expected.json", ".tsv", "README.md"];

/// A fill of about so many files from the documents below `folder`.
///
/// # Errors
/// When the folder cannot be read, or holds no document.
pub(super) fn fill(folder: &Path, files: usize) -> io::Result<Fill> {
    let mut fill = Fill::from_folder(folder)?;
    fill.files.retain(|file| file.path.last().is_none_or(|name| !ASIDE.iter().any(|end| name.ends_with(end))));
    if fill.files.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} holds no document", folder.display())));
    }
    let fill = fill.multiplied(files);
    let deeds = deeds(&fill.files);
    Ok(Fill { deeds, ..fill })
}

/// Every so many files one is open to everybody, to the company, to the partner; and two whole folders are.
fn deeds(files: &[SeedFile]) -> Vec<Edit> {
    let mut deeds = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let Some(by) = owner(file) else { continue };
        let path = file.path.clone();
        match number % 97 {
            3 => deeds.push(Edit::Link { by, path, audience: Some("public") }),
            11 => deeds.push(Edit::Link { by, path, audience: Some("company") }),
            31 => deeds.push(Edit::Invite { by, path, whom: "pat".into() }),
            _ => {}
        }
    }
    // Folders as well: what lies below inherits.
    let mut folders = files.iter().rev().filter(|file| file.path.len() > 3 && owner(file).is_some());
    if let Some((file, by)) = folders.next().and_then(|file| Some((file, owner(file)?))) {
        deeds.push(Edit::Invite { by, path: file.path[..file.path.len() - 1].to_vec(), whom: "pat".into() });
    }
    deeds
}

/// Who works in a file's home.
pub(super) fn owner(file: &SeedFile) -> Option<&'static str> {
    let able = CAST.iter().filter(|person| matches!(person.part, Part::Member | Part::Admin));
    able.map(|person| person.key).find(|key| file.path.first().is_some_and(|of| of == key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_file_has_a_place_of_its_own_and_some_are_shared() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, body) in [("a.txt", "one"), ("b.bin", "two"), ("a.txt.expected.json", "{}"), ("README.md", "no")] {
            std::fs::write(folder.path().join(name), body).expect("written");
        }
        let filled = fill(folder.path(), 500).expect("a fill");
        let paths: HashSet<_> = filled.files.iter().map(|file| file.path.join("/")).collect();
        assert_eq!((filled.files.len(), paths.len()), (500, 500));
        assert!(filled.deeds.len() > 10, "{}", filled.deeds.len());
        assert!(fill(&folder.path().join("gone"), 5).is_err());
    }
}
