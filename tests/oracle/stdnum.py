#!/usr/bin/env python3
"""Asks python-stdnum about synthetic numbers: what it accepts, our validators should accept, and the reverse.

    pip install python-stdnum
    python3 tests/oracle/stdnum.py FILE [ROWS] [SEED]

writes to FILE one line for each value: validator, value, verdict (1 or 0), separated by tabs; ROWS for each validator
(default 400). The same seed and the same version of python-stdnum write the same file. Half of the values are made valid
by trying check characters until stdnum agrees, the rest are near misses (one character changed, two neighbours
transposed) and plain noise. No value is anyone's.
"""

import importlib
import random
import sys

sys.path.pop(0)  # this folder, where this very file would be taken for the package

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALNUM = DIGITS + UPPER


def date(rng, form, first=1920, last=2019):
    year, month, day = rng.randint(first, last), rng.randint(1, 12), rng.randint(1, 28)
    return form.format(y=year, yy=year % 100, m=month, d=day)


def pick(alphabet, count):
    return lambda rng: "".join(rng.choice(alphabet) for _ in range(count))


def glue(*parts):
    return lambda rng: "".join(part if isinstance(part, str) else part(rng) for part in parts)


def either(*parts):
    return lambda rng: rng.choice(parts)(rng)


def dated(form, **years):
    return lambda rng: date(rng, form, **years)


def chosen(*words):
    return lambda rng: rng.choice(words)


def mexican(rng):
    year = rng.randint(1930, 2020)
    return date(rng, "{yy:02}{m:02}{d:02}", year, year), (rng.choice(DIGITS) if year < 2000 else rng.choice(UPPER))


def curp(rng):
    birth, mark = mexican(rng)
    state = rng.choice(["AS", "BC", "DF", "JC", "NL", "OC", "YN", "NE"])
    # Q twice keeps the first four letters from being one of the words that the CURP replaces.
    return "Q" + rng.choice("AEIOUX") + "Q" + rng.choice(UPPER) + birth + rng.choice("HM") + state + pick("BCDFG", 3)(rng) + mark


def romanian(rng):
    sex = rng.choice("12567")
    years = (2000, 2019) if sex in "56" else (1920, 1999)
    return sex + date(rng, "{yy:02}{m:02}{d:02}", *years) + "%02d" % rng.randint(1, 46) + pick(DIGITS, 3)(rng)


def polish(rng):
    year, month, day = rng.randint(1900, 2099), rng.randint(1, 12), rng.randint(1, 28)
    return "%02d%02d%02d" % (year % 100, month + (20 if year >= 2000 else 0), day) + pick(DIGITS, 4)(rng)


def finnish(rng):
    year = rng.randint(1900, 2019)
    sign = rng.choice("-UVWXY" if year < 2000 else "ABCDEF")
    return date(rng, "{d:02}{m:02}{yy:02}", year, year) + sign + "%03d" % rng.randint(2, 899)


def british_bank(rng):
    country, structure = rng.choice([("GB", "a4n14"), ("DE", "n18"), ("FR", "n10c11n2"), ("NL", "a4n10"), ("PL", "n24"), ("MT", "a4n5c18")])
    body, kind, count = "", "", ""
    for mark in structure + "a":
        if mark in "anc":
            if kind:
                body += pick({"a": UPPER, "n": DIGITS, "c": ALNUM}[kind], int(count))(rng)
            kind, count = mark, ""
        else:
            count += mark
    text = "".join(str(int(letter, 36)) for letter in body + country + "00")
    return country + "%02d" % (98 - int(text) % 97) + body


def regon(rng):
    body = pick(DIGITS, 8)(rng)
    return body + str(sum(a * b for a, b in zip(map(int, body), [8, 9, 2, 3, 4, 5, 6, 7])) % 11 % 10)


def spi(rng):
    body = rng.choice("0123") + pick(DIGITS, 9)(rng)
    return body + "%03d" % (int(body) % 511)


