#!/usr/bin/env python3
"""Makes the PDF samples of corpus/samples/pdf: each part of a document holds a card number of its own.

    corpus/make/pdf.py            writes them

Only the standard library is used, but for `owner-password.pdf`, which `qpdf` encrypts where it is installed. The numbers are
made from the number of the part and a check digit; none is known to belong to anybody.
"""

import pathlib
import subprocess
import zlib

SAMPLES = pathlib.Path(__file__).resolve().parents[1] / "samples" / "pdf"


def card(n):
    """A card number with a valid check digit, from a small number."""
    body = "40128888%07d" % (n * 7919 % 10**7)
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    digits = body + str(-total % 10)
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))


def says(n, what):
    return f"{what}: Visa card {card(n)}"


def text(value):
    """A text string object."""
    if value.isascii():
        return "(" + value.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"
    return "<FEFF" + value.encode("utf-16-be").hex() + ">"


def stream(dictionary, data, packed=True):
    data = data if isinstance(data, bytes) else data.encode("latin-1")
    if packed:
        data = zlib.compress(data, 9)
        dictionary += "/Filter/FlateDecode"
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (dictionary.encode(), len(data), data)


class Document:
    """Objects by number; 1 is the catalog, 2 the pages, 3 the usual font."""

    def __init__(self):
        self.objects = {}
        self.catalog = "/Type/Catalog/Pages 2 0 R"
        self.trailer = ""
        self.pages = []
        self.set(3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
        self.next = 4

    def set(self, number, body):
        self.objects[number] = body if isinstance(body, bytes) else body.encode("latin-1")

    def add(self, body):
        number = self.next
        self.next += 1
        self.set(number, body)
        return number

    def page(self, content, extra="", resources="/Font<</F1 3 0 R>>"):
        contents = self.add(stream("", content))
        number = self.add(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<{resources}>>/Contents {contents} 0 R{extra}>>"
        )
        self.pages.append(number)
        return number

    def write(self):
        kids = " ".join(f"{n} 0 R" for n in self.pages)
        self.set(2, f"<</Type/Pages/Kids[{kids}]/Count {len(self.pages)}>>")
        self.set(1, f"<<{self.catalog}>>")
        return finish(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", self.objects, f"/Root 1 0 R{self.trailer}", max(self.objects) + 1)


def finish(head, objects, trailer, size, previous=None):
    out, offsets = bytearray(head), {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n"
    if previous is None:
        out += b"0 1\n0000000000 65535 f \n"
    for number, offset in sorted(offsets.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    before = f"/Prev {previous}" if previous is not None else ""
    out += f"trailer\n<</Size {size}{trailer}{before}>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def lines(*texts, x=72, y=760, size=11):
    shown = " T* ".join(f"{text(line)} Tj" for line in texts)
    return f"BT /F1 {size} Tf 16 TL {x} {y} Td {shown} ET\n"


def parts():
    """Everything that is no page text."""
    doc = Document()
    letter = doc.add(stream("/Type/EmbeddedFile/Subtype/text#2Fplain", says(20, "In the attachment")))
    file = doc.add(f"<</Type/Filespec/F(letter.txt)/UF(letter.txt)/Desc{text(says(21, 'Described'))}/EF<</F {letter} 0 R>>>>")
    pinned = doc.add(stream("/Type/EmbeddedFile", says(22, "In the pinned file")))
    xmp = doc.add(
        stream(
            "/Type/Metadata/Subtype/XML",
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>'
            + says(23, "In the metadata")
            + "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>",
            packed=False,
        )
    )
    note = doc.add(f"<</Type/Annot/Subtype/Text/Rect[9 9 30 30]/T(R. Alder)/Contents{text(says(24, 'In a note'))}/Popup 99 0 R>>")
    free = doc.add(
        f"<</Type/Annot/Subtype/FreeText/Rect[9 50 300 70]/DA(/F1 9 Tf)/Contents(see below)"
        f"/RC{text('<body><p>' + says(25, 'In rich text') + '</p></body>')}>>"
    )
    link = doc.add(
        f"<</Type/Annot/Subtype/Link/Rect[9 80 300 90]/A<</S/URI/URI(https://pay.example/{card(26).replace(' ', '')})>>>>"
    )
    pin = doc.add(
        f"<</Type/Annot/Subtype/FileAttachment/Rect[9 99 30 120]/Contents(pinned)/FS<</Type/Filespec/F(pin.txt)/EF<</F {pinned} 0 R>>>>>>"
    )
    redacted = doc.add(f"<</Type/Annot/Subtype/Redact/Rect[9 130 300 140]/OverlayText{text(says(27, 'Over a redaction'))}>>")
    shown = doc.add(
        stream("/Type/XObject/Subtype/Form/BBox[0 0 300 20]/Resources<</Font<</F1 3 0 R>>>>", lines(says(28, "On a stamp"), x=2, y=5))
    )
    stamp = doc.add(f"<</Type/Annot/Subtype/Stamp/Rect[9 150 300 170]/F 2/AP<</N {shown} 0 R>>>>")
    mark = doc.add(f"<</Title{text(says(29, 'Bookmark'))}/Parent 90 0 R/Dest[5 0 R/Fit]>>")
    doc.set(90, f"<</Type/Outlines/First {mark} 0 R/Last {mark} 0 R/Count 1>>")
    shout = "app.alert('" + says(30, "In a script") + "');"
    script = doc.add(f"<</S/JavaScript/JS{text(shout)}>>")
    element = doc.add(f"<</Type/StructElem/S/Figure/P 91 0 R/K 0/Alt{text(says(31, 'Instead of a picture'))}>>")
    doc.set(91, f"<</Type/StructTreeRoot/K {element} 0 R>>")
    page = doc.page(
        lines(says(32, "On the page"))
        + f"/Span<</ActualText{text(says(33, 'Read aloud'))}>>BDC\n" + lines("a scribble", y=700) + "EMC\n",
        f"/Annots[{note} 0 R {free} 0 R {link} 0 R {pin} 0 R {redacted} 0 R {stamp} 0 R]",
    )
    assert page
    doc.set(92, f"<</Title(Parts)/Subject{text(says(34, 'In the properties'))}/Department{text(says(35, 'In a key of its own'))}>>")
    doc.catalog += (
        f"/Metadata {xmp} 0 R/Outlines 90 0 R/StructTreeRoot 91 0 R/OpenAction {script} 0 R"
        f"/Names<</EmbeddedFiles<</Names[(letter.txt) {file} 0 R]>>>>"
        f"/PageLabels<</Nums[0<</S/D/P{text(says(36, 'Label'))}>>]>>"
    )
    doc.trailer = "/Info 92 0 R"
    return doc


def form():
    doc = Document()
    field = lambda n, kind, rest: doc.add(f"<</Type/Annot/Subtype/Widget/Rect[9 {n} 300 {n + 12}]/FT/{kind}{rest}>>")
    fields = [
        field(700, "Tx", f"/T(holder)/TU(Name on the card)/V{text('Zoë Ålund, ' + card(40))}/DV{text(says(41, 'Usually'))}"),
        field(680, "Ch", f"/T(account)/Opt[{text(says(42, 'Choice'))}[{text(says(43, 'Stored'))}(Shown)]]/V(Shown)"),
        field(660, "Btn", "/T(agreed)/V/Yes/AS/Yes"),
    ]
    key = "var a = '" + says(45, "Keystroke") + "'"
    long = doc.add(stream("", says(44, "A long value")))
    fields.append(field(640, "Tx", f"/T(story)/V {long} 0 R/AA<</K<</S/JavaScript/JS{text(key)}>>>>"))
    look = doc.add(
        stream("/Type/XObject/Subtype/Form/BBox[0 0 300 20]", "/Tx BMC q " + lines(says(46, "Only shown"), x=2, y=5) + "Q EMC")
    )
    fields.append(field(620, "Tx", f"/T(stale)/V(new value)/AP<</N {look} 0 R>>"))
    signature = doc.add(f"<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 1 2 3]/Contents<3082>/Reason{text(says(47, 'Reason'))}>>")
    fields.append(field(600, "Sig", f"/T(signed)/V {signature} 0 R"))
    pieces = [
        ("preamble", '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'),
        ("datasets", f'<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><order><card>{card(48)}</card></order></xfa:datasets>'),
        ("postamble", "</xdp:xdp>"),
    ]
    xfa = " ".join(f"({name}) {doc.add(stream('', piece))} 0 R" for name, piece in pieces)
    kids = " ".join(f"{n} 0 R" for n in fields)
    doc.page(lines("Please fill in the form below."), f"/Annots[{kids}]")
    doc.catalog += f"/AcroForm<</Fields[{kids}]/XFA[{xfa}]/DR<</Font<</F1 3 0 R>>>>>>"
    return doc


def unseen():
    """Text that no reader sees, and still is there."""
    doc = Document()
    layer = doc.add(f"<</Type/OCG/Name{text(says(59, 'Layer'))}>>")
    content = (
        lines("Nothing to see here.")
        + "BT 3 Tr /F1 9 Tf 72 700 Td " + text(says(50, "Invisible")) + " Tj ET\n"
        + "BT 0 Tr 1 g /F1 9 Tf 72 680 Td " + text(says(51, "White")) + " Tj 0 g ET\n"
        + "q 0 0 1 1 re W n " + lines(says(52, "Clipped"), y=660) + "Q\n"
        + lines(says(53, "Tiny"), y=640, size=0.1)
        + "/OC /L1 BDC\n" + lines(says(54, "Switched off"), y=620) + "EMC\n"
        + lines(says(55, "Off the page"), x=4000, y=-900)
        + "0.7071 0.7071 -0.7071 0.7071 300 300 cm\n" + lines(says(56, "Turned"), x=0, y=0)
    )
    doc.page(content, resources=f"/Font<</F1 3 0 R>>/Properties<</L1 {layer} 0 R>>")
    form = "/Type/XObject/Subtype/Form/BBox[0 0 500 20]/Resources<</Font<</F1 3 0 R>>>>"
    doc.add(stream(form, lines(says(57, "Left over"))))
    old = doc.add(stream("", lines(says(58, "A deleted page"))))
    doc.add(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents {old} 0 R>>")
    doc.catalog += f"/OCProperties<</OCGs[{layer} 0 R]/D<</OFF[{layer} 0 R]>>>>"
    return doc


def letters():
    """Fonts that say little of their characters, and words placed letter by letter."""
    doc = Document()
    odd = " ".join(f"/C{code}" for code in range(32, 127))
    doc.set(80, f"<</Type/Font/Subtype/Type1/BaseFont/AAAAAA+Odd/Encoding<</Differences[32 {odd}]>>/FirstChar 32/LastChar 126/Widths[{'556 ' * 95}]>>")
    collection = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 6>>"
    doc.set(81, f"<</Type/Font/Subtype/CIDFontType0/BaseFont/Ryumin/DW 500{collection}>>")
    doc.set(82, "<</Type/Font/Subtype/Type0/BaseFont/Ryumin/Encoding/Identity-H/DescendantFonts[81 0 R]>>")
    shift = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
    doc.set(83, f"<</Type/Font/Subtype/CIDFontType2/BaseFont/Hebrew/DW 500{shift}>>")
    hebrew = "שם בעל הכרטיס"
    used = sorted(set(hebrew + "0123456789 "))
    maps = "\n".join(f"<{n + 1:04x}> <{ord(c):04x}>" for n, c in enumerate(used))
    doc.set(84, stream("", f"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange {len(used)} beginbfchar\n{maps}\nendbfchar endcmap"))
    doc.set(85, "<</Type/Font/Subtype/Type0/BaseFont/Hebrew/Encoding/Identity-H/DescendantFonts[83 0 R]/ToUnicode 84 0 R>>")
    cids = lambda value: "".join(f"{ord(c) - 31:04x}" for c in value)
    glyphs = lambda value: "".join(f"{used.index(c) + 1:04x}" for c in value)
    in_sight = card(62) + " " + hebrew[::-1]
    placed = "".join(f"1 0 0 1 {72 + 5.6 * n:.1f} 600 Tm ({c}) Tj " for n, c in enumerate(says(63, "Letter by letter")) if c != " ")
    twice = text(says(64, "Bold by drawing twice")) + " Tj"
    content = (
        f"BT /F2 10 Tf 72 760 Td {text(says(60, 'Names without meaning'))} Tj ET\n"
        f"BT /F3 10 Tf 72 740 Td <{cids(says(61, 'By its collection'))}> Tj ET\n"
        f"BT /F4 10 Tf 72 720 Td <{glyphs(in_sight)}> Tj ET\n"
        f"BT /F5 10 Tf {placed} ET\n"
        f"BT /F1 10 Tf 72 560 Td {twice} 0.3 0 Td {twice} ET\n"
    )
    doc.page(
        content,
        resources="/Font<</F1 3 0 R/F2 80 0 R/F3 82 0 R/F4 85 0 R/F5 86 0 R>>",
    )
    doc.set(86, "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding/FirstChar 32/LastChar 126/Widths[" + "560 " * 95 + "]>>")
    return doc


def revised():
    """A number that was taken out by an update, which leaves the old page in the file."""
    doc = Document()
    doc.page(lines("Refund", says(70, "Pay to"), "Sent by R. Alder"))
    first = doc.write()
    start = int(first[first.rindex(b"startxref") + 9 :].split()[0])
    newer = {4: stream("", lines("Refund", "Pay to: the customer", "Sent by R. Alder"))}
    return first + update(first, newer, start)


def update(first, objects, previous):
    whole = finish(first, objects, "/Root 1 0 R", 6, previous)
    return whole[len(first) :]


def scanned():
    """A page that is a picture, behind one that is text."""
    doc = Document()
    pixels = bytes((x * y) % 256 for y in range(40) for x in range(60))
    picture = doc.add(stream("/Type/XObject/Subtype/Image/Width 60/Height 40/ColorSpace/DeviceGray/BitsPerComponent 8", pixels))
    doc.page(lines(says(75, "Behind this page is a scan")))
    doc.page("q 400 0 0 300 90 300 cm /I1 Do Q", resources=f"/XObject<</I1 {picture} 0 R>>")
    return doc


def main():
    SAMPLES.mkdir(parents=True, exist_ok=True)
    plain = {
        "parts.pdf": parts().write(),
        "form.pdf": form().write(),
        "unseen.pdf": unseen().write(),
        "letters.pdf": letters().write(),
        "revised.pdf": revised(),
        "scan.pdf": scanned().write(),
    }
    whole = plain["unseen.pdf"]
    plain["cut.pdf"] = whole[: whole.rindex(b"xref\n", 0, whole.rindex(b"startxref"))][:-300]
    for name, body in plain.items():
        (SAMPLES / name).write_bytes(body)
    protected = Document()
    protected.page(lines(says(76, "Anybody may open this")))
    source = SAMPLES / "plain.tmp"
    source.write_bytes(protected.write())
    for name, user in [("owner-password.pdf", ""), ("password.pdf", "larkspur")]:
        command = ["qpdf", "--encrypt", user, "foxglove", "256", "--", str(source), str(SAMPLES / name)]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            print(f"{name} is left as it is: there is no qpdf")
    source.unlink()


if __name__ == "__main__":
    main()
