"""Says through the official Dropbox SDK what is otherwise than a receipt tells.

usage: witness_dropbox.py READY.json

One line of JSON in (`row`, `on`, `state` as a receipt has it, `facets` that were read), one out: how many facts were
compared, and those that are seen otherwise. Ends when its input does.
"""

import json
import sys

# Its head sets the SDK's hosts from READY.json before the SDK is imported.
import dropbox_sdk
from dropbox import common, exceptions, files, file_properties, sharing, team

AUDIENCES = {"public": "public", "team": "company", "members": "members", "no_one": "members", "password": "public"}


class Judge:
    """Compares, and keeps what differs."""

    def __init__(self):
        self.compared, self.wrong = 0, []

    def same(self, what, told, seen):
        self.compared += 1
        if told != seen:
            self.wrong.append(f"{what}: told {told!r}, seen {seen!r}")


class World(dropbox_sdk.World):
    """Members by id, and the admin."""

    def __init__(self):
        super().__init__()
        page = self.team.team_members_list_v2(limit=100)
        self.members = {member.profile.email.split("@")[0]: member for member in page.members}
        self.accounts = {member.profile.account_id: member.profile.email for member in page.members}
        self.templates = self.team.file_properties_templates_list_for_team().template_ids

    def acting(self, by):
        """Whoever acted, by the receipt."""
        if "person" in by:
            return self.team.as_user(by["person"])
        return self.team.as_admin(by["admin"])

    def within(self, by, place):
        return self.acting(by).with_path_root(common.PathRoot.namespace_id(place))


def moment(value):
    return None if value is None else int(value.replace(tzinfo=__import__("datetime").timezone.utc).timestamp() * 1000)


def link_seen(link):
    rights = link.link_permissions
    return {
        "audience": AUDIENCES[rights.effective_audience._tag],
        "password": bool(rights.require_password),
        "expires": moment(link.expires),
        "download": rights.allow_download,
    }


def links(world, judge, state, on, client):
    keys = ("audience", "password", "expires", "download")
    text = lambda links: sorted(json.dumps(link) for link in links)  # noqa: E731
    told = [{key: link[key] for key in keys} for link in state["links"]]
    found = client.sharing_list_shared_links(on["id"], direct_only=True).links
    judge.same("links", text(told), text(link_seen(link) for link in found))


def whom(world, who):
    if "person" in who:
        person = who["person"]
        return person["login"] or world.accounts.get(person["account"], person["account"])
    return who["group"]["id"] if "group" in who else who["invited"]["login"]


def members(world, judge, state, on, client):
    known = state["members"]["known"] if isinstance(state["members"], dict) else []
    own = [member for member in known if member["inherited_from"] is None and member["role"] != "owner"]
    told = sorted((whom(world, member["who"]), member["role"]) for member in own)
    if on["kind"] == "file":
        found = client.sharing_list_file_members(on["id"], include_inherited=False)
    elif state["shared_as"]:
        found = client.sharing_list_folder_members(state["shared_as"])
    else:
        judge.same("members of what is not shared", [], told)
        return
    seen = [(user.user.email, user.access_type._tag) for user in found.users]
    seen += [(group.group.group_id, group.access_type._tag) for group in found.groups]
    seen += [(one.invitee.get_email(), one.access_type._tag) for one in found.invitees]
    judge.same("members", told, sorted(pair for pair in seen if pair[1] != "owner"))


def in_trash(judge, state, on, client):
    path = f"{state['folder']['path'] or ''}/{state['name']}"
    gone = client.files_get_metadata(path, include_deleted=True)
    judge.same("in the trash", True, isinstance(gone, files.DeletedMetadata))


def item(world, judge, claim):
    on, state, facets = claim["on"]["item"], claim["state"]["item"], claim["facets"]
    by, place = state["folder"]["act_as"], state["folder"]["place"]
    client, plain = world.within(by, place), world.acting(by)
    if state["trashed"]:
        return in_trash(judge, state, on, client)
    world.templates = world.team.file_properties_templates_list_for_team().template_ids
    wanted = file_properties.TemplateFilterBase.filter_some(world.templates)
    try:
        seen = client.files_get_metadata(on["id"], include_property_groups=wanted)
    except exceptions.ApiError:
        # A folder that came back from the trash has another id.
        seen = client.files_get_metadata(f"{state['folder']['path'] or ''}/{state['name']}", include_property_groups=wanted)
    judge.same("name", state["name"], seen.name)
    judge.same("path", f"{state['folder']['path'] or ''}/{state['name']}".lower(), seen.path_lower)
    if on["kind"] == "file":
        judge.same("hash", state["hash"], seen.content_hash)
        judge.same("version", state["version"], seen.rev)
        info = seen.file_lock_info
        if facets["lock"]:
            judge.same("lock", state["lock"] is not None, info is not None and info.lockholder_name is not None)
    if facets["links"]:
        links(world, judge, state, on, client)
    if facets["members"]:
        members(world, judge, state, on, plain)
    if facets["invitations"]:
        policy = plain.sharing_get_folder_metadata(state["shared_as"]).policy
        judge.same("invitations", [state["invitations"]["outsiders"], state["invitations"]["by_members"]],
                   [policy.member_policy._tag == "anyone", policy.acl_update_policy._tag != "owner"])
    if facets["labels"]:
        values = [field.value for group in seen.property_groups or [] for field in group.fields]
        judge.same("label", state["labels"]["set"], values[0] if values else None)


def person(world, judge, claim):
    state = claim["state"]["person"]
    chosen = [team.UserSelectorArg.team_member_id(claim["on"]["person"]["id"])]
    profile = world.team.team_members_get_info_v2(chosen).members_info[0].get_member_info().profile
    judge.same("status", {"inactive": "suspended"}.get(state["status"], state["status"]), profile.status._tag)
    if claim["facets"]["sessions"]:
        devices = world.team.team_devices_list_member_devices(profile.team_member_id)
        kinds = (devices.active_web_sessions, devices.desktop_client_sessions, devices.mobile_client_sessions)
        judge.same("sessions", len(state["sessions"]), sum(len(kind or []) for kind in kinds))
    if claim["facets"]["apps"]:
        apps = world.team.team_linked_apps_list_member_linked_apps(profile.team_member_id).linked_api_apps
        judge.same("apps", len(state["apps"]), len(apps))


def main():
    world = World()
    for line in sys.stdin:
        claim, judge = json.loads(line), Judge()
        try:
            (item if "item" in claim["on"] else person)(world, judge, claim)
        except Exception as error:  # told, not thrown: the next claim stands alone
            judge.wrong.append(f"{type(error).__name__}: {str(error)[:400]}")
        print(json.dumps({"compared": judge.compared, "wrong": judge.wrong}), flush=True)


if __name__ == "__main__":
    main()
