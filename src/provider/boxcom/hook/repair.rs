//! Where hooks should be, where they are, and the calls that make the one the other.
//!
//! A hook covers a folder with everything below, never a root folder; one application may have one for each user and target and
//! a thousand in all for a user. So there is one on each top-level folder that a user owns. Box drops a hook that fails for
//! long: run this daily.

use crate::model::{Directory, Principal, Role, Side, Status};
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::Ask;
use crate::provider::boxcom::judge::Scope;
use crate::provider::boxcom::wire::{Listed, Paged, Webhook};
use crate::provider::http::Urgency;
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use url::Url;

/// What hooks tell of.
pub const TRIGGERS: [&str; 21] = [
    "FILE.UPLOADED",
    "FILE.COPIED",
    "FILE.MOVED",
    "FILE.RENAMED",
    "FILE.RESTORED",
    "FILE.TRASHED",
    "FILE.DELETED",
    "FOLDER.COPIED",
    "FOLDER.MOVED",
    "FOLDER.RESTORED",
    "FOLDER.TRASHED",
    "COLLABORATION.CREATED",
    "COLLABORATION.ACCEPTED",
    "COLLABORATION.UPDATED",
    "COLLABORATION.REMOVED",
    "SHARED_LINK.CREATED",
    "SHARED_LINK.UPDATED",
    "SHARED_LINK.DELETED",
    "METADATA_INSTANCE.CREATED",
    "METADATA_INSTANCE.UPDATED",
    "METADATA_INSTANCE.DELETED",
];

/// Hooks one application may have for one user.
const HOOKS_MAX: usize = 1000;

/// How often a hook is asked for when the answer leaves open whether it was made.
const MAKES_MAX: u32 = 5;

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// Hooks that were as they should be.
    pub kept: u64,
    /// Hooks that were missing and are there now.
    pub made: u64,
    /// Hooks whose address or triggers were put right.
    pub mended: u64,
    /// Hooks of ours on folders that should have none, or second ones: deleted.
    pub dropped: u64,
    /// Folders without a hook: above the limit, or refused.
    pub left_out: u64,
}

/// A hook as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    id: Arc<str>,
    folder: Option<Arc<str>>,
    address: Option<Arc<str>>,
    triggers: BTreeSet<String>,
}

/// One call that is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Drop(Arc<str>),
    Mend(Arc<str>),
    Make(Arc<str>),
}

/// What has to be done so that each folder has one right hook. Hooks with another address are another deployment's and are
/// left alone, unless they stand where ours must be: Box takes one for each target.
fn plan(found: &[Found], folders: &BTreeSet<Arc<str>>, address: &Url) -> (Vec<Step>, Repair) {
    let mut report = Repair::default();
    let mut steps = Vec::new();
    let mut by_folder: BTreeMap<&Arc<str>, &Found> = BTreeMap::new();
    for hook in found {
        let ours = hook.address.as_deref() == Some(address.as_str());
        match &hook.folder {
            Some(folder) if folders.contains(folder) && !by_folder.contains_key(folder) => {
                by_folder.insert(folder, hook);
            }
            _ if ours => steps.push(Step::Drop(Arc::clone(&hook.id))),
            _ => {}
        }
    }
    let mut room = HOOKS_MAX.saturating_sub(found.len() - steps.len());
    for folder in folders {
        match by_folder.get(folder) {
            Some(hook) if is_right(hook, address) => report.kept += 1,
            Some(hook) => steps.push(Step::Mend(Arc::clone(&hook.id))),
            None if room == 0 => report.left_out += 1,
            None => {
                room -= 1;
                steps.push(Step::Make(Arc::clone(folder)));
            }
        }
    }
    (steps, report)
}

fn is_right(hook: &Found, address: &Url) -> bool {
    hook.address.as_deref() == Some(address.as_str()) && hook.triggers.iter().map(String::as_str).eq(sorted_triggers())
}

fn sorted_triggers() -> impl Iterator<Item = &'static str> {
    BTreeSet::from(TRIGGERS).into_iter()
}

