"""Drives the official Dropbox SDK against the emulator: each step asserts values that only a faithful tenant gives.

usage: dropbox_sdk.py READY.json

READY.json is what `sluicebox emulate --tls --ready-file` writes. The SDK speaks https only; its hosts come from the
environment, which is read when it is imported.
"""

import datetime
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
import urllib.parse

READY = json.load(open(sys.argv[1], encoding="utf-8"))
KEYS = READY["dropbox"]


def host(name):
    """Host and port of an address of the emulator."""
    return urllib.parse.urlsplit(KEYS[name]).netloc


# The SDK's HTTP library prefers these to the authority it is given, and a proxy to a direct call.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
os.environ["NO_PROXY"] = "127.0.0.1"
os.environ["DROPBOX_API_HOST"] = host("api")
os.environ["DROPBOX_API_CONTENT_HOST"] = host("content")
os.environ["DROPBOX_API_NOTIFY_HOST"] = host("notify")
os.environ["DROPBOX_WEB_HOST"] = host("authorize")

import dropbox  # noqa: E402
from dropbox import common, file_properties, files, sharing, team, team_log  # noqa: E402

BLOCK_BYTES = 4 << 20


def content_hash(body):
    """Dropbox's content hash, computed here from its description."""
    blocks = [hashlib.sha256(body[at : at + BLOCK_BYTES]).digest() for at in range(0, len(body), BLOCK_BYTES)]
    return hashlib.sha256(b"".join(blocks)).hexdigest()


def same(what, expected, found):
    """Fails with both values when they differ."""
    if expected != found:
        raise AssertionError(f"{what}\n  expected: {expected!r}\n  found:    {found!r}")


def followed(check):
    """Follows a job to its end: it takes some looks, as at the service."""
    looks = [check()]
    assert looks[0].is_in_progress(), looks
    while not looks[-1].is_complete():
        assert len(looks) < 10, looks
        looks.append(check())


def fails(what, kind, is_so, call):
    """Fails unless the call ends with an error of that kind of which `is_so` holds."""
    try:
        call()
    except kind as error:
        if not is_so(error):
            raise AssertionError(f"{what}: another error: {error}") from error
        return error
    raise AssertionError(f"{what}: no error")


def tagged(*path):
    """A test for `ApiError`s: the tags of the error, from the outside in."""

    def is_so(error):
        here = error.error
        for tag in path:
            if here._tag != tag:
                return False
            here = getattr(here, "_value", None)
        return True

    return is_so


class World:
    """Clients for the team and for its members, and what the steps share."""

    def __init__(self):
        authority = tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False)
        authority.write(READY["authority_pem"])
        authority.close()
        self.authority = authority.name
        self.team = dropbox.DropboxTeam(
            oauth2_refresh_token=KEYS["refresh_token"],
            app_key=KEYS["app_key"],
            app_secret=KEYS["app_secret"],
            ca_certs=self.authority,
        )
        self.members = {}
        self.spaces = {}

    def user(self, name):
        """A member, by the first part of the address."""
        return self.team.as_user(self.members[name].profile.team_member_id)

    def admin(self):
        """The admin, for the whole team."""
        return self.team.as_admin(self.members["ada"].profile.team_member_id)


def everything(first, more):
    """All pages of a list: `more` gives the next from the one before, while `has_more`."""
    page = first
    while True:
        yield page
        if not page.has_more:
            return
        page = more(page.cursor)


