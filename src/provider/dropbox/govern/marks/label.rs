//! Labels: a property template of our own with one text field, known by its name.
//!
//! Dropbox has no classification, so the order of labels comes with the order ([`crate::model::action::Action::SetLabel`]).
//! The template is looked for by its name, made when there is none, and then remembered, so that all files of a team carry
//! the same one whichever machine labels them. Templates of a team fit files alone. Source: file_properties.stone.

use super::super::super::Tenant;
use super::super::super::call::Ask;
use super::super::super::route::{self, Route};
use super::super::super::wire::text;
use super::super::has;
use super::super::places::{done, id_of, not_offered, unread};
use crate::model::action::{ItemState, Labels};
use crate::model::{ItemKind, Principal};
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Urgency;
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};

/// The template's name, by which it is found again.
pub(super) const TEMPLATE: &str = "sluicebox label";
/// Its one field.
pub(super) const FIELD: &str = "label";
/// Templates of a team that are looked through.
const TEMPLATES_MAX: usize = 200;
const DOING: &str = "find or make the template of labels";

impl Tenant {
    /// The label; asked for when [`crate::provider::govern::Facets::labels`] says so.
    pub(in super::super) fn labels_of(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Labels, Error> {
        if now.kind == ItemKind::Folder || now.trashed {
            return Ok(Labels::default());
        }
        let Some(template) = self.template(false)? else { return Ok(Labels::default()) };
        let eyes = self.admin_eyes()?;
        let ask = eyes.looks(&route::METADATA, "read an item's label").within(&now.folder.place);
        let argument = json!({
            "path": id_of(asked),
            "include_property_groups": {".tag": "filter_some", "filter_some": [&*template]},
        });
        match self.team.desk.rpc::<Value>(&ask, &argument) {
            Ok(told) => Ok(Labels { set: label_in(&told, &template), order: Vec::new() }),
            // Somebody removed the template, and all labels with it.
            Err(error) if has(&error, "template_not_found") => {
                self.forget_template();
                Ok(Labels::default())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn set_label(&self, asked: &Asked<'_>, now: &ItemState, label: &str) -> Result<Applied, Applied> {
        if now.kind == ItemKind::Folder {
            return Err(not_offered("at Dropbox a label is a property, which only files can have"));
        }
        let actor = self.in_person(asked, now)?;
        let Some(template) = self.template(true).map_err(unread)? else { return Ok(Applied::Moved) };
        let argument = json!({
            "path": id_of(asked),
            "property_groups": [{"template_id": &*template, "fields": [{"name": FIELD, "value": label}]}],
        });
        let ask = actor.acts(&route::SET_PROPERTIES, "label an item", None);
        Ok(self.labelled(self.act_quietly(&ask, &argument)))
    }

    pub(super) fn clear_label(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Applied, Applied> {
        let actor = self.in_person(asked, now)?;
        let Some(template) = self.template(false).map_err(unread)? else { return Ok(Applied::Moved) };
        let argument = json!({"path": id_of(asked), "property_template_ids": [&*template]});
        let ask = actor.acts(&route::END_PROPERTIES, "take an item's label away", None);
        Ok(self.labelled(self.act_quietly(&ask, &argument)))
    }

    fn labelled(&self, made: Result<Vec<Arc<str>>, Error>) -> Applied {
        match made {
            Err(error) if has(&error, "template_not_found") => {
                self.forget_template();
                Applied::Moved
            }
            Err(error) if has(&error, "property_group_not_found") => Applied::Moved,
            made => done(made),
        }
    }

    fn forget_template(&self) {
        *self.label_template.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Our template; made when there is none and `make` says so. One thread looks and makes, the others wait for it.
    fn template(&self, make: bool) -> Result<Option<Arc<str>>, Error> {
        let mut known = self.label_template.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = self.found_template()?;
        }
        if known.is_none() && make {
            *known = Some(self.made_template()?);
        }
        Ok(known.clone())
    }

    fn found_template(&self) -> Result<Option<Arc<str>>, Error> {
        let listed: Value = self.team.desk.rpc(&by_team(&route::TEMPLATES), &json!(null))?;
        let ids = listed["template_ids"].as_array();
        let ids = ids.ok_or_else(|| Error::new(Next::Transient, DOING, "an answer without a list"))?;
        for id in ids.iter().filter_map(Value::as_str).take(TEMPLATES_MAX) {
            match self.team.desk.rpc::<Value>(&by_team(&route::TEMPLATE), &json!({ "template_id": id })) {
                Ok(template) if is_ours(&template) => return Ok(Some(id.into())),
                Ok(_) => {}
                Err(error) if has(&error, "template_not_found") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn made_template(&self) -> Result<Arc<str>, Error> {
        let argument = json!({
            "name": TEMPLATE,
            "description": "How confidential a file is, as sluicebox found",
            "fields": [{"name": FIELD, "description": "The label", "type": {".tag": "string"}}],
        });
        let ask = by_team(&route::ADD_TEMPLATE).changing(None);
        let (made, _) = self.team.desk.act::<Value>(&ask, &argument)?;
        let id = text(&made, "template_id").map(Arc::from);
        id.ok_or_else(|| Error::new(Next::Transient, DOING, "an answer without an id"))
    }
}

/// A call in the team's own name.
fn by_team(route: &'static Route) -> Ask<'static> {
    Ask { urgency: Urgency::Act, ..Ask::new(route, &Principal::Tenant, DOING) }
}

/// True for a template of our name that has our field.
fn is_ours(template: &Value) -> bool {
    let mut fields = template["fields"].as_array().into_iter().flatten();
    text(template, "name") == Some(TEMPLATE) && fields.any(|field| text(field, "name") == Some(FIELD))
}

/// The label among an item's property groups.
fn label_in(item: &Value, template: &str) -> Option<Arc<str>> {
    let mut groups = item["property_groups"].as_array().into_iter().flatten();
    let group = groups.find(|group| text(group, "template_id") == Some(template))?;
    let mut fields = group["fields"].as_array().into_iter().flatten();
    let field = fields.find(|field| text(field, "name") == Some(FIELD))?;
    text(field, "value").filter(|label| !label.is_empty()).map(Arc::from)
}
