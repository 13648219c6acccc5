"""What a user says of a result that its files leave unsaid: a sidecar beside it, or options of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchfmt import numbers
from benchfmt.converters.base import Unit
from benchfmt.converters.mlperf import systems
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.record import given
from benchfmt.vocabulary import vocabulary

NAME = "aibench"
VERSION = "1.0"
SIDECAR = ".aibench.json"
"""A sidecar is named as its log with this behind it: `train.log.aibench.json`."""
OPTIONS = (
    "component",
    "suite",
    "model",
    "dataset",
    "split",
    "framework",
    "framework_version",
    "processor",
    "accelerator",
    "accelerator_count",
    "system",
    "precision",
    "batch_size",
    "target",
    "date",
    "submitter",
    "url",
    "license",
)
"""What may be said, in a sidecar or as an option; an option wins."""


def said(unit: Unit) -> dict[str, str]:
    """Return what the user says of a unit's file; raises BenchfmtError for a sidecar that says something else."""
    about: dict[str, str] = {}
    for path in unit.supporting:
        if path.name.endswith(SIDECAR):
            data = jsons.read(path, unit.limits, digits=True)
            if not isinstance(data, dict):
                raise BenchfmtError(f"{path.name}: an object is expected")
            unknown = sorted(set(data) - set(OPTIONS))
            if unknown:
                raise BenchfmtError(
                    f"{path.name}: {unknown[0]!r} is not known; it may say {', '.join(OPTIONS)}"
                )
            about = {name: str(value) for name, value in data.items()}
    return {**about, **{name: text for name, text in unit.options.items() if name in OPTIONS}}


def frame(unit: Unit, about: Mapping[str, str], locator: str | None = None) -> dict[str, Any]:
    """Return what is said of a record besides its numbers, by the user and by where it stands."""
    words = vocabulary()
    framework = about.get("framework")
    count = about.get("accelerator_count", "")
    precision = about.get("precision")
    return {
        "benchfmt": "1.0",
        "benchmark": given(suite=about.get("suite", "aibench")),
        "dataset": given(name=matched("dataset", about.get("dataset")), split=about.get("split")),
        "model": given(name=matched("model", about.get("model"))),
        "system": {
            "name": about.get("system"),
            "processor": given(name=about.get("processor")),
            "accelerator": given(
                kind=systems.accelerator_kind(about["accelerator"]),
                name=about["accelerator"],
                count=numbers.count(count),
            )
            if "accelerator" in about
            else {},
        },
        "software": given(
            engine=(
                words.match("engine", framework) or f"aibench:{framework.lower().replace(' ', '-')}"
            )
            if framework
            else None,
            engine_version=about.get("framework_version"),
        ),
        "configuration": given(
            precision=(words.match("precision", precision) or precision) if precision else None,
            batch_size=numbers.count(about.get("batch_size", "")),
        ),
        "status": "ok",
        "provenance": given(
            submitter=about.get("submitter"),
            measured_at=about.get("date"),
            license=about.get("license"),
            url=about.get("url"),
            sources=sources(unit, locator),
            converter=NAME,
            converter_version=VERSION,
        ),
    }


def sources(unit: Unit, locator: str | None) -> list[dict[str, Any]]:
    """Return the primary file and the files beside it."""
    first = given(path=unit.path.name, sha256=file_sha256(unit.path), locator=locator)
    return [first, *({"path": path.name, "sha256": file_sha256(path)} for path in unit.supporting)]


def matched(kind: str, word: str | None) -> str | None:
    """Return the vocabulary's id for a name, or the name itself."""
    return (vocabulary().match(kind, word) or word) if word else None


def beside(path: Path) -> tuple[Path, ...]:
    """Return the sidecar of a file, where there is one."""
    place = path.with_name(path.name + SIDECAR)
    return (place,) if place.is_file() and not place.is_symlink() else ()
