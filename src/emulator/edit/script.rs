//! An endless day at the office: edits as people make them, drawn from a seed.
//!
//! The script keeps its own picture of who has which files, so that every deed names what exists at that moment; it holds
//! for any tenant that began with the same files and on which nobody else works. Files come and go in balance, so that
//! the picture stays about as large as it began.

use super::Edit;
use crate::emulator::fault::Numbers;
use crate::emulator::seed::{CAST, Fill, Part};
use std::collections::HashSet;
use std::sync::Arc;

/// Files that a script keeps at least, so that there is always something to do.
const FILES_MIN: usize = 20;
/// Folders that new files go to when their owner has none.
const DESK: &str = "Desk";
/// People outside that are invited, beside the partner.
const OUTSIDERS: [&str; 3] = ["buyer@customer.example.org", "notary@law.example.com", "pat"];
const GROUPS: [&str; 3] = ["group:Finance", "group:Everyone", "group:Project X"];
const AUDIENCES: [&str; 3] = ["public", "company", "members"];
const SUBJECTS: [&str; 8] = ["Plan", "Offer", "Review", "Résumé", "会議", "Invoice", "List 📋", "Draft"];

/// A seeded, endless stream of sensible edits.
#[derive(Clone, Debug)]
pub struct Script {
    numbers: Numbers,
    files: Vec<Vec<String>>,
    /// Paths in lower case, as no tenant tells `A` from `a`.
    taken: HashSet<String>,
    wanted: usize,
    count: u64,
}

impl Script {
    /// A script for tenants that began with this fill. Files of those who cannot sign in, and made-up ones, stay as they
    /// are.
    #[must_use]
    pub fn new(seed: u64, fill: &Fill) -> Self {
        let files: Vec<_> = fill.files.iter().map(|file| file.path.clone()).filter(|path| by(path).is_some()).collect();
        let taken = fill.files.iter().map(|file| folded(&file.path)).collect();
        Self { numbers: Numbers(seed), wanted: files.len().max(FILES_MIN), files, taken, count: 0 }
    }

    fn deed(&mut self) -> Edit {
        self.count += 1;
        if self.files.len() < FILES_MIN.min(self.wanted) {
            return self.add();
        }
        // In a hundred deeds: mostly work on content, some sharing, some looking, and a little tidying up.
        match self.numbers.below(100) {
            0..40 => self.write(),
            40..52 if self.files.len() <= self.wanted => self.add(),
            40..52 => self.delete(),
            52..57 => self.delete(),
            57..67 => self.moved(),
            67..80 => self.link(),
            80..88 => self.invite(),
            _ => self.view(),
        }
    }

    fn any(&mut self) -> (usize, Vec<String>) {
        let place = self.numbers.below(self.files.len());
        (place, self.files[place].clone())
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.numbers.below(list.len())]
    }

    fn write(&mut self) -> Edit {
        let (_, path) = self.any();
        Edit::Write { by: who(&path), body: self.body(), path }
    }

    fn add(&mut self) -> Edit {
        let mut path = match self.files.len() {
            0 => vec!["erin".to_owned(), DESK.to_owned(), String::new()],
            _ => self.any().1,
        };
        if path.len() < 3 {
            path.insert(1, DESK.to_owned());
        }
        self.rename(&mut path, "txt");
        self.files.push(path.clone());
        Edit::Write { by: who(&path), body: self.body(), path }
    }

    fn delete(&mut self) -> Edit {
        let (place, path) = self.any();
        self.files.swap_remove(place);
        self.taken.remove(&folded(&path));
        Edit::Delete { by: who(&path), path }
    }

    /// To a new name, half of the time in another folder of the same owner's.
    fn moved(&mut self) -> Edit {
        let (place, from) = self.any();
        let mut to = from.clone();
        let other = self.any().1;
        if other[0] == from[0] && other.len() > 2 && self.numbers.hit(0.5) {
            to = other;
        }
        let extension =
            from.last().and_then(|name| name.rsplit_once('.')).map_or("txt", |(_, extension)| extension).to_owned();
        self.rename(&mut to, &extension);
        self.taken.remove(&folded(&from));
        self.files[place].clone_from(&to);
        Edit::Move { by: who(&from), from, to }
    }

    fn link(&mut self) -> Edit {
        let path = self.any().1;
        let audience = if self.numbers.hit(0.25) { None } else { Some(self.of(&AUDIENCES)) };
        Edit::Link { by: who(&path), path, audience }
    }

    fn invite(&mut self) -> Edit {
        let path = self.any().1;
        let colleagues: Vec<&str> = CAST
            .iter()
            .filter(|person| person.part == Part::Member && person.key != path[0])
            .map(|person| person.key)
            .collect();
        let whom = match self.numbers.below(3) {
            0 => self.of(&OUTSIDERS),
            1 => self.of(&GROUPS),
            _ => self.of(&colleagues),
        };
        Edit::Invite { by: who(&path), path, whom: whom.to_owned() }
    }

    fn view(&mut self) -> Edit {
        let path = self.any().1;
        Edit::View { by: (!self.numbers.hit(0.2)).then(|| who(&path)), path }
    }

    /// A last step that is not taken yet.
    fn rename(&mut self, path: &mut [String], extension: &str) {
        let subject = self.of(&SUBJECTS);
        if let Some(name) = path.last_mut() {
            *name = format!("{subject} {}.{extension}", self.count);
        }
        // The count makes it new; a fill that holds such a name of its own gets another.
        while !self.taken.insert(folded(path)) {
            if let Some(name) = path.last_mut() {
                name.insert(0, '_');
            }
        }
    }

    /// A short text; every fourth holds what a scanner should find.
    fn body(&mut self) -> Arc<[u8]> {
        let subject = self.of(&SUBJECTS);
        let mut text = format!("{subject}, version {}.\nNothing to see here.\n", self.count);
        if self.numbers.hit(0.25) {
            text.push_str(self.of(&[
                "Payment card number: 4012 8888 8888 1881, expires 11/29.\n",
                "Bank account (IBAN): GB82 WEST 1234 5698 7654 32.\n",
                "Social security number: 219-45-7788.\n",
            ]));
        }
        text.into_bytes().into()
    }
}

