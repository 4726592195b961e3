"""Documents of programs other than office suites, one for each format: corpus/samples/bundles.

Needs numbers-parser (pip install numbers-parser) for the Numbers document; all else is the standard library. All people and
numbers are invented. Run from any folder.
"""

import base64
import gzip
import io
import json
import plistlib
import sqlite3
import struct
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "samples" / "bundles"


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def stored_snappy(data: bytes) -> bytes:
    """Snappy with literals alone, in blocks as Apple's programs write them."""
    out = b""
    for at in range(0, len(data), 60_000):
        block = data[at : at + 60_000]
        packed = varint(len(block)) + b"\xf4" + struct.pack("<H", len(block) - 1) + block
        out += b"\0" + struct.pack("<I", len(packed))[:3] + packed
    return out


def objects(*messages: tuple[int, bytes]) -> bytes:
    out = b""
    for number, (kind, payload) in enumerate(messages, 1):
        info = field(1, kind) + field(3, len(payload))
        head = field(1, number) + field(2, info)
        out += varint(len(head)) + head + payload
    return stored_snappy(out)


def pages() -> bytes:
    body = field(1, 0) + field(3, "Offer for Mira Okonkwo\nSSN 536-22-8741\u2028salary 71,200".encode())
    comment = field(1, b"please check 481-63-2095") + field(2, 12)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("Index/Document.iwa", objects((10_000, field(1, b"en_GB")), (2001, body), (3056, comment)))
        bundle.writestr("Index/DocumentStylesheet.iwa", objects((401, field(1, b"Heading"))))
        bundle.writestr("Metadata/Properties.plist", plistlib.dumps({"title": "Offer of Larkspur"}, fmt=plistlib.FMT_BINARY))
        bundle.writestr("preview.txt", "stands for a preview")
    return buffer.getvalue()


def keynote() -> bytes:
    note = field(3, "speaker note: 481-63-2095".encode())
    title = field(3, "Plan for 2026".encode())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("Index/Document.iwa", objects((1, field(1, b"root"))))
        bundle.writestr("Index/Slide-7.iwa", objects((5, field(1, b"x")), (2001, title), (2001, note)))
    return buffer.getvalue()


