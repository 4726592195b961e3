//! What each route takes: style, door, authentication, admin mode, scope, and the shape of its argument.
//!
//! The table (`routes.json`) is made from Dropbox's published specification by `from_stone.py`; it holds no documentation
//! and only the routes the emulator has. An argument is refused as the service refuses it: an unknown field or tag, a wrong
//! type, a missing field, a length or pattern that does not fit.

use regex::Regex;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

/// How a route takes its argument and gives its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// JSON in, JSON out.
    Rpc,
    /// Argument in a header, content out.
    Download,
    /// Argument in a header, content in.
    Upload,
}

/// What a Select-Admin header may do on a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everything the team can reach.
    WholeTeam,
    /// What the team owns.
    TeamAdmin,
}

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    /// Name, `files/list_folder`.
    pub(super) name: String,
    /// Style.
    pub(super) style: Style,
    /// `api`, `content` or `notify`.
    pub(super) host: String,
    /// `user`, `team`, `app`, `noauth`, or two of them.
    pub(super) auth: String,
    /// Admin mode.
    pub(super) mode: Option<Mode>,
    /// Needed scope.
    pub(super) scope: Option<String>,
    /// Shape of the argument; `None` takes none.
    argument: Option<Shape>,
}

#[derive(Clone, Debug)]
enum Shape {
    Void,
    Flag,
    Whole { low: i128, high: i128 },
    Float,
    Text { least: usize, most: usize, pattern: Option<String> },
    Time,
    Maybe(Box<Shape>),
    List { of: Box<Shape>, least: usize, most: usize },
    Named(String),
}

#[derive(Debug)]
enum Kind {
    Struct(Vec<(String, Shape, bool)>),
    Union(Vec<(String, Shape)>),
}

struct Table {
    routes: HashMap<String, Route>,
    kinds: HashMap<String, Kind>,
    patterns: HashMap<String, Regex>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| read(include_str!("routes.json")));

/// The route of that name.
pub(super) fn route(name: &str) -> Option<&'static Route> {
    TABLE.routes.get(name)
}

impl Route {
    /// True when the route takes no argument.
    pub(super) fn takes_nothing(&self) -> bool {
        self.argument.is_none()
    }

    /// Checks an argument; the error is the service's kind of sentence, which names the field.
    pub(super) fn check(&self, argument: &Value) -> Result<(), String> {
        match &self.argument {
            None if argument.is_null() => Ok(()),
            None => Err("expected null, got a value".into()),
            Some(shape) => check(shape, argument, ""),
        }
    }
}

