//! Who can reach an item: members of files a hundred at a time, of shared folders once each, links once for each member.
//!
//! What may not be seen is told as hidden, never as none. A link's audience is what is in effect after the team's policies
//! (`effective_audience`, `resolved_visibility`); where both are told the wider one counts. Source: sharing.stone.

use super::call::{Ask, Root};
use super::route;
use super::team::{Folder, Team};
use super::wire::{
    FileMembers, GroupSummary, LinkPermissions, Links, ShareMember, ShareMembers, SharedLink, UserInfo, inner, tag,
    text,
};
use crate::clock::Moment;
use crate::model::{Audience, ItemKind, Link, Member, Members, Person, Principal, Sharing, Side, Status, Who};
use crate::provider::pages::Pages;
use crate::provider::{Error, FoundLink, Next, Shared};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Files in one call, the most the service takes.
const FILES_A_CALL: usize = 100;

/// The members of items, in the order asked.
pub(super) fn members(team: &Team, of: &[Shared]) -> Result<Vec<Sharing>, Error> {
    let mut all = vec![Sharing::default(); of.len()];
    let files: Vec<usize> = (0..of.len()).filter(|at| of[*at].kind == ItemKind::File).collect();
    for group in by_reader(of, &files) {
        for some in group.chunks(FILES_A_CALL) {
            file_members(team, of, some, &mut all)?;
        }
    }
    for (at, shared) in of.iter().enumerate().filter(|(_, shared)| shared.kind == ItemKind::Folder) {
        all[at] = folder_sharing(team, shared)?;
    }
    Ok(all)
}

/// Positions grouped by who asks, since one call is made by one principal.
fn by_reader(of: &[Shared], positions: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for at in positions {
        match groups.iter_mut().find(|group| of[group[0]].read_as == of[*at].read_as) {
            Some(group) => group.push(*at),
            None => groups.push(vec![*at]),
        }
    }
    groups
}

/// Asks for the own members of some files of one reader.
fn file_members(team: &Team, of: &[Shared], some: &[usize], all: &mut [Sharing]) -> Result<(), Error> {
    let read_as = acting(team, &of[some[0]].read_as)?;
    let ask = || Ask::new(&route::FILE_MEMBERS, &read_as, "list the members of files");
    let files: Vec<&str> = some.iter().map(|at| &*of[*at].id).collect();
    let answers: Vec<FileMembers> = match team.desk.rpc(&ask(), &json!({"files": files, "limit": 1000})) {
        Err(error) if is_hiding(&error) => Vec::new(),
        answers => answers?,
    };
    for at in some {
        // A file that the answer leaves out could not be seen.
        let answer = answers.iter().find(|answer| *answer.file == *of[*at].id);
        all[*at].members = match answer {
            Some(answer) => file_result(team, &read_as, &answer.result)?,
            None => Members::Hidden,
        };
    }
    Ok(())
}

/// Reads one file's `ListFileMembersIndividualResult`.
fn file_result(team: &Team, read_as: &Principal, result: &Value) -> Result<Members, Error> {
    if tag(result) != "result" {
        return Ok(match tag(inner(result)) {
            // Such a file has no members of its own by its nature.
            "is_folder" | "inside_public_folder" | "inside_osx_package" => Members::None,
            _ => Members::Hidden,
        });
    }
    let page = inner(result).get("members").cloned().unwrap_or_default();
    let Ok(mut page) = serde_json::from_value::<ShareMembers>(page) else { return Ok(Members::Hidden) };
    let doing = "list the members of a file";
    let (mut all, mut pages) = (Vec::new(), Pages::of(doing));
    loop {
        all.extend(read(&page, None));
        let Some(cursor) = page.cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(known(all)) };
        let ask = Ask::new(&route::FILE_MEMBERS_ON, read_as, doing);
        page = team.desk.rpc(&ask, &json!({"cursor": pages.on(&cursor)?}))?;
    }
}