# VAT numbers of each country, without the check.
VAT = [
    ("AT", glue("U", pick(DIGITS, 7)), DIGITS, 1), ("BE", glue("0", pick(DIGITS, 7)), DIGITS, 2), ("BG", pick(DIGITS, 8), DIGITS, 1), ("CY", glue("1", pick("01345", 1), pick(DIGITS, 6)), UPPER, 1),
    ("CZ", pick("12345678", 7), DIGITS, 1), ("DE", pick("123456789", 8), DIGITS, 1), ("DK", pick("123456789", 7), DIGITS, 1), ("EE", pick(DIGITS, 8), DIGITS, 1), ("EL", pick(DIGITS, 8), DIGITS, 1),
    ("ES", glue(pick("ABCH", 1), pick(DIGITS, 7)), DIGITS, 1), ("FI", pick(DIGITS, 7), DIGITS, 1), ("FR", glue(pick(DIGITS, 2), chosen("303265045", "732829320", "404833048")), "", 0), ("HR", pick(DIGITS, 10), DIGITS, 1),
    ("HU", pick(DIGITS, 7), DIGITS, 1), ("IE", pick(DIGITS, 7), UPPER, 1), ("IT", glue(pick(DIGITS, 7), "001"), DIGITS, 1), ("LT", glue(pick(DIGITS, 7), "1"), DIGITS, 1), ("LU", pick(DIGITS, 6), DIGITS, 2),
    ("LV", glue("4", pick(DIGITS, 9)), DIGITS, 1), ("MT", pick("123456789", 6), DIGITS, 2), ("NL", pick(DIGITS, 8), DIGITS, 1), ("PL", pick("123456789", 9), DIGITS, 1), ("PT", glue("5", pick(DIGITS, 7)), DIGITS, 1),
    ("RO", pick("123456789", 7), DIGITS, 1), ("SE", pick(DIGITS, 9), DIGITS, 1), ("SI", pick("123456789", 7), DIGITS, 1), ("SK", glue("2", pick("0123456789", 1), pick("234789", 1), pick(DIGITS, 6)), DIGITS, 1),
]


def vat(rng):
    from stdnum.eu import vat as oracle
    country, body, alphabet, length = rng.choice(VAT)
    text = country + body(rng)
    tail = {"NL": "B01", "SE": "01"}.get(country, "")
    tries = [""] if not length else list(alphabet) if length == 1 else [a + b for a in alphabet for b in alphabet]
    return next((text + check + tail for check in tries if oracle.is_valid(text + check + tail)), text + rng.choice(tries) + tail)


