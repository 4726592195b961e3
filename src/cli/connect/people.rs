//! `connect people`: who is in a tenant, in numbers and by name.

use super::list::aligned;
use super::open::{self, Patience};
use crate::cli::Failed;
use crate::cli::config::Config;
use crate::cli::rules::print;
use crate::model::{ConnectorName, Group, Person, Role, Side, Status};
use crate::report::harmless::one_line;
use crate::report::units;
use serde_json::json;
use std::fmt::Write as _;

/// Flags of `connect people`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The connector
    name: ConnectorName,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let connector = config.get(&args.name)?;
    let opened = open::open(config, connector, Patience::Long)?;
    let (mut people, mut groups) = (Vec::new(), Vec::new());
    let listed = opened.source.people(&mut |page| {
        people.extend(page.people);
        groups.extend(page.groups);
        Ok(())
    });
    listed.map_err(|error| open::failed(&error, connector))?;
    print(&if args.format == "jsonl" { rows(&people, &groups) } else { text(&people, &groups) })?;
    Ok(0)
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::CoAdmin => "co-admin",
        Role::Member => "member",
        Role::Service => "service account",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Inactive => "inactive",
        Status::Invited => "invited",
        Status::Removed => "removed",
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Internal => "internal",
        Side::External => "external",
    }
}

/// Counts, then everybody.
fn text(people: &[Person], groups: &[Group]) -> String {
    let mut out = String::new();
    for of in [Side::Internal, Side::External] {
        let some: Vec<&Person> = people.iter().filter(|person| person.side == of).collect();
        let mut counts: Vec<String> = [Status::Active, Status::Inactive, Status::Invited, Status::Removed]
            .into_iter()
            .map(|status| (status, some.iter().filter(|person| person.status == status).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(of, count)| format!("{} {}", units::count(count as u64), status(of)))
            .collect();
        let admins = some.iter().filter(|person| matches!(person.role, Role::Admin | Role::CoAdmin)).count();
        if admins > 0 {
            counts.push(units::of(admins as u64, "admin or co-admin", "admins and co-admins"));
        }
        let counts = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
        let _ = writeln!(out, "{:9} {}{counts}", side(of), units::of(some.len() as u64, "person", "people"));
    }
    let hidden = groups.iter().filter(|group| group.members.is_none()).count();
    let note =
        if hidden > 0 { format!(" ({} with hidden members)", units::count(hidden as u64)) } else { String::new() };
    let _ = writeln!(out, "{:9} {}{note}\n", "groups", units::count(groups.len() as u64));
    let row = |person: &Person| {
        [
            one_line(&person.login),
            one_line(&person.name),
            side(person.side).to_owned(),
            role(person.role).to_owned(),
            status(person.status).to_owned(),
            person.id.to_string(),
        ]
    };
    let mut rows = vec![["LOGIN", "NAME", "SIDE", "ROLE", "STATUS", "ID"].map(str::to_owned)];
    rows.extend(people.iter().map(row));
    out.push_str(&aligned(&rows));
    out
}

fn rows(people: &[Person], groups: &[Group]) -> String {
    let mut out = String::new();
    for person in people {
        let row = json!({
            "schema": "sluicebox.person/1", "id": &*person.id, "account": &*person.account, "login": &*person.login,
            "name": &*person.name, "side": side(person.side), "role": role(person.role), "status": status(person.status),
        });
        let _ = writeln!(out, "{row}");
    }
    for group in groups {
        let members = group.members.as_ref().map(|members| members.iter().map(|id| &**id).collect::<Vec<_>>());
        let row = json!({"schema": "sluicebox.group/1", "id": &*group.id, "name": &*group.name, "members": members});
        let _ = writeln!(out, "{row}");
    }
    out
}
