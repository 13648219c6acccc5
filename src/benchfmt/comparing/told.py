"""What reports of a comparison tell of a record, and what they read for it: one table for all of them."""

from __future__ import annotations

import polars as pl

from benchfmt.comparison.fields import FIELDS
from benchfmt.record import KEY_FIELDS

_QUESTION = ("suite", "suite_version", "division", "benchmark", "scenario", "phase")
"""What was asked of the run."""
_RUN = ("model", "model_version", "precision", "input_shape", "batch_size", "threads")
"""What was run."""
_ENGINE = ("engine", "engine_version")
HEADING = (*_QUESTION, "dataset", *_RUN)
"""What stands above results that share it."""
ABOUT = (*HEADING, *_ENGINE)
"""The same where the engine is a choice as the others are."""
CHOSEN = (*_RUN, "placement", *_ENGINE)
"""What somebody chooses."""
CONTEXT = (
    *_QUESTION,
    "task",
    "dataset",
    "dataset_split",
    *_RUN,
    "placement",
    "engine",
    "hyperparameters",
)
"""What tells results of two packages from each other."""
CONFIGURATION = (
    *(name for name in CONTEXT if name != "suite_version"),
    "round",
    "system",
    "engine_version",
    "software",
    "inputs",
)
"""The fields that records share which are repeats of one measurement; seeds and places of files never count."""
VARYING = {"suite_version": "round"}
"""The names by which a question knows some of these fields."""
_TARGETS = ("target_min", "target_max")
_POWER = ("power", "energy")


def columns_of_records(*more: str) -> tuple[str, ...]:
    """Return the columns of records that comparison reads, and more of them."""
    binding = (name for item in FIELDS.values() if not item.of_measurement for name in item.columns)
    return tuple(dict.fromkeys(("id", "status", "execution", *more, *binding)))


def columns_of_measurements(*more: str) -> tuple[str, ...]:
    """Return the columns of measurements that comparison reads, and more of them."""
    own = ("record_id", *KEY_FIELDS, "value", "unit", "basis", "caveats", *_TARGETS)
    return tuple(dict.fromkeys((*own, *more)))


def of_context(*, with_power: bool = True) -> pl.Expr:
    """Return which measurements decide on the context of their record: those with a target, and power or energy."""
    aimed = pl.any_horizontal(pl.col(name).is_not_null() for name in _TARGETS)
    if not with_power:
        return aimed
    return aimed | pl.col("metric").cast(pl.String).is_in(_POWER)
