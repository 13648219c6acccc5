"""What a program needs that learns which model suits which hardware, and a result often leaves out."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.check import Cells, Check
from benchfmt.checks.frames import ROW, Frames, faults, no_faults
from benchfmt.checks.keeping import MOST_KNOWN, Kept
from benchfmt.finding import Severity

_LEARNERS = ("matchmaking",)
_PHASE = pl.col("phase")
_TASK = pl.col("task")
_WITHOUT_COMPUTATION = _PHASE.is_in(["data-preparation", "storage", "checkpointing"])
"""What is judged is a choice of data, or a storage system; what would compute is fixed or emulated."""
_OF_TABLES = _TASK.str.starts_with("tabular") | (_TASK.is_null() & (_PHASE == "evaluation"))
"""Quality of algorithms on tables; that of a failed run may lack its task."""
_TOTAL = (_TASK == "mixed") & pl.col("model").is_null()
"""A score over several models."""
_UNKNOWN = pl.all_horizontal(pl.col(name).is_null() for name in ("phase", "task", "model"))
"""Any program; that its task and model are not given is reported by BF516 and BF517."""
_WITHOUT_NETWORK = pl.any_horizontal(
    _WITHOUT_COMPUTATION, _PHASE == "solving", _OF_TABLES, _TOTAL, _UNKNOWN
).fill_null(value=False)
"""Records of what has no network, and so no parameters, no batch and no tensors."""
_WITHOUT_SAMPLES = _WITHOUT_NETWORK | (_TASK == "numerical-kernel").fill_null(value=False)
_ONE_BY_ONE = (pl.col("scenario") == "single-stream").fill_null(value=False)
_WRITE_IT = "write what the source or the command of the run says of it"


class NamelessSystems:
    """The systems of all portions that name no chip, each once, whatever number of records used it."""

    def __init__(self) -> None:
        """Start without any system."""
        self.take = _nameless
        self._seen: set[str] = set()
        self._found = Kept(["id"])
        self.more = 0
        self.note: str | None = None

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take the systems of a portion; returns those that name no chip and were not seen before."""
        return self.merge(self.take(frames))

    def merge(self, nameless: pl.DataFrame | None) -> pl.DataFrame:
        """Take the systems of a portion that name no chip; returns those that were not seen before."""
        if nameless is None:
            return pl.DataFrame()
        if len(self._seen) > MOST_KNOWN:
            self.note = f"only the first {MOST_KNOWN:,} systems without a name were looked at"
            return nameless.clear()
        seen = pl.Series(list(self._seen), dtype=pl.String)
        new = nameless.filter(~pl.col("id").is_in(seen.implode()))
        self._seen |= set(new["id"])
        kept = self._found.first_of(new)
        self.more += new.height - kept.height
        return kept

    def faults(self) -> pl.DataFrame:
        """BF540: systems that name neither their processor nor an accelerator."""
        if not self._found.count:
            return no_faults()
        found = self._found.all().with_row_index(ROW)
        message = pl.format("the system {} names neither its processor nor an accelerator", "id")
        hint = "write processor.name and accelerator.name as their makers do"
        return faults(found, "systems", "id", message, pl.col("id"), hint)


def _nameless(frames: Frames) -> pl.DataFrame | None:
    """Return the systems of a portion that name no chip and computed; None where all that it has name one."""
    several = pl.col("accelerators").str.contains('"name"', literal=True).fill_null(value=False)
    is_nameless = pl.col("processor_name").is_null() & pl.col("accelerator_name").is_null()
    nameless = frames.systems.filter(is_nameless & ~several)
    if not nameless.height:
        return None
    asked = frames.records.filter(~_WITHOUT_COMPUTATION.fill_null(value=False))["system_id"]
    computed = nameless.filter(pl.col("id").is_in(asked.implode()))
    return computed.unique("id", keep="first", maintain_order=True).select("id", ROW)


def threads_are_given(frames: Frames) -> pl.DataFrame:
    """BF545: records of runs on processors that do not say the number of threads.

    Where it is not said what a run used, it used the processors if its system has nothing else.
    """
    is_small = (pl.col("kind") == "microcontroller").fill_null(value=False)
    small = frames.systems.filter(is_small)["id"]
    without_choice = frames.systems.filter(~_has_accelerator() & ~is_small)["id"]
    on_processors = pl.col("placement").str.contains('"cpu', literal=True)
    has_nothing_else = pl.col("system_id").is_in(without_choice.implode())
    is_asked = (
        pl.when(pl.col("placement").is_null()).then(has_nothing_else).otherwise(on_processors)
    )
    is_small_one = pl.col("system_id").is_in(small.implode()).fill_null(value=False)
    wrong = frames.records.filter(
        pl.col("threads").is_null()
        & is_asked.fill_null(value=False)
        & ~is_small_one
        & ~_WITHOUT_COMPUTATION.fill_null(value=False)
    )
    message = "the number of threads is not given"
    return faults(wrong, "records", "threads", message, None, _WRITE_IT)


def placements_are_given(frames: Frames) -> pl.DataFrame:
    """BF546: records that do not say where they ran, on systems that have an accelerator."""
    with_choice = frames.systems.filter(_has_accelerator())
    wrong = frames.records.filter(
        pl.col("placement").is_null()
        & pl.col("system_id").is_in(with_choice["id"].implode())
        & ~_WITHOUT_COMPUTATION.fill_null(value=False)
    )
    message = "the devices of the run are not given, and its system has an accelerator"
    return faults(wrong, "records", "placement", message, None, _WRITE_IT)


def _has_accelerator() -> pl.Expr:
    """Return whether a system is said to have an accelerator."""
    return pl.any_horizontal(
        pl.col(name).is_not_null()
        for name in ("accelerator_kind", "accelerator_name", "accelerators")
    )


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
        table="systems",
        rules=_LEARNERS,
        gather=NamelessSystems,
    ),
    _given(
        "BF541",
        "The size of the model is given",
        "model_parameters",
        pl.col("model").is_not_null()
        & pl.col("model_parameters").is_null()
        & pl.col("model_flop").is_null()
        & ~_WITHOUT_SAMPLES,
        "neither the parameters of the model nor its operations are given",
    ),
    _given(
        "BF542",
        "The precision is given",
        "precision",
        pl.col("precision").is_null() & ~_WITHOUT_NETWORK,
        "the precision of the run is not given",
    ),
    _given(
        "BF543",
        "The batch size is given",
        "batch_size",
        pl.col("batch_size").is_null() & ~_WITHOUT_SAMPLES & ~_ONE_BY_ONE,
        "the batch size is not given",
    ),
    _given(
        "BF544",
        "The shape of the input is given",
        "input_shape",
        pl.col("input_shape").is_null() & ~_WITHOUT_SAMPLES,
        "the shape of the input is not given",
    ),
    Check(
        code="BF545",
        severity=Severity.WARNING,
        title="The threads of a run on processors are given",
        table="records",
        rules=_LEARNERS,
        run=threads_are_given,
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