fn read(text: &str) -> Table {
    let table: Value = serde_json::from_str(text).unwrap_or_default();
    let mut patterns = HashMap::new();
    let mut routes = HashMap::new();
    for (name, row) in object(&table["routes"]) {
        let word = |at: usize| row[at].as_str().unwrap_or_default().to_owned();
        let style = match row[0].as_str() {
            Some("download") => Style::Download,
            Some("upload") => Style::Upload,
            _ => Style::Rpc,
        };
        let mode = match row[3].as_str() {
            Some("whole_team") => Some(Mode::WholeTeam),
            Some("team_admin") => Some(Mode::TeamAdmin),
            _ => None,
        };
        let scope = row[4].as_str().map(str::to_owned);
        let argument = (!row[5].is_null()).then(|| shape(&row[5], &mut patterns));
        let route = Route { name: name.clone(), style, host: word(1), auth: word(2), mode, scope, argument };
        routes.insert(name.clone(), route);
    }
    let kinds = object(&table["types"]).map(|(name, row)| (name.clone(), kind(row, &mut patterns))).collect();
    Table { routes, kinds, patterns }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn kind(row: &Value, patterns: &mut HashMap<String, Regex>) -> Kind {
    if row[0] == "struct" {
        let field = |(name, field): (&String, &Value)| (name.clone(), shape(&field[0], patterns), field[1] == 1);
        Kind::Struct(object(&row[1]).map(field).collect())
    } else {
        Kind::Union(object(&row[1]).map(|(tag, payload)| (tag.clone(), shape(payload, patterns))).collect())
    }
}

fn shape(row: &Value, patterns: &mut HashMap<String, Regex>) -> Shape {
    if let Some(name) = row.as_str() {
        return match name {
            "b" => Shape::Flag,
            "f" => Shape::Float,
            other => Shape::Named(other.to_owned()),
        };
    }
    let count = |at: usize, none: usize| row[at].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(none);
    match row[0].as_str() {
        Some("s") => {
            let pattern = row[3].as_str().map(str::to_owned);
            if let Some(text) = &pattern
                && let Ok(regex) = Regex::new(&format!(r"\A(?:{text})\z"))
            {
                patterns.insert(text.clone(), regex);
            }
            Shape::Text { least: count(1, 0), most: count(2, usize::MAX), pattern }
        }
        Some("i") => {
            let bound = |at: usize| i128::from(row[at].as_i64().unwrap_or(i64::MAX));
            Shape::Whole { low: bound(1), high: bound(2) }
        }
        Some("t") => Shape::Time,
        Some("o") => Shape::Maybe(Box::new(shape(&row[1], patterns))),
        Some("l") => {
            Shape::List { of: Box::new(shape(&row[1], patterns)), least: count(2, 0), most: count(3, usize::MAX) }
        }
        _ => Shape::Void,
    }
}

fn check(shape: &Shape, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(if at.is_empty() { what.to_owned() } else { format!("{at}: {what}") });
    match shape {
        Shape::Void if value.is_null() => Ok(()),
        Shape::Void => wrong("expected null"),
        Shape::Flag if value.is_boolean() => Ok(()),
        Shape::Flag => wrong("expected boolean"),
        Shape::Float if value.is_number() => Ok(()),
        Shape::Float => wrong("expected number"),
        Shape::Whole { low, high } => match value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from)) {
            Some(n) if n < *low || n > *high => wrong("number out of range"),
            Some(_) => Ok(()),
            None => wrong("expected integer"),
        },
        Shape::Text { least, most, pattern } => match value.as_str() {
            Some(text) => check_text(text, *least, *most, pattern.as_deref()).or_else(wrong),
            None => wrong("expected string"),
        },
        Shape::Time => match value.as_str() {
            Some(text) if is_time(text) => Ok(()),
            _ => wrong("not a time of the form YYYY-MM-DDTHH:MM:SSZ"),
        },
        Shape::Maybe(_) if value.is_null() => Ok(()),
        Shape::Maybe(inner) => check(inner, value, at),
        Shape::List { of, least, most } => match value.as_array() {
            Some(items) if items.len() < *least => wrong("too few items"),
            Some(items) if items.len() > *most => wrong("too many items"),
            Some(items) => items.iter().enumerate().try_for_each(|(n, item)| check(of, item, &format!("{at}[{n}]"))),
            None => wrong("expected list"),
        },
        Shape::Named(name) => match TABLE.kinds.get(name) {
            Some(Kind::Struct(fields)) => check_struct(fields, value, at, false),
            Some(Kind::Union(tags)) => check_union(tags, value, at),
            None => Ok(()),
        },
    }
}

fn check_text(text: &str, least: usize, most: usize, pattern: Option<&str>) -> Result<(), &'static str> {
    let length = text.chars().count();
    if length < least {
        return Err("string is too short");
    }
    if length > most {
        return Err("string is too long");
    }
    match pattern.and_then(|pattern| TABLE.patterns.get(pattern)) {
        Some(regex) if !regex.is_match(text) => Err("string does not match the pattern"),
        _ => Ok(()),
    }
}

/// The one form of time that the service takes: UTC, no fraction.
fn is_time(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z') && crate::clock::Moment::parse(text).is_some()
}

fn check_struct(fields: &[(String, Shape, bool)], value: &Value, at: &str, tagged: bool) -> Result<(), String> {
    let Some(given) = value.as_object() else {
        return Err(format!("{at}: expected object"));
    };
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    for name in given.keys() {
        let known = (tagged && name == ".tag") || fields.iter().any(|(field, ..)| field == name);
        if !known {
            return Err(format!("{}: unknown field", below(name)));
        }
    }
    for (name, shape, needed) in fields {
        match given.get(name) {
            Some(value) => check(shape, value, &below(name))?,
            None if *needed => return Err(format!("{}: missing required field", below(name))),
            None => {}
        }
    }
    Ok(())
}

