"""What is read besides the events of a group's logs: the seeds and ends of its runs, its system, its scaling factor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benchfmt.converters.base import Failed
from benchfmt.converters.mlperf.training import system as training_system
from benchfmt.converters.mlperf.training.layout import Task
from benchfmt.converters.mlperf.training.scored_group import Group
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.readers.mllog import plain
from benchfmt.record import given
from benchfmt.units import convert, exact

_MOST = 5
"""So many lines of a log that cannot be read are told."""
_LARGEST_FACTOR = 100
"""The largest one of a round so far is 1.13."""


def note_runs(group: Group) -> None:
    """Note each log, its seed and end, and the lines that cannot be read."""
    told = []
    for run in group.runs:
        where = group.source(run.path, run.log.sha256)
        seed = run.log.first("seed") or run.log.first("run_set_random_seed")
        told.append(
            given(file=run.path.name, seed=plain(seed.value) if seed else None, not_counted=run.why)
        )
        for line, words in run.log.unreadable[:_MOST]:
            group.find("BF115", where, f"an event that cannot be read: {words}", line)
        if run.log.lost > _MOST:
            group.find("BF115", where, f"{run.log.lost} events cannot be read; {_MOST} are told")
        if run.log.repaired:
            words = (
                f"{len(run.log.repaired)} events are Python dictionaries, not JSON; read as such"
            )
            group.find("BF115", where, words, run.log.repaired[0])
    group.extensions["runs"] = told
    if group.benchmark:
        group.extensions["runs_required"] = group.benchmark.runs
    for key in ("submission_org", "submission_platform"):
        if (said := group.logged(key)) is not None:
            group.extensions[f"log_{key}"] = said
    task: Task = group.unit.extra
    if task.pruned:
        group.extensions["pruned_runs"] = task.pruned


def read_description(group: Group) -> None:
    """Read the description of the system: a file of its own, or v0.5's entry.json."""
    submitter: dict[str, Any] = {}
    for role in ("system", "entry", "submission"):
        for path in group.of(role):
            data, repaired, error, digest = training_system.read(path, group.unit.limits)
            if error:
                group.findings.append(Failed(path, error))
                if role != "submission":
                    group.extensions["system_description"] = "invalid"
                continue
            where = group.source(path, digest)
            for words in repaired:
                group.find("BF115", where, words, None, "correct the file")
            if role == "submission":
                submitter = {"submitter": data.get("org")} if data.get("org") else {}
            elif not group.description:
                group.description = data if role == "system" else training_system.of_entry(data)
    group.description = {**submitter, **group.description}
    if not group.of("system") and not group.of("entry"):
        file = (
            f"systems/{group.place.system}.json"
            if group.place.system
            else "its description in systems/"
        )
        group.find(
            "BF706",
            group.place.folder,
            f"{file} is not there: hardware and software are not known",
            None,
            "give the whole submission",
        )


def read_scaling(group: Group) -> None:
    """Read the factor that makes up for convergence faster than the reference."""
    for path in group.of("scaling"):
        where = group.source(path, file_sha256(path))
        try:
            data = jsons.read(path, group.unit.limits, digits=True)
            factor = data.get("scaling_factor") if isinstance(data, dict) else None
            number = exact(factor) if isinstance(factor, Digits) else None
            if number is None or factor is None or not 0 < number <= _LARGEST_FACTOR:
                raise BenchfmtError(
                    f"no scaling_factor that is a number above zero and up to {_LARGEST_FACTOR}"
                )
        except BenchfmtError as error:
            group.broken = f"{where}: {error}"
            group.findings.append(Failed(path, str(error)))
            continue
        group.scaling = Decimal(str(factor))
        group.add(
            metric="scaling-factor",
            value=convert(factor, "1", "1"),
            unit="1",
            basis="derived",
            reported_value=str(factor),
            source_path=where,
            source_locator="/scaling_factor",
        )
