//! From a request to a call: door, route, style, token, scope, who is meant, which root, and the argument.
//!
//! The order is the service's: what the HTTP layer sees first is judged first, the argument last.

use super::super::wire::{Asked, Door};
use super::reply::{Stop, bad_root, refuse, tags, unauthorized};
use super::spec::{self, Mode, Route, Style};
use super::state::State;
use super::state::people::Status;
use super::state::tree::{SpaceId, SpaceKind};
use serde_json::{Value, json};

/// What an admin could have known.
const BEYOND: &str = "an admin in the team_admin mode acts on a member's own content";

/// Who a call acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The team's app itself.
    Team,
    /// A member.
    Member(usize),
    /// An admin with the whole team's reach or the team's own content.
    Admin(usize, Mode),
    /// Nobody: routes without authentication.
    Nobody,
}

impl Who {
    /// The person who acts; the team's app counts as its admin.
    pub(super) fn person(self, state: &State) -> usize {
        match self {
            Who::Member(person) | Who::Admin(person, _) => person,
            Who::Team | Who::Nobody => state.people.linker(),
        }
    }

    /// As a cursor keeps it.
    pub(super) fn mark(self) -> String {
        match self {
            Who::Team => "t".into(),
            Who::Nobody => "n".into(),
            Who::Member(person) => format!("m{person}"),
            Who::Admin(person, _) => format!("a{person}"),
        }
    }
}

/// One call, checked.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) asked: &'a Asked,
    pub(super) route: &'static Route,
    pub(super) argument: Value,
    pub(super) who: Who,
    /// What paths are relative to.
    pub(super) root: SpaceId,
}

impl Call<'_> {
    /// A field of the argument; null when absent.
    pub(super) fn field(&self, name: &str) -> &Value {
        &self.argument[name]
    }

    /// A text field; empty when absent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.argument[name].as_str().unwrap_or_default()
    }

    /// A flag; `false` when absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.argument[name].as_bool().unwrap_or(false)
    }

    /// A whole number, or what stands for none.
    pub(super) fn number(&self, name: &str, none: usize) -> usize {
        self.argument[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(none)
    }

    /// 400 for this route.
    pub(super) fn refuse(&self, why: &str) -> Stop {
        refuse(&self.route.name, why)
    }
}

/// Judges a request up to its argument.
pub(super) fn enter<'a>(state: &State, asked: &'a Asked) -> Result<Call<'a>, Stop> {
    let name = asked.path.strip_prefix("/2/").unwrap_or_default();
    let Some(route) = spec::route(name) else {
        return Err(refuse(name, "Unknown API function"));
    };
    if asked.door != door(route) {
        return Err(refuse(name, &format!("this function is served by the {} host", route.host)));
    }
    if asked.method != "POST" {
        return Err(refuse(name, "Your request method is not POST"));
    }
    let who = authenticate(state, asked, route)?;
    let argument = argument(asked, route)?;
    route.check(&argument).map_err(|why| refuse(name, &format!("{}: {why}", where_from(route))))?;
    let root = root(state, asked, route, who)?;
    Ok(Call { asked, route, argument, who, root })
}

fn door(route: &Route) -> Door {
    match route.host.as_str() {
        "content" => Door::DropboxContent,
        "notify" => Door::DropboxNotify,
        _ => Door::DropboxApi,
    }
}

fn where_from(route: &Route) -> &'static str {
    if route.style == Style::Rpc { "request body" } else { "HTTP header \"Dropbox-API-Arg\"" }
}

fn authenticate(state: &State, asked: &Asked, route: &Route) -> Result<Who, Stop> {
    if route.auth == "noauth" {
        return match asked.header("authorization") {
            Some(_) => Err(refuse(&route.name, "this function takes no Authorization header")),
            None => Ok(Who::Nobody),
        };
    }
    let Some(header) = asked.header("authorization") else {
        return Err(refuse(
            &route.name,
            "Must provide HTTP header \"Authorization\" or URL parameter \"authorization\".",
        ));
    };
    if route.auth == "app" {
        return if super::token::is_app(state, header) {
            Ok(Who::Team)
        } else {
            Err(unauthorized(&tags(&["invalid_access_token"])))
        };
    }
    let token = header.strip_prefix("Bearer ").and_then(|token| state.tokens.get(token));
    let Some(token) = token else {
        return Err(unauthorized(&tags(&["invalid_access_token"])));
    };
    if asked.at >= token.ends {
        return Err(unauthorized(&tags(&["expired_access_token"])));
    }
    if let Some(scope) = route.scope.as_deref().filter(|scope| !state.scopes.contains(*scope)) {
        return Err(unauthorized(&json!({ ".tag": "missing_scope", "required_scope": scope })));
    }
    select(state, asked, route)
}

