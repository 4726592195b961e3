"""Pictures with texts beside their pixels, one for each format and place: corpus/samples/pictures.

Needs Pillow and piexif (pip install pillow piexif). All people and numbers are invented. Run from any folder.
"""

import io
import struct
import zlib
from pathlib import Path

import piexif
import piexif.helper
from PIL import Image, ImageCms, PngImagePlugin

FOLDER = Path(__file__).resolve().parent.parent / "samples" / "pictures"
SMALL = Image.new("RGB", (8, 6), (90, 120, 150))


def xmp(text: str) -> bytes:
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' "
        f"photoshop:City='Tromsø'><dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{text}</rdf:li></rdf:Alt>"
        "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


def exif() -> bytes:
    def degrees(value: float):
        whole = int(value)
        return ((whole, 1), (int((value - whole) * 600000), 10000), (0, 1))

    return piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Artist: "Mira Okonkwo-Lind",
                piexif.ImageIFD.ImageDescription: "badge photo, SSN 536-22-8741",
                piexif.ImageIFD.Copyright: "Larkspur Freight",
                piexif.ImageIFD.XPComment: "Überweisung an Jürgen".encode("utf-16-le") + b"\0\0",
                piexif.ImageIFD.XPKeywords: "payroll;secret".encode("utf-16-le") + b"\0\0",
            },
            "Exif": {
                piexif.ExifIFD.UserComment: piexif.helper.UserComment.dump("desk phone 555-0142", "unicode"),
                piexif.ExifIFD.CameraOwnerName: "Camera of Joa Smith",
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: "N",
                piexif.GPSIFD.GPSLatitude: degrees(69.649),
                piexif.GPSIFD.GPSLongitudeRef: "E",
                piexif.GPSIFD.GPSLongitude: degrees(18.955),
            },
        }
    )


def iptc(*entries: tuple[int, bytes]) -> bytes:
    records = b"\x1c\x01\x5a" + struct.pack(">H", 3) + b"\x1b%G"
    for number, text in entries:
        records += bytes([0x1C, 2, number]) + struct.pack(">H", len(text)) + text
    resource = b"8BIM" + struct.pack(">H", 0x0404) + b"\0\0" + struct.pack(">I", len(records)) + records
    return resource + b"\0" * (len(records) % 2)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*segments: bytes) -> bytes:
    buffer = io.BytesIO()
    SMALL.save(buffer, "JPEG", quality=40)
    plain = buffer.getvalue()
    return plain[:2] + b"".join(segments) + plain[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks: bytes) -> bytes:
    buffer = io.BytesIO()
    SMALL.save(buffer, "PNG")
    plain = buffer.getvalue()
    return plain[:33] + b"".join(chunks) + plain[33:]


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def heif() -> bytes:
    """Only the boxes that tell where the metadata stands; no decoder would show a picture."""
    block = struct.pack(">I", 6) + exif()
    packet = xmp("HEIF note: SSN 481-63-2095")

    def infe(number: int, kind: bytes, rest: bytes = b"") -> bytes:
        return box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + kind + b"\0" + rest)

    items = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 2) + infe(1, b"Exif") + infe(2, b"mime", b"application/rdf+xml\0"))
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def iloc(first: int) -> bytes:
        body = b"\0\0\0\0\x44\0" + struct.pack(">H", 2)
        for number, at, size in ((1, first, len(block)), (2, first + len(block), len(packet))):
            body += struct.pack(">HHH", number, 0, 1) + struct.pack(">II", at, size)
        return box(b"iloc", body)

    meta = len(box(b"meta", b"\0\0\0\0" + items + iloc(0)))
    first = len(head) + meta + 8
    return head + box(b"meta", b"\0\0\0\0" + items + iloc(first)) + box(b"mdat", block + packet)


def gif() -> bytes:
    buffer = io.BytesIO()
    SMALL.convert("P").save(buffer, "GIF", comment=b"scanned at the front desk, SSN 536-22-8741")
    plain = buffer.getvalue()
    packet = xmp("GIF packet")
    block = b"\x21\xff\x0bXMP DataXMP" + packet + b"\1" + bytes(range(255, -1, -1)) + b"\0"
    return plain[:-1] + block + plain[-1:]


def psd() -> bytes:
    def resource(number: int, body: bytes) -> bytes:
        return b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(body)) + body + b"\0" * (len(body) % 2)

    resources = iptc((120, "caption of the draft".encode())) + resource(0x0424, xmp("draft for SSN 481-63-2095"))
    name = "Hidden layer".encode("utf-16-be")
    text = "salary list 2026".encode("utf-16-be")
    layer = b"8BIMluni" + struct.pack(">I", len(name) + 4) + struct.pack(">I", len(name) // 2) + name
    layer += b"8BIMTySh\0\0\0\0 /EngineDict << /Editor << /Text (\xfe\xff" + text + b") >> >>"
    return (
        b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 6, 8, 8, 3) + struct.pack(">I", 0)
        + struct.pack(">I", len(resources)) + resources + struct.pack(">I", len(layer)) + layer + b"\0\0"
    )


