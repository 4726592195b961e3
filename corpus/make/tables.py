"""Tables of data platforms: corpus/samples/bundles.

Needs fastavro (pip install fastavro). All people and numbers are invented. Run from any folder.
"""

from pathlib import Path

import fastavro

FOLDER = Path(__file__).resolve().parent.parent / "samples" / "bundles"
SCHEMA = {
    "type": "record", "name": "Person", "namespace": "example.larkspur", "fields": [
        {"name": "name", "type": "string"},
        {"name": "iban", "type": ["null", "string"]},
        {"name": "card", "type": "long"},
        {"name": "grade", "type": {"type": "enum", "name": "Grade", "symbols": ["JUNIOR", "SENIOR"]}},
        {"name": "notes", "type": {"type": "map", "values": {"type": "array", "items": "string"}}},
        {"name": "score", "type": "double"},
        {"name": "deputy", "type": ["null", "Person"]},
        {"name": "key", "type": {"type": "fixed", "name": "Key", "size": 4}},
        {"name": "active", "type": "boolean"},
    ],
}


def person(name, iban, card, deputy=None):
    return {
        "name": name, "iban": iban, "card": card, "grade": "SENIOR", "notes": {"desk": ["phone 555-0142", "second floor"]},
        "score": 0.5, "deputy": deputy, "key": b"k-01", "active": True,
    }


def avro():
    deputy = person("Ines Quade", "GB29 NWBK 6016 1331 9268 19", 378282246310005)
    people = [person("Odile Marchetti", "DE89 3704 0044 0532 0130 00", 5555555555554444, deputy), person("Joa Smith", None, 1)]
    for codec in ("null", "deflate"):
        with open(FOLDER / f"people-{codec}.avro", "wb") as file:
            fastavro.writer(file, SCHEMA, people, codec, sync_marker=bytes(range(16)))


if __name__ == "__main__":
    avro()