def people(world):
    pages = everything(world.team.team_members_list_v2(limit=3), world.team.team_members_list_continue_v2)
    found = [member for page in pages for member in page.members]
    world.members = {member.profile.email.split("@")[0]: member for member in found}
    standing = {name: member.profile.status._tag for name, member in world.members.items()}
    expected = dict.fromkeys(["ada", "carl", "erin", "frank", "grace", "heidi"], "active")
    same("standings", {**expected, "ivan": "suspended", "nina": "invited"}, standing)
    same("roles", ["ada", "carl"], sorted(name for name, member in world.members.items() if member.roles))
    same("a name", "Frank Möller", world.members["frank"].profile.name.display_name)
    admin = world.team.team_token_get_authenticated_admin().admin_profile
    same("the linking admin", "ada@example.com", admin.email)
    info = world.team.team_get_info()
    same("used licences", 6, info.num_used_licenses)
    features = world.team.team_features_get_values([team.Feature.has_team_shared_dropbox]).values
    same("a feature", False, features[0].get_has_team_shared_dropbox().get_has_team_shared_dropbox())
    chosen = [team.UserSelectorArg.email("erin@example.com"), team.UserSelectorArg.email("no@where.example")]
    info = world.team.team_members_get_info_v2(chosen).members_info
    same("found by address", "Erin Evans", info[0].get_member_info().profile.name.display_name)
    same("not found", "no@where.example", info[1].get_id_not_found())
    account = world.user("grace").users_get_current_account()
    same("an account", ("grace@example.com", True), (account.email, account.account_type.is_business()))
    same("roots", account.root_info.root_namespace_id, account.root_info.home_namespace_id)
    fails("a suspended member", dropbox.exceptions.AuthError, lambda error: error.error.is_user_suspended(),
          lambda: world.user("ivan").files_list_folder(""))
    fails("an invited member", dropbox.exceptions.AuthError, lambda error: error.error.is_invalid_select_user(),
          lambda: world.user("nina").files_list_folder(""))


def groups(world):
    found = {group.group_name: group for group in world.team.team_groups_list().groups}
    same("groups", ["Everyone", "Finance", "Project X"], sorted(found))
    selector = team.GroupSelector.group_id(found["Finance"].group_id)
    pages = everything(world.team.team_groups_members_list(selector, limit=1), world.team.team_groups_members_list_continue)
    emails = [member.profile.email for page in pages for member in page.members]
    same("members of a group", ["erin@example.com", "frank@example.com"], emails)


def namespaces(world):
    pages = everything(world.team.team_namespaces_list(), world.team.team_namespaces_list_continue)
    found = [space for page in pages for space in page.namespaces]
    world.spaces = {space.namespace_id: space for space in found}
    assert len(found) > len(world.spaces), "duplicates do occur"
    kinds = {space.namespace_type._tag for space in found}
    same("kinds", {"app_folder", "shared_folder", "team_folder", "team_member_folder"}, kinds)
    folders = {folder.name: folder.status._tag for folder in world.team.team_team_folder_list().team_folders}
    same("team folders", {"Company": "active", "Old projects": "archived"}, folders)


def space_of(world, name):
    """Id of the namespace of a name."""
    return next(space.namespace_id for space in world.spaces.values() if space.name == name)


def walk(world):
    """Every file of every namespace, read and checked."""
    seen, read, empty_pages = set(), 0, 0
    for space in world.spaces.values():
        rooted = world.admin().with_path_root(common.PathRoot.namespace_id(space.namespace_id))
        if space.name == "Old projects":
            fails("an archived folder", dropbox.exceptions.ApiError, tagged("path", "not_found"),
                  lambda: rooted.files_list_folder("", recursive=True))
            continue
        first = rooted.files_list_folder(
            "", recursive=True, include_mounted_folders=False, include_has_explicit_shared_members=True, limit=50
        )
        for page in everything(first, rooted.files_list_folder_continue):
            empty_pages += not page.entries
            for entry in page.entries:
                if not isinstance(entry, files.FileMetadata):
                    continue
                assert entry.id not in seen, entry
                seen.add(entry.id)
                if not entry.is_downloadable:
                    result, answer = rooted.files_export(entry.id)
                    same("an export's hash", result.export_metadata.export_hash, content_hash(answer.content))
                    continue
                result, answer = rooted.files_download(entry.id)
                same(f"hash of {entry.name}", entry.content_hash, content_hash(answer.content))
                same("the result's revision", entry.rev, result.rev)
                read += 1
    assert read >= 15 and empty_pages > 0, (read, empty_pages)
    outside = world.user("erin").with_path_root(common.PathRoot.namespace_id(space_of(world, "Frank Möller")))
    fails("another's home", dropbox.exceptions.PathRootError, lambda error: error.error.is_no_permission(),
          lambda: outside.files_list_folder(""))
    moved = world.user("erin").with_path_root(common.PathRoot.root(space_of(world, "Frank Möller")))
    fails("a wrong root", dropbox.exceptions.PathRootError, lambda error: error.error.is_invalid_root(),
          lambda: moved.files_list_folder(""))