/// Endless.
impl Iterator for Script {
    type Item = Edit;

    fn next(&mut self) -> Option<Edit> {
        Some(self.deed())
    }
}

fn folded(path: &[String]) -> String {
    path.join("/").to_lowercase()
}

/// Who works on a path: its owner, or the admin for what is the whole company's.
fn by(path: &[String]) -> Option<&'static str> {
    let key = if path.first()? == "team" { "ada" } else { path.first()?.as_str() };
    let works = |part| matches!(part, Part::Admin | Part::CoAdmin | Part::Member);
    CAST.iter().find(|person| person.key == key && works(person.part)).map(|person| person.key)
}

fn who(path: &[String]) -> &'static str {
    // Every path of a script has one.
    by(path).unwrap_or("ada")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_is_about_what_exists_then() {
        for (seed, fill) in [(1, Fill::small()), (2, Fill::default()), (3, Fill { made_up: 9, ..Fill::default() })] {
            let mut script = Script::new(seed, &fill);
            let mut there: HashSet<String> = fill.files.iter().map(|file| folded(&file.path)).collect();
            let mut kinds = [0_u32; 6];
            for number in 0..5_000 {
                let kind = match script.deed() {
                    Edit::Write { path, .. } => usize::from(there.insert(folded(&path))) * 5,
                    Edit::Move { from, to, by } => {
                        assert!(there.remove(&folded(&from)) && there.insert(folded(&to)), "{number}: {from:?} {to:?}");
                        assert_eq!((by, &from[0]), (who(&to), &to[0]));
                        1
                    }
                    Edit::Delete { path, .. } => {
                        assert!(there.remove(&folded(&path)), "{number}: {path:?}");
                        2
                    }
                    Edit::Link { path, .. } | Edit::Invite { path, .. } => {
                        assert!(there.contains(&folded(&path)), "{number}: {path:?}");
                        3
                    }
                    Edit::View { path, .. } => {
                        assert!(there.contains(&folded(&path)), "{number}: {path:?}");
                        4
                    }
                };
                kinds[kind] += 1;
                assert!(!there.iter().any(|path| path.starts_with("nina")));
            }
            assert!(kinds.iter().all(|&count| count > 100), "{kinds:?}");
            assert!((FILES_MIN - 5..200).contains(&there.len()), "{}", there.len());
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_day() {
        let tell = |seed| {
            let mut script = Script::new(seed, &Fill::small());
            script.by_ref().take(200).map(|edit| format!("{edit:?}")).collect::<Vec<_>>()
        };
        assert_eq!(tell(5), tell(5));
        assert_ne!(tell(5), tell(6));
    }
}
