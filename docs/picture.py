#!/usr/bin/env python3
"""Draws docs/scan.svg and docs/demo.svg: what `sluicebox scan` and `sluicebox demo` print on a terminal, as pictures.

    cargo build --release && docs/picture.py [scan|demo]

The commands are run on a pseudo-terminal, so the colours are their own. Lines longer than the picture are cut; of the scan the
block that tells how fast this machine was is left out, and of the demo's progress only what it ends with is drawn.
"""

import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[1]
SAMPLES = [
    "archive/backup.zip",
    "archive/sealed.zip",
    "code/order_numbers.py",
    "finance/invoice-2026-0173.txt",
    "hr/offer.docx",
    "logs/gateway.log",
    "notes/travel-desk.md",
]
COLUMNS = 124
GLYPH, LINE, MARGIN = 8.0, 19, 18
PLAIN, GROUND = "#d7dde5", "#12161c"
COLOURS = {
    "1": {"font-weight": "bold", "fill": "#ffffff"},
    "2": {"fill": "#7d8896"},
    "31": {"fill": "#ff7b72"},
    "32": {"fill": "#6fce7e"},
    "33": {"fill": "#e8b64c"},
    "34": {"fill": "#79b8ff"},
    "35": {"fill": "#d2a8ff"},
    "36": {"fill": "#76d9e6"},
}


def printed(command, folder):
    """What the command writes on a terminal."""
    ours, its = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "SLUICEBOX_TOKEN_KEY": "0" * 64}
    process = subprocess.Popen(command, cwd=folder, stdout=its, stdin=subprocess.DEVNULL, env=environment)
    os.close(its)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    process.wait()
    return text.decode().replace("\r\n", "\n")


def without_speed(lines):
    """Leaves out the block `Scan` of the summary."""
    inside = False
    for line in lines:
        bare = re.sub(r"\x1b\[[0-9;]*m", "", line)
        inside = bare == "Scan" or (inside and bare.startswith(" "))
        if not inside:
            yield line


def runs(line):
    """A line as (text, style) pieces, cut to the width of the picture."""
    style, left = {}, COLUMNS
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b["):
            for code in piece[2:-1].split(";"):
                style = {} if code in ("", "0") else style | COLOURS.get(code, {})
        elif piece and left:
            if len(piece) > left:
                piece = piece[: left - 1] + "…"
            left -= len(piece)
            yield piece, style


def drawn(lines, what):
    width, height = COLUMNS * GLYPH + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="What sluicebox {what} prints">',
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="13" '
        f'fill="{PLAIN}" style="white-space: pre">',
    ]
    for number, line in enumerate(lines):
        y, column = MARGIN + 13 + number * LINE, 0
        for text, style in runs(line):
            look = "".join(f' {name}="{value}"' for name, value in style.items())
            # The length is given, so that columns stand under each other in every font.
            if text.strip():
                place = f'x="{MARGIN + column * GLYPH:.1f}" y="{y}" textLength="{len(text) * GLYPH:.1f}"'
                out.append(f'<text {place} xml:space="preserve"{look}>{escape(text)}</text>')
            column += len(text)
    return "\n".join([*out, "</g>", "</svg>", ""])


def scan():
    with tempfile.TemporaryDirectory() as folder:
        for name in SAMPLES:
            copy = pathlib.Path(folder, "files", name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "corpus" / "samples" / name, copy)
        text = printed([ROOT / "target" / "release" / "sluicebox", "scan", "files", "--no-progress"], folder)
    return list(without_speed(text.rstrip("\n").split("\n")))


def demo():
    with tempfile.TemporaryDirectory() as folder:
        command = [ROOT / "target" / "release" / "sluicebox", "demo", "--corpus", ROOT / "corpus"]
        text = printed(command, folder).replace(str(pathlib.Path(folder).resolve()) + "/", "")
    # A line of progress is drawn over and over; what stands last is what a reader sees.
    return [line.rsplit("\x1b[2K", 1)[-1] for line in text.strip("\n").split("\n")]


def main():
    for what, lines in {"scan": scan, "demo": demo}.items():
        if len(sys.argv) > 1 and what not in sys.argv[1:]:
            continue
        shown = ["\x1b[32m$\x1b[0m \x1b[1msluicebox " + ("scan files/" if what == "scan" else what) + "\x1b[0m", ""]
        (ROOT / "docs" / f"{what}.svg").write_text(drawn(shown + lines(), what), encoding="utf-8")


if __name__ == "__main__":
    main()