def writing(world):
    erin = world.user("erin")
    first = erin.files_upload(b"one", "/SDK/Größe 王.txt")
    same("an upload", ("Größe 王.txt", 3, content_hash(b"one")), (first.name, first.size, first.content_hash))
    fails("a conflict", dropbox.exceptions.ApiError, lambda error: error.error.get_path().reason.is_conflict(),
          lambda: erin.files_upload(b"two", "/sdk/größe 王.txt"))
    update = files.WriteMode.update(first.rev)
    second = erin.files_upload(b"second", "/SDK/Größe 王.txt", mode=update)
    same("one id", first.id, second.id)
    result, answer = erin.files_download(f"rev:{first.rev}")
    same("an old revision", (b"one", first.rev), (answer.content, result.rev))
    revisions = erin.files_list_revisions(first.id, mode=files.ListRevisionsMode.id, limit=1)
    same("revisions", (second.rev, True, False), (revisions.entries[0].rev, revisions.has_more, revisions.is_deleted))

    body = bytes(range(256)) * 40_000
    session = erin.files_upload_session_start(body[:5_000_000])
    cursor = files.UploadSessionCursor(session.session_id, 4)
    fails("a wrong offset", dropbox.exceptions.ApiError,
          lambda error: error.error.get_incorrect_offset().correct_offset == 5_000_000,
          lambda: erin.files_upload_session_append_v2(body[5_000_000:], cursor))
    cursor.offset = 5_000_000
    erin.files_upload_session_append_v2(body[5_000_000:9_000_000], cursor)
    cursor.offset = 9_000_000
    large = erin.files_upload_session_finish(body[9_000_000:], cursor, files.CommitInfo("/SDK/large.bin"))
    same("a session", (len(body), content_hash(body)), (large.size, large.content_hash))

    moved = erin.files_move_v2(first.id, "/SDK/deep/er/moved.txt").metadata
    same("a move keeps the id", (first.id, "/sdk/deep/er/moved.txt"), (moved.id, moved.path_lower))
    copied = erin.files_copy_v2(first.id, "/SDK/copy.txt").metadata
    same("a copy has its own", (True, moved.content_hash), (copied.id != first.id, copied.content_hash))
    fails("a stale revision", dropbox.exceptions.ApiError, tagged("path_write", "conflict", "file"),
          lambda: erin.files_delete_v2(first.id, parent_rev=first.rev))
    erin.files_delete_v2(first.id, parent_rev=moved.rev)
    fails("gone", dropbox.exceptions.ApiError, tagged("path", "not_found"), lambda: erin.files_get_metadata(first.id))
    gone = erin.files_get_metadata("/SDK/deep/er/moved.txt", include_deleted=True)
    assert isinstance(gone, files.DeletedMetadata), gone
    restored = erin.files_restore("/SDK/deep/er/moved.txt", moved.rev)
    same("a restored file keeps its id", (first.id, moved.content_hash), (restored.id, restored.content_hash))
    made = erin.files_create_folder_v2("/SDK/deep", autorename=True).metadata
    same("a folder beside", "deep (1)", made.name)
    reference = erin.files_copy_reference_get("/SDK/copy.txt")
    saved = world.user("ada").files_copy_reference_save(reference.copy_reference, "/SDK/saved.txt").metadata
    same("a copy by reference", copied.content_hash, saved.content_hash)
    locked = erin.files_lock_file_batch([files.LockFileArg(copied.id)]).entries[0].get_success()
    assert locked.lock.content.is_single_user() and locked.metadata.file_lock_info.is_lockholder
    opened = world.admin().files_unlock_file_batch([files.UnlockFileArg(copied.id)]).entries[0].get_success()
    assert opened.lock.content.is_unlocked()
    erin.files_tags_add("/SDK/copy.txt", "Draft")
    tags = erin.files_tags_get(["/SDK/copy.txt"]).paths_to_tags[0].tags
    same("tags", ["draft"], [tag.get_user_generated_tag().tag_text for tag in tags])
    fails("an admin in a member's home", dropbox.exceptions.ApiError, tagged("from_lookup", "not_found"),
          lambda: world.admin().files_move_v2(copied.id, "/x.txt"))


