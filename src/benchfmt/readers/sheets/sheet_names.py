"""Which part of a workbook each of its sheets is: no two are the same, or it would be read as often as it has names."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.xmls import Element, passing

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def check_names(path: Path, parts: Mapping[str, bytes], limits: Limits) -> None:
    """Raise UnsafeError for a workbook of which several sheets are one part, XmlError for one whose list of sheets is no XML."""
    targets = {
        item.get("Id", ""): _part(item.get("Target", ""))
        for item in _elements(parts, _RELATIONS, "Relationship", limits)
    }
    seen: set[str] = set()
    for sheet in _elements(parts, _BOOK, "sheet", limits):
        ids = [value for name, value in sheet.items() if name.endswith("}id")]
        for part in (targets.get(text) for text in ids):
            if part is None:
                continue
            if part in seen:
                message = f"several of its sheets are the same part {part!r}; save it again"
                raise UnsafeError("BF904", f"{path.name}: {message}")
            seen.add(part)


def _elements(parts: Mapping[str, bytes], name: str, tag: str, limits: Limits) -> Iterator[Element]:
    """Yield the elements of a name in a part, whatever their namespace."""
    # A part is found whatever the case of its name.
    content = next((parts[key] for key in parts if key.lower() == name), None)
    if content is None:
        return

    def is_wanted(name: str) -> bool:
        return name.rpartition("}")[2] == tag

    for event, element in passing(io.BytesIO(content), is_wanted, limits=limits):
        if event == "start":
            yield element


def _part(target: str) -> str:
    """Return the name of a part as a workbook refers to it."""
    return target.lower().removeprefix("/").removeprefix("xl/")
