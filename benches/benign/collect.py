#!/usr/bin/env python3
"""Gathers text that real people wrote and that should hold next to no findings: the benign corpus.

    python3 benches/benign/collect.py [--out target/benign] [--only NAME]

packages.tsv names the packages. Each is fetched once with its ordinary client (apt-get, pip, npm) into OUT.packages/,
unpacked there, and its text files are copied to OUT/SOURCE/NAME/, compressed documentation unpacked. OUT.manifest.tsv
(beside OUT, which holds nothing but text) says for each package: version, files, bytes, and the bytes of each file type.
A package that cannot be had is reported and left out; the exit code is then 1.
"""

import argparse
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
MEGABYTE = 1_000_000
FILE_BYTES_MAX = 20 * MEGABYTE
FILE_BYTES_MIN = 64
# Formats that are text on disk but not for readers: fonts, images as text, message catalogues' compiled form.
NOT_TEXT = {".svg", ".map", ".woff", ".woff2", ".mo", ".inv", ".pyc"}


def main():
    options = arguments()
    packages = [row for row in read_packages() if options.only in (None, row[1])]
    rows, failed = [], []
    for source, name, cap_mb, what in packages:
        try:
            root, version = FETCH[source](name, options.store)
            target = options.out / source / re.sub(r"[=@].*", "", name.strip("/").replace("/", "-"))
            kinds = copy_text(root, target, cap_mb * MEGABYTE)
        except (subprocess.CalledProcessError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
            failed.append(name)
            print(f"{name}: left out: {error}", file=sys.stderr)
            continue
        rows.append((source, name, version, what, kinds))
        files, size = (sum(kind[at] for kind in kinds.values()) for at in (0, 1))
        print(f"{size / MEGABYTE:8.1f} MB {files:6} files  {source} {name} {version}", flush=True)
    if options.only is None:
        write_manifest(options.manifest, rows)
    total = sum(size for row in rows for _, size in row[4].values())
    print(f"{total / MEGABYTE:8.1f} MB in all, {len(rows)} packages, {len(failed)} left out")
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parents[1] / "target" / "benign")
    parser.add_argument("--only", help="one package, by its name in packages.tsv; the manifest stays as it is")
    options = parser.parse_args()
    options.store = options.out.with_name(options.out.name + ".packages")
    options.manifest = options.out.with_name(options.out.name + ".manifest.tsv")
    return options


def read_packages():
    for line in (HERE / "packages.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            source, name, cap_mb, what = line.split("\t")
            yield source, name, int(cap_mb), what


def folder_for(store, name):
    """A folder of this package's own, and whether it must still be filled."""
    folder = store / re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return folder, not (folder / "done").exists()


def run(command, folder):
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def fetch_apt(name, store):
    folder, missing = folder_for(store, name)
    if missing:
        run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name], folder)
        run(["dpkg-deb", "-x", str(one(folder, "*.deb")), "content"], folder)
        (folder / "done").touch()
    return folder / "content", one(folder, "*.deb").name.split("_")[1].replace("%3a", ":")


def fetch_pip(name, store):
    folder, missing = folder_for(store, name)
    if missing:
        run([sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--only-binary", ":all:", "-d", ".", name], folder)
        with zipfile.ZipFile(one(folder, "*.whl")) as wheel:
            wheel.extractall(folder / "content")
        (folder / "done").touch()
    return folder / "content", name.split("==")[1]


def fetch_npm(name, store):
    folder, missing = folder_for(store, name)
    if missing:
        run(["npm", "pack", "--silent", name], folder)
        with tarfile.open(one(folder, "*.tgz")) as archive:
            archive.extractall(folder / "content", filter="data")
        (folder / "done").touch()
    return folder / "content", name.rsplit("@", 1)[1]


def fetch_cargo(_name, _store):
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    return one(home / "registry" / "src", "*"), "as in Cargo.lock"


def fetch_folder(name, _store):
    folder = pathlib.Path(name)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {name}")
    return folder, "installed"


FETCH = {"apt": fetch_apt, "pip": fetch_pip, "npm": fetch_npm, "cargo": fetch_cargo, "folder": fetch_folder}


def one(folder, pattern):
    found = sorted(folder.glob(pattern))
    if not found:
        raise FileNotFoundError(f"nothing named {pattern} in {folder}")
    return found[0]


def copy_text(root, target, cap_bytes):
    """Copies text files, evenly over all folders until the cap. Gives {type: (files, bytes)}."""
    shutil.rmtree(target, ignore_errors=True)
    kinds = {}
    left = cap_bytes
    for path in evenly(sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())):
        if left <= 0:
            break
        text = text_of(path)
        if text is None or len(text) > left + MEGABYTE:
            continue
        relative = path.relative_to(root)
        if relative.suffix == ".gz":
            relative = relative.with_suffix("")
        place = target / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)
        left -= len(text)
        kind = place.suffix.lower() if re.fullmatch(r"\.[a-z][a-z0-9+-]{0,7}", place.suffix.lower()) else "(none)"
        files, size = kinds.get(kind, (0, 0))
        kinds[kind] = (files + 1, size + len(text))
    return kinds


def evenly(paths):
    """The same paths in an order of which each beginning is spread over the whole list: steps of the golden ratio."""
    count = len(paths)
    step = max(1, int(count * 0.618033988749895))
    while count and gcd(step, count) != 1:
        step += 1
    return [paths[at * step % count] for at in range(count)]


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def text_of(path):
    """The file's bytes when it is text in UTF-8 or a one-byte set, unpacked when it is gzip; else None."""
    suffix = pathlib.Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix in NOT_TEXT or not FILE_BYTES_MIN <= path.stat().st_size <= FILE_BYTES_MAX:
        return None
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError):
        return None
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x08" for byte in data[:4096])
    return None if len(data) > FILE_BYTES_MAX or b"\0" in data or controls > 4 else data


def write_manifest(path, rows):
    lines = ["source\tname\tversion\tfiles\tbytes\ttypes\twhat"]
    for source, name, version, what, kinds in rows:
        largest = sorted(kinds.items(), key=lambda item: -item[1][1])[:8]
        types = " ".join(f"{kind}:{size / MEGABYTE:.1f}" for kind, (_, size) in largest)
        files, size = (sum(kind[at] for kind in kinds.values()) for at in (0, 1))
        lines.append(f"{source}\t{name}\t{version}\t{files}\t{size}\t{types}\t{what}")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
