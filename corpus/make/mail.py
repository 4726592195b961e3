"""Writes the samples of mail, calendars and cards:

    python3 corpus/make/mail.py corpus/samples/mail

All names and numbers are invented.
"""
import binascii
import io
import pathlib
import sys
import zipfile
from email.message import EmailMessage

OUT = pathlib.Path(sys.argv[1])


def letter():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("ledger.csv", (2026, 3, 2, 9, 30, 0)), "name,card\nOdile Marchetti,4111 1111 1111 1111\n")
    mail = EmailMessage()
    mail["From"] = "Jürgen Müller <juergen.mueller@larkspur.example>"
    mail["To"] = "Odile Marchetti <odile@larkspur.example>"
    mail["Date"] = "Mon, 02 Mar 2026 09:30:00 +0100"
    mail["Subject"] = "Gehälter – März"
    mail.set_content("Grüße, die IBAN ist DE89 3704 0044 0532 0130 00.\n")
    mail.add_alternative("<html><body><p>Gr&uuml;&szlig;e, IBAN <b>GB29 NWBK 6016</b> 1331 9268 19</p></body></html>", subtype="html")
    mail.add_attachment(archive.getvalue(), maintype="application", subtype="zip", filename="Übersicht März.zip")
    inner = EmailMessage()
    inner["From"], inner["To"] = "ines.quade@larkspur.example", "juergen.mueller@larkspur.example"
    inner["Date"] = "Sun, 01 Mar 2026 08:00:00 +0100"
    inner["Subject"] = "card"
    inner.set_content("The card is 5555 5555 5555 4444.\n")
    mail.add_attachment(inner)
    mail.set_boundary("larkspur-1")
    next(mail.iter_parts()).set_boundary("larkspur-2")
    return mail.as_bytes()


ODD = b"""From: desk@larkspur.example
To: odile@larkspur.example
Date: Mon, 02 Mar 2026 10:00:00 +0100
Subject: =?iso-8859-1?Q?J=FCrgen?= =?utf-8?B?w7xi?=
 =?utf-8?B?ZXI=?= raw \xfcber
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=declared

This text stands before the first part, with 4111 1111 1111 1111.
--other
Content-Type: text/plain; format=flowed; charset=utf-8

The card is 5555 5555 
5555 4444 
and more.
--other
Content-Type: application/octet-stream; name*0*=utf-8''%e2%82%ac; name*1=-rates.csv
Content-Transfer-Encoding: base64

bmFtZSxpYmFuCg==
SW5lcyxHQjI5TldCSzYwMTYxMzMxOTI2ODE5Cg==
--other--
--other
Content-Type: text/plain

A part behind the closing line, with a file written into it.
begin 644 notes.txt
%s`
end
"""

SEALED = b"""From: desk@larkspur.example
To: odile@larkspur.example
Date: Mon, 02 Mar 2026 10:00:00 +0100
Subject: sealed
MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b

--b
Content-Type: application/pgp-encrypted

Version: 1
--b
Content-Type: application/octet-stream; name=letter.asc

-----BEGIN PGP MESSAGE-----

aGVsbG8=
-----END PGP MESSAGE-----
--b--
"""

PAGE = b"""From: <Saved by Larkspur>
Subject: A page
Date: Mon, 02 Mar 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="page"

--page
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable
Content-Location: https://larkspur.example/account.html

<html><body><p>Your IBAN is DE89 3704 =
0044 0532 0130 00.</p></body></html>
--page
Content-Type: text/css
Content-Transfer-Encoding: quoted-printable
Content-Location: https://larkspur.example/style.css

p { color: red }
--page--
"""

CARDS = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=FCrgen
NOTE;ENCODING=QUOTED-PRINTABLE:the card is 4111 1111 =
1111 1111
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Ines Quade
NOTE:IBAN GB29NWBK
 60161331926819\\nsecond line
ATTACH;FMTTYPE=text/csv;ENCODING=b;FILENAME=list.csv:bmFtZSxjYXJkCkluZXMsNTU1NSA1NTU1IDU1NTUgNDQ0NAo=
END:VCARD
"""

MEETING = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
SUMMARY:Pay day
ATTENDEE;CN="Ines Quade":mailto:ines.quade@larkspur.example
DESCRIPTION:the account is DE89 3704 0044
  0532 0130 00\\, as ever
BEGIN:VALARM
ACTION:DISPLAY
END:VALARM
END:VEVENT
BEGIN:VTODO
SUMMARY:renew 4111 1111 1111 1111
END:VTODO
END:VCALENDAR
"""


def box(letters):
    out = b""
    for letter in letters:
        quoted = letter.replace(b"\n>From ", b"\n>>From ").replace(b"\nFrom ", b"\n>From ")
        out += b"From desk@larkspur.example Mon Mar  2 09:30:00 2026\n" + quoted + b"\n"
    return out


NOTE = b"From: a@larkspur.example\nTo: b@larkspur.example\nSubject: note %d\nDate: Mon, 02 Mar 2026 09:30:00 +0100\n\nHello,\n\nFrom here on: card %s.\n"

(OUT / "letter.eml").write_bytes(letter())
(OUT / "odd.eml").write_bytes(ODD.replace(b"%s", binascii.b2a_uu(b"the card is 3782 822463 10005\n")))
(OUT / "sealed.eml").write_bytes(SEALED)
(OUT / "page.mhtml").write_bytes(PAGE)
(OUT / "cards.vcf").write_bytes(CARDS.replace("\n", "\r\n").encode())
(OUT / "meeting.ics").write_bytes(MEETING.replace("\n", "\r\n").encode())
(OUT / "box.mbox").write_bytes(box([NOTE % (1, b"4111 1111 1111 1111"), letter(), NOTE % (2, b"5555 5555 5555 4444")]))
