//! People: lists, one, changes of status and role.

use super::super::wire::Answer;
use super::items::size;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Home, State};
use super::tree::Uid;
use super::view::time;
use serde_json::{Map, Value, json};

const FIELDS: [&str; 29] = [
    "type",
    "id",
    "name",
    "login",
    "created_at",
    "modified_at",
    "language",
    "timezone",
    "space_amount",
    "space_used",
    "max_upload_size",
    "status",
    "job_title",
    "phone",
    "address",
    "avatar_url",
    "role",
    "tracking_codes",
    "can_see_managed_users",
    "is_sync_enabled",
    "is_external_collab_restricted",
    "is_exempt_from_device_limits",
    "is_exempt_from_login_verification",
    "enterprise",
    "my_tags",
    "hostname",
    "is_platform_access_only",
    "external_app_user_id",
    "notification_email",
];
/// Fields that come without being asked for.
const STANDARD: usize = 16;

impl State {
    /// `/users...`
    pub(super) fn users_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", []) => self.users_page(call),
            ("GET", ["me"]) => self.user_answer(call, call.actor),
            ("GET", [id]) => self.user_get(call, id),
            ("PUT", [id]) => self.user_put(call, id),
            ("POST", ["terminate_sessions"]) => self.terminate_sessions(call),
            ("GET", [id, "memberships"]) => self.memberships_of(call, id),
            ("PUT", [id, "folders", "0"]) => self.transfer(call, id),
            _ => return None,
        })
    }

    fn users_page(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[
            "filter_term",
            "user_type",
            "external_app_user_id",
            "fields",
            "offset",
            "limit",
            "usemarker",
            "marker",
        ]);
        self.needs("manage_managed_users")?;
        self.needs_admin(call.subject)?;
        let limit = call.limit(100, 1_000)?;
        let homes: &[Home] = match call.query("user_type") {
            None | Some("managed") => &[Home::Company],
            Some("external") => &[Home::Partner],
            Some("all") => &[Home::Company, Home::Partner],
            Some(other) => return Err(invalid("user_type", other, "is not one of all, managed, external")),
        };
        let term = call.query("filter_term").map(str::to_lowercase);
        let fits = |user: &super::state::User| {
            homes.contains(&user.home)
                && term.as_ref().is_none_or(|term| {
                    user.login.to_lowercase().starts_with(term) || user.name.to_lowercase().contains(term)
                })
        };
        let all: Vec<Uid> = (1..).zip(&self.users[1..]).filter(|(_, user)| fits(user)).map(|(uid, _)| uid).collect();
        let fields = call.fields();
        self.paged_people(call, &all, limit, fields.as_deref())
    }

    fn paged_people(&self, call: &mut Call<'_>, all: &[Uid], limit: u64, fields: Option<&[String]>) -> Told {
        let marked = call.says("usemarker");
        let from = if marked {
            match call.query("marker") {
                None => 0,
                Some(marker) => marker
                    .strip_prefix("people-")
                    .and_then(|at| at.parse().ok())
                    .ok_or_else(|| invalid("marker", marker, "is not valid"))?,
            }
        } else {
            call.number("offset", 0)?
        };
        let entries: Vec<Value> =
            all.iter().skip(size(from)).take(size(limit)).map(|uid| self.user_seen(call, *uid, fields)).collect();
        let next = from + limit;
        if !marked {
            return Ok(Answer::json(
                200,
                &json!({"total_count": all.len(), "entries": entries, "limit": limit, "offset": from}),
            ));
        }
        let more = size(next) < all.len();
        let mut body = json!({"limit": limit, "entries": entries});
        match (more, self.seed % 3) {
            (true, _) => body["next_marker"] = format!("people-{next}").into(),
            (false, 0) => body["next_marker"] = "".into(),
            (false, 1) => body["next_marker"] = Value::Null,
            (false, _) => {}
        }
        Ok(Answer::json(200, &body))
    }

    fn user_get(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let uid = self.user_by_id(id).ok_or_else(Fault::not_found)?;
        if uid != call.actor {
            self.needs("manage_managed_users")?;
            if !self.manages(call.subject) {
                return Err(Fault::not_found());
            }
        }
        self.user_answer(call, uid)
    }

    fn user_answer(&mut self, call: &mut Call<'_>, uid: Uid) -> Told {
        call.knows_query(&["fields"]);
        let fields = call.fields();
        Ok(Answer::json(200, &self.user_seen(call, uid, fields.as_deref())))
    }

    fn user_put(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        self.needs("manage_managed_users")?;
        self.needs_admin(call.actor)?;
        let body = call.body(&[
            "enterprise",
            "notify",
            "name",
            "login",
            "role",
            "language",
            "is_sync_enabled",
            "job_title",
            "phone",
            "address",
            "tracking_codes",
            "can_see_managed_users",
            "timezone",
            "is_external_collab_restricted",
            "is_exempt_from_device_limits",
            "is_exempt_from_login_verification",
            "is_password_reset_required",
            "status",
            "space_amount",
            "notification_email",
            "external_app_user_id",
        ])?;
        let uid =
            self.user_by_id(id).filter(|uid| self.user(*uid).home == Home::Company).ok_or_else(Fault::not_found)?;
        if let Some(status) = body.get("status").and_then(Value::as_str) {
            self.set_status(call, uid, status)?;
        }
        match body.get("is_password_reset_required") {
            None => {}
            Some(Value::Bool(asked)) => self.ask_password(call, uid, *asked)?,
            Some(_) => return Err(invalid("is_password_reset_required", "", "must be true or false")),
        }
        if let Some(name) = body.get("name").and_then(Value::as_str) {
            self.users[usize::from(uid)].name = name.to_owned();
        }
        self.user_answer(call, uid)
    }

    fn set_status(&mut self, call: &Call<'_>, uid: Uid, status: &str) -> Result<(), Fault> {
        let known = ["active", "inactive", "cannot_delete_edit", "cannot_delete_edit_upload"];
        let Some(status) = known.into_iter().find(|known| *known == status) else {
            return Err(invalid("status", status, "is not a status"));
        };
        self.may_manage(call, uid)?;
        if uid == call.actor {
            return Err(Fault::forbidden("Nobody can change their own status"));
        }
        let changed = self.user(uid).status != status;
        self.users[usize::from(uid)].status = status;
        if status == "inactive" {
            self.end_sessions(uid);
        }
        let word = if status == "active" { "unsuspended" } else { "suspended" };
        self.noted(word, self.user(uid).id, changed);
        if changed {
            self.happen_to_person("EDIT_USER", call.actor, uid);
        }
        Ok(())
    }

    /// Refuses to change the admin, and a co-admin by another one.
    fn may_manage(&self, call: &Call<'_>, uid: Uid) -> Result<(), Fault> {
        let role = self.user(uid).role;
        let above = role == "admin" || (role == "coadmin" && self.user(call.actor).role == "coadmin");
        if above && uid != call.actor {
            return Err(Fault::forbidden("An admin's account cannot be changed"));
        }
        if role == "admin" {
            return Err(Fault::forbidden("The status of an admin cannot be changed"));
        }
        Ok(())
    }

    fn ask_password(&mut self, call: &Call<'_>, uid: Uid, asked: bool) -> Result<(), Fault> {
        self.may_manage(call, uid)?;
        let user = &mut self.users[usize::from(uid)];
        let (changed, id) = (user.password_asked != asked, user.id);
        user.password_asked = asked;
        self.noted("password_asked", id, changed);
        if changed {
            self.happen_to_person("EDIT_USER", call.actor, uid);
        }
        Ok(())
    }

    fn user_seen(&self, call: &mut Call<'_>, uid: Uid, fields: Option<&[String]>) -> Value {
        let wanted: Vec<&str> = match fields {
            None => FIELDS[..STANDARD].to_vec(),
            Some(fields) => ["type", "id"].into_iter().chain(fields.iter().map(String::as_str)).collect(),
        };
        let mut shown = Map::new();
        for field in wanted {
            if !FIELDS.contains(&field) {
                call.odd.push(format!("no user has a field {field}"));
            }
            if let Some(value) = self.user_field(uid, field) {
                shown.insert(field.to_owned(), value);
            }
        }
        Value::Object(shown)
    }

    fn user_field(&self, uid: Uid, field: &str) -> Option<Value> {
        let user = self.user(uid);
        let foreign = user.home == Home::Partner;
        Some(match field {
            "type" => "user".into(),
            "id" => user.id.to_string().into(),
            "name" => user.name.clone().into(),
            "login" => user.login.clone().into(),
            "created_at" | "modified_at" => time(self.tree.at(user.root).created).into(),
            "language" => "en".into(),
            "timezone" => "Europe/Zurich".into(),
            // Of people of other companies little is told.
            "space_amount" | "space_used" | "max_upload_size" | "status" | "role" if foreign => return None,
            "space_amount" => 999_999_999_999_999_u64.into(),
            "space_used" => (self.tree.size(user.root) + user.aside_bytes).into(),
            "max_upload_size" => 5_368_709_120_u64.into(),
            "status" => user.status.into(),
            "role" => user.role.into(),
            "job_title" | "phone" | "address" => "".into(),
            "avatar_url" => format!("https://app.box.com/api/avatar/large/{}", user.id).into(),
            "enterprise" => self.enterprise_seen(uid),
            "tracking_codes" | "my_tags" => json!([]),
            "can_see_managed_users" | "is_sync_enabled" => true.into(),
            "is_external_collab_restricted" | "is_exempt_from_device_limits" | "is_exempt_from_login_verification" => {
                false.into()
            }
            "is_platform_access_only" => (user.home == Home::Service).into(),
            "hostname" => "https://example.app.box.com/".into(),
            _ => return None,
        })
    }

    fn terminate_sessions(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["user_ids", "user_logins"])?;
        self.needs("manage_managed_users")?;
        self.needs_admin(call.actor)?;
        for key in ["user_ids", "user_logins"] {
            if !body.get(key).is_some_and(Value::is_array) {
                call.odd.push(format!("body field {key} is required"));
            }
        }
        let texts = |key: &str| -> Vec<String> {
            let list = body.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(|id| id.as_str().map(String::from)).collect()
        };
        let (ids, logins) = (texts("user_ids"), texts("user_logins"));
        if ids.is_empty() && logins.is_empty() {
            return Err(Fault::bad("Users can not be NULL or EMPTY"));
        }
        let by_id = ids.iter().map(|id| self.user_by_id(id));
        let found: Vec<Option<Uid>> = by_id.chain(logins.iter().map(|login| self.user_by_login(login))).collect();
        let found: Option<Vec<Uid>> = found.into_iter().collect();
        let mut whose = found.ok_or_else(Fault::not_found)?;
        whose.sort_unstable();
        whose.dedup();
        for uid in whose {
            self.end_sessions(uid);
            let user = &mut self.users[usize::from(uid)];
            user.sessions_ended += 1;
            let id = user.id;
            self.noted("sessions_ended", id, true);
        }
        Ok(Answer::json(
            202,
            &json!({"message": "Request is successful, please check the admin events for the status of the job"}),
        ))
    }
}