def emf() -> bytes:
    title = "Chart\0Wages of Larkspur\0\0".encode("utf-16-le")
    header = struct.pack("<II", 1, 108 + len(title)) + b"\0" * 32 + b" EMF" + struct.pack("<IIIHHIII", 0x10000, 0, 0, 0, 0, len(title) // 2, 108, 0)
    header += b"\0" * (108 - len(header)) + title
    text = "Mira Okonkwo 536-22-8741".encode("utf-16-le")
    body = struct.pack("<II", 84, 76 + len(text)) + b"\0" * 36 + struct.pack("<II", len(text) // 2, 76)
    return header + body + b"\0" * (76 - len(body)) + text + struct.pack("<IIIII", 14, 20, 0, 0, 20)


def wmf() -> bytes:
    text = b"Freight of Joa Smith"
    record = struct.pack("<IHHHHH", 7 + len(text) // 2, 0x0A32, 0, 0, len(text), 0) + text
    return b"\xd7\xcd\xc6\x9a" + b"\0" * 18 + struct.pack("<HHHIHIH", 1, 9, 0x300, 0, 0, 0, 0) + record + struct.pack("<IH", 3, 0)


def dicom() -> bytes:
    def element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
        value += b" " * (len(value) % 2)
        return struct.pack("<HH", group, number) + kind + struct.pack("<H", len(value)) + value

    body = element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1") + element(8, 0x80, b"LO", b"Larkspur Clinic")
    body += element(0x10, 0x10, b"PN", b"Okonkwo^Mira") + element(0x10, 0x20, b"LO", b"SSN 536-22-8741")
    return b"\0" * 128 + b"DICM" + body + struct.pack("<HH", 0x7FE0, 0x10) + b"OW\0\0" + struct.pack("<I", 4) + b"\0" * 4


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    block = exif()
    long = xmp("long packet, SSN 481-63-2095")
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">I", len(long))
    half = len(long) // 2
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Mira Okonkwo-Lind")
    info.add_text("Comment", "packed: SSN 536-22-8741", zip=True)
    info.add_itxt("Title", "Löhne 2026", zip=True)
    buffer = io.BytesIO()
    SMALL.save(buffer, "PNG", pnginfo=info)
    plain = buffer.getvalue()
    raw = "\nexif\n{:8}\n{}\n".format(len(block), block.hex()).encode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = {
        "badge.jpg": jpeg(
            segment(0xE1, block),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp("short packet")),
            segment(0xE1, head + struct.pack(">I", half) + long[half:]),
            segment(0xE1, head + struct.pack(">I", 0) + long[:half]),
            segment(0xED, b"Photoshop 3.0\0" + iptc((120, "Übergabe an 481-63-2095".encode()), (80, b"Joa Smith"))),
            segment(0xE2, b"ICC_PROFILE\0\1\1" + profile),
            segment(0xFE, b"a comment of the scanner"),
        ),
        "behind.jpg": jpeg() + b"text somebody hid behind the picture: SSN 536-22-8741\n",
        "scan.png": plain,
        "magick.png": png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw)), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp("PNG packet"))),
        "scan.gif": gif(),
        "site.heic": heif(),
        "draft.psd": psd(),
        "chart.emf": emf(),
        "chart.wmf": wmf(),
        "patient.dcm": dicom(),
        "logo.svg": "<svg xmlns='http://www.w3.org/2000/svg'><title>Larkspur</title><text>SSN 536-<tspan>22</tspan>-8741</text></svg>\n".encode(),
    }
    for name, body in files.items():
        (FOLDER / name).write_bytes(body)
    SMALL.save(FOLDER / "site.webp", "WEBP", exif=block, xmp=xmp("WebP packet"))
    SMALL.save(FOLDER / "fax.tif", "TIFF", compression="packbits", tiffinfo={270: "fax to 536-22-8741", 315: "Joa Smith", 700: xmp("TIFF packet")})
    from PIL import features
    if features.check("jpg_2000"):
        SMALL.save(FOLDER / "map.jp2", "JPEG2000")
        plain = (FOLDER / "map.jp2").read_bytes()
        packet = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac" + xmp("JPEG 2000 packet")
        (FOLDER / "map.jp2").write_bytes(plain + box(b"uuid", packet))


main()
