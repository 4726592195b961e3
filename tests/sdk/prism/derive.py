"""Makes of Box's published document the two that Prism can stand behind: one for each host that the SDK calls.

usage: derive.py OPENAPI.json API.json UPLOAD.json

Prism looks at the path of a call alone. So the path of each operation's server is written before its own, what lies on
the upload host goes to a document of its own, and variants of an operation (`/files/{file_id}#add_shared_link`), which
no call can be told apart by, are left out, as are forms' bodies. Nothing else is changed: what the document has wrong is told in `alarms.json`.
"""

import json
import sys
from urllib.parse import urlsplit

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def split(document):
    """The paths of the API's host and those of the upload host, with their servers' paths before them."""
    ours, uploads = {}, {}
    default = urlsplit(document["servers"][0]["url"]).path
    for path, operations in document["paths"].items():
        if "#" in path:
            continue
        for method, operation in operations.items():
            if method not in METHODS:
                continue
            # Prism falls over forms whose parts name no type, as the SDK's; their answers are checked all the same.
            if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
                del operation["requestBody"]
            servers = operation.pop("servers", None)
            url = servers[0]["url"] if servers else None
            upload = bool(url) and "upload" in url
            # A name in braces is no host to `urlsplit`, but the path behind it is what counts.
            prefix = "/" + url.split("://", 1)[1].split("/", 1)[1] if url and url.count("/") > 2 else ("" if url else default)
            (uploads if upload else ours).setdefault(prefix + path, {})[method] = operation
    return ours, uploads


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    document.pop("security", None)
    ours, uploads = split(document)
    for name, paths in ((sys.argv[2], ours), (sys.argv[3], uploads)):
        with open(name, "w", encoding="utf-8") as file:
            json.dump({**document, "servers": [{"url": "/"}], "paths": paths}, file)


if __name__ == "__main__":
    main()
