#!/usr/bin/env python3
"""Validates SARIF files against the published schema of SARIF 2.1.0.

    pip install jsonschema
    tests/sarif/validate.py [--schema SCHEMA.json] FILE...

The schema is not part of this repository. Without --schema it is taken from the npm package @microsoft/jest-sarif (MIT),
which carries a copy, through the ordinary npm client, and checked against the hash below.

Exit code: 0 all valid, 1 something is not, 2 the check could not be made.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"
SCHEMA_SHA256 = "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8"


def schema_from_npm():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (package,) = pathlib.Path(folder).glob("*.tgz")
        with tarfile.open(package) as archive:
            text = archive.extractfile(MEMBER).read()
    if hashlib.sha256(text).hexdigest() != SCHEMA_SHA256:
        sys.exit(f"{PACKAGE}: {MEMBER} is not the schema that this script knows")
    return json.loads(text)


def problems(validator, path):
    with open(path, encoding="utf-8") as file:
        log = json.load(file)
    for error in validator.iter_errors(log):
        yield f"{path}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--schema", help="the schema as a file")
    arguments.add_argument("files", nargs="+", metavar="FILE")
    arguments = arguments.parse_args()
    try:
        import jsonschema

        schema = json.loads(pathlib.Path(arguments.schema).read_text()) if arguments.schema else schema_from_npm()
        validator = jsonschema.validators.validator_for(schema)(schema)
        found = [problem for path in arguments.files for problem in problems(validator, path)]
    except (ImportError, OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"cannot validate: {error}", file=sys.stderr)
        return 2
    print("\n".join(found) if found else f"{len(arguments.files)} valid")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
