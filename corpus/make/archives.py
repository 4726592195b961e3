"""Writes the archive samples, each in a folder of choice:

    python3 corpus/make/archives.py corpus/samples/archive

Wants py7zr, lz4, pyzstd and pycdlib from PyPI, arj from Debian; the forms that no free tool writes (rar, cab, compress, rpm) are written by hand
here, as little of them as a reader needs. All names and numbers are invented.
"""
import bz2
import gzip
import io
import lzma
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

import lz4.frame
import py7zr
import pycdlib
import pyzstd

OUT = pathlib.Path(sys.argv[1])
WHEN = (2026, 3, 2, 9, 30, 0)


def people(*lines):
    return ("name,iban,card\n" + "\n".join(lines) + "\n").encode()


ODILE = people("Odile Marchetti,DE89 3704 0044 0532 0130 00,5555 5555 5555 4444")
INES = people("Ines Quade,GB29 NWBK 6016 1331 9268 19,3782 822463 10005")


def save(name, data):
    (OUT / name).write_bytes(data)


def zips():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
        for method, name in zip(methods, ["stored", "deflated", "bzip2", "lzma"]):
            archive.writestr(zipfile.ZipInfo(f"{name}.csv", WHEN), ODILE, method)
        packed = pyzstd.compress(INES)
        archive.comment = b"packed by Bram Okafor"
    # A member packed by zstd, which Python cannot write yet: stored, then its method changed.
    data = bytearray(out.getvalue())
    save("methods.zip", with_member(bytes(data), b"zstd.csv", packed, INES, 93))


def with_member(archive, name, packed, plain, method):
    """Adds a member in front of the directory."""
    end = archive.rindex(b"PK\5\6")
    count, size, start = struct.unpack_from("<HII", archive, end + 10)
    crc = zlib.crc32(plain)
    fixed = struct.pack("<HHHHHIIIHH", 63, 0, method, 0x4BC0, 0x5C62, crc, len(packed), len(plain), len(name), 0)
    local = b"PK\3\4" + fixed + name + packed
    record = b"PK\1\2" + struct.pack("<H", 63) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, start) + name
    directory = archive[start : start + size] + record
    tail = bytearray(archive[end:])
    struct.pack_into("<HHII", tail, 8, count + 1, count + 1, len(directory), start + len(local))
    return archive[:start] + local + directory + bytes(tail)


def sevenz():
    def write(name, password=None, header=False):
        with py7zr.SevenZipFile(OUT / name, "w", password=password, header_encryption=header) as archive:
            archive.writestr(ODILE, "payroll/odile.csv")
            archive.writestr(INES, "payroll/ines.csv")

    write("payroll.7z")
    write("sealed.7z", "larkspur")


def rar():
    """RAR 5, stored."""

    def vint(number):
        out = bytearray()
        while True:
            out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
            number >>= 7
            if not number:
                return bytes(out)

    def block(kind, body, data=b""):
        flags = 2 if data else 0
        head = vint(kind) + vint(flags) + (vint(len(data)) if data else b"") + body
        head = vint(len(head)) + head
        return struct.pack("<I", zlib.crc32(head)) + head + data

    def file(name, data):
        body = vint(4) + vint(len(data)) + vint(0x20) + struct.pack("<I", zlib.crc32(data))
        return block(2, body + vint(0) + vint(1) + vint(len(name)) + name, data)

    data = b"Rar!\x1a\x07\x01\0" + block(1, vint(0)) + file("payroll/odile.csv".encode(), ODILE)
    save("payroll.rar", data + file("payroll/ines é.csv".encode(), INES) + block(5, vint(0)))


def streams():
    save("odile.csv.bz2", bz2.compress(ODILE) + bz2.compress(INES))
    save("odile.csv.xz", lzma.compress(ODILE))
    save("odile.csv.lzma", lzma.compress(ODILE, format=lzma.FORMAT_ALONE))
    save("odile.csv.zst", pyzstd.compress(ODILE) + struct.pack("<II", 0x184D2A50, 3) + b"abc" + pyzstd.compress(INES))
    save("odile.csv.lz4", lz4.frame.compress(ODILE * 2, block_linked=True, block_size=4, content_checksum=True))
    out = io.BytesIO()
    with gzip.GzipFile("odile.csv", "wb", fileobj=out, mtime=0) as stream:
        stream.write(ODILE)
    save("odile.csv.gz", out.getvalue())
    save("odile.csv.Z", compress(b"line after line of nothing\n" * 80 + ODILE))