fn select(state: &State, asked: &Asked, route: &Route) -> Result<Who, Stop> {
    let user = asked.header("dropbox-api-select-user");
    let admin = asked.header("dropbox-api-select-admin");
    let no_scope = || unauthorized(&json!({ ".tag": "missing_scope", "required_scope": "team_data.member" }));
    match (route.auth.contains("user"), user, admin) {
        (false, None, None) => Ok(Who::Team),
        (false, ..) => Err(refuse(&route.name, "a function of the team takes no Select header")),
        (true, None, None) => Err(refuse(
            &route.name,
            "This function operates on a single account, but the token is for a team: \
             send \"Dropbox-API-Select-User\" or \"Dropbox-API-Select-Admin\"",
        )),
        (true, Some(_), Some(_)) => Err(refuse(&route.name, "both Select headers are given")),
        (true, ..) if !state.scopes.contains("team_data.member") => Err(no_scope()),
        (true, Some(member), None) => {
            let person = state.people.by_member(member);
            match person.map(|person| (person, state.people.all[person].status)) {
                Some((person, Status::Active)) => Ok(Who::Member(person)),
                Some((_, Status::Suspended)) => Err(unauthorized(&tags(&["user_suspended"]))),
                _ => Err(unauthorized(&tags(&["invalid_select_user"]))),
            }
        }
        (true, None, Some(member)) => {
            let person = state.people.by_member(member);
            let admin = person
                .filter(|&person| state.people.all[person].admin && state.people.all[person].status == Status::Active);
            match (admin, route.mode) {
                (None, _) => Err(unauthorized(&tags(&["invalid_select_admin"]))),
                (Some(_), None) => {
                    Err(refuse(&route.name, "this function does not support \"Dropbox-API-Select-Admin\""))
                }
                (Some(person), Some(mode)) => Ok(Who::Admin(person, mode)),
            }
        }
    }
}

fn argument(asked: &Asked, route: &Route) -> Result<Value, Stop> {
    let content_type = asked.header("content-type").map(|text| text.split(';').next().unwrap_or_default().trim());
    let bad_type =
        |wanted: &str| Err(refuse(&route.name, &format!("Bad HTTP \"Content-Type\" header, expecting {wanted}")));
    match (route.style, content_type) {
        (Style::Rpc, Some("application/json")) => return body_json(asked, route),
        (Style::Rpc, None) if asked.body.is_empty() && route.takes_nothing() => return Ok(Value::Null),
        (Style::Rpc, _) => return bad_type("\"application/json\""),
        (Style::Download, None | Some("" | "application/octet-stream" | "text/plain")) => {}
        (Style::Download, _) => return bad_type("none"),
        (Style::Upload, Some("application/octet-stream")) => {}
        (Style::Upload, _) => return bad_type("\"application/octet-stream\""),
    }
    if route.style == Style::Download && !asked.body.is_empty() {
        return Err(refuse(&route.name, "a body is given where none is expected"));
    }
    let Some(text) = asked.header("dropbox-api-arg") else {
        return Err(refuse(&route.name, "Must provide HTTP header \"Dropbox-API-Arg\" or URL parameter \"arg\"."));
    };
    if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(refuse(&route.name, "HTTP header \"Dropbox-API-Arg\": not ASCII"));
    }
    serde_json::from_str(text)
        .map_err(|_| refuse(&route.name, "HTTP header \"Dropbox-API-Arg\": could not decode input as JSON"))
}

fn body_json(asked: &Asked, route: &Route) -> Result<Value, Stop> {
    serde_json::from_slice(&asked.body).map_err(|_| refuse(&route.name, "request body: could not decode input as JSON"))
}

