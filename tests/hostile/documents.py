"""Records as JSON and JSON Lines: deep, huge, doubled, and of numbers that no program holds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.specimens import MEASUREMENT, RECORD, add, lines, repeated, specimen

_TEXT = json.dumps({**RECORD, "measurements": []}).replace("[]", "%s")


def _many_measurements(count: int) -> str:
    texts = [json.dumps({**MEASUREMENT, "scope": f"run:{number}"}) for number in range(count)]
    return _TEXT % f"[{','.join(texts)}]"


@specimen("200,000 measurements in one record", "BF907", is_large=True)
def record_of_many_measurements(folder: Path) -> list[str]:
    (folder / "record.json").write_text(_many_measurements(200_000), "utf-8")
    return ["validate", "record.json"]


@specimen(
    "99,999 measurements in one record, none of them alike",
    "conformant",
    statuses=(0,),
    is_large=True,
)
def record_of_almost_too_many_measurements(folder: Path) -> list[str]:
    (folder / "record.json").write_text(_many_measurements(99_999), "utf-8")
    return ["validate", "record.json"]


@specimen("99,999 faulty measurements in one record", "BF104", is_large=True)
def record_of_faulty_measurements(folder: Path) -> list[str]:
    faulty = json.dumps({"metric": 5, "value": "x", "unit": [], "basis": "guessed"})
    text = _TEXT % f"[{','.join([faulty] * 99_999)}]"
    (folder / "record.json").write_text(text, "utf-8")
    return ["validate", "record.json"]


@specimen("200,000 measurements in one line", "BF907")
def line_of_many_measurements(folder: Path) -> list[str]:
    lines(folder / "all.jsonl", _many_measurements(200_000))
    return ["validate", "all.jsonl"]


@specimen("a record whose extensions are an object of a million keys", "BF9", is_large=True)
def record_of_a_million_keys(folder: Path) -> list[str]:
    keys = ",".join(f'"k{number}":1' for number in range(1_000_000))
    text = json.dumps({**RECORD, "extensions": {"x": "KEYS"}}).replace('"KEYS"', f"{{{keys}}}")
    (folder / "record.json").write_text(text, "utf-8")
    return ["validate", "record.json"]


@specimen("an object of a million keys that are no members", "BF907", is_large=True)
def record_of_a_million_members(folder: Path) -> list[str]:
    keys = ",".join(f'"k{number}":1' for number in range(1_000_000))
    text = json.dumps(RECORD)
    (folder / "record.json").write_text(f"{text[:-1]},{keys}}}", "utf-8")
    return ["validate", "record.json"]


@specimen("a JSON text of 300 MB", "BF907", is_large=True)
def document_of_300_megabytes(folder: Path) -> list[str]:
    repeated(folder / "record.json", b'{"x":"', b"x" * 1_000_000, 300, b'"}')
    return ["validate", "record.json"]


@specimen("a JSON text of 250 MB of blanks", "BF", is_large=True)
def document_of_blanks(folder: Path) -> list[str]:
    repeated(folder / "record.json", b"{", b" " * 1_000_000, 250, b"}")
    return ["validate", "record.json"]


@specimen("a list of 250 MB of numbers", "BF", is_large=True)
def document_of_numbers(folder: Path) -> list[str]:
    repeated(folder / "record.json", b"[1", b",1" * 500_000, 250, b"]")
    return ["validate", "record.json"]


@specimen("a list of 80,000,000 empty objects", "BF", is_large=True)
def document_of_empty_objects(folder: Path) -> list[str]:
    repeated(folder / "record.json", b"[{}", b",{}" * 400_000, 200, b"]")
    return ["validate", "record.json"]


@specimen("a text of 200 MB in a record", "BF907", is_large=True)
def record_of_one_text(folder: Path) -> list[str]:
    start = json.dumps({**RECORD, "extensions": {"x": "TEXT"}}).partition("TEXT")
    repeated(folder / "record.json", start[0].encode(), b"x" * 1_000_000, 200, start[2].encode())
    return ["validate", "record.json"]


@specimen("a line of 200 MB", "BF907", is_large=True)
def line_of_200_megabytes(folder: Path) -> list[str]:
    repeated(folder / "all.jsonl", b'{"x":"', b"x" * 1_000_000, 200, b'"}\n')
    return ["validate", "all.jsonl"]


@specimen("100 MB of empty lines", "BF122", is_large=True)
def lines_of_nothing(folder: Path) -> list[str]:
    repeated(folder / "all.jsonl", b"", b"\n" * 1_000_000, 100)
    return ["validate", "all.jsonl"]


@specimen("10,000,000 lines that are no JSON", "BF115", is_large=True)
def lines_of_no_json(folder: Path) -> list[str]:
    repeated(folder / "all.jsonl", b"", b"x\n" * 100_000, 30)
    return ["validate", "all.jsonl"]


@specimen("100,000 lines that are numbers", "BF103")
def lines_of_numbers(folder: Path) -> list[str]:
    repeated(folder / "all.jsonl", b"", b"1\n" * 20_000, 5)
    return ["validate", "all.jsonl"]


@specimen("20,000 records of one id", "BF507")
def lines_of_one_id(folder: Path) -> list[str]:
    lines(folder / "all.jsonl", *[RECORD] * 20_000)
    return ["validate", "all.jsonl"]


_DEEP = {"list": ("[", "]"), "object": ('{"a":', "}")}
_CELLS = {
    "huge_float": ("1e999999", "BF115"),
    "huge_negative_exponent": ("1e-999999999", "BF"),
    "huge_integer": ("9" * 1_000_000, "BF115"),
    "integer_of_400_digits": ("9" * 399, "BF"),
    "nan": ("NaN", "BF115"),
    "infinity": ("-Infinity", "BF115"),
    "hexadecimal": ("0x10", "BF115"),
    "lone_surrogate": ('"\\ud800"', "BF"),
    "nul": ('"\\u0000"', "BF"),
    "million_fraction_digits": ("0." + "1" * 900_000, "conformant"),
}


def _with_value(text: str, folder: Path) -> list[str]:
    record = json.dumps({**RECORD, "measurements": [{**MEASUREMENT, "value": "VALUE"}]})
    lines(folder / "all.jsonl", record.replace('"VALUE"', text))
    return ["validate", "all.jsonl"]


def _nested(opening: str, closing: str, folder: Path) -> list[str]:
    deep = opening * 100_000 + "1" + closing * 100_000
    lines(
        folder / "all.jsonl", json.dumps({**RECORD, "extensions": "DEEP"}).replace('"DEEP"', deep)
    )
    return ["validate", "all.jsonl"]


def _unclosed(opening: str, folder: Path) -> list[str]:
    (folder / "record.json").write_text(opening * 1_000_000, "utf-8")
    return ["validate", "record.json"]


def _add_values() -> None:
    for name, (text, code) in _CELLS.items():
        what = f"a value {text[:20]}"
        add(
            f"value_{name}",
            what,
            code,
            lambda folder, text=text: _with_value(text, folder),
            statuses=(0, 1),
        )
    for name, (opening, closing) in _DEEP.items():
        add(
            f"nested_{name}",
            f"{name}s 100,000 deep",
            "BF906",
            lambda folder, one=opening, other=closing: _nested(one, other, folder),
        )
        add(
            f"unclosed_{name}",
            f"{name}s that are never closed",
            "BF906",
            lambda folder, one=opening: _unclosed(one, folder),
        )


_add_values()


@specimen("a member twice in a record", "BF116")
def record_with_a_member_twice(folder: Path) -> list[str]:
    lines(folder / "all.jsonl", json.dumps(RECORD)[:-1] + ',"status":"failed"}')
    return ["validate", "all.jsonl"]


@specimen("records in UTF-32", "record", statuses=(0, 1))
def records_in_utf_32(folder: Path) -> list[str]:
    (folder / "all.jsonl").write_bytes(json.dumps(RECORD).encode("utf-32") + b"\n")
    return ["validate", "all.jsonl"]


@specimen("a byte order mark twice", "record", statuses=(0, 1))
def record_with_two_marks(folder: Path) -> list[str]:
    text = "\ufeff\ufeff" + json.dumps(RECORD)
    (folder / "record.json").write_text(text, "utf-8")
    return ["validate", "record.json"]


@specimen("a record of NULs", "BF115")
def record_of_nul(folder: Path) -> list[str]:
    (folder / "record.json").write_bytes(b"\0" * 1_000_000)
    return ["validate", "record.json"]


@specimen("samples of a million numbers in one measurement", "BF", is_large=True)
def samples_of_a_million(folder: Path) -> list[str]:
    samples = f"[{','.join(['0.5'] * 1_000_000)}]"
    record = {**RECORD, "measurements": [{**MEASUREMENT, "n": 5, "samples": "SAMPLES"}]}
    (folder / "record.json").write_text(json.dumps(record).replace('"SAMPLES"', samples), "utf-8")
    return ["validate", "record.json"]


@specimen("a list of a million commas", "BF115")
def list_of_commas(folder: Path) -> list[str]:
    (folder / "records.json").write_bytes(b"[" + b"," * 1_000_000 + b"]")
    return ["validate", "records.json"]


@specimen(
    "2,000 records, each with a system of 100 kB of its own", "", statuses=(0,), is_large=True
)
def records_of_large_systems(folder: Path) -> list[str]:
    systems = ({"id": f"s{n}", "extensions": {"x": {"y": "z" * 100_000}}} for n in range(2_000))
    records = ({**RECORD, "id": item["id"], "system": item} for item in systems)
    lines(folder / "all.jsonl", *records)
    return ["validate", "all.jsonl"]


@specimen("200 records, each with a status of 900 kB", "BF104", is_large=True)
def records_of_long_words(folder: Path) -> list[str]:
    records = ({**RECORD, "id": f"r{n}", "status": "x" * 900_000} for n in range(200))
    lines(folder / "all.jsonl", *records)
    return ["validate", "all.jsonl"]


@specimen("150 records, each with a member of a name of 900 kB", "BF102", is_large=True)
def records_of_long_names(folder: Path) -> list[str]:
    records = ({**RECORD, "id": f"r{n}", f"{'k' * 900_000}{n}": 1} for n in range(150))
    lines(folder / "all.jsonl", *records)
    return ["validate", "all.jsonl"]


@specimen("80 records, each with 90,000 samples", "", statuses=(0,), is_large=True)
def records_of_many_samples(folder: Path) -> list[str]:
    measurement = {**MEASUREMENT, "n": 90_000, "samples": [0.5] * 90_000}
    records = ({**RECORD, "id": f"r{n}", "measurements": [measurement]} for n in range(80))
    lines(folder / "all.jsonl", *records)
    return ["validate", "all.jsonl"]
