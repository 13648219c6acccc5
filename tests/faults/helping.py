"""Small sources and packages for tests of what goes wrong while the program runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from benchfmt import convert, open_package
from benchfmt.descriptor import SCHEMA_URL

FIELDS = [
    {"name": "net", "benchfmt": {"field": "model.name"}},
    {
        "name": "t",
        "benchfmt": {"metric": "latency", "per": "sample", "unit": "ms", "primary": True},
    },
]


def table(folder: Path, rows: int = 2, name: str = "a.csv") -> Path:
    """Return a folder with an annotated table of some rows."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"net{row % 97},{row % 1000 + 1}.5\n" for row in range(rows))
    (folder / name).write_text(f"net,t\n{text}", "utf-8")
    constant = {"benchmark.suite": "lpdnn", "benchmark.name": folder.name}
    resource = {"path": name, "schema": {"fields": FIELDS}, "benchfmt": {"constant": constant}}
    descriptor = {"$schema": SCHEMA_URL, "resources": [resource]}
    (folder / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    return folder


def package(source: Path, target: Path, **options: bool) -> Path:
    """Return a package of a folder with an annotated table."""
    account = convert(source, "annotated").write(target, **options)
    assert account.ok
    return target


def content(place: Path) -> dict[str, bytes]:
    """Return the files of a package with their bytes."""
    return {path.name: path.read_bytes() for path in place.iterdir()}


def names(place: Path) -> set[str]:
    """Return the names of the benchmarks in a package."""
    with open_package(place) as opened:
        return {str(record.benchmark.name) for record in opened.records()}


def until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.02)