def exporting(world):
    heidi = world.user("heidi")
    paper = heidi.files_get_metadata("/Special/Product notes.paper")
    same("export only", (False, "markdown", ["markdown", "html"]),
         (paper.is_downloadable, paper.export_info.export_as, paper.export_info.export_options))
    fails("no download", dropbox.exceptions.ApiError, tagged("unsupported_file"), lambda: heidi.files_download(paper.id))
    result, answer = heidi.files_export(paper.id, export_format="html")
    assert answer.content.startswith(b"<h1>"), answer.content
    same("an export", (len(answer.content), "Product notes.html"), (result.export_metadata.size, result.export_metadata.name))
    fails("no such format", dropbox.exceptions.ApiError, tagged("invalid_export_format"),
          lambda: heidi.files_export(paper.id, export_format="docx"))


def links(world):
    frank = world.user("frank")
    frank.files_upload(b"linked", "/SDK/linked.txt")
    expires = datetime.datetime(2099, 1, 1)
    wish = sharing.SharedLinkSettings(audience=sharing.LinkAudience.public, link_password="open sesame", expires=expires)
    link = frank.sharing_create_shared_link_with_settings("/SDK/linked.txt", wish)
    assert link.link_permissions.resolved_visibility.is_password() and link.expires == expires
    again = fails("made already", dropbox.exceptions.ApiError, lambda error: error.error.is_shared_link_already_exists(),
                  lambda: frank.sharing_create_shared_link_with_settings("/SDK/linked.txt"))
    same("the error's link", link.url, again.error.get_shared_link_already_exists().get_metadata().url)
    team_only = sharing.SharedLinkSettings(audience=sharing.LinkAudience.team, require_password=False)
    changed = frank.sharing_modify_shared_link_settings(link.url, team_only, remove_expiration=True)
    rights = changed.link_permissions
    assert rights.resolved_visibility.is_team_only() and rights.effective_audience.is_team() and changed.expires is None
    listed = frank.sharing_list_shared_links("/SDK/linked.txt", direct_only=True).links
    same("listed by path", [link.url], [found.url for found in listed])
    fails("another's link", dropbox.exceptions.ApiError, tagged("shared_link_access_denied"),
          lambda: world.user("erin").sharing_revoke_shared_link(link.url))
    frank.sharing_revoke_shared_link(link.url)
    same("revoked", [], frank.sharing_list_shared_links("/SDK/linked.txt", direct_only=True).links)
    heidi, urls = world.user("heidi"), []
    page = heidi.sharing_list_shared_links()
    while True:
        urls += [found.url for found in page.links]
        if not page.has_more:
            break
        page = heidi.sharing_list_shared_links(cursor=page.cursor)
    assert len(urls) >= 6 and len(set(urls)) == len(urls), urls
    above = heidi.sharing_list_shared_links("/Special/Open folder/Below/Inherited.txt").links
    assert len(above) == 1 and isinstance(above[0], sharing.FolderLinkMetadata), above