/// What paths are relative to: the Path-Root header, else the home of whoever acts.
fn root(state: &State, asked: &Asked, route: &Route, who: Who) -> Result<SpaceId, Stop> {
    let person = who.person(state);
    let home = home(state, person);
    let Some(text) = asked.header("dropbox-api-path-root") else {
        return Ok(home);
    };
    let bad = |why: &str| refuse(&route.name, &format!("HTTP header \"Dropbox-API-Path-Root\": {why}"));
    let header: Value = serde_json::from_str(text).map_err(|_| bad("could not decode input as JSON"))?;
    let wanted = |tag: &str| header[tag].as_str().map(str::to_owned).ok_or_else(|| bad("missing namespace id"));
    let fields = header.as_object().map_or(0, serde_json::Map::len);
    match spec::tag(&header) {
        "home" if fields <= 1 => Ok(home),
        "root" if fields == 2 => {
            let own = state.team_space.unwrap_or(home);
            if wanted("root")? == state.tree.space(own).id { Ok(own) } else { Err(invalid_root(state, person)) }
        }
        "namespace_id" if fields == 2 => {
            let space = state.tree.space_by_id(&wanted("namespace_id")?);
            space.filter(|space| reaches(state, who, *space)).ok_or_else(|| {
                let stop = bad_root(&tags(&["no_permission"]));
                let told_off = space.is_some_and(|space| state.tree.space(space).alive);
                match who {
                    Who::Admin(_, Mode::TeamAdmin) if told_off => stop.told_off(format!("{}: {BEYOND}", route.name)),
                    _ => stop,
                }
            })
        }
        _ => Err(bad("unknown tag or field")),
    }
}

fn invalid_root(state: &State, person: usize) -> Stop {
    bad_root(&json!({ ".tag": "invalid_root", "invalid_root": root_info(state, person) }))
}

/// A member's roots.
pub(super) fn root_info(state: &State, person: usize) -> Value {
    let home = home(state, person);
    let name = &state.tree.space(home).name;
    match state.team_space {
        Some(root) => json!({
            ".tag": "team", "root_namespace_id": state.tree.space(root).id,
            "home_namespace_id": state.tree.space(home).id, "home_path": format!("/{name}"),
        }),
        None => json!({
            ".tag": "user", "root_namespace_id": state.tree.space(home).id,
            "home_namespace_id": state.tree.space(home).id,
        }),
    }
}

/// A person's home; the first namespace when there is none (people outside).
pub(super) fn home(state: &State, person: usize) -> SpaceId {
    state.tree.all_spaces().find(|space| state.tree.space(*space).kind == SpaceKind::Home(person)).unwrap_or(SpaceId(0))
}

/// True when whoever acts may read in a namespace.
pub(super) fn reaches(state: &State, who: Who, space: SpaceId) -> bool {
    let there = state.tree.space(space);
    if !there.alive {
        return false;
    }
    match who {
        Who::Team => true,
        Who::Nobody => false,
        Who::Admin(_, Mode::WholeTeam) => super::team::is_listed(state, space),
        Who::Admin(_, Mode::TeamAdmin) => matches!(there.kind, SpaceKind::Team | SpaceKind::TeamRoot),
        Who::Member(person) => match there.kind {
            SpaceKind::Home(owner) | SpaceKind::App(owner) => owner == person,
            SpaceKind::TeamRoot => true,
            SpaceKind::Team | SpaceKind::Shared => super::access::role_in(state, space, person).is_some(),
        },
    }
}

/// Why an admin who was refused could have known it: in the mode of the team's own content, the call named a member's item
/// or link. `None` for every other refusal.
pub(super) fn beyond_reach(state: &State, call: &Call<'_>) -> Option<&'static str> {
    if !matches!(call.who, Who::Admin(_, Mode::TeamAdmin)) {
        return None;
    }
    let beyond = |node: super::state::tree::NodeId| {
        let kind = state.tree.space(state.tree.space_of(super::place::inside(state, node))).kind;
        state.tree.alive(node) && !matches!(kind, SpaceKind::Team | SpaceKind::TeamRoot)
    };
    let item = ["path", "file", "from_path"].into_iter().find_map(|name| state.tree.by_id(call.text(name)));
    let link = || {
        let named = |link: &&super::state::sharing::Link| link.url(state.tree.is_file(link.node)) == call.text("url");
        state.links.iter().find(named).map(|link| link.node)
    };
    let folder = || {
        let space = state.tree.space_by_id(call.text("shared_folder_id"))?;
        Some(state.tree.space(space).root)
    };
    let named = item.or_else(link).or_else(folder)?;
    beyond(named).then_some(BEYOND)
}

/// True when whoever acts may write in a namespace it reaches.
pub(super) fn may_write(state: &State, who: Who, space: SpaceId) -> bool {
    use super::state::sharing::Role;
    match (who, state.tree.space(space).kind) {
        (Who::Member(person), SpaceKind::Team | SpaceKind::Shared) => {
            matches!(super::access::role_in(state, space, person), Some(Role::Owner | Role::Editor))
        }
        (Who::Member(person), SpaceKind::Home(owner) | SpaceKind::App(owner)) => person == owner,
        (Who::Admin(..), SpaceKind::Team | SpaceKind::TeamRoot) => true,
        _ => false,
    }
}
