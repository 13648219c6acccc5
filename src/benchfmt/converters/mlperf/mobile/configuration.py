"""How a result of the MLPerf Mobile app was configured: the round, the types of the weights, the backend's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.files import App, Files, described
from benchfmt.converters.mlperf.mobile.log import RunLog
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.readers.files import file_sha256
from benchfmt.record import given
from benchfmt.suites import mlperf_mobile as rules

_WEIGHTS = (
    "weight_data_types",
    "input_data_types",
    "retraining",
    "weight_transformations",
    "starting_weights_filename",
)


def round_of(run: Run, log: RunLog | None, app: App) -> str | None:
    """Return the round: by the seeds of the log, by the app's branch, by the app's version in a submission.

    A result that was not submitted has the app's version instead, as the source writes it.
    """
    seeds: Mapping[str, str] = log.says.get("seeds", {}) if log else {}
    branch = re.fullmatch(r"submission-(v[0-9]+\.[0-9]+)", str(app.build.get("git_branch") or ""))
    version = app.build.get("version")
    version = version if isinstance(version, str) and version.strip() else None
    found = rules.round_of(seeds) if seeds else None
    found = found or (branch[1] if branch and branch[1] in rules.ROUNDS else None)
    if not found and version and run.place.division:
        found = rules.round_of_app(version)
    claimed = run.unit.options.get("round")
    if claimed and found and claimed != found:
        run.find(
            "BF703",
            run.path,
            f"seeds and app are those of {found}, not of {claimed}",
            "name the round that was measured",
            seeds.get("qsl_rng_seed"),
        )
    return found or claimed or version


def configuration(
    settings: Mapping[str, Any], named: str, own: rules.Benchmark | None, words: str | None
) -> dict[str, Any]:
    """Return how the model was run; a batch size of 0 means that none was set, and `own` is None for another model."""
    code, accelerator = settings.get("accelerator_code"), settings.get("accelerator_desc")
    device = rules.placement(accelerator) if isinstance(accelerator, str) else None
    extra = settings.get("extra_settings")
    threads = [
        item.get("value")
        for item in (extra if isinstance(extra, list) else ())
        if isinstance(item, Mapping) and item.get("id") == "num_threads"
    ]
    precision = (rules.precision_of_sentence(words) or systems.precision(words)) if words else None
    precision = precision or (
        rules.precision_of_accelerator(code) if isinstance(code, str) else None
    )
    return given(
        precision=precision or (rules.precision_of_id(named) if own else None),
        input_shape=list(own.input_shape) if own and own.input_shape else None,
        batch_size=count(str(settings.get("batch_size", ""))),
        threads=count(str(threads[0])) if threads else None,
        placement=[device] if device else None,
    )


def weight_types(files: Files, run: Run, name: str) -> str | None:
    """Return the words on the type of the weights, keeping what else the description of the measurement says."""
    path = files.of("measurement", name)
    if path is None:
        return None
    data = described(files, path)
    run.read(path, file_sha256(path))
    for key in _WEIGHTS:
        said = systems.said(data.get(key))
        if said is not None:
            run.extensions[key] = said
    words = data.get("weight_data_types")
    return words if isinstance(words, str) else None