/// A shared namespace: its members, whose it is, whether the whole company is in it.
fn folder_sharing(team: &Team, shared: &Shared) -> Result<Sharing, Error> {
    let kind = team.place(&shared.id)?.map(|place| place.kind);
    match kind.as_deref() {
        Some("team_member_folder" | "app_folder") => return Ok(Sharing::default()),
        Some("team_member_root") => {
            // The space that the team shares, or (without one) a member's own root.
            let whole_company = team.space()?.is_some_and(|space| space == shared.id);
            return Ok(Sharing { whole_company, ..Sharing::default() });
        }
        _ => {}
    }
    let read_as = acting(team, &shared.read_as)?;
    let folder = match team.folder(&shared.id, &read_as) {
        Err(error) if is_hiding(&error) => {
            return Ok(Sharing {
                members: Members::Hidden,
                whole_company: kind.as_deref() == Some("team_folder"),
                ..Sharing::default()
            });
        }
        folder => folder?,
    };
    let of_team = folder.team_folder || kind.as_deref() == Some("team_folder");
    let keeper = if of_team { team.admin()?.id().map(str::to_owned) } else { None };
    let (members, whole_company) = folder_members(team, shared, &folder, &read_as, keeper.as_deref())?;
    // Who can open a team folder is told by its members like that of any other; where they are hidden, most likely everybody.
    let whole_company = whole_company || of_team && members == Members::Hidden;
    Ok(Sharing { links: Vec::new(), members, outside_owner: folder.outside, whole_company })
}

/// The members of a shared folder, and whether everybody in the company is among them. A team folder is nobody's own:
/// `keeper`, the admin whom this program acts as, is told as its owner.
fn folder_members(
    team: &Team,
    shared: &Shared,
    folder: &Folder,
    read_as: &Principal,
    keeper: Option<&str>,
) -> Result<(Members, bool), Error> {
    let doing = "list the members of a shared folder";
    let ask = Ask::new(&route::FOLDER_MEMBERS, read_as, doing);
    let mut page: ShareMembers = match team.desk.rpc(&ask, &json!({"shared_folder_id": &*shared.id, "limit": 1000})) {
        Err(error) if is_hiding(&error) => return Ok((Members::Hidden, false)),
        page => page?,
    };
    let (mut all, mut everybody, mut pages) = (Vec::new(), false, Pages::of(doing));
    loop {
        all.extend(kept_by(read(&page, folder.parent.as_ref()), &page, keeper));
        everybody |= page.groups.iter().filter_map(|member| member.group.as_ref()).any(is_everybody);
        let Some(cursor) = page.cursor.filter(|cursor| !cursor.is_empty()) else { break };
        let ask = Ask::new(&route::FOLDER_MEMBERS_ON, read_as, doing);
        page = team.desk.rpc(&ask, &json!({"cursor": pages.on(&cursor)?}))?;
    }
    Ok((if folder.hides_members { Members::Hidden } else { known(all) }, everybody))
}

/// The members of a page with the keeper as owner. Users come first in them.
fn kept_by(mut members: Vec<Member>, page: &ShareMembers, keeper: Option<&str>) -> Vec<Member> {
    for (member, told) in members.iter_mut().zip(&page.users) {
        let id = told.user.as_ref().and_then(|user| user.team_member_id.as_deref());
        if id.is_some() && id == keeper {
            member.role = "owner".into();
        }
    }
    members
}

/// True for the group that the service itself keeps of everybody in the team (`GroupManagementType` in team_common.stone).
fn is_everybody(group: &GroupSummary) -> bool {
    group.same_team != Some(false)
        && group.group_management_type.as_ref().is_some_and(|kind| kind.as_str() == "system_managed")
}

fn acting(team: &Team, principal: &Principal) -> Result<Principal, Error> {
    if *principal == Principal::Tenant { team.admin() } else { Ok(principal.clone()) }
}

/// A refusal about this item, not about the connector as a whole.
pub(super) fn is_hiding(error: &Error) -> bool {
    matches!(error.next(), Next::Forbidden | Next::Gone) && !error.said().contains("missing_scope")
}

pub(super) fn known(members: Vec<Member>) -> Members {
    if members.is_empty() { Members::None } else { Members::Known(members) }
}

