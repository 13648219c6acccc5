"""Descriptors that are too large, too deep, or lead elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.specimens import DESCRIPTOR, add, annotated, edited, package, specimen

_RESOURCES = 300_000
_COLUMNS = 100_000


@specimen("a descriptor of 300,000 resources", "BF905")
def descriptor_of_many_resources(folder: Path) -> list[str]:
    resources = ",".join(f'{{"name":"r{number}"}}' for number in range(_RESOURCES))
    (folder / DESCRIPTOR).write_text(f'{{"resources":[{resources}]}}', "utf-8")
    return ["validate", "."]


@specimen("a descriptor of 300,000 resources, converted", "10,000", statuses=(1, 2))
def descriptor_of_many_resources_converted(folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    descriptor_of_many_resources(source)
    (source / "t.csv").write_text("ms\n1.5\n", "utf-8")
    return ["convert", "source", "-o", "out"]


@specimen("10,000 resources that all describe the same file", "BF118")
def descriptor_of_one_file_many_times(folder: Path) -> list[str]:
    annotated(folder, "t.csv")
    (folder / "t.csv").write_text("ms\n1.5\n", "utf-8")

    def many(data: dict) -> None:
        first = data["resources"][0]
        data["resources"] = [dict(first, name="t") for _ in range(10_000)]

    edited(folder, many)
    return ["validate", "."]


@specimen("10,000 faulty resources of 10 faults each", "BF118", is_large=True)
def descriptor_of_many_faults(folder: Path) -> list[str]:
    faulty = {"name": 5, "path": 7, "bytes": "x", "hash": 3, "format": [], "dialect": 5}
    text = json.dumps({"resources": [faulty] * 10_000})
    (folder / DESCRIPTOR).write_text(text, "utf-8")
    return ["validate", "."]


@specimen("an annotation of 100,000 columns", "BF907", is_large=True)
def descriptor_of_many_columns(folder: Path) -> list[str]:
    fields = [{"name": f"c{number}"} for number in range(_COLUMNS)]
    annotated(folder, "t.csv", schema={"fields": fields})
    (folder / "t.csv").write_text("ms\n1.5\n", "utf-8")
    return ["validate", "."]


@specimen("a descriptor that is one object of a million keys", "BF907", is_large=True)
def descriptor_of_a_million_keys(folder: Path) -> list[str]:
    keys = ",".join(f'"k{number}":1' for number in range(1_000_000))
    (folder / DESCRIPTOR).write_text(f"{{{keys}}}", "utf-8")
    return ["validate", "."]


@specimen("a descriptor of 17 MB", "BF907")
def descriptor_of_17_megabytes(folder: Path) -> list[str]:
    package(folder)
    edited(folder, lambda data: data.update(title="x" * 17_000_000))
    return ["validate", "."]


@specimen("a descriptor of 17 MB beside a table, converted", "more than", statuses=(1, 2))
def descriptor_of_17_megabytes_converted(folder: Path) -> list[str]:
    (folder / "source").mkdir()
    descriptor_of_17_megabytes(folder / "source")
    return ["convert", "source", "-o", "out"]


@specimen("a descriptor nested 100,000 deep", "BF906")
def descriptor_nested(folder: Path) -> list[str]:
    package(folder)
    text = (folder / DESCRIPTOR).read_text("utf-8")
    deep = "[" * 100_000 + "]" * 100_000
    (folder / DESCRIPTOR).write_text(f'{text[:-1]},"x":{deep}}}', "utf-8")
    return ["validate", "."]


@specimen("a descriptor with a member twice", "BF116")
def descriptor_with_a_member_twice(folder: Path) -> list[str]:
    package(folder)
    text = (folder / DESCRIPTOR).read_text("utf-8")
    (folder / DESCRIPTOR).write_text(f'{text[:-1]},"resources":[]}}', "utf-8")
    return ["validate", "."]


@specimen("a descriptor in UTF-16", "BF115")
def descriptor_in_utf_16(folder: Path) -> list[str]:
    package(folder)
    text = (folder / DESCRIPTOR).read_text("utf-8")
    (folder / DESCRIPTOR).write_bytes(text.encode("utf-16") + b"\0")
    return ["validate", "."]


@specimen("a descriptor whose numbers have a million digits", "BF115")
def descriptor_of_huge_numbers(folder: Path) -> list[str]:
    package(folder)
    text = (folder / DESCRIPTOR).read_text("utf-8")
    (folder / DESCRIPTOR).write_text(f'{text[:-1]},"x":{"9" * 1_000_000}}}', "utf-8")
    return ["validate", "."]


@specimen("a schema that is a remote reference", "BF9")
def descriptor_whose_schema_is_remote(folder: Path) -> list[str]:
    package(folder)

    def refer(data: dict) -> None:
        data["resources"][1]["schema"] = "https://example.org/schema.json"

    edited(folder, refer)
    return ["validate", "."]


@specimen("a remote $ref in a resource", "BF9")
def descriptor_with_a_remote_ref(folder: Path) -> list[str]:
    package(folder)

    def refer(data: dict) -> None:
        data["resources"][1]["schema"] = {"$ref": "https://example.org/schema.json"}

    edited(folder, refer)
    return ["validate", "."]


@specimen("a regular expression that backtracks", "BF118")
def descriptor_with_a_backtracking_pattern(folder: Path) -> list[str]:
    column = {
        "name": "ms",
        "benchfmt": {"metric": "latency", "unit": "ms", "missing_patterns": {"(a+)+\\1$": "x"}},
    }
    annotated(folder, "t.csv", schema={"fields": [column]})
    (folder / "t.csv").write_text("ms\n" + "a" * 100_000 + "!\n", "utf-8")
    return ["validate", "."]


_OUTSIDE = {
    "parent": ("../../secret.csv", "BF901"),
    "absolute": ("/etc/passwd", "BF901"),
    "drive": ("C:/secret.csv", "BF901"),
    "unc": ("\\\\host\\share\\secret.csv", "BF901"),
    "unc_with_slashes": ("//host/share/secret.csv", "BF901"),
    "nul": ("a\0.csv", "BF901"),
    "device_file": ("/dev/zero", "BF901"),
    "process": ("/proc/self/environ", "BF901"),
    "url": ("https://example.org/records.csv", "BF903"),
    "file_url": ("file:///etc/passwd", "BF903"),
    "s3": ("s3://bucket/records.csv", "BF903"),
    "ten_thousand_parents": ("../" * 10_000 + "etc/passwd", "BF901"),
    "long_name": ("x" * 100_000, "BF907"),
    "many_folders": ("x/" * 50_000 + "t.csv", "BF907"),
    "tilde": ("~/secret.csv", "BF119"),
    "glob": ("*.csv", "BF119"),
}


def _naming(path: str, folder: Path) -> list[str]:
    package(folder)
    edited(folder, lambda data: data["resources"][1].update(path=path))
    return ["validate", "."]


def _converting(path: str, folder: Path) -> list[str]:
    (folder / "source").mkdir()
    annotated(folder / "source", path)
    return ["convert", "source", "-o", "out"]


def _add_paths() -> None:
    for name, (path, code) in _OUTSIDE.items():
        what = f"a resource at {path[:30]!r}"
        add(f"path_{name}", what, code, lambda folder, path=path: _naming(path, folder))
    for name in ("parent", "absolute", "url", "long_name"):
        path, _ = _OUTSIDE[name]
        add(
            f"path_{name}_converted",
            f"a table at {path[:30]!r}, converted",
            path[:20],
            lambda folder, path=path: _converting(path, folder),
            statuses=(1, 2),
        )


_add_paths()