impl Tenant {
    /// Sees to it that each top-level folder of each active user has one hook to `address` (https on port 443, reachable from
    /// outside), and says what that took. Does nothing where all is right.
    ///
    /// # Errors
    /// When hooks cannot be listed or made at all (the scope is missing, the address is refused). A folder that is refused
    /// by itself is counted in [`Repair::left_out`].
    pub fn repair_hooks(&self, people: &Directory, address: &Url) -> Result<Repair, Error> {
        let mut all = Repair::default();
        let walked = people.people().iter().filter(|person| {
            person.side == Side::Internal && person.status == Status::Active && person.role != Role::Service
        });
        for person in walked {
            let acting = Principal::Person(Arc::clone(&person.id));
            let folders = match self.top_folders(&acting) {
                Ok(folders) => folders,
                // Out of reach, as the listing says with its reason.
                Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => continue,
                Err(error) => return Err(error),
            };
            let (steps, report) = plan(&self.hooks(&acting)?, &folders, address);
            all.kept += report.kept;
            all.left_out += report.left_out;
            for step in steps {
                self.take(&step, &acting, address, &mut all)?;
            }
        }
        Ok(all)
    }

    /// Ids of the top-level folders a user owns.
    fn top_folders(&self, acting: &Principal) -> Result<BTreeSet<Arc<str>>, Error> {
        let fields = ("fields", "id,type,owned_by");
        let entries: Vec<Listed> = self.all_pages(
            &["folders", "0", "items"],
            &[("usemarker", "true"), ("limit", "1000"), fields],
            acting,
            Scope::AsUser,
            "list top folders",
        )?;
        let owns = |entry: &Listed| entry.owned_by.as_ref().and_then(|owner| owner.id.as_deref()) == acting.id();
        let folders = entries.into_iter().filter(|entry| entry.kind.as_deref() == Some("folder") && owns(entry));
        Ok(folders.filter_map(|entry| entry.id).collect())
    }

