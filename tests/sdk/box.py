"""Drives the official Box SDK against the emulator: each step asserts values that only a faithful tenant gives.

usage: box.py READY.json [--api URL] [--upload URL] [--alarms FILE]

READY.json is what `sluicebox emulate --ready-file` writes. With --api and --upload the calls go through validating
proxies there; what these find wrong must stand in the file of known false alarms.
"""

import argparse
import hashlib
import io
import json
import re
import sys
import time
import traceback
import uuid

from box_sdk_gen import (
    BaseUrls,
    BoxAPIError,
    BoxCCGAuth,
    BoxClient,
    BoxJWTAuth,
    BoxNetworkClient,
    CCGConfig,
    FetchOptions,
    JWTConfig,
    NetworkSession,
    null,
)
from box_sdk_gen.managers import (
    comments,
    events,
    file_classifications,
    file_metadata,
    files,
    folders,
    list_collaborations,
    memberships,
    metadata_templates,
    shared_links_files,
    shared_links_folders,
    uploads,
    user_collaborations,
    users,
    webhooks,
)


class Watched(BoxNetworkClient):
    """Keeps what a validating proxy said about each call."""

    def __init__(self):
        super().__init__()
        self.said = []
        self.proxy, self.direct = "", ""

    def fetch(self, options):
        # Prism follows redirects by itself and takes the token along, which the download host refuses, as it should.
        if self.proxy and options.method == "GET" and options.url.endswith("/content"):
            options.url = options.url.replace(self.proxy, self.direct, 1)
        try:
            response = super().fetch(options)
        except BoxAPIError as error:
            self.note(options, error.response_info.headers)
            raise
        self.note(options, response.headers)
        return response

    def note(self, options, headers):
        for name, value in (headers or {}).items():
            if name.lower() == "sl-violations":
                self.said.append((options.method, options.url, json.loads(value)))


class World:
    """Clients for the app itself and for people, and what the steps share."""

    def __init__(self, ready, api, upload):
        box = ready["box"]
        self.box = box
        doors = ready["doors"]
        first = [value for name, value in doors.items() if "box" in name.lower() and "api" in name.lower()][0]
        self.direct = first.rstrip("/")
        self.watched = Watched()
        self.watched.proxy, self.watched.direct = api or "", self.direct
        urls = BaseUrls(
            base_url=(api or self.direct),
            upload_url=(upload or box["upload"].split("/api/2.0")[0]) + "/api",
            oauth_2_url=self.direct + "/api/oauth2",
        )
        self.network = NetworkSession(network_client=self.watched, base_urls=urls)
        self.app = self.client(BoxCCGAuth(CCGConfig(box["client_id"], box["client_secret"], enterprise_id=box["enterprise_id"])))
        self.people = {}

    def client(self, auth):
        return BoxClient(auth, network_session=self.network)

    def person(self, key):
        return self.app.with_as_user_header(self.people[key].id)


def refused(status, call, code=None):
    """The call must be answered so."""
    try:
        call()
    except BoxAPIError as error:
        info = error.response_info
        assert info.status_code == status, (info.status_code, info.code)
        assert code is None or info.code == code, (info.code, code)
        return info
    raise AssertionError(f"{status} was expected")


def sha1(body):
    return hashlib.sha1(body).hexdigest()


def upload(client, name, body, parent="0"):
    attributes = uploads.UploadFileAttributes(name=name, parent=uploads.UploadFileAttributesParentField(id=parent))
    return client.uploads.upload_file(attributes, io.BytesIO(body)).entries[0]


STEPS = []


def step(function):
    STEPS.append(function)
    return function


@step
def people(world):
    all_people = []
    marker = None
    while True:
        page = world.app.users.get_users(
            user_type=users.GetUsersUserType.MANAGED, usemarker=True, marker=marker, limit=3,
            fields=["id", "login", "name", "status", "role", "enterprise"],
        )
        all_people += page.entries
        marker = page.next_marker
        if not marker:
            break
    world.people = {user.login.split("@")[0]: user for user in all_people}
    assert len(world.people) == len(all_people) == 7, sorted(world.people)
    assert world.people["ada"].role == "admin" and world.people["carl"].role == "coadmin"
    assert world.people["ivan"].status == "inactive" and world.people["frank"].name == "Frank Möller"
    outside = world.app.users.get_users(user_type=users.GetUsersUserType.EXTERNAL).entries
    assert [user.login for user in outside] == ["pat@partner.example.net"]
    world.people["pat"] = outside[0]
    assert world.app.users.get_user_me().login.startswith("AutomationUser_")
    assert world.person("erin").users.get_user_me().id == world.people["erin"].id


