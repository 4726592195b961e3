//! Collaborations: who may see what, directly or through a group, invited or accepted.
//!
//! A file's list holds those of the folders above it too, a folder's list only its own.
//! <https://developer.box.com/reference/get-files-id-collaborations/>

use super::super::wire::Answer;
use super::items::size;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Home, Role, State};
use super::tree::{Nid, Uid};
use super::view::time;
use crate::clock::Moment;
use serde_json::{Map, Value, json};

/// The longest page.
const MOST: u64 = 1_000;
const FIELDS: [&str; 16] = [
    "type",
    "id",
    "item",
    "app_item",
    "accessible_by",
    "invite_email",
    "role",
    "expires_at",
    "is_access_only",
    "status",
    "acknowledged_at",
    "created_by",
    "created_at",
    "modified_at",
    "acceptance_requirements_status",
    "can_view_path",
];

/// One collaboration.
#[derive(Clone, Debug)]
pub(super) struct Collab {
    /// Id.
    pub(super) id: u64,
    /// On what.
    pub(super) item: Nid,
    /// For whom.
    pub(super) whom: Whom,
    /// As what.
    pub(super) role: Role,
    /// `accepted`, `pending` or `rejected`.
    pub(super) status: &'static str,
    /// Until when.
    pub(super) until: Option<Moment>,
    /// Who made it.
    pub(super) by: Uid,
    /// When.
    pub(super) at: Moment,
    /// `can_view_path`.
    pub(super) path_visible: bool,
}

/// For whom a collaboration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// A person.
    User(Uid),
    /// A group, by its place.
    Group(usize),
    /// An address that belongs to nobody yet.
    Invited(String),
}

impl Collab {
    /// What it gives a person.
    pub(super) fn gives(&self, state: &State, who: Uid) -> Option<Role> {
        if self.status != "accepted" || self.is_over(state.now) {
            return None;
        }
        let meant = match &self.whom {
            Whom::User(uid) => *uid == who,
            Whom::Group(place) => state.is_member(*place, who),
            Whom::Invited(_) => false,
        };
        meant.then_some(self.role)
    }

    /// True when its time is over.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl State {
    /// True for a member of a group.
    pub(super) fn is_member(&self, group: usize, who: Uid) -> bool {
        self.groups.get(group).is_some_and(|group| group.members.iter().any(|(_, uid)| *uid == who))
    }