def old_pages() -> bytes:
    xml = (
        '<?xml version="1.0"?><sl:document xmlns:sl="http://developer.apple.com/namespaces/sl" '
        'xmlns:sf="http://developer.apple.com/namespaces/sf"><sf:p>old letter, SSN 536-22-8741</sf:p></sl:document>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("index.xml", xml)
        bundle.writestr("buildVersionHistory.plist", plistlib.dumps(["local build"]))
    return buffer.getvalue()


def numbers(path: Path) -> None:
    from numbers_parser import Document

    document = Document()
    table = document.sheets[0].tables[0]
    rows = [["Name", "Card", "Wage", "SSN"], ["Mira Okonkwo", 378282246310005, 1250.5, "536-22-8741"], ["Joa Smith", -7, 0.001, "481-63-2095"]]
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            table.write(row, column, value)
    document.save(path)
    # Pictures and styles of the template are large and say nothing.
    with zipfile.ZipFile(path) as full:
        kept = {name: full.read(name) for name in full.namelist() if "preview" not in name and "Stylesheet" not in name and not name.startswith("Data/")}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as small:
        for name, body in kept.items():
            small.writestr(name, body)


def database(path: Path, encoding: str) -> None:
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute(f"pragma encoding = '{encoding}'")
    base.execute("pragma page_size = 1024")
    base.execute("pragma secure_delete = off")
    base.execute("create table people (badge integer primary key, name text, ssn text, card integer, scan blob, note text)")
    base.execute("create table settings (key text primary key, value text) without rowid")
    base.execute("create index by_name on people (name)")
    for number in range(30):
        note = "x" * 3000 + " end of a long note" if number == 7 else "short note"
        base.execute("insert into people (badge, name, ssn, note) values (?, ?, ?, ?)", (8000 + number, f"person {number}", "536-22-8741" if number == 3 else None, note))
    base.execute("update people set card = 378282246310005 where badge = 8004")
    base.execute("update people set scan = ? where badge = 8005", (gzip.compress(b"inside the blob: SSN 481-63-2095", mtime=0),))
    base.execute("insert into settings values ('owner', 'Mira Okonkwo')")
    base.execute("create table gone (line text)")
    for number in range(60):
        base.execute("insert into gone values (?)", (f"forgotten row {number}, mail joa.smith@larkspur.example",))
    base.commit()
    base.execute("drop table gone")
    base.execute("delete from people where badge = 8002")
    base.commit()
    base.close()


def dbase() -> bytes:
    fields = [(b"NAME", b"C", 20, 0), (b"SSN", b"C", 11, 0), (b"WAGE", b"N", 10, 2), (b"SINCE", b"D", 8, 0), (b"NOTE", b"M", 10, 0)]
    rows = [b" " + b"Mira Okonkwo".ljust(20) + b"536-22-8741" + b"   1250.50" + b"20190401" + b"         1", b"*" + b"Joa Smith".ljust(20) + b"481-63-2095" + b"    980.00" + b"20210930" + b"          "]
    head = 32 + 32 * len(fields) + 1
    out = struct.pack("<BBBBIHH20x", 3, 126, 4, 1, len(rows), head, len(rows[0]))
    out = out[:29] + b"\x57" + out[30:]
    for name, kind, size, places in fields:
        out += name.ljust(11, b"\0") + kind + b"\0" * 4 + bytes([size, places]) + b"\0" * 14
    return out + b"\r" + b"".join(rows) + b"\x1a"


def onenote() -> bytes:
    """The frame of a section in its least form: header, texts as property sets hold them, one embedded file."""
    wide = lambda text: struct.pack("<I", 2 * len(text)) + text.encode("utf-16-le")
    head = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(range(200, 216)) + b"\0" * 992
    body = wide("Meeting of Larkspur") + b"\1\0\0\0\x22\x1c\0\x1c" + wide("SSN 536-22-8741 Größe") + b"\7" + wide("会議の記録です")
    old = struct.pack("<I", 31) + b"an older revision, 481-63-2095\0"
    file = b"inside the attached file\n"
    mark = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<QIQ", len(file), 0, 0)
    return head + body + old + b"\0" * 9 + mark + file + b"\0" * 40


def notebook() -> dict:
    attached = base64.b64encode(b"attached: SSN 481-63-2095").decode()
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "attachments": {"note.txt": {"text/plain": attached}}, "source": ["# Payroll\n", "SSN 536-22", "-8741"]},
            {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "print(wages)", "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["Mira Okonkwo\n", "Joa Smith\n"]},
                {"output_type": "display_data", "metadata": {}, "data": {"text/plain": ["four"], "text/html": ["<b>fi", "ve</b>"]}},
            ]},
        ],
        "metadata": {"kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def note() -> dict:
    def text(value: str, **marks):
        node = {"type": "text", "text": value}
        if marks:
            node["marks"] = [{"type": kind, "attrs": attributes} for kind, attributes in marks.items()]
        return node

    def paragraph(*nodes):
        return {"type": "paragraph", "content": list(nodes)}

    cell = lambda value: {"type": "table_cell", "attrs": {"colspan": 1}, "content": [paragraph(text(value))]}
    body = [
        paragraph(text("SSN 536-"), text("22-8741", strong={}), text(" of Mira")),
        paragraph(text("see the file", link={"href": "https://larkspur.example/pay"})),
        {"type": "table", "content": [{"type": "table_row", "content": [cell("Joa Smith"), cell("481-63-2095")]}]},
    ]
    return {"version": 9, "schema_version": 1, "doc": {"type": "doc", "content": body}, "last_edit_timestamp": {}}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    write = lambda name, body: (FOLDER / name).write_bytes(body)
    write("offer.pages", pages())
    write("plan.key", keynote())
    write("letter-2009.pages", old_pages())
    numbers(FOLDER / "staff.numbers")
    database(FOLDER / "people.sqlite", "UTF-8")
    database(FOLDER / "wide.db", "UTF-16le")
    write("meeting.one", onenote())
    write("staff.dbf", dbase())
    write("settings.plist", plistlib.dumps({"Name": "Mira Ökonkwo", "SSN": "536-22-8741", "Count": 5, "List": ["one", "two", 1.5], "Inner": {"Place": "Tromsø"}, "Blob": gzip.compress(b"inside a blob: 481-63-2095", mtime=0)}, fmt=plistlib.FMT_BINARY))
    write("payroll.ipynb", json.dumps(notebook(), indent=1, ensure_ascii=False).encode())
    write("handover.boxnote", json.dumps(note(), separators=(",", ":")).encode())
    write("handover-2016.boxnote", json.dumps({"atext": {"text": "old note\nSSN 536-22-8741\n", "attribs": "*0+9|1+1"}, "pool": {"numToAttrib": {}}}).encode())
    write("plan.gdoc", json.dumps({"": "WARNING! DO NOT EDIT THIS FILE! ANY CHANGES MADE WILL BE LOST!", "resource_key": "", "doc_id": "1AbCdEfGhIjKlMnOpQrStUvWxYz", "email": "mira@larkspur.example"}).encode())
    write("intranet.url", b"[InternetShortcut]\r\nURL=https://larkspur.example/pay?ssn=536-22-8741\r\n")
    write("intranet.webloc", plistlib.dumps({"URL": "https://larkspur.example/pay?ssn=536-22-8741"}, fmt=plistlib.FMT_BINARY))


main()