def compress(data):
    """LZW as `compress` writes it, codes of 9 to 12 bits."""
    out, bits, group, width = bytearray(b"\x1f\x9d\x8c"), 0, 0, 9
    table = {bytes([n]): n for n in range(256)}
    free, codes, prefix = 257, [], b""
    acc = used = count = 0

    def put(code):
        nonlocal acc, used, count
        acc |= code << used
        used += width
        count += 1
        while used >= 8:
            out.append(acc & 255)
            acc >>= 8
            used -= 8

    def end_group():
        nonlocal acc, used, count
        while count % 8:
            put(0)
        count = 0

    for byte in data:
        longer = prefix + bytes([byte])
        if longer in table:
            prefix = longer
            continue
        put(table[prefix])
        if free < 1 << 12:
            table[longer] = free
            free += 1
            if free > 1 << width and width < 12:
                end_group()
                width += 1
        prefix = bytes([byte])
    put(table[prefix])
    while used > 0:
        out.append(acc & 255)
        acc >>= 8
        used -= 8
    return bytes(out)


def tars():
    def archive(format, name, data):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format) as tar:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1772443800
            info.pax_headers = {"comment": "kept by Bram Okafor"} if format == tarfile.PAX_FORMAT else {}
            tar.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("newest")
            link.type, link.linkname = tarfile.SYMTYPE, name
            tar.addfile(link)
        return out.getvalue()

    # Two archives in a row, one with a long name in pax form and one in GNU's.
    save("tree.tar", archive(tarfile.PAX_FORMAT, "a" * 120 + "/odile.csv", ODILE)[:4608]
         + bytes(1024) + archive(tarfile.GNU_FORMAT, "b" * 120 + "/ines.csv", INES)[:4096] + bytes(1024))


def cpio(entries):
    out = bytearray()
    for name, mode, data in entries + [("TRAILER!!!", 0, b"")]:
        raw = name.encode() + b"\0"
        out += b"070701" + b"".join(b"%08x" % n for n in [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0]) + raw
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def packages():
    tree = cpio([("etc/odile.csv", 0o100644, ODILE), ("etc/link", 0o120777, b"odile.csv")])
    save("tree.cpio", tree)
    control = io.BytesIO()
    with tarfile.open(fileobj=control, mode="w:gz") as tar:
        text = b"Package: payroll\nMaintainer: Bram Okafor <bram.okafor@larkspur.example>\n"
        info = tarfile.TarInfo("./control")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    members = [("debian-binary", b"2.0\n"), ("control.tar.gz", control.getvalue()), ("data.csv", INES)]
    deb = b"!<arch>\n"
    for name, data in members:
        deb += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), 0, 0, 0, b"100644", len(data)) + data + b"\n" * (len(data) % 2)
    save("payroll.deb", deb)

    def header(texts):
        store = b"".join(text.encode() + b"\0" for _, text in texts)
        index, at = b"", 0
        for tag, text in texts:
            index += struct.pack(">IIII", tag, 6, at, 1)
            at += len(text) + 1
        return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", len(texts), len(store)) + index + store

    signature = header([(1000, "sig")])
    lead = b"\xed\xab\xee\xdb\x03\x00".ljust(96, b"\0")
    body = lead + signature + bytes(-len(signature) % 8)
    body += header([(1000, "payroll"), (1004, "Payroll of Larkspur"), (1015, "Odile Marchetti <odile@larkspur.example>")])
    save("payroll.rpm", body + gzip.compress(tree, mtime=0))


