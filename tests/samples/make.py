#!/usr/bin/env python3
"""Makes the samples that are no plain text: office documents and archives in corpus/samples.

    tests/samples/make.py            writes them
    tests/samples/make.py --check    says which of them are not what this script makes; exit code 1 when one is not

Only the standard library is used, and nothing depends on the day: every date in an archive is the same. People, companies and
numbers are invented; numbers carry the check digits that their kind demands. Compressed members are compared by what
they hold, since two versions of zlib may write the same text differently.
"""

import binascii
import io
import pathlib
import struct
import sys
import zipfile
from xml.sax.saxutils import escape

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "corpus" / "samples"
DATE = (2026, 10, 14, 9, 30, 0)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def archive(members, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = compression
            info.external_attr = 0o644 << 16
            file.writestr(info, content)
    return out.getvalue()


def package(main, main_type, parts):
    """An Office Open XML package; `parts` maps a part's name to (content type, relationship type, XML)."""
    folder = main.rpartition("/")[0]
    kinds = {main: main_type} | {name: kind for name, (kind, _, _) in parts.items() if name != main}
    types = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
    related = [(name, kind) for name, (_, kind, _) in parts.items() if name != main]
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{name.removeprefix(folder + "/")}"/>'
        for number, (name, kind) in enumerate(related, 1)
    )
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    members = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types">{defaults}{types}</Types>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="{main}"/></Relationships>',
        f"{folder}/_rels/{main.rpartition('/')[2]}.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        f"{relations}</Relationships>",
    }
    return archive(members | {name: HEAD + xml for name, (_, _, xml) in parts.items()})


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def paragraph(*runs):
    """A paragraph; word processors cut a line into runs wherever somebody edited it."""
    texts = "".join(f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in runs)
    return f"<w:p>{texts}</w:p>"


def table(rows):
    cell = "".join
    line = lambda row: "<w:tr>" + cell(f"<w:tc>{paragraph(text)}</w:tc>" for text in row) + "</w:tr>"
    return "<w:tbl>" + "".join(map(line, rows)) + "</w:tbl>"


def offer():
    """A letter: a number cut into three runs, a table, and something in the footer."""
    body = "".join(
        [
            paragraph("Brandmeier Pumpentechnik GmbH"),
            paragraph("Sehr geehrte Frau Lindner,"),
            paragraph("wir freuen uns, Ihnen zum 1. Januar 2027 eine Stelle als Konstrukteurin anzubieten."),
            paragraph("Ihre Steuer-Identifikationsnummer lautet nach unseren Unterlagen 83 904", " 236", " 713."),
            paragraph("Bitte prüfen Sie die Angaben für die Lohnabrechnung:"),
            table(
                [
                    ("Name", "Katharina Lindner"),
                    ("Bankverbindung (IBAN)", "DE61 3704 0044 9226 1171 99"),
                    ("Personalnummer", "00418263"),
                    ("Jahresgehalt", "58.400 EUR"),
                ]
            ),
            paragraph("Mit freundlichen Grüßen"),
        ]
    )
    footer = paragraph("Rückfragen: personal@brandmeier-pumpen.de, +49 221 9347 2811")
    section = f'<w:sectPr><w:footerReference xmlns:r="{OFFICE}" w:type="default" r:id="rId1"/></w:sectPr>'
    main = "word/document.xml"
    return package(
        main,
        f"{WORD}.document.main+xml",
        {
            main: ("", "", f"<w:document {W}><w:body>{body}{section}</w:body></w:document>"),
            "word/footer1.xml": (f"{WORD}.footer+xml", "footer", f"<w:ftr {W}>{footer}</w:ftr>"),
        },
    )


def sheet(rows):
    def cell(column, number, value):
        place = f"{chr(ord('A') + column)}{number}"
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        return f'<c r="{place}"><v>{value}</v></c>'

    lines = (
        f'<row r="{number}">' + "".join(cell(column, number, value) for column, value in enumerate(row)) + "</row>"
        for number, row in enumerate(rows, 1)
    )
    return f"<worksheet {S}><sheetData>{''.join(lines)}</sheetData></worksheet>"


