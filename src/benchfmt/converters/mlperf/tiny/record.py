"""The record of one result of MLPerf Tiny: what was run on which system, and what its three runs gave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from benchfmt.converters.base import Item, Unit
from benchfmt.converters.draft import numbers_with_value
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.tiny.energy import add_energy
from benchfmt.converters.mlperf.tiny.files import Result, read_texts
from benchfmt.converters.mlperf.tiny.layout import SYSTEM, Place
from benchfmt.converters.mlperf.tiny.quality import add_quality, add_target
from benchfmt.converters.mlperf.tiny.speed import add_speed
from benchfmt.converters.mlperf.tiny.system import (
    SUITE,
    add_software,
    read_description,
    system,
    text_of,
)
from benchfmt.suites.mlperf_tiny import Benchmark
from benchfmt.vocabulary import vocabulary

_SESSION = re.compile(
    r"(20[0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])_?([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])"
)
_KEPT = (("model", "model_loaded"), ("runner", "runner"), ("firmware", "firmware"))
"""What the files say and no field holds, and the names under which it is kept."""


def items(unit: Unit, name: str, version: str) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    result = read_texts(unit, name, version)
    draft = result.draft
    add_speed(result)
    add_energy(result)
    add_quality(result)
    if not numbers_with_value(draft.numbers):
        yield from draft.failed(unit.path, _why_no_number(result))
        return
    description = _description(result)
    _add_benchmark(result, description)
    _add_status(result)
    _add_provenance(result, description)
    draft.system(system(description) or {"name": result.place.system})
    add_software(draft, description)
    for key, kept in _KEPT:
        draft.keep(kept, result.first(key))
    draft.keep("variant", result.place.variant)
    yield from draft.items(unit.path)


def _why_no_number(result: Result) -> str:
    if result.unclear:
        return f"two runs in one file, and no other number: {', '.join(result.unclear)}"
    names = ", ".join("/".join(role) for role in result.paths if role != SYSTEM)
    return (
        f"no rate, energy or quality can be read from {names};"
        " the run was stopped, or the files were cut off"
    )


def _description(result: Result) -> dict[str, JsonValue]:
    """Return the data of the system's file, empty where there is none."""
    path = result.paths.get(SYSTEM)
    if path is not None:
        return result.draft.describe(path, result.unit.limits, read_description)
    result.draft.report(
        "BF706",
        "no file in systems/ describes this system: hardware and software are not known",
        path=result.path,
        hint="give the whole submission",
    )
    return {}


def _add_benchmark(result: Result, description: Mapping[str, JsonValue]) -> None:
    draft = result.draft
    draft.phase = "inference"
    draft.benchmark(
        suite_version=_round(result),
        name=result.name,
        division=result.place.division,
        category=_category(result, description.get("Status")),
    )
    draft.configuration(precision=_precision(result.place, description))
    if result.benchmark is not None:
        _add_rules(result, result.benchmark)


def _add_rules(result: Result, benchmark: Benchmark) -> None:
    """Add what the suite fixes of a benchmark; the open division may run any model."""
    draft = result.draft
    draft.task = benchmark.task
    draft.benchmark(name=benchmark.name, scenario=benchmark.scenario)
    draft.configuration(batch_size=benchmark.batch_size)
    if benchmark.dataset:
        draft.dataset(name=benchmark.dataset, samples=_answers(result))
    if result.is_closed:
        draft.model(name=benchmark.model)
    if benchmark.is_streaming:
        for number in draft.numbers:
            if number.scope is None:
                add_target(number, benchmark, closed=result.is_closed)


def _answers(result: Result) -> int | None:
    """Return of how many inputs the quality is."""
    for number in result.draft.numbers:
        if number.metric in ("accuracy", "auroc") and number.n is not None:
            return number.n
    return None


def _round(result: Result) -> str | None:
    return result.unit.options.get("round") or result.place.round


def _add_status(result: Result) -> None:
    """Say whether there is a performance run, all of whose windows were long enough."""
    draft = result.draft
    if not any(number.primary for number in draft.numbers):
        reason = "no performance run"
        if result.unclear:
            reason = f"two runs in one file: {', '.join(result.unclear)}"
        draft.fail("incomplete", reason)
        return
    complaint = _complaint(result)
    if complaint:
        draft.fail("invalid", complaint)


def _complaint(result: Result) -> str | None:
    """Return what the runner says of the first window that was too short."""
    for (mode, _), text in result.texts.items():
        if mode != "performance":
            continue
        for window in text.performance.values():
            if window.met is False:
                return window.complaint
    return None


def _add_provenance(result: Result, description: Mapping[str, JsonValue]) -> None:
    place = result.place
    execution = place.location
    round_id = _round(result)
    if execution and round_id:
        execution = f"{round_id}/{execution}"
    result.draft.provenance(
        submitter=text_of(description, "Submitter") or place.submitter,
        measured_at=_time(result.first("session")),
        execution=execution,
    )


def _time(session: str | None) -> str | None:
    """Return the time that a session's id writes: 20210603010201 or 20250726_005104."""
    match = _SESSION.fullmatch(session or "")
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}"


def _category(result: Result, status: JsonValue) -> str | None:
    """Return the availability of the system as a category; a word that is none is kept."""
    if not isinstance(status, str) or not status.strip():
        return None
    category = vocabulary().match("category", status, SUITE)
    if category is None:
        result.draft.keep("status", status)
    return category


def _precision(place: Place, description: Mapping[str, JsonValue]) -> str | None:
    """Return the precision that the variant's folder or the quantisation method names."""
    variant = re.search(r"(?:^|_)((?:fp|int|bf)[0-9]{1,2})$", place.variant or "")
    if variant:
        named = vocabulary().match("precision", variant[1])
        if named:
            return named
    return systems.precision(description.get("Quantization Method"))