fn check_union(tags: &[(String, Shape)], value: &Value, at: &str) -> Result<(), String> {
    let tag = value.as_str().or_else(|| value[".tag"].as_str());
    let Some(tag) = tag else {
        return Err(format!("{at}: expected a tag"));
    };
    let Some((_, payload)) = tags.iter().find(|(known, _)| known == tag) else {
        return Err(format!("{at}: unknown tag"));
    };
    let payload = match payload {
        Shape::Maybe(inner) if value.is_string() || value.get(tag).is_none() => {
            return if matches!(**inner, Shape::Named(_)) && value.is_object() {
                check(payload, value, at)
            } else {
                Ok(())
            };
        }
        other => other,
    };
    if let Shape::Named(name) = payload
        && let Some(Kind::Struct(fields)) = TABLE.kinds.get(name)
    {
        return check_struct(fields, value, at, true);
    }
    let extra = value.as_object().and_then(|object| object.keys().find(|key| *key != ".tag" && *key != tag));
    if extra.is_some() {
        return Err(format!("{at}: unknown field"));
    }
    match (payload, value.get(tag)) {
        (Shape::Void, None) => Ok(()),
        (_, None) => Err(format!("{at}.{tag}: missing required field")),
        (payload, Some(inner)) => check(payload, inner, &format!("{at}.{tag}")),
    }
}

/// The tag of a union's value, in either of its forms.
pub(super) fn tag(value: &Value) -> &str {
    value.as_str().or_else(|| value[".tag"].as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_checked_as_the_specification_says() {
        let rows = [
            ("files/list_folder", json!({"path": ""}), Ok(())),
            ("files/list_folder", json!({"path": "", "limit": 2000, "recursive": true}), Ok(())),
            ("files/list_folder", json!({"path": "", "limit": null}), Ok(())),
            ("files/list_folder", json!({"path": "", "limit": 2001}), Err("limit: number out of range")),
            ("files/list_folder", json!({"path": "", "recursve": true}), Err("recursve: unknown field")),
            ("files/list_folder", json!({"recursive": true}), Err("path: missing required field")),
            ("files/list_folder", json!({"path": "a"}), Err("path: string does not match the pattern")),
            ("files/list_folder", json!({"path": "", "recursive": 1}), Err("recursive: expected boolean")),
            ("files/download", json!({"path": "rev:0123"}), Err("path: string does not match the pattern")),
            ("files/download", json!({"path": "rev:012345678"}), Ok(())),
            ("files/upload", json!({"path": "/a", "mode": "add"}), Ok(())),
            ("files/upload", json!({"path": "/a", "mode": {".tag": "update", "update": "012345678"}}), Ok(())),
            (
                "files/upload",
                json!({"path": "/a", "mode": {".tag": "update"}}),
                Err("mode.update: missing required field"),
            ),
            ("files/upload", json!({"path": "/a", "mode": "replace"}), Err("mode: unknown tag")),
            ("files/upload", json!({"path": "/a", "mode": "other"}), Err("mode: unknown tag")),
            (
                "files/upload",
                json!({"path": "/a", "client_modified": "2026-01-01T00:00:00.5Z"}),
                Err("client_modified: not a time of the form YYYY-MM-DDTHH:MM:SSZ"),
            ),
            ("team/get_info", Value::Null, Ok(())),
            ("team/get_info", json!({}), Err("expected null, got a value")),
            ("team_log/get_events", json!({"category": {".tag": "file_operations"}}), Ok(())),
            ("team_log/get_events", json!({"category": {".tag": "files"}}), Err("category: unknown tag")),
            (
                "team/members/suspend",
                json!({"user": {".tag": "team_member_id", "team_member_id": "dbmid:x", "id": 1}}),
                Err("user: unknown field"),
            ),
            (
                "sharing/add_folder_member",
                json!({"shared_folder_id": "1", "members": [{"member": {".tag": "email", "email": "no address"}}]}),
                Err("members[0].member.email: string does not match the pattern"),
            ),
        ];
        for (name, argument, expected) in rows {
            let found = route(name).expect(name).check(&argument);
            assert_eq!(found, expected.map_err(str::to_owned), "{name} {argument}");
        }
    }

    #[test]
    fn the_table_says_who_may_call_a_route() {
        let row = |name: &str| route(name).map(|route| (route.mode, route.scope.as_deref(), route.host.as_str()));
        assert_eq!(row("files/list_folder"), Some((Some(Mode::WholeTeam), Some("files.metadata.read"), "api")));
        assert_eq!(row("files/move_v2"), Some((Some(Mode::TeamAdmin), Some("files.content.write"), "api")));
        assert_eq!(row("sharing/modify_shared_link_settings"), Some((None, Some("sharing.write"), "api")));
        assert_eq!(row("files/download"), Some((Some(Mode::WholeTeam), Some("files.content.read"), "content")));
        assert_eq!(row("files/no_such_route"), None);
        assert!(TABLE.kinds.len() > 80 && TABLE.patterns.len() > 10);
    }
}
