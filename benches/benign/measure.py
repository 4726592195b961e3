#!/usr/bin/env python3
"""Counts what `sluicebox scan` finds in benign text: findings for each detector and band, per 10 MB.

    python3 benches/benign/measure.py [--folder target/benign] [--sluicebox PATH] [--worst 15] [--detector ID] [--max HIGH]

Run collect.py first. Nearly everything found there is false, so a detector's figure is its price for the people who read
findings; tighten the ones at the top. Exceptions are real: change logs and licences hold e-mail addresses, documentation
holds example cards and keys. Values never show: a place is printed as path, line and mask. With --max the exit code is 1
when any detector's high-confidence findings per 10 MB pass that number.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
BANDS = ("high", "medium", "low")
GOOD_EXITS = {0, 1, 3}


def main():
    options = arguments()
    size, files = weigh(options.folder)
    if not size:
        sys.exit(f"nothing in {options.folder}: run collect.py first")
    tally, places, seconds = scan(options)
    print(f"{size / MEGABYTE:.0f} MB in {files} files, {seconds:.1f} s wall\n")
    print_detectors(tally, size)
    print_sources(tally, options.folder)
    print_worst(tally, places, options)
    over = {detector for (detector, band, _), count in by_detector(tally).items() if band == "high"
            and options.max is not None and per_ten(count, size) > options.max}
    for detector in sorted(over):
        print(f"{detector}: more than {options.max} high-confidence findings per 10 MB")
    return 1 if over else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "target" / "benign")
    parser.add_argument("--sluicebox", type=pathlib.Path, default=ROOT / "target" / "release" / "sluicebox")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--worst", type=int, default=15, help="how many files to list")
    parser.add_argument("--places", type=int, default=3, help="how many places to show of each listed file")
    parser.add_argument("--detector", help="this one only, with more places")
    parser.add_argument("--band", choices=BANDS, help="this band only")
    parser.add_argument("--max", type=float, help="fail when a detector has more high-confidence findings per 10 MB")
    return parser.parse_args()


def weigh(folder):
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


def scan(options):
    """{(detector, band, file): findings} and, for each of those, its first places."""
    command = [options.sluicebox, "scan", "--threads", options.threads, "--format", "jsonl", options.folder]
    tally, places = collections.Counter(), collections.defaultdict(list)
    begin = time.monotonic()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE) as child:
        for line in child.stdout:
            for path, finding in findings_of(json.loads(line)):
                detector, band = finding["detector"], band_of(finding)
                if options.detector not in (None, detector) or options.band not in (None, band):
                    continue
                key = (detector, band, shorten(path, options.folder))
                tally[key] += 1
                if len(places[key]) < options.places:
                    places[key].append((finding.get("line"), finding.get("mask", "?"), finding.get("tier", "")))
    if child.returncode not in GOOD_EXITS:
        sys.exit(f"sluicebox ended with {child.returncode}")
    return tally, places, time.monotonic() - begin


def findings_of(record):
    """The finding of one output line, with its path; lines of files and of the whole have none."""
    if "detector" in record:
        yield record["path"], record


def band_of(finding):
    confidence = finding["confidence"]
    return "high" if confidence >= 85 else "medium" if confidence >= 75 else "low"


def shorten(path, folder):
    try:
        return str(pathlib.Path(path).resolve().relative_to(folder.resolve()))
    except ValueError:
        return path


def per_ten(count, size):
    return count * 10 * MEGABYTE / size


def by_detector(tally):
    sums = collections.Counter()
    for (detector, band, _), count in tally.items():
        sums[detector, band, None] += count
    return sums


def print_detectors(tally, size):
    sums = by_detector(tally)
    weight = collections.Counter()
    for (detector, band, _), count in sums.items():
        weight[detector] += count * {"high": 10_000, "medium": 100, "low": 1}[band]
    print("findings per 10 MB (worst first: high counts before medium before low)\n")
    print("| detector | high | medium | low | findings | files |")
    print("|---|---|---|---|---|---|")
    for detector, _ in weight.most_common():
        counts = [sums[detector, band, None] for band in BANDS]
        files = len({file for (other, _, file) in tally if other == detector})
        rates = " | ".join(f"{per_ten(count, size):.2f}" for count in counts)
        print(f"| {detector} | {rates} | {sum(counts)} | {files} |")
    counts = [sum(count for (_, band, _), count in sums.items() if band == wanted) for wanted in BANDS]
    rates = " | ".join(f"{per_ten(count, size):.2f}" for count in counts)
    print(f"| all | {rates} | {sum(counts)} | {len({file for (_, _, file) in tally})} |\n")


def print_sources(tally, folder):
    sums = collections.Counter()
    for (_, band, file), count in tally.items():
        sums["/".join(file.split("/")[:2]), band] += count
    print("by package, per 10 MB\n\n| package | MB | high | medium | low |\n|---|---|---|---|---|")
    for package in sorted(path for path in folder.glob("*/*") if path.is_dir()):
        size, _ = weigh(package)
        name = str(package.relative_to(folder))
        rates = " | ".join(f"{per_ten(sums[name, band], max(size, 1)):.2f}" for band in BANDS)
        print(f"| {name} | {size / MEGABYTE:.1f} | {rates} |")
    print()


def print_worst(tally, places, options):
    print(f"the {options.worst} worst files of a detector\n")
    for (detector, band, file), count in tally.most_common(options.worst):
        print(f"{count:6} {detector} {band}  {file}")
        for line, mask, tier in places[detector, band, file]:
            print(f"       line {line or '-'}: {mask} {tier}")


if __name__ == "__main__":
    sys.exit(main())