@step
def acting_for_others(world):
    refused(403, world.person("ivan").users.get_user_me)
    refused(403, world.person("pat").users.get_user_me)
    carl = world.client(BoxCCGAuth(CCGConfig(world.box["client_id"], world.box["client_secret"], user_id=world.people["carl"].id)))
    assert carl.with_as_user_header(world.people["erin"].id).users.get_user_me().login == "erin@example.com"
    refused(403, carl.with_as_user_header(world.people["ada"].id).users.get_user_me)
    erin = world.client(BoxCCGAuth(CCGConfig(world.box["client_id"], world.box["client_secret"], user_id=world.people["erin"].id)))
    refused(403, erin.with_as_user_header(world.people["frank"].id).users.get_user_me)


@step
def signed_assertion(world):
    config = JWTConfig.from_config_json_string(json.dumps(world.box["jwt_key_file"]))
    client = world.client(BoxJWTAuth(config))
    assert client.users.get_user_me().login.startswith("AutomationUser_")
    user = world.client(BoxJWTAuth(config).with_user_subject(world.people["grace"].id))
    assert user.users.get_user_me().login == "grace@example.com"
    wrong = world.client(BoxCCGAuth(CCGConfig(world.box["client_id"], "not the secret", enterprise_id=world.box["enterprise_id"])))
    try:
        wrong.users.get_user_me()
    except BoxAPIError as error:
        assert error.response_info.status_code == 401
    else:
        raise AssertionError("a wrong secret was taken")


def listed(client, folder, **more):
    """All items of a folder, by marker: each once, though pages may repeat one."""
    found, marker = {}, None
    while True:
        page = client.folders.get_folder_items(folder, usemarker=True, marker=marker, limit=more.get("limit", 2), fields=more.get("fields"))
        found.update({item.id: item for item in page.entries})
        marker = page.next_marker
        if not marker:
            return list(found.values())


@step
def listing_and_download(world):
    grace = world.person("grace")
    top = {item.name: item for item in listed(grace, "0")}
    assert {"Links", "Open folder", "Private"} <= set(top), sorted(top)
    fields = ["name", "sha1", "size", "file_version", "shared_link", "owned_by", "has_collaborations", "is_externally_owned"]
    links = {item.name: item for item in listed(grace, top["Links"].id, fields=fields)}
    assert links["open.txt"].shared_link.effective_access == "open"
    assert links["open with password.txt"].shared_link.is_password_enabled is True
    assert links["open no longer.txt"].shared_link is None
    assert links["for the company.txt"].shared_link.effective_access == "company"
    for item in links.values():
        assert item.owned_by.login == "grace@example.com"
        body = grace.downloads.download_file(item.id).read()
        assert sha1(body) == item.sha_1 and len(body) == item.size, item.name
    part = grace.downloads.download_file(links["open.txt"].id, range="bytes=0-3").read()
    whole = grace.downloads.download_file(links["open.txt"].id).read()
    assert whole.startswith(part) and len(part) == 4
    refused(404, lambda: world.person("erin").files.get_file_by_id(links["open.txt"].id), "not_found")


@step
def upload_and_versions(world):
    erin = world.person("erin")
    folder = erin.folders.create_folder("SDK é 報告 🗂", folders.CreateFolderParent(id="0"))
    world.folder = folder
    refused(409, lambda: erin.folders.create_folder("sdk É 報告 🗂", folders.CreateFolderParent(id="0")), "item_name_in_use")
    first = upload(erin, "Ünïcode note.txt", b"the first body", folder.id)
    assert first.sha_1 == sha1(b"the first body")
    assert first.parent.id == folder.id and first.size == 14
    pre = erin.uploads.preflight_file_upload_check
    refused(409, lambda: pre(name="Ünïcode NOTE.txt", size=3, parent=uploads.PreflightFileUploadCheckParent(id=folder.id)), "item_name_in_use")
    assert pre(name="free.txt", size=3, parent=uploads.PreflightFileUploadCheckParent(id=folder.id)).upload_url.endswith("/files/content")
    attributes = uploads.UploadFileVersionAttributes(name="Ünïcode note.txt")
    second = erin.uploads.upload_file_version(first.id, attributes, io.BytesIO(b"the second body!")).entries[0]
    assert second.id == first.id and second.etag != first.etag and second.size == 16
    refused(412, lambda: erin.uploads.upload_file_version(first.id, attributes, io.BytesIO(b"x"), if_match=first.etag), "precondition_failed")
    versions = erin.file_versions.get_file_versions(first.id)
    assert versions.total_count == 1 and versions.entries[0].sha_1 == sha1(b"the first body")
    old = erin.downloads.download_file(first.id, version=versions.entries[0].id).read()
    assert old == b"the first body"
    erin.file_versions.promote_file_version(first.id, id=versions.entries[0].id, type="file_version")
    assert erin.downloads.download_file(first.id).read() == b"the first body"
    assert erin.file_versions.get_file_versions(first.id).total_count == 2
    world.file = erin.files.get_file_by_id(first.id)