def members(world):
    grace = world.user("grace")
    grace.files_upload(b"plan", "/SDK shared/plan.txt")
    shared = grace.sharing_share_folder("/SDK shared", acl_update_policy=sharing.AclUpdatePolicy.owner).get_complete()
    folder = shared.shared_folder_id
    add = lambda email: sharing.AddMember(sharing.MemberSelector.email(email), sharing.AccessLevel.editor)  # noqa: E731
    grace.sharing_add_folder_member(folder, [add("frank@example.com"), add("new@customer.example.org")])
    found = grace.sharing_list_folder_members(folder, limit=1)
    pages = [found]
    while found.cursor:
        found = grace.sharing_list_folder_members_continue(found.cursor)
        pages.append(found)
    users = {row.user.email: (row.access_type._tag, row.user.same_team) for page in pages for row in page.users}
    same("users", {"grace@example.com": ("owner", True), "frank@example.com": ("editor", True)}, users)
    same("invitees", ["new@customer.example.org"], [row.invitee.get_email() for page in pages for row in page.invitees])
    frank = world.user("frank")
    file = frank.files_get_metadata("/SDK shared/plan.txt")
    same("a member sees it", folder, file.sharing_info.parent_shared_folder_id)
    results = grace.sharing_add_file_member(file.id, [sharing.MemberSelector.email("pat@partner.example.net")])
    assert results[0].result.is_success(), results
    own = grace.sharing_list_file_members(file.id, include_inherited=False)
    same("a file's own members", [("pat@partner.example.net", False)], [(row.user.email, row.user.same_team) for row in own.users])
    batch = grace.sharing_list_file_members_batch([file.id])
    same("in a batch", 1, batch[0].result.get_result().member_count)
    inherited = fails("inherited", dropbox.exceptions.ApiError, lambda error: error.error.is_no_explicit_access(),
                      lambda: grace.sharing_remove_file_member_2(file.id, sharing.MemberSelector.email("frank@example.com")))
    same("from where", "SDK shared", inherited.error.get_no_explicit_access().access_details[0].folder_name)
    gone = grace.sharing_remove_file_member_2(file.id, sharing.MemberSelector.email("pat@partner.example.net"))
    assert gone.is_success(), gone
    closed = grace.sharing_update_folder_policy(folder, member_policy=sharing.MemberPolicy.team)
    assert closed.policy.member_policy.is_team(), closed
    job = grace.sharing_remove_folder_member(folder, sharing.MemberSelector.email("frank@example.com"), False)
    check = lambda: grace.sharing_check_remove_member_job_status(job.get_async_job_id())  # noqa: E731
    followed(check)
    fails("no longer seen", dropbox.exceptions.ApiError, tagged("path", "not_found"),
          lambda: frank.files_get_metadata("/SDK shared/plan.txt"))
    job = grace.sharing_unshare_folder(folder)
    check = lambda: grace.sharing_check_job_status(job.get_async_job_id())  # noqa: E731
    followed(check)
    same("at home again", None, grace.files_get_metadata("/SDK shared/plan.txt").sharing_info)
    mine = grace.sharing_list_folders().entries
    assert any(entry.is_team_folder and entry.name == "Company" for entry in mine), mine


def changes(world):
    """A cursor, a long poll that a change ends, and what the cursor then gives."""
    erin = world.user("erin")
    first = erin.files_list_folder("", recursive=True, include_mounted_folders=False)
    cursor = list(everything(first, erin.files_list_folder_continue))[-1].cursor
    latest = erin.files_list_folder_get_latest_cursor("", recursive=True, include_mounted_folders=False).cursor
    change = threading.Timer(0.5, lambda: world.user("erin").files_delete_v2("/SDK/deep"))
    began = time.monotonic()
    change.start()
    # The poll asks without a token, as the service wants it.
    answer = dropbox.Dropbox("none", ca_certs=world.authority).files_list_folder_longpoll(cursor, timeout=30)
    change.join()
    assert answer.changes and time.monotonic() - began < 25, answer
    for position in (cursor, latest):
        page = erin.files_list_folder_continue(position)
        told = [(type(entry).__name__, entry.path_display) for entry in page.entries]
        same("one entry for a subtree", [("DeletedMetadata", "/SDK/deep")], told)
    fails("another's cursor", dropbox.exceptions.BadInputError, lambda error: "cursor" in error.message,
          lambda: world.user("frank").files_list_folder_continue(cursor))


