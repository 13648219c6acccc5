"""How the runs of a group were configured: what all their logs agree on."""

from __future__ import annotations

from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.training_scored_group import Group
from benchfmt.readers.mllog import plain, whole
from benchfmt.record import given

_LIST = 16
"""A list of a log with more items is no parameter."""
_NO_PARAMETERS = frozenset({"opt_step"})


def configuration(group: Group) -> dict[str, Any]:
    """Return what all logs agree on: batch size, precision and parameters."""
    batch = _agreed(group, "global_batch_size")
    words = _agreed(group, "precision")
    parameters = {}
    for key in sorted({event.key for run in group.runs for event in run.log.events}):
        if _is_parameter(key) and (value := _agreed(group, key)) is not None:
            parameters[key] = value
    seeds = [entry["seed"] for entry in group.extensions["runs"] if "seed" in entry]
    if len(seeds) == len(group.runs):
        parameters["seeds"] = seeds
    return given(
        batch_size=whole(batch), precision=systems.precision(words) if isinstance(words, str) else None,
        hyperparameters=parameters or None,
    )  # fmt: skip


def _is_parameter(key: str) -> bool:
    known = key in ("gradient_accumulation_steps", "max_sequence_length", "max_steps", "precision", "precision_mode")
    return known or (key.startswith(("opt_", "lars_opt_", "sgd_opt_", "lora_")) and key not in _NO_PARAMETERS)


def _agreed(group: Group, key: str) -> Any:
    """Return the value that the first event with a key has in every log that has one, or None where they differ."""
    found: Any = None
    for run in group.runs:
        event = run.log.first(key)
        value = plain(event.value) if event is not None else None
        if value is None or isinstance(value, dict) or (isinstance(value, list) and len(value) > _LIST):
            continue
        if found is not None and found != value:
            return None
        found = value
    return found