    /// `/collaborations...`
    pub(super) fn collaborations_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", []) => self.pending_page(call),
            ("POST", []) => self.collab_new(call),
            ("GET", [id]) => self.collab_get(call, id),
            ("PUT", [id]) => self.collab_change(call, id),
            ("DELETE", [id]) => self.collab_gone(call, id),
            _ => return None,
        })
    }

    /// The collaborations of an item, a page at a time.
    pub(super) fn collabs_page(&mut self, call: &mut Call<'_>, kind: &str, id: &str) -> Told {
        call.knows_query(&["fields", "limit", "marker"]);
        let nid = self.seen(call.actor, kind, id)?;
        if self.hides_members(call.actor, nid) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let limit = call.limit(100, MOST)?;
        let after: u64 = match call.query("marker") {
            None => 0,
            Some(text) => text
                .strip_prefix("collab-")
                .and_then(|at| at.parse().ok())
                .ok_or_else(|| invalid("marker", text, "is not valid"))?,
        };
        let places: Vec<Nid> = if kind == "file" { self.tree.upwards(nid).collect() } else { vec![nid] };
        let mut all: Vec<u64> = places
            .into_iter()
            .flat_map(|at| self.collabs_of(at))
            .filter(|collab| !collab.is_over(self.now))
            .map(|collab| collab.id)
            .collect();
        all.sort_unstable();
        all.retain(|id| *id > after);
        let fields = call.fields();
        let shown: Vec<u64> = all.iter().copied().take(size(limit)).collect();
        let entries: Vec<Value> = shown.iter().map(|id| self.collab_seen(call, *id, fields.as_deref())).collect();
        let mut body = json!({"limit": limit, "entries": entries});
        if all.len() > shown.len() {
            body["next_marker"] = format!("collab-{}", shown.last().copied().unwrap_or(after)).into();
        } else if self.seed.is_multiple_of(2) {
            body["next_marker"] = Value::Null;
        }
        Ok(Answer::json(200, &body))
    }

    /// True when a folder on the way up shows its members to owners only, and this is none.
    pub(super) fn hides_members(&self, who: Uid, nid: Nid) -> bool {
        self.tree.upwards(nid).any(|at| self.tree.folder(at).is_some_and(|folder| folder.hides_members))
            && self.role(who, nid) < Some(Role::CoOwner)
    }

    /// Invitations that wait for the caller's answer.
    fn pending_page(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["status", "fields", "offset", "limit"]);
        if call.query("status") != Some("pending") {
            return Err(invalid("status", "", "must be pending"));
        }
        let mine: Vec<u64> = self
            .collabs
            .values()
            .filter(|collab| collab.status == "pending" && collab.whom == Whom::User(call.actor))
            .map(|collab| collab.id)
            .collect();
        let fields = call.fields();
        let entries: Vec<Value> = mine.iter().map(|id| self.collab_seen(call, *id, fields.as_deref())).collect();
        Ok(Answer::json(200, &json!({"total_count": mine.len(), "offset": 0, "limit": 100, "entries": entries})))
    }

    /// The collaboration, if the caller may know of it.
    fn collab(&self, call: &Call<'_>, id: &str) -> Result<Collab, Fault> {
        let found = id.parse().ok().and_then(|id: u64| self.collabs.get(&id));
        let visible = |collab: &&Collab| {
            collab.whom == Whom::User(call.actor)
                || (self.role(call.actor, collab.item).is_some() && !self.hides_members(call.actor, collab.item))
        };
        found.filter(visible).cloned().ok_or_else(Fault::not_found)
    }

    fn collab_get(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let found = self.collab(call, id)?.id;
        let fields = call.fields();
        Ok(Answer::json(200, &self.collab_seen(call, found, fields.as_deref())))
    }

    fn collab_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields", "notify"]);
        let body = call.body(&["item", "accessible_by", "role", "is_access_only", "can_view_path", "expires_at"])?;
        let item = body.get("item").cloned().unwrap_or(Value::Null);
        let nid = self.seen(call.actor, item["type"].as_str().unwrap_or(""), item["id"].as_str().unwrap_or(""))?;
        let role = read_role(&body)?;
        let whom = self.read_whom(body.get("accessible_by").unwrap_or(&Value::Null))?;
        self.may_invite(call.actor, nid, &whom)?;
        if role >= Role::Owner {
            return Err(invalid("role", "owner", "cannot be given to a new collaborator"));
        }
        if self.collabs_of(nid).any(|collab| collab.whom == whom) || whom == Whom::User(self.tree.owner(nid)) {
            return Err(Fault::new(400, "user_already_collaborator", "User is already a collaborator"));
        }
        let until = read_until(&body)?;
        let id = self.invite(call.actor, nid, whom, role, until);
        if let Some(collab) = self.collabs.get_mut(&id) {
            collab.path_visible = body.get("can_view_path").and_then(Value::as_bool).unwrap_or(false);
        }
        let fields = call.fields();
        Ok(Answer::json(201, &self.collab_seen(call, id, fields.as_deref())))
    }

    /// Refuses what only those may do who may say who belongs to an item.
    fn may_admit(&self, who: Uid, nid: Nid) -> Result<(), Fault> {
        let owners_only =
            self.tree.upwards(nid).any(|at| self.tree.folder(at).is_some_and(|folder| folder.owners_invite));
        let needed = if owners_only { Role::CoOwner } else { Role::Editor };
        if self.tree.is_root(nid) || self.role(who, nid) < Some(needed) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        Ok(())
    }

    fn may_invite(&self, who: Uid, nid: Nid, whom: &Whom) -> Result<(), Fault> {
        self.may_admit(who, nid)?;
        self.shield_share(nid)?;
        let closed = self.tree.upwards(nid).any(|at| self.tree.folder(at).is_some_and(|folder| folder.company_only));
        if closed && self.is_outside(whom) {
            return Err(Fault::new(
                403,
                "forbidden_by_policy",
                "Collaborators outside of the enterprise are not allowed",
            ));
        }
        Ok(())
    }

    /// True for a person, address or group with somebody of another company.
    pub(super) fn is_outside(&self, whom: &Whom) -> bool {
        match whom {
            Whom::User(uid) => self.user(*uid).home == Home::Partner,
            Whom::Group(place) => self
                .groups
                .get(*place)
                .is_some_and(|group| group.members.iter().any(|(_, uid)| self.user(*uid).home == Home::Partner)),
            Whom::Invited(address) => !address.to_lowercase().ends_with("@example.com"),
        }
    }

    fn read_whom(&self, by: &Value) -> Result<Whom, Fault> {
        let nobody = || Fault::new(404, "not_found", "Not Found");
        let (id, login) = (by["id"].as_str(), by["login"].as_str());
        match (by["type"].as_str(), id, login) {
            (Some("group"), Some(id), _) => {
                self.groups.iter().position(|group| group.id.to_string() == id).map(Whom::Group).ok_or_else(nobody)
            }
            (Some("user"), Some(id), _) => self.user_by_id(id).map(Whom::User).ok_or_else(nobody),
            (Some("user"), None, Some(login)) if login.contains('@') => {
                Ok(self.user_by_login(login).map_or_else(|| Whom::Invited(login.to_owned()), Whom::User))
            }
            _ => Err(invalid("accessible_by", "", "must name a user or a group")),
        }
    }

    /// Makes a collaboration: colleagues and groups are in at once, others are asked first.
    pub(super) fn invite(&mut self, by: Uid, nid: Nid, whom: Whom, role: Role, until: Option<Moment>) -> u64 {
        let inside = match &whom {
            Whom::User(uid) => self.is_managed(*uid) == self.is_managed(by),
            Whom::Group(_) => true,
            Whom::Invited(_) => false,
        };
        let id = self.fresh();
        let status = if inside { "accepted" } else { "pending" };
        let collab = Collab { id, item: nid, whom, role, status, until, by, at: self.now, path_visible: false };
        let details = self.collab_details(&collab);
        self.collabs.insert(id, collab);
        self.collabs_on.entry(nid).or_default().push(id);
        self.noted("member_made", id, true);
        self.happen("COLLABORATION_INVITE", Some(by), nid, details.clone());
        if inside {
            self.happen("COLLABORATION_ACCEPT", Some(by), nid, details);
        }
        id
    }

    fn collab_details(&self, collab: &Collab) -> Value {
        let whom = match &collab.whom {
            Whom::User(uid) => self.user_mini(*uid),
            Whom::Group(place) => self.group_mini(*place),
            Whom::Invited(address) => json!({"type": "user", "login": address}),
        };
        json!({"collab_id": collab.id.to_string(), "role": collab.role.name(), "accessible_by": whom, "is_performed_by_admin": false})
    }

    /// Accepts an invitation.
    pub(super) fn accept(&mut self, id: u64) {
        let Some(collab) = self.collabs.get_mut(&id) else { return };
        collab.status = "accepted";
        let (collab, nid) = (collab.clone(), collab.item);
        let by = if let Whom::User(uid) = collab.whom { uid } else { collab.by };
        let details = self.collab_details(&collab);
        self.happen("COLLABORATION_ACCEPT", Some(by), nid, details);
    }

    fn collab_change(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["role", "status", "expires_at", "can_view_path"])?;
        let collab = self.collab(call, id)?;
        if let Some(status) = body.get("status").and_then(Value::as_str) {
            return self.collab_answered(call, &collab, status);
        }
        if self.role(call.actor, collab.item) < Some(Role::CoOwner) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        if body.contains_key("role") {
            let role = read_role(&body)?;
            if role == Role::Owner {
                return self.hand_over(call, &collab);
            }
            if role > collab.role {
                self.shield_share(collab.item)?;
            }
            if let Some(kept) = self.collabs.get_mut(&collab.id) {
                kept.role = role;
            }
        }
        if body.contains_key("expires_at") {
            let until = read_until(&body)?;
            if let Some(kept) = self.collabs.get_mut(&collab.id) {
                kept.until = until;
            }
        }
        let now = self.collabs.get(&collab.id);
        let changed = now.is_some_and(|now| (now.role, now.until) != (collab.role, collab.until));
        let details = now.map_or(Value::Null, |kept| self.collab_details(kept));
        self.noted("member_set", collab.id, changed);
        self.happen("COLLABORATION_ROLE_CHANGE", Some(call.actor), collab.item, details);
        Ok(Answer::json(200, &self.collab_seen(call, collab.id, None)))
    }

    fn collab_answered(&mut self, call: &mut Call<'_>, collab: &Collab, status: &str) -> Told {
        if collab.whom != Whom::User(call.actor) || collab.status != "pending" {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        match status {
            "accepted" => {
                self.accept(collab.id);
                self.noted("member_set", collab.id, true);
            }
            "rejected" => self.drop_collab(collab.id, call.actor),
            other => return Err(invalid("status", other, "is not an answer")),
        }
        Ok(Answer::json(200, &self.collab_seen(call, collab.id, None)))
    }

    /// Drops a collaboration of whoever owns the item now.
    pub(super) fn owner_needs_none(&mut self, nid: Nid) {
        let owner = Whom::User(self.tree.owner(nid));
        let own: Vec<u64> =
            self.collabs_of(nid).filter(|collab| collab.whom == owner).map(|collab| collab.id).collect();
        for id in own {
            self.unlist_collab(id);
        }
    }

    /// Gives a folder to one of its collaborators; whoever had it stays as a co-owner.
    fn hand_over(&mut self, call: &Call<'_>, collab: &Collab) -> Told {
        let (nid, owner) = (collab.item, self.tree.owner(collab.item));
        let Whom::User(heir) = collab.whom else { return Err(invalid("role", "owner", "is for users only")) };
        if owner != call.actor || self.tree.kind(nid) != "folder" {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let root = self.user(heir).root;
        self.free(call.actor, root, &self.tree.name(nid), Some(nid))?;
        self.shield_owner(nid, heir)?;
        self.retained_to(nid, heir)?;
        self.unlist_collab(collab.id);
        self.tree.detach(nid);
        self.tree.attach(nid, root);
        self.tree.touch(nid, owner, self.now);
        self.invite(heir, nid, Whom::User(owner), Role::CoOwner, None);
        self.noted_on("moved", nid, true);
        self.happen("MOVE", Some(owner), nid, Value::Null);
        Ok(Answer::empty(204))
    }

    fn collab_gone(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&[]);
        let collab = self.collab(call, id)?;
        let own = collab.whom == Whom::User(call.actor);
        if !own {
            self.may_admit(call.actor, collab.item)?;
        }
        self.drop_collab(collab.id, call.actor);
        Ok(Answer::empty(204))
    }

    fn drop_collab(&mut self, id: u64, by: Uid) {
        if let Some(collab) = self.unlist_collab(id) {
            let details = self.collab_details(&collab);
            self.noted("member_gone", id, true);
            self.happen("COLLABORATION_REMOVE", Some(by), collab.item, details);
        }
    }

    fn unlist_collab(&mut self, id: u64) -> Option<Collab> {
        let collab = self.collabs.remove(&id)?;
        if let Some(list) = self.collabs_on.get_mut(&collab.item) {
            list.retain(|other| *other != id);
        }
        Some(collab)
    }

    /// Drops all collaborations of an item, unsaid: it is gone, or became somebody's own.
    pub(super) fn clear_collabs(&mut self, nid: Nid) {
        for id in self.collabs_on.remove(&nid).unwrap_or_default() {
            self.collabs.remove(&id);
        }
    }

    fn collab_seen(&self, call: &mut Call<'_>, id: u64, fields: Option<&[String]>) -> Value {
        let Some(collab) = self.collabs.get(&id) else { return json!({"type": "collaboration", "id": id.to_string()}) };
        let pending = collab.status == "pending";
        let (accessible_by, invite_email) = match &collab.whom {
            Whom::User(uid) => (self.user_mini(*uid), Value::Null),
            Whom::Group(place) => (self.group_mini(*place), Value::Null),
            Whom::Invited(address) => (Value::Null, address.clone().into()),
        };
        let item = if pending { Value::Null } else { self.mini(call.actor, collab.item) };
        let whole = json!({
            "type": "collaboration",
            "id": collab.id.to_string(),
            "created_by": self.user_mini(collab.by),
            "created_at": time(collab.at),
            "modified_at": time(collab.at),
            "expires_at": collab.until.map_or(Value::Null, |until| time(until).into()),
            "status": collab.status,
            "accessible_by": accessible_by,
            "invite_email": invite_email,
            "role": collab.role.name(),
            "acknowledged_at": if pending { Value::Null } else { time(collab.at).into() },
            "item": item,
            "app_item": null,
            "is_access_only": false,
            "can_view_path": collab.path_visible,
        });
        match fields {
            None => whole,
            Some(fields) => chosen(call, &whole, fields),
        }
    }
}

/// The fields asked for, with type and id.
fn chosen(call: &mut Call<'_>, whole: &Value, fields: &[String]) -> Value {
    let mut shown = Map::new();
    for field in ["type", "id"].into_iter().chain(fields.iter().map(String::as_str)) {
        match whole.get(field) {
            Some(value) => {
                shown.insert(field.to_owned(), value.clone());
            }
            None if FIELDS.contains(&field) => {}
            None => call.odd.push(format!("no collaboration has a field {field}")),
        }
    }
    Value::Object(shown)
}

fn read_role(body: &Map<String, Value>) -> Result<Role, Fault> {
    let name = body.get("role").and_then(Value::as_str).unwrap_or("");
    Role::named(name).ok_or_else(|| invalid("role", name, "is not a role"))
}

fn read_until(body: &Map<String, Value>) -> Result<Option<Moment>, Fault> {
    match body.get("expires_at") {
        None | Some(Value::Null) => Ok(None),
        Some(text) => {
            let until = text.as_str().and_then(Moment::parse);
            until.map(Some).ok_or_else(|| invalid("expires_at", "", "is not a date"))
        }
    }
}
