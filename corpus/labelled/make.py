#!/usr/bin/env python3
"""Makes the labelled corpus: synthetic documents in many languages, and what stands where in them.

    pip install -r corpus/labelled/requirements.txt
    python3 corpus/labelled/make.py [--seed 1] [--out corpus/labelled/corpus.zip]

The archive holds `documents/NAME` and `documents/labels.jsonl`; README.md tells what a label says. The same seed and the same Faker
write the same archive. Nothing here reads the rules of the scanner, so that the corpus can judge them.
"""

import argparse
import json
import pathlib
import random
import uuid
import zipfile

from faker import Faker

from kinds import BY_ID, KINDS, drawn

HERE = pathlib.Path(__file__).parent
KEYWORDS = {id: sorted(set(words["catalogue"] + words["own"])) for id, words in json.loads((HERE / "keywords.json").read_text("utf-8")).items()}

# The languages that documents of a country are written in.
LOCALES = {
    "us": ["en_US"], "ca": ["en_CA", "fr_CA"], "mx": ["es_MX"], "br": ["pt_BR"], "ar": ["es_AR"], "cl": ["es_CL"], "co": ["es_CO"],
    "pe": ["es_CO"], "ec": ["es_CO"], "uy": ["es_AR"], "gb": ["en_GB"], "ie": ["en_IE"], "de": ["de_DE"], "at": ["de_AT"],
    "ch": ["de_CH", "fr_CH", "it_CH"], "fr": ["fr_FR"], "nl": ["nl_NL"], "be": ["nl_BE", "fr_BE"], "lu": ["fr_FR", "de_LU"], "it": ["it_IT"],
    "es": ["es_ES"], "pt": ["pt_PT"], "gr": ["el_GR"], "mt": ["en_GB", "mt_MT"], "cy": ["el_CY"], "tr": ["tr_TR"], "dk": ["da_DK"],
    "se": ["sv_SE"], "no": ["no_NO"], "fi": ["fi_FI"], "is": ["is_IS"], "ee": ["et_EE"], "lt": ["lt_LT"], "lv": ["lv_LV"], "pl": ["pl_PL"],
    "cz": ["cs_CZ"], "sk": ["sk_SK"], "bg": ["bg_BG"], "ro": ["ro_RO"], "hr": ["hr_HR"], "si": ["sl_SI"], "rs": ["sl_SI"], "hu": ["hu_HU"],
    "ru": ["ru_RU"], "ua": ["uk_UA"], "in": ["en_IN", "hi_IN"], "cn": ["zh_CN"], "jp": ["ja_JP"], "kr": ["ko_KR"], "tw": ["zh_TW"],
    "hk": ["zh_TW", "en_GB"], "sg": ["en_GB"], "my": ["en_MS"], "th": ["th_TH"], "id": ["id_ID"], "ph": ["en_PH"], "vn": ["vi_VN"],
    "il": ["he_IL"], "sa": ["ar_SA"], "ae": ["ar_AE"], "eg": ["ar_EG"], "au": ["en_AU"], "nz": ["en_NZ"], "za": ["en_US"],
}
EVERYWHERE = ["en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "sv_SE", "ja_JP", "pt_BR", "en_GB"]
# A word supports a value up to 300 characters away; nearer than NEAR it must, farther than FAR it must not.
NEAR, FAR = 290, 310


class Paper:
    """A document as it is written, with its labels. Offsets are of bytes in UTF-8."""

    def __init__(self, rng, locale):
        self.rng, self.locale, self.text, self.labels = rng, locale, "", []
        self.fake = FAKERS[locale]

    def write(self, text):
        self.text += text

    def plant(self, kind, value, distance, wrong=None):
        start = len(self.text.encode())
        self.text += value
        label = {"start": start, "end": start + len(value.encode()), "detector": kind.id}
        if wrong:
            label["decoy"] = wrong
        else:
            with_word = distance is not None and distance <= NEAR
            label["tier"] = kind.word if with_word else kind.alone
            if not with_word:
                label["optional"] = True
            label["also"] = [other.id for other in KINDS if other is not kind and other.also(value)]
        label["distance"] = distance
        self.labels.append(label)

    def filler(self, count, shun):
        """About `count` characters of plain sentences without any of the words in `shun`."""
        text = ""
        while len(text) < count:
            sentence = self.fake.sentence(nb_words=self.rng.randint(5, 12))
            if not any(word.casefold() in sentence.casefold() for word in shun):
                text += sentence.rstrip() + self.rng.choice([" ", " ", " ", "\n"])
        return text

    def exactly(self, count, shun):
        """Exactly `count` characters that begin and end in a space."""
        text = " " + self.filler(count, shun)
        text = text[:max(count - 1, 0)]
        return text + " " if count else ""


def words_of(kind):
    return KEYWORDS[kind.id]


def day(rng):
    return drawn(rng, "(?:19[789][0-9]|20[012][0-9])-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])")


# ---- Kinds of documents. Each takes a paper and kinds, and writes.


def form(paper, kinds):
    """Lines of `word: value`, as in a master record."""
    rng = paper.rng
    paper.write(f"{paper.fake.name()}\n{paper.fake.address()}\n\n")
    for kind in kinds:
        word = rng.choice(words_of(kind))
        paper.write(word + rng.choice([": ", ":\t", " ", " - ", " = ", "\n"]))
        paper.plant(kind, kind.valid(rng), 0)
        paper.write("\n" + (paper.filler(40, words_of(kind)) + "\n" if rng.random() < 0.3 else ""))


def prose(paper, kinds):
    """A letter that names a number in the middle of a sentence, its word at most NEAR characters away."""
    rng = paper.rng
    paper.write(f"{paper.fake.name()},\n\n" + paper.filler(120, words_of(kinds[0])))
    for kind in kinds[:1]:
        word = rng.choice(words_of(kind))
        gap = rng.choice([0, 1, 20, 90, 180, 250, NEAR - len(word)])
        gap = min(gap, NEAR - len(word))
        if rng.random() < 0.8:
            paper.write(word + (paper.exactly(gap, words_of(kind)) if gap > 1 else " "))
            paper.plant(kind, kind.valid(rng), len(word) + max(gap, 1))
            paper.write(rng.choice([".", ",", "", ";"]) + " ")
        else:
            paper.plant(kind, kind.valid(rng), len(word) + max(gap, 1))
            paper.write((paper.exactly(gap, words_of(kind)) if gap > 1 else " ") + word + " ")
        paper.write(paper.filler(400, words_of(kind)))


def table(paper, kinds):
    """Comma or tab separated rows below a header that names the column."""
    rng = paper.rng
    kind = kinds[0]
    mark = rng.choice([",", ";", "\t", " | "])
    word = rng.choice(words_of(kind))
    head = mark.join(["Nr", "Name", word, "Date"])
    paper.write(head + "\n")
    start = len(paper.text) - len(head) - 1 + head.index(word)
    for row in range(rng.randint(1, 5)):
        name = paper.fake.name().replace(",", " ").replace(";", " ")
        lead = f"{row + 1}{mark}{name}{mark}"
        if len(paper.text) + len(lead) - start > NEAR:
            break
        paper.write(lead)
        paper.plant(kind, kind.valid(rng), len(paper.text) - start)
        paper.write(f"{mark}{day(paper.rng)}\n")


def far(paper, kinds):
    """The word stands too far away to support the value."""
    rng = paper.rng
    kind = kinds[0]
    paper.write(rng.choice(words_of(kind)) + ". ")
    gap = rng.randint(FAR + 1, 600)
    paper.write(paper.exactly(gap, words_of(kind)))
    paper.plant(kind, kind.valid(rng), gap)
    paper.write(" " + paper.filler(500, words_of(kind)))


def alone(paper, kinds):
    """No word at all."""
    rng = paper.rng
    kind = kinds[0]
    paper.write(paper.filler(200, words_of(kind)))
    for _ in range(rng.randint(1, 3)):
        paper.write(" ")
        paper.plant(kind, kind.valid(rng), None)
        paper.write("\n" + paper.filler(350, words_of(kind)))


def wrong(paper, kinds):
    """The word stands there, and the value is not one."""
    rng = paper.rng
    for kind in kinds:
        made = decoy(rng, kind)
        if not made:
            continue
        paper.write(rng.choice(words_of(kind)) + rng.choice([": ", " ", "\t"]))
        paper.plant(kind, made[0], 0, wrong=made[1])
        paper.write("\n" + paper.filler(420, words_of(kind)))


def decoy(rng, kind):
    """A wrong value that is no right one of another kind of the same country, either."""
    for _ in range(20):
        made = kind.wrong(rng) if kind.shape else None
        if made and not any(other.also(made[0]) for other in KINDS if other.places == kind.places or other.places == "*"):
            return made
    return None


NOISE = [
    lambda rng, fake: f"Order {drawn(rng, '[1-9][0-9]{7}')}",
    lambda rng, fake: f"#{drawn(rng, '[0-9]{6,9}')}",
    lambda rng, fake: f"{rng.randint(1, 9999)}.{rng.randint(0, 99):02}",
    lambda rng, fake: day(rng),
    lambda rng, fake: drawn(rng, '[01][0-9]:[0-5][0-9]:[0-5][0-9]'),
    lambda rng, fake: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    lambda rng, fake: "%040x" % rng.getrandbits(160),
    lambda rng, fake: f"v{rng.randint(0, 12)}.{rng.randint(0, 40)}.{rng.randint(0, 20)}",
    lambda rng, fake: f"{drawn(rng, '[A-Z]{2,3}')}-{rng.randint(100, 99999)}",
    lambda rng, fake: f"Ref. {drawn(rng, '[A-Z0-9]{10}')}",
    lambda rng, fake: f"{rng.randint(1, 999)} {rng.randint(1, 999)} {rng.randint(1, 999)}",
    lambda rng, fake: f"{rng.random():.9f}",
    lambda rng, fake: f"17{drawn(rng, '[0-9]{8}')}",
    lambda rng, fake: f"{drawn(rng, '[0-9]{4}')}/{drawn(rng, '[0-9]{4}')}",
    lambda rng, fake: f"SKU {drawn(rng, '[0-9]{12}')}",
    lambda rng, fake: f"Batch {drawn(rng, '[A-Z][0-9]{9}')}",
    lambda rng, fake: f"{drawn(rng, '[0-9]{3}-[0-9]{3}-[0-9]{3}')}",
    lambda rng, fake: f"S/N {drawn(rng, '[A-Z]{2}[0-9]{7}')}",
]


def nothing(paper, kinds):
    """Plain text, with numbers that are none of anybody's."""
    rng = paper.rng
    for _ in range(rng.randint(3, 8)):
        paper.write(paper.filler(rng.randint(80, 300), []))
        for _ in range(rng.randint(0, 4)):
            start = len(paper.text.encode())
            text = rng.choice(NOISE)(rng, paper.fake)
            paper.write(text)
            paper.labels.append({"start": start, "end": start + len(text.encode()), "detector": "", "decoy": "look-alike", "distance": None})
            paper.write(rng.choice([". ", ", ", "\n", " "]))


FORMS = [(form, 30, "txt"), (prose, 22, "txt"), (table, 16, "csv"), (far, 10, "txt"), (alone, 10, "txt"), (wrong, 12, "txt")]
FAKERS = {}


def of_place(place, kind):
    return kind.places == "*" or place in kind.places.split()


def companions(rng, place, kind):
    """Other kinds that people write beside this one, none that could be taken for it."""
    near = [other for other in KINDS if of_place(place, other) and other is not kind and other.id != "cred.private-key"]
    return [kind, *rng.sample(near, rng.randint(0, 2))]


def papers(seed):
    rng = random.Random(seed)
    for locale in sorted({name for names in LOCALES.values() for name in names} | set(EVERYWHERE)):
        FAKERS[locale] = Faker(locale)
        FAKERS[locale].seed_instance(f"{seed} {locale}")
    number = 0
    for kind in KINDS:
        places = kind.places.split()
        for turn in range(10):
            place = rng.choice(places)
            locale = rng.choice(EVERYWHERE if place == "*" else LOCALES[place])
            if place == "*":
                place = next((code for code, names in LOCALES.items() if locale in names), "us")
            # The first turns see to it that each kind has each form; the rest is drawn.
            make, _, ending = FORMS[turn] if turn < len(FORMS) else rng.choices(FORMS, [weight for _, weight, _ in FORMS])[0]
            paper = Paper(rng, locale)
            make(paper, companions(rng, place, kind) if make is form else [kind])
            if paper.labels:
                yield number, make.__name__, ending, paper
                number += 1
    for turn in range(180):
        paper = Paper(rng, rng.choice(sorted(FAKERS)))
        nothing(paper, [])
        yield number, "nothing", "txt", paper
        number += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "corpus.zip")
    options = parser.parse_args()
    files, labels = {}, []
    for number, form_, ending, paper in papers(options.seed):
        name = f"{number:04}-{form_}-{paper.locale}.{ending}"
        files[f"documents/{name}"] = paper.text
        for label in paper.labels:
            labels.append({"file": name, "form": form_, "locale": paper.locale, **label})
    files["documents/labels.toml"] = (HERE / "labels.toml").read_text("utf-8")
    files["documents/labels.jsonl"] = "".join(json.dumps(label, sort_keys=True) + "\n" for label in labels)
    with zipfile.ZipFile(options.out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name].encode())
    locales = {label["locale"] for label in labels}
    valid = [label for label in labels if "tier" in label]
    print(f"{len(files) - 2} documents in {len(locales)} locales; {len(valid)} values of {len({label['detector'] for label in valid})} kinds, {len(labels) - len(valid)} decoys")


if __name__ == "__main__":
    main()
