#!/usr/bin/env python3
"""Holds sluicebox's reading of documents against other libraries, on corpus/documents, one core, in one run.

    python3 benches/rivals/documents.py [--rounds 5] [--passes 3] [--only NAME,...] [--misses]

Rivals: extractous 0.3.0, kreuzberg 4.10.4 and markitdown 0.1.8, from PyPI into target/rivals, inside one warm Python
process each; pdftotext (Debian: poppler-utils), a process for each file. sluicebox reads by `cargo bench --bench documents`, in
cells, as the product does. Every program is bound to one core; what counts is CPU time, user and system, of the process and its
children, without start-up and first pass. They go in turn, pass after pass; a rate is the median of the passes and a ratio the
median of the passes' ratios. Recall is the share of the manifest's strings that come out, compared as the corpus says.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import unicodedata
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / "target" / "rivals" / "documents"
CORPUS = ROOT / "corpus" / "documents"
PACKAGES = {"extractous": "extractous==0.3.0", "kreuzberg": "kreuzberg==4.10.4", "markitdown": "markitdown[all]==0.1.8"}
OURS, POPPLER = "sluicebox", "pdftotext"
OFFICE = ("docx", "xlsx", "xlsm", "pptx")
FAMILIES = {"all": None, "OOXML": OFFICE, "pdf": ("pdf",)}

# Runs inside the rival's Python: files in, text and CPU seconds out.
RIVAL = r"""
import json, resource, sys
name, listed, folder, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
files = open(listed).read().splitlines()
if name == "extractous":
    from extractous import Extractor
    extractor = Extractor().set_extract_string_max_length(1 << 30)
    def read(path):
        return extractor.extract_file_to_string(path)[0]
elif name == "kreuzberg":
    import kreuzberg
    def read(path):
        return kreuzberg.extract_file_sync(path).content
else:
    from markitdown import MarkItDown
    converter = MarkItDown()
    def read(path):
        return converter.convert(path).text_content
def attempt(path):
    try:
        return read(path)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return None
def cpu():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
refused = 0
for number, path in enumerate(files):
    text = attempt(path)
    refused += text is None
    if folder != "-":
        with open(f"{folder}/{number}.txt", "w", encoding="utf-8", errors="surrogatepass") as out:
            out.write(text or "")
begun = cpu()
for _ in range(rounds):
    for path in files:
        attempt(path)
print(json.dumps({"cpu": cpu() - begun, "refused": refused}))
"""


def main():
    options = arguments()
    wanted = manifest()
    python = rivals(options)
    bench = built() if OURS in options.only else None
    families = {name: files_of(wanted, kinds) for name, kinds in FAMILIES.items()}
    results = {}
    for turn in range(options.passes):
        for name in options.only:
            for family, files in families.items():
                if name == POPPLER and family != "pdf":
                    continue
                row = results.setdefault((name, family), {"rates": [], "refused": 0})
                measured = run(name, files, options.rounds, python, bench, keep=turn == 0)
                row["rates"].append(len(files) / (measured["cpu"] / options.rounds))
                row["bytes"] = sum(path.stat().st_size for path in files)
                row["files"] = len(files)
                if turn == 0:
                    row["refused"] = measured["refused"]
                    row["recall"], row["misses"] = recall(files, measured["texts"], wanted)
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    report(results, families, options)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="times each program reads all files in a pass")
    parser.add_argument("--passes", type=int, default=3, help="passes, in each of which every program has its turn")
    everyone = [OURS, *PACKAGES, POPPLER]
    parser.add_argument("--only", type=lambda text: text.split(","), default=everyone, help="of " + ",".join(everyone))
    parser.add_argument("--misses", action="store_true", help="list what did not come out")
    options = parser.parse_args()
    for name in options.only:
        if name not in everyone:
            sys.exit(f"{name} is none of {', '.join(everyone)}")
    return options


def manifest():
    """file -> (type, strings)"""
    wanted = {}
    for line in (CORPUS / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, kind, string = line.split("\t")[:3]
        wanted.setdefault(CORPUS / file, (kind, []))[1].append(string)
    return wanted


def files_of(wanted, kinds):
    return sorted(path for path, (kind, _) in wanted.items() if kinds is None or kind in kinds)


def rivals(options):
    """The Python that has the rivals."""
    packages = [PACKAGES[name] for name in options.only if name in PACKAGES]
    python = TARGET / "venv" / "bin" / "python"
    if packages and not python.exists():
        venv.create(TARGET / "venv", with_pip=True)
    if packages:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def built():
    """The bench's own program, built as a release."""
    command = ["cargo", "bench", "--bench", "documents", "--no-run", "--message-format", "json"]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in told.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "documents" and message.get("executable"):
            return message["executable"]
    sys.exit("cargo did not say where it built the bench")


