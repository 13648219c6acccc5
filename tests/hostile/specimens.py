"""What the hostile corpus is made of: a specimen, the small package that most of them spoil, and the list of all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[Path], list[str]]
"""Writes a specimen into an empty folder and returns the arguments of the command, without the output."""
DESCRIPTOR = "datapackage.json"
SYSTEMS = "id,name\ns1,Box\n"
RECORDS = "id,suite,status\nr1,lpdnn,ok\n"
MEASUREMENTS = (
    "record_id,metric,stage,per,value,unit,basis\nr1,latency,end-to-end,sample,0.0089,s,measured\n"
)
MEASUREMENT = {
    "metric": "latency",
    "stage": "end-to-end",
    "per": "sample",
    "value": 0.5,
    "unit": "s",
    "basis": "measured",
}
RECORD: Mapping[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "status": "ok",
    "benchmark": {"suite": "lpdnn"},
    "measurements": [MEASUREMENT],
}
_MEDIA = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}


@dataclass(frozen=True)
class Specimen:
    """A hostile input, and how the program must end with it."""

    name: str
    what: str
    make: Make
    says: str
    """The code of its finding, or a part of the message where a command gives no findings."""
    statuses: tuple[int, ...] = (1,)
    is_large: bool = False
    """Whether making or reading it takes so long that `make test` leaves it out."""
    writes: bool = False
    """Whether a part of it is sound, so that a package or a descriptor is written."""


SPECIMENS: list[Specimen] = []


def specimen(
    what: str,
    says: str,
    *,
    statuses: tuple[int, ...] = (1,),
    is_large: bool = False,
    writes: bool = False,
) -> Callable[[Make], Make]:
    """Add a specimen to the corpus, named after the function that makes it."""

    def add(make: Make) -> Make:
        name = make.__name__
        SPECIMENS.append(Specimen(name, what, make, says, statuses, is_large, writes))
        return make

    return add


def add(name: str, what: str, says: str, make: Make, **options: Any) -> None:
    """Add one of several specimens that one function makes."""
    SPECIMENS.append(Specimen(name, what, make, says, **options))


def package(folder: Path, *, paths: Mapping[str, str] | None = None, **tables: str | bytes) -> Path:
    """Write a package of CSV tables; those that are not given are sound, and `paths` names other files."""
    folder.mkdir(exist_ok=True)
    texts = {"systems": SYSTEMS, "records": RECORDS, "measurements": MEASUREMENTS, **tables}
    for name, text in texts.items():
        content = text
        if isinstance(content, str):
            content = content.encode()
        (folder / f"{name}.csv").write_bytes(content)
    paths = paths or {}
    return described(folder, {name: paths.get(name, f"{name}.csv") for name in texts})


def described(folder: Path, paths: Mapping[str, str], **more: Any) -> Path:
    """Write the descriptor of tables that lie in a folder, with their sizes and hashes."""
    resources = [_resource(folder, name, path) for name, path in paths.items()]
    data = {"benchfmt": {"version": "1.0"}, **more, "resources": resources}
    (folder / DESCRIPTOR).write_text(json.dumps(data), "utf-8")
    return folder


def _resource(folder: Path, name: str, path: str) -> dict[str, Any]:
    form = "parquet" if path.endswith(".parquet") else "csv"
    resource = {"name": name, "path": path, "format": form, "mediatype": _MEDIA[form]}
    if "\0" in path:
        return resource
    file = folder / path
    if file.is_file():
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        resource |= {"bytes": file.stat().st_size, "hash": f"sha256:{digest}"}
    return resource


def edited(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change the descriptor of a package."""
    file = folder / DESCRIPTOR
    data = json.loads(file.read_text("utf-8"))
    change(data)
    file.write_text(json.dumps(data), "utf-8")
    return folder


def annotated(folder: Path, path: str, **resource: Any) -> Path:
    """Write the descriptor of a table with a column `ms`, a latency."""
    folder.mkdir(exist_ok=True)
    column = {"name": "ms", "benchfmt": {"metric": "latency", "per": "sample", "unit": "ms"}}
    whole = {
        "name": "t",
        "path": path,
        "schema": {"fields": [column]},
        "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
        **resource,
    }
    (folder / DESCRIPTOR).write_text(json.dumps({"resources": [whole]}), "utf-8")
    return folder


def lines(file: Path, *records: Any) -> Path:
    """Write records as JSON Lines."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in records]
    file.write_text("\n".join(texts) + "\n", "utf-8", errors="surrogatepass")
    return file


def repeated(file: Path, start: bytes, block: bytes, times: int, end: bytes = b"") -> Path:
    """Write a large file block by block."""
    with file.open("wb") as out:
        out.write(start)
        for _ in range(times):
            out.write(block)
        out.write(end)
    return file
