"""How a result of the MLPerf Mobile app was configured: the round, the types of the weights, the backend's settings."""

from __future__ import annotations

import re

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.mobile.log import RunLog
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.suites import mlperf_mobile as rules

_WEIGHTS = (
    "weight_data_types",
    "input_data_types",
    "retraining",
    "weight_transformations",
    "starting_weights_filename",
)
_BRANCH = re.compile(r"submission-(v[0-9]+\.[0-9]+)")


def round_of(result: Result, log: RunLog | None) -> str | None:
    """Return the round: by the seeds of the log, by the app's branch, by the app's version in a submission.

    A result that was not submitted has the app's version instead, as the source writes it.
    """
    seeds = {}
    if log:
        seeds = log.seeds
    proven = rules.round_of(seeds) or _round_of_app(result)
    claimed = result.files.unit.options.get("round")
    if claimed and proven and claimed != proven:
        result.draft.report(
            "BF703",
            f"seeds and app are those of {proven}, not of {claimed}",
            path=result.path,
            value=seeds.get("qsl_rng_seed"),
            hint="name the round that was measured",
        )
    return proven or claimed or _version(result)


def _round_of_app(result: Result) -> str | None:
    branch = _BRANCH.fullmatch(result.app.build.text("git_branch") or "")
    if branch and branch[1] in rules.ROUNDS:
        return branch[1]
    version = _version(result)
    if version and result.division:
        return rules.round_of_app(version)
    return None


def _version(result: Result) -> str | None:
    """Return the app's version as the source writes it, blanks included."""
    if result.app.build.line("version"):
        return result.app.build.text("version")
    return None


def add_configuration(result: Result, weights: str | None) -> None:
    """Add how the model was run, with what is said of its weights; a batch size of 0 means that none was set."""
    settings = result.entry.settings
    own = result.own_benchmark
    draft = result.draft
    draft.configuration(
        precision=_precision(result, weights),
        batch_size=settings.count("batch_size"),
        threads=_threads(result),
    )
    if own and own.input_shape:
        draft.configuration(input_shape=list(own.input_shape))
    device = rules.placement(settings.text("accelerator_desc") or "")
    if device:
        draft.configuration(placement=[device])


def _threads(result: Result) -> int | None:
    for setting in result.entry.settings.blocks("extra_settings"):
        if setting.get("id") == "num_threads":
            return setting.count("value")
    return None


def _precision(result: Result, weights: str | None) -> str | None:
    """Return the precision: by the words on the weights, the app's code of the accelerator, or the id of a benchmark."""
    code = result.entry.settings.text("accelerator_code")
    precision = None
    if weights:
        precision = rules.precision_of_sentence(weights) or systems.precision(weights)
    if precision is None and code is not None:
        precision = rules.precision_of_accelerator(code)
    if precision is None and result.own_benchmark:
        precision = rules.precision_of_id(result.entry.benchmark_id)
    return precision


def read_weights(result: Result) -> str | None:
    """Return the words on the type of the weights, keeping what else the description of the measurement says."""
    files = result.files
    path = files.first("measurement", result.name)
    if path is None:
        return None
    description = files.description(path)
    result.read(path)
    for key in _WEIGHTS:
        result.keep(key, description.kept(key))
    return description.text("weight_data_types")