/// All members of a page. `parent` is the folder whose members are inherited.
pub(super) fn read(page: &ShareMembers, parent: Option<&Arc<str>>) -> Vec<Member> {
    let all = page.users.iter().chain(&page.groups).chain(&page.invitees);
    all.map(|member| Member {
        id: None,
        // Somebody is there, and nobody can say who: not the same as nobody.
        who: who(member).unwrap_or(Who::Person { account: None, login: None, side: None }),
        role: member.access_type.as_str().into(),
        pending: member.invitee.is_some(),
        inherited_from: parent.filter(|_| member.is_inherited).cloned(),
        expires: None,
    })
    .collect()
}

/// Who a member is; `None` when the entry names nobody.
fn who(member: &ShareMember) -> Option<Who> {
    match member {
        ShareMember { invitee: Some(invitee), user: None, .. } => {
            let address = text(invitee, "email").or_else(|| inner(invitee).as_str())?;
            Some(Who::Invited { login: address.into() })
        }
        ShareMember { user: Some(user), .. } => Some(person(user)),
        ShareMember { group: Some(group), .. } => a_group(group),
        _ => None,
    }
}

fn person(user: &UserInfo) -> Who {
    Who::Person {
        account: user.account_id.as_deref().map(Arc::from),
        login: user.email.as_deref().map(Arc::from),
        side: user.same_team.map(side),
    }
}

fn a_group(group: &GroupSummary) -> Option<Who> {
    Some(Who::Group { id: group.group_id.as_deref()?.into(), side: group.same_team.map(side) })
}

fn side(same_team: bool) -> Side {
    if same_team { Side::Internal } else { Side::External }
}

// --- links ---

/// All links of a member, first those below the home, then those of the team space if there is one.
pub(super) fn links(
    team: &Team,
    of: &Person,
    sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>,
) -> Result<(), Error> {
    if matches!(of.status, Status::Invited | Status::Removed) {
        return Ok(());
    }
    let mut seen = HashSet::new();
    links_below(team, of, None, &mut seen, sink)?;
    match team.space()? {
        Some(space) => links_below(team, of, Some(Root::Member(space)), &mut seen, sink),
        None => Ok(()),
    }
}

/// How often a listing of links is begun anew after a reset before that is told.
const RESETS_MAX: u32 = 3;

fn links_below(
    team: &Team,
    of: &Person,
    root: Option<Root>,
    seen: &mut HashSet<Arc<str>>,
    sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>,
) -> Result<(), Error> {
    let member = Principal::Person(Arc::clone(&of.id));
    let doing = "list a member's links";
    let (mut argument, mut resets, mut pages) = (json!({}), 0, Pages::of(doing));
    loop {
        let ask = Ask { root: root.clone(), ..Ask::new(&route::SHARED_LINKS, &member, doing) };
        let page: Links = match team.desk.rpc(&ask, &argument) {
            Err(error) if matches!(error.next(), Next::Reset(_)) && resets < RESETS_MAX => {
                (argument, resets, pages) = (json!({}), resets + 1, Pages::of(doing));
                continue;
            }
            page => page?,
        };
        let new = page.links.iter().filter(|link| match link.url.as_deref() {
            Some(url) => seen.insert(url.into()),
            None => true,
        });
        let found: Vec<FoundLink> = new.map(found_link).collect();
        if !found.is_empty() {
            sink(found)?;
        }
        if !page.has_more {
            return Ok(());
        }
        argument = json!({"cursor": pages.on(page.cursor.as_deref().unwrap_or_default())?});
    }
}

/// A link and what it points to. Where the service tells no id, the path alone does.
fn found_link(link: &SharedLink) -> FoundLink {
    let (audience, password) = audience(&link.link_permissions);
    FoundLink {
        item: link.id.as_deref().unwrap_or_default().into(),
        path_lower: link.path_lower.as_deref().map(Arc::from),
        link: Link {
            audience,
            password,
            expires: link.expires.as_deref().and_then(Moment::parse),
            download: link.link_permissions.allow_download,
            url: link.url.as_deref().map(Arc::from),
        },
    }
}

