"""How the runs of a group were configured: what all their logs agree on."""

from __future__ import annotations

from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.training.scored_group import Group
from benchfmt.readers.mllog import plain, whole
from benchfmt.record import given

_LIST = 16
"""A list of a log with more items is no parameter."""
_NO_PARAMETERS = frozenset({"opt_step"})
_LINEAR = "lowest_numerical_precision_in_linear"
"""From v6.1 every log says the least precision of the linear layers, of attention and of communication."""
_PARAMETERS = frozenset(
    {
        "gradient_accumulation_steps",
        "max_sequence_length",
        "max_steps",
        "precision",
        "precision_mode",
        "micro_batch_size",
        "tensor_parallelism",
        "pipeline_parallelism",
        "context_parallelism",
        "expert_parallelism",
    }
)
_PARAMETER_PREFIXES = ("opt_", "lars_opt_", "sgd_opt_", "lora_", "lowest_numerical_precision_in_")


def configuration(group: Group) -> dict[str, Any]:
    """Return what all logs agree on: batch size, precision and parameters."""
    batch = _agreed(group, "global_batch_size")
    words = _agreed(group, "precision") or _agreed(group, _LINEAR)
    parameters = {}
    for key in sorted({event.key for run in group.runs for event in run.log.events}):
        if _is_parameter(key) and (value := _agreed(group, key)) is not None:
            parameters[key] = value
    seeds = [entry["seed"] for entry in group.extensions["runs"] if "seed" in entry]
    if len(seeds) == len(group.runs):
        parameters["seeds"] = seeds
    return given(
        batch_size=whole(batch),
        precision=systems.precision(words) if isinstance(words, str) else None,
        hyperparameters=parameters or None,
    )


def _is_parameter(key: str) -> bool:
    return key in _PARAMETERS or (key.startswith(_PARAMETER_PREFIXES) and key not in _NO_PARAMETERS)


def _agreed(group: Group, key: str) -> Any:
    """Return the value that the first event with a key has in every log that has one, or None where they differ."""
    found: Any = None
    for run in group.runs:
        event = run.log.first(key)
        value = plain(event.value) if event is not None else None
        if (
            value is None
            or isinstance(value, dict)
            or (isinstance(value, list) and len(value) > _LIST)
        ):
            continue
        if found is not None and found != value:
            return None
        found = value
    return found
