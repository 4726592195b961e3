//! A tenant filled from a folder of the machine.

use super::{CAST, Fill, Part, SeedFile};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that all files of a folder may have together.
pub const FOLDER_BYTES_MAX: u64 = 2 << 30;
/// Folders within folders that are walked.
const DEPTH_MAX: usize = 64;
/// Letters of a name, the most that Box takes.
const NAME_LETTERS_MAX: usize = 255;

pub(super) fn fill(folder: &Path) -> io::Result<Fill> {
    let mut found = Vec::new();
    walk(folder, &mut Vec::new(), &mut found)?;
    let mut deal = Deal { turn: 0, taken: HashSet::new() };
    let (mut files, mut left) = (Vec::new(), FOLDER_BYTES_MAX);
    for (steps, path) in found {
        let body = fs::read(&path).map_err(|error| about(&path, &error))?;
        left = u64::try_from(body.len()).ok().and_then(|len| left.checked_sub(len)).ok_or_else(|| {
            io::Error::other(format!("{} holds more than {} GiB", folder.display(), FOLDER_BYTES_MAX >> 30))
        })?;
        files.push(SeedFile { path: deal.place(steps), body: body.into() });
    }
    Ok(Fill { files, ..Fill::default() })
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
}

/// Files below a folder by their steps, in the order of their names, so that the same folder gives the same tenant.
fn walk(folder: &Path, steps: &mut Vec<String>, found: &mut Vec<(Vec<String>, PathBuf)>) -> io::Result<()> {
    if steps.len() >= DEPTH_MAX {
        return Err(io::Error::other(format!("{} is too deep", folder.display())));
    }
    let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = read.map_err(|error| about(folder, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(|error| about(&entry.path(), &error))?);
        steps.push(fit(&entry.file_name().to_string_lossy()));
        if kind.is_dir() {
            walk(&path, steps, found)?;
        } else if kind.is_file() {
            found.push((steps.clone(), path));
        }
        steps.pop();
    }
    Ok(())
}

/// A name that both services take: no `/` or `\`, no blank at an end, not too long.
fn fit(name: &str) -> String {
    let name: String = name.chars().map(|letter| if matches!(letter, '/' | '\\') { '_' } else { letter }).collect();
    let name: String = name.trim().chars().take(NAME_LETTERS_MAX).collect();
    if matches!(name.trim(), "" | "." | "..") { "_".to_owned() } else { name.trim().to_owned() }
}

/// Gives files to people.
struct Deal {
    turn: usize,
    /// Paths given away, in lower case: both services tell no `A` from `a`.
    taken: HashSet<String>,
}

impl Deal {
    fn place(&mut self, steps: Vec<String>) -> Vec<String> {
        let named = steps.len() > 1 && (steps[0] == "team" || CAST.iter().any(|person| person.key == steps[0]));
        let mut path = if named { steps } else { [vec![self.next().to_owned()], steps].concat() };
        let plain = path.last().cloned().unwrap_or_default();
        for number in 2_u32.. {
            if self.taken.insert(path.join("/").to_lowercase()) {
                break;
            }
            if let Some(name) = path.last_mut() {
                *name = numbered(&plain, number);
            }
        }
        path
    }

    fn next(&mut self) -> &'static str {
        let members: Vec<&str> =
            CAST.iter().filter(|person| person.part == Part::Member).map(|person| person.key).collect();
        self.turn += 1;
        members[(self.turn - 1) % members.len()]
    }
}

/// `report.txt` as `report (2).txt`.
fn numbered(name: &str, number: u32) -> String {
    let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
    let dot = if extension.is_empty() { "" } else { "." };
    let stem: String = stem.chars().take(NAME_LETTERS_MAX - 20).collect();
    format!("{stem} ({number}){dot}{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_dealt_out_and_named_owners_keep_theirs() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["a.txt", "b/c.txt", "b/C.txt", "ada/x.txt", "team/plan/y.txt", "erin", "z\\w .txt "] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "body").expect("written");
        }
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).expect("a link");
        let fill = fill(root.path()).expect("read");
        let mut paths: Vec<String> = fill.files.iter().map(|file| file.path.join("/")).collect();
        paths.sort();
        let expected = [
            "ada/x.txt",
            "erin/a.txt",
            "erin/z_w .txt",
            "frank/b/C.txt",
            "grace/b/c.txt",
            "heidi/erin",
            "team/plan/y.txt",
        ];
        assert_eq!(paths, expected);
        assert!(super::fill(&root.path().join("none")).is_err());
    }

    #[test]
    fn names_fit_both_services() {
        for (name, fitted) in [
            (" a ", "a"),
            ("..", "_"),
            ("", "_"),
            ("a\\b", "a_b"),
            (&"é".repeat(300), &"é".repeat(255)),
            ("ok.txt", "ok.txt"),
        ] {
            assert_eq!(fit(name), fitted);
        }
        let mut deal = Deal { turn: 0, taken: HashSet::new() };
        let mut place = |name: &str| deal.place(vec!["ada".into(), name.into()]).pop().expect("a name");
        assert_eq!(
            [place("a.txt"), place("A.TXT"), place("a.txt"), place(".x"), place(".X")],
            ["a.txt", "A (2).TXT", "a (3).txt", ".x", ".X (2)"]
        );
    }
}