def run(name, files, rounds, python, bench, keep):
    with tempfile.TemporaryDirectory() as folder:
        listed = pathlib.Path(folder) / "files"
        listed.write_text("\n".join(map(str, files)))
        texts = pathlib.Path(folder) / "texts"
        texts.mkdir()
        measured = {"refused": 0, "texts": []}
        if name == OURS:
            command = [bench, "--list", listed, "--text", texts]
            measured["cpu"] = cpu_of([*command, "--rounds", str(rounds)]) - cpu_of([*command, "--rounds", "0"])
        elif name == POPPLER:
            measured["cpu"] = rounds * sum(
                cpu_of([POPPLER, "-q", path, texts / f"{number}.txt"], fine=(0, 1, 3)) for number, path in enumerate(files)
            )
        else:
            command = [python, "-c", RIVAL, name, listed, texts if keep else "-", str(rounds)]
            told = subprocess.run(bound(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
            measured.update(json.loads(told.splitlines()[-1]))
        if keep:
            measured["texts"] = [read(texts / f"{number}.txt") for number in range(len(files))]
        return measured


def bound(command):
    return ["taskset", "-c", "0", *map(str, command)]


def cpu_of(command, fine=(0,)):
    child = subprocess.Popen(bound(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in fine:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def read(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def plain(text):
    kept = unicodedata.normalize("NFKC", text).replace("\u00ad", "").replace("\ufeff", "")
    return " ".join(kept.split())


def recall(files, texts, wanted):
    found = total = 0
    misses = []
    for path, text in zip(files, texts):
        text = plain(text)
        for string in wanted[path][1]:
            total += 1
            if plain(string) in text:
                found += 1
            else:
                misses.append((path.name, string))
    return found / total, misses


def report(results, families, options):
    for family, files in families.items():
        size = sum(path.stat().st_size for path in files)
        pages = sum(map(pages_of, files)) if family == "pdf" else 0
        print(f"\n{family}: {len(files)} documents, {size / 1e6:.2f} MB" + (f", {pages} pages" if pages else ""))
        print("| program | documents/s | MB/s |" + (" pages/s |" if pages else "") + " sluicebox is faster by | recall | refused |")
        print("| --- " * (6 + bool(pages)) + "|")
        for name in options.only:
            row = results.get((name, family))
            if not row:
                continue
            rate = statistics.median(row["rates"])
            ours = results.get((OURS, family))
            ratio = statistics.median(a / b for a, b in zip(ours["rates"], row["rates"])) if ours and name != OURS else None
            cells = [name, f"{rate:,.0f}", f"{rate * size / len(files) / 1e6:.1f}"]
            if pages:
                cells.append(f"{rate * pages / len(files):,.0f}")
            cells += [f"{ratio:.1f} x" if ratio else "", f"{100 * row['recall']:.1f} %", str(row["refused"])]
            print("| " + " | ".join(cells) + " |")
            if options.misses:
                for file, string in row["misses"]:
                    print(f"    {file}: {string!r}")


def pages_of(path):
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True).stdout
    return next((int(line.split()[1]) for line in told.splitlines() if line.startswith("Pages:")), 1)


if __name__ == "__main__":
    main()
