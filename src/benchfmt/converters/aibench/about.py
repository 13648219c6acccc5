"""What a user says of a result that its files leave unsaid: a sidecar beside it, or options of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import systems
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.numbers import count
from benchfmt.readers import jsons
from benchfmt.readers.files import source_sha256
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


def declared(unit: Unit) -> dict[str, str]:
    """Return what the user says of a unit's file; raises BenchfmtError for a sidecar that says something else."""
    about: dict[str, str] = {}
    for path in unit.supporting:
        if path.name.endswith(SIDECAR):
            about = _of_sidecar(path, unit.limits)
    for name in OPTIONS:
        if name in unit.options:
            about[name] = unit.options[name]
    return about


def _of_sidecar(path: Path, limits: Limits) -> dict[str, str]:
    data = jsons.read(path, limits, digits=True)
    if not isinstance(data, dict):
        raise BenchfmtError(f"{path.name}: an object is expected")
    unknown = sorted(set(data) - set(OPTIONS))
    if unknown:
        known = ", ".join(OPTIONS)
        raise BenchfmtError(f"{path.name}: {unknown[0]!r} is not known; it may say {known}")
    return {name: str(value) for name, value in data.items()}


def drafted(unit: Unit, suite: str, about: Mapping[str, str], locator: str | None = None) -> Draft:
    """Return the beginning of a record: its suite, unless the user names another, and its files."""
    draft = Draft(NAME, VERSION, suite=about.get("suite", suite))
    draft.source(unit.path.name, source_sha256(unit.path), locator)
    for path in unit.supporting:
        draft.source(path.name, source_sha256(path))
    return draft


def describe(draft: Draft, about: Mapping[str, str]) -> None:
    """Add what the user says of a record besides its numbers; it replaces what the files say."""
    draft.dataset(name=matched("dataset", about.get("dataset")), split=about.get("split"))
    draft.model(name=matched("model", about.get("model")))
    draft.system(name=about.get("system"))
    if "processor" in about:
        draft.system(processor={"name": about["processor"]})
    if "accelerator" in about:
        draft.system(accelerator=accelerator(about))
    draft.software(
        engine=_engine(about.get("framework")),
        engine_version=about.get("framework_version"),
    )
    draft.configuration(
        precision=matched("precision", about.get("precision")),
        batch_size=count(about.get("batch_size", "")),
    )
    draft.provenance(
        submitter=about.get("submitter"),
        measured_at=about.get("date"),
        license=about.get("license"),
        url=about.get("url"),
    )


def accelerator(about: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return the accelerator that the user names, empty where he names none."""
    name = about.get("accelerator")
    if name is None:
        return {}
    return {
        "kind": systems.accelerator_kind(name),
        "name": name,
        "count": count(about.get("accelerator_count", "")),
    }


def _engine(framework: str | None) -> str | None:
    if not framework:
        return None
    own = framework.lower().replace(" ", "-")
    return vocabulary().match("engine", framework) or f"{NAME}:{own}"


def matched(kind: str, word: str | None) -> str | None:
    """Return the vocabulary's id for a name, or the name itself."""
    if not word:
        return None
    return vocabulary().match(kind, word) or word


def beside(path: Path) -> tuple[Path, ...]:
    """Return the sidecar of a file, where there is one."""
    place = path.with_name(path.name + SIDECAR)
    if place.is_file() and not place.is_symlink():
        return (place,)
    return ()