    /// The hooks of this application for a user. The list tells ids and targets, each hook by itself the rest.
    fn hooks(&self, acting: &Principal) -> Result<Vec<Found>, Error> {
        let listed: Vec<Webhook> =
            self.all_pages(&["webhooks"], &[("limit", "200")], acting, Scope::Webhooks, "list webhooks")?;
        let mut found = Vec::new();
        for id in listed.into_iter().filter_map(|hook| hook.id).take(HOOKS_MAX) {
            match self.api.get::<Webhook>(&ask(&["webhooks", &id], &[], acting, Scope::Webhooks, "read a webhook")) {
                Ok(hook) => found.push(found_of(id, hook)),
                Err(error) if error.next() == Next::Gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn take(&self, step: &Step, acting: &Principal, address: &Url, report: &mut Repair) -> Result<(), Error> {
        let (result, count) = match step {
            Step::Drop(id) => {
                let path = ["webhooks", id];
                let ask = ask(&path, &[], acting, Scope::Webhooks, "delete a webhook");
                let dropped = self.api.delete(&ask).or_else(|error| match error.next() {
                    Next::Gone => Ok(()),
                    _ => Err(error),
                });
                (dropped, &mut report.dropped)
            }
            Step::Mend(id) => {
                let path = ["webhooks", id];
                let ask = ask(&path, &[], acting, Scope::Webhooks, "mend a webhook");
                let body = json!({"address": address.as_str(), "triggers": TRIGGERS}).to_string();
                (self.api.write(Method::PUT, &body, &ask).map(drop::<Webhook>), &mut report.mended)
            }
            Step::Make(folder) => {
                let ask = ask(&["webhooks"], &[], acting, Scope::Webhooks, "make a webhook");
                let target = json!({"id": folder, "type": "folder"});
                let body = json!({"target": target, "address": address.as_str(), "triggers": TRIGGERS}).to_string();
                (self.make(&body, &ask), &mut report.made)
            }
        };
        match result {
            Ok(()) => *count += 1,
            // Somebody was quicker (409), or the folder is gone or refuses: the next repair sees.
            Err(error) if matches!(error.next(), Next::Moved | Next::Gone) => report.left_out += 1,
            Err(error) if error.next() == Next::Forbidden && error.advice().is_none() => report.left_out += 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Makes a hook. It may be asked for again after a fault that leaves open whether it is there: then it is found there.
    fn make(&self, body: &str, ask: &Ask<'_>) -> Result<(), Error> {
        let mut made = self.api.write(Method::POST, body, ask).map(drop::<Webhook>);
        for _ in 1..MAKES_MAX {
            match &made {
                Err(error) if error.next() == Next::Transient => {}
                _ => return made,
            }
            made = self.api.write(Method::POST, body, ask).map(drop::<Webhook>).or_else(|error| match error.next() {
                Next::Moved => Ok(()),
                _ => Err(error),
            });
        }
        made
    }

    fn all_pages<T: Default + serde::de::DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        acting: &Principal,
        scope: Scope,
        doing: &str,
    ) -> Result<Vec<T>, Error> {
        let (mut all, mut pages) = (Vec::new(), Pages::of(doing));
        let mut marker: Option<Arc<str>> = None;
        loop {
            let mut query = query.to_vec();
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let page: Paged<T> = self.api.get(&ask(path, &query, acting, scope, doing))?;
            marker = page.onward();
            all.extend(page.entries);
            match &marker {
                Some(marker) => pages.on(marker)?,
                None => return Ok(all),
            };
        }
    }
}

fn ask<'a>(
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    acting: &'a Principal,
    scope: Scope,
    doing: &str,
) -> Ask<'a> {
    Ask { path, query, read_as: acting, urgency: Urgency::Bulk, scope, doing: doing.into() }
}

fn found_of(id: Arc<str>, hook: Webhook) -> Found {
    let triggers = hook.triggers.as_array().map(Vec::as_slice).unwrap_or_default();
    Found {
        id,
        folder: hook.target.filter(|target| target.kind.as_deref() == Some("folder")).and_then(|target| target.id),
        address: hook.address,
        triggers: triggers.iter().filter_map(|trigger| trigger.as_str().map(str::to_owned)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(id: &str, folder: &str, address: &str, triggers: &[&str]) -> Found {
        Found {
            id: id.into(),
            folder: (folder != "-").then(|| folder.into()),
            address: Some(address.into()),
            triggers: triggers.iter().map(|trigger| (*trigger).to_owned()).collect(),
        }
    }

    #[test]
    fn what_a_repair_takes() {
        const OURS: &str = "https://scan.example.com/box";
        const OTHER: &str = "https://old.example.com/box";
        let (drop, mend, make) =
            (|id: &str| Step::Drop(id.into()), |id: &str| Step::Mend(id.into()), |id: &str| Step::Make(id.into()));
        for (name, found, folders, steps, kept) in [
            ("nothing there", vec![], vec!["1", "2"], vec![make("1"), make("2")], 0),
            ("all right", vec![hook("a", "1", OURS, &TRIGGERS)], vec!["1"], vec![], 1),
            ("old address", vec![hook("a", "1", OTHER, &TRIGGERS)], vec!["1"], vec![mend("a")], 0),
            ("old triggers", vec![hook("a", "1", OURS, &TRIGGERS[..3])], vec!["1"], vec![mend("a")], 0),
            ("folder gone", vec![hook("a", "9", OURS, &TRIGGERS)], vec!["1"], vec![drop("a"), make("1")], 0),
            ("somebody else's", vec![hook("a", "9", OTHER, &TRIGGERS)], vec![], vec![], 0),
            ("on a file", vec![hook("a", "-", OURS, &TRIGGERS)], vec![], vec![drop("a")], 0),
            (
                "two",
                vec![hook("a", "1", OURS, &TRIGGERS), hook("b", "1", OURS, &TRIGGERS)],
                vec!["1"],
                vec![drop("b")],
                1,
            ),
        ] {
            let folders: BTreeSet<Arc<str>> = folders.into_iter().map(Arc::from).collect();
            let (got, report) = plan(&found, &folders, &Url::parse(OURS).unwrap());
            assert_eq!((got, report.kept), (steps, kept), "{name}");
        }
    }

    #[test]
    fn a_user_has_a_thousand_hooks_at_most() {
        let folders: BTreeSet<Arc<str>> = (0..1_200).map(|id| id.to_string().into()).collect();
        let (steps, report) = plan(&[], &folders, &Url::parse("https://scan.example.com/box").unwrap());
        assert_eq!((steps.len(), report.left_out), (1_000, 200));
    }
}
