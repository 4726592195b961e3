#!/usr/bin/env python3
"""Writes routes.json: what each route takes, from Dropbox's published specification.

Usage: python from_stone.py FOLDER_OF_STONE_FILES > routes.json   (needs the package `stone` from PyPI)

Kept is only what the emulator checks before a route's own rules: style, host, authentication, admin mode, scope, and the
shape of the argument. No documentation, no answers, no errors; and only the routes in ROUTES, which the emulator has.
"""

import json
import pathlib
import sys

from stone.frontend.frontend import specs_to_ir
from stone.ir import data_types as kinds

ROUTES = """
auth: token/revoke
check: user app
file_properties: properties/add properties/overwrite properties/remove properties/update
  templates/add_for_team templates/get_for_team templates/get_for_user templates/list_for_team templates/list_for_user
  templates/update_for_team templates/remove_for_team
files: copy_reference/get copy_reference/save copy:2 create_folder:2 delete:2 download export get_file_lock_batch
  get_metadata list_folder list_folder/continue list_folder/get_latest_cursor list_folder/longpoll list_revisions
  lock_file_batch move:2 permanently_delete restore tags/add tags/get tags/remove unlock_file_batch upload
  upload_session/append:2 upload_session/finish upload_session/start
sharing: add_file_member add_folder_member check_job_status check_remove_member_job_status check_share_job_status
  create_shared_link_with_settings get_file_metadata get_folder_metadata get_shared_link_metadata list_file_members
  list_file_members/batch list_file_members/continue list_folder_members list_folder_members/continue list_folders
  list_folders/continue list_received_files list_received_files/continue list_shared_links modify_shared_link_settings
  mount_folder relinquish_file_membership relinquish_folder_membership remove_file_member_2
  remove_folder_member revoke_shared_link share_folder transfer_folder unmount_folder unshare_file unshare_folder
  update_file_member update_folder_member update_folder_policy
team: devices/list_member_devices devices/list_members_devices devices/revoke_device_session
  devices/revoke_device_session_batch features/get_values get_info groups/list groups/list/continue groups/members/list groups/members/list/continue
  legal_holds/create_policy legal_holds/list_policies legal_holds/release_policy
  legal_holds/get_policy legal_holds/list_held_revisions legal_holds/list_held_revisions_continue
  legal_holds/update_policy linked_apps/list_member_linked_apps linked_apps/list_members_linked_apps
  linked_apps/revoke_linked_app linked_apps/revoke_linked_app_batch
  members/get_info:2 members/list:2 members/list/continue:2 members/move_former_member_files
  members/move_former_member_files/job_status/check members/suspend members/unsuspend
  namespaces/list namespaces/list/continue team_folder/list team_folder/list/continue team_folder/create
  team_folder/archive token/get_authenticated_admin
team_log: get_events get_events/continue
users: features/get_values get_account get_account_batch get_current_account get_space_usage
"""


def wanted():
    """Names of routes by namespace, as the specification writes them (`move:2`)."""
    named, namespace = {}, ""
    for word in ROUTES.split():
        if word.endswith(":"):
            namespace = word[:-1]
            named[namespace] = []
        else:
            named[namespace].append(word)
    return named


TYPES = {}


def shape(kind):
    """A type as JSON: a letter, a list headed by a letter, or the name of a struct or union."""
    if isinstance(kind, kinds.Alias):
        return shape(kind.data_type)
    if isinstance(kind, kinds.Nullable):
        return ["o", shape(kind.data_type)]
    if isinstance(kind, kinds.List):
        return ["l", shape(kind.data_type), kind.min_items, kind.max_items]
    if isinstance(kind, kinds.Map):
        return ["m", shape(kind.value_data_type)]
    if isinstance(kind, kinds.String):
        return ["s", kind.min_length, kind.max_length, kind.pattern]
    if isinstance(kind, kinds.Timestamp):
        return ["t", kind.format]
    if isinstance(kind, kinds.Boolean):
        return "b"
    if isinstance(kind, (kinds.Int32, kinds.UInt32, kinds.Int64, kinds.UInt64)):
        low = kind.minimum if kind.min_value is None else kind.min_value
        high = kind.maximum if kind.max_value is None else kind.max_value
        return ["i", low, min(high, 2**63 - 1)]
    if isinstance(kind, (kinds.Float32, kinds.Float64)):
        return "f"
    if isinstance(kind, kinds.Void):
        return None
    if isinstance(kind, kinds.Bytes):
        return ["s", None, None, None]
    return define(kind)


def define(kind):
    """Enters a struct or union into TYPES and gives its name."""
    name = f"{kind.namespace.name}.{kind.name}"
    if name in TYPES:
        return name
    TYPES[name] = None
    if isinstance(kind, kinds.Struct):
        fields = {}
        for field in kind.all_fields:
            needed = not (field.has_default or isinstance(field.data_type, kinds.Nullable))
            fields[field.name] = [shape(field.data_type), 1 if needed else 0]
        TYPES[name] = ["struct", fields]
    else:
        tags = [field for field in kind.all_fields if not field.catch_all]
        TYPES[name] = ["union", {field.name: shape(field.data_type) for field in tags}]
    return name


def main():
    """Reads the folder and prints the table, one route or type a line."""
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.stone"))
    api = specs_to_ir([(str(path), path.read_text()) for path in files])
    routes = {}
    for namespace, names in wanted().items():
        known = {route.name_with_version(): route for route in api.namespaces[namespace].routes}
        for name in names:
            route = known[name]
            attrs = route.attrs
            argument = route.arg_data_type
            routes[f"{namespace}/{name.replace(':', '_v')}"] = [
                attrs["style"], attrs["host"], attrs["auth"], attrs["select_admin_mode"], attrs["scope"], shape(argument),
            ]
    lines = ['{"routes":{']
    lines.append(",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in sorted(routes.items())))
    lines.append('},"types":{')
    lines.append(",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in sorted(TYPES.items())))
    lines.append("}}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
