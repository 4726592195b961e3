//! Copies: made by whoever sees both folders, else handed from one principal to another by a reference.
//!
//! A copy counts as the order's when it has the name that was asked for and the content of the original: an order that is
//! given again finds it and makes no second one. References have no admin mode, so the admin saves one in person, as a member of the
//! target folder (of the company's quarantine the admin is one). Source: files.stone (`copy_v2`, `copy_reference`).

use super::super::super::wire::{Entry, text};
use super::super::super::{Tenant, route};
use super::super::read::Actor;
use super::{Applied, Asked, Block, ItemState, failed, id_of, is_taken, path_in, spelt_out, unread, within};
use crate::model::action::{Action, Folder};
use crate::model::{ContentHash, ItemKind, Principal};
use crate::provider::{Error, Next};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `RelocationResult`, `SaveCopyReferenceResult`.
#[derive(Debug, Default, Deserialize)]
struct Made {
    metadata: Option<Entry>,
}

impl Tenant {
    /// The id of the order's copy. `now` is complete but for the facets.
    pub(in super::super) fn copy_state(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Option<Arc<str>>, Error> {
        let Action::Copy { to, name } = &asked.order.action else { return Ok(None) };
        match self.entry(&self.admin_eyes()?, &to.place, &path_in(to, name)) {
            Ok(entry) => Ok(entry.id.as_deref().filter(|_| is_like(&entry, now)).map(Arc::from)),
            Err(error) if error.next() == Next::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn copy_to(
        &self,
        asked: &Asked<'_>,
        now: &ItemState,
        to: &Folder,
        name: &str,
    ) -> Result<Applied, Applied> {
        let reader = self.actor(asked, now)?;
        let writer = self.actor_or_blocked(asked, &to.place)?;
        let made = match self.who_sees_both(asked, now, to, &reader, &writer)? {
            Some(copier) => self.copied(asked, to, name, copier),
            None => self.handed_over(asked, now, to, name, (&reader, &writer)),
        };
        Ok(match made {
            Ok((made, request)) => match made.metadata {
                // It changed meanwhile: what was copied is another content.
                Some(entry) if !is_like(&entry, now) => Applied::Moved,
                _ => Applied::Done(request.into_iter().collect()),
            },
            Err(error) if is_taken(&error) => Applied::Blocked(Block::NameTaken),
            Err(error) => failed(error),
        })
    }

    /// Whoever of the two can read the one folder and write in the other.
    fn who_sees_both<'a>(
        &self,
        asked: &Asked<'_>,
        now: &ItemState,
        to: &Folder,
        reader: &'a Actor,
        writer: &'a Actor,
    ) -> Result<Option<&'a Actor>, Applied> {
        if now.folder.place == to.place || reader == writer {
            return Ok(Some(writer));
        }
        let is_in = |who: &Actor, place: &Arc<str>| match who.principal {
            Principal::Person(_) => self.is_member(asked.people, &who.principal, place).map_err(unread),
            _ => Ok(None),
        };
        if is_in(writer, &now.folder.place)? == Some(true) {
            return Ok(Some(writer));
        }
        Ok((is_in(reader, &to.place)? == Some(true)).then_some(reader))
    }

    fn copied(
        &self,
        asked: &Asked<'_>,
        to: &Folder,
        name: &str,
        copier: &Actor,
    ) -> Result<(Made, Option<Arc<str>>), Error> {
        let argument = json!({"from_path": id_of(asked), "to_path": spelt_out(to, name), "autorename": false});
        self.team.desk.act(&copier.acts(&route::COPY, "copy an item", Some(&to.place)), &argument)
    }

    /// A reference changes nothing, so it may be asked for again.
    fn handed_over(
        &self,
        asked: &Asked<'_>,
        now: &ItemState,
        to: &Folder,
        name: &str,
        (reader, writer): (&Actor, &Actor),
    ) -> Result<(Made, Option<Arc<str>>), Error> {
        let ask = reader.looks(&route::GET_REFERENCE, "ask for a copy's reference").within(&now.folder.place);
        let told: Value = self.team.desk.rpc(&ask, &json!({"path": id_of(asked)}))?;
        let reference = text(&told, "copy_reference")
            .ok_or_else(|| Error::new(Next::Refused, "ask for a copy's reference", "an answer without one"))?;
        let ask = within(writer, &route::SAVE_REFERENCE, &to.place, "save a copy");
        self.team.desk.act(&ask, &json!({"copy_reference": reference, "path": path_in(to, name)}))
    }
}

/// True for the same kind of thing with the same content; folders are told by their name alone.
fn is_like(entry: &Entry, now: &ItemState) -> bool {
    let is_folder = entry.tag.as_deref() == Some("folder");
    let hash = entry.content_hash.as_deref().and_then(ContentHash::parse);
    match now.kind {
        ItemKind::Folder => is_folder,
        // What the service keeps no hash of (a document of its own) is told by its name.
        _ => !is_folder && (hash == now.hash || hash.is_none()),
    }
}
