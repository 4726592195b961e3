"""The kinds of values that the corpus plants: shape, rule, countries, and what a scanner should make of each.

A shape is a regular expression; a value is drawn from it until its rule (see checks.py) holds, so none is anybody's on
purpose. `word` is the tier that a valid value deserves with a word for it nearby, `alone` without one.
"""

import base64
import hashlib
import json
import re
import re._constants as sre
import re._parser as parser
import zlib
from dataclasses import dataclass
from typing import Callable

import checks as c


def drawn(rng, shape):
    """A text that the expression fits."""
    return "".join(part(rng, node) for node in parser.parse(shape))


def part(rng, node):
    kind, what = node
    if kind is sre.LITERAL:
        return chr(what)
    if kind is sre.IN:
        choices = []
        for inner, value in what:
            if inner is sre.LITERAL:
                choices.append(chr(value))
            elif inner is sre.RANGE:
                choices.extend(map(chr, range(value[0], value[1] + 1)))
            elif value is sre.CATEGORY_DIGIT:
                choices.extend("0123456789")
        return rng.choice(choices)
    if kind is sre.MAX_REPEAT:
        least, most, inner = what
        count = rng.randint(least, most)
        return "".join(part(rng, node) for _ in range(count) for node in inner)
    if kind is sre.BRANCH:
        return "".join(part(rng, node) for node in rng.choice(what[1]))
    if kind is sre.SUBPATTERN:
        return "".join(part(rng, node) for node in what[3])
    raise ValueError(kind)


@dataclass(frozen=True)
class Kind:
    id: str
    places: str
    shape: str
    holds: Callable = None
    word: str = "high"
    alone: str = "low"
    make: Callable = None
    # False where another length, or another check, is right as well: such a kind has no wrong values.
    strict: bool = True

    def valid(self, rng):
        if self.make:
            return self.make(rng)
        while True:
            value = drawn(rng, self.shape)
            if self.keeps(value):
                return value

    def keeps(self, value):
        try:
            return self.holds is None or bool(self.holds(value))
        except (ValueError, IndexError, KeyError, TypeError):
            return False

    def wrong(self, rng):
        """A value that looks right and is not, and what is wrong with it; None where nothing can be told."""
        value = self.valid(rng)
        if not self.strict:
            return None
        if self.holds is None:
            return (value[:-1], "too short") if rng.random() < 0.5 else (value + drawn(rng, r"\d"), "too long")
        for _ in range(200):
            at = rng.choice([place for place, letter in enumerate(value) if letter.isdigit()])
            other = value[:at] + rng.choice("0123456789") + value[at + 1:]
            if re.fullmatch(self.shape, other) and not self.keeps(other):
                return other, "check"
        return None

    def also(self, value):
        return bool(self.shape) and re.fullmatch(self.shape, value) is not None and self.keeps(value)


# ---- Values that are put together


def base62(number, length):
    text = ""
    for _ in range(length):
        number, rest = divmod(number, 62)
        text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[rest] + text
    return text


def github(rng):
    body = drawn(rng, "[A-Za-z0-9]{30}")
    return rng.choice(["ghp_", "gho_", "ghs_"]) + body + base62(zlib.crc32(body.encode()), 6)


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt(rng):
    head = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = encoded(json.dumps({"sub": drawn(rng, r"\d{8}"), "name": drawn(rng, "[a-z]{8}"), "iat": 1790000000}).encode())
    return f"{head}.{body}.{encoded(rng.randbytes(32))}"