def payroll():
    """A workbook: harmless sums on the sheet that opens, people on the one that is hidden."""
    sums = [("Cost centre", "People", "Gross"), (4100, 3, 22904.5), (4200, 2, 17210), ("Total", 5, 40114.5)]
    people = [
        ("Employee", "SSN", "Routing number", "Account number", "Gross"),
        ("Hargrove, Mina", "481-93-2726", "028584786", "4400187213", 7616.67),
        ("Quist, Danielle", "662-49-7760", "071048318", "9023341180", 5825),
        ("Moreau, Etienne", "334-18-2811", "028584786", "4400190066", 5312.5),
    ]
    main = "xl/workbook.xml"
    workbook = (
        f'<workbook {S} xmlns:r="{OFFICE}"><sheets><sheet name="Summary" sheetId="1" r:id="rId1"/>'
        '<sheet name="Pay run" sheetId="2" state="hidden" r:id="rId2"/></sheets></workbook>'
    )
    return package(
        main,
        f"{SHEET}.sheet.main+xml",
        {
            main: ("", "", workbook),
            "xl/worksheets/sheet1.xml": (f"{SHEET}.worksheet+xml", "worksheet", sheet(sums)),
            "xl/worksheets/sheet2.xml": (f"{SHEET}.worksheet+xml", "worksheet", sheet(people)),
        },
    )


def backup():
    """An archive in an archive."""
    cards = (
        "cardholder,card_number,expiry\r\n"
        "R. Lindgaard,4956 1341 7638 5592,09/28\r\n"
        "B. Ostrow,5486 2168 2194 0909,02/27\r\n"
        "I. Castellan,3766 333752 24890,12/27\r\n"
    )
    inner = archive({"2026-09/refunds.csv": cards, "2026-09/notes.txt": "Refunds of September, checked by two.\r\n"})
    return archive({"readme.txt": "Monthly backup of the refunds desk.\r\n", "2026-09.zip": inner})


class ZipCrypto:
    """Traditional PKWARE encryption (APPNOTE.TXT 6.3.10, section 6.1)."""

    def __init__(self, password):
        self.keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self.update(byte)

    def update(self, byte):
        step = lambda crc, value: binascii.crc32(bytes([value]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
        self.keys[0] = step(self.keys[0], byte)
        self.keys[1] = ((self.keys[1] + (self.keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        self.keys[2] = step(self.keys[2], self.keys[1] >> 24)

    def encrypt(self, text):
        out = bytearray()
        for byte in text:
            word = self.keys[2] | 2
            out.append(byte ^ ((word * (word ^ 1) >> 8) & 0xFF))
            self.update(byte)
        return bytes(out)


def sealed():
    """An archive with a password (`larkspur`): its names can be read, its content cannot."""
    text = b"account,iban\r\nbrandmeier,DE14370400445574247204\r\n"
    name, crc = b"accounts.csv", binascii.crc32(text)
    # Eleven bytes that would be random, and one by which a reader knows a wrong password.
    body = ZipCrypto(b"larkspur").encrypt(b"sluicebox s" + bytes([crc >> 24]) + text)
    year, month, day, hour, minute, second = DATE
    date, time = (year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2
    fields = struct.pack("<HHHHHIIIHH", 20, 1, 0, time, date, crc, len(body), len(text), len(name), 0)
    local = b"PK\x03\x04" + fields + name + body
    central = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0o644 << 16, 0) + name
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


MADE = {
    "hr/offer.docx": offer,
    "finance/payroll.xlsx": payroll,
    "archive/backup.zip": backup,
    "archive/sealed.zip": sealed,
}


def shape(content):
    """What an archive holds, and archives in it; other bytes as they are."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        if any(info.flag_bits & 1 for info in file.infolist()):
            return content
        return [(info.filename, shape(file.read(info))) for info in file.infolist()]


def main():
    bad = []
    for name, make in MADE.items():
        path, content = SAMPLES / name, make()
        if sys.argv[1:] == ["--check"]:
            if not path.exists() or shape(path.read_bytes()) != shape(content):
                bad.append(name)
        else:
            path.write_bytes(content)
    for name in bad:
        print(f"corpus/samples/{name} is not what this script makes")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
