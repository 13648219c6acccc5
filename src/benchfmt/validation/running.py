"""Runs the checks of a rule set over frames."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path

import polars as pl

from benchfmt.checks.catalogue import stages, whole_record_codes
from benchfmt.checks.check import Cells, Check, Doubt
from benchfmt.checks.frames import ROW, Frames, faults, no_coded_faults, of_code
from benchfmt.checks.safety import CRASHED
from benchfmt.tables import COLUMNS

_LONGEST_REASON = 200
_QUOTED = re.compile('"([^"]+)"')
_REPORT_IT = "report it to whoever wrote the check; the other checks have run"
Find = Callable[[], pl.DataFrame]


def run_checks(
    frames: Frames,
    codes: frozenset[str],
    across: Callable[[Frames], Iterable[pl.DataFrame]] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the faults that the checks of a rule set find in sound frames, each frame of one code.

    What a fault casts doubt on is not compared with others by the checks after it: what follows from a fault has no
    finding. `across` is given the frames at the end, without those values, for what spans batches.
    """
    known: list[pl.DataFrame] = []
    for topic in stages(codes):
        doubts: dict[Doubt, list[pl.Series]] = {Doubt.VALUE: [], Doubt.METRIC: []}
        for check, every in topic_faults(frames, topic):
            rows = _unexplained(check, every, known)
            if rows.height:
                yield rows
                known.append(rows)
                if check.suppresses is not None:
                    doubts[check.suppresses].append(rows["row"])
        frames = _without_doubtful(frames, doubts)
    if across is not None:
        yield from across(frames)


