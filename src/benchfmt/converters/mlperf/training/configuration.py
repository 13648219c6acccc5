"""How the runs of a group were configured: what all their logs agree on."""

from __future__ import annotations

from pydantic import JsonValue

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.training.scored_group import Group, seed
from benchfmt.readers.mllog import whole

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


def add_configuration(group: Group) -> None:
    """Add what all logs agree on: batch size, precision and parameters."""
    batch = _agreed(group, "global_batch_size")
    named = _agreed(group, "precision") or _agreed(group, _LINEAR)
    keys = {event.key for run in group.runs for event in run.log.events}
    parameters = {key: _agreed(group, key) for key in sorted(keys) if _is_parameter(key)}
    seeds = [seed(run) for run in group.runs]
    if all(value is not None for value in seeds):
        parameters["seeds"] = seeds
    group.draft.configuration(batch_size=whole(batch), precision=systems.precision(named))
    group.draft.hyperparameters(parameters)


def _is_parameter(key: str) -> bool:
    if key in _PARAMETERS:
        return True
    return key.startswith(_PARAMETER_PREFIXES) and key not in _NO_PARAMETERS


def _agreed(group: Group, key: str) -> JsonValue:
    """Return the value that the first event with a key has in every log that has one, or None where they differ."""
    agreed: JsonValue = None
    for run in group.runs:
        value = run.logged(key)
        if not _is_value(value):
            continue
        if agreed is not None and agreed != value:
            return None
        agreed = value
    return agreed


def _is_value(value: JsonValue) -> bool:
    """Say whether a value of a log can be a parameter: no object, and no long list."""
    if value is None or isinstance(value, dict):
        return False
    return not isinstance(value, list) or len(value) <= _LIST
