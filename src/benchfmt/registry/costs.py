"""What follows from facts of the registry: what networks cost by their layers, and the peaks of processors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from benchfmt.networks import cost
from benchfmt.registry.entries import Fact, Model, System

COMPUTED = "benchfmt"
"""The source of what is computed: from the layers of a network, or from other facts of the same entry."""


def core_peaks(known: System) -> list[Fact]:
    """Return the peaks of a processor: cores times clock times operations of a core in a cycle, where all are known.

    The clock is the base one where there is one, since a boost may be of one core alone.
    """
    of_cpu = {fact.fact: fact for fact in known.facts if fact.device == "cpu"}
    cores, operations = of_cpu.get("cores"), of_cpu.get("flop_per_cycle")
    clock = of_cpu.get("clock_base") or of_cpu.get("clock_boost")
    if cores is None or clock is None or operations is None:
        return []
    factors = [int(fact.value) for fact in (cores, clock, operations)]
    peak = Fact(
        "peak_flops",
        prod(factors),
        "/s",
        COMPUTED,
        "",
        step="*".join(map(str, factors)),
        condition=f"cores x {clock.fact} x flop_per_cycle",
        device="cpu",
        precision=operations.precision,
    )
    return [peak]


def model_costs(known: Model, size: Sequence[int]) -> list[Fact]:
    """Return what the layers of a model say of an input: parameters, MACs and FLOP; nothing without a rule."""
    computed = cost(known.rule, size) if known.rule else None
    if computed is None:
        return []
    condition = f"computed from its layers: {known.rule}"
    written = "x".join(map(str, size))
    return [
        Fact("parameters", computed.parameters, "1", COMPUTED, "", condition=condition),
        Fact("macs", computed.macs, "1", COMPUTED, "", condition=condition, input=written),
        Fact("flop", computed.flop, "1", COMPUTED, "", condition=condition, input=written),
    ]


def size_of(written: str) -> tuple[int, ...]:
    """Return the sides of an input such as `224x224`; nothing for an empty text."""
    return tuple(map(int, written.split("x"))) if written else ()


def parameters_of(known: Model) -> int | None:
    """Return how many parameters a model has: computed, or else as the most exact document says; None if unknown."""
    said = model_costs(known, size_of(known.input)) or known.facts
    counts = [fact.value for fact in said if fact.fact == "parameters"]
    return max((count for count in counts if isinstance(count, int)), key=_digits, default=None)


def _digits(count: int) -> int:
    return len(str(count).rstrip("0"))


def flop_of(known: Model, size: Sequence[int] | None = None) -> Fact | None:
    """Return what one sample costs, of a given size or of the model's usual one; None where nobody says it.

    The layers of a network decide; without a rule, a document does that says FLOP, or MACs, of this very size.
    """
    sides = size or size_of(known.input)
    computed = [fact for fact in model_costs(known, sides) if fact.fact == "flop"]
    if computed:
        return computed[0]
    said = list(map(_doubled, known.facts))
    fitting = [fact for fact in said if fact.fact == "flop" and fact.input]
    if size is not None:
        fitting = [fact for fact in fitting if size_of(fact.input) == tuple(size)]
    elif len({fact.input for fact in fitting}) > 1:
        return None
    return max(fitting, key=lambda fact: _digits(int(fact.value)), default=None)


def _doubled(fact: Fact) -> Fact:
    """Return a count of multiply-accumulates as FLOP, of which each is two; another fact as it is."""
    if fact.fact != "macs" or not isinstance(fact.value, int):
        return fact
    return replace(fact, fact="flop", value=2 * fact.value, step=f"2*{fact.step}")
