//! People's standing, as an admin changes it: groups joined and left, suspension, leaving the company.

use super::super::edit::Edit;
use super::state::{Home, State};
use super::tree::Uid;
use serde_json::{Value, json};

impl State {
    /// Plays what changes a person's standing.
    pub(super) fn play_standing(&mut self, edit: &Edit) -> Result<(), String> {
        match edit {
            Edit::Join { by, group, whom } => {
                let (by, place, whom) = (self.doer_named(by)?, self.group_named(group)?, self.doer_named(whom)?);
                self.join(by, place, whom)
            }
            Edit::Leave { by, group, whom } => {
                let (by, place, whom) = (self.doer_named(by)?, self.group_named(group)?, self.doer_named(whom)?);
                self.leave(by, place, whom)
            }
            Edit::Suspend { by, whom } => self.stand(by, whom, "active", "inactive"),
            Edit::Resume { by, whom } => self.stand(by, whom, "inactive", "active"),
            Edit::Depart { by, whom } => self.depart(by, whom),
            _ => Err("nobody's standing".into()),
        }
    }

    fn group_named(&self, name: &str) -> Result<usize, String> {
        self.groups.iter().position(|group| group.name == name).ok_or_else(|| format!("no group is called {name}"))
    }

    /// Puts a person into a group and tells of it.
    pub(super) fn join(&mut self, by: Uid, place: usize, whom: Uid) -> Result<(), String> {
        if self.is_member(place, whom) {
            return Err("a member already".into());
        }
        let id = self.fresh();
        self.groups[place].members.push((id, whom));
        self.noted("member_made", id, true);
        let source = self.group_event(place, whom);
        self.happen_to_group("GROUP_ADD_USER", by, source);
        Ok(())
    }

    /// Takes a person out of a group and tells of it.
    pub(super) fn leave(&mut self, by: Uid, place: usize, whom: Uid) -> Result<(), String> {
        if !self.is_member(place, whom) {
            return Err("no member".into());
        }
        self.groups[place].members.retain(|(_, uid)| *uid != whom);
        let source = self.group_event(place, whom);
        self.happen_to_group("GROUP_REMOVE_USER", by, source);
        Ok(())
    }

    fn employee(&self, key: &str) -> Result<Uid, String> {
        let whom = self.doer_named(key)?;
        let user = self.user(whom);
        if user.home == Home::Company && user.role == "user" { Ok(whom) } else { Err(format!("{key} is no employee")) }
    }

    fn stand(&mut self, by: &str, whom: &str, from: &str, to: &'static str) -> Result<(), String> {
        let (by, whom) = (self.doer_named(by)?, self.employee(whom)?);
        if self.user(whom).status != from {
            return Err(format!("not {from}"));
        }
        self.users[usize::from(whom)].status = to;
        if to == "inactive" {
            self.end_sessions(whom);
        }
        self.happen_to_person("EDIT_USER", by, whom);
        Ok(())
    }

    fn depart(&mut self, by: &str, whom: &str) -> Result<(), String> {
        let (by, whom) = (self.doer_named(by)?, self.employee(whom)?);
        for place in 0..self.groups.len() {
            let _ = self.leave(by, place, whom);
        }
        self.users[usize::from(whom)].home = Home::Partner;
        self.end_sessions(whom);
        self.happen_to_person("DELETE_USER", by, whom);
        Ok(())
    }

    /// Notes what happened to a person.
    pub(super) fn happen_to_person(&mut self, enterprise: &str, by: Uid, whom: Uid) {
        let user = self.user(whom);
        let source: Value = json!({"type": "user", "id": user.id.to_string(), "name": user.name, "login": user.login});
        self.happen_to_group(enterprise, by, source);
    }
}
