"""What must be the same for what an earlier run has read to be of use: the program, its libraries, and what was asked."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchfmt._version import __version__
from benchfmt.converters.base import Converter, load
from benchfmt.vocabulary import vocabulary

_LIBRARIES = ("numpy", "polars", "pyarrow", "pydantic")
"""Hashes of records are polars' own, and each of these has a part in what a table holds."""
_ENDINGS = {".py", ".json", ".csv", ".yaml"}
_SHOWN = 12
"""Digits of a hash, which a person is to tell from another one."""


def facts_of(converters: Iterable[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an earlier run must have been like, in words for a person: the names of facts with their values."""
    facts = {
        "benchfmt": __version__,
        "the code of benchfmt": _digest(_files_of(Path(__file__).parents[1])),
        "the vocabulary": vocabulary().version,
        "Python": platform.python_version(),
    }
    for library in _LIBRARIES:
        facts[library] = version(library)
    for name in sorted(converters):
        facts[f"the converter {name}"] = _of_converter(load(name))
    for name, value in asked.items():
        if isinstance(value, Mapping):
            value = ", ".join(f"{key}={value[key]}" for key in sorted(value)) or None
        facts[f"the {name} asked for"] = value
    return facts


def _of_converter(converter: Converter) -> str:
    """Return the version of a converter, with the hash of its code where it is another distribution's."""
    name = getattr(converter, "__name__", type(converter).__module__)
    top = str(name).partition(".")[0]
    place = getattr(sys.modules.get(top), "__file__", None)
    if top == "benchfmt" or place is None:
        return converter.VERSION
    file = Path(place)
    files = [file]
    if file.name == "__init__.py":
        files = list(_files_of(file.parent))
    return f"{converter.VERSION}, code {_digest(files)}"


def _files_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS:
            yield path


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:_SHOWN]