@step
def upload_in_parts(world):
    erin = world.person("erin")
    body = b"0123456789abcdef" * (20_000_000 // 16 + 7)
    made = erin.chunked_uploads.upload_big_file(io.BytesIO(body), "large.bin", len(body), world.folder.id)
    assert made.size == len(body) and made.sha_1 == sha1(body)
    assert sha1(erin.downloads.download_file(made.id).read()) == made.sha_1


@step
def shared_links(world):
    erin = world.person("erin")
    add = shared_links_files.AddShareLinkToFileSharedLink
    link = erin.shared_links_files.add_share_link_to_file(
        world.file.id, "shared_link", shared_link=add(access=shared_links_files.AddShareLinkToFileSharedLinkAccessField.OPEN)
    ).shared_link
    assert link.effective_access == "open" and link.url.startswith("https://")
    change = shared_links_files.UpdateSharedLinkOnFileSharedLink
    changed = erin.shared_links_files.update_shared_link_on_file(
        world.file.id, "shared_link", shared_link=change(access=shared_links_files.UpdateSharedLinkOnFileSharedLinkAccessField.COMPANY)
    ).shared_link
    assert changed.effective_access == "company" and changed.url == link.url
    removed = erin.shared_links_files.remove_shared_link_from_file(world.file.id, "shared_link", shared_link=null)
    assert removed.shared_link is None
    again = erin.shared_links_files.add_share_link_to_file(world.file.id, "shared_link", shared_link=add()).shared_link
    assert again.url != link.url
    open_folder = shared_links_folders.AddShareLinkToFolderSharedLink(access=shared_links_folders.AddShareLinkToFolderSharedLinkAccessField.OPEN)
    shared = erin.shared_links_folders.add_share_link_to_folder(world.folder.id, "shared_link", shared_link=open_folder)
    assert shared.shared_link.effective_access == "open"
    gone = erin.shared_links_folders.remove_shared_link_from_folder(world.folder.id, "shared_link", shared_link=null)
    assert gone.shared_link is None


@step
def collaborations(world):
    erin, frank = world.person("erin"), world.person("frank")
    refused(404, lambda: frank.folders.get_folder_by_id(world.folder.id))
    item = user_collaborations.CreateCollaborationItem(type=user_collaborations.CreateCollaborationItemTypeField.FOLDER, id=world.folder.id)

    def whom(**who):
        kind = user_collaborations.CreateCollaborationAccessibleByTypeField.USER
        return user_collaborations.CreateCollaborationAccessibleBy(type=kind, **who)

    role = user_collaborations.CreateCollaborationRole.VIEWER
    made = erin.user_collaborations.create_collaboration(item, whom(id=world.people["frank"].id), role)
    assert made.status == "accepted" and made.role == "viewer"
    assert world.folder.id in [entry.id for entry in listed(frank, "0")]
    assert frank.files.get_file_by_id(world.file.id, fields=["owned_by"]).owned_by.login == "erin@example.com"
    refused(403, lambda: frank.files.update_file_by_id(world.file.id, name="mine now.txt"))
    refused(400, lambda: erin.user_collaborations.create_collaboration(item, whom(id=world.people["frank"].id), role), "user_already_collaborator")
    invited = erin.user_collaborations.create_collaboration(item, whom(login="someone@outside.example.org"), role)
    assert invited.status == "pending" and invited.invite_email == "someone@outside.example.org"
    on_folder = erin.list_collaborations.get_folder_collaborations(world.folder.id).entries
    assert {entry.id for entry in on_folder} == {made.id, invited.id}
    inherited = erin.list_collaborations.get_file_collaborations(world.file.id).entries
    assert {entry.id for entry in inherited} == {made.id, invited.id}
    erin.user_collaborations.update_collaboration_by_id(made.id, role=user_collaborations.UpdateCollaborationByIdRole.EDITOR)
    assert frank.files.update_file_by_id(world.file.id, description="by frank").description == "by frank"
    erin.user_collaborations.delete_collaboration_by_id(made.id)
    erin.user_collaborations.delete_collaboration_by_id(invited.id)
    refused(404, lambda: frank.files.get_file_by_id(world.file.id))
    joint = [entry for entry in listed(erin, "0", fields=["name", "is_externally_owned", "owned_by"]) if entry.is_externally_owned]
    assert [raw(entry.owned_by)["login"] for entry in joint] == ["pat@partner.example.net"]


@step
def moves_and_copies(world):
    erin = world.person("erin")
    other = erin.folders.create_folder("Elsewhere", folders.CreateFolderParent(id="0"))
    copied = erin.files.copy_file(world.file.id, files.CopyFileParent(id=other.id), name="copy.txt")
    assert copied.id != world.file.id and copied.sha_1 == erin.files.get_file_by_id(world.file.id).sha_1
    moved = erin.files.update_file_by_id(world.file.id, parent=files.UpdateFileByIdParent(id=other.id), name="moved.txt")
    assert moved.id == world.file.id and moved.parent.id == other.id and moved.name == "moved.txt"
    assert [entry.name for entry in moved.path_collection.entries] == ["All Files", "Elsewhere"]
    refused(409, lambda: erin.files.update_file_by_id(world.file.id, name="COPY.txt"), "item_name_in_use")
    whole = erin.folders.copy_folder(other.id, folders.CopyFolderParent(id="0"), name="Elsewhere twice")
    assert sorted(entry.name for entry in listed(erin, whole.id)) == ["copy.txt", "moved.txt"]
    world.other = other


@step
def trash_and_restore(world):
    erin = world.person("erin")
    stale = erin.files.get_file_by_id(world.file.id).etag
    erin.files.update_file_by_id(world.file.id, description="changed since")
    refused(412, lambda: erin.files.delete_file_by_id(world.file.id, if_match=stale), "precondition_failed")
    erin.files.delete_file_by_id(world.file.id)
    refused(404, lambda: erin.files.get_file_by_id(world.file.id), "trashed")
    trashed = erin.trashed_items.get_trashed_items(usemarker=True, limit=1000, fields=["name", "trashed_at"])
    assert world.file.id in [entry.id for entry in trashed.entries]
    assert erin.trashed_files.get_trashed_file_by_id(world.file.id).item_status == "trashed"
    back = erin.trashed_files.restore_file_from_trash(world.file.id, name="restored.txt")
    assert back.id == world.file.id and back.item_status == "active"
    assert erin.downloads.download_file(world.file.id).read() == b"the first body"
    spare = upload(erin, "for good.txt", b"gone", world.other.id)
    erin.files.delete_file_by_id(spare.id)
    erin.trashed_files.delete_trashed_file_by_id(spare.id)
    refused(404, lambda: erin.trashed_files.get_trashed_file_by_id(spare.id))
    refused(400, lambda: erin.folders.delete_folder_by_id(world.other.id), "folder_not_empty")


@step
def locks(world):
    erin = world.person("erin")
    # The document calls the property `access`, the service takes `type`: sent by hand.
    locked = erin.make_request(
        FetchOptions(
            url=f"{world.network.base_urls.base_url}/2.0/files/{world.file.id}?fields=lock", method="PUT",
            data={"lock": {"type": "lock", "is_download_prevented": True}}, content_type="application/json",
        )
    )
    assert locked.data["lock"]["type"] == "lock"
    assert erin.files.update_file_by_id(world.file.id, lock=null, fields=["lock"]).lock is None


@step
def classification_and_metadata(world):
    erin = world.person("erin")
    template = world.app.classifications.get_classification_template()
    levels = [option.key for option in template.fields[0].options]
    assert levels == ["Public", "Internal", "Confidential", "Restricted"]
    made = erin.file_classifications.add_classification_to_file(world.file.id, box_security_classification_key="Confidential")
    assert made.box_security_classification_key == "Confidential"
    refused(409, lambda: erin.file_classifications.add_classification_to_file(world.file.id, box_security_classification_key="Public"), "tuple_already_exists")
    step_of = file_classifications.UpdateClassificationOnFileRequestBody
    changed = erin.file_classifications.update_classification_on_file(world.file.id, [step_of(value="Restricted")])
    assert changed.box_security_classification_key == "Restricted"
    seen = erin.files.get_file_by_id(world.file.id, fields=["classification"])
    assert seen.classification.name == "Restricted"
    erin.file_classifications.delete_classification_from_file(world.file.id)
    refused(404, lambda: erin.file_classifications.get_classification_on_file(world.file.id))
    field = metadata_templates.CreateMetadataTemplateFields
    kind = metadata_templates.CreateMetadataTemplateFieldsTypeField.STRING
    key = "sdk" + uuid.uuid4().hex[:8]
    world.app.metadata_templates.create_metadata_template(
        "enterprise", "SDK", template_key=key, fields=[field(type=kind, key="note", display_name="Note")]
    )
    scope = file_metadata.CreateFileMetadataByIdScope.ENTERPRISE
    values = erin.file_metadata.create_file_metadata_by_id(world.file.id, scope, key, {"note": "seen"})
    assert values.extra_data["note"] == "seen"
    assert len(erin.file_metadata.get_file_metadata(world.file.id).entries) == 1
    erin.file_metadata.delete_file_metadata_by_id(world.file.id, file_metadata.DeleteFileMetadataByIdScope.ENTERPRISE, key)


@step
def groups(world):
    groups_of = {group.name: group for group in world.app.groups.get_groups(limit=1000).entries}
    assert {"Finance", "Everyone", "Project X"} <= set(groups_of)
    finance = world.app.memberships.get_group_memberships(groups_of["Finance"].id).entries
    assert {member.user.login for member in finance} == {"erin@example.com", "frank@example.com"}
    made = world.app.groups.create_group("SDK group")
    member = world.app.memberships.create_group_membership(
        memberships.CreateGroupMembershipUser(id=world.people["heidi"].id), memberships.CreateGroupMembershipGroup(id=made.id)
    )
    mine = world.app.memberships.get_user_memberships(world.people["heidi"].id).entries
    assert member.id in [entry.id for entry in mine]
    world.app.memberships.delete_group_membership_by_id(member.id)
    world.app.groups.delete_group_by_id(made.id)
    assert "SDK group" not in [group.name for group in world.app.groups.get_groups(limit=1000).entries]


@step
def comments_and_holds(world):
    erin = world.person("erin")
    item = comments.CreateCommentItem(id=world.file.id, type=comments.CreateCommentItemTypeField.FILE)
    made = erin.comments.create_comment("please look", item)
    assert [comment.message for comment in erin.comments.get_file_comments(world.file.id).entries] == ["please look"]
    erin.comments.delete_comment_by_id(made.id)
    assert world.app.legal_hold_policies.get_legal_hold_policies().entries[0].policy_name == "Pending case"


@step
def enterprise_events(world):
    streaming, log = events.GetEventsStreamType.ADMIN_LOGS_STREAMING, events.GetEventsStreamType.ADMIN_LOGS
    now = world.app.events.get_events(stream_type=streaming, stream_position="now")
    assert now.entries == []
    erin = world.person("erin")
    made = upload(erin, "event.txt", b"an event", world.other.id)
    erin.files.update_file_by_id(made.id, name="event renamed.txt")
    seen, position = {}, str(now.next_stream_position)
    for _ in range(5):
        page = world.app.events.get_events(stream_type=streaming, stream_position=position, limit=500)
        seen.update({event.event_id: event for event in page.entries})
        position = str(page.next_stream_position)
        if not page.entries:
            break
    kinds = sorted(event.event_type for event in seen.values() if raw(event.source).get("item_id") == made.id)
    assert kinds == ["RENAME", "UPLOAD"], kinds
    only = world.app.events.get_events(
        stream_type=streaming, stream_position=str(now.next_stream_position), event_type=[events.GetEventsEventType.UPLOAD]
    )
    assert {event.event_type for event in only.entries} == {"UPLOAD"}
    history = world.app.events.get_events(stream_type=log, limit=500)
    ids = [event.event_id for event in history.entries]
    assert len(ids) == len(set(ids)) and set(seen) <= set(ids)
    refused(403, lambda: world.person("erin").events.get_events(stream_type=streaming))
    mine = erin.events.get_events(stream_position="0", limit=500)
    assert "ITEM_UPLOAD" in {event.event_type for event in mine.entries}
    servers = erin.events.get_events_with_long_polling()
    assert servers.chunk_size == 1 and servers.entries[0].url.startswith("http")


def raw(source):
    """The fields of an event's source, whatever class the SDK took it for."""
    if source is None:
        return {}
    return source.to_dict() if hasattr(source, "to_dict") else dict(source)


@step
def hooks(world):
    erin = world.person("erin")
    target = webhooks.CreateWebhookTarget(id=world.other.id, type=webhooks.CreateWebhookTargetTypeField.FOLDER)
    triggers = [webhooks.CreateWebhookTriggers.FILE_UPLOADED, webhooks.CreateWebhookTriggers.SHARED_LINK_CREATED]
    refused(400, lambda: erin.webhooks.create_webhook(target, "http://hooks.example.com/box", triggers))
    made = erin.webhooks.create_webhook(target, "https://hooks.example.com/box", triggers)
    assert made.target.id == world.other.id
    refused(409, lambda: erin.webhooks.create_webhook(target, "https://hooks.example.com/box", triggers))
    assert made.id in [hook.id for hook in erin.webhooks.get_webhooks().entries]
    changed = erin.webhooks.update_webhook_by_id(made.id, address="https://hooks.example.com/other")
    assert changed.address == "https://hooks.example.com/other"
    erin.webhooks.delete_webhook_by_id(made.id)
    refused(404, lambda: erin.webhooks.get_webhook_by_id(made.id))


@step
def people_suspended(world):
    heidi = world.people["heidi"]
    changed = world.app.users.update_user_by_id(heidi.id, status=users.UpdateUserByIdStatus.INACTIVE, fields=["status"])
    assert changed.status == "inactive"
    refused(403, world.person("heidi").users.get_user_me)
    world.app.users.update_user_by_id(heidi.id, status=users.UpdateUserByIdStatus.ACTIVE)
    assert world.person("heidi").users.get_user_me().login == "heidi@example.com"
    assert world.app.session_termination.terminate_users_sessions([heidi.id], [heidi.login]).message


def judge(said, alarms):
    """What the proxies said that is not a known false alarm; and which alarms rang."""
    odd, rang = [], set()
    for method, url, violations in said:
        path = url.split("://", 1)[-1].split("/", 1)[-1].split("?")[0]
        for violation in violations:
            place = "/".join(str(part) for part in violation.get("location", []))
            known = [alarm for alarm in alarms if fits(alarm, method, path, place, violation.get("message", ""))]
            rang.update(alarm["name"] for alarm in known)
            if not known:
                odd.append((method, path, place, violation.get("message")))
    return odd, rang


def fits(alarm, method, path, place, message):
    return (
        re.fullmatch(alarm["method"], method) is not None
        and re.search(alarm["path"], path) is not None
        and re.search(alarm["place"], place) is not None
        and re.search(alarm["message"], message) is not None
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ready")
    parser.add_argument("--api")
    parser.add_argument("--upload")
    parser.add_argument("--alarms")
    args = parser.parse_args()
    with open(args.ready, encoding="utf-8") as file:
        ready = json.load(file)
    world = World(ready, args.api, args.upload)
    failed = 0
    for function in STEPS:
        began = time.monotonic()
        try:
            function(world)
            print(f"ok      {function.__name__} ({time.monotonic() - began:.1f} s)")
        except Exception as error:  # each step stands alone as far as it can
            failed += 1
            where = traceback.extract_tb(error.__traceback__)
            line = [frame.lineno for frame in where if frame.filename == __file__][-1:]
            print(f"FAILED  {function.__name__}, line {line}: {type(error).__name__}: {str(error)[:600]}")
    if args.alarms:
        with open(args.alarms, encoding="utf-8") as file:
            alarms = json.load(file)["alarms"]
        odd, rang = judge(world.watched.said, alarms)
        silent = sorted(alarm["name"] for alarm in alarms if alarm["name"] not in rang)
        print(f"the proxies found fault with {len(world.watched.said)} answers; known false alarms that rang: {sorted(rang)}")
        for name in silent:
            print(f"FAILED  the known false alarm {name!r} no longer rings: strike it from the list")
        odd = sorted(set(map(str, odd)))
        for entry in odd:
            print(f"FAILED  against the specification: {entry}")
        failed += len(odd) + len(silent)
    print("all steps passed" if failed == 0 else f"{failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
