//! Plays what people do, by the same ways the routes go.

use super::super::edit::Edit;
use super::collab::Whom;
use super::state::{Role, State};
use super::tree::{Nid, Uid};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

impl State {
    /// Does one deed.
    pub(super) fn play(&mut self, edit: &Edit) -> Result<(), String> {
        match edit {
            Edit::Write { by, path, body } => self.write(self.doer_named(by)?, path, body.clone()),
            Edit::Move { by, from, to } => self.play_move(self.doer_named(by)?, from, to),
            Edit::Delete { by, path } => {
                let nid = self.at_path(path)?;
                self.trash(self.doer_named(by)?, nid);
                Ok(())
            }
            Edit::Link { by, path, audience } => self.play_link(self.doer_named(by)?, path, *audience),
            Edit::Invite { by, path, whom } => self.play_invite(self.doer_named(by)?, path, whom),
            Edit::Expire { by, path, after } => {
                let (by, nid) = (self.doer_named(by)?, self.at_path(path)?);
                self.play_expire(by, nid, *after)
            }
            Edit::Label { by, path, level } => {
                let (by, nid) = (self.doer_named(by)?, self.at_path(path)?);
                self.play_label(by, nid, *level)
            }
            Edit::Join { .. }
            | Edit::Leave { .. }
            | Edit::Suspend { .. }
            | Edit::Resume { .. }
            | Edit::Depart { .. } => self.play_standing(edit),
            Edit::View { by, path } => {
                let nid = self.at_path(path)?;
                let by = by.map(|by| self.doer_named(by)).transpose()?;
                self.happen("PREVIEW", by, nid, Value::Null);
                Ok(())
            }
        }
    }

    fn play_expire(&mut self, by: Uid, nid: Nid, after: Option<Duration>) -> Result<(), String> {
        let mut link = self.link_now(nid).cloned().ok_or("there is no link")?;
        link.until = after.map(|after| self.now.plus(after));
        self.put_link(by, nid, link, true);
        Ok(())
    }

    fn play_label(&mut self, by: Uid, nid: Nid, level: Option<&str>) -> Result<(), String> {
        if level.is_some_and(|level| !self.is_level(level)) {
            return Err("no such level".into());
        }
        let had = self.drop_label(nid);
        let kind = match (level, had) {
            (Some(level), had) => {
                self.set_label(nid, level);
                if had { "METADATA_INSTANCE_UPDATE" } else { "METADATA_INSTANCE_CREATE" }
            }
            (None, true) => "METADATA_INSTANCE_DELETE",
            (None, false) => return Err("there is no label".into()),
        };
        self.happen(kind, Some(by), nid, Value::Null);
        Ok(())
    }

    pub(super) fn doer_named(&self, key: &str) -> Result<Uid, String> {
        self.user_by_key(key).ok_or_else(|| format!("nobody is called {key}"))
    }

    /// The root of a path, and the rest of it.
    fn split<'p>(&mut self, path: &'p [String]) -> Result<(Nid, &'p [String]), String> {
        let (owner, rest) = path.split_first().ok_or("an empty path")?;
        if owner != "team" && self.user_by_key(owner).is_none() {
            return Err(format!("nobody is called {owner}"));
        }
        Ok((self.root_for(owner), rest))
    }

    /// The item at a path.
    fn at_path(&mut self, path: &[String]) -> Result<Nid, String> {
        let (root, rest) = self.split(path)?;
        let found = rest.iter().try_fold(root, |at, name| self.tree.child(at, name));
        found.filter(|nid| !self.tree.is_root(*nid)).ok_or_else(|| "nothing at that path".to_owned())
    }

    /// The folder of a path and its last name; folders are made as needed.
    fn place_for(&mut self, by: Uid, path: &[String]) -> Result<(Nid, String), String> {
        let (root, rest) = self.split(path)?;
        let (name, folders) = rest.split_last().ok_or("a path without a name")?;
        let mut at = root;
        for folder in folders {
            at = match self.tree.child(at, folder) {
                Some(found) if self.tree.folder(found).is_some() => found,
                Some(_) => return Err("a file lies where a folder should".into()),
                None => self.make_folder(by, at, folder),
            };
        }
        Ok((at, name.clone()))
    }

    fn write(&mut self, by: Uid, path: &[String], body: Arc<[u8]>) -> Result<(), String> {
        let (folder, name) = self.place_for(by, path)?;
        match self.tree.child(folder, &name) {
            Some(found) if self.tree.kind(found) == "file" => self.edit(by, found, body),
            Some(_) => return Err("no file lies at that path".into()),
            None => {
                self.make_file(by, folder, &name, body);
            }
        }
        Ok(())
    }

    fn play_move(&mut self, by: Uid, from: &[String], to: &[String]) -> Result<(), String> {
        let nid = self.at_path(from)?;
        let (folder, name) = self.place_for(by, to)?;
        let parent = (folder != self.tree.at(nid).parent).then_some(folder);
        self.relocate(by, nid, parent, &name).map_err(|_| "the tenant does not let that be moved".to_owned())
    }

    fn play_link(&mut self, by: Uid, path: &[String], audience: Option<&str>) -> Result<(), String> {
        let nid = self.at_path(path)?;
        let access = match audience {
            None => {
                self.remove_link(by, nid);
                return Ok(());
            }
            Some("public") => "open",
            Some("company") => "company",
            Some("members") => "collaborators",
            Some(other) => return Err(format!("no audience {other}")),
        };
        self.scripted_link(by, nid, access);
        Ok(())
    }

    /// Invites; whoever is known accepts at once, an address nobody has stays invited.
    fn play_invite(&mut self, by: Uid, path: &[String], whom: &str) -> Result<(), String> {
        let nid = self.at_path(path)?;
        let whom = if let Some(name) = whom.strip_prefix("group:") {
            Whom::Group(self.groups.iter().position(|group| group.name == name).ok_or("no such group")?)
        } else if let Some(uid) = self.user_by_key(whom).or_else(|| self.user_by_login(whom)) {
            Whom::User(uid)
        } else if whom.contains('@') {
            Whom::Invited(whom.to_owned())
        } else {
            let person = super::super::seed::CAST.iter().find(|person| person.key == whom);
            Whom::Invited(person.ok_or("nobody is called that")?.login.to_owned())
        };
        if self.collabs_of(nid).any(|collab| collab.whom == whom) {
            return Ok(());
        }
        let known = matches!(whom, Whom::User(_));
        let id = self.invite(by, nid, whom, Role::Editor, None);
        if known && self.collabs.get(&id).is_some_and(|collab| collab.status == "pending") {
            self.accept(id);
        }
        Ok(())
    }
}
