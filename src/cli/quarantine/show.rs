//! What of an item in quarantine may be shown: where it was, who reached it, and what a restore brings back of that.

use super::Failed;
use crate::engine::quarantine::restore;
use crate::model::action::{ItemState, OwnLink, Whose};
use crate::model::{Audience, ItemKind, Member, Members, Who};
use crate::report::harmless::one_line;
use crate::store::{NewQuarantined, Quarantined, Store};
use serde_json::{Value, json};
use std::sync::Arc;

/// Where it was, as far as that may be shown.
pub(super) fn place(store: &dyn Store, kept: &NewQuarantined) -> Result<String, Failed> {
    Ok(format!("{}/{}", folder(store, kept)?, one_line(&name(store, kept)?)))
}

/// The folder it lay in, as far as that may be shown.
fn folder(store: &dyn Store, kept: &NewQuarantined) -> Result<String, Failed> {
    let lay_in = &kept.prior.folder;
    let known = match (&lay_in.id, &lay_in.path) {
        (Some(id), _) => store.find(kept.connector, ItemKind::Folder, id)?,
        (None, Some(path)) => store.find_path(kept.connector, &lay_in.place, &path.to_lowercase())?,
        _ => None,
    };
    Ok(known.map(|known| one_line(&known.shown).to_string()).unwrap_or_default())
}

/// Its name, as far as that may be shown: as the store shows it, without what quarantine put behind it.
fn name(store: &dyn Store, kept: &NewQuarantined) -> Result<String, Failed> {
    let known = match kept.item {
        Some(item) => store.item(item)?,
        None => None,
    };
    let shown = known.map(|known| known.shown.rsplit('/').next().unwrap_or_default().to_owned());
    Ok(match shown.filter(|shown| !shown.is_empty()) {
        Some(shown) => shown.replace(&format!(" ({})", kept.id), ""),
        None => format!("(a {} whose name is not known here)", kind(kept.prior.kind)),
    })
}

/// Whether it had this name, or lay at this path.
pub(super) fn lay_at(store: &dyn Store, kept: &NewQuarantined, asked: &str) -> Result<bool, Failed> {
    let prior = &kept.prior;
    let asked = asked.to_lowercase();
    if prior.name.to_lowercase() == asked {
        return Ok(true);
    }
    let lay_in = &prior.folder;
    let path = match (&lay_in.path, &lay_in.id) {
        (Some(path), _) => path.to_string(),
        (None, Some(id)) => {
            let known = store.find(kept.connector, ItemKind::Folder, id)?;
            known.and_then(|known| known.item.path.as_deref().map(str::to_owned)).unwrap_or_default()
        }
        (None, None) => String::new(),
    };
    let whole = format!("{path}/{}", prior.name).to_lowercase();
    Ok(whole == asked || whole.trim_start_matches('/') == asked.trim_start_matches('/'))
}

/// The policies that wanted it.
pub(super) fn who(kept: &NewQuarantined) -> String {
    if kept.policies.is_empty() { "a person".to_owned() } else { kept.policies.join(", ") }
}

/// Whose quarantine it lies in.
pub(super) fn whose(kept: &NewQuarantined) -> &'static str {
    match kept.whose {
        Whose::Company => "the company's quarantine",
        Whose::Owner => "the owner's quarantine",
    }
}

/// A line of `list --format jsonl`.
pub(super) fn row(store: &dyn Store, one: &Quarantined) -> Result<Value, Failed> {
    let kept = &one.is;
    let connectors = store.connectors()?;
    let connector = connectors.iter().find(|known| known.number == kept.connector).map(|known| known.name.as_str());
    Ok(json!({
        "schema": "sluicebox.quarantined/1",
        "id": &*kept.id,
        "connector": connector,
        "item": kept.item.map(|item| item.0),
        "kind": kind(kept.prior.kind),
        "since": one.since.to_string(),
        "released": one.released.map(|at| at.to_string()),
        "policies": kept.policies.iter().map(|policy| &**policy).collect::<Vec<_>>(),
        "intent": kept.intent.map(|intent| intent.0),
        "quarantine": match kept.whose { Whose::Company => "company", Whose::Owner => "owner" },
        "owner": &*kept.owner,
        "path": place(store, kept)?,
        "found": kept.found.iter().map(|(detector, count)| (detector.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
    }))
}

/// What `show --format jsonl` tells.
pub(super) fn whole(store: &dyn Store, one: &Quarantined) -> Result<Value, Failed> {
    let prior = &one.is.prior;
    let (_, lost) = restore::way_back(&one.is);
    let links: Vec<Value> = prior
        .links
        .iter()
        .map(|link| {
            json!({
                "lets_in": audience(link.audience), "password": link.password,
                "expires": link.expires.map(|at| at.to_string()), "download": link.download,
            })
        })
        .collect();
    let members: Vec<Value> = own(prior)
        .map(|member| json!({"who": login(&member.who), "role": &*member.role, "pending": member.pending}))
        .collect();
    let more = json!({
        "bytes": prior.size_bytes,
        "version": prior.version.as_deref(),
        "trashed": prior.trashed,
        "links": links,
        "members": members,
        "members_hidden": matches!(prior.members, Members::Hidden),
        "lost": lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    Ok(crate::cli::ask::with(row(store, one)?, more))
}

/// The state before, line by line.
pub(super) fn prior(kept: &NewQuarantined, line: &mut dyn FnMut(String) -> Result<(), Failed>) -> Result<(), Failed> {
    let prior = &kept.prior;
    line("  A restore brings back:".into())?;
    line(format!("    its name and place{}", if prior.trashed { ", in the trash" } else { "" }))?;
    for link in &prior.links {
        line(format!("    {}", link_words(link)))?;
    }
    for member in own(prior) {
        let pending = if member.pending { ", invited" } else { "" };
        line(format!("    {} as {}{pending}", one_line(&login(&member.who)), one_line(&member.role)))?;
    }
    if let Members::Hidden = prior.members {
        line("    members that were hidden are not known".into())?;
    }
    let (_, lost) = restore::way_back(kept);
    for loss in lost {
        line(format!("  Not as it was: {loss}."))?;
    }
    Ok(())
}

fn link_words(link: &OwnLink) -> String {
    let mut words = format!("a link for {}", audience(link.audience));
    if link.password {
        words.push_str(", with a password");
    }
    if let Some(at) = link.expires {
        words.push_str(&format!(", until {at}"));
    }
    if link.download == Some(false) {
        words.push_str(", without download");
    }
    words
}

/// Its own members but the owner.
fn own(prior: &ItemState) -> impl Iterator<Item = &Member> {
    let known: &[Member] = if let Members::Known(members) = &prior.members { members } else { &[] };
    known.iter().filter(|member| member.inherited_from.is_none() && &*member.role != "owner")
}

fn login(who: &Who) -> String {
    let told = |login: &Option<Arc<str>>| login.as_deref().map(str::to_owned);
    match who {
        Who::Person { account, login, .. } => told(login).or_else(|| told(account)).unwrap_or_default(),
        Who::Group { id, .. } => format!("group {id}"),
        Who::Invited { login } => login.to_string(),
        Who::Unauthenticated => "anybody".into(),
    }
}

fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "anybody",
        Audience::Company => "the company",
        Audience::Members => "members",
        Audience::Unknown => "nobody knows whom",
    }
}

fn kind(kind: ItemKind) -> &'static str {
    crate::cli::ask::kind_name(kind)
}
