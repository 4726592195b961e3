"""Pictures of text: a photographed note, a scanned letter as PDF in four encodings, a report with a picture in it.

Needs Pillow (pip install pillow) and the DejaVu fonts. All people and numbers are invented. Run from any folder.
"""

import io
import struct
import zipfile
import zlib
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"


def picture(*lines: str, size: int = 34) -> Image.Image:
    font = ImageFont.truetype(FONT, size)
    width = max(int(font.getlength(line)) for line in lines) + 120
    image = Image.new("L", (width, 2 * size * len(lines) + 100), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((60, 50 + 2 * size * number), line, font=font, fill=0)
    return image


def pdf(pages: list[tuple[str, bytes, tuple[int, int]]]) -> bytes:
    """One picture a page; each is its dictionary's entries, its body and its size in pixels."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = " ".join(f"{3 + 3 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode())
    for number, (entries, body, (width, height)) in enumerate(pages):
        at = 3 + 3 * number
        box = f"0 0 {width * 0.36:.0f} {height * 0.36:.0f}"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents {at + 1} 0 R"
            f"/Resources<</XObject<</P {at + 2} 0 R>>>>>>".encode()
        )
        content = f"{width * 0.36:.2f} 0 0 {height * 0.36:.2f} 0 0 cm /P Do".encode()
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
        head = f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}{entries}/Length {len(body)}>>"
        objects.append(head.encode() + b"stream\n" + body + b"\nendstream")
    out, starts = bytearray(b"%PDF-1.5\n"), []
    for number, body in enumerate(objects):
        starts.append(len(out))
        out += b"%d 0 obj" % (number + 1) + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % start for start in starts)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def fax(image: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    file = io.BytesIO()
    image.convert("1").save(file, "TIFF", compression="group4")
    tiff = Image.open(file)
    at, length = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    body = file.getvalue()[at : at + length]
    # Pillow writes black as 1 or as 0, as it likes.
    turned = "/BlackIs1 true" if tiff.tag_v2[262] == 1 else ""
    width, height = image.size
    entries = f"/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns {width}/Rows {height}{turned}>>"
    return entries, body, image.size


def jpeg(image: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=70)
    return "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", file.getvalue(), image.size


def predicted(image: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    """Grey samples, each row predicted from the one above."""
    width, height = image.size
    raw, rows, above = image.tobytes(), b"", bytes(width)
    for at in range(0, len(raw), width):
        row = raw[at : at + width]
        rows += b"\2" + bytes((a - b) & 255 for a, b in zip(row, above))
        above = row
    entries = f"/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns {width}>>"
    return entries, zlib.compress(rows, 9), image.size


def numbered(image: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    """Colours by number: 0 is white, 1 is dark blue."""
    bits = image.point(lambda value: 255 if value < 128 else 0).convert("1")
    entries = "/ColorSpace[/Indexed/DeviceRGB 1<FFFFFF000040>]/BitsPerComponent 1/Filter/FlateDecode"
    return entries, zlib.compress(bits.tobytes(), 9), image.size


def docx(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    out = io.BytesIO()
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>The payment is in the picture below.'
        "</w:t></w:r></w:p></w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/image" '
        'Target="media/image1.png"/></Relationships>',
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), text)
        archive.writestr(zipfile.ZipInfo("word/media/image1.png", (2026, 1, 2, 3, 4, 6)), file.getvalue())
    return out.getvalue()


def main() -> None:
    note = picture("Larkspur Freight, corporate card", "credit card number", "4111 1111 1111 1111", "valid until 09/29")
    note.save(SAMPLES / "pictures/note.png", optimize=True)
    letter = [
        fax(picture("Page one, sent by fax", "Visa credit card 4111 1111 1111 1111")),
        jpeg(picture("Page two, a photograph", "IBAN DE89 3704 0044 0532 0130 00")),
        predicted(picture("Page three, plain samples", "Mastercard credit card 5500 0000 0000 0004")),
        numbered(picture("Page four, colours by number", "American Express credit card 3782 822463 10005")),
    ]
    (SAMPLES / "pdf/scanned-letter.pdf").write_bytes(pdf(letter))
    report = picture("Paid with the credit card", "6011 1111 1111 1117", "expires 11/28")
    (SAMPLES / "finance/pictured.docx").write_bytes(docx(report))


if __name__ == "__main__":
    main()
