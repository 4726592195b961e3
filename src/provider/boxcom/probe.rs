//! `connect test`: each thing sluicebox needs of a Box application, tried apart and by reading alone.
//!
//! Once no token can be had, nothing else is asked: the first answer says why, and the rest that it was not tried.

use super::Tenant;
use super::api::Ask;
use super::judge::Scope;
use super::people::Me;
use super::wire::{Events, Listed, Mini, Paged, User};
use crate::model::{Principal, Role};
use crate::provider::http::Urgency;
use crate::provider::{Capability, CapabilityState, Error, Next};
use serde::de::DeserializeOwned;
use std::sync::Arc;

use CapabilityState::{Missing, Partial, Works};

/// Users that are looked at to find one to read as.
const LOOKED_AT: &str = "1000";

impl Tenant {
    pub(super) fn capabilities(&self) -> Vec<Capability> {
        let names = ["account", "people", "feed", "read as another user", "sharing", "quarantine", "holds"];
        let states = match self.me() {
            Ok(me) => {
                let users = self.some_users();
                let (reading, other) = self.reading(&me, users.as_deref().unwrap_or_default());
                vec![
                    account(&me),
                    self.people_state(users.as_ref()),
                    self.feed_state(),
                    reading,
                    self.sharing_state(other.as_ref()),
                    self.quarantine_state(&me),
                    self.holds_state(),
                ]
            }
            Err(error) => {
                let rest = "not tried: Box did not say whose the token is".to_owned();
                std::iter::once(missing(&error)).chain(std::iter::repeat_n(Missing(rest), names.len() - 1)).collect()
            }
        };
        names.into_iter().zip(states).map(|(name, state)| Capability { name, state }).collect()
    }

    fn try_get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        read_as: &Principal,
        scope: Scope,
    ) -> Result<T, Error> {
        let doing = format!("try {}", path.join("/"));
        self.api.get(&Ask { path, query, read_as, urgency: Urgency::Act, scope, doing })
    }

    fn some_users(&self) -> Result<Vec<User>, Error> {
        let fields = ("fields", "id,type,login,status,role");
        let query = [("user_type", "managed"), ("usemarker", "true"), ("limit", LOOKED_AT), fields];
        let page: Paged<User> = self.try_get(&["users"], &query, &Principal::Tenant, Scope::Users)?;
        Ok(page.entries)
    }

    /// Users, and groups beside them: two scopes.
    fn people_state(&self, users: Result<&Vec<User>, &Error>) -> CapabilityState {
        let users = match users {
            Ok(users) => users,
            Err(error) => return missing(error),
        };
        let more = if users.len() < 1_000 { "" } else { " or more" };
        let people = format!("{} people{more}", users.len());
        match self.try_get::<Paged<Mini>>(&["groups"], &[("limit", "1")], &Principal::Tenant, Scope::Groups) {
            Ok(_) => Works(people),
            Err(error) => Partial(format!("{people}, but groups cannot be read: {}", reason(&error))),
        }
    }

    fn feed_state(&self) -> CapabilityState {
        let query = [("stream_type", "admin_logs_streaming"), ("stream_position", "now"), ("limit", "1")];
        match self.try_get::<Events>(&["events"], &query, &Principal::Tenant, Scope::Events) {
            Ok(_) => Works("events of the enterprise".into()),
            Err(error) => missing(&error),
        }
    }

    /// Reads as the admin, and if that is refused as somebody else: the difference tells a co-admin's token from an
    /// application that may not act for others at all. Also says who could be read as.
    fn reading(&self, me: &Me, users: &[User]) -> (CapabilityState, Option<Principal>) {
        let mut refusal = None;
        let mut out_of_reach = 0_u32;
        for (id, role) in candidates(me, users) {
            let other = Principal::Person(Arc::clone(&id));
            let root = self.try_get::<Listed>(&["folders", "0"], &[("fields", "id")], &other, Scope::AsUser);
            match root {
                Ok(_) if out_of_reach == 0 => return (Works(format!("as {}", word(role))), Some(other)),
                Ok(_) => return (Partial(gap(me)), Some(other)),
                Err(error) => {
                    out_of_reach += 1;
                    refusal = refusal.or(Some(error));
                }
            }
        }
        match refusal {
            Some(error) => (Missing(format!("{}\n{}", reason(&error), Scope::AsUser.clicks())), None),
            None if me.role == Role::CoAdmin => (Partial(gap(me)), None),
            None => (Partial("there is nobody else to try it with".into()), None),
        }
    }

    /// Links and members: those of the other user's first folder, or of the own root when there is no other user.
    fn sharing_state(&self, other: Option<&Principal>) -> CapabilityState {
        let reader = other.unwrap_or(&Principal::Tenant);
        let fields = ("fields", "id,type,shared_link,has_collaborations");
        let query = [("usemarker", "true"), ("limit", "100"), fields];
        let listed = self.try_get::<Paged<Listed>>(&["folders", "0", "items"], &query, reader, Scope::Files);
        let entries = match listed {
            Ok(page) => page.entries,
            Err(error) => return missing(&error),
        };
        let shared = |entry: &&Listed| entry.has_collaborations == Some(true);
        let folders = || entries.iter().filter(|entry| entry.kind.as_deref() == Some("folder"));
        let Some(id) = folders().find(shared).or_else(|| folders().next()).and_then(|entry| entry.id.clone()) else {
            return Works("links are told; there was no folder to try members with".into());
        };
        match self.try_get::<Paged<Mini>>(&["folders", &id, "collaborations"], &[("limit", "1")], reader, Scope::Files)
        {
            Ok(_) => Works("links and members".into()),
            Err(error) => missing(&error),
        }
    }

    /// Whether legal holds and retention can be read: what cannot be read counts as there.
    fn holds_state(&self) -> CapabilityState {
        if !self.holds {
            return Works("the settings say that the company has none".into());
        }
        for policies in ["legal_hold_policies", "retention_policies"] {
            if let Err(error) =
                self.try_get::<Paged<Mini>>(&[policies], &[("limit", "1")], &Principal::Tenant, Scope::AsUser)
            {
                return Missing(format!("{}: {HOLDS_UNREAD}", reason(&error)));
            }
        }
        Works("legal holds and retention policies".into())
    }

    /// Whether the token's own root could hold a quarantine folder. Nothing is written.
    fn quarantine_state(&self, me: &Me) -> CapabilityState {
        let fields = [("fields", "id,permissions")];
        match self.try_get::<Listed>(&["folders", "0"], &fields, &Principal::Tenant, Scope::Files) {
            Err(error) => missing(&error),
            Ok(root) if root.permissions.as_ref().and_then(|may| may.can_upload) == Some(false) => {
                Missing("the account may not put anything into its own root folder".into())
            }
            Ok(_) if me.free_bytes == Some(0) => Missing(format!(
                "{} has no storage: Box Admin Console > Users & Groups, or ask Box for storage for the service account",
                me.login
            )),
            Ok(_) => Works("the account has a root folder of its own".into()),
        }
    }
}

