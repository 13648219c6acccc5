"""The record of one result of MLPerf Tiny: what was run on which system, and what its three runs gave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.result_notes import as_record
from benchfmt.converters.mlperf.tiny.energy import energy
from benchfmt.converters.mlperf.tiny.files import Result, read_texts
from benchfmt.converters.mlperf.tiny.layout import SYSTEM, Place
from benchfmt.converters.mlperf.tiny.quality import quality, targets
from benchfmt.converters.mlperf.tiny.speed import speed
from benchfmt.converters.mlperf.tiny.system import (
    SUITE,
    read_description,
    software,
    software_notes,
    system,
    text_of,
)
from benchfmt.record import given
from benchfmt.vocabulary import vocabulary


def items(unit: Unit, name: str, version: str) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    result = read_texts(unit)
    yield as_record(_record(result, name, version), unit.path)
    yield from result.notes.items


def _record(result: Result, name: str, version: str) -> dict[str, Any] | Failed:
    """Return the record as plain data; a Failed where nothing can be read."""
    measurements = [*speed(result), *energy(result), *quality(result)]
    if not any("value" in item for item in measurements):
        names = ", ".join("/".join(role) for role in result.paths if role != SYSTEM)
        if result.unclear:
            return Failed(
                result.unit.path,
                f"two runs in one file, and no other number: {', '.join(result.unclear)}",
            )
        error = f"no rate, energy or quality can be read from {names}; the run broke off, or the files are cut"
        return Failed(result.unit.path, error)
    benchmark = result.benchmark
    for item in measurements:
        if benchmark and benchmark.scenario == "streaming" and "scope" not in item:
            item |= targets(benchmark, item["metric"], closed=result.closed)
    return _whole(result, measurements, name, version)


def _whole(
    result: Result, measurements: list[dict[str, Any]], name: str, version: str
) -> dict[str, Any]:
    place, notes, benchmark = result.place, result.notes, result.benchmark
    description = _description(result)
    round_id = result.unit.options.get("round") or place.round
    status, detail = _status(result, measurements)
    notes.extensions |= _said(result, description)
    n = next(
        (
            item["n"]
            for item in measurements
            if item["metric"] in ("accuracy", "auroc") and "n" in item
        ),
        None,
    )
    record = {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=SUITE,
            suite_version=round_id,
            name=benchmark.name if benchmark else result.name,
            division=place.division,
            category=_category(description.get("Status"), notes.extensions),
            scenario=benchmark.scenario if benchmark else None,
            phase="inference",
        ),
        "task": benchmark.task if benchmark else None,
        "dataset": given(name=benchmark.dataset, samples=n)
        if benchmark and benchmark.dataset
        else {},
        # The open division may run any model.
        "model": given(name=benchmark.model) if benchmark and result.closed else {},
        "system": system(description) or given(name=place.system),
        "software": software(description),
        "configuration": given(
            precision=_precision(place, description),
            batch_size=benchmark.batch_size if benchmark else None,
        ),
        "measurements": measurements,
        "status": status,
        "status_detail": detail,
        "provenance": given(
            submitter=text_of(description, "Submitter") or place.submitter,
            measured_at=_time(result.said("session")),
            execution="/".join(part for part in (round_id, place.location) if part)
            if place.location
            else None,
            sources=notes.sources,
            converter=name,
            converter_version=version,
        ),
        "extensions": {"mlperf": dict(sorted(notes.extensions.items()))}
        if notes.extensions
        else None,
    }
    return {key: value for key, value in record.items() if value is not None and value != {}}


def _description(result: Result) -> dict[str, Any]:
    """Return the data of the system's file, empty where there is none."""
    path = result.paths.get(SYSTEM)
    if path is None:
        result.notes.find(
            "BF706",
            result.path,
            "no file in systems/ describes this system: hardware and software are not known",
            "give the whole submission",
        )
        return {}
    return result.notes.described(path, result.unit.limits, read_description)


def _said(result: Result, description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the files and the folders say that no field of the record holds."""
    names = (("model", "model_loaded"), ("runner", "runner"), ("firmware", "firmware"))
    words = {name: word for key, name in names if (word := result.said(key))}
    variant = {"variant": result.place.variant} if result.place.variant else {}
    return {**words, **software_notes(description), **variant}


def _status(result: Result, measurements: list[dict[str, Any]]) -> tuple[str, str | None]:
    """Return whether there is a performance run, all of whose windows were long enough."""
    if not any(item.get("primary") for item in measurements):
        unclear = f"two runs in one file: {', '.join(result.unclear)}" if result.unclear else None
        return "incomplete", unclear or "no performance run"
    complaint = next(
        (
            window.complaint
            for (mode, _), text in result.texts.items()
            for window in text.performance.values()
            if mode == "performance" and window.met is False
        ),
        None,
    )
    return ("invalid", complaint) if complaint else ("ok", None)


def _time(session: str | None) -> str | None:
    """Return the time that a session's id writes: 20210603010201 or 20250726_005104."""
    digits = (session or "").replace("_", "")
    if not re.fullmatch(
        r"20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]",
        digits,
    ):
        return None
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}"


def _category(word: Any, extensions: dict[str, Any]) -> str | None:
    """Return the availability of the system as a category; a word that is none goes to the extensions."""
    if not isinstance(word, str) or not word.strip():
        return None
    found = vocabulary().match("category", word, SUITE)
    if not found:
        extensions["status"] = word
    return found


def _precision(where: Place, description: Mapping[str, Any]) -> str | None:
    """Return the precision that the variant's folder or the quantisation method names."""
    variant = re.search(r"(?:^|_)((?:fp|int|bf)[0-9]{1,2})$", where.variant or "")
    named = vocabulary().match("precision", variant[1]) if variant else None
    return named or systems.precision(description.get("Quantization Method"))