class Bits:
    """Bits from the highest down, in units of a byte or of a word whose lower byte comes first."""

    def __init__(self, unit=1):
        self.value, self.count, self.unit = 0, 0, 8 * unit

    def put(self, value, bits):
        self.value, self.count = self.value << bits | value & ((1 << bits) - 1), self.count + bits

    def done(self):
        self.put(0, -self.count % self.unit)
        size = self.unit // 8
        raw = self.value.to_bytes(self.count // 8, "big")
        return b"".join(raw[at : at + size][::-1] for at in range(0, len(raw), size))


def codes(lengths):
    """The code of each symbol, counted up by length."""
    table, code = {}, 0
    for length in range(1, 17):
        for symbol, own in enumerate(lengths):
            if own == length:
                table[symbol] = (code, length)
                code += 1
        code <<= 1
    return table


def matches(data, least, most, window):
    """Literals as a number, repetitions as (length, distance)."""
    at, seen = 0, {}
    while at < len(data):
        before, length = seen.get(data[at : at + least], -1), 0
        if 0 <= before and at - before <= window:
            while length < most and at + length < len(data) and data[before + length] == data[at + length]:
                length += 1
        length = length if length >= least else 1
        yield (length, at - before) if length > 1 else data[at]
        for step in range(at, at + length):
            seen[data[step : step + least]] = step
        at += length


def lzx(data):
    """One verbatim block over a window of 32 KiB; nothing longer than eight bytes is repeated, so no lengths are coded."""
    bits = Bits(2)
    bits.put(0, 1)
    bits.put(1, 3)
    bits.put(len(data), 24)
    lengths = [8] * 16 + [9] * (256 + 240 - 16)
    for part in (lengths[:256], lengths[256:]):
        # Lengths are told as what they fall short of nought, round in 17.
        for symbol in range(20):
            bits.put(1 if symbol in (8, 9) else 0, 4)
        for length in part:
            bits.put((17 - length) - 8, 1)
    for symbol in range(20):
        bits.put(1 if symbol in (0, 18) else 0, 4)
    for zeros in (51, 51, 51, 51, 45):
        bits.put(1, 1)
        bits.put(zeros - 20, 5)
    table, starts = codes(lengths), [0]
    extra = [max(0, slot // 2 - 1) for slot in range(30)]
    for slot in range(30):
        starts.append(starts[-1] + (1 << extra[slot]))
    for item in matches(data, 3, 8, 30000):
        if isinstance(item, int):
            bits.put(*table[item])
            continue
        length, distance = item
        slot = max(slot for slot in range(3, 30) if starts[slot] <= distance + 2)
        bits.put(*table[256 + slot * 8 + length - 2])
        bits.put(distance + 2 - starts[slot], extra[slot])
    return bits.done()


def cab():
    """A folder packed by MSZIP, its second block over the window of the first; one by LZX; one by Quantum, which is not read."""
    data = b"nothing to see here, line after line\n" * 1000 + INES
    blocks, window = b"", b""
    pieces = [data[at : at + 32768] for at in range(0, len(data), 32768)]
    for piece in pieces:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=window) if window else zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = b"CK" + packer.compress(piece) + packer.flush()
        blocks += struct.pack("<IHH", 0, len(packed), len(piece)) + packed
        window = piece
    packed = lzx(ODILE)
    second = struct.pack("<IHH", 0, len(packed), len(ODILE)) + packed
    files = [
        (b"ines.csv\0", len(data) - 100, 0, 0), (b"tail.txt\0", 100, len(data) - 100, 0),
        (b"odile.csv\0", len(ODILE), 0, 1), (b"packed.doc\0", 10, 0, 2),
    ]
    table = b"".join(struct.pack("<IIHHHH", size, at, folder, 0, 0, 0x20) + name for name, size, at, folder in files)
    start = 36 + 24 + len(table)
    ends = start + len(blocks)
    folders = struct.pack("<IHHIHHIHH", start, len(pieces), 1, ends, 1, 15 << 8 | 3, ends + len(second), 0, 2)
    total = ends + len(second)
    head = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, total, 0, 60, 0, 3, 1, 3, len(files), 0, 1, 0)
    save("payroll.cab", head + folders + table + blocks + second)


def help_file():
    """Compiled help: two pages in the packed stream, one stored beside it."""
    pages = [(b"/pay.html", b"<html><body><p>" + ODILE + b"</p></body></html>"), (b"/rest.html", b"<p>" + INES + b"</p>")]
    stream = b"".join(page for _, page in pages)
    packed = lzx(stream)
    store = b"::DataSpace/Storage/MSCompressed/"
    reset = store + b"Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable"
    control = struct.pack("<I4sIIIII", 6, b"LZXC", 2, 2, 1, 1, 0)
    table = struct.pack("<IIIIQQQQ", 2, 1, 8, 0x28, len(stream), len(packed), 0x8000, 0)
    plain = [(b"/note.txt", b"the account is DE89 3704 0044 0532 0130 00\n"), (store + b"ControlData", control),
             (store + b"Content", packed), (reset, table)]

    def number(value):
        groups = [value >> shift & 127 for shift in range(0, 63, 7) if shift == 0 or value >> shift]
        return bytes([group | 128 for group in groups[:0:-1]] + [groups[0]])

    entries, contents, at = [], b"", 0
    for name, data in plain:
        entries.append((name, number(len(name)) + name + b"\0" + number(len(contents)) + number(len(data))))
        contents += data
    for name, data in pages:
        entries.append((name, number(len(name)) + name + b"\1" + number(at) + number(len(data))))
        at += len(data)
    list_bytes = b"".join(entry for _, entry in sorted(entries))
    block = b"PMGL" + struct.pack("<IIii", 4096 - 20 - len(list_bytes), 0, -1, -1) + list_bytes
    block += bytes(4096 - len(block))
    own = bytes.fromhex("10fd017caa7bd0119e0c00a0c922e6ec")
    listing = b"ITSP" + struct.pack("<IIIIIIiiiiiI", 1, 0x54, 10, 4096, 2, 1, -1, 0, 0, -1, 1, 0x409) + own + struct.pack("<Iiii", 0x54, -1, -1, -1)
    start = 0x60 + 0x18
    sections = struct.pack("<QQQQQ", 0x60, 0x18, start, len(listing) + len(block), start + len(listing) + len(block))
    head = b"ITSF" + struct.pack("<IIIII", 3, 0x60, 1, 0, 0x409) + own + bytes.fromhex("11fd017caa7bd0119e0c00a0c922e6ec") + sections
    total = start + len(listing) + len(block) + len(contents)
    save("payroll.chm", head + struct.pack("<IIQII", 0x1FE, 0, total, 0, 0) + listing + block + contents)


def lzh():
    """A file packed by -lh5- under a header of level 2, one stored under a header of level 0."""
    bits = Bits()
    items = list(matches(INES * 3, 3, 256, 8000))
    bits.put(len(items), 16)
    # Two lengths of codes, 8 and 9, are told by a code of one bit; the third of its own lengths is followed by a gap of none.
    bits.put(12, 5)
    for symbol in range(12):
        bits.put(1 if symbol in (10, 11) else 0, 3)
        if symbol == 2:
            bits.put(0, 2)
    lengths = [8] * 2 + [9] * 508
    bits.put(510, 9)
    for length in lengths:
        bits.put(length - 8, 1)
    bits.put(14, 4)
    distances = [3, 3] + [4] * 12
    for length in distances:
        bits.put(length, 3)
    symbols, places = codes(lengths), codes(distances)
    for item in items:
        if isinstance(item, int):
            bits.put(*symbols[item])
            continue
        length, distance = item
        bits.put(*symbols[253 + length])
        kind = (distance - 1).bit_length()
        bits.put(*places[kind])
        bits.put(distance - 1, max(0, kind - 1))
    packed = bits.done()

    def sum16(data):
        value = 0
        for byte in data:
            value ^= byte
            for _ in range(8):
                value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        return value

    folder, name = b"Pay\xff", "ines.csv".encode()
    extensions = struct.pack("<HB", 3 + len(folder), 2) + folder + struct.pack("<HB", 3 + len(name), 1) + name + b"\0\0"
    fixed = b"-lh5-" + struct.pack("<III", len(packed), 3 * len(INES), 0x65E2F000) + b"\x20\2" + struct.pack("<HB", sum16(INES * 3), 0x55)
    first = struct.pack("<H", 2 + len(fixed) + len(extensions)) + fixed + extensions + packed
    name = b"odile.csv"
    body = b"-lh0-" + struct.pack("<III", len(ODILE), len(ODILE), 0x5C624BC0) + b"\x20\0" + bytes([len(name)]) + name + struct.pack("<H", sum16(ODILE))
    second = bytes([len(body), sum(body) & 255]) + body + ODILE
    save("payroll.lzh", first + second + b"\0")


def arj():
    """By arj itself (Debian's): one archive for each of its methods, all four stored in a fifth."""
    with tempfile.TemporaryDirectory() as folder:
        for method in range(1, 5):
            (pathlib.Path(folder) / f"ines{method}.csv").write_bytes(INES * 3)
            subprocess.run(["arj", "a", f"-m{method}", "-y", f"m{method}.arj", f"ines{method}.csv"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["arj", "a", "-m0", "-y", "all.arj"] + [f"m{method}.arj" for method in range(1, 5)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        save("payroll.arj", (pathlib.Path(folder) / "all.arj").read_bytes())


def iso():
    disc = pycdlib.PyCdlib()
    disc.new(joliet=3, rock_ridge="1.09", vol_ident="LARKSPUR")
    disc.add_directory("/PAY", rr_name="pay", joliet_path="/Pay")
    disc.add_fp(io.BytesIO(ODILE), len(ODILE), "/PAY/ODILE.CSV;1", rr_name="odile.csv", joliet_path="/Pay/Odile März.csv")
    out = io.BytesIO()
    disc.write_fp(out)
    save("disc.iso", out.getvalue().rstrip(b"\0") + bytes(2048))


for make in (zips, sevenz, rar, streams, tars, packages, cab, help_file, lzh, arj, iso):
    make()