def audit(world):
    team_client = world.team
    first = team_client.team_log_get_events(category=team_log.EventCategory.file_operations)
    events = [event for page in everything(first, team_client.team_log_get_events_continue) for event in page.events]
    kinds = {event.event_type._tag for event in events}
    assert {"file_add", "file_edit", "file_move", "file_copy", "file_delete", "file_restore"} <= kinds, kinds
    added = [event for event in events if event.event_type.is_file_add()]
    path = lambda event: event.assets[0].get_file().path.namespace_relative.relative_path  # noqa: E731
    mine = [event for event in added if path(event) == "/SDK/Größe 王.txt"]
    same("the event of an upload", ["erin@example.com"], [event.actor.get_user().email for event in mine])
    assert all(event.details.is_file_add_details() for event in added)
    first = team_client.team_log_get_events(event_type=team_log.EventTypeArg.shared_content_add_invitees)
    invited = [event for page in everything(first, team_client.team_log_get_events_continue) for event in page.events]
    lists = [event.details.get_shared_content_add_invitees_details().invitees for event in invited]
    assert ["new@customer.example.org"] in lists, lists
    both = {"category": team_log.EventCategory.sharing, "event_type": team_log.EventTypeArg.file_add}
    fails("two filters", dropbox.exceptions.ApiError, tagged("invalid_filters"), lambda: team_client.team_log_get_events(**both))


def properties(world):
    field = file_properties.PropertyFieldTemplate("Stage", "How far it is", file_properties.PropertyType.string)
    made = world.team.file_properties_templates_add_for_team("SDK", "Made by the SDK", [field]).template_id
    assert made in world.team.file_properties_templates_list_for_team().template_ids
    same("a template", "SDK", world.team.file_properties_templates_get_for_team(made).name)
    erin = world.user("erin")
    group = lambda value: [file_properties.PropertyGroup(made, [file_properties.PropertyField("Stage", value)])]  # noqa: E731
    erin.file_properties_properties_overwrite("/SDK/copy.txt", group("draft"))
    erin.file_properties_properties_overwrite("/SDK/copy.txt", group("final"))
    wanted = file_properties.TemplateFilterBase.filter_some([made])
    read = lambda: erin.files_get_metadata("/SDK/copy.txt", include_property_groups=wanted).property_groups  # noqa: E731
    same("a property", "final", read()[0].fields[0].value)
    erin.file_properties_properties_remove("/SDK/copy.txt", [made])
    same("removed", None, read())


def suspending(world):
    heidi = team.UserSelectorArg.email("heidi@example.com")
    world.team.team_members_suspend(heidi, wipe_data=False)
    fails("suspended", dropbox.exceptions.AuthError, lambda error: error.error.is_user_suspended(),
          lambda: world.user("heidi").files_list_folder(""))
    world.team.team_members_unsuspend(heidi)
    assert world.user("heidi").files_list_folder("").cursor


def holding(world):
    hold = world.team.team_legal_holds_create_policy("SDK", [world.members["frank"].profile.team_member_id])
    names = [policy.name for policy in world.team.team_legal_holds_list_policies().policies]
    assert hold.name in names and hold.status.is_active(), names
    world.team.team_legal_holds_release_policy(hold.id)


STEPS = [people, groups, namespaces, walk, writing, exporting, links, members, changes, audit, properties, suspending, holding]


def main():
    """Every step in turn; the first that fails ends the run."""
    world = World()
    try:
        for step in STEPS:
            step(world)
            print(f"dropbox sdk: {step.__name__}: ok", flush=True)
    finally:
        os.unlink(world.authority)


if __name__ == "__main__":
    main()