/// What follows when holds cannot be read, and what to do.
const HOLDS_UNREAD: &str = "what cannot be read counts as held, so that nothing is deleted, overwritten or given another owner. If the \
    company has Box Governance, tick Manage legal holds policies and Manage retention policies in the developer console; if it has none, \
    say `holds = false` in the connector's settings";

/// Who to try reading as: first the admin, then co-admins, then one member. Not oneself, and nobody inactive.
fn candidates(me: &Me, users: &[User]) -> Vec<(Arc<str>, Role)> {
    let of = |word: &'static str, role: Role| {
        let fits = move |user: &&User| {
            user.role.as_deref().unwrap_or("user") == word && user.status.as_deref() != Some("inactive")
        };
        users.iter().filter(fits).filter_map(move |user| Some((user.id.clone()?, role)))
    };
    let not_me = |(id, _): &(Arc<str>, Role)| *id != me.id;
    let all = |word, role, most| of(word, role).filter(not_me).take(most);
    all("admin", Role::Admin, 1).chain(all("coadmin", Role::CoAdmin, 1)).chain(all("user", Role::Member, 1)).collect()
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Admin => "the admin",
        Role::CoAdmin => "a co-admin",
        _ => "a member",
    }
}

fn account(me: &Me) -> CapabilityState {
    let role = match me.role {
        Role::Service => "service account",
        Role::Admin => "admin",
        Role::CoAdmin => "co-admin",
        Role::Member => "member",
    };
    let of = me.enterprise.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let text = format!("{}, {role}{of}", me.login);
    match me.role {
        Role::Service | Role::Admin => Works(text),
        Role::CoAdmin => Partial(format!("{text}: {}", gap(me))),
        Role::Member => Missing(format!(
            "{text}: a member sees only its own files. Connect with an application (client credentials or JWT, App + \
             Enterprise Access), or let the admin consent"
        )),
    }
}

fn gap(me: &Me) -> String {
    let why = match me.role {
        Role::CoAdmin => "a co-admin's token cannot read what the admin and other co-admins own",
        _ => "what the admin or co-admins own cannot be read",
    };
    format!(
        "partial coverage: {why}. Connect as the admin, or by client credentials or JWT with App + Enterprise Access"
    )
}

fn missing(error: &Error) -> CapabilityState {
    Missing(reason(error))
}

/// What Box said and the next click, as one text.
fn reason(error: &Error) -> String {
    let said = match error.next() {
        Next::Stopped => "stopped",
        _ => error.said(),
    };
    match error.advice() {
        Some(advice) => format!("{said}\n{advice}"),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_tried_to_read_as() {
        let me = Me {
            id: "1".into(),
            login: "".into(),
            name: "".into(),
            role: Role::CoAdmin,
            enterprise: None,
            free_bytes: None,
        };
        for (users, expected) in [
            (r#"[]"#, vec![]),
            (r#"[{"id":"1","role":"coadmin"}]"#, vec![]),
            (
                r#"[{"id":"5","role":"user"},{"id":"4","role":"user"},{"id":"3","role":"coadmin"},{"id":"2","role":"admin"}]"#,
                vec!["2", "3", "5"],
            ),
            (r#"[{"id":"2","role":"admin","status":"inactive"},{"id":"4"}]"#, vec!["4"]),
        ] {
            let users: Vec<User> = serde_json::from_str(users).unwrap();
            let ids: Vec<_> = candidates(&me, &users).into_iter().map(|(id, _)| id.to_string()).collect();
            assert_eq!(ids, expected);
        }
    }
}
