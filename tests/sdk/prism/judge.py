"""Holds what Prism found wrong with our own calls against the known false alarms.

usage: judge.py ALARMS.json SAID.jsonl...

Needs the Box SDK's requirements, for the rules of judging stand in `box.py` beside it.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from box import judge  # noqa: E402


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        alarms = json.load(file)["alarms"]
    said, calls = [], 0
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as file:
            for line in map(json.loads, file):
                if isinstance(line, dict):
                    calls += line["calls"]
                else:
                    said.append((line[0], "http://prism" + line[1], line[2]))
    odd, rang = judge(said, alarms)
    print(f"{calls} calls of ours through Prism; it found fault with {len(said)}; known false alarms that rang: {sorted(rang)}")
    silent = sorted(alarm["name"] for alarm in alarms if alarm["name"] not in rang)
    for name in silent:
        print(f"FAILED  the known false alarm {name!r} no longer rings: strike it from the list")
    odd = sorted(set(map(str, odd)))
    for entry in odd:
        print(f"FAILED  against the specification: {entry}")
    return 1 if odd or silent else 0


if __name__ == "__main__":
    sys.exit(main())