def _unexplained(check: Check, rows: pl.DataFrame, known: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the faults of a check that do not follow from those that are known."""
    if not rows.height or not known:
        return rows
    if check.follows:
        causes = pl.concat(known).filter(pl.col("column").is_in(check.follows))
        rows = rows.join(causes, on=["table", "row"], how="anti", maintain_order="left")
    if check.follows_codes:
        causes = pl.concat(known).filter(pl.col("code").is_in(check.follows_codes))
        rows = rows.join(causes, on="record", how="anti", maintain_order="left")
    return rows


def _without_doubtful(frames: Frames, doubts: dict[Doubt, list[pl.Series]]) -> Frames:
    """Return the frames without the values that the faults of a topic cast doubt on."""
    values, metrics = doubts[Doubt.VALUE], doubts[Doubt.METRIC]
    if values:
        frames = _without_values(frames, pl.concat(values))
    if metrics:
        doubtful = frames.measured(pl.col(ROW).is_in(pl.concat(metrics).implode()))
        named = frames.columns("measurements", [ROW, "record_id", "metric"])
        alike = named.join(doubtful, on=["record_id", "metric"], how="semi")
        frames = _without_values(frames, alike[ROW])
    return frames


def _without_values(frames: Frames, rows: pl.Series) -> Frames:
    """Return the frames without the values of some measurements."""
    value = pl.when(~pl.col(ROW).is_in(rows.implode())).then(pl.col("value")).alias("value")
    return replace(frames, bare=frames.bare.with_columns(value))


def without_echo(rows: pl.DataFrame, doubtful: pl.Series) -> pl.DataFrame:
    """Drop what asks for a whole record where one of its measurements is at fault: it may be what is looked for."""
    if not rows.height or not doubtful.len():
        return rows
    of_whole_records = pl.col("code").is_in(list(whole_record_codes()))
    is_echo = of_whole_records & pl.col("record").is_in(doubtful.implode())
    return rows.filter(~is_echo)


def topic_faults(frames: Frames, topic: Iterable[Check]) -> Iterator[tuple[Check, pl.DataFrame]]:
    """Yield the faults of each check of a topic; a check that raises an exception has one, and stops no other."""
    checks = [check for check in topic if _has_what_it_needs(check, frames)]
    yield from cell_faults(frames, checks)
    for check in checks:
        if check.run is not None:
            yield check, guarded(check, partial(check.run, frames))


def _has_what_it_needs(check: Check, frames: Frames) -> bool:
    """Whether the table of a check has rows that were not judged, and a cell in each column that a fault needs."""
    if check.table is None:
        return True
    if check.table == "systems" and not frames.has_new_systems:
        return False
    # A column that does not exist is a fault of the check, which fails on it.
    if not all(frames.has_cell(check.table, name) for name in check.needs):
        return False
    return frames.height(check.table) > 0


def cell_faults(frames: Frames, checks: Iterable[Check]) -> Iterator[tuple[Check, pl.DataFrame]]:
    """Yield the faults of column expressions; each table is scanned once for all of them."""
    by_table: dict[str, list[tuple[Check, Cells]]] = {}
    for check in checks:
        for cells in check.cells:
            by_table.setdefault(cells.table, []).append((check, cells))
    if not frames.has_new_systems:
        by_table.pop("systems", None)
    for table, pairs in by_table.items():
        pairs = [pair for pair in pairs if _may_be_at_fault(frames, pair[1])]
        if not frames.height(table) or not pairs:
            continue
        verdicts = _verdicts(frames, table, [cells for _, cells in pairs])
        for place, (check, cells) in enumerate(pairs):
            if verdicts is None:
                yield check, guarded(check, partial(_of_cells, frames.table(table), cells))
            elif verdicts[str(place)].any():
                wrong = frames.rows(table, verdicts[str(place)])
                yield check, guarded(check, partial(_as_faults, wrong, cells))


def _may_be_at_fault(frames: Frames, cells: Cells) -> bool:
    if cells.kinds is not None and not frames.answers.meet(cells.kinds):
        return False
    return not cells.needs_cell or frames.has_cell(cells.table, cells.column)


def _verdicts(frames: Frames, table: str, group: list[Cells]) -> pl.DataFrame | None:
    """Return which rows are at fault, a column for each expression; None where one of them fails."""
    columns = [_at_fault(cells).alias(str(place)) for place, cells in enumerate(group)]
    names = {name for cells in group for name in _names_in(cells)}
    try:
        return frames.columns(table, sorted(names)).select(columns)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None


@cache
def _names_in(cells: Cells) -> tuple[str, ...]:
    """Return which columns say whether a cell is at fault."""
    return tuple(cells.fault.meta.root_names())


def _at_fault(cells: Cells) -> pl.Expr:
    return cells.fault.fill_null(value=False)


def _of_cells(frame: pl.DataFrame, cells: Cells) -> pl.DataFrame:
    return _as_faults(frame.filter(_at_fault(cells)), cells)


def _as_faults(wrong: pl.DataFrame, cells: Cells) -> pl.DataFrame:
    """Return rows at fault with the texts of their expressions."""
    value = cells.value
    if value is None:
        value = pl.col(cells.column)
    return faults(wrong, cells.table, cells.column, cells.message, value, cells.hint)


def prepare(frames: Frames, checks: Iterable[Check]) -> None:
    """Do what checks that span portions ask of each by itself; one that fails here fails again where it is told."""
    for check in checks:
        if check.prepare is not None:
            with suppress(Exception, pl.exceptions.PanicException):
                check.prepare(frames)


def guarded(check: Check, find: Find) -> pl.DataFrame:
    """Return the faults that a check finds, with its code; where it raises an exception, one fault that says so."""
    try:
        return of_code(check.code, find())
    except MemoryError:
        # It says nothing of the check.
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - it stops no other check
        return _crash(check, error)


def _crash(check: Check, error: BaseException) -> pl.DataFrame:
    """Return one fault of no row that names the check, the place in its source and the exception."""
    reason = _missing_column(check, error)
    if reason is None:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST_REASON]
    message = f"check {check.code} failed{_place(error)}: {reason}"
    row = dict.fromkeys(no_coded_faults().columns)
    row |= {
        "code": CRASHED,
        "table": check.table or "records",
        "message": message,
        "value": check.code,
        "hint": _REPORT_IT,
    }
    return pl.DataFrame([row], schema=no_coded_faults().schema)


def _place(error: BaseException) -> str:
    """Return the line of the check's own source at which it failed; "" where only this module and polars ran."""
    others = (Path(__file__), Path(pl.__file__).parent)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if not any(path.is_relative_to(other) for other in others):
            return f" in {path.name} line {frame.lineno}"
    return ""


def _missing_column(check: Check, error: BaseException) -> str | None:
    """Return what to say of a column that a check asks for and that does not exist; None for another error."""
    if not isinstance(error, pl.exceptions.ColumnNotFoundError):
        return None
    quoted = _QUOTED.search(str(error))
    if quoted is None:
        return None
    tables: Iterable[str] = COLUMNS
    if check.table is not None:
        tables = (check.table,)
    names = [column.name for table in tables for column in COLUMNS[table]]
    near = get_close_matches(quoted[1], names, n=3)
    if near:
        return f"there is no column {quoted[1]!r}; did you mean {' or '.join(map(repr, near))}?"
    if check.table is not None:
        return f"there is no column {quoted[1]!r} in {check.table}: it has {', '.join(names)}"
    return f"there is no column {quoted[1]!r}; docs/specification.md lists those of each table"
