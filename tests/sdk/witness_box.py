"""Says through the official Box SDK what is otherwise than a receipt tells.

usage: witness_box.py READY.json

One line of JSON in (`row`, `on`, `state` as a receipt has it, `facets` that were read), one out: how many facts were
compared, and those that are seen otherwise. Ends when its input does.
"""

import json
import sys

from box_sdk_gen import BaseUrls, BoxAPIError, BoxCCGAuth, BoxClient, CCGConfig, NetworkSession

AUDIENCES = {"open": "public", "company": "company", "collaborators": "members"}


class World:
    """The application's client, and people's."""

    def __init__(self, ready):
        box, api = ready["box"], ready["doors"]["box_api"]
        urls = BaseUrls(base_url=api, upload_url=box["upload"].split("/api/2.0")[0] + "/api", oauth_2_url=api + "/api/oauth2")
        auth = BoxCCGAuth(CCGConfig(box["client_id"], box["client_secret"], enterprise_id=box["enterprise_id"]))
        self.app = BoxClient(auth, network_session=NetworkSession(base_urls=urls))
        self.service = self.app.users.get_user_me().id

    def person(self, user):
        return self.app if user == self.service else self.app.with_as_user_header(user)


class Judge:
    """Compares, and keeps what differs."""

    def __init__(self):
        self.compared, self.wrong = 0, []

    def same(self, what, told, seen):
        self.compared += 1
        if told != seen:
            self.wrong.append(f"{what}: told {told!r}, seen {seen!r}")


def plain(value):
    """A word of the SDK as text."""
    return getattr(value, "value", value)


def moment(value):
    """A time of the SDK in milliseconds."""
    return None if value is None else int(value.timestamp() * 1000)


def link_seen(link):
    return {
        "audience": AUDIENCES[plain(link.effective_access)],
        "asked": AUDIENCES[plain(link.access)],
        "password": link.is_password_enabled,
        "expires": moment(link.unshared_at),
        "download": link.permissions.can_download if link.permissions else None,
    }


def links(judge, state, item):
    told = [{key: link[key] for key in ("audience", "asked", "password", "expires", "download")} for link in state["links"]]
    seen = [link_seen(item.shared_link)] if item.shared_link else []
    for one, other in zip(told, seen):
        # A link for members tells nothing about downloads: what the members may do decides.
        if one["download"] is None or one["audience"] == "members":
            one["download"] = other["download"] = None
    judge.same("links", told, seen)


def whom(who):
    """A member as the receipt names it: an id or an address."""
    if "person" in who:
        return who["person"]["account"]
    return who["group"]["id"] if "group" in who else who["invited"]["login"]


def pairs(own):
    return [(whom(member["who"]), member["role"]) for member in own]


def members(judge, state, client, kind, item):
    if not isinstance(state["members"], dict):
        told = []
    else:
        own = [member for member in state["members"]["known"] if member["inherited_from"] is None and member["role"] != "owner"]
        told = pairs(own)
        if kind == "file":
            told = [pair for pair, member in zip(pairs(own), own) if not member["pending"]]
        told = sorted(told)
    lists = client.list_collaborations
    page = lists.get_file_collaborations(item.id) if kind == "file" else lists.get_folder_collaborations(item.id)
    # A list of a file's has those of the folders above too; an invitation that is open does not say where it was made.
    mine = [entry for entry in page.entries if entry.item and entry.item.id == item.id or not entry.item and kind == "folder"]
    seen = sorted((entry.accessible_by.id if entry.accessible_by else entry.invite_email, plain(entry.role)) for entry in mine)
    judge.same("members", told, seen)


def label(client, kind, item):
    try:
        if kind == "file":
            found = client.file_classifications.get_classification_on_file(item.id)
        else:
            found = client.folder_classifications.get_classification_on_folder(item.id)
    except BoxAPIError as error:
        assert error.response_info.status_code == 404, error
        return None
    return plain(found.box_security_classification_key)


def said(client, item, facets):
    if facets["comment"]:
        texts = [comment.message for comment in client.comments.get_file_comments(item.id).entries]
    else:
        texts = [task.message for task in client.tasks.get_file_tasks(item.id).entries]
    return any("[sluicebox " in text for text in texts)


def item(world, judge, claim):
    on, state, facets = claim["on"]["item"], claim["state"]["item"], claim["facets"]
    kind, client = on["kind"], world.person(state["owner"]["account"])
    if state["trashed"]:
        trashed = client.trashed_files.get_trashed_file_by_id if kind == "file" else client.trashed_folders.get_trashed_folder_by_id
        judge.same("name in the trash", state["name"], trashed(on["id"]).name)
        return
    fields = ["name", "parent", "owned_by", "etag", "shared_link", "lock", "sha1", "file_version"]
    rules = ["can_non_owners_invite", "is_collaboration_restricted_to_enterprise"]
    if kind == "file":
        seen = client.files.get_file_by_id(on["id"], fields=fields)
    else:
        seen = client.folders.get_folder_by_id(on["id"], fields=fields[:5] + rules)
    judge.same("name", state["name"], seen.name)
    judge.same("folder", state["folder"]["id"], seen.parent.id)
    judge.same("owner", state["owner"]["account"], seen.owned_by.id)
    if kind == "file":
        judge.same("hash", state["hash"], seen.sha_1)
        judge.same("version", state["version"], seen.file_version.id)
        lock = state["lock"]
        if facets["lock"]:
            judge.same("lock", lock and [lock["by"], lock["until"], lock["no_download"]],
                       seen.lock and [seen.lock.created_by.id, moment(seen.lock.expired_at), seen.lock.is_download_prevented])
    if facets["links"]:
        links(judge, state, seen)
    if facets["members"]:
        members(judge, state, client, kind, seen)
    if facets["invitations"]:
        rules = state["invitations"]
        judge.same("invitations", [rules["outsiders"], rules["by_members"]],
                   [not seen.is_collaboration_restricted_to_enterprise, seen.can_non_owners_invite])
    if facets["labels"]:
        judge.same("label", state["labels"]["set"], label(client, kind, seen))
    if facets["comment"] or facets["task"]:
        judge.same("said", state["said"] is not None, said(client, seen, facets))


def person(world, judge, claim):
    user = world.app.users.get_user_by_id(claim["on"]["person"]["id"], fields=["status", "role"])
    judge.same("status", claim["state"]["person"]["status"], plain(user.status))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        world = World(json.load(file))
    for line in sys.stdin:
        claim, judge = json.loads(line), Judge()
        try:
            (item if "item" in claim["on"] else person)(world, judge, claim)
        except Exception as error:  # told, not thrown: the next claim stands alone
            judge.wrong.append(f"{type(error).__name__}: {str(error)[:400]}")
        print(json.dumps({"compared": judge.compared, "wrong": judge.wrong}), flush=True)


if __name__ == "__main__":
    main()
