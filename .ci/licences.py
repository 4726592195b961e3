#!/usr/bin/env python3
"""Holds the licence of every dependency against the list below.

    .ci/licences.py            reads `cargo metadata`
    .ci/licences.py --test     tries the reader of expressions on its own table

A dependency is fine when its SPDX expression can be met with allowed licences alone: one side of an OR, both of an AND.
What cannot be met needs an exception with a reason. Exit code: 0 all fine, 1 something is not, 2 no metadata.
"""

import json
import re
import subprocess
import sys

# Permissive licences: use in a program of any licence, against a notice.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    # Of bzip2 itself: BSD in substance, under a name of its own.
    "bzip2-1.0.6",
}

# Crate: (the expression it has, the reason why it may stay). The entry falls when the expression changes.
EXCEPTIONS = {
    "webpki-root-certs": ("CDLA-Permissive-2.0", "a list of certificate authorities: data under a permissive data licence, for systems other than Linux"),
}

TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+:-]+)")


def tokens(expression):
    # The slash is the old spelling of OR on crates.io.
    text, at = expression.strip().replace("/", " OR "), 0
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise ValueError(f"no SPDX expression: {expression}")
        yield token.group(1)
        at = token.end()


def permitted(expression):
    """True when the expression can be met with allowed licences; AND binds closer than OR."""
    rest = list(tokens(expression))

    def any_of():
        held = all_of()
        while rest and rest[0] == "OR":
            rest.pop(0)
            held = all_of() or held
        return held

    def all_of():
        held = one()
        while rest and rest[0] == "AND":
            rest.pop(0)
            held = one() and held
        return held

    def one():
        if not rest or rest[0] in ("AND", "OR", "WITH", ")"):
            raise ValueError(f"no SPDX expression: {expression}")
        name = rest.pop(0)
        if name == "(":
            held = any_of()
            if not rest or rest.pop(0) != ")":
                raise ValueError(f"no SPDX expression: {expression}")
            return held
        if rest and rest[0] == "WITH":
            rest.pop(0)
            name += " WITH " + (rest.pop(0) if rest else "")
        return name in ALLOWED

    held = any_of()
    if rest:
        raise ValueError(f"no SPDX expression: {expression}")
    return held


def problem(package):
    """What is wrong with a package's licence, or None."""
    name, expression = package["name"], package["license"]
    if name in EXCEPTIONS:
        known, reason = EXCEPTIONS[name]
        return None if known == expression else f"is {expression} now; the exception was for {known} ({reason})"
    if not expression:
        return "states no licence expression"
    try:
        return None if permitted(expression) else f"is {expression}, which the list does not allow"
    except ValueError as error:
        return str(error)


def test():
    rows = [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only OR Zlib", True),
        ("MIT AND (GPL-3.0-only OR Zlib)", True),
        ("(MIT OR Apache-2.0) AND OpenSSL", False),
        ("MIT/Apache-2.0", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("Apache-2.0 WITH Classpath-exception-2.0", False),
        ("LGPL-2.1-or-later", False),
        ("mit", False),
    ]
    for expression, expected in rows:
        assert permitted(expression) == expected, expression
    for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT Zlib", "AND MIT", "MIT OR OR Zlib", "MIT, Zlib"]:
        try:
            permitted(broken)
        except ValueError:
            continue
        raise AssertionError(f"read as an expression: {broken}")


def main():
    test()
    if sys.argv[1:] == ["--test"]:
        return 0
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if run.returncode != 0:
        return 2
    packages = [package for package in json.loads(run.stdout)["packages"] if package["source"]]
    bad = [(package, problem(package)) for package in packages]
    bad = [(package, what) for package, what in bad if what]
    for package, what in bad:
        print(f"{package['name']} {package['version']} {what}")
    for name in sorted(EXCEPTIONS.keys() - {package["name"] for package in packages}):
        print(f"{name} has an exception and is no dependency any more")
        bad.append((name, "stale"))
    if not bad:
        print(f"{len(packages)} dependencies, all under allowed licences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
