"""What a program needs that learns which model suits which hardware, and a result often leaves out."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.check import Cells, Check
from benchfmt.checks.frames import Frames, faults
from benchfmt.finding import Severity

_LEARNERS = ("matchmaking",)
_OF_TABLES = pl.col("task").str.starts_with("tabular").fill_null(value=False)
_ON_PROCESSORS = pl.col("placement").is_null() | pl.col("placement").str.contains(
    '"cpu', literal=True
)
_WRITE_IT = "write it, if the source or the command of the run says it"


def chips_are_named(frames: Frames) -> pl.DataFrame:
    """BF540: records whose system names neither its processor nor an accelerator."""
    several = pl.col("accelerators").str.contains('"name"', literal=True).fill_null(value=False)
    nameless = frames.systems.filter(
        pl.col("processor_name").is_null() & pl.col("accelerator_name").is_null() & ~several
    )
    wrong = frames.records.filter(pl.col("system_id").is_in(nameless["id"].implode()))
    first = wrong.unique("system_id", keep="first", maintain_order=True)
    message = pl.format(
        "the system {} names neither its processor nor an accelerator", pl.col("system_id")
    )
    hint = "write processor.name and accelerator.name as their makers do"
    return faults(first, "records", "system_id", message, pl.col("system_id"), hint)


def placements_are_given(frames: Frames) -> pl.DataFrame:
    """BF546: records that do not say where they ran, on systems that have an accelerator."""
    with_choice = frames.systems.filter(
        pl.col("accelerator_kind").is_not_null()
        | pl.col("accelerator_name").is_not_null()
        | pl.col("accelerators").is_not_null()
    )
    wrong = frames.records.filter(
        pl.col("placement").is_null() & pl.col("system_id").is_in(with_choice["id"].implode())
    )
    message = "the devices of the run are not given, and its system has an accelerator"
    return faults(wrong, "records", "placement", message, None, _WRITE_IT)


def _given(code: str, title: str, column: str, absent: pl.Expr, message: str) -> Check:
    """Return the check that a record says what a learner needs."""
    return Check(
        code=code,
        severity=Severity.WARNING,
        title=title,
        table="records",
        rules=_LEARNERS,
        cells=(
            Cells("records", column, fault=absent, message=pl.lit(message), hint=pl.lit(_WRITE_IT)),
        ),
    )


CHECKS = (
    Check(
        code="BF540",
        severity=Severity.WARNING,
        title="The chip that computed is named",
        table="records",
        needs=("system_id",),
        rules=_LEARNERS,
        run=chips_are_named,
    ),
    _given(
        "BF541",
        "The size of the model is given",
        "model_parameters",
        pl.col("model").is_not_null()
        & pl.col("model_parameters").is_null()
        & pl.col("model_flop").is_null()
        & ~_OF_TABLES,
        "neither the parameters of the model nor its operations are given",
    ),
    _given(
        "BF542",
        "The precision is given",
        "precision",
        pl.col("precision").is_null() & ~_OF_TABLES,
        "the precision of the run is not given",
    ),
    _given(
        "BF543",
        "The batch size is given",
        "batch_size",
        pl.col("batch_size").is_null() & ~_OF_TABLES,
        "the batch size is not given",
    ),
    _given(
        "BF544",
        "The shape of the input is given",
        "input_shape",
        pl.col("input_shape").is_null() & ~_OF_TABLES,
        "the shape of the input is not given",
    ),
    _given(
        "BF545",
        "The threads of a run on processors are given",
        "threads",
        pl.col("threads").is_null() & _ON_PROCESSORS,
        "the number of threads is not given",
    ),
    Check(
        code="BF546",
        severity=Severity.WARNING,
        title="The devices of a run are given where there is a choice",
        table="records",
        needs=("system_id",),
        rules=_LEARNERS,
        run=placements_are_given,
    ),
)