# Validator, module of stdnum (several: accepted by any), alphabet of the check, its length, and where it goes (an index into
# the value, or None for the end), and how the rest is made.
SCHEMES = [
    ("luhn", "luhn", DIGITS, 1, None, either(pick(DIGITS, 8), pick(DIGITS, 15), pick(DIGITS, 18))),
    ("verhoeff", "verhoeff", DIGITS, 1, None, pick(DIGITS, 11)),
    ("damm", "damm", DIGITS, 1, None, pick(DIGITS, 9)),
    ("mod11-10", "iso7064.mod_11_10", DIGITS, 1, None, pick(DIGITS, 10)),
    ("mod11-2", "iso7064.mod_11_2", DIGITS + "X", 1, None, pick(DIGITS, 15)),
    ("mod37-2", "iso7064.mod_37_2", ALNUM + "*", 1, None, pick(ALNUM, 12)),
    ("mod37-36", "iso7064.mod_37_36", ALNUM, 1, None, pick(ALNUM, 17)),
    ("mod97-10", "iso7064.mod_97_10", DIGITS, 2, None, pick(ALNUM, 18)),
    ("ean", "ean", DIGITS, 1, None, either(pick(DIGITS, 7), pick(DIGITS, 11), pick(DIGITS, 12), pick(DIGITS, 13))),
    ("iban", "iban", "", 0, None, british_bank),
    ("us-aba", "us.rtn", DIGITS, 1, None, glue(chosen("01", "12", "21", "32", "61", "72", "80"), pick(DIGITS, 6))),
    ("us-ssn", "us.ssn", DIGITS, 1, None, pick(DIGITS, 8)),
    ("us-itin", "us.itin", DIGITS, 1, None, glue("9", pick(DIGITS, 7))),
    ("ca-sin", "ca.sin", DIGITS, 1, None, pick(DIGITS, 8)),
    ("gb-nhs", "gb.nhs", DIGITS, 1, None, pick(DIGITS, 9)),
    ("ie-pps", "ie.pps", UPPER, 1, 7, either(pick(DIGITS, 7), glue(pick(DIGITS, 7), chosen("A", "B", "H", "W", "T")))),
    ("de-idnr", "de.idnr", DIGITS, 1, None, lambda rng: "".join(rng.sample("123456789", 8)) + rng.choice("12345678") + rng.choice(DIGITS)),
    ("fr-nir", "fr.nir", DIGITS, 2, None, glue(chosen("1", "2"), dated("{yy:02}{m:02}"), chosen("01", "75", "2A", "2B", "99"), pick("123456789", 6))),
    ("it-cf", "it.codicefiscale", UPPER, 1, None, glue(pick("BCDFGLMNPR", 6), pick(DIGITS, 2), pick("ABCDEHLMPRST", 1), chosen("01", "15", "41", "68"), pick(UPPER, 1), pick(DIGITS, 3))),
    ("es-dni-nie", "es.dni es.nie", UPPER, 1, None, either(pick(DIGITS, 8), glue(pick("XYZ", 1), pick(DIGITS, 7)))),
    ("nl-bsn", "nl.bsn", DIGITS, 1, None, pick(DIGITS, 8)),
    ("be-nn", "be.nn be.bis", DIGITS, 2, None, glue(dated("{yy:02}{m:02}{d:02}"), "1", pick(DIGITS, 2))),
    ("at-svnr", "at.vnr", DIGITS, 1, 3, glue(pick("123456789", 1), pick(DIGITS, 2), dated("{d:02}{m:02}{yy:02}"))),
    ("ch-ahv", "ch.ssn", DIGITS, 1, None, glue("756", pick(DIGITS, 9))),
    ("pl-pesel", "pl.pesel", DIGITS, 1, None, polish),
    ("cz-rc", "cz.rc", DIGITS, 1, None, glue(dated("{yy:02}{m:02}{d:02}", first=1954, last=2003), pick(DIGITS, 3))),
    ("dk-cpr", "dk.cpr", DIGITS, 1, None, glue(dated("{d:02}{m:02}{yy:02}", first=1937, last=1999), pick("0123", 1), pick(DIGITS, 2))),
    ("se-pnr", "se.personnummer", DIGITS, 1, None, glue(dated("{yy:02}{m:02}{d:02}", first=1930, last=2009), "-", pick("123456789", 3))),
    ("no-fnr", "no.fodselsnummer", DIGITS, 2, None, glue(dated("{d:02}{m:02}{yy:02}", first=1940, last=1999), pick("01234", 1), pick(DIGITS, 2))),
    ("fi-hetu", "fi.hetu", "0123456789ABCDEFHJKLMNPRSTUVWXY", 1, None, finnish),
    ("ro-cnp", "ro.cnp", DIGITS, 1, None, romanian),
    ("pt-nif", "pt.nif", DIGITS, 1, None, glue(pick("123569", 1), pick(DIGITS, 7))),
    ("pt-cc", "pt.cc", DIGITS, 1, None, glue(pick(DIGITS, 9), pick(ALNUM, 2))),
    ("tr-tckn", "tr.tckimlik", DIGITS, 2, None, glue(pick("123456789", 1), pick(DIGITS, 8))),
    ("ru-inn", "ru.inn", DIGITS, 1, None, glue(chosen("77", "50", "01"), pick(DIGITS, 7))),
    ("ru-inn", "ru.inn", DIGITS, 2, None, glue(chosen("77", "50", "01"), pick(DIGITS, 8))),
    ("in-aadhaar", "in_.aadhaar", DIGITS, 1, None, pick(DIGITS, 11)),
    ("in-pan", "in_.pan", UPPER, 1, None, glue(pick(UPPER, 3), pick("ABCFGHJLPT", 1), pick(UPPER, 1), pick(DIGITS, 4))),
    ("br-cpf", "br.cpf", DIGITS, 2, None, pick(DIGITS, 9)),
    ("br-cnpj", "br.cnpj", DIGITS, 2, None, either(pick(DIGITS, 12), pick(ALNUM, 12))),
    ("mx-curp", "mx.curp", DIGITS, 1, None, curp),
    ("mx-rfc", "mx.rfc", ALNUM, 1, None, either(glue("Q", pick("BCDFGHJKLMNP", 3), dated("{yy:02}{m:02}{d:02}"), pick(ALNUM, 2)), glue(pick("ABCDEFGH&", 3), dated("{yy:02}{m:02}{d:02}"), pick(ALNUM, 2)))),
    ("cl-rut", "cl.rut", DIGITS + "K", 1, None, either(pick("123456789", 7), pick("123456789", 8))),
    ("cn-ric", "cn.ric", DIGITS + "X", 1, None, glue(chosen("110105", "360426", "440106", "510104"), dated("{y:04}{m:02}{d:02}"), pick(DIGITS, 3))),
    ("jp-mynumber", "jp.in_", DIGITS, 1, None, pick(DIGITS, 11)),
    ("jp-corporate", "jp.cn", DIGITS, 1, 0, pick(DIGITS, 12)),
    ("kr-rrn{checksum=true}", "kr.rrn", DIGITS, 1, None, glue(dated("{yy:02}{m:02}{d:02}", first=1930, last=1999), pick("1256", 1), pick("0123", 1), pick(DIGITS, 4))),
    ("au-tfn", "au.tfn", DIGITS, 1, None, either(pick(DIGITS, 7), pick(DIGITS, 8))),
    ("za-id", "za.idnr", DIGITS, 1, None, glue(dated("{yy:02}{m:02}{d:02}"), pick(DIGITS, 4), pick("01", 1), pick("89", 1))),
    ("il-id", "il.idnr", DIGITS, 1, None, pick(DIGITS, 8)),
    ("base58check", "bitcoin", "", 0, None, chosen("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")),
    ("bech32", "bitcoin", "", 0, None, chosen("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3")),
    ("fr-siret", "fr.siren fr.siret", DIGITS, 1, None, either(pick(DIGITS, 8), glue(chosen("732829320", "404833048", "552100554"), "000", pick(DIGITS, 1)))),
    ("fr-nif", "fr.nif", "", 0, None, spi),
    ("es-cif", "es.cif", DIGITS + "ABCDEFGHIJ", 1, None, glue(pick("ABEHCDFGJNPQRSUVW", 1), pick(DIGITS, 7))),
    ("es-ccc", "es.ccc", DIGITS, 2, 8, pick(DIGITS, 18)),
    ("it-piva", "it.iva", DIGITS, 1, None, glue(pick(DIGITS, 7), "0", pick("0123456789", 1), pick("123456789", 1))),
    ("pl-nip", "pl.nip", DIGITS, 1, None, glue(pick("123456789", 1), pick("123456789", 2), pick(DIGITS, 6))),
    ("pl-regon", "pl.regon", DIGITS, 1, None, either(pick(DIGITS, 8), lambda rng: regon(rng) + pick(DIGITS, 4)(rng))),
    ("ch-uid", "ch.uid", DIGITS, 1, None, glue("CHE", pick("123456789", 1), pick(DIGITS, 7))),
    ("at-tin", "at.tin", DIGITS, 1, None, glue(chosen("03", "09", "12", "22", "46", "54", "57", "67", "68", "81", "91", "97"), pick(DIGITS, 6))),
    ("bg-egn", "bg.egn", DIGITS, 1, None, glue(dated("{yy:02}{m:02}{d:02}", first=1900, last=1999), pick(DIGITS, 3))),
    ("gr-afm", "gr.vat", DIGITS, 1, None, pick(DIGITS, 8)),
    ("gr-amka", "gr.amka", DIGITS, 1, None, glue(dated("{d:02}{m:02}{yy:02}", first=1930, last=1999), pick(DIGITS, 4))),
    ("cy-tic", "cy.vat", UPPER, 1, None, pick(DIGITS, 8)),
    ("jmbg", "si.emso", DIGITS, 1, None, glue(dated("{d:02}{m:02}9{yy:02}", first=1930, last=1999), pick(DIGITS, 5))),
    ("si-tax", "si.ddv", DIGITS, 1, None, glue(pick("123456789", 1), pick(DIGITS, 6))),
    ("baltic-code", "ee.ik lt.asmens", DIGITS, 1, None, glue(pick("34", 1), dated("{yy:02}{m:02}{d:02}", first=1920, last=1999), pick(DIGITS, 3))),
    ("lv-pk", "lv.pvn", DIGITS, 1, None, glue(dated("{d:02}{m:02}{yy:02}", first=1920, last=1999), "1", pick(DIGITS, 3))),
    ("is-kt", "is_.kennitala", DIGITS, 1, 8, glue(dated("{d:02}{m:02}{yy:02}", first=1920, last=1999), pick(DIGITS, 2), "9")),
    ("gb-utr", "gb.utr", DIGITS, 1, 0, pick(DIGITS, 9)),
    ("ua-edrpou", "ua.edrpou", DIGITS, 1, None, pick(DIGITS, 7)),
    ("ua-rntrc", "ua.rntrc", DIGITS, 1, None, glue(pick("123", 1), pick(DIGITS, 8))),
    ("in-gstin", "in_.gstin", ALNUM, 1, None, glue(chosen("07", "27", "33"), pick(UPPER, 3), pick("PCF", 1), pick(UPPER, 1), pick(DIGITS, 3), pick("123456789", 1), pick(UPPER, 1), pick("123456789", 1), "Z")),
    ("cn-uscc", "cn.uscc", "0123456789ABCDEFGHJKLMNPQRTUWXY", 1, None, glue(chosen("91", "12", "52"), chosen("110108", "310000", "440300"), pick("0123456789ABCDEFGHJKLMNPQRTUWXY", 9))),
    ("kr-brn", "kr.brn", DIGITS, 1, None, glue(chosen("101", "220", "608"), pick("123456789", 2), pick(DIGITS, 4))),
    ("tw-ubn", "tw.ubn", DIGITS, 1, None, pick(DIGITS, 7)),
    ("sg-uen", "sg.uen", UPPER, 1, None, either(pick(DIGITS, 8), glue(chosen("1974", "2003", "2019"), pick(DIGITS, 5)))),
    ("th-pin", "th.pin", DIGITS, 1, None, glue(pick("12345678", 1), pick(DIGITS, 11))),
    ("id-nik", "id.nik", "", 0, None, glue(chosen("3171", "3204", "1271"), chosen("01", "11"), dated("{d:02}{m:02}{yy:02}", first=1940, last=1999), "000", pick("123456789", 1))),
    ("au-abn", "au.abn", DIGITS, 2, 0, pick(DIGITS, 9)),
    ("au-acn", "au.acn", DIGITS, 1, None, pick(DIGITS, 8)),
    ("nz-ird", "nz.ird", DIGITS, 1, None, either(pick("123456789", 7), glue("1", pick("01234", 1), pick(DIGITS, 6)))),
    ("nz-bank", "nz.bankaccount", DIGITS, 1, 12, glue(chosen("01", "02", "03", "06", "12"), chosen("0902", "0248", "0113", "0100"), "0", pick("01234567", 1), pick(DIGITS, 4), "000")),
    ("co-nit", "co.nit", DIGITS, 1, None, pick("123456789", 9)),
    ("pe-ruc", "pe.ruc", DIGITS, 1, None, glue(chosen("10", "15", "17", "20"), pick(DIGITS, 8))),
    ("uy-rut", "uy.rut", DIGITS, 1, None, glue(chosen("01", "12", "21"), pick("123456789", 6), "001")),
    ("us-ein", "us.ein", "", 0, None, pick(DIGITS, 9)),
    ("ca-phn", "ca.bc_phn", DIGITS, 1, None, glue("9", pick(DIGITS, 8))),
    ("eu-vat", "eu.vat", "", 0, None, vat),
]


