"""The verdicts of `judging.py` in words, as records and the summary for a person have them."""

from __future__ import annotations

from collections.abc import Sequence

from benchfmt.profiler.judging import Cause, Doubt, Gate, GateOff

_GATE_OFF = {
    GateOff.ARRIVALS: "the process waits for arrivals, so its processor time says nothing",
    GateOff.OTHER_DEVICE: "the work is done by another device",
    GateOff.THREADS_UNKNOWN: "the number of its threads is not known",
    GateOff.SPINNING: "threads that spin use processor time while they wait",
}
_CAUSES = {
    Cause.BLOCKS: "{value:.0%} of the blocks had less than {limit:.0%} of their processor time",
    Cause.OTHERS: "{value:.0%} of all processors were used by others",
    Cause.STEAL: "{value:.0%} of the time was stolen by the host",
    Cause.PRESSURE: "{value:.0%} of the time something waited for a processor",
    Cause.THROTTLED: "{value:.0%} of the time the control group was throttled",
    Cause.NOT_STEADY: "the warm-up ended by its time limit, not by being steady",
    Cause.OVERLOADED: "the server did {value:.4g} queries a second of the {limit:.4g} that came: "
    "the others waited longer and longer",
    Cause.BLOCK_MEANS: "the 95 % interval of the block means is {value:.1%} wide on each side",
    Cause.PROCESS_MEDIANS: "the 95 % interval of the processes' medians is {value:.1%} wide on each side, "
    "more than {limit:.0%}",
    Cause.TOO_FEW_PROCESSES: "{value:.0f} process has finished: nothing says how much processes differ",
}


def gate_off(gate: Gate) -> str:
    """Return why the gate says nothing of a run; nothing where it does."""
    if gate.off is None:
        return ""
    return _GATE_OFF[gate.off]


def gate_missing(gate: Gate) -> tuple[str, str]:
    """Return the reason and the words for a number that the gate does not give."""
    if gate.passed is None:
        return "not-applicable", gate_off(gate)
    return "too-few-samples", "no block passed the gate"


def evidence(doubts: Sequence[Doubt]) -> list[str]:
    """Return each doubt in a sentence, with the process that it is about."""
    return [_sentence(doubt) for doubt in doubts]


def _sentence(doubt: Doubt) -> str:
    sentence = _CAUSES[doubt.cause].format(value=doubt.value, limit=doubt.limit)
    if doubt.process is None:
        return sentence
    return f"process {doubt.process}: {sentence}"
