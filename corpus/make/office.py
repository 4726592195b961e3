"""Documents of old Office with pictures, tracked changes and hidden text: corpus/samples/office.

Needs LibreOffice (soffice) and, for the picture, corpus/samples/pictures/badge.jpg. All people and numbers are invented. LibreOffice writes
the day into its files, so a new run differs in that. Run from any folder.
"""

import base64
import subprocess
import tempfile
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
FOLDER = SAMPLES / "office"
PICTURE = base64.b64encode((SAMPLES / "pictures" / "badge.jpg").read_bytes()).decode()
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{value}:1.0"'
    for name, value in [
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"),
        ("presentation", "presentation"), ("svg", "svg-compatible"), ("fo", "xsl-fo-compatible"), ("number", "datastyle"),
    ]
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'


def frame(anchor: str) -> str:
    return (
        f'<draw:frame draw:name="badge" {anchor} svg:x="2cm" svg:y="3cm" svg:width="2cm" svg:height="2cm"><draw:image>'
        f"<office:binary-data>{PICTURE}</office:binary-data></draw:image></draw:frame>"
    )


def flat(kind: str, styles: str, body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {NAMES} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.{kind}">{styles}<office:body>{body}</office:body></office:document>'
    )


HIDDEN = (
    '<office:automatic-styles><style:style style:name="H" style:family="text">'
    '<style:text-properties text:display="none"/></style:style></office:automatic-styles>'
)


def change(number: int, kind: str, text: str) -> str:
    return (
        f'<text:changed-region text:id="c{number}"><text:{kind}><office:change-info><dc:creator>Odile Marchetti</dc:creator>'
        f"<dc:date>2026-03-02T10:00:00</dc:date></office:change-info>{text}</text:{kind}></text:changed-region>"
    )


def letter() -> str:
    changes = (
        "<text:tracked-changes>"
        + change(1, "deletion", "<text:p>536-22-8741</text:p>")
        + change(2, "insertion", "")
        + "</text:tracked-changes>"
    )
    body = (
        f"<office:text>{changes}<text:p>The badge of the driver {frame('text:anchor-type=&quot;as-char&quot;'.replace('&quot;', chr(34)))}"
        "</text:p><text:p>Her number was <text:change text:change-id=\"c1\"/> and is <text:change-start "
        'text:change-id="c2"/>523-18-4406<text:change-end text:change-id="c2"/> now.</text:p>'
        '<text:p>The account is <text:span text:style-name="H">DE89 3704 0044 0532 0130 00</text:span>, not shown.</text:p>'
        f"<text:p>{frame('text:anchor-type=' + chr(34) + 'paragraph' + chr(34))}Afloat.</text:p></office:text>"
    )
    return flat("text", HIDDEN, body)


def book() -> str:
    money = (
        '<office:automatic-styles><number:date-style style:name="D"><number:day number:style="long"/><number:text>.</number:text>'
        '<number:month number:style="long"/><number:text>.</number:text><number:year number:style="long"/></number:date-style>'
        '<number:number-style style:name="N"><number:number number:decimal-places="0" number:min-integer-digits="9"/>'
        '</number:number-style><style:style style:name="cd" style:family="table-cell" style:data-style-name="D"/>'
        '<style:style style:name="cn" style:family="table-cell" style:data-style-name="N"/></office:automatic-styles>'
    )
    body = (
        '<office:spreadsheet><table:table table:name="Staff"><table:shapes>' + frame('table:end-cell-address="Staff.D9"')
        + '</table:shapes><table:table-row><table:table-cell office:value-type="string"><text:p>SSN</text:p></table:table-cell>'
        '<table:table-cell table:style-name="cn" office:value-type="float" office:value="1234567"><text:p>001234567</text:p>'
        "</table:table-cell></table:table-row><table:table-row>"
        '<table:table-cell office:value-type="string"><text:p>card 4539 1488 0343 6467</text:p></table:table-cell>'
        '<table:table-cell table:style-name="cd" office:value-type="date" office:date-value="1981-04-09"><text:p>09.04.1981</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet>"
    )
    return flat("spreadsheet", money, body)


def show() -> str:
    body = (
        f'<office:presentation><draw:page draw:name="one">{frame("")}<draw:frame svg:x="1cm" svg:y="9cm" svg:width="9cm" '
        'svg:height="2cm"><draw:text-box><text:p>card 4539 1488 0343 6467</text:p></draw:text-box></draw:frame></draw:page>'
        "</office:presentation>"
    )
    return flat("presentation", "", body)


def convert(text: str, source: str, *targets: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / source
        path.write_text(text)
        for target in targets:
            subprocess.run(
                ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", target,
                 "--outdir", FOLDER, path],
                check=True, stdout=subprocess.DEVNULL,
            )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    convert(letter(), "letter.fodt", "doc", "docx", "odt")
    convert(book(), "staff.fods", "xls", "xlsx", "ods")
    convert(show(), "badge.fodp", "ppt")