def is_valid(modules, value):
    for module in modules:
        try:
            if module.__name__.endswith(".rfc"):
                module.validate(value, validate_check_digits=True)
            else:
                module.validate(value)
            return True
        except Exception:  # cn.ric raises KeyError for some places besides stdnum's own errors
            continue
    return False


def with_check(rng, modules, alphabet, length, at, body):
    """The body with the check that stdnum accepts, or with any if it accepts none."""
    place = len(body) if at is None else at
    tries = [""] if length == 0 else list(alphabet) if length == 1 else [a + b for a in alphabet for b in alphabet]
    for check in tries:
        value = body[:place] + check + body[place:]
        if is_valid(modules, value):
            return value
    return body[:place] + rng.choice(tries) + body[place:]


def near_miss(rng, value):
    at = rng.randrange(len(value))
    if rng.random() < 0.4 and at > 0:
        return value[: at - 1] + value[at] + value[at - 1] + value[at + 1 :]
    alphabet = DIGITS if value[at].isdigit() else value[at] if not value[at].isalpha() else UPPER if value[at].isupper() else UPPER.lower()
    return value[:at] + rng.choice(alphabet) + value[at + 1 :]


def noise(rng, value):
    return "".join(rng.choice(DIGITS) if letter.isdigit() else rng.choice(UPPER) if letter.isupper() else letter for letter in value)


# How often a valid value is tried for: dates, ranges and checks that no digit fulfils refuse some.
TRIES = 400


def rows(rng, scheme, count):
    name, names, alphabet, length, at, body = scheme
    modules = [importlib.import_module("stdnum." + module) for module in names.split()]
    for number in range(count):
        for _ in range(TRIES):
            value = with_check(rng, modules, alphabet, length, at, body(rng))
            if is_valid(modules, value):
                break
        if number % 2:
            whole = value
            while value == whole:
                value = noise(rng, value) if number % 8 == 7 and any(map(str.isdigit, value)) else near_miss(rng, value)
        yield name, value, "1" if is_valid(modules, value) else "0"


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    seed = sys.argv[3] if len(sys.argv) > 3 else "1"
    with open(path, "w", encoding="ascii", newline="\n") as out:
        for scheme in SCHEMES:
            for row in rows(random.Random(seed + scheme[0] + str(scheme[3])), scheme, count):
                out.write("\t".join(row) + "\n")


if __name__ == "__main__":
    main()
