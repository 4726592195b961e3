#!/usr/bin/env python3
"""Holds `sluicebox scan` against Kingfisher, and against an older sluicebox, on one folder, one core, in one run.

    python3 benches/rivals/kingfisher.py [--runs 5] [--bytes 1GiB] [--files 20000] [--only kingfisher|sluicebox]
                                         [--against OLDER_SLUICEBOX]

They scan in turn, so that both meet the same machine. What counts is CPU time (user + system, from wait4), since wall
time on a shared machine says little; wall time and the largest resident set are shown beside it. Files and Kingfisher's
compiled rules are warm before the first run; its update check and its validation, which use the network, are off.
A ratio is the median of the rounds' ratios, since a round's programs meet the same minutes of the machine.
Kingfisher looks for secrets, sluicebox for personal data as well: the rule sets differ, the folder and the bytes do not.
"""

import argparse
import hashlib
import json
import os
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = ROOT / "target" / "rivals"
VERSION = "2.14.0"
MEGABYTE = 1_000_000
KINGFISHER, OURS, OLDER = "kingfisher", "sluicebox", "older sluicebox"
ONE_JOB = f"{KINGFISHER}, 1 job"
# Places in a run's record.
CPU, WALL = 0, 1
STARTS = 15


def main():
    options = arguments()
    os.environ["KF_RULE_CACHE_DIR"] = str(TARGET / "rule-cache")
    programs = programs_of(options)
    folder, size = corpus(options)
    commands = commands_for(programs, folder)
    starts = {program: start_up(program, commands_for(programs, seed_file())) for program in programs}
    results = measure(commands, size, options.runs)
    report(results, starts, size, options)


def programs_of(options):
    """What is compared: name -> path."""
    programs = {}
    if options.only != "sluicebox":
        programs[KINGFISHER] = install_kingfisher()
    if options.only != "kingfisher":
        programs[OURS] = options.sluicebox
        if options.against:
            programs[OLDER] = options.against
    for name in (OURS, OLDER):
        if name in programs and not programs[name].exists():
            sys.exit(f"no {programs[name]}: build it first, with `cargo build --release`")
    return programs


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="rounds, in each of which every program scans once")
    parser.add_argument("--bytes", default="1GiB")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--density", default="sparse", choices=["none", "sparse", "dense"])
    parser.add_argument("--folder", type=pathlib.Path, help="scan this folder instead of a generated one")
    parser.add_argument("--sluicebox", type=pathlib.Path, default=ROOT / "target" / "release" / "sluicebox")
    parser.add_argument("--against", type=pathlib.Path, help="another sluicebox, for example the first version's")
    parser.add_argument("--only", choices=["kingfisher", "sluicebox"])
    return parser.parse_args()


def install_kingfisher():
    """The program itself, not its Python wrapper, whose start-up would count."""
    folder = TARGET / "venv"
    if not (folder / "bin" / "pip").exists():
        venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "pip"), "-q", "--disable-pip-version-check", "install", f"kingfisher-bin=={VERSION}"]
    subprocess.run(pip, check=True)
    found = [path for path in folder.rglob("kingfisher/bin/kingfisher*") if path.is_file()]
    if not found:
        sys.exit(f"kingfisher-bin {VERSION} holds no program")
    return found[0]


def corpus(options):
    """The folder and its bytes, generated when it is not there yet, and read once so that its pages are cached."""
    folder = options.folder
    if folder is None:
        name = f"{options.bytes}-{options.files}-{options.seed}-{options.density}"
        folder = ROOT / "target" / "corpus" / name
        done = folder.with_name(name + ".done")
        if not done.exists() or done.read_text() != generator():
            shutil.rmtree(folder, ignore_errors=True)
            flags = ["--out", str(folder), "--bytes", options.bytes, "--files", str(options.files)]
            flags += ["--seed", str(options.seed), "--density", options.density]
            subprocess.run(["cargo", "bench", "-q", "--bench", "corpus_files", "--", *flags], cwd=ROOT, check=True)
            done.write_text(generator())
    return folder, sum(len(path.read_bytes()) for path in folder.rglob("*") if path.is_file())


