"""BF307 to BF309, BF313 and BF318: whether a number is one that hardware and models of its kind can have.

What a kind of system can have is data: `limits` of the terms in `schema/vocabulary/system-kinds.yaml`.
"""

from __future__ import annotations

from functools import cache, partial

import polars as pl

from benchfmt.checks.beside import has_kind, is_above, valued, with_system
from benchfmt.checks.check import Cells, Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.checks.kinds import Question
from benchfmt.finding import Severity
from benchfmt.vocabulary import vocabulary

_OF_MANY = ("cluster", "network", "storage")
"""Scopes that are more than one node."""
_SLOWEST, _FASTEST = 1e4, 1e11
"""Bounds of a clock in hertz: a watch crystal has 32,768, the fastest processor on record 9.1e9."""
_LEAST_FLOP, _MOST_FLOP = 1e-5, 1e7
"""Operations on a sample for each parameter: tables of embeddings have few, networks on volumes and sequences many."""
_SLACK = 1.1
"""A gigabyte may be of 1000 or of 1024."""
_VALUE = pl.col("value")
_HERTZ = (pl.col("metric") == "clock-rate") & pl.col("m_same_unit")
_FLOP_A_PARAMETER = pl.col("model_flop") / pl.col("model_parameters")


def _of_one_node(metric: str) -> Question:
    is_of_many = pl.col("scope").fill_null("").is_in(_OF_MANY)
    return Question(pl.col("metric").eq(metric) & is_of_many.not_())


_KINDS = {metric: _of_one_node(metric) for metric in ("power", "flop-rate", "memory")}


@cache
def _limits(metric: str) -> pl.DataFrame:
    """Return what each kind of system can have at most of a metric, by `kind`."""
    terms = vocabulary().terms("system-kind")
    limits = {name: term.get("limits", {}).get(metric) for name, term in terms.items()}
    known = {name: float(limit) for name, limit in limits.items() if limit is not None}
    return pl.DataFrame({"kind": list(known), "limit": list(known.values())})


def is_within_reach(metric: str, hint: str, frames: Frames) -> pl.DataFrame:
    """BF307, BF308, BF309: a value is beyond what a system of its kind can have."""
    if not has_kind(frames, _KINDS[metric]):
        return no_faults()
    limits = dict(_limits(metric).iter_rows())
    kinds = frames.distinct("systems", "kind")
    limits_of_systems = [limits[kind] for kind in kinds if kind in limits]
    if not limits_of_systems:
        return no_faults()
    if not is_above(frames, _KINDS[metric], min(limits_of_systems)):
        return no_faults()
    suspects = valued(frames, _KINDS[metric], where=pl.col("m_same_unit"))
    of_systems = with_system(frames, suspects, "kind", "nodes", "memory_bytes")
    limited = of_systems.join(_limits(metric), on="kind", how="inner", maintain_order="left")
    most = pl.col("limit") * pl.col("nodes").fill_null(1) * _SLACK
    wrong = limited.filter(most < _VALUE)
    if metric == "memory":
        # Where the memory of the system is known, it is the better measure.
        wrong = wrong.filter(pl.col("memory_bytes").is_null())
    message = pl.format(
        "{} {} {} is beyond any {}, which has {} {} at most",
        pl.col("metric"),
        number("value"),
        pl.col("unit"),
        pl.col("kind"),
        number("limit"),
        pl.col("unit"),
    )
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def memory_is_no_storage(frames: Frames) -> pl.DataFrame:
    """BF309: the memory of a system is more than one of its kind can have."""
    limited = frames.systems.join(_limits("memory"), on="kind", how="inner", maintain_order="left")
    wrong = limited.filter(pl.col("memory_bytes") > pl.col("limit") * _SLACK)
    message = pl.format(
        "memory_bytes {} is beyond any {}, which has {} at most",
        number("memory_bytes"),
        pl.col("kind"),
        number("limit"),
    )
    hint = "is it the storage? write the main memory of one node in bytes"
    return faults(wrong, "systems", "memory_bytes", message, number("memory_bytes"), hint)


def memory_is_of_its_kind(frames: Frames) -> pl.DataFrame:
    """BF309: memory in use, or installed, beyond what a kind of system can have."""
    hint = "is it in another unit, or of another system? memory is in bytes"
    found = [is_within_reach("memory", hint, frames)]
    if frames.systems["memory_bytes"].null_count() < frames.systems.height:
        found.append(memory_is_no_storage(frames))
    return pl.concat(found)


CHECKS = (
    Check(
        code="BF307",
        severity=Severity.ERROR,
        title="Power is what a system of its kind can draw",
        table="measurements",
        needs=("value",),
        suppresses=Doubt.VALUE,
        run=partial(
            is_within_reach,
            "power",
            "is it in milliwatts, or of a whole cluster? power is in watts; a cluster is a scope",
        ),
    ),
    Check(
        code="BF308",
        severity=Severity.ERROR,
        title="A floating-point rate is what a system of its kind can reach",
        table="measurements",
        needs=("value",),
        suppresses=Doubt.VALUE,
        run=partial(
            is_within_reach,
            "flop-rate",
            "is it of a whole cluster, or multiplied once too often? write operations per second",
        ),
    ),
    Check(
        code="BF309",
        severity=Severity.WARNING,
        title="Memory is what a system of its kind can have",
        run=memory_is_of_its_kind,
    ),
    Check(
        code="BF313",
        severity=Severity.WARNING,
        title="A clock rate is one that a processor has",
        table="measurements",
        needs=("value",),
        cells=(
            Cells(
                "measurements",
                "value",
                fault=_HERTZ & ((_VALUE < _SLOWEST) | (_VALUE > _FASTEST)),
                kinds=Question(pl.col("metric") == "clock-rate"),
                message=pl.format("no processor has a clock of {} Hz", number("value")),
                hint=pl.lit("write hertz: 1.4 GHz is 1400000000"),
            ),
        ),
    ),
    Check(
        code="BF318",
        severity=Severity.WARNING,
        title="The operations of a model fit its parameters",
        table="records",
        needs=("model_flop", "model_parameters"),
        cells=(
            Cells(
                "records",
                "model_flop",
                fault=_FLOP_A_PARAMETER.is_between(_LEAST_FLOP, _MOST_FLOP).not_(),
                message=pl.format(
                    "{} operations a sample for {} parameters is {} for each",
                    number("model_flop"),
                    number("model_parameters"),
                    _FLOP_A_PARAMETER.round_sig_figs(3).cast(pl.String),
                ),
                hint=pl.lit(
                    "operations in millions, or a rate per second? write the plain count of a sample"
                ),
            ),
        ),
    ),
)
