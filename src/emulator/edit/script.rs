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
use std::time::Duration;

/// Files that a script keeps at least, so that there is always something to do.
const FILES_MIN: usize = 20;
/// Folders that new files go to when their owner has none.
const DESK: &str = "Desk";
/// People outside that are invited, beside the partner.
const OUTSIDERS: [&str; 3] = ["buyer@customer.example.org", "notary@law.example.com", "pat"];
const GROUPS: [&str; 3] = ["group:Finance", "group:Everyone", "group:Project X"];
const AUDIENCES: [&str; 3] = ["public", "company", "members"];
const LEVELS: [&str; 3] = ["Internal", "Confidential", "Restricted"];
const SUBJECTS: [&str; 8] = ["Plan", "Offer", "Review", "Résumé", "会議", "Invoice", "List 📋", "Draft"];

/// A seeded, endless stream of sensible edits.
#[derive(Clone, Debug)]
pub struct Script {
    numbers: Numbers,
    files: Vec<Vec<String>>,
    /// Files with a link.
    linked: Vec<Vec<String>>,
    /// Who is in which group beyond the cast's own standing: those the script put there.
    joined: Vec<(&'static str, &'static str)>,
    /// Draws suspensions too, and who is suspended.
    restless: bool,
    suspended: Option<&'static str>,
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
        Self {
            numbers: Numbers(seed),
            wanted: files.len().max(FILES_MIN),
            files,
            linked: Vec::new(),
            joined: Vec::new(),
            restless: false,
            suspended: None,
            taken,
            count: 0,
        }
    }

    /// The same with people who are suspended now and then, one at a time, and come back.
    #[must_use]
    pub fn restless(self) -> Self {
        Self { restless: true, ..self }
    }

    fn deed(&mut self) -> Edit {
        self.count += 1;
        if self.files.len() < FILES_MIN.min(self.wanted) {
            return self.add();
        }
        // In a hundred deeds: mostly work on content, some sharing, some looking, and a little tidying up.
        match self.numbers.below(100) {
            0..36 => self.write(),
            36 => self.rare(),
            37 => self.expire(),
            38 => self.label(),
            39 => self.folder_moved(),
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
        self.linked.retain(|linked| *linked != path);
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
        self.linked.iter_mut().filter(|linked| **linked == from).for_each(|linked| linked.clone_from(&to));
        Edit::Move { by: who(&from), from, to }
    }

    fn link(&mut self) -> Edit {
        let path = self.any().1;
        let audience = if self.numbers.hit(0.25) { None } else { Some(self.of(&AUDIENCES)) };
        self.linked.retain(|linked| *linked != path);
        if audience.is_some() {
            self.linked.push(path.clone());
        }
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

    /// An end for a link that is there, or a new version when there is none.
    fn expire(&mut self) -> Edit {
        if self.linked.is_empty() {
            return self.write();
        }
        let path = self.linked[self.numbers.below(self.linked.len())].clone();
        let after = (!self.numbers.hit(0.25)).then(|| Duration::from_secs(3_600 * (1 + self.numbers.next() % 48)));
        Edit::Expire { by: who(&path), path, after }
    }

    fn label(&mut self) -> Edit {
        let path = self.any().1;
        Edit::Label { by: who(&path), path, level: Some(self.of(&LEVELS)) }
    }

    /// The top folder of some file, if the file lies in one.
    fn some_folder(&mut self) -> Option<Vec<String>> {
        let mut path = self.any().1;
        path.truncate(2 + usize::from(path.len() > 3 && self.numbers.hit(0.5)));
        (path.len() >= 2 && !self.files.contains(&path)).then_some(path)
    }

    /// A folder with all that lies in it gets another name.
    fn folder_moved(&mut self) -> Edit {
        let Some(from) = self.some_folder() else { return self.write() };
        let mut to = from.clone();
        if let Some(name) = to.last_mut() {
            *name = format!("Folder {}", self.count);
        }
        let goes = |path: &mut Vec<String>| {
            if path.starts_with(&from) {
                path.splice(..from.len(), to.iter().cloned());
            }
        };
        self.files.iter_mut().for_each(goes);
        self.linked.iter_mut().for_each(goes);
        let (old, new) = (folded(&from) + "/", folded(&to) + "/");
        self.taken = self
            .taken
            .drain()
            .map(|path| match path.strip_prefix(&old) {
                Some(rest) => format!("{new}{rest}"),
                None => path,
            })
            .collect();
        Edit::Move { by: who(&from), from, to }
    }

    /// What seldom happens: a folder is shared, somebody joins or leaves a group, is suspended or comes back.
    fn rare(&mut self) -> Edit {
        match self.numbers.below(4) {
            0 | 1 => match self.some_folder() {
                Some(path) => Edit::Invite { by: who(&path), path, whom: self.of(&OUTSIDERS).to_owned() },
                None => self.write(),
            },
            2 if self.restless => match self.suspended.take() {
                Some(whom) => Edit::Resume { by: "ada", whom },
                None => {
                    let whom = self.of(&["grace", "heidi"]);
                    self.suspended = Some(whom);
                    Edit::Suspend { by: "ada", whom }
                }
            },
            _ => self.regroup(),
        }
    }

    fn regroup(&mut self) -> Edit {
        if self.joined.len() > 2 {
            let (group, whom) = self.joined.swap_remove(0);
            return Edit::Leave { by: "ada", group, whom };
        }
        let place = (self.of(&["Finance", "Project X"]), self.of(&["grace", "heidi"]));
        if self.joined.contains(&place) {
            return self.write();
        }
        self.joined.push(place);
        Edit::Join { by: "ada", group: place.0, whom: place.1 }
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
            let mut kinds = [0_u32; 7];
            let (mut linked, mut joined): (HashSet<String>, HashSet<_>) = Default::default();
            for number in 0..5_000 {
                let kind = match script.deed() {
                    Edit::Write { path, .. } => usize::from(there.insert(folded(&path))) * 5,
                    Edit::Move { from, to, by } => {
                        let moved = relocated(&mut there, &from, &to);
                        assert!(moved > 0, "{number}: {from:?} {to:?}");
                        relocated(&mut linked, &from, &to);
                        assert_eq!((by, &from[0]), (who(&to), &to[0]));
                        1
                    }
                    Edit::Delete { path, .. } => {
                        assert!(there.remove(&folded(&path)), "{number}: {path:?}");
                        linked.remove(&folded(&path));
                        2
                    }
                    Edit::Link { path, audience, .. } => {
                        assert!(there.contains(&folded(&path)), "{number}: {path:?}");
                        linked.remove(&folded(&path));
                        linked.extend(audience.map(|_| folded(&path)));
                        3
                    }
                    Edit::Invite { path, .. } => {
                        let below = folded(&path) + "/";
                        let folder = || there.iter().any(|other| other.starts_with(&below));
                        assert!(there.contains(&folded(&path)) || folder(), "{number}: {path:?}");
                        3
                    }
                    Edit::Expire { path, .. } => {
                        assert!(linked.contains(&folded(&path)), "{number}: {path:?}");
                        6
                    }
                    Edit::Label { path, .. } => {
                        assert!(there.contains(&folded(&path)), "{number}: {path:?}");
                        6
                    }
                    Edit::Join { group, whom, .. } => {
                        assert!(joined.insert((group, whom)), "{number}: {group} {whom}");
                        6
                    }
                    Edit::Leave { group, whom, .. } => {
                        assert!(joined.remove(&(group, whom)), "{number}: {group} {whom}");
                        6
                    }
                    Edit::Suspend { .. } | Edit::Resume { .. } | Edit::Depart { .. } => panic!("{number}: restless"),
                    Edit::View { path, .. } => {
                        assert!(there.contains(&folded(&path)), "{number}: {path:?}");
                        4
                    }
                };
                kinds[kind] += 1;
                assert!(!there.iter().any(|path| path.starts_with("nina")));
            }
            assert!(kinds.iter().all(|&count| count > 50), "{kinds:?}");
            assert!((FILES_MIN - 5..200).contains(&there.len()), "{}", there.len());
        }
    }

    /// Moves a path, or all below it; how many.
    fn relocated(paths: &mut HashSet<String>, from: &[String], to: &[String]) -> usize {
        let (from, to) = (folded(from), folded(to));
        let below = from.clone() + "/";
        let moved: Vec<String> =
            paths.iter().filter(|path| **path == from || path.starts_with(&below)).cloned().collect();
        for path in &moved {
            paths.remove(path);
            assert!(paths.insert(format!("{to}{}", &path[from.len()..])), "{path} to {to}");
        }
        moved.len()
    }

    #[test]
    fn people_are_suspended_and_come_back() {
        let mut out = None;
        let mut times = 0;
        for edit in Script::new(1, &Fill::small()).restless().take(5_000) {
            match edit {
                Edit::Suspend { whom, .. } => assert_eq!(out.replace(whom), None),
                Edit::Resume { whom, .. } => {
                    assert_eq!(out.take(), Some(whom));
                    times += 1;
                }
                _ => {}
            }
        }
        assert!(times > 2, "{times}");
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