def private_key(rng):
    body = base64.b64encode(b"\x30\x82\x01\x3a\x02\x01\x00\x02\x41\x00" + rng.randbytes(308)).decode()
    lines = "\n".join(body[at:at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----"


def mrz(rng):
    """ICAO Doc 9303 part 4, with its check digits."""
    def check(text):
        return str(c.dot([0 if x == "<" else int(x, 36) for x in text], [7, 3, 1] * 20) % 10)
    state = rng.choice(["UTO", "D<<", "FRA", "ESP", "SWE", "NLD"])
    name = f"P<{state}{drawn(rng, '[A-Z]{5,9}')}<<{drawn(rng, '[A-Z]{4,8}')}".ljust(44, "<")
    number, birth, expiry = drawn(rng, r"[A-Z]{2}\d{7}"), drawn(rng, r"[5-9]\d0[1-9][12]\d"), drawn(rng, r"2[89]0[1-9]1\d")
    number, birth, expiry = number + check(number), birth + check(birth), expiry + check(expiry)
    rest = "<" * 14 + "0"
    return f"{name}\n{number}{state}{birth}{rng.choice('MF')}{expiry}{rest}{check(number + birth + expiry + rest)}"


def iban(rng):
    country, shape = rng.choice([("DE", r"\d{18}"), ("GB", r"[A-Z]{4}\d{14}"), ("NL", r"[A-Z]{4}\d{10}"), ("AT", r"\d{16}"), ("CH", r"\d{5}[0-9A-Z]{12}"), ("PL", r"\d{24}"), ("SE", r"\d{20}")])
    body = drawn(rng, shape)
    number = int("".join(str(int(x, 36)) for x in body + country + "00"))
    text = country + "%02d" % (98 - number % 97) + body
    return " ".join(text[at:at + 4] for at in range(0, len(text), 4)) if rng.random() < 0.6 else text


def bitcoin(rng):
    raw = b"\0" + rng.randbytes(20)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = c.BASE58[rest] + text
    return "1" + text


D = r"(?:0[1-9]|1\d|2[0-8])"
M = r"(?:0[1-9]|1[0-2])"
Y = r"[4-9]\d"

KINDS = [
    # Everywhere.
    Kind("card.payment", "*", r"4\d{3} \d{4} \d{4} \d{4}|5[1-5]\d{2}-\d{4}-\d{4}-\d{4}|4\d{15}|37\d{2} \d{6} \d{5}", c.luhn),
    Kind("bank.iban", "*", "", c.iban, make=iban),
    Kind("doc.mrz", "*", "", make=mrz, alone="high"),
    Kind("contact.email", "*", r"[a-z]{4,8}\.[a-z]{4,9}@(?:orchard|lindner|vantage)-[a-z]{4,8}\.(?:com|org|net)", word="low", alone="low", strict=False),
    Kind("vehicle.vin", "us ca mx", r"[1-5][A-HJ-NPR-Z]{2}[A-HJ-NPR-Z0-9]{5}[0-9X][A-HJ-NPR-TV-Y1-9][A-HJ-NPR-Z0-9]\d{6}", c.vin),
    Kind("crypto.btc", "*", "", c.base58check, alone="high", make=bitcoin),
    Kind("crypto.eth", "*", r"0x[0-9a-f]{40}", word="medium", alone="low"),
    Kind("net.ip", "*", r"(?:8[1-9]|9[1-5]|15[0-9])\.[1-9]\d\.1\d{2}\.[1-9]\d", word="low", alone="low", strict=False),
    # Credentials.
    Kind("cred.github", "*", "", make=github, alone="high"),
    Kind("cred.jwt", "*", "", make=jwt, alone="medium"),
    Kind("cred.private-key", "*", "", make=private_key, alone="high"),
    Kind("cred.gitlab", "*", r"glpat-[A-Za-z0-9]{20}", alone="high"),
    Kind("cred.slack", "*", r"xoxb-[1-9]\d{11}-[1-9]\d{11}-[A-Za-z0-9]{24}", alone="high", strict=False),
    Kind("cred.stripe", "*", r"sk_live_[A-Za-z0-9]{24}", alone="high", strict=False),
    Kind("cred.ai", "*", r"sk-proj-[A-Za-z0-9]{58}T3BlbkFJ[A-Za-z0-9]{58}", alone="high", strict=False),
    Kind("cred.gcp", "*", r"AIza[A-Za-z0-9]{35}", alone="high"),
    Kind("cred.sendgrid", "*", r"SG\.[A-Za-z0-9]{22}\.[A-Za-z0-9]{43}", alone="high"),
    Kind("cred.telegram", "*", r"[1-9]\d{8,9}:AA[A-Za-z0-9]{33}", alone="medium"),
    Kind("cred.password-hash", "*", r"\$2[aby]\$1[0-2]\$[./A-Za-z0-9]{53}", word="medium", alone="medium"),
    Kind("cred.generic-secret", "*", r"api_key = \"[A-Za-z0-9]{40}\"", word="medium", alone="medium", strict=False),
    # North America.
    Kind("id.us-ssn", "us", rf"(?:[1-578]\d{{2}}|6[0-57-9]\d)-(?:0[1-9]|[1-9]\d)-[1-9]\d{{3}}"),
    Kind("id.us-itin", "us", r"9\d{2}-(?:7\d|8[0-8]|9[0-2])-\d{4}"),
    Kind("id.us-ein", "us", r"(?:1[0-6]|2[0-7]|3[0-9]|4[0-8]|5[0-9]|6[0-8]|7[1-7]|8[0-8]|9[0-5])-\d{7}", alone="none"),
    Kind("id.us-dl", "us", r"[A-Z]\d{7}|[A-Z]\d{12}", word="medium", alone="none", strict=False),
    Kind("id.us-passport", "us", r"[1-9]\d{8}|C\d{8}", word="medium", alone="none"),
    Kind("id.us-npi", "us", r"[12]\d{9}", c.npi, alone="none"),
    Kind("id.us-dea", "us", r"[ABFGM][A-Z]\d{7}", c.dea, alone="medium"),
    Kind("id.us-mbi", "us", r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-[AC-HJKMNP-RT-Y]{2}\d{2}", alone="medium"),
    Kind("bank.us-aba", "us", r"(?:0[1-9]|1[0-2]|2[1-9]|3[0-2])\d{7}", c.aba),
    Kind("bank.us-account", "us", r"[1-9]\d{9,11}", word="medium", alone="none", strict=False),
    Kind("id.ca-sin", "ca", r"[1-79]\d{2} \d{3} \d{3}|[1-79]\d{2}-\d{3}-\d{3}", c.luhn),
    Kind("id.ca-bc-phn", "ca", r"9\d{3} \d{3} \d{3}", c.bc_phn),
    Kind("id.ca-passport", "ca", r"[A-HJ-NP-Z]{2}\d{6}", alone="none"),
    Kind("id.ca-dl", "ca", r"[A-Z]\d{4}-\d{5}-\d{5}", word="medium", alone="none"),
    Kind("id.mx-curp-rfc", "mx", rf"[B-DF-HJ-NP-TV-Z][AEIOU][B-DF-HJ-NP-TV-Z]{{2}}{Y}{M}{D}[HM](?:DF|JC|NL|OC|YN|BC)[BCDFGHJKLMNPQRSTVWXYZ]{{3}}\d\d", c.curp, alone="high"),
    # South America.
    Kind("id.br-cpf", "br", r"\d{3}\.\d{3}\.\d{3}-\d{2}", c.cpf, alone="high"),
    Kind("id.br-cnpj", "br", r"\d{2}\.\d{3}\.\d{3}/000[1-9]-\d{2}|[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/000[1-9]-\d{2}", c.cnpj, alone="high"),
    Kind("id.ar-cuit", "ar", r"(?:20|23|27|30|33)-\d{8}-\d", c.cuit, alone="medium"),
    Kind("id.ar-dni", "ar", r"[1-4]\d\.\d{3}\.\d{3}", alone="none"),
    Kind("id.cl-rut", "cl", r"(?:[5-9]|1\d|2[0-4])\.\d{3}\.\d{3}-[0-9K]", c.rut_cl, alone="high"),
    Kind("org.co-nit", "co", r"[89]\d{2}\.\d{3}\.\d{3}-\d", c.nit_co, alone="medium"),
    Kind("id.pe-ruc", "pe", r"(?:10|20)\d{9}", c.ruc_pe),
    Kind("id.ec-ci", "ec", r"(?:0[1-9]|1\d|2[0-4])[0-5]\d{7}", c.ci_ec),
    Kind("org.uy-rut", "uy", r"(?:0[1-9]|1\d|21)\d{6}001\d", c.rut_uy),
    # Britain and Ireland.
    Kind("id.uk-nino", "gb", r"[ABCEHJLMPRSTWXY][ABCEHJLMPRSWXYZ] \d{2} \d{2} \d{2} [A-D]", alone="medium"),
    Kind("id.uk-nhs", "gb", r"[4-7]\d{2} \d{3} \d{4}", c.nhs, alone="medium"),
    Kind("id.uk-utr", "gb", r"\d{5} \d{5}|\d{10}", c.utr, alone="none"),
    Kind("id.uk-dl", "gb", rf"[A-Z]{{5}}\d(?:0[1-9]|1[0-2]|5[1-9]|6[0-2]){D}\d[A-Z]{{2}}\d[A-Z]{{2}}", alone="medium"),
    Kind("id.uk-passport", "gb", r"[1-9]\d{8}", alone="none"),
    Kind("id.ie-pps", "ie", r"\d{7}[A-W][ABW]?", c.pps, alone="medium"),
    # Western Europe.
    Kind("id.de-steuer-id", "de", r"[1-9]\d \d{3} \d{3} \d{3}|[1-9]\d{10}", lambda t: c.idnr(c.plain(t)), alone="medium"),
    Kind("id.de-rvnr", "de", rf"(?:[1-2]\d|5[0-9]|6[0-5]) ?{D}{M}{Y} ?[A-Z] ?\d{{3}}", c.rvnr, alone="medium"),
    Kind("id.de-personalausweis", "de", r"L[CFGHJKLMNPRTVWXYZ0-9]{8}\d", c.icao, alone="low"),
    Kind("id.de-passport", "de", r"C[CFGHJKLMNPRTVWXYZ0-9]{8}\d", c.icao, alone="low"),
    Kind("id.de-kvnr", "de", r"[A-Z]\d{9}", c.kvnr),
    Kind("id.de-fuehrerschein", "de", r"[A-Z]\d{2}[A-Z0-9]{6}[0-9X]\d", c.fuehrerschein),
    Kind("id.at-svnr", "at", rf"[1-9]\d{{3}} {D}{M}{Y}", c.svnr_at, alone="medium"),
    Kind("id.at-tin", "at", r"(?:03|09|12|22|46|54|57|67|68|81|91|97)[- ]?\d{3}/\d{4}", c.tin_at, alone="medium"),
    Kind("id.ch-ahv", "ch", r"756\.\d{4}\.\d{4}\.\d{2}", c.ean, alone="high"),
    Kind("org.ch-uid", "ch", r"CHE-\d{3}\.\d{3}\.\d{3}", c.uid_ch, alone="high"),
    Kind("id.fr-nir", "fr", rf"[12] {Y} {M} (?:[1-8]\d|0[1-9]|2A) \d{{3}} \d{{3}} \d{{2}}", c.nir, alone="medium"),
    Kind("id.fr-nif", "fr", r"[0-3]\d \d{2} \d{3} \d{3} \d{3}", c.spi, alone="medium"),
    Kind("org.fr-siren-siret", "fr", r"[3-8]\d{2} \d{3} \d{3}|[3-8]\d{2} \d{3} \d{3} 000\d{2}", c.siret, alone="low"),
    Kind("id.fr-cni", "fr", r"(?:0[1-9]|1[0-9])(?:0[1-9]|1[0-2])[0-9A][0-9]{7}", alone="none"),
    Kind("id.fr-passport", "fr", r"(?:0[6-9]|1\d|2[0-5])[A-Z]{2}\d{5}", alone="none"),
    Kind("id.fr-dl", "fr", r"(?:[7-9]\d|0\d)(?:0[1-9]|1[0-2])\d{8}", word="medium", alone="none"),
    Kind("id.nl-bsn", "nl", r"[1-9]\d{8}", c.bsn),
    Kind("id.nl-passport", "nl", r"[A-NP-Z]{2}[A-NP-Z0-9]{6}\d", alone="none"),
    Kind("id.be-nn", "be", rf"{Y}\.{M}\.{D}-\d{{3}}\.\d{{2}}", c.belgian, alone="medium"),
    Kind("id.lu", "lu", rf"19{Y}{M}{D}\d{{5}}", c.matricule, alone="high"),
    # Southern Europe.
    Kind("id.it-cf", "it", rf"[A-Z]{{6}}{Y}[ABCDEHLMPRST]{D}[A-M]\d{{3}}[A-Z]", c.codice_fiscale, alone="high"),
    Kind("org.it-piva", "it", r"IT0[0-9]{6}0[1-9]\d{2}|0[0-9]{6}0[1-9]\d{2}", c.partita_iva),
    Kind("id.it-passport", "it", r"Y[AB]\d{7}", alone="none"),
    Kind("id.it-cie", "it", r"C[A-Z]\d{5}[A-Z]{2}", alone="none"),
    Kind("id.it-dl", "it", r"[A-Z]{2}\d{7}[A-Z]|U1[A-Z0-9]{7}[A-Z]", alone="none"),
    Kind("id.es-dni-nie", "es", r"\d{8}-?[A-HJ-NP-TV-Z]|[XYZ]\d{7}[A-HJ-NP-TV-Z]", c.dni, alone="medium"),
    Kind("org.es-cif", "es", r"[ABGNPQSVW]\d{7}[0-9A-J]", c.cif, alone="medium"),
    Kind("id.es-ssn", "es", r"(?:0[1-9]|[1-4]\d|5[0-2])/[1-9]\d{7}/\d{2}", c.ssn_es, alone="medium"),
    Kind("id.es-passport", "es", r"[A-Z]{3}\d{6}", alone="none"),
    Kind("bank.es-ccc", "es", r"(?:0049|2100|0182|2038)(?: \d{4} \d{2} \d{10}|-\d{4}-\d{2}-\d{10})", c.ccc, alone="medium"),
    Kind("id.pt-nif-cc", "pt", r"[1-3]\d{8}", c.nif_pt),
    Kind("id.gr-amka", "gr", rf"{D}{M}{Y}\d{{5}}", c.amka, alone="low"),
    Kind("id.gr-afm", "gr", r"(?:0[1-9]|1\d)\d{7}", c.afm),
    Kind("id.gr-id", "gr", "[\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7]{2}[- ]?\\d{6}", alone="none"),
    Kind("id.mt-id", "mt", r"0\d{6}[MGAPLHBZ]", alone="none"),
    Kind("id.cy-tic", "cy", r"(?:00|1[013-9])\d{6}[A-Z]", c.tic_cy),
    Kind("id.tr-tckn", "tr", r"[1-9]\d{10}", c.tckn),
    # Northern Europe.
    Kind("id.dk-cpr", "dk", rf"{D}{M}{Y}-[0-3]\d{{3}}", c.cpr, alone="medium"),
    Kind("id.se-pnr", "se", rf"{Y}{M}{D}-\d{{4}}|19{Y}{M}{D}-\d{{4}}", c.personnummer, alone="medium"),
    Kind("id.no-fnr", "no", rf"{D}{M}{Y} ?[0-4]\d{{4}}", c.fodselsnummer),
    Kind("id.fi-hetu", "fi", rf"{D}{M}{Y}-\d{{3}}[0-9A-FHJ-NPR-Y]", c.hetu, alone="high"),
    Kind("id.is-kt", "is", rf"{D}{M}{Y}-\d{{3}}9", c.kennitala, alone="medium"),
    Kind("id.ee-ik", "ee", rf"[34]{Y}{M}{D}\d{{4}}", c.baltic),
    Kind("id.lt-ak", "lt", rf"[34]{Y}{M}{D}\d{{4}}", c.baltic),
    Kind("id.lv-pk", "lv", rf"{D}{M}{Y}-1\d{{4}}", c.latvian, alone="medium"),
    Kind("vat.eu", "de dk fi it", r"DE\d{9}|DK\d{8}|FI\d{8}|IT0\d{6}0[1-9]\d{2}", c.vat, alone="low"),
    # Eastern Europe.
    Kind("id.pl-pesel", "pl", rf"{Y}{M}{D}\d{{5}}", c.pesel),
    Kind("id.pl-nip", "pl", r"[1-9]\d{2}-\d{3}-\d{2}-\d{2}|[1-9]\d{9}", c.nip, alone="low"),
    Kind("org.pl-regon", "pl", r"[0-6]\d{8}", c.regon),
    Kind("id.pl-dowod", "pl", r"[A-D][A-Z]{2} ?\d{6}", c.dowod, alone="medium"),
    Kind("id.pl-passport", "pl", r"[AE][A-Z]\d{7}", c.paszport, alone="medium"),
    Kind("id.cz-sk-rc", "cz sk", rf"(?:5[5-9]|[6-9]\d)(?:0[1-9]|1[0-2]|5[1-9]|6[0-2]){D}/\d{{4}}", c.rodne, alone="medium"),
    Kind("id.bg-egn", "bg", rf"{Y}{M}{D}\d{{4}}", c.egn),
    Kind("id.ro-cnp", "ro", rf"[12]{Y}{M}{D}(?:0[1-9]|[1-3]\d|4[0-6])\d{{4}}", c.cnp),
    Kind("id.hr-oib", "hr", r"[1-9]\d{10}", c.iso_mod11_10),
    Kind("id.si-rs-emso", "si rs", rf"{D}{M}9{Y}(?:50|71)\d{{4}}", c.emso, alone="low"),
    Kind("id.si-tax", "si", r"[1-9]\d{7}", c.slovenian_tax),
    Kind("id.hu-szemelyi", "hu", rf"[12] {Y}{M}{D} \d{{4}}", c.szemelyi, alone="medium"),
    Kind("id.hu-tax", "hu", r"8[34]\d{8}", c.adoazonosito),
    Kind("id.hu-taj", "hu", r"\d{3} \d{3} \d{3}", c.taj),
    Kind("id.ru-inn-passport", "ru", r"(?:77|50|78|16)\d{8,10}", lambda t: len(t) != 11 and c.inn(t), alone="none"),
    Kind("org.ua-edrpou", "ua", r"[1-4]\d{7}", c.edrpou, alone="none"),
    Kind("id.ua-rntrc", "ua", r"[1-3]\d{9}", c.rntrc, alone="none"),
    # Asia.
    Kind("id.in-aadhaar", "in", r"[2-9]\d{3} \d{4} \d{4}", c.aadhaar, alone="medium"),
    Kind("id.in-pan", "in", r"[A-Z]{3}P[A-Z]\d{3}[1-9][A-Z]", alone="medium"),
    Kind("org.in-gstin", "in", r"(?:0[1-9]|[12]\d|3[0-7])[A-Z]{3}[PCF][A-Z]\d{3}[1-9][A-Z][1-9]Z[0-9A-Z]", c.gstin, alone="high"),
    Kind("id.in-voter", "in", r"[A-Z]{3}\d{7}", lambda t: c.luhn(t[3:])),
    Kind("id.in-dl", "in", r"(?:MH|DL|KA|TN|GJ)[- ]?\d{2}[- ]?(?:19[89]\d|20[01]\d)\d{7}"),
    Kind("id.cn-ric", "cn", rf"(?:110101|310104|440106|510104|330106)19{Y}{M}{D}\d{{3}}[0-9X]", c.ric, alone="high"),
    Kind("org.cn-uscc", "cn", r"9111010[0-9][0-9A-HJ-NPQRTUWXY]{9}[0-9A-HJ-NPQRTUWXY]|91310000[0-9A-HJ-NPQRTUWXY]{10}", c.uscc, alone="high"),
    Kind("id.cn-passport", "cn", r"[EG]\d{8}", alone="none"),
    Kind("id.jp-mynumber", "jp", r"\d{4} \d{4} \d{4}|\d{12}", c.my_number),
    Kind("id.jp-passport", "jp", r"[A-Z]{2}\d{7}", alone="none"),
    Kind("id.jp-residence-card", "jp", r"[A-Z]{2}\d{8}[A-Z]{2}", alone="low"),
    Kind("id.jp-dl", "jp", r"[1-9]\d{11}", word="medium", alone="none"),
    Kind("bank.jp-account", "jp", r"[1-9]\d{6}", word="medium", alone="none", strict=False),
    Kind("id.kr-rrn", "kr", rf"{Y}{M}{D}-[12]\d{{6}}", c.rrn, alone="medium", strict=False),
    Kind("org.kr-brn", "kr", r"[1-6]\d{2}-\d{2}-\d{5}", c.brn),
    Kind("id.kr-passport", "kr", r"[MS]\d{8}|M\d{3}[A-Z]\d{4}", alone="none"),
    Kind("id.kr-dl", "kr", r"(?:1[1-9]|2[0-6]|28)-\d{2}-\d{6}-\d{2}", alone="low"),
    Kind("id.tw-nid", "tw", r"[A-Z][12]\d{8}", c.roc, alone="medium"),
    Kind("org.tw-ubn", "tw", r"\d{8}", c.ubn, alone="none"),
    Kind("id.hk", "hk", r"[A-HJ-NPR-VYZ]\d{6}\([0-9A]\)", c.hkid, alone="high"),
    Kind("id.sg-nric", "sg", r"[STFG]\d{7}[A-Z]", c.nric, alone="medium"),
    Kind("org.sg-uen", "sg", r"[1-5]\d{7}[A-Z]", c.uen),
    Kind("id.my-nric", "my", rf"{Y}{M}{D}-(?:0[1-9]|1[0-6])-\d{{4}}", c.mykad, alone="medium"),
    Kind("id.th-pin", "th", r"[1-8]-\d{4}-\d{5}-\d{2}-\d", c.thai, alone="medium"),
    Kind("id.id-nik", "id", rf"(?:3[1-6]|1[1-9]|5[1-3])(?:0[1-9]|7[1-5])(?:0[1-9]|1\d){D}{M}{Y}000[1-9]", c.nik),
    Kind("id.id-npwp", "id", r"0\d\.\d{3}\.\d{3}\.\d-\d{3}\.000", lambda t: c.luhn(c.plain(t)[:9]), alone="medium"),
    Kind("id.ph-umid", "ph", r"\d{4}-\d{7}-\d", alone="none"),
    Kind("id.ph-tin", "ph", r"[1-9]\d{2}-\d{3}-\d{3}-000", alone="none"),
    Kind("id.vn-cccd", "vn", r"0(?:01|79|31|48|92)[0-3][5-9]\d{7}", word="medium", alone="none"),
    Kind("id.il", "il", r"\d{9}", c.luhn),
    Kind("bank.il-account", "il", r"\d{2}-\d{3}-\d{8}", alone="none"),
    Kind("id.sa-nid", "sa", r"[12]\d{9}", c.luhn),
    Kind("id.ae-eid", "ae", rf"784-19{Y}-\d{{7}}-\d", c.luhn, alone="medium"),
    Kind("id.eg-nid", "eg", rf"2{Y}{M}{D}(?:0[1-4]|1[1-9]|2[1-9])\d{{5}}", c.egyptian),
    # Australia, New Zealand, Africa.
    Kind("id.au-tfn", "au", r"[1-9]\d{2} \d{3} \d{3}", c.tfn, alone="low"),
    Kind("id.au-medicare", "au", r"[2-6]\d{3} \d{5} [1-9]", c.medicare_au, alone="medium"),
    Kind("org.au-acn", "au", r"\d{3} \d{3} \d{3}", c.acn),
    Kind("org.au-abn", "au", r"[1-9]\d \d{3} \d{3} \d{3}", c.abn, alone="medium"),
    Kind("id.au-passport", "au", r"[NEL]\d{7}|P[A-FUWXZ]\d{7}", alone="none"),
    Kind("id.au-dl", "au", r"\d{8,9}", word="medium", alone="none", strict=False),
    Kind("bank.au-account", "au", r"(?:0[1-69]|1[1-8]|3[0-3]|48|73)\d-\d{3} [1-9]\d{8}", alone="low", strict=False),
    Kind("id.nz-ird", "nz", r"(?:[1-9]\d|1[0-3]\d)-\d{3}-\d{3}", c.ird),
    Kind("id.nz-nhi", "nz", r"[A-HJ-NP-Z]{3}\d{4}|[A-HJ-NP-Z]{3}\d{2}[A-HJ-NP-Z]{2}", c.nhi, alone="low"),
    Kind("id.nz-dl", "nz", r"[A-Z]{2}\d{6}", word="medium", alone="none"),
    Kind("id.za", "za", rf"{Y}{M}{D}\d{{4}}[01]8\d", c.za),
]
BY_ID = {kind.id: kind for kind in KINDS}
