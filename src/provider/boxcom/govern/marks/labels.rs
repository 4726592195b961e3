//! Labels: Box's classification, which is a metadata template of the company with one field.
//!
//! The order of the levels is that of the template's options. A label is only ever put where the reading found what it now
//! replaces: a patch first tests for it, and making one fails when somebody was quicker.
//!
//! Source: Box guides "Classifications"; API reference "Update classification on file".

use super::{At, by, came_of};
use crate::clock::Moment;
use crate::model::action::{Block, ItemState, Labels, TargetItem};
use crate::model::{ItemKind, Principal};
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::Change;
use crate::provider::boxcom::govern::places::text;
use crate::provider::govern::Applied;
use crate::provider::http::Payload;
use crate::provider::{Error, Next};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The classification's template.
const TEMPLATE: &str = "securityClassification-6VMVochwUWo";

/// Its one field.
const KEY: &str = "Box__Security__Classification__Key";

/// How long the company's levels are kept.
const FRESH: Duration = Duration::from_secs(600);

/// The company's levels, and when they were read.
pub(super) type Known = Mutex<Option<(Moment, Vec<Arc<str>>)>>;

impl Tenant {
    /// The item's label and all there are, the lowest first. A company that has no classification has no labels.
    pub(in super::super) fn labels_of(&self, item: &TargetItem, by: &Principal) -> Result<Labels, Error> {
        let at = At { kind: item.kind, id: &item.id };
        if at.kind == ItemKind::WebLink {
            return Ok(Labels::default());
        }
        let order = self.levels(by)?;
        let set = match self.look_up::<Value>(&path(at), &[], by, at.doing("read the label of")) {
            Ok(instance) => text(&instance[KEY]),
            Err(error) if error.next() == Next::Gone => None,
            Err(error) => return Err(error),
        };
        Ok(Labels { set, order })
    }

    /// The company's levels, the lowest first; empty when it has none.
    fn levels(&self, by: &Principal) -> Result<Vec<Arc<str>>, Error> {
        let now = self.api.clock().now();
        let known = self.kept.labels.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, levels)) = known.filter(|(at, _)| now.since(*at) < FRESH) {
            return Ok(levels);
        }
        let path = ["metadata_templates", "enterprise", TEMPLATE, "schema"];
        let schema = match self.look_up::<Value>(&path, &[], by, "read the company's labels") {
            Ok(schema) => schema,
            Err(error) if error.next() == Next::Gone => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let levels = levels_in(&schema);
        *self.kept.labels.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, levels.clone()));
        Ok(levels)
    }

    /// Labels the item, in place of what was read.
    pub(super) fn set_label(&self, at: At<'_>, now: &ItemState, label: &str) -> Applied {
        let none = || Applied::Blocked(Block::NoSuchLabel(label.into()));
        let set = match &now.labels.set {
            None => self.post(&path(at), &json!({KEY: label}), by(now), at.doing("label")),
            Some(present) => {
                let field = format!("/{KEY}");
                let test = json!({"op": "test", "path": field, "value": present});
                let body = json!([test, {"op": "replace", "path": field, "value": label}]).to_string();
                let path = path(at);
                let change = Change::of(Method::PUT, &path, by(now), at.doing("label"));
                let kind = [("content-type", "application/json-patch+json".to_owned())];
                self.api.change(&Change { payload: Payload::Json(&body), headers: &kind, ..change })
            }
        };
        match set {
            Err(error) if error.next() == Next::Gone && now.labels.order.is_empty() => none(),
            Err(error) if error.said() == "400 schema_validation_failed" => none(),
            set => came_of(set),
        }
    }

    /// Takes the label away.
    pub(super) fn clear_label(&self, at: At<'_>, now: &ItemState) -> Applied {
        let path = path(at);
        came_of(self.api.change(&Change::of(Method::DELETE, &path, by(now), at.doing("unlabel"))))
    }
}

fn path(at: At<'_>) -> [&str; 5] {
    [at.route(), at.id, "metadata", "enterprise", TEMPLATE]
}

/// The options of the template's field.
fn levels_in(schema: &Value) -> Vec<Arc<str>> {
    let fields = schema["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let field = fields.iter().find(|field| field["key"].as_str() == Some(KEY)).or(fields.first());
    let options = field.and_then(|field| field["options"].as_array()).map(Vec::as_slice).unwrap_or_default();
    options.iter().filter_map(|option| text(&option["key"])).collect()
}