/// Whom a link lets in, and whether it asks for a password.
pub(super) fn audience(permissions: &LinkPermissions) -> (Audience, bool) {
    let effective = permissions.effective_audience.as_ref().map(|tag| match tag.as_str() {
        "public" => (Audience::Public, false),
        "password" => (Audience::Public, true),
        "team" => (Audience::Company, false),
        "no_one" | "members" => (Audience::Members, false),
        _ => (Audience::Unknown, false),
    });
    let resolved = permissions.resolved_visibility.as_ref().map(|tag| match tag.as_str() {
        "public" => (Audience::Public, false),
        "password" => (Audience::Public, true),
        "team_only" => (Audience::Company, false),
        "team_and_password" => (Audience::Company, true),
        "shared_folder_only" | "no_one" | "only_you" => (Audience::Members, false),
        _ => (Audience::Unknown, false),
    });
    let password = [effective, resolved].iter().flatten().any(|(_, password)| *password);
    let widest = [effective, resolved].into_iter().flatten().map(|(audience, _)| audience).max_by_key(width);
    (widest.unwrap_or(Audience::Unknown), password || permissions.require_password == Some(true))
}

/// A word that is not known may be anything but is not more than public.
fn width(audience: &Audience) -> u8 {
    match audience {
        Audience::Members => 0,
        Audience::Company => 1,
        Audience::Unknown => 2,
        Audience::Public => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Directory, Level};
    use crate::provider::exposure::exposure;

    #[test]
    fn the_wider_audience_counts() {
        for (permissions, expected) in [
            (json!({"effective_audience": {".tag": "public"}}), (Audience::Public, false)),
            (json!({"resolved_visibility": {".tag": "public"}}), (Audience::Public, false)),
            (json!({"resolved_visibility": {".tag": "password"}}), (Audience::Public, true)),
            (json!({"resolved_visibility": {".tag": "team_only"}}), (Audience::Company, false)),
            (json!({"resolved_visibility": {".tag": "team_and_password"}}), (Audience::Company, true)),
            (json!({"effective_audience": {".tag": "team"}, "require_password": true}), (Audience::Company, true)),
            (json!({"effective_audience": {".tag": "no_one"}}), (Audience::Members, false)),
            (json!({"effective_audience": {".tag": "members"}}), (Audience::Members, false)),
            (json!({"resolved_visibility": {".tag": "shared_folder_only"}}), (Audience::Members, false)),
            (json!({"resolved_visibility": {".tag": "only_you"}}), (Audience::Members, false)),
            (json!({"effective_audience": "no_one", "resolved_visibility": "public"}), (Audience::Public, false)),
            (json!({"effective_audience": "public", "resolved_visibility": "password"}), (Audience::Public, true)),
            (json!({"effective_audience": "the_galaxy"}), (Audience::Unknown, false)),
            (json!({"effective_audience": "the_galaxy", "resolved_visibility": "no_one"}), (Audience::Unknown, false)),
            (json!({"resolved_visibility": null, "require_password": null}), (Audience::Unknown, false)),
        ] {
            let read: LinkPermissions = serde_json::from_value(permissions.clone()).expect("permissions");
            assert_eq!(audience(&read), expected, "{permissions}");
        }
    }

    #[test]
    fn a_link_is_read_with_its_end_and_its_download() {
        let link: SharedLink = serde_json::from_value(json!({
            ".tag": "file", "url": "https://example.com/s/1", "id": "id:1", "path_lower": "/a", "expires": "2027-01-01T00:00:00Z",
            "link_permissions": {"effective_audience": "public", "allow_download": false},
        }))
        .expect("a link");
        let found = found_link(&link);
        assert_eq!((&*found.item, found.path_lower.as_deref()), ("id:1", Some("/a")));
        assert_eq!((found.link.download, found.link.expires), (Some(false), Moment::parse("2027-01-01T00:00:00Z")));
        assert!(!format!("{found:?}").contains("example.com"));
    }

    #[test]
    fn members_are_told_apart() {
        let page: ShareMembers = serde_json::from_value(json!({
            "users": [
                {"access_type": {".tag": "owner"}, "user": {"account_id": "dbid:1", "email": "a@x", "same_team": true}},
                {"access_type": "viewer", "is_inherited": true, "user": {"account_id": "dbid:2", "same_team": false}},
                {"access_type": "viewer"},
            ],
            "groups": [
                {"access_type": "editor", "group": {"group_id": "g:1", "same_team": false}},
                {"access_type": "editor", "group": {"group_id": null}},
            ],
            "invitees": [
                {"access_type": "viewer", "invitee": {".tag": "email", "email": "out@y"}},
                {"access_type": "viewer", "invitee": {".tag": "email", "email": "in@x"},
                 "user": {"account_id": "dbid:3", "same_team": true}},
            ],
        }))
        .expect("members");
        let told: Vec<(String, String, bool, Option<Arc<str>>)> = read(&page, Some(&"9".into()))
            .into_iter()
            .map(|member| {
                let who = match &member.who {
                    Who::Person { account, side, .. } => format!("{} {side:?}", account.as_deref().unwrap_or("?")),
                    Who::Group { id, side } => format!("{id} {side:?}"),
                    Who::Invited { login } => login.to_string(),
                    Who::Unauthenticated => "?".into(),
                };
                (who, member.role.to_string(), member.pending, member.inherited_from)
            })
            .collect();
        let row = |who: &str, role: &str, pending, from: Option<&str>| {
            (who.to_owned(), role.to_owned(), pending, from.map(Arc::from))
        };
        assert_eq!(
            told,
            [
                row("dbid:1 Some(Internal)", "owner", false, None),
                row("dbid:2 Some(External)", "viewer", false, Some("9")),
                row("? None", "viewer", false, None),
                row("g:1 Some(External)", "editor", false, None),
                row("? None", "editor", false, None),
                row("out@y", "viewer", true, None),
                row("dbid:3 Some(Internal)", "viewer", true, None),
            ]
        );
    }

    #[test]
    fn a_team_folders_members_tell_who_can_open_it() {
        let user = |id: &str| json!({"access_type": {".tag": "editor"}, "user": {"account_id": id, "team_member_id": format!("dbmid:{id}"), "same_team": true}});
        let group = |kind: &str, same_team: bool| {
            json!({"access_type": {".tag": "viewer"}, "group": {"group_id": "g:1", "same_team": same_team,
                   "group_management_type": {".tag": kind}}})
        };
        for (what, users, groups, level, everybody) in [
            ("nobody but the admin who acts", vec![user("1")], vec![], Level::Private, false),
            ("nobody", vec![], vec![], Level::Private, false),
            ("a colleague", vec![user("1"), user("2")], vec![], Level::Internal, false),
            ("a group", vec![user("1")], vec![group("company_managed", true)], Level::Internal, false),
            ("everybody", vec![user("1")], vec![group("system_managed", true)], Level::Internal, true),
            ("everybody of another team", vec![], vec![group("system_managed", false)], Level::External, false),
        ] {
            let page: ShareMembers =
                serde_json::from_value(json!({"users": users, "groups": groups, "invitees": []})).expect("members");
            let members = kept_by(read(&page, None), &page, Some("dbmid:1"));
            let told = page.groups.iter().filter_map(|member| member.group.as_ref()).any(is_everybody);
            assert_eq!(told, everybody, "{what}");
            let sharing = Sharing { members: known(members), whole_company: told, ..Sharing::default() };
            let at = Moment::from_millis(0);
            let exposure = exposure(&"f".into(), &sharing, &[], &Directory::default(), at);
            assert_eq!(exposure.level, level, "{what}");
        }
    }

    #[test]
    fn files_are_asked_for_together_with_those_of_the_same_reader() {
        let shared =
            |id: &str, by: &str| Shared { id: id.into(), kind: ItemKind::File, read_as: Principal::Person(by.into()) };
        let of = [shared("a", "1"), shared("b", "2"), shared("c", "1")];
        assert_eq!(by_reader(&of, &[0, 1, 2]), [vec![0, 2], vec![1]]);
    }
}
