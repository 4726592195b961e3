//! Groups and who belongs to them.

use super::super::wire::Answer;
use super::items::size;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Group, State};
use super::tree::Uid;
use super::view::time;
use serde_json::{Value, json};

impl State {
    /// `/groups...` and `/group_memberships...`
    pub(super) fn groups_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        if let Err(fault) = self.needs("manage_groups") {
            return Some(Err(fault));
        }
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", ["groups"]) => self.groups_page(call),
            ("POST", ["groups"]) => self.group_new(call),
            ("GET", ["groups", id]) => self.group_place(id).map(|place| Answer::json(200, &self.group_seen(place))),
            ("DELETE", ["groups", id]) => self.group_gone(call, id),
            ("GET", ["groups", id, "memberships"]) => self.memberships_of_group(call, id),
            ("POST", ["group_memberships"]) => self.membership_new(call),
            ("GET", ["group_memberships", id]) => {
                self.membership(id).map(|(place, uid, id)| Answer::json(200, &self.membership_seen(place, uid, id)))
            }
            ("DELETE", ["group_memberships", id]) => self.membership_gone(call, id),
            _ => return None,
        })
    }

    fn group_place(&self, id: &str) -> Result<usize, Fault> {
        self.groups.iter().position(|group| group.id.to_string() == id).ok_or_else(Fault::not_found)
    }

    /// A group as others point to it.
    pub(super) fn group_mini(&self, place: usize) -> Value {
        self.groups.get(place).map_or(Value::Null, |group| {
            json!({"type": "group", "id": group.id.to_string(), "name": group.name, "group_type": "managed_group"})
        })
    }

    fn group_seen(&self, place: usize) -> Value {
        let mut seen = self.group_mini(place);
        if let Some(group) = self.groups.get(place) {
            seen["created_at"] = time(group.created).into();
            seen["modified_at"] = time(group.created).into();
        }
        seen
    }

    fn groups_page(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["filter_term", "fields", "limit", "offset"]);
        self.needs_admin(call.actor)?;
        let term = call.query("filter_term").unwrap_or("").to_lowercase();
        let all: Vec<usize> = (0..self.groups.len())
            .filter(|place| self.groups[*place].id != 0 && self.groups[*place].name.to_lowercase().contains(&term))
            .collect();
        self.counted(call, &all, 1_000, |place| self.group_seen(*place))
    }

    /// A page of anything that is counted.
    pub(super) fn counted<T>(&self, call: &Call<'_>, all: &[T], most: u64, seen: impl Fn(&T) -> Value) -> Told {
        let (limit, offset) = (call.limit(100, most)?, call.number("offset", 0)?);
        let entries: Vec<Value> = all.iter().skip(size(offset)).take(size(limit)).map(seen).collect();
        Ok(Answer::json(200, &json!({"total_count": all.len(), "entries": entries, "limit": limit, "offset": offset})))
    }

    fn group_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields"]);
        self.needs_admin(call.subject)?;
        let body = call.body(&[
            "name",
            "provenance",
            "external_sync_identifier",
            "description",
            "invitability_level",
            "member_viewability_level",
        ])?;
        let name = body.get("name").and_then(Value::as_str).unwrap_or("");
        if name.is_empty() {
            return Err(invalid("name", name, "is required"));
        }
        if self.groups.iter().any(|group| group.name == name) {
            return Err(Fault::new(409, "conflict", "A group with that name exists"));
        }
        let group = Group { id: self.fresh(), name: name.into(), members: Vec::new(), created: self.now };
        self.groups.push(group);
        Ok(Answer::json(201, &self.group_seen(self.groups.len() - 1)))
    }

    fn group_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        self.needs_admin(call.subject)?;
        let place = self.group_place(id)?;
        // Collaborations name groups by their place, so the place stays, empty.
        let gone: Vec<u64> = self
            .collabs
            .values()
            .filter(|collab| collab.whom == super::collab::Whom::Group(place))
            .map(|collab| collab.id)
            .collect();
        for id in gone {
            self.collabs.remove(&id);
            self.collabs_on.values_mut().for_each(|list| list.retain(|other| *other != id));
        }
        if let Some(group) = self.groups.get_mut(place) {
            *group = Group { id: 0, name: String::new(), members: Vec::new(), created: group.created };
        }
        Ok(Answer::empty(204))
    }

    fn memberships_of_group(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["limit", "offset"]);
        let place = self.group_place(id)?;
        let members = self.groups.get(place).map(|group| group.members.clone()).unwrap_or_default();
        self.counted(call, &members, 1_000, |(id, uid)| self.membership_seen(place, *uid, *id))
    }

    /// The groups of a person.
    pub(super) fn memberships_of(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["limit", "offset"]);
        self.needs("manage_groups")?;
        let uid = self.user_by_id(id).ok_or_else(Fault::not_found)?;
        let all: Vec<(usize, u64)> = self
            .groups
            .iter()
            .enumerate()
            .flat_map(|(place, group)| {
                group.members.iter().filter(|(_, member)| *member == uid).map(move |(id, _)| (place, *id))
            })
            .collect();
        self.counted(call, &all, 1_000, |(place, id)| self.membership_seen(*place, uid, *id))
    }

    fn membership(&self, id: &str) -> Result<(usize, Uid, u64), Fault> {
        let all = self
            .groups
            .iter()
            .enumerate()
            .flat_map(|(place, group)| group.members.iter().map(move |(id, uid)| (place, *uid, *id)));
        all.into_iter().find(|(_, _, known)| known.to_string() == id).ok_or_else(Fault::not_found)
    }

    fn membership_seen(&self, place: usize, uid: Uid, id: u64) -> Value {
        let at = self.groups.get(place).map_or(self.now, |group| group.created);
        json!({
            "type": "group_membership",
            "id": id.to_string(),
            "user": self.user_mini(uid),
            "group": self.group_mini(place),
            "role": "member",
            "created_at": time(at),
            "modified_at": time(at),
        })
    }

    fn membership_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields"]);
        self.needs_admin(call.subject)?;
        let body = call.body(&["user", "group", "role", "configurable_permissions"])?;
        let id_of = |key: &str| body.get(key).and_then(|of| of["id"].as_str()).unwrap_or("").to_owned();
        let place = self.group_place(&id_of("group"))?;
        let uid = self.user_by_id(&id_of("user")).ok_or_else(Fault::not_found)?;
        self.join(call.actor, place, uid).map_err(|_| Fault::new(409, "conflict", "The user is a member already"))?;
        let id = self.groups[place].members.last().map_or(0, |(id, _)| *id);
        Ok(Answer::json(201, &self.membership_seen(place, uid, id)))
    }

    pub(super) fn group_event(&self, place: usize, uid: Uid) -> Value {
        let (group, user) = (self.group_mini(place), self.user(uid));
        json!({
            "type": "group", "id": group["id"], "group_id": group["id"], "group_name": group["name"],
            "user_id": user.id.to_string(), "user_name": user.name,
        })
    }

    fn membership_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        self.needs_admin(call.subject)?;
        let (place, uid, number) = self.membership(id)?;
        self.leave(call.actor, place, uid).map_err(|_| Fault::not_found())?;
        self.noted("member_gone", number, true);
        Ok(Answer::empty(204))
    }
}