def generator():
    """A fingerprint of the generator's source: a folder it wrote before an edit is written again."""
    sources = [ROOT / "benches" / "corpus_files.rs", *sorted((ROOT / "benches" / "corpus").glob("*.rs"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def seed_file():
    """One small file with something for each tool: a made-up card and a made-up token."""
    folder = TARGET / "start"
    folder.mkdir(parents=True, exist_ok=True)
    token = "ghp_" + "2jOAn9rBGDnfW6XarGTULDLHGX9ieF" + "3zFbFz"
    (folder / "note.txt").write_text(f"credit card 4111 1111 1111 1111\ngithub {token}\n")
    return folder


def commands_for(programs, folder):
    """What is run: name -> (program, command). The older sluicebox runs on one thread only."""
    commands = {}
    for program, path in programs.items():
        if program == KINGFISHER:
            flags = ["--no-update-check", "scan", "--no-validate", "--jobs", "1", "--format", "json"]
            commands[ONE_JOB] = (program, [path, *flags, folder])
            continue
        for threads, name in ((1, "1 thread"), (2, "2 threads")):
            if threads == 1 or program == OURS:
                flags = ["scan", "--threads", str(threads), "--format", "jsonl"]
                commands[f"{program}, {name}"] = (program, [path, *flags, folder])
    return commands


def measure(commands, size, runs):
    """Each command `runs` times, in turn."""
    results = {name: [] for name in commands}
    for turn in range(runs):
        for name, (program, command) in commands.items():
            cpu, wall, resident, output = run(program, command)
            findings, scanned = account(program, output)
            if scanned is not None and scanned != size:
                sys.exit(f"{name} read {scanned} of {size} bytes: the figures would not compare")
            results[name].append((cpu, wall, resident, findings))
            rate = size / MEGABYTE / cpu
            line = f"{rate:7.0f} MB/cpu s {cpu:7.2f} cpu s {wall:7.2f} s {resident:5.0f} MiB {findings:7} findings"
            print(f"run {turn + 1}  {name:28}{line}", flush=True)
    return results


def run(program, command):
    """CPU seconds of the process and its children, wall seconds, largest resident set in MiB, and its output's path."""
    slug = program.replace(" ", "-")
    output = TARGET / f"{slug}.out"
    with open(output, "wb") as out, open(TARGET / f"{slug}.err", "wb") as err:
        begin = time.monotonic()
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, err.fileno(), 2)]
        pid = os.posix_spawn(command[0], [str(part) for part in command], os.environ, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        wall = time.monotonic() - begin
    code = os.waitstatus_to_exitcode(status)
    if code not in good_exits(program):
        sys.exit(f"{program} ended with {code}: see {TARGET / slug}.err")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, output


def account(program, output):
    """Findings reported, and bytes scanned where the program says so. No finding's text is kept."""
    findings, scanned = 0, None
    with open(output, "rb") as lines:
        for line in lines:
            if not line.startswith(b"{"):
                continue
            record = json.loads(line)
            if program == KINGFISHER:
                summary = record.get("metadata", {}).get("summary")
                findings, scanned = (summary["findings"], summary["bytes_scanned"]) if summary else (findings, scanned)
            else:
                findings += "detector" in record
                scanned = record.get("summary", {}).get("bytes", scanned)
    return findings, scanned


def start_up(program, commands):
    """Medians in milliseconds on one tiny file: to the first byte of output, to the end."""
    firsts, ends = [], []
    command = next(command for owner, command in commands.values() if owner == program)
    for turn in range(STARTS + 2):
        begin = time.monotonic()
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            select.select([child.stdout], [], [], 60)
            first = time.monotonic() - begin
            child.stdout.read()
        end = time.monotonic() - begin
        if child.returncode not in good_exits(program):
            sys.exit(f"{program} ended with {child.returncode} on one small file")
        # The first two fill caches (Kingfisher compiles its rules then).
        if turn >= 2:
            firsts.append(first * 1000)
            ends.append(end * 1000)
    return statistics.median(firsts), statistics.median(ends)


def good_exits(program):
    """What a program answers when it did its job: clean, findings, and (sluicebox) something that could not be read."""
    return {0, 200} if program == KINGFISHER else {0, 1, 3}


def ratio(above, below, at):
    """Round by round, how many times `above` is of `below`: median, least, most."""
    ratios = [one[at] / other[at] for one, other in zip(above, below)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def report(results, starts, size, options):
    print(f"\n{size / MEGABYTE:.0f} MB in {options.folder or options.density} corpus, median of {options.runs} rounds in turn\n")
    print("| scanner | MB per CPU second | CPU s | wall s | peak MiB | first byte ms | small file ms | findings |")
    print("|---|---|---|---|---|---|---|---|")
    for name, runs in results.items():
        cpu, wall, resident = (statistics.median(run[at] for run in runs) for at in range(3))
        first, end = starts[name.split(",")[0]]
        row = f"{size / MEGABYTE / cpu:.0f} | {cpu:.2f} | {wall:.2f} | {resident:.0f} | {first:.0f} | {end:.0f} | {runs[0][3]}"
        print(f"| {name} | {row} |")
    print("\nRatios: median of the rounds (least to most).")
    one, two = results.get(f"{OURS}, 1 thread"), results.get(f"{OURS}, 2 threads")
    theirs, older = results.get(ONE_JOB), results.get(f"{OLDER}, 1 thread")
    if one and theirs:
        print(f"sluicebox / Kingfisher, per CPU second: {ratio(theirs, one, CPU)}")
    if one and older:
        print(f"sluicebox / older sluicebox, per CPU second: {ratio(older, one, CPU)}; wall: {ratio(older, one, WALL)}")
        if one[0][3] != older[0][3]:
            print(f"findings differ: {one[0][3]} now, {older[0][3]} then")
    if one and two:
        print(f"one thread / two threads, wall: {ratio(one, two, WALL)}; CPU: {ratio(one, two, CPU)}")


if __name__ == "__main__":
    main()
